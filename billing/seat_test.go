package billing_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wolfieauth/wolfieauth/billing"
	"github.com/wolfieauth/wolfieauth/billing/billingtest"
	"github.com/wolfieauth/wolfieauth/internal/audit"
	"github.com/wolfieauth/wolfieauth/internal/db"
	"github.com/wolfieauth/wolfieauth/internal/db/dbtest"
)

const carSeats = "customer-cars" // an org that buys

// people sets the members of an org as its admin would.
func (b *bundle) people(org string, n int64) {
	b.t.Helper()
	ctx := audit.WithRequest(b.t.Context(), audit.Request{ActorKind: audit.ActorUser, ActorID: "admin-of-" + org})
	b.must(b.db.InTx(ctx, func(ctx context.Context) error {
		b.members.counts.Store(org, n)
		return b.MembersChanged(ctx, org)
	}))
}

// team buys seats for so many members.
func (b *bundle) team(org string, n int64) billing.Subscription {
	b.t.Helper()
	b.members.counts.Store(org, n)
	return b.buy(org, teamPLN)
}

func (b *bundle) quantity(sub billing.Subscription) int64 {
	b.t.Helper()
	s, err := b.stripe.ReadSubscription(b.t.Context(), billing.Account{ID: sub.Account, Livemode: sub.Livemode}, sub.StripeID)
	b.must(err)
	return s.Quantity
}

// step is a row of the ledger without what differs from run to run.
type step struct {
	Cause, Actor, Status, Reason string
	From, To, Amount             int64
	Lines                        bool
}

func (b *bundle) ledger(org string) (out []step) {
	b.t.Helper()
	for _, r := range b.rows(org) {
		out = append(out, step{r.Cause, r.ActorID, r.Status, r.Reason, r.From, r.To, r.Amount, r.InvoiceLine != ""})
	}
	return out
}

// rows are an org's rows, the oldest first; done ones of one subscription must explain each other.
func (b *bundle) rows(org string) (out []billing.SeatChange) {
	b.t.Helper()
	for after := ""; ; {
		page, next, err := b.SeatLedger(b.t.Context(), org, after, 2)
		b.must(err)
		for _, r := range page {
			out = append([]billing.SeatChange{r}, out...)
		}
		if after = next; next == "" {
			return out
		}
	}
}

func TestSeatsFollowMembers(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := setup(t, d)
		sub := b.team(carSeats, 5)
		b.clock.advance(24 * time.Hour)
		for _, n := range []int64{6, 5, 6} {
			b.people(carSeats, n)
			b.drain()
			if got := b.quantity(sub); got != n {
				t.Fatalf("%d members, quantity %d", n, got)
			}
		}
		keys := map[string]bool{}
		for _, q := range b.stripe.Quantities() {
			keys[q.Key] = true
		}
		if len(keys) != 3 {
			t.Errorf("5, 6, 5, 6 went under %d keys: %v", len(keys), b.stripe.Quantities())
		}
		actor := "admin-of-" + carSeats
		rest := int64(30 * 3000 / 31) // of March, from its second day
		want := []step{
			{"purchase", "user-" + carSeats, "done", "", 0, 5, 0, false},
			{"members", actor, "done", "", 5, 6, rest, true},
			{"members", actor, "done", "", 6, 5, -rest, true},
			{"members", actor, "done", "", 5, 6, rest, true},
		}
		if diff := cmp.Diff(want, b.ledger(carSeats)); diff != "" {
			t.Error(diff)
		}
		if states, err := b.SeatStates(t.Context(), carSeats); err != nil || len(states) != 1 || states[0].Pending || states[0].Quantity != 6 {
			t.Errorf("%+v, %v", states, err)
		}
	})
}

func TestSeatsRefused(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := setup(t, d)
		sub := b.team(carSeats, 2)
		b.stripe.Break(refuseOnly("SetQuantity", billing.ErrCardDeclined))
		b.people(carSeats, 3)
		if err := b.jobs.Drain(t.Context()); !errors.Is(err, billing.ErrCardDeclined) {
			t.Errorf("drained with %v", err)
		}
		states, err := b.SeatStates(t.Context(), carSeats)
		b.must(err)
		if s := states[0]; !s.Pending || s.Reason != billing.SeatReasonCardDeclined || s.Since == nil || s.Wanted != 3 || s.Quantity != 2 {
			t.Errorf("%+v", s)
		}
		b.clock.advance(23 * time.Hour)
		_ = b.jobs.Drain(t.Context())
		if len(b.mails.late) != 0 {
			t.Error("the org was told before its time")
		}
		b.clock.advance(2 * time.Hour)
		for range 3 {
			time.Sleep(3 * time.Millisecond) // the backoff
			_ = b.jobs.Drain(t.Context())
			b.clock.advance(48 * time.Hour / 3)
		}
		if n := len(b.mails.late); n != 1 || b.mails.late[0].Wanted != 3 || b.mails.late[0].Reason != billing.SeatReasonCardDeclined {
			t.Errorf("told %d times: %+v", n, b.mails.late)
		}
		b.stripe.Break(nil)
		b.settle()
		if got := b.quantity(sub); got != 3 {
			t.Errorf("quantity %d after the card works again", got)
		}
		if s := b.ledger(carSeats); len(s) != 2 || s[1].Status != "done" || s[1].From != 2 || s[1].To != 3 {
			t.Errorf("%+v", s)
		}
		// Stripe repeats a refusal under the same key, and answers a lost call's effect under it.
		id := b.rows(carSeats)[1].ID
		if q := b.stripe.Quantities(); len(q) != 1 || !strings.HasPrefix(q[0].Key, id+"-") {
			t.Errorf("row %s went as %+v", id, q)
		}
		b.stripe.Break(failNth("SetQuantity", 0, billing.ErrStripeUnavailable, false))
		b.people(carSeats, 4)
		b.settle()
		if q, id := b.stripe.Quantities(), b.rows(carSeats)[2].ID; len(q) != 2 || q[1].Key != id {
			t.Errorf("row %s went as %+v", id, q)
		}
	})
}

func refuseOnly(op string, err error) billingtest.Fault {
	return func(called string) (before, after error) {
		if called == op {
			return err, nil
		}
		return nil, nil
	}
}
