package store_test

import (
	"context"
	"fmt"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wolfieauth/wolfieauth/claims"
	"github.com/wolfieauth/wolfieauth/internal/db"
	"github.com/wolfieauth/wolfieauth/internal/db/dbtest"
)

func TestLoadSettings(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := setup(t, d)
		b.exec("UPDATE billing_apps SET enabled = FALSE WHERE client_id = 'acme-mail'")
		for _, tc := range []struct {
			user, client  string
			billing, here bool
		}{
			{"ann", "acme-crm", true, true},
			{"ann", "acme-mail", false, true},
			{"ann", "no-such-app", false, true},
			{"", "acme-crm", true, false},
			{"", "", false, false},
		} {
			want := claims.Input{BillingEnabled: tc.billing, HasUser: tc.here, ClientID: tc.client, Now: noon}
			if diff := cmp.Diff(want, b.load(tc.user, "", tc.client)); diff != "" {
				t.Errorf("%q in %q: %s", tc.user, tc.client, diff)
			}
		}
	})
}

func TestLoadSubscriptionFields(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := setup(t, d)
		day := func(n int) time.Time { return noon.AddDate(0, 0, n) }
		full := b.subscribe("buyco", "bundle", "acme-suite", b.plan("bundle", "acme-suite", "premium", "b", "a"), row{
			"status": "past_due", "current_period_end": day(1), "trial_end": day(2), "cancel_at": day(3), "cancel_at_period_end": true,
			"ended_at": day(4), "expires_at": day(5), "oldest_unpaid_at": day(6),
		})
		bare := b.subscribe("ann-own", "app", "acme-crm", b.plan("app", "acme-crm", "pro"), row{"recurring": false})
		want := []claims.Source{
			{
				Kind: claims.SourceSubscription, ID: full, StripeStatus: "past_due", PlanSlug: "premium", PlanName: "The premium",
				PlanPosition: 3, Features: []string{"a", "b"}, Bundle: "acme-suite", Recurring: true,
				CurrentPeriodEnd: at(day(1)), TrialEnd: at(day(2)), CancelAt: at(day(3)), CancelAtPeriodEnd: true,
				EndedAt: at(day(4)), ExpiresAt: at(day(5)), OldestUnpaidAt: at(day(6)),
				GraceDays: 5, Quantity: 2, PerSeat: true, OrgID: "buyco",
			},
			{
				Kind: claims.SourceSubscription, ID: bare, StripeStatus: "active", PlanSlug: "pro", PlanName: "The pro",
				PlanPosition: 3, Features: []string{}, GraceDays: 5, Quantity: 2, PerSeat: true, OrgID: "ann-own",
			},
		}
		got := b.load("ann", "buyco", "acme-crm")
		slices.SortFunc(got.Sources, func(a, b claims.Source) int { return len(b.PlanSlug) - len(a.PlanSlug) })
		for _, s := range got.Sources {
			slices.Sort(s.Features)
			for _, moment := range []*time.Time{s.CurrentPeriodEnd, s.EndedAt} {
				if moment != nil && moment.Location() != time.UTC {
					t.Errorf("%v is not in UTC", moment)
				}
			}
		}
		if diff := cmp.Diff(want, got.Sources); diff != "" {
			t.Error(diff)
		}
	})
}

func TestLoadWhoseSubscription(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := setup(t, d)
		plan := b.plan("app", "acme-crm", "pro")
		org := b.subscribe("buyco", "app", "acme-crm", plan, nil)
		own := b.subscribe("ann-own", "app", "acme-crm", plan, nil)
		bobs := b.subscribe("bob-own", "app", "acme-crm", plan, nil)
		check := func(name, user, org string, want ...string) {
			t.Helper()
			got := []string{}
			for id := range ids(b.load(user, org, "acme-crm")) {
				got = append(got, id)
			}
			slices.Sort(got)
			if diff := cmp.Diff(append([]string{}, want...), got); diff != "" {
				t.Errorf("%s: %s", name, diff)
			}
		}
		check("the grant's org and the personal one", "ann", "buyco", org, own)
		check("the personal one alone", "ann", "", own)
		check("the personal one as the grant's org, once", "ann", "ann-own", own)
		check("an org that one is no member of", "bob", "buyco", bobs)
		check("somebody else's personal org", "ann", "bob-own", own)
		check("an unknown user", "eve", "buyco")
		check("nobody", "", "buyco")
		b.exec("UPDATE orgs SET suspended_at = ? WHERE id = 'ann-own'", noon)
		check("a suspended org", "ann", "buyco", org)
		b.exec("UPDATE memberships SET removed_at = ? WHERE id = 'ann-buyco'", noon)
		check("a membership that was removed", "ann", "buyco")
	})
}

