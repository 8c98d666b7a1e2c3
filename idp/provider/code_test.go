package provider_test

import (
	"net/http"
	"net/url"
	"sync"
	"testing"
	"time"

	"github.com/wolfieauth/wolfieauth/internal/db"
	"github.com/wolfieauth/wolfieauth/internal/db/dbtest"
)

// TestOneCodeRedeemedByManyAtOnce: the bare library gives two or three sets of tokens. Here exactly one caller
// gets one, and since the others were replays, it is dead afterwards.
func TestParallelRedemptionGivesOneTokenSet(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := setup(t, d)
		br := b.browser()
		for range 4 {
			code := b.code(br, "acme-crm")
			answers := make([]*answer, 16)
			var wg sync.WaitGroup
			for i := range answers {
				wg.Go(func() { answers[i] = b.redeem("acme-crm", code) })
			}
			wg.Wait()
			ok := 0
			for _, a := range answers {
				if a.status != http.StatusOK {
					want(t, "a slower caller", a, http.StatusBadRequest, "invalid_grant")
					continue
				}
				ok++
				want(t, "access token of a replayed code", b.me(a.str("access_token")), http.StatusUnauthorized, "invalid_token")
				want(t, "refresh token of a replayed code", b.refresh("acme-crm", a.str("refresh_token")), http.StatusBadRequest, "invalid_grant")
			}
			if ok != 1 {
				t.Errorf("%d sets of tokens", ok)
			}
		}
	})
}

func TestReplayRevokesWhatTheCodeGave(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := setup(t, d)
		code := b.code(b.browser(), "acme-crm")
		first := b.redeem("acme-crm", code)
		second := b.refresh("acme-crm", first.str("refresh_token"))
		if first.status != http.StatusOK || second.status != http.StatusOK {
			t.Fatalf("%s %s", first.body, second.body)
		}
		b.clock.advance(30 * time.Second)
		want(t, "replay", b.redeem("acme-crm", code), http.StatusBadRequest, "invalid_grant")
		for _, token := range []string{first.str("access_token"), second.str("access_token")} {
			want(t, "access token after the replay", b.me(token), http.StatusUnauthorized, "invalid_token")
		}
		want(t, "refresh after the replay", b.refresh("acme-crm", second.str("refresh_token")), http.StatusBadRequest, "invalid_grant")
	})
}

// TestCodeIsBound holds a code to its client, its redirect URI and its minute. A refused attempt leaves the
// code to its owner.
func TestCodeIsBound(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := setup(t, d)
		b.app("acme-b")
		br := b.browser()
		code := b.code(br, "acme-crm")
		want(t, "another client", b.redeem("acme-b", code), http.StatusBadRequest, "invalid_grant")
		want(t, "another redirect URI", b.redeem("acme-crm", code, "redirect_uri", "https://rp.example/other?keep=1"), http.StatusBadRequest, "invalid_grant")
		want(t, "no redirect URI", b.redeem("acme-crm", code, "redirect_uri", ""), http.StatusBadRequest, "invalid_request")
		want(t, "no code", b.redeem("acme-crm", ""), http.StatusBadRequest, "invalid_request")
		if a := b.redeem("acme-crm", code); a.status != http.StatusOK {
			t.Errorf("the owner after all that: %d %s", a.status, a.body)
		}
		code = b.code(br, "acme-crm")
		b.clock.advance(61 * time.Second)
		want(t, "after its minute", b.redeem("acme-crm", code), http.StatusBadRequest, "invalid_grant")
	})
}

func TestScopesDecideWhatIsIssued(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := setup(t, d)
		b.app("acme-b", func(a *idpApp) { a.GrantTypes = []string{"authorization_code"} })
		for _, tt := range []struct {
			client, scope, granted string
			id, refresh            bool
		}{
			{"acme-crm", "openid", "openid", true, false},
			{"acme-crm", "openid offline_access", "openid offline_access", true, true},
			{"acme-crm", "email unknown openid email", "email openid", true, false},
			{"acme-crm", "profile", "profile", false, false},
			{"acme-b", "openid offline_access", "openid offline_access", true, false}, // the app has no refresh grant
		} {
			a := b.tokens(tt.client, "scope", tt.scope)
			if (a.str("id_token") != "") != tt.id || (a.str("refresh_token") != "") != tt.refresh || a.str("scope") != tt.granted {
				t.Errorf("%s asking %q: %s", tt.client, tt.scope, a.body)
			}
			me := b.me(a.str("access_token"))
			if tt.id && me.status != http.StatusOK {
				t.Errorf("userinfo for %q: %s", tt.scope, me.body)
			}
			if !tt.id {
				want(t, "userinfo without openid", me, http.StatusForbidden, "insufficient_scope")
			}
		}
	})
}

func TestGrantTypesAreTheApps(t *testing.T) {
	t.Parallel()
	b := setup(t, dbtest.SQLite(t))
	want(t, "client credentials", b.post("/token", "acme-crm", url.Values{"grant_type": {"client_credentials"}}), http.StatusBadRequest, "unauthorized_client")
	want(t, "password", b.post("/token", "acme-crm", url.Values{"grant_type": {"password"}}), http.StatusBadRequest, "unsupported_grant_type")
	want(t, "token exchange", b.post("/token", "acme-crm", url.Values{"grant_type": {"urn:ietf:params:oauth:grant-type:token-exchange"}}), http.StatusBadRequest, "unsupported_grant_type")
	want(t, "none", b.post("/token", "acme-crm", url.Values{}), http.StatusBadRequest, "invalid_request")
	want(t, "code of a machine", b.redeem("acme-bot", "x"), http.StatusBadRequest, "unauthorized_client")
	to, _ := b.browser().open("/auth?" + authParams("acme-bot").Encode())
	if to != nil {
		t.Errorf("a machine was sent to %v", to)
	}
}
