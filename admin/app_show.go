package admin

import (
	"net/http"
	"slices"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/wolfieauth/wolfieauth/idp"
	"github.com/wolfieauth/wolfieauth/internal/permission"
	"github.com/wolfieauth/wolfieauth/internal/web"
)

// appArea is the page of an app and what is done to the app itself.
func appArea() area {
	return area{
		templates: []string{"admin/app", "admin/secret", "admin/secret_new"},
		routes: []route{
			{method: http.MethodGet, path: pathApp, find: (*Console).ofApp, perm: enter, page: (*Console).showApp},
			{method: http.MethodGet, path: pathApp + "/secret", find: (*Console).ofApp, perm: permission.AppsWrite, page: (*Console).askSecret},
			{method: http.MethodPost, path: pathApp + "/secret", find: (*Console).ofApp, perm: permission.AppsWrite, page: (*Console).rotateSecret},
		},
	}
}

// AppPage is the view of admin/app: one app, what it sells and who holds what.
type AppPage struct {
	Frame
	App      idp.App
	Disabled bool

	// Technical settings; nil for who may not see them.
	Settings *AppSettings

	Billing    bool
	Gateway    string
	Live       bool
	Currency   string
	ShopURL    string
	Plans      []PlanRow
	Archived   []PlanRow
	MayEdit    bool
	MayConnect bool // may say where it sells, and switch billing on
	HasBundles bool // a plan may be moved between the app and a bundle
	Arranged   bool // buyers see the plans in this order

	MayComps  bool
	Comps     []CompRow
	NextComps string // the id after which the next page of comps begins
	Later     bool   // this is not the first page of comps
	// Subscriptions is nil where the number is not known or not the visitor's business.
	Subscriptions *int64
}

// AppSettings are what a developer needs to know of an app.
type AppSettings struct {
	Kind, AuthMethod, TokenType string
	Grants                      []string
	Issuer, Discovery           string
	Config                      string // lines to copy
	KeepsSecret, MayRotate      bool
	MayEdit                     bool
	Access, ID, Refresh         string // lifetimes of tokens, in words
}

func (k *Console) showApp(c echo.Context, v *visit) error {
	view := &AppPage{Frame: frame(c, v, "overview", v.app.Name), App: v.app, Disabled: v.app.DisabledAt != nil, MayConnect: v.may(permission.StripeConnect)}
	if v.may(permission.AppsRead) {
		view.Settings = k.settings(c, v)
	}
	s, ok, err := k.shelf(c.Request().Context(), v.app)
	if err != nil {
		return err
	}
	if ok {
		view.sells(c, &s, v)
	}
	if err := k.holders(c, v, view); err != nil {
		return err
	}
	return k.edge.Render(c, http.StatusOK, "admin/app", view)
}

func (p *AppPage) sells(c echo.Context, shelf *shelf, v *visit) {
	s := shelf.Settings
	p.Billing, p.Live, p.Currency = true, s.Livemode, s.DefaultCurrency
	p.Gateway, p.ShopURL = gatewayName(c, s.Gateway), "/billing/"+p.App.ClientID
	p.MayEdit, p.Arranged = v.may(permission.PlansWrite), s.Shop.Arranged
	p.Plans, p.Archived = planRows(c, shelf, v)
	p.HasBundles = len(shelf.Bundles) > 0
}

func (k *Console) settings(c echo.Context, v *visit) *AppSettings {
	app := v.app
	s := &AppSettings{
		Kind: kindName(c, app.Kind), AuthMethod: string(app.AuthMethod), TokenType: tokenTypeName(c, app.AccessTokenType),
		Issuer: k.edge.Issuer().String(), Discovery: k.edge.URL("/.well-known/openid-configuration"), Grants: app.GrantTypes,
		KeepsSecret: keepsSecret(app), MayRotate: keepsSecret(app) && v.may(permission.AppsWrite), MayEdit: v.may(permission.AppsWrite),
		Access: span(c, app.AccessTokenSeconds), ID: span(c, app.IDTokenSeconds), Refresh: span(c, app.RefreshTokenSeconds),
	}
	s.Config = config(c, app, s)
	return s
}

// span writes a number of seconds in the largest unit that needs no fraction.
func span(c echo.Context, n int64) string {
	switch {
	case n > 0 && n%86400 == 0:
		return web.T(c, "admin.span.days", "Count", n/86400)
	case n > 0 && n%3600 == 0:
		return web.T(c, "admin.span.hours", "Count", n/3600)
	case n > 0 && n%60 == 0:
		return web.T(c, "admin.span.minutes", "Count", n/60)
	default:
		return web.T(c, "admin.span.seconds", "Count", n)
	}
}

// keepsSecret tells whether the app proves itself with a secret.
func keepsSecret(app idp.App) bool {
	return app.AuthMethod == idp.AuthBasic || app.AuthMethod == idp.AuthPost
}

// config is what most client libraries ask for, as lines of an environment file.
func config(c echo.Context, app idp.App, s *AppSettings) string {
	lines := []string{"OIDC_ISSUER=" + s.Issuer, "OIDC_CLIENT_ID=" + app.ClientID}
	if s.KeepsSecret {
		lines = append(lines, "OIDC_CLIENT_SECRET="+web.T(c, "admin.app.secret_placeholder"))
	}
	if len(app.RedirectURIs) > 0 {
		lines = append(lines, "OIDC_REDIRECT_URI="+app.RedirectURIs[0])
	}
	// offline_access makes an app ask for consent to act in the person's absence: a choice, not a default.
	scopes := slices.DeleteFunc(slices.Clone([]string(app.Scopes)), func(scope string) bool { return scope == "offline_access" })
	if len(scopes) > 0 {
		lines = append(lines, `OIDC_SCOPES="`+strings.Join(scopes, " ")+`"`)
	}
	return strings.Join(lines, "\n")
}

func kindName(c echo.Context, kind idp.AppKind) string {
	switch kind {
	case idp.AppBrowser:
		return web.T(c, "admin.kind.browser")
	case idp.AppNative:
		return web.T(c, "admin.kind.native")
	case idp.AppMachine:
		return web.T(c, "admin.kind.machine")
	default:
		return web.T(c, "admin.kind.web")
	}
}

func tokenTypeName(c echo.Context, t idp.AccessTokenType) string {
	if t == idp.AccessTokenJWT {
		return web.T(c, "admin.token.jwt")
	}
	return web.T(c, "admin.token.opaque")
}
