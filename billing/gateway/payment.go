package gateway

import (
	"context"
	"encoding/json"

	"github.com/stripe/stripe-go/v76"

	"github.com/wolfieauth/wolfieauth/billing"
)

// ReadPayment reads a payment intent and its latest charge.
func (g *Gateway) ReadPayment(ctx context.Context, at billing.Account, id string) (billing.RemotePayment, error) {
	found, err := g.readPayment(ctx, operation{what: "read payment", at: at}, id)
	return found.RemotePayment, err
}

func (g *Gateway) readPayment(ctx context.Context, op operation, id string) (payment, error) {
	q := &query{Expand: stripe.StringSlice([]string{"latest_charge"})}
	raw, err := g.read(ctx, op, "/v1/payment_intents/", id, q)
	if err != nil {
		return payment{}, err
	}
	found, err := decodePayment(raw)
	return found, decoded(op, err, true)
}

// Refund gives a payment back wholly. Stripe returns the application fee only when asked, and refuses to be
// asked where there is none, so the charge is read first; that fact of a charge never changes, hence the same
// key always carries the same parameters. A payment that has been given back already answers that refund.
func (g *Gateway) Refund(ctx context.Context, at billing.Account, key, paymentID string) (string, error) {
	op := operation{what: "refund payment", path: "/v1/refunds", at: at}
	paid, err := g.readPayment(ctx, op, paymentID)
	if err != nil {
		return "", err
	}
	params := &stripe.RefundParams{
		PaymentIntent: stripe.String(paymentID),
		Reason:        stripe.String(string(stripe.RefundReasonDuplicate)),
	}
	if paid.feeID != "" {
		params.RefundApplicationFee = stripe.Bool(true)
	}
	refundID, err := g.create(ctx, op, key, params)
	if hasCode(err, stripe.ErrorCodeChargeAlreadyRefunded) {
		return g.earlierRefund(ctx, op, paymentID, err)
	}
	return refundID, err
}

func (g *Gateway) earlierRefund(ctx context.Context, op operation, paymentID string, refused error) (string, error) {
	var earlier string
	err := g.list(ctx, op, query{PaymentIntent: stripe.String(paymentID)}, func(raw json.RawMessage) error {
		var refund struct {
			ID string `json:"id"`
		}
		err := json.Unmarshal(raw, &refund)
		earlier = refund.ID // the last one listed is the first one made
		return err
	})
	if err == nil && earlier == "" {
		return "", refused
	}
	return earlier, err
}
