package login

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/wolfieauth/wolfieauth/idp"
	"github.com/wolfieauth/wolfieauth/internal/web"
)

// SignUpPage is the view of login/signup.
type SignUpPage struct {
	web.Page
	Form        *web.Form
	Way         way
	MinPassword int
}

// CheckMailPage is the view of login/check_mail: what to do now that a letter is on its way.
type CheckMailPage struct {
	web.Page
	Email string
	Reset bool // a forgotten password rather than a sign-up
	Way   way
}

func (p *Pages) handleSignUp(c echo.Context) error {
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
	if email, _, err := idp.ParseEmail(w.SignIn.Request.LoginHint); err == nil {
		form.Set("email", email)
	}
	return p.renderSignUp(c, http.StatusOK, &SignUpPage{Form: form, Way: w})
}

func (p *Pages) renderSignUp(c echo.Context, status int, view *SignUpPage) error {
	view.Title, view.MinPassword = web.T(c, "login.signup_title"), idp.MinPassword
	view.Brand = brandOf(view.Way.SignIn.App)
	return p.Edge.Render(c, status, "login/signup", view)
}

func (p *Pages) handleSignUpSave(c echo.Context) error {
	form, err := web.NewForm(c)
	if err != nil {
		return err
	}
	w, err := p.wayOf(c)
	if err != nil {
		return err
	}
	view := &SignUpPage{Form: form, Way: w}
	if !p.checkSignUp(c, form) {
		return p.renderSignUp(c, http.StatusUnprocessableEntity, view)
	}
	for _, l := range []struct {
		limit  limit
		bucket string
	}{{signUpLimit, account(c, form.Value("email"))}, {floodLimit, web.ClientIP(c)}} {
		ok, after, err := p.allow(p.ctx(c), l.limit, l.bucket)
		if err != nil {
			return err
		}
		if !ok {
			form.Summary = later(c, after)
			return p.renderSignUp(c, http.StatusTooManyRequests, view)
		}
	}
	return p.signUp(c, form, w)
}

// checkSignUp refuses what no account can have, before anybody looks whether the address is known.
func (p *Pages) checkSignUp(c echo.Context, form *web.Form) bool {
	form.Require(web.T(c, "form.required_email"), "email")
	if _, _, err := idp.ParseEmail(form.Value("email")); err != nil {
		form.Fail("email", web.T(c, "login.email_invalid"))
	}
	switch password := form.Raw("password"); {
	case password == "":
		form.Fail("password", web.T(c, "form.required_password"))
	case idp.CheckPassword(password, form.Value("email")) != nil:
		form.Fail("password", web.T(c, "login.password_weak", "Min", idp.MinPassword))
	}
	return form.OK()
}

// signUp makes the person and lets them in, or shows the page that says the same to everybody.
func (p *Pages) signUp(c echo.Context, form *web.Form, w way) error {
	var user idp.User
	var taken bool
	var takes time.Duration // where the page must not tell, its speed must not either
	if p.VerifyFirst {
		takes = signUpTakes
	}
	err := evenly(c.Request().Context(), takes, func() (err error) {
		user, taken, err = p.createOrTell(c, form, w)
		return err
	})
	switch {
	case err != nil:
		return err
	case taken || p.VerifyFirst:
		return p.checkMail(c, &CheckMailPage{Email: form.Value("email"), Way: w})
	default:
		return p.enter(c, user, w, "pwd")
	}
}

// createOrTell makes the person and sends the link that proves their address, or, where the address is taken,
// writes to its holder.
func (p *Pages) createOrTell(c echo.Context, form *web.Form, w way) (user idp.User, taken bool, err error) {
	if w, err = p.storable(c, w); err != nil {
		return idp.User{}, false, err
	}
	ctx, email := p.ctx(c), form.Value("email")
	user, _, err = p.Users.CreateUser(ctx, idp.CreateUser{
		Email: email, Name: form.Value("name"), Password: form.Raw("password"), Locale: web.Lang(c),
	})
	if errors.Is(err, idp.ErrEmailTaken) {
		// The letter that helps who forgot that they have an account; it names no reason that the page hides.
		return idp.User{}, true, p.Users.StartReset(ctx, email, web.Lang(c), w.LoginURL())
	}
	if err != nil {
		return idp.User{}, false, err
	}
	return user, false, p.startVerify(ctx, user.ID, web.Lang(c), w)
}

// startVerify sends the link that proves an address. Where the newcomer is not signed in yet, it leads back
// to the sign-in of the app.
func (p *Pages) startVerify(ctx context.Context, userID, lang string, w way) error {
	next := w.Next
	if p.VerifyFirst && w.ForApp() {
		next = w.LoginURL()
	}
	return p.Users.StartVerify(ctx, userID, lang, next)
}

func (p *Pages) checkMail(c echo.Context, view *CheckMailPage) error {
	view.Title = web.T(c, "login.check_mail_title")
	view.Brand = brandOf(view.Way.SignIn.App)
	return p.Edge.Render(c, http.StatusOK, "login/check_mail", view)
}
