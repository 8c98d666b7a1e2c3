package provider

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/wolfieauth/wolfieauth/idp"
	"github.com/wolfieauth/wolfieauth/internal/web"
)

// LogoutPage is the view of templates/logout/confirm.html and done.html.
type LogoutPage struct {
	web.Page
	ConfirmURL string
}

// handleEndSession is RP-initiated logout. Only an app that shows an ID token of ours for the signed-in user
// ends the session at once, and only it gets the browser back, at a registered address; in every other case
// the person is asked, and stays here. The session's end takes the tokens with it that were issued in it
// without offline_access (see [idp.Standing.Err]).
func (p *Provider) handleEndSession(c echo.Context) error {
	c.Response().Header().Set(echo.HeaderCacheControl, "no-store")
	q := c.Request().URL.Query()
	if err := soundForm(q); err != nil {
		return web.Fail(http.StatusBadRequest, "bad_request").Because(err)
	}
	s, err := p.deps.Edge.LoadSession(c)
	if err != nil {
		return err
	}
	h, app, err := p.logoutHint(c.Request().Context(), q)
	if err != nil {
		return err
	}
	own := h.Subject != "" && h.Subject == s.UserID
	if s.Authenticated() && !own {
		return p.deps.Edge.Render(c, http.StatusOK, "logout/confirm", &LogoutPage{ConfirmURL: pathConfirm})
	}
	if err := p.deps.Edge.Logout(c); err != nil {
		return err
	}
	to := q.Get("post_logout_redirect_uri")
	if h.Subject == "" || to == "" || !slices.Contains(app.PostLogoutRedirectURIs, to) {
		return c.Redirect(http.StatusSeeOther, pathLoggedOut)
	}
	if state := q.Get("state"); state != "" {
		sep := "?"
		if strings.Contains(to, "?") {
			sep = "&"
		}
		to += sep + url.Values{"state": {state}}.Encode()
	}
	return c.Redirect(http.StatusSeeOther, to)
}

// logoutHint answers the verified hint and its app; the zero hint where there is none to be trusted.
func (p *Provider) logoutHint(ctx context.Context, q url.Values) (hint, idp.App, error) {
	raw := q.Get("id_token_hint")
	if raw == "" {
		return hint{}, idp.App{}, nil
	}
	h, err := p.readHint(ctx, raw)
	if _, refused := errors.AsType[*oauthError](err); refused {
		return hint{}, idp.App{}, nil
	}
	if err != nil {
		return hint{}, idp.App{}, err
	}
	if id := q.Get("client_id"); id != "" && id != h.Audience {
		return hint{}, idp.App{}, nil
	}
	app, err := p.deps.Apps.App(ctx, h.Audience)
	if errors.Is(err, idp.ErrAppNotFound) {
		return hint{}, idp.App{}, nil
	}
	return h, app, err
}

func (p *Provider) handleConfirmLogout(c echo.Context) error {
	if err := p.deps.Edge.Logout(c); err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, pathLoggedOut)
}

func (p *Provider) handleLoggedOut(c echo.Context) error {
	return p.deps.Edge.Render(c, http.StatusOK, "logout/done", &LogoutPage{})
}

// Prune deletes what has expired: run it every few minutes on any replica.
func (p *Provider) Prune(ctx context.Context) (int64, error) {
	return p.deps.Store.Prune(ctx, p.now())
}
