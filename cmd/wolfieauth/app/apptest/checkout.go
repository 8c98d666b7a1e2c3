package apptest

import (
	"net/url"
	"strings"
)

// Cards of the sandbox.
const (
	CardPays     = "4242 4242 4242 4242"
	CardDeclined = "4000 0000 0000 0002"
)

// Pay fills in the hosted checkout that the browser stands at.
func (b *Browser) Pay(email, card string) Page {
	b.t.Helper()
	return b.Submit("cardNumber", Field{"email", email}, Field{"cardNumber", card}, Field{"cardExpiry", "12 / 34"},
		Field{"cardCvc", "123"}, Field{"billingName", "Beata Kowalska"})
}

// AtCheckout tells whether the browser stands at the hosted checkout.
func (b *Browser) AtCheckout() bool { return b.page.Has("cardNumber") }

// Buy goes from the pricing page to the hosted checkout of a plan, signed in already.
func (b *Browser) Buy(pricing, plan, returnTo string) Page {
	b.t.Helper()
	if returnTo != "" {
		pricing += "?" + url.Values{"return_to": {returnTo}}.Encode()
	}
	b.Get(pricing)
	page := b.SubmitIn("plan-" + plan)
	if !b.AtCheckout() {
		b.t.Fatalf("choosing %s rests at %s (%d):\n%s", plan, page.URL, page.Status, page.Text())
	}
	return page
}

// SignUp fills in the sign-up page of the login page that the browser stands at.
func (b *Browser) SignUp(name, email, password string) Page {
	b.t.Helper()
	if !strings.HasPrefix(b.page.URL.Path, "/signup") {
		link := b.page.linkTo("/signup")
		if link == "" {
			b.t.Fatalf("no link to sign-up on %s:\n%s", b.page.URL, b.page.Text())
		}
		b.Get(link)
	}
	page := b.Submit("submit", Field{"name", name}, Field{"email", email}, Field{"password", password})
	if page.URL.Path == "/consent" {
		page = b.Submit("submit")
	}
	return page
}
