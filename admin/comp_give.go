package admin

import (
	"errors"
	"net/http"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"

	"github.com/wolfieauth/wolfieauth/claims"
	"github.com/wolfieauth/wolfieauth/claims/comps"
	"github.com/wolfieauth/wolfieauth/idp"
	"github.com/wolfieauth/wolfieauth/internal/permission"
	"github.com/wolfieauth/wolfieauth/internal/web"
)

// compArea gives, renews and ends free passes.
func compArea() area {
	const one, list = pathApp + "/comps/:comp", pathApp + "/comps/list"
	write := permission.CompsWrite
	return area{
		templates: []string{"admin/comp", "admin/comp_change", "admin/comp_bulk", "admin/comp_run"},
		routes: []route{
			{method: http.MethodGet, path: pathApp + "/comps/new", find: (*Console).ofApp, perm: write, page: (*Console).askComp},
			{method: http.MethodPost, path: pathApp + "/comps/new", find: (*Console).ofApp, perm: write, page: (*Console).giveComp},
			{method: http.MethodGet, path: one + "/end", find: (*Console).ofApp, perm: write, page: (*Console).askCompEnd},
			{method: http.MethodPost, path: one + "/end", find: (*Console).ofApp, perm: write, page: (*Console).endComp},
			{method: http.MethodGet, path: one + "/renew", find: (*Console).ofApp, perm: write, page: (*Console).askCompRenew},
			{method: http.MethodPost, path: one + "/renew", find: (*Console).ofApp, perm: write, page: (*Console).renewComp},
			{method: http.MethodGet, path: list, find: (*Console).ofApp, perm: write, page: (*Console).askCompList},
			{method: http.MethodPost, path: list, find: (*Console).ofApp, perm: write, page: (*Console).checkCompList},
			{method: http.MethodGet, path: list + "/:run", find: (*Console).ofApp, perm: write, page: (*Console).showCompRun},
			{method: http.MethodPost, path: list + "/:run", find: (*Console).ofApp, perm: write, page: (*Console).startCompRun},
			{method: http.MethodGet, path: list + "/:run/results.csv", find: (*Console).ofApp, perm: write, page: (*Console).exportCompRun},
		},
	}
}

// CompPage is the view of admin/comp: the form of a free pass for one person, or for an address.
type CompPage struct {
	Frame
	App    idp.App
	Form   *web.Form
	Person *AppUserRow // nil where the address is asked for
	Plans  []web.Option
	// Features are the app's; Chosen ones are ticked.
	Features []FeatureChoice
	Tomorrow string
}

func (k *Console) askComp(c echo.Context, v *visit) error {
	form := &web.Form{}
	if user := c.QueryParam("user"); uuid.Validate(user) == nil {
		form.Set("user", user)
	}
	return k.compForm(c, v, form, http.StatusOK)
}

func (k *Console) compForm(c echo.Context, v *visit, form *web.Form, status int) error {
	ctx := c.Request().Context()
	view := &CompPage{Frame: frame(c, v, "overview", web.T(c, "comps.give")), App: v.app, Form: form, Tomorrow: k.deps.Now().UTC().AddDate(0, 0, 1).Format(time.DateOnly)}
	if id := form.Value("user"); id != "" {
		user, err := k.deps.Passes.AppUser(ctx, v.app.ClientID, id)
		if errors.Is(err, comps.ErrUser) {
			return unknown(err)
		}
		if err != nil {
			return err
		}
		row := appUserRow(c, v, user)
		view.Person = &row
	}
	plans, features, err := k.deps.Passes.Choices(ctx, v.app.ClientID)
	if err != nil {
		return err
	}
	view.Plans = planChoices(plans)
	for _, f := range features {
		view.Features = append(view.Features, FeatureChoice{Key: f.Key, Name: f.Name, Chosen: slices.Contains(form.Values["features"], f.Key)})
	}
	return k.edge.Render(c, status, "admin/comp", view)
}

// planChoices begins with the default.
func planChoices(plans []comps.Choice) []web.Option {
	options := []web.Option{{Label: comps.DefaultName + " (" + comps.DefaultSlug + ")"}}
	for _, p := range plans {
		options = append(options, web.Option{Value: p.Key, Label: p.Name + " (" + p.Key + ")"})
	}
	return options
}

func (k *Console) giveComp(c echo.Context, v *visit) error {
	form, err := web.NewForm(c)
	if err != nil {
		return err
	}
	gift := comps.Gift{
		ClientID: v.app.ClientID, UserID: form.Value("user"), Email: form.Value("email"), PlanSlug: form.Value("plan"), Reason: form.Value("reason"), GivenBy: v.user.ID,
	}
	if gift.UserID != "" && uuid.Validate(gift.UserID) != nil {
		return unknown(comps.ErrUser)
	}
	if form.Value("which") == "some" {
		if gift.Features = form.Values["features"]; len(gift.Features) == 0 {
			form.Fail("features", web.T(c, "comps.mistake.features_none"))
		}
	}
	gift.ExpiresAt = until(c, form)
	if gift.Reason == "" {
		form.Fail("reason", web.T(c, "comps.mistake.reason"))
	}
	if gift.UserID == "" && gift.Email == "" {
		form.Fail("email", web.T(c, "form.required"))
	}
	if form.OK() {
		if err := compMistake(c, form, k.deps.Passes.Give(acting(c, v), gift)); err != nil {
			return err
		}
	}
	if !form.OK() {
		return k.compForm(c, v, form, http.StatusUnprocessableEntity)
	}
	if gift.UserID != "" {
		return k.said(c, "comps.given", appURL(v, "/users")+"#user-"+gift.UserID)
	}
	return k.said(c, "comps.given_address", appURL(v, "/comps")+"#addresses")
}

