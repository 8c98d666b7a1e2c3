package ksef

import (
	"regexp"
	"strconv"
	"time"
)

var (
	countryForm  = regexp.MustCompile(`^[A-Z]{2}$`)
	currencyForm = regexp.MustCompile(`^[A-Z]{3}$`)
	bankForm     = regexp.MustCompile(`^[0-9A-Z]{10,34}$`)
	rateForm     = regexp.MustCompile(`^(\d{1,9})(?:\.(\d{1,6}))?$`)
	numberForm   = regexp.MustCompile(`^[1-9]\d{9}-20\d{6}-[0-9A-F]{6}-?[0-9A-F]{6}-[0-9A-F]{2}$`)
	// earliest is the first day of FA(3).
	earliest = time.Date(2025, 9, 1, 0, 0, 0, 0, time.UTC)
)

const rateUnit = 1_000_000

// parseRate reads an exchange rate in millionths.
func parseRate(s string) (int64, error) {
	m := rateForm.FindStringSubmatch(s)
	if m == nil {
		return 0, invalid("the exchange rate")
	}
	n, err := strconv.ParseInt(m[1]+(m[2] + "000000")[:6], 10, 64)
	if err != nil || n == 0 {
		return 0, invalid("the exchange rate")
	}
	return n, nil
}
