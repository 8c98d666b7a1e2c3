package admin_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wolfieauth/wolfieauth/billing"
	billingstore "github.com/wolfieauth/wolfieauth/billing/store"
	"github.com/wolfieauth/wolfieauth/internal/db"
	"github.com/wolfieauth/wolfieauth/internal/db/dbtest"
)

const acmePayments = "/admin/orgs/acme/payments"

// letGoForm sees to it that acme has no live account, and asks for one.
func letGoForm(b *bundle) url.Values {
	b.t.Helper()
	if _, live, err := b.billing.ConnectionsOf(b.t.Context(), b.orgs["acme"].ID); err == nil && live.Connected() {
		b.must(b.billing.Disconnect(b.t.Context(), b.orgs["acme"].ID, true, true))
	}
	return url.Values{"country-live": {"PL"}}
}

// heldForm sees to it that acme has a live account.
func heldForm(b *bundle) url.Values {
	b.t.Helper()
	b.connectLive("acct_held")
	return url.Values{}
}

func (b *bundle) connectLive(account string) {
	b.t.Helper()
	b.must(billingstore.New(b.db).ConnectAccount(b.t.Context(), billing.StripeAccount{
		OrgID: b.orgs["acme"].ID, Livemode: true, Account: account, ChargesEnabled: true, PayoutsEnabled: true, CreatedAt: b.now, UpdatedAt: b.now,
	}))
}

// sold gives acme's live account a subscription that somebody pays for.
func (b *bundle) sold(account string) {
	b.t.Helper()
	b.must(billingstore.New(b.db).SaveSubscription(b.t.Context(), billing.Subscription{
		ID: "sub-live", OrgID: b.orgs["beta"].ID, Scope: billing.Scope{Kind: billing.ScopeApp, ID: crm}, PlanID: "plan-pro", PriceID: "price-pro", Account: account, Livemode: true,
		StripeID: "sub_live", Status: billing.StatusActive, Holds: true, Quantity: 1, CreatedAt: b.now, UpdatedAt: b.now,
	}))
}

// consents answers the address that Stripe's page sends its visitor back to.
func (br *browser) consents(mode string, query url.Values) string {
	br.b.t.Helper()
	got := br.post(acmePayments+"/"+mode+"/connect", nil)
	page, err := url.Parse(got.header.Get("Location"))
	br.b.must(err)
	if got.status != http.StatusSeeOther || page.Host != "connect.test" || page.Query().Get("redirect_uri") != "http://localhost:8080/admin/payments/connected" {
		br.b.t.Fatalf("%d to %q", got.status, page)
	}
	query.Set("state", page.Query().Get("state"))
	return "/admin/payments/connected?" + query.Encode()
}

func TestAnAccountIsConnectedThroughStripesPage(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := setup(t, d)
		owner := b.as("owner", "acme")
		contains(t, owner.get(acmePayments), "Test mode", "Live mode", "Not connected", "You have a Stripe account", "Connect with Stripe", `value="PL"`)
		b.stripe.Consent("ac_1", billing.Account{ID: "acct_acme", Livemode: true})
		back := owner.consents("live", url.Values{"code": {"ac_1"}})

		// The state is of no use to anybody else, nor to its owner's other session, and they do not use it up.
		for _, who := range []*browser{b.as("rival", "beta"), b.as("platform", "wolfie"), b.as("owner", "acme")} {
			got := who.get(back)
			if got.status != http.StatusBadRequest {
				t.Errorf("a state of another session: %d to %q", got.status, got.header.Get("Location"))
			}
			contains(t, got, "was not begun in this session")
		}
		if got := b.as("", "").get(back); got.status != http.StatusSeeOther || !strings.HasPrefix(got.header.Get("Location"), "/login?") {
			t.Errorf("anonymously: %d", got.status)
		}
		if got := owner.get(back); got.status != http.StatusSeeOther || got.header.Get("Location") != acmePayments {
			t.Fatalf("%d to %q: %s", got.status, got.header.Get("Location"), got.body)
		}
		contains(t, owner.get(acmePayments), "Account acct_acme is connected", "Ready", "Everything is in place", "acct_acme")
		if got := owner.get(back); got.status != http.StatusBadRequest {
			t.Errorf("the same address twice: %d", got.status)
		}
		if diff := cmp.Diff([]string{"stripe.connected"}, b.actions(1)); diff != "" {
			t.Error(diff)
		}
		if got := owner.post(acmePayments+"/live/connect", nil); got.status != http.StatusSeeOther || got.header.Get("Location") != acmePayments {
			t.Errorf("a second account: %d", got.status)
		}
		contains(t, owner.get(acmePayments), "An account is connected already")
	})
}

