package billing_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wolfieauth/wolfieauth/billing"
	"github.com/wolfieauth/wolfieauth/billing/sandbox"
	"github.com/wolfieauth/wolfieauth/internal/db"
	"github.com/wolfieauth/wolfieauth/internal/db/dbtest"
)

// synced presses the button and waits for the end.
func (b *bundle) synced(scope billing.Scope) billing.SyncRun {
	b.t.Helper()
	run, err := b.StartSync(b.t.Context(), scope)
	b.must(err)
	b.settle()
	run, err = b.SyncStatus(b.t.Context(), run.ID)
	b.must(err)
	if run.FinishedAt == nil || run.Count(billing.SyncItemWaiting) > 0 {
		b.t.Fatalf("run is not finished: %+v", run)
	}
	return run
}

func failures(run billing.SyncRun) (out []string) {
	for _, it := range run.Items {
		if it.State == billing.SyncItemFailed {
			out = append(out, fmt.Sprintf("%s %s%s", it.Reason, it.PlanID, it.PriceID))
		}
	}
	return out
}

// drifts answers what is not in sync.
func (b *bundle) drifts(scope billing.Scope) (out []string) {
	b.t.Helper()
	list, err := b.Drifts(b.t.Context(), scope)
	b.must(err)
	for _, d := range list {
		if d.State != billing.DriftInSync {
			out = append(out, fmt.Sprintf("%s %s%s ours=%t", d.State, d.PlanID, d.PriceID, d.Ours))
		}
	}
	return out
}

func TestSyncMakesEverythingOnce(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b, ctx := setup(t, d), t.Context()
		b.must(b.RetirePrice(ctx, proEUR)) // never sold: Stripe need not hear of it
		if got := len(b.drifts(onCRM)); got != 8 {
			t.Errorf("%d things to make", got)
		}
		var wg sync.WaitGroup
		for range 4 {
			wg.Go(func() {
				if _, err := b.StartSync(ctx, onCRM); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		run := b.synced(onCRM)
		if products, prices := b.stripe.Things(); products != 3 || prices != 5 || run.Count(billing.SyncItemDone) != 8 || len(b.drifts(onCRM)) != 0 {
			t.Errorf("%d products, %d prices, %+v, %v", products, prices, run, b.drifts(onCRM))
		}
		for _, it := range run.Items {
			if it.StripeID == "" || it.Account != acct {
				t.Errorf("item %+v", it)
			}
		}
		if last, err := b.LastSync(ctx, onCRM); err != nil || last.ID != run.ID {
			t.Errorf("last is %s, %v", last.ID, err)
		}
		if len(b.audited("catalog.sync_started")) != 5 {
			t.Error("not in the log")
		}
		// What changes here reaches Stripe with the next press; what was there is not made again.
		in := b.plan(pro).Edit()
		in.Name, in.Description = "Professional", "All of it"
		_, err := b.UpdatePlan(ctx, in)
		b.must(err)
		edited, err := b.EditPrice(ctx, billing.PriceEdit{PriceID: proPLN, Terms: billing.NewPrice{Amount: 12900, Currency: "PLN", Interval: billing.IntervalMonth}})
		b.must(err)
		b.must(b.ArchivePlan(ctx, starter))
		want := []string{
			"changed " + starter + " ours=true", "changed " + pro + " ours=true", "changed " + pro + proPLN + " ours=true",
			"missing " + pro + edited.Price.ID + " ours=true",
		}
		if diff := cmp.Diff(want, b.drifts(onCRM)); diff != "" {
			t.Error(diff)
		}
		run = b.synced(onCRM)
		products, prices := b.stripe.Things()
		if products != 3 || prices != 6 || failures(run) != nil || b.drifts(onCRM) != nil {
			t.Errorf("%d products, %d prices, %v, %v", products, prices, failures(run), b.drifts(onCRM))
		}
		remote, err := b.stripe.ReadPrice(ctx, connected, b.nameOf(proPLN))
		if err != nil || remote.Active || remote.Amount != 9900 {
			t.Errorf("the old price is %+v, %v", remote, err)
		}
		b.must(b.RestorePlan(ctx, starter))
		b.synced(onCRM)
		if b.drifts(onCRM) != nil {
			t.Error(b.drifts(onCRM))
		}
		if _, err := b.SyncStatus(ctx, "none"); !errors.Is(err, billing.ErrSyncNotFound) {
			t.Error(err)
		}
	})
}

func (b *bundle) nameOf(priceID string) string {
	b.t.Helper()
	row, err := b.store.PriceAt(b.t.Context(), priceID, connected)
	b.must(err)
	return row.StripePriceID
}

func (b *bundle) productOf(planID string) string {
	b.t.Helper()
	row, err := b.store.ProductAt(b.t.Context(), planID, connected)
	b.must(err)
	return row.ProductID
}

func TestSyncWithoutAnAccountIsRefused(t *testing.T) {
	t.Parallel()
	onEngine(t, false, func(t *testing.T, d *db.DB) {
		b := setup(t, d)
		b.must(b.DisableBilling(t.Context(), crm))
		if _, err := b.StartSync(t.Context(), onCRM); !errors.Is(err, billing.ErrStripeNotConfigured) {
			t.Error(err)
		}
		if _, err := b.StartSync(t.Context(), billing.Scope{Kind: billing.ScopeApp, ID: "none"}); !errors.Is(err, billing.ErrAppNotFound) {
			t.Error(err)
		}
	})
}

// Whatever dies wherever, and whoever renames plans meanwhile, in the end everything is there once.
func TestSyncSurvivesFaultsEverywhere(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b, ctx := setup(t, d), t.Context()
		rng := rand.New(rand.NewPCG(7, 11))
		var mu sync.Mutex
		b.stripe.Break(func(string) (before, after error) {
			mu.Lock()
			defer mu.Unlock()
			switch rng.IntN(4) {
			case 0:
				return billing.ErrStripeUnavailable, nil
			case 1:
				return nil, billing.ErrStripeUnavailable
			}
			return nil, nil
		})
		for i := range 5 {
			_, err := b.StartSync(ctx, onCRM)
			b.must(err)
			_ = b.jobs.Drain(ctx) // as far as it gets
			if i%2 == 0 {
				b.wire() // the process ends
			}
			in := b.plan(pro).Edit()
			in.Name = fmt.Sprintf("Pro %d", i%2)
			_, err = b.UpdatePlan(ctx, in)
			b.must(err)
		}
		b.stripe.Break(nil)
		run := b.synced(onCRM)
		products, prices := b.stripe.Things()
		if products != 3 || prices != 6 || failures(run) != nil || b.drifts(onCRM) != nil {
			t.Errorf("%d products, %d prices, %v, %v", products, prices, failures(run), b.drifts(onCRM))
		}
	})
}

