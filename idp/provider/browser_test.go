package provider_test

import (
	"encoding/base64"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/wolfieauth/wolfieauth/internal/db"
	"github.com/wolfieauth/wolfieauth/internal/db/dbtest"
)

// TestTheCallbackIsBoundToTheBrowser: the bare library gives the code to whoever knows the request's id.
func TestTheCallbackIsBoundToTheBrowser(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := setup(t, d)
		starter := b.browser("X-User", "")
		_, page := starter.open("/auth?" + authParams("acme-crm").Encode())
		id := page.at.Query().Get("request")
		if page.at.Path != "/login" || id == "" {
			t.Fatalf("the starter is at %v", page.at)
		}
		stranger, victim := b.browser(), b.browser()
		b.code(victim, "acme-crm") // has begun a sign-in of its own, and is signed in
		for name, br := range map[string]*browser{"a browser without a cookie": stranger, "a browser with its own": victim} {
			for _, path := range []string{"/login?request=", "/auth/callback?id=", "/consent?request="} {
				if to, page := br.open(path + id); to != nil || page.status == http.StatusOK && page.at.Path != "/consent" {
					t.Errorf("%s at %s: sent to %v, %d at %v", name, path, to, page.status, page.at)
				}
			}
		}
		// What the victim did gives the starter nothing either.
		if to, page := starter.open("/auth/callback?id=" + id); to != nil || page.at.Path != "/login" {
			t.Errorf("the starter: %v, %v", to, page.at)
		}
		starter.headers["X-User"] = b.other.ID
		to, page := starter.open("/login?request=" + id)
		if to == nil || to.Query().Get("code") == "" {
			t.Fatalf("the starter, signed in: %v %d", to, page.status)
		}
		if to, page := starter.open("/auth/callback?id=" + id); to != nil || page.status != http.StatusBadRequest {
			t.Errorf("a second code for one request: %v %d", to, page.status)
		}
		if a := b.redeem("acme-crm", to.Query().Get("code")); payload(t, a.str("id_token"))["sub"] != b.other.ID {
			t.Error("not the one who signed in")
		}
	})
}

