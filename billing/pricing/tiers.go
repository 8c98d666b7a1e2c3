package pricing

import (
	"slices"
	"strconv"
	"strings"

	"github.com/wolfieauth/wolfieauth/billing"
)

// tierTable shows brackets with a worked total, because volume and graduated are easily taken for each other.
func (b cards) tierTable(p billing.Price) *tierTable {
	w := b.words
	t := &tierTable{
		Mode:    w.t("pricing.tiers." + string(p.Scheme)),
		HasFlat: slices.ContainsFunc(p.Tiers, func(t billing.Tier) bool { return t.FlatAmount > 0 }),
	}
	from := int64(1)
	for _, tier := range p.Tiers {
		row := tierRow{Seats: strconv.FormatInt(from, 10) + "+", Unit: breakable(w.money(tier.UnitAmount, p.Currency)), Flat: breakable(w.money(tier.FlatAmount, p.Currency))}
		if tier.UpTo != nil {
			row.Seats = strconv.FormatInt(from, 10) + "–" + strconv.FormatInt(*tier.UpTo, 10)
			if from == *tier.UpTo {
				row.Seats = strconv.FormatInt(from, 10)
			}
			from = *tier.UpTo + 1
		}
		t.Rows = append(t.Rows, row)
	}
	t.Worked = b.worked(p)
	return t
}

// breakable lets an amount break before or after its currency, where a narrow column has no room for both.
func breakable(amount string) string { return strings.ReplaceAll(amount, "\u00a0", " ") }

// maxWorked is how many brackets a sum is written out for.
const maxWorked = 5

// worked writes out how the total of the chosen seats comes about, or of an example where none were chosen:
// "14 seats: 10 × 99 zł + 4 × 89 zł = 1346 zł".
func (b cards) worked(p billing.Price) string {
	w, seats, key := b.words, b.seats, "pricing.tiers.worked"
	if seats == 1 {
		seats, key = exampleSeats(p.Tiers), "pricing.tiers.example"
	}
	if seats == 0 {
		return ""
	}
	q, err := billing.QuotePrice(p, seats)
	if err != nil {
		return ""
	}
	sum := w.money(q.Total, p.Currency)
	if len(q.Lines) <= maxWorked {
		var terms []string
		for _, l := range q.Lines {
			terms = append(terms, strconv.FormatInt(l.Seats, 10)+" × "+w.money(l.UnitAmount, p.Currency))
			if l.FlatAmount > 0 {
				terms = append(terms, w.money(l.FlatAmount, p.Currency))
			}
		}
		sum = strings.Join(terms, " + ") + " = " + sum
	}
	return w.t(key, "Seats", w.seats(p.SeatLabel, seats), "Sum", sum)
}

// exampleSeats reaches a little into the second bracket, where the two schemes begin to differ.
func exampleSeats(tiers []billing.Tier) int64 {
	if len(tiers) == 0 || tiers[0].UpTo == nil {
		return 0
	}
	return min(*tiers[0].UpTo+max(1, *tiers[0].UpTo/2), billing.MaxQuantity)
}
