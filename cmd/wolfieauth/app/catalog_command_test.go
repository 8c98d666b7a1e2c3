package app_test

import (
	"encoding/base64"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/wolfieauth/wolfieauth/docs/contracts"
	"github.com/wolfieauth/wolfieauth/internal/db/dbtest"
)

// TestACatalogueFromTheShell moves a price list from a file into one app and on into another.
func TestACatalogueFromTheShell(t *testing.T) {
	t.Parallel()
	dbtest.EachDSN(t, func(t *testing.T, dsn string) {
		sh := shell{t, []string{
			"WOLFIEAUTH_DATABASE_URL=" + dsn, "WOLFIEAUTH_MASTER_KEY=" + base64.StdEncoding.EncodeToString(millMaster), "WOLFIEAUTH_ISSUER=http://localhost:1",
		}, built(t)}
		sh.run("migrate")
		sh.run("user", "create", "--email", "ola@example.test", "--verified")
		slug := word(t, sh.run("org", "create", "--name", "Acme", "--owner", "ola@example.test"), "slug")
		one := word(t, sh.run("app", "create", "--org", slug, "--name", "One", "--redirect-uri", redirect), "client_id")
		two := word(t, sh.run("app", "create", "--org", slug, "--name", "Two", "--redirect-uri", redirect), "client_id")
		example, err := filepath.Abs("../../../docs/contracts/examples/catalog/valid.json")
		must(t, err)
		rehearsed := sh.run("catalog", "apply", "--app", one, "--dry-run", example)
		if !strings.Contains(rehearsed, "add plan plan-zloty") || strings.Contains(rehearsed, "applied") {
			t.Errorf("a rehearsal says %s", rehearsed)
		}
		if out := sh.run("catalog", "apply", "--app", one, example); out != rehearsed+"applied 4 changes\n" {
			t.Errorf("apply says %q after %q", out, rehearsed)
		}
		moved := filepath.Join(t.TempDir(), "catalogue.json")
		exported := sh.run("catalog", "export", "--app", one)
		must(t, contracts.Validate("catalog", []byte(exported)))
		must(t, os.WriteFile(moved, []byte(exported), 0o600))
		sh.run("catalog", "apply", "--app", two, moved)
		if out := sh.run("catalog", "export", "--app", two); out != exported {
			t.Errorf("the other app sells %s", out)
		}
		if out := sh.run("catalog", "apply", "--app", two, moved); out != "no differences\n" {
			t.Errorf("again: %s", out)
		}
		must(t, os.WriteFile(moved, []byte(strings.Replace(exported, `"PLN"`, `"ZŁO"`, 1)), 0o600))
		sh.refused("plans[0].prices[0].currency: unknown_currency", "catalog", "apply", "--app", two, moved)
		must(t, os.WriteFile(moved, []byte(strings.Replace(exported, `"plans"`, `"planz"`, 1)), 0o600))
		sh.refused("planz", "catalog", "apply", "--app", two, moved)
		sh.refused("app not found", "catalog", "export", "--app", "nobody-app")
		sh.refused("", "catalog", "export")
	})
}
