package gateway_test

import (
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/wolfieauth/wolfieauth/billing"
)

// deleteCustomer does what a merchant does at the dashboard.
func (s shop) deleteCustomer(t *testing.T, id string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodDelete, s.url+"/v1/customers/"+id, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	req.SetBasicAuth(testKey, "")
	req.Header.Set("Stripe-Account", s.at.ID)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		t.Fatalf("delete %s: %d", id, res.StatusCode)
	}
}

func TestSandboxCustomerDeleted(t *testing.T) {
	t.Parallel()
	s := openShop(t)
	price := s.price(t, func(*billing.PriceSpec) {})
	open := s.order(t, price, func(*billing.CheckoutSpec) {})
	if found, err := s.ReadCheckout(s.ctx, s.at, open.ID); err != nil || found.CustomerGone || found.CustomerID != open.CustomerID {
		t.Fatalf("before: %+v, %v", found, err)
	}
	if list, err := s.ListSubscriptions(s.ctx, s.at, open.CustomerID); err != nil || len(list) != 0 {
		t.Fatalf("before: %v, %v", list, err)
	}
	s.deleteCustomer(t, open.CustomerID)
	found, err := s.ReadCheckout(s.ctx, s.at, open.ID)
	if err != nil || !found.CustomerGone || found.CustomerID != open.CustomerID || found.Status != "open" {
		t.Errorf("after: %+v, %v", found, err)
	}
	spec := purchase
	spec.StripePriceID, spec.ExpiresAt = price, noon.Add(23*time.Hour)
	for _, customer := range []string{open.CustomerID, "cus_nowhere"} {
		spec.CustomerID = customer
		if _, err := s.CreateCheckout(s.ctx, s.at, "checkout-"+customer, spec); !errors.Is(err, billing.ErrStripeCustomerGone) || !errors.Is(err, billing.ErrStripeGone) {
			t.Errorf("checkout of %s: %v", customer, err)
		}
		if _, err := s.CreatePortal(s.ctx, s.at, customer, "http://localhost:8080/", "pl"); !errors.Is(err, billing.ErrStripeCustomerGone) {
			t.Errorf("portal of %s: %v", customer, err)
		}
		if _, err := s.ListSubscriptions(s.ctx, s.at, customer); !errors.Is(err, billing.ErrStripeCustomerGone) {
			t.Errorf("subscriptions of %s: %v", customer, err)
		}
	}
	// The customer is there, the price is not: another answer.
	made, err := s.CreateCustomer(s.ctx, s.at, "customer-2", billing.CustomerSpec{OrgID: "org-1", Name: "Buyer"})
	if err != nil || made == open.CustomerID {
		t.Fatalf("a new customer: %q, %v", made, err)
	}
	spec.CustomerID, spec.StripePriceID = made, "price_nowhere"
	if _, err := s.CreateCheckout(s.ctx, s.at, "checkout-3", spec); !errors.Is(err, billing.ErrStripeRefused) || errors.Is(err, billing.ErrStripeGone) {
		t.Errorf("a checkout without a price: %v", err)
	}
	// Whoever still has the page open is told, and nothing is taken.
	res, err := http.PostForm(open.URL, url.Values{
		"email": {"buyer@example.test"}, "cardNumber": {goodCard}, "cardExpiry": {"12 / 34"}, "cardCvc": {"123"}, "billingName": {"Jan Kowalski"},
	})
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	page, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != http.StatusBadRequest || !strings.Contains(string(page), "No such customer") {
		t.Errorf("the open page answers %d: %.300s (%v)", res.StatusCode, page, err)
	}
}
