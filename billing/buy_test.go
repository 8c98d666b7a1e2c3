package billing_test

import (
	"errors"
	"testing"
	"time"

	"github.com/wolfieauth/wolfieauth/billing"
	"github.com/wolfieauth/wolfieauth/internal/db"
	"github.com/wolfieauth/wolfieauth/internal/db/dbtest"
)

func TestABuyerWhoComesBackHoldsThePlanBeforeAnyWebhook(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := setup(t, d)
		sub := b.buy("buyco", proPLN)
		if !sub.Holds || sub.Status != billing.StatusActive || sub.PlanID != pro || sub.PriceID != proPLN || sub.ClientID != crm ||
			sub.Account != acct || sub.Livemode || !sub.Recurring || sub.Quantity != 1 {
			t.Errorf("subscription is %+v", sub)
		}
		if want := b.clock.now().AddDate(0, 1, 0); sub.CurrentPeriodEnd == nil || !sub.CurrentPeriodEnd.Equal(want) {
			t.Errorf("period ends %v, want %v", sub.CurrentPeriodEnd, want)
		}
		bought, err := b.SubscriptionsOf(t.Context(), crm, "buyco", "nobody")
		if err != nil || len(bought) != 1 || bought[0].PlanSlug != "pro" || bought[0].PlanName != "Pro" || bought[0].GraceDays != 7 {
			t.Errorf("SubscriptionsOf = %+v, %v", bought, err)
		}
		_, err = b.StartCheckout(t.Context(), buyer("buyco"), billing.CheckoutRequest{ClientID: crm, PriceID: starterPLN})
		var subscribed *billing.SubscribedError
		if !errors.Is(err, billing.ErrAlreadySubscribed) || !errors.As(err, &subscribed) || subscribed.Subscription.ID != sub.ID {
			t.Errorf("a second plan: %v, want ErrAlreadySubscribed", err)
		}
		b.drain()
		if rows := b.subscriptions("buyco"); len(rows) != 1 {
			t.Errorf("%d subscriptions, want 1", len(rows))
		}
	})
}

func TestWebhookAloneBringsThePlan(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := setup(t, d)
		c := b.start("buyco", proYear)
		id := b.pay(c)
		for range 3 { // duplicates, in an order of their own
			b.deliver(connected, id)
			b.deliver(connected, c.SessionID)
		}
		b.drain()
		rows := b.subscriptions("buyco")
		if len(rows) != 1 || !rows[0].Holds || rows[0].CheckoutID != c.ID || rows[0].Interval != billing.IntervalYear {
			t.Fatalf("rows are %+v", rows)
		}
		for _, o := range append(b.outcomes(id), b.outcomes(c.SessionID)...) {
			if o != billing.OutcomeApplied {
				t.Errorf("an event ended as %q", o)
			}
		}
		out, err := b.FinishCheckout(t.Context(), c.ID, "buyco")
		if err != nil || out.State != billing.FinishSuccess || out.Checkout.Status != billing.CheckoutCompleted {
			t.Errorf("FinishCheckout = %+v, %v", out, err)
		}
		if _, err := b.FinishCheckout(t.Context(), c.ID, "other"); !errors.Is(err, billing.ErrCheckoutNotFound) {
			t.Errorf("another org's checkout: %v", err)
		}
	})
}

func TestAnUnpaidCheckoutIsOpenAndReused(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := setup(t, d)
		first := b.start("buyco", proPLN)
		out, err := b.FinishCheckout(t.Context(), first.ID, "buyco")
		if err != nil || out.State != billing.FinishOpen {
			t.Errorf("unpaid: %s, %v", out.State, err)
		}
		if again := b.start("buyco", proPLN); again.ID != first.ID || again.URL != first.URL {
			t.Errorf("the open checkout was not reused: %+v", again)
		}
		if other := b.start("buyco", starterPLN); other.ID == first.ID {
			t.Error("another price shares the checkout")
		}
		b.clock.advance(24 * time.Hour)
		if late := b.start("buyco", proPLN); late.ID == first.ID || late.Status != billing.CheckoutOpen {
			t.Errorf("an expired checkout was offered again: %+v", late)
		}
	})
}
