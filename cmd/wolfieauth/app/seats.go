package app

import (
	"context"
	"errors"

	"github.com/wolfieauth/wolfieauth/billing"
	"github.com/wolfieauth/wolfieauth/idp"
	"github.com/wolfieauth/wolfieauth/idp/login"
	"github.com/wolfieauth/wolfieauth/internal/mail"
	"github.com/wolfieauth/wolfieauth/internal/permission"
)

// Seats lets billing follow an org's members. People are built before billing, so it finds billing when it is
// asked; Billing answers nil until then, and nobody has a subscription yet.
type Seats struct{ Billing func() *billing.Service }

var (
	_ idp.Seats   = Seats{}
	_ login.Seats = Seats{}
)

// MembersChanged has the org's subscriptions follow.
func (s Seats) MembersChanged(ctx context.Context, orgID string) error {
	b := s.Billing()
	if b == nil {
		return nil
	}
	return b.MembersChanged(ctx, orgID)
}

// CheckAdd answers an [idp.SeatCapError] for what billing refuses.
func (s Seats) CheckAdd(ctx context.Context, orgID string, seats int64) error {
	b := s.Billing()
	if b == nil {
		return nil
	}
	err := b.CheckSeatCap(ctx, orgID, seats)
	if limit, ok := errors.AsType[*billing.SeatCapError](err); ok {
		return &idp.SeatCapError{Cap: limit.Cap, Reason: limit.Reason, Currency: limit.Currency, Amount: limit.Amount}
	}
	return err
}

// SeatCost answers what one more member adds to each subscription, as Stripe previews it.
func (s Seats) SeatCost(ctx context.Context, orgID string) ([]login.SeatCost, error) {
	quote, err := s.Billing().QuoteSeats(ctx, orgID, 1)
	if err != nil {
		return nil, err
	}
	costs := make([]login.SeatCost, 0, len(quote.Lines))
	for _, l := range quote.Lines {
		costs = append(costs, login.SeatCost{
			Plan: l.PlanName, App: l.AppName, Currency: l.Currency, Interval: string(l.Interval), Prorated: l.Prorated, InvoiceAt: l.InvoiceAt,
			RenewalBefore: l.RenewalBefore, RenewalAfter: l.RenewalAfter,
		})
	}
	return costs, nil
}

// SeatsLate tells each owner and admin of the org.
func (m billingMail) SeatsLate(ctx context.Context, n billing.SeatsLate) error {
	org, err := m.people.Org(ctx, n.OrgID)
	if errors.Is(err, idp.ErrOrgNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	members, err := m.people.Members(ctx, n.OrgID)
	if err != nil {
		return err
	}
	reason := n.Reason
	if reason == "" {
		reason = billing.SeatReasonUnavailable
	}
	for _, member := range members {
		if role := permission.Role(member.Membership.Role); role != permission.RoleOwner && role != permission.RoleAdmin {
			continue
		}
		user, err := m.people.User(ctx, member.Membership.UserID)
		if errors.Is(err, idp.ErrUserNotFound) {
			continue
		}
		if err != nil {
			return err
		}
		err = m.mails.Send(ctx, mail.Message{To: user.Email, Lang: user.Locale, Template: mail.SeatsLate, Data: map[string]any{
			"Name": user.Name, "Link": m.base + "/admin/seats?org=" + org.Slug, "Org": org.Name, "App": n.AppName, "Plan": n.PlanName,
			"Wanted": n.Wanted, "Quantity": n.Quantity, "Reason": reason, "Since": n.Since,
		}})
		if err != nil {
			return err
		}
	}
	return nil
}
