package sandbox_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stripe/stripe-go/v76"
)

// fontTiers are the tiers of the worked example in Stripe's guide to tiered
// pricing: 1-5 at 7.00, 6-10 at 6.50, 11 and more at 6.00 USD.
func fontTiers() []*stripe.PriceTierParams {
	return []*stripe.PriceTierParams{
		{UpTo: stripe.Int64(5), UnitAmount: stripe.Int64(700)},
		{UpTo: stripe.Int64(10), UnitAmount: stripe.Int64(650)},
		{UpToInf: stripe.Bool(true), UnitAmount: stripe.Int64(600)},
	}
}

func (b *bundle) tiered(t *testing.T, mode string, tiers []*stripe.PriceTierParams) *stripe.Price {
	t.Helper()
	return must(b.api.Prices.New(&stripe.PriceParams{
		Currency: stripe.String("usd"), BillingScheme: stripe.String("tiered"), TiersMode: &mode, Tiers: tiers,
		Recurring: &stripe.PriceRecurringParams{Interval: stripe.String("month")}, ProductData: &stripe.PriceProductDataParams{Name: stripe.String("Fonts")},
	}))(t)
}

func (b *bundle) firstTotal(t *testing.T, price string, quantity int64) int64 {
	t.Helper()
	c := b.customer(t, "", "pm_card_visa")
	sub := b.subscribe(t, c.ID, price, quantity)
	return must(b.api.Invoices.Get(sub.LatestInvoice.ID, nil))(t).Total
}

func TestTieredTotalsEqualStripesWorkedExamples(t *testing.T) {
	t.Parallel()
	b := setup(t)
	volume := b.tiered(t, "volume", fontTiers())
	graduated := b.tiered(t, "graduated", fontTiers())
	flat := fontTiers()
	flat[0].FlatAmount, flat[1].FlatAmount = stripe.Int64(1000), stripe.Int64(2000)
	graduatedFlat := b.tiered(t, "graduated", flat)
	volumeFlat := b.tiered(t, "volume", flat)
	rows := []struct {
		name     string
		price    string
		quantity int64
		want     int64
	}{
		{"volume: 1 x 7.00", volume.ID, 1, 700},
		{"volume: 5 x 7.00", volume.ID, 5, 3500},
		{"volume: all 6 at the second tier, 6 x 6.50", volume.ID, 6, 3900},
		{"volume: all 20 at the third, 20 x 6.00", volume.ID, 20, 12000},
		{"volume: 25 x 6.00", volume.ID, 25, 15000},
		{"graduated: 5 x 7.00", graduated.ID, 5, 3500},
		{"graduated: 5 x 7.00 + 1 x 6.50", graduated.ID, 6, 4150},
		{"graduated: 35.00 + 5 x 6.50 + 10 x 6.00", graduated.ID, 20, 12750},
		{"graduated: 35.00 + 32.50 + 15 x 6.00", graduated.ID, 25, 15750},
		{"graduated with flat fees: 10 + 5 x 7.00", graduatedFlat.ID, 5, 4500},
		{"graduated with flat fees: 10 + 35 + 20 + 1 x 6.50", graduatedFlat.ID, 6, 7150},
		{"graduated: nothing bought still pays the first tier's flat fee", graduatedFlat.ID, 0, 1000},
		{"volume with flat fees: 20 + 6 x 6.50", volumeFlat.ID, 6, 5900},
	}
	for _, row := range rows {
		if got := b.firstTotal(t, row.price, row.quantity); got != row.want {
			t.Errorf("%s: total %d, want %d", row.name, got, row.want)
		}
	}
}

func TestFractionsOfACentRoundHalfUp(t *testing.T) {
	t.Parallel()
	b := setup(t)
	p := must(b.api.Prices.New(&stripe.PriceParams{
		Currency: stripe.String("usd"), UnitAmountDecimal: stripe.Float64(0.5), Recurring: &stripe.PriceRecurringParams{Interval: stripe.String("month")},
		ProductData: &stripe.PriceProductDataParams{Name: stripe.String("Drops")},
	}))(t)
	for quantity, want := range map[int64]int64{1: 1, 3: 2, 4: 2} { // 0.5 -> 1, 1.5 -> 2, 2.0 -> 2
		if got := b.firstTotal(t, p.ID, quantity); got != want {
			t.Errorf("%d x 0.5 cents: %d, want %d", quantity, got, want)
		}
	}
}

