package billing_test

import (
	"context"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wolfieauth/wolfieauth/billing"
	"github.com/wolfieauth/wolfieauth/internal/db"
	"github.com/wolfieauth/wolfieauth/internal/db/dbtest"
)

func (b *bundle) account() billing.StripeAccount {
	b.t.Helper()
	row, err := b.store.Account(b.t.Context(), "acme", false)
	b.must(err)
	return row
}

func TestWhatStripeSaysOfAnAccountIsStored(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := setup(t, d)
		deadline := b.clock.now().AddDate(0, 0, 9)
		b.deliver(connected, acct)
		b.drain()
		b.stripe.Describe(connected, billing.RemoteAccount{
			Name: "Acme Shop", Country: "PL", DefaultCurrency: "PLN", PayoutsEnabled: true, DetailsSubmitted: true, DisabledReason: "requirements.past_due",
			Due: []string{"company.tax_id", "external_account"}, Pending: true, Deadline: &deadline,
		})
		b.deliver(connected, acct)
		b.drain()
		got := b.account()
		if got.Name != "Acme Shop" || got.ChargesEnabled || !got.PayoutsEnabled || !got.Pending || got.Deadline == nil || !got.Deadline.Equal(deadline) || got.DisabledReason == "" {
			t.Errorf("stored %+v", got)
		}
		if diff := cmp.Diff([]string{"company.tax_id", "external_account"}, got.Due); diff != "" {
			t.Error(diff)
		}
		if _, err := b.StartCheckout(t.Context(), buyer("buyco"), billing.CheckoutRequest{ClientID: crm, PriceID: proPLN}); !errors.Is(err, billing.ErrStripeNotConfigured) {
			t.Errorf("a sale on an account that cannot charge: %v", err)
		}
		if diff := cmp.Diff([]string{"stripe.account_changed"}, b.recorded("acme", 1)); diff != "" {
			t.Error(diff)
		}
		b.stripe.Describe(connected, billing.RemoteAccount{Name: "Acme Shop", ChargesEnabled: true, PayoutsEnabled: true})
		row, err := b.RefreshAccount(t.Context(), "acme", false)
		if err != nil || !row.ChargesEnabled || len(row.Due) != 0 || row.Deadline != nil {
			t.Errorf("read at once: %+v, %v", row, err)
		}
		// Of another org's account, or in the other mode, nothing is stored.
		b.deliver(billing.Account{ID: "acct_foreign"}, "acct_foreign")
		b.deliver(billing.Account{ID: acct, Livemode: true}, acct)
		b.deliver(connected, "acct_foreign")
		b.drain()
		if _, err := b.store.AccountNamed(t.Context(), "acct_foreign", false); !errors.Is(err, billing.ErrAccountNotFound) {
			t.Errorf("a foreign account: %v", err)
		}
		if _, err := b.store.Account(t.Context(), "acme", true); !errors.Is(err, billing.ErrAccountNotFound) {
			t.Errorf("live mode: %v", err)
		}
	})
}

func TestAnAccountClosedAtStripe(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := setup(t, d)
		b.buy("buyco", proPLN)
		held := b.stripe.Subscriptions()[0]
		row, err := b.StartCheckout(t.Context(), buyer("other"), billing.CheckoutRequest{ClientID: crm, PriceID: proPLN})
		b.must(err)
		b.stripe.Revoke(connected)
		b.stripe.Break(revoking(b))
		// Word of a subscription comes before word of the end, which tells as much.
		b.deliver(connected, held)
		b.drain()
		got := b.account()
		if !got.Ended() || got.EndedWhy != billing.EndedAtStripe || got.ChargesEnabled {
			t.Fatalf("after the end: %+v", got)
		}
		b.deliver(connected, acct)
		b.deliver(connected, held)
		b.drain()
		if diff := cmp.Diff([]string{"stripe.revoked"}, b.recorded("acme", 1)); diff != "" {
			t.Error(diff)
		}
		if stats, err := b.jobs.Stats(t.Context()); err != nil || stats.Failing != 0 {
			t.Errorf("work fails for ever: %+v, %v", stats, err)
		}
		if sub, err := b.store.SubscriptionNamed(t.Context(), acct, false, held); err != nil || !sub.Holds {
			t.Errorf("the buyer lost what was paid for: %+v, %v", sub, err)
		}
		out, err := b.FinishCheckout(t.Context(), row.ID, "other")
		if err != nil || out.State == billing.FinishSuccess {
			t.Errorf("the checkout in the middle: %v, %v", out.State, err)
		}
		if _, err := b.StartCheckout(t.Context(), buyer("third"), billing.CheckoutRequest{ClientID: crm, PriceID: proPLN}); !errors.Is(err, billing.ErrStripeNotConfigured) {
			t.Errorf("a sale: %v", err)
		}

		b.stripe.Break(nil)
		b.stripe.Consent("again", connected)
		attempt := b.attempt("acme", false)
		_, err = b.FinishConnect(t.Context(), attempt, "again")
		b.must(err)
		reads := b.stripe.Calls("ReadSubscription")
		b.drain()
		if got := b.account(); got.Ended() || !got.ChargesEnabled {
			t.Errorf("again: %+v", got)
		}
		if b.stripe.Calls("ReadSubscription") == reads {
			t.Error("what happened while the account was closed was not read")
		}
	})
}

// revoking refuses what reads from an account that the platform has no access to, as Stripe does.
func revoking(b *bundle) func(string) (before, after error) {
	return func(op string) (before, after error) {
		switch op {
		case "ReadSubscription", "ReadCheckout", "ListSubscriptions":
			return billing.ErrAccountGone, nil
		}
		return nil, nil
	}
}

func (b *bundle) attempt(org string, livemode bool) billing.ConnectAttempt {
	b.t.Helper()
	_, err := b.BeginConnect(b.t.Context(), billing.Connecting{OrgID: org, Livemode: livemode, UserID: "ann", SessionID: "session-1"}, backTo)
	b.must(err)
	var row billing.ConnectAttempt
	b.must(b.db.Conn(b.t.Context()).Order("id DESC").Take(&row).Error)
	return row
}

// reconnecting stands between: while an account is read that is closed, its owner connects it again.
type reconnecting struct {
	billing.Gateway
	once func()
}

func (r *reconnecting) ReadAccount(ctx context.Context, at billing.Account) (billing.RemoteAccount, error) {
	found, err := r.Gateway.ReadAccount(ctx, at)
	if once := r.once; once != nil {
		r.once = nil
		once()
	}
	return found, err
}

func TestAnOldReadDoesNotCloseAnAccountThatIsConnectedAgain(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := setup(t, d)
		stand := &reconnecting{Gateway: b.stripe}
		b.gateway = stand
		b.wire()
		b.must(b.Disconnect(t.Context(), "acme", false, false))
		attempt := b.attempt("acme", false)
		stand.once = func() {
			b.stripe.Consent("again", connected)
			_, err := b.FinishConnect(t.Context(), attempt, "again")
			b.must(err)
		}
		_, err := b.RefreshAccount(t.Context(), "acme", false)
		b.must(err)
		if got := b.account(); got.Ended() {
			t.Errorf("a read that began before ended it: %+v", got)
		}
		b.deliver(connected, acct)
		b.drain()
		if got := b.account(); got.Ended() {
			t.Errorf("a late delivery ended it: %+v", got)
		}
	})
}
