package billing

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// ErrFeatureInUse means that some plan carries the feature, an archived one perhaps.
var ErrFeatureInUse = errors.New("feature in use")

// DeleteFeature removes a feature that no plan carries. It answers [ErrFeatureNotFound], [ErrConflict] or
// [ErrFeatureInUse].
func (s *Service) DeleteFeature(ctx context.Context, featureID string, expected time.Time) error {
	return s.changeCatalog(ctx, "delete feature "+featureID, func(ctx context.Context) error {
		before, err := s.store.Feature(ctx, featureID)
		if err != nil {
			return err
		}
		if err := unconflicted(before.UpdatedAt, expected); err != nil {
			return err
		}
		plans, err := s.store.PlansWithFeature(ctx, featureID)
		if err != nil {
			return err
		}
		if plans > 0 {
			return fmt.Errorf("%w: %s", ErrFeatureInUse, before.Key)
		}
		if err := s.store.DeleteFeature(ctx, featureID); err != nil {
			return err
		}
		at, err := s.place(ctx, before.Scope)
		if err != nil {
			return err
		}
		return s.recordFeature(ctx, at.orgID, "feature.deleted", &before, nil)
	})
}
