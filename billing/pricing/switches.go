package pricing

import (
	"cmp"
	"slices"

	"github.com/wolfieauth/wolfieauth/billing"
	"github.com/wolfieauth/wolfieauth/internal/web"
)

// intervalLinks is the switch of month and year; none when there is nothing to choose.
func (b cards) intervalLinks() []choiceLink {
	o := &b.offer
	if len(o.intervals) < 2 {
		return nil
	}
	var out []choiceLink
	for _, interval := range o.intervals {
		l := choiceLink{
			Label: b.words.t("pricing.interval." + string(interval)), Current: interval == o.interval,
			URL: o.link(func(s *selection) { s.Interval = interval }),
		}
		if best := b.bestSaving(); interval == billing.IntervalYear && best > 0 {
			l.Note = b.words.t("pricing.up_to", "Percent", best)
		}
		out = append(out, l)
	}
	return out
}

// bestSaving is the largest yearly saving in whole per cent, rounded down.
func (b cards) bestSaving() int64 {
	best := int64(0)
	for _, p := range b.offer.plans {
		if saved, twelve, ok := b.offer.saving(p, 1); ok {
			best = max(best, saved*100/twelve)
		}
	}
	return best
}

func (b cards) currencyLinks() []choiceLink {
	o := &b.offer
	if len(o.choice.Currencies) < 2 {
		return nil
	}
	var out []choiceLink
	for _, currency := range o.choice.Currencies {
		out = append(out, choiceLink{
			Label: currency, Current: currency == o.choice.Currency,
			URL: o.link(func(s *selection) { s.Currency = currency }),
		})
	}
	return out
}

// countryView is nil where no price depends on the country.
func (b cards) countryView() *countryView {
	o := &b.offer
	codes := o.countries()
	if len(codes) == 0 {
		return nil
	}
	v := &countryView{Code: o.choice.Country}
	if v.Code != "" {
		v.Name = b.words.country(v.Code)
	}
	if o.fixedCountry {
		return v
	}
	if v.Code != "" && !slices.Contains(codes, v.Code) {
		codes = append(codes, v.Code)
	}
	for _, code := range codes {
		v.Options = append(v.Options, web.Option{Value: code, Label: b.words.country(code)})
	}
	slices.SortFunc(v.Options, func(a, b web.Option) int { return cmp.Compare(a.Label, b.Label) })
	return v
}

// why says for which country the prices are and how we know; "" where no price depends on it.
func (b cards) why() string {
	o, w := &b.offer, b.words
	if o.choice.Country == "" || len(o.countries()) == 0 {
		return ""
	}
	key := "pricing.why.same"
	if o.choice.ByCountry {
		key = "pricing.why.own"
	}
	text := w.t(key, "Country", w.country(o.choice.Country), "Currency", o.choice.Currency)
	switch {
	case o.fixedCountry:
		text += " " + w.t("pricing.why.fixed")
	case o.sel.Country == "":
		text += " " + w.t("pricing.why.assumed")
	}
	return text
}

// otherCurrency explains what a subscription's currency means to somebody who looks at another one.
func (b cards) otherCurrency() []string {
	var out []string
	for _, s := range b.held {
		if s.Recurring && s.Currency != "" && s.Currency != b.offer.choice.Currency {
			out = append(out, b.words.t("pricing.other_currency", "Plan", s.PlanName, "Paid", s.Currency, "Currency", b.offer.choice.Currency))
		}
	}
	slices.Sort(out)
	return out
}

// maxCompared is how many plans a reader can hold against each other; a table of more columns shows nothing.
const maxCompared = 12

// compare sets the features of the plans that can be had here beside each other; nil where there is nothing to
// compare, or too much.
func (b cards) compare(lists ...[]card) *compareTable {
	all := slices.DeleteFunc(slices.Concat(lists...), func(c card) bool { return c.PriceID == "" })
	t := &compareTable{}
	for _, c := range all {
		head := compareHead{Name: c.Name, Price: c.Price}
		if c.From {
			head.Price = b.words.t("pricing.from", "Price", c.Price)
		}
		t.Plans = append(t.Plans, head)
		for _, f := range c.Features {
			if !slices.ContainsFunc(t.Rows, func(r compareRow) bool { return r.key == f.Key }) {
				t.Rows = append(t.Rows, compareRow{key: f.Key, Name: f.Name, Description: f.Description})
			}
		}
	}
	if len(all) < 2 || len(all) > maxCompared || len(t.Rows) == 0 {
		return nil
	}
	for i := range t.Rows {
		for _, c := range all {
			has := slices.ContainsFunc(c.Features, func(f billing.Feature) bool { return f.Key == t.Rows[i].key })
			t.Rows[i].Has = append(t.Rows[i].Has, has)
		}
	}
	return t
}