// until reads the last day of a pass, nil for no end.
func until(c echo.Context, form *web.Form) *time.Time {
	typed := form.Value("until")
	if typed == "" {
		return nil
	}
	end, err := comps.ParseUntil(typed)
	if err != nil {
		form.Fail("until", web.T(c, "comps.mistake.until"))
		return nil
	}
	return &end
}

// compMistake puts beside a field what package comps found wrong; other errors pass.
func compMistake(c echo.Context, form *web.Form, err error) error {
	who := "email"
	if form.Value("user") != "" {
		who = "user"
	}
	switch {
	case err == nil:
	case errors.Is(err, comps.ErrSelf):
		form.Fail(who, web.T(c, "comps.mistake.self"))
	case errors.Is(err, comps.ErrAddress):
		form.Fail(who, web.T(c, "comps.mistake.address"))
	case errors.Is(err, claims.ErrCompExists):
		form.Fail(who, web.T(c, "comps.mistake.exists"))
	case errors.Is(err, comps.ErrReason):
		form.Fail("reason", web.T(c, "comps.mistake.reason_long"))
	case errors.Is(err, comps.ErrEndPast):
		form.Fail("until", web.T(c, "comps.mistake.past"))
	case errors.Is(err, claims.ErrInvalidComp):
		form.Fail("until", web.T(c, "comps.mistake.until"))
	case errors.Is(err, comps.ErrPlan):
		form.Fail("plan", web.T(c, "comps.mistake.plan"))
	case errors.Is(err, comps.ErrFeature):
		form.Fail("features", web.T(c, "comps.mistake.feature"))
	case errors.Is(err, comps.ErrUser):
		return unknown(err)
	default:
		return err
	}
	return nil
}

// said goes on to another page with a word about what was done.
func (k *Console) said(c echo.Context, key, to string) error {
	if err := k.edge.SetFlash(c, "ok", web.T(c, key)); err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, to)
}

// CompChangePage is the view of admin/comp_change: ending a pass, or renewing it.
type CompChangePage struct {
	Frame
	App      idp.App
	Pass     PassRow
	Renew    bool
	Form     *web.Form
	Tomorrow string
}

func (k *Console) pass(c echo.Context, v *visit) (claims.Pass, error) {
	id := c.Param("comp")
	if uuid.Validate(id) != nil {
		return claims.Pass{}, unknown(claims.ErrCompNotFound)
	}
	p, err := k.deps.Passes.Pass(c.Request().Context(), v.app.ClientID, id)
	return p, gone(err)
}

// gone answers 404 for a pass that is not there.
func gone(err error) error {
	if errors.Is(err, claims.ErrCompNotFound) {
		return unknown(err)
	}
	return err
}

func (k *Console) askCompEnd(c echo.Context, v *visit) error {
	return k.compChange(c, v, nil, http.StatusOK)
}

func (k *Console) askCompRenew(c echo.Context, v *visit) error {
	return k.compChange(c, v, &web.Form{}, http.StatusOK)
}

// compChange asks about one pass; with a form it is to be renewed.
func (k *Console) compChange(c echo.Context, v *visit, form *web.Form, status int) error {
	p, err := k.pass(c, v)
	if err != nil {
		return err
	}
	rows, err := k.passRows(c.Request().Context(), v, []claims.Pass{p})
	if err != nil {
		return err
	}
	title := web.T(c, "comps.end_title")
	if form != nil {
		title = web.T(c, "comps.renew_title")
	}
	return k.edge.Render(c, status, "admin/comp_change", &CompChangePage{
		Frame: frame(c, v, "overview", title), App: v.app, Pass: rows[0], Renew: form != nil, Form: form,
		Tomorrow: k.deps.Now().UTC().AddDate(0, 0, 1).Format(time.DateOnly),
	})
}

func (k *Console) endComp(c echo.Context, v *visit) error {
	p, err := k.pass(c, v)
	if err != nil {
		return err
	}
	if err := k.deps.Passes.End(acting(c, v), v.app.ClientID, p.ID, v.user.ID); err != nil {
		return gone(err)
	}
	if p.UserID != "" {
		return k.said(c, "comps.ended", appURL(v, "/users")+"#user-"+p.UserID)
	}
	return k.said(c, "comps.ended", appURL(v, "/comps"))
}

func (k *Console) renewComp(c echo.Context, v *visit) error {
	p, err := k.pass(c, v)
	if err != nil {
		return err
	}
	form, err := web.NewForm(c)
	if err != nil {
		return err
	}
	end := until(c, form)
	if form.OK() {
		err := k.deps.Passes.Renew(acting(c, v), v.app.ClientID, p.ID, end, v.user.ID)
		if errors.Is(err, comps.ErrSelf) {
			form.Fail("until", web.T(c, "comps.mistake.self"))
			err = nil
		}
		if err := compMistake(c, form, gone(err)); err != nil {
			return err
		}
	}
	if !form.OK() {
		return k.compChange(c, v, form, http.StatusUnprocessableEntity)
	}
	return k.said(c, "comps.renewed", appURL(v, "/comps")+"#ending")
}
