package admin

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/wolfieauth/wolfieauth/billing"
	"github.com/wolfieauth/wolfieauth/internal/web"
)

// onPlan loads the plan that the address names, for a page that changes it.
func onPlan(do func(k *Console, c echo.Context, v *visit, s *shelf, p billing.EditorPlan) error) func(*Console, echo.Context, *visit) error {
	return func(k *Console, c echo.Context, v *visit) error {
		s, ok, err := k.shelf(c.Request().Context(), v.app)
		if err != nil || !ok {
			return toPlans(c, v, err)
		}
		p, err := s.plan(c.Param("plan"))
		if err != nil {
			return err
		}
		return do(k, c, v, &s, p)
	}
}

// stampOf writes the moment of a thing's last change, for the form to bring back.
func stampOf(t time.Time) string { return strconv.FormatInt(t.UnixMicro(), 36) }

// seenAt reads it; a form that brings none back is compared with a moment that nothing was changed at.
func seenAt(form *web.Form) time.Time {
	n, err := strconv.ParseInt(form.Value("seen"), 36, 64)
	if err != nil {
		n = 1
	}
	return time.UnixMicro(n).UTC()
}

func askPlanEdit(k *Console, c echo.Context, v *visit, s *shelf, p billing.EditorPlan) error {
	in, form := p.Edit(), &web.Form{}
	form.Set("name", in.Name)
	form.Set("slug", in.Slug)
	form.Set("description", in.Description)
	form.Set("color", in.Color)
	form.Set("trial_days", strconv.FormatInt(in.TrialDays, 10))
	form.Set("grace_days", strconv.FormatInt(in.GraceDays, 10))
	if in.LastsDays > 0 {
		form.Set("lasts_days", strconv.FormatInt(in.LastsDays, 10))
	}
	if in.MaxSeats > 0 {
		form.Set("max_seats", strconv.FormatInt(in.MaxSeats, 10))
	}
	tick(form, "hidden", in.Hidden)
	tick(form, "recommended", in.Recommended)
	form.Values["features"] = in.FeatureKeys
	return k.renderPlanEdit(c, v, http.StatusOK, s, form, p)
}

func tick(form *web.Form, name string, on bool) {
	if on {
		form.Set(name, "1")
	}
}

// updatePlan saves what was typed over what the person saw; another change in between is said before anything is
// overwritten.
func updatePlan(k *Console, c echo.Context, v *visit, s *shelf, p billing.EditorPlan) error {
	form, err := web.NewForm(c)
	if err != nil {
		return err
	}
	switch form.Value("do") {
	case doPreview:
		return k.renderPlanEdit(c, v, http.StatusOK, s, form, p)
	case doFeature:
		form.Set("scope", p.Scope.ID)
		return k.featureOnly(c, v, s, form, func(c echo.Context, v *visit, status int, s *shelf, form *web.Form) error {
			return k.renderPlanEdit(c, v, status, s, form, p)
		})
	}
	impact, err := k.impact(c, s, form, p)
	if err != nil {
		return err
	}
	if untold(c, form, impact) {
		return k.renderPlanEdit(c, v, http.StatusUnprocessableEntity, s, form, p)
	}
	in := s.readPlanEdit(c, form, p)
	err = k.deps.Tx.InTx(acting(c, v), func(ctx context.Context) error {
		if in.FeatureKeys, err = k.featureAlong(ctx, c, p.Scope, form); err != nil {
			return err
		}
		_, err := k.deps.Editor.UpdatePlan(ctx, in)
		return settle(c, form, editFields, err)
	})
	if errors.Is(err, billing.ErrConflict) {
		form.Summary, err = web.T(c, "admin.editor.conflict"), nil
	}
	if err := settled(err); err != nil {
		return err
	}
	if !form.OK() {
		return k.renderPlanEdit(c, v, http.StatusUnprocessableEntity, s, form, p)
	}
	return k.done(c, v, web.T(c, "admin.plan_form.saved", "Plan", in.Name))
}

// editFields are [planFields] for a plan whose address has a field of its own.
var editFields = map[string]string{
	"trialDays": "trial_days", "graceDays": "grace_days", "lastsDays": "lasts_days", "maxSeats": "max_seats", "featureKeys": "features",
}

func (s *shelf) readPlanEdit(c echo.Context, form *web.Form, p billing.EditorPlan) billing.PlanEdit {
	read := s.readPlan(c, form)
	in := billing.PlanEdit{
		PlanID: p.ID, Expected: seenAt(form), Name: read.Name, Slug: form.Value("slug"), Description: read.Description, Color: read.Color,
		Hidden: read.Hidden, Recommended: read.Recommended, TrialDays: read.TrialDays, GraceDays: *read.GraceDays, LastsDays: read.LastsDays,
		MaxSeats: read.MaxSeats,
	}
	if p.Use.Sold() {
		if in.Slug != "" && in.Slug != p.Slug { // the form was opened before the first sale
			form.Fail("slug", web.T(c, "admin.mistake.sold"))
		}
		in.Slug = ""
	}
	return in
}

func (k *Console) renderPlanEdit(c echo.Context, v *visit, status int, s *shelf, form *web.Form, p billing.EditorPlan) error {
	impact, err := k.impact(c, s, form, p)
	if err != nil {
		return err
	}
	view := k.planForm(c, v, s, form)
	view.Impact = impact
	view.Title = web.T(c, "admin.plan_form.edit", "Plan", p.Name)
	view.Heading, view.Submit = view.Title, web.T(c, "admin.plan_form.save")
	view.Action = planURL(v, p.ID) + "/edit"
	view.EditSlug, view.SlugFixed, view.Live = true, p.Use.Sold(), p.Use.Live()
	view.Slug, view.Features = p.Slug, s.choices(form.Values["features"], p.Scope)
	// What was refused for a change in between may be sent again by a person who has now been told.
	view.Seen = form.Value("seen")
	if view.Seen == "" || form.Summary == web.T(c, "admin.editor.conflict") {
		view.Seen = stampOf(p.UpdatedAt)
	}
	if view.Preview, err = k.preview(c, s, form, s.sketchPlan(c, form, &p), false); err != nil {
		return err
	}
	return k.edge.Render(c, status, "admin/plan", view)
}

func planURL(v *visit, planID string) string {
	return "/admin/clients/" + v.app.ClientID + "/plans/" + planID
}
