package provider_test

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/wolfieauth/wolfieauth/internal/db"
	"github.com/wolfieauth/wolfieauth/internal/db/dbtest"
)

// TestLogoutByTheApp goes through what a certified provider must show of RP-initiated logout.
func TestLogoutByTheApp(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := setup(t, d)
		const bye = "https://rp.example/bye"
		signedIn := func() (*browser, *answer) {
			br := b.browser()
			return br, b.redeem("acme-crm", b.code(br, "acme-crm"))
		}
		out := func(br *browser, pairs ...string) (*url.URL, *answer) {
			q := change(url.Values{}, pairs...)
			return br.open("/end_session?" + q.Encode())
		}
		gone := func(br *browser) bool {
			br.headers["X-User"] = ""
			to, _ := br.open("/auth?" + authParams("acme-crm", "prompt", "none").Encode())
			return to != nil && to.Query().Get("error") == "login_required"
		}
		br, a := signedIn()
		to, _ := out(br, "id_token_hint", a.str("id_token"), "post_logout_redirect_uri", bye, "state", "s 1")
		if to == nil || to.String() != bye+"?state=s+1" || !gone(br) {
			t.Errorf("a good hint: %v", to)
		}
		br, a = signedIn()
		if to, _ = out(br, "id_token_hint", a.str("id_token"), "post_logout_redirect_uri", bye); to == nil || to.String() != bye {
			t.Errorf("without state: %v", to)
		}
		br, a = signedIn()
		b.clock.advance(time.Hour)
		if to, _ = out(br, "id_token_hint", a.str("id_token"), "post_logout_redirect_uri", bye, "client_id", "acme-crm"); to == nil {
			t.Error("an expired hint was refused")
		}
		br, a = signedIn()
		hint := a.str("id_token")
		parts := strings.Split(hint, ".")
		unsigned := base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"none","typ":"JWT"}`)) + "." + parts[1] + "."
		other := b.redeem("acme-crm", b.code(b.browser("X-User", b.other.ID), "acme-crm")).str("id_token")
		for name, pairs := range map[string][]string{
			"no hint":              {"post_logout_redirect_uri", bye, "client_id", "acme-crm"},
			"no parameters":        {},
			"only state":           {"state", "x"},
			"an unsigned hint":     {"id_token_hint", unsigned, "post_logout_redirect_uri", bye},
			"a foreign hint":       {"id_token_hint", forge(t, parts[1]), "post_logout_redirect_uri", bye},
			"another user's hint":  {"id_token_hint", other, "post_logout_redirect_uri", bye},
			"another app's client": {"id_token_hint", hint, "post_logout_redirect_uri", bye, "client_id", "acme-post"},
		} {
			to, page := out(br, pairs...)
			if to != nil || page.status != http.StatusOK || !strings.Contains(page.body, "logout-confirm") {
				t.Errorf("%s: %v %d", name, to, page.status)
			}
		}
		br.headers["X-User"] = ""
		if to, _ := br.open("/auth?" + authParams("acme-crm", "prompt", "none").Encode()); to.Query().Get("code") == "" {
			t.Errorf("one of those ended the session: %v", to)
		}
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, b.url+"/end_session/confirm", nil)
		must(t, err)
		r.Header.Set("Origin", "https://evil.example")
		r.Header.Set("Sec-Fetch-Site", "cross-site")
		res, err := br.client.Do(r)
		must(t, err)
		if got := read(t, res); got.status != http.StatusForbidden {
			t.Errorf("a forged confirmation: %d", got.status)
		}
		r, err = http.NewRequestWithContext(t.Context(), http.MethodPost, b.url+"/end_session/confirm", nil)
		must(t, err)
		res, err = br.client.Do(r)
		must(t, err)
		if got := read(t, res); got.status != http.StatusOK || got.at.Path != "/end_session/done" || !gone(br) {
			t.Errorf("confirmed: %d %v", got.status, got.at)
		}
		for name, uri := range map[string]string{"unregistered": "https://rp.example/else", "with a query added": bye + "?x=1", "evil": "https://evil.example/"} {
			br, a := signedIn()
			to, page := out(br, "id_token_hint", a.str("id_token"), "post_logout_redirect_uri", uri)
			if to != nil || page.at.Path != "/end_session/done" || !gone(br) {
				t.Errorf("%s: %v %v", name, to, page.at)
			}
		}
		if to, page := out(b.browser()); to != nil || page.at.Path != "/end_session/done" {
			t.Errorf("nobody signed in: %v %v", to, page.at)
		}
	})
}

// TestWhatASessionsEndTakesWithIt: tokens without offline_access die with the session, those with it live on.
func TestWhatASessionsEndTakesWithIt(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := setup(t, d)
		br := b.browser()
		online := b.redeem("acme-crm", b.code(br, "acme-crm", "scope", "openid"))
		br.headers["X-User"] = ""
		offline := b.redeem("acme-crm", b.code(br, "acme-crm"))
		if payload(t, online.str("id_token"))["sid"] != payload(t, offline.str("id_token"))["sid"] {
			t.Fatal("two sessions")
		}
		br.open("/end_session?id_token_hint=" + online.str("id_token"))
		want(t, "online", b.me(online.str("access_token")), http.StatusUnauthorized, "invalid_token")
		if a := b.me(offline.str("access_token")); a.status != http.StatusOK {
			t.Errorf("offline: %s", a.body)
		}
		if a := b.refresh("acme-crm", offline.str("refresh_token")); a.status != http.StatusOK {
			t.Errorf("offline refresh: %s", a.body)
		}
	})
}

// forge signs a payload with a key of its own, under HS256.
func forge(t *testing.T, payload string) string {
	t.Helper()
	raw, err := base64.RawURLEncoding.DecodeString(payload)
	must(t, err)
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.HS256, Key: []byte(strings.Repeat("x", 32))}, (&jose.SignerOptions{}).WithType("JWT"))
	must(t, err)
	jws, err := signer.Sign(raw)
	must(t, err)
	out, err := jws.CompactSerialize()
	must(t, err)
	return out
}

func (b *bundle) jwks() jose.JSONWebKeySet {
	b.t.Helper()
	var set jose.JSONWebKeySet
	must(b.t, json.Unmarshal([]byte(b.do("GET", "/jwks", "").body), &set))
	return set
}