func TestLoadWhatCounts(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := setup(t, d)
		b.bundleOf("mail-only", "acme-mail")
		crm, mail := b.plan("app", "acme-crm", "pro"), b.plan("app", "acme-mail", "pro")
		suite, foreign := b.plan("bundle", "acme-suite", "premium"), b.plan("bundle", "mail-only", "premium")

		onApp := b.subscribe("buyco", "app", "acme-crm", crm, nil)
		onBundle := b.subscribe("buyco", "bundle", "acme-suite", suite, nil)
		live := b.subscribe("buyco", "app", "acme-crm", crm, row{"livemode": true})
		b.subscribe("buyco", "app", "acme-mail", mail, nil)
		b.subscribe("buyco", "bundle", "mail-only", foreign, nil)
		b.subscribe("buyco", "app", "acme-crm", crm, row{"holds": false})                            // a second payment, being given back
		b.subscribe("buyco", "app", "wolfie-crm", crm, nil)                                          // a row at odds with its plan
		archived := b.subscribe("ann-own", "app", "acme-crm", b.plan("app", "acme-crm", "old"), nil) // archiving ends no subscription
		b.exec("UPDATE plans SET archived_at = ? WHERE slug = 'old'", noon)

		sub := claims.SourceSubscription
		want := map[string]claims.SourceKind{onApp: sub, onBundle: sub, archived: sub}
		if diff := cmp.Diff(want, ids(b.load("ann", "buyco", "acme-crm"))); diff != "" {
			t.Error(diff)
		}
		if got := ids(b.load("ann", "buyco", "wolfie-crm")); len(got) != 0 {
			t.Errorf("another app's plan leaked: %v", got)
		}
		b.exec("UPDATE billing_apps SET livemode = TRUE WHERE client_id = 'acme-crm'")
		if diff := cmp.Diff(map[string]claims.SourceKind{live: sub}, ids(b.load("ann", "buyco", "acme-crm"))); diff != "" {
			t.Errorf("in live mode: %s", diff)
		}
	})
}

func TestLoadComps(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := setup(t, d)
		b.plan("app", "acme-crm", "pro")
		ended := b.comp(nil)
		if err := b.store.EndComp(t.Context(), ended.ID, noon); err != nil {
			t.Fatal(err)
		}
		b.comp(func(c *claims.Comp) { c.UserID = "bob" })
		b.comp(func(c *claims.Comp) { c.ClientID = "acme-mail" })
		kept := b.comp(func(c *claims.Comp) {
			c.PlanSlug, c.Features, c.ExpiresAt = "pro", claims.FeatureList{"x", "ż"}, at(noon.Add(time.Hour))
		})
		want := []claims.Source{kept.Source(3)}
		if diff := cmp.Diff(want, b.load("ann", "buyco", "acme-crm").Sources); diff != "" {
			t.Error(diff)
		}
		b.exec("DELETE FROM membership_prices")
		b.exec("DELETE FROM plans")
		want[0].PlanPosition = claims.PositionLast
		if diff := cmp.Diff(want, b.load("ann", "", "acme-crm").Sources); diff != "" {
			t.Errorf("a comp that names no plan: %s", diff)
		}
	})
}

