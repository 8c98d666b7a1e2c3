package pricing

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/wolfieauth/wolfieauth/billing"
	"github.com/wolfieauth/wolfieauth/internal/web"
)

// handleBrand serves an app's colours. The content security policy allows no inline style, so the colours of
// the app and of its plans come as a stylesheet.
func (h *Handlers) handleBrand(c echo.Context) error {
	catalog, err := h.deps.Shop.Catalog(c.Request().Context(), c.Param("client"))
	if err != nil && !errors.Is(err, billing.ErrBillingOff) {
		return err
	}
	var css bytes.Buffer
	css.Write(web.BrandCSS(catalog.App.Color))
	for _, p := range catalog.Plans {
		if web.ValidColor(p.Color) {
			fmt.Fprintf(&css, ".plan[data-plan=%q]{--plan:%s}\n", p.Slug, p.Color)
		}
	}
	return tagged(c, "text/css; charset=utf-8", css.Bytes())
}

// tagged answers body with an ETag over it, or 304 to who holds it. Stored answers are asked about each time,
// so that a change is seen at once. The tag is weak: it stands for the compressed answer and for the plain one.
func tagged(c echo.Context, contentType string, body []byte) error {
	sum := sha256.Sum256(body)
	return taggedAs(c, contentType, body, `W/"`+hex.EncodeToString(sum[:12])+`"`)
}

// taggedAs is tagged with an entity tag of the caller's.
func taggedAs(c echo.Context, contentType string, body []byte, tag string) error {
	header := c.Response().Header()
	header.Set("ETag", tag)
	// Kept only where the request carried no credentials; asked about each time in any case.
	header.Set(echo.HeaderCacheControl, "no-cache")
	if c.Request().Header.Get(echo.HeaderAuthorization) != "" {
		header.Set(echo.HeaderCacheControl, "private, no-cache")
	}
	if matches(c.Request().Header.Get("If-None-Match"), tag) {
		return c.NoContent(http.StatusNotModified)
	}
	return c.Blob(http.StatusOK, contentType, body)
}
