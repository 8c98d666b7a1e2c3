package store

import (
	"context"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"github.com/wolfieauth/wolfieauth/billing"
)

func (s *Store) seats(ctx context.Context) *gorm.DB {
	return s.db.Conn(ctx).Table("subscriptions s").
		Select("s.*, p.name AS plan_name, p.max_seats, pr.per_seat, pr.seat_label").
		Joins("JOIN plans p ON p.id = s.plan_id").Joins("JOIN membership_prices pr ON pr.id = s.price_id")
}

// PerSeat implements [billing.SeatStore].
func (s *Store) PerSeat(ctx context.Context, orgID string) ([]billing.SeatSubscription, error) {
	var rows []billing.SeatSubscription
	err := s.seats(ctx).Where("s.org_id = ? AND s.holds AND s.recurring AND pr.per_seat", orgID).Order("s.stripe_created_at, s.id").Find(&rows).Error
	return rows, fail("read subscriptions per seat", err, nil)
}

// PerSeatPage implements [billing.SeatStore].
func (s *Store) PerSeatPage(ctx context.Context, afterID string, limit int) ([]billing.SeatSubscription, error) {
	var rows []billing.SeatSubscription
	err := s.seats(ctx).Where("s.id > ? AND s.holds AND s.recurring AND pr.per_seat", afterID).Order("s.id").Limit(limit).Find(&rows).Error
	return rows, fail("read subscriptions per seat", err, nil)
}

// SeatSubscription implements [billing.SeatStore].
func (s *Store) SeatSubscription(ctx context.Context, id string) (billing.SeatSubscription, error) {
	var row billing.SeatSubscription
	err := s.seats(ctx).Where("s.id = ?", id).Take(&row).Error
	return row, fail("read subscription", err, billing.ErrSubscriptionNotFound)
}

// SeatLimits implements [billing.SeatStore].
func (s *Store) SeatLimits(ctx context.Context, orgID string) (billing.SeatLimits, error) {
	rows := []billing.SeatLimits{}
	err := s.db.Conn(ctx).Where("org_id = ?", orgID).Find(&rows).Error
	if err != nil || len(rows) == 0 {
		return billing.SeatLimits{OrgID: orgID}, fail("read seat limits", err, nil)
	}
	return rows[0], nil
}

// SaveSeatLimits implements [billing.SeatStore].
func (s *Store) SaveSeatLimits(ctx context.Context, limits billing.SeatLimits) error {
	return fail("save seat limits", exact(s.db.Conn(ctx)).Save(&limits).Error, nil)
}

// SeatWait implements [billing.SeatWaitStore].
func (s *Store) SeatWait(ctx context.Context, subscriptionID string) (billing.SeatWait, error) {
	var row billing.SeatWait
	err := s.db.Conn(ctx).Take(&row, "subscription_id = ?", subscriptionID).Error
	return row, fail("read what waits for seats", err, billing.ErrSeatWaitNotFound)
}

// SeatWaits implements [billing.SeatWaitStore].
func (s *Store) SeatWaits(ctx context.Context, orgID string) ([]billing.SeatWait, error) {
	var rows []billing.SeatWait
	err := s.db.Conn(ctx).Where("org_id = ?", orgID).Find(&rows).Error
	return rows, fail("read what waits for seats", err, nil)
}

// WaitForSeats implements [billing.SeatWaitStore].
func (s *Store) WaitForSeats(ctx context.Context, wait billing.SeatWait) error {
	then := clause.OnConflict{Columns: []clause.Column{{Name: "subscription_id"}}, DoNothing: true}
	if wait.Reason != "" {
		then = clause.OnConflict{Columns: then.Columns, DoUpdates: clause.AssignmentColumns([]string{"reason", "updated_at"})}
	}
	return fail("wait for seats", exact(s.db.Conn(ctx)).Clauses(then).Create(&wait).Error, nil)
}

// SeatsArrived implements [billing.SeatWaitStore].
func (s *Store) SeatsArrived(ctx context.Context, subscriptionID string) error {
	err := s.db.Conn(ctx).Where("subscription_id = ?", subscriptionID).Delete(&billing.SeatWait{}).Error
	return fail("forget what waited for seats", err, nil)
}

// TellOfSeats implements [billing.SeatWaitStore].
func (s *Store) TellOfSeats(ctx context.Context, subscriptionID string, at time.Time) (bool, error) {
	res := s.db.Conn(ctx).Model(&billing.SeatWait{}).Where("subscription_id = ? AND told_at IS NULL", subscriptionID).
		Updates(map[string]any{"told_at": at, "updated_at": at})
	return res.RowsAffected > 0, fail("mark what was told of seats", res.Error, nil)
}

// SaveSeatChange implements [billing.SeatLedgerStore].
func (s *Store) SaveSeatChange(ctx context.Context, row billing.SeatChange) error {
	return fail("save seat change", exact(s.db.Conn(ctx)).Save(&row).Error, nil)
}

// OpenSeatChanges implements [billing.SeatLedgerStore].
func (s *Store) OpenSeatChanges(ctx context.Context, subscriptionID string) ([]billing.SeatChange, error) {
	var rows []billing.SeatChange
	err := s.db.Conn(ctx).Where("subscription_id = ? AND status = 'pending'", subscriptionID).Order("id").Find(&rows).Error
	return rows, fail("read open seat changes", err, nil)
}

// LastSeatChange implements [billing.SeatLedgerStore].
func (s *Store) LastSeatChange(ctx context.Context, subscriptionID string) (billing.SeatChange, error) {
	var row billing.SeatChange
	err := s.db.Conn(ctx).Where("subscription_id = ? AND position > 0", subscriptionID).Order("position DESC").Limit(1).Take(&row).Error
	return row, fail("read last seat change", err, billing.ErrSeatChangeNotFound)
}

// UnnotedSeatChanges implements [billing.SeatLedgerStore].
func (s *Store) UnnotedSeatChanges(ctx context.Context, subscriptionID string, period time.Time) ([]billing.SeatChange, error) {
	var rows []billing.SeatChange
	err := s.db.Conn(ctx).Where("subscription_id = ? AND position > 0 AND attempt > 0", subscriptionID).
		Where("noted_at IS NULL OR (invoice_line <> '' AND invoice_id = '' AND done_at < ?)", period).
		Order("position").Find(&rows).Error
	return rows, fail("read seat changes to note", err, nil)
}

// SeatLines implements [billing.SeatLedgerStore].
func (s *Store) SeatLines(ctx context.Context, subscriptionID string) ([]string, error) {
	var rows []string
	err := s.db.Conn(ctx).Model(&billing.SeatChange{}).Where("subscription_id = ? AND invoice_line <> ''", subscriptionID).
		Order("position DESC").Limit(seatLines).Pluck("invoice_line", &rows).Error
	return rows, fail("read lines of seat changes", err, nil)
}

// seatLines is how far back a line may be taken: Stripe lists so many of a customer.
const seatLines = 500

// SeatLedger implements [billing.SeatLedgerStore].
func (s *Store) SeatLedger(ctx context.Context, orgID, beforeID string, limit int) ([]billing.SeatChange, error) {
	var rows []billing.SeatChange
	q := s.db.Conn(ctx).Where("org_id = ?", orgID)
	if beforeID != "" {
		q = q.Where("id < ?", beforeID)
	}
	err := q.Order("id DESC").Limit(limit).Find(&rows).Error
	return rows, fail("read seat ledger", err, nil)
}
