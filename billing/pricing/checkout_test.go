package pricing_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/wolfieauth/wolfieauth/billing"
)

func TestCheckoutOfStrangerGoesThroughSignIn(t *testing.T) {
	t.Parallel()
	b := setup(t)
	a := b.browser().post("/billing/acme-crm/checkout", url.Values{"price_id": {teamPLN}, "quantity": {"7"}, "return_to": {"https://crm.acme.test/back?a=1"}})
	a.wants(t, http.StatusSeeOther)
	to, err := url.Parse(a.header.Get("Location"))
	if err != nil || to.Path != "/login" || to.Host != "" {
		t.Fatalf("Location %q", a.header.Get("Location"))
	}
	back := to.Query().Get("next")
	page := b.signedIn(ownOrg).get(back)
	page.wants(t, http.StatusOK, "You chose Team", "7 users: PLN 210 / month", "Continue to payment", `value="https://crm.acme.test/back?a=1"`, teamPLN)
	if b.shop.request != nil {
		t.Error("a stranger reached the checkout")
	}
}

func TestStrangerIsToldBeforeSigningIn(t *testing.T) {
	t.Parallel()
	b := setup(t)
	for _, form := range []url.Values{{}, {"price_id": {"nothing"}}, {"price_id": {teamPLN}, "quantity": {"0"}}, {"price_id": {germanPLN}}} {
		b.browser().post("/billing/acme-crm/checkout", form).wants(t, http.StatusUnprocessableEntity)
	}
}

func TestCheckoutSendsToHostedPage(t *testing.T) {
	t.Parallel()
	b := setup(t)
	a := b.signedIn(teamOrg).post("/billing/acme-crm/checkout", url.Values{"price_id": {teamPLN}, "quantity": {"7"}, "return_to": {"https://crm.acme.test/back"}})
	a.wants(t, http.StatusSeeOther)
	if got := a.header.Get("Location"); got != hosted {
		t.Errorf("Location %q", got)
	}
	req := b.shop.request
	if b.shop.buyer.OrgID != teamOrg || b.shop.buyer.UserID != userID || req.PriceID != teamPLN || *req.Quantity != 7 || req.ReturnTo != "https://crm.acme.test/back" || req.Country != "" {
		t.Errorf("asked %+v %+v", b.shop.buyer, req)
	}
}

func TestCheckoutForAnOrg(t *testing.T) {
	t.Parallel()
	b := setup(t)
	br := b.signedIn(teamOrg)
	br.post("/billing/acme-crm/checkout", url.Values{"price_id": {proPLN}, "org_id": {ownOrg}}).wants(t, http.StatusSeeOther)
	if b.shop.buyer.OrgID != ownOrg {
		t.Errorf("bought for %s", b.shop.buyer.OrgID)
	}
	b.shop.request = nil
	br.post("/billing/acme-crm/checkout", url.Values{"price_id": {proPLN}, "org_id": {alienOrg}}).wants(t, http.StatusForbidden)
	if b.shop.request != nil {
		t.Error("bought for somebody else's org")
	}
	// An active org where the person may not buy gives way to the personal one.
	b.signedIn(alienOrg).post("/billing/acme-crm/checkout", url.Values{"price_id": {proPLN}}).wants(t, http.StatusSeeOther)
	if b.shop.buyer.OrgID != ownOrg {
		t.Errorf("bought for %s", b.shop.buyer.OrgID)
	}
}

func TestCheckoutRefusals(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		form   url.Values
		fail   error
		status int
		has    []string
	}{
		{"no seats", url.Values{"price_id": {teamPLN}, "quantity": {"0"}}, nil, 422, []string{"must be a whole number", `value="0"`, "Team:"}},
		{"negative seats", url.Values{"price_id": {teamPLN}, "quantity": {"-1"}}, nil, 422, []string{`value="-1"`}},
		{"half a seat", url.Values{"price_id": {teamPLN}, "quantity": {"1.5"}}, nil, 422, []string{`value="1.5"`}},
		{"exponent", url.Values{"price_id": {teamPLN}, "quantity": {"5e3"}}, nil, 422, []string{`value="5e3"`}},
		{"a thousand million", url.Values{"price_id": {teamPLN}, "quantity": {"1000000000"}}, nil, 422, []string{`value="1000000000"`}},
		{"foreign price", url.Values{"price_id": {"0199ffff-0000-7000-8000-000000000001"}}, nil, 422, []string{"no such price"}},
		{"no price", url.Values{}, nil, 422, []string{"no such price"}},
		{"another country's price", url.Values{"price_id": {germanPLN}}, nil, 422, []string{"not offered in your country"}},
		{"global price where the country has its own", url.Values{"price_id": {starterPLN}, "country": {"DE"}}, nil, 422, []string{"not offered in your country"}},
		{"foreign return", url.Values{"price_id": {proPLN}, "return_to": {"https://evil.test"}}, nil, 422, []string{"not registered"}},
		{"archived", url.Values{"price_id": {proPLN}}, billing.ErrPlanArchived, 422, []string{"no longer sold"}},
		{"subscribed", url.Values{"price_id": {proPLN}}, &billing.SubscribedError{}, 409, []string{"already have a plan"}},
		{"fewer than members", url.Values{"price_id": {teamPLN}, "quantity": {"2"}}, billing.ErrSeatsBelowMembers, 422, []string{"fewer seats", `value="2"`}},
		{"no key", url.Values{"price_id": {proPLN}}, billing.ErrStripeNotConfigured, 503, []string{"not set up"}},
		{"stripe away", url.Values{"price_id": {proPLN}}, billing.ErrStripeUnavailable, 503, []string{"did not answer"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			b := setup(t)
			b.shop.startErr = tt.fail
			b.signedIn(ownOrg).post("/billing/acme-crm/checkout", tt.form).wants(t, tt.status, tt.has...)
		})
	}
}

