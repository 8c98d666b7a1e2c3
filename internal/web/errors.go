package web

import (
	"encoding/json"
	"maps"
	"math"
	"net/http"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"
)

// ErrorPage is the view of templates/errors/error.html.
type ErrorPage struct {
	Page
	Status int
	Code   string
	Detail string
	// RetryURL is the page itself where trying again makes sense, else "".
	RetryURL string
}

// handleError is the one place where an error becomes an answer. The request log says the chain.
func (e *Edge) handleError(err error, c echo.Context) {
	st := stateOf(c)
	p := e.problemOf(err)
	if p.Code == "not_found" && st.kind == kindPage {
		p = e.perhapsWrongMethod(c, p)
	}
	st.err, st.code = err, p.Code
	if c.Response().Committed {
		return
	}
	h := c.Response().Header()
	h.Set(echo.HeaderCacheControl, "no-store")
	if p.RetryAfter > 0 {
		h.Set(echo.HeaderRetryAfter, strconv.Itoa(int(math.Ceil(p.RetryAfter.Seconds()))))
	}
	if c.Request().Method == http.MethodHead {
		_ = c.NoContent(p.Status)
		return
	}
	if e.wantsHTML(c) {
		if e.errorPage(c, p) == nil {
			return
		}
	}
	e.problemJSON(c, p)
}

// wantsHTML tells a person from a program: by the group of the route, by the path where no route matched,
// and on raw endpoints by what the client accepts.
func (e *Edge) wantsHTML(c echo.Context) bool {
	r := c.Request()
	accepts := strings.Contains(r.Header.Get(echo.HeaderAccept), "text/html")
	switch stateOf(c).kind {
	case kindAPI:
		return false
	case kindPage:
		return !apiPath(r.URL.Path) || accepts && c.Path() != "/*" && c.Path() != ""
	default:
		return accepts && !apiPath(r.URL.Path)
	}
}

func apiPath(path string) bool {
	return strings.HasPrefix(path, "/v1/") || strings.HasPrefix(path, "/api/")
}

func (e *Edge) errorPage(c echo.Context, p *Error) error {
	lang := Lang(c)
	view := &ErrorPage{Status: p.Status, Code: p.Code, Detail: e.sentence(lang, p)}
	view.Title = e.statusTitle(lang, p.Status)
	if p.Status >= 500 || p.Status == http.StatusTooManyRequests {
		view.RetryURL = localURL(c.Request())
	}
	return e.Render(c, p.Status, "errors/error", view)
}

func (e *Edge) statusTitle(lang string, status int) string {
	key := "problem_title." + strconv.Itoa(status)
	if !e.catalog.Has(lang, key) {
		key = "problem_title.other_status"
	}
	return e.catalog.T(lang, key)
}

func (e *Edge) sentence(lang string, p *Error) string {
	key := "problem." + p.Code
	if !e.catalog.Has(lang, key) {
		key = "problem.internal"
		if p.Status < 500 {
			key = "problem.bad_request"
		}
	}
	return e.catalog.T(lang, key, p.Args...)
}

// problemJSON writes an RFC 9457 document.
func (e *Edge) problemJSON(c echo.Context, p *Error) {
	lang := Lang(c)
	doc := map[string]any{}
	maps.Copy(doc, p.Extra)
	doc["type"] = "about:blank"
	doc["title"] = http.StatusText(p.Status)
	doc["status"] = p.Status
	doc["detail"] = e.sentence(lang, p)
	doc["code"] = p.Code
	if id := RequestID(c); id != "" {
		doc["instance"] = "urn:uuid:" + id
		doc["requestId"] = id
	}
	if len(p.Fields) > 0 {
		doc["errors"] = e.fieldErrors(lang, p.Fields)
	}
	body, err := json.Marshal(doc)
	if err != nil {
		e.cfg.Logger.ErrorContext(c.Request().Context(), "problem document cannot be written", "code", p.Code, "error", err)
		body = []byte(`{"type":"about:blank","title":"Internal Server Error","status":500,"code":"internal"}`)
	}
	c.Response().Header().Set("Content-Language", lang)
	_ = c.Blob(p.Status, "application/problem+json", append(body, '\n'))
}

func (e *Edge) fieldErrors(lang string, fields []FieldError) []map[string]string {
	out := make([]map[string]string, 0, len(fields))
	for _, f := range fields {
		out = append(out, map[string]string{"field": f.Field, "code": f.Code, "detail": e.catalog.T(lang, f.Key, f.Args...)})
	}
	return out
}

// perhapsWrongMethod tells "no such path" from "this path takes another method", which the groups' shared
// catch-all hides from Echo's router.
func (e *Edge) perhapsWrongMethod(c echo.Context, p *Error) *Error {
	if c.Path() != "/*" && c.Path() != "" {
		return p
	}
	var allow []string
	for _, method := range []string{http.MethodGet, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete} {
		probe := e.echo.NewContext(c.Request(), nil)
		e.echo.Router().Find(method, c.Request().URL.Path, probe)
		if probe.Path() != "" && probe.Path() != "/*" {
			allow = append(allow, method)
		}
	}
	if len(allow) == 0 {
		return p
	}
	c.Response().Header().Set(echo.HeaderAllow, strings.Join(allow, ", "))
	return Fail(http.StatusMethodNotAllowed, "method_not_allowed")
}
