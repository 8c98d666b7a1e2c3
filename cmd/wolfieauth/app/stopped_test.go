package app_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"testing"

	"github.com/wolfieauth/wolfieauth/cmd/wolfieauth/app/apptest"
)

// TestWhatThePlatformStopsStopsAtOnce suspends an org, disables an app and disables a person in the console: tokens,
// refreshes and sign-ins end with the answer, and come back where nothing was taken away.
func TestWhatThePlatformStopsStopsAtOnce(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h *house) {
		crm, platform, owner := h.client("acme-crm"), h.cookies(t, "platform@wolfie.test"), h.cookies(t, "admin@acme.test")
		b := apptest.NewBrowser(t)
		got := b.SignIn(crm, "subscriber@example.test", demoPassword)
		acme, err := h.App.Identity().OrgBySlug(t.Context(), "acme")
		must(t, err)
		payer := h.sub("subscriber@example.test")

		h.console(t, platform, "/admin/platform/orgs/"+acme.ID+"/suspend", url.Values{"word": {"acme"}})
		if h.active(t, crm, got.Access) {
			t.Error("a token of a suspended org's app is active")
		}
		again := post(t, h.line.Issuer+"/token", "application/x-www-form-urlencoded", url.Values{"grant_type": {"refresh_token"}, "refresh_token": {got.Refresh}}.Encode(), http.Header{"Authorization": {basic(crm)}})
		if got.Refresh == "" || again.status < 400 || again.status > 499 {
			t.Errorf("a suspended org's app refreshes: %d", again.status)
		}
		if res := send(t, http.MethodGet, h.line.Issuer+"/admin/clients/acme-crm", "", "", owner); res.status != http.StatusNotFound {
			t.Errorf("the console of a suspended org: %d", res.status)
		}
		h.console(t, platform, "/admin/platform/orgs/"+acme.ID+"/resume", nil)
		if !h.active(t, crm, got.Access) {
			t.Error("the token does not work again")
		}

		h.console(t, owner, "/admin/clients/acme-crm/disable", url.Values{"word": {"Acme CRM"}})
		if res := send(t, http.MethodGet, h.line.Issuer+"/billing/acme-crm", "", "", nil); res.status != http.StatusNotFound {
			t.Errorf("the pricing page of a disabled app: %d", res.status)
		}
		if res := post(t, h.line.Issuer+"/introspect", "application/x-www-form-urlencoded", "token="+got.Access, http.Header{"Authorization": {basic(crm)}}); res.status != http.StatusUnauthorized {
			t.Errorf("a disabled app introspects: %d", res.status)
		}
		h.console(t, owner, "/admin/clients/acme-crm/enable", nil)
		if !h.active(t, crm, got.Access) {
			t.Error("the token of the enabled app does not work again")
		}

		h.console(t, platform, "/admin/platform/users/"+payer+"/disable", url.Values{"word": {"subscriber@example.test"}})
		if h.active(t, crm, got.Access) {
			t.Error("a token of a disabled person is active")
		}
		if n := h.rows(t, "SELECT count(*) FROM sessions WHERE user_id = ?", payer); n > 0 {
			t.Errorf("a disabled person has %d sessions", n)
		}
		h.console(t, platform, "/admin/platform/users/"+payer+"/enable", nil)
		if h.active(t, crm, got.Access) {
			t.Error("what was revoked has come back")
		}
		apptest.NewBrowser(t).SignIn(crm, "subscriber@example.test", demoPassword)
		for _, action := range []string{
			"org.suspended", "org.resumed", "app.disabled", "app.enabled", "user.disabled", "user.enabled", "user.signed_in", "user.created",
			"key.created", "stripe.connected", "subscription.started", "comp.given", "price.added", "billing.enabled", "bundle.created",
		} {
			if h.rows(t, "SELECT count(*) FROM audit_entries WHERE action = ?", action) == 0 {
				t.Errorf("no entry of %s", action)
			}
		}
	})
}

// cookies are those of a new session.
func (h *house) cookies(t *testing.T, email string) http.Header {
	t.Helper()
	b := apptest.NewBrowser(t)
	b.SignIn(h.client("acme-crm"), email, demoPassword)
	out := http.Header{"Sec-Fetch-Site": {"same-origin"}, "Accept": {"text/html"}}
	for _, c := range b.Client().Jar.Cookies(parse(t, h.line.Issuer)) {
		out.Add("Cookie", c.Name+"="+c.Value)
	}
	return out
}

// console posts a form that must be accepted.
func (h *house) console(t *testing.T, who http.Header, path string, form url.Values) {
	t.Helper()
	res := post(t, h.line.Issuer+path, "application/x-www-form-urlencoded", form.Encode(), who)
	if res.status != http.StatusSeeOther || res.header.Get("Location") == "" {
		t.Fatalf("%s: %d %.400s", path, res.status, res.body)
	}
}

func (h *house) active(t *testing.T, c *apptest.Client, token string) bool {
	t.Helper()
	var doc struct{ Active bool }
	must(t, json.Unmarshal(c.Introspect(t, token), &doc))
	return doc.Active
}
