package store

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"github.com/wolfieauth/wolfieauth/billing"
	"github.com/wolfieauth/wolfieauth/internal/db"
)

// PlansOf implements [billing.EditorStore].
func (s *Store) PlansOf(ctx context.Context, scopes []billing.Scope) ([]billing.Plan, error) {
	var plans []billing.Plan
	if err := s.inScopes(ctx, scopes).Order("position, name, id").Find(&plans).Error; err != nil {
		return nil, fail("read plans", err, nil)
	}
	return plans, s.fill(ctx, plans, "TRUE")
}

// LockPlan implements [billing.EditorStore]. On SQLite a transaction that writes has the database to itself.
func (s *Store) LockPlan(ctx context.Context, id string) error {
	conn := s.db.Conn(ctx)
	if s.db.Dialect() != db.Postgres {
		var row billing.Plan
		return fail("lock plan", conn.Select("id").Take(&row, "id = ?", id).Error, billing.ErrPlanNotFound)
	}
	lock := clause.Locking{Strength: clause.LockingStrengthUpdate}
	var row billing.Plan
	if err := conn.Clauses(lock).Select("id").Take(&row, "id = ?", id).Error; err != nil {
		return fail("lock plan", err, billing.ErrPlanNotFound)
	}
	var prices []billing.Price
	err := conn.Clauses(lock).Select("id").Where("plan_id = ?", id).Order("id").Find(&prices).Error
	return fail("lock prices", err, nil)
}

// SlugTakenByOther implements [billing.EditorStore].
func (s *Store) SlugTakenByOther(ctx context.Context, scopes []billing.Scope, slug, planID string) (bool, error) {
	var n int64
	err := s.inScopes(ctx, scopes).Model(&billing.Plan{}).Where("slug = ? AND id <> ?", slug, planID).Limit(1).Count(&n).Error
	return n > 0, fail("look for slug", err, nil)
}

// SavePlan implements [billing.EditorStore].
func (s *Store) SavePlan(ctx context.Context, plan billing.Plan) error {
	what := "save plan " + plan.ID
	if err := one(what, exact(s.db.Conn(ctx)).Select("*").Updates(&plan), billing.ErrPlanNotFound); err != nil {
		return err
	}
	if err := s.db.Conn(ctx).Delete(&billing.PlanFeature{}, "plan_id = ?", plan.ID).Error; err != nil {
		return fail(what, err, nil)
	}
	return s.attach(ctx, what, plan)
}

// one answers missing where a change met no row.
func one(what string, res *gorm.DB, missing error) error {
	if res.Error == nil && res.RowsAffected == 0 {
		return fmt.Errorf("%s: %w", what, missing)
	}
	return fail(what, res.Error, nil)
}

// PlacePlan implements [billing.EditorStore].
func (s *Store) PlacePlan(ctx context.Context, planID string, position int64, at time.Time) error {
	place := map[string]any{"position": position, "moved_at": at}
	return one("place plan "+planID, s.db.Conn(ctx).Model(&billing.Plan{}).Where("id = ?", planID).UpdateColumns(place), billing.ErrPlanNotFound)
}

// DeletePlan implements [billing.EditorStore].
func (s *Store) DeletePlan(ctx context.Context, planID string) error {
	conn := s.db.Conn(ctx)
	err := errors.Join(
		conn.Exec("DELETE FROM price_tiers WHERE price_id IN (SELECT id FROM membership_prices WHERE plan_id = ?)", planID).Error,
		conn.Delete(&billing.Price{}, "plan_id = ?", planID).Error,
		conn.Delete(&billing.PlanFeature{}, "plan_id = ?", planID).Error,
		conn.Delete(&billing.Plan{}, "id = ?", planID).Error,
	)
	return fail("delete plan "+planID, err, nil)
}

// SavePrice implements [billing.EditorStore].
func (s *Store) SavePrice(ctx context.Context, price billing.Price) error {
	what := "save price " + price.ID
	if err := one(what, exact(s.db.Conn(ctx)).Select("*").Updates(&price), billing.ErrPriceNotFound); err != nil {
		return err
	}
	err := s.db.Conn(ctx).Delete(&billing.Tier{}, "price_id = ?", price.ID).Error
	if err == nil && len(price.Tiers) > 0 {
		err = s.db.Conn(ctx).Create(&price.Tiers).Error
	}
	return fail(what, err, nil)
}

// Feature implements [billing.EditorStore].
func (s *Store) Feature(ctx context.Context, id string) (billing.Feature, error) {
	var row billing.Feature
	err := s.db.Conn(ctx).Take(&row, "id = ?", id).Error
	return row, fail("read feature", err, billing.ErrFeatureNotFound)
}

// SaveFeature implements [billing.EditorStore].
func (s *Store) SaveFeature(ctx context.Context, feature billing.Feature) error {
	return one("save feature "+feature.ID, exact(s.db.Conn(ctx)).Select("*").Updates(&feature), billing.ErrFeatureNotFound)
}

