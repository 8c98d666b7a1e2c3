package admin

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/wolfieauth/wolfieauth/billing"
	"github.com/wolfieauth/wolfieauth/idp"
	"github.com/wolfieauth/wolfieauth/internal/web"
)

// BundlePage is the view of admin/bundle: one that is being made or changed.
type BundlePage struct {
	Frame
	Form    *web.Form
	Bundle  idp.Bundle // zero for a new one
	Action  string
	Heading string
	Submit  string
	Seen    string
	Slug    string // of what was typed for a new one
	Apps    []Choice
	// Gains says who gets more by the apps that would join; nobody is told of it who has said so already.
	Gains []string
	Told  string
}

func (k *Console) askBundle(c echo.Context, v *visit) error {
	return k.renderBundle(c, v, http.StatusOK, &web.Form{}, nil)
}

func (k *Console) createBundle(c echo.Context, v *visit) error {
	form, err := web.NewForm(c)
	if err != nil {
		return err
	}
	if form.Value("do") == doPreview {
		return k.renderBundle(c, v, http.StatusOK, form, nil)
	}
	if !form.Require(web.T(c, "form.required"), "name") {
		return k.renderBundle(c, v, http.StatusUnprocessableEntity, form, nil)
	}
	b, err := k.deps.Bundles.CreateBundle(acting(c, v), idp.CreateBundle{OrgID: v.org.ID, Name: form.Value("name"), ClientIDs: chosenApps(form)})
	switch {
	case errors.Is(err, idp.ErrSlugTaken):
		form.Fail("name", web.T(c, "apps.bundle.taken"))
	case errors.Is(err, idp.ErrSlugInvalid):
		form.Fail("name", web.T(c, "admin.mistake.slug_invalid"))
	case errors.Is(err, idp.ErrAppNotFound):
		form.Fail("apps", web.T(c, "apps.bundle.app_gone"))
	case err != nil:
		return err
	}
	if !form.OK() {
		return k.renderBundle(c, v, http.StatusUnprocessableEntity, form, nil)
	}
	return k.toFlash(c, web.T(c, "apps.bundle.created", "Bundle", b.Name), "/admin/bundles?org="+v.org.Slug)
}

// chosenApps are the ticked apps, each once.
func chosenApps(form *web.Form) []string {
	return slices.Compact(slices.Sorted(slices.Values(form.Values["apps"])))
}

func (k *Console) askBundleEdit(c echo.Context, v *visit) error {
	apps, err := k.deps.Apps.BundleApps(c.Request().Context(), v.bundle.ID)
	if err != nil {
		return err
	}
	form := &web.Form{}
	form.Set("name", v.bundle.Name)
	form.Set("seen", stampOf(v.bundle.UpdatedAt))
	for _, a := range apps {
		form.Values.Add("apps", a.ClientID)
	}
	return k.renderBundle(c, v, http.StatusOK, form, nil)
}

// updateBundle says who gains what before anything is saved: the same form sent again saves it.
func (k *Console) updateBundle(c echo.Context, v *visit) error {
	form, err := web.NewForm(c)
	if err != nil {
		return err
	}
	form.Require(web.T(c, "form.required"), "name")
	gains, err := k.gains(c.Request().Context(), v, form)
	if err != nil {
		return err
	}
	preview := form.Value("do") == doPreview
	if !form.OK() || preview || len(gains) > 0 && form.Value("told") != told(gains) {
		status := http.StatusUnprocessableEntity
		if preview {
			status = http.StatusOK
		}
		return k.renderBundle(c, v, status, form, gains)
	}
	b, err := k.deps.Bundles.UpdateBundle(acting(c, v), idp.BundleEdit{
		ID: v.bundle.ID, Expected: seenAt(form), Name: form.Value("name"), ClientIDs: chosenApps(form),
	})
	clash, clashes := errors.AsType[*idp.BundleClashError](err)
	switch {
	case errors.Is(err, idp.ErrBundleChanged):
		form.Summary = web.T(c, "admin.editor.conflict")
		if v.bundle, err = k.deps.Bundles.Bundle(c.Request().Context(), v.bundle.ID); err != nil {
			return err
		}
		form.Set("seen", stampOf(v.bundle.UpdatedAt))
	case clashes:
		form.Fail("apps", web.T(c, "apps.bundle.clash", "App", clash.ClientID, "Slug", clash.Slug))
	case errors.Is(err, idp.ErrBundleSold):
		form.Fail("apps", web.T(c, "apps.bundle.sold"))
	case errors.Is(err, idp.ErrAppNotFound):
		form.Fail("apps", web.T(c, "apps.bundle.app_gone"))
	case err != nil:
		return err
	}
	if !form.OK() {
		return k.renderBundle(c, v, http.StatusUnprocessableEntity, form, gains)
	}
	return k.toFlash(c, web.T(c, "apps.bundle.saved", "Bundle", b.Name), "/admin/bundles?org="+v.org.Slug)
}

