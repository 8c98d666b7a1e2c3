package audit

import (
	"context"
	"time"

	"github.com/wolfieauth/wolfieauth/internal/db"
)

// Filter chooses entries; an empty field chooses all.
type Filter struct {
	OrgID      string
	ActorID    string
	Action     string
	TargetKind string
	TargetID   string
	From, To   time.Time // From included, To excluded
	// Before is the id of the last entry of the page before: the page goes on behind it.
	Before string
	// Limit is the size of a page; 50 unless it lies between 1 and 200.
	Limit int
}

// List answers a page of entries, the newest first, and the Filter.Before of the next page, empty at the end.
func (l *Log) List(ctx context.Context, f Filter) (page []Record, next string, err error) {
	if f.Limit < 1 || f.Limit > 200 {
		f.Limit = 50
	}
	q := l.db.Conn(ctx).Order("id DESC").Limit(f.Limit + 1)
	equal := []struct{ column, value string }{
		{"org_id", f.OrgID}, {"actor_id", f.ActorID}, {"action", f.Action}, {"target_kind", f.TargetKind}, {"target_id", f.TargetID},
	}
	for _, e := range equal {
		if e.value != "" {
			q = q.Where(e.column+" = ?", e.value)
		}
	}
	if !f.From.IsZero() {
		q = q.Where("at >= ?", f.From.UTC())
	}
	if !f.To.IsZero() {
		q = q.Where("at < ?", f.To.UTC())
	}
	if f.Before != "" {
		q = q.Where("id < ?", f.Before)
	}
	if err := q.Find(&page).Error; err != nil {
		return nil, "", db.Err("list audit entries", err)
	}
	if len(page) > f.Limit {
		page = page[:f.Limit]
		next = page[f.Limit-1].ID
	}
	return page, next, nil
}
