package gateway_test

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/wolfieauth/wolfieauth/billing"
	"github.com/wolfieauth/wolfieauth/billing/gateway"
)

func TestSandboxRefund(t *testing.T) {
	t.Parallel()
	s := openShop(t)
	done := s.pay(t, s.order(t, s.price(t, func(*billing.PriceSpec) {}), func(*billing.CheckoutSpec) {}), goodCard)
	payment := s.subscription(t, done.SubscriptionID).LatestPaymentID
	first, err := s.Refund(s.ctx, s.at, "refund-1", payment)
	if err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{"refund-1", "refund-2"} {
		again, err := s.Refund(s.ctx, s.at, key, payment)
		if err != nil || again != first {
			t.Errorf("refund under %s: %q, %v; want %q", key, again, err, first)
		}
	}
	paid, err := s.ReadPayment(s.ctx, s.at, payment)
	if err != nil || !paid.Refunded {
		t.Errorf("refunded payment %+v, %v", paid, err)
	}
	if _, err = s.Refund(s.ctx, s.at, "refund-3", "pi_nowhere"); !errors.Is(err, billing.ErrStripeGone) {
		t.Errorf("refund of nothing: %v", err)
	}
}

func TestSandboxPortal(t *testing.T) {
	t.Parallel()
	s := openShop(t)
	customer, err := s.CreateCustomer(s.ctx, s.at, "customer-1", billing.CustomerSpec{OrgID: "org-1", Name: "Buyer"})
	if err != nil {
		t.Fatal(err)
	}
	portal, err := s.CreatePortal(s.ctx, s.at, customer, "http://localhost:8080/billing/acme-crm", "pl")
	if err != nil {
		t.Fatal(err)
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, portal, nil)
	if err != nil {
		t.Fatal(err)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		t.Errorf("portal answered %s", res.Status)
	}
	if _, err = s.CreatePortal(s.ctx, s.at, "cus_nowhere", "http://localhost:8080/", "en"); !errors.Is(err, billing.ErrStripeGone) {
		t.Errorf("portal of nobody: %v", err)
	}
}

// The application fee goes back with the payment.
func TestSandboxRefundOfTheFee(t *testing.T) {
	t.Parallel()
	s := openShop(t)
	price := s.price(t, func(p *billing.PriceSpec) { p.Interval = billing.IntervalOneTime })
	session := s.raw(t, http.MethodPost, "/v1/checkout/sessions", s.at.ID, url.Values{
		"mode": {"payment"}, "line_items[0][price]": {price}, "line_items[0][quantity]": {"1"}, "success_url": {purchase.SuccessURL},
		"client_reference_id": {"checkout-1"}, "payment_intent_data[application_fee_amount]": {"495"},
	})
	opened, err := gateway.DecodeCheckout(session)
	if err != nil {
		t.Fatal(err)
	}
	s.submit(t, opened, goodCard)
	done, err := s.ReadCheckout(s.ctx, s.at, opened.ID)
	if err != nil {
		t.Fatal(err)
	}
	if _, err = s.Refund(s.ctx, s.at, "refund-1", done.PaymentID); err != nil {
		t.Fatal(err)
	}
	var fees struct {
		Data []struct {
			Amount   int64 `json:"amount"`
			Refunded bool  `json:"refunded"`
		} `json:"data"`
	}
	if err = json.Unmarshal(s.raw(t, http.MethodGet, "/v1/application_fees", "", nil), &fees); err != nil {
		t.Fatal(err)
	}
	if len(fees.Data) != 1 || fees.Data[0].Amount != 495 || !fees.Data[0].Refunded {
		t.Errorf("fees %+v", fees.Data)
	}
}

// raw sends what the gateway does not send yet.
func (s shop) raw(t *testing.T, method, path, account string, form url.Values) []byte {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, s.url+path, strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+testKey)
	req.Header.Set("Stripe-Version", gateway.APIVersion)
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if account != "" {
		req.Header.Set("Stripe-Account", account)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != http.StatusOK {
		t.Fatalf("%s %s: %s %s (%v)", method, path, res.Status, body, err)
	}
	return body
}
