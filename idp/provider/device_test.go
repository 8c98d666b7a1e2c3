package provider_test

import (
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/wolfieauth/wolfieauth/internal/db"
	"github.com/wolfieauth/wolfieauth/internal/db/dbtest"
)

const deviceGrant = "urn:ietf:params:oauth:grant-type:device_code"

func TestDeviceFlow(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := setup(t, d)
		br := b.browser()
		b.code(br, "acme-crm") // signs the browser in
		begin := func(client string) *answer {
			t.Helper()
			a := b.post("/device_authorization", client, url.Values{"scope": {"openid email offline_access nonsense"}})
			if a.status != http.StatusOK || a.str("verification_uri") != b.url+"/device" || a.json["interval"] != 5.0 ||
				a.str("verification_uri_complete") != b.url+"/device?user_code="+a.str("user_code") {
				t.Fatalf("begin: %d %s", a.status, a.body)
			}
			return a
		}
		poll := func(client string, a *answer) *answer {
			return b.post("/token", client, url.Values{"grant_type": {deviceGrant}, "device_code": {a.str("device_code")}})
		}
		a := begin("acme-cli")
		want(t, "nobody decided", poll("acme-cli", a), http.StatusBadRequest, "authorization_pending")
		want(t, "too fast", poll("acme-cli", a), http.StatusBadRequest, "slow_down")
		b.clock.advance(6 * time.Second)
		want(t, "still too fast, for the interval grew", poll("acme-cli", a), http.StatusBadRequest, "slow_down")
		b.clock.advance(16 * time.Second)
		want(t, "in time", poll("acme-cli", a), http.StatusBadRequest, "authorization_pending")
		typed := strings.ToLower(strings.ReplaceAll(a.str("user_code"), "-", " "))
		if _, page := br.open("/test/device?user_code=" + url.QueryEscape(typed)); page.str("app") != "acme-cli" {
			t.Errorf("what the page shows: %d %s", page.status, page.body)
		}
		if _, page := b.browser().open("/test/device?do=approve&user_code=" + a.str("user_code")); page.status == http.StatusOK {
			t.Error("approved by nobody")
		}
		if _, page := br.open("/test/device?do=approve&user_code=" + a.str("user_code")); page.status != http.StatusOK {
			t.Errorf("approve: %s", page.body)
		}
		want(t, "another client", poll("acme-spa", a), http.StatusBadRequest, "invalid_grant")
		answers := make([]*answer, 8)
		var wg sync.WaitGroup
		for i := range answers {
			wg.Go(func() { answers[i] = poll("acme-cli", a) })
		}
		wg.Wait()
		// Polls that all began before the first was answered are no replays; this one is.
		want(t, "a replay", poll("acme-cli", a), http.StatusBadRequest, "invalid_grant")
		ok := 0
		for _, got := range answers {
			if got.status == http.StatusOK {
				ok++
				if payload(t, got.str("id_token"))["sub"] != b.user.ID || got.str("refresh_token") == "" || got.str("scope") != "openid email offline_access" {
					t.Errorf("tokens: %s", got.body)
				}
				want(t, "after the replays", b.me(got.str("access_token")), http.StatusUnauthorized, "invalid_token")
			}
		}
		if ok != 1 {
			t.Errorf("%d sets of tokens", ok)
		}
		denied := begin("acme-cli")
		if _, page := br.open("/test/device?do=deny&user_code=" + denied.str("user_code")); page.status != http.StatusOK {
			t.Errorf("deny: %s", page.body)
		}
		want(t, "denied", poll("acme-cli", denied), http.StatusBadRequest, "access_denied")
		late := begin("acme-crm")
		b.clock.advance(10 * time.Minute)
		want(t, "late", poll("acme-crm", late), http.StatusBadRequest, "expired_token")
		if _, page := br.open("/test/device?do=approve&user_code=" + late.str("user_code")); page.status == http.StatusOK {
			t.Error("approved a code whose time is over")
		}
		once := begin("acme-crm")
		br.open("/test/device?do=approve&user_code=" + once.str("user_code"))
		got := poll("acme-crm", once)
		if me := b.me(got.str("access_token")); me.status != http.StatusOK || me.str("email") != b.user.Email {
			t.Errorf("a device's userinfo: %d %s", me.status, me.body)
		}
		if next := b.refresh("acme-crm", got.str("refresh_token")); next.status != http.StatusOK {
			t.Errorf("a device's refresh: %s", next.body)
		}
		want(t, "unknown", poll("acme-crm", &answer{json: map[string]any{"device_code": "x"}}), http.StatusBadRequest, "invalid_grant")
	})
}

// TestUserCodesCannotBeGuessed: after twenty tries a person, or an address, has to wait.
func TestUserCodesCannotBeGuessed(t *testing.T) {
	t.Parallel()
	b := setup(t, dbtest.SQLite(t))
	br := b.browser()
	b.code(br, "acme-crm")
	a := b.post("/device_authorization", "acme-cli", url.Values{"scope": {"openid"}})
	last := 0
	for range 22 {
		_, page := br.open("/test/device?user_code=BBBB-BBBB")
		last = page.status
	}
	if last != http.StatusTooManyRequests {
		t.Errorf("after 22 wrong codes: %d", last)
	}
	if _, page := br.open("/test/device?do=approve&user_code=" + a.str("user_code")); page.status != http.StatusTooManyRequests {
		t.Errorf("the right code after that: %d", page.status)
	}
}

func TestClientCredentials(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := setup(t, d)
		a := b.post("/token", "acme-bot", url.Values{"grant_type": {"client_credentials"}, "scope": {"openid email offline_access"}})
		if a.status != http.StatusOK || a.str("id_token") != "" || a.str("refresh_token") != "" || a.str("scope") != "" {
			t.Fatalf("%d %s", a.status, a.body)
		}
		in := b.post("/introspect", "acme-bot", url.Values{"token": {a.str("access_token")}})
		if in.json["active"] != true || in.str("sub") != "acme-bot" || in.json["wolfieauth_plans"] != nil {
			t.Errorf("introspection: %s", in.body)
		}
		want(t, "userinfo", b.me(a.str("access_token")), http.StatusForbidden, "insufficient_scope")
		want(t, "a public client", b.post("/token", "acme-spa", url.Values{"grant_type": {"client_credentials"}}), http.StatusBadRequest, "unauthorized_client")
	})
}
