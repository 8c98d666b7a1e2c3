package login

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/wolfieauth/wolfieauth/idp"
	"github.com/wolfieauth/wolfieauth/internal/secret"
	"github.com/wolfieauth/wolfieauth/internal/web"
)

// brandOf is the face of an app; the zero App has none. Both URLs end in a mark of the content, so that they
// may be cached for ever.
func brandOf(app idp.App) web.Brand {
	if app.ClientID == "" {
		return web.Brand{}
	}
	b := web.Brand{Name: app.Name}
	base := "/apps/" + url.PathEscape(app.ClientID)
	if app.Color != "" {
		b.StylesheetURL = base + "/brand.css?v=" + mark([]byte(app.Color))
	}
	if len(app.Logo) > 0 {
		b.LogoURL = base + "/logo?v=" + mark(app.Logo)
	}
	return b
}

func mark(content []byte) string { return secret.Hash(string(content))[:12] }

// logoTypes are the image types that are served; scripts inside an SVG are stopped by its own policy.
var logoTypes = []string{"image/png", "image/jpeg", "image/webp", "image/svg+xml"}

func (p *Pages) handleBrandCSS(c echo.Context) error {
	app, err := p.Users.App(c.Request().Context(), c.Param("client"))
	if err != nil {
		return err
	}
	cacheByMark(c)
	return c.Blob(http.StatusOK, "text/css; charset=utf-8", web.BrandCSS(app.Color))
}

func (p *Pages) handleLogo(c echo.Context) error {
	app, err := p.Users.App(c.Request().Context(), c.Param("client"))
	if err != nil {
		return err
	}
	if len(app.Logo) == 0 || !slices.Contains(logoTypes, app.LogoMediaType) {
		return web.Fail(http.StatusNotFound, "not_found")
	}
	cacheByMark(c)
	c.Response().Header().Set(echo.HeaderContentSecurityPolicy, "default-src 'none'; style-src 'unsafe-inline'; sandbox")
	return c.Blob(http.StatusOK, app.LogoMediaType, app.Logo)
}

// cacheByMark lets a URL with a mark be kept for a year and one without for five minutes.
func cacheByMark(c echo.Context) {
	policy := "public, max-age=300"
	if c.QueryParam("v") != "" {
		policy = "public, max-age=31536000, immutable"
	}
	c.Response().Header().Set(echo.HeaderCacheControl, policy)
}

// hostOf is the host that a redirect URI leads to, for people to read.
func hostOf(uri string) string {
	u, err := url.Parse(uri)
	if err != nil {
		return ""
	}
	return strings.TrimPrefix(u.Host, "www.")
}
