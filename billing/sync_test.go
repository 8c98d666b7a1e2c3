package billing_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/wolfieauth/wolfieauth/billing"
	"github.com/wolfieauth/wolfieauth/billing/billingtest"
	"github.com/wolfieauth/wolfieauth/internal/db"
	"github.com/wolfieauth/wolfieauth/internal/db/dbtest"
)

func TestALostWebhookIsRepaired(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := setup(t, d)
		c := b.start("buyco", proPLN)
		id := b.pay(c)
		b.clock.advance(15 * time.Minute)
		b.must(b.Reconcile(t.Context()))
		b.drain()
		rows := b.subscriptions("buyco")
		if len(rows) != 1 || !rows[0].Holds {
			t.Fatalf("the purchase was not found: %+v", rows)
		}
		b.stripe.Change(id, func(s *billing.RemoteSubscription) { s.Status = billing.StatusUnpaid })
		b.clock.advance(25 * time.Hour)
		b.must(b.Reconcile(t.Context()))
		b.drain()
		if got := b.subscriptions("buyco")[0].Status; got != billing.StatusUnpaid {
			t.Errorf("status is %s after a lost event", got)
		}
	})
}

func TestALostEndDoesNotStandInTheWay(t *testing.T) {
	t.Parallel()
	onEngine(t, false, func(t *testing.T, d *db.DB) {
		b := setup(t, d)
		sub := b.buy("buyco", proPLN)
		b.clock.advance(time.Hour)
		b.stripe.Break(func(string) (error, error) { return billing.ErrStripeUnavailable, nil })
		_, err := b.StartCheckout(t.Context(), buyer("buyco"), billing.CheckoutRequest{ClientID: crm, PriceID: starterPLN})
		if !errors.Is(err, billing.ErrAlreadySubscribed) {
			t.Errorf("while Stripe is away: %v", err)
		}
		b.stripe.Break(nil)
		ended := b.clock.now()
		b.stripe.Change(sub.StripeID, func(s *billing.RemoteSubscription) { s.Status, s.EndedAt = billing.StatusCanceled, &ended })
		b.buy("buyco", starterPLN) // no event came
	})
}

func TestADeliveryIsRecordedWithItsWorkOrNotAtAll(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := setup(t, d)
		count := func() (n int64) {
			b.must(d.Conn(t.Context()).Raw("SELECT COUNT(*) FROM stripe_webhook_events").Scan(&n).Error)
			return n
		}
		event := billing.WebhookEvent{EventID: "evt_1", Type: "x", ObjectID: "sub_1", Payload: "{}"}
		b.refuseWork = true
		b.wire()
		if fresh, err := b.Receive(t.Context(), event); !errors.Is(err, errNoWork) || fresh || count() != 0 {
			t.Errorf("recorded %d without its work: %v, %v", count(), fresh, err)
		}
		b.refuseWork = false
		b.wire()
		for _, want := range []bool{true, false} {
			if fresh, err := b.Receive(t.Context(), event); err != nil || fresh != want {
				t.Errorf("Receive = %v, %v; want %v", fresh, err, want)
			}
		}
		var wanted int64
		b.must(d.Conn(t.Context()).Raw("SELECT wanted FROM work_items WHERE kind = ?", billing.KindObject).Scan(&wanted).Error)
		if wanted != 1 || count() != 1 || b.stripe.Calls("ReadSubscription") != 0 {
			t.Errorf("wanted %d times, recorded %d times, read %d times", wanted, count(), b.stripe.Calls("ReadSubscription"))
		}
		var rest int64
		for _, stranger := range []billing.WebhookEvent{
			{Account: "acct_stranger", EventID: "evt_2", Type: "x", ObjectID: "sub_2", Payload: "{}"}, {EventID: "evt_3", Type: "x", Payload: "{}"},
		} {
			_, err := b.Receive(t.Context(), stranger)
			b.must(err)
		}
		b.must(d.Conn(t.Context()).Raw("SELECT COUNT(*) FROM stripe_webhook_events WHERE outcome = ?", billing.OutcomeIgnored).Scan(&rest).Error)
		if rest != 2 {
			t.Errorf("%d of two strangers were ignored", rest)
		}
	})
}

func TestTheClockReadsAgain(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := setup(t, d)
		sub := b.buy("buyco", proPLN)
		b.stripe.Change(sub.StripeID, func(s *billing.RemoteSubscription) { s.CancelAtPeriodEnd = true })
		b.deliver(connected, sub.StripeID)
		b.drain()
		if !b.subscriptions("buyco")[0].CancelAtPeriodEnd {
			t.Fatal("the cancellation was not read")
		}
		b.clock.advance(32 * 24 * time.Hour)
		ended := b.clock.now()
		b.stripe.Change(sub.StripeID, func(s *billing.RemoteSubscription) { s.Status, s.EndedAt = billing.StatusCanceled, &ended })
		b.drain() // no event came
		if got := b.subscriptions("buyco")[0]; got.Holds || got.Status != billing.StatusCanceled {
			t.Errorf("at the period's end it is %s, holds %v", got.Status, got.Holds)
		}
		b.buy("buyco", starterPLN)
	})
}

