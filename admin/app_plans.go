package admin

import (
	"cmp"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/wolfieauth/wolfieauth/billing"
	"github.com/wolfieauth/wolfieauth/internal/money"
	"github.com/wolfieauth/wolfieauth/internal/permission"
	"github.com/wolfieauth/wolfieauth/internal/web"
)

// catalogueArea is the plan editor.
func catalogueArea() area {
	return area{
		templates: []string{"admin/plan", "admin/plan_end", "admin/price"},
		routes: []route{
			{method: http.MethodGet, path: pathApp + "/plans/new", find: (*Console).ofApp, perm: permission.PlansWrite, page: (*Console).askPlan},
			{method: http.MethodPost, path: pathApp + "/plans/new", find: (*Console).ofApp, perm: permission.PlansWrite, page: (*Console).createPlan},
			{method: http.MethodGet, path: pathPlan + "/edit", find: (*Console).ofApp, perm: permission.PlansWrite, page: onPlan(askPlanEdit)},
			{method: http.MethodPost, path: pathPlan + "/edit", find: (*Console).ofApp, perm: permission.PlansWrite, page: onPlan(updatePlan)},
			{method: http.MethodGet, path: pathPlan + "/archive", find: (*Console).ofApp, perm: permission.PlansWrite, page: onPlan(askArchive)},
			{method: http.MethodPost, path: pathPlan + "/archive", find: (*Console).ofApp, perm: permission.PlansWrite, page: onPlan(archivePlan)},
			{method: http.MethodPost, path: pathPlan + "/restore", find: (*Console).ofApp, perm: permission.PlansWrite, page: onPlan(restorePlan), back: pathApp},
			{method: http.MethodPost, path: pathPlan + "/duplicate", find: (*Console).ofApp, perm: permission.PlansWrite, page: onPlan(duplicatePlan), back: pathApp},
			{method: http.MethodPost, path: pathPlan + "/move", find: (*Console).ofApp, perm: permission.PlansWrite, page: onPlan(movePlan), back: pathApp},
			{method: http.MethodGet, path: pathPlan + "/prices/new", find: (*Console).ofApp, perm: permission.PlansWrite, page: onPlan(askPrice)},
			{method: http.MethodPost, path: pathPlan + "/prices/new", find: (*Console).ofApp, perm: permission.PlansWrite, page: onPlan(addPrice)},
			{method: http.MethodGet, path: pathPrice + "/edit", find: (*Console).ofApp, perm: permission.PlansWrite, page: onPrice(askPriceEdit)},
			{method: http.MethodPost, path: pathPrice + "/edit", find: (*Console).ofApp, perm: permission.PlansWrite, page: onPrice(editPrice)},
			{method: http.MethodGet, path: pathPrice + "/retire", find: (*Console).ofApp, perm: permission.PlansWrite, page: onPrice(askRetire)},
			{method: http.MethodPost, path: pathPrice + "/retire", find: (*Console).ofApp, perm: permission.PlansWrite, page: onPrice(retirePrice)},
		},
	}
}

// PlanRow is a plan with its prices.
type PlanRow struct {
	ID, Slug, Name, Description   string
	Bundle                        string // name of the bundle that it is sold for, or ""
	Hidden, Recommended, Archived bool
	TrialDays, GraceDays          int64
	Features                      []billing.Feature
	Prices                        []PriceRow
	Live                          int64  // how many hold it now
	URL                           string // below it lie the pages that change it
	Untouched                     bool   // nobody bought it and Stripe does not know it: it may be moved or deleted
	MayUp, MayDown                bool   // there is a plan on sale before it, or after it
	Scope                         string // what it is sold for; plans change places within it
	position                      int64
}

// PriceRow is one way of paying, in words.
type PriceRow struct {
	ID, Interval, Seats, Countries string
	Amount                         string // "" for a tiered price
	Retired                        bool
	Scheme                         string // "" for a flat price
	HasFlat                        bool   // some bracket has an amount of its own
	Tiers                          []TierRow
	Live                           int64
	URL                            string
}

// TierRow is one bracket.
type TierRow struct{ Range, Unit, Flat string }

// planRows lists the plans of the app and of its bundles in the order of the pricing page; archived ones apart.
func planRows(c echo.Context, s *shelf, v *visit) (onSale, archived []PlanRow) {
	for _, part := range s.parts {
		for i, p := range part.Plans {
			row := planRow(c, s, v, p)
			if row.Archived {
				archived = append(archived, row)
				continue
			}
			notArchived := func(o billing.EditorPlan) bool { return o.ArchivedAt == nil }
			row.MayUp = slices.ContainsFunc(part.Plans[:i], notArchived)
			row.MayDown = slices.ContainsFunc(part.Plans[i+1:], notArchived)
			onSale = append(onSale, row)
		}
	}
	slices.SortStableFunc(onSale, func(a, b PlanRow) int { return cmp.Compare(a.position, b.position) })
	return onSale, archived
}

func planRow(c echo.Context, s *shelf, v *visit, p billing.EditorPlan) PlanRow {
	row := PlanRow{
		ID: p.ID, Slug: p.Slug, Name: p.Name, Description: p.Description, Hidden: p.Hidden, Recommended: p.Recommended,
		Archived: p.ArchivedAt != nil, TrialDays: p.TrialDays, GraceDays: p.GraceDays, Features: p.Features, Live: p.Use.Live(),
		URL: planURL(v, p.ID), Scope: p.Scope.ID, position: p.Position, Untouched: !p.Use.Touched(),
	}
	if b, ok := s.BundleOf(p.Plan); ok {
		row.Bundle = b.Name
	}
	for _, price := range p.EditorPrices {
		// A retired price is the business of those who still pay it.
		if price.RetiredAt != nil && price.Use.Live() == 0 {
			continue
		}
		line := priceRow(c, price.Price)
		line.URL, line.Live = priceURL(v, price.Price), price.Use.Live()
		row.Prices = append(row.Prices, line)
	}
	return row
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
