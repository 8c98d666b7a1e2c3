package admin

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/wolfieauth/wolfieauth/billing"
	"github.com/wolfieauth/wolfieauth/internal/money"
	"github.com/wolfieauth/wolfieauth/internal/web"
)

// exampleSeats is the number that the worked example begins with.
const exampleSeats = "14"

func askPrice(k *Console, c echo.Context, v *visit, s *shelf, p billing.EditorPlan) error {
	form := &web.Form{}
	form.Set("currency", s.Settings.DefaultCurrency)
	form.Set("interval", string(billing.IntervalMonth))
	form.Set("scheme", string(billing.SchemeFlat))
	form.Set("seats", exampleSeats)
	setTiers(form, []string{"", ""}, []string{"", ""}, []string{"", ""})
	return k.renderPrice(c, v, s, http.StatusOK, form, p, nil)
}

// addPrice saves a new price, or answers a button that only changes the form.
func addPrice(k *Console, c echo.Context, v *visit, s *shelf, p billing.EditorPlan) error {
	form, err := web.NewForm(c)
	if err != nil {
		return err
	}
	if onlyForm(form) {
		return k.renderPrice(c, v, s, http.StatusOK, form, p, nil)
	}
	in := readPrice(c, form, p.ID)
	err = k.deps.Tx.InTx(acting(c, v), func(ctx context.Context) error {
		_, err := k.deps.Editor.AddPrice(ctx, in)
		return settle(c, form, priceFields, err)
	})
	if errors.Is(err, billing.ErrPlanArchived) {
		form.Summary, err = web.T(c, "admin.price_form.archived"), nil
	}
	return k.savedPrice(c, v, s, form, p, nil, err)
}

// onlyForm carries out a button that changes the form alone, and tidies a form that is to be saved.
func onlyForm(form *web.Form) bool {
	switch do := form.Value("do"); {
	case do == doPreview:
	case do == doAddTier || strings.HasPrefix(do, doCutTier):
		changeTiers(form, do)
	default:
		tidyTiers(form)
		return false
	}
	return true
}

// savedPrice answers a saved price with the plans, a refused one with the form.
func (k *Console) savedPrice(c echo.Context, v *visit, s *shelf, form *web.Form, p billing.EditorPlan, old *billing.EditorPrice, err error) error {
	if err := settled(err); err != nil {
		return err
	}
	if !form.OK() {
		return k.renderPrice(c, v, s, http.StatusUnprocessableEntity, form, p, old)
	}
	if old != nil {
		return k.done(c, v, web.T(c, "admin.price_form.saved", "Plan", p.Name))
	}
	return k.done(c, v, web.T(c, "admin.price_form.added", "Plan", p.Name))
}

func askPriceEdit(k *Console, c echo.Context, v *visit, s *shelf, p billing.EditorPlan, price billing.EditorPrice) error {
	if price.RetiredAt != nil || p.ArchivedAt != nil {
		return toPlans(c, v, nil)
	}
	major := func(n int64) string { return typedAmount(web.Lang(c), n, price.Currency) }
	form := &web.Form{}
	form.Set("currency", price.Currency)
	form.Set("interval", string(price.Interval))
	form.Set("scheme", string(price.Scheme))
	form.Set("countries", strings.Join(price.CountryCodes, ", "))
	form.Set("seat_label", price.SeatLabel)
	form.Set("seats", exampleSeats)
	tick(form, "per_seat", price.PerSeat)
	if price.Scheme == billing.SchemeFlat {
		form.Set("amount", major(price.Amount))
	}
	upTo, unit, flat := []string{}, []string{}, []string{}
	for _, t := range price.Tiers {
		last := ""
		if t.UpTo != nil {
			last = strconv.FormatInt(*t.UpTo, 10)
		}
		fee := ""
		if t.FlatAmount != 0 {
			fee = major(t.FlatAmount)
		}
		upTo, unit, flat = append(upTo, last), append(unit, major(t.UnitAmount)), append(flat, fee)
	}
	setTiers(form, upTo, unit, flat)
	return k.renderPrice(c, v, s, http.StatusOK, form, p, &price)
}

// typedAmount writes an amount as a person types it.
func typedAmount(lang string, n int64, currency string) string {
	plain := money.Decimal(n, currency)
	if lang == "pl" {
		return strings.Replace(plain, ".", ",", 1)
	}
	return plain
}

func editPrice(k *Console, c echo.Context, v *visit, s *shelf, p billing.EditorPlan, price billing.EditorPrice) error {
	form, err := web.NewForm(c)
	if err != nil {
		return err
	}
	if onlyForm(form) {
		return k.renderPrice(c, v, s, http.StatusOK, form, p, &price)
	}
	in := billing.PriceEdit{PriceID: price.ID, Expected: seenAt(form), Terms: readPrice(c, form, p.ID)}
	err = k.deps.Tx.InTx(acting(c, v), func(ctx context.Context) error {
		_, err := k.deps.Editor.EditPrice(ctx, in)
		return settle(c, form, priceFields, err)
	})
	switch {
	case errors.Is(err, billing.ErrConflict):
		form.Summary, err = web.T(c, "admin.editor.conflict"), nil
	case errors.Is(err, billing.ErrPlanArchived), errors.Is(err, billing.ErrPriceRetired):
		form.Summary, err = web.T(c, "admin.price_form.archived"), nil
	}
	return k.savedPrice(c, v, s, form, p, &price, err)
}

func (k *Console) renderPrice(c echo.Context, v *visit, s *shelf, status int, form *web.Form, p billing.EditorPlan, old *billing.EditorPrice) error {
	title := web.T(c, "admin.price_form.new", "Plan", p.Name)
	view := &PriceFormPage{
		App: v.app, Plan: p.Name, Form: form, Action: planURL(v, p.ID) + "/prices/new", Submit: web.T(c, "admin.price_form.add"),
		Intervals: []web.Option{
			{Value: string(billing.IntervalMonth), Label: web.T(c, "admin.interval.month")},
			{Value: string(billing.IntervalYear), Label: web.T(c, "admin.interval.year")},
			{Value: string(billing.IntervalOneTime), Label: web.T(c, "admin.interval.one_time")},
		},
		Schemes: []web.Option{
			{Value: string(billing.SchemeFlat), Label: web.T(c, "admin.price_form.scheme_flat")},
			{Value: string(billing.SchemeVolume), Label: web.T(c, "admin.price_form.scheme_volume")},
			{Value: string(billing.SchemeGraduated), Label: web.T(c, "admin.price_form.scheme_graduated")},
		},
		Tiers: tierInputs(form), Worked: worked(c, form, p.ID),
	}
	if old != nil {
		title = web.T(c, "admin.price_form.edit", "Plan", p.Name)
		view.Action, view.Submit = priceURL(v, old.Price)+"/edit", web.T(c, "admin.price_form.save")
		view.Replaces, view.Live = old.Use.Touched(), old.Use.Live()
		if view.Seen = form.Value("seen"); view.Seen == "" || form.Summary != "" {
			view.Seen = stampOf(old.UpdatedAt)
		}
	}
	view.Frame, view.Heading = frame(c, v, "overview", title), title
	var err error
	if view.Preview, err = k.preview(c, s, form, s.sketchPrice(c, form, p, old), true); err != nil {
		return err
	}
	return k.edge.Render(c, status, "admin/price", view)
}
