package store

import (
	"context"
	"time"
)

// lifeNotice is a row of what was told.
type lifeNotice struct {
	SubscriptionID, Step, Occasion string
	ToldAt                         time.Time
}

// TellOnce implements [billing.NoticeStore].
func (s *Store) TellOnce(ctx context.Context, subscriptionID, step, occasion string, at time.Time) (bool, error) {
	res := unlessThere(s.db.Conn(ctx)).Table("life_notices").Create(&lifeNotice{subscriptionID, step, occasion, at})
	return res.RowsAffected > 0, fail("note what was told", res.Error, nil)
}
