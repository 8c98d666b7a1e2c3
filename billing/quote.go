package billing

import (
	"fmt"

	"github.com/wolfieauth/wolfieauth/internal/money"
)

// Quote is what a number of seats costs per interval, before tax and proration.
type Quote struct {
	Seats    int64 // 1 for a price that is not per seat
	Total    int64 // minor units
	Currency string
	Interval Interval
	Lines    []QuoteLine // one per bracket that is charged; a single one when flat
}

// QuoteLine is what one bracket adds to a quote: Seats*UnitAmount + FlatAmount.
type QuoteLine struct {
	From, To   int64 // seat numbers, both included
	Seats      int64
	UnitAmount int64
	FlatAmount int64
	Amount     int64
}

// QuotePrice computes what seats cost at p, as Stripe does: flat charges the amount once, or per seat; volume
// charges all seats at the bracket reached; graduated charges each bracket's seats at its own price; the flat
// amount of a bracket is charged once it is reached.
//
// It answers [ErrQuantity] for seats outside 1..[MaxQuantity] and an error that wraps [money.ErrTooLarge] for
// a sum that an int64 cannot hold. A price that is not per seat costs the same for any number of seats.
func QuotePrice(p Price, seats int64) (Quote, error) {
	if seats < 1 || seats > MaxQuantity {
		return Quote{}, fmt.Errorf("%w: %d", ErrQuantity, seats)
	}
	q := Quote{Seats: seats, Currency: p.Currency, Interval: p.Interval}
	if !p.PerSeat && p.Scheme == SchemeFlat {
		q.Seats = 1
	}
	lines, err := quoteLines(p, q.Seats)
	if err != nil {
		return Quote{}, fmt.Errorf("quote price %s for %d seats: %w", p.ID, seats, err)
	}
	for i := range lines {
		l := &lines[i]
		l.Seats = l.To - l.From + 1
		if l.Amount, err = money.Mul(l.UnitAmount, l.Seats); err == nil {
			l.Amount, err = money.Add(l.Amount, l.FlatAmount)
		}
		if err == nil {
			q.Total, err = money.Add(q.Total, l.Amount)
		}
		if err != nil {
			return Quote{}, fmt.Errorf("quote price %s for %d seats: %w", p.ID, seats, err)
		}
	}
	q.Lines = lines
	return q, nil
}

func quoteLines(p Price, seats int64) ([]QuoteLine, error) {
	switch p.Scheme {
	case SchemeFlat:
		return []QuoteLine{{From: 1, To: seats, UnitAmount: p.Amount}}, nil
	case SchemeVolume:
		for _, t := range p.Tiers {
			if t.UpTo == nil || seats <= *t.UpTo {
				return []QuoteLine{{From: 1, To: seats, UnitAmount: t.UnitAmount, FlatAmount: t.FlatAmount}}, nil
			}
		}
	case SchemeGraduated:
		return graduatedLines(p.Tiers, seats)
	}
	return nil, fmt.Errorf("no bracket of scheme %q holds seat %d", p.Scheme, seats)
}

func graduatedLines(tiers []Tier, seats int64) ([]QuoteLine, error) {
	var lines []QuoteLine
	from := int64(1)
	for _, t := range tiers {
		line := QuoteLine{From: from, To: seats, UnitAmount: t.UnitAmount, FlatAmount: t.FlatAmount}
		if t.UpTo == nil || seats <= *t.UpTo {
			return append(lines, line), nil
		}
		line.To = *t.UpTo
		lines = append(lines, line)
		from = *t.UpTo + 1
	}
	return nil, fmt.Errorf("no bracket holds seat %d", seats)
}
