package billing_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wolfieauth/wolfieauth/billing"
	"github.com/wolfieauth/wolfieauth/internal/audit"
	"github.com/wolfieauth/wolfieauth/internal/db"
	"github.com/wolfieauth/wolfieauth/internal/db/dbtest"
)

var onCRM, onSuite = billing.Scope{Kind: billing.ScopeApp, ID: crm}, billing.Scope{Kind: billing.ScopeBundle, ID: suite}

func (b *bundle) editor(scope billing.Scope) billing.EditorCatalog {
	b.t.Helper()
	c, err := b.EditorCatalog(b.t.Context(), scope)
	b.must(err)
	return c
}

func (b *bundle) plan(id string) billing.EditorPlan {
	b.t.Helper()
	for _, scope := range []billing.Scope{onCRM, onSuite} {
		for _, p := range b.editor(scope).Plans {
			if p.ID == id {
				return p
			}
		}
	}
	b.t.Fatalf("no plan %s", id)
	return billing.EditorPlan{}
}

func (b *bundle) fields(err error) []string {
	b.t.Helper()
	var list billing.FieldErrors
	if !errors.As(err, &list) {
		b.t.Fatalf("%v holds no field errors", err)
	}
	var out []string
	for _, f := range list {
		out = append(out, f.Error())
	}
	return out
}

func (b *bundle) audited(action string) []audit.Record {
	b.t.Helper()
	var rows []audit.Record
	b.must(b.db.Conn(b.t.Context()).Where("action = ?", action).Order("id").Find(&rows).Error)
	return rows
}

func TestEditorSeesEverythingOfAScope(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := setup(t, d)
		b.buy("buyco", proPLN)
		b.must(b.ArchivePlan(t.Context(), starter))
		b.must(b.RetirePrice(t.Context(), proEUR))
		var n atomic.Int64
		c, err := b.EditorCatalog(db.CountStatements(t.Context(), &n), onCRM)
		b.must(err)
		if n.Load() > 9 {
			t.Errorf("%d statements", n.Load())
		}
		var ids []string
		for _, p := range c.Plans {
			ids = append(ids, p.ID)
		}
		if diff := cmp.Diff([]string{starter, pro, team}, ids); diff != "" {
			t.Error(diff)
		}
		if c.Plans[0].ArchivedAt == nil || len(c.Features) != 1 || c.OrgID != "acme" || !slices.Equal(c.Accounts, []billing.Account{connected}) {
			t.Errorf("catalogue %+v", c)
		}
		p := c.Plans[1]
		if p.Use.Live() != 1 || !p.Use.Sold() || billing.StateAt(p.Sync, connected) != billing.SyncDone || len(p.EditorPrices) != 4 {
			t.Errorf("pro: %+v", p)
		}
		got := map[string]string{}
		for _, price := range p.EditorPrices {
			got[price.ID] = fmt.Sprintf("%d %t %s", price.Use.TestMode, price.RetiredAt != nil, billing.StateAt(price.Sync, connected))
		}
		want := map[string]string{proPLN: "1 false synced", proEUR: "0 true never", proYear: "0 false never", proOnce: "0 false never"}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
		if on := b.editor(onSuite); len(on.Plans) != 1 || len(on.Features) != 1 || len(on.Accounts) != 1 {
			t.Errorf("suite: %+v", on)
		}
	})
}

