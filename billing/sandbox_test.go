package billing_test

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/wolfieauth/wolfieauth/billing"
	"github.com/wolfieauth/wolfieauth/billing/gateway"
	"github.com/wolfieauth/wolfieauth/billing/sandbox"
	"github.com/wolfieauth/wolfieauth/billing/webhook"
	"github.com/wolfieauth/wolfieauth/internal/db"
	"github.com/wolfieauth/wolfieauth/internal/db/dbtest"
)

const (
	sandboxKey     = "sk_test_wolfieauth_billing"
	platformSecret = "whsec_platform_billing" // #nosec G101 -- signs only what this test sends
	connectSecret  = "whsec_connect_billing"  // #nosec G101 -- as above
)

// street is the whole way over HTTP: service, gateway, sandbox, signed deliveries, receiver.
type street struct {
	*bundle
	sandbox *sandbox.Sandbox
	api     *httptest.Server
}

func openStreet(t *testing.T, d *db.DB, faults sandbox.Faults) *street {
	t.Helper()
	b := &street{bundle: setup(t, d)}
	s, err := sandbox.New(t.Context(), sandbox.Config{
		SecretKey: sandboxKey, Now: b.clock.now, Faults: faults,
		RetrySchedule: []time.Duration{20 * time.Millisecond, 50 * time.Millisecond, 100 * time.Millisecond},
	})
	b.must(err)
	b.sandbox, b.api = s, httptest.NewServer(s.Handler())
	s.SetBaseURL(b.api.URL)
	t.Cleanup(func() {
		b.api.Close()
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	g, err := gateway.New(gateway.Config{TestSecretKey: sandboxKey, APIBase: b.api.URL})
	b.must(err)
	b.gateway = g
	b.wire()
	b.listen()
	b.stripeMakes("/v1/accounts", acct, "", url.Values{"type": {"standard"}, "country": {"PL"}, "default_currency": {"pln"}})
	return b
}

// listen receives deliveries for the rest of the test.
func (b *street) listen() {
	t := b.t
	receiver, err := webhook.New(webhook.Config{
		PlatformSecrets: []string{platformSecret}, ConnectSecrets: []string{connectSecret}, Now: time.Now, Logger: slog.New(slog.DiscardHandler),
	}, b.Service)
	b.must(err)
	door := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		err := receiver.Receive(r.Context(), r.Header.Get("Stripe-Signature"), body)
		if err != nil {
			w.WriteHeader(http.StatusInternalServerError)
		}
		if err != nil && r.Context().Err() == nil { // at the end of a test the sender hangs up
			t.Errorf("delivery refused: %v", err)
		}
	}))
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = b.sandbox.Run(ctx)
	}()
	t.Cleanup(func() {
		stop()
		<-done
		door.Close()
	})
	for id, e := range map[string][2]string{"we_platform": {platformSecret, "false"}, "we_connect": {connectSecret, "true"}} {
		b.stripeMakes("/v1/webhook_endpoints", id, e[0], url.Values{
			"url": {door.URL}, "enabled_events[]": {"*"}, "connect": {e[1]}, "api_version": {"2023-10-16"},
		})
	}
}

// stripeMakes posts a form with the sandbox's headers for fixed names.
func (b *street) stripeMakes(path, id, secret string, form url.Values) {
	b.t.Helper()
	r, err := http.NewRequestWithContext(b.t.Context(), http.MethodPost, b.api.URL+path, strings.NewReader(form.Encode()))
	b.must(err)
	r.Header.Set("Authorization", "Bearer "+sandboxKey)
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Sandbox-Id", id)
	r.Header.Set("Sandbox-Secret", secret)
	res, err := http.DefaultClient.Do(r)
	b.must(err)
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		body, _ := io.ReadAll(res.Body)
		b.t.Fatalf("%s answers %d: %s", path, res.StatusCode, body)
	}
}

// payWith fills in the hosted page and tells whether Stripe sent the buyer on.
func (b *street) payWith(c billing.Checkout, card string) bool {
	b.t.Helper()
	form := url.Values{"email": {"b@example.test"}, "cardNumber": {card}, "cardExpiry": {"12 / 34"}, "cardCvc": {"123"}, "billingName": {"B"}}
	r, err := http.NewRequestWithContext(b.t.Context(), http.MethodPost, c.URL, strings.NewReader(form.Encode()))
	b.must(err)
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	res, err := client.Do(r)
	b.must(err)
	defer res.Body.Close()
	return res.StatusCode == http.StatusSeeOther
}

