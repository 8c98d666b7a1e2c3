package browsertest_test

import (
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/wolfieauth/wolfieauth/cmd/wolfieauth/demo"
	"github.com/wolfieauth/wolfieauth/idp"
	"github.com/wolfieauth/wolfieauth/internal/money"
)

// sale is one purchase and what it must cost everywhere.
type sale struct {
	name, plan, query, currency string
	seats, trial                bool
	want                        int64
}

// buy goes the way of somebody who has never been here: look at the prices, press the plan's button, sign in, press it
// again, pay, read the invoice.
func (s sale) buy(t *testing.T) {
	t.Helper()
	b, email := newTab(t, "en"), englishBuyer(t)
	page := house.line.Issuer + "/billing/" + emptyShop
	b.open(page + "?" + s.query)
	s.shown(b, "to a stranger")
	b.press(buyButton(s.plan))
	b.arrived(house.line.Issuer + "/login")
	b.passLogin(email)
	b.arrived(page)
	s.shown(b, "after signing in")
	b.press(buyButton(s.plan))
	b.arrived(house.line.SandboxURL + "/c/pay/")
	now := s.want
	if s.trial {
		now = 0
	}
	s.equals(b, "the checkout", b.text(".due .amount"), now)
	if asks := b.has("#cardNumber"); asks != (s.want > 0) {
		t.Errorf("the checkout asks for a card: %t", asks)
	}
	if s.want > 0 {
		b.fillCard(email, "4242 4242 4242 4242")
	} else {
		b.fill("email", email)
	}
	b.comeBack(page + "/return")
	for range 20 { // the page looks again by itself while Stripe's word is under way
		if b.has(".outcome.success") {
			break
		}
		b.leads("waiting for the outcome")
	}
	b.open(invoiceOf(t, email))
	s.equals(b, "the invoice", b.text("tfoot tr:first-child .amount"), now)
	b.open(page)
	if badge := b.text("#plan-" + s.plan + " .badge"); !strings.Contains(badge, "Your plan") {
		t.Errorf("the page marks the plan as %q", badge)
	}
	b.quiet(s.name)
}

// shown compares the card with what the plan must cost.
func (s sale) shown(b *tab, when string) {
	b.t.Helper()
	card := "#plan-" + s.plan
	if s.seats {
		s.equals(b, "the page "+when, b.text(card+" .total"), s.want)
		return
	}
	s.equals(b, "the page "+when, b.text(card+" .price strong"), s.want)
}

func (s sale) equals(b *tab, where, text string, want int64) {
	b.t.Helper()
	if got := minor(b.t, text, s.currency); got != want {
		b.t.Errorf("%s says %q, %d of %s; want %d", where, text, got, s.currency, want)
	}
}

var figures = regexp.MustCompile(`\d[\d,]*(?:\.\d+)?`)

// minor reads the last sum of an English text in minor units, by itself.
func minor(t *testing.T, text, currency string) int64 {
	t.Helper()
	found := figures.FindAllString(text, -1)
	places, err := money.Exponent(currency)
	if len(found) == 0 || err != nil {
		if strings.Contains(text, "Free") {
			return 0
		}
		t.Fatalf("no sum in %q (%v)", text, err)
	}
	whole, fraction, _ := strings.Cut(strings.ReplaceAll(found[len(found)-1], ",", ""), ".")
	if len(fraction) > places {
		t.Fatalf("%q has too many decimals for %s", text, currency)
	}
	n, err := strconv.ParseInt(whole+fraction+strings.Repeat("0", places-len(fraction)), 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// englishBuyer makes a person who reads English and holds nothing.
func englishBuyer(t *testing.T) string {
	t.Helper()
	email := fmt.Sprintf("bea+%d@example.test", people.Add(1))
	_, _, err := house.demo.App.Identity().CreateUser(t.Context(), idp.CreateUser{
		Email: email, Name: "Bea Buyer", Password: demo.Password, Locale: "en", Verified: true,
	})
	if err != nil {
		t.Fatal(err)
	}
	return email
}

// invoiceOf is the address of the one invoice that a person has, on the page that Stripe shows them.
func invoiceOf(t *testing.T, email string) string {
	t.Helper()
	var customers, invoices struct {
		Data []struct {
			ID  string `json:"id"`
			URL string `json:"hosted_invoice_url"`
		} `json:"data"`
	}
	stripe(t, "/v1/customers?"+url.Values{"email": {email}}.Encode(), &customers)
	if len(customers.Data) != 1 {
		t.Fatalf("%d customers of %s", len(customers.Data), email)
	}
	stripe(t, "/v1/invoices?customer="+customers.Data[0].ID, &invoices)
	if len(invoices.Data) != 1 || invoices.Data[0].URL == "" {
		t.Fatalf("invoices of %s: %+v", email, invoices.Data)
	}
	return invoices.Data[0].URL
}

// stripe reads from the sandbox as the seller.
func stripe(t *testing.T, path string, into any) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, house.line.SandboxURL+path, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	r.SetBasicAuth(house.line.SandboxKey, "")
	r.Header.Set("Stripe-Account", "acct_demo_acme")
	send(t, r, into)
}
