package admin_test

import (
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wolfieauth/wolfieauth/billing"
	billingstore "github.com/wolfieauth/wolfieauth/billing/store"
	"github.com/wolfieauth/wolfieauth/internal/db"
	"github.com/wolfieauth/wolfieauth/internal/db/dbtest"
)

// connect gives acme an account to sell on.
func (b *bundle) connect() {
	b.t.Helper()
	b.must(billingstore.New(b.db).ConnectAccount(b.t.Context(), billing.StripeAccount{
		OrgID: b.orgs["acme"].ID, Account: "acct_acme", ChargesEnabled: true, CreatedAt: b.now, UpdatedAt: b.now,
	}))
}

func TestSyncIsStartedAndFollowed(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := setup(t, d)
		owner, target := b.as("owner", "acme"), "/admin/clients/"+crm+"/sync"
		contains(t, owner.get(target), "Nothing has been synced yet")
		if got := owner.post(target, nil); got.status != http.StatusSeeOther || got.header.Get("Location") != "/admin/clients/"+crm+"#plans" {
			t.Errorf("without an account: %d to %q", got.status, got.header.Get("Location"))
		}
		contains(t, owner.get("/admin/clients/"+crm), "Stripe is not connected yet", `href="/admin/clients/acme-crm/sync"`)
		b.connect()
		if got := owner.post(target, nil); got.status != http.StatusSeeOther || got.header.Get("Location") != target {
			t.Fatalf("%d to %q: %s", got.status, got.header.Get("Location"), got.body)
		}
		if diff := cmp.Diff([]string{"catalog.sync_started", "catalog.sync_started"}, b.actions(2)); diff != "" {
			t.Error(diff)
		}
		page := owner.get(target)
		contains(t, page, `http-equiv="refresh"`, "Acme CRM", "Acme Suite", "0 of 4 done", "Monthly, PLN\u00a099.00", "Graduated", "Waiting")
		lacks(t, page, "Sync now")
		store := billingstore.New(b.db)
		for _, scope := range []billing.Scope{{Kind: billing.ScopeApp, ID: crm}, {Kind: billing.ScopeBundle, ID: "suite-id"}} {
			run, err := b.billing.LastSync(t.Context(), scope)
			b.must(err)
			for i, item := range run.Items {
				state, reason := billing.SyncItemDone, ""
				if i == 1 {
					state, reason = billing.SyncItemFailed, billing.ReasonChanged
				}
				b.must(store.SettleSyncItem(t.Context(), item.ID, state, reason, "stripe_name", b.now))
			}
			b.must(store.FinishSyncRun(t.Context(), run.ID, b.now))
		}
		page = owner.in("pl").get(target)
		contains(t, page, "Gotowe: 3 z 4", "nieudane: 1", "Zmieniono to po stronie Stripe", "stripe_name", "Synchronizuj")
		lacks(t, page, `http-equiv="refresh"`)
	})
}
