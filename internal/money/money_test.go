package money_test

import (
	"errors"
	"math"
	"math/big"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/bojanz/currency"

	"github.com/wolfieauth/wolfieauth/internal/money"
)

func TestExponentsAreStripes(t *testing.T) {
	t.Parallel()
	want := map[string]int{
		"PLN": 2, "usd": 2, "EUR": 2, "HUF": 2, "TWD": 2, "ISK": 2, "UGX": 2, "RSD": 2,
		"JPY": 0, "KRW": 0, "VND": 0, "CLP": 0, "XPF": 0,
		"KWD": 3, "BHD": 3, "JOD": 3, "OMR": 3, "TND": 3,
	}
	for code, exponent := range want {
		got, err := money.Exponent(code)
		if err != nil || got != exponent {
			t.Errorf("Exponent(%s) = %d, %v; want %d", code, got, err, exponent)
		}
	}
	for _, code := range []string{"", "XXX", "zł", "PLNN", "BTC"} {
		if money.Known(code) {
			t.Errorf("Known(%q)", code)
		}
		if _, err := money.Canonical(code); !errors.Is(err, money.ErrUnknownCurrency) {
			t.Errorf("Canonical(%q) = %v", code, err)
		}
	}
}

func TestEveryCurrencyCanBeWrittenAndReadBack(t *testing.T) {
	t.Parallel()
	known := 0
	for _, code := range currency.GetCurrencyCodes() {
		if !money.Known(code) {
			continue
		}
		known++
		for _, amount := range []int64{0, 100, 1000, 123400} {
			got, err := money.Parse("pl", money.Decimal(amount, code), code)
			if err != nil || got != amount {
				t.Errorf("%s: %d written as %q read as %d, %v", code, amount, money.Decimal(amount, code), got, err)
			}
			if s := money.Format("pl", amount, code); strings.Contains(s, "  ") || s == "" {
				t.Errorf("%s: formatted as %q", code, s)
			}
		}
	}
	if known < 130 {
		t.Errorf("only %d currencies known", known)
	}
}

func TestFormat(t *testing.T) {
	t.Parallel()
	tests := []struct {
		lang, code  string
		amount      int64
		full, short string
	}{
		{"pl", "PLN", 123456, "1234,56 zł", "1234,56 zł"},
		{"pl", "PLN", 9900, "99,00 zł", "99 zł"},
		{"pl", "pln", 1234567890, "12 345 678,90 zł", "12 345 678,90 zł"},
		{"en", "EUR", 123456, "€1,234.56", "€1,234.56"},
		{"en", "EUR", 2400, "€24.00", "€24"},
		{"en", "PLN", 9900, "PLN 99.00", "PLN 99"},
		{"en", "JPY", 123456, "¥123,456", "¥123,456"},
		{"pl", "JPY", 500, "500 ¥", "500 ¥"},
		{"en", "ISK", 50000, "ISK 500", "ISK 500"},
		{"en", "KWD", 5120, "KWD 5.120", "KWD 5.120"},
		{"en", "HUF", 1045, "HUF 10.45", "HUF 10.45"},
		{"pl", "PLN", -500, "-5,00 zł", "-5 zł"},
		{"pl", "PLN", 5, "0,05 zł", "0,05 zł"},
		{"pl", "QQQ", 5, "QQQ 5", "QQQ 5"},
	}
	for _, tt := range tests {
		full := plainSpaces(money.Format(tt.lang, tt.amount, tt.code))
		short := plainSpaces(money.FormatShort(tt.lang, tt.amount, tt.code))
		if full != tt.full || short != tt.short {
			t.Errorf("%s %d %s: %q, %q; want %q, %q", tt.lang, tt.amount, tt.code, full, short, tt.full, tt.short)
		}
	}
}

func plainSpaces(s string) string {
	return strings.NewReplacer("\u00a0", " ", "\u202f", " ").Replace(s)
}

func TestParse(t *testing.T) {
	t.Parallel()
	tests := []struct {
		lang, text, code string
		want             int64
		err              error
	}{
		{"pl", "99", "PLN", 9900, nil},
		{"pl", "99,00", "PLN", 9900, nil},
		{"pl", "99.00", "PLN", 9900, nil},
		{"pl", " 1 234,56 ", "PLN", 123456, nil},
		{"pl", "1\u00a0234,56", "PLN", 123456, nil},
		{"pl", "1.234,56", "PLN", 123456, nil},
		{"en", "1,234.56", "PLN", 123456, nil},
		{"en", "1,234", "EUR", 123400, nil},
		{"en", "1,234,567", "IDR", 123456700, nil},
		{"en", "1,234", "KWD", 0, money.ErrNotPayable},
		{"en", "1,230", "KWD", 1230, nil},
		{"pl", "0,5", "PLN", 50, nil},
		{"pl", "000099", "PLN", 9900, nil},
		{"pl", "500", "JPY", 500, nil},
		{"pl", "5", "ISK", 500, nil},
		{"pl", "5,00", "UGX", 500, nil},
		{"pl", "5,50", "UGX", 0, money.ErrNotPayable},
		{"pl", "1,234", "PLN", 0, money.ErrTooManyDecimals},
		{"pl", "1.234", "PLN", 0, money.ErrTooManyDecimals},
		{"pl", "5,00", "JPY", 0, money.ErrTooManyDecimals},
		{"pl", "-5", "PLN", 0, money.ErrNegative},
		{"pl", "\u22125", "PLN", 0, money.ErrNegative},
		{"pl", "1000000", "PLN", 0, money.ErrTooLarge},
		{"pl", "999999,99", "PLN", 99999999, nil},
		{"pl", strings.Repeat("9", 400), "PLN", 0, money.ErrTooLarge},
		{"pl", "5e3", "PLN", 0, money.ErrNotNumber},
		{"pl", "", "PLN", 0, money.ErrNotNumber},
		{"pl", "-", "PLN", 0, money.ErrNotNumber},
		{"pl", ",50", "PLN", 0, money.ErrNotNumber},
		{"pl", "5,", "PLN", 0, money.ErrNotNumber},
		{"pl", "12 34", "PLN", 0, money.ErrNotNumber},
		{"pl", "1,2,3", "PLN", 0, money.ErrNotNumber},
		{"pl", "99 zł", "PLN", 0, money.ErrNotNumber},
		{"pl", "+5", "PLN", 0, money.ErrNotNumber},
		{"pl", "٥", "PLN", 0, money.ErrNotNumber},
		{"pl", "5", "ZZZ", 0, money.ErrUnknownCurrency},
	}
	for _, tt := range tests {
		got, err := money.Parse(tt.lang, tt.text, tt.code)
		if !errors.Is(err, tt.err) || (err == nil && got != tt.want) {
			t.Errorf("Parse(%s, %q, %s) = %d, %v; want %d, %v", tt.lang, tt.text, tt.code, got, err, tt.want, tt.err)
		}
	}
}

