package sandbox_test

import (
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stripe/stripe-go/v76"
)

func (b *bundle) session(t *testing.T, account, price string, adjust ...func(*stripe.CheckoutSessionParams)) *stripe.CheckoutSession {
	t.Helper()
	p := &stripe.CheckoutSessionParams{
		Params: on(account), Mode: stripe.String("subscription"), SuccessURL: stripe.String("http://shop.test/done?session_id={CHECKOUT_SESSION_ID}"), CancelURL: stripe.String("http://shop.test/cancelled"),
		LineItems: []*stripe.CheckoutSessionLineItemParams{{Price: &price, Quantity: stripe.Int64(1)}},
	}
	for _, f := range adjust {
		f(p)
	}
	return must(b.api.CheckoutSessions.New(p))(t)
}

func TestCheckoutSellsASubscriptionOnAConnectedAccount(t *testing.T) {
	t.Parallel()
	b := setup(t)
	acct := b.account(t)
	price := b.price(t, acct, 9900, "pln", "month")
	cs := b.session(t, acct, price.ID, func(p *stripe.CheckoutSessionParams) {
		p.ClientReferenceID = stripe.String("org_7")
		p.SubscriptionData = &stripe.CheckoutSessionSubscriptionDataParams{ApplicationFeePercent: stripe.Float64(5), Metadata: map[string]string{"org": "7"}}
	})
	web := b.browser(t)
	shown := fetch(t, web, http.MethodGet, cs.URL, nil)
	if shown.status != http.StatusOK {
		t.Fatalf("checkout page answered %d: %s", shown.status, shown.body)
	}
	for _, want := range []string{"Acme sp. z o.o.", "99.00 PLN", "no money moves", `name="email"`, `name="cardNumber"`, `name="cardExpiry"`, `name="cardCvc"`, `name="billingName"`} {
		if !strings.Contains(shown.body, want) {
			t.Errorf("checkout page lacks %q", want)
		}
	}
	paid := fetch(t, web, http.MethodPost, cs.URL, card("4242 4242 4242 4242"))
	if paid.status != http.StatusSeeOther || paid.location != "http://shop.test/done?session_id="+cs.ID {
		t.Fatalf("paying answered %d to %q: %s", paid.status, paid.location, paid.body)
	}

	get := &stripe.CheckoutSessionParams{Params: on(acct)}
	get.AddExpand("subscription")
	get.AddExpand("subscription.latest_invoice.payment_intent")
	done := must(b.api.CheckoutSessions.Get(cs.ID, get))(t)
	sub := done.Subscription
	if done.Status != "complete" || done.PaymentStatus != "paid" || sub.Status != "active" || sub.Metadata["org"] != "7" || done.ClientReferenceID != "org_7" {
		t.Errorf("after payment: session %s/%s, subscription %s %v", done.Status, done.PaymentStatus, sub.Status, sub.Metadata)
	}
	inv := sub.LatestInvoice
	if inv.Total != 9900 || !inv.Paid || inv.ApplicationFeeAmount != 495 || inv.PaymentIntent.Status != "succeeded" || inv.Number == "" {
		t.Errorf("invoice: total %d paid %v fee %d intent %s number %q", inv.Total, inv.Paid, inv.ApplicationFeeAmount, inv.PaymentIntent.Status, inv.Number)
	}
	if len(sub.Items.Data) != 1 || sub.Items.Data[0].Price.ID != price.ID || sub.CurrentPeriodEnd != 1772280000 { // 28 February 2026, 12:00 UTC
		t.Errorf("subscription items %v, period end %d", sub.Items.Data, sub.CurrentPeriodEnd)
	}
	want := []string{
		"product.created", "price.created", "customer.created", "payment_method.attached", "customer.updated", "invoice.created", "invoice.finalized",
		"payment_intent.created", "charge.succeeded", "payment_intent.succeeded", "invoice.paid", "invoice.payment_succeeded", "customer.subscription.created", "checkout.session.completed",
	}
	got := b.eventTypes(t, acct)
	slices.Sort(want)
	slices.Sort(got)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("events (-want +got):\n%s", diff)
	}
	if got := b.eventTypes(t, ""); !slices.Contains(got, "application_fee.created") {
		t.Errorf("platform events %v lack the fee", got)
	}
}