func TestARenewalThatIsLateIsReadUntilItCame(t *testing.T) {
	t.Parallel()
	onEngine(t, false, func(t *testing.T, d *db.DB) {
		b := setup(t, d)
		sub := b.buy("buyco", proPLN)
		b.clock.advance(32 * 24 * time.Hour)
		b.drain()
		if !b.subscriptions("buyco")[0].Holds {
			t.Fatal("a renewing subscription was cut off")
		}
		unpaid := b.clock.now()
		b.stripe.Change(sub.StripeID, func(s *billing.RemoteSubscription) {
			s.CurrentPeriodEnd = s.CurrentPeriodEnd.AddDate(0, 1, 0)
			s.Status, s.OldestUnpaidAt = billing.StatusPastDue, &unpaid
		})
		b.clock.advance(2 * time.Hour)
		b.drain()
		bought, err := b.SubscriptionsOf(t.Context(), crm, "buyco")
		b.must(err)
		want := unpaid.Add(7 * 24 * time.Hour)
		if got := bought[0].GraceUntil(); got == nil || !got.Equal(want) {
			t.Errorf("grace until %v, want %v", got, want)
		}
		b.stripe.Change(sub.StripeID, func(s *billing.RemoteSubscription) { s.Status, s.OldestUnpaidAt = billing.StatusActive, nil })
		b.clock.advance(2 * time.Hour)
		b.drain()
		if got := b.subscriptions("buyco")[0]; got.Status != billing.StatusActive || got.OldestUnpaidAt != nil {
			t.Errorf("paid late, but it is %+v", got)
		}
	})
}

func TestAPurchaseOfLimitedLengthEndsByTheClock(t *testing.T) {
	t.Parallel()
	onEngine(t, false, func(t *testing.T, d *db.DB) {
		b := setup(t, d)
		scope := billing.Scope{Kind: billing.ScopeApp, ID: crm}
		plan, err := b.CreatePlan(t.Context(), billing.NewPlan{Scope: scope, Name: "Week", LastsDays: 7})
		b.must(err)
		price, err := b.AddPrice(t.Context(), billing.NewPrice{PlanID: plan.ID, Amount: 900, Currency: "PLN", Interval: billing.IntervalOneTime})
		b.must(err)
		sub := b.buy("buyco", price.ID)
		want := b.clock.now().Add(7 * 24 * time.Hour)
		if sub.Recurring || sub.ExpiresAt == nil || !sub.ExpiresAt.Equal(want) || sub.CurrentPeriodEnd != nil {
			t.Errorf("purchase is %+v", sub)
		}
		b.clock.advance(7 * 24 * time.Hour)
		again := b.buy("buyco", price.ID) // before any sweep
		if again.ID == sub.ID {
			t.Error("the same purchase twice")
		}
		b.clock.advance(8 * 24 * time.Hour)
		b.drain()
		for _, row := range b.subscriptions("buyco") {
			if row.Holds || row.EndedAt == nil {
				t.Errorf("still held: %+v", row)
			}
		}
	})
}

func TestARefundedPurchaseEnds(t *testing.T) {
	t.Parallel()
	onEngine(t, false, func(t *testing.T, d *db.DB) {
		b := setup(t, d)
		sub := b.buy("buyco", proOnce)
		b.stripe.RefundPayment(sub.StripeID)
		b.deliver(connected, sub.StripeID)
		b.drain()
		if got := b.subscriptions("buyco")[0]; got.Holds || got.EndedAt == nil || got.Status != billing.StatusCanceled {
			t.Errorf("refunded, but %+v", got)
		}
	})
}

func TestGoneAndNoLongerOursAreAnswers(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := setup(t, d)
		gone, moved := b.buy("goneco", proPLN), b.buy("movedco", proPLN)
		b.stripe.Forget(gone.StripeID)
		b.stripe.Change(moved.StripeID, func(s *billing.RemoteSubscription) { s.StripePriceID = "price_of_somebody" })
		for _, id := range []string{gone.StripeID, moved.StripeID, "sub_never"} {
			b.deliver(connected, id)
		}
		b.drain()
		for _, org := range []string{"goneco", "movedco"} {
			if got := b.subscriptions(org)[0]; got.Holds || got.EndedAt == nil {
				t.Errorf("%s: %+v", org, got)
			}
		}
		for id, want := range map[string]string{gone.StripeID: billing.OutcomeGone, moved.StripeID: billing.OutcomeNotOurs, "sub_never": billing.OutcomeGone} {
			if got := b.outcomes(id); len(got) != 1 || got[0] != want {
				t.Errorf("%s ended as %v, want %s", id, got, want)
			}
		}
	})
}

// overtaken lets another reader read and store while the first one's answer is on its way.
type overtaken struct {
	*billingtest.Gateway
	meanwhile func()
}

