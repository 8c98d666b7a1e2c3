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
		h.refusedToApp(t, crm, got)
		if res := send(t, http.MethodGet, h.line.Issuer+"/admin/clients/acme-crm", "", "", owner); res.status != http.StatusNotFound {
			t.Errorf("the console of a suspended org: %d", res.status)
		}
		h.console(t, platform, "/admin/platform/orgs/"+acme.ID+"/resume", nil)
		if !h.active(t, crm, got.Access) {
			t.Error("the token does not work again")
		}

		h.console(t, owner, "/admin/clients/acme-crm/disable", url.Values{"word": {"Acme CRM"}})
		h.refusedToApp(t, crm, got)
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

// refusedToApp wants nobody let in by an app, nothing told to it, and nothing sold there.
func (h *house) refusedToApp(t *testing.T, c *apptest.Client, got apptest.Tokens) {
	t.Helper()
	proof, form := http.Header{"Authorization": {basic(c)}}, "application/x-www-form-urlencoded"
	refresh := url.Values{"grant_type": {"refresh_token"}, "refresh_token": {got.Refresh}}
	authorize := url.Values{
		"client_id": {c.ID}, "redirect_uri": {redirect}, "response_type": {"code"}, "scope": {"openid"}, "state": {"s"},
		"code_challenge": {"E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"}, "code_challenge_method": {"S256"},
	}
	for what, res := range map[string]response{
		"introspection": post(t, h.line.Issuer+"/introspect", form, "token="+got.Access, proof),
		"a refresh":     post(t, h.line.Issuer+"/token", form, refresh.Encode(), proof),
		"userinfo":      send(t, http.MethodGet, h.line.Issuer+"/me", "", "", bearer(got.Access)),
		"a sign-in":     send(t, http.MethodGet, h.line.Issuer+"/auth?"+authorize.Encode(), "", "", nil),
		"the shop":      send(t, http.MethodGet, h.line.Issuer+"/billing/"+c.ID, "", "", nil),
	} {
		if got.Refresh == "" || res.status < 400 || res.status > 499 {
			t.Errorf("%s: %d", what, res.status)
		}
	}
}
