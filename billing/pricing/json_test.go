package pricing_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/wolfieauth/wolfieauth/billing"
	"github.com/wolfieauth/wolfieauth/claims"
)

func TestPlansJSON(t *testing.T) {
	t.Parallel()
	b := setup(t)
	a := b.browser().get("/api/billing/acme-crm/plans?seats=14&country=DE")
	a.wants(t, http.StatusOK, `"country":"DE"`, `"quote":{"seats":14,"total":42000}`, germanPLN, `"slug":"acme-suite"`, `"apps":["acme-crm","acme-mail"]`)
	a.lacks(t, starterPLN, secretPLN)
	a.keeps(t, "plans")
	if got := a.header.Get("Access-Control-Allow-Origin"); got != "*" {
		t.Errorf("Access-Control-Allow-Origin %q", got)
	}
	if a.header.Get("Access-Control-Allow-Credentials") != "" || a.header.Get("Set-Cookie") != "" {
		t.Error("a public answer has to do with credentials")
	}
	again := b.browser().get("/api/billing/acme-crm/plans?seats=14&country=DE", "If-None-Match", a.header.Get("ETag"))
	again.wants(t, http.StatusNotModified)
	if other := b.browser().get("/api/billing/acme-crm/plans"); other.header.Get("ETag") == a.header.Get("ETag") {
		t.Error("another answer has the same ETag")
	}
	v1 := b.browser().get("/v1/billing/plans?client_id=acme-crm&seats=14&country=DE")
	if v1.body != a.body {
		t.Errorf("the two addresses differ:\n%s\n%s", v1.body, a.body)
	}
	pre := b.browser().do(http.MethodOptions, "/api/billing/acme-crm/plans", "", "Origin", "https://acme.test", "Access-Control-Request-Headers", "if-none-match")
	pre.wants(t, http.StatusNoContent)
}

func TestPlansJSONOfTiers(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.shop.catalog.Plans[2].Prices[0] = tiered(billing.SchemeGraduated)
	b.shop.catalog.App.Color, b.shop.catalog.App.LogoURL = "", "/apps/acme-crm/logo"
	a := b.browser().get("/api/billing/acme-crm/plans?seats=14")
	a.wants(t, http.StatusOK, `"amount":null`, `"tiers":[{"upTo":10,"unitAmount":9900,"flatAmount":0},{"upTo":null,"unitAmount":8900,"flatAmount":0}]`,
		`"total":134600`, `"color":null`, `"logoUrl":"http://localhost:`)
	a.keeps(t, "plans")
	b.browser().get("/billing/acme-crm").wants(t, http.StatusOK, "from", "PLN 89", "1–10", "11&#43;", "For example 15 users: 10 × PLN 99 &#43; 5 × PLN 89 = PLN 1,435")
}

func tiered(scheme billing.Scheme) billing.Price {
	ten := int64(10)
	p := price(teamPLN, 0, "PLN", billing.IntervalMonth)
	p.PerSeat, p.SeatLabel, p.Scheme = true, "user", scheme
	p.Tiers = []billing.Tier{{UpTo: &ten, UnitAmount: 9900}, {UnitAmount: 8900}}
	return p
}

func TestPlansJSONRefusals(t *testing.T) {
	t.Parallel()
	b := setup(t)
	tests := []struct {
		path   string
		status int
		has    string
	}{
		{"/api/billing/acme-crm/plans?seats=0", 422, `"field":"seats"`},
		{"/api/billing/acme-crm/plans?seats=5e3", 422, `"field":"seats"`},
		{"/api/billing/acme-crm/plans?country=Poland", 422, `"code":"unknown_country"`},
		{"/api/billing/acme-crm/plans?currency=zzz", 422, `"code":"unknown_currency"`},
		{"/api/billing/nobody/plans", 404, `"code":"app_not_found"`},
		{"/v1/billing/plans", 422, `"field":"client_id"`},
	}
	for _, tt := range tests {
		a := b.browser().get(tt.path)
		a.wants(t, tt.status, tt.has)
		a.keeps(t, "problem")
	}
	b.shop.err = billing.ErrBillingOff
	b.browser().get("/api/billing/acme-crm/plans").wants(t, http.StatusNotFound, `"code":"billing_off"`)
}

