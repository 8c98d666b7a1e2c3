package admin_test

import (
	"net/http"
	"net/url"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wolfieauth/wolfieauth/billing"
	billingstore "github.com/wolfieauth/wolfieauth/billing/store"
	"github.com/wolfieauth/wolfieauth/internal/db"
	"github.com/wolfieauth/wolfieauth/internal/db/dbtest"
)

// billingForm switches acme-spa's billing on, or changes what it begins in when that is done.
func billingForm(b *bundle) url.Values {
	return url.Values{"gateway": {"managed"}, "mode": {"test"}, "currency": {"pln"}, "country": {"pl"}, "seen": {b.seen("/admin/clients/acme-spa/billing")}}
}

// billingEndForm finds acme-mail's billing on, whoever asks.
func billingEndForm(b *bundle) url.Values {
	b.t.Helper()
	b.must(b.billing.EnableBilling(b.t.Context(), billing.EnableBilling{ClientID: "acme-mail", Gateway: billing.GatewayManaged, DefaultCurrency: "PLN"}))
	return url.Values{}
}

func TestBillingIsSwitchedOnAndOff(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := setup(t, d)
		owner, target := b.as("owner", "acme"), "/admin/clients/"+spa+"/billing"
		contains(t, owner.get("/admin/clients/"+spa), "Billing is off", `href="`+target+`"`)
		contains(t, owner.get(target), "Billing is off", "Enable billing", "on its own Stripe account")
		form := url.Values{"gateway": {"connect"}, "mode": {"live"}, "currency": {"pln"}, "country": {"pl"}, "seen": {b.seen(target)}}
		if got := owner.post(target, form); got.status != http.StatusSeeOther || got.header.Get("Location") != target {
			t.Fatalf("%d to %q: %s", got.status, got.header.Get("Location"), got.body)
		}
		contains(t, owner.get(target), "On, but not ready to sell", "Live", "PLN · PL", "Own Stripe account")
		if diff := cmp.Diff([]string{"billing.enabled"}, b.actions(1)); diff != "" {
			t.Error(diff)
		}
		if got := owner.post(target, form); got.status != http.StatusUnprocessableEntity {
			t.Errorf("a form opened before the change: %d", got.status)
		}
		b.must(b.billing.ConnectAccount(t.Context(), b.orgs["acme"].ID, "acct_live", true))
		contains(t, owner.get(target), "On, ready to sell", "acct_live")
		contains(t, owner.get(target+"/disable"), "The pricing page closes")
		if got := owner.post(target+"/disable", nil); got.status != http.StatusSeeOther {
			t.Fatalf("disable: %d %s", got.status, got.body)
		}
		contains(t, owner.in("pl").get(target), "Billing of Acme SPA is off", "Włącz sprzedaż")
		if diff := cmp.Diff([]string{"billing.disabled"}, b.actions(1)); diff != "" {
			t.Error(diff)
		}
	})
}

func TestBillingSetupSaysWhatIsWrong(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := setup(t, d)
		owner, target := b.as("owner", "acme"), "/admin/clients/"+spa+"/billing"
		for name, tc := range map[string]struct{ gateway, mode, currency, country, says string }{
			"platform of another org": {"platform", "test", "PLN", "", "Only the organisation that runs the platform"},
			"managed and live":        {"managed", "live", "PLN", "", "The shared account is a test account"},
			"unknown gateway":         {"paypal", "test", "PLN", "", `id="gateway-error"`},
			"unknown mode":            {"managed", "both", "PLN", "", `id="mode-error"`},
			"unknown currency":        {"managed", "test", "XXQ", "", `id="currency-error"`},
			"unknown country":         {"managed", "test", "PLN", "QQ", `id="country-error"`},
		} {
			form := url.Values{"gateway": {tc.gateway}, "mode": {tc.mode}, "currency": {tc.currency}, "country": {tc.country}, "seen": {b.seen(target)}}
			got := owner.post(target, form)
			if got.status != http.StatusUnprocessableEntity {
				t.Errorf("%s: %d", name, got.status)
			}
			contains(t, got, tc.says)
		}
		contains(t, owner.get(target), "Billing is off")
		b.must(b.people.DisableApp(t.Context(), spa))
		contains(t, owner.get(target), "This app is disabled")
		if got := owner.post(target, url.Values{"gateway": {"managed"}, "mode": {"test"}, "currency": {"PLN"}}); got.status != http.StatusUnprocessableEntity {
			t.Errorf("a disabled app: %d", got.status)
		}
	})
}

func TestBillingStaysPutWhilePeoplePay(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := setup(t, d)
		owner, target := b.as("owner", "acme"), "/admin/clients/"+crm+"/billing"
		form := url.Values{"gateway": {"connect"}, "mode": {"live"}, "currency": {"PLN"}, "seen": {b.seen(target)}}
		if got := owner.post(target, form); got.status != http.StatusSeeOther {
			t.Fatalf("%d %s", got.status, got.body)
		}
		b.must(billingstore.New(d).SaveSubscription(t.Context(), billing.Subscription{
			ID: "sub-live", OrgID: b.orgs["beta"].ID, Scope: billing.Scope{Kind: billing.ScopeApp, ID: crm}, PlanID: "plan-pro", PriceID: "price-pro", Account: "acct_live", Livemode: true,
			StripeID: "sub_live", Status: billing.StatusActive, Holds: true, Quantity: 1, CreatedAt: b.now, UpdatedAt: b.now,
		}))
		contains(t, owner.get(target), "While 1 live-mode subscription is running", "Billing stays on")
		for field, value := range map[string]string{"gateway": "managed", "mode": "test"} {
			form := url.Values{"gateway": {"connect"}, "mode": {"live"}, "currency": {"PLN"}, "seen": {b.seen(target)}}
			form.Set(field, value)
			if field == "gateway" {
				form.Set("mode", "test")
			}
			got := owner.post(target, form)
			if got.status != http.StatusUnprocessableEntity {
				t.Errorf("%s: %d", field, got.status)
			}
			contains(t, got, "1 live-mode subscription is paid through this")
		}
		if got := owner.post(target+"/disable", nil); got.status != http.StatusSeeOther || got.header.Get("Location") != target {
			t.Errorf("disable: %d", got.status)
		}
		contains(t, owner.get(target), "On, but not ready to sell", "Live")
		form = url.Values{"gateway": {"connect"}, "mode": {"live"}, "currency": {"EUR"}, "seen": {b.seen(target)}}
		if got := owner.post(target, form); got.status != http.StatusSeeOther {
			t.Errorf("another currency: %d %s", got.status, got.body)
		}
		contains(t, owner.get(target), "EUR")
	})
}
