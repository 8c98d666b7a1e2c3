package provider

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/wolfieauth/wolfieauth/idp"
)

// reply is where an authorization response goes: a redirect URI that was compared with the app's own.
type reply struct{ uri, state string }

func replyOf(r idp.AuthRequest) reply { return reply{r.RedirectURI, r.State} }

// url answers the redirect URI with params, `state` as it came, and `iss` (RFC 9207). The URI's own bytes
// stay as they are.
func (p *Provider) url(to reply, params url.Values) string {
	if to.state != "" {
		params.Set("state", to.state)
	}
	params.Set("iss", p.cfg.Issuer)
	sep := "?"
	if strings.Contains(to.uri, "?") {
		sep = "&"
	}
	return to.uri + sep + params.Encode()
}

func (p *Provider) errorURL(to reply, e *oauthError) string {
	return p.url(to, url.Values{"error": {e.code}, "error_description": {e.description}})
}

func (p *Provider) sendError(c echo.Context, to reply, e *oauthError) error {
	return c.Redirect(http.StatusSeeOther, p.errorURL(to, e))
}
