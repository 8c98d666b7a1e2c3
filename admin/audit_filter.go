package admin

import (
	"errors"
	"maps"
	"net/url"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"

	"github.com/wolfieauth/wolfieauth/idp"
	"github.com/wolfieauth/wolfieauth/internal/audit"
	"github.com/wolfieauth/wolfieauth/internal/web"
)

// auditPerPage keeps a page of long entries light.
const auditPerPage = 15

// auditQuery is what an address asks of the log.
type auditQuery struct {
	filter  audit.Filter
	form    *web.Form
	path    string
	section string // of the rail
	title   string
	org     string     // slug, "" on the platform's page
	kept    url.Values // what was asked for, to go on with
	nobody  bool       // the actor is an address that nobody has: nothing can match
}

// auditQuery reads the address. But on the platform's page the org is never empty: to the log an empty one would
// mean all of them.
func (k *Console) auditQuery(c echo.Context, v *visit) (auditQuery, error) {
	q := auditQuery{form: &web.Form{}, kept: url.Values{}, org: v.org.Slug, path: "/admin/audit", section: "audit", title: web.T(c, "admin.audit.title"), filter: audit.Filter{OrgID: v.org.ID, Limit: auditPerPage}}
	if v.platform {
		q.path, q.section, q.org, q.title = pathAuditAll, "audit-all", "", web.T(c, "platform.audit.title")
	} else if v.org.ID == "" {
		q.nobody = true
	}
	for _, name := range []string{"action", "actor", "target", "from", "to"} {
		value := strings.TrimSpace(c.QueryParam(name))
		if !plain(value) {
			continue
		}
		q.form.Set(name, value)
		q.kept.Set(name, value)
	}
	q.filter.Action, q.filter.TargetID = q.form.Value("action"), q.form.Value("target")
	q.filter.From, q.filter.To = day(c, q.form, "from"), day(c, q.form, "to")
	if !q.filter.To.IsZero() {
		q.filter.To = q.filter.To.AddDate(0, 0, 1) // the whole day
	}
	if before := c.QueryParam("before"); uuid.Validate(before) == nil {
		q.filter.Before = before
	}
	return q, k.whose(c, &q)
}

// whose takes the actor by address or by id.
func (k *Console) whose(c echo.Context, q *auditQuery) error {
	q.filter.ActorID = q.form.Value("actor")
	if !strings.Contains(q.filter.ActorID, "@") {
		return nil
	}
	user, err := k.deps.Directory.UserByEmail(c.Request().Context(), q.filter.ActorID)
	if errors.Is(err, idp.ErrUserNotFound) {
		q.nobody = true
		return nil
	}
	q.filter.ActorID = user.ID
	return err
}

// day reads a date in UTC, zero for none.
func day(c echo.Context, form *web.Form, name string) time.Time {
	typed := form.Value(name)
	if typed == "" {
		return time.Time{}
	}
	at, err := time.Parse(time.DateOnly, typed)
	if err != nil || at.Year() < 2000 || at.Year() > 9998 {
		form.Fail(name, web.T(c, "platform.audit.date"))
		return time.Time{}
	}
	return at
}

// address is a page of the log with the same filter, behind an entry.
func (q *auditQuery) address(path, before string) string {
	values := maps.Clone(q.kept)
	if q.org != "" {
		values.Set("org", q.org)
	}
	if before != "" {
		values.Set("before", before)
	}
	if len(values) == 0 {
		return path
	}
	return path + "?" + values.Encode()
}
