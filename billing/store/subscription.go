package store

import (
	"context"
	"time"

	"github.com/wolfieauth/wolfieauth/billing"
)

// Subscription implements [billing.SubscriptionStore].
func (s *Store) Subscription(ctx context.Context, id string) (billing.Subscription, error) {
	return s.subscription(ctx, "id = ?", id)
}

// SubscriptionNamed implements [billing.SubscriptionStore].
func (s *Store) SubscriptionNamed(ctx context.Context, account string, livemode bool, stripeID string) (billing.Subscription, error) {
	return s.subscription(ctx, "account = ? AND livemode = ? AND stripe_id = ?", account, livemode, stripeID)
}

// Holder implements [billing.SubscriptionStore].
func (s *Store) Holder(ctx context.Context, orgID string, scope billing.Scope, livemode bool) (billing.Subscription, error) {
	return s.subscription(ctx, "org_id = ? AND scope_kind = ? AND scope_id = ? AND livemode = ? AND holds", orgID, scope.Kind, scope.ID, livemode)
}

// SubscriptionOfCheckout implements [billing.SubscriptionStore].
func (s *Store) SubscriptionOfCheckout(ctx context.Context, checkoutID string) (billing.Subscription, error) {
	return s.subscription(ctx, "checkout_id = ? AND checkout_id <> ''", checkoutID)
}

func (s *Store) subscription(ctx context.Context, query string, args ...any) (billing.Subscription, error) {
	var row billing.Subscription
	err := s.db.Conn(ctx).Where(query, args...).Take(&row).Error
	return row, fail("read subscription", err, billing.ErrSubscriptionNotFound)
}

// SaveSubscription implements [billing.SubscriptionStore].
func (s *Store) SaveSubscription(ctx context.Context, sub billing.Subscription) error {
	return fail("save subscription", exact(s.db.Conn(ctx)).Save(&sub).Error, nil)
}

// HadAny implements [billing.SubscriptionStore]. One whose first payment never came was none.
func (s *Store) HadAny(ctx context.Context, orgID string, scope billing.Scope, livemode bool) (bool, error) {
	var n int64
	err := s.db.Conn(ctx).Model(&billing.Subscription{}).
		Where("org_id = ? AND scope_kind = ? AND scope_id = ? AND livemode = ?", orgID, scope.Kind, scope.ID, livemode).
		Where("status NOT IN ?", []billing.SubscriptionStatus{billing.StatusIncomplete, billing.StatusIncompleteExpired}).Count(&n).Error
	return n > 0, fail("look for earlier subscriptions", err, nil)
}

// Bought implements [billing.SubscriptionStore] with one statement.
func (s *Store) Bought(ctx context.Context, scopes []billing.Scope, livemode bool, orgIDs []string, since time.Time) ([]billing.Bought, error) {
	var rows []billing.Bought
	err := s.db.Conn(ctx).Table("subscriptions s").
		Select("s.*, p.slug AS plan_slug, p.name AS plan_name, p.grace_days, pr.per_seat").
		Joins("JOIN plans p ON p.id = s.plan_id").Joins("JOIN membership_prices pr ON pr.id = s.price_id").
		Where("s.org_id IN ? AND s.livemode = ? AND (s.scope_kind, s.scope_id) IN ?", orgIDs, livemode, pairs(scopes)).
		Where("s.ended_at IS NULL OR s.ended_at > ?", since).
		Order("s.holds DESC, s.stripe_created_at DESC, s.id").Find(&rows).Error
	return rows, fail("read subscriptions", err, nil)
}

// StaleSubscriptions implements [billing.SubscriptionStore].
func (s *Store) StaleSubscriptions(ctx context.Context, before billing.Stale, limit int) ([]billing.Subscription, error) {
	var rows []billing.Subscription
	err := s.db.Conn(ctx).Where("ended_at IS NULL").
		Where("(recurring AND updated_at < ?) OR updated_at < ? OR (recurring AND current_period_end < ? AND updated_at < ?)",
			before.Renewing, before.Purchased, before.Period, before.Period).
		Order("updated_at, id").Limit(limit).Find(&rows).Error
	return rows, fail("read stale subscriptions", err, nil)
}

// LiveModeHolders implements [billing.SubscriptionStore].
func (s *Store) LiveModeHolders(ctx context.Context, scopes []billing.Scope) (int64, error) {
	var n int64
	err := s.inScopes(ctx, scopes).Model(&billing.Subscription{}).Where("livemode AND holds").Count(&n).Error
	return n, fail("count live subscriptions", err, nil)
}
