package billing

import "time"

// Bought is a subscription with what its plan is called.
type Bought struct {
	Subscription `gorm:"embedded"`
	PlanSlug     string
	PlanName     string
	GraceDays    int64
	PerSeat      bool
}

// GraceUntil is when access ends unless the payment arrives; nil when it is not past due, or when the oldest
// unpaid invoice is not known yet.
func (b Bought) GraceUntil() *time.Time {
	if b.Status != StatusPastDue || b.OldestUnpaidAt == nil {
		return nil
	}
	until := b.OldestUnpaidAt.Add(time.Duration(b.GraceDays) * 24 * time.Hour).UTC().Truncate(time.Second)
	return &until
}
