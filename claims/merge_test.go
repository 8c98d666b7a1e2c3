package claims_test

import (
	"encoding/json"
	"maps"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wolfieauth/wolfieauth/claims"
)

// registered are the claims that tokens of this issuer use for themselves.
var registered = []string{
	"iss", "sub", "aud", "exp", "nbf", "iat", "jti", "auth_time", "nonce", "acr", "amr", "azp", "at_hash", "c_hash",
	"s_hash", "sid", "scope", "client_id", "cnf", "act", "may_act", "events", "typ", "token_type", "active", "username",
	"email", "email_verified", "name", "org_id", "org_slug", "org_name", "org_role",
}

// Plans, features and comps are named by customers. None of those names may
// become a claim, or take the place of one.
func TestCustomNamesNeverOverloadRegisteredClaims(t *testing.T) {
	t.Parallel()
	token := map[string]any{}
	for _, name := range registered {
		token[name] = "genuine " + name
	}
	before := maps.Clone(token)
	for _, name := range registered {
		hostile := with(named(paid("active"), name, 0), func(s *claims.Source) { s.Features, s.Bundle = registered, name })
		free := with(named(comp(), name, 0), func(s *claims.Source) { s.Features = registered })
		claims.SafeMerge(token, assemble(noon, hostile, free))
	}
	delete(token, claims.ClaimPlans)
	delete(token, claims.ClaimPlansVersion)
	if diff := cmp.Diff(before, token); diff != "" {
		t.Error(diff)
	}
}

func TestSafeMerge(t *testing.T) {
	t.Parallel()
	result := assemble(noon, paid("active"))
	token := map[string]any{"sub": "u1", claims.ClaimPlans: "forged"}
	claims.SafeMerge(token, result)
	want := map[string]any{"sub": "u1", claims.ClaimPlans: result.Plans, claims.ClaimPlansVersion: result.Version}
	if diff := cmp.Diff(want, token); diff != "" {
		t.Error(diff)
	}
	claims.SafeMerge(token, claims.Result{})
	if diff := cmp.Diff(map[string]any{"sub": "u1"}, token); diff != "" {
		t.Errorf("an absent claim must leave nothing behind: %s", diff)
	}
}

func TestEmptyClaimIsAnArray(t *testing.T) {
	t.Parallel()
	token := map[string]any{}
	claims.SafeMerge(token, assemble(noon))
	raw, err := json.Marshal(token[claims.ClaimPlans])
	if err != nil || string(raw) != "[]" {
		t.Errorf("got %s, %v, want []", raw, err)
	}
}