// TestWhatTheAppAsksOfTheSignIn walks through prompt, max_age, hints, org and consent.
func TestWhatTheAppAsksOfTheSignIn(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := setup(t, d)
		sub := func(to *url.URL) map[string]any {
			t.Helper()
			if to == nil || to.Query().Get("code") == "" {
				t.Fatalf("no code: %v", to)
			}
			return payload(t, b.redeem("acme-crm", to.Query().Get("code")).str("id_token"))
		}
		ask := func(br *browser, pairs ...string) (*url.URL, *answer) {
			return br.open("/auth?" + authParams("acme-crm", pairs...).Encode())
		}
		fails := func(what string, to *url.URL, code string) {
			t.Helper()
			if to == nil || to.Query().Get("error") != code || to.Query().Get("iss") != b.url || to.Query().Get("state") != "st&te=1" {
				t.Errorf("%s: %v, want %s", what, to, code)
			}
		}
		br := b.browser()
		to, _ := ask(br, "prompt", "none")
		fails("prompt=none, nobody there", to, "login_required")
		to, _ = ask(br)
		first := sub(to)
		br.headers["X-User"] = "" // from now on the login page asks
		to, _ = ask(br, "prompt", "none")
		silent := sub(to)
		if silent["sub"] != first["sub"] || silent["auth_time"] != first["auth_time"] || silent["sid"] != first["sid"] {
			t.Errorf("silent sign-in changed: %v, %v", first, silent)
		}
		for _, p := range []string{"login", "select_account", "login consent"} {
			if to, page := ask(br, "prompt", p); to != nil || page.at.Path != "/login" {
				t.Errorf("prompt=%s: %v %v", p, to, page.at)
			}
		}
		if to, _ := ask(br, "max_age", "10000"); to == nil {
			t.Error("max_age=10000 asked again")
		}
		b.clock.advance(2 * time.Second)
		if to, page := ask(br, "max_age", "1"); to != nil || page.at.Path != "/login" {
			t.Errorf("max_age=1 two seconds later: %v", to)
		}
		to, _ = ask(br, "max_age", "0", "prompt", "none")
		fails("max_age=0 with prompt=none", to, "login_required")
		to, _ = ask(br, "prompt", "none login")
		fails("prompt=none login", to, "invalid_request")
		to, _ = ask(br, "max_age", "-1")
		fails("max_age=-1", to, "invalid_request")
		br.headers["X-User"] = b.user.ID
		to, _ = ask(br, "prompt", "login")
		if again := sub(to); again["auth_time"].(float64) <= first["auth_time"].(float64) {
			t.Error("auth_time did not move with a new login")
		}
		br.headers["X-User"] = ""
		ownHint := b.tokens("acme-crm").str("id_token")
		if to, _ = ask(br, "prompt", "none", "id_token_hint", ownHint); sub(to)["sub"] != b.user.ID {
			t.Error("a hint of one's own")
		}
		otherHint := b.redeem("acme-crm", b.code(b.browser("X-User", b.other.ID), "acme-crm")).str("id_token")
		to, _ = ask(br, "prompt", "none", "id_token_hint", otherHint)
		fails("somebody else's hint", to, "login_required")
		to, _ = ask(br, "id_token_hint", "e30."+base64.RawURLEncoding.EncodeToString([]byte(`{"sub":"x"}`))+".")
		fails("a hint that is none", to, "invalid_request")
		for _, pairs := range [][]string{{"display", "popup"}, {"display", "page"}, {"login_hint", "x@y.test"}, {"ui_locales", "se pl"}, {"claims_locales", "se"}, {"acr_values", "1 2"}, {"extra", "foobar"}, {"nonce", ""}} {
			if to, _ := ask(br, pairs...); to == nil || to.Query().Get("code") == "" {
				t.Errorf("%v: %v", pairs, to)
			}
		}
		to, _ = ask(br, "org_hint", "acme")
		if got := sub(to); got["org_slug"] != "acme" || got["org_role"] != "admin" {
			t.Errorf("org_hint: %v", got)
		}
		to, _ = ask(br, "org_hint", b.org.ID, "scope", "openid")
		if got := sub(to); got["org_id"] != nil {
			t.Errorf("org claims without the scope: %v", got)
		}
		if got := silent["org_role"]; got != "owner" {
			t.Errorf("without a hint the personal org: role %v", got)
		}
		to, _ = ask(br, "org_hint", "somebody-else", "prompt", "none")
		fails("an org that is not theirs", to, "interaction_required")
		br.headers["X-Choose-Org"] = b.org.ID
		if to, _ = ask(br, "org_hint", "somebody-else"); sub(to)["org_slug"] != "acme" {
			t.Error("the org that was chosen instead")
		}
	})
}

func TestConsent(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := setup(t, d)
		br := b.browser()
		ask := func(pairs ...string) (*url.URL, *answer) {
			return br.open("/auth?" + authParams("acme-asks", pairs...).Encode())
		}
		if to, page := ask(); to != nil || page.at.Path != "/consent" {
			t.Fatalf("not asked: %v %v", to, page.at)
		}
		if to, _ := ask("prompt", "none"); to.Query().Get("error") != "consent_required" {
			t.Errorf("prompt=none: %v", to)
		}
		br.headers["X-Consent"] = "no"
		if to, _ := ask(); to == nil || to.Query().Get("error") != "access_denied" || to.Query().Get("iss") != b.url {
			t.Errorf("refused: %v", to)
		}
		br.headers["X-Consent"] = "yes"
		if to, _ := ask("scope", "openid email"); to == nil || to.Query().Get("code") == "" {
			t.Errorf("allowed: %v", to)
		}
		delete(br.headers, "X-Consent")
		br.headers["X-User"] = ""
		if to, _ := ask("scope", "openid email", "prompt", "none"); to.Query().Get("code") == "" {
			t.Errorf("allowed before: %v", to)
		}
		if _, page := ask("scope", "openid email profile"); page.at.Path != "/consent" {
			t.Errorf("more than before: %v", page.at)
		}
		if _, page := ask("scope", "openid", "claims", `{"userinfo":{"name":null}}`); page.at.Path != "/consent" {
			t.Errorf("more by the claims parameter: %v", page.at)
		}
		if _, page := ask("scope", "openid email", "prompt", "consent"); page.at.Path != "/consent" {
			t.Errorf("prompt=consent: %v", page.at)
		}
	})
}

