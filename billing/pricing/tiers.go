package pricing

import (
	"slices"
	"strconv"

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
		row := tierRow{Seats: strconv.FormatInt(from, 10) + "+", Unit: w.money(tier.UnitAmount, p.Currency), Flat: w.money(tier.FlatAmount, p.Currency)}
		if tier.UpTo != nil {
			row.Seats = strconv.FormatInt(from, 10) + "–" + strconv.FormatInt(*tier.UpTo, 10)
			if from == *tier.UpTo {
				row.Seats = strconv.FormatInt(from, 10)
			}
			from = *tier.UpTo + 1
		}
		t.Rows = append(t.Rows, row)
	}
	if seats := exampleSeats(p.Tiers); seats > 0 && b.seats == 1 {
		if q, err := billing.QuotePrice(p, seats); err == nil {
			t.Example = w.t("pricing.tiers.example", "Seats", w.seats(p.SeatLabel, seats), "Total", w.money(q.Total, p.Currency))
		}
	}
	return t
}

// exampleSeats reaches a little into the second bracket, where the two schemes begin to differ.
func exampleSeats(tiers []billing.Tier) int64 {
	if len(tiers) == 0 || tiers[0].UpTo == nil {
		return 0
	}
	return min(*tiers[0].UpTo+max(1, *tiers[0].UpTo/2), billing.MaxQuantity)
}
