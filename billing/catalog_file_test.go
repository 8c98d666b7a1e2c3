package billing_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wolfieauth/wolfieauth/billing"
	"github.com/wolfieauth/wolfieauth/docs/contracts"
	"github.com/wolfieauth/wolfieauth/internal/db"
	"github.com/wolfieauth/wolfieauth/internal/db/dbtest"
)

func lines(list []billing.FileChange) (out []string) {
	for _, c := range list {
		out = append(out, fmt.Sprintf("%s %s %s (%d)", c.Action, c.Kind, c.Name, len(c.Fields)))
	}
	return out
}

func TestCatalogueGoesOutAndComesIn(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b, ctx := setup(t, d), t.Context()
		wolf := billing.Scope{Kind: billing.ScopeApp, ID: "wolfie-crm"}
		ten := int64(10)
		_, err := b.AddPrice(ctx, billing.NewPrice{
			PlanID: team, Currency: "EUR", Interval: billing.IntervalYear, PerSeat: true, SeatLabel: "user", Scheme: billing.SchemeGraduated,
			CountryCodes: []string{"PL", "DE"}, Tiers: []billing.Tier{{UpTo: &ten, UnitAmount: 0}, {UnitAmount: 500, FlatAmount: 900}},
		})
		b.must(err)
		in := b.plan(team).Edit()
		in.Slug = "crew" // not what its name would give
		_, err = b.UpdatePlan(ctx, in)
		b.must(err)
		file, err := b.ExportCatalog(ctx, onCRM)
		b.must(err)
		raw, err := json.Marshal(file)
		b.must(err)
		b.must(contracts.Validate("catalog", raw))
		if same, err := b.ApplyCatalog(ctx, onCRM, file, false); err != nil || same != nil {
			t.Errorf("its own document: %v, %v", lines(same), err)
		}
		// To another app: everything is new there, its own plan goes.
		rehearsed, err := b.ApplyCatalog(ctx, wolf, file, true)
		b.must(err)
		if c := b.editor(wolf); len(c.Plans) != 1 || len(c.Features) != 0 || c.Plans[0].ArchivedAt != nil {
			t.Errorf("a rehearsal left %+v", c)
		}
		done, err := b.ApplyCatalog(ctx, wolf, file, false)
		b.must(err)
		if diff := cmp.Diff(rehearsed, done); diff != "" || len(done) != 12 {
			t.Errorf("rehearsed and done differ: %v %s", lines(done), diff)
		}
		again, err := b.ExportCatalog(ctx, wolf)
		if diff := cmp.Diff(file, again); err != nil || diff != "" {
			t.Errorf("%v\n%s", err, diff)
		}
	})
}

func TestApplyChangesOnlyWhatDiffers(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b, ctx := setup(t, d), t.Context()
		b.buy("buyco", proPLN)
		b.must(b.ArchivePlan(ctx, starter))
		file, err := b.ExportCatalog(ctx, onCRM)
		b.must(err)
		proPlan := &file.Plans[0]
		proPlan.Name, proPlan.FeatureKeys = "Professional", []string{"ksef_enabled", "export"}
		for i := range proPlan.Prices {
			proPlan.Prices[i].Amount += 100
		}
		proPlan.Prices = slices.DeleteFunc(proPlan.Prices, func(p billing.FilePrice) bool { return p.Currency == "EUR" })
		file.Features = append(file.Features, billing.FileFeature{Key: "export", Name: "Export"})
		file.Plans = []billing.FilePlan{{Name: "Starter", FeatureKeys: []string{}}, *proPlan}
		got, err := b.ApplyCatalog(ctx, onCRM, file, false)
		b.must(err)
		want := []string{
			"add feature export (0)", "archive plan team (0)", "restore plan starter (0)", "retire price starter: PLN month (0)",
			"update plan pro (2)", "retire price pro: EUR month (0)", "update price pro: PLN one_time (1)", "replace price pro: PLN month (1)", "update price pro: PLN year (1)",
		}
		gotLines := lines(got)
		if diff := cmp.Diff(want, gotLines); diff != "" {
			t.Error(diff)
		}
		if again, err := b.ApplyCatalog(ctx, onCRM, file, false); err != nil || again != nil {
			t.Errorf("a second time: %v, %v", lines(again), err)
		}
		if rows := b.subscriptions("buyco"); len(rows) != 1 || rows[0].PriceID != proPLN {
			t.Errorf("the buyer has %+v", rows)
		}
		file.Plans[1], file.Plans[0] = file.Plans[0], file.Plans[1]
		if got, err := b.ApplyCatalog(ctx, onCRM, file, false); err != nil || !slices.Equal(lines(got), []string{"reorder plans acme-crm (0)"}) {
			t.Errorf("turned around: %v, %v", lines(got), err)
		}
	})
}

func TestApplyRefusesAtThePlaceAndWritesNothing(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b, ctx := setup(t, d), t.Context()
		before, err := b.ExportCatalog(ctx, onCRM)
		b.must(err)
		one := func(change func(*billing.CatalogFile)) []string {
			file, err := b.ExportCatalog(ctx, onCRM)
			b.must(err)
			file.Plans[0].Name = "Changed first"
			change(&file)
			_, err = b.ApplyCatalog(ctx, onCRM, file, false)
			return b.fields(err)
		}
		for want, change := range map[string]func(*billing.CatalogFile){
			"version: invalid": func(f *billing.CatalogFile) { f.Version = 2 },
			"plans[1].prices[0].currency: unknown_currency": func(f *billing.CatalogFile) { f.Plans[1].Prices[0].Currency = "XXZ" },
			"plans[1].featureKeys[0]: unknown_feature":      func(f *billing.CatalogFile) { f.Plans[1].FeatureKeys = []string{"nope"} },
			"plans[3].slug: taken":                          func(f *billing.CatalogFile) { f.Plans = append(f.Plans, f.Plans[0]) },
			"features[1].key: invalid": func(f *billing.CatalogFile) {
				f.Features = append(f.Features, billing.FileFeature{Key: "No", Name: "x"})
			},
			"plans[2].prices[1].currency: duplicate_price": func(f *billing.CatalogFile) {
				p := f.Plans[2].Prices[0]
				p.CountryCodes = []string{"PL"}
				q := p
				q.CountryCodes = []string{"DE", "PL"}
				f.Plans[2].Prices = []billing.FilePrice{p, q}
			},
		} {
			if got := one(change); !slices.Contains(got, want) {
				t.Errorf("%v, want %s", got, want)
			}
		}
		after, err := b.ExportCatalog(ctx, onCRM)
		if diff := cmp.Diff(before, after); err != nil || diff != "" {
			t.Errorf("something was written: %v\n%s", err, diff)
		}
	})
}
