package billing_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wolfieauth/wolfieauth/billing"
	"github.com/wolfieauth/wolfieauth/internal/db"
	"github.com/wolfieauth/wolfieauth/internal/db/dbtest"
)

type threeComps struct{}

func (threeComps) CompsOn(_ context.Context, clients []string, slug string, _ time.Time) (int64, error) {
	if slices.Equal(clients, []string{crm}) && slug == "pro" {
		return 3, nil
	}
	return 0, nil
}

// hold writes a holding subscription without a way through Stripe.
func (b *bundle) hold(org, planID, priceID string, scope billing.Scope, change func(*billing.Subscription)) {
	b.t.Helper()
	end := b.clock.now().AddDate(0, 1, 0)
	sub := billing.Subscription{
		ID: "sub-" + org + planID, OrgID: org, ClientID: crm, Scope: scope, PlanID: planID, PriceID: priceID, Account: acct, StripeID: "sub_" + org + planID,
		Recurring: true, Holds: true, Status: billing.StatusActive, Quantity: 1, Committed: 1, Currency: "PLN", Interval: billing.IntervalMonth,
		CurrentPeriodEnd: &end, StripeCreatedAt: b.clock.now(), CreatedAt: b.clock.now(), UpdatedAt: b.clock.now(),
	}
	if change != nil {
		change(&sub)
	}
	b.must(b.store.SaveSubscription(b.t.Context(), sub))
}

func changes(i billing.Impact) (out []string) {
	for _, c := range i.Claims {
		out = append(out, fmt.Sprintf("%s %s(%s) gain=%t orgs=%d people=%d more=%t", c.App.ClientID, c.Key, c.Name, c.Gain, c.Orgs, c.People, c.AtLeast))
	}
	return out
}

func TestPreviewCountsRealPeople(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b, ctx := setup(t, d), t.Context()
		b.comps = threeComps{}
		b.wire()
		_, err := b.CreateFeature(ctx, billing.NewFeature{Scope: onCRM, Key: "export", Name: "Export"})
		b.must(err)
		// Three orgs hold Pro; one of them holds the suite too, which has ksef_enabled by itself; one has lapsed.
		b.members.counts.Store("one", int64(4))
		b.members.counts.Store("two", int64(7))
		b.hold("one", pro, proPLN, onCRM, nil)
		b.hold("two", pro, proPLN, onCRM, nil)
		b.hold("two", premium, premiumPLN, onSuite, nil)
		b.hold("three", pro, proEUR, onCRM, func(s *billing.Subscription) {
			unpaid := b.clock.now().AddDate(0, 0, -30)
			s.Status, s.OldestUnpaidAt = billing.StatusPastDue, &unpaid
		})
		b.hold("live", pro, proPLN, onCRM, func(s *billing.Subscription) { s.Livemode = true }) // the app is in test mode
		in := b.plan(pro).Edit()
		in.Name, in.FeatureKeys = "Professional", []string{"export"}
		got, err := b.PreviewChange(ctx, billing.Change{Plan: &in})
		b.must(err)
		want := []string{
			"acme-crm export(Export) gain=true orgs=2 people=11 more=false",
			"acme-crm ksef_enabled(KSeF) gain=false orgs=1 people=4 more=false",
		}
		if diff := cmp.Diff(want, changes(got)); diff != "" {
			t.Error(diff)
		}
		fields := []billing.FieldChange{{Field: "name", Before: "Pro", After: "Professional"}, {Field: "featureKeys", Before: "ksef_enabled", After: "export"}}
		if diff := cmp.Diff(fields, got.Fields); diff != "" {
			t.Error(diff)
		}
		if got.Comps == nil || *got.Comps != 3 || len(got.Kept) != 0 || got.NewPrice {
			t.Errorf("impact %+v", got)
		}
		if p := b.plan(pro); p.Name != "Pro" || len(b.audited("plan.updated")) != 0 {
			t.Error("a preview changed something")
		}
		// The bundle's feature goes to people in both apps; org two keeps it in one of them by Pro.
		suiteEdit := b.plan(premium).Edit()
		suiteEdit.FeatureKeys = nil
		got, err = b.PreviewChange(ctx, billing.Change{Plan: &suiteEdit})
		b.must(err)
		if diff := cmp.Diff([]string{"acme-mail ksef_enabled(KSeF) gain=false orgs=1 people=7 more=false"}, changes(got)); diff != "" {
			t.Error(diff)
		}
		// More grace brings back the plan that had lapsed.
		in = b.plan(pro).Edit()
		in.GraceDays = 60
		got, err = b.PreviewChange(ctx, billing.Change{Plan: &in})
		b.must(err)
		want = []string{"acme-crm () gain=true orgs=1 people=1 more=false", "acme-crm ksef_enabled(KSeF) gain=true orgs=1 people=1 more=false"}
		if diff := cmp.Diff(want, changes(got)); diff != "" {
			t.Error(diff)
		}
		in.Expected = in.Expected.Add(-time.Second)
		if _, err := b.PreviewChange(ctx, billing.Change{Plan: &in}); !errors.Is(err, billing.ErrConflict) {
			t.Errorf("an old form: %v", err)
		}
	})
}

