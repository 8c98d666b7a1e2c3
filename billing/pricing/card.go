package pricing

import (
	"cmp"
	"slices"
	"strconv"
	"unicode/utf8"

	"github.com/wolfieauth/wolfieauth/billing"
)

// cards draws every plan for one visitor.
type cards struct {
	offer  offer
	words  words
	org    Org // the zero Org for an anonymous visitor
	signed bool
	seats  int64
	held   map[billing.Scope]billing.Bought // what the org has already
	errs   map[string]string                // by price id
	typed  string                           // seats as typed, where they cannot be read
}

// all answers the cards of single apps and those of bundles, each in order of price, or as the owner arranged them.
func (b cards) all() (plans, bundles []card) {
	for _, p := range b.offer.plans {
		c := b.card(p)
		if c.BundleName != "" {
			bundles = append(bundles, c)
		} else {
			plans = append(plans, c)
		}
	}
	if b.offer.catalog.Settings.Shop.Arranged {
		return plans, bundles // a catalogue is in the owner's order
	}
	byPrice := func(a, b card) int { return cmp.Compare(a.order, b.order) }
	slices.SortStableFunc(plans, byPrice)
	slices.SortStableFunc(bundles, byPrice)
	return plans, bundles
}

func (b cards) card(p billing.Plan) card {
	c := card{
		Slug: p.Slug, Name: p.Name, Description: p.Description, Recommended: p.Recommended, Features: p.Features,
		Chosen: p.Slug == b.offer.sel.Plan,
	}
	if bundle, ok := b.offer.catalog.BundleOf(p); ok {
		c.BundleName = bundle.Name
		for _, app := range bundle.Apps {
			c.Apps = append(c.Apps, bundleApp{Name: app.Name, LogoURL: app.LogoURL, Asking: app.ClientID == b.offer.catalog.App.ClientID})
		}
	}
	price, ok := b.offer.price(p)
	if !ok {
		b.unavailable(&c, p)
		b.heldStep(&c, p, billing.Price{})
		return c
	}
	c.PriceID, c.order = price.ID, monthly(price)
	b.figure(&c, price)
	b.saving(&c, p, price)
	if price.PerSeat {
		c.Seats = b.seatsView(p, price)
	}
	if price.Scheme != billing.SchemeFlat {
		c.Tiers = b.tierTable(price)
	}
	b.nextStep(&c, p, price)
	c.Error = b.errs[price.ID]
	c.Primary = c.Chosen || p.Recommended && b.offer.sel.Plan == ""
	b.form(&c, price)
	return c
}

// monthly is what one seat costs a month, to order cards by; what is paid once comes last.
func monthly(p billing.Price) int64 {
	q, err := billing.QuotePrice(p, 1)
	if err != nil {
		return 1 << 62
	}
	switch p.Interval {
	case billing.IntervalYear:
		return q.Total / 12
	case billing.IntervalOneTime:
		return 1<<61 + q.Total/2
	default:
		return q.Total
	}
}

// unavailable says in which currency a plan can be had instead.
func (b cards) unavailable(c *card, p billing.Plan) {
	c.order = 1<<63 - 1
	c.Unavailable = b.words.t("pricing.unavailable")
	for _, price := range billing.PricesFor(p.Prices, b.offer.choice.Country) {
		c.Unavailable = b.words.t("pricing.unavailable_in", "Currency", b.offer.choice.Currency)
		c.UnavailableLabel = b.words.t("pricing.show_in", "Currency", price.Currency)
		c.UnavailableURL = b.offer.link(func(s *selection) { s.Currency = price.Currency })
		return
	}
}

