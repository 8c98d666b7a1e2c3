package sandbox_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stripe/stripe-go/v76"
)

func TestRenewalsKeepTheLastDayOfTheMonth(t *testing.T) {
	t.Parallel()
	b := setup(t)
	c := b.customer(t, "", "pm_card_visa")
	sub := b.subscribe(t, c.ID, b.price(t, "", 1000, "usd", "month").ID, 1)
	b.tick(t, time.Date(2026, 6, 2, 0, 0, 0, 0, time.UTC)) // one jump over five renewals
	var ends []string
	list := b.api.Invoices.List(&stripe.InvoiceListParams{Subscription: &sub.ID})
	for list.Next() {
		inv := list.Invoice()
		if !inv.Paid {
			t.Errorf("invoice %s is %s", inv.Number, inv.Status)
		}
		ends = append([]string{time.Unix(inv.Lines.Data[0].Period.End, 0).UTC().Format("2006-01-02")}, ends...)
	}
	want := []string{"2026-02-28", "2026-03-31", "2026-04-30", "2026-05-31", "2026-06-30"}
	if diff := cmp.Diff(want, ends); diff != "" {
		t.Errorf("period ends (-want +got):\n%s", diff)
	}
}

func TestFailingCardGoesPastDueRetriesAndIsCancelled(t *testing.T) {
	t.Parallel()
	b := setup(t)
	cs := b.session(t, "", b.price(t, "", 9900, "pln", "month").ID)
	if got := fetch(t, b.browser(t), http.MethodPost, cs.URL, card("4000 0000 0000 0341")); got.status != http.StatusSeeOther {
		t.Fatalf("first payment answered %d", got.status)
	}
	sub := must(b.api.CheckoutSessions.Get(cs.ID, nil))(t).Subscription
	renewal := time.Date(2026, 2, 28, 12, 0, 0, 0, time.UTC)
	steps := []struct {
		at       time.Time
		status   stripe.SubscriptionStatus
		attempts int64
		next     time.Time
	}{
		{renewal, "active", 0, renewal.Add(time.Hour)},
		{renewal.Add(time.Hour), "past_due", 1, renewal.Add(time.Hour).AddDate(0, 0, 3)},
		{renewal.Add(time.Hour).AddDate(0, 0, 3), "past_due", 2, renewal.Add(time.Hour).AddDate(0, 0, 8)},
		{renewal.Add(time.Hour).AddDate(0, 0, 8), "past_due", 3, renewal.Add(time.Hour).AddDate(0, 0, 15)},
		{renewal.Add(time.Hour).AddDate(0, 0, 15), "canceled", 4, time.Time{}},
	}
	for _, step := range steps {
		b.tick(t, step.at)
		now := must(b.api.Subscriptions.Get(sub.ID, nil))(t)
		inv := must(b.api.Invoices.Get(now.LatestInvoice.ID, nil))(t)
		next := time.Time{}
		if inv.NextPaymentAttempt != 0 {
			next = time.Unix(inv.NextPaymentAttempt, 0).UTC()
		}
		if now.Status != step.status || inv.AttemptCount != step.attempts || !next.Equal(step.next) {
			t.Errorf("at %s: %s, %d attempts, next %s; want %s, %d, %s", step.at, now.Status, inv.AttemptCount, next, step.status, step.attempts, step.next)
		}
	}
}

