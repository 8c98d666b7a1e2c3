package login

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/wolfieauth/wolfieauth/internal/audit"
	"github.com/wolfieauth/wolfieauth/internal/web"
)

// LogoutPage is the view of login/logout.
type LogoutPage struct {
	web.Page
	Email string
}

// handleLogout asks first: a link or an image on another site must not sign anybody out.
func (p *Pages) handleLogout(c echo.Context) error {
	s := web.SessionOf(c)
	if !s.Authenticated() {
		return c.Redirect(http.StatusSeeOther, "/login")
	}
	user, err := p.Users.User(c.Request().Context(), s.UserID)
	if err != nil {
		return err
	}
	view := &LogoutPage{Email: user.Email}
	view.Title = web.T(c, "login.logout_title")
	return p.Edge.Render(c, http.StatusOK, "login/logout", view)
}

func (p *Pages) handleLogoutDo(c echo.Context) error {
	s := web.SessionOf(c)
	if s.Authenticated() {
		err := p.Audit.Record(p.ctx(c), audit.Entry{Action: "user.signed_out", Target: audit.Target{Kind: "user", ID: s.UserID}})
		if err != nil {
			return err
		}
	}
	if err := p.Edge.Logout(c); err != nil {
		return err
	}
	p.Edge.SetBinding(c, emailCookie, "", 0) // whoever sits here next need not know
	return c.Redirect(http.StatusSeeOther, "/login?signed_out=1")
}
