package billing_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wolfieauth/wolfieauth/billing"
	"github.com/wolfieauth/wolfieauth/billing/sandbox"
	"github.com/wolfieauth/wolfieauth/internal/db"
	"github.com/wolfieauth/wolfieauth/internal/db/dbtest"
)

// told answers the steps that an org was told of, in order.
func (m *mailer) told(org string) (steps []string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, n := range m.life {
		if n.OrgID == org {
			steps = append(steps, n.Step)
		}
	}
	return steps
}

func (b *bundle) wantTold(org string, want ...string) {
	b.t.Helper()
	if diff := cmp.Diff(want, b.mails.told(org)); diff != "" {
		b.t.Errorf("%s was told (-want +got):\n%s", org, diff)
	}
}

const laterFails = "4000 0000 0000 0341" // pays once, and fails at every renewal

// pass lets time go by, with everything that it makes due.
func (b *street) pass(d time.Duration) {
	b.t.Helper()
	b.clock.advance(d)
	b.must(b.sandbox.Tick(b.t.Context()))
	b.settle()
}

// A failed payment is told of at the start, in the middle and at the end of grace, once each.
func TestFailedPaymentIsToldThreeTimes(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := openStreet(t, d, sandbox.Faults{})
		c := b.start("late", proPLN)
		b.payWith(c, laterFails)
		_, err := b.FinishCheckout(t.Context(), c.ID, "late")
		b.must(err)
		b.pass(31*24*time.Hour + 2*time.Hour)
		if sub := b.subscriptions("late")[0]; sub.Status != billing.StatusPastDue || sub.OldestUnpaidAt == nil {
			t.Fatalf("after the renewal: %+v", sub)
		}
		b.wantTold("late", billing.NoticePastDue)
		b.pass(24 * time.Hour)
		b.wantTold("late", billing.NoticePastDue)
		b.pass(3 * 24 * time.Hour)
		b.wantTold("late", billing.NoticePastDue, billing.NoticePastDueMiddle)
		b.settle()
		b.pass(4 * 24 * time.Hour)
		told := b.mails.told("late")
		if len(told) < 3 || told[2] != billing.NoticePastDueEnd {
			t.Errorf("told %v", told)
		}
	})
}

// Who paid while nobody told us of it is not reminded; who was unreachable hears how things stand, once.
func TestNoReminderOfWhatWasPaid(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := setup(t, d)
		paid, late := b.buy("paid", proPLN), b.buy("late", proPLN)
		unpaid := b.clock.now()
		for _, sub := range []billing.Subscription{paid, late} {
			b.stripe.Change(sub.StripeID, func(s *billing.RemoteSubscription) { s.Status, s.OldestUnpaidAt = billing.StatusPastDue, &unpaid })
			b.deliver(connected, sub.StripeID)
		}
		b.drain()
		b.wantTold("paid", billing.NoticePastDue)
		b.stripe.Change(paid.StripeID, func(s *billing.RemoteSubscription) { s.Status, s.OldestUnpaidAt = billing.StatusActive, nil })
		b.stripe.Break(func(string) (error, error) { return billing.ErrStripeUnavailable, nil })
		b.clock.advance(5 * 24 * time.Hour)
		_ = b.jobs.Drain(t.Context()) // Stripe is down in the middle of grace
		b.clock.advance(3 * 24 * time.Hour)
		_ = b.jobs.Drain(t.Context())
		b.wantTold("late", billing.NoticePastDue)
		b.stripe.Break(nil)
		b.settle()
		b.wantTold("paid", billing.NoticePastDue)
		b.wantTold("late", billing.NoticePastDue, billing.NoticePastDueEnd)
		if n := b.mails.life[0]; n.PlanName != "Pro" || n.AppName != crm || !n.Date.Equal(unpaid.Add(7*24*time.Hour)) {
			t.Errorf("told %+v", n)
		}
	})
}

func TestTrialEndAndCancellationAreTold(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := setup(t, d)
		sub := b.buy("buyco", proPLN)
		end := b.clock.now().AddDate(0, 0, 14)
		b.stripe.Change(sub.StripeID, func(s *billing.RemoteSubscription) {
			s.Status, s.TrialEnd, s.CurrentPeriodEnd = billing.StatusTrialing, &end, end
		})
		b.deliver(connected, sub.StripeID)
		b.drain()
		b.clock.advance(10 * 24 * time.Hour)
		b.drain()
		b.wantTold("buyco")
		b.clock.advance(24*time.Hour + time.Minute)
		b.drain()
		b.wantTold("buyco", billing.NoticeTrialEnding)
		if n := b.mails.life[0]; n.Amount != 9900 || n.Currency != "PLN" || !n.Date.Equal(end) {
			t.Errorf("told %+v", n)
		}
		for range 2 { // twice cancelled is told of once each time
			b.must(b.CancelAtPeriodEnd(t.Context(), "buyco", sub.ID))
			b.drain()
		}
		b.stripe.Change(sub.StripeID, func(s *billing.RemoteSubscription) {
			now := b.clock.now()
			s.Status, s.EndedAt = billing.StatusCanceled, &now
		})
		for range 2 {
			b.deliver(connected, sub.StripeID)
			b.drain()
		}
		b.wantTold("buyco", billing.NoticeTrialEnding, billing.NoticeCancelled, billing.NoticeEnded)
	})
}

func TestASecondPaymentHasAMailOfItsOwn(t *testing.T) {
	t.Parallel()
	b := setup(t, dbtest.SQLite(t))
	one, two := b.startAs("ann", "buyco", starterPLN), b.startAs("bob", "buyco", proPLN)
	b.pay(one)
	b.clock.advance(2 * time.Second)
	b.pay(two)
	for _, c := range []billing.Checkout{one, two} {
		_, err := b.FinishCheckout(t.Context(), c.ID, "buyco")
		b.must(err)
	}
	b.settle()
	b.wantTold("buyco")
}
