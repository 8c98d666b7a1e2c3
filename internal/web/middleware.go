package web

import (
	"fmt"
	"net/http"
	"runtime/debug"
	"time"

	"github.com/labstack/echo/v4"
)

// contentSecurityPolicy forbids inline script and style, framing and foreign bases. It has no form-action:
// Chromium applies that to the redirects that follow a form, which would break the way back to apps.
const contentSecurityPolicy = "default-src 'self'; frame-ancestors 'none'; base-uri 'none'; object-src 'none'"

func (e *Edge) secureHeaders(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		h := c.Response().Header()
		h.Set(echo.HeaderContentSecurityPolicy, contentSecurityPolicy)
		h.Set(echo.HeaderXContentTypeOptions, "nosniff")
		h.Set(echo.HeaderXFrameOptions, "DENY")
		h.Set(echo.HeaderReferrerPolicy, "same-origin")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		if e.secure() {
			h.Set(echo.HeaderStrictTransportSecurity, "max-age=31536000; includeSubDomains")
		}
		return next(c)
	}
}

func (e *Edge) noStore(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		c.Response().Header().Set(echo.HeaderCacheControl, "no-store")
		return next(c)
	}
}

// crossSite refuses requests that change something and come from another site.
func (e *Edge) crossSite(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		if err := e.guard.Check(c.Request()); err != nil {
			return Fail(http.StatusForbidden, "cross_site").Because(err)
		}
		return next(c)
	}
}

func (e *Edge) limitBody(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		setBodyLimit(c, e.cfg.BodyLimit)
		return next(c)
	}
}

// BodyLimit gives one route a limit of its own, larger or smaller than the edge's.
func BodyLimit(bytes int64) echo.MiddlewareFunc {
	return func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c echo.Context) error {
			setBodyLimit(c, bytes)
			return next(c)
		}
	}
}

func setBodyLimit(c echo.Context, bytes int64) {
	if body := stateOf(c).body; body != nil {
		c.Request().Body = http.MaxBytesReader(c.Response(), body, bytes)
	}
}

// Flood refuses an address that asks too often, before anything costly runs; allow is
// the Allow of internal/ratelimit's Flood.
func Flood(allow func(ip string) bool) echo.MiddlewareFunc {
	return func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c echo.Context) error {
			if !allow(ClientIP(c)) {
				return TooMany(time.Second)
			}
			return next(c)
		}
	}
}

// recoverPanic turns a panic into a 500; http.ErrAbortHandler keeps its meaning.
func (e *Edge) recoverPanic(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) (err error) {
		defer func() {
			switch v := recover(); v {
			case nil:
			case http.ErrAbortHandler:
				panic(v)
			default:
				e.cfg.Logger.ErrorContext(c.Request().Context(), "handler panicked",
					"request_id", RequestID(c), "panic", fmt.Sprint(v), "stack", string(debug.Stack()))
				err = fmt.Errorf("panic: %v", v)
			}
		}()
		return next(c)
	}
}

// record answers errors, then writes the request's one log line and its metrics. The line holds the route's
// pattern, never the query, bodies or headers, for those hold codes and tokens.
func (e *Edge) record(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		begun := time.Now() // a duration needs the machine's clock
		if err := next(c); err != nil {
			c.Error(err)
		}
		took := time.Since(begun)
		st, status := stateOf(c), c.Response().Status
		route := c.Path()
		if route == "" || route == "/*" {
			route = "(none)"
		}
		e.metrics.observe(c.Request().Method, route, status, took)
		args := []any{
			"method", c.Request().Method, "route", route, "status", status,
			"duration_ms", float64(took.Microseconds()) / 1000, "ip", st.info.IP, "request_id", st.info.RequestID,
		}
		if st.code != "" {
			args = append(args, "code", st.code)
		}
		ctx := c.Request().Context()
		switch {
		case st.err != nil && status >= 500:
			e.cfg.Logger.ErrorContext(ctx, "request failed", append(args, "error", st.err.Error())...)
		case st.err != nil:
			e.cfg.Logger.InfoContext(ctx, "request refused", append(args, "error", st.err.Error())...)
		default:
			e.cfg.Logger.InfoContext(ctx, "request served", args...)
		}
		return nil
	}
}
