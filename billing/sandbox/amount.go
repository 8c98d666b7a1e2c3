package sandbox

import (
	"math/big"
	"strings"
)

// share is the part of a price's total that one tier accounts for; a per-unit
// or volume price has exactly one.
type share struct {
	quantity int64
	amount   int64 // minor units
	tier     int   // 1-based tier of a graduated price, 0 otherwise
}

// shares computes what a quantity of a price costs for one period.
func shares(price obj, quantity int64) []share {
	if price.str("billing_scheme") != "tiered" {
		return []share{{quantity: quantity, amount: halfUp(times(price.str("unit_amount_decimal"), quantity))}}
	}
	tiers := price.objs("+tiers")
	if price.str("tiers_mode") == "volume" {
		return []share{volumeShare(tiers, quantity)}
	}
	return graduatedShares(tiers, quantity)
}

// volumeShare prices all units at the tier that the quantity reaches.
func volumeShare(tiers []obj, quantity int64) share {
	for _, tier := range tiers {
		if !tier.has("up_to") || quantity <= tier.num("up_to") {
			return share{quantity: quantity, amount: tierAmount(tier, quantity)}
		}
	}
	return share{quantity: quantity}
}

// graduatedShares prices each tier's units at the tier's own price. Quantity 0
// still pays the flat amount of the first tier, as Stripe charges it.
func graduatedShares(tiers []obj, quantity int64) []share {
	var out []share
	below := int64(0)
	for i, tier := range tiers {
		units := quantity - below
		if tier.has("up_to") {
			units = min(units, tier.num("up_to")-below)
		}
		out = append(out, share{quantity: units, amount: tierAmount(tier, units), tier: i + 1})
		below += units
		if below >= quantity {
			break
		}
	}
	return out
}

func tierAmount(tier obj, units int64) int64 {
	sum := times(tier.str("unit_amount_decimal"), units)
	return halfUp(sum.Add(sum, rational(tier.str("flat_amount_decimal"))))
}

func total(price obj, quantity int64) int64 {
	var sum int64
	for _, s := range shares(price, quantity) {
		sum += s.amount
	}
	return sum
}

func times(unit string, n int64) *big.Rat {
	return new(big.Rat).Mul(rational(unit), new(big.Rat).SetInt64(n))
}

// halfUp rounds to whole minor units, a half away from zero.
func halfUp(r *big.Rat) int64 {
	negative := r.Sign() < 0
	abs := new(big.Rat).Abs(r)
	num := new(big.Int).Lsh(abs.Num(), 1) // (2n + d) / 2d
	num.Add(num, abs.Denom())
	num.Quo(num, new(big.Int).Lsh(abs.Denom(), 1))
	if negative {
		num.Neg(num)
	}
	return num.Int64()
}

// percentOf takes a percentage such as "2.5" of an amount, rounded half up.
func percentOf(amount int64, percent string) int64 {
	r := times(percent, amount)
	return halfUp(r.Quo(r, big.NewRat(100, 1)))
}

// amountLimit is Stripe's largest amount, eight digits; wideLimit is that of the rupiah, twelve.
const (
	amountLimit = 99_999_999
	wideLimit   = 999_999_999_999
)

func limitOf(currency string) int64 {
	if currency == "idr" {
		return wideLimit
	}
	return amountLimit
}

var zeroDecimal = words("bif clp djf gnf jpy kmf krw mga pyg rwf vnd vuv xaf xof xpf")

var threeDecimal = words("bhd jod kwd omr tnd")

var currencies = words(`usd aed afn all amd ang aoa ars aud awg azn bam bbd bdt bgn bhd bif bmd bnd bob brl bsd bwp byn bzd cad cdf chf
	clp cny cop crc cve czk djf dkk dop dzd egp etb eur fjd fkp gbp gel gip gmd gnf gtq gyd hkd hnl htg huf idr ils inr isk jmd jod jpy
	kes kgs khr kmf krw kwd kyd kzt lak lbp lkr lrd lsl mad mdl mga mkd mmk mnt mop mur mvr mwk mxn myr mzn nad ngn nio nok npr nzd omr
	pab pen pgk php pkr pln pyg qar ron rsd rub rwf sar sbd scr sek sgd shp sle sos srd std szl thb tjs tnd top try ttd twd tzs uah ugx
	uyu uzs vnd vuv wst xaf xcd xof xpf yer zar zmw`)

func words(list string) map[string]bool {
	out := map[string]bool{}
	for w := range strings.FieldsSeq(list) {
		out[w] = true
	}
	return out
}

// exponent is how many decimals Stripe counts in a currency.
func exponent(currency string) int {
	switch {
	case zeroDecimal[currency]:
		return 0
	case threeDecimal[currency]:
		return 3
	default:
		return 2
	}
}

func checkCurrency(params obj) *apiError {
	currency := strings.ToLower(params.str("currency"))
	if !currencies[currency] {
		return badRequest("", "currency", "Invalid currency: %s. Stripe currently supports these currencies: %s", params.str("currency"), "aed, ..., eur, ..., pln, ..., usd, ..., zmw")
	}
	params["currency"] = currency
	return nil
}
