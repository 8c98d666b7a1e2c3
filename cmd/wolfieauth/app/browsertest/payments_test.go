package browsertest_test

import (
	"testing"

	"github.com/chromedp/chromedp"

	"github.com/wolfieauth/wolfieauth/idp"
)

// TestAnAccountIsConnected lets the platform into an account on the sandbox's page, lets it go, and has another one
// made, in both languages; and switches on the billing of an app that sells on it.
func TestAnAccountIsConnected(t *testing.T) {
	t.Parallel()
	for _, lang := range []string{"en", "pl"} {
		t.Run(lang, func(t *testing.T) { t.Parallel(); connectAnAccount(t, lang) })
	}
}

func connectAnAccount(t *testing.T, lang string) {
	t.Helper()
	h := newHost(t)
	app, _, err := house.demo.App.Identity().CreateApp(t.Context(), idp.CreateApp{
		OrgID: h.org.ID, Slug: "kasa", Name: "Kasa Konstantynopolitańska", RedirectURIs: []string{"https://kasa.example.test/callback"},
	})
	if err != nil {
		t.Fatal(err)
	}
	owner, err := house.demo.App.Identity().User(t.Context(), h.owner)
	if err != nil {
		t.Fatal(err)
	}
	b, payments, billing := newTab(t, lang), house.line.AdminURL+"/orgs/"+h.org.Slug+"/payments", house.line.AdminURL+"/clients/"+app.ClientID+"/billing"
	b.signIn(owner.Email)
	b.survey(lang, []visit{
		at("console-billing-off", billing),
		{"console-billing-error", func(b *tab) {
			b.fill("currency", "XYZ")
			b.refused(422, "#save")
		}},
		{"console-billing-waits", func(b *tab) {
			b.fill("currency", "PLN")
			b.press("#save")
			b.arrived(billing)
		}},
		at("console-billing-disable", billing+"/disable"),
		at("console-payments-none", payments),
	})
	b.press("#connect-test")
	b.arrived(house.line.SandboxURL)
	b.press(`button[value="deny"]`)
	b.arrived(payments)
	b.inspect("console-payments-denied", lang)
	b.press("#connect-test")
	b.press(`button[value="allow"]`)
	b.arrived(payments)
	b.inspect("console-payments-ready", lang)
	b.open(billing)
	b.inspect("console-billing-ready", lang)
	b.open(payments + "/test/disconnect")
	b.inspect("console-payments-disconnect", lang)
	b.press("#confirm")
	b.arrived(payments)
	b.inspect("console-payments-ended", lang)
	makeAnAccount(b, payments, lang)
}

// makeAnAccount has one made, leaves Stripe's page once, and finishes it then.
func makeAnAccount(b *tab, payments, lang string) {
	b.t.Helper()
	b.fill("country-test", "Polska")
	b.refused(422, `form[action$="/test/create"] button`)
	b.inspect("console-payments-error", lang)
	b.fill("country-test", "PL")
	b.press(`form[action$="/test/create"] button`)
	b.arrived(house.line.SandboxURL + "/setup/")
	b.leads("later", chromedp.Click("a.back", chromedp.ByQuery))
	b.arrived(payments)
	b.inspect("console-payments-due", lang)
	b.press(`form[action$="/test/continue"] button`)
	b.fill("businessName", "Zakłady")
	b.press("main form button")
	b.arrived(payments)
	if b.has(`form[action$="/test/continue"]`) {
		b.t.Error("Stripe still asks for something")
	}
}
