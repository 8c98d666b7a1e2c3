package provider_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/wolfieauth/wolfieauth/internal/db"
	"github.com/wolfieauth/wolfieauth/internal/db/dbtest"
)

func TestIntrospectionAndRevocationAreTheAppsOwn(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := setup(t, d)
		b.app("acme-b")
		look := func(client, token string) *answer { return b.post("/introspect", client, url.Values{"token": {token}}) }
		end := func(client, token string) {
			t.Helper()
			if a := b.post("/revoke", client, url.Values{"token": {token}, "token_type_hint": {"nonsense"}}); a.status != http.StatusOK || a.body != "" {
				t.Errorf("revoke: %d %s", a.status, a.body)
			}
		}
		inactive := func(what string, a *answer) {
			t.Helper()
			if a.status != http.StatusOK || strings.TrimSpace(a.body) != `{"active":false}` {
				t.Errorf("%s: %d %s", what, a.status, a.body)
			}
		}
		a := b.tokens("acme-crm")
		access, refresh := a.str("access_token"), a.str("refresh_token")
		in := look("acme-crm", access)
		if in.json["active"] != true || in.str("sub") != b.user.ID || in.str("client_id") != "acme-crm" || in.str("iss") != b.url || in.str("username") != b.user.Email {
			t.Errorf("active: %s", in.body)
		}
		if plans, _ := in.json["wolfieauth_plans"].([]any); len(plans) != 1 {
			t.Errorf("plans: %s", in.body)
		}
		inactive("another app's", look("acme-b", access))
		inactive("unknown", look("acme-crm", "x"))
		end("acme-b", access)
		end("acme-b", refresh)
		end("acme-crm", "x")
		if b.me(access).status != http.StatusOK || look("acme-crm", refresh).json["active"] != true {
			t.Error("another app ended the tokens")
		}
		end("acme-crm", access)
		inactive("revoked", look("acme-crm", access))
		want(t, "revoked", b.me(access), http.StatusUnauthorized, "invalid_token")
		next := b.refresh("acme-crm", refresh)
		if next.status != http.StatusOK {
			t.Fatalf("revoking an access token ended the family: %s", next.body)
		}
		end("acme-crm", next.str("refresh_token"))
		inactive("of a revoked family", look("acme-crm", next.str("access_token")))
		want(t, "of a revoked family", b.refresh("acme-crm", next.str("refresh_token")), http.StatusBadRequest, "invalid_grant")
		late := b.tokens("acme-crm").str("access_token")
		b.clock.advance(5 * time.Minute)
		inactive("late", look("acme-crm", late))
		want(t, "no token", look("acme-crm", ""), http.StatusBadRequest, "invalid_request")
		spa := b.tokens("acme-spa").str("refresh_token")
		if a := b.post("/revoke", "acme-spa", url.Values{"token": {spa}}); a.status != http.StatusOK {
			t.Errorf("a public client revokes: %d %s", a.status, a.body)
		}
		want(t, "a public client's revoked token", b.refresh("acme-spa", spa), http.StatusBadRequest, "invalid_grant")
	})
}
