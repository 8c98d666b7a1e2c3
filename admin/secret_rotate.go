package admin

import (
	"net/http"
	"strconv"

	"github.com/labstack/echo/v4"

	"github.com/wolfieauth/wolfieauth/idp"
	"github.com/wolfieauth/wolfieauth/internal/web"
)

// SecretPage is the view of admin/secret: what a new secret breaks, and the question.
type SecretPage struct {
	Frame
	App  idp.App
	Form *web.Form
	// Seen is the state of the app that the person decided about; another one makes the form ask again.
	Seen string
	// Refreshes tells that the app renews tokens while its people are away.
	Refreshes bool
}

// SecretNewPage is the view of admin/secret_new, the one time that the secret is shown.
type SecretNewPage struct {
	Frame
	App    idp.App
	Secret string
	// First tells that the app had no secret before, Made that it was made with it.
	First, Made bool
}

func (k *Console) askSecret(c echo.Context, v *visit) error {
	return k.renderSecret(c, v, http.StatusOK, nil)
}

func (k *Console) renderSecret(c echo.Context, v *visit, status int, form *web.Form) error {
	if !keepsSecret(v.app) {
		return idp.ErrAppPublic
	}
	view := &SecretPage{Frame: frame(c, v, "overview", web.T(c, "admin.secret.title")), App: v.app, Form: form, Seen: stateOf(v.app)}
	for _, g := range v.app.GrantTypes {
		view.Refreshes = view.Refreshes || g == "refresh_token"
	}
	return k.edge.Render(c, status, "admin/secret", view)
}

// stateOf changes with every change of the app.
func stateOf(app idp.App) string { return strconv.FormatInt(app.UpdatedAt.UnixMicro(), 36) }

// rotateSecret wants the client id typed. A form sent a second time (a reload of the page that shows the secret)
// was about an older state of the app and changes nothing.
func (k *Console) rotateSecret(c echo.Context, v *visit) error {
	form, err := web.NewForm(c)
	if err != nil {
		return err
	}
	switch {
	case form.Value("client_id") != v.app.ClientID:
		form.Fail("client_id", web.T(c, "admin.secret.mismatch", "ClientID", v.app.ClientID))
	case form.Value("seen") != stateOf(v.app):
		form.Set("client_id", "")
		form.Summary = web.T(c, "admin.secret.changed")
	}
	if !form.OK() {
		return k.renderSecret(c, v, http.StatusUnprocessableEntity, form)
	}
	secret, err := k.deps.Apps.RotateSecret(acting(c, v), v.app.ClientID)
	if err != nil {
		return err
	}
	view := &SecretNewPage{Frame: frame(c, v, "overview", web.T(c, "admin.secret.new_title")), App: v.app, Secret: secret}
	return k.edge.Render(c, http.StatusOK, "admin/secret_new", view)
}