const goodCard, declinedCard = "4242 4242 4242 4242", "4000 0000 0000 0002"

func TestTheWholeStreet(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := openStreet(t, d, sandbox.Faults{})
		b.members.counts.Store("seats", int64(4))
		for org, priceID := range map[string]string{"monthly": proPLN, "euro": proEUR, "yearly": proYear, "once": proOnce, "seats": teamPLN, "suite": premiumPLN} {
			c := b.start(org, priceID)
			if org == "monthly" && b.payWith(c, declinedCard) {
				t.Error("a declined card paid")
			}
			if out, err := b.FinishCheckout(t.Context(), c.ID, org); err != nil || out.State != billing.FinishOpen {
				t.Errorf("%s before paying: %s, %v", org, out.State, err)
			}
			if !b.payWith(c, goodCard) {
				t.Fatalf("%s cannot pay", org)
			}
			out, err := b.FinishCheckout(t.Context(), c.ID, org)
			if err != nil || out.State != billing.FinishSuccess {
				t.Fatalf("%s after paying: %s, %v", org, out.State, err)
			}
			if sub := out.Subscription; sub.PriceID != priceID || sub.Status != billing.StatusActive || (org == "seats") != (sub.Quantity == 4) {
				t.Errorf("%s holds %+v", org, sub)
			}
		}
		before := *b.subscriptions("monthly")[0].CurrentPeriodEnd
		b.clock.advance(32 * 24 * time.Hour)
		b.must(b.sandbox.Tick(t.Context()))
		b.settle()
		if after := *b.subscriptions("monthly")[0].CurrentPeriodEnd; !after.After(before) {
			t.Errorf("the renewal was not read: %v", after)
		}
		if link, err := b.Portal(t.Context(), buyer("monthly"), crm, ""); err != nil || !strings.HasPrefix(link, b.api.URL) {
			t.Errorf("Portal = %q, %v", link, err)
		}
	})
}

func TestDoublePaymentOnTheStreet(t *testing.T) {
	t.Parallel()
	b := openStreet(t, dbtest.SQLite(t), sandbox.Faults{})
	ann, bob := b.startAs("ann", "buyco", starterPLN), b.startAs("bob", "buyco", proOnce)
	cat := b.startAs("cat", "buyco", proPLN)
	for _, c := range []billing.Checkout{ann, bob, cat} {
		if !b.payWith(c, goodCard) {
			t.Fatalf("%s cannot pay", c.ID)
		}
		b.clock.advance(2 * time.Second)
	}
	for _, c := range []billing.Checkout{cat, bob, ann} {
		_, err := b.FinishCheckout(t.Context(), c.ID, "buyco")
		b.must(err)
	}
	b.settle()
	for i, sub := range b.subscriptions("buyco") {
		if sub.Holds != (i == 0) || (i > 0) != (sub.Status == billing.StatusCanceled) {
			t.Errorf("row %d is %+v", i, sub)
		}
	}
	for _, c := range []billing.Checkout{bob, cat} {
		if out, err := b.FinishCheckout(t.Context(), c.ID, "buyco"); err != nil || out.State != billing.FinishGivenBack {
			t.Errorf("a later buyer is told %s, %v", out.State, err)
		}
	}
	if mails := b.mails.all(); len(mails) != 2 || !mails[0].Refunded || !mails[1].Refunded {
		t.Errorf("mails: %+v", mails)
	}
}

func TestDeliveriesThatAreDoubledDelayedAndLost(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := openStreet(t, d, sandbox.Faults{Seed: 7, Duplicate: 0.3, Delay: 0.3, Reorder: 0.3, Drop: 0.3})
		prices := []string{proPLN, proEUR, proYear, proOnce, premiumPLN}
		for i, org := range []string{"a", "b", "c", "d", "e", "f"} {
			c := b.start(org, prices[i%len(prices)])
			if !b.payWith(c, goodCard) {
				t.Fatalf("%s cannot pay", org)
			}
		}
		for range 20 {
			b.settle()
			time.Sleep(20 * time.Millisecond)
		}
		b.clock.advance(time.Hour) // what was lost is looked for
		b.must(b.Reconcile(t.Context()))
		b.settle()
		for _, org := range []string{"a", "b", "c", "d", "e", "f"} {
			if rows := b.subscriptions(org); len(rows) != 1 || !rows[0].Holds {
				t.Errorf("%s: %+v", org, rows)
			}
		}
	})
}
