package sandbox

import "math/big"

// prorate is the part of an amount that belongs to the rest of a period,
// to the second, rounded half up: amount * (end - at) / (end - start).
func prorate(amount, start, end, at int64) int64 {
	if end <= start || at >= end {
		return 0
	}
	at = max(at, start)
	return halfUp(new(big.Rat).Mul(new(big.Rat).SetInt64(amount), big.NewRat(end-at, end-start)))
}
