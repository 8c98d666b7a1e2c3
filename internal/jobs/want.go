package jobs

import (
	"context"
	"fmt"
	"time"

	"github.com/riverqueue/river"

	"github.com/wolfieauth/wolfieauth/internal/db"
)

// Want says, in the transaction that ctx carries (or one of its own), that the item must be carried out
// again. Any number of wants while one is open are one. A failing item gets one try at once.
func (r *Runner) Want(ctx context.Context, kind, key string) error {
	return r.db.InTx(ctx, func(ctx context.Context) error {
		if _, err := r.want(ctx, kind, key); err != nil {
			return err
		}
		tx, ok := r.db.SQLTx(ctx)
		if !ok {
			return fmt.Errorf("want %s %s: transaction is not the database's", kind, key)
		}
		if _, err := r.river.InsertTx(ctx, tx, wakeUp{kind, key}, &river.InsertOpts{MaxAttempts: 1}); err != nil {
			return db.Err("wake up "+kind, err)
		}
		db.AfterCommit(ctx, func() { r.nudge(item{kind, key}) })
		return nil
	})
}

// want raises the wanted generation and answers it.
func (r *Runner) want(ctx context.Context, kind, key string) (wanted int64, err error) {
	now := realNow()
	err = r.db.Conn(ctx).Raw(`INSERT INTO work_items (kind, item_key, wanted, created_at, updated_at) VALUES (?, ?, 1, ?, ?)
		ON CONFLICT (kind, item_key) DO UPDATE
		SET wanted = work_items.wanted + 1, retry_at = NULL, updated_at = excluded.updated_at
		RETURNING wanted`, kind, key, now, now).Scan(&wanted).Error
	return wanted, db.Err("want "+kind, err)
}

// WantAt says, in the transaction that ctx carries, that the item must be carried out once the business clock
// has reached at. Of an earlier WantAt that is still open and this one, the earlier time stands.
func (r *Runner) WantAt(ctx context.Context, kind, key string, at time.Time) error {
	now := realNow()
	err := r.db.Conn(ctx).Exec(`INSERT INTO work_items (kind, item_key, due_at, created_at, updated_at) VALUES (?, ?, ?, ?, ?)
		ON CONFLICT (kind, item_key) DO UPDATE
		SET due_at = CASE WHEN work_items.due_at < excluded.due_at THEN work_items.due_at ELSE excluded.due_at END,
		    updated_at = excluded.updated_at`, kind, key, micro(at), now, now).Error
	if err != nil {
		return db.Err("want "+kind+" later", err)
	}
	if !at.After(r.cfg.Now()) {
		db.AfterCommit(ctx, func() { r.nudge(item{kind, key}) })
	}
	return nil
}

// micro is a time as both engines keep and compare it.
func micro(t time.Time) time.Time { return t.UTC().Truncate(time.Microsecond) }
