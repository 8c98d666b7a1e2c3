package admin

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/wolfieauth/wolfieauth/billing"
	"github.com/wolfieauth/wolfieauth/internal/web"
)

// onPrice loads the plan and the price that the address names.
func onPrice(do func(k *Console, c echo.Context, v *visit, s *shelf, p billing.EditorPlan, price billing.EditorPrice) error) func(*Console, echo.Context, *visit) error {
	return onPlan(func(k *Console, c echo.Context, v *visit, s *shelf, p billing.EditorPlan) error {
		for _, price := range p.EditorPrices {
			if price.ID == c.Param("price") {
				return do(k, c, v, s, p, price)
			}
		}
		return unknown(billing.ErrPriceNotFound)
	})
}

func priceURL(v *visit, p billing.Price) string { return planURL(v, p.PlanID) + "/prices/" + p.ID }

func askRetire(k *Console, c echo.Context, v *visit, _ *shelf, p billing.EditorPlan, price billing.EditorPrice) error {
	kept, comps, err := k.kept(c, p, billing.Change{Retire: price.ID})
	if err != nil {
		return err
	}
	row := priceRow(c, price.Price)
	view := &PlanEndPage{
		Frame: frame(c, v, "overview", web.T(c, "admin.price_end.title", "Plan", p.Name)), App: v.app, Plan: p.Name, Price: &row,
		Action: priceURL(v, price.Price) + "/retire", Live: price.Use.Live(), Last: true, Kept: kept, Comps: comps,
	}
	for _, other := range p.EditorPrices {
		view.Last = view.Last && (other.ID == price.ID || other.RetiredAt != nil)
	}
	return k.edge.Render(c, http.StatusOK, "admin/plan_end", view)
}

func retirePrice(k *Console, c echo.Context, v *visit, _ *shelf, p billing.EditorPlan, price billing.EditorPrice) error {
	if err := k.deps.Editor.RetirePrice(acting(c, v), price.ID); err != nil {
		return err
	}
	return k.done(c, v, web.T(c, "admin.price_end.done", "Plan", p.Name))
}