func TestConnectingGoesWrong(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := setup(t, d)
		owner := b.as("owner", "acme")
		b.must(b.billing.ConnectAccount(t.Context(), b.orgs["beta"].ID, "acct_beta", false))
		b.stripe.Consent("ac_beta", billing.Account{ID: "acct_beta"})
		for name, tc := range map[string]struct{ code, says string }{
			"a no":                  {"", "the answer was no"},
			"an unknown code":       {"ac_unknown", "Stripe refused"},
			"another org's account": {"ac_beta", "belongs to another organisation"},
		} {
			query := url.Values{"error": {"access_denied"}}
			if tc.code != "" {
				query = url.Values{"code": {tc.code}}
			}
			back := owner.consents("test", query)
			if got := owner.get(back); got.status != http.StatusSeeOther || got.header.Get("Location") != acmePayments {
				t.Errorf("%s: %d to %q", name, got.status, got.header.Get("Location"))
			}
			contains(t, owner.get(acmePayments), tc.says, "Not connected")
			if got := owner.get(back); got.status != http.StatusBadRequest {
				t.Errorf("%s, again: %d", name, got.status)
			}
		}
		back := owner.consents("test", url.Values{"code": {"ac_late"}})
		b.now = b.now.Add(3 * time.Hour)
		if got := owner.get(back); got.status != http.StatusBadRequest {
			t.Errorf("after three hours: %d", got.status)
		}
		b.stripe.WithoutConnect(true)
		contains(t, owner.get(acmePayments), "not set up to connect accounts in this mode")
		for _, path := range []string{"/both/connect", "/live/disconnect"} {
			want := map[string]int{"/both/connect": http.StatusNotFound, "/live/disconnect": http.StatusSeeOther}[path]
			if got := owner.post(acmePayments+path, nil); got.status != want {
				t.Errorf("%s: %d", path, got.status)
			}
		}
	})
}

func TestAnAccountIsMadeAndFinishedLater(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := setup(t, d)
		owner := b.as("owner", "acme")
		got := owner.post(acmePayments+"/test/create", url.Values{"country-test": {"Poland"}})
		if got.status != http.StatusUnprocessableEntity {
			t.Errorf("no country: %d", got.status)
		}
		contains(t, got, `id="country-test-error"`, `value="Poland"`, `id="country-live"`)
		lacks(t, got, `id="country-live-error"`)
		got = owner.post(acmePayments+"/test/create", url.Values{"country-test": {"pl"}})
		if to := got.header.Get("Location"); got.status != http.StatusSeeOther || !strings.HasPrefix(to, "https://connect.test/setup/acct_") ||
			!strings.Contains(to, url.QueryEscape("http://localhost:8080/admin/orgs/acme/payments/test/return")) {
			t.Fatalf("%d to %q: %s", got.status, to, got.body)
		}
		if diff := cmp.Diff([]string{"stripe.account_made"}, b.actions(1)); diff != "" {
			t.Error(diff)
		}
		contains(t, owner.get(acmePayments+"?again=test"), "open for too long", "Stripe still asks for", "A bank account for payouts", "Continue at Stripe", "Not ready")
		contains(t, owner.in("pl").get(acmePayments), "Stripe prosi jeszcze o", "Konto bankowe do wypłat", "Akceptację regulaminu Stripe")
		test, _, err := b.billing.ConnectionsOf(t.Context(), b.orgs["acme"].ID)
		b.must(err)
		b.stripe.Describe(billing.Account{ID: test.Account}, billing.RemoteAccount{Name: "Acme", Country: "PL", ChargesEnabled: true, PayoutsEnabled: true, DetailsSubmitted: true})
		if got := owner.get(acmePayments + "/test/return"); got.status != http.StatusSeeOther || got.header.Get("Location") != acmePayments {
			t.Errorf("back: %d to %q", got.status, got.header.Get("Location"))
		}
		page := owner.in("en").get(acmePayments)
		contains(t, page, "Everything is in place", "Ready")
		lacks(t, page, "Continue at Stripe")
		b.stripe.Describe(billing.Account{ID: test.Account}, billing.RemoteAccount{Name: "Acme", ChargesEnabled: true, DetailsSubmitted: true, Due: []string{"individual.verification.document", "person_1.dob.day", "strange.thing"}})
		owner.post(acmePayments+"/test/refresh", nil)
		contains(t, owner.get(acmePayments), "Payouts wait", "Proof of identity", "Details of a person", "only Stripe&#39;s own page can explain")
	})
}

func TestAnAccountIsDisconnected(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := setup(t, d)
		b.connectLive("acct_live")
		b.sold("acct_live")
		_, err := b.people.AddMember(t.Context(), b.orgs["acme"].ID, b.users["outsider"].ID, "admin")
		b.must(err)
		target := acmePayments + "/live/disconnect"
		helper := b.as("outsider", "acme")
		if got := helper.post(target, url.Values{"word": {"Acme Spółka"}}); got.status != http.StatusSeeOther || got.header.Get("Location") != acmePayments {
			t.Errorf("an admin: %d", got.status)
		}
		contains(t, helper.get(acmePayments), "Only an owner of the organisation may do that", "acct_live", "Ready")
		owner := b.as("owner", "acme")
		contains(t, owner.get(target), "1 subscription or purchase goes on at Stripe", "To confirm, type: Acme Spółka")
		if got := owner.post(target, url.Values{"word": {"acme"}}); got.status != http.StatusUnprocessableEntity {
			t.Errorf("the wrong word: %d", got.status)
		}
		if got := owner.post(target, url.Values{"word": {"Acme Spółka"}}); got.status != http.StatusSeeOther {
			t.Fatalf("%d %s", got.status, got.body)
		}
		if !b.stripe.Revoked(billing.Account{ID: "acct_live", Livemode: true}) {
			t.Error("the access was kept")
		}
		contains(t, owner.get(acmePayments), "acct_live is disconnected", "This account was disconnected here", "Connect again")
		if diff := cmp.Diff([]string{"stripe.disconnected"}, b.actions(1)); diff != "" {
			t.Error(diff)
		}
		b.stripe.Consent("ac_again", billing.Account{ID: "acct_live", Livemode: true})
		owner.get(owner.consents("live", url.Values{"code": {"ac_again"}}))
		contains(t, owner.get(acmePayments), "Account acct_live is connected", "Ready")
	})
}
