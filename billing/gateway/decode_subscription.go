package gateway

import (
	"encoding/json"
	"fmt"

	"github.com/wolfieauth/wolfieauth/billing"
)

// DecodeSubscription reads a subscription as Stripe writes it. The period stands on the subscription itself
// (2023-10-16) or on its items (from 2025-03-31); the first item counts, as ours have one. LatestPaymentID is
// known only where latest_invoice was expanded; OldestUnpaidAt is not part of the object and stays nil. It fails
// when id, customer, status, price or period is missing.
func DecodeSubscription(raw []byte) (billing.RemoteSubscription, error) {
	var s subscriptionJSON
	if err := json.Unmarshal(raw, &s); err != nil {
		return billing.RemoteSubscription{}, err
	}
	if len(s.Items.Data) == 0 {
		return billing.RemoteSubscription{}, fmt.Errorf("subscription without items")
	}
	item := s.Items.Data[0]
	start, end := firstOf(s.CurrentPeriodStart, item.CurrentPeriodStart), firstOf(s.CurrentPeriodEnd, item.CurrentPeriodEnd)
	if start.at == nil || end.at == nil {
		return billing.RemoteSubscription{}, fmt.Errorf("subscription without a period")
	}
	err := need("subscription", map[string]string{"id": s.ID, "customer": s.Customer.id, "status": s.Status, "price": item.Price.id})
	if err != nil {
		return billing.RemoteSubscription{}, err
	}
	out := s.remote()
	out.ItemID, out.StripePriceID, out.Quantity = item.ID, item.Price.id, item.Quantity
	out.CurrentPeriodStart, out.CurrentPeriodEnd = start.value(), end.value()
	if s.LatestInvoice.raw == nil {
		return out, nil
	}
	invoice, err := DecodeInvoice(s.LatestInvoice.raw)
	out.LatestPaymentID = invoice.PaymentID
	return out, err
}

// subscriptionJSON holds both shapes at once.
type subscriptionJSON struct {
	ID                 string            `json:"id"`
	Customer           ref               `json:"customer"`
	Metadata           map[string]string `json:"metadata"`
	Status             string            `json:"status"`
	CurrentPeriodStart unix              `json:"current_period_start"`
	CurrentPeriodEnd   unix              `json:"current_period_end"`
	Items              struct {
		Data []struct {
			ID                 string `json:"id"`
			Price              ref    `json:"price"`
			Quantity           int64  `json:"quantity"`
			CurrentPeriodStart unix   `json:"current_period_start"`
			CurrentPeriodEnd   unix   `json:"current_period_end"`
		} `json:"data"`
	} `json:"items"`
	TrialEnd          unix `json:"trial_end"`
	CancelAt          unix `json:"cancel_at"`
	CancelAtPeriodEnd bool `json:"cancel_at_period_end"`
	CanceledAt        unix `json:"canceled_at"`
	EndedAt           unix `json:"ended_at"`
	LatestInvoice     ref  `json:"latest_invoice"`
	Created           unix `json:"created"`
	Livemode          bool `json:"livemode"`
}

func (s subscriptionJSON) remote() billing.RemoteSubscription {
	return billing.RemoteSubscription{
		ID: s.ID, CustomerID: s.Customer.id, CheckoutID: s.Metadata[metaCheckout],
		Status:   billing.SubscriptionStatus(s.Status),
		TrialEnd: s.TrialEnd.at, CancelAt: s.CancelAt.at, CancelAtPeriodEnd: s.CancelAtPeriodEnd,
		CanceledAt: s.CanceledAt.at, EndedAt: s.EndedAt.at, LatestInvoiceID: s.LatestInvoice.id,
		Created: s.Created.value(), Livemode: s.Livemode,
	}
}
