package gateway

import (
	"context"
	"encoding/json"
	"errors"
	"strings"

	"github.com/stripe/stripe-go/v76"

	"github.com/wolfieauth/wolfieauth/billing"
)

// ReadInvoice reads an invoice with its charge and, where that was disputed, what the disputes took.
func (g *Gateway) ReadInvoice(ctx context.Context, at billing.Account, id string) (billing.RemoteInvoice, error) {
	op := operation{what: "read invoice", at: at}
	raw, err := g.read(ctx, op, "/v1/invoices/", id, &query{Expand: stripe.StringSlice([]string{"charge"})})
	if err != nil {
		return billing.RemoteInvoice{}, err
	}
	found, disputed, err := decodePaidInvoice(raw)
	if err = decoded(op, err, true); err != nil || !disputed {
		return found, err
	}
	found.DisputeLost, err = g.disputesLost(ctx, at, found.PaymentID)
	return found, err
}

func (g *Gateway) disputesLost(ctx context.Context, at billing.Account, paymentID string) (lost int64, err error) {
	op := operation{what: "list disputes", path: "/v1/disputes", at: at}
	if paymentID == "" { // Stripe would list everybody's
		return 0, emptyID(op)
	}
	err = g.list(ctx, op, query{PaymentIntent: stripe.String(paymentID)}, func(raw json.RawMessage) error {
		var d struct {
			Amount int64  `json:"amount"`
			Status string `json:"status"`
		}
		err := json.Unmarshal(raw, &d)
		if d.Status == string(stripe.DisputeStatusLost) {
			lost += d.Amount
		}
		return err
	})
	return lost, err
}

type paidInvoiceJSON struct {
	Number     string            `json:"number"`
	Status     string            `json:"status"`
	Currency   string            `json:"currency"`
	Total      int64             `json:"total"`
	Tax        int64             `json:"tax"`
	AmountPaid int64             `json:"amount_paid"`
	Created    unix              `json:"created"`
	Metadata   map[string]string `json:"metadata"`
	Charge     ref               `json:"charge"`
	Transition struct {
		PaidAt unix `json:"paid_at"`
	} `json:"status_transitions"`
}

// DecodePaidInvoice reads an invoice whose charge was expanded. It fails when id, customer, status or currency is
// missing, and when there is a charge that is not shown: what was given back of it is not guessed.
func DecodePaidInvoice(raw []byte) (billing.RemoteInvoice, error) {
	out, _, err := decodePaidInvoice(raw)
	return out, err
}

func decodePaidInvoice(raw []byte) (out billing.RemoteInvoice, disputed bool, err error) {
	base, err := DecodeInvoice(raw)
	if err != nil {
		return out, false, err
	}
	var i paidInvoiceJSON
	if err := json.Unmarshal(raw, &i); err != nil {
		return out, false, err
	}
	if err := need("invoice", map[string]string{"status": i.Status, "currency": i.Currency}); err != nil {
		return out, false, err
	}
	out = billing.RemoteInvoice{
		ID: base.ID, CustomerID: base.CustomerID, SubscriptionID: base.SubscriptionID, PaymentID: base.PaymentID, CheckoutID: i.Metadata[metaCheckout],
		Number: i.Number, Status: billing.InvoiceStatus(i.Status), Currency: strings.ToUpper(i.Currency), Total: i.Total, Tax: i.Tax,
		AmountPaid: i.AmountPaid, Created: i.Created.value(), PaidAt: i.Transition.PaidAt.at,
	}
	if i.Charge.id == "" {
		return out, false, nil
	}
	if i.Charge.raw == nil {
		return out, false, errors.New("invoice without its charge")
	}
	var charge struct {
		AmountRefunded int64 `json:"amount_refunded"`
		Disputed       bool  `json:"disputed"`
		ApplicationFee int64 `json:"application_fee_amount"`
	}
	err = json.Unmarshal(i.Charge.raw, &charge)
	out.Refunded, out.ApplicationFee = charge.AmountRefunded, charge.ApplicationFee
	return out, charge.Disputed, err
}
