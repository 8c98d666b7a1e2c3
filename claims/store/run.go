package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/wolfieauth/wolfieauth/claims"
	"github.com/wolfieauth/wolfieauth/internal/db"
)

// CreateRun saves a list with its lines.
func (s *Store) CreateRun(ctx context.Context, run claims.CompRun, items []claims.CompRunItem) error {
	return s.db.InTx(ctx, func(ctx context.Context) error {
		if err := s.db.Conn(ctx).Create(&run).Error; err != nil {
			return db.Err("create comp run", err)
		}
		if len(items) == 0 {
			return nil
		}
		return db.Err("create comp run items", s.db.Conn(ctx).CreateInBatches(&items, 500).Error)
	})
}

// Run answers a list, or [claims.ErrCompNotFound].
func (s *Store) Run(ctx context.Context, id string) (claims.CompRun, error) {
	var run claims.CompRun
	err := db.Err("load comp run", s.db.Conn(ctx).Where("id = ?", id).Take(&run).Error)
	if errors.Is(err, db.ErrNotFound) {
		return claims.CompRun{}, fmt.Errorf("comp run %s: %w", id, claims.ErrCompNotFound)
	}
	run.CreatedAt, run.UpdatedAt, run.FinishedAt = run.CreatedAt.UTC(), run.UpdatedAt.UTC(), utc(run.FinishedAt)
	return run, err
}

// Runs lists an app's lists, the newest first.
func (s *Store) Runs(ctx context.Context, clientID string, limit int) ([]claims.CompRun, error) {
	var runs []claims.CompRun
	err := s.db.Conn(ctx).Where("client_id = ?", clientID).Order("created_at DESC, id DESC").Limit(limit).Find(&runs).Error
	return runs, db.Err("list comp runs", err)
}

// MoveRun changes the state of a list; ok is false where it was not in from.
func (s *Store) MoveRun(ctx context.Context, id string, from, to claims.CompRunState, now time.Time) (ok bool, err error) {
	var finished *time.Time
	if to == claims.CompRunDone {
		finished = utc(&now)
	}
	res := s.db.Conn(ctx).Exec("UPDATE comp_runs SET state = ?, finished_at = ?, updated_at = ? WHERE id = ? AND state = ?", to, finished, now.UTC(), id, from)
	return res.RowsAffected > 0, db.Err("move comp run", res.Error)
}

// RunItems answers lines behind one, in order; state "" is every state.
func (s *Store) RunItems(ctx context.Context, runID string, state claims.CompItemState, afterLine int64, limit int) ([]claims.CompRunItem, error) {
	q := s.db.Conn(ctx).Where("run_id = ? AND line > ?", runID, afterLine)
	if state != "" {
		q = q.Where("state = ?", state)
	}
	var items []claims.CompRunItem
	err := q.Order("line").Limit(limit).Find(&items).Error
	for i := range items {
		items[i].ExpiresAt = utc(items[i].ExpiresAt)
	}
	return items, db.Err("list comp run items", err)
}

// SettleItem writes what became of a line.
func (s *Store) SettleItem(ctx context.Context, item claims.CompRunItem, now time.Time) error {
	err := s.db.Conn(ctx).Exec("UPDATE comp_run_items SET state = ?, code = ?, updated_at = ? WHERE run_id = ? AND line = ?",
		item.State, item.Code, now.UTC(), item.RunID, item.Line).Error
	return db.Err("settle comp run item", err)
}

// Tally counts a list's lines by state.
func (s *Store) Tally(ctx context.Context, runID string) (t claims.CompTally, err error) {
	err = s.db.Conn(ctx).Raw(`SELECT
		COALESCE(SUM(CASE WHEN state = 'ready' THEN 1 ELSE 0 END), 0) AS ready,
		COALESCE(SUM(CASE WHEN state = 'refused' THEN 1 ELSE 0 END), 0) AS refused,
		COALESCE(SUM(CASE WHEN state = 'given' THEN 1 ELSE 0 END), 0) AS given
		FROM comp_run_items WHERE run_id = ?`, runID).Scan(&t).Error
	return t, db.Err("tally comp run", err)
}

// Passed answers which of the addresses have a pass in the app already, as far as its admins can see.
func (s *Store) Passed(ctx context.Context, clientID string, normals []string, now time.Time) (map[string]bool, error) {
	out := map[string]bool{}
	const chunk = 500
	for len(normals) > 0 {
		n := min(chunk, len(normals))
		var rows []string
		err := s.db.Conn(ctx).Raw(`SELECT email_normal FROM address_comps WHERE client_id = @client AND email_normal IN @normals AND ended_at IS NULL
				AND (expires_at IS NULL OR expires_at >= @next)
			UNION SELECT d.email_normal FROM app_entitlement_overrides c JOIN app_users d ON d.client_id = c.client_id AND d.user_id = c.user_id
			WHERE c.client_id = @client AND d.email_normal IN @normals AND c.ended_at IS NULL AND (c.expires_at IS NULL OR c.expires_at >= @next)`,
			map[string]any{"client": clientID, "normals": normals[:n], "next": now.UTC().Truncate(time.Second).Add(time.Second)}).Scan(&rows).Error
		if err != nil {
			return nil, db.Err("look for passes", err)
		}
		for _, r := range rows {
			out[r] = true
		}
		normals = normals[n:]
	}
	return out, nil
}
