package sandbox_test

import (
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stripe/stripe-go/v76"
)

// raw asks the API without stripe-go, so that nothing is filled in or lost.
func (b *bundle) raw(t *testing.T, method, path, account string, form url.Values) (int, map[string]any) {
	t.Helper()
	req := must(http.NewRequestWithContext(t.Context(), method, b.server.URL+path, strings.NewReader(form.Encode())))(t)
	req.Header.Set("Authorization", "Bearer "+secretKey)
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if account != "" {
		req.Header.Set("Stripe-Account", account)
	}
	resp := must(http.DefaultClient.Do(req))(t)
	defer func() { _ = resp.Body.Close() }()
	body := must(io.ReadAll(resp.Body))(t)
	v, err := jsonschema.UnmarshalJSON(strings.NewReader(string(body)))
	if err != nil {
		t.Fatalf("%s %s answered %q", method, path, body)
	}
	return resp.StatusCode, v.(map[string]any)
}

// everything lives a whole life on one account, so that each kind of object and
// of event comes to be.
func everything(t *testing.T, b *bundle, acct string) {
	t.Helper()
	web := b.browser(t)
	price := b.price(t, acct, 9900, "pln", "month")
	tiered := must(b.api.Prices.New(&stripe.PriceParams{
		Params: on(acct), Currency: stripe.String("pln"), Product: &price.Product.ID, BillingScheme: stripe.String("tiered"), TiersMode: stripe.String("graduated"), Nickname: stripe.String("Seats"),
		Recurring: &stripe.PriceRecurringParams{Interval: stripe.String("month")},
		Tiers:     []*stripe.PriceTierParams{{UpTo: stripe.Int64(3), UnitAmount: stripe.Int64(0)}, {UpToInf: stripe.Bool(true), UnitAmount: stripe.Int64(500)}},
	}))(t)
	once := b.price(t, acct, 5000, "pln", "")

	cs := b.session(t, acct, price.ID, func(p *stripe.CheckoutSessionParams) {
		p.SubscriptionData = &stripe.CheckoutSessionSubscriptionDataParams{TrialPeriodDays: stripe.Int64(14)}
		if acct != "" {
			p.SubscriptionData.ApplicationFeePercent = stripe.Float64(5)
		}
	})
	fetch(t, web, http.MethodPost, cs.URL, card("4000000000000341"))
	buy := b.session(t, acct, once.ID, func(p *stripe.CheckoutSessionParams) {
		p.Mode = stripe.String("payment")
		p.InvoiceCreation = &stripe.CheckoutSessionInvoiceCreationParams{Enabled: stripe.Bool(true)}
		if acct != "" {
			p.PaymentIntentData = &stripe.CheckoutSessionPaymentIntentDataParams{ApplicationFeeAmount: stripe.Int64(250)}
		}
	})
	fetch(t, web, http.MethodPost, buy.URL, card("4242424242424242"))
	b.session(t, acct, price.ID)
	bought := must(b.api.CheckoutSessions.Get(buy.ID, &stripe.CheckoutSessionParams{Params: on(acct)}))(t)
	refund := &stripe.RefundParams{Params: on(acct), PaymentIntent: &bought.PaymentIntent.ID, Amount: stripe.Int64(1000)}
	if acct != "" {
		refund.RefundApplicationFee = stripe.Bool(true)
	}
	must(b.api.Refunds.New(refund))(t)
	ch := must(b.api.PaymentIntents.Get(bought.PaymentIntent.ID, &stripe.PaymentIntentParams{Params: on(acct)}))(t).LatestCharge
	b.dispute(t, acct, ch.ID, "")
	b.dispute(t, acct, ch.ID, "lost")

	c := b.customer(t, acct, "pm_card_visa")
	sub := must(b.api.Subscriptions.New(&stripe.SubscriptionParams{Params: on(acct), Customer: &c.ID, Items: []*stripe.SubscriptionItemsParams{{Price: &tiered.ID, Quantity: stripe.Int64(5)}}}))(t)
	must(b.api.Subscriptions.Update(sub.ID, &stripe.SubscriptionParams{Params: on(acct), ProrationBehavior: stripe.String("always_invoice"), Items: []*stripe.SubscriptionItemsParams{{ID: &sub.Items.Data[0].ID, Quantity: stripe.Int64(7)}}}))(t)
	must(b.api.InvoiceItems.New(&stripe.InvoiceItemParams{Params: on(acct), Customer: &c.ID, Amount: stripe.Int64(700), Currency: stripe.String("pln"), Description: stripe.String("Extra")}))(t)
	must(b.api.BillingPortalSessions.New(&stripe.BillingPortalSessionParams{Params: on(acct), Customer: &c.ID}))(t)
	b.tick(t, midMonth.AddDate(0, 1, 20))
	must(b.api.Subscriptions.Cancel(sub.ID, &stripe.SubscriptionCancelParams{Params: on(acct), Prorate: stripe.Bool(true), InvoiceNow: stripe.Bool(true)}))(t)
	b.tick(t, midMonth.AddDate(0, 3, 0))
}