func TestBuyerRepairsAFailedRenewalOnTheHostedInvoice(t *testing.T) {
	t.Parallel()
	b := setup(t)
	web := b.browser(t)
	cs := b.session(t, "", b.price(t, "", 9900, "pln", "month").ID)
	fetch(t, web, http.MethodPost, cs.URL, card("4000000000000341"))
	sub := must(b.api.CheckoutSessions.Get(cs.ID, nil))(t).Subscription
	b.tick(t, midMonth.AddDate(0, 1, 0))
	sub = must(b.api.Subscriptions.Get(sub.ID, nil))(t)
	inv := must(b.api.Invoices.Get(sub.LatestInvoice.ID, nil))(t)
	if sub.Status != "past_due" || inv.HostedInvoiceURL == "" {
		t.Fatalf("subscription %s, invoice page %q", sub.Status, inv.HostedInvoiceURL)
	}
	if got := fetch(t, web, http.MethodPost, inv.HostedInvoiceURL, card("4000000000000002")); got.status != http.StatusPaymentRequired {
		t.Errorf("a declined card answered %d", got.status)
	}
	if got := fetch(t, web, http.MethodPost, inv.HostedInvoiceURL, card("4242424242424242")); got.status != http.StatusSeeOther {
		t.Errorf("a good card answered %d: %s", got.status, got.body)
	}
	if got := must(b.api.Subscriptions.Get(sub.ID, nil))(t).Status; got != "active" {
		t.Errorf("after payment the subscription is %s", got)
	}
	pdf := fetch(t, web, http.MethodGet, inv.InvoicePDF, nil)
	if !strings.HasPrefix(pdf.body, "%PDF-1.4") {
		t.Errorf("invoice_pdf is no PDF: %.40q", pdf.body)
	}
}

func TestTrialRemindsAndThenCharges(t *testing.T) {
	t.Parallel()
	b := setup(t)
	c := b.customer(t, "", "pm_card_visa")
	sub := must(b.api.Subscriptions.New(&stripe.SubscriptionParams{
		Customer: &c.ID, TrialPeriodDays: stripe.Int64(14), Items: []*stripe.SubscriptionItemsParams{{Price: stripe.String(b.price(t, "", 9900, "pln", "month").ID)}},
	}))(t)
	first := must(b.api.Invoices.Get(sub.LatestInvoice.ID, nil))(t)
	if sub.Status != "trialing" || first.Total != 0 || !first.Paid || sub.TrialEnd != midMonth.AddDate(0, 0, 14).Unix() {
		t.Errorf("%s, first invoice %d", sub.Status, first.Total)
	}
	b.tick(t, midMonth.AddDate(0, 0, 11).Add(time.Minute))
	if !slices.Contains(b.eventTypes(t, ""), "customer.subscription.trial_will_end") {
		t.Error("no reminder three days before the end")
	}
	b.tick(t, midMonth.AddDate(0, 0, 15))
	sub = must(b.api.Subscriptions.Get(sub.ID, nil))(t)
	inv := must(b.api.Invoices.Get(sub.LatestInvoice.ID, nil))(t)
	if sub.Status != "active" || inv.Total != 9900 || !inv.Paid || sub.CurrentPeriodEnd != time.Date(2026, 3, 14, 12, 0, 0, 0, time.UTC).Unix() {
		t.Errorf("after the trial: %s, %d, period end %d", sub.Status, inv.Total, sub.CurrentPeriodEnd)
	}
}

func TestCancelAtPeriodEndAndItsUndoing(t *testing.T) {
	t.Parallel()
	b := setup(t)
	c := b.customer(t, "", "pm_card_visa")
	sub := b.subscribe(t, c.ID, b.price(t, "", 9900, "pln", "month").ID, 1)
	set := func(on bool) *stripe.Subscription {
		return must(b.api.Subscriptions.Update(sub.ID, &stripe.SubscriptionParams{CancelAtPeriodEnd: &on}))(t)
	}
	if got := set(true); !got.CancelAtPeriodEnd || got.CancelAt != got.CurrentPeriodEnd || got.CanceledAt == 0 {
		t.Errorf("cancel: %v at %d", got.CancelAtPeriodEnd, got.CancelAt)
	}
	if got := set(false); got.CancelAtPeriodEnd || got.CancelAt != 0 || got.CanceledAt != 0 {
		t.Errorf("undone: %v at %d", got.CancelAtPeriodEnd, got.CancelAt)
	}
	set(true)
	b.tick(t, midMonth.AddDate(0, 2, 0))
	if got := must(b.api.Subscriptions.Get(sub.ID, nil))(t); got.Status != "canceled" || got.EndedAt != sub.CurrentPeriodEnd {
		t.Errorf("at the period end: %s, ended %d", got.Status, got.EndedAt)
	}
}

