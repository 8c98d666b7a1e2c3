package admin

import (
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/wolfieauth/wolfieauth/billing"
	"github.com/wolfieauth/wolfieauth/internal/money"
	"github.com/wolfieauth/wolfieauth/internal/web"
)

// PlanRow is a plan with its prices.
type PlanRow struct {
	ID, Slug, Name, Description   string
	Bundle                        string // name of the bundle that it is sold for, or ""
	Hidden, Recommended, Archived bool
	TrialDays, GraceDays          int64
	Features                      []billing.Feature
	Prices                        []PriceRow
}

// PriceRow is one way of paying, in words.
type PriceRow struct {
	ID, Interval, Seats, Countries string
	Amount                         string // "" for a tiered price
	Retired                        bool
	Scheme                         string // "" for a flat price
	HasFlat                        bool   // some bracket has an amount of its own
	Tiers                          []TierRow
}

// TierRow is one bracket.
type TierRow struct{ Range, Unit, Flat string }

func planRows(c echo.Context, catalog billing.Catalog) []PlanRow {
	rows := make([]PlanRow, 0, len(catalog.Plans))
	for _, p := range catalog.Plans {
		row := PlanRow{
			ID: p.ID, Slug: p.Slug, Name: p.Name, Description: p.Description, Hidden: p.Hidden, Recommended: p.Recommended,
			Archived: p.ArchivedAt != nil, TrialDays: p.TrialDays, GraceDays: p.GraceDays, Features: p.Features,
		}
		if b, ok := catalog.BundleOf(p); ok {
			row.Bundle = b.Name
		}
		for _, price := range p.Prices {
			row.Prices = append(row.Prices, priceRow(c, price))
		}
		rows = append(rows, row)
	}
	return rows
}

func priceRow(c echo.Context, p billing.Price) PriceRow {
	lang := web.Lang(c)
	row := PriceRow{
		ID: p.ID, Amount: money.Format(lang, p.Amount, p.Currency), Interval: intervalName(c, p.Interval), Retired: p.RetiredAt != nil,
		Countries: strings.Join(p.CountryCodes, ", "),
	}
	if p.PerSeat {
		row.Seats = web.T(c, "admin.price.per_seat")
		if p.SeatLabel != "" {
			row.Seats = web.T(c, "admin.price.per_seat_named", "Label", p.SeatLabel)
		}
	}
	if len(p.Tiers) == 0 {
		return row
	}
	row.Scheme = web.T(c, "admin.price.volume")
	if p.Scheme == billing.SchemeGraduated {
		row.Scheme = web.T(c, "admin.price.graduated")
	}
	row.Amount = ""
	from := int64(1)
	for _, t := range p.Tiers {
		tier := TierRow{
			Range: strconv.FormatInt(from, 10) + "+", Unit: money.Format(lang, t.UnitAmount, p.Currency), Flat: money.Format(lang, t.FlatAmount, p.Currency),
		}
		if t.UpTo != nil {
			if tier.Range = strconv.FormatInt(from, 10); *t.UpTo > from {
				tier.Range += "–" + strconv.FormatInt(*t.UpTo, 10)
			}
			from = *t.UpTo + 1
		}
		row.HasFlat = row.HasFlat || t.FlatAmount != 0
		row.Tiers = append(row.Tiers, tier)
	}
	return row
}

func intervalName(c echo.Context, i billing.Interval) string {
	switch i {
	case billing.IntervalYear:
		return web.T(c, "admin.interval.year")
	case billing.IntervalOneTime:
		return web.T(c, "admin.interval.one_time")
	default:
		return web.T(c, "admin.interval.month")
	}
}
