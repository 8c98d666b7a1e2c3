package sandbox_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stripe/stripe-go/v76"
	"github.com/stripe/stripe-go/v76/webhook"

	"github.com/wolfieauth/wolfieauth/billing/sandbox"
)

const hookSecret = "whsec_fixed_for_the_test"

// inbox receives webhooks and verifies them as the product does.
type inbox struct {
	mu     sync.Mutex
	events []stripe.Event
	refuse int // how many to answer with 500 first
	server *httptest.Server
}

func newInbox(t *testing.T) *inbox {
	t.Helper()
	in := &inbox{}
	in.server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		in.mu.Lock()
		defer in.mu.Unlock()
		if in.refuse > 0 {
			in.refuse--
			w.WriteHeader(http.StatusInternalServerError)
			return
		}
		event, err := webhook.ConstructEvent(body, r.Header.Get("Stripe-Signature"), hookSecret)
		if err != nil {
			t.Errorf("delivery does not verify: %v", err)
		}
		in.events = append(in.events, event)
	}))
	t.Cleanup(in.server.Close)
	return in
}

func (in *inbox) ids() []string {
	in.mu.Lock()
	defer in.mu.Unlock()
	out := make([]string, len(in.events))
	for i, e := range in.events {
		out[i] = e.ID
	}
	return out
}

func (in *inbox) await(t *testing.T, done func([]string) bool) []string {
	t.Helper()
	for range 400 {
		if ids := in.ids(); done(ids) {
			return ids
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatalf("deliveries did not come; have %d", len(in.ids()))
	return nil
}

func (b *bundle) endpoint(t *testing.T, target, id string, connect bool, types ...string) *stripe.WebhookEndpoint {
	t.Helper()
	p := &stripe.WebhookEndpointParams{URL: &target, EnabledEvents: stripe.StringSlice(types), Connect: &connect, APIVersion: stripe.String("2023-10-16")}
	p.Headers = http.Header{"Sandbox-Id": {id}, "Sandbox-Secret": {hookSecret}}
	return must(b.api.WebhookEndpoints.New(p))(t)
}

// eventIDs lists all events of an account, oldest first.
func (b *bundle) eventIDs(t *testing.T, account string) []string {
	t.Helper()
	p := &stripe.EventListParams{}
	if account != "" {
		p.SetStripeAccount(account)
	}
	var out []string
	for list := b.api.Events.List(p); list.Next(); {
		out = append([]string{list.Event().ID}, out...)
	}
	return out
}

func TestWebhooksComeSignedInOrderAndAgainAfterFailures(t *testing.T) {
	t.Parallel()
	b := setup(t)
	platform, connected := newInbox(t), newInbox(t)
	platform.refuse = 2
	ep := b.endpoint(t, platform.server.URL, "we_demo", false, "*")
	again := b.endpoint(t, platform.server.URL, "we_demo", false, "*")
	if ep.ID != "we_demo" || again.ID != ep.ID || ep.Secret != hookSecret {
		t.Errorf("endpoints %s, %s with secret %q", ep.ID, again.ID, ep.Secret)
	}
	b.endpoint(t, connected.server.URL, "we_connect", true, "customer.created")
	acct := b.account(t)
	for i := range 10 {
		must(b.api.Customers.New(&stripe.CustomerParams{Name: stripe.String(fmt.Sprint(i))}))(t)
	}
	must(b.api.Customers.New(&stripe.CustomerParams{Params: on(acct)}))(t)
	b.price(t, acct, 100, "pln", "month")
	b.run(t) // all are due now, so that no retry can come between first attempts

	want := b.eventIDs(t, "")
	got := platform.await(t, func(ids []string) bool { return len(ids) >= 10 })
	if diff := cmp.Diff(sortedCopy(want), sortedCopy(got)); diff != "" {
		t.Errorf("platform deliveries (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(want[2:], got[:8]); diff != "" {
		t.Errorf("first attempts are out of order (-want +got):\n%s", diff)
	}
	connected.await(t, func(ids []string) bool { return len(ids) == 1 })
	if e := connected.events[0]; e.Account != acct || e.Type != "customer.created" {
		t.Errorf("connect delivery %s of account %q", e.Type, e.Account)
	}
	for range 100 {
		if must(b.api.Events.Get(want[0], nil))(t).PendingWebhooks == 0 {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Error("pending_webhooks stays above zero")
}

func TestFaultyDeliveryDoublesDropsAndShuffles(t *testing.T) {
	t.Parallel()
	b := setup(t, func(c *sandbox.Config) {
		c.Faults = sandbox.Faults{Seed: 7, Duplicate: 0.3, Drop: 0.2, Reorder: 0.5}
	})
	in := newInbox(t)
	b.endpoint(t, in.server.URL, "we_faulty", false, "customer.created")
	b.run(t)
	for range 40 {
		must(b.api.Customers.New(&stripe.CustomerParams{}))(t)
	}
	deliveries := func() []sandbox.Delivery {
		req := must(http.NewRequestWithContext(t.Context(), http.MethodGet, b.server.URL+"/_sandbox/deliveries", nil))(t)
		req.Header.Set("Authorization", "Bearer "+secretKey)
		resp := must(http.DefaultClient.Do(req))(t)
		defer func() { _ = resp.Body.Close() }()
		var out struct{ Deliveries []sandbox.Delivery }
		if err := json.NewDecoder(resp.Body).Decode(&out); err != nil {
			t.Fatal(err)
		}
		return out.Deliveries
	}
	count := map[string]int{}
	states := map[string]int{}
	for _, d := range deliveries() {
		count[d.Fault]++
		states[d.State]++
	}
	for _, fault := range []string{"duplicate", "drop", "reorder"} {
		if count[fault] == 0 {
			t.Errorf("no %s among %v", fault, count)
		}
	}
	expected := len(deliveries()) - states["dropped"]
	got := in.await(t, func(ids []string) bool { return len(ids) == expected })
	seen := map[string]int{}
	for _, id := range got {
		seen[id]++
	}
	if len(seen) != 40-count["drop"] || cmp.Equal(got, b.eventIDs(t, "")) {
		t.Errorf("%d distinct deliveries of %v", len(seen), count)
	}
}
