package billing_test

import (
	"errors"
	"math"
	"math/big"
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wolfieauth/wolfieauth/billing"
	"github.com/wolfieauth/wolfieauth/internal/money"
)

func upTo(n int64) *int64 { return &n }

func tiered(scheme billing.Scheme) billing.Price {
	return billing.Price{
		ID: "p", Currency: "PLN", Interval: billing.IntervalMonth, PerSeat: true, Scheme: scheme,
		Tiers: []billing.Tier{
			{UpTo: upTo(10), UnitAmount: 9900},
			{UpTo: upTo(60), UnitAmount: 8900, FlatAmount: 500},
			{UnitAmount: 7900},
		},
	}
}

func TestQuoteOfEachScheme(t *testing.T) {
	t.Parallel()
	flat := billing.Price{Currency: "PLN", Interval: billing.IntervalMonth, Scheme: billing.SchemeFlat, Amount: 9900}
	seat := flat
	seat.PerSeat = true
	cases := []struct {
		name  string
		price billing.Price
		seats int64
		total int64
	}{
		{"flat is the same for one", flat, 1, 9900},
		{"flat is the same for many", flat, 14, 9900},
		{"per seat multiplies", seat, 14, 138600},
		{"volume below the boundary", tiered(billing.SchemeVolume), 9, 89100},
		{"volume at the boundary", tiered(billing.SchemeVolume), 10, 99000},
		{"volume past the boundary is cheaper for all", tiered(billing.SchemeVolume), 11, 11*8900 + 500},
		{"volume in the open bracket", tiered(billing.SchemeVolume), 61, 61 * 7900},
		{"graduated at the boundary", tiered(billing.SchemeGraduated), 10, 99000},
		{"graduated past the boundary", tiered(billing.SchemeGraduated), 11, 99000 + 8900 + 500},
		{"graduated at the second boundary", tiered(billing.SchemeGraduated), 60, 99000 + 50*8900 + 500},
		{"graduated in the open bracket", tiered(billing.SchemeGraduated), 61, 99000 + 50*8900 + 500 + 7900},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			q, err := billing.QuotePrice(tc.price, tc.seats)
			if err != nil || q.Total != tc.total {
				t.Errorf("QuotePrice = %d, %v; want %d", q.Total, err, tc.total)
			}
		})
	}
}

func TestQuoteShowsItsLines(t *testing.T) {
	t.Parallel()
	q, err := billing.QuotePrice(tiered(billing.SchemeGraduated), 14)
	if err != nil {
		t.Fatal(err)
	}
	want := []billing.QuoteLine{
		{From: 1, To: 10, Seats: 10, UnitAmount: 9900, Amount: 99000},
		{From: 11, To: 14, Seats: 4, UnitAmount: 8900, FlatAmount: 500, Amount: 36100},
	}
	if diff := cmp.Diff(want, q.Lines); diff != "" {
		t.Errorf("lines (-want +got):\n%s", diff)
	}
}

func TestQuoteRefuses(t *testing.T) {
	t.Parallel()
	for _, seats := range []int64{0, -1, billing.MaxQuantity + 1, 1e9, math.MinInt64, math.MaxInt64} {
		if _, err := billing.QuotePrice(tiered(billing.SchemeVolume), seats); !errors.Is(err, billing.ErrQuantity) {
			t.Errorf("%d seats: %v, want ErrQuantity", seats, err)
		}
	}
	huge := billing.Price{Scheme: billing.SchemeFlat, PerSeat: true, Amount: math.MaxInt64 / 2}
	if _, err := billing.QuotePrice(huge, 3); !errors.Is(err, money.ErrTooLarge) {
		t.Errorf("overflow: %v, want ErrTooLarge", err)
	}
	closed := tiered(billing.SchemeVolume)
	closed.Tiers = closed.Tiers[:2]
	for _, scheme := range []billing.Scheme{billing.SchemeVolume, billing.SchemeGraduated, "free"} {
		closed.Scheme = scheme
		if _, err := billing.QuotePrice(closed, 61); err == nil {
			t.Errorf("%s: seats beyond the last bracket were priced", scheme)
		}
	}
}

// modelTotal is the rule written a second time: seat by seat, in rational numbers.
func modelTotal(p billing.Price, seats int64) *big.Rat {
	bracket := func(seat int64) int {
		for i, t := range p.Tiers {
			if t.UpTo == nil || seat <= *t.UpTo {
				return i
			}
		}
		return -1
	}
	sum := new(big.Rat)
	add := func(n int64) { sum.Add(sum, new(big.Rat).SetInt64(n)) }
	switch {
	case p.Scheme == billing.SchemeFlat && !p.PerSeat:
		add(p.Amount)
	case p.Scheme == billing.SchemeFlat:
		for range seats {
			add(p.Amount)
		}
	case p.Scheme == billing.SchemeVolume:
		b := bracket(seats)
		for range seats {
			add(p.Tiers[b].UnitAmount)
		}
		add(p.Tiers[b].FlatAmount)
	default:
		reached := -1
		for seat := int64(1); seat <= seats; seat++ {
			b := bracket(seat)
			add(p.Tiers[b].UnitAmount)
			if b != reached {
				add(p.Tiers[b].FlatAmount)
				reached = b
			}
		}
	}
	return sum
}

func randomPrice(r *rand.Rand) billing.Price {
	schemes := []billing.Scheme{billing.SchemeFlat, billing.SchemeVolume, billing.SchemeGraduated}
	p := billing.Price{Scheme: schemes[r.IntN(3)], PerSeat: r.IntN(2) == 0, Amount: r.Int64N(99_999_999)}
	if p.Scheme == billing.SchemeFlat {
		return p
	}
	p.PerSeat = true
	reached := int64(0)
	for range 1 + r.IntN(5) {
		reached += 1 + r.Int64N(8)
		p.Tiers = append(p.Tiers, billing.Tier{UpTo: upTo(reached), UnitAmount: r.Int64N(99_999_999), FlatAmount: r.Int64N(3) * r.Int64N(99_999_999)})
	}
	p.Tiers[len(p.Tiers)-1].UpTo = nil
	return p
}

func TestQuoteAgreesWithTheModel(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(1, 2)) // #nosec G404 -- a repeatable test
	for range 20_000 {
		p := randomPrice(r)
		counts := []int64{1, 1 + r.Int64N(60)}
		for _, tier := range p.Tiers {
			if tier.UpTo != nil {
				counts = append(counts, max(1, *tier.UpTo-1), *tier.UpTo, *tier.UpTo+1)
			}
		}
		for _, seats := range counts {
			q, err := billing.QuotePrice(p, seats)
			if err != nil {
				t.Fatalf("%+v for %d: %v", p, seats, err)
			}
			if want := modelTotal(p, seats); want.Cmp(new(big.Rat).SetInt64(q.Total)) != 0 {
				t.Fatalf("%+v for %d: %d, the model says %s", p, seats, q.Total, want)
			}
		}
	}
}