func TestLoadOwnerGrant(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := setup(t, d)
		b.insert("orgs", row{"id": "fake", "slug": "wolfie-owner", "name": "wolfie"}) // named like the owner
		b.app("fake", "wolfie-owner-app")
		b.insert("memberships", row{"id": "ann-fake", "org_id": "fake", "user_id": "ann", "role": "owner"})
		b.insert("memberships", row{"id": "bob-wolfie", "org_id": "wolfie", "user_id": "bob", "role": "member"})
		held := func(user, client string) bool {
			got := claims.Assemble(b.load(user, "", client))
			return claims.HasActivePlan(got.Plans, claims.GrantPlanSlug)
		}
		for _, tc := range []struct {
			user, client string
			want         bool
		}{
			{"bob", "wolfie-crm", true},
			{"bob", "acme-crm", false},
			{"ann", "wolfie-crm", false},
			{"ann", "wolfie-owner-app", false},
			{"", "wolfie-crm", false},
		} {
			if got := held(tc.user, tc.client); got != tc.want {
				t.Errorf("%q holds the grant in %s: %v", tc.user, tc.client, got)
			}
		}
		b.exec("UPDATE orgs SET slug = 'renamed', name = 'Renamed' WHERE id = 'wolfie'")
		if !held("bob", "wolfie-crm") {
			t.Error("the grant was lost with the owner's name")
		}
		b.exec("UPDATE memberships SET removed_at = ? WHERE id = 'bob-wolfie'", noon)
		if held("bob", "wolfie-crm") {
			t.Error("the grant outlived the membership")
		}
	})
}

func TestLoadIsOneStatement(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := setup(t, d)
		b.insert("memberships", row{"id": "ann-wolfie", "org_id": "wolfie", "user_id": "ann", "role": "owner"})
		sold := 0
		for _, plans := range []int{0, 1, 50} {
			for ; sold < plans; sold++ {
				slug := fmt.Sprintf("bundle-%02d", sold)
				b.bundleOf(slug, "acme-crm")
				b.subscribe("buyco", "bundle", slug, b.plan("bundle", slug, "premium", "a", "b", "c"), nil)
			}
			if plans == 50 {
				b.comp(nil)
			}
			var statements atomic.Int64
			in := b.loadWith(db.CountStatements(t.Context(), &statements), "ann", "buyco", "acme-crm")
			result := claims.Assemble(in)
			if n := statements.Load(); n != 1 {
				t.Errorf("%d plans took %d statements", plans, n)
			}
			if want := plans + plans/50; len(result.Plans) != want {
				t.Errorf("%d plans in the claim, want %d", len(result.Plans), want)
			}
		}
	})
}

// A token may be made within the transaction that changed what it says.
func TestLoadSeesItsTransaction(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := setup(t, d)
		err := d.InTx(t.Context(), func(ctx context.Context) error {
			c := claims.Comp{UserID: "ann", ClientID: "acme-crm", PlanSlug: "comp", PlanName: "Complimentary"}
			if err := b.store.CreateComp(ctx, &c, noon); err != nil {
				return err
			}
			if in := b.loadWith(ctx, "ann", "", "acme-crm"); len(in.Sources) != 1 {
				t.Errorf("sources %+v, want the comp", in.Sources)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	})
}

// TestLoadHoldsAGraceThatEndsInSilence: an account that is not heard of may have been paid.
func TestLoadHoldsAGraceThatEndsInSilence(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := setup(t, d)
		failed := noon.AddDate(0, 0, -6) // the grace of 5 days is over since yesterday
		b.subscribe("buyco", "app", "acme-crm", b.plan("app", "acme-crm", "pro"), row{"status": "past_due", "oldest_unpaid_at": failed})
		held := func() bool { return len(claims.Assemble(b.load("ann", "buyco", "acme-crm")).Plans) > 0 }
		if held() {
			t.Error("the grace is over, and the plan is held")
		}
		for name, tc := range map[string]struct {
			account string
			live    bool
			since   any
			want    bool
		}{
			"silent before the end": {"acct_1", false, noon.AddDate(0, 0, -3), true},
			"silent after it":       {"acct_1", false, noon.Add(-time.Hour), false},
			"heard of":              {"acct_1", false, nil, false},
			"the other mode":        {"acct_1", true, noon.AddDate(0, 0, -3), false},
			"another account":       {"acct_2", false, noon.AddDate(0, 0, -3), false},
		} {
			b.exec("DELETE FROM stripe_feeds")
			b.exec("INSERT INTO stripe_feeds (account, livemode, checked_at, stale_since) VALUES (?, ?, ?, ?)", tc.account, tc.live, noon, tc.since)
			if held() != tc.want {
				t.Errorf("%s: held is %t", name, !tc.want)
			}
		}
	})
}