func (b *bundle) dispute(t *testing.T, acct, charge, status string) {
	t.Helper()
	req := must(http.NewRequestWithContext(t.Context(), http.MethodPost, b.server.URL+"/_sandbox/disputes", strings.NewReader(fmt.Sprintf(`{"account":%q,"charge":%q,"status":%q}`, acct, charge, status))))(t)
	req.Header.Set("Authorization", "Bearer "+secretKey)
	resp := must(http.DefaultClient.Do(req))(t)
	if err := resp.Body.Close(); err != nil || resp.StatusCode != http.StatusOK {
		t.Fatalf("dispute answered %d (%v)", resp.StatusCode, err)
	}
}

func TestObjectsAndEventsAreValidByStripesDescription(t *testing.T) {
	t.Parallel()
	spec, err := description()
	if err != nil {
		t.Fatalf("Stripe's description cannot be had: %v", err)
	}
	b := setup(t)
	acct := b.account(t)
	must(b.api.AccountLinks.New(&stripe.AccountLinkParams{Account: &acct, Type: stripe.String("account_onboarding"), RefreshURL: stripe.String("http://shop.test/again"), ReturnURL: stripe.String("http://shop.test/back")}))(t)
	must(b.api.WebhookEndpoints.New(&stripe.WebhookEndpointParams{URL: stripe.String("http://127.0.0.1:1/hook"), EnabledEvents: stripe.StringSlice([]string{"*"}), Connect: stripe.Bool(true)}))(t)
	must(b.api.TestHelpersTestClocks.New(&stripe.TestHelpersTestClockParams{FrozenTime: stripe.Int64(midMonth.Add(time.Hour).Unix())}))(t)
	kinds := map[string]bool{}
	for _, account := range []string{"", acct} {
		b.clock.Set(midMonth)
		everything(t, b, account)
		for _, path := range []string{
			"products", "prices", "customers", "payment_methods", "checkout/sessions", "subscriptions?status=all", "invoices", "invoiceitems", "payment_intents", "charges", "refunds", "disputes",
			"application_fees", "billing_portal/configurations", "events", "webhook_endpoints", "test_helpers/test_clocks", "accounts",
		} {
			glue := "?"
			if strings.Contains(path, "?") {
				glue = "&"
			}
			status, list := b.raw(t, http.MethodGet, "/v1/"+path+glue+"limit=100", account, nil)
			if status != http.StatusOK {
				t.Errorf("GET %s answered %d: %v", path, status, list)
				continue
			}
			for _, o := range list["data"].([]any) {
				kind := o.(map[string]any)["object"].(string)
				kinds[kind] = true
				spec.check(t, kind, o)
				if kind == "event" {
					body := o.(map[string]any)["data"].(map[string]any)["object"].(map[string]any)
					spec.check(t, body["object"].(string), body)
				}
			}
		}
		status, expanded := b.raw(t, http.MethodGet, "/v1/subscriptions?status=all&expand[]=data.latest_invoice.payment_intent.latest_charge&expand[]=data.customer&expand[]=data.default_payment_method", account, nil)
		if status != http.StatusOK {
			t.Fatalf("expanded list answered %d: %v", status, expanded)
		}
		for _, o := range expanded["data"].([]any) {
			spec.check(t, "subscription", o)
		}
	}
	for _, want := range []string{"product", "price", "customer", "payment_method", "checkout.session", "subscription", "invoice", "invoiceitem", "payment_intent", "charge", "refund", "dispute", "application_fee", "event", "webhook_endpoint", "test_helpers.test_clock", "account", "billing_portal.configuration"} {
		if !kinds[want] {
			t.Errorf("no %s was made, so none was checked", want)
		}
	}
	seen := map[string]bool{}
	for _, account := range []string{"", acct} {
		for _, kind := range b.eventTypes(t, account) {
			seen[kind] = true
		}
	}
	for _, want := range []string{"customer.subscription.trial_will_end", "customer.subscription.deleted", "invoice.payment_failed", "charge.failed", "charge.dispute.closed", "checkout.session.expired", "application_fee.refunded", "charge.refunded"} {
		if !seen[want] {
			t.Errorf("no %s event among the newest", want)
		}
	}
}
