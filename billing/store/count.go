package store

import (
	"context"

	"github.com/wolfieauth/wolfieauth/billing"
	"github.com/wolfieauth/wolfieauth/internal/db"
)

// CountHolding counts the subscriptions and purchases that hold in a scope and mode.
func (s *Store) CountHolding(ctx context.Context, scope billing.Scope, livemode bool) (int64, error) {
	var n int64
	err := s.db.Conn(ctx).Model(&billing.Subscription{}).
		Where("scope_kind = ? AND scope_id = ? AND livemode = ? AND holds", scope.Kind, scope.ID, livemode).Count(&n).Error
	return n, db.Err("count subscriptions", err)
}
