package sandbox

import (
	"slices"
	"strconv"
	"strings"
	"time"
)

// A card's trait is what the test number makes of its charges.
const (
	cardPays         = "pays"
	cardDeclined     = "declined"
	cardInsufficient = "insufficient"
	cardFailsLater   = "fails_later" // the first payment on the page passes, later ones fail
	cardNeedsAuth    = "needs_authentication"
)

// testCard is one of the numbers that mean something here.
type testCard struct {
	number, brand, trait, country string
	names                         []string // as pm_card_<name> and tok_<name>
}

var testCards = []testCard{
	{"4242424242424242", "visa", cardPays, "US", []string{"visa", "us"}},
	{"5555555555554444", "mastercard", cardPays, "US", []string{"mastercard"}},
	{"378282246310005", "amex", cardPays, "US", []string{"amex"}},
	{"4000006160000005", "visa", cardPays, "PL", []string{"pl"}},
	{"4000000000000002", "visa", cardDeclined, "US", []string{"chargeDeclined", "visa_chargeDeclined"}},
	{"4000000000009995", "visa", cardInsufficient, "US", []string{"chargeDeclinedInsufficientFunds", "visa_chargeDeclinedInsufficientFunds"}},
	{"4000000000000341", "visa", cardFailsLater, "US", []string{"chargeCustomerFail"}},
	{"4000002500003155", "visa", cardNeedsAuth, "US", []string{"authenticationRequiredOnSetup", "authenticationRequired", "threeDSecure2Required"}},
}

func cardByNumber(number string) (testCard, bool) {
	for _, c := range testCards {
		if c.number == number {
			return c, true
		}
	}
	return testCard{}, false
}

func cardByName(name string) (testCard, bool) {
	for _, c := range testCards {
		if slices.Contains(c.names, name) {
			return c, true
		}
	}
	return testCard{}, false
}

// luhn checks the check digit of a card number of plausible length.
func luhn(number string) bool {
	if len(number) < 12 || len(number) > 19 {
		return false
	}
	sum := 0
	for i := range len(number) {
		d := int(number[len(number)-1-i]) - '0'
		if d < 0 || d > 9 {
			return false
		}
		if i%2 == 1 {
			if d *= 2; d > 9 {
				d -= 9
			}
		}
		sum += d
	}
	return sum%10 == 0
}

// digits keeps the digits of a typed number, if there is nothing but digits,
// spaces and dashes.
func digits(s string) (string, bool) {
	out := strings.NewReplacer(" ", "", "-", "", "\u00a0", "").Replace(s)
	return out, out != "" && strings.Trim(out, "0123456789") == ""
}

// parseExpiry reads "MM / YY", "MMYY" or "MM/YYYY".
func parseExpiry(s string) (month, year int, ok bool) {
	compact := strings.NewReplacer(" ", "", "/", "", "-", "").Replace(s)
	if len(compact) != 4 && len(compact) != 6 {
		return 0, 0, false
	}
	month, errMonth := strconv.Atoi(compact[:2])
	year, errYear := strconv.Atoi(compact[2:])
	if errMonth != nil || errYear != nil || month < 1 || month > 12 {
		return 0, 0, false
	}
	if year < 100 {
		year += 2000
	}
	return month, year, true
}

func expired(month, year int, now int64) bool {
	return !time.Date(year, time.Month(month)+1, 1, 0, 0, 0, 0, time.UTC).After(time.Unix(now, 0))
}

// newCard makes a card payment method, not yet attached.
func (t *tx) newCard(card testCard, month, year int, billing obj) obj {
	o := t.base("payment_method", "pm_")
	o["customer"], o["type"] = nil, "card"
	o["billing_details"] = obj{"address": obj{"city": nil, "country": nil, "line1": nil, "line2": nil, "postal_code": nil, "state": nil}, "email": billing["email"], "name": billing["name"], "phone": billing["phone"]}
	o["card"] = obj{
		"brand": card.brand, "checks": obj{"address_line1_check": nil, "address_postal_code_check": nil, "cvc_check": "pass"},
		"country": card.country, "display_brand": card.brand, "exp_month": int64(month), "exp_year": int64(year), "fingerprint": "fp" + card.number[len(card.number)-10:],
		"funding": "credit", "generated_from": nil, "last4": card.number[len(card.number)-4:], "networks": obj{"available": []any{card.brand}, "preferred": nil},
		"three_d_secure_usage": obj{"supported": true}, "wallet": nil,
	}
	o["_trait"] = card.trait
	return o
}
