package app_test

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync/atomic"
	"testing"
	"time"

	"github.com/wolfieauth/wolfieauth/cmd/wolfieauth/app"
	"github.com/wolfieauth/wolfieauth/cmd/wolfieauth/app/apptest"
	"github.com/wolfieauth/wolfieauth/cmd/wolfieauth/demo"
	"github.com/wolfieauth/wolfieauth/internal/db"
	"github.com/wolfieauth/wolfieauth/internal/db/dbtest"
	"github.com/wolfieauth/wolfieauth/internal/secret"
)

// measured is a request of a budgeted path, made fresh for each call: a code or refresh token serves once.
type measured struct {
	name   string
	budget int64
	shop   bool // only where something is sold
	make   func() (method, target string, header http.Header, body string)
}

// counted serves a request and answers how many statements it took.
func (h *house) counted(t testing.TB, m measured) int64 {
	t.Helper()
	method, target, header, body := m.make()
	var n atomic.Int64
	w := httptest.NewRecorder()
	h.App.Handler().ServeHTTP(w, h.within(db.CountStatements(t.Context(), &n), method, target, header, body))
	if w.Code != http.StatusOK {
		t.Fatalf("%s: %d %s", m.name, w.Code, w.Body)
	}
	return n.Load()
}

// paths are those of the budget table; email is the person, and the one who is asked about holds a plan or not.
func (h *house) paths(t testing.TB, clientID, email string) []measured {
	t.Helper()
	c := h.client(clientID)
	b := apptest.NewBrowser(t)
	got := b.SignIn(c, email, demoPassword)
	form := http.Header{"Content-Type": {"application/x-www-form-urlencoded"}, "Authorization": {basic(c)}}
	get := func(target string, header http.Header) func() (string, string, http.Header, string) {
		return func() (string, string, http.Header, string) { return http.MethodGet, target, header, "" }
	}
	page := http.Header{"Accept": {"text/html"}}
	return []measured{
		{"code exchange", 4, false, func() (string, string, http.Header, string) {
			g := b.Authorize(c, email, demoPassword)
			return http.MethodPost, "/token", form, url.Values{
				"grant_type": {"authorization_code"}, "code": {g.Code}, "code_verifier": {g.Verifier}, "redirect_uri": {redirect},
			}.Encode()
		}},
		{"userinfo", 2, false, get("/me", bearer(got.Access))},
		{"introspection", 2, false, func() (string, string, http.Header, string) {
			return http.MethodPost, "/introspect", form, url.Values{"token": {got.Access}}.Encode()
		}},
		{"entitlements", 2, true, get("/v1/billing/entitlements", bearer(got.Access))},
		{"pricing page", 1, true, get("/billing/"+clientID, page)},
		{"plans JSON", 1, true, get("/api/billing/"+clientID+"/plans", nil)},
		{"discovery", 0, false, get("/.well-known/openid-configuration", nil)},
		{"key set", 0, false, get("/jwks", nil)},
	}
}

// refreshing spends a refresh token a call and keeps the next.
func (h *house) refreshing(t testing.TB, clientID, email string) (measured, func(body []byte)) {
	t.Helper()
	c := h.client(clientID)
	token := apptest.NewBrowser(t).SignIn(c, email, demoPassword).Refresh
	form := http.Header{"Content-Type": {"application/x-www-form-urlencoded"}, "Authorization": {basic(c)}}
	return measured{"refresh", 4, false, func() (string, string, http.Header, string) {
		return http.MethodPost, "/token", form, url.Values{"grant_type": {"refresh_token"}, "refresh_token": {token}}.Encode()
	}}, func(body []byte) { token = refreshIn(t, body) }
}

func basic(c *apptest.Client) string {
	r := &http.Request{Header: http.Header{}}
	r.SetBasicAuth(url.QueryEscape(c.ID), url.QueryEscape(c.Secret))
	return r.Header.Get("Authorization")
}

func budgets(t *testing.T, h *house) {
	refresh, _ := h.refreshing(t, "acme-crm", "bundled@example.test")
	for _, m := range append(h.paths(t, "acme-crm", "bundled@example.test"), refresh) {
		if m.name != "refresh" {
			h.counted(t, m) // warm
		}
		if n := h.counted(t, m); n > m.budget {
			t.Errorf("%s takes %d statements, the budget is %d", m.name, n, m.budget)
		}
	}
}

// TestAWebhookIsAnsweredWithoutStripe counts the calls to a Stripe that would answer nothing.
func TestAWebhookIsAnsweredWithoutStripe(t *testing.T) {
	t.Parallel()
	dbtest.EachDSN(t, func(t *testing.T, dsn string) {
		var calls atomic.Int64
		stripe := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			calls.Add(1)
			w.WriteHeader(http.StatusInternalServerError)
		}))
		t.Cleanup(stripe.Close)
		box, err := secret.NewBox(millMaster)
		must(t, err)
		a, err := app.New(t.Context(), app.Config{
			Issuer: "http://localhost:1", Database: dsn, Box: box, Logger: slog.New(slog.DiscardHandler),
			Stripe: app.Stripe{TestSecretKey: millKey, APIBase: stripe.URL, WebhookSecrets: []string{millSecret}},
		})
		must(t, err)
		t.Cleanup(func() { must(t, a.Close()) })
		h := &house{Demo: &demo.Demo{App: a}}
		h.line.Issuer = "http://localhost:1"
		const body = `{"id":"evt_1","object":"event","type":"customer.subscription.updated","api_version":"2023-10-16","livemode":false,"data":{"object":{"id":"sub_1"}}}`
		for range 2 { // the second is a duplicate
			m := measured{"webhook", 5, false, func() (string, string, http.Header, string) {
				return http.MethodPost, "/v1/stripe/webhook", http.Header{"Content-Type": {"application/json"}, "Stripe-Signature": {signature(millSecret, body, time.Now())}}, body
			}}
			if n := h.counted(t, m); n > m.budget {
				t.Errorf("a webhook takes %d statements", n)
			}
		}
		if n := h.rows(t, "SELECT count(*) FROM stripe_webhook_events"); n != 1 || calls.Load() != 0 {
			t.Errorf("%d events recorded, %d calls to Stripe", n, calls.Load())
		}
	})
}
