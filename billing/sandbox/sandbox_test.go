package sandbox_test

import (
	"context"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stripe/stripe-go/v76"
	"github.com/stripe/stripe-go/v76/client"

	"github.com/wolfieauth/wolfieauth/billing/sandbox"
)

const secretKey = "sk_test_wolfieauth_unit"

// testClock is the sandbox's clock under the hand of a test.
type testClock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *testClock) Now() time.Time { c.mu.Lock(); defer c.mu.Unlock(); return c.now }

func (c *testClock) Set(at time.Time) { c.mu.Lock(); defer c.mu.Unlock(); c.now = at }

func (c *testClock) Advance(d time.Duration) { c.Set(c.Now().Add(d)) }

// bundle is a running sandbox with a Stripe client and a browser.
type bundle struct {
	*sandbox.Sandbox
	api    *client.API
	server *httptest.Server
	clock  *testClock
	cfg    sandbox.Config
}

// midMonth is the first moment of most tests.
var midMonth = time.Date(2026, 1, 31, 12, 0, 0, 0, time.UTC)

func setup(t *testing.T, adjust ...func(*sandbox.Config)) *bundle {
	t.Helper()
	b := &bundle{clock: &testClock{now: midMonth}}
	b.cfg = sandbox.Config{SecretKey: secretKey, Now: b.clock.Now, RetrySchedule: []time.Duration{20 * time.Millisecond, 50 * time.Millisecond, 100 * time.Millisecond}}
	for _, f := range adjust {
		f(&b.cfg)
	}
	s, err := sandbox.New(t.Context(), b.cfg)
	if err != nil {
		t.Fatal(err)
	}
	b.Sandbox = s
	b.server = httptest.NewServer(s.Handler())
	s.SetBaseURL(b.server.URL)
	t.Cleanup(func() {
		b.server.Close()
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	b.api = stripeClient(b.server.URL)
	return b
}

func stripeClient(base string) *client.API {
	backend := stripe.GetBackendWithConfig(stripe.APIBackend, &stripe.BackendConfig{
		URL: stripe.String(base), MaxNetworkRetries: stripe.Int64(0), LeveledLogger: &stripe.LeveledLogger{Level: stripe.LevelNull},
	})
	return client.New(secretKey, &stripe.Backends{API: backend, Connect: backend, Uploads: backend})
}

// run delivers webhooks for the rest of the test.
func (b *bundle) run(t *testing.T) {
	t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = b.Run(ctx)
	}()
	t.Cleanup(func() { stop(); <-done })
}

// tick moves the clock and lets everything due happen.
func (b *bundle) tick(t *testing.T, at time.Time) {
	t.Helper()
	b.clock.Set(at)
	if err := b.Tick(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func must[T any](v T, err error) func(*testing.T) T {
	return func(t *testing.T) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

// on adds the account to the parameters of a call.
func on(account string) stripe.Params {
	p := stripe.Params{}
	if account != "" {
		p.SetStripeAccount(account)
	}
	return p
}

func (b *bundle) account(t *testing.T) string {
	t.Helper()
	return must(b.api.Accounts.New(&stripe.AccountParams{Type: stripe.String("standard"), BusinessProfile: &stripe.AccountBusinessProfileParams{Name: stripe.String("Acme sp. z o.o.")}}))(t).ID
}

func (b *bundle) price(t *testing.T, account string, amount int64, currency, interval string) *stripe.Price {
	t.Helper()
	p := &stripe.PriceParams{Params: on(account), Currency: &currency, UnitAmount: &amount, ProductData: &stripe.PriceProductDataParams{Name: stripe.String("Pro")}}
	if interval != "" {
		p.Recurring = &stripe.PriceRecurringParams{Interval: &interval}
	}
	return must(b.api.Prices.New(p))(t)
}

// customer has a card unless card is "".
func (b *bundle) customer(t *testing.T, account, card string) *stripe.Customer {
	t.Helper()
	c := must(b.api.Customers.New(&stripe.CustomerParams{Params: on(account), Email: stripe.String("jan@example.test"), Name: stripe.String("Jan")}))(t)
	if card != "" {
		pm := must(b.api.PaymentMethods.Attach(card, &stripe.PaymentMethodAttachParams{Params: on(account), Customer: &c.ID}))(t)
		must(b.api.Customers.Update(c.ID, &stripe.CustomerParams{Params: on(account), InvoiceSettings: &stripe.CustomerInvoiceSettingsParams{DefaultPaymentMethod: &pm.ID}}))(t)
	}
	return c
}

func (b *bundle) subscribe(t *testing.T, customer, price string, quantity int64) *stripe.Subscription {
	t.Helper()
	return must(b.api.Subscriptions.New(&stripe.SubscriptionParams{
		Customer: &customer, Items: []*stripe.SubscriptionItemsParams{{Price: &price, Quantity: &quantity}},
	}))(t)
}

// browser follows no redirects out of the sandbox.
func (b *bundle) browser(t *testing.T) *http.Client {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return &http.Client{Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}

// card is the checkout form, filled in with a test card.
func card(number string) url.Values {
	return url.Values{"email": {"jan@example.test"}, "cardNumber": {number}, "cardExpiry": {"12 / 34"}, "cardCvc": {"123"}, "billingName": {"Jan Kowalski"}}
}

// page is an answer with its body read.
type page struct {
	status   int
	location string
	body     string
	header   http.Header
}

func fetch(t *testing.T, c *http.Client, method, target string, form url.Values) page {
	t.Helper()
	req := must(http.NewRequestWithContext(t.Context(), method, target, strings.NewReader(form.Encode())))(t)
	if form != nil {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	resp := must(c.Do(req))(t)
	defer func() { _ = resp.Body.Close() }()
	body := must(io.ReadAll(resp.Body))(t)
	return page{resp.StatusCode, resp.Header.Get("Location"), string(body), resp.Header}
}

// stripeError digs Stripe's error out of err.
func stripeError(t *testing.T, err error) *stripe.Error {
	t.Helper()
	e, ok := err.(*stripe.Error) //nolint:errorlint // stripe-go returns it bare
	if !ok {
		t.Fatalf("got error %v, want one of Stripe's shape", err)
	}
	return e
}

// eventTypes lists the types of all events, oldest first.
func (b *bundle) eventTypes(t *testing.T, account string) []string {
	t.Helper()
	p := &stripe.EventListParams{ListParams: stripe.ListParams{Limit: stripe.Int64(100)}}
	if account != "" {
		p.SetStripeAccount(account)
	}
	var out []string
	list := b.api.Events.List(p)
	for list.Next() {
		out = append([]string{string(list.Event().Type)}, out...)
	}
	if err := list.Err(); err != nil {
		t.Fatal(err)
	}
	return out
}
