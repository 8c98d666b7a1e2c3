package admin

import (
	"context"
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/wolfieauth/wolfieauth/billing"
	"github.com/wolfieauth/wolfieauth/idp"
	"github.com/wolfieauth/wolfieauth/internal/permission"
	"github.com/wolfieauth/wolfieauth/internal/web"
)

// BundleEditor makes and changes bundles, and records each change; [idp.Service] is one.
type BundleEditor interface {
	// Bundle answers idp.ErrBundleNotFound.
	Bundle(ctx context.Context, id string) (idp.Bundle, error)
	// CreateBundle answers idp.ErrSlugTaken and idp.ErrSlugInvalid.
	CreateBundle(ctx context.Context, in idp.CreateBundle) (idp.Bundle, error)
	// UpdateBundle answers idp.ErrBundleChanged, a *idp.BundleClashError, and idp.ErrBundleSold.
	UpdateBundle(ctx context.Context, in idp.BundleEdit) (idp.Bundle, error)
}

// BundleReach counts whom a bundle's change reaches; [billing.Service] is one.
type BundleReach interface {
	BundleGains(ctx context.Context, bundleID string, join []string) ([]billing.BundleGain, error)
}

const (
	pathBundles = "/admin/bundles"
	pathBundle  = pathBundles + "/:bundle"
)

// bundleArea is where bundles are made and changed.
func bundleArea() area {
	return area{
		templates: []string{"admin/bundles", "admin/bundle"},
		routes: []route{
			{method: http.MethodGet, path: pathBundles, find: (*Console).inOrg, perm: permission.AppsRead, page: (*Console).showBundles},
			{method: http.MethodGet, path: pathBundles + "/new", find: (*Console).inOrg, perm: permission.AppsWrite, page: (*Console).askBundle},
			{method: http.MethodPost, path: pathBundles + "/new", find: (*Console).inOrg, perm: permission.AppsWrite, page: (*Console).createBundle},
			{method: http.MethodGet, path: pathBundle, find: (*Console).ofBundle, perm: permission.AppsWrite, page: (*Console).askBundleEdit},
			{method: http.MethodPost, path: pathBundle, find: (*Console).ofBundle, perm: permission.AppsWrite, page: (*Console).updateBundle},
		},
	}
}

// ofBundle finds the bundle and, by it, the org.
func (k *Console) ofBundle(c echo.Context, v *visit) error {
	ctx, id := c.Request().Context(), c.Param("bundle")
	if !plain(id) {
		return unknown(idp.ErrBundleNotFound)
	}
	b, err := k.deps.Bundles.Bundle(ctx, id)
	if err != nil {
		return unlessMissing(err, idp.ErrBundleNotFound)
	}
	v.bundle = b
	for _, o := range v.orgs {
		if o.Org.ID == b.OrgID {
			v.org = o.Org
			return nil
		}
	}
	if !v.policy.PlatformAdmin(v.subject) {
		return unknown(idp.ErrBundleNotFound)
	}
	v.org, err = k.deps.People.Org(ctx, b.OrgID)
	return err
}

// BundlesPage is the view of admin/bundles.
type BundlesPage struct {
	Frame
	Rows     []BundleLine
	MayWrite bool
	NoApps   bool // the org has nothing to bundle
}

// BundleLine is one bundle with the apps in it.
type BundleLine struct {
	ID, Name, Slug string
	Apps           []idp.App
}

func (k *Console) showBundles(c echo.Context, v *visit) error {
	ctx := c.Request().Context()
	bundles, err := k.deps.Apps.Bundles(ctx, v.org.ID)
	if err != nil {
		return err
	}
	view := &BundlesPage{Frame: frame(c, v, "bundles", web.T(c, "apps.bundles.title")), MayWrite: v.may(permission.AppsWrite)}
	for _, b := range bundles {
		apps, err := k.deps.Apps.BundleApps(ctx, b.ID)
		if err != nil {
			return err
		}
		view.Rows = append(view.Rows, BundleLine{ID: b.ID, Name: b.Name, Slug: b.Slug, Apps: apps})
	}
	if len(bundles) == 0 {
		apps, err := k.deps.Apps.Apps(ctx, v.org.ID)
		if err != nil {
			return err
		}
		view.NoApps = len(apps) == 0
	}
	return k.edge.Render(c, http.StatusOK, "admin/bundles", view)
}
