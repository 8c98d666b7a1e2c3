package billing

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/wolfieauth/wolfieauth/internal/audit"
)

// DefaultFeeRate is the platform's share where an org has no rate of its own, in hundredths of a percent.
const DefaultFeeRate = 500

// ErrFeeRate means that a rate is not between 0 and 100 %, or would begin in the past: what was paid under a rate
// is never rated anew.
var ErrFeeRate = errors.New("fee rate invalid")

// FeeRate is an org's own rate from a moment on, until the next one begins. Rates are never changed.
type FeeRate struct {
	ID          string `gorm:"primaryKey"`
	OrgID       string
	BasisPoints int64 // hundredths of a percent
	StartsAt    time.Time
	SetBy       string // the user's id, or "" for an operator's command
	Note        string
	CreatedAt   time.Time
}

// TableName names the table of rates.
func (FeeRate) TableName() string { return "fee_rates" }

// NewFeeRate asks for a rate from a moment on; the zero moment is now.
type NewFeeRate struct {
	OrgID       string
	BasisPoints int64
	StartsAt    time.Time
	SetBy       string
	Note        string
}

// SetFeeRate writes an org's rate into its history. It answers [ErrFeeRate], or [ErrRace] for a second rate of the
// same moment.
func (s *Service) SetFeeRate(ctx context.Context, n NewFeeRate) (FeeRate, error) {
	now := s.now()
	if n.StartsAt.IsZero() {
		n.StartsAt = now
	}
	if n.OrgID == "" || n.BasisPoints < 0 || n.BasisPoints > 10_000 || n.StartsAt.Before(now) {
		return FeeRate{}, fmt.Errorf("%w: %d from %s", ErrFeeRate, n.BasisPoints, n.StartsAt)
	}
	row := FeeRate{
		ID: newID(), OrgID: n.OrgID, BasisPoints: n.BasisPoints, StartsAt: n.StartsAt.UTC(), SetBy: n.SetBy, Note: n.Note, CreatedAt: now,
	}
	err := s.tx.InTx(ctx, func(ctx context.Context) error {
		before, err := s.store.FeeRateAt(ctx, n.OrgID, row.StartsAt)
		if err != nil {
			return err
		}
		if err := s.store.InsertFeeRate(ctx, row); err != nil {
			return err
		}
		view := func(rate int64) map[string]any { return map[string]any{"basis_points": rate} }
		after := view(row.BasisPoints)
		after["starts_at"], after["note"] = row.StartsAt, row.Note
		return s.audit.Record(ctx, audit.Entry{
			OrgID: n.OrgID, Action: "fee.rate_set", Target: audit.Target{Kind: "org", ID: n.OrgID}, Before: view(before), After: after,
		})
	})
	if err != nil {
		return FeeRate{}, fmt.Errorf("set fee rate of %s: %w", n.OrgID, err)
	}
	return row, nil
}

// FeeRates answers the rate in force now, and the org's history with what is to come, the latest first.
func (s *Service) FeeRates(ctx context.Context, orgID string) (now int64, history []FeeRate, err error) {
	if history, err = s.store.FeeRates(ctx, orgID); err != nil {
		return 0, nil, err
	}
	now, err = s.store.FeeRateAt(ctx, orgID, s.now())
	return now, history, err
}
