package web

import (
	"net/http"
	"net/url"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/wolfieauth/wolfieauth/internal/i18n"
)

const (
	langCookie = "wolfieauth_lang"
	langMaxAge = int(365 * 24 * time.Hour / time.Second)
)

// negotiate chooses the language of a request: the switch in the URL, the remembered choice, the app's wish,
// the browser's wish, the default.
func (e *Edge) negotiate(r *http.Request) string {
	q := r.URL.Query()
	if lang := q.Get("lang"); i18n.Supported(lang) {
		return lang
	}
	if ck, err := r.Cookie(cookie(e.secure(), langCookie, "", 0).Name); err == nil && i18n.Supported(ck.Value) {
		return ck.Value
	}
	if lang := i18n.FromUILocales(q.Get("ui_locales")); lang != "" {
		return lang
	}
	if lang := i18n.FromAcceptLanguage(r.Header.Get("Accept-Language")); lang != "" {
		return lang
	}
	return e.cfg.DefaultLang
}

// switchLang remembers the choice that a person made with the switch.
func (e *Edge) switchLang(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		if lang := c.QueryParam("lang"); c.Request().Method == http.MethodGet && i18n.Supported(lang) {
			c.SetCookie(cookie(e.secure(), langCookie, lang, langMaxAge))
		}
		c.Response().Header().Add(echo.HeaderVary, "Accept-Language, Cookie")
		return next(c)
	}
}

// Lang answers the language of the request, "pl" or "en".
func Lang(c echo.Context) string {
	if lang := stateOf(c).lang; lang != "" {
		return lang
	}
	return i18n.English
}

// T answers a sentence in the language of the request; args as in [i18n.Catalog.T].
func T(c echo.Context, key string, args ...any) string {
	st := stateOf(c)
	if st.edge == nil {
		return key
	}
	return st.edge.catalog.T(st.lang, key, args...)
}

// alternateURL is this page in the other language.
func alternateURL(r *http.Request, lang string) string {
	u, err := url.Parse(localURL(r))
	if err != nil {
		return "/?lang=" + lang
	}
	q := u.Query()
	q.Set("lang", lang)
	u.RawQuery = q.Encode()
	return u.String()
}

func otherLang(lang string) string {
	if lang == i18n.Polish {
		return i18n.English
	}
	return i18n.Polish
}
