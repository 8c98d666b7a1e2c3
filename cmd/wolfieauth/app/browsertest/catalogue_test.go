package browsertest_test

import (
	"testing"

	"github.com/wolfieauth/wolfieauth/billing"
	"github.com/wolfieauth/wolfieauth/idp"
)

// TestACatalogueFromNothing is the way of whoever sells: an owner builds a price list in every pricing model with the
// editor alone, brings it to Stripe, and people buy each model. What the editor counts, the pricing page shows, the
// checkout asks for and the invoice says must be the same sum.
func TestACatalogueFromNothing(t *testing.T) {
	t.Parallel()
	openEmptyShop(t)
	owner := newTab(t, "en")
	owner.open(house.line.AdminURL)
	owner.passLogin("admin@acme.test")
	owner.arrived(house.line.AdminURL)
	things := owner.buildCatalogue(seedPlans())
	owner.syncToStripe(things)
	for _, s := range seedSales() {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			s.buy(t)
		})
	}
}

// The app that the price list is for, and the one that a bundle opens beside it.
const (
	emptyShop = "acme-shop"
	besideIt  = "acme-notes"
)

// openEmptyShop makes what the console does not make yet: apps, their bundle, and billing switched on.
func openEmptyShop(t *testing.T) {
	t.Helper()
	org, err := house.demo.App.Identity().OrgBySlug(t.Context(), "acme")
	if err != nil {
		t.Fatal(err)
	}
	for slug, name := range map[string]string{"shop": "Acme Shop", "notes": "Acme Notes"} {
		_, _, err := house.demo.App.Identity().CreateApp(t.Context(), idp.CreateApp{
			OrgID: org.ID, Slug: slug, Name: name, Color: "#0f5f52", Kind: idp.AppWeb, RedirectURIs: []string{house.line.RPURL + "/callback"},
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	_, err = house.demo.App.Identity().CreateBundle(t.Context(), idp.CreateBundle{
		OrgID: org.ID, Slug: "shop-and-notes", Name: "Shop and Notes", ClientIDs: []string{emptyShop, besideIt},
	})
	if err != nil {
		t.Fatal(err)
	}
	house.demo.App.Billing().ForgetCatalogs()
	err = house.demo.App.Billing().EnableBilling(t.Context(), billing.EnableBilling{
		ClientID: emptyShop, Gateway: billing.GatewayConnect, DefaultCurrency: "PLN", DefaultCountry: "PL",
	})
	if err != nil {
		t.Fatal(err)
	}
}

// typedPlan is a plan as its owner types it.
type typedPlan struct {
	name, trialDays string
	bundle          bool
	features        []string // chosen among those that are there
	feature         [2]string
	prices          []typedPrice
}

// typedPrice is a price as its owner types it, in major units.
type typedPrice struct {
	interval, currency, amount, countries string
	perSeat                               bool
	scheme                                string // "" is flat
	tiers                                 [][3]string
	seats, worked                         string // for so many seats the editor counts so much
}

// seedPlans is the price list of the catalogue that the product set out to sell: each pricing model, the largest plan
// with several currencies and a price for Poland alone.
func seedPlans() []typedPlan {
	return []typedPlan{
		{name: "Pro", feature: [2]string{"pro_export", "Export"}, prices: []typedPrice{
			{interval: "month", currency: "PLN", amount: "99.00", worked: "99.00"},
			{interval: "month", currency: "EUR", amount: "24"},
			{interval: "month", currency: "JPY", amount: "3,900", worked: "3,900"},
			{interval: "month", currency: "PLN", amount: "89.50", countries: "pl"},
			{interval: "year", currency: "PLN", amount: "990"},
			{interval: "one_time", currency: "PLN", amount: "2,490.00"},
		}},
		{name: "Team", features: []string{"pro_export"}, prices: []typedPrice{
			{interval: "month", currency: "PLN", amount: "33.33", perSeat: true, seats: "14", worked: "466.62"},
		}},
		{name: "Volume", prices: []typedPrice{{
			interval: "month", currency: "PLN", perSeat: true, scheme: "volume",
			tiers: [][3]string{{"10", "99", ""}, {"60", "89", "5.01"}, {"", "79", ""}}, seats: "14", worked: "1,251.01",
		}}},
		{name: "Graduated", prices: []typedPrice{{
			interval: "month", currency: "USD", perSeat: true, scheme: "graduated",
			tiers: [][3]string{{"3", "0", ""}, {"", "5", ""}}, seats: "14", worked: "55.00",
		}}},
		{name: "Try first", trialDays: "14", prices: []typedPrice{{interval: "month", currency: "PLN", amount: "59"}}},
		{name: "Free", prices: []typedPrice{{interval: "month", currency: "PLN", amount: "0"}}},
		{name: "Everything", bundle: true, prices: []typedPrice{{interval: "month", currency: "PLN", amount: "149"}}},
	}
}

// seedSales buys each of them; sums are minor units.
func seedSales() []sale {
	return []sale{
		{name: "flat, at home", plan: "pro", query: "currency=PLN", currency: "PLN", want: 8950},
		{name: "flat, elsewhere", plan: "pro", query: "currency=PLN&country=DE", currency: "PLN", want: 9900},
		{name: "another currency", plan: "pro", query: "currency=EUR", currency: "EUR", want: 2400},
		{name: "a currency without decimals", plan: "pro", query: "currency=JPY", currency: "JPY", want: 3900},
		{name: "by the year", plan: "pro", query: "currency=PLN&interval=year", currency: "PLN", want: 99_000},
		{name: "once", plan: "pro", query: "currency=PLN&interval=one_time", currency: "PLN", want: 249_000},
		{name: "per seat", plan: "team", query: "currency=PLN&seats=14", currency: "PLN", seats: true, want: 46_662},
		{name: "volume", plan: "volume", query: "currency=PLN&seats=14", currency: "PLN", seats: true, want: 125_101},
		{name: "graduated", plan: "graduated", query: "currency=USD&seats=14", currency: "USD", seats: true, want: 5500},
		{name: "graduated, free seats", plan: "graduated", query: "currency=USD&seats=3", currency: "USD", seats: true, want: 0},
		{name: "trial", plan: "try-first", query: "currency=PLN", currency: "PLN", want: 5900, trial: true},
		{name: "free", plan: "free", query: "currency=PLN", currency: "PLN", want: 0},
		{name: "bundle", plan: "everything", query: "currency=PLN", currency: "PLN", want: 14_900},
	}
}
