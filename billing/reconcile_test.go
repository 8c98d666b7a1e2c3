package billing_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/wolfieauth/wolfieauth/billing"
	"github.com/wolfieauth/wolfieauth/billing/webhook"
	"github.com/wolfieauth/wolfieauth/internal/db"
	"github.com/wolfieauth/wolfieauth/internal/db/dbtest"
)

// compare runs a reconciliation and answers what differed, by Stripe's id.
func (b *bundle) compare(o billing.ReconcileOptions) (map[string]billing.Difference, billing.ReconcileSummary) {
	b.t.Helper()
	found := map[string]billing.Difference{}
	last := [2]int64{}
	sum, err := b.ReconcileAll(b.t.Context(), o, billing.ReconcileReport{
		Difference: func(d billing.Difference) { found[d.StripeID] = d },
		Progress: func(done, total int64) {
			if (done != last[0]+1 && done != total) || done > total {
				b.t.Errorf("progress %d of %d after %d", done, total, last[0])
			}
			last = [2]int64{done, total}
		},
	})
	b.must(err)
	if last[0] != last[1] {
		b.t.Errorf("ended at %d of %d", last[0], last[1])
	}
	return found, sum
}

// drifted makes one of each kind of difference, and one of each kind that agrees.
func drifted(b *bundle) (differ []string) {
	b.t.Helper()
	b.buy("same", proPLN)
	ended := b.buy("ended", proPLN)
	b.stripe.Change(ended.StripeID, func(s *billing.RemoteSubscription) {
		now := b.clock.now()
		s.Status, s.EndedAt = billing.StatusCanceled, &now
	})
	late := b.buy("late", starterPLN)
	b.stripe.Change(late.StripeID, func(s *billing.RemoteSubscription) {
		due := b.clock.now()
		s.Status, s.OldestUnpaidAt = billing.StatusPastDue, &due
	})
	once := b.buy("once", proOnce)
	b.stripe.RefundPayment(once.StripeID)
	b.buy("kept", proOnce)
	gone := b.buy("gone", proPLN)
	b.stripe.Forget(gone.StripeID)
	deleted := b.buy("deleted", proPLN)
	b.stripe.DeleteCustomer(deleted.CustomerID)
	moved := b.buy("moved", proPLN)
	b.stripe.Change(moved.StripeID, func(s *billing.RemoteSubscription) { s.StripePriceID = "price_of_nobody" })
	paid := b.start("paid", proPLN)
	b.pay(paid)
	b.start("waits", proPLN)
	template := b.buy("second", starterPLN)
	b.stripe.Put(connected, billing.RemoteSubscription{
		ID: "sub_unheard", ItemID: "si_x", CustomerID: template.CustomerID, Status: billing.StatusActive, Quantity: 1,
		StripePriceID: b.stripe.Session(b.sessionOf(template)).StripePriceID, Created: b.clock.now().Add(time.Hour),
		CurrentPeriodStart: b.clock.now(), CurrentPeriodEnd: b.clock.now().AddDate(0, 1, 0),
	})
	b.stripe.Put(connected, billing.RemoteSubscription{ID: "sub_foreign", CustomerID: template.CustomerID, Status: billing.StatusActive, StripePriceID: "price_theirs"})
	// A paid checkout shows twice: as an open session, and as a subscription that is missing here.
	unheard := ""
	for _, id := range b.stripe.Subscriptions() {
		if s, err := b.stripe.ReadSubscription(b.t.Context(), connected, id); err == nil && s.CheckoutID == paid.ID {
			unheard = id
		}
	}
	return []string{ended.StripeID, late.StripeID, once.StripeID, gone.StripeID, deleted.StripeID, moved.StripeID, unheard, paid.SessionID, "sub_unheard"}
}

func (b *bundle) sessionOf(sub billing.Subscription) string {
	b.t.Helper()
	c, err := b.store.Checkout(b.t.Context(), sub.CheckoutID)
	b.must(err)
	return c.SessionID
}

