package gateway

import (
	"encoding/json"
	"time"
)

// Invoice is what billing reads from an invoice, whichever API version wrote it.
type Invoice struct {
	ID             string
	CustomerID     string
	SubscriptionID string     // "" for an invoice of a one-time purchase
	PaymentID      string     // pi_... or "": nothing was due, or the payment is not part of the object
	FinalizedAt    *time.Time // nil for a draft
}

// DecodeInvoice reads an invoice as Stripe writes it. Its subscription stands at the top (2023-10-16) or below
// parent.subscription_details (from 2025-03-31), its payment in payment_intent or in the list of payments, where
// the paid one counts before the default one before the first. It fails when id or customer is missing.
func DecodeInvoice(raw []byte) (Invoice, error) {
	var i invoiceJSON
	if err := json.Unmarshal(raw, &i); err != nil {
		return Invoice{}, err
	}
	if err := need("invoice", map[string]string{"id": i.ID, "customer": i.Customer.id}); err != nil {
		return Invoice{}, err
	}
	out := Invoice{
		ID: i.ID, CustomerID: i.Customer.id, SubscriptionID: i.Subscription.id, PaymentID: i.PaymentIntent.id,
		FinalizedAt: i.StatusTransitions.FinalizedAt.at,
	}
	if out.SubscriptionID == "" {
		out.SubscriptionID = i.Parent.SubscriptionDetails.Subscription.id
	}
	if out.PaymentID == "" {
		out.PaymentID = i.payment()
	}
	return out, nil
}

// invoiceJSON holds both shapes at once.
type invoiceJSON struct {
	ID            string `json:"id"`
	Customer      ref    `json:"customer"`
	Subscription  ref    `json:"subscription"`
	PaymentIntent ref    `json:"payment_intent"`
	Parent        struct {
		SubscriptionDetails struct {
			Subscription ref `json:"subscription"`
		} `json:"subscription_details"`
	} `json:"parent"`
	Payments struct {
		Data []struct {
			IsDefault bool   `json:"is_default"`
			Status    string `json:"status"`
			Payment   struct {
				PaymentIntent ref `json:"payment_intent"`
			} `json:"payment"`
		} `json:"data"`
	} `json:"payments"`
	StatusTransitions struct {
		FinalizedAt unix `json:"finalized_at"`
	} `json:"status_transitions"`
}

func (i invoiceJSON) payment() string {
	best, rank := "", 0
	for _, p := range i.Payments.Data {
		worth := 1
		if p.IsDefault {
			worth = 2
		}
		if p.Status == "paid" {
			worth = 3
		}
		if id := p.Payment.PaymentIntent.id; id != "" && worth > rank {
			best, rank = id, worth
		}
	}
	return best
}
