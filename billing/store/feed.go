package store

import (
	"context"
	"time"

	"gorm.io/gorm/clause"

	"github.com/wolfieauth/wolfieauth/billing"
)

var _ billing.FeedStore = (*Store)(nil)

// Feed implements [billing.FeedStore].
func (s *Store) Feed(ctx context.Context, at billing.Account) (billing.Feed, error) {
	var rows []billing.Feed
	err := s.db.Conn(ctx).Where("account = ? AND livemode = ?", at.ID, at.Livemode).Limit(1).Find(&rows).Error
	if err != nil || len(rows) == 0 {
		return billing.Feed{Account: at.ID, Livemode: at.Livemode}, fail("read feed", err, nil)
	}
	return rows[0], nil
}

// SaveFeed implements [billing.FeedStore].
func (s *Store) SaveFeed(ctx context.Context, f billing.Feed) error {
	// From a map, because gorm takes a key column that is false (test mode) for one that is not set.
	err := s.db.Conn(ctx).Model(&billing.Feed{}).Clauses(clause.OnConflict{
		Columns:   []clause.Column{{Name: "account"}, {Name: "livemode"}},
		DoUpdates: clause.AssignmentColumns([]string{"checked_at", "failing_since", "stale_since", "reason", "missing"}),
	}).Create(map[string]any{
		"account": f.Account, "livemode": f.Livemode, "checked_at": f.CheckedAt, "failing_since": f.FailingSince, "stale_since": f.StaleSince,
		"reason": f.Reason, "missing": f.Missing,
	}).Error
	return fail("save feed", err, nil)
}

// StaleFeeds implements [billing.FeedStore].
func (s *Store) StaleFeeds(ctx context.Context) ([]billing.Feed, error) {
	var rows []billing.Feed
	err := s.db.Conn(ctx).Where("stale_since IS NOT NULL").Order("stale_since, account, livemode").Find(&rows).Error
	return rows, fail("list stale feeds", err, nil)
}

// EventsKnown implements [billing.FeedStore].
func (s *Store) EventsKnown(ctx context.Context, at billing.Account, eventIDs []string) ([]string, error) {
	var known []string
	if len(eventIDs) == 0 {
		return nil, nil
	}
	err := s.db.Conn(ctx).Raw("SELECT event_id FROM stripe_webhook_events WHERE account = ? AND livemode = ? AND event_id IN ?",
		at.ID, at.Livemode, eventIDs).Scan(&known).Error
	return known, fail("look for events", err, nil)
}

// OtherVersions implements [billing.FeedStore] by an index that holds such events alone.
func (s *Store) OtherVersions(ctx context.Context, since time.Time) ([]billing.OtherVersion, error) {
	var rows []billing.OtherVersion
	err := s.db.Conn(ctx).Raw(`SELECT api_version, COUNT(*) AS count FROM stripe_webhook_events
		WHERE api_version <> '`+billing.APIVersion+`' AND received_at >= ? GROUP BY api_version ORDER BY count DESC, api_version`, since).Scan(&rows).Error
	return rows, fail("count other versions", err, nil)
}
