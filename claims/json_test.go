package claims_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"math/rand"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/wolfieauth/wolfieauth/claims"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// showcase has an entry of every shape.
func showcase() []claims.Source {
	later := noon.AddDate(0, 1, 0)
	return []claims.Source{
		with(named(paid("active"), "pro", 1), func(s *claims.Source) { s.CurrentPeriodEnd = at(later) }),
		with(named(paid("active"), "premium", 0), func(s *claims.Source) {
			s.Bundle, s.CurrentPeriodEnd, s.CancelAtPeriodEnd = "acme-suite", at(later), true
		}),
		with(named(paid("trialing"), "team", 2), func(s *claims.Source) {
			s.PerSeat, s.Quantity, s.TrialEnd, s.CurrentPeriodEnd = true, 3, at(later), at(later)
			s.PlanName, s.Features = "Zespół & Co", nil
		}),
		with(named(paid("past_due"), "starter", 0), func(s *claims.Source) {
			s.OldestUnpaidAt, s.CurrentPeriodEnd = at(noon.AddDate(0, 0, -1)), at(later)
		}),
		named(onetime("active"), "lifetime", 3),
		named(comp(), "comp", claims.PositionLast),
		grant(),
	}
}

func tokenJSON(t *testing.T, r claims.Result) []byte {
	t.Helper()
	all := map[string]any{}
	claims.SafeMerge(all, r)
	raw, err := json.MarshalIndent(all, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	return append(raw, '\n')
}

func TestGoldenJSON(t *testing.T) {
	t.Parallel()
	for name, sources := range map[string][]claims.Source{"showcase.json": showcase(), "empty.json": nil} {
		got, path := tokenJSON(t, assemble(noon, sources...)), filepath.Join("testdata", name)
		if *update {
			if err := os.WriteFile(path, got, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(want), string(got)); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

func schema(t *testing.T) *jsonschema.Schema {
	t.Helper()
	compiler := jsonschema.NewCompiler()
	compiler.AssertFormat()
	s, err := compiler.Compile("../docs/contracts/claim.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func validate(t *testing.T, s *jsonschema.Schema, raw []byte) error {
	t.Helper()
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	return s.Validate(doc)
}

func TestAssembledClaimsKeepTheContract(t *testing.T) {
	t.Parallel()
	s := schema(t)
	if err := validate(t, s, tokenJSON(t, assemble(noon, showcase()...))); err != nil {
		t.Error(err)
	}
	r := rand.New(rand.NewSource(7))
	for range 2000 {
		result := claims.Assemble(randomInput(r))
		if !result.Present {
			continue
		}
		if err := validate(t, s, tokenJSON(t, result)); err != nil {
			t.Fatalf("%s: %v", tokenJSON(t, result), err)
		}
	}
}

func TestContractRefuses(t *testing.T) {
	t.Parallel()
	s := schema(t)
	for name, change := range map[string]func(entry map[string]any){
		"a key too many":                func(e map[string]any) { e["givenBy"] = "someone" },
		"a missing key":                 func(e map[string]any) { delete(e, "allFeatures") },
		"features null":                 func(e map[string]any) { e["features"] = nil },
		"a status that is not held":     func(e map[string]any) { e["status"] = "CANCELED" },
		"fractions of a second":         func(e map[string]any) { e["currentPeriodEnd"] = "2026-12-22T10:00:00.5Z" },
		"a local time":                  func(e map[string]any) { e["currentPeriodEnd"] = "2026-12-22T10:00:00+01:00" },
		"cancelAtPeriodEnd false":       func(e map[string]any) { e["cancelAtPeriodEnd"] = false },
		"an empty bundle":               func(e map[string]any) { e["bundle"] = "" },
		"grace while active":            func(e map[string]any) { e["graceUntil"] = "2026-12-22T10:00:00Z" },
		"trial end while active":        func(e map[string]any) { e["trialEnd"] = "2026-12-22T10:00:00Z" },
		"all features and some as well": func(e map[string]any) { e["allFeatures"] = true },
	} {
		var doc map[string]any
		if err := json.Unmarshal(tokenJSON(t, assemble(noon, paid("active"))), &doc); err != nil {
			t.Fatal(err)
		}
		change(doc[claims.ClaimPlans].([]any)[0].(map[string]any))
		raw, err := json.Marshal(doc)
		if err != nil {
			t.Fatal(err)
		}
		if validate(t, s, raw) == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

func TestVersion(t *testing.T) {
	t.Parallel()
	base := assemble(noon, showcase()...)
	if again := assemble(noon.Add(time.Minute), showcase()...); again.Version != base.Version {
		t.Errorf("the version moved with the clock alone: %q, %q", base.Version, again.Version)
	}
	unseen := showcase()
	unseen[0].OrgID, unseen[0].ID = "other", "other"
	if got := assemble(noon, unseen...); got.Version != base.Version {
		t.Errorf("the version moved with what the claim does not show")
	}
	seen := showcase()
	seen[0].PlanName = "Pro+"
	if got := assemble(noon, seen...); got.Version == base.Version {
		t.Errorf("the version did not move with the plan's name")
	}
	if got, want := assemble(noon).Version, "T1PNoYwrqgwDVLtf"; got != want {
		t.Errorf("version of the empty claim %q, want %q: apps keep it across releases", got, want)
	}
}
