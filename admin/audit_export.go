package admin

import (
	"cmp"
	"encoding/csv"
	"fmt"
	"net/http"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/labstack/echo/v4"

	"github.com/wolfieauth/wolfieauth/internal/audit"
)

// exportPage is how many entries the export reads at a time.
const exportPage = 200

// exportAudit streams the whole log of the org, or of all orgs, the newest first, with the filter of the page. The head line is
// for programs and the same in every language. A failure under way breaks the download off, so that half a file
// is never taken for the whole.
func (k *Console) exportAudit(c echo.Context, v *visit) error {
	ctx := c.Request().Context()
	q, err := k.auditQuery(c, v)
	if err != nil {
		return err
	}
	if !q.form.OK() {
		return k.showAudit(c, v) // says which date cannot be read
	}
	filter := q.filter
	filter.Before, filter.Limit = "", exportPage
	var page []audit.Record
	var next string
	if !q.nobody {
		if page, next, err = k.deps.Audit.List(ctx, filter); err != nil {
			return err
		}
	}
	h := c.Response().Header()
	h.Set(echo.HeaderContentType, "text/csv; charset=utf-8")
	h.Set(echo.HeaderContentDisposition, fmt.Sprintf("attachment; filename=%q", "audit-"+cmp.Or(v.org.Slug, "all")+".csv"))
	c.Response().WriteHeader(http.StatusOK)
	w := csv.NewWriter(c.Response())
	head := []string{"time", "action", "actor_kind", "actor_id", "target_kind", "target_id", "ip", "request_id", "before", "after"}
	if v.platform {
		head = append(head, "org_id")
	}
	_ = w.Write(head)
	for {
		for _, r := range page {
			line := csvLine(r)
			if v.platform {
				line = append(line, defuse(r.OrgID))
			}
			_ = w.Write(line)
		}
		if w.Flush(); w.Error() != nil {
			panic(http.ErrAbortHandler)
		}
		if next == "" {
			return nil
		}
		filter.Before = next
		if page, next, err = k.deps.Audit.List(ctx, filter); err != nil {
			panic(http.ErrAbortHandler)
		}
	}
}

func csvLine(r audit.Record) []string {
	line := []string{
		r.At.UTC().Format(time.RFC3339), r.Action, r.ActorKind, r.ActorID, r.TargetKind, r.TargetID, r.IP, r.RequestID, r.BeforeJSON, r.AfterJSON,
	}
	for i := range line {
		line[i] = defuse(line[i])
	}
	return line
}

// defuse keeps a spreadsheet from taking a cell for a formula: an apostrophe before the signs that begin one
// (OWASP, "CSV Injection"), their full-width forms included, and behind spaces, which some programs drop.
func defuse(cell string) string {
	begin, _ := utf8.DecodeRuneInString(strings.TrimLeft(cell, " \u00a0"))
	if strings.ContainsRune("=+-@\t\r\n＝＋－＠", begin) {
		return "'" + cell
	}
	return cell
}
