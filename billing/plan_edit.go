package billing

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
)

// Errors of the editor.
var (
	// ErrConflict means that somebody else has changed the thing since the editor read it.
	ErrConflict = errors.New("changed by another since it was read")
	// ErrPlanInUse means that the plan was sold, or is known at Stripe: it can be archived, not deleted.
	ErrPlanInUse = errors.New("plan in use")
	// ErrFeatureNotFound means that no such feature exists.
	ErrFeatureNotFound = errors.New("feature not found")
)

// PlanEdit is a plan's form: every value replaces what was there. Expected is the UpdatedAt of the plan as the
// editor read it; the zero time asks for no such check.
type PlanEdit struct {
	PlanID      string
	Expected    time.Time
	Name        string
	Slug        string // "" = as it is; another one only while the plan is unsold
	Description string
	Color       string
	Hidden      bool
	Recommended bool
	TrialDays   int64
	GraceDays   int64
	LastsDays   int64
	MaxSeats    int64
	FeatureKeys []string
}

// Edit answers the form of a plan as it is, for callers that change one thing.
func (p Plan) Edit() PlanEdit {
	in := PlanEdit{
		PlanID: p.ID, Expected: p.UpdatedAt, Name: p.Name, Slug: p.Slug, Description: p.Description, Color: p.Color, Hidden: p.Hidden,
		Recommended: p.Recommended, TrialDays: p.TrialDays, GraceDays: p.GraceDays, LastsDays: p.LastsDays, MaxSeats: p.MaxSeats,
	}
	for _, f := range p.Features {
		in.FeatureKeys = append(in.FeatureKeys, f.Key)
	}
	return in
}

// UpdatePlan changes a plan. It answers the [FieldErrors] of [Service.CreatePlan] (slug also with [CodeSold]),
// [ErrPlanNotFound] or [ErrConflict]; the same values again change nothing.
func (s *Service) UpdatePlan(ctx context.Context, in PlanEdit) (Plan, error) {
	var after Plan
	err := s.changeCatalog(ctx, "update plan "+in.PlanID, func(ctx context.Context) error {
		before, err := s.editedPlan(ctx, in.PlanID, in.Expected)
		if err != nil {
			return err
		}
		if after, err = s.plannedEdit(ctx, before, in); err != nil {
			return err
		}
		if samePlan(before, after) {
			after = before
			return errUnchanged
		}
		return s.savePlan(ctx, "plan.updated", before, &after)
	})
	return after, err
}

// plannedEdit answers the plan as the edit would leave it, or its mistakes. It writes nothing.
func (s *Service) plannedEdit(ctx context.Context, before Plan, in PlanEdit) (Plan, error) {
	after := before
	after.Name, after.Description, after.Color = strings.TrimSpace(in.Name), in.Description, strings.ToLower(in.Color)
	after.Hidden, after.Recommended = in.Hidden, in.Recommended
	after.TrialDays, after.GraceDays, after.LastsDays, after.MaxSeats = in.TrialDays, in.GraceDays, in.LastsDays, in.MaxSeats
	m := &mistakes{}
	if in.Slug != "" && in.Slug != before.Slug {
		after.Slug = in.Slug
		m.check(PlanSlug(in.Slug) == in.Slug && len(in.Slug) <= 80, "slug", CodeInvalid)
		uses, err := s.planUse(ctx, before.ID)
		if err != nil {
			return Plan{}, err
		}
		m.check(!uses.Sold(), "slug", CodeSold)
	}
	after.check(m)
	if err := s.settlePlace(ctx, before, &after, in.FeatureKeys, m); err != nil {
		return Plan{}, err
	}
	if len(m.list) > 0 {
		return Plan{}, m.list
	}
	return after, nil
}

// settlePlace checks slug and features of a plan that exists already. A feature that it has stays allowed, though
// its app may have left the bundle.
func (s *Service) settlePlace(ctx context.Context, before Plan, after *Plan, keys []string, m *mistakes) error {
	at, err := s.place(ctx, after.Scope)
	if err != nil {
		return err
	}
	if after.Slug != before.Slug || after.Scope != before.Scope {
		taken, err := s.store.SlugTakenByOther(ctx, at.neighbours, after.Slug, before.ID)
		if err != nil {
			return err
		}
		m.check(!taken, "slug", CodeTaken)
	}
	known, err := s.store.Features(ctx, at.features)
	if err != nil {
		return err
	}
	after.Features = nil
	for i, key := range keys {
		f, ok := featureOf(known, at.features, key)
		if !ok && after.Scope == before.Scope {
			f, ok = featureNamed(before.Features, key)
		}
		m.check(ok, fmt.Sprintf("featureKeys[%d]", i), CodeUnknownFeature)
		if _, twice := featureNamed(after.Features, key); ok && !twice {
			after.Features = append(after.Features, f)
		}
	}
	return nil
}

func featureNamed(list []Feature, key string) (Feature, bool) {
	for _, f := range list {
		if f.Key == key {
			return f, true
		}
	}
	return Feature{}, false
}

// editedPlan locks a plan for the change and checks that the editor saw its present state.
func (s *Service) editedPlan(ctx context.Context, planID string, expected time.Time) (Plan, error) {
	if err := s.store.LockPlan(ctx, planID); err != nil {
		return Plan{}, err
	}
	plan, err := s.store.Plan(ctx, planID)
	if err != nil {
		return Plan{}, err
	}
	return plan, unconflicted(plan.UpdatedAt, expected)
}

// unconflicted compares to the microsecond, which is what the databases keep.
func unconflicted(now, expected time.Time) error {
	if d := now.Sub(expected); expected.IsZero() || d > -time.Microsecond && d < time.Microsecond {
		return nil
	}
	return fmt.Errorf("%w: at %s", ErrConflict, now.UTC().Format(time.RFC3339Nano))
}

// stamp answers the moment of a change, always later than the one before: it is what editors compare.
func (s *Service) stamp(before time.Time) time.Time {
	now := s.now().Truncate(time.Microsecond)
	if !now.After(before) {
		now = before.UTC().Truncate(time.Microsecond).Add(time.Microsecond)
	}
	return now
}

// savePlan writes a plan and its features with the audit entry of what was done.
func (s *Service) savePlan(ctx context.Context, action string, before Plan, after *Plan) error {
	after.UpdatedAt = s.stamp(before.UpdatedAt)
	if err := s.store.SavePlan(ctx, *after); err != nil {
		return err
	}
	return s.recordPlan(ctx, action, &before, after)
}

func samePlan(a, b Plan) bool {
	if len(a.Features) != len(b.Features) {
		return false
	}
	for i := range a.Features {
		if a.Features[i].ID != b.Features[i].ID {
			return false
		}
	}
	return a.Slug == b.Slug && a.Name == b.Name && a.Description == b.Description && a.Color == b.Color && a.Scope == b.Scope &&
		a.Hidden == b.Hidden && a.Recommended == b.Recommended && a.TrialDays == b.TrialDays && a.GraceDays == b.GraceDays && a.LastsDays == b.LastsDays &&
		a.MaxSeats == b.MaxSeats
}