func TestSyncTellsWhatStripeRefuses(t *testing.T) {
	t.Parallel()
	onEngine(t, false, func(t *testing.T, d *db.DB) {
		b := setup(t, d)
		b.stripe.Break(func(op string) (error, error) {
			if op == "CreatePrice" {
				return billing.ErrStripeRefused, nil
			}
			return nil, nil
		})
		if got := failures(b.synced(onSuite)); !slices.Equal(got, []string{"stripe_refused " + premium + premiumPLN}) {
			t.Error(got)
		}
		b.stripe.Break(func(string) (error, error) { return billing.ErrStripeUnavailable, nil })
		run, err := b.StartSync(t.Context(), onSuite)
		b.must(err)
		_ = b.jobs.Drain(t.Context())
		run, err = b.SyncStatus(t.Context(), run.ID)
		if err != nil || run.FinishedAt != nil || run.Items[0].State != billing.SyncItemWaiting || run.Items[0].Reason != billing.ReasonUnavailable {
			t.Errorf("while Stripe is away: %+v, %v", run, err)
		}
		b.stripe.Break(nil)
		b.settle()
		if run, err = b.SyncStatus(t.Context(), run.ID); err != nil || run.Count(billing.SyncItemDone) != 2 || run.Items[0].Reason != "" {
			t.Errorf("afterwards: %+v, %v", run, err)
		}
	})
}

// The same over HTTP: what is read back from the sandbox is what was sent, tiers included.
func TestSyncWithTheSandbox(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b, ctx := openStreet(t, d, sandbox.Faults{}), t.Context()
		ten := int64(10)
		for i, scheme := range []billing.Scheme{billing.SchemeVolume, billing.SchemeGraduated} {
			_, err := b.AddPrice(ctx, billing.NewPrice{
				PlanID: team, Currency: []string{"EUR", "JPY"}[i], Interval: billing.IntervalYear, PerSeat: true, SeatLabel: "user", Scheme: scheme,
				Tiers: []billing.Tier{{UpTo: &ten, UnitAmount: 0}, {UnitAmount: 500, FlatAmount: 900}},
			})
			b.must(err)
		}
		if run := b.synced(onCRM); failures(run) != nil || run.Count(billing.SyncItemDone) != 11 || b.drifts(onCRM) != nil {
			t.Errorf("%v, %v", failures(run), b.drifts(onCRM))
		}
		in := b.plan(team).Edit()
		in.Name, in.Description = "Zespół", "Dla wielu"
		_, err := b.UpdatePlan(ctx, in)
		b.must(err)
		b.must(b.RetirePrice(ctx, teamPLN))
		b.must(b.ArchivePlan(ctx, starter))
		if run := b.synced(onCRM); failures(run) != nil || b.drifts(onCRM) != nil {
			t.Errorf("%v, %v", failures(run), b.drifts(onCRM))
		}
		// Somebody archives a price at Stripe's dashboard.
		b.must(b.gateway.SetPriceActive(ctx, connected, "somebody-else", b.nameOf(proYear), false))
		b.must(b.gateway.UpdateProduct(ctx, connected, "somebody-else-too", b.productOf(pro), billing.ProductState{Name: "Prof", Active: true}))
		want := []string{"changed " + pro + " ours=false", "archived_there " + pro + proYear + " ours=false"}
		if diff := cmp.Diff(want, b.drifts(onCRM)); diff != "" {
			t.Error(diff)
		}
		for _, d := range second2(b.Drifts(ctx, onCRM, pro)) {
			if d.State != billing.DriftInSync {
				_, err := b.RepairDrift(ctx, d, billing.DriftPush)
				b.must(err)
			}
		}
		if b.drifts(onCRM) != nil {
			t.Error(b.drifts(onCRM))
		}
	})
}

func second2[T any](v T, _ error) T { return v }
