package contracts_test

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/pelletier/go-toml/v2"

	"github.com/wolfieauth/wolfieauth/docs/contracts"
)

// open lists the contracts whose documents may hold more than is named.
var open = map[string]bool{"discovery": true}

func TestExamples(t *testing.T) {
	t.Parallel()
	for _, name := range contracts.Names() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			found, err := filepath.Glob("examples/" + name + "/*.json")
			if err != nil {
				t.Fatal(err)
			}
			count := map[bool]int{}
			for _, path := range found {
				document, err := os.ReadFile(path)
				if err != nil {
					t.Fatal(err)
				}
				file := filepath.Base(path)
				valid := strings.HasPrefix(file, "valid")
				if !valid && !strings.HasPrefix(file, "invalid-") {
					t.Errorf("%s is named neither valid nor invalid", path)
				}
				count[valid]++
				if err = contracts.Validate(name, document); (err == nil) != valid {
					t.Errorf("%s: %v", path, err)
				}
			}
			if count[true] == 0 || count[false] == 0 {
				t.Errorf("%d valid and %d invalid examples; both kinds are needed", count[true], count[false])
			}
		})
	}
}

func TestValidateRefusesWhatIsNoDocument(t *testing.T) {
	t.Parallel()
	if err := contracts.Validate("weather", []byte(`{}`)); !errors.Is(err, contracts.ErrUnknown) {
		t.Errorf("unknown contract: %v", err)
	}
	for _, document := range []string{"", "{", `{"status":"ok"}{}`, "null", "[]"} {
		if contracts.Validate("healthz", []byte(document)) == nil {
			t.Errorf("%q was accepted", document)
		}
	}
}

// Every schema says where it lives, and every object in it is closed.
func TestSchemasAreNamedAndClosed(t *testing.T) {
	t.Parallel()
	for _, name := range contracts.Names() {
		raw, err := os.ReadFile(name + ".schema.json")
		if err != nil {
			t.Fatal(err)
		}
		var schema map[string]any
		if err = json.Unmarshal(raw, &schema); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if want := contracts.Base + name + ".schema.json"; schema["$id"] != want {
			t.Errorf("%s has $id %v, want %s", name, schema["$id"], want)
		}
		for _, key := range []string{"title", "description"} {
			if text, _ := schema[key].(string); text == "" {
				t.Errorf("%s has no %s", name, key)
			}
		}
		if !open[name] {
			checkClosed(t, name, schema)
		}
	}
}

func checkClosed(t *testing.T, path string, node any) {
	t.Helper()
	switch node := node.(type) {
	case map[string]any:
		if closed, _ := node["additionalProperties"].(bool); node["type"] == "object" && (closed || node["additionalProperties"] == nil) {
			t.Errorf("%s is an open object", path)
		}
		for key, child := range node {
			checkClosed(t, path+"/"+key, child)
		}
	case []any:
		for _, child := range node {
			checkClosed(t, path+"/[]", child)
		}
	}
}

func TestProblemCodes(t *testing.T) {
	t.Parallel()
	statuses := contracts.ProblemStatuses()
	for code, want := range map[string]int{
		"already_subscribed": 409, "seats_below_members": 422, "stripe_not_configured": 503, "not_found": 404, "internal": 500,
		"webhook_signature_invalid": 400, "webhook_timestamp_outside_tolerance": 400,
	} {
		if statuses[code] != want {
			t.Errorf("%s has status %d, want %d", code, statuses[code], want)
		}
	}
	table, err := os.ReadFile("problem-codes.md")
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for _, row := range regexp.MustCompile("(?m)^\\| `([^`]*)` \\|").FindAllStringSubmatch(string(table), -1) {
		if seen[row[1]] {
			t.Errorf("%s stands there twice", row[1])
		}
		seen[row[1]] = true
		if !regexp.MustCompile(`^[a-z][a-z0-9]*(_[a-z0-9]+)*$`).MatchString(row[1]) {
			t.Errorf("%s is no code", row[1])
		}
	}
	for code, status := range statuses {
		if status < 400 || status > 599 {
			t.Errorf("%s has status %d", code, status)
		}
	}
}

// Whoever gives a code its sentence also writes it into the table, or programs would meet a code that nobody
// explained.
func TestEverySentenceHasItsCode(t *testing.T) {
	t.Parallel()
	found, err := filepath.Glob("../../internal/i18n/locales/en/*.toml")
	if err != nil || len(found) == 0 {
		t.Fatalf("no catalogue: %v", err)
	}
	statuses := contracts.ProblemStatuses()
	for _, path := range found {
		raw, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		var catalogue struct {
			Problem map[string]string `toml:"problem"`
		}
		if err = toml.Unmarshal(raw, &catalogue); err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		for code := range catalogue.Problem {
			if statuses[code] == 0 {
				t.Errorf("problem.%s of %s is not in problem-codes.md", code, path)
			}
		}
	}
}

// The index names every schema.
func TestIndexIsComplete(t *testing.T) {
	t.Parallel()
	index, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range contracts.Names() {
		if !strings.Contains(string(index), "("+name+".schema.json)") {
			t.Errorf("README.md does not name %s", name)
		}
	}
}
