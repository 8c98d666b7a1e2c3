package login

import (
	"errors"
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/wolfieauth/wolfieauth/idp"
	"github.com/wolfieauth/wolfieauth/internal/web"
)

// InvitedSignUpPage is the view of login/invitation_signup: an account for the invited address, which the page
// shows and nobody can change.
type InvitedSignUpPage struct {
	web.Page
	Form        *web.Form
	Path, Email string
	Org         string
	MinPassword int
}

func (p *Pages) handleInvitedSignUp(c echo.Context) error {
	return p.showInvitedSignUp(c, http.StatusOK, &web.Form{})
}

// showInvitedSignUp answers the form, or goes back to the invitation where there is nothing to sign up for.
func (p *Pages) showInvitedSignUp(c echo.Context, status int, form *web.Form) error {
	open, ok, err := p.forNewcomer(c)
	if err != nil || !ok {
		return err
	}
	view := &InvitedSignUpPage{Form: form, Path: invitationPath(c.Param("token")), Email: open.Invitation.Email, Org: open.Org.Name, MinPassword: idp.MinPassword}
	view.Title = web.T(c, "login.signup_title")
	return p.Edge.Render(c, status, "login/invitation_signup", view)
}

// forNewcomer answers the invitation of somebody without an account, or has answered the request: ok is false.
func (p *Pages) forNewcomer(c echo.Context) (open idp.OpenInvitation, ok bool, err error) {
	user, err := p.visitor(c)
	if err != nil {
		return open, false, err
	}
	if open, err = p.openInvitation(c, user); err != nil {
		return open, false, p.invitationDead(c, err)
	}
	if stateFor(open, user) != invitedSignUp {
		return open, false, c.Redirect(http.StatusSeeOther, invitationPath(c.Param("token")))
	}
	return open, true, nil
}

func (p *Pages) handleInvitedSignUpSave(c echo.Context) error {
	form, err := web.NewForm(c)
	if err != nil {
		return err
	}
	open, ok, err := p.forNewcomer(c)
	if err != nil || !ok {
		return err
	}
	switch password := form.Raw("password"); {
	case password == "":
		form.Fail("password", web.T(c, "form.required_password"))
	case idp.CheckPassword(password, open.Invitation.Email) != nil:
		form.Fail("password", web.T(c, "login.password_weak", "Min", idp.MinPassword))
	}
	if !form.OK() {
		return p.showInvitedSignUp(c, http.StatusUnprocessableEntity, form)
	}
	allowed, after, err := p.allow(p.ctx(c), floodLimit, web.ClientIP(c))
	if err != nil {
		return err
	}
	if !allowed {
		form.Summary = later(c, after)
		return p.showInvitedSignUp(c, http.StatusTooManyRequests, form)
	}
	user, _, err := p.Users.SignUpInvited(p.ctx(c), c.Param("token"), idp.CreateUser{
		Name: form.Value("name"), Password: form.Raw("password"), Locale: web.Lang(c),
	})
	if errors.Is(err, idp.ErrEmailTaken) { // in another tab, a moment ago
		return c.Redirect(http.StatusSeeOther, invitationPath(c.Param("token")))
	}
	if err != nil {
		return p.invitationDead(c, err)
	}
	return p.enter(c, user, way{Next: invitationPath(c.Param("token"))}, "pwd")
}
