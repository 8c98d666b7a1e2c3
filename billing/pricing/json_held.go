package pricing

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/wolfieauth/wolfieauth/billing"
	"github.com/wolfieauth/wolfieauth/claims"
)

// The shapes of GET /v1/billing/subscription; docs/contracts/subscription.schema.json is the contract.
type subscriptionJSON struct {
	ID                string           `json:"id"`
	PlanSlug          string           `json:"planSlug"`
	PlanName          string           `json:"planName"`
	Status            string           `json:"status"`
	PriceID           string           `json:"priceId"`
	Quantity          int64            `json:"quantity"`
	Currency          string           `json:"currency"`
	Interval          billing.Interval `json:"interval"`
	CurrentPeriodEnd  *string          `json:"currentPeriodEnd"`
	CancelAtPeriodEnd bool             `json:"cancelAtPeriodEnd"`
	TrialEnd          *string          `json:"trialEnd"`
	GraceUntil        *string          `json:"graceUntil"`
}

// handleSubscriptionV1 lists what the token's org and the person's own org have bought in the token's app.
func (h *Handlers) handleSubscriptionV1(c echo.Context) error {
	caller, err := h.caller(c)
	if err != nil {
		return err
	}
	visitor, err := h.deps.Visitors.Visitor(c.Request().Context(), caller.UserID)
	if err != nil {
		return err
	}
	var orgs []string
	if caller.OrgID != "" {
		orgs = append(orgs, caller.OrgID)
	}
	if own, ok := visitor.Personal(); ok && !slices.Contains(orgs, own.ID) {
		orgs = append(orgs, own.ID)
	}
	bought, err := h.deps.Shop.SubscriptionsOf(c.Request().Context(), caller.ClientID, orgs...)
	if err != nil {
		return err
	}
	list := []subscriptionJSON{}
	for _, b := range bought {
		list = append(list, newSubscriptionJSON(b))
	}
	return c.JSON(http.StatusOK, map[string]any{"subscriptions": list})
}

func newSubscriptionJSON(b billing.Bought) subscriptionJSON {
	end := b.CurrentPeriodEnd
	if !b.Recurring {
		end = b.ExpiresAt
	}
	return subscriptionJSON{
		ID: b.ID, PlanSlug: b.PlanSlug, PlanName: b.PlanName, Status: strings.ToUpper(string(b.Status)), PriceID: b.PriceID,
		Quantity: b.Quantity, Currency: b.Currency, Interval: b.Interval, CurrentPeriodEnd: timestamp(end),
		CancelAtPeriodEnd: b.CancelAtPeriodEnd, TrialEnd: timestamp(b.TrialEnd), GraceUntil: timestamp(b.GraceUntil()),
	}
}

func timestamp(t *time.Time) *string {
	if t == nil {
		return nil
	}
	s := t.UTC().Format(time.RFC3339)
	return &s
}

// handleEntitlementsV1 answers the plans claim as it is now; its version is the ETag.
func (h *Handlers) handleEntitlementsV1(c echo.Context) error {
	caller, err := h.caller(c)
	if err != nil {
		return err
	}
	held, err := h.deps.Entitlements.Entitlements(c.Request().Context(), caller.UserID, caller.OrgID, caller.ClientID)
	if err != nil {
		return err
	}
	if !held.Present {
		return billing.ErrBillingOff
	}
	body, err := json.Marshal(struct {
		Plans   []claims.Plan `json:"plans"`
		Version string        `json:"version"`
	}{held.Plans, held.Version})
	if err != nil {
		return fmt.Errorf("write entitlements in %s: %w", caller.ClientID, err)
	}
	return taggedAs(c, echo.MIMEApplicationJSON, append(body, '\n'), `"`+held.Version+`"`)
}
