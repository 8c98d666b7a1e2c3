package gateway_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wolfieauth/wolfieauth/billing"
	"github.com/wolfieauth/wolfieauth/billing/gateway"
	"github.com/wolfieauth/wolfieauth/billing/sandbox"
)

// noon is when the sandbox's tests begin.
var noon = time.Date(2026, 1, 15, 12, 0, 0, 0, time.UTC)

// shop is a gateway whose Stripe is the built-in sandbox, with an account that sells and a clock.
type shop struct {
	bundle
	*sandbox.Sandbox
	url string
	at  billing.Account
	mu  *sync.Mutex
	now *time.Time
}

func openShop(t *testing.T) shop {
	t.Helper()
	now := noon
	s := shop{mu: &sync.Mutex{}, now: &now}
	stand, err := sandbox.New(t.Context(), sandbox.Config{SecretKey: testKey, Now: s.clock})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(stand.Handler())
	stand.SetBaseURL(server.URL)
	t.Cleanup(func() {
		server.Close()
		if err := stand.Close(); err != nil {
			t.Error(err)
		}
	})
	s.Sandbox, s.url, s.bundle = stand, server.URL, setup(t, server.URL)
	id, err := s.CreateAccount(s.ctx, platform, "account-1", billing.AccountSpec{Country: "PL"}, gateway.WithID("acct_demo_acme"))
	if err != nil || id != "acct_demo_acme" {
		t.Fatalf("account %q: %v", id, err)
	}
	s.at = billing.Account{ID: id}
	return s
}

func (s shop) clock() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return *s.now
}

