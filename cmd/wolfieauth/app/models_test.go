package app_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/wolfieauth/wolfieauth/claims"
	"github.com/wolfieauth/wolfieauth/cmd/wolfieauth/app/apptest"
	"github.com/wolfieauth/wolfieauth/idp"
)

// modelSales are bought by a person each.
func modelSales(proxy string) []sale {
	const volume, graduated = 14*8900 + 501, 10*9900 + 4*8900
	country := func(code string) url.Values { return url.Values{"country": {code}, "currency": {""}} }
	return []sale{
		{name: "flat", plan: "flat", currency: "PLN", interval: "month", want: 9900},
		{name: "yearly", plan: "flat", currency: "PLN", interval: "year", want: 99_001},
		{name: "another currency", plan: "flat", currency: "EUR", interval: "month", want: 2499},
		{name: "a country's price by choice", plan: "flat", currency: "PLN", interval: "month", want: 7950, query: country("SK")},
		{name: "a country's currency by proxy", plan: "flat", currency: "CZK", interval: "month", want: 45_900, query: country(""), site: proxy},
		{name: "the proxy's word stands against the choice", plan: "flat", currency: "PLN", interval: "month", want: 9900, query: url.Values{"country": {"SK"}}, site: proxy},
		{name: "one seat", plan: "per-seat", currency: "PLN", interval: "month", seats: 1, want: 3333},
		{name: "spare seats", plan: "per-seat", currency: "PLN", interval: "month", seats: 7, want: 7 * 3333},
		{name: "seats without decimals", plan: "per-seat", currency: "JPY", interval: "month", seats: 13, want: 13 * 980},
		{name: "seats with three decimals", plan: "per-seat", currency: "KWD", interval: "month", seats: 13, want: 13 * 1250},
		{name: "volume below", plan: "volume", currency: "PLN", interval: "month", seats: 10, want: 99_000},
		{name: "volume", plan: "volume", currency: "PLN", interval: "month", seats: 14, want: volume},
		{name: "volume without decimals", plan: "volume", currency: "JPY", interval: "month", seats: 6, want: 6*900 + 333},
		{name: "graduated", plan: "graduated", currency: "PLN", interval: "month", seats: 14, want: graduated},
		{name: "graduated, three free", plan: "graduated", currency: "USD", interval: "month", seats: 14, want: 5500},
		{name: "graduated, all of it free", plan: "graduated", currency: "USD", interval: "month", seats: 3, want: 0},
		{name: "graduated with three decimals", plan: "graduated", currency: "KWD", interval: "month", seats: 61, want: 10*99_990 + 10 + 50*89_990 + 79_990},
		{name: "once, for ever", plan: "for-ever", currency: "PLN", interval: "one_time", want: 129_999},
		{name: "free", plan: "free", currency: "PLN", interval: "month", want: 0},
		{name: "free once", plan: "free-once", currency: "PLN", interval: "one_time", want: 0},
		{name: "bundle", plan: "everything", currency: "PLN", interval: "month", want: 14_900, bundle: "models-suite"},
		{name: "bundle by the year", plan: "everything", currency: "PLN", interval: "year", want: 149_000, bundle: "models-suite"},
	}
}

// TestModels sells in every pricing model: page, plans JSON, checkout and invoice agree to the minor unit.
func TestModels(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h *house) {
		h.sellModels(t)
		proxy := h.behindProxy(t, "CZ")
		t.Run("sold", func(t *testing.T) {
			for _, s := range modelSales(proxy) {
				t.Run(s.name, func(t *testing.T) {
					t.Parallel()
					ends := s.interval != "one_time"
					p := s.buy(t, h, h.buyer(t))
					if (p.CurrentPeriodEnd != nil) != ends {
						t.Errorf("the claim ends at %v", p.CurrentPeriodEnd)
					}
					if s.plan == "flat" && (len(p.Features) != 1 || p.Features[0] != "export") {
						t.Errorf("features %v", p.Features)
					}
				})
			}
			t.Run("a bundle opens every app", func(t *testing.T) { t.Parallel(); bundleOpens(t, h) })
			t.Run("members and spare seats", func(t *testing.T) { t.Parallel(); seatsFollowMembers(t, h) })
			t.Run("a foreign country's price is refused", func(t *testing.T) { t.Parallel(); foreignPrice(t, h, proxy) })
		})
		t.Run("a limited purchase lapses", func(t *testing.T) { limitedPurchase(t, h) })
		t.Run("a trial is given once", func(t *testing.T) { trialOnce(t, h) })
		t.Run("a deleted customer may buy again", func(t *testing.T) { deletedCustomer(t, h) })
	})
}

