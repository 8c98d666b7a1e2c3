package admin_test

import (
	"fmt"
	"net/http"
	"net/url"
	"sync"
	"testing"

	"github.com/wolfieauth/wolfieauth/billing"
	"github.com/wolfieauth/wolfieauth/idp"
	"github.com/wolfieauth/wolfieauth/internal/db"
	"github.com/wolfieauth/wolfieauth/internal/db/dbtest"
)

// bought gives acme's suite a live subscription of beta's, which has two members.
func (b *bundle) bought() {
	b.t.Helper()
	b.exec(`INSERT INTO subscriptions (id, org_id, client_id, scope_kind, scope_id, plan_id, price_id, account, livemode, stripe_id, recurring, holds, status, quantity, currency, billing_interval, stripe_created_at, created_at, updated_at)
		SELECT 'sub-suite', ?, 'acme-crm', 'bundle', 'suite-id', plan_id, id, '', livemode, 'pi_1', FALSE, TRUE, 'active', 1, 'PLN', 'one_time', ?, ?, ? FROM membership_prices, (SELECT livemode FROM billing_apps WHERE client_id = 'acme-crm') m WHERE plan_id = 'plan-all'`,
		b.orgs["beta"].ID, b.now, b.now, b.now)
}

func TestBundleSaysWhoGainsBeforeAnAppJoins(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := setup(t, d)
		b.bought()
		b.must(b.billing.EnableBilling(t.Context(), billing.EnableBilling{ClientID: spa, Gateway: billing.GatewayConnect, DefaultCurrency: "PLN"}))
		owner, path := b.as("owner", "acme"), "/admin/bundles/suite-id"
		form := url.Values{"name": {"Acme Suite"}, "apps": {crm, "acme-mail", spa}, "seen": {b.seen(path)}}
		page := owner.post(path, form)
		contains(t, page, "2 people (customers: 1) gain", "acme-spa 2")
		if page.status != http.StatusUnprocessableEntity {
			t.Errorf("saved untold: %d", page.status)
		}
		if page := owner.post(path, with(form, "told", "acme-spa 2")); page.status != http.StatusSeeOther {
			t.Errorf("told: %d %s", page.status, page.body)
		}
		apps, err := b.people.BundleApps(t.Context(), "suite-id")
		b.must(err)
		if len(apps) != 3 {
			t.Errorf("%d apps", len(apps))
		}
		if page := owner.post(path, with(form, "told", "acme-spa 2")); page.status != http.StatusUnprocessableEntity {
			t.Errorf("over a state that is gone: %d", page.status)
		}
		left := url.Values{"name": {"Acme Suite"}, "apps": {crm}, "seen": {b.seen(path)}}
		page = owner.post(path, left)
		contains(t, page, "would lose an app")
		if page.status != http.StatusUnprocessableEntity {
			t.Errorf("an app left: %d", page.status)
		}
		b.exec("UPDATE subscriptions SET holds = FALSE")
		if page := owner.post(path, left); page.status != http.StatusSeeOther {
			t.Errorf("nobody holds it: %d", page.status)
		}
		contains(t, owner.get("/admin/audit?org=acme&action=bundle.updated"), "acme-spa", "Bundle changed")
	})
}

// TestBundleRefusesSlugsThatClash holds the rule of plans from the bundle's side.
func TestBundleRefusesSlugsThatClash(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := setup(t, d)
		_, err := b.billing.CreatePlan(t.Context(), billing.NewPlan{Scope: billing.Scope{Kind: billing.ScopeApp, ID: spa}, Name: "Everything"})
		b.must(err)
		owner, path := b.as("owner", "acme"), "/admin/bundles/suite-id"
		page := owner.post(path, url.Values{"name": {"Acme Suite"}, "apps": {crm, "acme-mail", spa}, "seen": {b.seen(path)}})
		contains(t, page, "both have a plan “everything”", "apps-error")
		if page.status != http.StatusUnprocessableEntity {
			t.Errorf("%d", page.status)
		}
		foreign := owner.post(path, url.Values{"name": {"Acme Suite"}, "apps": {crm, "acme-mail", "beta-shop"}, "seen": {b.seen(path)}})
		if foreign.status != http.StatusUnprocessableEntity {
			t.Errorf("another org's app: %d", foreign.status)
		}
		lacks(t, foreign, "Beta Shop")
	})
}

// TestPlanAndJoiningAppDoNotMeet has an app join the bundle while a plan of the same slug is made for it: of the two,
// one at most is done.
func TestPlanAndJoiningAppDoNotMeet(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := setup(t, d)
		for i := range 12 {
			name := fmt.Sprintf("Race %d", i)
			suite, err := b.people.CreateBundle(t.Context(), idp.CreateBundle{OrgID: b.orgs["acme"].ID, Name: name})
			b.must(err)
			_, err = b.billing.CreatePlan(t.Context(), billing.NewPlan{Scope: billing.Scope{Kind: billing.ScopeBundle, ID: suite.ID}, Name: name})
			b.must(err)
			var joined, made error
			var wg sync.WaitGroup
			wg.Go(func() {
				_, joined = b.people.UpdateBundle(t.Context(), idp.BundleEdit{ID: suite.ID, Expected: suite.UpdatedAt, Name: name, ClientIDs: []string{spa}})
			})
			wg.Go(func() {
				_, made = b.billing.CreatePlan(t.Context(), billing.NewPlan{Scope: billing.Scope{Kind: billing.ScopeApp, ID: spa}, Name: name})
			})
			wg.Wait()
			if joined == nil && made == nil {
				t.Errorf("round %d: both were done", i)
			}
			if joined != nil && made != nil {
				t.Errorf("round %d: %v; %v", i, joined, made)
			}
		}
	})
}