func TestReconcileFindsAndRepairsEveryDifference(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := setup(t, d)
		b.drain() // periodic work of the first moment
		want := drifted(b)
		before := b.everything()
		dry, sum := b.compare(billing.ReconcileOptions{DryRun: true})
		if int(sum.Differ) != len(want) || sum.Repaired != 0 || sum.Failed != 0 {
			t.Errorf("a dry run says %+v, want %d that differ: %+v", sum, len(want), dry)
		}
		for _, id := range want {
			if len(dry[id].Differs) == 0 || dry[id].Repaired {
				t.Errorf("%s: %+v", id, dry[id])
			}
		}
		if after := b.everything(); !slices.Equal(before, after) {
			t.Errorf("a dry run wrote: before %v, after %v", before, after)
		}
		// The paid checkout is repaired with its subscription, so it does not differ any more when its turn comes.
		_, sum = b.compare(billing.ReconcileOptions{})
		if sum.Failed != 0 || sum.Repaired != sum.Differ || int(sum.Differ) < len(want)-1 {
			t.Errorf("the run says %+v", sum)
		}
		b.settle()
		if again, sum := b.compare(billing.ReconcileOptions{}); sum.Differ != 0 || sum.Failed != 0 {
			t.Errorf("after the repair %+v: %+v", sum, again)
		}
		for org, held := range map[string]bool{"same": true, "ended": false, "once": false, "kept": true, "gone": false, "deleted": false, "moved": false, "paid": true, "second": true} {
			subs := b.subscriptions(org)
			if holds := slices.ContainsFunc(subs, func(s billing.Subscription) bool { return s.Holds }); holds != held {
				t.Errorf("%s holds: %t, want %t", org, holds, held)
			}
		}
		if late := b.subscriptions("late")[0]; late.Status != billing.StatusPastDue || late.OldestUnpaidAt == nil {
			t.Errorf("late is %+v", late)
		}
	})
}

// everything counts the rows that a dry run may not touch, and the newest change among them.
func (b *bundle) everything() (out []string) {
	b.t.Helper()
	for _, q := range []string{
		"SELECT COUNT(*) || ' ' || SUM(wanted) FROM work_items", "SELECT COUNT(*) || ' ' || MAX(updated_at) FROM subscriptions",
		"SELECT COUNT(*) || ' ' || MAX(updated_at) FROM checkouts", "SELECT COUNT(*) || '' FROM audit_entries", "SELECT COUNT(*) || '' FROM stripe_webhook_events",
	} {
		var v string
		b.must(b.db.Conn(b.t.Context()).Raw(q).Scan(&v).Error)
		out = append(out, v)
	}
	return out
}

func TestReconcileOfOneOrg(t *testing.T) {
	t.Parallel()
	b := setup(t, dbtest.SQLite(t))
	one, other := b.buy("one", proPLN), b.buy("other", proPLN)
	for _, s := range []billing.Subscription{one, other} {
		b.stripe.Change(s.StripeID, func(s *billing.RemoteSubscription) { s.CancelAtPeriodEnd = true })
	}
	for org, want := range map[string]int64{"one": 1, "acme": 2, "wolfie": 0, "": 2} {
		found, sum := b.compare(billing.ReconcileOptions{OrgID: org, DryRun: true})
		if sum.Differ != want || org == "one" && found[one.StripeID].OrgID != "one" {
			t.Errorf("--org %q: %+v, %+v", org, sum, found)
		}
	}
}

