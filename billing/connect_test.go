package billing_test

import (
	"errors"
	"net/url"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wolfieauth/wolfieauth/billing"
	"github.com/wolfieauth/wolfieauth/internal/audit"
	"github.com/wolfieauth/wolfieauth/internal/db"
	"github.com/wolfieauth/wolfieauth/internal/db/dbtest"
)

const backTo = "https://auth.test/admin/payments/connected"

// begin starts to connect an account of wolfie's, which has none, and answers the state that Stripe got.
func (b *bundle) begin(livemode bool) string {
	b.t.Helper()
	page, err := b.BeginConnect(b.t.Context(), billing.Connecting{OrgID: "wolfie", Livemode: livemode, UserID: "ann", SessionID: "session-1", Lang: "pl"}, backTo)
	b.must(err)
	u, err := url.Parse(page)
	b.must(err)
	if u.Query().Get("redirect_uri") != backTo || u.Query().Get("state") == "" {
		b.t.Fatalf("page %s", page)
	}
	return u.Query().Get("state")
}

func (b *bundle) finish(state, code string) (billing.StripeAccount, error) {
	b.t.Helper()
	attempt, err := b.AttemptOf(b.t.Context(), state, "ann", "session-1")
	if err != nil {
		return billing.StripeAccount{}, err
	}
	return b.FinishConnect(b.t.Context(), attempt, code)
}

// connectWolfie connects an account to wolfie in one mode.
func (b *bundle) connectWolfie(account string, livemode bool) billing.StripeAccount {
	b.t.Helper()
	b.stripe.Consent("code", billing.Account{ID: account, Livemode: livemode})
	row, err := b.finish(b.begin(livemode), "code")
	b.must(err)
	return row
}

func (b *bundle) recorded(org string, n int) (actions []string) {
	b.t.Helper()
	page, _, err := audit.NewLog(b.db, b.clock.now).List(b.t.Context(), audit.Filter{OrgID: org, Limit: n})
	b.must(err)
	for _, r := range page {
		actions = append(actions, r.Action)
	}
	return actions
}

func TestAnAccountIsConnected(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := setup(t, d)
		row := b.connectWolfie("acct_wolf", true)
		if !row.ChargesEnabled || !row.PayoutsEnabled || row.ReadAt == nil || !row.Livemode || row.OrgID != "wolfie" || row.Name == "" {
			t.Errorf("stored %+v", row)
		}
		test, live, err := b.ConnectionsOf(t.Context(), "wolfie")
		b.must(err)
		if test.Connected() || !live.Connected() || live.Account != "acct_wolf" {
			t.Errorf("test %+v, live %+v", test, live)
		}
		if diff := cmp.Diff([]string{"stripe.connected"}, b.recorded("wolfie", 1)); diff != "" {
			t.Error(diff)
		}
		if _, err := b.BeginConnect(t.Context(), billing.Connecting{OrgID: "wolfie", Livemode: true}, backTo); !errors.Is(err, billing.ErrAccountConnected) {
			t.Errorf("a second account: %v", err)
		}
	})
}

func TestAStateIsGoodForItsPersonOnce(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := setup(t, d)
		state := b.begin(false)
		for name, who := range map[string][2]string{"another person": {"bob", "session-1"}, "another session": {"ann", "session-2"}, "nobody": {"", ""}} {
			if _, err := b.AttemptOf(t.Context(), state, who[0], who[1]); !errors.Is(err, billing.ErrConnectState) {
				t.Errorf("%s: %v", name, err)
			}
		}
		for name, other := range map[string]string{"unknown": "nothing", "empty": "", "its hash's": state + "x"} {
			if _, err := b.AttemptOf(t.Context(), other, "ann", "session-1"); !errors.Is(err, billing.ErrConnectState) {
				t.Errorf("%s state: %v", name, err)
			}
		}
		attempt, err := b.AttemptOf(t.Context(), state, "ann", "session-1")
		b.must(err)
		b.stripe.Consent("code", billing.Account{ID: "acct_wolf"})
		_, err = b.FinishConnect(t.Context(), attempt, "code")
		b.must(err)
		b.stripe.Consent("code", billing.Account{ID: "acct_other"})
		if _, err := b.FinishConnect(t.Context(), attempt, "code"); !errors.Is(err, billing.ErrConnectState) {
			t.Errorf("used twice: %v", err)
		}
		if _, err := b.finish(state, "code"); !errors.Is(err, billing.ErrConnectState) {
			t.Errorf("looked up after use: %v", err)
		}
		late := b.begin(true)
		b.clock.advance(2 * time.Hour)
		if _, err := b.finish(late, "code"); !errors.Is(err, billing.ErrConnectState) {
			t.Errorf("too late: %v", err)
		}
		said := b.begin(true)
		attempt, err = b.AttemptOf(t.Context(), said, "ann", "session-1")
		b.must(err)
		b.must(b.GiveUpConnect(t.Context(), attempt))
		if _, err := b.finish(said, "code"); !errors.Is(err, billing.ErrConnectState) {
			t.Errorf("after a no: %v", err)
		}
	})
}