func TestIncompleteSubscriptionExpiresAfter23Hours(t *testing.T) {
	t.Parallel()
	b := setup(t)
	c := b.customer(t, "", "pm_card_chargeCustomerFail")
	sub := b.subscribe(t, c.ID, b.price(t, "", 9900, "pln", "month").ID, 1)
	if sub.Status != "incomplete" {
		t.Fatalf("status %s, want incomplete", sub.Status)
	}
	b.tick(t, midMonth.Add(23*time.Hour))
	got := must(b.api.Subscriptions.Get(sub.ID, nil))(t)
	inv := must(b.api.Invoices.Get(got.LatestInvoice.ID, nil))(t)
	if got.Status != "incomplete_expired" || inv.Status != "void" {
		t.Errorf("status %s, invoice %s", got.Status, inv.Status)
	}
}

func TestTestClockMovesOnlyItsOwnCustomers(t *testing.T) {
	t.Parallel()
	b := setup(t)
	clock := must(b.api.TestHelpersTestClocks.New(&stripe.TestHelpersTestClockParams{FrozenTime: stripe.Int64(midMonth.Unix()), Name: stripe.String("future")}))(t)
	price := b.price(t, "", 9900, "pln", "month")
	c := must(b.api.Customers.New(&stripe.CustomerParams{TestClock: &clock.ID}))(t)
	pm := must(b.api.PaymentMethods.Attach("pm_card_visa", &stripe.PaymentMethodAttachParams{Customer: &c.ID}))(t)
	sub := must(b.api.Subscriptions.New(&stripe.SubscriptionParams{Customer: &c.ID, DefaultPaymentMethod: &pm.ID, Items: []*stripe.SubscriptionItemsParams{{Price: &price.ID}}}))(t)
	other := b.subscribe(t, b.customer(t, "", "pm_card_visa").ID, price.ID, 1)
	aim := midMonth.AddDate(0, 3, 10)
	if got := must(b.api.TestHelpersTestClocks.Advance(clock.ID, &stripe.TestHelpersTestClockAdvanceParams{FrozenTime: stripe.Int64(aim.Unix())}))(t).Status; got != "advancing" {
		t.Errorf("advance answered status %s", got)
	}
	for range 100 {
		if clock = must(b.api.TestHelpersTestClocks.Get(clock.ID, nil))(t); clock.Status == "ready" {
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
	if clock.Status != "ready" || clock.FrozenTime != aim.Unix() {
		t.Fatalf("clock %s at %d", clock.Status, clock.FrozenTime)
	}
	n := 0
	for list := b.api.Invoices.List(&stripe.InvoiceListParams{Subscription: &sub.ID}); list.Next(); {
		n++
	}
	if n != 4 {
		t.Errorf("%d invoices on the clock, want 4", n)
	}
	if got := must(b.api.Subscriptions.Get(other.ID, nil))(t); got.CurrentPeriodEnd != other.CurrentPeriodEnd {
		t.Error("the clock moved a subscription that is not on it")
	}
	must(b.api.TestHelpersTestClocks.Del(clock.ID, nil))(t)
	if _, err := b.api.Subscriptions.Get(sub.ID, nil); err == nil {
		t.Error("the clock's subscription outlived it")
	}
}

func TestPortalCancelsKeepsAndChangesTheCard(t *testing.T) {
	t.Parallel()
	b := setup(t)
	web := b.browser(t)
	c := b.customer(t, "", "pm_card_visa")
	sub := b.subscribe(t, c.ID, b.price(t, "", 9900, "pln", "month").ID, 1)
	ps := must(b.api.BillingPortalSessions.New(&stripe.BillingPortalSessionParams{Customer: &c.ID, ReturnURL: stripe.String("http://shop.test/account"), Locale: stripe.String("pl")}))(t)
	home := fetch(t, web, http.MethodGet, ps.URL, nil)
	for _, want := range []string{`lang="pl"`, "99,00\u00a0zł miesięcznie", "http://shop.test/account", "4242"} {
		if !strings.Contains(home.body, want) {
			t.Errorf("portal lacks %q", want)
		}
	}
	id := map[string][]string{"subscription": {sub.ID}}
	if got := fetch(t, web, http.MethodPost, ps.URL+"/cancel", id); got.status != http.StatusSeeOther {
		t.Errorf("cancel answered %d", got.status)
	}
	if !must(b.api.Subscriptions.Get(sub.ID, nil))(t).CancelAtPeriodEnd {
		t.Error("not cancelled at the period end")
	}
	fetch(t, web, http.MethodPost, ps.URL+"/keep", id)
	if must(b.api.Subscriptions.Get(sub.ID, nil))(t).CancelAtPeriodEnd {
		t.Error("the cancellation was not undone")
	}
	if got := fetch(t, web, http.MethodPost, ps.URL+"/card", card("5555555555554444")); got.status != http.StatusSeeOther {
		t.Errorf("new card answered %d: %s", got.status, got.body)
	}
	p := &stripe.SubscriptionParams{}
	p.AddExpand("default_payment_method")
	if got := must(b.api.Subscriptions.Get(sub.ID, p))(t).DefaultPaymentMethod; got == nil || got.Card.Last4 != "4444" {
		t.Errorf("default payment method %v", got)
	}
	stranger := b.subscribe(t, b.customer(t, "", "pm_card_visa").ID, sub.Items.Data[0].Price.ID, 1)
	if got := fetch(t, web, http.MethodPost, ps.URL+"/cancel", map[string][]string{"subscription": {stranger.ID}}); got.status != http.StatusNotFound {
		t.Errorf("cancelling a stranger's subscription answered %d", got.status)
	}
}

func TestBankAuthenticationOfASubscriptionMadeThroughTheAPI(t *testing.T) {
	t.Parallel()
	b := setup(t)
	web := b.browser(t)
	price := b.price(t, "", 9900, "pln", "month")
	for outcome, want := range map[string]stripe.SubscriptionStatus{"complete": "active", "fail": "incomplete"} {
		c := b.customer(t, "", "pm_card_threeDSecure2Required")
		p := &stripe.SubscriptionParams{Customer: &c.ID, Items: []*stripe.SubscriptionItemsParams{{Price: &price.ID}}}
		p.AddExpand("latest_invoice.payment_intent")
		sub := must(b.api.Subscriptions.New(p))(t)
		intent := sub.LatestInvoice.PaymentIntent
		if sub.Status != "incomplete" || intent.Status != "requires_action" || intent.NextAction == nil {
			t.Fatalf("subscription %s, intent %s", sub.Status, intent.Status)
		}
		bank := intent.NextAction.RedirectToURL.URL
		if got := fetch(t, web, http.MethodGet, bank, nil); got.status != http.StatusOK || !strings.Contains(got.body, "99.00 PLN") {
			t.Errorf("bank page answered %d", got.status)
		}
		fetch(t, web, http.MethodPost, bank, map[string][]string{"outcome": {outcome}})
		if got := must(b.api.Subscriptions.Get(sub.ID, nil))(t).Status; got != want {
			t.Errorf("after %s the subscription is %s, want %s", outcome, got, want)
		}
	}
}

func TestUnpaidAndPausedSubscriptions(t *testing.T) {
	t.Parallel()
	b := setup(t)
	price := b.price(t, "", 9900, "pln", "month")
	bare := b.customer(t, "", "")
	paused := must(b.api.Subscriptions.New(&stripe.SubscriptionParams{
		Customer: &bare.ID, TrialPeriodDays: stripe.Int64(7), Items: []*stripe.SubscriptionItemsParams{{Price: &price.ID}},
		TrialSettings: &stripe.SubscriptionTrialSettingsParams{EndBehavior: &stripe.SubscriptionTrialSettingsEndBehaviorParams{MissingPaymentMethod: stripe.String("pause")}},
	}))(t)
	req := must(http.NewRequestWithContext(t.Context(), http.MethodPost, b.server.URL+"/_sandbox/dunning", strings.NewReader(`{"retry_days":[1],"action":"unpaid"}`)))(t)
	req.Header.Set("Authorization", "Bearer "+secretKey)
	resp := must(http.DefaultClient.Do(req))(t)
	if err := resp.Body.Close(); err != nil || resp.StatusCode != http.StatusOK {
		t.Fatalf("dunning answered %d", resp.StatusCode)
	}
	failing := b.customer(t, "", "pm_card_chargeCustomerFail")
	unpaid := must(b.api.Subscriptions.New(&stripe.SubscriptionParams{Customer: &failing.ID, TrialPeriodDays: stripe.Int64(7), Items: []*stripe.SubscriptionItemsParams{{Price: &price.ID}}}))(t)
	b.tick(t, midMonth.AddDate(0, 0, 10))
	if got := must(b.api.Subscriptions.Get(unpaid.ID, nil))(t).Status; got != "unpaid" {
		t.Errorf("after the last retry: %s", got)
	}
	if got := must(b.api.Subscriptions.Get(paused.ID, nil))(t).Status; got != "paused" {
		t.Fatalf("a trial without a card ended as %s", got)
	}
	pm := must(b.api.PaymentMethods.Attach("pm_card_visa", &stripe.PaymentMethodAttachParams{Customer: &bare.ID}))(t)
	must(b.api.Subscriptions.Update(paused.ID, &stripe.SubscriptionParams{DefaultPaymentMethod: &pm.ID}))(t)
	resumed := must(b.api.Subscriptions.Resume(paused.ID, &stripe.SubscriptionResumeParams{}))(t)
	inv := must(b.api.Invoices.Get(resumed.LatestInvoice.ID, nil))(t)
	if resumed.Status != "active" || inv.Total != 9900 || !inv.Paid || resumed.CurrentPeriodStart != b.clock.Now().Unix() {
		t.Errorf("resumed: %s, %d", resumed.Status, inv.Total)
	}
}

func TestItemsCanBeAddedChangedAndRemoved(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.clock.Set(quiet)
	c := b.customer(t, "", "pm_card_visa")
	base, extra := b.price(t, "", 1000, "usd", "month"), b.price(t, "", 600, "usd", "month")
	sub := b.subscribe(t, c.ID, base.ID, 1)
	b.clock.Set(quiet.AddDate(0, 0, 15))
	item := must(b.api.SubscriptionItems.New(&stripe.SubscriptionItemParams{Subscription: &sub.ID, Price: &extra.ID, Quantity: stripe.Int64(2)}))(t)
	must(b.api.SubscriptionItems.Update(item.ID, &stripe.SubscriptionItemParams{Quantity: stripe.Int64(3)}))(t)
	// 2 x 6.00 x 1/2 = 6.00; then -6.00 + 3 x 6.00 x 1/2 = +3.00; May: 10.00 + 18.00.
	next := must(b.api.Invoices.Upcoming(&stripe.InvoiceUpcomingParams{Subscription: &sub.ID}))(t)
	if next.Total != 600+300+2800 {
		t.Errorf("next invoice %d, want 3700", next.Total)
	}
	must(b.api.SubscriptionItems.Del(item.ID, &stripe.SubscriptionItemParams{ProrationBehavior: stripe.String("none")}))(t)
	if got := must(b.api.Subscriptions.Get(sub.ID, nil))(t).Items.Data; len(got) != 1 || got[0].Price.ID != base.ID {
		t.Errorf("items left: %d", len(got))
	}
	_, err := b.api.SubscriptionItems.Del(sub.Items.Data[0].ID, nil)
	if e := stripeError(t, err); e.HTTPStatusCode != 400 {
		t.Errorf("removing the last item: %v", e)
	}
}
