package store

import (
	"context"
	"time"

	"github.com/wolfieauth/wolfieauth/billing"
)

// DecideRefund implements [billing.RefundStore].
func (s *Store) DecideRefund(ctx context.Context, row billing.Refund) (billing.Refund, error) {
	err := unlessThere(s.db.Conn(ctx)).Create(&row).Error
	var found billing.Refund
	if err == nil {
		err = s.db.Conn(ctx).Take(&found, "subscription_id = ? AND reason = ?", row.SubscriptionID, row.Reason).Error
	}
	return found, fail("decide refund", err, nil)
}

// RefundDecided implements [billing.RefundStore].
func (s *Store) RefundDecided(ctx context.Context, subscriptionID string) (bool, error) {
	var n int64
	err := s.db.Conn(ctx).Model(&billing.Refund{}).Where("subscription_id = ?", subscriptionID).Count(&n).Error
	return n > 0, fail("look for refund", err, nil)
}

// Refund implements [billing.RefundStore].
func (s *Store) Refund(ctx context.Context, id string) (billing.Refund, error) {
	var row billing.Refund
	err := s.db.Conn(ctx).Take(&row, "id = ?", id).Error
	return row, fail("read refund", err, billing.ErrRefundNotFound)
}

// RefundDone implements [billing.RefundStore].
func (s *Store) RefundDone(ctx context.Context, id, refundID string, at time.Time) (bool, error) {
	res := s.db.Conn(ctx).Model(&billing.Refund{}).Where("id = ? AND refund_id = ''", id).
		Updates(map[string]any{"refund_id": refundID, "updated_at": at})
	return res.RowsAffected > 0, fail("store refund", res.Error, nil)
}
