package login

import (
	"errors"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/wolfieauth/wolfieauth/idp"
	"github.com/wolfieauth/wolfieauth/internal/audit"
	"github.com/wolfieauth/wolfieauth/internal/web"
)

// SignInPage is the view of login/login.
type SignInPage struct {
	web.Page
	Form   *web.Form
	Way    way
	Notice string
	// Continue is the signed-in person who may go on with a click, or "".
	Continue string
}

// emailCookie remembers the address that signed in last on this browser.
const (
	emailCookie = "wolfieauth_email"
	emailMemory = 180 * 24 * time.Hour
)

func (p *Pages) handleLogin(c echo.Context) error {
	w, err := p.wayOf(c)
	if err != nil {
		return err
	}
	if w.ForApp() && w.SignIn.Step != idp.StepLogin {
		return c.Redirect(http.StatusSeeOther, w.SignIn.Next)
	}
	if !w.ForApp() && signedIn(c).UserID != "" {
		return c.Redirect(http.StatusSeeOther, w.onward())
	}
	form := &web.Form{}
	form.Set("email", p.hintedEmail(c, w))
	view := &SignInPage{Form: form, Way: w}
	if c.QueryParam("signed_out") == "1" {
		view.Notice = web.T(c, "login.signed_out")
	}
	if c.QueryParam("password") == "changed" {
		view.Notice = web.T(c, "login.password_changed")
	}
	if w.ForApp() && w.SignIn.MayContinue && w.SignIn.Who.UserID != "" {
		user, err := p.Users.User(c.Request().Context(), w.SignIn.Who.UserID)
		if err != nil {
			return err
		}
		view.Continue = user.Email
	}
	return p.renderLogin(c, http.StatusOK, view)
}

// handleLoginContinue goes on as the person who is signed in already, where the app lets them choose.
func (p *Pages) handleLoginContinue(c echo.Context) error {
	w, err := p.wayOf(c)
	if err != nil {
		return err
	}
	if !w.ForApp() {
		return idp.ErrAuthRequestNotFound
	}
	next, err := p.SignIns.SignedIn(c, w.RequestID)
	if err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, next)
}

func (p *Pages) renderLogin(c echo.Context, status int, view *SignInPage) error {
	view.Title = web.T(c, "login.title")
	view.Brand = brandOf(view.Way.SignIn.App)
	return p.Edge.Render(c, status, "login/login", view)
}

// hintedEmail is what stands in the field already: the app's hint, else who signed in here last.
func (p *Pages) hintedEmail(c echo.Context, w way) string {
	if hint := w.SignIn.Request.LoginHint; hint != "" {
		if email, _, err := idp.ParseEmail(hint); err == nil {
			return email
		}
	}
	email, _ := p.Edge.Binding(c, emailCookie)
	return email
}

func (p *Pages) rememberEmail(c echo.Context, email string) {
	p.Edge.SetBinding(c, emailCookie, email, emailMemory)
}

func (p *Pages) handleLoginCheck(c echo.Context) error {
	form, err := web.NewForm(c)
	if err != nil {
		return err
	}
	w, err := p.wayOf(c)
	if err != nil {
		return err
	}
	view := &SignInPage{Form: form, Way: w}
	form.Require(web.T(c, "form.required_email"), "email")
	if form.Raw("password") == "" {
		form.Fail("password", web.T(c, "form.required_password"))
	}
	if !form.OK() {
		return p.renderLogin(c, http.StatusUnprocessableEntity, view)
	}
	ctx, bucket := p.ctx(c), account(c, form.Value("email"))
	ok, after, err := p.allow(ctx, loginLimit, bucket)
	if err != nil {
		return err
	}
	if !ok {
		form.Summary = later(c, after)
		return p.renderLogin(c, http.StatusTooManyRequests, view)
	}
	user, err := p.Users.Authenticate(ctx, form.Value("email"), form.Raw("password"))
	if errors.Is(err, idp.ErrCredentials) {
		form.Summary = web.T(c, "login.wrong")
		return p.renderLogin(c, http.StatusUnprocessableEntity, view)
	}
	if err != nil {
		return err
	}
	if err := p.Limits.Reset(ctx, loginLimit.name+":"+bucket, loginLimit.window); err != nil {
		return err
	}
	return p.enter(c, user, w, "pwd")
}

func (p *Pages) recordSignIn(c echo.Context, userID string) error {
	return p.Audit.Record(p.ctx(c), audit.Entry{Action: "user.signed_in", Target: audit.Target{Kind: "user", ID: userID}})
}
