package store

import (
	"context"
	"time"

	"gorm.io/gorm"

	"github.com/wolfieauth/wolfieauth/billing"
)

// itemBatch keeps an insert below SQLite's number of parameters.
const itemBatch = 500

// InsertSyncRun implements [billing.SyncStore].
func (s *Store) InsertSyncRun(ctx context.Context, run billing.SyncRun) error {
	err := s.db.Conn(ctx).Create(&run).Error
	if err == nil && len(run.Items) > 0 {
		err = s.db.Conn(ctx).CreateInBatches(&run.Items, itemBatch).Error
	}
	return fail("insert sync run", err, nil)
}

// SyncRun implements [billing.SyncStore].
func (s *Store) SyncRun(ctx context.Context, id string) (billing.SyncRun, error) {
	return s.syncRun(ctx, s.db.Conn(ctx).Where("id = ?", id))
}

// LastSyncRun implements [billing.SyncStore].
func (s *Store) LastSyncRun(ctx context.Context, scope billing.Scope) (billing.SyncRun, error) {
	return s.syncRun(ctx, s.db.Conn(ctx).Where("scope_kind = ? AND scope_id = ?", scope.Kind, scope.ID).Order("created_at DESC, id DESC"))
}

func (s *Store) syncRun(ctx context.Context, one *gorm.DB) (billing.SyncRun, error) {
	var run billing.SyncRun
	if err := one.Take(&run).Error; err != nil {
		return run, fail("read sync run", err, billing.ErrSyncNotFound)
	}
	err := s.db.Conn(ctx).Where("run_id = ?", run.ID).Order("position").Find(&run.Items).Error
	return run, fail("read sync items", err, nil)
}

// SettleSyncItem implements [billing.SyncStore].
func (s *Store) SettleSyncItem(ctx context.Context, id string, state billing.SyncItemState, reason, stripeID string, at time.Time) error {
	err := s.db.Conn(ctx).Model(&billing.SyncItem{}).Where("id = ? AND state = ?", id, billing.SyncItemWaiting).
		Updates(map[string]any{"state": state, "reason": reason, "stripe_id": stripeID, "updated_at": at}).Error
	return fail("settle sync item", err, nil)
}

// FinishSyncRun implements [billing.SyncStore].
func (s *Store) FinishSyncRun(ctx context.Context, id string, at time.Time) error {
	err := s.db.Conn(ctx).Model(&billing.SyncRun{}).Where("id = ? AND finished_at IS NULL", id).
		Updates(map[string]any{"finished_at": at, "updated_at": at}).Error
	return fail("finish sync run", err, nil)
}

// ProductAt implements [billing.SyncStore].
func (s *Store) ProductAt(ctx context.Context, planID string, at billing.Account) (billing.StripeProduct, error) {
	var row billing.StripeProduct
	err := s.db.Conn(ctx).Take(&row, "plan_id = ? AND account = ? AND livemode = ?", planID, at.ID, at.Livemode).Error
	return row, fail("read product of plan", err, billing.ErrPlanNotFound)
}

// PriceAt implements [billing.SyncStore].
func (s *Store) PriceAt(ctx context.Context, priceID string, at billing.Account) (billing.StripePrice, error) {
	var row billing.StripePrice
	err := s.db.Conn(ctx).Take(&row, "price_id = ? AND account = ? AND livemode = ?", priceID, at.ID, at.Livemode).Error
	return row, fail("read Stripe's name of price", err, billing.ErrPriceNotFound)
}

// RenewProduct implements [billing.SyncStore].
func (s *Store) RenewProduct(ctx context.Context, planID string, at billing.Account, old, id, name, description string, now time.Time) error {
	err := s.db.Conn(ctx).Model(&billing.StripeProduct{}).
		Where("plan_id = ? AND account = ? AND livemode = ? AND product_id = ?", planID, at.ID, at.Livemode, old).
		Updates(map[string]any{"id": id, "product_id": "", "name": name, "description": description, "active": true, "telling": "", "updated_at": now}).Error
	return fail("renew product", err, nil)
}

// RenewPrice implements [billing.SyncStore].
func (s *Store) RenewPrice(ctx context.Context, priceID string, at billing.Account, old, id string, now time.Time) error {
	res := s.db.Conn(ctx).Model(&billing.StripePrice{}).
		Where("price_id = ? AND account = ? AND livemode = ? AND stripe_price_id = ?", priceID, at.ID, at.Livemode, old).
		Updates(map[string]any{"id": id, "stripe_price_id": "", "active": true, "updated_at": now})
	if res.Error != nil || res.RowsAffected == 0 {
		return fail("renew price", res.Error, nil)
	}
	err := s.db.Conn(ctx).Exec(`INSERT INTO price_stripe_past (account, livemode, stripe_price_id, price_id, created_at)
		VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`, at.ID, at.Livemode, old, priceID, now).Error
	return fail("keep old name of price", err, nil)
}

// TellProduct implements [billing.SyncStore].
func (s *Store) TellProduct(ctx context.Context, planID string, at billing.Account, has billing.ProductState, telling string, now time.Time) error {
	err := s.db.Conn(ctx).Model(&billing.StripeProduct{}).Where("plan_id = ? AND account = ? AND livemode = ?", planID, at.ID, at.Livemode).
		Updates(map[string]any{"name": has.Name, "description": has.Description, "active": has.Active, "telling": telling, "updated_at": now}).Error
	return fail("store what stripe is told", err, nil)
}

// ToldProduct implements [billing.SyncStore].
func (s *Store) ToldProduct(ctx context.Context, planID string, at billing.Account, to billing.ProductState, now time.Time) error {
	err := s.db.Conn(ctx).Model(&billing.StripeProduct{}).Where("plan_id = ? AND account = ? AND livemode = ?", planID, at.ID, at.Livemode).
		Updates(map[string]any{"name": to.Name, "description": to.Description, "active": to.Active, "telling": "", "updated_at": now}).Error
	return fail("store what stripe was told", err, nil)
}

// ToldPrice implements [billing.SyncStore].
func (s *Store) ToldPrice(ctx context.Context, priceID string, at billing.Account, active bool, now time.Time) error {
	err := s.db.Conn(ctx).Model(&billing.StripePrice{}).Where("price_id = ? AND account = ? AND livemode = ?", priceID, at.ID, at.Livemode).
		Updates(map[string]any{"active": active, "updated_at": now}).Error
	return fail("store what stripe was told", err, nil)
}