// pass lets time pass and everything due happen.
func (s shop) pass(t *testing.T, until time.Time) {
	t.Helper()
	s.mu.Lock()
	*s.now = until
	s.mu.Unlock()
	if err := s.Tick(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// price makes a product and a price of it.
func (s shop) price(t *testing.T, change func(*billing.PriceSpec)) string {
	t.Helper()
	product, err := s.CreateProduct(s.ctx, s.at, "product-1", billing.ProductSpec{PlanID: "plan-1", Name: "Pro"})
	if err != nil {
		t.Fatal(err)
	}
	spec := monthly
	spec.ProductID = product
	change(&spec)
	id, err := s.CreatePrice(s.ctx, s.at, "price-1", spec)
	if err != nil {
		t.Fatal(err)
	}
	return id
}

// order opens a checkout for a new customer.
func (s shop) order(t *testing.T, price string, change func(*billing.CheckoutSpec)) billing.RemoteCheckout {
	t.Helper()
	customer, err := s.CreateCustomer(s.ctx, s.at, "customer-1", billing.CustomerSpec{OrgID: "org-1", Name: "Buyer", Email: "buyer@example.test", Lang: "pl"})
	if err != nil {
		t.Fatal(err)
	}
	spec := purchase
	spec.CustomerID, spec.StripePriceID, spec.ExpiresAt = customer, price, noon.Add(23*time.Hour)
	change(&spec)
	opened, err := s.CreateCheckout(s.ctx, s.at, "checkout-1", spec)
	if err != nil {
		t.Fatal(err)
	}
	again, err := s.CreateCheckout(s.ctx, s.at, "checkout-1", spec)
	if diff := cmp.Diff(opened, again); err != nil || diff != "" {
		t.Fatalf("the same key made another checkout (%v):\n%s", err, diff)
	}
	want := billing.RemoteCheckout{
		ID: opened.ID, URL: opened.URL, Status: "open", PaymentStatus: opened.PaymentStatus, CheckoutID: "checkout-1", CustomerID: customer,
		Created: noon, ExpiresAt: noon.Add(23 * time.Hour),
	}
	if diff := cmp.Diff(want, opened); diff != "" {
		t.Fatalf("opened checkout (-want +got):\n%s", diff)
	}
	return opened
}

const (
	goodCard  = "4242424242424242"
	laterCard = "4000000000000341" // attaches, and fails at the next renewal
)

// submit fills in the hosted page as a browser does.
func (s shop) submit(t *testing.T, opened billing.RemoteCheckout, card string) {
	t.Helper()
	form := url.Values{
		"email": {"buyer@example.test"}, "cardNumber": {card}, "cardExpiry": {"12 / 34"}, "cardCvc": {"123"}, "billingName": {"Jan Kowalski"},
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, opened.URL, strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	browser := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	res, err := browser.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	want := strings.ReplaceAll(purchase.SuccessURL, "{CHECKOUT_SESSION_ID}", opened.ID)
	if got := res.Header.Get("Location"); res.StatusCode != http.StatusSeeOther || got != want {
		t.Fatalf("paid page answered %s and leads to %q, want %q", res.Status, got, want)
	}
}

// pay submits the page and reads the checkout.
func (s shop) pay(t *testing.T, opened billing.RemoteCheckout, card string) billing.RemoteCheckout {
	t.Helper()
	s.submit(t, opened, card)
	done, err := s.ReadCheckout(s.ctx, s.at, opened.ID)
	if err != nil {
		t.Fatal(err)
	}
	if done.Status != "complete" || done.CheckoutID != "checkout-1" || done.CustomerID != opened.CustomerID {
		t.Fatalf("paid checkout: %+v", done)
	}
	return done
}

func (s shop) subscription(t *testing.T, id string) billing.RemoteSubscription {
	t.Helper()
	found, err := s.ReadSubscription(s.ctx, s.at, id)
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func TestSandboxSubscription(t *testing.T) {
	t.Parallel()
	s := openShop(t)
	price := s.price(t, func(p *billing.PriceSpec) { p.PerSeat = true })
	done := s.pay(t, s.order(t, price, func(c *billing.CheckoutSpec) { c.Quantity = 3 }), goodCard)
	if done.PaymentStatus != "paid" || done.PaymentID != "" {
		t.Errorf("checkout %+v", done)
	}
	got := s.subscription(t, done.SubscriptionID)
	want := billing.RemoteSubscription{
		ID: done.SubscriptionID, ItemID: got.ItemID, CustomerID: done.CustomerID, CheckoutID: "checkout-1", Status: billing.StatusActive,
		StripePriceID: price, Quantity: 3, CurrentPeriodStart: noon, CurrentPeriodEnd: noon.AddDate(0, 1, 0), Created: noon,
		LatestInvoiceID: got.LatestInvoiceID, LatestPaymentID: got.LatestPaymentID,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("subscription (-want +got):\n%s", diff)
	}
	all, err := s.ListSubscriptions(s.ctx, s.at, done.CustomerID)
	if diff := cmp.Diff([]billing.RemoteSubscription{want}, all); err != nil || diff != "" {
		t.Errorf("list (%v):\n%s", err, diff)
	}
	paid, err := s.ReadPayment(s.ctx, s.at, got.LatestPaymentID)
	if diff := cmp.Diff(billing.RemotePayment{ID: got.LatestPaymentID, InvoiceID: got.LatestInvoiceID, CustomerID: done.CustomerID, Succeeded: true, Created: noon}, paid); err != nil || diff != "" {
		t.Errorf("payment (%v):\n%s", err, diff)
	}
	if _, err = s.ReadSubscription(s.ctx, platform, done.SubscriptionID); !errors.Is(err, billing.ErrStripeGone) {
		t.Errorf("another account saw the subscription: %v", err)
	}
	s.end(t, got.ID)
}

// end cancels twice, and something that never was.
func (s shop) end(t *testing.T, id string) {
	t.Helper()
	for range 2 {
		if err := s.CancelNow(s.ctx, s.at, "cancel-1", id); err != nil {
			t.Fatalf("cancel: %v", err)
		}
	}
	if err := s.CancelNow(s.ctx, s.at, "cancel-2", "sub_nowhere"); err != nil {
		t.Errorf("cancel what is gone: %v", err)
	}
	ended := s.subscription(t, id)
	if ended.Status != billing.StatusCanceled || ended.EndedAt == nil || !ended.EndedAt.Equal(noon) || ended.CanceledAt == nil {
		t.Errorf("ended subscription %+v", ended)
	}
}

func TestSandboxPurchaseOnce(t *testing.T) {
	t.Parallel()
	s := openShop(t)
	price := s.price(t, func(p *billing.PriceSpec) { p.Interval = billing.IntervalOneTime })
	done := s.pay(t, s.order(t, price, func(c *billing.CheckoutSpec) { c.Recurring = false }), goodCard)
	if done.PaymentStatus != "paid" || done.SubscriptionID != "" {
		t.Errorf("checkout %+v", done)
	}
	paid, err := s.ReadPayment(s.ctx, s.at, done.PaymentID)
	if err != nil || !paid.Succeeded || paid.CustomerID != done.CustomerID {
		t.Errorf("payment %+v, %v", paid, err)
	}
	if err = s.ExpireCheckout(s.ctx, s.at, done.ID); err != nil {
		t.Errorf("expire what is complete: %v", err)
	}
}

func TestSandboxTrial(t *testing.T) {
	t.Parallel()
	s := openShop(t)
	done := s.pay(t, s.order(t, s.price(t, func(*billing.PriceSpec) {}), func(c *billing.CheckoutSpec) { c.TrialDays = 14 }), goodCard)
	got := s.subscription(t, done.SubscriptionID)
	if end := noon.AddDate(0, 0, 14); got.Status != billing.StatusTrialing || got.TrialEnd == nil || !got.TrialEnd.Equal(end) || !got.CurrentPeriodEnd.Equal(end) {
		t.Errorf("trial %+v", got)
	}
	if done.PaymentStatus != "no_payment_required" && done.PaymentStatus != "paid" || got.LatestPaymentID != "" {
		t.Errorf("a trial was paid for: %+v, %+v", done, got)
	}
}

func TestSandboxDebt(t *testing.T) {
	t.Parallel()
	s := openShop(t)
	done := s.pay(t, s.order(t, s.price(t, func(*billing.PriceSpec) {}), func(*billing.CheckoutSpec) {}), laterCard)
	if got := s.subscription(t, done.SubscriptionID); got.Status != billing.StatusActive || got.OldestUnpaidAt != nil {
		t.Fatalf("paid subscription %+v", got)
	}
	renewal := noon.AddDate(0, 1, 0)
	s.pass(t, renewal.Add(26*time.Hour))
	got := s.subscription(t, done.SubscriptionID)
	if got.Status != billing.StatusPastDue || got.OldestUnpaidAt == nil {
		t.Fatalf("subscription in debt %+v", got)
	}
	if since := got.OldestUnpaidAt.Sub(renewal); since < 0 || since > 2*time.Hour {
		t.Errorf("oldest debt is of %v, the renewal was at %v", got.OldestUnpaidAt, renewal)
	}
}

func TestSandboxTiers(t *testing.T) {
	t.Parallel()
	for _, scheme := range []billing.Scheme{billing.SchemeVolume, billing.SchemeGraduated} {
		t.Run(string(scheme), func(t *testing.T) {
			t.Parallel()
			s := openShop(t)
			price := s.price(t, func(p *billing.PriceSpec) { p.PerSeat, p.Scheme, p.Tiers = true, scheme, tiers })
			done := s.pay(t, s.order(t, price, func(c *billing.CheckoutSpec) { c.Quantity = 12 }), goodCard)
			if got := s.subscription(t, done.SubscriptionID); got.StripePriceID != price || got.Quantity != 12 {
				t.Errorf("subscription %+v", got)
			}
		})
	}
}

// Nothing is asked for what costs nothing, not even a card.
func TestSandboxFree(t *testing.T) {
	t.Parallel()
	s := openShop(t)
	opened := s.order(t, s.price(t, func(p *billing.PriceSpec) { p.Amount = 0 }), func(*billing.CheckoutSpec) {})
	done := s.pay(t, opened, "")
	if got := s.subscription(t, done.SubscriptionID); got.Status != billing.StatusActive || got.LatestPaymentID != "" {
		t.Errorf("subscription %+v", got)
	}
}

func TestSandboxExpiry(t *testing.T) {
	t.Parallel()
	s := openShop(t)
	opened := s.order(t, s.price(t, func(*billing.PriceSpec) {}), func(*billing.CheckoutSpec) {})
	for range 2 {
		if err := s.ExpireCheckout(s.ctx, s.at, opened.ID); err != nil {
			t.Fatal(err)
		}
	}
	if got, err := s.ReadCheckout(s.ctx, s.at, opened.ID); err != nil || got.Status != "expired" {
		t.Errorf("checkout %+v, %v", got, err)
	}
	if err := s.ExpireCheckout(s.ctx, s.at, "cs_nowhere"); !errors.Is(err, billing.ErrStripeGone) {
		t.Errorf("expire what is gone: %v", err)
	}
}

func TestSandboxSetup(t *testing.T) {
	t.Parallel()
	s := openShop(t)
	id, secret, err := s.CreateWebhookEndpoint(s.ctx, platform, "http://localhost:8080/v1/stripe/webhook", []string{"*"}, true,
		gateway.WithID("we_demo"), gateway.WithSecret("whsec_demo"))
	if err != nil || id != "we_demo" || secret != "whsec_demo" {
		t.Errorf("endpoint %q with secret %q: %v", id, secret, err)
	}
	wrong, err := gateway.New(gateway.Config{TestSecretKey: "sk_test_other", APIBase: s.url})
	if err != nil {
		t.Fatal(err)
	}
	_, err = wrong.ReadSubscription(t.Context(), platform, "sub_1")
	checkKind(t, err, billing.ErrStripeNotConfigured)
	_, err = s.ReadSubscription(s.ctx, billing.Account{ID: "acct_nowhere"}, "sub_1")
	checkKind(t, err, billing.ErrAccountGone)
	if strings.Contains(err.Error(), "sk_test") {
		t.Errorf("%v holds a key", err)
	}
}