func TestUpdatePlan(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := setup(t, d)
		ctx := audit.WithRequest(t.Context(), audit.Request{ActorKind: audit.ActorUser, ActorID: "ann"})
		in := b.plan(team).Edit()
		in.Name, in.Slug, in.Description, in.Color, in.Hidden, in.Recommended = " Zespół ", "zespol", "For many", "#AABBCC", true, true
		in.TrialDays, in.GraceDays, in.LastsDays, in.MaxSeats, in.FeatureKeys = 14, 3, 30, 40, []string{"ksef_enabled", "ksef_enabled"}
		before := b.plan(team)
		after, err := b.UpdatePlan(ctx, in)
		b.must(err)
		got := b.plan(team)
		if got.Name != "Zespół" || got.Slug != "zespol" || got.Color != "#aabbcc" || !got.Hidden || !got.Recommended || got.TrialDays != 14 ||
			got.GraceDays != 3 || got.LastsDays != 30 || got.MaxSeats != 40 || len(got.Features) != 1 || !got.UpdatedAt.Equal(after.UpdatedAt) || !got.CreatedAt.Equal(before.CreatedAt) {
			t.Errorf("plan is %+v", got.Plan)
		}
		if got.Position != before.Position || len(got.EditorPrices) != 1 {
			t.Errorf("more was changed: %+v", got)
		}
		rows := b.audited("plan.updated")
		if len(rows) != 1 || rows[0].ActorID != "ann" || rows[0].OrgID != "acme" || rows[0].TargetID != team ||
			!strings.Contains(rows[0].BeforeJSON, `"name":"Team"`) || !strings.Contains(rows[0].AfterJSON, `"features":["ksef_enabled"]`) {
			t.Errorf("audit: %+v", rows)
		}
		if _, err := b.UpdatePlan(ctx, in); !errors.Is(err, billing.ErrConflict) {
			t.Errorf("an old form: %v, want ErrConflict", err)
		}
		if _, err := b.UpdatePlan(ctx, after.Edit()); err != nil || len(b.audited("plan.updated")) != 1 {
			t.Errorf("the same again: %v", err)
		}
		c, err := b.Catalog(ctx, crm)
		b.must(err)
		if p, err := c.Plan(team); err != nil || p.Name != "Zespół" {
			t.Errorf("the shop sells %+v, %v", p, err)
		}
		_, err = b.UpdatePlan(ctx, billing.PlanEdit{PlanID: "none", Name: "x"})
		if !errors.Is(err, billing.ErrPlanNotFound) {
			t.Errorf("unknown plan: %v", err)
		}
	})
}

func TestUpdatePlanNamesEveryMistake(t *testing.T) {
	t.Parallel()
	onEngine(t, false, func(t *testing.T, d *db.DB) {
		b := setup(t, d)
		b.buy("buyco", proPLN)
		in := b.plan(pro).Edit()
		in.Name, in.Slug, in.Color, in.TrialDays, in.GraceDays, in.FeatureKeys = "", "starter", "red", -1, 91, []string{"ksef_enabled", "nope"}
		_, err := b.UpdatePlan(t.Context(), in)
		want := []string{"slug: sold", "name: required", "color: invalid", "trialDays: invalid", "graceDays: invalid", "slug: taken", "featureKeys[1]: unknown_feature"}
		if diff := cmp.Diff(want, b.fields(err)); diff != "" {
			t.Error(diff)
		}
		in = b.plan(team).Edit()
		in.Slug = "premium" // the bundle's
		if _, err := b.UpdatePlan(t.Context(), in); !slices.Equal(b.fields(err), []string{"slug: taken"}) {
			t.Error(err)
		}
		in.Slug = "Not A Slug"
		if _, err := b.UpdatePlan(t.Context(), in); !slices.Equal(b.fields(err), []string{"slug: invalid"}) {
			t.Error(err)
		}
	})
}

// Of editors who all read the same state, one wins and the rest are told.
func TestParallelEditorsConflict(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := setup(t, d)
		plan, price := b.plan(team).Edit(), b.plan(team).EditorPrices[0]
		var won, lost, priced, refused atomic.Int64
		var wg sync.WaitGroup
		for i := range 8 {
			wg.Go(func() {
				mine := plan
				mine.Name = fmt.Sprintf("Team of %d", i)
				tell(t, &won, &lost, second(b.UpdatePlan(t.Context(), mine)), billing.ErrConflict)
			})
			wg.Go(func() {
				terms := billing.NewPrice{Amount: int64(4000 + i), Currency: "PLN", Interval: billing.IntervalMonth, PerSeat: true, SeatLabel: "user"}
				tell(t, &priced, &refused, second(b.EditPrice(t.Context(), billing.PriceEdit{PriceID: price.ID, Expected: price.UpdatedAt, Terms: terms})), billing.ErrConflict)
			})
		}
		wg.Wait()
		if won.Load() != 1 || lost.Load() != 7 || priced.Load() != 1 || refused.Load() != 7 {
			t.Errorf("plan %d/%d, price %d/%d", won.Load(), lost.Load(), priced.Load(), refused.Load())
		}
	})
}

