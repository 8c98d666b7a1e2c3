package gateway

import (
	"encoding/json"

	"github.com/wolfieauth/wolfieauth/billing"
)

// DecodeCheckout reads a checkout session as Stripe writes it. It fails when id or status is missing.
func DecodeCheckout(raw []byte) (billing.RemoteCheckout, error) {
	var s struct {
		ID                string `json:"id"`
		URL               string `json:"url"`
		Status            string `json:"status"`
		PaymentStatus     string `json:"payment_status"`
		ClientReferenceID string `json:"client_reference_id"`
		Customer          ref    `json:"customer"`
		Subscription      ref    `json:"subscription"`
		PaymentIntent     ref    `json:"payment_intent"`
		Invoice           ref    `json:"invoice"`
		Created           unix   `json:"created"`
		ExpiresAt         unix   `json:"expires_at"`
	}
	if err := json.Unmarshal(raw, &s); err != nil {
		return billing.RemoteCheckout{}, err
	}
	if err := need("checkout session", map[string]string{"id": s.ID, "status": s.Status}); err != nil {
		return billing.RemoteCheckout{}, err
	}
	var customer struct {
		Deleted bool `json:"deleted"`
	}
	if s.Customer.raw != nil {
		if err := json.Unmarshal(s.Customer.raw, &customer); err != nil {
			return billing.RemoteCheckout{}, err
		}
	}
	return billing.RemoteCheckout{
		ID: s.ID, URL: s.URL, Status: s.Status, PaymentStatus: s.PaymentStatus, CheckoutID: s.ClientReferenceID,
		CustomerID: s.Customer.id, CustomerGone: customer.Deleted, SubscriptionID: s.Subscription.id, PaymentID: s.PaymentIntent.id, InvoiceID: s.Invoice.id,
		Created: s.Created.value(), ExpiresAt: s.ExpiresAt.value(),
	}, nil
}

func decodePortal(raw []byte) (string, error) {
	var portal struct {
		URL string `json:"url"`
	}
	if err := json.Unmarshal(raw, &portal); err != nil {
		return "", err
	}
	return portal.URL, need("portal session", map[string]string{"url": portal.URL})
}
