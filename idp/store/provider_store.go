package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"gorm.io/gorm"

	"github.com/wolfieauth/wolfieauth/idp"
	"github.com/wolfieauth/wolfieauth/internal/db"
)

// Provider keeps what the OpenID provider issues: auth requests, grants, tokens, device codes, consents and
// the ids of client assertions. Every method joins the transaction that ctx carries, and wraps
// [db.ErrUnavailable] when the database cannot be reached.
type Provider struct{ db *db.DB }

// NewProvider makes the store.
func NewProvider(d *db.DB) *Provider { return &Provider{db: d} }

// InTx runs fn in one transaction; see [db.DB.InTx].
func (s *Provider) InTx(ctx context.Context, fn func(ctx context.Context) error) error {
	return s.db.InTx(ctx, fn)
}

// one reads the first row of q into T; missing is the error for none.
func one[T any](q *gorm.DB, what string, missing error) (T, error) {
	var rows []T
	if err := q.Scan(&rows).Error; err != nil {
		var zero T
		return zero, db.Err(what, err)
	}
	if len(rows) == 0 {
		var zero T
		return zero, fmt.Errorf("%s: %w", what, missing)
	}
	return rows[0], nil
}

// changed runs a conditional update and tells whether it met a row.
func (s *Provider) changed(ctx context.Context, what, sql string, args ...any) (bool, error) {
	res := s.db.Conn(ctx).Exec(sql, args...)
	return res.RowsAffected > 0, db.Err(what, res.Error)
}

// Orgs lists the orgs that a user may act for, the personal one first. It answers [idp.ErrUserNotFound] for
// a user who does not exist or is disabled.
func (s *Provider) Orgs(ctx context.Context, userID string) ([]idp.OrgChoice, error) {
	type row struct {
		idp.OrgChoice
		Usable bool
	}
	var rows []row
	err := s.db.Conn(ctx).Raw(`SELECT COALESCE(o.id, '') AS id, COALESCE(o.slug, '') AS slug, COALESCE(o.name, '') AS name,
			COALESCE(m.role, '') AS role, o.personal_user_id IS NOT NULL AS personal, o.id IS NOT NULL AS usable
		FROM users u
		LEFT JOIN memberships m ON m.user_id = u.id AND m.removed_at IS NULL
		LEFT JOIN orgs o ON o.id = m.org_id AND o.suspended_at IS NULL
		WHERE u.id = ? AND u.disabled_at IS NULL
		ORDER BY o.personal_user_id IS NULL, o.name, o.id`, userID).Scan(&rows).Error
	if err != nil {
		return nil, db.Err("list the user's orgs", err)
	}
	if len(rows) == 0 {
		return nil, fmt.Errorf("list orgs of %s: %w", userID, idp.ErrUserNotFound)
	}
	out := make([]idp.OrgChoice, 0, len(rows))
	for _, r := range rows {
		if r.Usable {
			out = append(out, r.OrgChoice)
		}
	}
	return out, nil
}

// RememberAssertion notes a client assertion's id until it expires. It answers false when it was seen before.
func (s *Provider) RememberAssertion(ctx context.Context, clientID, jtiHash string, expires time.Time) (fresh bool, err error) {
	fresh, err = s.changed(ctx, "remember assertion", `INSERT INTO client_assertions (client_id, jti_hash, expires_at)
		VALUES (?, ?, ?) ON CONFLICT (client_id, jti_hash) DO NOTHING`, clientID, jtiHash, expires.UTC())
	if errors.Is(err, db.ErrForeignKey) {
		return false, fmt.Errorf("remember assertion: %w", idp.ErrAppNotFound)
	}
	return fresh, err
}

// Prune deletes what has expired by now and tells how many rows that were.
func (s *Provider) Prune(ctx context.Context, now time.Time) (int64, error) {
	now = now.UTC()
	var total int64
	for _, q := range []string{
		"DELETE FROM auth_requests WHERE expires_at < ?",
		"DELETE FROM device_codes WHERE expires_at < ?",
		"DELETE FROM client_assertions WHERE expires_at < ?",
		"DELETE FROM tokens WHERE expires_at < ?",
	} {
		res := s.db.Conn(ctx).Exec(q, now)
		if res.Error != nil {
			return total, db.Err("prune", res.Error)
		}
		total += res.RowsAffected
	}
	res := s.db.Conn(ctx).Exec(`DELETE FROM grants WHERE expires_at < ?
		AND NOT EXISTS (SELECT 1 FROM tokens t WHERE t.grant_id = grants.id)`, now)
	return total + res.RowsAffected, db.Err("prune grants", res.Error)
}
