package billing_test

import (
	"errors"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wolfieauth/wolfieauth/billing"
	"github.com/wolfieauth/wolfieauth/internal/db"
	"github.com/wolfieauth/wolfieauth/internal/db/dbtest"
)

// drift answers the comparison of one thing.
func (b *bundle) drift(planID, priceID string) billing.Drift {
	b.t.Helper()
	list, err := b.Drifts(b.t.Context(), onCRM, planID)
	b.must(err)
	for _, d := range list {
		if d.PriceID == priceID {
			return d
		}
	}
	b.t.Fatalf("no comparison of %s %s", planID, priceID)
	return billing.Drift{}
}

func (b *bundle) repair(planID, priceID string, to billing.Direction) billing.Drift {
	b.t.Helper()
	after, err := b.RepairDrift(b.t.Context(), b.drift(planID, priceID), to)
	b.must(err)
	return after
}

// spoil makes five differences behind our back.
func (b *bundle) spoil() {
	b.t.Helper()
	b.stripe.Tamper(b.productOf(starter), func(p *billing.RemoteProduct) bool { p.Active = false; return true }, nil)
	b.stripe.Tamper(b.productOf(pro), func(p *billing.RemoteProduct) bool { p.Name, p.Description = "Prof", "Theirs"; return true }, nil)
	b.stripe.Tamper(b.nameOf(proPLN), nil, func(p *billing.RemotePrice) bool { p.Active = false; return true })
	b.stripe.Tamper(b.nameOf(proEUR), nil, func(*billing.RemotePrice) bool { return false })
	b.stripe.Tamper(b.nameOf(proYear), nil, func(p *billing.RemotePrice) bool { p.Amount++; return true })
	want := []string{
		"archived_there " + starter + " ours=false", "changed " + pro + " ours=false", "archived_there " + pro + proPLN + " ours=false",
		"missing " + pro + proEUR + " ours=false", "changed " + pro + proYear + " ours=false",
	}
	slices.Sort(want)
	got := b.drifts(onCRM)
	slices.Sort(got)
	if diff := cmp.Diff(want, got); diff != "" {
		b.t.Fatal(diff)
	}
}

func TestSyncLeavesDriftForADecision(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := setup(t, d)
		b.synced(onCRM)
		b.spoil()
		want := []string{
			"archived_there " + pro + proPLN, "archived_there " + starter, "changed_there " + pro, "changed_there " + pro + proYear, "missing_there " + pro + proEUR,
		}
		got := failures(b.synced(onCRM))
		slices.Sort(got)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
	})
}

func TestPushMakesStripeAsWeAre(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b, ctx := setup(t, d), t.Context()
		sub := b.buy("buyco", proYear)
		b.synced(onCRM)
		b.spoil()
		oldYear := b.nameOf(proYear)
		for _, c := range [][2]string{{starter, ""}, {pro, ""}, {pro, proPLN}, {pro, proEUR}, {pro, proYear}} {
			if after := b.repair(c[0], c[1], billing.DriftPush); after.State != billing.DriftInSync {
				t.Errorf("%v is %+v", c, after)
			}
		}
		if b.drifts(onCRM) != nil || failures(b.synced(onCRM)) != nil {
			t.Error(b.drifts(onCRM))
		}
		if _, prices := b.stripe.Things(); prices != 7 || b.nameOf(proYear) == oldYear { // one deleted, two made anew
			t.Errorf("%d prices", prices)
		}
		if old, err := b.stripe.ReadPrice(ctx, connected, oldYear); err != nil || old.Active || old.Amount != 99001 {
			t.Errorf("the replaced price is %+v, %v", old, err)
		}
		// Who bought under the old name still holds the plan.
		b.deliver(connected, sub.StripeID)
		b.drain()
		if rows := b.subscriptions("buyco"); len(rows) != 1 || !rows[0].Holds || rows[0].PriceID != proYear {
			t.Errorf("the buyer has %+v", rows)
		}
		if _, err := b.RepairDrift(ctx, b.drift(pro, proYear), billing.DriftPush); !errors.Is(err, billing.ErrNothingToRepair) {
			t.Errorf("once more: %v", err)
		}
		// A product that was deleted is made again, and its prices after it.
		b.stripe.Tamper(b.productOf(team), func(*billing.RemoteProduct) bool { return false }, nil)
		b.stripe.Tamper(b.nameOf(teamPLN), nil, func(*billing.RemotePrice) bool { return false })
		if _, err := b.RepairDrift(ctx, b.drift(team, teamPLN), billing.DriftPush); !errors.Is(err, billing.ErrStripeRefused) {
			t.Errorf("a price without its product: %v", err)
		}
		b.repair(team, "", billing.DriftPush)
		b.repair(team, teamPLN, billing.DriftPush)
		if b.drifts(onCRM) != nil {
			t.Error(b.drifts(onCRM))
		}
	})
}

