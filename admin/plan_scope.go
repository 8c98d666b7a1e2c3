package admin

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/wolfieauth/wolfieauth/billing"
	"github.com/wolfieauth/wolfieauth/idp"
	"github.com/wolfieauth/wolfieauth/internal/permission"
	"github.com/wolfieauth/wolfieauth/internal/web"
)

// PlanMover is the part of [Editor] about plans that nobody has bought yet.
type PlanMover interface {
	// MovePlan answers billing.FieldErrors (scope, slug, featureKeys[i]), billing.ErrPlanNotFound,
	// billing.ErrAppNotFound or billing.ErrConflict.
	MovePlan(ctx context.Context, planID string, to billing.Scope, expected time.Time) (billing.Plan, error)
	// DeletePlan answers billing.ErrPlanNotFound, billing.ErrConflict or billing.ErrPlanInUse.
	DeletePlan(ctx context.Context, planID string, expected time.Time) error
}

// planScopeArea moves and deletes plans while they are unsold.
func planScopeArea() area {
	return area{
		templates: []string{"admin/plan_scope"},
		routes: []route{
			{method: http.MethodGet, path: pathPlan + "/scope", find: (*Console).ofApp, perm: permission.PlansWrite, page: onPlan(askScope)},
			{method: http.MethodPost, path: pathPlan + "/scope", find: (*Console).ofApp, perm: permission.PlansWrite, page: onPlan(changeScope)},
			{method: http.MethodGet, path: pathPlan + "/delete", find: (*Console).ofApp, perm: permission.PlansWrite, page: onPlan(askDelete)},
			{method: http.MethodPost, path: pathPlan + "/delete", find: (*Console).ofApp, perm: permission.PlansWrite, page: onPlan(deletePlan)},
		},
	}
}

// PlanScopePage is the view of admin/plan_scope: where a plan is to be sold, or whether it may be deleted.
type PlanScopePage struct {
	Frame
	App      idp.App
	Plan     string
	Place    string // what it is sold for now
	Form     *web.Form
	Seen     string
	Scopes   []web.Option // where it may be sold; one where there is no choice
	Deleting bool
	Fixed    bool // it was sold or synced: neither is possible any more
	Prices   int
	URL      string
}

func askScope(k *Console, c echo.Context, v *visit, s *shelf, p billing.EditorPlan) error {
	form := &web.Form{}
	if p.Scope.Kind == billing.ScopeBundle {
		form.Set("scope", p.Scope.ID)
	}
	return k.renderScope(c, v, http.StatusOK, s, form, p, false)
}

func askDelete(k *Console, c echo.Context, v *visit, s *shelf, p billing.EditorPlan) error {
	return k.renderScope(c, v, http.StatusOK, s, &web.Form{}, p, true)
}

// scopeFields puts what a plan cannot bring along beside the choice of the place.
var scopeFields = map[string]string{"slug": "scope", "featureKeys": "scope"}

func changeScope(k *Console, c echo.Context, v *visit, s *shelf, p billing.EditorPlan) error {
	form, err := web.NewForm(c)
	if err != nil {
		return err
	}
	if p.Use.Touched() {
		form.Summary = web.T(c, "features.plan_fixed_move")
		return k.renderScope(c, v, http.StatusUnprocessableEntity, s, form, p, false)
	}
	to := s.scope(form.Value("scope"))
	err = k.deps.Tx.InTx(acting(c, v), func(ctx context.Context) error {
		_, err := k.deps.Editor.MovePlan(ctx, p.ID, to, seenAt(form))
		return settle(c, form, scopeFields, err)
	})
	switch {
	case errors.Is(err, billing.ErrConflict):
		form.Summary, err = web.T(c, "admin.editor.conflict"), nil
	case errors.Is(err, billing.ErrAppNotFound):
		form.Fail("scope", web.T(c, "features.scope_foreign"))
		err = nil
	}
	if err := settled(err); err != nil {
		return err
	}
	if !form.OK() {
		return k.renderScope(c, v, http.StatusUnprocessableEntity, s, form, p, false)
	}
	return k.done(c, v, web.T(c, "features.scope_done", "Plan", p.Name, "Place", s.names[to]))
}

func deletePlan(k *Console, c echo.Context, v *visit, s *shelf, p billing.EditorPlan) error {
	form, err := web.NewForm(c)
	if err != nil {
		return err
	}
	err = k.deps.Tx.InTx(acting(c, v), func(ctx context.Context) error {
		return k.deps.Editor.DeletePlan(ctx, p.ID, seenAt(form))
	})
	switch {
	case errors.Is(err, billing.ErrConflict):
		form.Summary = web.T(c, "admin.editor.conflict")
	case errors.Is(err, billing.ErrPlanInUse):
		form.Summary = web.T(c, "features.plan_fixed_delete")
	case err != nil:
		return err
	default:
		return k.done(c, v, web.T(c, "features.plan_deleted", "Plan", p.Name))
	}
	return k.renderScope(c, v, http.StatusUnprocessableEntity, s, form, p, true)
}

func (k *Console) renderScope(c echo.Context, v *visit, status int, s *shelf, form *web.Form, p billing.EditorPlan, deleting bool) error {
	title := web.T(c, "features.scope_title", "Plan", p.Name)
	if deleting {
		title = web.T(c, "features.plan_delete", "Plan", p.Name)
	}
	view := &PlanScopePage{
		Frame: frame(c, v, "overview", title), App: v.app, Plan: p.Name, Place: s.names[p.Scope], Form: form, Seen: form.Value("seen"),
		Scopes: s.scopeOptions(c), Deleting: deleting, Fixed: p.Use.Touched(), Prices: len(p.EditorPrices), URL: planURL(v, p.ID),
	}
	if view.Seen == "" || form.Summary != "" {
		view.Seen = stampOf(p.UpdatedAt)
	}
	return k.edge.Render(c, status, "admin/plan_scope", view)
}