// quiet is the first of a 30-day month, so that halves are exact.
var quiet = time.Date(2026, 4, 1, 0, 0, 0, 0, time.UTC)

func amounts(inv *stripe.Invoice) []int64 {
	var out []int64
	for _, l := range inv.Lines.Data {
		out = append(out, l.Amount)
	}
	return out
}

func TestUpgradeHalfwayIsProratedAsStripeExplains(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.clock.Set(quiet)
	ten, twenty := b.price(t, "", 1000, "usd", "month"), b.price(t, "", 2000, "usd", "month")
	c := b.customer(t, "", "pm_card_visa")
	sub := b.subscribe(t, c.ID, ten.ID, 1)
	b.clock.Set(quiet.AddDate(0, 0, 15)) // 15 of 30 days are left
	change := []*stripe.SubscriptionItemsParams{{ID: &sub.Items.Data[0].ID, Price: &twenty.ID}}
	preview := must(b.api.Invoices.Upcoming(&stripe.InvoiceUpcomingParams{Subscription: &sub.ID, SubscriptionItems: change}))(t)
	// 10.00 x 15/30 given back, 20.00 x 15/30 charged, and May at 20.00: 25.00.
	if diff := cmp.Diff([]int64{-500, 1000}, []int64{sumProrations(preview, -1), sumProrations(preview, 1)}); diff != "" {
		t.Errorf("previewed prorations (-want +got):\n%s", diff)
	}
	if preview.Total != 2500 {
		t.Errorf("preview totals %d, want 2500", preview.Total)
	}
	sub = must(b.api.Subscriptions.Update(sub.ID, &stripe.SubscriptionParams{Items: change}))(t)
	if sub.CurrentPeriodEnd != quiet.AddDate(0, 1, 0).Unix() {
		t.Error("an upgrade within the interval moved the period")
	}
	b.tick(t, quiet.AddDate(0, 1, 0).Add(2*time.Hour))
	renewed := must(b.api.Subscriptions.Get(sub.ID, nil))(t)
	inv := must(b.api.Invoices.Get(renewed.LatestInvoice.ID, nil))(t)
	if inv.Total != preview.Total || !inv.Paid || inv.BillingReason != "subscription_cycle" {
		t.Errorf("renewal %d paid=%v %s, want the previewed %d", inv.Total, inv.Paid, inv.BillingReason, preview.Total)
	}
}

func sumProrations(inv *stripe.Invoice, sign int64) int64 {
	var sum int64
	for _, l := range inv.Lines.Data {
		if l.Proration && l.Amount*sign > 0 {
			sum += l.Amount
		}
	}
	return sum
}