func TestCheckoutV1(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, body string
		fail       error
		status     int
		has        []string
	}{
		{"price", `{"priceId":"` + teamPLN + `","quantity":7,"returnTo":"https://crm.acme.test/x"}`, nil, 201, []string{hosted}},
		{"plan", `{"planId":"0199dddd-0000-7000-8000-000000000001","interval":"yearly","currency":"pln"}`, nil, 201, []string{checkoutID}},
		{"nothing", `{}`, nil, 422, []string{`"field":"priceId"`, `"field":"interval"`}},
		{"both", `{"priceId":"a","planId":"b"}`, nil, 422, []string{`"invalid_input"`}},
		{"unknown member", `{"priceId":"a","amount":1}`, nil, 400, []string{`"field":"amount"`, `"invalid_json"`}},
		{"text for a number", `{"priceId":"` + teamPLN + `","quantity":"5e3"}`, nil, 400, []string{`"field":"quantity"`, `"invalid_json"`}},
		{"list for a text", `{"priceId":["` + teamPLN + `"]}`, nil, 400, []string{`"field":"priceId"`}},
		{"half", `{"priceId":"` + teamPLN + `","quantity":1.5}`, nil, 422, []string{`"quantity_invalid"`}},
		{"exponent", `{"priceId":"` + teamPLN + `","quantity":5e3}`, nil, 422, []string{`"quantity_invalid"`}},
		{"none", `{"priceId":"` + teamPLN + `","quantity":0}`, nil, 422, []string{`"quantity_invalid"`}},
		{"negative", `{"priceId":"` + teamPLN + `","quantity":-1}`, nil, 422, []string{`"quantity_invalid"`}},
		{"too many", `{"priceId":"` + teamPLN + `","quantity":1000000000}`, nil, 422, []string{`"quantity_invalid"`}},
		{"no JSON", `{"priceId":`, nil, 400, []string{`"invalid_json"`}},
		{"null", `null`, nil, 400, []string{`"invalid_json"`}},
		{"two values", `{} {}`, nil, 400, []string{`"invalid_json"`}},
		{"foreign price", `{"priceId":"0199ffff-0000-7000-8000-000000000001"}`, nil, 404, []string{`"price_not_found"`}},
		{"another country's", `{"priceId":"` + germanPLN + `"}`, billing.ErrPriceCountry, 422, []string{`"price_not_in_country"`}},
		{"no country", `{"priceId":"` + teamPLN + `","country":"Germany"}`, nil, 422, []string{`"field":"country"`, `"unknown_country"`}},
		{"interval", `{"planId":"x","interval":"daily"}`, nil, 422, []string{`"field":"interval"`}},
		{"currency", `{"planId":"x","interval":"monthly","currency":"zzz"}`, nil, 422, []string{`"unknown_currency"`}},
		{"foreign return", `{"priceId":"` + proPLN + `","returnTo":"https://evil.test/"}`, nil, 422, []string{`"return_to_not_registered"`}},
		{"subscribed", `{"priceId":"` + proPLN + `"}`, &billing.SubscribedError{}, 409, []string{`"already_subscribed"`, `/billing/acme-crm/switch?org_id=`}},
		{"members", `{"priceId":"` + teamPLN + `","quantity":2}`, billing.ErrSeatsBelowMembers, 422, []string{`"members":5`}},
		{"maximum", `{"priceId":"` + teamPLN + `","quantity":21}`, &billing.SeatCapError{Cap: 20, Reason: billing.CapPlan}, 422, []string{`"seats_above_maximum"`, `"maximum":20`}},
		{"archived", `{"priceId":"` + proPLN + `"}`, billing.ErrPlanArchived, 410, []string{`"plan_archived"`}},
		{"retired", `{"priceId":"` + proPLN + `"}`, billing.ErrPriceRetired, 410, []string{`"price_retired"`}},
		{"no key", `{"priceId":"` + proPLN + `"}`, billing.ErrStripeNotConfigured, 503, []string{`"stripe_not_configured"`}},
		{"away", `{"priceId":"` + proPLN + `"}`, billing.ErrStripeUnavailable, 503, []string{`"stripe_unavailable"`}},
		{"refused", `{"priceId":"` + proPLN + `"}`, billing.ErrStripeRefused, 502, []string{`"stripe_refused"`}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			b := setup(t)
			b.shop.startErr, b.who.members = tt.fail, 5
			a := b.browser().api(http.MethodPost, "/v1/billing/checkout", tt.body)
			a.wants(t, tt.status, tt.has...)
			contract := "problem"
			if tt.status == http.StatusCreated {
				contract = "checkout-response"
			}
			a.keeps(t, contract)
			if refused := tt.fail == nil && tt.status >= 400 && tt.status != 404; refused && b.shop.request != nil {
				t.Error("a refused wish reached billing")
			}
		})
	}
}

