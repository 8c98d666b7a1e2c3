package store

import (
	"context"
	"fmt"
	"strings"

	"github.com/wolfieauth/wolfieauth/billing"
	"github.com/wolfieauth/wolfieauth/internal/db"
)

// Events implements [billing.EventLister].
func (s *Store) Events(ctx context.Context, f billing.EventFilter) (list []billing.WebhookEvent, err error) {
	q := s.db.Conn(ctx).Table("stripe_webhook_events").
		Select("id, account, livemode, event_id, type, api_version, object_id, outcome, received_at, applied_at").
		Order("id DESC").Limit(f.Limit + 1)
	switch f.Outcome {
	case "":
	case billing.OutcomeWaiting:
		q = q.Where("outcome = ''")
	default:
		q = q.Where("outcome = ?", f.Outcome)
	}
	if begin, open := strings.CutSuffix(f.Type, "*"); open {
		pattern := strings.NewReplacer("!", "!!", "%", "!%", "_", "!_").Replace(begin) + "%"
		q = q.Where("type LIKE ? ESCAPE '!'", pattern)
	} else if f.Type != "" {
		q = q.Where("type = ?", f.Type)
	}
	switch f.Account {
	case "":
	case "platform":
		q = q.Where("account = ''")
	default:
		q = q.Where("account = ?", f.Account)
	}
	if f.Before != "" {
		q = q.Where("id < ?", f.Before)
	}
	return list, db.Err("list webhook events", q.Scan(&list).Error)
}

// Event implements [billing.EventLister].
func (s *Store) Event(ctx context.Context, id string) (billing.WebhookEvent, error) {
	var list []billing.WebhookEvent
	err := s.db.Conn(ctx).Where("id = ?", id).Limit(1).Find(&list).Error
	if err != nil {
		return billing.WebhookEvent{}, db.Err("load webhook event", err)
	}
	if len(list) == 0 {
		return billing.WebhookEvent{}, fmt.Errorf("load webhook event: %w", billing.ErrEventNotFound)
	}
	return list[0], nil
}

// LiveByOrg implements [billing.EventLister].
func (s *Store) LiveByOrg(ctx context.Context, orgIDs []string) (map[string]int64, error) {
	var rows []struct {
		OrgID string
		N     int64
	}
	err := s.db.Conn(ctx).Raw("SELECT org_id, COUNT(*) AS n FROM subscriptions WHERE org_id IN ? AND holds GROUP BY org_id", orgIDs).Scan(&rows).Error
	out := make(map[string]int64, len(rows))
	for _, r := range rows {
		out[r.OrgID] = r.N
	}
	return out, db.Err("count subscriptions by org", err)
}

// SharedSlugs implements [billing.BundleHolders].
func (s *Store) SharedSlugs(ctx context.Context, bundleID string, clientIDs []string) (list []billing.SlugClashError, err error) {
	if len(clientIDs) == 0 {
		return nil, nil
	}
	err = s.db.Conn(ctx).Raw(`SELECT a.scope_id AS client_id, MIN(a.slug) AS slug FROM plans a
		JOIN plans b ON b.slug = a.slug AND b.scope_kind = ? AND b.scope_id = ?
		WHERE a.scope_kind = ? AND a.scope_id IN ? GROUP BY a.scope_id ORDER BY a.scope_id`,
		billing.ScopeBundle, bundleID, billing.ScopeApp, clientIDs).Scan(&list).Error
	return list, db.Err("compare slugs", err)
}

// HoldersOf implements [billing.BundleHolders].
func (s *Store) HoldersOf(ctx context.Context, scope billing.Scope, livemode bool) (list []string, err error) {
	err = s.db.Conn(ctx).Raw(`SELECT DISTINCT org_id FROM subscriptions WHERE scope_kind = ? AND scope_id = ? AND livemode = ? AND holds ORDER BY org_id`,
		scope.Kind, scope.ID, livemode).Scan(&list).Error
	return list, db.Err("list holders", err)
}