func TestCrossSitePostIsRefused(t *testing.T) {
	t.Parallel()
	b := setup(t)
	a := b.signedIn(ownOrg).do(http.MethodPost, "/billing/acme-crm/checkout", "price_id="+proPLN,
		"Content-Type", "application/x-www-form-urlencoded", "Sec-Fetch-Site", "cross-site", "Origin", "https://evil.test")
	a.wants(t, http.StatusForbidden)
	if b.shop.request != nil {
		t.Error("another site bought something")
	}
}

func TestPortal(t *testing.T) {
	t.Parallel()
	b := setup(t)
	a := b.signedIn(ownOrg).post("/billing/acme-crm/portal", url.Values{"org_id": {teamOrg}})
	a.wants(t, http.StatusSeeOther)
	if a.header.Get("Location") != portalURL || b.shop.buyer.OrgID != teamOrg {
		t.Errorf("Location %q for %s", a.header.Get("Location"), b.shop.buyer.OrgID)
	}
	stranger := b.browser().post("/billing/acme-crm/portal", nil)
	if got := stranger.header.Get("Location"); !strings.HasPrefix(got, "/login?next=%2Fbilling%2Facme-crm") {
		t.Errorf("Location %q", got)
	}
}

func TestReturn(t *testing.T) {
	t.Parallel()
	row := billing.Checkout{ID: checkoutID, OrgID: ownOrg, ClientID: "acme-crm", PlanID: "0199dddd-0000-7000-8000-000000000001", URL: hosted}
	withReturn := row
	withReturn.ReturnTo = "https://crm.acme.test/back?x=%2F&y"
	evil := row
	evil.ReturnTo = "https://evil.test/"
	foreign := row
	foreign.OrgID = alienOrg
	other := row
	other.ClientID = "acme-mail"
	tests := []struct {
		name     string
		row      billing.Checkout
		state    billing.FinishState
		query    string
		status   int
		location string
		has      []string
	}{
		{"bought", row, billing.FinishSuccess, "", 200, "", []string{"Zofia Nowak now has Pro in Acme CRM"}},
		{"bought, back to the app", withReturn, billing.FinishSuccess, "", 303, "https://crm.acme.test/back?x=%2F&y&checkout=success", nil},
		{"bought, though the browser says cancelled", withReturn, billing.FinishSuccess, "?cancelled=1", 303, "https://crm.acme.test/back?x=%2F&y&checkout=success", nil},
		{"gave up", row, billing.FinishOpen, "?cancelled=1", 200, "", []string{"Nothing was charged", hosted}},
		{"gave up, back to the app", withReturn, billing.FinishOpen, "?cancelled=1", 303, "https://crm.acme.test/back?x=%2F&y&checkout=cancelled", nil},
		{"waiting", row, billing.FinishPending, "", 200, "", []string{`http-equiv="refresh"`, "tries=1"}},
		{"waiting for long", row, billing.FinishPending, "?tries=8", 200, "", []string{"need not pay again"}},
		{"says paid, is open", row, billing.FinishOpen, "?tries=3", 200, "", []string{"tries=4"}},
		{"paid twice", withReturn, billing.FinishGivenBack, "", 200, "", []string{"given back"}},
		{"origin no longer registered", evil, billing.FinishSuccess, "", 200, "", []string{"now has Pro"}},
		{"somebody else's", foreign, billing.FinishSuccess, "", 404, "", nil},
		{"another app's", other, billing.FinishSuccess, "", 404, "", nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			b := setup(t)
			b.shop.outcome = billing.CheckoutOutcome{Checkout: tt.row, State: tt.state}
			a := b.signedIn(ownOrg).get("/billing/acme-crm/return/" + checkoutID + tt.query)
			a.wants(t, tt.status, tt.has...)
			if got := a.header.Get("Location"); got != tt.location {
				t.Errorf("Location %q, want %q", got, tt.location)
			}
		})
	}
}

func TestReturnOfStrangerNamesNothing(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.shop.outcome = billing.CheckoutOutcome{State: billing.FinishSuccess, Checkout: billing.Checkout{ID: checkoutID, OrgID: ownOrg, ClientID: "acme-crm", PlanID: "0199dddd-0000-7000-8000-000000000001"}}
	a := b.browser().get("/billing/acme-crm/return?checkout=" + checkoutID)
	a.wants(t, http.StatusOK, "The plan in Acme CRM is open")
	a.lacks(t, "Zofia", "Pro ")
}

func TestAddressOfRefusedPurchaseLeadsBack(t *testing.T) {
	t.Parallel()
	b := setup(t)
	a := b.browser().get("/billing/acme-crm/checkout?lang=pl")
	a.wants(t, http.StatusSeeOther)
	if got := a.header.Get("Location"); got != "/billing/acme-crm?lang=pl" {
		t.Errorf("Location %q", got)
	}
	evil := b.browser().get("/billing/%2F%2Fevil.test/checkout")
	if got := evil.header.Get("Location"); !strings.HasPrefix(got, "/billing/") {
		t.Errorf("Location %q", got)
	}
}
