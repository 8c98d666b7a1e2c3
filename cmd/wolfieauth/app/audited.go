package app

import (
	"github.com/labstack/echo/v4"

	"github.com/wolfieauth/wolfieauth/internal/audit"
	"github.com/wolfieauth/wolfieauth/internal/web"
)

// audited puts into each request what the audit log says of it: from where, and by whom once a session says so.
func (a *App) audited() {
	a.edge.Pages().Use(from(func(c echo.Context) string { return web.SessionOf(c).UserID }))
	nobody := from(func(echo.Context) string { return "" })
	a.edge.API().Use(nobody)
	a.edge.Raw().Use(nobody)
}

func from(user func(echo.Context) string) echo.MiddlewareFunc {
	return func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c echo.Context) error {
			r := c.Request()
			info := web.InfoOf(r.Context())
			entry := audit.Request{IP: info.IP, RequestID: info.RequestID}
			if id := user(c); id != "" {
				entry.ActorKind, entry.ActorID = "user", id
			}
			c.SetRequest(r.WithContext(audit.WithRequest(r.Context(), entry)))
			return next(c)
		}
	}
}
