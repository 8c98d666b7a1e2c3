package store

import (
	"context"
	"time"

	"github.com/wolfieauth/wolfieauth/billing"
)

// SaveChange implements [billing.ChangeStore].
func (s *Store) SaveChange(ctx context.Context, row billing.SubscriptionChange) error {
	return fail("save subscription change", exact(s.db.Conn(ctx)).Save(&row).Error, nil)
}

// Change implements [billing.ChangeStore].
func (s *Store) Change(ctx context.Context, id string) (billing.SubscriptionChange, error) {
	var row billing.SubscriptionChange
	err := s.db.Conn(ctx).Take(&row, "id = ?", id).Error
	return row, fail("read subscription change", err, billing.ErrChangeNotFound)
}

// OpenChanges implements [billing.ChangeStore].
func (s *Store) OpenChanges(ctx context.Context, subscriptionID string) ([]billing.SubscriptionChange, error) {
	var rows []billing.SubscriptionChange
	err := s.db.Conn(ctx).Where("subscription_id = ? AND status = ?", subscriptionID, billing.ChangePending).Order("id").Find(&rows).Error
	return rows, fail("read open changes", err, nil)
}

// Owned implements [billing.ChangeStore] with one statement.
func (s *Store) Owned(ctx context.Context, orgIDs []string, since time.Time) ([]billing.Bought, error) {
	var rows []billing.Bought
	err := s.db.Conn(ctx).Table("subscriptions s").
		Select("s.*, p.slug AS plan_slug, p.name AS plan_name, p.grace_days, pr.per_seat").
		Joins("JOIN plans p ON p.id = s.plan_id").Joins("JOIN membership_prices pr ON pr.id = s.price_id").
		Where("s.org_id IN ? AND (s.ended_at IS NULL OR s.ended_at > ?)", orgIDs, since).
		Order("s.holds DESC, s.stripe_created_at DESC, s.id").Find(&rows).Error
	return rows, fail("read the subscriptions of orgs", err, nil)
}