// bundleOpens buys at one app what opens another one too.
func bundleOpens(t *testing.T, h *house) {
	b := h.buyer(t)
	mail := b.SignIn(h.client("acme-mail"), b.email, demoPassword)
	if held := h.held(t, mail); len(held) != 0 {
		t.Fatalf("a newcomer holds %+v", held)
	}
	b.StopAt = ""
	sale{plan: "everything", currency: "PLN", interval: "month", want: 14_900, bundle: "models-suite"}.buy(t, h, b)
	if held := h.held(t, mail); len(held) != 1 || held[0].PlanSlug != "everything" || held[0].AppClientID != "acme-mail" || held[0].Bundle != "models-suite" {
		t.Errorf("the other app of the bundle reads %+v", held)
	}
	crm := b.SignIn(h.client("acme-crm"), b.email, demoPassword)
	if held := h.held(t, crm); len(held) != 0 {
		t.Errorf("an app outside of the bundle reads %+v", held)
	}
}

// seatsFollowMembers buys for an org of three: two seats are too few, five leave two to spare.
func seatsFollowMembers(t *testing.T, h *house) {
	b := h.buyer(t)
	org, err := h.App.Identity().CreateOrg(t.Context(), idp.CreateOrg{Name: "Trio " + b.sub[len(b.sub)-6:], OwnerUserID: b.sub})
	must(t, err)
	for range 2 {
		user, _, err := h.App.Identity().CreateUser(t.Context(), idp.CreateUser{Email: newcomer(), Password: demoPassword, Verified: true})
		must(t, err)
		_, err = h.App.Identity().AddMember(t.Context(), org.ID, user.ID, "member")
		must(t, err)
	}
	b.Get(h.line.Issuer + "/orgs/switch")
	b.SubmitTo("/orgs/switch", apptest.Field{Name: "org", Value: org.ID})
	b.tokens = b.SignIn(h.client(modelsApp), b.email, demoPassword)
	b.StopAt = ""
	s := sale{plan: "per-seat", currency: "PLN", interval: "month", seats: 5, want: 5 * 3333, orgID: org.ID}
	page := b.Get(h.line.Issuer + "/billing/" + modelsApp + "?currency=PLN&seats=2&org_id=" + org.ID)
	id := h.quoteOf(t, s).ID
	if got := minor(t, page.TextOf("live-total-"+id), "PLN"); got != 3*3333 {
		t.Errorf("with three members two seats cost %d", got)
	}
	refused := b.SubmitIn("plan-per-seat", apptest.Field{Name: "quantity", Value: "2"})
	if refused.Status != http.StatusUnprocessableEntity || !strings.Contains(refused.TextOf("error-"+id), "fewer seats") {
		t.Errorf("two seats for three members: %d %s", refused.Status, refused.TextOf("plan-per-seat"))
	}
	if note := b.Get(h.line.Issuer + "/billing/" + modelsApp + "?" + s.values().Encode()).TextOf("live-note-" + id); !strings.Contains(note, "2 spare seats") {
		t.Errorf("two seats to spare are told as %q", note)
	}
	s.buy(t, h, b)
}

// foreignPrice asks for a price of another country: the page does not offer it, and who knows its id is refused.
func foreignPrice(t *testing.T, h *house, proxy string) {
	b := h.buyer(t)
	czech := h.quoteOf(t, sale{plan: "flat", currency: "CZK", interval: "month", site: proxy})
	slovak := h.quoteOf(t, sale{plan: "flat", currency: "PLN", interval: "month", query: url.Values{"country": {"SK"}}})
	for site, id := range map[string]string{h.line.Issuer: czech.ID, proxy: slovak.ID} {
		res := post(t, site+"/v1/billing/checkout", "application/json", `{"priceId":"`+id+`"}`, bearer(b.tokens.Access))
		holds(t, "problem", res.body)
		if res.status != http.StatusUnprocessableEntity || !strings.Contains(string(res.body), "price_not_in_country") {
			t.Errorf("%s at %s: %d %s", id, site, res.status, res.body)
		}
	}
	// The price of everywhere else is not for a country with its own.
	global := h.quoteOf(t, sale{plan: "flat", currency: "PLN", interval: "month"})
	b.Get(h.line.Issuer + "/billing/" + modelsApp + "?country=SK")
	if page := b.SubmitIn("plan-flat", apptest.Field{Name: "price_id", Value: global.ID}); page.Status != http.StatusUnprocessableEntity || b.AtCheckout() {
		t.Errorf("the global price in Slovakia: %d at %s", page.Status, page.URL)
	}
	page := b.Get(proxy + "/billing/" + modelsApp)
	if !strings.Contains(page.Text(), "Prices for Czechia") || strings.Contains(page.Body, slovak.ID) {
		t.Errorf("behind the proxy the page shows:\n%s", page.Text())
	}
}

