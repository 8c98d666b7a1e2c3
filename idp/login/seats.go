package login

import (
	"context"
	"time"
)

// Seats tells what one more member costs an org. Billing knows; an adapter over it stands here.
type Seats interface {
	// SeatCost answers a line for each subscription that is paid per seat; none where a member costs nothing.
	// Any error means that the cost cannot be told now.
	SeatCost(ctx context.Context, orgID string) ([]SeatCost, error)
}

// SeatCost is what one more member does to one subscription. Amounts are minor units of Currency.
type SeatCost struct {
	Plan, App, Currency         string
	Interval                    string // "month" or "year"
	Prorated                    int64  // goes on the next invoice; 0 or less where a spare seat covers it
	InvoiceAt                   time.Time
	RenewalBefore, RenewalAfter int64
}

// Covered tells whether the member adds nothing to the bill.
func (s SeatCost) Covered() bool { return s.Prorated <= 0 && s.RenewalAfter <= s.RenewalBefore }

// seatCostTakes bounds how long the page waits for it.
const seatCostTakes = 4 * time.Second

// seatCosts answers nothing where the cost cannot be told: the org's admin has seen it already.
func (p *Pages) seatCosts(ctx context.Context, orgID string) []SeatCost {
	if p.Seats == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, seatCostTakes)
	defer cancel()
	costs, err := p.Seats.SeatCost(ctx, orgID)
	if err != nil {
		return nil
	}
	return costs
}
