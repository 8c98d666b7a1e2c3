package login

import (
	"errors"
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/wolfieauth/wolfieauth/idp"
	"github.com/wolfieauth/wolfieauth/internal/web"
)

// ResetPage is the view of login/reset.
type ResetPage struct {
	web.Page
	Form *web.Form
	Way  way
}

// ResetNewPage is the view of login/reset_new.
type ResetNewPage struct {
	web.Page
	Form        *web.Form
	Email       string // for the password store of the browser
	MinPassword int
}

// LinkDeadPage is the view of login/link_dead.
type LinkDeadPage struct {
	web.Page
	Reset bool
}

func (p *Pages) handleReset(c echo.Context) error {
	w, err := p.wayOf(c)
	if err != nil {
		return err
	}
	form := &web.Form{}
	form.Set("email", p.hintedEmail(c, w))
	return p.renderReset(c, http.StatusOK, &ResetPage{Form: form, Way: w})
}

func (p *Pages) renderReset(c echo.Context, status int, view *ResetPage) error {
	view.Title, view.Brand = web.T(c, "login.reset_title"), brandOf(view.Way.SignIn.App)
	return p.Edge.Render(c, status, "login/reset", view)
}

func (p *Pages) handleResetSend(c echo.Context) error {
	form, err := web.NewForm(c)
	if err != nil {
		return err
	}
	w, err := p.wayOf(c)
	if err != nil {
		return err
	}
	view := &ResetPage{Form: form, Way: w}
	email := form.Value("email")
	if _, _, err := idp.ParseEmail(email); err != nil {
		form.Fail("email", web.T(c, "login.email_invalid"))
		return p.renderReset(c, http.StatusUnprocessableEntity, view)
	}
	ok, after, err := p.allow(p.ctx(c), resetLimit, account(c, email))
	if err != nil {
		return err
	}
	if !ok {
		form.Summary = later(c, after)
		return p.renderReset(c, http.StatusTooManyRequests, view)
	}
	back, err := p.storable(c, w)
	if err != nil {
		return err
	}
	next := ""
	if back.ForApp() || back.Next != "" {
		next = back.LoginURL()
	}
	err = evenly(c.Request().Context(), resetTakes, func() error {
		return p.Users.StartReset(p.ctx(c), email, web.Lang(c), next)
	})
	if err != nil {
		return err
	}
	return p.checkMail(c, &CheckMailPage{Email: email, Reset: true, Way: w})
}

func (p *Pages) handleResetNew(c echo.Context) error {
	user, err := p.Users.ResetHolder(c.Request().Context(), c.Param("token"))
	if err != nil {
		return p.linkDead(c, err, true)
	}
	return p.renderResetNew(c, http.StatusOK, &ResetNewPage{Email: user.Email})
}

func (p *Pages) renderResetNew(c echo.Context, status int, view *ResetNewPage) error {
	view.Title, view.MinPassword = web.T(c, "login.reset_new_title"), idp.MinPassword
	return p.Edge.Render(c, status, "login/reset_new", view)
}

func (p *Pages) handleResetSave(c echo.Context) error {
	form, err := web.NewForm(c)
	if err != nil {
		return err
	}
	token := c.Param("token")
	holder, err := p.Users.ResetHolder(c.Request().Context(), token)
	if err != nil {
		return p.linkDead(c, err, true)
	}
	user, next, err := p.Users.FinishReset(p.ctx(c), token, form.Raw("password"))
	if errors.Is(err, idp.ErrPasswordWeak) {
		form.Fail("password", web.T(c, "login.password_weak", "Min", idp.MinPassword))
		return p.renderResetNew(c, http.StatusUnprocessableEntity, &ResetNewPage{Form: form, Email: holder.Email})
	}
	if err != nil {
		return p.linkDead(c, err, true)
	}
	p.rememberEmail(c, user.Email)
	// Every session has ended, this browser's too: signing in with the new password shows that it works.
	to := "/login"
	if next = web.SafeNext(next); strings.HasPrefix(next, "/login?") {
		to = next
	}
	return c.Redirect(http.StatusSeeOther, withQuery(to, "password=changed"))
}

func withQuery(path, pair string) string {
	if strings.Contains(path, "?") {
		return path + "&" + pair
	}
	return path + "?" + pair
}

// linkDead says that a link does not work, whatever the reason; other errors pass on.
func (p *Pages) linkDead(c echo.Context, err error, reset bool) error {
	if !errors.Is(err, idp.ErrTokenInvalid) {
		return err
	}
	view := &LinkDeadPage{Reset: reset}
	view.Title = web.T(c, "login.link_dead_title")
	return p.Edge.Render(c, http.StatusGone, "login/link_dead", view)
}
