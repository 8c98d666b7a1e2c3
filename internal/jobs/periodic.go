package jobs

import (
	"context"
	"time"

	"github.com/wolfieauth/wolfieauth/internal/db"
)

// Periodic has h run once in every window of the business clock (windows begin at multiples of every since
// the zero time, in UTC), by one replica; before Run. The next window's due date is a row, so restarts neither
// skip nor repeat a window; of windows that passed while nobody ran, only the last is made up for.
func (r *Runner) Periodic(name string, every time.Duration, h func(ctx context.Context) error) {
	r.Handle(name, func(ctx context.Context, _ string) error {
		// The next window first: should h fail, its own retries go on beside it.
		if err := r.WantAt(ctx, name, "", r.cfg.Now().UTC().Truncate(every).Add(every)); err != nil {
			return err
		}
		return h(ctx)
	})
	r.kinds[name].periodic = true
}

// ensurePeriodic makes the first window of every periodic due, and repairs one whose due date was lost.
func (r *Runner) ensurePeriodic(ctx context.Context) error {
	now := realNow()
	for name, k := range r.kinds {
		if !k.periodic {
			continue
		}
		err := r.db.Conn(ctx).Exec(`INSERT INTO work_items (kind, item_key, due_at, created_at, updated_at) VALUES (?, '', ?, ?, ?)
			ON CONFLICT (kind, item_key) DO UPDATE SET due_at = excluded.due_at
			WHERE work_items.due_at IS NULL AND work_items.wanted <= work_items.done`,
			name, micro(r.cfg.Now()), now, now).Error
		if err != nil {
			return db.Err("schedule "+name, err)
		}
	}
	return nil
}
