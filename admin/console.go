package admin

import (
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/wolfieauth/wolfieauth/idp"
	"github.com/wolfieauth/wolfieauth/internal/permission"
	"github.com/wolfieauth/wolfieauth/internal/web"
)

// Console serves the room. Make one with [New]. It is safe for concurrent use.
type Console struct {
	deps Deps
	edge *web.Edge
}

// New makes the console; [Console.Mount] gives it an edge.
func New(deps Deps) *Console { return &Console{deps: deps} }

// TemplateNames are the pages that the console renders.
func TemplateNames() []string {
	return []string{
		"admin/overview", "admin/app", "admin/secret", "admin/secret_new", "admin/members", "admin/audit", "admin/jobs",
		"admin/plan", "admin/plan_end", "admin/price", "admin/sync",
		"admin/forbidden",
	}
}

// TemplateNames are the pages that the console renders.
func (k *Console) TemplateNames() []string { return TemplateNames() }

// Problems maps what the console alone refuses to what the outside sees.
func (k *Console) Problems() []web.Problem { return Problems() }

// Problems maps what the console alone refuses to what the outside sees.
func Problems() []web.Problem {
	return []web.Problem{
		{Err: idp.ErrAppPublic, Status: http.StatusConflict, Code: "app_keeps_no_secret"},
		{Err: permission.ErrDenied, Status: http.StatusForbidden, Code: "forbidden"},
	}
}

// route is one row of the table: where, for whom, and the page.
type route struct {
	method, path string
	// find settles what the request is about, before anything is decided.
	find func(*Console, echo.Context, *visit) error
	perm permission.Permission
	page func(*Console, echo.Context, *visit) error
	// back is the page that a person who had to sign in first goes on to; "" is the same address.
	back string
}

func routes() []route {
	const (
		app   = "/admin/clients/:clientId"
		plan  = app + "/plans/:plan"
		price = plan + "/prices/:price"
		work  = "/admin/platform/jobs"
	)
	return []route{
		{method: http.MethodGet, path: "/admin", find: (*Console).inOrg, perm: enter, page: (*Console).showOverview},
		{method: http.MethodGet, path: app, find: (*Console).ofApp, perm: enter, page: (*Console).showApp},
		{method: http.MethodGet, path: app + "/secret", find: (*Console).ofApp, perm: permission.AppsWrite, page: (*Console).askSecret},
		{method: http.MethodPost, path: app + "/secret", find: (*Console).ofApp, perm: permission.AppsWrite, page: (*Console).rotateSecret},
		{method: http.MethodGet, path: app + "/plans/new", find: (*Console).ofApp, perm: permission.PlansWrite, page: (*Console).askPlan},
		{method: http.MethodPost, path: app + "/plans/new", find: (*Console).ofApp, perm: permission.PlansWrite, page: (*Console).createPlan},
		{method: http.MethodGet, path: plan + "/edit", find: (*Console).ofApp, perm: permission.PlansWrite, page: onPlan(askPlanEdit)},
		{method: http.MethodPost, path: plan + "/edit", find: (*Console).ofApp, perm: permission.PlansWrite, page: onPlan(updatePlan)},
		{method: http.MethodGet, path: plan + "/archive", find: (*Console).ofApp, perm: permission.PlansWrite, page: onPlan(askArchive)},
		{method: http.MethodPost, path: plan + "/archive", find: (*Console).ofApp, perm: permission.PlansWrite, page: onPlan(archivePlan)},
		{method: http.MethodPost, path: plan + "/restore", find: (*Console).ofApp, perm: permission.PlansWrite, page: onPlan(restorePlan), back: app},
		{method: http.MethodPost, path: plan + "/duplicate", find: (*Console).ofApp, perm: permission.PlansWrite, page: onPlan(duplicatePlan), back: app},
		{method: http.MethodPost, path: plan + "/move", find: (*Console).ofApp, perm: permission.PlansWrite, page: onPlan(movePlan), back: app},
		{method: http.MethodGet, path: plan + "/prices/new", find: (*Console).ofApp, perm: permission.PlansWrite, page: onPlan(askPrice)},
		{method: http.MethodPost, path: plan + "/prices/new", find: (*Console).ofApp, perm: permission.PlansWrite, page: onPlan(addPrice)},
		{method: http.MethodGet, path: price + "/edit", find: (*Console).ofApp, perm: permission.PlansWrite, page: onPrice(askPriceEdit)},
		{method: http.MethodPost, path: price + "/edit", find: (*Console).ofApp, perm: permission.PlansWrite, page: onPrice(editPrice)},
		{method: http.MethodGet, path: price + "/retire", find: (*Console).ofApp, perm: permission.PlansWrite, page: onPrice(askRetire)},
		{method: http.MethodPost, path: price + "/retire", find: (*Console).ofApp, perm: permission.PlansWrite, page: onPrice(retirePrice)},
		{method: http.MethodGet, path: app + "/sync", find: (*Console).ofApp, perm: permission.PlansWrite, page: (*Console).showSync},
		{method: http.MethodPost, path: app + "/sync", find: (*Console).ofApp, perm: permission.PlansWrite, page: (*Console).startSync},
		{method: http.MethodGet, path: "/admin/members", find: (*Console).inOrg, perm: permission.MembersRead, page: (*Console).showMembers},
		{method: http.MethodGet, path: "/admin/audit", find: (*Console).inOrg, perm: permission.AuditRead, page: (*Console).showAudit},
		{method: http.MethodGet, path: "/admin/audit.csv", find: (*Console).inOrg, perm: permission.AuditRead, page: (*Console).exportAudit},
		{method: http.MethodGet, path: work, find: (*Console).onPlatform, perm: permission.PlatformJobs, page: (*Console).showJobs},
		{method: http.MethodPost, path: work + "/retry", find: (*Console).onPlatform, perm: permission.PlatformJobs, page: (*Console).retryJob, back: work},
	}
}

// Mount hangs the console into the edge. It fails when a template is missing.
func (k *Console) Mount(edge *web.Edge) error {
	if err := edge.Renderer().Must(TemplateNames()...); err != nil {
		return err
	}
	k.edge = edge
	for _, r := range routes() {
		edge.Pages().Add(r.method, r.path, k.guarded(r))
	}
	return nil
}

// guarded lets through whom the table allows.
func (k *Console) guarded(r route) echo.HandlerFunc {
	return func(c echo.Context) error {
		v, err := k.visitor(c)
		if err != nil {
			return err
		}
		if v == nil {
			return toLogin(c, strings.Replace(r.back, ":clientId", c.Param("clientId"), 1))
		}
		if err := r.find(k, c, v); err != nil {
			return err
		}
		if !v.may(r.perm) || (!v.platform && !v.may(enter)) {
			return k.refuse(c, v)
		}
		return r.page(k, c, v)
	}
}
