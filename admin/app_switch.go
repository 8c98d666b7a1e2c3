package admin

import (
	"errors"
	"io"
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/wolfieauth/wolfieauth/idp"
	"github.com/wolfieauth/wolfieauth/internal/web"
)

// disableApp asks for the app's name, and stops it.
func (k *Console) disableApp(c echo.Context, v *visit) error {
	back := "/admin/clients/" + v.app.ClientID + "?org=" + v.org.Slug
	ok, err := k.confirmed(c, &ConfirmPage{
		Frame: frame(c, v, "overview", web.T(c, "apps.disable.title")), Heading: web.T(c, "apps.disable.heading", "App", v.app.Name),
		Lead: web.T(c, "apps.disable.lead"),
		Lines: []string{
			web.T(c, "apps.disable.signin", "App", v.app.Name), web.T(c, "apps.disable.tokens"), web.T(c, "apps.disable.shop"),
		},
		Keeps: web.T(c, "apps.disable.keeps"), Action: "/admin/clients/" + v.app.ClientID + "/disable?org=" + v.org.Slug,
		Label: web.T(c, "apps.confirm.type", "Word", v.app.Name), Word: v.app.Name, Submit: web.T(c, "apps.disable.submit"),
		Crumb: v.app.ClientID, Back: back,
	})
	if err != nil || !ok {
		return err
	}
	if err := k.deps.Settings.DisableApp(acting(c, v), v.app.ClientID); err != nil {
		return err
	}
	return k.toFlash(c, web.T(c, "apps.disable.done", "App", v.app.Name), back)
}

func (k *Console) enableApp(c echo.Context, v *visit) error {
	if err := k.deps.Settings.EnableApp(acting(c, v), v.app.ClientID); err != nil {
		return err
	}
	return k.toFlash(c, web.T(c, "apps.enable.done", "App", v.app.Name), "/admin/clients/"+v.app.ClientID+"?org="+v.org.Slug)
}

// uploadLogo takes one file of a form; the picture is checked by being decoded.
func (k *Console) uploadLogo(c echo.Context, v *visit) error {
	if _, err := web.NewForm(c); err != nil {
		return err
	}
	upload, err := uploaded(c, "logo", idp.MaxLogoBytes)
	if err == nil {
		err = k.deps.Settings.SetLogo(acting(c, v), v.app.ClientID, upload)
	}
	if errors.Is(err, idp.ErrLogoInvalid) {
		form := settingsForm(v.app)
		form.Fail("logo", web.T(c, "apps.mistake.logo"))
		return k.renderSettings(c, v, http.StatusUnprocessableEntity, form)
	}
	if err != nil {
		return err
	}
	return k.toFlash(c, web.T(c, "apps.logo.saved"), "/admin/clients/"+v.app.ClientID+"/settings?org="+v.org.Slug)
}

// uploaded reads a file of a multipart form, at most limit bytes and one: idp.ErrLogoInvalid where there is none.
func uploaded(c echo.Context, name string, limit int64) ([]byte, error) {
	head, err := c.FormFile(name)
	if err != nil {
		return nil, errors.Join(idp.ErrLogoInvalid, err)
	}
	f, err := head.Open()
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	return io.ReadAll(io.LimitReader(f, limit+1))
}

func (k *Console) removeLogo(c echo.Context, v *visit) error {
	if err := k.deps.Settings.RemoveLogo(acting(c, v), v.app.ClientID); err != nil {
		return err
	}
	return k.toFlash(c, web.T(c, "apps.logo.removed"), "/admin/clients/"+v.app.ClientID+"/settings?org="+v.org.Slug)
}