func TestReconcileSinceLooksAtWhatHappenedOnly(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := setup(t, d)
		b.eventObject = webhook.EventObject
		b.wire()
		quiet, loud := b.buy("quiet", proPLN), b.buy("loud", proPLN)
		paid := b.start("paid", proPLN)
		b.pay(paid)
		for _, s := range []billing.Subscription{quiet, loud} {
			b.stripe.Change(s.StripeID, func(s *billing.RemoteSubscription) { s.CancelAtPeriodEnd = true })
		}
		b.stripe.Happen(connected, "customer.subscription.updated", quiet.StripeID)
		b.clock.advance(48 * time.Hour)
		for range 2 {
			b.stripe.Happen(connected, "customer.subscription.updated", loud.StripeID)
		}
		b.stripe.Happen(connected, "checkout.session.completed", paid.SessionID)
		b.stripe.Happen(connected, "customer.subscription.updated", "sub_nobody")
		b.stripe.Happen(connected, "plan.created", loud.StripeID)
		since := b.clock.now().Add(-time.Hour)
		found, sum := b.compare(billing.ReconcileOptions{Since: since, OrgID: "loud"})
		if sum.Differ != 1 || !found[loud.StripeID].Repaired {
			t.Errorf("%+v, %+v", sum, found)
		}
		found, sum = b.compare(billing.ReconcileOptions{Since: since})
		if sum.Differ != 1 || !found[paid.SessionID].Repaired || len(b.subscriptions("paid")) != 1 {
			t.Errorf("%+v, %+v", sum, found)
		}
		if b.subscriptions("quiet")[0].CancelAtPeriodEnd {
			t.Error("what happened before was read as well")
		}
		if _, err := b.ReconcileAll(t.Context(), billing.ReconcileOptions{Since: b.clock.now().AddDate(0, 0, -31)}, billing.ReconcileReport{}); !errors.Is(err, billing.ErrSinceTooOld) {
			t.Errorf("a year back: %v", err)
		}
	})
}

func TestReconcileGoesOnWhereStripeDoesNotAnswer(t *testing.T) {
	t.Parallel()
	b := setup(t, dbtest.SQLite(t))
	b.buy("one", proPLN)
	once := b.buy("two", proOnce)
	b.stripe.RefundPayment(once.StripeID)
	b.stripe.Break(func(op string) (before, after error) {
		if op == "ListSubscriptions" {
			return billing.ErrStripeUnavailable, nil
		}
		return nil, nil
	})
	found, sum := b.compare(billing.ReconcileOptions{})
	if sum.Failed != 2 || sum.Repaired != 1 || !found[once.StripeID].Repaired {
		t.Errorf("%+v, %+v", sum, found)
	}
	for id, d := range found {
		if strings.HasPrefix(id, "cus_") && !errors.Is(d.Err, billing.ErrStripeUnavailable) {
			t.Errorf("%s: %v", id, d.Err)
		}
	}
}

// TestTheDailyRunRepairs has more customers than a page holds.
func TestTheDailyRunRepairs(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := setup(t, d)
		b.drain()
		var subs []billing.Subscription
		for i := range 30 {
			subs = append(subs, b.buy(string(rune('a'+i%26))+strings.Repeat("x", 1+i/26), proPLN))
		}
		first := subs[0]
		for _, s := range subs {
			b.stripe.Put(connected, billing.RemoteSubscription{
				ID: "sub_of_" + s.OrgID, ItemID: "si_x", CustomerID: s.CustomerID, Status: billing.StatusCanceled, Quantity: 1, EndedAt: &first.CreatedAt,
				StripePriceID: b.stripe.Session(b.sessionOf(s)).StripePriceID, Created: first.CreatedAt, CurrentPeriodStart: first.CreatedAt, CurrentPeriodEnd: first.CreatedAt,
			})
		}
		b.must(b.jobs.Want(t.Context(), billing.KindReconcilePage, "customers|"))
		b.settle()
		for _, s := range subs {
			if rows := b.subscriptions(s.OrgID); len(rows) != 2 {
				t.Errorf("%s has %d rows", s.OrgID, len(rows))
			}
		}
	})
}

// TestWhatEndedBeforeWeHeardClosesItsCheckout: a checkout that stayed open would be read again for ever.
func TestWhatEndedBeforeWeHeardClosesItsCheckout(t *testing.T) {
	t.Parallel()
	b := setup(t, dbtest.SQLite(t))
	c := b.start("buyco", proPLN)
	b.stripe.Change(b.pay(c), func(s *billing.RemoteSubscription) {
		now := b.clock.now()
		s.Status, s.EndedAt = billing.StatusCanceled, &now
	})
	b.deliver(connected, c.SessionID)
	b.settle()
	if got, err := b.store.Checkout(t.Context(), c.ID); err != nil || got.Status != billing.CheckoutCompleted {
		t.Errorf("the checkout is %s, %v", got.Status, err)
	}
	if out, err := b.FinishCheckout(t.Context(), c.ID, "buyco"); err != nil || out.State != billing.FinishCancelled {
		t.Errorf("the buyer is told %s, %v", out.State, err)
	}
}
