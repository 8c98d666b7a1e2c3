package admin

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"time"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"

	"github.com/wolfieauth/wolfieauth/claims"
	"github.com/wolfieauth/wolfieauth/claims/comps"
	"github.com/wolfieauth/wolfieauth/idp"
	"github.com/wolfieauth/wolfieauth/internal/web"
)

const (
	linesPerPage  = 100
	linesPerWrite = 1000
)

// CompBulkPage is the view of admin/comp_bulk: the form for many passes at once.
type CompBulkPage struct {
	Frame
	App      idp.App
	Form     *web.Form
	Plans    []web.Option
	Tomorrow string
}

func (k *Console) askCompList(c echo.Context, v *visit) error {
	return k.compListForm(c, v, &web.Form{}, http.StatusOK)
}

func (k *Console) compListForm(c echo.Context, v *visit, form *web.Form, status int) error {
	plans, _, err := k.deps.Passes.Choices(c.Request().Context(), v.app.ClientID)
	if err != nil {
		return err
	}
	return k.edge.Render(c, status, "admin/comp_bulk", &CompBulkPage{
		Frame: frame(c, v, "overview", web.T(c, "comps.bulk.title")), App: v.app, Form: form, Plans: planChoices(plans),
		Tomorrow: k.deps.Now().UTC().AddDate(0, 0, 1).Format(time.DateOnly),
	})
}

// checkCompList reads the list and shows what each line would do; nothing is given yet.
func (k *Console) checkCompList(c echo.Context, v *visit) error {
	form, err := web.NewForm(c)
	if err != nil {
		return err
	}
	text, err := listText(c, form)
	if err != nil {
		return err
	}
	in := comps.List{ClientID: v.app.ClientID, GivenBy: v.user.ID, Text: text, PlanSlug: form.Value("plan"), Reason: form.Value("reason"), ExpiresAt: until(c, form)}
	var run claims.CompRun
	if form.OK() {
		run, err = k.deps.Passes.Check(acting(c, v), in)
		switch {
		case errors.Is(err, comps.ErrNoLines):
			form.Fail("list", web.T(c, "comps.mistake.no_lines"))
		case errors.Is(err, comps.ErrTooManyLines):
			form.Fail("list", web.T(c, "comps.mistake.too_many", "Count", comps.MaxLines))
		default:
			if err := compMistake(c, form, err); err != nil {
				return err
			}
		}
	}
	if !form.OK() {
		return k.compListForm(c, v, form, http.StatusUnprocessableEntity)
	}
	return c.Redirect(http.StatusSeeOther, appURL(v, "/comps/list/"+run.ID))
}

// listText is what was typed, or else the file.
func listText(c echo.Context, form *web.Form) (string, error) {
	if text := form.Raw("list"); text != "" {
		return text, nil
	}
	file, _, err := c.Request().FormFile("file")
	if err != nil {
		return "", nil // no file is an empty list
	}
	defer func() { _ = file.Close() }()
	raw, err := io.ReadAll(file)
	if err != nil {
		return "", fmt.Errorf("read list: %w", err)
	}
	return string(raw), nil
}

// CompRunPage is the view of admin/comp_run: a list with a result for each line. It needs no memory: while the
// passes are being given it loads itself anew.
type CompRunPage struct {
	Frame
	App              idp.App
	Run              claims.CompRun
	Tally            claims.CompTally
	Checked, Running bool
	MayStart         bool
	Rows             []RunLine
	NextLine         int64
	Later            bool
}

// RunLine is one line with its result in words.
type RunLine struct {
	claims.CompRunItem
	Result, Way string
}

func (k *Console) run(c echo.Context, v *visit) (claims.CompRun, claims.CompTally, error) {
	id := c.Param("run")
	if uuid.Validate(id) != nil {
		return claims.CompRun{}, claims.CompTally{}, unknown(claims.ErrCompNotFound)
	}
	run, tally, err := k.deps.Passes.Run(c.Request().Context(), v.app.ClientID, id)
	return run, tally, gone(err)
}

