package admin

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/wolfieauth/wolfieauth/billing"
	"github.com/wolfieauth/wolfieauth/idp"
	"github.com/wolfieauth/wolfieauth/internal/web"
)

// PlanEndPage is the view of admin/plan_end: what the end of a plan's, or of a price's, sale means, and the question.
type PlanEndPage struct {
	Frame
	App    idp.App
	Plan   string
	Price  *PriceRow // nil for the whole plan
	Action string
	Live   int64    // how many hold it now and keep it
	Last   bool     // the plan cannot be bought at all without this price
	Kept   []string // who keeps which price
	Comps  int64    // free passes of the plan's name, which stay
}

func askArchive(k *Console, c echo.Context, v *visit, _ *shelf, p billing.EditorPlan) error {
	kept, comps, err := k.kept(c, p, billing.Change{Archive: p.ID})
	if err != nil {
		return err
	}
	view := &PlanEndPage{
		Frame: frame(c, v, "overview", web.T(c, "admin.plan_end.title", "Plan", p.Name)), App: v.app, Plan: p.Name,
		Action: planURL(v, p.ID) + "/archive", Live: p.Use.Live(), Kept: kept, Comps: comps,
	}
	return k.edge.Render(c, http.StatusOK, "admin/plan_end", view)
}

func archivePlan(k *Console, c echo.Context, v *visit, _ *shelf, p billing.EditorPlan) error {
	if err := k.deps.Editor.ArchivePlan(acting(c, v), p.ID); err != nil {
		return err
	}
	return k.done(c, v, web.T(c, "admin.plan_end.done", "Plan", p.Name))
}

func restorePlan(k *Console, c echo.Context, v *visit, _ *shelf, p billing.EditorPlan) error {
	if err := k.deps.Editor.RestorePlan(acting(c, v), p.ID); err != nil {
		return err
	}
	return k.done(c, v, web.T(c, "admin.plan.restored", "Plan", p.Name))
}

func duplicatePlan(k *Console, c echo.Context, v *visit, _ *shelf, p billing.EditorPlan) error {
	made, err := k.deps.Editor.DuplicatePlan(acting(c, v), p.ID, "")
	if err != nil {
		return err
	}
	return k.done(c, v, web.T(c, "admin.plan.duplicated", "Plan", p.Name, "Copy", made.Name))
}

// movePlan puts a plan one place up or down among those of its scope that are on sale; at the end nothing moves.
func movePlan(k *Console, c echo.Context, v *visit, s *shelf, p billing.EditorPlan) error {
	form, err := web.NewForm(c)
	if err != nil {
		return err
	}
	ids, at := s.order(p)
	to := at + 1
	if form.Value("direction") == "up" {
		to = at - 1
	}
	if at < 0 || to < 0 || to >= len(ids) {
		return toPlans(c, v, nil)
	}
	ids[at], ids[to] = ids[to], ids[at]
	if err := k.deps.Editor.ReorderPlans(acting(c, v), p.Scope, ids); err != nil {
		return err
	}
	return k.done(c, v, web.T(c, "admin.plan.moved", "Plan", p.Name))
}

// order lists the plans of a plan's scope that are on sale, and the place of this one among them, -1 for none.
func (s *shelf) order(p billing.EditorPlan) (ids []string, at int) {
	at = -1
	for _, part := range s.parts {
		if part.Scope != p.Scope {
			continue
		}
		for _, other := range part.Plans {
			if other.ArchivedAt != nil {
				continue
			}
			if other.ID == p.ID {
				at = len(ids)
			}
			ids = append(ids, other.ID)
		}
	}
	return ids, at
}
