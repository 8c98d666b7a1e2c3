package browsertest_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
)

// TestALifeOfASubscription walks through everything that a buyer does to a subscription on our own pages.
func TestALifeOfASubscription(t *testing.T) {
	t.Parallel()
	b, email := newTab(t, "en"), englishBuyer(t)
	shop, account := house.line.Issuer+"/billing/acme-crm", house.line.Issuer+"/account/billing"
	b.signIn(email)
	b.press("#own-billing")
	b.arrived(account)
	b.look("billing with nothing")
	b.portrait("billing empty")
	b.purchase(shop, "starter", email, "4242 4242 4242 4242")

	b.open(shop)
	b.look("pricing page of a subscriber")
	b.portrait("pricing of a subscriber")
	b.press(`#plan-pro .plan-go a[href*="/switch?"]`)
	b.arrived(shop + "/switch")
	b.look("quote of a switch")
	b.portrait("switch quote")
	quoted := minor(t, b.text("#switch-total"), "PLN")
	b.press("#confirm-switch")
	b.arrived(account)
	if next := b.text(".bill .facts"); minor(t, strings.Split(next[strings.Index(next, "Next invoice"):], " on ")[0], "PLN") != quoted {
		t.Errorf("quoted %d, but the account says %q", quoted, next)
	}
	b.look("billing with a subscription")
	b.portrait("billing")

	b.press(`a[href*="/account/billing/cancel"]`)
	b.look("cancelling")
	b.portrait("cancel")
	b.press("#confirm-cancel")
	b.arrived(account)
	b.look("billing with a cancelled subscription")
	b.portrait("billing cancelled")
	b.press(`.bill form[action$="/resume"] button`)
	b.arrived(account)
	if b.has(`form[action$="/resume"]`) || !b.has(`a[href*="/account/billing/cancel"]`) {
		t.Error("the cancellation was not taken back")
	}
	b.press(`.bill form[action$="/portal"] button`)
	if at := b.where(); !strings.HasPrefix(at, house.line.SandboxURL) {
		t.Errorf("the portal is at %s", at)
	}
	b.quiet("a subscription's life")
}

// TestAFailedPaymentIsFixed fails a renewal, is told of it, and pays the invoice.
func TestAFailedPaymentIsFixed(t *testing.T) {
	t.Parallel()
	b, email := newTab(t, "en"), englishBuyer(t)
	shop, account := house.line.Issuer+"/billing/acme-crm", house.line.Issuer+"/account/billing"
	b.signIn(email)
	b.purchase(shop, "starter", email, "4000 0000 0000 0341") // pays once
	failRenewal(t, email)
	b.until(account, ".bill .alert.danger")
	b.look("billing past due")
	b.portrait("billing past due")
	b.open(shop)
	if text := b.text("#plan-starter"); !strings.Contains(text, "Update payment") {
		t.Errorf("the pricing page says %q", text)
	}
	b.press(`#plan-pro .plan-go a[href*="/switch?"]`)
	b.look("switch that is blocked")
	b.portrait("switch blocked")
	b.open(account)
	b.press(`.bill .bill-acts a.primary`)
	for id, value := range map[string]string{"cardNumber": "4242 4242 4242 4242", "cardExpiry": "12 / 34", "cardCvc": "123", "billingName": "Bea"} {
		if b.has("#" + id) {
			b.fill(id, value)
		}
	}
	b.press("main form button[type=submit]")
	b.until(account, ".bill .badge.ok")
	b.quiet("a failed payment")
}

// purchase buys a plan of a signed-in person's.
func (b *tab) purchase(shop, plan, email, card string) {
	b.t.Helper()
	b.open(shop)
	b.press(buyButton(plan))
	b.arrived(house.line.SandboxURL + "/c/pay/")
	b.fillCard(email, card)
	b.comeBack(shop + "/return")
	for range 20 {
		if b.has(".outcome.success") {
			return
		}
		b.leads("waiting for the outcome")
	}
	b.t.Fatalf("bought nothing: %s", b.text("main"))
}

// until opens a page again and again until something is there.
func (b *tab) until(address, selector string) {
	b.t.Helper()
	for deadline := time.Now().Add(patience); ; time.Sleep(200 * time.Millisecond) {
		b.open(address)
		if b.has(selector) {
			return
		}
		if time.Now().After(deadline) {
			b.t.Fatalf("%s never shows %s:\n%s", address, selector, b.text("main"))
		}
	}
}

// failRenewal has the next period of a person's subscription begin at once at Stripe.
func failRenewal(t *testing.T, email string) {
	t.Helper()
	var customers, subs struct {
		Data []struct {
			ID string `json:"id"`
		} `json:"data"`
	}
	stripe(t, "/v1/customers?"+url.Values{"email": {email}}.Encode(), &customers)
	stripe(t, "/v1/subscriptions?customer="+customers.Data[0].ID, &subs)
	form := url.Values{"billing_cycle_anchor": {"now"}, "proration_behavior": {"none"}}
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, house.line.SandboxURL+"/v1/subscriptions/"+subs.Data[0].ID, strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.SetBasicAuth(house.line.SandboxKey, "")
	r.Header.Set("Stripe-Account", "acct_demo_acme")
	send(t, r, &struct{}{})
}
