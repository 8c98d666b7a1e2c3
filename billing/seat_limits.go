package billing

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/wolfieauth/wolfieauth/internal/audit"
	"github.com/wolfieauth/wolfieauth/internal/money"
)

// ErrSeatCap means that a limit allows no more seats.
var ErrSeatCap = errors.New("no seat left")

// Which limit is reached.
const (
	CapPlan      = "plan"       // the plan's own maximum
	CapOrgSeats  = "org_seats"  // the org's "never above N seats"
	CapOrgAmount = "org_amount" // the org's "never above X a month"
)

// SeatCapError says which limit the seats would pass. It wraps [ErrSeatCap].
type SeatCapError struct {
	Cap      int64  // the most seats; 0 for CapOrgAmount
	Reason   string // one of the Cap constants
	Currency string // of CapOrgAmount
	Amount   int64  // of CapOrgAmount: the limit a month, in minor units
}

// Error names the limit.
func (e *SeatCapError) Error() string {
	if e.Reason == CapOrgAmount {
		return fmt.Sprintf("%v: at most %d %s a month", ErrSeatCap, e.Amount, e.Currency)
	}
	return fmt.Sprintf("%v: at most %d (%s)", ErrSeatCap, e.Cap, e.Reason)
}

// Unwrap answers [ErrSeatCap].
func (e *SeatCapError) Unwrap() error { return ErrSeatCap }

// SeatLimits are an org's own bounds on what its members may cost.
type SeatLimits struct {
	OrgID            string `gorm:"primaryKey"`
	MaxSeats         int64  // 0 = none
	MaxMonthlyAmount int64  // minor units of Currency, for all subscriptions in it that are paid per seat; 0 = none
	Currency         string // ISO 4217, upper case; "" without an amount
	CreatedAt        time.Time
	UpdatedAt        time.Time
}

// TableName names the table of limits.
func (SeatLimits) TableName() string { return "seat_limits" }

// SeatLimits answers an org's own limits, zero where it has set none.
func (s *Service) SeatLimits(ctx context.Context, orgID string) (SeatLimits, error) {
	return s.store.SeatLimits(ctx, orgID)
}

// SetSeatLimits replaces an org's own limits. Members that it has already stay. It answers [FieldErrors] (fields
// maxSeats, maxMonthlyAmount, currency).
func (s *Service) SetSeatLimits(ctx context.Context, in SeatLimits) error {
	m := &mistakes{}
	m.check(in.MaxSeats >= 0 && in.MaxSeats <= MaxQuantity, "maxSeats", CodeInvalid)
	if in.MaxMonthlyAmount == 0 {
		in.Currency = ""
	} else {
		currency, err := money.Canonical(in.Currency)
		m.check(err == nil, "currency", CodeUnknownCurrency)
		m.check(in.MaxMonthlyAmount > 0, "maxMonthlyAmount", CodeNegative)
		in.Currency = currency
	}
	if err := m.err("set seat limits"); err != nil {
		return err
	}
	err := s.tx.InTx(ctx, func(ctx context.Context) error {
		before, err := s.store.SeatLimits(ctx, in.OrgID)
		if err != nil {
			return err
		}
		row := in
		row.CreatedAt, row.UpdatedAt = before.CreatedAt, s.now()
		if row.CreatedAt.IsZero() {
			row.CreatedAt = row.UpdatedAt
		}
		if before.MaxSeats == row.MaxSeats && before.MaxMonthlyAmount == row.MaxMonthlyAmount && before.Currency == row.Currency {
			return nil
		}
		if err := s.store.SaveSeatLimits(ctx, row); err != nil {
			return err
		}
		return s.audit.Record(ctx, audit.Entry{
			OrgID: in.OrgID, Action: "seat_limits.changed", Target: audit.Target{Kind: "org", ID: in.OrgID},
			Before: limitsLogged(before), After: limitsLogged(row),
		})
	})
	if err != nil {
		return fmt.Errorf("set seat limits of org %s: %w", in.OrgID, err)
	}
	return nil
}

func limitsLogged(l SeatLimits) map[string]any {
	return map[string]any{"maxSeats": l.MaxSeats, "maxMonthlyAmount": l.MaxMonthlyAmount, "currency": l.Currency}
}

// CheckSeatCap tells whether an org may have so many seats in all, members and open invitations counted together:
// a [SeatCapError] when the maximum of a plan that it pays for per seat, or one of its own limits, says no. It
// reads in the caller's transaction and asks nobody else.
func (s *Service) CheckSeatCap(ctx context.Context, orgID string, seats int64) error {
	limits, err := s.store.SeatLimits(ctx, orgID)
	if err != nil {
		return fmt.Errorf("check seat cap: %w", err)
	}
	if limits.MaxSeats > 0 && seats > limits.MaxSeats {
		return &SeatCapError{Cap: limits.MaxSeats, Reason: CapOrgSeats}
	}
	subs, err := s.store.PerSeat(ctx, orgID)
	if err != nil {
		return fmt.Errorf("check seat cap: %w", err)
	}
	if len(subs) > 0 && seats > MaxQuantity {
		return &SeatCapError{Cap: MaxQuantity, Reason: CapPlan}
	}
	for _, sub := range subs {
		if sub.MaxSeats > 0 && seats > sub.MaxSeats {
			return &SeatCapError{Cap: sub.MaxSeats, Reason: CapPlan}
		}
	}
	if limits.MaxMonthlyAmount == 0 {
		return nil
	}
	amount, err := s.monthly(ctx, subs, limits.Currency, seats)
	if err != nil {
		return fmt.Errorf("check seat cap: %w", err)
	}
	if amount > limits.MaxMonthlyAmount {
		return &SeatCapError{Reason: CapOrgAmount, Currency: limits.Currency, Amount: limits.MaxMonthlyAmount}
	}
	return nil
}

const monthsOfYear = 12

// monthly is what the subscriptions of a currency would cost a month with so many seats; a year's price counts a
// twelfth, rounded up.
func (s *Service) monthly(ctx context.Context, subs []SeatSubscription, currency string, seats int64) (sum int64, err error) {
	for _, sub := range subs {
		if sub.Currency != currency {
			continue
		}
		price, err := s.store.Price(ctx, sub.PriceID)
		if err != nil {
			return 0, err
		}
		q, err := QuotePrice(price, sub.wanted(seats))
		if err != nil {
			return 0, err
		}
		amount := q.Total
		if price.Interval == IntervalYear {
			amount = (amount + monthsOfYear - 1) / monthsOfYear
		}
		if sum, err = money.Add(sum, amount); err != nil {
			return 0, err
		}
	}
	return sum, nil
}
