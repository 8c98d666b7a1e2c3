package store

import (
	"context"
	"time"

	"github.com/wolfieauth/wolfieauth/billing"
)

const sameCheckout = `status = 'open' AND org_id = ? AND user_id = ? AND client_id = ? AND price_id = ? AND quantity = ?
	AND account = ? AND livemode = ? AND lang = ? AND return_to = ?`

// ClaimCheckout implements [billing.CheckoutStore].
func (s *Store) ClaimCheckout(ctx context.Context, row billing.Checkout) (billing.Checkout, error) {
	err := unlessThere(s.db.Conn(ctx)).Create(&row).Error
	var found billing.Checkout
	if err == nil {
		err = s.db.Conn(ctx).Take(&found, sameCheckout, row.OrgID, row.UserID, row.ClientID, row.PriceID, row.Quantity,
			row.Account, row.Livemode, row.Lang, row.ReturnTo).Error
	}
	// The open one may have been closed between the two statements.
	return found, fail("claim checkout", err, billing.ErrRace)
}

// OpenSession implements [billing.CheckoutStore].
func (s *Store) OpenSession(ctx context.Context, id, sessionID, url string, at time.Time) (billing.Checkout, error) {
	err := s.db.Conn(ctx).Model(&billing.Checkout{}).Where("id = ? AND session_id = ''", id).
		Updates(map[string]any{"session_id": sessionID, "url": url, "updated_at": at}).Error
	if err != nil {
		return billing.Checkout{}, fail("store session", err, nil)
	}
	return s.Checkout(ctx, id)
}

// Checkout implements [billing.CheckoutStore].
func (s *Store) Checkout(ctx context.Context, id string) (billing.Checkout, error) {
	var row billing.Checkout
	err := s.db.Conn(ctx).Take(&row, "id = ?", id).Error
	return row, fail("read checkout", err, billing.ErrCheckoutNotFound)
}

// CheckoutOfSession implements [billing.CheckoutStore].
func (s *Store) CheckoutOfSession(ctx context.Context, account string, livemode bool, sessionID string) (billing.Checkout, error) {
	var row billing.Checkout
	err := s.db.Conn(ctx).Take(&row, "account = ? AND livemode = ? AND session_id = ? AND session_id <> ''", account, livemode, sessionID).Error
	return row, fail("look for checkout", err, billing.ErrCheckoutNotFound)
}

// CloseCheckout implements [billing.CheckoutStore]. An expired checkout may still turn out to have been
// completed: Stripe's word counts.
func (s *Store) CloseCheckout(ctx context.Context, id string, to billing.CheckoutStatus, at time.Time) (bool, error) {
	from := map[billing.CheckoutStatus][]billing.CheckoutStatus{
		billing.CheckoutExpired:   {billing.CheckoutOpen},
		billing.CheckoutCompleted: {billing.CheckoutOpen, billing.CheckoutExpired},
		billing.CheckoutRefunded:  {billing.CheckoutOpen, billing.CheckoutExpired, billing.CheckoutCompleted},
	}[to]
	res := s.db.Conn(ctx).Model(&billing.Checkout{}).Where("id = ? AND status IN ?", id, from).
		Updates(map[string]any{"status": to, "updated_at": at})
	return res.RowsAffected > 0, fail("close checkout", res.Error, nil)
}

// OpenCheckouts implements [billing.CheckoutStore].
func (s *Store) OpenCheckouts(ctx context.Context, orgID string, scope billing.Scope, livemode bool) ([]billing.Checkout, error) {
	var rows []billing.Checkout
	err := s.db.Conn(ctx).Where("org_id = ? AND scope_kind = ? AND scope_id = ? AND livemode = ? AND status = 'open'",
		orgID, scope.Kind, scope.ID, livemode).Order("id").Find(&rows).Error
	return rows, fail("read open checkouts", err, nil)
}

// UnfinishedCheckouts implements [billing.CheckoutStore].
func (s *Store) UnfinishedCheckouts(ctx context.Context, before time.Time, limit int) ([]billing.Checkout, error) {
	var rows []billing.Checkout
	err := s.db.Conn(ctx).Where("status = 'open' AND created_at < ?", before).Order("created_at, id").Limit(limit).Find(&rows).Error
	return rows, fail("read unfinished checkouts", err, nil)
}
