package provider_test

import (
	"net/http"
	"testing"

	"github.com/wolfieauth/wolfieauth/internal/db"
	"github.com/wolfieauth/wolfieauth/internal/db/dbtest"
)

// TestPKCE is the matrix of client types and cases. The bare library takes plain and unknown methods at the
// authorization endpoint, and lets public clients come that far without any challenge.
func TestPKCE(t *testing.T) {
	t.Parallel()
	const good, refusedAtAuth, refusedAtToken = "tokens", "refused at /auth", "refused at /token"
	cases := []struct {
		name                 string
		auth, token          []string
		public, confidential string
	}{
		{"S256 and its verifier", nil, nil, good, good},
		{"S256 and another verifier", nil, []string{"code_verifier", verifier + "x"}, refusedAtToken, refusedAtToken},
		{"S256 and no verifier", nil, []string{"code_verifier", ""}, refusedAtToken, refusedAtToken},
		{"S256 and the challenge as verifier", nil, []string{"code_verifier", challenge(verifier)}, refusedAtToken, refusedAtToken},
		{"plain", []string{"code_challenge", verifier[:43], "code_challenge_method", "plain"}, []string{"code_verifier", verifier[:43]}, refusedAtAuth, refusedAtAuth},
		{"a challenge without a method", []string{"code_challenge_method", ""}, nil, refusedAtAuth, refusedAtAuth},
		{"an unknown method", []string{"code_challenge_method", "s256"}, nil, refusedAtAuth, refusedAtAuth},
		{"a method without a challenge", []string{"code_challenge", ""}, nil, refusedAtAuth, refusedAtAuth},
		{"no challenge, no verifier", []string{"code_challenge", "", "code_challenge_method", ""}, []string{"code_verifier", ""}, refusedAtAuth, good},
		{"no challenge, but a verifier", []string{"code_challenge", "", "code_challenge_method", ""}, nil, refusedAtAuth, refusedAtToken},
	}
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := setup(t, d)
		for _, client := range []string{"acme-crm", "acme-post", "acme-spa", "acme-cli"} {
			for _, tt := range cases {
				expect := tt.confidential
				if client == "acme-spa" || client == "acme-cli" {
					expect = tt.public
				}
				got := good
				to, _ := b.browser().open("/auth?" + authParams(client, tt.auth...).Encode())
				if to == nil || to.Query().Get("code") == "" {
					got = refusedAtAuth
					if to == nil || to.Query().Get("error") != "invalid_request" {
						t.Errorf("%s, %s: %v", client, tt.name, to)
					}
				} else if a := b.redeem(client, to.Query().Get("code"), tt.token...); a.status != http.StatusOK {
					got = refusedAtToken
					want(t, client+", "+tt.name, a, http.StatusBadRequest, "invalid_grant")
				}
				if got != expect {
					t.Errorf("%s, %s: %s, want %s", client, tt.name, got, expect)
				}
			}
		}
	})
}
