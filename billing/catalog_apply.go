package billing

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// FileChange is one line of the difference between a scope and a document.
type FileChange struct {
	Action string // add, update, replace, retire, archive, restore, reorder
	Kind   string // feature, plan, price, plans
	Name   string // key, slug, or "slug: PLN month PL"
	Fields []FieldChange
}

// errDryRun takes a rehearsal back.
var errDryRun = errors.New("dry run")

// ApplyCatalog makes a scope sell what the document says, in one transaction, and answers the differences that it
// found. A plan that the document does not name is archived, a price that it does not name is retired, a feature
// stays; what people hold, they keep. With dryRun everything is checked and nothing stays written. It answers
// [FieldErrors] whose fields begin with their place in the document ("plans[1].prices[0].currency"), or
// [ErrAppNotFound].
func (s *Service) ApplyCatalog(ctx context.Context, scope Scope, file CatalogFile, dryRun bool) ([]FileChange, error) {
	var out []FileChange
	err := s.tx.InTx(ctx, func(ctx context.Context) error {
		a := applying{Service: s, scope: scope}
		if err := a.apply(ctx, file); err != nil {
			return err
		}
		out = a.changes
		if dryRun {
			return errDryRun
		}
		return nil
	})
	if err != nil && !errors.Is(err, errDryRun) {
		return nil, fmt.Errorf("apply catalogue to %s: %w", scope.ID, err)
	}
	return out, nil
}

// applying is one run of ApplyCatalog.
type applying struct {
	*Service
	scope   Scope
	changes []FileChange
}

func (a *applying) note(action, kind, name string, fields ...FieldChange) {
	a.changes = append(a.changes, FileChange{action, kind, name, fields})
}

func (a *applying) apply(ctx context.Context, file CatalogFile) error {
	if file.Version != CatalogFileVersion {
		return FieldErrors{{Field: "version", Code: CodeInvalid}}
	}
	// The lock of the whole catalogue comes first: what is read next stays true until the end.
	if err := a.versions.Bump(ctx, VersionCatalog); err != nil {
		return err
	}
	have, err := a.EditorCatalog(ctx, a.scope)
	if err != nil {
		return err
	}
	for i, f := range file.Features {
		if err := a.feature(ctx, have, f); err != nil {
			return within(err, fmt.Sprintf("features[%d].", i))
		}
	}
	if err := a.archiveUnnamed(ctx, have, file); err != nil {
		return err
	}
	var order []string
	for i, p := range file.Plans {
		id, err := a.plan(ctx, have, p, int64(i))
		if err == nil && slices.Contains(order, id) {
			err = FieldErrors{{Field: "slug", Code: CodeTaken}}
		}
		if err != nil {
			return within(err, fmt.Sprintf("plans[%d].", i))
		}
		order = append(order, id)
	}
	return a.reorder(ctx, order)
}

// within puts the place in the document before each field.
func within(err error, prefix string) error {
	var list FieldErrors
	if !errors.As(err, &list) {
		return err
	}
	out := make(FieldErrors, len(list))
	for i, f := range list {
		out[i] = &FieldError{Field: prefix + f.Field, Code: f.Code}
	}
	return out
}

func (a *applying) feature(ctx context.Context, have EditorCatalog, f FileFeature) error {
	i := slices.IndexFunc(have.Features, func(o Feature) bool { return o.Scope == a.scope && o.Key == f.Key })
	if i < 0 {
		a.note("add", "feature", f.Key)
		_, err := a.CreateFeature(ctx, NewFeature{Scope: a.scope, Key: f.Key, Name: f.Name, Description: f.Description})
		return err
	}
	old := have.Features[i]
	fields := changed([]word{{"name", old.Name}, {"description", old.Description}}, []word{{"name", f.Name}, {"description", f.Description}})
	if len(fields) == 0 {
		return nil
	}
	a.note("update", "feature", f.Key, fields...)
	_, err := a.UpdateFeature(ctx, FeatureEdit{FeatureID: old.ID, Name: f.Name, Description: f.Description})
	return err
}

func (p FilePlan) slug() string {
	if p.Slug != "" {
		return p.Slug
	}
	return PlanSlug(p.Name)
}

func (a *applying) archiveUnnamed(ctx context.Context, have EditorCatalog, file CatalogFile) error {
	for _, p := range have.Plans {
		named := slices.ContainsFunc(file.Plans, func(f FilePlan) bool { return f.slug() == p.Slug })
		if named || p.ArchivedAt != nil {
			continue
		}
		a.note("archive", "plan", p.Slug)
		if err := a.ArchivePlan(ctx, p.ID); err != nil {
			return err
		}
	}
	return nil
}