// TestAPostIsSentOnAsAGet: a cross-site POST brings no session cookie, the GET after it does.
func TestAPostIsSentOnAsAGet(t *testing.T) {
	t.Parallel()
	b := setup(t, dbtest.SQLite(t))
	for _, path := range []string{"/auth", "/end_session"} {
		q := authParams("acme-crm")
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, b.url+path, strings.NewReader(q.Encode()))
		must(t, err)
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Origin", "https://rp.example")
		r.Header.Set("Sec-Fetch-Site", "cross-site")
		res, err := http.DefaultTransport.RoundTrip(r)
		must(t, err)
		a := read(t, res)
		if a.status != http.StatusSeeOther || a.header.Get("Location") != path+"?"+q.Encode() {
			t.Errorf("%s: %d %s", path, a.status, a.header.Get("Location"))
		}
	}
}

func TestRequestsThatAreRefused(t *testing.T) {
	t.Parallel()
	b := setup(t, dbtest.SQLite(t))
	br := b.browser()
	for _, tt := range []struct {
		name, code string
		pairs      []string
	}{
		{"request object", "request_not_supported", []string{"request", "eyJhbGciOiJub25lIn0.e30."}},
		{"request by reference", "request_uri_not_supported", []string{"request_uri", "https://rp.example/r"}},
		{"both", "request_not_supported", []string{"request", "x", "request_uri", "https://rp.example/r"}},
		{"registration", "registration_not_supported", []string{"registration", "{}"}},
		{"no response type", "invalid_request", []string{"response_type", ""}},
		{"implicit", "unsupported_response_type", []string{"response_type", "id_token"}},
		{"hybrid", "unsupported_response_type", []string{"response_type", "code id_token"}},
		{"fragment", "invalid_request", []string{"response_mode", "fragment"}},
		{"unknown prompt", "invalid_request", []string{"prompt", "create"}},
		{"claims that are no JSON", "invalid_request", []string{"claims", "{"}},
		{"acr out of reach", "unmet_authentication_requirements", []string{"claims", `{"id_token":{"acr":{"essential":true,"values":["9"]}}}`}},
	} {
		to, _ := br.open("/auth?" + authParams("acme-crm", tt.pairs...).Encode())
		if to == nil || to.Query().Get("error") != tt.code || to.Query().Get("iss") != b.url || to.Query().Get("state") == "" || to.Host != "rp.example" {
			t.Errorf("%s: %v, want %s", tt.name, to, tt.code)
		}
	}
	if to, _ := br.open("/auth?" + authParams("acme-crm").Encode() + "&scope=openid"); to.Query().Get("error") != "invalid_request" {
		t.Errorf("a doubled parameter: %v", to)
	}
	for name, q := range map[string]string{
		"unknown client":       authParams("acme-none").Encode(),
		"no client":            authParams("acme-crm", "client_id", "").Encode(),
		"two clients":          authParams("acme-crm").Encode() + "&client_id=acme-b",
		"no redirect URI":      authParams("acme-crm", "redirect_uri", "").Encode(),
		"two redirect URIs":    authParams("acme-crm").Encode() + "&redirect_uri=" + url.QueryEscape(redirect),
		"foreign redirect URI": authParams("acme-crm", "redirect_uri", "https://evil.example/cb").Encode(),
	} {
		to, page := br.open("/auth?" + q)
		if to != nil || page.status != http.StatusBadRequest || !strings.Contains(page.header.Get("Content-Type"), "text/html") {
			t.Errorf("%s: %v %d", name, to, page.status)
		}
	}
}
