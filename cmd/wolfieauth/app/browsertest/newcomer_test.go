package browsertest_test

import (
	"strings"
	"testing"
)

// TestNewcomer is the way that the product exists for, walked once as anybody would and once by a browser that runs
// no scripts: open the sample app, sign in, hold nothing, buy Pro, come back, refresh, hold Pro, sign out.
func TestNewcomer(t *testing.T) {
	t.Parallel()
	for _, way := range []struct {
		name  string
		email func(*testing.T) string
		ready func(*tab)
	}{
		{"as anybody", func(*testing.T) string { return "buyer@example.test" }, func(*tab) {}},
		{"without scripts", newcomer, (*tab).withoutScripts},
	} {
		t.Run(way.name, func(t *testing.T) {
			t.Parallel()
			email := way.email(t)
			b := newTab(t, "en")
			way.ready(b)
			b.walkToPro(email)
		})
	}
}

func (b *tab) walkToPro(email string) {
	b.t.Helper()
	b.open(house.line.RPURL)
	b.look("sample app, signed out")
	b.press("#sign-in")
	b.look("login")
	b.passLogin(email)
	if b.path() == "/consent" {
		b.look("consent")
		b.allow()
	}
	b.arrived(house.line.RPURL)
	b.look("sample app, no plan")
	b.holds("") // and the token says so
	b.watch.expect(402)
	b.open(house.line.RPURL + "/export")
	b.watch.expect(200)
	b.look("the gate, closed")

	b.open(house.line.RPURL)
	b.press("#choose-plan")
	b.arrived(house.line.PricingURL)
	b.look("pricing page")
	b.press(buyButton("pro"))
	b.arrived(house.line.SandboxURL + "/c/pay/")
	b.look("hosted checkout")
	b.fillCard(email, "4242 4242 4242 4242")
	b.comeBack(house.line.RPURL)
	b.look("sample app, back from the checkout")

	b.press("#refresh")
	b.holds("pro")
	b.look("sample app with Pro")
	b.press("#export")
	if !b.has("#export-open") {
		b.t.Fatalf("the gate stays closed: %s", b.text("main"))
	}
	b.look("the gate, open")

	b.open(house.line.RPURL)
	b.press("#logout")
	if b.path() == "/end_session" || b.path() == "/logout" {
		b.look("sign-out")
	}
	b.arrived(house.line.RPURL)
	if !b.has("#sign-in") {
		b.t.Fatalf("still signed in: %s", b.text("main"))
	}
	b.open(house.line.Issuer + "/account")
	if b.path() != "/login" {
		b.t.Errorf("still signed in at the provider: %s", b.where())
	}
}

// holds fails the test unless the sample app shows that plan alone, on its card and in the token.
func (b *tab) holds(slug string) {
	b.t.Helper()
	cards := eval[[]string](b, `[...document.querySelectorAll("[data-plan]")].map(e => e.dataset.plan)`)
	if got := strings.Join(cards, " "); got != slug {
		b.t.Fatalf("the sample app shows %q, not %q", got, slug)
	}
	claim := `"wolfieauth_plans": []`
	if slug != "" {
		claim = `"planSlug": "` + slug + `"`
	}
	if token := b.text("#decoded"); !strings.Contains(token, claim) {
		b.t.Errorf("the token does not say %s:\n%s", claim, token)
	}
	if b.has("#locked") != (slug == "") {
		b.t.Errorf("the gate and the plan %q do not agree", slug)
	}
}
