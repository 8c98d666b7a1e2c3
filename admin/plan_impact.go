package admin

import (
	"errors"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/wolfieauth/wolfieauth/billing"
	"github.com/wolfieauth/wolfieauth/internal/web"
)

// PlanImpact is what saving would do to people who have the plan.
type PlanImpact struct {
	Lines []string
	// Told is brought back by the form, so that nobody saves what they were not shown.
	Told string
	// Comps counts the free passes of the plan's name, which the edit does not touch.
	Comps int64
}

// impact counts what an edit would change in people's claims; nil for nothing, and for an edit that would be
// refused anyhow.
func (k *Console) impact(c echo.Context, s *shelf, form *web.Form, p billing.EditorPlan) (*PlanImpact, error) {
	read := &web.Form{Values: form.Values}
	edit := s.readPlanEdit(c, read, p)
	if !read.OK() {
		return nil, nil //nolint:nilnil // nothing to tell is no error
	}
	edit.FeatureKeys, edit.Expected = form.Values["features"], p.UpdatedAt
	found, err := k.deps.Editor.PreviewChange(c.Request().Context(), billing.Change{Plan: &edit})
	if _, refused := errors.AsType[billing.FieldErrors](err); refused || errors.Is(err, billing.ErrConflict) {
		return nil, nil //nolint:nilnil // nothing to tell is no error
	}
	if err != nil || len(found.Claims) == 0 {
		return nil, err
	}
	out := &PlanImpact{}
	for _, ch := range found.Claims {
		out.Lines = append(out.Lines, impactLine(c, ch))
	}
	out.Told = strings.Join(out.Lines, "\n")
	if found.Comps != nil {
		out.Comps = *found.Comps
	}
	return out, nil
}

// kept says who goes on paying which price after a change that takes prices off sale.
func (k *Console) kept(c echo.Context, p billing.EditorPlan, change billing.Change) (lines []string, comps int64, err error) {
	found, err := k.deps.Editor.PreviewChange(c.Request().Context(), change)
	if err != nil {
		return nil, 0, err
	}
	for _, kept := range found.Kept {
		lines = append(lines, web.T(c, "features.kept", "Count", kept.LiveMode+kept.TestMode, "Price", priceWords(c, p, kept.Price.ID)))
	}
	if found.Comps != nil {
		comps = *found.Comps
	}
	return lines, comps, nil
}

func impactLine(c echo.Context, ch billing.ClaimChange) string {
	switch {
	case ch.Key == "" && ch.Gain:
		return web.T(c, "admin.impact.plan_gain", "Count", ch.People, "App", ch.App.Name)
	case ch.Key == "":
		return web.T(c, "admin.impact.plan_lose", "Count", ch.People, "App", ch.App.Name)
	case ch.Gain:
		return web.T(c, "admin.impact.gain", "Count", ch.People, "App", ch.App.Name, "Feature", ch.Name)
	default:
		return web.T(c, "admin.impact.lose", "Count", ch.People, "App", ch.App.Name, "Feature", ch.Name)
	}
}

// untold tells whether saving would do something to people that the form did not show, and then says so.
func untold(c echo.Context, form *web.Form, impact *PlanImpact) bool {
	if impact == nil || strings.ReplaceAll(form.Raw("told"), "\r\n", "\n") == impact.Told {
		return false
	}
	form.Summary = web.T(c, "admin.impact.first")
	return true
}