func TestPullMakesUsAsStripeIs(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b, ctx := setup(t, d), t.Context()
		b.synced(onCRM)
		b.spoil()
		for _, c := range [][2]string{{starter, ""}, {pro, ""}, {pro, proPLN}, {pro, proEUR}, {pro, proYear}} {
			b.repair(c[0], c[1], billing.DriftPull)
		}
		p := b.plan(pro)
		if b.plan(starter).ArchivedAt == nil || p.Name != "Prof" || p.Description != "Theirs" || p.Slug != "pro" {
			t.Errorf("plans are %+v", p.Plan)
		}
		for _, price := range p.EditorPrices {
			if retired := price.ID != proOnce; (price.RetiredAt != nil) != retired {
				t.Errorf("price %s retired: %v", price.ID, price.RetiredAt)
			}
		}
		if failures(b.synced(onCRM)) != nil || b.drifts(onCRM) != nil {
			t.Error(b.drifts(onCRM))
		}
		// Words that a plan cannot have are refused.
		b.stripe.Tamper(b.productOf(team), func(p *billing.RemoteProduct) bool { p.Name = ""; return true }, nil)
		if _, err := b.RepairDrift(ctx, b.drift(team, ""), billing.DriftPull); !slices.Equal(b.fields(err), []string{"name: required"}) {
			t.Error(err)
		}
		// What only we have changed cannot be pulled.
		in := b.plan(pro).Edit()
		in.Name = "Ours"
		_, err := b.UpdatePlan(ctx, in)
		b.must(err)
		if _, err := b.RepairDrift(ctx, b.drift(pro, ""), billing.DriftPull); !errors.Is(err, billing.ErrNothingToRepair) {
			t.Error(err)
		}
	})
}

// A repair that dies anywhere is finished by itself, and makes one new price.
func TestPushSurvivesFaults(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b, ctx := setup(t, d), t.Context()
		b.synced(onCRM)
		b.stripe.Tamper(b.nameOf(proYear), nil, func(p *billing.RemotePrice) bool { p.Amount++; return true })
		_, before := b.stripe.Things()
		drift := b.drift(pro, proYear)
		for _, op := range []string{"CreatePrice", "SetPriceActive"} {
			failed := false
			b.stripe.Break(func(o string) (error, error) {
				if o == op && !failed {
					failed = true
					return nil, billing.ErrStripeUnavailable
				}
				return nil, nil
			})
			_, err := b.RepairDrift(ctx, drift, billing.DriftPush)
			if op == "CreatePrice" && !errors.Is(err, billing.ErrStripeUnavailable) {
				t.Errorf("%s: %v", op, err)
			}
			b.stripe.Break(nil)
			b.settle()
		}
		if _, after := b.stripe.Things(); after != before+1 || b.drifts(onCRM) != nil {
			t.Errorf("%d prices became %d; %v", before, after, b.drifts(onCRM))
		}
	})
}
