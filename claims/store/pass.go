package store

import (
	"context"
	"strings"
	"time"

	"github.com/wolfieauth/wolfieauth/claims"
	"github.com/wolfieauth/wolfieauth/internal/db"
)

// ofPersonSQL and ofAddressSQL list, between them, every pass that counts at @now once: a pass given to an
// address is shown by the address for as long as its person has not come to the app.
const (
	ofPersonSQL = `SELECT c.id, c.user_id, u.email, u.name, c.client_id, c.plan_slug, c.plan_name, c.features, c.expires_at, c.given_by, c.reason, c.created_at
FROM app_entitlement_overrides c JOIN users u ON u.id = c.user_id
WHERE c.ended_at IS NULL AND (c.expires_at IS NULL OR c.expires_at >= @next)
	AND (NOT c.by_address OR EXISTS (SELECT 1 FROM app_users d WHERE d.client_id = c.client_id AND d.user_id = c.user_id))`
	ofAddressSQL = `SELECT c.id, '' AS user_id, c.email, '' AS name, c.client_id, c.plan_slug, c.plan_name, c.features, c.expires_at, c.given_by, c.reason, c.created_at
FROM address_comps c
WHERE c.ended_at IS NULL AND (c.expires_at IS NULL OR c.expires_at >= @next)
	AND (c.comp_id = '' OR NOT EXISTS (SELECT 1 FROM app_users d WHERE d.client_id = c.client_id AND d.user_id = c.user_id))`
)

// passes runs a list; @next is the first whole second behind now, since the rule compares by the second.
func (s *Store) passes(ctx context.Context, what, query string, now time.Time, args map[string]any) ([]claims.Pass, error) {
	args["next"] = now.UTC().Truncate(time.Second).Add(time.Second)
	rows := []claims.Pass{}
	if err := s.db.Conn(ctx).Raw(query, args).Scan(&rows).Error; err != nil {
		return nil, db.Err(what, err)
	}
	for i := range rows {
		rows[i].ExpiresAt, rows[i].CreatedAt = utc(rows[i].ExpiresAt), rows[i].CreatedAt.UTC()
	}
	return rows, nil
}

// EndingPasses lists an app's passes that count at now and end before until, the first to end first.
func (s *Store) EndingPasses(ctx context.Context, clientID string, now, until time.Time, limit int) ([]claims.Pass, error) {
	const of = ` AND c.client_id = @client AND c.expires_at < @until`
	return s.passes(ctx, "list ending passes", ofPersonSQL+of+" UNION ALL "+ofAddressSQL+of+" ORDER BY expires_at, id LIMIT @limit",
		now, map[string]any{"client": clientID, "until": until.UTC(), "limit": limit})
}

// AddressPasses lists an app's passes that are known by an address alone, in the order in which they were given.
func (s *Store) AddressPasses(ctx context.Context, clientID, afterID string, now time.Time, limit int) ([]claims.Pass, error) {
	return s.passes(ctx, "list passes of addresses", ofAddressSQL+` AND c.client_id = @client AND c.id > @after ORDER BY c.id LIMIT @limit`,
		now, map[string]any{"client": clientID, "after": afterID, "limit": limit})
}

// DueReminders lists passes of all apps that end before until and of which nobody was reminded.
func (s *Store) DueReminders(ctx context.Context, now, until time.Time, limit int) ([]claims.Pass, error) {
	const due = ` AND c.expires_at < @until AND c.reminded_at IS NULL`
	return s.passes(ctx, "list due reminders", ofPersonSQL+due+" UNION ALL "+ofAddressSQL+due+" ORDER BY expires_at, id LIMIT @limit",
		now, map[string]any{"until": until.UTC(), "limit": limit})
}

// MarkReminded notes that people were reminded of a pass; ok is false where somebody else did already.
func (s *Store) MarkReminded(ctx context.Context, pass claims.Pass, now time.Time) (ok bool, err error) {
	tables := []string{"app_entitlement_overrides WHERE id = @id", "address_comps WHERE comp_id = @id OR id = @id"}
	for _, from := range tables {
		table, where, _ := strings.Cut(from, " WHERE ")
		res := s.db.Conn(ctx).Exec("UPDATE "+table+" SET reminded_at = @now WHERE ("+where+") AND reminded_at IS NULL",
			map[string]any{"id": pass.ID, "now": now.UTC()})
		if res.Error != nil {
			return false, db.Err("mark reminded", res.Error)
		}
		ok = ok || res.RowsAffected > 0
	}
	return ok, nil
}

// CountPasses counts an app's passes that count at now by the slug of their plan. A pass given to an address
// counts alike, whether a person has it yet or not.
func (s *Store) CountPasses(ctx context.Context, clientID string, now time.Time) ([]claims.PassCount, error) {
	var rows []claims.PassCount
	err := s.db.Conn(ctx).Raw(`SELECT plan_slug, COUNT(*) AS count FROM (
		SELECT plan_slug, expires_at FROM app_entitlement_overrides WHERE client_id = @client AND ended_at IS NULL AND NOT by_address
		UNION ALL SELECT plan_slug, expires_at FROM address_comps WHERE client_id = @client AND ended_at IS NULL
		) c WHERE expires_at IS NULL OR expires_at >= @next GROUP BY plan_slug ORDER BY plan_slug`,
		map[string]any{"client": clientID, "next": now.UTC().Truncate(time.Second).Add(time.Second)}).Scan(&rows).Error
	return rows, db.Err("count passes", err)
}