func second[T any](_ T, err error) error { return err }

func tell(t *testing.T, won, lost *atomic.Int64, err, want error) {
	t.Helper()
	switch {
	case err == nil:
		won.Add(1)
	case errors.Is(err, want):
		lost.Add(1)
	default:
		t.Error(err)
	}
}

func TestReorderDuplicateArchiveRestore(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b, ctx := setup(t, d), t.Context()
		order := func() (ids []string) {
			for _, p := range b.editor(onCRM).Plans {
				ids = append(ids, p.Slug)
			}
			return ids
		}
		b.must(b.ReorderPlans(ctx, onCRM, []string{team, starter}))
		if diff := cmp.Diff([]string{"team", "starter", "pro"}, order()); diff != "" {
			t.Error(diff)
		}
		if err := b.ReorderPlans(ctx, onCRM, []string{premium}); !errors.Is(err, billing.ErrPlanNotFound) {
			t.Errorf("another scope's plan: %v", err)
		}
		b.must(b.RetirePrice(ctx, proEUR))
		for _, want := range []string{"pro-2", "pro-3"} {
			made, err := b.DuplicatePlan(ctx, pro, "")
			b.must(err)
			got := b.plan(made.ID)
			if got.Slug != want || !got.Hidden || len(got.EditorPrices) != 3 || len(got.Features) != 1 || got.Use.Touched() {
				t.Errorf("copy is %+v", got)
			}
		}
		if _, err := b.DuplicatePlan(ctx, pro, "Team"); !slices.Equal(b.fields(err), []string{"slug: taken"}) {
			t.Error(err)
		}
		b.must(b.ArchivePlan(ctx, pro))
		b.must(b.ArchivePlan(ctx, pro))
		if _, err := b.StartCheckout(ctx, buyer("buyco"), billing.CheckoutRequest{ClientID: crm, PriceID: proPLN}); !errors.Is(err, billing.ErrPlanArchived) {
			t.Errorf("an archived plan: %v", err)
		}
		b.must(b.RestorePlan(ctx, pro))
		b.start("buyco", proPLN)
		for action, n := range map[string]int{"plans.reordered": 1, "plan.duplicated": 2, "plan.archived": 1, "plan.restored": 1, "price.retired": 1, "plan.created": 5} {
			if got := len(b.audited(action)); got != n {
				t.Errorf("%d entries of %s, want %d", got, action, n)
			}
		}
	})
}

