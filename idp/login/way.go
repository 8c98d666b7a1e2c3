package login

import (
	"errors"
	"net/http"
	"net/url"

	"github.com/labstack/echo/v4"

	"github.com/wolfieauth/wolfieauth/idp"
	"github.com/wolfieauth/wolfieauth/idp/provider"
	"github.com/wolfieauth/wolfieauth/internal/web"
)

// way is where a person goes once they are signed in: back to the app that asked, or on to a local path.
type way struct {
	RequestID string
	Next      string // safe, or ""
	SignIn    provider.SignIn
}

// wayOf reads `request` and `next` from the query, or from the form that carried them on. The request must be
// under way; next is dropped when it could lead off the site.
func (p *Pages) wayOf(c echo.Context) (way, error) {
	w := way{RequestID: c.QueryParam("request"), Next: web.SafeNext(c.QueryParam("next"))}
	if c.Request().Method == http.MethodPost {
		w.RequestID, w.Next = c.FormValue("request"), web.SafeNext(c.FormValue("next"))
	}
	if w.RequestID == "" {
		return w, nil
	}
	var err error
	w.SignIn, err = p.SignIns.SignIn(c, w.RequestID)
	return w, err
}

// ForApp tells whether an app asked for the sign-in.
func (w way) ForApp() bool { return w.RequestID != "" }

// AppName names the asking app, or is "".
func (w way) AppName() string { return w.SignIn.App.Name }

// to answers a page of this room that keeps the way: "/signup" becomes "/signup?request=...".
func (w way) to(path string) string {
	q := url.Values{}
	if w.RequestID != "" {
		q.Set("request", w.RequestID)
	}
	if w.Next != "" {
		q.Set("next", w.Next)
	}
	if len(q) == 0 {
		return path
	}
	return path + "?" + q.Encode()
}

// LoginURL, SignUpURL and ResetURL are the links between the pages of this room.
func (w way) LoginURL() string { return w.to("/login") }

// SignUpURL leads to sign-up.
func (w way) SignUpURL() string { return w.to("/signup") }

// ResetURL leads to the forgotten password.
func (w way) ResetURL() string { return w.to("/reset") }

// onward is where the way leads when no app asked.
func (w way) onward() string {
	if w.Next != "" {
		return w.Next
	}
	return "/account"
}

// enter opens the person's session and goes their way: the one place where a proof of who somebody is turns
// into a session.
func (p *Pages) enter(c echo.Context, user idp.User, w way, amr ...string) error {
	orgID, err := p.homeOrg(c, user.ID)
	if err != nil {
		return err
	}
	if err := p.Edge.Login(c, user.ID, orgID, amr); err != nil {
		return err
	}
	if err := p.recordSignIn(c, user.ID); err != nil {
		return err
	}
	p.rememberEmail(c, user.Email)
	if !w.ForApp() {
		return c.Redirect(http.StatusSeeOther, w.onward())
	}
	next, err := p.SignIns.SignedIn(c, w.RequestID)
	if err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, next)
}

// homeOrg is the org that a new session acts for: the only company that the person belongs to, else their
// personal org. Plans of the personal org count either way, so the company adds and takes nothing.
func (p *Pages) homeOrg(c echo.Context, userID string) (string, error) {
	orgs, err := p.Users.OrgsOf(c.Request().Context(), userID)
	if err != nil {
		return "", err
	}
	var personal, company string
	companies := 0
	for _, o := range orgs {
		if o.Org.Personal() {
			personal = o.Org.ID
			continue
		}
		company = o.Org.ID
		companies++
	}
	if companies == 1 {
		return company, nil
	}
	return personal, nil
}

// requireUser answers the signed-in person, or sends the browser to sign in and back; ok is false then.
func (p *Pages) requireUser(c echo.Context, back string) (user idp.User, ok bool, err error) {
	s := web.SessionOf(c)
	if s.Authenticated() {
		user, err = p.Users.User(c.Request().Context(), s.UserID)
		if err == nil && !user.Disabled() {
			return user, true, nil
		}
		if err != nil && !errors.Is(err, idp.ErrUserNotFound) {
			return idp.User{}, false, err
		}
		if err := p.Edge.Logout(c); err != nil { // the person is gone, or may not sign in any more
			return idp.User{}, false, err
		}
	}
	return idp.User{}, false, c.Redirect(http.StatusSeeOther, way{Next: web.SafeNext(back)}.to("/login"))
}
