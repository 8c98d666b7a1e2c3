package billing

import (
	"fmt"
	"strconv"
	"strings"
)

// planChanges names what two states of a plan differ in, in the order of the form.
func planChanges(a, b Plan) (out []FieldChange) {
	before, after := planWords(a), planWords(b)
	for i, w := range before {
		if w.text != after[i].text {
			out = append(out, FieldChange{w.field, w.text, after[i].text})
		}
	}
	return out
}

type word struct{ field, text string }

func planWords(p Plan) []word {
	number := func(n int64) string { return strconv.FormatInt(n, 10) }
	return []word{
		{"name", p.Name},
		{"slug", p.Slug},
		{"description", p.Description},
		{"color", p.Color},
		{"hidden", strconv.FormatBool(p.Hidden)},
		{"recommended", strconv.FormatBool(p.Recommended)},
		{"trialDays", number(p.TrialDays)},
		{"graceDays", number(p.GraceDays)},
		{"lastsDays", number(p.LastsDays)},
		{"maxSeats", number(p.MaxSeats)},
		{"featureKeys", strings.Join(p.Edit().FeatureKeys, ", ")},
	}
}

// priceChanges is planChanges for a price's terms; amounts are minor units.
func priceChanges(a, b Price) (out []FieldChange) {
	before, after := priceWords(a), priceWords(b)
	for i, w := range before {
		if w.text != after[i].text {
			out = append(out, FieldChange{w.field, w.text, after[i].text})
		}
	}
	return out
}

func priceWords(p Price) []word {
	var tiers []string
	for _, t := range p.Tiers {
		upTo := "∞"
		if t.UpTo != nil {
			upTo = strconv.FormatInt(*t.UpTo, 10)
		}
		tiers = append(tiers, fmt.Sprintf("%s: %d + %d", upTo, t.UnitAmount, t.FlatAmount))
	}
	return []word{
		{"amount", strconv.FormatInt(p.Amount, 10)},
		{"currency", p.Currency},
		{"interval", string(p.Interval)},
		{"perSeat", strconv.FormatBool(p.PerSeat)},
		{"seatLabel", p.SeatLabel},
		{"countryCodes", strings.Join(p.CountryCodes, ", ")},
		{"scheme", string(p.Scheme)},
		{"tiers", strings.Join(tiers, ", ")},
	}
}
