package pricing_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/wolfieauth/wolfieauth/billing"
)

func TestPlansPageShowsWhatIsSold(t *testing.T) {
	t.Parallel()
	b := setup(t)
	a := b.browser().get("/billing/acme-crm")
	a.wants(t, http.StatusOK, "CRM, który się opłaca", "Bez umów na lata.", "PLN 49", "PLN 99", "/ month", "per user",
		"14 days free", "Start 14-day trial", "Recommended", "Acme Mail", "E-faktury KSeF", "1 user: PLN 30 / month",
		"Sold by Acme sp. z o.o.", "PL5260001246", "Test mode", "Paid yearly: PLN 198 a year less (16%)", "/billing/acme-crm/brand.css")
	a.lacks(t, "Tajny", "PLN 55")
	if team, starter, pro := strings.Index(a.body, `id="plan-team"`), strings.Index(a.body, `id="plan-starter"`), strings.Index(a.body, `id="plan-pro"`); team > starter || starter > pro {
		t.Errorf("cards are not in order of price: team %d, starter %d, pro %d", team, starter, pro)
	}
	if got := a.header.Get("Set-Cookie"); got != "" {
		t.Errorf("an anonymous visitor got a cookie: %s", got)
	}
}

func TestPlansPageInPolish(t *testing.T) {
	t.Parallel()
	b := setup(t)
	a := b.browser().get("/billing/acme-crm?interval=year&seats=14&lang=pl")
	a.wants(t, http.StatusOK, "990 zł", "/ rok", "Oszczędzasz 198 zł rocznie (16%)", "14 użytkowników: 420 zł / miesiąc", "za użytkownika", "tylko płatność miesięczna")
}

// A plan with a maximum offers no more seats than that, and says so to whoever asks for more all the same.
func TestPlanWithAMaximum(t *testing.T) {
	t.Parallel()
	b := setup(t)
	for i := range b.shop.catalog.Plans {
		if b.shop.catalog.Plans[i].Slug == "team" {
			b.shop.catalog.Plans[i].MaxSeats = 20
		}
	}
	b.browser().get("/billing/acme-crm").wants(t, http.StatusOK, `max="20"`)
	b.shop.startErr = &billing.SeatCapError{Cap: 20, Reason: billing.CapPlan}
	br := b.signedIn(ownOrg)
	form := url.Values{"price_id": {teamPLN}, "quantity": {"21"}}
	br.post("/billing/acme-crm/checkout", form).wants(t, http.StatusUnprocessableEntity, "more seats than this plan allows: at most 20", `value="21"`)
	br.post("/billing/acme-crm/checkout?lang=pl", form).wants(t, http.StatusUnprocessableEntity, "najwyżej 20")
}

func TestDeepLinks(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, query string
		has, hasNot []string
	}{
		{"currency", "currency=EUR", []string{"€24", "Not sold in EUR."}, []string{"PLN 99"}},
		{"unknown currency", "currency=zzz", []string{"PLN 99"}, nil},
		{"country", "country=DE", []string{"PLN 55"}, []string{">PLN 49"}},
		{"seats", "seats=7", []string{"7 users: PLN 210 / month"}, nil},
		{"no seats", "seats=5e3", []string{"must be a whole number", `value="5e3"`}, nil},
		{"plan", "plan=pro", []string{"Your choice"}, []string{"You chose Pro"}},
		{"a plan that is on sale no more", "plan=archived-long-ago", []string{"The plan in your link is no longer sold"}, []string{"Your choice"}},
		{"a plan of a bundle or the app", "plan=pro", nil, []string{"no longer sold"}},
		{"hidden plan by its name", "plan=secret", []string{"Tajny"}, nil},
		{"price", "price_id=" + proYear, []string{"PLN 990", "Your choice"}, nil},
		{"update total without JavaScript", "price_id=" + teamPLN + "&quantity=7&return_to=https://crm.acme.test/x", []string{"7 users: PLN 210", `value="https://crm.acme.test/x"`}, nil},
		{"update total on the yearly side", "price_id=" + teamPLN + "&quantity=7&interval=year", []string{"7 users: PLN 210", "PLN 990"}, nil},
		{"our place to return to", "return_to=https://crm.acme.test/x", []string{`value="https://crm.acme.test/x"`}, []string{"ignored"}},
		{"foreign place to return to", "return_to=https://evil.test/", []string{"has not registered"}, []string{"evil.test"}},
		{"script in the plan", "plan=%3Cscript%3Ealert(1)%3C/script%3E", nil, []string{"<script>alert"}},
	}
	b := setup(t)
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			a := b.browser().get("/billing/acme-crm?" + tt.query)
			a.wants(t, http.StatusOK, tt.has...)
			main, _, _ := strings.Cut(a.body, "site-footer")
			_, main, _ = strings.Cut(main, "<main")
			answer{body: main}.lacks(t, tt.hasNot...)
		})
	}
}

func TestCountryHeaderFromNobody(t *testing.T) {
	t.Parallel()
	b := setup(t)
	a := b.browser().get("/billing/acme-crm", "Cf-Ipcountry", "DE")
	a.wants(t, http.StatusOK, "PLN 49")
	a.lacks(t, "PLN 55")
}

func TestPagesWithoutAnythingToSell(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.browser().get("/billing/nobody").wants(t, http.StatusNotFound, "No such app", "nobody", "acme-crm")
	b.shop.catalog.Plans = nil
	b.browser().get("/billing/acme-crm").wants(t, http.StatusOK, "Nothing for sale yet")
	b.shop.err = billing.ErrBillingOff
	b.browser().get("/billing/acme-crm").wants(t, http.StatusNotFound, "Acme CRM sells nothing here")
	b.browser().post("/billing/acme-crm/checkout", url.Values{"price_id": {proPLN}}).wants(t, http.StatusNotFound, "sells nothing")
}

func TestCurrentPlanIsMarked(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.shop.held[billing.Scope{Kind: billing.ScopeApp, ID: "acme-crm"}] = proHeld(billing.StatusActive)
	a := b.signedIn(ownOrg).get("/billing/acme-crm")
	a.wants(t, http.StatusOK, "Your plan", "Renews on 22 December 2026", "Manage subscription", "You have Pro. You see the exact charge before you switch.", "Switch to Team", `action="/billing/acme-crm/portal"`)
	b.shop.held[billing.Scope{Kind: billing.ScopeApp, ID: "acme-crm"}] = proHeld(billing.StatusPastDue)
	b.signedIn(ownOrg).get("/billing/acme-crm").wants(t, http.StatusOK, "The last payment failed", "Update payment")
}

func TestBrandStylesheet(t *testing.T) {
	t.Parallel()
	b := setup(t)
	a := b.browser().get("/billing/acme-crm/brand.css")
	a.wants(t, http.StatusOK, "--accent:#7a1f5c", `.plan[data-plan="pro"]{--plan:#0f5f52}`)
	b.browser().get("/billing/acme-crm/brand.css", "If-None-Match", a.header.Get("ETag")).wants(t, http.StatusNotModified)
}