// limitedPurchase ends at its second, by the clock alone.
func limitedPurchase(t *testing.T, h *house) {
	b := h.buyer(t)
	s := sale{plan: "ten-days", currency: "JPY", interval: "one_time", want: 1501}
	p := s.buy(t, h, b)
	if p.CurrentPeriodEnd == nil {
		t.Fatalf("no end: %+v", p)
	}
	end := *p.CurrentPeriodEnd
	if left := end.Sub(h.Clock.Now()); left > 240*time.Hour || left < 239*time.Hour {
		t.Errorf("ten days end in %s", left)
	}
	h.advance(t, end.Sub(h.Clock.Now())-20*time.Second)
	if held := h.held(t, b.tokens); len(held) != 1 || !held[0].CurrentPeriodEnd.Equal(end) {
		t.Errorf("shortly before its end: %+v", held)
	}
	h.advance(t, end.Sub(h.Clock.Now()))
	if held := h.held(t, b.tokens); len(held) != 0 {
		t.Errorf("at its end: %+v", held)
	}
	if n := len(h.invoices(t, b.email)); n != 1 {
		t.Errorf("%d invoices", n)
	}
	s.buy(t, h, b) // and may be bought again
}

// trialOnce starts a trial, is charged at its end, and gets no second one.
func trialOnce(t *testing.T, h *house) {
	b := h.buyer(t)
	s := sale{plan: "trial", currency: "PLN", interval: "month", want: 5901, trial: true}
	p := s.buy(t, h, b)
	if p.Status != claims.StatusTrialing || p.TrialEnd == nil {
		t.Fatalf("the claim is %+v", p)
	}
	if left := p.TrialEnd.Sub(h.Clock.Now()); left > 14*24*time.Hour || left < 14*24*time.Hour-time.Hour {
		t.Errorf("fourteen days end in %s", left)
	}
	h.advance(t, p.TrialEnd.Sub(h.Clock.Now())+2*time.Hour)
	h.settle(t)
	if held := h.held(t, b.tokens); len(held) != 1 || held[0].Status != claims.StatusActive {
		t.Errorf("after the trial: %+v", held)
	}
	invoices := h.invoices(t, b.email)
	if len(invoices) != 2 || invoices[0]["total"] != float64(s.want) || invoices[0]["status"] != "paid" {
		t.Errorf("after the trial: %v", invoices)
	}
	h.endNow(t, b)
	s.trial = false
	if p := s.buy(t, h, b); p.Status != claims.StatusActive || p.TrialEnd != nil {
		t.Errorf("the second time: %+v", p)
	}
}

// deletedCustomer buys, is deleted at the sandbox as its dashboard would, loses the plan, and buys again.
func deletedCustomer(t *testing.T, h *house) {
	b := h.buyer(t)
	s := sale{plan: "flat", currency: "PLN", interval: "month", want: 9900}
	s.buy(t, h, b)
	customers := h.stripe(t, "/v1/customers?limit=100&email="+url.QueryEscape(b.email))
	if len(customers) != 1 {
		t.Fatalf("%d customers", len(customers))
	}
	header := bearer(h.line.SandboxKey)
	header.Set("Stripe-Account", "acct_demo_acme")
	if res := send(t, http.MethodDelete, h.line.SandboxURL+"/v1/customers/"+customers[0]["id"].(string), "", "", header); res.status != http.StatusOK {
		t.Fatalf("delete: %d %s", res.status, res.body)
	}
	h.settle(t)
	if held := h.held(t, b.tokens); len(held) != 0 {
		t.Errorf("without a customer: %+v", held)
	}
	s.buy(t, h, b)
	again := h.stripe(t, "/v1/customers?limit=100&email="+url.QueryEscape(b.email))
	if len(again) != 1 || again[0]["id"] == customers[0]["id"] {
		t.Errorf("customers are %v", again)
	}
}

// endNow ends the buyer's subscription at the sandbox, as its dashboard would.
func (h *house) endNow(t *testing.T, b *buyer) {
	t.Helper()
	for _, c := range h.stripe(t, "/v1/customers?limit=100&email="+url.QueryEscape(b.email)) {
		for _, sub := range h.stripe(t, "/v1/subscriptions?limit=100&customer="+c["id"].(string)) {
			header := bearer(h.line.SandboxKey)
			header.Set("Stripe-Account", "acct_demo_acme")
			res := send(t, http.MethodDelete, h.line.SandboxURL+"/v1/subscriptions/"+sub["id"].(string), "", "", header)
			if res.status != http.StatusOK {
				t.Fatalf("end %v: %d %s", sub["id"], res.status, res.body)
			}
		}
	}
	h.settle(t)
	if held := h.held(t, b.tokens); len(held) != 0 {
		t.Errorf("after its end: %+v", held)
	}
}
