package jobs

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/wolfieauth/wolfieauth/internal/db"
)

// leaderKind is the row whose lease makes its holder the leader; it is never wanted.
const leaderKind = "jobs.leader"

const (
	sweepBatch = 500
	keepDone   = 30 * 24 * time.Hour
)

// sweepLoop wakes what is wanted as long as this runner leads. Any replica can lead; the lease sees that one
// does.
func (r *Runner) sweepLoop(ctx context.Context) {
	tick := time.NewTicker(r.cfg.SweepEvery)
	defer tick.Stop()
	for {
		r.sweep(ctx)
		select {
		case <-r.quit:
			return
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

func (r *Runner) sweep(ctx context.Context) {
	until := realNow().Add(3 * r.cfg.SweepEvery)
	leads, err := r.lead(ctx, until)
	if !leads {
		until = time.Time{}
	}
	r.mu.Lock()
	r.leadsUntil = until
	r.mu.Unlock()
	if err != nil {
		r.log.WarnContext(ctx, "sweep failed", "error", clean(err))
	}
	if !leads {
		return
	}
	items, err := r.due(ctx, false)
	if err != nil {
		r.log.WarnContext(ctx, "sweep failed", "error", clean(err))
		return
	}
	for _, it := range items {
		r.nudge(it)
	}
}

// lead takes or renews the leader's lease.
func (r *Runner) lead(ctx context.Context, until time.Time) (bool, error) {
	now := realNow()
	res := r.db.Conn(ctx).Exec(`INSERT INTO work_items (kind, item_key, lease_token, lease_until, created_at, updated_at)
		VALUES (?, '', ?, ?, ?, ?)
		ON CONFLICT (kind, item_key) DO UPDATE
		SET lease_token = excluded.lease_token, lease_until = excluded.lease_until, updated_at = excluded.updated_at
		WHERE work_items.lease_token = excluded.lease_token OR work_items.lease_until <= excluded.updated_at`,
		leaderKind, r.id, until, now, now)
	return res.Error == nil && res.RowsAffected == 1, db.Err("take the lead", res.Error)
}

// resign lets another replica lead at once. When the database is gone, the lease runs out by itself.
func (r *Runner) resign(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, finishWithin)
	defer cancel()
	now := realNow()
	_ = r.db.Conn(ctx).Exec(`UPDATE work_items SET lease_until = ?, updated_at = ? WHERE kind = ? AND lease_token = ?`,
		now, now, leaderKind, r.id).Error
	r.mu.Lock()
	r.leadsUntil = time.Time{}
	r.mu.Unlock()
}

// Leads tells whether this runner is the leader that sweeps: it holds the lease, and the lease has not run out.
func (r *Runner) Leads() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return realNow().Before(r.leadsUntil)
}

// due lists what is wanted now, the longest untouched first; held includes what another worker is at.
func (r *Runner) due(ctx context.Context, held bool) ([]item, error) {
	now, kinds := realNow(), slices.Collect(maps.Keys(r.kinds))
	const free = `(retry_at IS NULL OR retry_at <= ?) AND (? OR lease_until IS NULL OR lease_until <= ?) AND kind || '' IN ?`
	var rows []struct{ Kind, ItemKey string }
	// Two halves, so that each walks its own partial index and never the rows that are done; kind || '' keeps
	// SQLite from choosing the primary key, which holds them all.
	err := r.db.Conn(ctx).Raw(`SELECT kind, item_key FROM (
		SELECT kind, item_key, updated_at FROM work_items WHERE wanted > done AND `+free+`
		UNION
		SELECT kind, item_key, updated_at FROM work_items WHERE due_at <= ? AND `+free+`
		) AS open_items ORDER BY updated_at LIMIT ?`,
		now, held, now, kinds, micro(r.cfg.Now()), now, held, now, kinds, sweepBatch).Scan(&rows).Error
	if err != nil {
		return nil, db.Err("find work", err)
	}
	items := make([]item, len(rows))
	for i, row := range rows {
		items[i] = item{row.Kind, row.ItemKey}
	}
	return items, nil
}

// cleanup drops the rows of what was done long ago: a mail is sent once, and its row would stay for ever.
func (r *Runner) cleanup(ctx context.Context) error {
	err := r.db.Conn(ctx).Exec(`DELETE FROM work_items
		WHERE wanted <= done AND due_at IS NULL AND lease_until IS NULL AND updated_at < ? AND kind <> ?`,
		realNow().Add(-keepDone), leaderKind).Error
	return db.Err("drop finished work", err)
}
