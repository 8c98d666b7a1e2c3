package admin

import (
	"context"
	"errors"
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/wolfieauth/wolfieauth/billing"
	"github.com/wolfieauth/wolfieauth/idp"
	"github.com/wolfieauth/wolfieauth/internal/permission"
	"github.com/wolfieauth/wolfieauth/internal/web"
)

// overviewArea is the front page of an org.
func overviewArea() area {
	return area{
		templates: []string{"admin/overview"},
		routes: []route{
			{method: http.MethodGet, path: "/admin", find: (*Console).inOrg, perm: enter, page: (*Console).showOverview},
		},
	}
}

// OverviewPage is the view of admin/overview: what the org has.
type OverviewPage struct {
	Frame
	Apps     []AppRow
	Bundles  []BundleRow
	Members  int64
	Platform bool // the visitor may open any org
}

// AppRow is an app in the list.
type AppRow struct {
	ClientID, Name string
	Disabled       bool
	Billing        bool
	Gateway        string // in words, "" while billing is off
	Live           bool
	Plans          int
}

// BundleRow is a bundle in the list.
type BundleRow struct {
	Name, Slug string
	Apps       []string
}

func (k *Console) showOverview(c echo.Context, v *visit) (err error) {
	ctx := c.Request().Context()
	view := &OverviewPage{Frame: frame(c, v, "overview", web.T(c, "admin.overview.title")), Platform: v.mayEverywhere()}
	if view.Apps, err = k.appRows(c, v.org.ID); err != nil {
		return err
	}
	if view.Bundles, err = k.bundleRows(ctx, v.org.ID); err != nil {
		return err
	}
	if view.Members, err = k.deps.People.ActiveMembers(ctx, v.org.ID); err != nil {
		return err
	}
	return k.edge.Render(c, http.StatusOK, "admin/overview", view)
}

// mayEverywhere tells whether the visitor sees every org.
func (v *visit) mayEverywhere() bool {
	return v.policy.Decide(v.subject, permission.PlatformOrgs, "") == nil
}

func (k *Console) appRows(c echo.Context, orgID string) ([]AppRow, error) {
	apps, err := k.deps.Apps.Apps(c.Request().Context(), orgID)
	if err != nil {
		return nil, err
	}
	rows := make([]AppRow, 0, len(apps))
	for _, a := range apps {
		catalog, err := k.catalog(c.Request().Context(), a)
		if err != nil {
			return nil, err
		}
		row := AppRow{ClientID: a.ClientID, Name: a.Name, Disabled: a.DisabledAt != nil, Billing: catalog.Settings.Enabled, Plans: len(catalog.Plans)}
		if row.Billing {
			row.Gateway, row.Live = gatewayName(c, catalog.Settings.Gateway), catalog.Settings.Livemode
		}
		rows = append(rows, row)
	}
	return rows, nil
}

// catalog answers what the app sells; nothing, where it sells nothing or is disabled.
func (k *Console) catalog(ctx context.Context, app idp.App) (billing.Catalog, error) {
	if app.DisabledAt != nil {
		return billing.Catalog{}, nil
	}
	catalog, err := k.deps.Shop.Catalog(ctx, app.ClientID)
	if errors.Is(err, billing.ErrBillingOff) || errors.Is(err, billing.ErrAppNotFound) {
		return billing.Catalog{}, nil
	}
	return catalog, err
}

func (k *Console) bundleRows(ctx context.Context, orgID string) ([]BundleRow, error) {
	bundles, err := k.deps.Apps.Bundles(ctx, orgID)
	if err != nil {
		return nil, err
	}
	rows := make([]BundleRow, 0, len(bundles))
	for _, b := range bundles {
		row := BundleRow{Name: b.Name, Slug: b.Slug}
		apps, err := k.deps.Apps.BundleApps(ctx, b.ID)
		if err != nil {
			return nil, err
		}
		for _, a := range apps {
			row.Apps = append(row.Apps, a.Name)
		}
		rows = append(rows, row)
	}
	return rows, nil
}

func gatewayName(c echo.Context, g billing.GatewayKind) string {
	switch g {
	case billing.GatewayConnect:
		return web.T(c, "admin.gateway.connect")
	case billing.GatewayPlatform:
		return web.T(c, "admin.gateway.platform")
	default:
		return web.T(c, "admin.gateway.managed")
	}
}
