package claims_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wolfieauth/wolfieauth/claims"
)

func TestWhatIsIssuedIsReadBack(t *testing.T) {
	t.Parallel()
	result := assemble(noon, showcase()...)
	want := claims.TokenClaims{Plans: result.Plans, Version: result.Version}
	raw := tokenJSON(t, result)

	parsed, err := claims.Parse(raw)
	if diff := cmp.Diff(want, parsed); diff != "" || err != nil {
		t.Errorf("Parse: %v %s", err, diff)
	}
	var decoded claims.TokenClaims
	err = json.Unmarshal(raw, &decoded)
	if diff := cmp.Diff(want, decoded); diff != "" || err != nil {
		t.Errorf("json.Unmarshal: %v %s", err, diff)
	}
	var generic map[string]any
	if err := json.Unmarshal(raw, &generic); err != nil {
		t.Fatal(err)
	}
	mapped, err := claims.ParseMap(generic)
	if diff := cmp.Diff(want, mapped); diff != "" || err != nil {
		t.Errorf("ParseMap: %v %s", err, diff)
	}
}

func TestParseTolerates(t *testing.T) {
	t.Parallel()
	minimal := claims.Plan{PlanSlug: "pro", Status: "ACTIVE", Features: []string{}}
	for _, tc := range []struct {
		name, raw string
		want      claims.TokenClaims
	}{
		{"no claim", `{"sub":"u1"}`, claims.TokenClaims{}},
		{"a null claim", `{"wolfieauth_plans":null,"wolfieauth_plans_ver":null}`, claims.TokenClaims{}},
		{"an empty claim", `{"wolfieauth_plans":[]}`, claims.TokenClaims{Plans: []claims.Plan{}}},
		{"keys of a newer issuer", `{"wolfieauth_plans":[{"planSlug":"pro","status":"ACTIVE","colour":{"a":[1]}}]}`, claims.TokenClaims{Plans: []claims.Plan{minimal}}},
		{"null for what is not known", `{"wolfieauth_plans":[{"planSlug":"pro","status":"ACTIVE","features":null,"seats":null,"trialEnd":null}]}`, claims.TokenClaims{Plans: []claims.Plan{minimal}}},
		{"a foreign claim that differs in case", `{"Wolfieauth_Plans":[{"planSlug":"pro","status":"ACTIVE"}],"WOLFIEAUTH_PLANS_VER":"x"}`, claims.TokenClaims{}},
		{"a key that differs in case", `{"wolfieauth_plans":[{"planSlug":"pro","status":"ACTIVE","allfeatures":true}]}`, claims.TokenClaims{Plans: []claims.Plan{minimal}}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			got, err := claims.Parse([]byte(tc.raw))
			if diff := cmp.Diff(tc.want, got); diff != "" || err != nil {
				t.Errorf("%v %s", err, diff)
			}
		})
	}
}

func TestParseRefusesWrongTypes(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ name, raw, says string }{
		{"not an object", `[]`, "claims"},
		{"null", `null`, "claims"},
		{"broken", `{"wolfieauth_plans":[`, "claims"},
		{"an object for the array", `{"wolfieauth_plans":{}}`, "wolfieauth_plans"},
		{"a string for the array", `{"wolfieauth_plans":"[]"}`, "wolfieauth_plans"},
		{"a number for the version", `{"wolfieauth_plans_ver":1}`, "wolfieauth_plans_ver"},
		{"a string for an entry", `{"wolfieauth_plans":["pro"]}`, "entry"},
		{"null for an entry", `{"wolfieauth_plans":[null]}`, "entry: null"},
		{"no slug", `{"wolfieauth_plans":[{"status":"ACTIVE"}]}`, "planSlug is missing"},
		{"no status", `{"wolfieauth_plans":[{"planSlug":"pro"}]}`, "status is missing"},
		{"a number for the slug", `{"wolfieauth_plans":[{"planSlug":1,"status":"ACTIVE"}]}`, "planSlug"},
		{"a string for features", `{"wolfieauth_plans":[{"planSlug":"p","status":"ACTIVE","features":"x"}]}`, "features"},
		{"a string for a flag", `{"wolfieauth_plans":[{"planSlug":"p","status":"ACTIVE","allFeatures":"true"}]}`, "allFeatures"},
		{"a number for a time", `{"wolfieauth_plans":[{"planSlug":"p","status":"ACTIVE","currentPeriodEnd":1}]}`, "currentPeriodEnd"},
		{"a day for a time", `{"wolfieauth_plans":[{"planSlug":"p","status":"PAST_DUE","graceUntil":"2026-12-22"}]}`, "graceUntil"},
		{"a time that has five digits in UTC", `{"wolfieauth_plans":[{"planSlug":"p","status":"ACTIVE","currentPeriodEnd":"9999-12-31T23:59:59-01:00"}]}`, "year 10000"},
		{"half a seat", `{"wolfieauth_plans":[{"planSlug":"p","status":"ACTIVE","seats":1.5}]}`, "seats"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			got, err := claims.Parse([]byte(tc.raw))
			if !errors.Is(err, claims.ErrMalformed) || !strings.Contains(err.Error(), tc.says) {
				t.Errorf("error %v, want ErrMalformed about %q", err, tc.says)
			}
			if diff := cmp.Diff(claims.TokenClaims{}, got); diff != "" {
				t.Errorf("something came through: %s", diff)
			}
		})
	}
	if _, err := claims.ParseMap(map[string]any{claims.ClaimPlans: func() {}}); !errors.Is(err, claims.ErrMalformed) {
		t.Errorf("ParseMap of a function: %v", err)
	}
}