func TestCheckAndRoundPayable(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		amount, rounded int64
		code            string
		err             error
	}{
		{0, 0, "PLN", nil},
		{5124, 5120, "KWD", money.ErrNotPayable},
		{5125, 5130, "KWD", money.ErrNotPayable},
		{150, 200, "ISK", money.ErrNotPayable},
		{-150, -200, "ISK", money.ErrNegative},
		{149, 149, "HUF", nil},
		{100_000_000, 100_000_000, "PLN", money.ErrTooLarge},
		{100_000_000, 100_000_000, "IDR", nil},
	} {
		if err := money.Check(tt.amount, tt.code); !errors.Is(err, tt.err) {
			t.Errorf("Check(%d, %s) = %v, want %v", tt.amount, tt.code, err, tt.err)
		}
		if got, err := money.RoundPayable(tt.amount, tt.code); err != nil || got != tt.rounded {
			t.Errorf("RoundPayable(%d, %s) = %d, %v; want %d", tt.amount, tt.code, got, err, tt.rounded)
		}
	}
}

// edgy answers numbers that lie near the places where integer arithmetic goes wrong.
func edgy(r *rand.Rand) int64 {
	edges := []int64{0, 1, -1, 2, 3, 10_000, math.MaxInt32, math.MaxInt64, math.MinInt64, math.MaxInt64 - 1, math.MinInt64 + 1}
	if r.IntN(4) == 0 {
		return edges[r.IntN(len(edges))]
	}
	return int64(r.Uint64()) >> r.IntN(64)
}

func TestMulDivHalfUpAgreesWithRationals(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(1, 2))
	for range 200_000 {
		a, num, den := edgy(r), edgy(r), edgy(r)
		if den <= 0 {
			if _, err := money.MulDivHalfUp(a, num, den); err == nil {
				t.Fatalf("divided by %d", den)
			}
			continue
		}
		want := halfAwayFromZero(a, num, den)
		got, err := money.MulDivHalfUp(a, num, den)
		fits := want.IsInt64() && want.Int64() != math.MinInt64
		if fits != (err == nil) || (fits && got != want.Int64()) {
			t.Fatalf("MulDivHalfUp(%d, %d, %d) = %d, %v; want %s", a, num, den, got, err, want)
		}
	}
}

func halfAwayFromZero(a, num, den int64) *big.Int {
	exact := new(big.Rat).SetFrac(new(big.Int).Mul(big.NewInt(a), big.NewInt(num)), big.NewInt(den))
	sign := exact.Sign()
	exact.Abs(exact).Add(exact, big.NewRat(1, 2))
	q := new(big.Int).Quo(exact.Num(), exact.Denom())
	return q.Mul(q, big.NewInt(int64(sign)))
}

func TestAddAgreesWithBigIntegers(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(3, 4))
	for range 100_000 {
		a, b := edgy(r), edgy(r)
		want := new(big.Int).Add(big.NewInt(a), big.NewInt(b))
		got, err := money.Add(a, b)
		if want.IsInt64() != (err == nil) || (err == nil && got != want.Int64()) {
			t.Fatalf("Add(%d, %d) = %d, %v; want %s", a, b, got, err, want)
		}
	}
}

func TestPercent(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ amount, rate, want int64 }{
		{9900, 500, 495}, {9910, 500, 496}, {9909, 500, 495}, {-9910, 500, -496}, {100, 1, 0}, {9900, 0, 0}, {1, 5000, 1},
	} {
		if got, err := money.Percent(tt.amount, tt.rate); err != nil || got != tt.want {
			t.Errorf("Percent(%d, %d) = %d, %v; want %d", tt.amount, tt.rate, got, err, tt.want)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add("pl", "1 234,56", "PLN")
	f.Add("en", "1,234.56", "KWD")
	f.Fuzz(func(t *testing.T, lang, text, code string) {
		amount, err := money.Parse(lang, text, code)
		if err != nil {
			return
		}
		again, err := money.Parse(lang, money.Decimal(amount, code), code)
		if err != nil || again != amount {
			t.Fatalf("%q %s is %d, but %q is %d, %v", text, code, amount, money.Decimal(amount, code), again, err)
		}
	})
}
