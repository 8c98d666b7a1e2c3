package app_test

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/wolfieauth/wolfieauth/cmd/wolfieauth/app/apptest"
	"github.com/wolfieauth/wolfieauth/internal/db/dbtest"
)

// shell runs the command as an operator does.
type shell struct {
	t   *testing.T
	env []string
	bin string
}

func (s shell) try(args ...string) (string, error) {
	cmd := exec.CommandContext(s.t.Context(), s.bin, args...) // #nosec G204 -- our own binary
	cmd.Env = s.env
	out, err := cmd.CombinedOutput()
	return string(out), err
}

func (s shell) run(args ...string) string {
	s.t.Helper()
	out, err := s.try(args...)
	if err != nil {
		s.t.Fatalf("wolfieauth %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return out
}

func (s shell) refused(want string, args ...string) {
	s.t.Helper()
	if out, err := s.try(args...); err == nil || !strings.Contains(out, want) {
		s.t.Errorf("wolfieauth %s: %v, want a word about %q\n%s", strings.Join(args, " "), err, want, out)
	}
}

func word(t *testing.T, out, name string) string {
	t.Helper()
	found := regexp.MustCompile(`(?m)^` + name + ` (\S+)$`).FindStringSubmatch(out)
	if found == nil {
		t.Fatalf("no %s in %q", name, out)
	}
	return found[1]
}

// TestAnInstallationFromTheShell begins without the demo's data: schema, a person, an org, an app, new keys; then
// the server starts and the person signs in at the app.
func TestAnInstallationFromTheShell(t *testing.T) {
	t.Parallel()
	dbtest.EachDSN(t, func(t *testing.T, dsn string) {
		m := &mill{t: t, dsn: dsn, bin: built(t), addr: freeAddr(t)}
		m.issuer = "http://localhost:" + portOf(m.addr)
		m.box = m.addr // nothing is asked of Stripe
		m.openGate()
		sh := shell{t, []string{
			"WOLFIEAUTH_DATABASE_URL=" + dsn, "WOLFIEAUTH_MASTER_KEY=" + base64.StdEncoding.EncodeToString(millMaster), "WOLFIEAUTH_ISSUER=" + m.issuer,
		}, m.bin}
		first := sh.run("migrate")
		if again := sh.run("migrate"); again != first || !strings.Contains(first, "schema is at version") {
			t.Errorf("migrate says %q, then %q", first, again)
		}
		password := filepath.Join(t.TempDir(), "password")
		must(t, os.WriteFile(password, []byte("an unlikely pass phrase\n"), 0o600))
		person := sh.run("user", "create", "--email", "Ola@Example.test", "--name", "Ola", "--verified", "--locale", "pl", "--password-file", password)
		sh.refused("taken", "user", "create", "--email", "ola@example.test", "--password-file", password)
		sh.refused("", "user", "create", "--email", "not-an-address")
		if out := sh.run("user", "create", "--email", "later@example.test"); !strings.Contains(out, m.issuer+"/reset") {
			t.Errorf("without a password: %s", out)
		}
		org := sh.run("org", "create", "--name", "Żółw & Co", "--owner", "ola@example.test", "--platform-owner")
		slug := word(t, org, "slug")
		sh.refused("", "org", "create", "--name", "Second", "--owner", "ola@example.test", "--platform-owner")
		sh.refused("not found", "org", "create", "--name", "Nobody's", "--owner", "nobody@example.test")
		made := sh.run("app", "create", "--org", slug, "--name", "Shop", "--redirect-uri", redirect, "--logout-uri", "https://rp.example/", "--trusted", "--signing-alg", "ES256", "--jwt-access-tokens")
		sh.refused("redirect", "app", "create", "--org", slug, "--name", "Bad", "--redirect-uri", "http://example.com/callback")
		sh.refused("", "app", "create", "--org", slug, "--name", "Shop", "--redirect-uri", redirect)
		if out := sh.run("app", "create", "--org", slug, "--name", "Spa", "--kind", "browser", "--redirect-uri", redirect); strings.Contains(out, "client_secret") {
			t.Errorf("a public app has a secret: %s", out)
		}
		if out := sh.run("org", "invite", "--org", slug, "--by", "ola@example.test", "--role", "admin", "mate@example.test"); !strings.Contains(out, "mate@example.test: invited until") {
			t.Errorf("org invite: %s", out)
		}
		sh.refused("1 of 2 were not invited", "org", "invite", "--org", slug, "--by", "ola@example.test", "mate@example.test", "other@example.test")
		sh.refused("role too high", "org", "invite", "--org", slug, "--by", "later@example.test", "third@example.test")
		if out := sh.run("org", "members", "--org", slug); !strings.HasPrefix(out, "Ola@Example.test\towner\t") || strings.Count(out, "\n") != 1 {
			t.Errorf("org members: %s", out)
		}
		shop := slug + "-shop"
		sh.run("comp", "give", "--app", shop, "--email", "guest@example.test", "--reason", "A guest", "--until", "2099-12-31", "--by", "ola@example.test")
		sh.refused("exists already", "comp", "give", "--app", shop, "--email", "Guest@example.test", "--reason", "A guest")
		sh.refused("themselves", "comp", "give", "--app", shop, "--email", "ola@example.test", "--reason", "Me", "--by", "ola@example.test")
		given := strings.Split(strings.TrimSpace(sh.run("comp", "list", "--app", shop)), "\t")
		if len(given) != 4 || given[1] != "guest@example.test" || given[3] != "2100-01-01T00:00:00Z" {
			t.Errorf("the list says %q", given)
		}
		sh.run("comp", "end", "--app", shop, "--id", given[0])
		if out := sh.run("comp", "list", "--app", shop); out != "" {
			t.Errorf("after the end the list says %q", out)
		}
		if out := sh.run("keys", "rotate"); !strings.Contains(out, "sign from") {
			t.Errorf("keys rotate: %s", out)
		}
		wrong := sh
		wrong.env = append([]string{"WOLFIEAUTH_MASTER_KEY=" + base64.StdEncoding.EncodeToString([]byte(strings.Repeat("x", 32)))}, sh.env...)
		wrong.env = append(wrong.env[1:2:2], append(wrong.env[3:], wrong.env[0])...)
		wrong.refused("key", "keys", "rotate")
		m.serve()
		t.Cleanup(m.kill)
		c := &apptest.Client{Issuer: m.issuer, ID: word(t, made, "client_id"), Secret: word(t, made, "client_secret"), Redirect: redirect}
		got := apptest.NewBrowser(t).SignIn(c, "ola@example.test", "an unlikely pass phrase")
		var said struct {
			Sub     string
			OrgSlug string `json:"org_slug"`
		}
		must(t, json.Unmarshal(got.Payload, &said))
		if said.Sub != word(t, person, "sub") || said.OrgSlug != slug || got.Held.Plans != nil {
			t.Errorf("the ID token says %s", got.Payload)
		}
		holds(t, "access-token", jwtPayload(t, got.Access))
		var set struct{ Keys []struct{ Alg string } }
		must(t, json.Unmarshal(send(t, http.MethodGet, m.issuer+"/jwks", "", "", nil).body, &set))
		algs := map[string]int{}
		for _, k := range set.Keys {
			algs[k.Alg]++
		}
		if algs["RS256"] != 2 || algs["ES256"] != 2 || algs["EdDSA"] != 2 {
			t.Errorf("after a rotation the key set holds %v", algs)
		}
	})
}