func TestParallelSubmitsCompleteOnce(t *testing.T) {
	t.Parallel()
	b := setup(t)
	cs := b.session(t, "", b.price(t, "", 9900, "pln", "month").ID)
	var wait sync.WaitGroup
	for range 8 {
		wait.Go(func() {
			if got := fetch(t, b.browser(t), http.MethodPost, cs.URL, card("4242424242424242")); got.status != http.StatusSeeOther {
				t.Errorf("a submit answered %d", got.status)
			}
		})
	}
	wait.Wait()
	n := 0
	for list := b.api.Subscriptions.List(&stripe.SubscriptionListParams{}); list.Next(); {
		n++
	}
	if n != 1 {
		t.Errorf("%d subscriptions, want 1", n)
	}
}

func TestCheckoutPageAnswersMistakesAndDeclines(t *testing.T) {
	t.Parallel()
	b := setup(t)
	web := b.browser(t)
	price := b.price(t, "", 9900, "pln", "month")
	cs := b.session(t, "", price.ID, func(p *stripe.CheckoutSessionParams) { p.Locale = stripe.String("pl") })
	edit := func(field, value string) map[string][]string {
		form := card("4242424242424242")
		form.Set(field, value)
		return form
	}
	rows := []struct {
		name   string
		form   map[string][]string
		status int
		want   string
	}{
		{"a mistyped number", edit("cardNumber", "4242424242424241"), 422, `id="cardNumber-error"`},
		{"letters for a number", edit("cardNumber", "abcd"), 422, `id="cardNumber-error"`},
		{"a month 13", edit("cardExpiry", "13/30"), 422, `id="cardExpiry-error"`},
		{"an old card", edit("cardExpiry", "01/20"), 422, "straciła ważność"},
		{"a short code", edit("cardCvc", "12"), 422, `id="cardCvc-error"`},
		{"no e-mail", edit("email", ""), 422, `id="email-error"`},
		{"no name", edit("billingName", ""), 422, `id="billingName-error"`},
		{"a declined card", card("4000 0000 0000 0002"), 402, "została odrzucona"},
		{"an empty account", card("4000 0000 0000 9995"), 402, "brakuje środków"},
		{"an unknown card", card("4111111111111111"), 402, "została odrzucona"},
	}
	for _, row := range rows {
		got := fetch(t, web, http.MethodPost, cs.URL, row.form)
		if got.status != row.status || !strings.Contains(got.body, row.want) || !strings.Contains(got.body, `role="alert"`) {
			t.Errorf("%s: %d, lacks %q or an alert", row.name, got.status, row.want)
		}
		if row.form["email"][0] != "" && !strings.Contains(got.body, `value="jan@example.test"`) {
			t.Errorf("%s: the input was lost", row.name)
		}
	}
	if got := fetch(t, web, http.MethodGet, cs.URL, nil); !strings.Contains(got.body, "99,00\u00a0zł miesięcznie") || !strings.Contains(got.body, `<html lang="pl">`) || !strings.Contains(got.header.Get("Content-Security-Policy"), "default-src 'self'") {
		t.Errorf("page is not Polish or has no policy: %s", got.body)
	}
	if n := len(b.eventTypes(t, "")); n != 2 { // product and price
		t.Errorf("failed attempts left %d events behind", n-2)
	}
	if got := fetch(t, web, http.MethodPost, cs.URL, card("4242424242424242")); got.status != http.StatusSeeOther {
		t.Fatalf("the good card answered %d", got.status)
	}
	if got := fetch(t, web, http.MethodGet, cs.URL, nil); got.status != http.StatusOK || !strings.Contains(got.body, "zakończona") {
		t.Errorf("a completed session shows %d", got.status)
	}
}

func TestBankAuthenticationCompletesOrFails(t *testing.T) {
	t.Parallel()
	b := setup(t)
	web := b.browser(t)
	cs := b.session(t, "", b.price(t, "", 9900, "pln", "month").ID)
	step := fetch(t, web, http.MethodPost, cs.URL, card("4000 0025 0000 3155"))
	if step.status != http.StatusSeeOther || step.location != "/c/pay/"+cs.ID+"/authenticate" {
		t.Fatalf("the card led to %d %q", step.status, step.location)
	}
	bank := b.server.URL + step.location
	if got := fetch(t, web, http.MethodGet, bank, nil); !strings.Contains(got.body, `value="complete"`) || !strings.Contains(got.body, `value="fail"`) {
		t.Errorf("bank page lacks its buttons: %s", got.body)
	}
	failed := fetch(t, web, http.MethodPost, bank, map[string][]string{"outcome": {"fail"}})
	if shown := fetch(t, web, http.MethodGet, b.server.URL+failed.location, nil); !strings.Contains(shown.body, `role="alert"`) {
		t.Error("a failed authentication is not told")
	}
	done := fetch(t, web, http.MethodPost, bank, map[string][]string{"outcome": {"complete"}})
	if done.status != http.StatusSeeOther || !strings.HasPrefix(done.location, "http://shop.test/done") {
		t.Fatalf("authentication led to %d %q", done.status, done.location)
	}
	b.tick(t, midMonth.AddDate(0, 1, 1))
	sub := must(b.api.CheckoutSessions.Get(cs.ID, nil))(t).Subscription
	if got := must(b.api.Subscriptions.Get(sub.ID, nil))(t).Status; got != "active" {
		t.Errorf("the renewal of an authenticated card left %s", got)
	}
}

