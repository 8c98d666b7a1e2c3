package billing_test

import (
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/wolfieauth/wolfieauth/billing"
	"github.com/wolfieauth/wolfieauth/internal/db"
	"github.com/wolfieauth/wolfieauth/internal/db/dbtest"
)

// startAs opens a checkout for one of several people of an org.
func (b *bundle) startAs(user, org, priceID string) billing.Checkout {
	b.t.Helper()
	who := buyer(org)
	who.UserID = user
	c, err := b.StartCheckout(b.t.Context(), who, billing.CheckoutRequest{ClientID: crm, PriceID: priceID})
	b.must(err)
	return c
}

func TestOfTwoPaymentsTheEarlierStays(t *testing.T) {
	t.Parallel()
	for _, order := range []string{"in order", "reversed"} {
		t.Run(order, func(t *testing.T) {
			t.Parallel()
			dbtest.Each(t, func(t *testing.T, d *db.DB) {
				b := setup(t, d)
				ann, bob := b.startAs("ann", "buyco", starterPLN), b.startAs("bob", "buyco", proPLN)
				first := b.pay(ann)
				b.clock.advance(time.Second)
				second := b.pay(bob)
				events := []string{first, second}
				if order == "reversed" {
					events = []string{second, first}
				}
				for _, id := range events {
					b.deliver(connected, id)
					b.drain()
				}
				rows := b.subscriptions("buyco")
				if len(rows) != 2 || rows[0].StripeID != first || !rows[0].Holds || rows[1].Holds || rows[1].Status != billing.StatusCanceled {
					t.Fatalf("rows are %+v", rows)
				}
				if got := b.stripe.Refunds(); len(got) != 1 {
					t.Errorf("refunds: %v, want one", got)
				}
				mails := b.mails.all()
				if len(mails) != 1 || mails[0].KeptUserID != "ann" || mails[0].GivenBackUserID != "bob" || !mails[0].Refunded ||
					mails[0].PlanName != "Pro" || mails[0].KeptPlanName != "Starter" || mails[0].Lang != "pl" {
					t.Errorf("mails: %+v", mails)
				}
				for i := range 5 { // late duplicates and readings change nothing
					b.deliver(connected, events[i%2])
				}
				b.drain()
				out, err := b.FinishCheckout(t.Context(), bob.ID, "buyco")
				if err != nil || out.State != billing.FinishGivenBack {
					t.Errorf("the second buyer is told %s, %v", out.State, err)
				}
				if len(b.mails.all()) != 1 || len(b.stripe.Refunds()) != 1 {
					t.Error("duplicates refunded or told again")
				}
			})
		})
	}
}

func TestAPaidCheckoutClosesTheOthers(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := setup(t, d)
		open := b.startAs("bob", "buyco", proPLN)
		b.buy("buyco", starterPLN)
		b.drain()
		if _, ok := b.stripe.Pay(open.SessionID); ok {
			t.Error("the other tab can still pay")
		}
		out, err := b.FinishCheckout(t.Context(), open.ID, "buyco")
		if err != nil || out.State != billing.FinishExpired {
			t.Errorf("the other tab is told %s, %v", out.State, err)
		}
	})
}

func TestFiftyCheckoutsAtOnceEndInOneSubscription(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := setup(t, d)
		const buyers = 50
		sessions := make(chan billing.Checkout, buyers)
		var wg sync.WaitGroup
		for i := range buyers {
			wg.Go(func() {
				who := buyer("buyco")
				who.UserID = fmt.Sprint("user-", i%10)
				price := []string{proPLN, starterPLN}[i%2]
				c, err := b.StartCheckout(t.Context(), who, billing.CheckoutRequest{ClientID: crm, PriceID: price})
				if err != nil {
					t.Errorf("start: %v", err)
					return
				}
				sessions <- c
			})
		}
		wg.Wait()
		close(sessions)
		if got := b.stripe.Sessions("open"); got != 10 {
			t.Errorf("%d sessions for ten people of one plan each, want 10", got)
		}
		seen := map[string]bool{}
		paid := 0
		for c := range sessions {
			if seen[c.ID] {
				continue
			}
			seen[c.ID] = true
			if len(seen) == 10 {
				continue // one stays unpaid
			}
			b.clock.advance(time.Second)
			id, ok := b.stripe.Pay(c.SessionID)
			if !ok {
				t.Fatalf("session %s is closed", c.SessionID)
			}
			paid++
			wg.Go(func() { b.deliver(connected, id) })
			wg.Go(func() {
				if _, err := b.FinishCheckout(t.Context(), c.ID, "buyco"); err != nil {
					t.Errorf("finish: %v", err)
				}
			})
			wg.Go(func() { _ = b.jobs.Drain(t.Context()) })
		}
		wg.Wait()
		b.settle()
		holders := 0
		for _, sub := range b.subscriptions("buyco") {
			if sub.Holds {
				holders++
			}
		}
		if holders != 1 || !b.subscriptions("buyco")[0].Holds {
			t.Errorf("%d subscriptions hold, want the earliest alone", holders)
		}
		if got := len(b.stripe.Refunds()); got != paid-1 {
			t.Errorf("%d refunds for %d payments", got, paid)
		}
		if got := len(b.mails.all()); got != paid-1 {
			t.Errorf("%d mails for %d payments", got, paid)
		}
		if got := b.stripe.Sessions("open"); got != 0 {
			t.Errorf("%d sessions are still open", got)
		}
	})
}

