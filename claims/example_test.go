package claims_test

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/wolfieauth/wolfieauth/claims"
)

// idToken stands for a verified *oidc.IDToken of github.com/coreos/go-oidc,
// whose Claims method decodes the payload in this way.
type idToken struct{ payload []byte }

func (t idToken) Claims(v any) error { return json.Unmarshal(t.payload, v) }

var verified = idToken{[]byte(`{
	"iss": "https://auth.example", "sub": "u1", "aud": "acme-crm",
	"wolfieauth_plans": [{
		"planSlug": "pro", "planName": "Pro", "status": "ACTIVE", "appClientId": "acme-crm",
		"features": ["ksef_enabled"], "allFeatures": false, "currentPeriodEnd": "2026-12-22T10:00:00Z"
	}],
	"wolfieauth_plans_ver": "c29tZXZlcnNpb24x"
}`)}

// Decode a verified ID token into a struct of your own and gate on a feature.
func Example() {
	var user struct {
		Subject string `json:"sub"`
		claims.TokenClaims
	}
	if err := verified.Claims(&user); err != nil {
		fmt.Println("refuse:", err)
		return
	}
	fmt.Println(user.Subject)
	fmt.Println("invoices to KSeF:", claims.HasActiveFeature(user.Plans, "ksef_enabled"))
	fmt.Println("exports:", claims.HasActiveFeature(user.Plans, "pro_export"))
	// Output:
	// u1
	// invoices to KSeF: true
	// exports: false
}

func ExampleActivePlan() {
	var token claims.TokenClaims
	if err := verified.Claims(&token); err != nil {
		fmt.Println("refuse:", err)
		return
	}
	if plan, ok := claims.ActivePlan(token.Plans); ok {
		fmt.Println("You are on", plan.PlanName)
	}
	// Output: You are on Pro
}

func ExampleHasActivePlan() {
	plans := []claims.Plan{{PlanSlug: "team", Status: claims.StatusPastDue}}
	fmt.Println(claims.HasActivePlan(plans, "pro", "team"), claims.HasActivePlan(plans, "pro"))
	// Output: true false
}

// A comp without listed features opens all of them; a paid plan none.
func ExampleHasActiveFeature() {
	comped := []claims.Plan{{PlanSlug: "comp", Status: claims.StatusActive, AllFeatures: true}}
	bought := []claims.Plan{{PlanSlug: "starter", Status: claims.StatusActive}}
	fmt.Println(claims.HasActiveFeature(comped, "pro_export"), claims.HasActiveFeature(bought, "pro_export"))
	// Output: true false
}

// Parse reads any JSON that carries the claims, such as a userinfo answer.
func ExampleParse() {
	token, err := claims.Parse([]byte(`{"sub":"u1","wolfieauth_plans":"pro"}`))
	fmt.Println(len(token.Plans), err)
	// Output: 0 malformed wolfieauth_plans: wolfieauth_plans: json: cannot unmarshal string into Go value of type []claims.Plan
}

func ExampleParseMap() {
	token, err := claims.ParseMap(map[string]any{
		"sub":                "u1",
		claims.ClaimPlans:    []any{map[string]any{"planSlug": "pro", "status": "TRIALING"}},
		"another_claim_here": 42,
	})
	fmt.Println(token.Plans[0].PlanSlug, token.Plans[0].Status, err)
	// Output: pro TRIALING <nil>
}

func ExampleAssemble() {
	end := time.Date(2026, 12, 22, 10, 0, 0, 0, time.UTC)
	result := claims.Assemble(claims.Input{
		BillingEnabled: true, HasUser: true, ClientID: "acme-crm", Now: end.AddDate(0, 0, -1),
		Sources: []claims.Source{{
			Kind: claims.SourceSubscription, StripeStatus: "active", Recurring: true,
			PlanSlug: "pro", PlanName: "Pro", Features: []string{"ksef_enabled"}, CurrentPeriodEnd: &end,
		}},
	})
	token := map[string]any{"sub": "u1"}
	claims.SafeMerge(token, result)
	raw, err := json.Marshal(token[claims.ClaimPlans])
	fmt.Println(string(raw), err)
	// Output: [{"planSlug":"pro","planName":"Pro","status":"ACTIVE","appClientId":"acme-crm","features":["ksef_enabled"],"allFeatures":false,"currentPeriodEnd":"2026-12-22T10:00:00Z"}] <nil>
}
