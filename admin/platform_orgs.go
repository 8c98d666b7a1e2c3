package admin

import (
	"net/http"
	"net/url"

	"github.com/labstack/echo/v4"

	"github.com/wolfieauth/wolfieauth/idp"
	"github.com/wolfieauth/wolfieauth/internal/web"
)

// ListPage is what every list of the platform shows around its rows.
type ListPage struct {
	Frame
	Path     string // where the search goes
	Search   string
	Personal bool   // personal orgs are listed, too
	Later    bool   // this is not the first page
	First    string // address of the first page
	Next     string // address of the next page, "" at the end
}

func listPage(c echo.Context, v *visit, section, title, path string) (view ListPage, f idp.DirectoryFilter) {
	f = idp.DirectoryFilter{Search: searched(c.QueryParam("q")), After: after(c.QueryParam("after")), Limit: perPage}
	view = ListPage{Frame: frame(c, v, section, title), Path: path, Search: f.Search, Later: f.After != "", First: path}
	if f.Search != "" {
		view.First += "?q=" + url.QueryEscape(f.Search)
	}
	return view, f
}

func (p *ListPage) goesOn(next string) {
	if next == "" {
		return
	}
	q := url.Values{"after": {seal(next)}}
	if p.Personal {
		q.Set("personal", "1")
	}
	if p.Search != "" {
		q.Set("q", p.Search)
	}
	p.Next = p.Path + "?" + q.Encode()
}

// OrgsPage is the view of admin/platform_orgs.
type OrgsPage struct {
	ListPage
	Rows []OrgRow
}

// OrgRow is an org with its size.
type OrgRow struct {
	idp.ListedOrg
	Subscriptions int64
}

func (k *Console) showOrgs(c echo.Context, v *visit) error {
	ctx := c.Request().Context()
	frame, f := listPage(c, v, "orgs", web.T(c, "platform.orgs.title"), pathOrgs)
	f.Personal = c.QueryParam("personal") != ""
	frame.Personal = f.Personal
	if f.Personal {
		frame.First = pathOrgs + "?personal=1&q=" + url.QueryEscape(f.Search)
	}
	page, next, err := k.deps.Directory.ListOrgs(ctx, f)
	if err != nil {
		return err
	}
	ids := make([]string, len(page))
	for i, o := range page {
		ids[i] = o.Org.ID
	}
	held, err := k.deps.Deliveries.HeldByOrg(ctx, ids)
	if err != nil {
		return err
	}
	view := &OrgsPage{ListPage: frame}
	view.goesOn(next)
	for _, o := range page {
		view.Rows = append(view.Rows, OrgRow{o, held[o.Org.ID]})
	}
	return k.edge.Render(c, http.StatusOK, "admin/platform_orgs", view)
}

// orgAt finds the org that the address names by its id.
func (k *Console) orgAt(c echo.Context) (idp.Org, error) {
	id := c.Param("org")
	if !plain(id) {
		return idp.Org{}, unknown(idp.ErrOrgNotFound)
	}
	org, err := k.deps.People.Org(c.Request().Context(), id)
	return org, unlessMissing(err, idp.ErrOrgNotFound)
}

func (k *Console) suspendOrg(c echo.Context, v *visit) error {
	org, err := k.orgAt(c)
	if err != nil {
		return err
	}
	ok, err := k.confirmed(c, &ConfirmPage{
		Frame: frame(c, v, "orgs", web.T(c, "platform.suspend.title")), Heading: web.T(c, "platform.suspend.heading", "Org", org.Name),
		Lead: web.T(c, "platform.suspend.lead"),
		Lines: []string{
			web.T(c, "platform.suspend.members"), web.T(c, "platform.suspend.apps"), web.T(c, "platform.suspend.held"), web.T(c, "platform.suspend.money"),
		},
		Keeps: web.T(c, "platform.suspend.keeps"), Action: pathOrgs + "/" + org.ID + "/suspend", Label: web.T(c, "apps.confirm.type", "Word", org.Slug),
		Word: org.Slug, Submit: web.T(c, "platform.suspend.submit"), Crumb: web.T(c, "platform.orgs.title"), Back: pathOrgs,
	})
	if err != nil || !ok {
		return err
	}
	if err := k.deps.Directory.SuspendOrg(acting(c, v), org.ID); err != nil {
		return err
	}
	return k.toFlash(c, web.T(c, "platform.suspend.done", "Org", org.Name), pathOrgs+"?personal=1&q="+org.Slug)
}

func (k *Console) resumeOrg(c echo.Context, v *visit) error {
	org, err := k.orgAt(c)
	if err != nil {
		return err
	}
	if err := k.deps.Directory.ResumeOrg(acting(c, v), org.ID); err != nil {
		return err
	}
	return k.toFlash(c, web.T(c, "platform.resume.done", "Org", org.Name), pathOrgs+"?personal=1&q="+org.Slug)
}

// AllAppsPage is the view of admin/platform_apps.
type AllAppsPage struct {
	ListPage
	Rows []AllAppsRow
}

// AllAppsRow is an app with its kind in words.
type AllAppsRow struct {
	idp.ListedApp
	Kind string
}

func (k *Console) showAllApps(c echo.Context, v *visit) error {
	frame, f := listPage(c, v, "apps", web.T(c, "platform.apps.title"), pathAllApps)
	page, next, err := k.deps.Directory.ListApps(c.Request().Context(), f)
	if err != nil {
		return err
	}
	view := &AllAppsPage{ListPage: frame}
	view.goesOn(next)
	for _, a := range page {
		view.Rows = append(view.Rows, AllAppsRow{a, kindName(c, a.App.Kind)})
	}
	return k.edge.Render(c, http.StatusOK, "admin/platform_apps", view)
}
