package login

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/wolfieauth/wolfieauth/idp"
	"github.com/wolfieauth/wolfieauth/internal/i18n"
	"github.com/wolfieauth/wolfieauth/internal/web"
)

// AccountPage is the view of account/account.
type AccountPage struct {
	web.Page
	Person      idp.User
	Profile     *web.Form
	Password    *web.Form
	Languages   []web.Option
	MinPassword int
	Sessions    []sessionRow
	Orgs        []orgRow
	Waiting     []idp.OpenInvitation
	Verify      string // a mistake of asking for the letter again
}

func (p *Pages) handleAccount(c echo.Context) error {
	return p.showAccount(c, http.StatusOK, &AccountPage{})
}

// showAccount completes the view and answers it, or sends a visitor to sign in.
func (p *Pages) showAccount(c echo.Context, status int, view *AccountPage) error {
	user, ok, err := p.requireUser(c, "/account")
	if err != nil || !ok {
		return err
	}
	ctx := c.Request().Context()
	orgs, err := p.Users.OrgsOf(ctx, user.ID)
	if err != nil {
		return err
	}
	current, err := p.currentOrg(c, orgs)
	if err != nil {
		return err
	}
	view.Orgs = orgRows(c, orgs, current)
	if view.Waiting, err = p.Users.InvitationsOf(ctx, user.ID); err != nil {
		return err
	}
	if view.Sessions, err = p.sessionRows(c, user.ID); err != nil {
		return err
	}
	if view.Profile == nil {
		view.Profile = &web.Form{}
		view.Profile.Set("name", user.Name)
		view.Profile.Set("locale", user.Locale)
	}
	view.Languages = languageOptions(c)
	view.Person, view.MinPassword = user, idp.MinPassword
	view.Title, view.Layout = web.T(c, "account.title"), "wide"
	view.User = &web.PageUser{Name: user.Name, Email: user.Email}
	view.AccountURL, view.SignOutURL = "/account", "/logout"
	return p.Edge.Render(c, status, "account/account", view)
}

func languageOptions(c echo.Context) []web.Option {
	return []web.Option{
		{Value: "", Label: web.T(c, "account.language_auto")},
		{Value: i18n.Polish, Label: "Polski"},
		{Value: i18n.English, Label: "English"},
	}
}
