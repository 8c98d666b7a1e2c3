package login

import (
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/wolfieauth/wolfieauth/internal/audit"
	"github.com/wolfieauth/wolfieauth/internal/web"
)

// sessionRow is one browser in which the person is signed in.
type sessionRow struct {
	ID, Device, IP string
	Current        bool
	web.Session
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

func (p *Pages) handleSessionRevoke(c echo.Context) error {
	user, ok, err := p.requireUser(c, "/account")
	if err != nil || !ok {
		return err
	}
	id := c.FormValue("session")
	if err := p.endSessions(c, user.ID, func(s web.Session) bool { return s.ID == id }); err != nil {
		return err
	}
	if id == web.SessionOf(c).ID {
		return c.Redirect(http.StatusSeeOther, "/login?signed_out=1")
	}
	return p.backToAccount(c, "account.session_ended")
}

func (p *Pages) handleSessionRevokeOthers(c echo.Context) error {
	user, ok, err := p.requireUser(c, "/account")
	if err != nil || !ok {
		return err
	}
	own := web.SessionOf(c).ID
	if err := p.endSessions(c, user.ID, func(s web.Session) bool { return s.ID != own }); err != nil {
		return err
	}
	return p.backToAccount(c, "account.sessions_ended")
}

// endSessions ends those of the person's own sessions that which picks; the tokens issued in them end with them.
func (p *Pages) endSessions(c echo.Context, userID string, which func(web.Session) bool) error {
	ctx := p.ctx(c)
	sessions, err := p.Edge.Sessions(ctx, userID)
	if err != nil {
		return err
	}
	for _, s := range sessions {
		if !which(s) {
			continue
		}
		if err := p.Edge.RevokeSession(ctx, userID, s.ID); err != nil {
			return err
		}
		err := p.Audit.Record(ctx, audit.Entry{Action: "user.session_ended", Target: audit.Target{Kind: "session", ID: s.ID}})
		if err != nil {
			return err
		}
	}
	return nil
}