func TestAnAccountBelongsToOneOrg(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := setup(t, d)
		b.stripe.Consent("code", connected) // acme's
		if _, err := b.finish(b.begin(false), "code"); !errors.Is(err, billing.ErrAccountTaken) {
			t.Errorf("acme's account: %v", err)
		}
		b.stripe.Consent("live", billing.Account{ID: "acct_wolf", Livemode: true})
		if _, err := b.finish(b.begin(false), "live"); !errors.Is(err, billing.ErrStripeRefused) {
			t.Errorf("the other mode's account: %v", err)
		}
		if test, live, err := b.ConnectionsOf(t.Context(), "wolfie"); err != nil || test.Account != "" || live.Account != "" {
			t.Errorf("%+v, %+v, %v", test, live, err)
		}
	})
}

func TestAnAccountIsMadeOnce(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := setup(t, d)
		in := billing.NewAccount{OrgID: "wolfie", Country: "pl", Email: "a@wolfie.test"}
		if _, err := b.MakeConnected(t.Context(), billing.NewAccount{OrgID: "wolfie", Country: "QQ"}); !isField(err, "country") {
			t.Errorf("no country: %v", err)
		}
		b.stripe.Break(func(op string) (before, after error) {
			if op == "MakeAccount" {
				return nil, billing.ErrStripeUnavailable
			}
			return nil, nil
		})
		if _, err := b.MakeConnected(t.Context(), in); !errors.Is(err, billing.ErrStripeUnavailable) {
			t.Fatalf("%v", err)
		}
		b.stripe.Break(nil)
		row, err := b.MakeConnected(t.Context(), in)
		b.must(err)
		if row.Account != "acct_000001" || row.ChargesEnabled || len(row.Due) != 2 || row.Country != "PL" {
			t.Errorf("made %+v: the key was to answer the account of the first call", row)
		}
		link, err := b.Onboard(t.Context(), "wolfie", false, "https://auth.test/again", "https://auth.test/back")
		if err != nil || link != "https://connect.test/setup/acct_000001?return=https%3A%2F%2Fauth.test%2Fback" {
			t.Errorf("link %q, %v", link, err)
		}
		if _, err := b.MakeConnected(t.Context(), in); !errors.Is(err, billing.ErrAccountConnected) {
			t.Errorf("a second one: %v", err)
		}
		b.must(b.Disconnect(t.Context(), "wolfie", false, false))
		if row, err = b.MakeConnected(t.Context(), in); err != nil || row.Account == "acct_000001" {
			t.Errorf("a new one after the end: %+v, %v", row, err)
		}
	})
}

func isField(err error, field string) bool {
	mistakes, ok := errors.AsType[billing.FieldErrors](err)
	return ok && len(mistakes) == 1 && mistakes[0].Field == field
}

