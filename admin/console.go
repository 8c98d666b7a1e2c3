package admin

import (
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/wolfieauth/wolfieauth/billing"
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

// area is one part of the console: its pages and the rows of the table that lead to them.
type area struct {
	templates []string
	routes    []route
}

// areas are all parts of the console, each in a file of its own.
func areas() []area {
	return []area{
		overviewArea(), appArea(), settingsArea(), bundleArea(), catalogueArea(), shopArea(), featureArea(), planScopeArea(), syncArea(), driftArea(),
		usersArea(), compArea(), compListArea(), explainArea(),
		membersArea(), inviteArea(), invitationsArea(), seatsArea(), orgArea(), auditArea(), platformArea(), directoryArea(), feeArea(), billingArea(), paymentsArea(),
	}
}

// TemplateNames are the pages that the console renders.
func TemplateNames() []string {
	names := []string{"admin/forbidden"}
	for _, a := range areas() {
		names = append(names, a.templates...)
	}
	return names
}

// TemplateNames are the pages that the console renders.
func (k *Console) TemplateNames() []string { return TemplateNames() }

// Problems maps what the console alone refuses to what the outside sees.
func (k *Console) Problems() []web.Problem { return Problems() }

// Problems maps what the console alone refuses to what the outside sees.
func Problems() []web.Problem {
	return []web.Problem{
		{Err: idp.ErrAppPublic, Status: http.StatusConflict, Code: "app_keeps_no_secret"},
		{Err: errPlansChanged, Status: http.StatusConflict, Code: "plans_changed"},
		{Err: idp.ErrAppPlatform, Status: http.StatusConflict, Code: "platform_app_stays"},
		{Err: idp.ErrPlatformOrg, Status: http.StatusConflict, Code: "platform_org_stays"},
		{Err: idp.ErrOneself, Status: http.StatusConflict, Code: "not_on_oneself"},
		{Err: billing.ErrConnectState, Status: http.StatusBadRequest, Code: "connect_state_invalid"},
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

// The addresses of an app in the table.
const (
	pathApp   = "/admin/clients/:clientId"
	pathPlan  = pathApp + "/plans/:plan"
	pathPrice = pathPlan + "/prices/:price"
)

// Mount hangs the console into the edge. It fails when a template is missing.
func (k *Console) Mount(edge *web.Edge) error {
	if err := edge.Renderer().Must(TemplateNames()...); err != nil {
		return err
	}
	k.edge = edge
	for _, a := range areas() {
		for _, r := range a.routes {
			edge.Pages().Add(r.method, r.path, k.guarded(r))
		}
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
			return toLogin(c, strings.NewReplacer(":clientId", c.Param("clientId"), ":slug", c.Param("slug")).Replace(r.back))
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
