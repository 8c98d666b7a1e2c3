package gateway

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"time"

	"github.com/stripe/stripe-go/v76"

	"github.com/wolfieauth/wolfieauth/billing"
)

const subscriptionsPath = "/v1/subscriptions"

// ReadSubscription reads a subscription, and when it owes something also its open invoices.
func (g *Gateway) ReadSubscription(ctx context.Context, at billing.Account, id string) (billing.RemoteSubscription, error) {
	op := operation{what: "read subscription", at: at}
	found, err := g.readSubscription(ctx, op, id)
	if err != nil {
		return billing.RemoteSubscription{}, err
	}
	return g.withDebt(ctx, at, found)
}

func (g *Gateway) readSubscription(ctx context.Context, op operation, id string) (billing.RemoteSubscription, error) {
	q := &query{Expand: stripe.StringSlice([]string{"latest_invoice"})}
	raw, err := g.read(ctx, op, subscriptionsPath+"/", id, q)
	if err != nil {
		return billing.RemoteSubscription{}, err
	}
	found, err := DecodeSubscription(raw)
	return found, decoded(op, err, true)
}

// ListSubscriptions reads every subscription of the customer, ended ones included, newest first.
func (g *Gateway) ListSubscriptions(ctx context.Context, at billing.Account, customerID string) ([]billing.RemoteSubscription, error) {
	var all []billing.RemoteSubscription
	q := query{
		Customer: stripe.String(customerID),
		Status:   stripe.String("all"),
		Expand:   stripe.StringSlice([]string{"data.latest_invoice"}),
	}
	op := operation{what: "list subscriptions", path: subscriptionsPath, at: at}
	if customerID == "" { // Stripe would list everybody's
		return nil, emptyID(op)
	}
	err := g.list(ctx, op, q, func(raw json.RawMessage) error {
		found, err := DecodeSubscription(raw)
		all = append(all, found)
		return err
	})
	if err != nil {
		return nil, customerGone(err)
	}
	for i := range all {
		if all[i], err = g.withDebt(ctx, at, all[i]); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// withDebt adds when the oldest open invoice was finalised, from which grace counts. Only a subscription that
// owes is asked for: an open invoice of an active one is being collected at this moment.
func (g *Gateway) withDebt(ctx context.Context, at billing.Account, s billing.RemoteSubscription) (billing.RemoteSubscription, error) {
	if s.Status != billing.StatusPastDue && s.Status != billing.StatusUnpaid {
		return s, nil
	}
	var oldest *time.Time
	q := query{Subscription: stripe.String(s.ID), Status: stripe.String(string(stripe.InvoiceStatusOpen))}
	op := operation{what: "list open invoices", path: "/v1/invoices", at: at}
	err := g.list(ctx, op, q, func(raw json.RawMessage) error {
		invoice, err := DecodeInvoice(raw)
		if at := invoice.FinalizedAt; err == nil && at != nil && (oldest == nil || at.Before(*oldest)) {
			oldest = at
		}
		return err
	})
	s.OldestUnpaidAt = oldest
	return s, err
}

// CancelNow ends a subscription at once, without giving anything back. Stripe answers 404 or refuses for one
// that has ended; then a read tells.
func (g *Gateway) CancelNow(ctx context.Context, at billing.Account, key, id string) error {
	op := operation{
		what: "cancel subscription", method: http.MethodDelete, at: at,
		path: stripe.FormatURLPath(subscriptionsPath+"/%s", id),
	}
	if id == "" {
		return emptyID(op)
	}
	_, err := g.keyed(ctx, op, key, &stripe.SubscriptionCancelParams{})
	switch {
	case errors.Is(err, billing.ErrStripeGone):
		return nil
	case refusedByStripe(err) && g.hasEnded(ctx, at, id):
		return nil
	default:
		return err
	}
}

func (g *Gateway) hasEnded(ctx context.Context, at billing.Account, id string) bool {
	found, err := g.readSubscription(ctx, operation{what: "read subscription", at: at}, id)
	return err == nil && (found.Status == billing.StatusCanceled || found.Status == billing.StatusIncompleteExpired)
}
