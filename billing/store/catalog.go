package store

import (
	"context"
	"fmt"
	"time"

	"gorm.io/gorm"

	"github.com/wolfieauth/wolfieauth/billing"
)

// Settings implements [billing.CatalogStore].
func (s *Store) Settings(ctx context.Context, clientID string) (billing.AppSettings, error) {
	var row billing.AppSettings
	err := s.db.Conn(ctx).Take(&row, "client_id = ?", clientID).Error
	return row, fail("read billing settings", err, billing.ErrBillingOff)
}

// SaveSettings implements [billing.CatalogWriter].
func (s *Store) SaveSettings(ctx context.Context, settings billing.AppSettings) error {
	return fail("save billing settings", exact(s.db.Conn(ctx)).Save(&settings).Error, nil)
}

// PlansForSale implements [billing.CatalogStore].
func (s *Store) PlansForSale(ctx context.Context, scopes []billing.Scope) ([]billing.Plan, error) {
	var plans []billing.Plan
	err := s.inScopes(ctx, scopes).Where("archived_at IS NULL").Order("position, name, id").Find(&plans).Error
	if err != nil {
		return nil, fail("read plans", err, nil)
	}
	return plans, s.fill(ctx, plans, "retired_at IS NULL")
}

// Plan implements [billing.CatalogStore].
func (s *Store) Plan(ctx context.Context, id string) (billing.Plan, error) {
	plans := make([]billing.Plan, 1)
	if err := s.db.Conn(ctx).Take(&plans[0], "id = ?", id).Error; err != nil {
		return billing.Plan{}, fail("read plan", err, billing.ErrPlanNotFound)
	}
	return plans[0], s.fill(ctx, plans, "TRUE")
}

// fill gives plans their features and those of their prices that meet a condition.
func (s *Store) fill(ctx context.Context, plans []billing.Plan, condition string) error {
	ids := make([]string, len(plans))
	for i, p := range plans {
		ids[i] = p.ID
	}
	features, err := s.featuresOf(ctx, ids)
	if err != nil {
		return err
	}
	prices, err := s.pricesOf(ctx, ids, condition)
	if err != nil {
		return err
	}
	for i := range plans {
		plans[i].Features = features[plans[i].ID]
		plans[i].Prices = prices[plans[i].ID]
	}
	return nil
}

func (s *Store) featuresOf(ctx context.Context, planIDs []string) (map[string][]billing.Feature, error) {
	var rows []struct {
		billing.Feature `gorm:"embedded"`
		PlanID          string
	}
	err := s.db.Conn(ctx).Table("plan_features pf").Select("f.*, pf.plan_id").Joins("JOIN features f ON f.id = pf.feature_id").
		Where("pf.plan_id IN ?", planIDs).Order("pf.plan_id, pf.position, f.key").Find(&rows).Error
	if err != nil {
		return nil, fail("read features of plans", err, nil)
	}
	out := map[string][]billing.Feature{}
	for _, r := range rows {
		out[r.PlanID] = append(out[r.PlanID], r.Feature)
	}
	return out, nil
}

func (s *Store) pricesOf(ctx context.Context, planIDs []string, condition string) (map[string][]billing.Price, error) {
	var prices []billing.Price
	err := s.db.Conn(ctx).Where("plan_id IN ?", planIDs).Where(condition).Order("created_at, id").Find(&prices).Error
	if err != nil {
		return nil, fail("read prices", err, nil)
	}
	if err := s.fillTiers(ctx, prices); err != nil {
		return nil, err
	}
	out := map[string][]billing.Price{}
	for _, p := range prices {
		out[p.PlanID] = append(out[p.PlanID], p)
	}
	return out, nil
}

func (s *Store) fillTiers(ctx context.Context, prices []billing.Price) error {
	var ids []string
	for _, p := range prices {
		if p.Scheme != billing.SchemeFlat {
			ids = append(ids, p.ID)
		}
	}
	if len(ids) == 0 {
		return nil
	}
	var tiers []billing.Tier
	if err := s.db.Conn(ctx).Where("price_id IN ?", ids).Order("price_id, position").Find(&tiers).Error; err != nil {
		return fail("read tiers", err, nil)
	}
	byPrice := map[string][]billing.Tier{}
	for _, t := range tiers {
		byPrice[t.PriceID] = append(byPrice[t.PriceID], t)
	}
	for i, p := range prices {
		prices[i].Tiers = byPrice[p.ID]
	}
	return nil
}

