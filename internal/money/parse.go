package money

import (
	"fmt"
	"strconv"
	"strings"
)

// Parse reads what a person typed as an amount of currency: "99", "99,00", "99.00", "1 234,56", and the
// grouped forms "1,234.56" and "1.234,56". A comma or a point that stands alone separates the decimals, save
// for English, where a comma before exactly three digits groups thousands.
//
// It answers exactly one of [ErrUnknownCurrency], [ErrNotNumber], [ErrTooManyDecimals], [ErrNegative],
// [ErrTooLarge], [ErrNotPayable], so that a form can say it beside the field. Zeros beyond the currency's
// decimals are refused too: a yen price of "5.00" may be a mistake of a hundredfold.
func Parse(lang, text, code string) (int64, error) {
	_, r, err := ruleOf(code)
	if err != nil {
		return 0, err
	}
	s, negative := strings.CutPrefix(strings.Replace(strings.TrimSpace(text), "\u2212", "-", 1), "-")
	whole, fraction, err := split(lang, s, r.exponent)
	if err != nil {
		return 0, fmt.Errorf("%w: %q", err, text)
	}
	if negative {
		return 0, fmt.Errorf("%w: %q", ErrNegative, text)
	}
	// A whole króna may be written with its zeros; Check refuses other decimals.
	if len(fraction) > r.exponent {
		return 0, fmt.Errorf("%w: %q", ErrTooManyDecimals, text)
	}
	digits := strings.TrimLeft(whole+fraction+strings.Repeat("0", r.exponent-len(fraction)), "0")
	if len(digits) > len("999999999999") {
		return 0, fmt.Errorf("%w: %q", ErrTooLarge, text)
	}
	amount, _ := strconv.ParseInt("0"+digits, 10, 64)
	return amount, Check(amount, code)
}

// split takes a number apart at its decimal separator and takes the grouping out of its whole part.
func split(lang, s string, exponent int) (whole, fraction string, err error) {
	at := decimalAt(lang, s, exponent)
	whole = s
	if at >= 0 {
		whole, fraction = s[:at], s[at+1:]
		if fraction == "" || !allDigits(fraction) {
			return "", "", ErrNotNumber
		}
	}
	whole, ok := ungroup(whole)
	if !ok {
		return "", "", ErrNotNumber
	}
	return whole, fraction, nil
}

// decimalAt finds the decimal separator; -1 when there is none.
func decimalAt(lang, s string, exponent int) int {
	last := strings.LastIndexAny(s, ".,")
	if last < 0 {
		return -1
	}
	sep := s[last : last+1]
	other := map[string]string{".": ",", ",": "."}[sep]
	mixed := strings.Contains(s, other)
	if strings.Count(s, sep) > 1 {
		return -1 // "1,234,567": a separator that repeats groups
	}
	groups := len(s)-last-1 == 3 && !mixed && sep == "," && lang == "en" && exponent < 3
	if groups {
		return -1
	}
	return last
}

// ungroup takes one kind of thousands separator out, and only from where it belongs.
func ungroup(s string) (string, bool) {
	s = strings.NewReplacer("\u00a0", " ", "\u202f", " ", "'", " ", "\u2019", " ").Replace(s)
	for _, sep := range []string{" ", ",", "."} {
		if !strings.Contains(s, sep) {
			continue
		}
		groups := strings.Split(s, sep)
		for i, g := range groups {
			if (i > 0 && len(g) != 3) || (i == 0 && (g == "" || len(g) > 3)) {
				return "", false
			}
		}
		s = strings.Join(groups, "")
		break
	}
	return s, s != "" && allDigits(s)
}

func allDigits(s string) bool {
	return strings.Trim(s, "0123456789") == ""
}
