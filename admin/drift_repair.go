package admin

import (
	"net/http"
	"slices"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/wolfieauth/wolfieauth/billing"
	"github.com/wolfieauth/wolfieauth/internal/money"
	"github.com/wolfieauth/wolfieauth/internal/web"
)

// repairDrift settles the difference that the person saw, in the direction that the button names; what ends a sale
// here is asked once more.
func repairDrift(k *Console, c echo.Context, v *visit, s *shelf, p billing.EditorPlan) error {
	form, err := web.NewForm(c)
	if err != nil {
		return err
	}
	asked, ok := s.driftNamed(form, p)
	if !ok {
		return k.renderDrift(c, v, http.StatusUnprocessableEntity, s, p, web.T(c, "drift.err_moved"))
	}
	now, err := k.deps.Editor.CompareAgain(c.Request().Context(), asked)
	if sentence := driftTrouble(c, err); sentence != "" {
		return k.renderDrift(c, v, http.StatusUnprocessableEntity, s, p, sentence)
	}
	if err != nil {
		return err
	}
	if strings.ReplaceAll(form.Raw("seen"), "\r\n", "\n") != driftSeen(now) {
		return k.renderDrift(c, v, http.StatusUnprocessableEntity, s, p, web.T(c, "drift.err_moved"))
	}
	direction, row := billing.Direction(form.Value("direction")), driftRow(c, p, now)
	if direction == billing.DriftPull && row.Ends && form.Value("confirmed") == "" {
		return k.askRepair(c, v, p, row)
	}
	_, err = k.deps.Editor.RepairDrift(acting(c, v), now, direction)
	if sentence := driftTrouble(c, err); sentence != "" {
		return k.renderDrift(c, v, http.StatusUnprocessableEntity, s, p, sentence)
	}
	if err != nil {
		return err
	}
	done := web.T(c, "drift.pushed", "What", row.What, "Plan", p.Name)
	if direction == billing.DriftPull {
		done = web.T(c, "drift.pulled", "What", row.What, "Plan", p.Name)
	}
	if err := k.edge.SetFlash(c, "ok", done); err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, planURL(v, p.ID)+"/drift")
}

// driftNamed finds the thing that the form names among those of the plan, on an account where its scope sells.
func (s *shelf) driftNamed(form *web.Form, p billing.EditorPlan) (billing.Drift, bool) {
	d := billing.Drift{PlanID: p.ID, PriceID: form.Value("price"), Account: billing.Account{ID: form.Value("account"), Livemode: form.Value("live") != ""}}
	sold := slices.ContainsFunc(s.parts, func(part billing.EditorCatalog) bool {
		return part.Scope == p.Scope && slices.Contains(part.Accounts, d.Account)
	})
	known := d.PriceID == "" || slices.ContainsFunc(p.EditorPrices, func(e billing.EditorPrice) bool { return e.ID == d.PriceID })
	return d, sold && known
}

func (k *Console) askRepair(c echo.Context, v *visit, p billing.EditorPlan, row DriftRow) error {
	change, live := billing.Change{Archive: p.ID}, p.Use.Live()
	if row.PriceID != "" {
		change = billing.Change{Retire: row.PriceID}
		for _, price := range p.EditorPrices {
			if price.ID == row.PriceID {
				live = price.Use.Live()
			}
		}
	}
	kept, _, err := k.kept(c, p, change)
	if err != nil {
		return err
	}
	view := &DriftAskPage{
		Frame: frame(c, v, "overview", web.T(c, "drift.ask_title", "Plan", p.Name)), App: v.app, Plan: p.Name, Thing: row, Kept: kept, Live: live,
		Action: planURL(v, p.ID) + "/drift",
	}
	return k.edge.Render(c, http.StatusOK, "admin/drift_ask", view)
}

// driftField words one difference; an amount is money in the currency of its side.
func driftField(c echo.Context, f billing.FieldChange, ours billing.Price, there *billing.Price) DriftField {
	out := DriftField{Name: driftFieldName(c, f.Field), There: f.Before, Here: f.After}
	if f.Field == "active" {
		out.There, out.Here = driftWord(c, f.Before), driftWord(c, f.After)
	}
	if there == nil {
		return out
	}
	switch f.Field {
	case "amount":
		lang := web.Lang(c)
		out.There, out.Here = money.Format(lang, there.Amount, there.Currency), money.Format(lang, ours.Amount, ours.Currency)
	case "tiers":
		out.There, out.Here = tierWords(c, *there), tierWords(c, ours)
	case "interval":
		out.There, out.Here = intervalName(c, there.Interval), intervalName(c, ours.Interval)
	case "scheme":
		out.There, out.Here = schemeName(c, there.Scheme), schemeName(c, ours.Scheme)
	}
	return out
}

func schemeName(c echo.Context, s billing.Scheme) string {
	switch s {
	case billing.SchemeVolume:
		return web.T(c, "admin.price.volume")
	case billing.SchemeGraduated:
		return web.T(c, "admin.price.graduated")
	default:
		return web.T(c, "admin.price_form.scheme_flat")
	}
}

func tierWords(c echo.Context, p billing.Price) string {
	row := priceRow(c, p)
	lines := make([]string, len(row.Tiers))
	for i, t := range row.Tiers {
		lines[i] = t.Range + ": " + t.Unit
		if row.HasFlat {
			lines[i] += " + " + t.Flat
		}
	}
	return strings.Join(lines, "; ")
}

func driftWord(c echo.Context, text string) string {
	if text == "true" {
		return web.T(c, "drift.yes")
	}
	return web.T(c, "drift.no")
}

func driftFieldName(c echo.Context, field string) string {
	switch field {
	case "name":
		return web.T(c, "drift.field_name")
	case "description":
		return web.T(c, "drift.field_description")
	case "active":
		return web.T(c, "drift.field_active")
	case "amount":
		return web.T(c, "drift.field_amount")
	case "currency":
		return web.T(c, "drift.field_currency")
	case "interval":
		return web.T(c, "drift.field_interval")
	case "scheme":
		return web.T(c, "drift.field_scheme")
	case "tiers":
		return web.T(c, "drift.field_tiers")
	case "product":
		return web.T(c, "drift.product")
	default:
		return field
	}
}