// Price implements [billing.CatalogStore].
func (s *Store) Price(ctx context.Context, id string) (billing.Price, error) {
	prices := make([]billing.Price, 1)
	if err := s.db.Conn(ctx).Take(&prices[0], "id = ?", id).Error; err != nil {
		return billing.Price{}, fail("read price", err, billing.ErrPriceNotFound)
	}
	err := s.fillTiers(ctx, prices)
	return prices[0], err
}

// Features implements [billing.CatalogStore].
func (s *Store) Features(ctx context.Context, scopes []billing.Scope) ([]billing.Feature, error) {
	var rows []billing.Feature
	err := s.inScopes(ctx, scopes).Order("key, scope_kind, scope_id").Find(&rows).Error
	return rows, fail("read features", err, nil)
}

// SlugTaken implements [billing.CatalogStore].
func (s *Store) SlugTaken(ctx context.Context, scopes []billing.Scope, slug string) (bool, error) {
	var n int64
	err := s.inScopes(ctx, scopes).Model(&billing.Plan{}).Where("slug = ?", slug).Limit(1).Count(&n).Error
	return n > 0, fail("look for slug", err, nil)
}

// InsertPlan implements [billing.CatalogWriter]; the features are attached in their order.
func (s *Store) InsertPlan(ctx context.Context, plan billing.Plan) error {
	what := fmt.Sprintf("insert plan %q", plan.Slug)
	if err := s.db.Conn(ctx).Create(&plan).Error; err != nil {
		return fail(what, err, nil)
	}
	return s.attach(ctx, what, plan)
}

// InsertFeature implements [billing.CatalogWriter].
func (s *Store) InsertFeature(ctx context.Context, feature billing.Feature) error {
	return fail("insert feature", s.db.Conn(ctx).Create(&feature).Error, nil)
}

// InsertPrice implements [billing.CatalogWriter].
func (s *Store) InsertPrice(ctx context.Context, price billing.Price) error {
	err := s.db.Conn(ctx).Create(&price).Error
	if err == nil && len(price.Tiers) > 0 {
		err = s.db.Conn(ctx).Create(&price.Tiers).Error
	}
	return fail("insert price", err, nil)
}

// ArchivePlan implements [billing.CatalogWriter].
func (s *Store) ArchivePlan(ctx context.Context, id string, at time.Time) error {
	return s.end(ctx, &billing.Plan{}, "archived_at", id, at, billing.ErrPlanNotFound)
}

// RetirePrice implements [billing.CatalogWriter].
func (s *Store) RetirePrice(ctx context.Context, id string, at time.Time) error {
	return s.end(ctx, &billing.Price{}, "retired_at", id, at, billing.ErrPriceNotFound)
}

// end keeps the first moment when asked again.
func (s *Store) end(ctx context.Context, model any, column, id string, at time.Time, missing error) error {
	res := s.db.Conn(ctx).Model(model).Where("id = ?", id).
		Updates(map[string]any{column: gorm.Expr("COALESCE("+column+", ?)", at), "updated_at": at})
	if res.Error == nil && res.RowsAffected == 0 {
		return fmt.Errorf("%w: %q", missing, id)
	}
	return fail("end sale", res.Error, nil)
}

// inScopes begins a query over the rows of any of the scopes.
func (s *Store) inScopes(ctx context.Context, scopes []billing.Scope) *gorm.DB {
	return s.db.Conn(ctx).Where("(scope_kind, scope_id) IN ?", pairs(scopes))
}

func pairs(scopes []billing.Scope) [][]any {
	out := make([][]any, len(scopes))
	for i, sc := range scopes {
		out[i] = []any{string(sc.Kind), sc.ID}
	}
	return out
}
