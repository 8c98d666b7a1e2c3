package admin

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/wolfieauth/wolfieauth/idp"
	"github.com/wolfieauth/wolfieauth/internal/permission"
	"github.com/wolfieauth/wolfieauth/internal/web"
)

// AppEditor makes and changes apps, and records each change; [idp.Service] is one. What does not fit together is
// idp.AppErrors.
type AppEditor interface {
	// AnyApp answers a disabled app too: idp.ErrAppNotFound.
	AnyApp(ctx context.Context, clientID string) (idp.App, error)
	// CreateApp answers the secret in plain, "" for an app that keeps none: idp.ErrSlugTaken, idp.ErrSlugInvalid.
	CreateApp(ctx context.Context, in idp.CreateApp) (app idp.App, secret string, err error)
	// UpdateApp answers a secret where the app did not keep one before: idp.ErrAppChanged.
	UpdateApp(ctx context.Context, in idp.AppEdit) (app idp.App, secret string, err error)
	AppSwitch
}

// AppSwitch is the part of [AppEditor] about being in use, and about the picture.
type AppSwitch interface {
	// DisableApp answers idp.ErrAppPlatform for the platform's own app.
	DisableApp(ctx context.Context, clientID string) error
	EnableApp(ctx context.Context, clientID string) error
	// SetLogo answers idp.ErrLogoInvalid.
	SetLogo(ctx context.Context, clientID string, upload []byte) error
	RemoveLogo(ctx context.Context, clientID string) error
}

const (
	pathNewApp   = "/admin/apps/new"
	pathSettings = pathApp + "/settings"
)

// settingsArea is where apps are made, set up, stopped and brought back.
func settingsArea() area {
	write := func(method, path string, page func(*Console, echo.Context, *visit) error) route {
		return route{method: method, path: path, find: (*Console).ofApp, perm: permission.AppsWrite, page: page, back: pathSettings}
	}
	return area{
		templates: []string{"admin/app_new", "admin/app_settings", "admin/confirm"},
		routes: []route{
			{method: http.MethodGet, path: pathNewApp, find: (*Console).inOrg, perm: permission.AppsWrite, page: (*Console).askApp},
			{method: http.MethodPost, path: pathNewApp, find: (*Console).inOrg, perm: permission.AppsWrite, page: (*Console).createApp},
			write(http.MethodGet, pathSettings, (*Console).askSettings),
			write(http.MethodPost, pathSettings, (*Console).updateSettings),
			write(http.MethodPost, pathApp+"/logo", (*Console).uploadLogo),
			write(http.MethodPost, pathApp+"/logo/remove", (*Console).removeLogo),
			write(http.MethodGet, pathApp+"/disable", (*Console).disableApp),
			write(http.MethodPost, pathApp+"/disable", (*Console).disableApp),
			write(http.MethodPost, pathApp+"/enable", (*Console).enableApp),
		},
	}
}

// AppSettingsPage is the view of admin/app_settings: everything of an app that may change.
type AppSettingsPage struct {
	Frame
	App      idp.App
	Form     *web.Form
	Seen     string
	Kind     string
	Machine  bool // no people, so no addresses and no scopes
	Native   bool
	Color    *ColorCheck
	Methods  []web.Option
	Types    []web.Option
	Algs     []web.Option
	Grants   []Choice
	Scopes   []Choice
	Logo     string // address of the picture, "" for none
	Disabled bool
}

// Choice is one of several that can be ticked.
type Choice struct {
	Value, Label, Hint string
	Chosen             bool
}

func (k *Console) askSettings(c echo.Context, v *visit) error {
	return k.renderSettings(c, v, http.StatusOK, settingsForm(v.app))
}