func TestFreePlanAsksForNoCard(t *testing.T) {
	t.Parallel()
	b := setup(t)
	web := b.browser(t)
	cs := b.session(t, "", b.price(t, "", 0, "pln", "month").ID, func(p *stripe.CheckoutSessionParams) { p.PaymentMethodCollection = stripe.String("if_required") })
	if got := fetch(t, web, http.MethodGet, cs.URL, nil); strings.Contains(got.body, "cardNumber\"") {
		t.Error("a free plan asks for a card")
	}
	if got := fetch(t, web, http.MethodPost, cs.URL, map[string][]string{"email": {"jan@example.test"}}); got.status != http.StatusSeeOther {
		t.Fatalf("free checkout answered %d: %s", got.status, got.body)
	}
	got := must(b.api.CheckoutSessions.Get(cs.ID, nil))(t)
	if got.PaymentStatus != "no_payment_required" || must(b.api.Subscriptions.Get(got.Subscription.ID, nil))(t).Status != "active" {
		t.Errorf("payment status %s", got.PaymentStatus)
	}
}

func TestSessionsExpireByTimeAndByRequest(t *testing.T) {
	t.Parallel()
	b := setup(t)
	price := b.price(t, "", 9900, "pln", "month")
	late, killed := b.session(t, "", price.ID), b.session(t, "", price.ID)
	must(b.api.CheckoutSessions.Expire(killed.ID, nil))(t)
	if _, err := b.api.CheckoutSessions.Expire(killed.ID, nil); err == nil {
		t.Error("a session expired twice")
	}
	b.clock.Advance(25 * 60 * 60 * 1e9)
	for _, cs := range []*stripe.CheckoutSession{late, killed} {
		if got := fetch(t, b.browser(t), http.MethodPost, cs.URL, card("4242424242424242")); got.status != http.StatusGone || !strings.Contains(got.body, "http://shop.test/cancelled") {
			t.Errorf("an expired session answered %d", got.status)
		}
	}
	b.tick(t, b.clock.Now())
	if got := must(b.api.CheckoutSessions.Get(late.ID, nil))(t).Status; got != "expired" {
		t.Errorf("after a day the session is %s", got)
	}
}

func TestOneTimePurchaseMakesAPaidInvoice(t *testing.T) {
	t.Parallel()
	b := setup(t)
	acct := b.account(t)
	price := b.price(t, acct, 19900, "pln", "")
	cs := b.session(t, acct, price.ID, func(p *stripe.CheckoutSessionParams) {
		p.Mode = stripe.String("payment")
		p.LineItems[0].Quantity = stripe.Int64(2)
		p.InvoiceCreation = &stripe.CheckoutSessionInvoiceCreationParams{Enabled: stripe.Bool(true)}
		p.PaymentIntentData = &stripe.CheckoutSessionPaymentIntentDataParams{ApplicationFeeAmount: stripe.Int64(1990)}
	})
	if got := fetch(t, b.browser(t), http.MethodPost, cs.URL, card("4242424242424242")); got.status != http.StatusSeeOther {
		t.Fatalf("paying answered %d: %s", got.status, got.body)
	}
	p := &stripe.CheckoutSessionParams{Params: on(acct)}
	p.AddExpand("invoice.charge")
	p.AddExpand("line_items")
	done := must(b.api.CheckoutSessions.Get(cs.ID, p))(t)
	inv := done.Invoice
	if inv.Status != "paid" || inv.Total != 39800 || inv.Charge.ApplicationFeeAmount != 1990 || inv.PaymentIntent.ID != done.PaymentIntent.ID || done.LineItems.Data[0].Quantity != 2 {
		t.Errorf("invoice %s %d, fee %d", inv.Status, inv.Total, inv.Charge.ApplicationFeeAmount)
	}
}
