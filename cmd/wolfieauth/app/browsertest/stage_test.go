package browsertest_test

import (
	"context"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/wolfieauth/wolfieauth/billing"
	"github.com/wolfieauth/wolfieauth/cmd/wolfieauth/demo"
	"github.com/wolfieauth/wolfieauth/idp"
)

// Corners of the shop that the demo's own data do not have.
const (
	bareApp   = "acme-bare" // billing on, nothing to sell
	deviceApp = "acme-tv"   // a television, which signs in by code
)

// openShopCorners adds them before the first page is opened.
func openShopCorners(ctx context.Context) error {
	org, err := house.demo.App.Identity().OrgBySlug(ctx, "acme")
	if err != nil {
		return err
	}
	for _, in := range []idp.CreateApp{
		{OrgID: org.ID, Slug: "bare", Name: "Acme Bare", Color: "#f5d90a", Kind: idp.AppWeb, RedirectURIs: []string{house.line.RPURL + "/callback"}},
		{OrgID: org.ID, Slug: "tv", Name: "Acme TV", Color: "#7a1f5c", Kind: idp.AppNative, RedirectURIs: []string{"http://127.0.0.1/callback"}},
	} {
		if _, _, err := house.demo.App.Identity().CreateApp(ctx, in); err != nil {
			return err
		}
	}
	return house.demo.App.Billing().EnableBilling(ctx, billing.EnableBilling{ClientID: bareApp, Gateway: billing.GatewayConnect, DefaultCurrency: "PLN", DefaultCountry: "PL"})
}

var people atomic.Int64

// newcomer makes a person with the demo's password who holds nothing, and answers their address.
func newcomer(t *testing.T) string {
	t.Helper()
	email := fmt.Sprintf("zofia.konstantynopolitanczykowianeczka+%d@bardzo-dluga-domena.example.test", people.Add(1))
	_, _, err := house.demo.App.Identity().CreateUser(t.Context(), idp.CreateUser{
		Email: email, Name: "Zofia Konstantynopolitańczykowianeczka", Password: demo.Password, Locale: "pl", Verified: true,
	})
	if err != nil {
		t.Fatal(err)
	}
	return email
}

// signIn signs a person in at the provider, for no app.
func (b *tab) signIn(email string) {
	b.t.Helper()
	b.open(house.line.Issuer + "/login")
	b.passLogin(email)
	b.arrived(house.line.Issuer + "/account")
}

func (b *tab) passLogin(email string) {
	b.t.Helper()
	b.fill("email", email)
	b.fill("password", demo.Password)
	b.press("#submit")
}

// allow gives consent where it is asked for.
func (b *tab) allow() {
	b.t.Helper()
	if b.path() == "/consent" {
		b.press("#submit")
	}
}

// payButton is the one of the hosted checkout.
const payButton = "main form button[type=submit]"

// buyButton is the one of a plan's card, beside those that count seats.
func buyButton(plan string) string {
	return "#plan-" + plan + " form button:not([type=button]):not([data-recalculate])"
}

// fillCard fills in the hosted checkout with a card.
func (b *tab) fillCard(email, number string) {
	b.t.Helper()
	for _, f := range []struct{ id, value string }{
		{"email", email}, {"cardNumber", number}, {"cardExpiry", "12 / 34"}, {"cardCvc", "123"}, {"billingName", "Beata Kowalska"},
	} {
		b.fill(f.id, f.value)
	}
}

// comeBack presses the hosted checkout's button and waits until the browser is back where it should be: the page in
// between asks Stripe by itself, and may look more than once.
func (b *tab) comeBack(to string) {
	b.t.Helper()
	b.press(payButton)
	for range 20 {
		if strings.HasPrefix(b.where(), to) {
			return
		}
		b.leads("waiting for the return to " + to)
	}
	b.arrived(to)
}
