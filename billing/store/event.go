package store

import (
	"context"
	"time"

	"github.com/wolfieauth/wolfieauth/billing"
)

// RecordEvent implements [billing.EventStore].
func (s *Store) RecordEvent(ctx context.Context, event billing.WebhookEvent) (bool, error) {
	res := unlessThere(s.db.Conn(ctx)).Create(&event)
	return res.RowsAffected > 0, fail("record event", res.Error, nil)
}

// SettleEvents implements [billing.EventStore].
func (s *Store) SettleEvents(ctx context.Context, account string, livemode bool, objectID, outcome string, before, at time.Time) error {
	err := s.db.Conn(ctx).Model(&billing.WebhookEvent{}).
		Where("account = ? AND livemode = ? AND object_id = ? AND outcome = '' AND received_at <= ?", account, livemode, objectID, before).
		Updates(map[string]any{"outcome": outcome, "applied_at": at}).Error
	return fail("settle events", err, nil)
}

// TakeRead implements [billing.EventStore].
func (s *Store) TakeRead(ctx context.Context, account string, livemode bool, objectID string) (int64, error) {
	var generation int64
	err := s.db.Conn(ctx).Raw(`INSERT INTO stripe_reads (account, livemode, object_id, taken, stored) VALUES (?, ?, ?, 1, 0)
		ON CONFLICT (account, livemode, object_id) DO UPDATE SET taken = stripe_reads.taken + 1 RETURNING taken`,
		account, livemode, objectID).Scan(&generation).Error
	return generation, fail("number read", err, nil)
}

// StoreRead implements [billing.EventStore]. Its row is also the lock that keeps two stores of one object
// apart until the transaction ends.
func (s *Store) StoreRead(ctx context.Context, account string, livemode bool, objectID string, generation int64) (bool, error) {
	res := s.db.Conn(ctx).Exec("UPDATE stripe_reads SET stored = ? WHERE account = ? AND livemode = ? AND object_id = ? AND stored < ?",
		generation, account, livemode, objectID, generation)
	return res.RowsAffected > 0, fail("store read", res.Error, nil)
}
