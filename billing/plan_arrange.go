package billing

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"
)

// ReorderPlans puts the named plans of a scope in that order, before those that are not named, which keep theirs.
// It answers [ErrPlanNotFound] for a plan that is not of the scope, and leaves everybody's UpdatedAt alone.
func (s *Service) ReorderPlans(ctx context.Context, scope Scope, planIDs []string) error {
	return s.changeCatalog(ctx, "reorder plans of "+scope.ID, func(ctx context.Context) error {
		plans, err := s.store.PlansOf(ctx, []Scope{scope})
		if err != nil {
			return err
		}
		byID, before := map[string]Plan{}, []string{}
		for _, p := range plans {
			byID[p.ID] = p
			before = append(before, p.ID)
		}
		var after []string
		for _, id := range slices.Concat(planIDs, before) {
			if _, ok := byID[id]; !ok {
				return fmt.Errorf("%w: %q in %s", ErrPlanNotFound, id, scope.ID)
			}
			if !slices.Contains(after, id) {
				after = append(after, id)
			}
		}
		if slices.Equal(after, before) {
			return errUnchanged
		}
		for i, id := range after {
			if err := s.store.PlacePlan(ctx, id, int64(i), s.now()); err != nil {
				return err
			}
		}
		return s.recordOrder(ctx, plans[0].OrgID, scope, before, after)
	})
}

// DuplicatePlan copies a plan with its features and active prices under a name of its own; "" takes the old name
// with the first number that is free. The copy is hidden, so that nothing is on sale by accident. It answers
// [ErrPlanNotFound] or [FieldErrors] (name, slug).
func (s *Service) DuplicatePlan(ctx context.Context, planID, name string) (Plan, error) {
	var made Plan
	err := s.changeCatalog(ctx, "duplicate plan "+planID, func(ctx context.Context) error {
		from, err := s.store.Plan(ctx, planID)
		if err != nil {
			return err
		}
		at, err := s.place(ctx, from.Scope)
		if err != nil {
			return err
		}
		made = from
		made.ID, made.Hidden, made.ArchivedAt, made.Prices = newID(), true, nil, nil
		made.CreatedAt = s.stamp(time.Time{})
		made.UpdatedAt = made.CreatedAt
		if err := s.nameCopy(ctx, &made, at, name); err != nil {
			return err
		}
		if err := s.store.InsertPlan(ctx, made); err != nil {
			return err
		}
		for _, p := range from.Prices {
			if p.RetiredAt != nil {
				continue
			}
			p = p.as(newID(), made.ID, made.CreatedAt)
			if err := s.store.InsertPrice(ctx, p); err != nil {
				return err
			}
			made.Prices = append(made.Prices, p)
		}
		return s.recordPlan(ctx, "plan.duplicated", nil, &made)
	})
	return made, err
}

// as answers a price of the same terms under another id, for sale from a moment on.
func (p Price) as(id, planID string, at time.Time) Price {
	p.ID, p.PlanID, p.RetiredAt, p.CreatedAt, p.UpdatedAt = id, planID, nil, at, at
	p.Tiers = slices.Clone(p.Tiers)
	for i := range p.Tiers {
		p.Tiers[i].PriceID = id
	}
	return p
}

// maxCopies bounds the search for a free number.
const maxCopies = 1000

func (s *Service) nameCopy(ctx context.Context, made *Plan, at place, name string) error {
	base, typed := made.Name, strings.TrimSpace(name) != ""
	for n := 2; n < maxCopies; n++ {
		made.Name = strings.TrimSpace(name)
		if !typed {
			suffix := fmt.Sprintf(" %d", n)
			runes := []rune(base)
			made.Name = string(runes[:min(len(runes), 80-len(suffix))]) + suffix
		}
		made.Slug = PlanSlug(made.Name)
		m := &mistakes{}
		made.check(m)
		taken, err := s.store.SlugTaken(ctx, at.neighbours, made.Slug)
		if err != nil {
			return err
		}
		if taken && !typed {
			continue
		}
		m.check(!taken, "slug", CodeTaken)
		if len(m.list) > 0 {
			return m.list
		}
		return nil
	}
	return FieldErrors{{Field: "slug", Code: CodeTaken}}
}

// RestorePlan puts an archived plan back on sale. It answers [ErrPlanNotFound]; a plan on sale stays as it is.
func (s *Service) RestorePlan(ctx context.Context, planID string) error {
	return s.changeCatalog(ctx, "restore plan "+planID, func(ctx context.Context) error {
		before, err := s.editedPlan(ctx, planID, time.Time{})
		if err != nil {
			return err
		}
		if before.ArchivedAt == nil {
			return errUnchanged
		}
		after := before
		after.ArchivedAt = nil
		return s.savePlan(ctx, "plan.restored", before, &after)
	})
}

// MovePlan moves a plan between an app and a bundle of the same org while it is unsold. It answers [FieldErrors]
// (scope with [CodeSold], slug taken there, featureKeys[i] unknown there), [ErrPlanNotFound], [ErrAppNotFound]
// for a scope that is not the org's, or [ErrConflict].
func (s *Service) MovePlan(ctx context.Context, planID string, to Scope, expected time.Time) (Plan, error) {
	var after Plan
	err := s.changeCatalog(ctx, "move plan "+planID, func(ctx context.Context) error {
		before, err := s.editedPlan(ctx, planID, expected)
		if err != nil {
			return err
		}
		after = before
		if before.Scope == to {
			return errUnchanged
		}
		at, err := s.place(ctx, to)
		if err == nil && at.orgID != before.OrgID {
			err = fmt.Errorf("%w: %s is another org's", ErrAppNotFound, to.ID)
		}
		if err != nil {
			return err
		}
		use, err := s.planUse(ctx, planID)
		if err != nil {
			return err
		}
		m := &mistakes{}
		m.check(!use.Touched(), "scope", CodeSold)
		after.Scope = to
		if err := s.settlePlace(ctx, before, &after, before.Edit().FeatureKeys, m); err != nil {
			return err
		}
		if len(m.list) > 0 {
			return m.list
		}
		return s.savePlan(ctx, "plan.moved", before, &after)
	})
	return after, err
}

// DeletePlan removes a plan that nobody ever bought, tried to buy, or synced to Stripe, with its prices. It
// answers [ErrPlanNotFound], [ErrConflict] or [ErrPlanInUse].
func (s *Service) DeletePlan(ctx context.Context, planID string, expected time.Time) error {
	return s.changeCatalog(ctx, "delete plan "+planID, func(ctx context.Context) error {
		before, err := s.editedPlan(ctx, planID, expected)
		if err != nil {
			return err
		}
		use, err := s.planUse(ctx, planID)
		if err != nil {
			return err
		}
		if use.Touched() {
			return fmt.Errorf("%w: %s", ErrPlanInUse, before.Slug)
		}
		if err := s.store.DeletePlan(ctx, planID); err != nil {
			return err
		}
		return s.recordPlan(ctx, "plan.deleted", &before, nil)
	})
}
