package jobs

import (
	"context"
	"fmt"
	"time"

	"github.com/wolfieauth/wolfieauth/internal/db"
)

// Item is a row of work as an admin sees it. Times are UTC.
type Item struct {
	Kind       string     `json:"kind"`
	Key        string     `gorm:"column:item_key" json:"key"`
	Wanted     int64      `json:"wanted"`
	Done       int64      `json:"done"`
	DueAt      *time.Time `json:"dueAt"`
	RetryAt    *time.Time `json:"retryAt"`
	LeaseUntil *time.Time `json:"leaseUntil"`
	Attempts   int64      `json:"attempts"`
	LastError  string     `json:"lastError"`
	CreatedAt  time.Time  `json:"createdAt"`
	UpdatedAt  time.Time  `json:"updatedAt"`
}

// Open tells whether the item is still wanted.
func (i Item) Open() bool { return i.Wanted > i.Done }

// TableName is gorm's.
func (Item) TableName() string { return "work_items" }

// Failed lists what has failed and is still wanted, the latest failure first, at most limit.
func (r *Runner) Failed(ctx context.Context, limit int) ([]Item, error) {
	var items []Item
	err := r.db.Conn(ctx).Where("wanted > done AND attempts > 0").Order("updated_at DESC").Limit(limit).Find(&items).Error
	return items, db.Err("list failed work", err)
}

// FailedFilter chooses a page of what has failed; an empty field chooses all.
type FailedFilter struct {
	Kind string
	// Behind is the last item of the page before.
	Behind *FailedMark
	Limit  int // at least 1
}

// FailedMark is the place of an item in the list: the latest failure comes first.
type FailedMark struct {
	At        time.Time // Item.UpdatedAt
	Kind, Key string
}

// FailedPage answers a page of what has failed and is still wanted, the latest failure first, and whether more
// follows.
func (r *Runner) FailedPage(ctx context.Context, f FailedFilter) (items []Item, more bool, err error) {
	f.Limit = max(f.Limit, 1)
	q := r.db.Conn(ctx).Where("wanted > done AND attempts > 0")
	if f.Kind != "" {
		q = q.Where("kind = ?", f.Kind)
	}
	if b := f.Behind; b != nil {
		q = q.Where("(updated_at, kind, item_key) < (?, ?, ?)", b.At.UTC(), b.Kind, b.Key)
	}
	err = q.Order("updated_at DESC, kind DESC, item_key DESC").Limit(f.Limit + 1).Find(&items).Error
	if len(items) > f.Limit {
		items, more = items[:f.Limit], true
	}
	return items, more, db.Err("list failed work", err)
}

// FailedKinds counts what has failed and is still wanted, by kind.
func (r *Runner) FailedKinds(ctx context.Context) ([]KindCount, error) {
	var out []KindCount
	err := r.db.Conn(ctx).Raw("SELECT kind, COUNT(*) AS count FROM work_items WHERE wanted > done AND attempts > 0 GROUP BY kind ORDER BY kind").Scan(&out).Error
	return out, db.Err("count failed work", err)
}

// KindCount is how many items of a kind there are.
type KindCount struct {
	Kind  string
	Count int64
}

// Item answers one row: an error that wraps [db.ErrNotFound] where there is none.
func (r *Runner) Item(ctx context.Context, kind, key string) (Item, error) {
	var it Item
	err := r.db.Conn(ctx).Take(&it, "kind = ? AND item_key = ?", kind, key).Error
	return it, db.Err(fmt.Sprintf("load work %s %s", kind, key), err)
}

// Retry has an item tried now, whatever its backoff, and once more where it was done: an error that wraps
// [db.ErrNotFound] where it was never wanted.
func (r *Runner) Retry(ctx context.Context, kind, key string) error {
	return r.db.InTx(ctx, func(ctx context.Context) error {
		if _, err := r.Item(ctx, kind, key); err != nil {
			return err
		}
		return r.Want(ctx, kind, key)
	})
}

// Stats counts rows, for the metrics.
type Stats struct {
	Open    int64 // wanted and not done
	Failing int64 // of these, failed at least once
}

// Stats counts what is open and what is failing.
func (r *Runner) Stats(ctx context.Context) (Stats, error) {
	var s Stats
	err := r.db.Conn(ctx).Raw(`SELECT COUNT(*) AS open, COALESCE(SUM(CASE WHEN attempts > 0 THEN 1 ELSE 0 END), 0) AS failing
		FROM work_items WHERE wanted > done`).Scan(&s).Error
	return s, db.Err("count work", err)
}
