package admin_test

import (
	"testing"
	"time"

	"github.com/wolfieauth/wolfieauth/billing"
	"github.com/wolfieauth/wolfieauth/billing/store"
	"github.com/wolfieauth/wolfieauth/internal/db"
	"github.com/wolfieauth/wolfieauth/internal/db/dbtest"
)

func TestOperatorsAreToldOfSilenceAndOtherVersions(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := setup(t, d)
		pl := b.as("platform", "wolfie")
		pages := []string{"/admin/platform/jobs", "/admin/platform/webhooks"}
		for _, page := range pages {
			lacks(t, pl.get(page), "alert warn")
		}
		_, err := b.billing.Receive(t.Context(), billing.WebhookEvent{EventID: "evt_v", Type: "invoice.paid", APIVersion: "2099-12-31.zebra", Payload: "{}"})
		b.must(err)
		feeds, since := store.New(d), time.Date(2026, 3, 1, 10, 0, 0, 0, time.UTC)
		for account, reason := range map[string]billing.FeedReason{"": billing.FeedUnreachable, "acct_quiet": billing.FeedSilent, "acct_lost": billing.FeedRefused} {
			b.must(feeds.SaveFeed(t.Context(), billing.Feed{Account: account, Livemode: account == "", CheckedAt: since, StaleSince: &since, Reason: reason}))
		}
		b.must(feeds.SaveFeed(t.Context(), billing.Feed{Account: "acct_well", CheckedAt: since}))
		for _, page := range pages {
			got := pl.get(page)
			contains(t, got, "2099-12-31.zebra", "1 delivery", billing.APIVersion, "Nothing is heard of acct_quiet (test)", "Stripe refuses access to acct_lost (test)", "own account (live) cannot be asked")
			lacks(t, got, "acct_well")
		}
	})
}
