package provider_test

import (
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/wolfieauth/wolfieauth/internal/db"
	"github.com/wolfieauth/wolfieauth/internal/db/dbtest"
)

func TestRefreshRotatesInAFamily(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := setup(t, d)
		r0 := b.tokens("acme-crm").str("refresh_token")
		a1 := b.refresh("acme-crm", r0)
		retry := b.refresh("acme-crm", r0) // the answer was lost
		if retry.status != http.StatusOK || retry.str("refresh_token") != a1.str("refresh_token") {
			t.Fatalf("retry within the grace: %d %s, want the same successor", retry.status, retry.body)
		}
		if retry.str("access_token") == a1.str("access_token") {
			t.Error("a retry got the same access token")
		}
		a2 := b.refresh("acme-crm", a1.str("refresh_token"))
		if a2.status != http.StatusOK {
			t.Fatalf("second rotation: %s", a2.body)
		}
		// The successor has been used: whoever shows the first token now is not the app that lost an answer.
		want(t, "two generations old, within the grace", b.refresh("acme-crm", r0), http.StatusBadRequest, "invalid_grant")
		want(t, "the living one afterwards", b.refresh("acme-crm", a2.str("refresh_token")), http.StatusBadRequest, "invalid_grant")
		want(t, "its access token", b.me(a2.str("access_token")), http.StatusUnauthorized, "invalid_token")
	})
}

func TestReuseAfterTheGraceRevokesTheFamily(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := setup(t, d)
		bystander := b.tokens("acme-crm")
		r0 := b.tokens("acme-crm").str("refresh_token")
		a1 := b.refresh("acme-crm", r0)
		b.clock.advance(11 * time.Second)
		want(t, "reuse", b.refresh("acme-crm", r0), http.StatusBadRequest, "invalid_grant")
		want(t, "the successor", b.refresh("acme-crm", a1.str("refresh_token")), http.StatusBadRequest, "invalid_grant")
		want(t, "its access token", b.me(a1.str("access_token")), http.StatusUnauthorized, "invalid_token")
		if a := b.refresh("acme-crm", bystander.str("refresh_token")); a.status != http.StatusOK {
			t.Errorf("another family died with it: %s", a.body)
		}
	})
}

func TestParallelRefreshLeavesOneDescendant(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := setup(t, d)
		token := b.tokens("acme-crm").str("refresh_token")
		for range 4 {
			answers := make([]*answer, 16)
			var wg sync.WaitGroup
			for i := range answers {
				wg.Go(func() { answers[i] = b.refresh("acme-crm", token) })
			}
			wg.Wait()
			next := map[string]bool{}
			for _, a := range answers {
				if a.status != http.StatusOK {
					t.Errorf("%d %s", a.status, a.body)
				}
				next[a.str("refresh_token")] = true
			}
			if len(next) != 1 {
				t.Fatalf("%d successors", len(next))
			}
			token = answers[0].str("refresh_token")
		}
	})
}

func TestDownscopingKeepsTheGrant(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := setup(t, d)
		first := b.tokens("acme-crm", "scope", "openid email offline_access")
		less := b.refresh("acme-crm", first.str("refresh_token"), "scope", "openid")
		if less.str("scope") != "openid" || b.me(less.str("access_token")).json["email"] != nil {
			t.Errorf("narrowed: %s", less.body)
		}
		want(t, "more than granted", b.refresh("acme-crm", less.str("refresh_token"), "scope", "openid profile"), http.StatusBadRequest, "invalid_scope")
		full := b.refresh("acme-crm", less.str("refresh_token"))
		if full.str("scope") != "openid email offline_access" {
			t.Errorf("after narrowing, all again: %s", full.body)
		}
	})
}

func TestRefreshTokenIsBound(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := setup(t, d)
		b.app("acme-b")
		a := b.tokens("acme-crm")
		token := a.str("refresh_token")
		want(t, "another client", b.refresh("acme-b", token), http.StatusBadRequest, "invalid_grant")
		want(t, "an access token", b.refresh("acme-crm", a.str("access_token")), http.StatusBadRequest, "invalid_grant")
		want(t, "as a bearer", b.me(token), http.StatusUnauthorized, "invalid_token")
		want(t, "nothing", b.refresh("acme-crm", ""), http.StatusBadRequest, "invalid_request")
		for i := range token { // every change of one character, every beginning
			changed := token[:i] + strings.Map(func(r rune) rune { return r ^ 1 }, token[i:i+1]) + token[i+1:]
			if got := b.refresh("acme-crm", changed); got.status == http.StatusOK {
				t.Errorf("changed at %d: accepted", i)
			}
			if got := b.refresh("acme-crm", token[:i]); got.status == http.StatusOK {
				t.Errorf("cut at %d: accepted", i)
			}
		}
		if got := b.refresh("acme-crm", token); got.status != http.StatusOK {
			t.Errorf("the owner after all that: %s", got.body)
		}
		late := b.tokens("acme-crm").str("refresh_token")
		b.clock.advance(time.Hour + time.Second)
		want(t, "after its time", b.refresh("acme-crm", late), http.StatusBadRequest, "invalid_grant")
	})
}

// TestWhatAGrantRestsOn: each ending is felt by refresh, userinfo and introspection at once.
func TestWhatAGrantRestsOn(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := setup(t, d)
		now := time.Now().UTC()
		for _, tt := range []struct {
			name, end, restore string
			arg                string
		}{
			{"user disabled", "UPDATE users SET disabled_at = ? WHERE id = ?", "UPDATE users SET disabled_at = NULL WHERE id = ?", b.user.ID},
			{"org suspended", "UPDATE orgs SET suspended_at = ? WHERE id = ?", "UPDATE orgs SET suspended_at = NULL WHERE id = ?", b.org.ID},
			{"membership removed", "UPDATE memberships SET removed_at = ? WHERE org_id = ?", "UPDATE memberships SET removed_at = NULL WHERE org_id = ?", b.org.ID},
			{"app disabled", "UPDATE oidc_clients SET disabled_at = ? WHERE client_id = ?", "UPDATE oidc_clients SET disabled_at = NULL WHERE client_id = ?", "acme-crm"},
		} {
			a := b.tokens("acme-crm", "org_hint", "acme")
			b.exec(tt.end, now, tt.arg)
			want(t, tt.name+": userinfo", b.me(a.str("access_token")), http.StatusUnauthorized, "invalid_token")
			if got := b.refresh("acme-crm", a.str("refresh_token")); got.status == http.StatusOK {
				t.Errorf("%s: refreshed", tt.name)
			}
			b.exec(tt.restore, tt.arg)
			if got := b.refresh("acme-crm", a.str("refresh_token")); got.status != http.StatusOK {
				t.Errorf("%s, undone: %s", tt.name, got.body)
			}
		}
	})
}
