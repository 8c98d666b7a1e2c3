package gateway

import (
	"encoding/json"
	"errors"

	"github.com/wolfieauth/wolfieauth/billing"
)

// payment is a payment intent with what only a refund needs to know.
type payment struct {
	billing.RemotePayment
	feeID string // the application fee taken from it, or ""
}

// DecodePayment reads a payment intent whose latest_charge was expanded. It fails when id or status is missing,
// and when a succeeded payment does not show its charge: whether that was given back is not guessed.
func DecodePayment(raw []byte) (billing.RemotePayment, error) {
	p, err := decodePayment(raw)
	return p.RemotePayment, err
}

func decodePayment(raw []byte) (payment, error) {
	var p struct {
		ID           string `json:"id"`
		Status       string `json:"status"`
		Customer     ref    `json:"customer"`
		LatestCharge ref    `json:"latest_charge"`
		Invoice      ref    `json:"invoice"` // until 2025-03-31
		Created      unix   `json:"created"`
	}
	if err := json.Unmarshal(raw, &p); err != nil {
		return payment{}, err
	}
	if err := need("payment intent", map[string]string{"id": p.ID, "status": p.Status}); err != nil {
		return payment{}, err
	}
	out := payment{RemotePayment: billing.RemotePayment{
		ID: p.ID, InvoiceID: p.Invoice.id, CustomerID: p.Customer.id, Succeeded: p.Status == "succeeded", Created: p.Created.value(),
	}}
	if p.LatestCharge.raw == nil {
		if out.Succeeded {
			return payment{}, errors.New("payment intent without its charge")
		}
		return out, nil
	}
	var charge struct {
		Refunded       bool `json:"refunded"`
		Disputed       bool `json:"disputed"`
		ApplicationFee ref  `json:"application_fee"`
	}
	if err := json.Unmarshal(p.LatestCharge.raw, &charge); err != nil {
		return payment{}, err
	}
	out.Refunded, out.Disputed, out.feeID = charge.Refunded, charge.Disputed, charge.ApplicationFee.id
	return out, nil
}
