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
