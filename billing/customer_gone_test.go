package billing_test

import (
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/wolfieauth/wolfieauth/billing"
	"github.com/wolfieauth/wolfieauth/internal/db"
	"github.com/wolfieauth/wolfieauth/internal/db/dbtest"
)

// customers answers an org's rows on the connected account.
func (b *bundle) customers(org string) []billing.Customer {
	b.t.Helper()
	rows, err := b.store.Customers(b.t.Context(), org, acct, false)
	b.must(err)
	return rows
}

func TestAnOrgBuysAgainAfterItsCustomerWasDeleted(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := setup(t, d)
		first := b.buy("buyco", proPLN)
		b.stripe.DeleteCustomer(first.CustomerID)
		b.clock.advance(2 * time.Minute) // what we know is old enough to be read again before anybody is refused
		if _, err := b.Portal(t.Context(), buyer("buyco"), crm, ""); !errors.Is(err, billing.ErrSubscriptionNotFound) {
			t.Errorf("the portal of a deleted customer: %v", err)
		}
		second := b.buy("buyco", proPLN)
		if second.CustomerID == first.CustomerID || !second.Holds || second.Status != billing.StatusActive {
			t.Errorf("bought again as %+v", second)
		}
		rows := b.customers("buyco")
		if len(rows) != 1 || rows[0].CustomerID != second.CustomerID {
			t.Errorf("customers are %+v", rows)
		}
		if _, err := b.Portal(t.Context(), buyer("buyco"), crm, ""); err != nil {
			t.Errorf("the portal of the new customer: %v", err)
		}
		// Whatever Stripe still tells of the old one reaches the same org.
		for _, id := range []string{first.CustomerID, first.StripeID, second.StripeID} {
			b.deliver(connected, id)
		}
		b.drain()
		subs := b.subscriptions("buyco")
		if len(subs) != 2 || subs[0].Holds || subs[0].Status != billing.StatusCanceled || !subs[1].Holds {
			t.Errorf("after the events: %+v", subs)
		}
		if got := b.outcomes(first.StripeID); len(got) != 1 || got[0] != billing.OutcomeApplied {
			t.Errorf("the old subscription's event ended as %v", got)
		}
		if got := b.outcomes(first.CustomerID); len(got) != 1 || got[0] != billing.OutcomeGone {
			t.Errorf("the old customer's event ended as %v", got)
		}
	})
}

func TestAnOpenCheckoutOfADeletedCustomerIsNotOfferedAgain(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := setup(t, d)
		open := b.start("buyco", proPLN)
		if again := b.start("buyco", proPLN); again.ID != open.ID {
			t.Fatalf("another checkout without need: %s, %s", open.ID, again.ID)
		}
		old := b.customers("buyco")[0]
		b.stripe.DeleteCustomer(old.CustomerID)
		fresh := b.start("buyco", proPLN)
		if fresh.ID == open.ID || fresh.SessionID == open.SessionID {
			t.Errorf("the dead checkout %s was offered again", open.SessionID)
		}
		b.drain()
		if n := b.stripe.Sessions("open"); n != 1 {
			t.Errorf("%d sessions are open at Stripe", n)
		}
		if rows := b.customers("buyco"); len(rows) != 1 || rows[0].CustomerID == old.CustomerID || rows[0].ID == old.ID {
			t.Errorf("customers are %+v", rows)
		}
		b.pay(fresh)
		if out, err := b.FinishCheckout(t.Context(), fresh.ID, "buyco"); err != nil || out.State != billing.FinishSuccess {
			t.Errorf("finished as %s, %v", out.State, err)
		}
		if n := b.stripe.Calls("CreateCustomer"); n != 2 {
			t.Errorf("%d customers were made", n)
		}
	})
}

func TestADeletedCustomerIsReplacedOnceByManyBuyersAtOnce(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := setup(t, d)
		first := b.buy("buyco", proPLN)
		b.stripe.DeleteCustomer(first.CustomerID)
		b.clock.advance(2 * time.Minute)
		b.deliver(connected, first.StripeID)
		b.drain()
		var all sync.WaitGroup
		urls := make([]string, 8)
		for i := range urls {
			all.Go(func() {
				c, err := b.StartCheckout(t.Context(), buyer("buyco"), billing.CheckoutRequest{ClientID: crm, PriceID: proPLN})
				if err != nil {
					t.Errorf("buyer %d: %v", i, err)
				}
				urls[i] = c.URL
			})
		}
		all.Wait()
		for _, url := range urls {
			if url != urls[0] || url == "" {
				t.Errorf("the same wish leads to %v", urls)
				break
			}
		}
		if rows := b.customers("buyco"); len(rows) != 1 || rows[0].CustomerID == first.CustomerID {
			t.Errorf("customers are %+v", rows)
		}
		b.drain()
		if n := b.stripe.Sessions("open"); n != 1 {
			t.Errorf("%d sessions are open", n)
		}
	})
}

// TestADeletedCustomerTakesNoOtherWithIt: every currency has a customer of its own.
func TestADeletedCustomerTakesNoOtherWithIt(t *testing.T) {
	t.Parallel()
	b := setup(t, dbtest.SQLite(t))
	b.start("buyco", proEUR)
	b.start("buyco", proPLN)
	names := map[string]string{}
	for _, row := range b.customers("buyco") {
		names[row.Currency] = row.CustomerID
	}
	b.stripe.DeleteCustomer(names["PLN"])
	b.start("buyco", proPLN)
	b.start("buyco", proEUR)
	for _, row := range b.customers("buyco") {
		if (row.CustomerID == names[row.Currency]) != (row.Currency == "EUR") {
			t.Errorf("%s: %s became %s", row.Currency, names[row.Currency], row.CustomerID)
		}
	}
}
