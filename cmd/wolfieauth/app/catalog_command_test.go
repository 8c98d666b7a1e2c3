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
		if !strings.Contains(rehearsed, "+ plan plan-zloty\n") || strings.Contains(rehearsed, "applied") {
			t.Errorf("a rehearsal says %s", rehearsed)
		}
		if out := sh.run("catalog", "apply", "--app", one, example); out != rehearsed+"applied 4 changes\n" {
			t.Errorf("apply says %q after %q", out, rehearsed)
		}
		sameCatalogueInBothFormats(t, sh, one, two)
		changesRead(t, sh, two)
		sh.refused("app not found", "catalog", "export", "--app", "nobody-app")
		sh.refused("", "catalog", "export")
	})
}

// sameCatalogueInBothFormats carries what one app sells to another as YAML, and back as JSON.
func sameCatalogueInBothFormats(t *testing.T, sh shell, one, two string) {
	dir := t.TempDir()
	asYAML, asJSON := filepath.Join(dir, "catalogue.yaml"), filepath.Join(dir, "catalogue.json")
	exported := sh.run("catalog", "export", "--app", one, "--format", "json")
	must(t, contracts.Validate("catalog", []byte(exported)))
	if out := sh.run("catalog", "export", "--app", one, asYAML); out != "" {
		t.Errorf("an export to a file says %s", out)
	}
	sh.run("catalog", "export", "--app", one, asJSON)
	text, err := os.ReadFile(asYAML)
	must(t, err)
	if out := sh.run("catalog", "export", "--app", one); out != string(text) || !strings.HasPrefix(out, "version: 1\n") {
		t.Errorf("without a file comes %s", out)
	}
	if text, err = os.ReadFile(asJSON); err != nil || string(text) != exported {
		t.Errorf("the ending .json gives %s (%v)", text, err)
	}
	sh.run("catalog", "apply", "--app", two, asYAML)
	if out := sh.run("catalog", "export", "--app", two, "--format", "json"); out != exported {
		t.Errorf("the other app sells %s", out)
	}
	for _, file := range []string{asYAML, asJSON} {
		if out := sh.run("catalog", "apply", "--app", two, file); out != "no differences\n" {
			t.Errorf("again from %s: %s", file, out)
		}
	}
	must(t, os.WriteFile(asJSON, []byte(strings.Replace(exported, `"PLN"`, `"ZŁO"`, 1)), 0o600))
	sh.refused("plans[0].prices[0].currency: unknown_currency", "catalog", "apply", "--app", two, asJSON)
	must(t, os.WriteFile(asJSON, []byte(strings.Replace(exported, `"plans"`, `"planz"`, 1)), 0o600))
	sh.refused("planz: unknown field", "catalog", "apply", "--app", two, asJSON)
	sh.refused("not a catalogue", "catalog", "apply", "--app", two, "--format", "json", asYAML)
}

// changesRead edits a file and reads the difference as a reviewer does.
func changesRead(t *testing.T, sh shell, app string) {
	file := filepath.Join(t.TempDir(), "catalogue.yml")
	sh.run("catalog", "export", "--app", app, file)
	text, err := os.ReadFile(file)
	must(t, err)
	edited := strings.NewReplacer("trialDays: 14", "trialDays: 0", "amount: 9900", "amount: 11900", "name: Export", "name: Export to files").Replace(string(text))
	must(t, os.WriteFile(file, []byte(edited), 0o600))
	want := `~ feature pro_export: name Export -> "Export to files"
~ plan plan-zloty: trialDays 14 -> 0
~ price plan-zloty: PLN month PL: amount 9900 -> 11900
`
	if out := sh.run("catalog", "apply", "--app", app, "--dry-run", file); out != want {
		t.Errorf("the difference reads\n%s", out)
	}
	if out := sh.run("catalog", "apply", "--app", app, file); out != want+"applied 3 changes\n" {
		t.Errorf("applied:\n%s", out)
	}
	must(t, os.WriteFile(file, []byte(strings.Replace(edited, "trialDays", "trailDays", 1)), 0o600))
	sh.refused("plans[0].trailDays: unknown field", "catalog", "apply", "--app", app, file)
	must(t, os.WriteFile(file, []byte("version: 1\nfeatures: []\nplans: []\n"), 0o600))
	if out := sh.run("catalog", "apply", "--app", app, "--dry-run", file); out != "- plan plan-zloty (archived; whoever holds it keeps it)\n" {
		t.Errorf("an end of sale reads\n%s", out)
	}
}