// gains counts who gets more by the apps that would join; apps that nobody gains by are left out.
func (k *Console) gains(ctx context.Context, v *visit, form *web.Form) ([]billing.BundleGain, error) {
	apps, err := k.deps.Apps.BundleApps(ctx, v.bundle.ID)
	if err != nil {
		return nil, err
	}
	own, err := k.deps.Apps.Apps(ctx, v.org.ID)
	if err != nil {
		return nil, err
	}
	is := func(id string) func(idp.App) bool { return func(a idp.App) bool { return a.ClientID == id } }
	join := slices.DeleteFunc(chosenApps(form), func(id string) bool {
		return slices.ContainsFunc(apps, is(id)) || !slices.ContainsFunc(own, is(id))
	})
	gains, err := k.deps.BundleReach.BundleGains(ctx, v.bundle.ID, join)
	return slices.DeleteFunc(gains, func(g billing.BundleGain) bool { return g.Orgs == 0 }), err
}

// told is what a person was told, for the form to bring back.
func told(gains []billing.BundleGain) string {
	parts := make([]string, len(gains))
	for i, g := range gains {
		parts[i] = g.ClientID + " " + strconv.FormatInt(g.People, 10)
	}
	return strings.Join(parts, ",")
}

func (k *Console) renderBundle(c echo.Context, v *visit, status int, form *web.Form, gains []billing.BundleGain) error {
	apps, err := k.deps.Apps.Apps(c.Request().Context(), v.org.ID)
	if err != nil {
		return err
	}
	view := &BundlePage{
		Frame: frame(c, v, "bundles", web.T(c, "apps.bundle.new")), Form: form, Bundle: v.bundle, Action: "/admin/bundles/new?org=" + v.org.Slug,
		Submit: web.T(c, "apps.bundle.create"), Seen: form.Value("seen"), Told: told(gains),
	}
	if v.bundle.ID != "" {
		view.Title, view.Submit, view.Action = web.T(c, "apps.bundle.edit", "Bundle", v.bundle.Name), web.T(c, "apps.bundle.save"), "/admin/bundles/"+v.bundle.ID
	} else if slug, err := idp.Slug(form.Value("name")); err == nil {
		view.Slug = slug
	}
	view.Heading = view.Title
	for _, a := range apps {
		hint := a.ClientID
		if a.DisabledAt != nil {
			hint += " · " + web.T(c, "admin.disabled")
		}
		view.Apps = append(view.Apps, Choice{Value: a.ClientID, Label: a.Name, Hint: hint, Chosen: slices.Contains(form.Values["apps"], a.ClientID)})
	}
	for _, g := range gains {
		key := "apps.bundle.gain"
		if g.AtLeast {
			key = "apps.bundle.gain_at_least"
		}
		view.Gains = append(view.Gains, web.T(c, key, "App", g.ClientID, "Count", g.People, "Orgs", g.Orgs))
	}
	return k.edge.Render(c, status, "admin/bundle", view)
}