func TestMoveAndDeletePlansWhileUnsold(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b, ctx := setup(t, d), t.Context()
		moved, err := b.MovePlan(ctx, team, onSuite, b.plan(team).UpdatedAt)
		b.must(err)
		if moved.Scope != onSuite || len(b.editor(onSuite).Plans) != 2 || len(b.editor(onCRM).Plans) != 2 {
			t.Errorf("moved to %+v", moved.Scope)
		}
		if _, err := b.MovePlan(ctx, team, billing.Scope{Kind: billing.ScopeApp, ID: "wolfie-crm"}, time.Time{}); !errors.Is(err, billing.ErrAppNotFound) {
			t.Errorf("to another org: %v", err)
		}
		if _, err := b.MovePlan(ctx, premium, billing.Scope{Kind: billing.ScopeApp, ID: mail}, time.Time{}); !slices.Equal(b.fields(err), []string{"featureKeys[0]: unknown_feature"}) {
			t.Errorf("to an app without the feature: %v", err)
		}
		b.start("buyco", proPLN)
		if _, err := b.MovePlan(ctx, pro, onSuite, time.Time{}); !slices.Equal(b.fields(err), []string{"scope: sold"}) {
			t.Errorf("a plan in a checkout: %v", err)
		}
		if err := b.DeletePlan(ctx, pro, time.Time{}); !errors.Is(err, billing.ErrPlanInUse) {
			t.Errorf("delete a plan in a checkout: %v", err)
		}
		if err := b.DeletePlan(ctx, team, time.Now()); !errors.Is(err, billing.ErrConflict) {
			t.Errorf("delete by an old form: %v", err)
		}
		b.must(b.DeletePlan(ctx, team, moved.UpdatedAt))
		if err := b.DeletePlan(ctx, team, time.Time{}); !errors.Is(err, billing.ErrPlanNotFound) {
			t.Errorf("delete twice: %v", err)
		}
		if rows := b.audited("plan.deleted"); len(rows) != 1 || !strings.Contains(rows[0].BeforeJSON, teamPLN) || rows[0].AfterJSON != "" {
			t.Errorf("audit: %+v", rows)
		}
	})
}

func TestEditPrice(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b, ctx := setup(t, d), t.Context()
		five := int64(5)
		terms := billing.NewPrice{
			Currency: "PLN", Interval: billing.IntervalMonth, PerSeat: true, SeatLabel: "seat", Scheme: billing.SchemeGraduated,
			Tiers: []billing.Tier{{UpTo: &five, UnitAmount: 0}, {UnitAmount: 500}},
		}
		first, err := b.EditPrice(ctx, billing.PriceEdit{PriceID: teamPLN, Terms: terms})
		b.must(err)
		if first.Retired != "" || first.Price.ID != teamPLN || len(b.plan(team).EditorPrices) != 1 || len(b.plan(team).EditorPrices[0].Tiers) != 2 {
			t.Errorf("in place: %+v", first)
		}
		again, err := b.EditPrice(ctx, billing.PriceEdit{PriceID: teamPLN, Expected: first.Price.UpdatedAt, Terms: terms})
		if err != nil || again.Retired != "" || len(b.audited("price.edited")) != 1 {
			t.Errorf("the same again: %+v, %v", again, err)
		}
		sub := b.buy("buyco", teamPLN)
		terms.Tiers[1].UnitAmount = 600
		next, err := b.EditPrice(ctx, billing.PriceEdit{PriceID: teamPLN, Terms: terms})
		b.must(err)
		p := b.plan(team)
		if next.Retired != teamPLN || next.Price.ID == teamPLN || len(p.EditorPrices) != 2 || p.EditorPrices[0].RetiredAt == nil ||
			p.EditorPrices[0].Tiers[1].UnitAmount != 500 || p.EditorPrices[1].Tiers[1].UnitAmount != 600 {
			t.Errorf("a sold one: %+v, %+v", next, p.EditorPrices)
		}
		b.deliver(connected, sub.StripeID)
		b.drain()
		if rows := b.subscriptions("buyco"); len(rows) != 1 || rows[0].PriceID != teamPLN || !rows[0].Holds {
			t.Errorf("the buyer has %+v", rows)
		}
		if _, err := b.EditPrice(ctx, billing.PriceEdit{PriceID: teamPLN, Terms: terms}); !errors.Is(err, billing.ErrPriceRetired) {
			t.Errorf("a retired one: %v", err)
		}
		clash := billing.NewPrice{Amount: 100, Currency: "EUR", Interval: billing.IntervalMonth}
		if _, err := b.EditPrice(ctx, billing.PriceEdit{PriceID: proPLN, Terms: clash}); !slices.Equal(b.fields(err), []string{"currency: duplicate_price"}) {
			t.Error(err)
		}
		if _, err := b.EditPrice(ctx, billing.PriceEdit{PriceID: "none", Terms: clash}); !errors.Is(err, billing.ErrPriceNotFound) {
			t.Error(err)
		}
	})
}

