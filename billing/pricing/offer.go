package pricing

import (
	"slices"

	"github.com/wolfieauth/wolfieauth/billing"
)

// offer is a catalogue as one visitor may buy from it: what is listed, in which currency, for which interval.
type offer struct {
	catalog billing.Catalog
	choice  billing.Choice
	// plans are the listed ones, and a hidden one where the address names it.
	plans     []billing.Plan
	intervals []billing.Interval
	interval  billing.Interval
	// fixedCountry is true when a trusted proxy said the country, so that the visitor cannot choose another.
	fixedCountry bool
	sel          selection
}

// newOffer decides what the visitor sees. proxyCountry is what a trusted proxy said, or "".
func newOffer(c billing.Catalog, sel selection, proxyCountry string) offer {
	o := offer{catalog: c, sel: sel, fixedCountry: proxyCountry != ""}
	if o.fixedCountry {
		o.sel.Country = proxyCountry
	}
	o.followPrice()
	o.choice = c.Choose(billing.Visitor{Country: o.sel.Country, Currency: o.sel.Currency})
	for _, p := range c.Plans {
		if !p.Hidden || o.sel.Plan != "" && p.Slug == o.sel.Plan {
			o.plans = append(o.plans, p)
		}
	}
	o.chooseInterval()
	return o
}

// followPrice reads a chosen price id as the plan, interval and currency that it stands for.
func (o *offer) followPrice() {
	if o.sel.PriceID == "" {
		return
	}
	price, plan, err := o.catalog.Price(o.sel.PriceID)
	if err != nil {
		return
	}
	o.sel.Plan, o.sel.Currency = plan.Slug, price.Currency
	// A plan without a yearly price stands on the yearly side too; the page stays on the side it was on.
	if o.sel.Interval == "" {
		o.sel.Interval = price.Interval
	}
}

func (o *offer) chooseInterval() {
	for _, interval := range []billing.Interval{billing.IntervalMonth, billing.IntervalYear, billing.IntervalOneTime} {
		if slices.ContainsFunc(o.plans, func(p billing.Plan) bool { return o.sells(p, interval) }) {
			o.intervals = append(o.intervals, interval)
		}
	}
	if slices.Contains(o.intervals, o.sel.Interval) {
		o.interval = o.sel.Interval
	} else if len(o.intervals) > 0 {
		o.interval = o.intervals[0]
		// A deep link to a plan that is sold by the year alone opens the yearly side.
		for _, p := range o.plans {
			if price, ok := o.price(p); ok && p.Slug == o.sel.Plan {
				o.interval = price.Interval
			}
		}
	}
}

func (o *offer) sells(p billing.Plan, interval billing.Interval) bool {
	_, ok := o.choice.PriceOf(p, interval, o.choice.Currency)
	return ok
}

// price is the one that stands on the plan's card: that of the chosen interval, else another one in the
// currency.
func (o *offer) price(p billing.Plan) (billing.Price, bool) {
	for _, interval := range []billing.Interval{o.interval, billing.IntervalMonth, billing.IntervalYear, billing.IntervalOneTime} {
		if price, ok := o.choice.PriceOf(p, interval, o.choice.Currency); ok {
			return price, true
		}
	}
	return billing.Price{}, false
}

// countries are those that some price names, for the switch.
func (o *offer) countries() []string {
	var out []string
	for _, plan := range o.plans {
		for _, p := range plan.Prices {
			for _, code := range p.CountryCodes {
				if !slices.Contains(out, code) {
					out = append(out, code)
				}
			}
		}
	}
	return out
}

// link answers the page with one thing chosen differently.
func (o *offer) link(change func(*selection)) string {
	s := o.sel
	s.PriceID, s.Interval = "", o.interval
	change(&s)
	return s.url(o.catalog.App.ClientID)
}

// saving compares a plan's yearly price with twelve months, for a number of seats; ok is false where there is
// no such pair or nothing is saved.
func (o *offer) saving(p billing.Plan, seats int64) (saved, twelve int64, ok bool) {
	month, hasMonth := o.choice.PriceOf(p, billing.IntervalMonth, o.choice.Currency)
	year, hasYear := o.choice.PriceOf(p, billing.IntervalYear, o.choice.Currency)
	if !hasMonth || !hasYear || month.PerSeat != year.PerSeat {
		return 0, 0, false
	}
	m, errMonth := billing.QuotePrice(month, seats)
	y, errYear := billing.QuotePrice(year, seats)
	if errMonth != nil || errYear != nil || m.Total <= 0 || m.Total > (1<<62)/12 {
		return 0, 0, false
	}
	twelve = 12 * m.Total
	return twelve - y.Total, twelve, twelve > y.Total
}
