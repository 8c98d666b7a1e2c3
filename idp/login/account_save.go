package login

import (
	"errors"
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/wolfieauth/wolfieauth/idp"
	"github.com/wolfieauth/wolfieauth/internal/web"
)

func (p *Pages) handleProfileSave(c echo.Context) error {
	form, err := web.NewForm(c)
	if err != nil {
		return err
	}
	user, ok, err := p.requireUser(c, "/account")
	if err != nil || !ok {
		return err
	}
	saved, err := p.Users.UpdateProfile(p.ctx(c), user.ID, idp.UpdateProfile{Name: form.Value("name"), Locale: form.Value("locale")})
	if err != nil {
		return err
	}
	if err := p.Edge.SetFlash(c, "ok", web.T(c, "account.profile_saved")); err != nil {
		return err
	}
	to := "/account"
	if saved.Locale != "" {
		to += "?lang=" + saved.Locale // the switch remembers it in this browser
	}
	return c.Redirect(http.StatusSeeOther, to)
}

func (p *Pages) handlePasswordSave(c echo.Context) error {
	form, err := web.NewForm(c)
	if err != nil {
		return err
	}
	user, ok, err := p.requireUser(c, "/account")
	if err != nil || !ok {
		return err
	}
	allowed, after, err := p.allow(p.ctx(c), oldPwLimit, user.ID)
	if err != nil {
		return err
	}
	if !allowed {
		form.Summary = later(c, after)
		return p.showAccount(c, http.StatusTooManyRequests, &AccountPage{Password: form})
	}
	err = p.Users.SetPassword(p.ctx(c), idp.SetPassword{
		UserID: user.ID, Old: form.Raw("current_password"), New: form.Raw("new_password"), KeepSessionID: web.SessionOf(c).ID,
	})
	switch {
	case errors.Is(err, idp.ErrCredentials):
		form.Fail("current_password", web.T(c, "account.password_wrong"))
		return p.showAccount(c, http.StatusUnprocessableEntity, &AccountPage{Password: form})
	case errors.Is(err, idp.ErrPasswordWeak):
		form.Fail("new_password", web.T(c, "login.password_weak", "Min", idp.MinPassword))
		return p.showAccount(c, http.StatusUnprocessableEntity, &AccountPage{Password: form})
	case err != nil:
		return err
	}
	return p.backToAccount(c, "account.password_saved")
}

func (p *Pages) backToAccount(c echo.Context, key string) error {
	if err := p.Edge.SetFlash(c, "ok", web.T(c, key)); err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, "/account")
}

func (p *Pages) handleVerifyResend(c echo.Context) error {
	user, ok, err := p.requireUser(c, "/account")
	if err != nil || !ok {
		return err
	}
	allowed, after, err := p.allow(p.ctx(c), verifyLimit, user.ID)
	if err != nil {
		return err
	}
	if !allowed {
		return p.showAccount(c, http.StatusTooManyRequests, &AccountPage{Verify: later(c, after)})
	}
	if err := p.Users.StartVerify(p.ctx(c), user.ID, web.Lang(c), ""); err != nil {
		return err
	}
	return p.backToAccount(c, "account.verify_sent")
}
