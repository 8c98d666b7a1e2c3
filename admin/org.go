package admin

import (
	"errors"
	"net/http"
	"strconv"

	"github.com/labstack/echo/v4"

	"github.com/wolfieauth/wolfieauth/billing"
	"github.com/wolfieauth/wolfieauth/idp"
	"github.com/wolfieauth/wolfieauth/internal/money"
	"github.com/wolfieauth/wolfieauth/internal/permission"
	"github.com/wolfieauth/wolfieauth/internal/web"
)

const pathOrg = "/admin/org"

// orgArea is an org's own settings.
func orgArea() area {
	return area{
		templates: []string{"admin/org"},
		routes: []route{
			{method: http.MethodGet, path: pathOrg, find: (*Console).inOrg, perm: permission.OrgRead, page: (*Console).showOrg},
			{method: http.MethodPost, path: pathOrg + "/name", find: (*Console).inOrg, perm: permission.OrgWrite, page: (*Console).renameOrg, back: pathOrg},
			{method: http.MethodPost, path: pathOrg + "/limits", find: (*Console).inOrg, perm: permission.OrgWrite, page: (*Console).limitSeats, back: pathOrg},
		},
	}
}

// OrgPage is the view of admin/org.
type OrgPage struct {
	Frame
	Org            idp.Org
	Personal       bool
	MayWrite       bool
	MayLimits      bool      // whether the limits are shown
	Name, LimitsIn *web.Form // two forms
	Limits         billing.SeatLimits
	Member         bool // the visitor can leave
}

func (k *Console) showOrg(c echo.Context, v *visit) error {
	return k.renderOrg(c, v, http.StatusOK, nil, nil)
}

func (k *Console) renderOrg(c echo.Context, v *visit, status int, name, limits *web.Form) error {
	view := &OrgPage{
		Frame: frame(c, v, "org", web.T(c, "team.org.title")), Org: v.org, Personal: v.org.Personal(), Name: name, LimitsIn: limits,
		MayLimits: v.may(permission.BillingRead), Member: v.roleInOrg() != "" && !v.org.Personal(),
	}
	view.MayWrite = v.may(permission.OrgWrite) && !view.Personal
	if view.Name == nil {
		view.Name = &web.Form{}
		view.Name.Set("name", v.org.Name)
	}
	if view.MayLimits && !view.Personal {
		var err error
		if view.Limits, err = k.deps.Seats.SeatLimits(c.Request().Context(), v.org.ID); err != nil {
			return err
		}
		if view.LimitsIn == nil {
			if view.LimitsIn, err = k.limitsForm(c, v, view.Limits); err != nil {
				return err
			}
		}
	}
	return k.edge.Render(c, status, "admin/org", view)
}

// limitsForm is the form with what is stored; the currency of what the org pays for stands ready.
func (k *Console) limitsForm(c echo.Context, v *visit, limits billing.SeatLimits) (*web.Form, error) {
	form := &web.Form{}
	if limits.MaxSeats > 0 {
		form.Set("max_seats", strconv.FormatInt(limits.MaxSeats, 10))
	}
	if limits.MaxMonthlyAmount > 0 {
		form.Set("max_amount", money.Decimal(limits.MaxMonthlyAmount, limits.Currency))
		form.Set("currency", limits.Currency)
		return form, nil
	}
	states, err := k.deps.Seats.SeatStates(c.Request().Context(), v.org.ID)
	if len(states) > 0 {
		form.Set("currency", states[0].Subscription.Currency)
	}
	return form, err
}

func (k *Console) renameOrg(c echo.Context, v *visit) error {
	form, err := web.NewForm(c)
	if err != nil {
		return err
	}
	if !form.Require(web.T(c, "form.required"), "name") {
		return k.renderOrg(c, v, http.StatusUnprocessableEntity, form, nil)
	}
	org, err := k.deps.Team.RenameOrg(acting(c, v), v.org.ID, form.Value("name"))
	switch {
	case errors.Is(err, idp.ErrSlugInvalid):
		form.Fail("name", web.T(c, "form.required"))
		return k.renderOrg(c, v, http.StatusUnprocessableEntity, form, nil)
	case errors.Is(err, idp.ErrPersonalOrg):
		return k.leadOn(c, "danger", web.T(c, "team.org.personal"), teamURL(v, pathOrg))
	case err != nil:
		return err
	}
	return k.leadOn(c, "ok", web.T(c, "team.org.renamed", "Org", org.Name), teamURL(v, pathOrg))
}

// limitFields are the names of the limits in the form.
var limitFields = map[string]string{"maxSeats": "max_seats", "maxMonthlyAmount": "max_amount"}

func (k *Console) limitSeats(c echo.Context, v *visit) error {
	form, err := web.NewForm(c)
	if err != nil {
		return err
	}
	in := billing.SeatLimits{OrgID: v.org.ID}
	if typed := form.Value("max_seats"); typed != "" {
		if in.MaxSeats, err = strconv.ParseInt(typed, 10, 64); err != nil || in.MaxSeats < 1 {
			form.Fail("max_seats", web.T(c, "team.limits.seats_invalid"))
		}
	}
	if typed := form.Value("max_amount"); typed != "" {
		if in.Currency, err = money.Canonical(form.Value("currency")); err != nil {
			form.Fail("currency", web.T(c, "admin.mistake.unknown_currency"))
		} else if in.MaxMonthlyAmount = amount(c, form, "max_amount", typed, in.Currency); form.OK() && in.MaxMonthlyAmount < 1 {
			form.Fail("max_amount", web.T(c, "team.limits.amount_invalid"))
		}
	}
	if form.OK() {
		err = settled(settle(c, form, limitFields, k.deps.Seats.SetSeatLimits(acting(c, v), in)))
		if err != nil {
			return err
		}
	}
	if !form.OK() {
		return k.renderOrg(c, v, http.StatusUnprocessableEntity, nil, form)
	}
	return k.leadOn(c, "ok", web.T(c, "team.limits.saved"), teamURL(v, pathOrg))
}