// settingsForm is the form with what is stored.
func settingsForm(app idp.App) *web.Form {
	form := &web.Form{}
	form.Set("name", app.Name)
	form.Set("description", app.Description)
	form.Set("color", app.Color)
	form.Set("redirect_uris", strings.Join(app.RedirectURIs, "\n"))
	form.Set("post_logout_uris", strings.Join(app.PostLogoutRedirectURIs, "\n"))
	form.Values["grant_types"], form.Values["scopes"] = app.GrantTypes, app.Scopes
	form.Set("auth_method", string(app.AuthMethod))
	form.Set("jwks", app.JWKS)
	form.Set("token_type", string(app.AccessTokenType))
	form.Set("signing_alg", app.SigningAlg)
	tick(form, "trusted", app.Trusted)
	tick(form, "id_token_userinfo", app.IDTokenUserinfo)
	form.Set("access_seconds", strconv.FormatInt(app.AccessTokenSeconds, 10))
	form.Set("id_seconds", strconv.FormatInt(app.IDTokenSeconds, 10))
	form.Set("refresh_seconds", strconv.FormatInt(app.RefreshTokenSeconds, 10))
	form.Set("seen", stampOf(app.UpdatedAt))
	return form
}

// updateSettings saves what was typed over what the person saw, or nothing.
func (k *Console) updateSettings(c echo.Context, v *visit) error {
	form, err := web.NewForm(c)
	if err != nil {
		return err
	}
	if form.Value("do") == doPreview {
		return k.renderSettings(c, v, http.StatusOK, form)
	}
	in := readSettings(c, v.app, form)
	failApp(c, form, in.Mistakes(v.app))
	if !form.OK() {
		return k.renderSettings(c, v, http.StatusUnprocessableEntity, form)
	}
	app, secret, err := k.deps.Settings.UpdateApp(acting(c, v), in)
	switch {
	case errors.Is(err, idp.ErrAppChanged):
		form.Summary = web.T(c, "admin.editor.conflict")
		// A person who has now been told may send the form again, over the state that there is by now.
		if v.app, err = k.deps.Settings.AnyApp(c.Request().Context(), v.app.ClientID); err != nil {
			return err
		}
		form.Set("seen", stampOf(v.app.UpdatedAt))
	case err != nil:
		return err
	}
	if !form.OK() {
		return k.renderSettings(c, v, http.StatusUnprocessableEntity, form)
	}
	if secret != "" {
		v.app = app
		return k.showSecret(c, v, secret, false)
	}
	return k.toFlash(c, web.T(c, "apps.saved", "App", app.Name), "/admin/clients/"+app.ClientID+"?org="+v.org.Slug)
}

// readSettings reads the form; what is no number fails at its field.
func readSettings(c echo.Context, app idp.App, form *web.Form) idp.AppEdit {
	return idp.AppEdit{
		ClientID: app.ClientID, Expected: seenAt(form), Name: form.Value("name"), Description: form.Value("description"), Color: form.Value("color"),
		RedirectURIs: lines(form, "redirect_uris"), PostLogoutRedirectURIs: lines(form, "post_logout_uris"),
		GrantTypes: inOrder(idp.KnownGrants(), form.Values["grant_types"]), Scopes: inOrder(idp.KnownScopes(), form.Values["scopes"]),
		AuthMethod: idp.AuthMethod(form.Value("auth_method")), JWKS: form.Value("jwks"), AccessTokenType: idp.AccessTokenType(form.Value("token_type")),
		SigningAlg: form.Value("signing_alg"), Trusted: form.Value("trusted") != "", IDTokenUserinfo: form.Value("id_token_userinfo") != "",
		AccessTokenSeconds: seconds(c, form, "access_seconds"), IDTokenSeconds: seconds(c, form, "id_seconds"), RefreshTokenSeconds: seconds(c, form, "refresh_seconds"),
	}
}

func seconds(c echo.Context, form *web.Form, name string) int64 {
	n, err := strconv.ParseInt(form.Value(name), 10, 64)
	if err != nil {
		form.Fail(name, web.T(c, "apps.mistake.seconds"))
	}
	return n // the first mistake at a field stays, so that zero makes no second one
}

// lines reads one address a line, sign for sign; only the space around a line is dropped.
func lines(form *web.Form, name string) []string {
	var out []string
	for line := range strings.Lines(form.Raw(name)) {
		if line = strings.TrimSpace(line); line != "" {
			out = append(out, line)
		}
	}
	return out
}

