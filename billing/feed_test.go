package billing_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/wolfieauth/wolfieauth/billing"
	"github.com/wolfieauth/wolfieauth/billing/webhook"
	"github.com/wolfieauth/wolfieauth/internal/db"
	"github.com/wolfieauth/wolfieauth/internal/db/dbtest"
)

// look looks at the feed of acme's account and answers it.
func (b *bundle) look() billing.Feed {
	b.t.Helper()
	b.must(b.jobs.DoNow(b.t.Context(), billing.KindFeed, billing.ObjectKey(connected, "feed")))
	f, err := b.store.Feed(b.t.Context(), connected)
	b.must(err)
	stale, err := b.StaleFeeds(b.t.Context())
	b.must(err)
	if (f.StaleSince != nil) != (len(stale) == 1) {
		b.t.Errorf("the feed is %+v, and of the stale ones there are %d", f, len(stale))
	}
	return f
}

// hear has an event happen, and delivers it.
func (b *bundle) hear(object string) {
	b.t.Helper()
	id := b.stripe.Happen(connected, "customer.subscription.updated", object)
	_, err := b.Receive(b.t.Context(), billing.WebhookEvent{Account: acct, EventID: id, Type: "customer.subscription.updated", APIVersion: billing.APIVersion, ObjectID: object, Payload: "{}"})
	b.must(err)
}

func TestAFeedThatGoesSilentIsNoticedAndRepaired(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := setup(t, d)
		b.eventObject = webhook.EventObject
		b.wire()
		sub := b.buy("buyco", proPLN)
		if f := b.look(); f.StaleSince != nil {
			t.Errorf("nothing happened, and the feed is %+v", f)
		}
		for range 3 {
			b.hear(sub.StripeID)
		}
		b.stripe.Happen(connected, "plan.created", "plan_1") // nothing that we would read
		b.clock.advance(time.Hour)
		if f := b.look(); f.StaleSince != nil || f.Missing != 0 {
			t.Errorf("everything came, and the feed is %+v", f)
		}
		lost := b.clock.now()
		b.stripe.Happen(connected, "customer.subscription.updated", sub.StripeID)
		b.stripe.Change(sub.StripeID, func(s *billing.RemoteSubscription) { s.CancelAtPeriodEnd = true })
		b.clock.advance(10 * time.Minute)
		if f := b.look(); f.StaleSince != nil || f.Missing != 0 {
			t.Errorf("it may yet come, and the feed is %+v", f)
		}
		b.clock.advance(time.Hour)
		if f := b.look(); f.StaleSince != nil || f.Missing != 1 {
			t.Errorf("one was lost, and the feed is %+v", f)
		}
		b.settle()
		if !b.subscriptions("buyco")[0].CancelAtPeriodEnd {
			t.Error("what the lost one told was not read")
		}
		for range 2 {
			b.stripe.Happen(connected, "customer.subscription.updated", sub.StripeID)
		}
		b.clock.advance(time.Hour)
		if f := b.look(); f.StaleSince == nil || !f.StaleSince.Equal(lost) || f.Missing != 3 || f.Reason != billing.FeedSilent {
			t.Errorf("nothing comes, and the feed is %+v", f)
		}
		b.hear(sub.StripeID)
		b.clock.advance(time.Hour)
		if f := b.look(); f.StaleSince != nil || f.Reason != "" || f.Missing != 3 {
			t.Errorf("it comes again, and the feed is %+v", f)
		}
	})
}

func TestAFeedThatCannotBeAskedForLongIsStale(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := setup(t, d)
		b.stripe.Break(func(string) (before, after error) { return billing.ErrAccountGone, nil })
		began := b.clock.now()
		for _, want := range []bool{false, false, true, true} {
			if f := b.look(); (f.StaleSince != nil) != want || want && (!f.StaleSince.Equal(began) || f.Reason != billing.FeedRefused) {
				t.Errorf("%s later the feed is %+v", b.clock.now().Sub(began), f)
			}
			b.clock.advance(15 * time.Minute)
		}
		b.stripe.Break(nil)
		if f := b.look(); f.StaleSince != nil || f.FailingSince != nil {
			t.Errorf("it answers, and the feed is %+v", f)
		}
		b.stripe.Break(func(string) (before, after error) { return billing.ErrStripeNotConfigured, nil })
		b.look()
	})
}

func TestOtherVersionsAreCounted(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := setup(t, d)
		for i, v := range []string{"2099-01-01", billing.APIVersion, "2098-01-01", "2099-01-01"} {
			_, err := b.Receive(t.Context(), billing.WebhookEvent{Account: acct, EventID: fmt.Sprintf("evt_v%d", i), Type: "x", APIVersion: v, Payload: "{}"})
			b.must(err)
		}
		got, err := b.OtherVersions(t.Context())
		if err != nil || len(got) != 2 || got[0] != (billing.OtherVersion{APIVersion: "2099-01-01", Count: 2}) {
			t.Errorf("%+v, %v", got, err)
		}
		b.clock.advance(31 * 24 * time.Hour)
		if got, err := b.OtherVersions(t.Context()); err != nil || len(got) != 0 {
			t.Errorf("a month later %+v, %v", got, err)
		}
	})
}