// figure writes the large price and what it is for.
func (b cards) figure(c *card, p billing.Price) {
	w := b.words
	c.Per = w.per(p)
	amount := p.Amount
	if p.Scheme != billing.SchemeFlat {
		c.From = true
		amount = leastUnit(p.Tiers)
		if slices.ContainsFunc(p.Tiers, func(t billing.Tier) bool { return t.FlatAmount > 0 }) {
			// With flat amounts no single seat has a price of its own.
			if q, err := billing.QuotePrice(p, 1); err == nil {
				amount, c.Per = q.Total, w.t("pricing.per."+string(p.Interval))
			}
		}
	}
	c.Price = w.money(amount, p.Currency)
	c.LongPrice = utf8.RuneCountInString(c.Price) > 8
	if p.Interval != b.offer.interval {
		c.Sub = w.t("pricing.only." + string(p.Interval))
	} else if p.Interval == billing.IntervalYear && p.Scheme == billing.SchemeFlat && amount > 0 {
		c.Sub = w.t("pricing.a_month", "Price", w.money(perMonth(amount), p.Currency))
	}
}

// perMonth rounds half up; it is shown with "about" and never charged.
func perMonth(year int64) int64 { return (year + 6) / 12 }

func leastUnit(tiers []billing.Tier) int64 {
	least := int64(-1)
	for _, t := range tiers {
		if least < 0 || t.UnitAmount < least {
			least = t.UnitAmount
		}
	}
	return max(least, 0)
}

func (b cards) saving(c *card, p billing.Plan, shown billing.Price) {
	saved, twelve, ok := b.offer.saving(p, b.seatsOf(shown))
	if !ok {
		return
	}
	amount := b.words.money(saved, shown.Currency)
	percent := saved * 100 / twelve
	switch shown.Interval {
	case billing.IntervalYear:
		c.Saving = b.words.t("pricing.saves", "Amount", amount, "Percent", percent)
	case billing.IntervalMonth:
		c.Saving = b.words.t("pricing.would_save", "Amount", amount, "Percent", percent)
	case billing.IntervalOneTime:
	}
}

func (b cards) seatsOf(p billing.Price) int64 {
	if !p.PerSeat {
		return 1
	}
	return b.seats
}

func (b cards) seatsView(plan billing.Plan, p billing.Price) *seatsView {
	w := b.words
	v := &seatsView{Label: w.seatsLabel(p.SeatLabel), Value: strconv.FormatInt(b.seats, 10), Min: max(1, b.org.Members), Max: billing.MaxQuantity}
	if plan.MaxSeats > 0 {
		v.Max = max(plan.MaxSeats, v.Min) // what is too many is refused with a sentence
	}
	if b.typed != "" && (b.offer.sel.PriceID == "" || b.offer.sel.PriceID == p.ID) {
		v.Value = b.typed
	}
	if b.errs[p.ID] != "" && b.offer.sel.Seats > 0 {
		v.Value = strconv.FormatInt(b.offer.sel.Seats, 10) // what was refused stays as it was typed
	}
	if q, err := billing.QuotePrice(p, b.seats); err == nil {
		v.Total = w.t("pricing.total."+string(p.Interval), "Seats", w.seats(p.SeatLabel, b.seats), "Total", w.money(q.Total, p.Currency))
	}
	switch spare := b.seats - b.org.Members; {
	case b.org.Members == 0: // nobody is known to sit
	case spare > 0:
		v.Note = w.t("pricing.spare", "Count", spare, "Org", b.org.Name)
	case b.org.Members > 1:
		v.Note = w.t("pricing.members", "Count", b.org.Members, "Org", b.org.Name)
	}
	return v
}

// form fills the hidden fields: the price, and what the page must remember when it is shown again.
func (b cards) form(c *card, p billing.Price) {
	c.hidden = []hidden{{"price_id", p.ID}}
	if !p.PerSeat {
		c.hidden = append(c.hidden, hidden{"quantity", "1"})
	}
	for _, f := range []hidden{{"interval", string(b.offer.interval)}, {"country", b.offer.sel.Country}, {"return_to", b.offer.sel.ReturnTo}, {"org_id", b.org.ID}} {
		if f.Value != "" {
			c.hidden = append(c.hidden, f)
		}
	}
}