// plan makes or changes one plan and its prices, and answers its id.
func (a *applying) plan(ctx context.Context, have EditorCatalog, f FilePlan, position int64) (string, error) {
	i := slices.IndexFunc(have.Plans, func(p EditorPlan) bool { return p.Slug == f.slug() })
	if i < 0 {
		return a.newPlan(ctx, f, position)
	}
	old := have.Plans[i]
	if old.ArchivedAt != nil {
		a.note("restore", "plan", old.Slug)
		if err := a.RestorePlan(ctx, old.ID); err != nil {
			return "", err
		}
	}
	after, err := a.UpdatePlan(ctx, f.edit(old.ID))
	if err != nil {
		return "", err
	}
	if fields := planChanges(old.Plan, after); len(fields) > 0 {
		a.note("update", "plan", old.Slug, fields...)
	}
	return old.ID, a.prices(ctx, after, f.Prices)
}

func (p FilePlan) edit(id string) PlanEdit {
	in := PlanEdit{
		PlanID: id, Name: p.Name, Slug: p.Slug, Description: p.Description, Color: p.Color, Hidden: p.Hidden, Recommended: p.Recommended,
		TrialDays: p.TrialDays, GraceDays: defaultGraceDays, LastsDays: p.LastsDays, MaxSeats: p.MaxSeats, FeatureKeys: p.FeatureKeys,
	}
	if p.GraceDays != nil {
		in.GraceDays = *p.GraceDays
	}
	return in
}

func (a *applying) newPlan(ctx context.Context, f FilePlan, position int64) (string, error) {
	a.note("add", "plan", f.slug())
	made, err := a.CreatePlan(ctx, NewPlan{
		Scope: a.scope, Name: f.Name, Description: f.Description, Color: f.Color, Position: position, Hidden: f.Hidden,
		Recommended: f.Recommended, TrialDays: f.TrialDays, GraceDays: f.GraceDays, LastsDays: f.LastsDays, MaxSeats: f.MaxSeats, FeatureKeys: f.FeatureKeys,
	})
	if err != nil {
		return "", err
	}
	if made.Slug != f.slug() {
		if made, err = a.UpdatePlan(ctx, f.edit(made.ID)); err != nil {
			return "", err
		}
	}
	return made.ID, a.prices(ctx, made, f.Prices)
}

// saleKey is what tells one price of a plan from another.
func (p Price) saleKey() string {
	return strings.TrimSpace(p.Currency + " " + string(p.Interval) + " " + strings.Join(p.CountryCodes, ","))
}

// prices retires first, so that nothing new competes with what goes.
func (a *applying) prices(ctx context.Context, plan Plan, list []FilePrice) error {
	active := map[string]Price{}
	for _, p := range plan.Prices {
		if p.RetiredAt != nil {
			continue
		}
		active[p.saleKey()] = p
		if slices.ContainsFunc(list, func(f FilePrice) bool { return f.terms("").price().saleKey() == p.saleKey() }) {
			continue
		}
		a.note("retire", "price", plan.Slug+": "+p.saleKey())
		if err := a.RetirePrice(ctx, p.ID); err != nil {
			return err
		}
	}
	for i, f := range list {
		if err := a.price(ctx, plan, active, f.terms(plan.ID)); err != nil {
			return within(err, fmt.Sprintf("prices[%d].", i))
		}
	}
	return nil
}

func (a *applying) price(ctx context.Context, plan Plan, active map[string]Price, terms NewPrice) error {
	next := terms.price()
	name := plan.Slug + ": " + next.saleKey()
	old, ok := active[next.saleKey()]
	if !ok {
		a.note("add", "price", name, priceChanges(Price{}, next)...)
		_, err := a.AddPrice(ctx, terms)
		return err
	}
	if sameTerms(old, next) {
		return nil
	}
	edited, err := a.EditPrice(ctx, PriceEdit{PriceID: old.ID, Terms: terms})
	if edited.Retired != "" {
		a.note("replace", "price", name, priceChanges(old, next)...)
	} else {
		a.note("update", "price", name, priceChanges(old, next)...)
	}
	return err
}

func (a *applying) reorder(ctx context.Context, order []string) error {
	plans, err := a.store.PlansOf(ctx, []Scope{a.scope})
	if err != nil {
		return err
	}
	var now []string
	for _, p := range plans {
		if slices.Contains(order, p.ID) {
			now = append(now, p.ID)
		}
	}
	if slices.Equal(now, order) {
		return nil
	}
	a.note("reorder", "plans", a.scope.ID)
	return a.ReorderPlans(ctx, a.scope, order)
}