func TestCheckoutV1AsksForTokenAndOrg(t *testing.T) {
	t.Parallel()
	b := setup(t)
	body := `{"priceId":"` + proPLN + `"}`
	a := b.browser().do(http.MethodPost, "/v1/billing/checkout", body, "Content-Type", "application/json")
	a.wants(t, http.StatusUnauthorized, `"unauthorized"`)
	a.keeps(t, "problem")
	a = b.browser().do(http.MethodPost, "/v1/billing/checkout", body, "Content-Type", "application/json", "Authorization", "Bearer stolen")
	a.wants(t, http.StatusUnauthorized, `"token_invalid"`)
	a.keeps(t, "problem")
	if got := a.header.Get("Www-Authenticate"); !strings.Contains(got, "invalid_token") {
		t.Errorf("WWW-Authenticate %q", got)
	}
	// A session is no proof here.
	b.signedIn(ownOrg).do(http.MethodPost, "/v1/billing/checkout", body, "Content-Type", "application/json").wants(t, http.StatusUnauthorized)
	b.who.orgID = alienOrg
	a = b.browser().api(http.MethodPost, "/v1/billing/checkout", body)
	a.wants(t, http.StatusForbidden, `"forbidden"`)
	a.keeps(t, "problem")
	b.who.orgID = "-"
	b.browser().api(http.MethodPost, "/v1/billing/checkout", body).wants(t, http.StatusCreated)
	if b.shop.buyer.OrgID != ownOrg {
		t.Errorf("bought for %s", b.shop.buyer.OrgID)
	}
}

func TestPortalV1(t *testing.T) {
	t.Parallel()
	b := setup(t)
	a := b.browser().api(http.MethodPost, "/v1/billing/portal", `{"returnTo":"https://crm.acme.test/settings"}`)
	a.wants(t, http.StatusCreated, portalURL)
	a.keeps(t, "portal-response")
	b.browser().api(http.MethodPost, "/v1/billing/portal", "").wants(t, http.StatusCreated)
	b.browser().api(http.MethodPost, "/v1/billing/portal", `{"returnTo":"https://evil.test"}`).wants(t, http.StatusUnprocessableEntity, "return_to_not_registered")
	b.browser().api(http.MethodPost, "/v1/billing/portal", `{"returnTo":5}`).wants(t, http.StatusBadRequest, `"field":"returnTo"`)
}

func TestSubscriptionV1(t *testing.T) {
	t.Parallel()
	b := setup(t)
	unpaid := time.Date(2026, 11, 20, 9, 0, 0, 0, time.UTC)
	late := proHeld(billing.StatusPastDue)
	late.OldestUnpaidAt = &unpaid
	b.shop.bought = []billing.Bought{proHeld(billing.StatusActive), late, proHeld(billing.StatusCanceled)}
	a := b.browser().api(http.MethodGet, "/v1/billing/subscription", "")
	a.wants(t, http.StatusOK, `"status":"ACTIVE"`, `"currentPeriodEnd":"2026-12-22T10:00:00Z"`, `"graceUntil":"2026-11-27T09:00:00Z"`, `"status":"CANCELED"`)
	a.keeps(t, "subscription")
	b.shop.bought = nil
	b.browser().api(http.MethodGet, "/v1/billing/subscription", "").keeps(t, "subscription")
}

func TestEntitlementsV1(t *testing.T) {
	t.Parallel()
	b := setup(t)
	held := claims.Assemble(claims.Input{BillingEnabled: true, HasUser: true, ClientID: "acme-crm", Now: time.Now(), Sources: []claims.Source{{Kind: claims.SourceComp, PlanSlug: "pro", PlanName: "Pro"}}})
	b.who.result = &held
	a := b.browser().api(http.MethodGet, "/v1/billing/entitlements", "")
	a.wants(t, http.StatusOK, `"planSlug":"pro"`)
	a.keeps(t, "entitlements")
	var doc struct{ Version string }
	if err := json.Unmarshal([]byte(a.body), &doc); err != nil || a.header.Get("ETag") != `"`+doc.Version+`"` {
		t.Errorf("ETag %q for version %q (%v)", a.header.Get("ETag"), doc.Version, err)
	}
	b.browser().api(http.MethodGet, "/v1/billing/entitlements", "", "If-None-Match", a.header.Get("ETag")).wants(t, http.StatusNotModified)
	b.who.result = &claims.Result{}
	b.browser().api(http.MethodGet, "/v1/billing/entitlements", "").wants(t, http.StatusNotFound, "billing_off")
}
