package sandbox

import "time"

const (
	hour = int64(60 * 60)
	day  = 24 * hour
)

// step moves an anchor by n billing intervals. Months keep the anchor's day
// and fall back to the last day of a shorter month: 31 January, 28 February,
// 31 March.
func step(anchor int64, interval string, n int64) int64 {
	switch interval {
	case "day":
		return anchor + n*day
	case "week":
		return anchor + n*7*day
	case "year":
		return addMonths(anchor, 12*n)
	default:
		return addMonths(anchor, n)
	}
}

func addMonths(anchor, n int64) int64 {
	at := time.Unix(anchor, 0).UTC()
	first := time.Date(at.Year(), at.Month()+time.Month(n), 1, at.Hour(), at.Minute(), at.Second(), 0, time.UTC)
	last := first.AddDate(0, 1, -1).Day()
	return first.AddDate(0, 0, min(at.Day(), last)-1).Unix()
}

// nextBoundary is the first period end after a moment, counted from the anchor,
// so that short months never shift the later ones.
func nextBoundary(anchor, after int64, recurring obj) int64 {
	interval, size := recurring.str("interval"), max(recurring.num("interval_count"), 1)
	if anchor > after {
		return anchor
	}
	n := int64(1)
	for step(anchor, interval, n*size) <= after {
		n++
	}
	return step(anchor, interval, n*size)
}
