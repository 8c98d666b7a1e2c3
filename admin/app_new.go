package admin

import (
	"errors"
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/wolfieauth/wolfieauth/idp"
	"github.com/wolfieauth/wolfieauth/internal/web"
)

// AppNewPage is the view of admin/app_new.
type AppNewPage struct {
	Frame
	Form     *web.Form
	ClientID string // as it would be, "" while nothing is typed
	Kinds    []web.Option
}

func (k *Console) askApp(c echo.Context, v *visit) error {
	return k.renderNewApp(c, v, http.StatusOK, &web.Form{})
}

// createApp makes an app and shows its secret, once: sent a second time, the form finds its client id taken.
func (k *Console) createApp(c echo.Context, v *visit) error {
	form, err := web.NewForm(c)
	if err != nil {
		return err
	}
	if form.Value("do") == doPreview {
		return k.renderNewApp(c, v, http.StatusOK, form)
	}
	form.Require(web.T(c, "form.required"), "name")
	kind := idp.AppKind(form.Value("kind"))
	uris := lines(form, "redirect_uris")
	switch {
	case kind == idp.AppMachine && len(uris) > 0:
		form.Fail("redirect_uris", web.T(c, "apps.mistake.kind"))
	case kind != idp.AppMachine && len(uris) == 0:
		form.Fail("redirect_uris", web.T(c, "apps.mistake.redirect_required"))
	}
	for _, uri := range uris {
		if idp.CheckRedirectURI(kind, uri) != nil {
			form.Fail("redirect_uris", web.T(c, "apps.mistake.redirect", "URI", uri))
		}
	}
	if !form.OK() {
		return k.renderNewApp(c, v, http.StatusUnprocessableEntity, form)
	}
	app, secret, err := k.deps.Settings.CreateApp(acting(c, v), idp.CreateApp{
		OrgID: v.org.ID, Name: form.Value("name"), Slug: form.Value("slug"), Kind: kind, RedirectURIs: uris,
	})
	switch {
	case errors.Is(err, idp.ErrSlugTaken):
		form.Fail("slug", web.T(c, "apps.mistake.taken", "ClientID", clientIDOf(v, form)))
	case errors.Is(err, idp.ErrSlugInvalid):
		form.Fail("slug", web.T(c, "admin.mistake.slug_invalid"))
	case errors.Is(err, idp.ErrAppInvalid):
		form.Fail("kind", web.T(c, "admin.mistake.invalid"))
	case err != nil:
		return err
	}
	if !form.OK() {
		return k.renderNewApp(c, v, http.StatusUnprocessableEntity, form)
	}
	v.app = app
	if secret == "" {
		return k.toFlash(c, web.T(c, "apps.created", "App", app.Name), "/admin/clients/"+app.ClientID+"?org="+v.org.Slug)
	}
	return k.showSecret(c, v, secret, true)
}

// showSecret renders the one page that ever holds the secret, of an app that had none before.
func (k *Console) showSecret(c echo.Context, v *visit, secret string, made bool) error {
	view := &SecretNewPage{Frame: frame(c, v, "overview", web.T(c, "apps.secret.title")), App: v.app, Secret: secret, First: true, Made: made}
	return k.edge.Render(c, http.StatusOK, "admin/secret_new", view)
}

// clientIDOf is the client id that the form would make, "" for none.
func clientIDOf(v *visit, form *web.Form) string {
	slug := form.Value("slug")
	if slug == "" {
		slug = form.Value("name")
	}
	folded, err := idp.Slug(slug)
	if err != nil || form.Value("slug") != "" && folded != slug {
		return ""
	}
	if v.org.PlatformOwner && folded == "platform" {
		return idp.PlatformClientID
	}
	return v.org.Slug + "-" + folded
}

func (k *Console) renderNewApp(c echo.Context, v *visit, status int, form *web.Form) error {
	var kinds []web.Option
	for _, kind := range []idp.AppKind{idp.AppWeb, idp.AppBrowser, idp.AppNative, idp.AppMachine} {
		kinds = append(kinds, web.Option{Value: string(kind), Label: kindName(c, kind)})
	}
	return k.edge.Render(c, status, "admin/app_new", &AppNewPage{
		Frame: frame(c, v, "overview", web.T(c, "apps.new.title")), Form: form, ClientID: clientIDOf(v, form), Kinds: kinds,
	})
}
