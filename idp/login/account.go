package login

import (
	"errors"
	"net/http"
	"strings"

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
	Verify      string // a mistake of asking for the letter again
}

// sessionRow is one browser in which the person is signed in.
type sessionRow struct {
	ID, Device, IP string
	Current        bool
	web.Session
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

func (p *Pages) sessionRows(c echo.Context, userID string) ([]sessionRow, error) {
	sessions, err := p.Edge.Sessions(c.Request().Context(), userID)
	if err != nil {
		return nil, err
	}
	own := web.SessionOf(c).ID
	rows := make([]sessionRow, 0, len(sessions))
	for _, s := range sessions {
		row := sessionRow{ID: s.ID, Device: deviceName(c, s.UserAgent), IP: s.IP, Current: s.ID == own, Session: s}
		if row.Current {
			rows = append([]sessionRow{row}, rows...)
			continue
		}
		rows = append(rows, row)
	}
	return rows, nil
}

// deviceName reads a browser and a system out of a user agent, coarsely: enough to know one's own again.
func deviceName(c echo.Context, ua string) string {
	browser := firstIn(ua, "Edg/", "Edge", "OPR/", "Opera", "Firefox/", "Firefox", "Chrome/", "Chrome", "Safari/", "Safari", "curl/", "curl")
	system := firstIn(ua, "iPhone", "iPhone", "iPad", "iPad", "Android", "Android", "Windows", "Windows", "Mac OS X", "macOS", "CrOS", "ChromeOS", "Linux", "Linux")
	switch {
	case browser != "" && system != "":
		return web.T(c, "account.device", "Browser", browser, "System", system)
	case browser+system != "":
		return browser + system
	default:
		return web.T(c, "account.device_unknown")
	}
}

// firstIn answers the name of the first mark that text holds, of pairs of mark and name.
func firstIn(text string, pairs ...string) string {
	for i := 0; i+1 < len(pairs); i += 2 {
		if strings.Contains(text, pairs[i]) {
			return pairs[i+1]
		}
	}
	return ""
}

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

func (p *Pages) handleSessionRevoke(c echo.Context) error {
	user, ok, err := p.requireUser(c, "/account")
	if err != nil || !ok {
		return err
	}
	if err := p.Edge.RevokeSession(c.Request().Context(), user.ID, c.FormValue("session")); err != nil {
		return err
	}
	if c.FormValue("session") == web.SessionOf(c).ID {
		return c.Redirect(http.StatusSeeOther, "/login?signed_out=1")
	}
	return p.backToAccount(c, "account.session_ended")
}

func (p *Pages) handleSessionRevokeOthers(c echo.Context) error {
	user, ok, err := p.requireUser(c, "/account")
	if err != nil || !ok {
		return err
	}
	if err := p.Edge.RevokeSessions(c.Request().Context(), user.ID, web.SessionOf(c).ID); err != nil {
		return err
	}
	return p.backToAccount(c, "account.sessions_ended")
}
