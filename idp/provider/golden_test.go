package provider_test

import (
	"encoding/base64"
	"encoding/json"
	"flag"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wolfieauth/wolfieauth/claims"
	"github.com/wolfieauth/wolfieauth/idp"
	"github.com/wolfieauth/wolfieauth/idp/keys"
	"github.com/wolfieauth/wolfieauth/internal/db"
	"github.com/wolfieauth/wolfieauth/internal/db/dbtest"
)

var update = flag.Bool("update", false, "write the golden files anew")

// golden compares what is said with testdata, the values that differ from run to run named instead.
func (b *bundle) golden(name string, got map[string]any) {
	b.t.Helper()
	known := map[string]string{b.user.ID: "USER", b.org.ID: "ORG", b.url: "ISSUER"}
	raw, err := json.MarshalIndent(got, "", "  ")
	must(b.t, err)
	text := string(raw)
	for value, word := range known {
		text = strings.ReplaceAll(text, value, word)
	}
	var plain map[string]any
	must(b.t, json.Unmarshal([]byte(text), &plain))
	for _, key := range []string{"iat", "exp", "auth_time", "at_hash", "sid", "jti", "wolfieauth_plans_ver"} {
		if _, ok := plain[key]; ok {
			plain[key] = "VARIES"
		}
	}
	raw, err = json.MarshalIndent(plain, "", "  ")
	must(b.t, err)
	path := filepath.Join("testdata", name+".json")
	if *update {
		must(b.t, os.MkdirAll("testdata", 0o755))
		must(b.t, os.WriteFile(path, append(raw, '\n'), 0o644))
		return
	}
	want, err := os.ReadFile(path)
	must(b.t, err)
	if diff := cmp.Diff(string(want), string(raw)+"\n"); diff != "" {
		b.t.Errorf("%s (-want +got):\n%s", name, diff)
	}
}

func header(t *testing.T, token string) map[string]any {
	t.Helper()
	raw, err := base64.RawURLEncoding.DecodeString(strings.Split(token, ".")[0])
	must(t, err)
	var out map[string]any
	must(t, json.Unmarshal(raw, &out))
	return out
}

func TestWhatIsSaid(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := setup(t, d)
		discovery := b.do("GET", "/.well-known/openid-configuration", "")
		b.golden("discovery", discovery.json)
		a := b.tokens("acme-jwt", "org_hint", "acme")
		b.golden("id_token", payload(t, a.str("id_token")))
		b.golden("access_token", payload(t, a.str("access_token")))
		b.golden("userinfo", b.me(a.str("access_token")).json)
		b.golden("introspection", b.post("/introspect", "acme-jwt", url.Values{"token": {a.str("access_token")}}).json)
		again := b.refresh("acme-jwt", a.str("refresh_token"))
		b.golden("id_token_refreshed", payload(t, again.str("id_token")))
		if h := header(t, a.str("access_token")); h["typ"] != "at+jwt" || h["alg"] != "ES256" || h["kid"] == nil {
			t.Errorf("access token header %v", h)
		}
		if h := header(t, a.str("id_token")); h["typ"] != "JWT" || h["alg"] != "ES256" || h["kid"] == nil {
			t.Errorf("ID token header %v", h)
		}
	})
}

// TestTheFivePlacesAgree: every place says the same plans, and says nothing where there are none to say.
func TestTheFivePlacesAgree(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := setup(t, d)
		places := func() map[string]map[string]any {
			a := b.tokens("acme-jwt")
			again := b.refresh("acme-jwt", a.str("refresh_token"))
			return map[string]map[string]any{
				"ID token": payload(t, a.str("id_token")), "access token": payload(t, a.str("access_token")), "userinfo": b.me(a.str("access_token")).json,
				"introspection":      b.post("/introspect", "acme-jwt", url.Values{"token": {a.str("access_token")}}).json,
				"refreshed ID token": payload(t, again.str("id_token")),
			}
		}
		said := places()
		first := said["ID token"]
		if first[claims.ClaimPlans] == nil || first[claims.ClaimPlansVersion] == "" {
			t.Fatalf("no plans: %v", first)
		}
		for place, got := range said {
			if diff := cmp.Diff(first[claims.ClaimPlans], got[claims.ClaimPlans]); diff != "" || got[claims.ClaimPlansVersion] != first[claims.ClaimPlansVersion] {
				t.Errorf("%s differs: %s", place, diff)
			}
		}
		b.plans.mu.Lock()
		b.plans.off = true
		b.plans.mu.Unlock()
		for place, got := range places() {
			if _, ok := got[claims.ClaimPlans]; ok {
				t.Errorf("%s has a claim with billing off", place)
			}
		}
	})
}

func TestSigningAlgorithmsAndLives(t *testing.T) {
	t.Parallel()
	b := setup(t, dbtest.SQLite(t))
	for _, alg := range keys.Algorithms() {
		id := "acme-" + strings.ToLower(alg)
		b.app(id, func(a *idpApp) {
			a.SigningAlg, a.AuthMethod, a.SecretHash, a.Kind, a.IDTokenUserinfo = alg, idp.AuthNone, "", idp.AppBrowser, false
			a.AccessTokenSeconds, a.IDTokenSeconds = 60, 120
		})
		a := b.tokens(id)
		token := payload(t, a.str("id_token"))
		if h := header(t, a.str("id_token")); h["alg"] != alg {
			t.Errorf("%s: %v", alg, h)
		}
		if token["exp"].(float64)-token["iat"].(float64) != 120 || a.json["expires_in"].(float64) != 60 {
			t.Errorf("%s: lives %v %v", alg, token, a.body)
		}
		if token["email"] != nil || token["org_id"] == nil || token["sub"] != b.user.ID {
			t.Errorf("%s: an ID token without userinfo claims says %v", alg, token)
		}
	}
}

func TestClaimsParameter(t *testing.T) {
	t.Parallel()
	b := setup(t, dbtest.SQLite(t))
	b.app("acme-b", func(a *idpApp) { a.Scopes = []string{"openid", "email"}; a.IDTokenUserinfo = false })
	param := `{"userinfo":{"email":{"essential":true},"name":null,"phone_number":null},"id_token":{"email":null,"name":null,"iss":{"value":"evil"},"auth_time":{"essential":true},"acr":null}}`
	a := b.redeem("acme-b", b.code(b.browser(), "acme-b", "scope", "openid", "claims", param))
	if a.status != http.StatusOK {
		t.Fatal(a.body)
	}
	for place, got := range map[string]map[string]any{"ID token": payload(t, a.str("id_token")), "userinfo": b.me(a.str("access_token")).json} {
		if got["email"] != b.user.Email || got["name"] != nil { // the app may not have the scope profile
			t.Errorf("%s: %v", place, got)
		}
	}
	if got := payload(t, a.str("id_token")); got["iss"] != b.url || got["auth_time"] == nil || got["acr"] != "1" {
		t.Errorf("registered claims: %v", got)
	}
	br := b.browser()
	b.code(br, "acme-crm")
	br.headers["X-User"] = ""
	to, _ := br.open("/auth?" + authParams("acme-crm", "prompt", "none", "claims", `{"id_token":{"sub":{"value":"`+b.other.ID+`"}}}`).Encode())
	if to.Query().Get("error") != "login_required" {
		t.Errorf("another subject: %v", to)
	}
}
