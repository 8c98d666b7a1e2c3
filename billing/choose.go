package billing

import (
	"cmp"
	"slices"
	"strings"
)

// Visitor is what is known of who looks at prices. Country is an ISO 3166-1 code, upper case, or "": from a
// trusted proxy, else the visitor's own choice. Currency is the visitor's own choice, or "".
type Visitor struct {
	Country  string
	Currency string
}

// SoldIn tells whether the price may be bought from country. An unknown country ("") buys global prices only.
func (p Price) SoldIn(country string) bool {
	return len(p.CountryCodes) == 0 || slices.Contains(p.CountryCodes, strings.ToUpper(country))
}

// PricesFor answers the prices that the visitor's country may buy, a country's own price instead of the
// global one of the same currency and interval, in the order of the plan.
func PricesFor(prices []Price, country string) []Price {
	var out []Price
	for _, p := range prices {
		if p.RetiredAt == nil && p.SoldIn(country) && !outranked(p, prices, country) {
			out = append(out, p)
		}
	}
	return out
}

func outranked(p Price, prices []Price, country string) bool {
	if len(p.CountryCodes) > 0 {
		return false
	}
	return slices.ContainsFunc(prices, func(o Price) bool {
		return len(o.CountryCodes) > 0 && o.RetiredAt == nil && o.SoldIn(country) &&
			o.Currency == p.Currency && o.Interval == p.Interval
	})
}

// Choice is the currency in which a visitor sees a catalogue, and why.
type Choice struct {
	Country  string // as used: the visitor's, else the app's default
	Currency string
	// ByCountry is true when the country has prices of its own in Currency: "Prices for Poland".
	ByCountry bool
	// Currencies are all that the country may buy, sorted, for the switch.
	Currencies []string
}

// Choose decides country and currency for a visitor. The visitor's currency stands where something is sold in
// it; else the currency of the country's own prices; else the app's default; else the first that is sold.
func (c Catalog) Choose(v Visitor) Choice {
	out := Choice{Country: cmp.Or(strings.ToUpper(v.Country), c.Settings.DefaultCountry)}
	own := map[string]bool{}
	for _, plan := range c.Plans {
		for _, p := range PricesFor(plan.Prices, out.Country) {
			if !slices.Contains(out.Currencies, p.Currency) {
				out.Currencies = append(out.Currencies, p.Currency)
			}
			own[p.Currency] = own[p.Currency] || len(p.CountryCodes) > 0
		}
	}
	slices.Sort(out.Currencies)
	out.Currency = c.chooseCurrency(strings.ToUpper(v.Currency), own, out.Currencies)
	out.ByCountry = own[out.Currency]
	return out
}

func (c Catalog) chooseCurrency(wanted string, own map[string]bool, sold []string) string {
	if wanted != "" && slices.Contains(sold, wanted) {
		return wanted
	}
	// The default wins among several currencies of the country's own.
	if def := c.Settings.DefaultCurrency; own[def] {
		return def
	}
	for _, currency := range sold {
		if own[currency] {
			return currency
		}
	}
	if def := c.Settings.DefaultCurrency; slices.Contains(sold, def) || len(sold) == 0 {
		return def
	}
	return sold[0]
}

// Sells tells whether the country of the choice may buy a price of the plan: one that is sold there and that no price
// of the country's own stands before.
func (ch Choice) Sells(plan Plan, price Price) bool {
	return slices.ContainsFunc(PricesFor(plan.Prices, ch.Country), func(p Price) bool { return p.ID == price.ID })
}

// PriceOf answers the price of a plan for an interval and a currency in the country of the choice.
func (ch Choice) PriceOf(plan Plan, interval Interval, currency string) (Price, bool) {
	for _, p := range PricesFor(plan.Prices, ch.Country) {
		if p.Interval == interval && p.Currency == currency {
			return p, true
		}
	}
	return Price{}, false
}