// inOrder answers what was chosen in the order of what is known, so that a list does not change by being sent;
// what is unknown stays at the end, to be refused.
func inOrder(known, chosen []string) []string {
	var out []string
	for _, value := range append(slices.Clone(known), chosen...) {
		if slices.Contains(chosen, value) && !slices.Contains(out, value) {
			out = append(out, value)
		}
	}
	return out
}

func (k *Console) renderSettings(c echo.Context, v *visit, status int, form *web.Form) error {
	app := v.app
	view := &AppSettingsPage{
		Frame: frame(c, v, "overview", web.T(c, "apps.settings.title")), App: app, Form: form, Seen: form.Value("seen"), Kind: kindName(c, app.Kind),
		Machine: app.Kind == idp.AppMachine, Native: app.Kind == idp.AppNative, Color: checkColor(form.Value("color")), Disabled: app.DisabledAt != nil,
		Methods: methodOptions(c, app.Kind), Types: []web.Option{
			{Value: string(idp.AccessTokenOpaque), Label: web.T(c, "apps.token.opaque")}, {Value: string(idp.AccessTokenJWT), Label: web.T(c, "apps.token.jwt")},
		},
		Algs:   []web.Option{{Value: "RS256", Label: "RS256"}, {Value: "ES256", Label: "ES256"}, {Value: "EdDSA", Label: "EdDSA"}},
		Grants: grantChoices(c, app.Kind, form.Values["grant_types"]), Scopes: scopeChoices(c, app.Kind, form.Values["scopes"]), Logo: logoOf(app),
	}
	return k.edge.Render(c, status, "admin/app_settings", view)
}

// logoOf is where the app's picture is served while the app is in use.
func logoOf(app idp.App) string {
	if len(app.Logo) == 0 || app.DisabledAt != nil {
		return ""
	}
	return "/apps/" + app.ClientID + "/logo?v=" + stateOf(app)
}

func methodOptions(c echo.Context, kind idp.AppKind) []web.Option {
	words := map[idp.AuthMethod]string{
		idp.AuthBasic: web.T(c, "apps.method.basic"), idp.AuthPost: web.T(c, "apps.method.post"),
		idp.AuthPrivateKeyJWT: web.T(c, "apps.method.jwt"), idp.AuthNone: web.T(c, "apps.method.none"),
	}
	var out []web.Option
	for _, m := range idp.AuthMethods(kind) {
		out = append(out, web.Option{Value: string(m), Label: words[m]})
	}
	return out
}

// grantChoices lists what an app of the kind can use.
func grantChoices(c echo.Context, kind idp.AppKind, chosen []string) []Choice {
	words := map[string][2]string{
		"authorization_code": {web.T(c, "apps.grant.code"), web.T(c, "apps.grant.code_hint")},
		"refresh_token":      {web.T(c, "apps.grant.refresh"), web.T(c, "apps.grant.refresh_hint")},
		"client_credentials": {web.T(c, "apps.grant.client"), web.T(c, "apps.grant.client_hint")},
	}
	device := [2]string{web.T(c, "apps.grant.device"), web.T(c, "apps.grant.device_hint")}
	var out []Choice
	for _, g := range idp.KnownGrants() {
		isClient := g == "client_credentials"
		if kind == idp.AppMachine && !isClient || isClient && (kind == idp.AppBrowser || kind == idp.AppNative) {
			continue
		}
		text, ok := words[g]
		if !ok {
			text = device
		}
		out = append(out, Choice{Value: g, Label: text[0], Hint: text[1], Chosen: slices.Contains(chosen, g)})
	}
	return out
}

func scopeChoices(c echo.Context, kind idp.AppKind, chosen []string) []Choice {
	if kind == idp.AppMachine {
		return nil
	}
	words := map[string]string{
		"openid": web.T(c, "apps.scope.openid"), "profile": web.T(c, "apps.scope.profile"), "email": web.T(c, "apps.scope.email"),
		"org": web.T(c, "apps.scope.org"), "offline_access": web.T(c, "apps.scope.offline"),
	}
	var out []Choice
	for _, s := range idp.KnownScopes() {
		out = append(out, Choice{Value: s, Label: s, Hint: words[s], Chosen: slices.Contains(chosen, s)})
	}
	return out
}
