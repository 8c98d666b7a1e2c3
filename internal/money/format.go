package money

import (
	"fmt"
	"strings"

	"github.com/bojanz/currency"
)

// Format writes an amount for a reader of lang ("pl", "en"), with all its decimals: `1234,56 zł`,
// `€1,234.56`. An unknown currency is written plainly, code and minor units, rather than guessed.
func Format(lang string, amount int64, code string) string {
	return format(lang, amount, code, false)
}

// FormatShort is [Format] without the decimals of a whole amount: `99 zł`.
func FormatShort(lang string, amount int64, code string) string {
	return format(lang, amount, code, true)
}

func format(lang string, amount int64, code string, short bool) string {
	upper, r, err := ruleOf(code)
	if err != nil {
		return fmt.Sprintf("%s %d", strings.ToUpper(code), amount)
	}
	number := Decimal(amount, code)
	a, err := currency.NewAmount(number, upper)
	if err != nil {
		return upper + " " + number
	}
	full := uint8(r.exponent) // #nosec G115 -- 0, 2 or 3
	digits := full
	if r.step == 100 || (short && amount%pow10(r.exponent) == 0) {
		digits = 0
	}
	f := currency.NewFormatter(currency.NewLocale(lang))
	f.MinDigits, f.MaxDigits = digits, full
	return f.Format(a)
}

// Decimal writes an amount as a plain decimal number with a point, as form fields and e-invoices hold it:
// 123456 PLN is "1234.56". An unknown currency is written in minor units.
func Decimal(amount int64, code string) string {
	_, r, _ := ruleOf(code)
	sign := ""
	if amount < 0 {
		sign = "-"
	}
	digits := fmt.Sprintf("%0*d", r.exponent+1, magnitude(amount))
	cut := len(digits) - r.exponent
	if r.exponent == 0 {
		return sign + digits
	}
	return sign + digits[:cut] + "." + digits[cut:]
}

func pow10(n int) int64 {
	p := int64(1)
	for range n {
		p *= 10
	}
	return p
}