func TestPreviewOfPricesSaysWhoKeepsThem(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b, ctx := setup(t, d), t.Context()
		b.hold("one", pro, proPLN, onCRM, nil)
		b.hold("two", pro, proPLN, onCRM, func(s *billing.Subscription) { s.Livemode = true })
		b.hold("three", pro, proYear, onCRM, nil)
		kept := func(i billing.Impact, err error) (out []string) {
			b.must(err)
			for _, k := range i.Kept {
				out = append(out, fmt.Sprintf("%s live=%d test=%d", k.Price.ID, k.LiveMode, k.TestMode))
			}
			return out
		}
		terms := billing.NewPrice{Amount: 12900, Currency: "PLN", Interval: billing.IntervalMonth}
		got, err := b.PreviewChange(ctx, billing.Change{Price: &billing.PriceEdit{PriceID: proPLN, Terms: terms}})
		if diff := cmp.Diff([]string{proPLN + " live=1 test=1"}, kept(got, err)); diff != "" {
			t.Error(diff)
		}
		if !got.NewPrice || len(got.After.Prices) != 5 || len(got.Claims) != 0 || !cmp.Equal(got.Fields, []billing.FieldChange{{Field: "amount", Before: "9900", After: "12900"}}) {
			t.Errorf("impact %+v", got)
		}
		terms.Currency = "EUR"
		if _, err := b.PreviewChange(ctx, billing.Change{Price: &billing.PriceEdit{PriceID: proPLN, Terms: terms}}); !slices.Equal(b.fields(err), []string{"currency: duplicate_price"}) {
			t.Error(err)
		}
		got, err = b.PreviewChange(ctx, billing.Change{Price: &billing.PriceEdit{PriceID: proEUR, Terms: billing.NewPrice{Amount: 1, Currency: "EUR", Interval: billing.IntervalMonth}}})
		if kept(got, err) != nil || got.NewPrice {
			t.Errorf("an unsold price: %+v", got)
		}
		if diff := cmp.Diff([]string{proPLN + " live=1 test=1", proYear + " live=0 test=1"}, kept(b.PreviewChange(ctx, billing.Change{Archive: pro}))); diff != "" {
			t.Error(diff)
		}
		if diff := cmp.Diff([]string{proYear + " live=0 test=1"}, kept(b.PreviewChange(ctx, billing.Change{Retire: proYear}))); diff != "" {
			t.Error(diff)
		}
		if got, err := b.PreviewChange(ctx, billing.Change{AddPrice: &billing.NewPrice{PlanID: pro, Amount: 500, Currency: "USD", Interval: billing.IntervalMonth}}); err != nil || len(got.After.Prices) != 5 {
			t.Errorf("an addition: %+v, %v", got, err)
		}
		if _, err := b.PreviewChange(ctx, billing.Change{}); err == nil {
			t.Error("nothing was previewed")
		}
	})
}

// Statements follow the apps, not the buyers; without somebody who counts together, the count is a lower bound.
func TestPreviewIsBounded(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b, ctx := setup(t, d), t.Context()
		for i := range 130 {
			b.hold(fmt.Sprintf("org%03d", i), pro, proPLN, onCRM, nil)
		}
		in := b.plan(pro).Edit()
		in.FeatureKeys = nil
		var n atomic.Int64
		got, err := b.PreviewChange(db.CountStatements(ctx, &n), billing.Change{Plan: &in})
		b.must(err)
		if n.Load() > 20 || !slices.Equal(changes(got), []string{"acme-crm ksef_enabled(KSeF) gain=false orgs=130 people=100 more=true"}) {
			t.Errorf("%d statements, %v", n.Load(), changes(got))
		}
		b.crowd = true
		b.wire()
		got, err = b.PreviewChange(ctx, billing.Change{Plan: &in})
		b.must(err)
		if !slices.Equal(changes(got), []string{"acme-crm ksef_enabled(KSeF) gain=false orgs=130 people=130 more=false"}) {
			t.Error(changes(got))
		}
	})
}