func TestSeatsFromFiveToSevenAreChargedAtOnceWhenAsked(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.clock.Set(quiet)
	seat := b.price(t, "", 3000, "pln", "month")
	c := b.customer(t, "", "pm_card_visa")
	sub := b.subscribe(t, c.ID, seat.ID, 5)
	at := quiet.AddDate(0, 0, 10) // 20 of 30 days are left
	b.clock.Set(at.Add(90 * time.Second))
	item := []*stripe.SubscriptionItemsParams{{ID: &sub.Items.Data[0].ID, Quantity: stripe.Int64(7)}}
	preview := must(b.api.Invoices.Upcoming(&stripe.InvoiceUpcomingParams{
		Subscription: &sub.ID, SubscriptionItems: item, SubscriptionProrationDate: stripe.Int64(at.Unix()), SubscriptionProrationBehavior: stripe.String("always_invoice"),
	}))(t)
	b.clock.Advance(time.Minute)
	sub = must(b.api.Subscriptions.Update(sub.ID, &stripe.SubscriptionParams{Items: item, ProrationDate: stripe.Int64(at.Unix()), ProrationBehavior: stripe.String("always_invoice")}))(t)
	inv := must(b.api.Invoices.Get(sub.LatestInvoice.ID, nil))(t)
	// 5 x 30.00 x 20/30 = 100.00 back, 7 x 30.00 x 20/30 = 140.00: 40.00 now.
	want := []int64{-10000, 14000}
	if diff := cmp.Diff(want, amounts(inv)); diff != "" {
		t.Errorf("lines (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(want, amounts(preview)); diff != "" {
		t.Errorf("previewed lines (-want +got):\n%s", diff)
	}
	if inv.Total != 4000 || !inv.Paid || inv.BillingReason != "subscription_update" || preview.Total != 4000 {
		t.Errorf("invoice %d paid=%v %s, preview %d", inv.Total, inv.Paid, inv.BillingReason, preview.Total)
	}
}

func TestDowngradeCreditGoesToTheBalance(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.clock.Set(quiet)
	big, small := b.price(t, "", 9000, "usd", "month"), b.price(t, "", 1000, "usd", "month")
	c := b.customer(t, "", "pm_card_visa")
	sub := b.subscribe(t, c.ID, big.ID, 1)
	b.clock.Set(quiet.AddDate(0, 0, 15))
	sub = must(b.api.Subscriptions.Update(sub.ID, &stripe.SubscriptionParams{
		Items: []*stripe.SubscriptionItemsParams{{ID: &sub.Items.Data[0].ID, Price: &small.ID}}, ProrationBehavior: stripe.String("always_invoice"),
	}))(t)
	// -45.00 + 5.00 = -40.00: nothing is paid back, the customer has 40.00 credit.
	inv := must(b.api.Invoices.Get(sub.LatestInvoice.ID, nil))(t)
	if inv.Total != -4000 || inv.AmountDue != 0 || !inv.Paid {
		t.Errorf("invoice %d, due %d, paid %v", inv.Total, inv.AmountDue, inv.Paid)
	}
	if got := must(b.api.Customers.Get(c.ID, nil))(t).Balance; got != -4000 {
		t.Errorf("balance %d, want -4000", got)
	}
	b.tick(t, quiet.AddDate(0, 1, 1)) // 10.00 of May come from the credit
	if got := must(b.api.Customers.Get(c.ID, nil))(t).Balance; got != -3000 {
		t.Errorf("balance after the renewal %d, want -3000", got)
	}
}

func TestYearInsteadOfMonthBeginsANewPeriodAndIsChargedNow(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.clock.Set(quiet)
	month, year := b.price(t, "", 1000, "usd", "month"), b.price(t, "", 10000, "usd", "year")
	c := b.customer(t, "", "pm_card_visa")
	sub := b.subscribe(t, c.ID, month.ID, 1)
	at := quiet.AddDate(0, 0, 15)
	b.clock.Set(at)
	sub = must(b.api.Subscriptions.Update(sub.ID, &stripe.SubscriptionParams{Items: []*stripe.SubscriptionItemsParams{{ID: &sub.Items.Data[0].ID, Price: &year.ID}}}))(t)
	inv := must(b.api.Invoices.Get(sub.LatestInvoice.ID, nil))(t)
	if inv.Total != 9500 || !inv.Paid { // 100.00 - 10.00 x 15/30
		t.Errorf("invoice %d paid=%v, want 9500", inv.Total, inv.Paid)
	}
	if sub.CurrentPeriodStart != at.Unix() || sub.CurrentPeriodEnd != at.AddDate(1, 0, 0).Unix() || sub.BillingCycleAnchor != at.Unix() {
		t.Errorf("period %d to %d, anchor %d", sub.CurrentPeriodStart, sub.CurrentPeriodEnd, sub.BillingCycleAnchor)
	}
}

func TestCancelNowWithProrationCreditsTheRest(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.clock.Set(quiet)
	c := b.customer(t, "", "pm_card_visa")
	sub := b.subscribe(t, c.ID, b.price(t, "", 9000, "usd", "month").ID, 1)
	b.clock.Set(quiet.AddDate(0, 0, 20)) // a third is left
	sub = must(b.api.Subscriptions.Cancel(sub.ID, &stripe.SubscriptionCancelParams{Prorate: stripe.Bool(true), InvoiceNow: stripe.Bool(true)}))(t)
	if sub.Status != "canceled" || sub.EndedAt == 0 {
		t.Errorf("status %s ended %d", sub.Status, sub.EndedAt)
	}
	if got := must(b.api.Customers.Get(c.ID, nil))(t).Balance; got != -3000 {
		t.Errorf("balance %d, want -3000", got)
	}
	_, err := b.api.Subscriptions.Cancel(sub.ID, nil)
	if e := stripeError(t, err); e.HTTPStatusCode != 404 || e.Code != "resource_missing" {
		t.Errorf("second cancel: %d %s", e.HTTPStatusCode, e.Code)
	}
}
