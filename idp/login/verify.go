package login

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/wolfieauth/wolfieauth/internal/web"
)

// VerifyPage is the view of login/verify and login/verified.
type VerifyPage struct {
	web.Page
	Email string
	// ContinueURL is where the person goes on, through signing in where they are not signed in here.
	ContinueURL string
}

// handleToAccount answers the start page, and a link to /verify that has lost its secret.
func (p *Pages) handleToAccount(c echo.Context) error {
	return c.Redirect(http.StatusSeeOther, "/account")
}

// handleVerify asks for a click, because programs that look through mail follow links too, and because the
// address's holder should see whose account they confirm.
func (p *Pages) handleVerify(c echo.Context) error {
	user, err := p.Users.VerifyHolder(c.Request().Context(), c.Param("token"))
	if err != nil {
		return p.linkDead(c, err, false)
	}
	view := &VerifyPage{Email: user.Email}
	view.Title = web.T(c, "login.verify_title")
	return p.Edge.Render(c, http.StatusOK, "login/verify", view)
}

func (p *Pages) handleVerifyDo(c echo.Context) error {
	user, next, err := p.Users.FinishVerify(p.ctx(c), c.Param("token"))
	if err != nil {
		return p.linkDead(c, err, false)
	}
	next = web.SafeNext(next)
	view := &VerifyPage{Email: user.Email, ContinueURL: way{Next: next}.onward()}
	if signedIn(c).UserID != user.ID {
		p.rememberEmail(c, user.Email)
		view.ContinueURL = way{Next: next}.LoginURL()
	}
	view.Title = web.T(c, "login.verified_title")
	return p.Edge.Render(c, http.StatusOK, "login/verified", view)
}
