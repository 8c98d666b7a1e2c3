package billing_test

import (
	"fmt"
	"math/big"
	"math/rand/v2"
	"runtime"
	"slices"
	"sync"
	"testing"

	"github.com/wolfieauth/wolfieauth/billing"
	"github.com/wolfieauth/wolfieauth/internal/money"
)

// quoteCurrencies have two, no and three decimals; UGX and ISK are counted in hundredths that nobody pays, and
// IDR has the widest bound.
var quoteCurrencies = []string{"PLN", "USD", "EUR", "JPY", "KRW", "VND", "KWD", "BHD", "TND", "UGX", "ISK", "IDR"}

// payableSteps are the least differences of two payable amounts, found by asking.
func payableSteps() map[string]int64 {
	out := map[string]int64{}
	for _, currency := range quoteCurrencies {
		step := int64(1)
		for money.Check(step, currency) != nil {
			step *= 10
		}
		out[currency] = step
	}
	return out
}

// payableAmount prefers the ends of what Stripe takes.
func payableAmount(r *rand.Rand, currency string, step int64) int64 {
	most := money.Max(currency) / step
	switch r.IntN(8) {
	case 0:
		return 0
	case 1:
		return step
	case 2:
		return most * step
	case 3:
		return (most - 1) * step
	case 4:
		return r.Int64N(most+1) * step
	default:
		return r.Int64N(min(most, 50_000)+1) * step
	}
}

func payablePrice(r *rand.Rand, currencies []string, steps map[string]int64) billing.Price {
	currency := currencies[r.IntN(len(currencies))]
	amount := func() int64 { return payableAmount(r, currency, steps[currency]) }
	p := billing.Price{
		ID: "p", Currency: currency, Interval: billing.IntervalMonth, PerSeat: r.IntN(4) > 0,
		Scheme: []billing.Scheme{billing.SchemeFlat, billing.SchemeVolume, billing.SchemeGraduated}[r.IntN(3)],
	}
	if p.Scheme == billing.SchemeFlat {
		p.Amount = amount()
		return p
	}
	p.PerSeat = true
	reached := int64(0)
	for range r.IntN(6) {
		reached += 1 + r.Int64N([]int64{1, 4, 100, 15_000}[r.IntN(4)])
		tier := billing.Tier{UpTo: upTo(reached), UnitAmount: amount()}
		if r.IntN(2) == 0 {
			tier.FlatAmount = amount()
		}
		p.Tiers = append(p.Tiers, tier)
	}
	p.Tiers = append(p.Tiers, billing.Tier{UnitAmount: amount(), FlatAmount: amount()})
	return p
}

// seatCounts are the ends of what may be asked, each boundary with its neighbours, and something in between.
func seatCounts(r *rand.Rand, p billing.Price) []int64 {
	out := []int64{1, billing.MaxQuantity, 1 + r.Int64N(billing.MaxQuantity), 1 + r.Int64N(100)}
	for _, t := range p.Tiers {
		if t.UpTo != nil {
			out = append(out, *t.UpTo-1, *t.UpTo, *t.UpTo+1)
		}
	}
	return slices.DeleteFunc(out, func(n int64) bool { return n < 1 || n > billing.MaxQuantity })
}

// due is the rule in rational numbers of major units, bracket by bracket: the interval of seats (below, reach]
// that each bracket covers, cut at the number of seats.
func due(p billing.Price, seats int64) *big.Rat {
	whole := func(n int64) *big.Rat { return new(big.Rat).SetInt64(n) }
	sum := new(big.Rat)
	charge := func(n, unit, flat int64) {
		sum.Add(sum, whole(flat))
		sum.Add(sum, new(big.Rat).Mul(whole(unit), whole(n)))
	}
	below := int64(0)
	for _, t := range p.Tiers {
		reach := seats
		if t.UpTo != nil {
			reach = min(seats, *t.UpTo)
		}
		last := t.UpTo == nil || seats <= *t.UpTo
		switch {
		case p.Scheme == billing.SchemeGraduated && seats > below:
			charge(reach-below, t.UnitAmount, t.FlatAmount)
		case p.Scheme == billing.SchemeVolume && seats > below && last:
			charge(seats, t.UnitAmount, t.FlatAmount)
		}
		below = reach
	}
	if p.Scheme == billing.SchemeFlat && p.PerSeat {
		charge(seats, p.Amount, 0)
	} else if p.Scheme == billing.SchemeFlat {
		charge(1, p.Amount, 0)
	}
	exponent, err := money.Exponent(p.Currency)
	if err != nil {
		panic(err)
	}
	ten := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(exponent)), nil)
	return sum.Quo(sum, new(big.Rat).SetInt(ten))
}

// checkQuote compares total, lines and the written amount with the rule.
func checkQuote(p billing.Price, seats int64) error {
	q, err := billing.QuotePrice(p, seats)
	if err != nil {
		return err
	}
	want := due(p, seats)
	said, ok := new(big.Rat).SetString(money.Decimal(q.Total, q.Currency))
	if !ok || said.Cmp(want) != 0 {
		return fmt.Errorf("%d is %s %s, the rule says %s", q.Total, money.Decimal(q.Total, q.Currency), q.Currency, want.FloatString(3))
	}
	var lines, covered int64
	for _, l := range q.Lines {
		if l.Amount != l.Seats*l.UnitAmount+l.FlatAmount || l.Seats != l.To-l.From+1 || l.From != covered+1 {
			return fmt.Errorf("line %+v follows seat %d", l, covered)
		}
		lines, covered = lines+l.Amount, l.To
	}
	if lines != q.Total || covered != q.Seats {
		return fmt.Errorf("lines of %d seats make %d of %d", covered, lines, q.Total)
	}
	return nil
}

// TestQuoteIsExact tries a million prices and numbers of seats against rational arithmetic.
func TestQuoteIsExact(t *testing.T) {
	t.Parallel()
	steps := payableSteps()
	workers := max(1, runtime.GOMAXPROCS(0))
	var group sync.WaitGroup
	for worker := range workers {
		group.Go(func() {
			r := rand.New(rand.NewPCG(20, uint64(worker))) // #nosec G404,G115 -- a repeatable test
			for done := 0; done < quoteCases/workers+1; {
				p := payablePrice(r, quoteCurrencies, steps)
				for _, seats := range seatCounts(r, p) {
					done++
					if err := checkQuote(p, seats); err != nil {
						t.Errorf("%+v for %d seats: %v", p, seats, err)
						return
					}
				}
			}
		})
	}
	group.Wait()
}