func TestASecondPurchaseForEverIsGivenBackToo(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := setup(t, d)
		once, monthly := b.startAs("ann", "buyco", proOnce), b.startAs("bob", "buyco", starterPLN)
		b.pay(monthly)
		b.clock.advance(time.Second)
		payment := b.pay(once)
		for _, c := range []billing.Checkout{once, monthly} {
			_, err := b.FinishCheckout(t.Context(), c.ID, "buyco")
			b.must(err)
		}
		b.drain()
		rows := b.subscriptions("buyco")
		if len(rows) != 2 || !rows[0].Holds || rows[1].Holds || rows[1].StripeID != payment || rows[1].EndedAt == nil {
			t.Errorf("rows are %+v", rows)
		}
		if got := b.stripe.Refunds(); len(got) != 1 || got[0] != payment {
			t.Errorf("refunds: %v", got)
		}
	})
}

func TestARefundSurvivesEveryFailure(t *testing.T) {
	t.Parallel()
	for _, op := range []string{"ReadSubscription", "ReadPayment", "CancelNow", "Refund"} {
		for _, when := range []string{"before", "after"} {
			t.Run(op+" "+when, func(t *testing.T) {
				t.Parallel()
				onEngine(t, op == "Refund", func(t *testing.T, d *db.DB) {
					b := setup(t, d)
					ann, bob := b.startAs("ann", "buyco", starterPLN), b.startAs("bob", "buyco", proPLN)
					b.pay(ann)
					b.clock.advance(time.Second)
					second := b.pay(bob)
					_, err := b.FinishCheckout(t.Context(), ann.ID, "")
					b.must(err)
					b.stripe.Break(failOnce(op, when))
					b.deliver(connected, second)
					_ = b.jobs.Drain(t.Context())
					b.wire() // and the process dies
					b.settle()
					if refunds, mails := b.stripe.Refunds(), b.mails.all(); len(refunds) != 1 || len(mails) != 1 {
						t.Errorf("%d refunds, %d mails; want one each", len(refunds), len(mails))
					}
					rows := b.subscriptions("buyco")
					if len(rows) != 2 || !rows[0].Holds || rows[1].Holds || rows[1].Status != billing.StatusCanceled {
						t.Errorf("rows are %+v", rows)
					}
				})
			})
		}
	}
}

// onEngine runs a cell of a matrix on both engines, or on the quick one alone where the rows written do not differ
// from a cell that runs on both.
func onEngine(t *testing.T, both bool, test func(t *testing.T, d *db.DB)) {
	t.Helper()
	if both {
		dbtest.Each(t, test)
		return
	}
	test(t, dbtest.SQLite(t))
}

// failOnce lets the first call of an operation fail, before or after its effect.
func failOnce(op, when string) func(string) (error, error) {
	done := false
	return func(called string) (before, after error) {
		if called != op || done {
			return nil, nil
		}
		done = true
		err := fmt.Errorf("%w: the line is cut", billing.ErrStripeUnavailable)
		if when == "before" {
			return err, nil
		}
		return nil, err
	}
}

func TestAStartedCheckoutSurvivesEveryFailure(t *testing.T) {
	t.Parallel()
	for _, op := range []string{"CreateProduct", "CreatePrice", "CreateCustomer", "CreateCheckout"} {
		for _, when := range []string{"before", "after"} {
			t.Run(op+" "+when, func(t *testing.T) {
				t.Parallel()
				onEngine(t, op == "CreateCheckout", func(t *testing.T, d *db.DB) {
					b := setup(t, d)
					b.stripe.Break(failOnce(op, when))
					_, err := b.StartCheckout(t.Context(), buyer("buyco"), billing.CheckoutRequest{ClientID: crm, PriceID: proPLN})
					if !errors.Is(err, billing.ErrStripeUnavailable) {
						t.Fatalf("the failure was hidden: %v", err)
					}
					b.wire()
					b.clock.advance(time.Minute)
					c := b.start("buyco", proPLN)
					if got := b.stripe.Sessions("open"); got != 1 {
						t.Errorf("%d sessions at Stripe, want one", got)
					}
					b.pay(c)
					out, err := b.FinishCheckout(t.Context(), c.ID, "buyco")
					if err != nil || out.State != billing.FinishSuccess {
						t.Errorf("FinishCheckout = %s, %v", out.State, err)
					}
				})
			})
		}
	}
}
