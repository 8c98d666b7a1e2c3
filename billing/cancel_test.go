package billing_test

import (
	"errors"
	"testing"
	"time"

	"github.com/wolfieauth/wolfieauth/billing"
	"github.com/wolfieauth/wolfieauth/billing/sandbox"
	"github.com/wolfieauth/wolfieauth/internal/db"
	"github.com/wolfieauth/wolfieauth/internal/db/dbtest"
)

// changes answers the wishes for a subscription, the oldest first.
func (b *bundle) changes(subID string) []billing.SubscriptionChange {
	b.t.Helper()
	var rows []billing.SubscriptionChange
	b.must(b.db.Conn(b.t.Context()).Where("subscription_id = ?", subID).Order("id").Find(&rows).Error)
	return rows
}

func TestCancelAndUndo(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := openStreet(t, d, sandbox.Faults{})
		c := b.start("buyco", proPLN)
		b.payWith(c, goodCard)
		_, err := b.FinishCheckout(t.Context(), c.ID, "buyco")
		b.must(err)
		sub := b.subscriptions("buyco")[0]
		for range 2 { // pressing twice is pressing once
			b.must(b.CancelAtPeriodEnd(t.Context(), "buyco", sub.ID))
		}
		if got := b.subscriptions("buyco")[0]; !got.CancelAtPeriodEnd || !got.Holds || got.EndedAt != nil {
			t.Fatalf("cancelled: %+v", got)
		}
		b.must(b.Resume(t.Context(), "buyco", sub.ID))
		if got := b.subscriptions("buyco")[0]; got.CancelAtPeriodEnd || got.CancelAt != nil || !got.Holds {
			t.Fatalf("taken back: %+v", got)
		}
		b.must(b.CancelAtPeriodEnd(t.Context(), "buyco", sub.ID))
		b.clock.advance(32 * 24 * time.Hour)
		b.must(b.sandbox.Tick(t.Context()))
		b.settle()
		if got := b.subscriptions("buyco")[0]; got.Holds || got.EndedAt == nil {
			t.Errorf("after its period: %+v", got)
		}
		if err := b.Resume(t.Context(), "buyco", sub.ID); !errors.Is(err, billing.ErrSubscriptionOver) {
			t.Errorf("taking back what has ended: %v", err)
		}
		rows := b.changes(sub.ID)
		if len(rows) != 3 || rows[0].Status != billing.ChangeDone || rows[1].Kind != billing.ChangeResume {
			t.Errorf("rows %+v", rows)
		}
	})
}

func TestCancelOfAnotherOrg(t *testing.T) {
	t.Parallel()
	b := setup(t, dbtest.SQLite(t))
	sub, once := b.buy("buyco", proPLN), b.buy("once", proOnce)
	for name, err := range map[string]error{
		"cancel": b.CancelAtPeriodEnd(t.Context(), "other", sub.ID), "resume": b.Resume(t.Context(), "other", sub.ID),
		"none": b.CancelAtPeriodEnd(t.Context(), "buyco", "no-such-id"),
	} {
		if !errors.Is(err, billing.ErrSubscriptionNotFound) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := b.CancelAtPeriodEnd(t.Context(), "once", once.ID); !errors.Is(err, billing.ErrSubscriptionOver) {
		t.Errorf("a purchase: %v", err)
	}
	if n := b.stripe.Calls("SetEnding"); n != 0 {
		t.Errorf("Stripe was asked %d times", n)
	}
}

// A wish that Stripe could not be asked for stands, and comes about under the same key when it can.
func TestCancelThroughAnOutage(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := setup(t, d)
		sub := b.buy("buyco", proPLN)
		fail := func(before bool) billing.SubscriptionChange {
			t.Helper()
			b.stripe.Break(func(op string) (error, error) {
				switch {
				case op != "SetEnding":
					return nil, nil
				case before:
					return billing.ErrStripeUnavailable, nil
				default:
					return nil, billing.ErrStripeUnavailable
				}
			})
			if err := b.CancelAtPeriodEnd(t.Context(), "buyco", sub.ID); !errors.Is(err, billing.ErrStripeUnavailable) {
				t.Fatalf("in an outage: %v", err)
			}
			rows := b.changes(sub.ID)
			return rows[len(rows)-1]
		}
		if row := fail(true); row.Status != billing.ChangePending || row.Reason != billing.SeatReasonUnavailable {
			t.Errorf("a wish that waits: %+v", row)
		}
		b.stripe.Break(nil)
		b.settle()
		if got := b.subscriptions("buyco")[0]; !got.CancelAtPeriodEnd {
			t.Errorf("after the outage: %+v", got)
		}
		// The answer is lost after the effect; the buyer thinks better of it meanwhile.
		b.must(b.Resume(t.Context(), "buyco", sub.ID))
		fail(false)
		b.stripe.Break(nil)
		b.must(b.Resume(t.Context(), "buyco", sub.ID))
		b.settle()
		if got := b.subscriptions("buyco")[0]; got.CancelAtPeriodEnd || !got.Holds {
			t.Errorf("the last wish is to stay: %+v", got)
		}
		for _, row := range b.changes(sub.ID) {
			if row.Status != billing.ChangeDone && row.Status != billing.ChangeSuperseded {
				t.Errorf("left over: %+v", row)
			}
		}
	})
}

func TestCancelRefused(t *testing.T) {
	t.Parallel()
	b := setup(t, dbtest.SQLite(t))
	sub := b.buy("buyco", proPLN)
	b.stripe.Break(func(op string) (error, error) {
		if op == "SetEnding" {
			return billing.ErrAccountGone, nil
		}
		return nil, nil
	})
	if err := b.CancelAtPeriodEnd(t.Context(), "buyco", sub.ID); !errors.Is(err, billing.ErrAccountGone) {
		t.Errorf("refused: %v", err)
	}
	b.stripe.Break(nil)
	b.settle()
	if rows := b.changes(sub.ID); len(rows) != 1 || rows[0].Status != billing.ChangeFailed || rows[0].Reason != billing.SeatReasonAccountGone {
		t.Errorf("rows %+v", rows)
	}
	if b.subscriptions("buyco")[0].CancelAtPeriodEnd {
		t.Error("a refusal is not tried again by itself")
	}
}
