package billing_test

import (
	"errors"
	"net/url"
	"testing"
	"time"

	"github.com/wolfieauth/wolfieauth/billing"
	"github.com/wolfieauth/wolfieauth/billing/gateway"
	"github.com/wolfieauth/wolfieauth/billing/sandbox"
	"github.com/wolfieauth/wolfieauth/internal/db"
	"github.com/wolfieauth/wolfieauth/internal/db/dbtest"
)

// An account changes at Stripe, and its owner closes it to us while buyers are in the middle: whatever order word of it
// comes in, and however often, the connection has ended, nothing more is sold, and who has paid keeps what they have.
func TestAnAccountClosedOnTheStreet(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := openStreet(t, d, sandbox.Faults{Seed: 11, Duplicate: 0.5, Delay: 0.3, Reorder: 0.5})
		g, err := gateway.New(gateway.Config{TestSecretKey: sandboxKey, TestConnectClientID: sandbox.ConnectClientID, APIBase: b.api.URL})
		b.must(err)
		paid := b.start("paid", proPLN)
		if !b.payWith(paid, goodCard) {
			t.Fatal("the buyer cannot pay")
		}
		b.until("the sale is heard of", func() bool { rows := b.subscriptions("paid"); return len(rows) == 1 && rows[0].Holds })
		b.stripeMakes("/v1/accounts/"+acct, "", "", url.Values{"business_profile[name]": {"Acme Shop"}})
		b.until("the name is heard of", func() bool { return b.account().Name == "Acme Shop" })

		open := b.start("open", proPLN)
		b.stripeMakes("/v1/accounts/"+acct, "", "", url.Values{"business_profile[name]": {"Acme Last"}})
		b.must(g.Deauthorize(t.Context(), connected))
		b.until("the end is heard of", func() bool { return b.account().Ended() })
		for range 5 { // what is delayed comes late
			b.settle()
			time.Sleep(20 * time.Millisecond)
		}
		if row := b.account(); row.EndedWhy != billing.EndedAtStripe || row.ChargesEnabled {
			t.Errorf("stored %+v", row)
		}
		if out, err := b.FinishCheckout(t.Context(), open.ID, "open"); err != nil || out.State == billing.FinishSuccess {
			t.Errorf("the buyer in the middle: %s, %v", out.State, err)
		}
		if _, err := b.StartCheckout(t.Context(), buyer("late"), billing.CheckoutRequest{ClientID: crm, PriceID: proPLN}); !errors.Is(err, billing.ErrStripeNotConfigured) {
			t.Errorf("a later buyer: %v", err)
		}
		if rows := b.subscriptions("paid"); len(rows) != 1 || !rows[0].Holds {
			t.Errorf("who has paid: %+v", rows)
		}
	})
}

// until settles what comes in until it has happened.
func (b *street) until(what string, happened func() bool) {
	b.t.Helper()
	for range 200 {
		b.settle()
		if happened() {
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
	b.t.Fatalf("never: %s", what)
}