func TestHelpers(t *testing.T) {
	t.Parallel()
	none := claims.Plan{PlanSlug: "free", Status: claims.StatusActive}
	pro := claims.Plan{PlanSlug: "pro", Status: claims.StatusPastDue, Features: []string{"export"}}
	wild := claims.Plan{PlanSlug: "comp", Status: claims.StatusActive, AllFeatures: true}
	strange := claims.Plan{PlanSlug: "vip", Status: "FROZEN", AllFeatures: true, Features: []string{"export"}}
	for _, tc := range []struct {
		name          string
		plans         []claims.Plan
		plan, feature bool // holds "pro" or "vip"; has "export"
	}{
		{"nobody signed in", nil, false, false},
		{"a paid plan without features has none", []claims.Plan{none}, false, false},
		{"a late payment still counts", []claims.Plan{none, pro}, true, true},
		{"all features", []claims.Plan{wild}, false, true},
		{"a status of a newer issuer is not held", []claims.Plan{strange}, false, false},
	} {
		if got := claims.HasActivePlan(tc.plans, "vip", "pro"); got != tc.plan {
			t.Errorf("%s: HasActivePlan %v", tc.name, got)
		}
		if got := claims.HasActiveFeature(tc.plans, "export"); got != tc.feature {
			t.Errorf("%s: HasActiveFeature %v", tc.name, got)
		}
	}
	if claims.HasActivePlan([]claims.Plan{strange}) || !claims.HasActivePlan([]claims.Plan{none}) {
		t.Error("without slugs any held plan counts, and only a held one")
	}
	if got, ok := claims.ActivePlan([]claims.Plan{strange, pro, none}); !ok || got.PlanSlug != "pro" {
		t.Errorf("ActivePlan: %v %v, want the first that is held", got, ok)
	}
	if claims.HasActiveFeature([]claims.Plan{wild}, "") {
		t.Error("the empty key is a mistake in the app and must not open anything")
	}
}

func TestHeldAt(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name string
		plan claims.Plan
		want [2]bool // a second before noon, and at noon
	}{
		{"renewing", claims.Plan{Status: "ACTIVE", CurrentPeriodEnd: at(noon)}, [2]bool{true, true}},
		{"without end", claims.Plan{Status: "ACTIVE"}, [2]bool{true, true}},
		{"cancelled", claims.Plan{Status: "ACTIVE", CurrentPeriodEnd: at(noon), CancelAtPeriodEnd: true}, [2]bool{true, false}},
		{"grace", claims.Plan{Status: "PAST_DUE", GraceUntil: at(noon)}, [2]bool{true, false}},
		{"grace of unknown length", claims.Plan{Status: "PAST_DUE"}, [2]bool{true, true}},
		{"not held", claims.Plan{Status: "FROZEN"}, [2]bool{false, false}},
	} {
		got := [2]bool{tc.plan.HeldAt(noon.Add(-time.Second)), tc.plan.HeldAt(noon)}
		if got != tc.want {
			t.Errorf("%s: %v, want %v", tc.name, got, tc.want)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(`{"wolfieauth_plans":[{"planSlug":"pro","status":"ACTIVE","features":["a"],"currentPeriodEnd":"2026-12-22T10:00:00Z"}]}`))
	f.Add([]byte(`{"wolfieauth_plans":[null],"wolfieauth_plans_ver":7}`))
	f.Add([]byte(`{"wolfieauth_plans":[{"planSlug":"p","status":"ACTIVE","currentPeriodEnd":"9999-12-31T23:59:59-01:00"}]}`))
	f.Add([]byte(`null`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		got, err := claims.Parse(raw)
		if err != nil {
			if !errors.Is(err, claims.ErrMalformed) || got.Plans != nil || got.Version != "" {
				t.Fatalf("error %v with %+v", err, got)
			}
			return
		}
		for _, p := range got.Plans {
			if p.Includes("x") && !p.Held() {
				t.Fatalf("a plan that is not held opens a feature: %+v", p)
			}
		}
		again, err := json.Marshal(got)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := claims.Parse(again); err != nil {
			t.Fatalf("own output refused: %s: %v", again, err)
		}
	})
}
