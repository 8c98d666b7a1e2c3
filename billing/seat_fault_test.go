package billing_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"sync"
	"testing"

	"github.com/wolfieauth/wolfieauth/billing"
	"github.com/wolfieauth/wolfieauth/internal/db"
	"github.com/wolfieauth/wolfieauth/internal/db/dbtest"
)

// Whichever call fails, before or after its effect, the quantity comes to what it should be, by one change at
// Stripe for each that was necessary, and the ledger tells of it.
func TestSeatsFaultAtEachCall(t *testing.T) {
	t.Parallel()
	refusals := []error{billing.ErrStripeUnavailable, billing.ErrAccountGone}
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := setup(t, d)
		sub := b.team(carSeats, 2)
		members := int64(2)
		for _, op := range []string{"ReadSubscription", "SetQuantity", "ListProrations"} {
			for _, refusal := range refusals {
				for _, after := range []bool{false, true} {
					for nth := range 3 {
						changes := len(b.stripe.Quantities())
						b.stripe.Break(failNth(op, nth, refusal, after))
						members++
						b.people(carSeats, members)
						b.settle()
						b.stripe.Break(nil)
						if got := b.quantity(sub); got != members {
							t.Fatalf("%s, call %d, %v, after %t: quantity %d of %d", op, nth, refusal, after, got, members)
						}
						if n := len(b.stripe.Quantities()) - changes; n != 1 {
							t.Errorf("%s, call %d, %v, after %t: %d changes at Stripe", op, nth, refusal, after, n)
						}
					}
				}
			}
		}
		b.explained(carSeats)
		if states, err := b.SeatStates(t.Context(), carSeats); err != nil || states[0].Pending || states[0].Since != nil {
			t.Errorf("%+v, %v", states, err)
		}
	})
}

func failNth(op string, n int, err error, late bool) func(string) (before, after error) {
	seen := 0
	return func(called string) (before, after error) {
		if called != op {
			return nil, nil
		}
		if seen++; seen != n+1 {
			return nil, nil
		}
		if late {
			return nil, err
		}
		return err, nil
	}
}

// gone is a gateway whose process dies at one call: it never comes back from it.
type gone struct {
	billing.Gateway
	op   string
	late bool
	die  func()
}

func (g gone) SetQuantity(ctx context.Context, at billing.Account, key string, spec billing.QuantitySpec) error {
	if g.op != "SetQuantity" {
		return g.Gateway.SetQuantity(ctx, at, key, spec)
	}
	if g.late {
		_ = g.Gateway.SetQuantity(ctx, at, key, spec)
	}
	g.die()
	return nil
}

func (g gone) ReadSubscription(ctx context.Context, at billing.Account, id string) (billing.RemoteSubscription, error) {
	if g.op == "ReadSubscription" {
		g.die()
	}
	return g.Gateway.ReadSubscription(ctx, at, id)
}

func (g gone) ListProrations(ctx context.Context, at billing.Account, customer, id string) ([]billing.RemoteProration, error) {
	if g.op == "ListProrations" {
		g.die()
	}
	return g.Gateway.ListProrations(ctx, at, customer, id)
}

// A worker that dies at any call leaves a row and a wish, and the next one goes on from there; the call that had an
// effect is not made twice.
func TestSeatsOfAKilledWorker(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := setup(t, d)
		sub := b.team(carSeats, 2)
		for i, at := range []gone{{op: "ReadSubscription"}, {op: "SetQuantity"}, {op: "SetQuantity", late: true}, {op: "ListProrations"}} {
			died := make(chan struct{})
			at.Gateway = b.stripe
			at.die = func() {
				close(died)
				runtime.Goexit() // nothing of it is heard of again, and its lease stays
			}
			b.gateway = at
			b.wire()
			changes := len(b.stripe.Quantities())
			b.people(carSeats, int64(3+i))
			dead := b.jobs
			go func() { _ = dead.Drain(context.WithoutCancel(t.Context())) }()
			<-died
			b.gateway = b.stripe
			b.wire()
			b.takeOver(sub.ID)
			if got := b.quantity(sub); got != int64(3+i) {
				t.Errorf("killed at %s (late: %t): quantity %d of %d", at.op, at.late, got, 3+i)
			}
			if n := len(b.stripe.Quantities()) - changes; n != 1 {
				t.Errorf("killed at %s (late: %t): %d changes at Stripe", at.op, at.late, n)
			}
		}
		b.explained(carSeats)
	})
}

