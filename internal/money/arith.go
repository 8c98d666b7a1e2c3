package money

import (
	"fmt"
	"math"
	"math/bits"
)

// Add adds amounts of one currency, or answers [ErrTooLarge] where an int64 cannot hold the sum.
func Add(amounts ...int64) (int64, error) {
	var sum int64
	for _, a := range amounts {
		next := sum + a
		if (a > 0 && next < sum) || (a < 0 && next > sum) {
			return 0, fmt.Errorf("%w: %d + %d", ErrTooLarge, sum, a)
		}
		sum = next
	}
	return sum, nil
}

// Mul multiplies an amount, by a number of seats for instance, or answers [ErrTooLarge].
func Mul(amount, by int64) (int64, error) {
	return MulDivHalfUp(amount, by, 1)
}

// MulDivHalfUp answers amount*num/den, the product taken exactly, the quotient rounded half away from zero
// so that a reversal is the exact negative of what it reverses. den must be positive. [ErrTooLarge] where the
// result does not fit.
func MulDivHalfUp(amount, num, den int64) (int64, error) {
	if den <= 0 {
		return 0, fmt.Errorf("%w: divided by %d", ErrNotNumber, den)
	}
	negative := (amount < 0) != (num < 0)
	hi, lo := bits.Mul64(magnitude(amount), magnitude(num))
	d := uint64(den)
	lo, carry := bits.Add64(lo, d/2, 0)
	hi += carry
	if hi >= d {
		return 0, fmt.Errorf("%w: %d * %d / %d", ErrTooLarge, amount, num, den)
	}
	// For an odd den the addend is (den-1)/2: a remainder of exactly half does not exist there.
	q, _ := bits.Div64(hi, lo, d)
	if q > math.MaxInt64 {
		return 0, fmt.Errorf("%w: %d * %d / %d", ErrTooLarge, amount, num, den)
	}
	if negative {
		return -int64(q), nil
	}
	return int64(q), nil
}

// Percent answers the share of an amount for a rate in hundredths of a percent (500 is 5 %), rounded as
// [MulDivHalfUp] does.
func Percent(amount, basisPoints int64) (int64, error) {
	return MulDivHalfUp(amount, basisPoints, 10_000)
}

func magnitude(n int64) uint64 {
	if n < 0 {
		return -uint64(n) // #nosec G115 -- two's complement is meant: right for the least int64 too
	}
	return uint64(n)
}
