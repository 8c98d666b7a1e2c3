package billing

import (
	"context"
	"time"
)

// FeatureEdit is a feature's form. Its key never changes: apps gate on it. Expected as in [PlanEdit].
type FeatureEdit struct {
	FeatureID   string
	Expected    time.Time
	Name        string
	Description string
}

// UpdateFeature changes a feature's words. It answers [FieldErrors] (name, description), [ErrFeatureNotFound] or
// [ErrConflict].
func (s *Service) UpdateFeature(ctx context.Context, in FeatureEdit) (Feature, error) {
	what := "update feature " + in.FeatureID
	m := &mistakes{}
	m.text("name", in.Name, 80, true)
	m.text("description", in.Description, 500, false)
	if err := m.err(what); err != nil {
		return Feature{}, err
	}
	var after Feature
	err := s.changeCatalog(ctx, what, func(ctx context.Context) error {
		before, err := s.store.Feature(ctx, in.FeatureID)
		if err != nil {
			return err
		}
		if err := unconflicted(before.UpdatedAt, in.Expected); err != nil {
			return err
		}
		after = before
		after.Name, after.Description = in.Name, in.Description
		if after == before {
			return errUnchanged
		}
		after.UpdatedAt = s.stamp(before.UpdatedAt)
		if err := s.store.SaveFeature(ctx, after); err != nil {
			return err
		}
		at, err := s.place(ctx, after.Scope)
		if err != nil {
			return err
		}
		return s.recordFeature(ctx, at.orgID, "feature.updated", &before, &after)
	})
	return after, err
}