// takeOver frees the item as the end of its lease does, and lets another worker at it.
func (b *bundle) takeOver(subscriptionID string) {
	b.t.Helper()
	b.must(b.db.Conn(b.t.Context()).Exec("UPDATE work_items SET lease_token = '', lease_until = NULL WHERE kind = ? AND item_key = ?", billing.KindSeats, subscriptionID).Error)
	b.settle()
}

// Many members come and go at once while webhooks arrive and Stripe fails now and then.
func TestSeatsTogether(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := setup(t, d)
		const orgs, rounds = 3, 12
		subs := make([]billing.Subscription, orgs)
		for i := range subs {
			subs[i] = b.team(fmt.Sprintf("org-%d", i), 3)
		}
		var mu sync.Mutex
		random := rand.New(rand.NewPCG(1, 2)) // #nosec G404 -- a test's choices
		chance := func(n int) int {
			mu.Lock()
			defer mu.Unlock()
			return random.IntN(n)
		}
		b.stripe.Break(func(string) (before, after error) {
			switch chance(20) {
			case 0:
				return billing.ErrStripeUnavailable, nil
			case 1:
				return nil, billing.ErrStripeUnavailable
			default:
				return nil, nil
			}
		})
		var wg sync.WaitGroup
		for i, sub := range subs {
			wg.Go(func() {
				for range rounds {
					b.people(sub.OrgID, int64(1+chance(8)))
					if chance(3) == 0 {
						b.deliver(connected, sub.StripeID)
					}
				}
			})
			wg.Go(func() {
				for range rounds {
					_ = b.jobs.Drain(t.Context())
					if chance(4) == 0 {
						b.stripe.Change(subs[i].StripeID, func(s *billing.RemoteSubscription) { s.Quantity = int64(1 + chance(8)) })
						b.deliver(connected, subs[i].StripeID)
					}
				}
			})
		}
		wg.Wait()
		b.stripe.Break(nil)
		b.settle()
		for _, sub := range subs {
			n, err := b.members.ActiveMembers(t.Context(), sub.OrgID)
			b.must(err)
			if got := b.quantity(sub); got != n {
				t.Errorf("%s: quantity %d of %d members", sub.OrgID, got, n)
			}
			b.explained(sub.OrgID)
		}
	})
}

// The drift job finds what no wish told of, on either side, and repairs it; a dry run only tells.
func TestCheckSeats(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b, ctx := setup(t, d), t.Context()
		right := b.team("right", 2)
		members := b.team("members", 2)
		stripe := b.team("stripe", 2)
		lost := b.team("lost", 2)
		b.members.counts.Store("members", int64(4))
		b.stripe.Change(stripe.StripeID, func(s *billing.RemoteSubscription) { s.Quantity = 7 })
		b.stripe.Forget(lost.StripeID)
		look := func(dry bool) map[string]billing.SeatDrift {
			t.Helper()
			found := map[string]billing.SeatDrift{}
			n, err := b.CheckSeats(ctx, dry, func(d billing.SeatDrift) { found[d.OrgID] = d })
			b.must(err)
			if n != 4 && (n != 3 || len(found) != 0) {
				t.Errorf("%d compared", n)
			}
			return found
		}
		found := look(true)
		if len(found) != 3 || found["members"].Wanted != 4 || found["members"].AtStripe != 2 || found["stripe"].AtStripe != 7 || found["stripe"].Repaired ||
			found["lost"].Reason != billing.SeatReasonEnded {
			t.Errorf("found %+v", found)
		}
		b.settle()
		if b.quantity(members) != 2 {
			t.Error("a dry run has repaired")
		}
		if found = look(false); len(found) != 3 || !found["members"].Repaired {
			t.Errorf("found %+v", found)
		}
		b.settle()
		if q := []int64{b.quantity(right), b.quantity(members), b.quantity(stripe)}; q[0] != 2 || q[1] != 4 || q[2] != 2 {
			t.Errorf("quantities %v", q)
		}
		if found = look(false); len(found) != 0 {
			t.Errorf("found %+v after the repair", found)
		}
		b.explained("members")
		b.explained("stripe")
		// The regular one does the same.
		b.stripe.Change(stripe.StripeID, func(s *billing.RemoteSubscription) { s.Quantity = 1 })
		b.must(b.jobs.DoNow(ctx, billing.KindSeatDrift, ""))
		b.settle()
		if b.quantity(stripe) != 2 {
			t.Error("the regular look has not repaired")
		}
		b.stripe.Break(refuseOnly("ReadSubscription", context.DeadlineExceeded))
		if _, err := b.CheckSeats(ctx, true, func(billing.SeatDrift) {}); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("ended with %v", err)
		}
	})
}