// Whatever editors do while buyers buy, a checkout asks Stripe for exactly the terms of its price's row.
func TestEditsWhilePeopleBuy(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := setup(t, d)
		var wg sync.WaitGroup
		for i := range 6 {
			wg.Go(func() {
				_, err := b.StartCheckout(t.Context(), buyer(fmt.Sprintf("org%d", i)), billing.CheckoutRequest{ClientID: crm, PriceID: proPLN})
				if err != nil && !errors.Is(err, billing.ErrPriceRetired) && !errors.Is(err, billing.ErrPriceNotFound) {
					t.Error(err)
				}
			})
			wg.Go(func() {
				terms := billing.NewPrice{Amount: int64(10_000 + i), Currency: "PLN", Interval: billing.IntervalMonth}
				_, err := b.EditPrice(t.Context(), billing.PriceEdit{PriceID: proPLN, Terms: terms})
				if err != nil && !errors.Is(err, billing.ErrPriceRetired) && !errors.Is(err, billing.ErrPriceNotFound) {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		active := 0
		for _, p := range b.plan(pro).EditorPrices {
			if p.Currency == "PLN" && p.Interval == billing.IntervalMonth && p.RetiredAt == nil {
				active++
			}
			for _, at := range p.Sync {
				if spec := b.stripe.Price(at.StripeID); at.StripeID != "" && spec.Amount != p.Amount {
					t.Errorf("price %s asks %d here and %d at Stripe", p.ID, p.Amount, spec.Amount)
				}
			}
		}
		if active != 1 {
			t.Errorf("%d prices for the same thing", active)
		}
	})
}

func TestUpdateFeature(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b, ctx := setup(t, d), t.Context()
		f := b.editor(onCRM).Features[0]
		after, err := b.UpdateFeature(ctx, billing.FeatureEdit{FeatureID: f.ID, Expected: f.UpdatedAt, Name: "E-invoices", Description: "KSeF"})
		b.must(err)
		if got := b.editor(onCRM).Features[0]; got.Name != "E-invoices" || got.Key != "ksef_enabled" || !got.UpdatedAt.Equal(after.UpdatedAt) {
			t.Errorf("feature is %+v", got)
		}
		for want, in := range map[error]billing.FeatureEdit{
			billing.ErrConflict:        {FeatureID: f.ID, Expected: f.UpdatedAt, Name: "Late"},
			billing.ErrFeatureNotFound: {FeatureID: "none", Name: "x"},
		} {
			if _, err := b.UpdateFeature(ctx, in); !errors.Is(err, want) {
				t.Errorf("%v, want %v", err, want)
			}
		}
		if _, err := b.UpdateFeature(ctx, billing.FeatureEdit{FeatureID: f.ID}); !slices.Equal(b.fields(err), []string{"name: required"}) {
			t.Error(err)
		}
		if len(b.audited("feature.updated")) != 1 || len(b.audited("feature.created")) != 1 {
			t.Error("not in the log")
		}
	})
}

// failingAudit refuses to write.
type failingAudit struct{}

func (failingAudit) Record(context.Context, audit.Entry) error { return errNoWork }

func TestNothingChangesThatCannotBeRecorded(t *testing.T) {
	t.Parallel()
	onEngine(t, false, func(t *testing.T, d *db.DB) {
		b := setup(t, d)
		b.audit = failingAudit{}
		b.wire()
		in := b.plan(team).Edit()
		in.Name = "Other"
		if _, err := b.UpdatePlan(t.Context(), in); !errors.Is(err, errNoWork) {
			t.Errorf("error %v", err)
		}
		if err := b.ArchivePlan(t.Context(), team); !errors.Is(err, errNoWork) {
			t.Errorf("error %v", err)
		}
		if p := b.plan(team); p.Name != "Team" || p.ArchivedAt != nil {
			t.Errorf("changed without a record: %+v", p.Plan)
		}
	})
}
