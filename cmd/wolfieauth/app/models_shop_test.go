package app_test

import (
	"crypto/sha256"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"testing"

	"github.com/wolfieauth/wolfieauth/billing"
	"github.com/wolfieauth/wolfieauth/cmd/wolfieauth/app"
	"github.com/wolfieauth/wolfieauth/cmd/wolfieauth/demo"
	"github.com/wolfieauth/wolfieauth/idp"
	"github.com/wolfieauth/wolfieauth/internal/secret"
)

// modelsApp sells in every pricing model that there is.
const modelsApp = "acme-models"

func bracket(upTo, unit, flat int64) billing.Tier {
	t := billing.Tier{UnitAmount: unit, FlatAmount: flat}
	if upTo > 0 {
		t.UpTo = &upTo
	}
	return t
}

type modelPlan struct {
	plan   billing.NewPlan
	bundle bool
	prices []billing.NewPrice
}

// modelPlans is the price list: each plan is named for what it shows.
func modelPlans() []modelPlan {
	month, year, once := billing.IntervalMonth, billing.IntervalYear, billing.IntervalOneTime
	seats := func(currency string, amount int64) billing.NewPrice {
		return billing.NewPrice{Currency: currency, Amount: amount, Interval: month, PerSeat: true, SeatLabel: "users"}
	}
	tiers := func(currency string, scheme billing.Scheme, brackets ...billing.Tier) billing.NewPrice {
		return billing.NewPrice{Currency: currency, Interval: month, PerSeat: true, SeatLabel: "seats", Scheme: scheme, Tiers: brackets}
	}
	return []modelPlan{
		{billing.NewPlan{Name: "Flat", FeatureKeys: []string{"export"}}, false, []billing.NewPrice{
			{Currency: "PLN", Amount: 9900, Interval: month},
			{Currency: "PLN", Amount: 99_001, Interval: year},
			{Currency: "EUR", Amount: 2499, Interval: month},
			{Currency: "PLN", Amount: 7950, Interval: month, CountryCodes: []string{"SK", "HU"}},
			{Currency: "CZK", Amount: 45_900, Interval: month, CountryCodes: []string{"CZ"}},
		}},
		{billing.NewPlan{Name: "Per seat"}, false, []billing.NewPrice{seats("PLN", 3333), seats("KWD", 1250), seats("JPY", 980)}},
		{billing.NewPlan{Name: "Volume"}, false, []billing.NewPrice{
			tiers("PLN", billing.SchemeVolume, bracket(10, 9900, 0), bracket(60, 8900, 501), bracket(0, 7900, 0)),
			tiers("JPY", billing.SchemeVolume, bracket(5, 1001, 7), bracket(0, 900, 333)),
		}},
		{billing.NewPlan{Name: "Graduated"}, false, []billing.NewPrice{
			tiers("USD", billing.SchemeGraduated, bracket(3, 0, 0), bracket(0, 500, 0)),
			tiers("KWD", billing.SchemeGraduated, bracket(10, 99_990, 10), bracket(60, 89_990, 0), bracket(0, 79_990, 0)),
			tiers("PLN", billing.SchemeGraduated, bracket(10, 9900, 0), bracket(60, 8900, 0), bracket(0, 7900, 0)),
		}},
		{billing.NewPlan{Name: "For ever"}, false, []billing.NewPrice{{Currency: "PLN", Amount: 129_999, Interval: once}}},
		{billing.NewPlan{Name: "Ten days", LastsDays: 10}, false, []billing.NewPrice{{Currency: "JPY", Amount: 1501, Interval: once}}},
		{billing.NewPlan{Name: "Trial", TrialDays: 14}, false, []billing.NewPrice{{Currency: "PLN", Amount: 5901, Interval: month}}},
		{billing.NewPlan{Name: "Free"}, false, []billing.NewPrice{{Currency: "PLN", Amount: 0, Interval: month}}},
		{billing.NewPlan{Name: "Free once"}, false, []billing.NewPrice{{Currency: "PLN", Amount: 0, Interval: once}}},
		{billing.NewPlan{Name: "Everything"}, true, []billing.NewPrice{{Currency: "PLN", Amount: 14_900, Interval: month}, {Currency: "PLN", Amount: 149_000, Interval: year}}},
	}
}

// sellModels opens the app with its price list, and a bundle around it.
func (h *house) sellModels(t testing.TB) {
	t.Helper()
	crm, err := h.App.Identity().App(t.Context(), "acme-crm")
	must(t, err)
	made, plain, err := h.App.Identity().CreateApp(t.Context(), idp.CreateApp{
		OrgID: crm.OrgID, Slug: "models", Name: "Models", Kind: idp.AppWeb, RedirectURIs: []string{redirect}, Trusted: true,
	})
	must(t, err)
	h.line.Apps = append(h.line.Apps, demo.LineApp{ClientID: made.ClientID, ClientSecret: plain})
	bundle, err := h.App.Identity().CreateBundle(t.Context(), idp.CreateBundle{OrgID: crm.OrgID, Slug: "models-suite", Name: "Models Suite", ClientIDs: []string{modelsApp, "acme-mail"}})
	must(t, err)
	h.App.Billing().ForgetCatalogs()
	must(t, h.App.Billing().EnableBilling(t.Context(), billing.EnableBilling{ClientID: modelsApp, Gateway: billing.GatewayConnect, DefaultCurrency: "PLN", DefaultCountry: "PL"}))
	scope := billing.Scope{Kind: billing.ScopeApp, ID: modelsApp}
	_, err = h.App.Billing().CreateFeature(t.Context(), billing.NewFeature{Scope: scope, Key: "export", Name: "Export"})
	must(t, err)
	for i, p := range modelPlans() {
		p.plan.Scope, p.plan.Position = scope, int64(i)
		if p.bundle {
			p.plan.Scope = billing.Scope{Kind: billing.ScopeBundle, ID: bundle.ID}
		}
		plan, err := h.App.Billing().CreatePlan(t.Context(), p.plan)
		must(t, err)
		for _, price := range p.prices {
			price.PlanID = plan.ID
			_, err := h.App.Billing().AddPrice(t.Context(), price)
			must(t, err)
		}
	}
}

// behindProxy opens a second server on the same database whose every visitor comes through a proxy that says the
// country, and answers its address.
func (h *house) behindProxy(t *testing.T, country string) string {
	t.Helper()
	key := sha256.Sum256([]byte("wolfieauth demo master key: nothing here is worth sealing"))
	box, err := secret.NewBox(key[:])
	must(t, err)
	a, err := app.New(t.Context(), app.Config{
		Issuer: h.line.Issuer, Database: h.dsn, Box: box, Now: h.Clock.Now, Logger: slog.New(slog.DiscardHandler), DefaultLang: "en",
		TrustedProxies: []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32")},
		Stripe:         app.Stripe{TestSecretKey: h.line.SandboxKey, APIBase: h.line.SandboxURL},
	})
	must(t, err)
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.Header.Set("Cf-Ipcountry", country)
		a.Handler().ServeHTTP(w, r)
	}))
	t.Cleanup(func() {
		proxy.Close()
		must(t, a.Close())
	})
	return "http://localhost:" + parse(t, proxy.URL).Port() // the issuer's host, for its cookies
}