func (k *Console) showCompRun(c echo.Context, v *visit) error {
	run, tally, err := k.run(c, v)
	if err != nil {
		return err
	}
	after, err := strconv.ParseInt(c.QueryParam("after"), 10, 64)
	if err != nil || after < 0 {
		after = 0
	}
	items, err := k.deps.Passes.RunItems(c.Request().Context(), run.ID, after, linesPerPage+1)
	if err != nil {
		return err
	}
	view := &CompRunPage{
		Frame: frame(c, v, "overview", web.T(c, "comps.run.title")), App: v.app, Run: run, Tally: tally, Later: after > 0,
		Checked: run.State == claims.CompRunChecked, Running: run.State == claims.CompRunRunning, MayStart: run.GivenBy == v.user.ID && tally.Ready > 0,
	}
	if len(items) > linesPerPage {
		items = items[:linesPerPage]
		view.NextLine = items[linesPerPage-1].Line
	}
	for _, item := range items {
		line := RunLine{CompRunItem: item}
		line.Result, line.Way = lineResult(c, item, view.Checked)
		view.Rows = append(view.Rows, line)
	}
	return k.edge.Render(c, http.StatusOK, "admin/comp_run", view)
}

func lineResult(c echo.Context, item claims.CompRunItem, checked bool) (words, way string) {
	switch item.State {
	case claims.CompItemGiven:
		return web.T(c, "comps.line.given"), "ok"
	case claims.CompItemReady:
		if checked {
			return web.T(c, "comps.line.ready"), "accent"
		}
		return web.T(c, "comps.line.waiting"), ""
	default:
		return lineCode(c, item.Code), "danger"
	}
}

func lineCode(c echo.Context, code string) string {
	switch code {
	case comps.CodeAddress:
		return web.T(c, "comps.mistake.address")
	case comps.CodeDuplicate:
		return web.T(c, "comps.mistake.duplicate")
	case comps.CodePlan:
		return web.T(c, "comps.mistake.plan")
	case comps.CodeUntil:
		return web.T(c, "comps.mistake.until")
	case comps.CodePast:
		return web.T(c, "comps.mistake.past")
	case comps.CodeReason:
		return web.T(c, "comps.mistake.reason")
	case comps.CodeSelf:
		return web.T(c, "comps.mistake.self")
	case comps.CodeExists:
		return web.T(c, "comps.mistake.exists")
	default:
		return web.T(c, "comps.mistake.unreadable")
	}
}

// startCompRun gives the good lines, in the background.
func (k *Console) startCompRun(c echo.Context, v *visit) error {
	run, _, err := k.run(c, v)
	if err != nil {
		return err
	}
	err = k.deps.Passes.Start(acting(c, v), v.app.ClientID, run.ID, v.user.ID)
	if err != nil && !errors.Is(err, comps.ErrRunMoved) { // a second press does nothing
		return gone(err)
	}
	return c.Redirect(http.StatusSeeOther, appURL(v, "/comps/list/"+run.ID))
}

// exportCompRun answers the list with its results, for programs: the same in every language. A failure under way
// breaks the download off.
func (k *Console) exportCompRun(c echo.Context, v *visit) error {
	run, _, err := k.run(c, v)
	if err != nil {
		return err
	}
	ctx := c.Request().Context()
	items, err := k.deps.Passes.RunItems(ctx, run.ID, 0, linesPerWrite)
	if err != nil {
		return err
	}
	h := c.Response().Header()
	h.Set(echo.HeaderContentType, "text/csv; charset=utf-8")
	h.Set(echo.HeaderContentDisposition, fmt.Sprintf("attachment; filename=%q", "passes-"+v.app.ClientID+".csv"))
	c.Response().WriteHeader(http.StatusOK)
	w := csv.NewWriter(c.Response())
	_ = w.Write([]string{"line", "email", "plan", "until", "reason", "state", "code"})
	for len(items) > 0 {
		for _, item := range items {
			end := item.Until
			if end == "" && item.ExpiresAt != nil {
				end = item.ExpiresAt.UTC().Format(time.RFC3339)
			}
			_ = w.Write([]string{
				strconv.FormatInt(item.Line, 10), defuse(item.Email), defuse(item.PlanSlug), defuse(end), defuse(item.Reason), string(item.State), item.Code,
			})
		}
		if w.Flush(); w.Error() != nil {
			panic(http.ErrAbortHandler)
		}
		if items, err = k.deps.Passes.RunItems(ctx, run.ID, items[len(items)-1].Line, linesPerWrite); err != nil {
			panic(http.ErrAbortHandler)
		}
	}
	return nil
}
