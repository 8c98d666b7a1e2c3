package admin

import (
	"context"
	"errors"
	"net/http"
	"slices"

	"github.com/labstack/echo/v4"

	"github.com/wolfieauth/wolfieauth/billing"
	"github.com/wolfieauth/wolfieauth/internal/web"
)

// What the buttons of the editor's forms ask for, in the field "do"; any other value saves.
const (
	doPreview = "preview" // show what has been typed, nothing more
	doFeature = "feature" // make the feature, go on with the plan
	doAddTier = "add"
	doCutTier = "cut-" // with the number of the row
)

// plansOf is the address of an app's plans.
func plansOf(v *visit) string { return "/admin/clients/" + v.app.ClientID + "#plans" }

// askPlan shows the empty form, with what most plans have.
func (k *Console) askPlan(c echo.Context, v *visit) error {
	s, ok, err := k.shelf(c.Request().Context(), v.app)
	if err != nil || !ok {
		return toPlans(c, v, err)
	}
	form := &web.Form{}
	form.Set("trial_days", "0")
	form.Set("grace_days", "7")
	return k.renderNewPlan(c, v, http.StatusOK, &s, form)
}

// toPlans leads to the page of the app, which says why nothing can be sold; an error goes its own way.
func toPlans(c echo.Context, v *visit, err error) error {
	if err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, plansOf(v))
}

// createPlan saves the plan together with the feature that was typed along with it, or that feature alone.
func (k *Console) createPlan(c echo.Context, v *visit) error {
	form, err := web.NewForm(c)
	if err != nil {
		return err
	}
	s, ok, err := k.shelf(c.Request().Context(), v.app)
	if err != nil || !ok {
		return toPlans(c, v, err)
	}
	if form.Value("do") == doPreview {
		return k.renderNewPlan(c, v, http.StatusOK, &s, form)
	}
	if form.Value("do") == doFeature {
		return k.featureOnly(c, v, &s, form, k.renderNewPlan)
	}
	in := s.readPlan(c, form)
	err = k.deps.Tx.InTx(acting(c, v), func(ctx context.Context) error {
		keys, err := k.featureAlong(ctx, c, in.Scope, form)
		if err != nil {
			return err
		}
		in.FeatureKeys = keys
		_, err = k.deps.Editor.CreatePlan(ctx, in)
		return settle(c, form, planFields, err)
	})
	if err := settled(err); err != nil {
		return err
	}
	if !form.OK() {
		return k.renderNewPlan(c, v, http.StatusUnprocessableEntity, &s, form)
	}
	return k.done(c, v, web.T(c, "admin.plan_form.created", "Plan", in.Name))
}

// done goes back to the plans with a word about what happened.
func (k *Console) done(c echo.Context, v *visit, sentence string) error {
	if err := k.edge.SetFlash(c, "ok", sentence); err != nil {
		return err
	}
	return toPlans(c, v, nil)
}

// featureAlong makes the feature whose key or name was typed, if any, and answers its key with those that were
// chosen. Mistakes stand in the form, and the plan goes without the feature, so that its own are found too.
func (k *Console) featureAlong(ctx context.Context, c echo.Context, scope billing.Scope, form *web.Form) ([]string, error) {
	keys := slices.Clone(form.Values["features"])
	in := billing.NewFeature{
		Scope: scope, Key: form.Value("feature_key"), Name: form.Value("feature_name"), Description: form.Value("feature_description"),
	}
	if in.Key == "" && in.Name == "" {
		return keys, nil
	}
	f, err := k.deps.Editor.CreateFeature(ctx, in)
	if _, typed := errors.AsType[billing.FieldErrors](err); typed {
		_ = settle(c, form, featureFields, err)
		return keys, nil
	}
	return append(keys, f.Key), err
}

// featureOnly makes the feature and shows the form again, the plan still unsaved and the feature chosen.
func (k *Console) featureOnly(c echo.Context, v *visit, s *shelf, form *web.Form, render planRenderer) error {
	if !form.Require(web.T(c, "form.required"), "feature_key", "feature_name") {
		return render(c, v, http.StatusUnprocessableEntity, s, form)
	}
	var keys []string
	err := k.deps.Tx.InTx(acting(c, v), func(ctx context.Context) (err error) {
		if keys, err = k.featureAlong(ctx, c, s.scope(form.Value("scope")), form); err != nil {
			return err
		}
		return refused(form)
	})
	if err := settled(err); err != nil {
		return err
	}
	if !form.OK() {
		return render(c, v, http.StatusUnprocessableEntity, s, form)
	}
	form.Values["features"] = keys
	for _, name := range featureFields {
		form.Values.Del(name)
	}
	fresh, ok, err := k.shelf(c.Request().Context(), v.app)
	if err != nil || !ok {
		return toPlans(c, v, err)
	}
	return render(c, v, http.StatusOK, &fresh, form)
}

// planRenderer shows a form of a plan.
type planRenderer func(c echo.Context, v *visit, status int, s *shelf, form *web.Form) error

func (k *Console) renderNewPlan(c echo.Context, v *visit, status int, s *shelf, form *web.Form) error {
	view := k.planForm(c, v, s, form)
	view.Title = web.T(c, "admin.plan_form.new")
	view.Heading, view.Submit = view.Title, web.T(c, "admin.plan_form.create")
	view.Action, view.Scopes = "/admin/clients/"+v.app.ClientID+"/plans/new", s.scopeOptions(c)
	var err error
	if view.Preview, err = k.preview(c, s, form, s.sketchPlan(c, form, nil), false); err != nil {
		return err
	}
	return k.edge.Render(c, status, "admin/plan", view)
}

func (k *Console) planForm(c echo.Context, v *visit, s *shelf, form *web.Form) *PlanFormPage {
	return &PlanFormPage{
		Frame: frame(c, v, "overview", ""), App: v.app, Form: form, Features: s.choices(form.Values["features"]),
		Slug: billing.PlanSlug(form.Value("name")), Color: checkColor(form.Value("color")),
	}
}