func (g *overtaken) ReadSubscription(ctx context.Context, at billing.Account, id string) (billing.RemoteSubscription, error) {
	out, err := g.Gateway.ReadSubscription(ctx, at, id)
	if f := g.meanwhile; f != nil {
		g.meanwhile = nil
		f()
	}
	return out, err
}

func TestALaterReadIsNotOverwritten(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := setup(t, d)
		slow := &overtaken{Gateway: b.stripe}
		b.gateway = slow
		b.wire()
		sub := b.buy("buyco", proPLN)
		slow.meanwhile = func() {
			b.stripe.Change(sub.StripeID, func(s *billing.RemoteSubscription) { s.Quantity = 7 })
			// The session is another work item, so its lease does not stand in the way.
			c, err := b.store.Checkout(t.Context(), sub.CheckoutID)
			b.must(err)
			b.must(b.jobs.DoNow(t.Context(), billing.KindObject, billing.ObjectKey(connected, c.SessionID)))
		}
		b.deliver(connected, sub.StripeID)
		b.drain()
		if got := b.subscriptions("buyco")[0].Quantity; got != 7 {
			t.Errorf("quantity %d: the slower answer won", got)
		}
	})
}

func TestNothingReachesAForeignOrg(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := setup(t, d)
		platform := billing.Account{}
		mine := b.buy("buyco", proPLN)
		who := buyer("victim")
		c, err := b.StartCheckout(t.Context(), who, billing.CheckoutRequest{ClientID: "wolfie-crm", PriceID: "price-wolfie"})
		b.must(err)
		b.pay(c)
		_, err = b.FinishCheckout(t.Context(), c.ID, "victim")
		b.must(err)
		theirs := b.subscriptions("victim")[0]
		b.drain()
		readBoth := func(at billing.Account, id string) billing.RemoteSubscription {
			s, err := b.stripe.ReadSubscription(t.Context(), at, id)
			b.must(err)
			return s
		}
		here, there := readBoth(connected, mine.StripeID), readBoth(platform, theirs.StripeID)
		before := len(b.subscriptions("buyco")) + len(b.subscriptions("victim"))
		combos := 0
		for _, at := range []billing.Account{connected, platform, {ID: "acct_stranger"}} {
			for _, customer := range []string{here.CustomerID, there.CustomerID, "cus_unknown"} {
				for _, price := range []string{here.StripePriceID, there.StripePriceID, "price_unknown"} {
					for _, checkout := range []string{mine.CheckoutID, theirs.CheckoutID, "garbage"} {
						combos++
						id := fmt.Sprintf("sub_swap%d", combos)
						b.stripe.Put(at, billing.RemoteSubscription{
							ID: id, CustomerID: customer, StripePriceID: price, CheckoutID: checkout, Quantity: 1,
							Status: billing.StatusIncomplete, Created: b.clock.now(),
						})
						b.deliver(at, id)
						b.drain()
						want := ""
						switch {
						case at == connected && customer == here.CustomerID && price == here.StripePriceID:
							want = "buyco"
						case at == platform && customer == there.CustomerID && price == there.StripePriceID:
							want = "victim"
						}
						row, err := b.store.SubscriptionNamed(t.Context(), at.ID, false, id)
						if want == "" && !errors.Is(err, billing.ErrSubscriptionNotFound) {
							t.Errorf("%v %s %s %s: stored for %q", at, customer, price, checkout, row.OrgID)
						}
						if want != "" && (err != nil || row.OrgID != want || row.CheckoutID != "") {
							t.Errorf("%v %s %s %s: %+v, %v; want it for %s", at, customer, price, checkout, row, err, want)
						}
					}
				}
			}
		}
		if combos != 81 {
			t.Errorf("%d combinations", combos)
		}
		if after := len(b.subscriptions("buyco")) + len(b.subscriptions("victim")); after != before+6 {
			t.Errorf("%d rows of the two orgs, want %d", after, before+6)
		}
		if len(b.stripe.Refunds()) != 0 {
			t.Error("a swap made a refund")
		}
	})
}

func TestTheOtherModeHasNoEffect(t *testing.T) {
	t.Parallel()
	onEngine(t, false, func(t *testing.T, d *db.DB) {
		b := setup(t, d)
		sub := b.buy("buyco", proPLN)
		live := billing.Account{ID: acct, Livemode: true}
		remote, err := b.stripe.ReadSubscription(t.Context(), connected, sub.StripeID)
		b.must(err)
		remote.Livemode, remote.Status = true, billing.StatusCanceled
		remote.ID = "sub_live"
		b.stripe.Put(live, remote)
		b.deliver(live, "sub_live")
		b.deliver(live, sub.StripeID)
		b.drain()
		if rows := b.subscriptions("buyco"); len(rows) != 1 || !rows[0].Holds {
			t.Errorf("a live event touched test rows: %+v", rows)
		}
		if got := b.outcomes("sub_live"); len(got) != 1 || got[0] != billing.OutcomeIgnored {
			t.Errorf("outcome %v", got)
		}
	})
}