const usesSQL = `
SELECT plan_id, price_id,
	SUM(CASE WHEN holds AND livemode AND (expires_at IS NULL OR expires_at > @now) THEN 1 ELSE 0 END) AS live_mode,
	SUM(CASE WHEN holds AND NOT livemode AND (expires_at IS NULL OR expires_at > @now) THEN 1 ELSE 0 END) AS test_mode,
	COUNT(*) AS subscriptions, 0 AS checkouts, 0 AS attempts, 0 AS remote
FROM subscriptions WHERE plan_id IN @plans GROUP BY plan_id, price_id
UNION ALL
SELECT plan_id, price_id, 0, 0, 0, SUM(CASE WHEN status IN ('open', 'completed') THEN 1 ELSE 0 END), COUNT(*), 0
FROM checkouts WHERE plan_id IN @plans GROUP BY plan_id, price_id
UNION ALL
SELECT plan_id, '', 0, 0, 0, 0, 0, COUNT(*) FROM plan_stripe_products WHERE plan_id IN @plans GROUP BY plan_id
UNION ALL
SELECT p.plan_id, p.id, 0, 0, 0, 0, 0, COUNT(*) FROM price_stripe_ids i JOIN membership_prices p ON p.id = i.price_id
WHERE p.plan_id IN @plans GROUP BY p.plan_id, p.id`

// Uses implements [billing.EditorStore].
func (s *Store) Uses(ctx context.Context, planIDs []string, now time.Time) ([]billing.Use, error) {
	var rows []billing.Use
	err := s.db.Conn(ctx).Raw(usesSQL, map[string]any{"plans": planIDs, "now": now}).Scan(&rows).Error
	return rows, fail("count uses of plans", err, nil)
}

// NamesOf implements [billing.EditorStore].
func (s *Store) NamesOf(ctx context.Context, planIDs []string) ([]billing.StripeProduct, []billing.StripePrice, error) {
	var products []billing.StripeProduct
	if err := s.db.Conn(ctx).Where("plan_id IN ?", planIDs).Order("plan_id, account, livemode").Find(&products).Error; err != nil {
		return nil, nil, fail("read products of plans", err, nil)
	}
	var prices []billing.StripePrice
	err := s.db.Conn(ctx).Where("price_id IN (SELECT id FROM membership_prices WHERE plan_id IN ?)", planIDs).
		Order("price_id, account, livemode").Find(&prices).Error
	return products, prices, fail("read Stripe's names of prices", err, nil)
}

// ForSale implements [billing.EditorStore].
func (s *Store) ForSale(ctx context.Context, priceID string) (billing.SaleState, error) {
	var row billing.SaleState
	err := s.db.Conn(ctx).Table("membership_prices pr").Joins("JOIN plans p ON p.id = pr.plan_id").
		Select("p.scope_kind, p.scope_id, p.archived_at, pr.retired_at, pr.updated_at").Where("pr.id = ?", priceID).Take(&row).Error
	return row, fail("read state of price", err, billing.ErrPriceNotFound)
}

// attach writes the features of a plan in their order.
func (s *Store) attach(ctx context.Context, what string, plan billing.Plan) error {
	var rows []billing.PlanFeature
	for i, f := range plan.Features {
		row := billing.PlanFeature{PlanID: plan.ID, FeatureID: f.ID, Position: int64(i)}
		if !slices.ContainsFunc(rows, func(o billing.PlanFeature) bool { return o.FeatureID == f.ID }) {
			rows = append(rows, row)
		}
	}
	if len(rows) == 0 {
		return nil
	}
	return fail(what, s.db.Conn(ctx).Create(&rows).Error, nil)
}

// HeldBeside implements [billing.EditorStore].
func (s *Store) HeldBeside(ctx context.Context, planID string, scopes []billing.Scope, livemode bool) ([]billing.Bought, error) {
	var rows []billing.Bought
	err := s.db.Conn(ctx).Table("subscriptions s").
		Select("s.*, p.slug AS plan_slug, p.name AS plan_name, p.grace_days, pr.per_seat").
		Joins("JOIN plans p ON p.id = s.plan_id").Joins("JOIN membership_prices pr ON pr.id = s.price_id").
		Where("s.holds AND s.livemode = ? AND (s.scope_kind, s.scope_id) IN ?", livemode, pairs(scopes)).
		Where("s.org_id IN (SELECT org_id FROM subscriptions WHERE plan_id = ? AND holds AND livemode = ?)", planID, livemode).
		Order("s.id").Find(&rows).Error
	return rows, fail("read holders of plan", err, nil)
}

// PlansWithFeature implements [billing.EditorStore].
func (s *Store) PlansWithFeature(ctx context.Context, featureID string) (n int64, err error) {
	err = s.db.Conn(ctx).Model(&billing.PlanFeature{}).Where("feature_id = ?", featureID).Count(&n).Error
	return n, fail("count plans of feature", err, nil)
}

// DeleteFeature implements [billing.EditorStore]; a plan that took it up meanwhile keeps it by its foreign key.
func (s *Store) DeleteFeature(ctx context.Context, featureID string) error {
	return one("delete feature "+featureID, s.db.Conn(ctx).Delete(&billing.Feature{}, "id = ?", featureID), billing.ErrFeatureNotFound)
}
