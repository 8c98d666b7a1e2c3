package store

import (
	"context"
	"time"

	"github.com/wolfieauth/wolfieauth/billing"
)

// attemptsKept is how long an expired attempt is still told from one that never was.
const attemptsKept = 24 * time.Hour

// AccountNamed implements [billing.AccountStore].
func (s *Store) AccountNamed(ctx context.Context, account string, livemode bool) (billing.StripeAccount, error) {
	var row billing.StripeAccount
	err := s.db.Conn(ctx).Take(&row, "account = ? AND livemode = ?", account, livemode).Error
	return row, fail("look for connected account", err, billing.ErrAccountNotFound)
}

// HoldersOn implements [billing.AccountStore].
func (s *Store) HoldersOn(ctx context.Context, at billing.Account) (n int64, err error) {
	err = s.db.Conn(ctx).Model(&billing.Subscription{}).Where("account = ? AND livemode = ? AND holds", at.ID, at.Livemode).Count(&n).Error
	return n, fail("count subscriptions on account", err, nil)
}

// UnendedOn implements [billing.AccountStore].
func (s *Store) UnendedOn(ctx context.Context, at billing.Account, afterID string, limit int) ([]billing.Subscription, error) {
	var rows []billing.Subscription
	err := s.db.Conn(ctx).Where("account = ? AND livemode = ? AND ended_at IS NULL AND stripe_id <> '' AND id > ?", at.ID, at.Livemode, afterID).
		Order("id").Limit(limit).Find(&rows).Error
	return rows, fail("read subscriptions on account", err, nil)
}

// OpenCheckoutsOn implements [billing.AccountStore].
func (s *Store) OpenCheckoutsOn(ctx context.Context, at billing.Account, limit int) ([]billing.Checkout, error) {
	var rows []billing.Checkout
	err := s.db.Conn(ctx).Where("account = ? AND livemode = ? AND status = 'open'", at.ID, at.Livemode).Order("created_at, id").Limit(limit).Find(&rows).Error
	return rows, fail("read open checkouts on account", err, nil)
}

// SaveAttempt implements [billing.ConnectStore].
func (s *Store) SaveAttempt(ctx context.Context, row billing.ConnectAttempt) error {
	if err := s.db.Conn(ctx).Delete(&billing.ConnectAttempt{}, "expires_at < ?", row.CreatedAt.Add(-attemptsKept)).Error; err != nil {
		return fail("clear old attempts", err, nil)
	}
	return fail("save attempt", s.db.Conn(ctx).Create(&row).Error, nil)
}

// Attempt implements [billing.ConnectStore].
func (s *Store) Attempt(ctx context.Context, stateHash string) (billing.ConnectAttempt, error) {
	var row billing.ConnectAttempt
	err := s.db.Conn(ctx).Take(&row, "state_hash = ?", stateHash).Error
	return row, fail("look for attempt", err, billing.ErrConnectState)
}

// UseAttempt implements [billing.ConnectStore].
func (s *Store) UseAttempt(ctx context.Context, id string, at time.Time) error {
	res := s.db.Conn(ctx).Model(&billing.ConnectAttempt{}).Where("id = ? AND used_at IS NULL", id).UpdateColumn("used_at", at)
	return one("use attempt", res, billing.ErrConnectState)
}

// ClaimMaking implements [billing.ConnectStore].
func (s *Store) ClaimMaking(ctx context.Context, row billing.AccountMaking) (billing.AccountMaking, error) {
	err := unlessThere(s.db.Conn(ctx)).Create(&row).Error
	var found billing.AccountMaking
	if err == nil {
		err = s.db.Conn(ctx).Take(&found, "org_id = ? AND livemode = ? AND account = ''", row.OrgID, row.Livemode).Error
	}
	return found, fail("claim making of account", err, nil)
}

// NameMaking implements [billing.ConnectStore].
func (s *Store) NameMaking(ctx context.Context, id, account string, at time.Time) error {
	err := s.db.Conn(ctx).Model(&billing.AccountMaking{}).Where("id = ? AND account = ''", id).
		UpdateColumns(map[string]any{"account": account, "updated_at": at}).Error
	return fail("store made account", err, nil)
}

// DropMaking implements [billing.ConnectStore].
func (s *Store) DropMaking(ctx context.Context, id string) error {
	err := s.db.Conn(ctx).Delete(&billing.AccountMaking{}, "id = ? AND account = ''", id).Error
	return fail("forget making of account", err, nil)
}

const liveReadinessSQL = `
WITH live AS (
	SELECT client_id FROM billing_apps WHERE org_id = @org AND enabled AND livemode AND gateway = 'connect'
), sold AS (
	SELECT r.id FROM membership_prices r JOIN plans p ON p.id = r.plan_id
	WHERE r.retired_at IS NULL AND p.archived_at IS NULL AND EXISTS (SELECT 1 FROM live)
		AND (p.scope_kind = 'app' AND p.scope_id IN (SELECT client_id FROM live) OR p.scope_kind = 'bundle' AND p.org_id = @org)
)
SELECT (SELECT COUNT(*) FROM live) AS apps, (SELECT COUNT(*) FROM sold) AS prices,
	(SELECT COUNT(*) FROM price_stripe_ids i JOIN sold ON sold.id = i.price_id
		WHERE i.account = @account AND i.livemode AND i.stripe_price_id <> '' AND @account <> '') AS synced,
	EXISTS (SELECT 1 FROM stripe_webhook_events WHERE account = @account AND livemode AND @account <> '') AS heard`

// LiveReadinessOf implements [billing.AccountStore].
func (s *Store) LiveReadinessOf(ctx context.Context, orgID, account string) (row billing.LiveReadiness, err error) {
	err = s.db.Conn(ctx).Raw(liveReadinessSQL, map[string]any{"org": orgID, "account": account}).Scan(&row).Error
	return row, fail("read readiness for live sales", err, nil)
}