func TestARefusedAccountMayBeAskedForOtherwise(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := setup(t, d)
		b.stripe.Break(func(op string) (before, after error) {
			if op == "MakeAccount" {
				return billing.ErrStripeRefused, nil
			}
			return nil, nil
		})
		if _, err := b.MakeConnected(t.Context(), billing.NewAccount{OrgID: "wolfie", Country: "AQ"}); !errors.Is(err, billing.ErrStripeRefused) {
			t.Fatalf("%v", err)
		}
		b.stripe.Break(nil)
		if row, err := b.MakeConnected(t.Context(), billing.NewAccount{OrgID: "wolfie", Country: "DE"}); err != nil || row.Country != "DE" {
			t.Errorf("%+v, %v", row, err)
		}
		b.stripe.WithoutConnect(true)
		if _, err := b.MakeConnected(t.Context(), billing.NewAccount{OrgID: "wolfie", Livemode: true, Country: "DE"}); !errors.Is(err, billing.ErrStripeNotConfigured) {
			t.Errorf("without a client id: %v", err)
		}
	})
}

func TestDisconnecting(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := setup(t, d)
		ctx, live := t.Context(), billing.Account{ID: "acct_live", Livemode: true}
		b.must(b.EnableBilling(ctx, billing.EnableBilling{ClientID: crm, Gateway: billing.GatewayConnect, Livemode: true, DefaultCurrency: "PLN"}))
		b.must(b.ConnectAccount(ctx, "acme", live.ID, true))
		b.buy("buyco", proPLN)
		row, err := b.StartCheckout(ctx, buyer("other"), billing.CheckoutRequest{ClientID: crm, PriceID: proPLN})
		b.must(err)
		if err := b.Disconnect(ctx, "acme", true, false); !errors.Is(err, billing.ErrLiveSubscriptions) {
			t.Fatalf("with a live subscription: %v", err)
		}
		b.must(b.Disconnect(ctx, "acme", true, true))
		if !b.stripe.Revoked(live) || b.stripe.Sessions("open") != 0 {
			t.Errorf("revoked %v, %d checkouts open", b.stripe.Revoked(live), b.stripe.Sessions("open"))
		}
		if after, err := b.store.Checkout(ctx, row.ID); err != nil || after.Status != billing.CheckoutExpired {
			t.Errorf("the checkout in the middle: %+v, %v", after.Status, err)
		}
		if _, err := b.StartCheckout(ctx, buyer("third"), billing.CheckoutRequest{ClientID: crm, PriceID: proPLN}); !errors.Is(err, billing.ErrStripeNotConfigured) {
			t.Errorf("a sale after the end: %v", err)
		}
		if err := b.Disconnect(ctx, "acme", true, true); !errors.Is(err, billing.ErrAccountNotFound) {
			t.Errorf("twice: %v", err)
		}
		if test, _, err := b.ConnectionsOf(ctx, "acme"); err != nil || !test.Connected() {
			t.Errorf("test mode went along: %+v, %v", test, err)
		}
		if diff := cmp.Diff([]string{"stripe.disconnected"}, b.recorded("acme", 1)); diff != "" {
			t.Error(diff)
		}

		// The same account again: customers and subscriptions are still its own.
		b.stripe.Consent("again", live)
		page, err := b.BeginConnect(ctx, billing.Connecting{OrgID: "acme", Livemode: true, UserID: "ann", SessionID: "session-1"}, backTo)
		b.must(err)
		u, _ := url.Parse(page)
		_, err = b.finish(u.Query().Get("state"), "again")
		b.must(err)
		if _, live, err := b.ConnectionsOf(ctx, "acme"); err != nil || !live.Connected() || live.Holding != 1 {
			t.Errorf("again: %+v, %v", live, err)
		}
		_, err = b.StartCheckout(ctx, buyer("third"), billing.CheckoutRequest{ClientID: crm, PriceID: proPLN})
		b.must(err)
	})
}

func TestDisconnectingIsTriedAgain(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := setup(t, d)
		b.stripe.Break(func(op string) (before, after error) {
			if op == "Deauthorize" {
				return billing.ErrStripeUnavailable, nil
			}
			return nil, nil
		})
		b.must(b.Disconnect(t.Context(), "acme", false, false))
		if b.stripe.Revoked(connected) {
			t.Fatal("revoked although the call failed")
		}
		b.stripe.Break(nil)
		b.must(b.jobs.DoNow(t.Context(), billing.KindDisconnect, billing.ObjectKey(connected, acct)))
		if !b.stripe.Revoked(connected) {
			t.Error("not revoked at the second try")
		}
	})
}
