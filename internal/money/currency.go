package money

import (
	"errors"
	"fmt"
	"strings"
)

// What a user can get wrong about an amount. Each is one message beside one field.
var (
	// ErrUnknownCurrency means that Stripe does not charge in this currency.
	ErrUnknownCurrency = errors.New("unknown currency")
	// ErrNotNumber means that the text is no amount of money.
	ErrNotNumber = errors.New("not an amount")
	// ErrTooManyDecimals means more decimals than the currency is counted in.
	ErrTooManyDecimals = errors.New("too many decimals")
	// ErrNegative means an amount below zero.
	ErrNegative = errors.New("negative amount")
	// ErrTooLarge means an amount that Stripe would refuse, or that does not fit an int64.
	ErrTooLarge = errors.New("amount too large")
	// ErrNotPayable means that Stripe refuses the last digits: ISK and UGX must be whole, and the last digit
	// of a three-decimal amount must be zero.
	ErrNotPayable = errors.New("amount cannot be paid exactly")
)

// maxAmount is Stripe's bound for an amount: eight digits.
const maxAmount = 99_999_999

// maxAmountIDR is the one wider bound that Stripe has always documented: twelve digits for the rupiah.
const maxAmountIDR = 999_999_999_999

// twoDecimal holds Stripe's presentment currencies that are counted in hundredths. ISK and UGX are among them
// for backwards compatibility (step 100).
const twoDecimal = `AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BMD BND BOB BRL BSD BWP BYN BZD CAD CDF
CHF CNY COP CRC CVE CZK DKK DOP DZD EGP ETB EUR FJD FKP GBP GEL GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS INR ISK JMD
KES KGS KHR KYD KZT LAK LBP LKR LRD LSL MAD MDL MKD MMK MNT MOP MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD PAB
PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SEK SGD SHP SLE SOS SRD SZL THB TJS TOP TRY TTD TWD TZS UAH UGX USD
UYU UZS WST XCD YER ZAR ZMW`

const (
	zeroDecimal  = "BIF CLP DJF GNF JPY KMF KRW MGA PYG RWF VND VUV XAF XOF XPF"
	threeDecimal = "BHD JOD KWD OMR TND"
)

type rule struct {
	exponent int
	step     int64 // every amount is a multiple of it
	max      int64
}

var rules = buildRules()

func buildRules() map[string]rule {
	m := map[string]rule{}
	for c := range strings.FieldsSeq(twoDecimal) {
		m[c] = rule{exponent: 2, step: 1, max: maxAmount}
	}
	for c := range strings.FieldsSeq(zeroDecimal) {
		m[c] = rule{exponent: 0, step: 1, max: maxAmount}
	}
	for c := range strings.FieldsSeq(threeDecimal) {
		m[c] = rule{exponent: 3, step: 10, max: maxAmount}
	}
	for _, c := range []string{"ISK", "UGX"} {
		m[c] = rule{exponent: 2, step: 100, max: maxAmount}
	}
	m["IDR"] = rule{exponent: 2, step: 1, max: maxAmountIDR}
	return m
}

func ruleOf(currency string) (code string, r rule, err error) {
	code = strings.ToUpper(currency)
	r, ok := rules[code]
	if !ok {
		return "", rule{}, fmt.Errorf("%w: %q", ErrUnknownCurrency, currency)
	}
	return code, r, nil
}

// Known tells whether Stripe charges in currency.
func Known(currency string) bool {
	_, _, err := ruleOf(currency)
	return err == nil
}

// Canonical answers the code as it is stored, upper case, or [ErrUnknownCurrency].
func Canonical(currency string) (string, error) {
	code, _, err := ruleOf(currency)
	return code, err
}

// Exponent answers how many decimals Stripe counts currency in: 0, 2 or 3; or [ErrUnknownCurrency].
func Exponent(currency string) (int, error) {
	_, r, err := ruleOf(currency)
	return r.exponent, err
}

// Max answers the largest amount that Stripe charges at once in currency; 0 for an unknown one.
func Max(currency string) int64 {
	_, r, _ := ruleOf(currency)
	return r.max
}

// Check tells whether an amount can be a price or a charge: [ErrUnknownCurrency], [ErrNegative],
// [ErrTooLarge] or [ErrNotPayable]; zero is fine.
func Check(amount int64, currency string) error {
	code, r, err := ruleOf(currency)
	switch {
	case err != nil:
		return err
	case amount < 0:
		return fmt.Errorf("%w: %d %s", ErrNegative, amount, code)
	case amount > r.max:
		return fmt.Errorf("%w: %d %s", ErrTooLarge, amount, code)
	case amount%r.step != 0:
		return fmt.Errorf("%w: %d %s is no multiple of %d", ErrNotPayable, amount, code, r.step)
	}
	return nil
}

// RoundPayable rounds an amount, half away from zero, to one that Stripe accepts in currency: whole ISK and
// UGX, tens in a three-decimal currency, unchanged elsewhere.
func RoundPayable(amount int64, currency string) (int64, error) {
	_, r, err := ruleOf(currency)
	if err != nil || r.step == 1 {
		return amount, err
	}
	steps, err := MulDivHalfUp(amount, 1, r.step)
	if err != nil {
		return 0, err
	}
	return Mul(steps, r.step)
}
