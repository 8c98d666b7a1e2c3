package web_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/wolfieauth/wolfieauth/internal/db"
	"github.com/wolfieauth/wolfieauth/internal/db/dbtest"
	"github.com/wolfieauth/wolfieauth/internal/i18n"
	"github.com/wolfieauth/wolfieauth/internal/web"
	"github.com/wolfieauth/wolfieauth/templates"
)

var errStock = errors.New("stock is empty")

type helloPage struct {
	web.Page
	Name  string
	Price int64
	Form  *web.Form
}

const helloTemplate = `{{define "title"}}Hello{{end}}{{define "main"}}<h1>Hello {{.Name}}</h1><p id="money">{{money .Price "PLN"}}</p>` +
	`{{template "form-errors" .Form}}{{template "field" (field .Form "email" "label" "E-mail" "type" "email" "hint" "Work")}}` +
	`{{template "field" (field .Form "password" "label" "Secret" "type" "password")}}{{end}}`

// bundle is an edge with a few routes of each kind.
type bundle struct {
	t    *testing.T
	edge *web.Edge
	log  *safeBuffer
	mu   sync.Mutex
	now  time.Time
}

type safeBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *safeBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}
func (s *safeBuffer) String() string { s.mu.Lock(); defer s.mu.Unlock(); return s.b.String() }

func (b *bundle) clock() time.Time { b.mu.Lock(); defer b.mu.Unlock(); return b.now }
func (b *bundle) advance(d time.Duration) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.now = b.now.Add(d)
}

func renderer(t *testing.T) (*web.Renderer, *i18n.Catalog) {
	t.Helper()
	catalog, err := i18n.Load()
	if err != nil {
		t.Fatal(err)
	}
	files := fstest.MapFS{"demo/hello.html": {Data: []byte(helloTemplate)}}
	for _, name := range []string{"layout.html", "partials/brand.html", "partials/field.html", "partials/flash.html", "partials/form.html", "errors/error.html"} {
		body, err := templates.Files.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		files[name] = &fstest.MapFile{Data: body}
	}
	r, err := web.NewRenderer(catalog, web.RendererOptions{Templates: files, Money: func(lang string, amount int64, currency string) string {
		return fmt.Sprint(lang, amount, currency)
	}})
	if err != nil {
		t.Fatal(err)
	}
	return r, catalog
}

func setup(t *testing.T, d *db.DB, issuer string, change ...func(*web.Config)) *bundle {
	t.Helper()
	b := &bundle{t: t, log: &safeBuffer{}, now: time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)}
	u, err := url.Parse(issuer)
	if err != nil {
		t.Fatal(err)
	}
	cfg := web.Config{Issuer: u, Now: b.clock, Logger: slog.New(slog.NewJSONHandler(b.log, nil)), BodyLimit: 1000}
	for _, f := range change {
		f(&cfg)
	}
	r, catalog := renderer(t)
	b.edge, err = web.New(cfg, d, r, catalog, web.Problem{Err: errStock, Status: http.StatusConflict, Code: "conflict"})
	if err != nil {
		t.Fatal(err)
	}
	b.mountPages()
	b.mountPrograms()
	return b
}

func (b *bundle) mountPages() {
	e, g := b.edge, b.edge.Pages()
	g.GET("/hello", func(c echo.Context) error {
		return e.Render(c, http.StatusOK, "demo/hello", &helloPage{Name: web.SessionOf(c).UserID, Price: 9900})
	})
	g.POST("/hello", func(c echo.Context) error {
		f, err := web.NewForm(c)
		if err != nil {
			return err
		}
		if f.Require("Fill this in", "email", "password"); f.Value("email") != "" {
			f.Fail("email", "No such address")
		}
		return e.Render(c, http.StatusUnprocessableEntity, "demo/hello", &helloPage{Form: f})
	})
	g.POST("/login", func(c echo.Context) error {
		if err := e.Login(c, c.FormValue("user"), "org-1", []string{"pwd"}); err != nil {
			return err
		}
		return c.Redirect(http.StatusSeeOther, "/hello")
	})
	g.POST("/logout", func(c echo.Context) error {
		if err := e.Logout(c); err != nil {
			return err
		}
		return c.NoContent(http.StatusNoContent)
	})
	g.POST("/flash", func(c echo.Context) error {
		web.SessionOf(c).Set("planted", "yes")
		if err := e.SetFlash(c, "ok", "Saved & sound"); err != nil {
			return err
		}
		return c.NoContent(http.StatusNoContent)
	})
	g.GET("/session", func(c echo.Context) error {
		s := web.SessionOf(c)
		return c.JSON(http.StatusOK, map[string]any{"id": s.ID, "user": s.UserID, "org": s.OrgID, "planted": s.Values["planted"], "amr": s.AMR, "auth_time": s.AuthTime})
	})
	g.GET("/fail/:how", fail)
}

func (b *bundle) mountPrograms() {
	b.edge.API().GET("/v1/fail/:how", fail)
	b.edge.API().GET("/v1/where", func(c echo.Context) error {
		return c.JSON(http.StatusOK, map[string]string{"ip": web.ClientIP(c), "country": web.Country(c), "lang": web.Lang(c)})
	})
	b.edge.API().POST("/v1/json", func(c echo.Context) error {
		var in struct{ Name string }
		if err := web.DecodeJSON(c, &in); err != nil {
			return err
		}
		return c.JSON(http.StatusOK, in)
	})
	b.edge.Raw().GET("/raw/fail/:how", fail)
	b.edge.Raw().POST("/raw", func(c echo.Context) error { return c.NoContent(http.StatusNoContent) })
	b.edge.Raw().GET("/bind", func(c echo.Context) error {
		b.edge.SetBinding(c, "wolfieauth_req", c.QueryParam("v"), 10*time.Minute)
		return c.NoContent(http.StatusNoContent)
	})
	b.edge.Raw().GET("/bound/:name", func(c echo.Context) error {
		v, ok := b.edge.Binding(c, c.Param("name"))
		return c.JSON(http.StatusOK, map[string]any{"v": v, "ok": ok})
	})
}

func fail(c echo.Context) error {
	switch c.Param("how") {
	case "unknown":
		return errors.New("disk on fire at /dev/sda1")
	case "panic":
		panic("boom")
	case "down":
		return fmt.Errorf("read plan: %w", db.ErrUnavailable)
	case "domain":
		return fmt.Errorf("buy: %w", errStock)
	case "own":
		return web.Fail(http.StatusForbidden, "forbidden").With("url", "/switch").Because(errors.New("cause kept inside"))
	case "many":
		return web.TooMany(90 * time.Second)
	case "fields":
		return web.Invalid(web.FieldError{Field: "quantity", Code: "required", Key: "form.required"})
	}
	return echo.ErrNotFound
}

// do sends one request, without following redirects.
func (b *bundle) do(method, target string, body io.Reader, change ...func(*http.Request)) *http.Response {
	b.t.Helper()
	r := httptest.NewRequestWithContext(context.WithoutCancel(b.t.Context()), method, target, body)
	r.RemoteAddr = "198.51.100.7:4711"
	if body != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	for _, f := range change {
		f(r)
	}
	rec := httptest.NewRecorder()
	b.edge.ServeHTTP(rec, r)
	return rec.Result()
}

func header(name, value string) func(*http.Request) {
	return func(r *http.Request) { r.Header.Set(name, value) }
}

func with(cookies ...*http.Cookie) func(*http.Request) {
	return func(r *http.Request) {
		for _, c := range cookies {
			r.AddCookie(c)
		}
	}
}

func text(t *testing.T, res *http.Response) string {
	t.Helper()
	defer func() { _ = res.Body.Close() }()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func cookieOf(t *testing.T, res *http.Response, name string) *http.Cookie {
	t.Helper()
	for _, c := range res.Cookies() {
		if c.Name == name {
			return c
		}
	}
	t.Fatalf("no cookie %s in %v", name, res.Header["Set-Cookie"])
	return nil
}

const (
	local  = "http://localhost:8080"
	public = "https://id.wolfie.test"
)

func TestNewRefusesWhatCannotServe(t *testing.T) {
	t.Parallel()
	d := dbtest.SQLite(t)
	r, catalog := renderer(t)
	for name, tc := range map[string]struct {
		cfg      web.Config
		problems []web.Problem
	}{
		"no issuer":              {cfg: web.Config{}},
		"plain http in public":   {cfg: web.Config{Issuer: &url.URL{Scheme: "http", Host: "id.wolfie.test"}}},
		"problem without words":  {cfg: web.Config{Issuer: &url.URL{Scheme: "https", Host: "x.test"}}, problems: []web.Problem{{errStock, 409, "no_such_sentence"}}},
		"problem without status": {cfg: web.Config{Issuer: &url.URL{Scheme: "https", Host: "x.test"}}, problems: []web.Problem{{errStock, 0, "conflict"}}},
	} {
		if _, err := web.New(tc.cfg, d, r, catalog, tc.problems...); err == nil {
			t.Errorf("%s was accepted", name)
		}
	}
}

func TestProxyHeadersAreBelievedFromTrustedPeersAlone(t *testing.T) {
	t.Parallel()
	d := dbtest.SQLite(t)
	trusting := func(c *web.Config) { c.TrustedProxies = []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")} }
	nobody, proxied := setup(t, d, public), setup(t, d, public, trusting)
	from := func(addr string) func(*http.Request) { return func(r *http.Request) { r.RemoteAddr = addr } }
	for _, tc := range []struct {
		name              string
		edge              *bundle
		peer, xff, cc     string
		wantIP, wantPlace string
	}{
		{"nobody is trusted", nobody, "10.0.0.1:1", "203.0.113.9", "PL", "10.0.0.1", ""},
		{"a stranger writes the headers", proxied, "198.51.100.7:1", "203.0.113.9", "PL", "198.51.100.7", ""},
		{"the proxy writes them", proxied, "10.0.0.1:1", "203.0.113.9", "pl", "203.0.113.9", "PL"},
		{"the client put more at the left", proxied, "10.0.0.1:1", "1.2.3.4, 203.0.113.9", "PL", "203.0.113.9", "PL"},
		{"two proxies of ours", proxied, "10.0.0.1:1", "203.0.113.9, 10.2.2.2", "", "203.0.113.9", ""},
		{"rubbish", proxied, "10.0.0.1:1", "<script>", "P1", "10.0.0.1", ""},
		{"unknown country", proxied, "10.0.0.1:1", "203.0.113.9", "XX", "203.0.113.9", ""},
		{"a mapped address", proxied, "[::ffff:10.0.0.1]:1", "203.0.113.9", "DE", "203.0.113.9", "DE"},
	} {
		res := tc.edge.do("GET", "/v1/where", nil, from(tc.peer), header("X-Forwarded-For", tc.xff), header("cf-ipcountry", tc.cc))
		got := text(t, res)
		if !strings.Contains(got, `"ip":"`+tc.wantIP+`"`) || !strings.Contains(got, `"country":"`+tc.wantPlace+`"`) {
			t.Errorf("%s: got %s, want %s %s", tc.name, got, tc.wantIP, tc.wantPlace)
		}
	}
}

func TestLanguageIsChosenInOrder(t *testing.T) {
	t.Parallel()
	b := setup(t, dbtest.SQLite(t), public)
	polish := with(&http.Cookie{Name: "__Host-wolfieauth_lang", Value: "pl"})
	for _, tc := range []struct {
		name, target, want string
		change             []func(*http.Request)
	}{
		{"default", "/v1/where", "en", nil},
		{"browser", "/v1/where", "pl", []func(*http.Request){header("Accept-Language", "pl-PL,pl;q=0.9")}},
		{"app over browser", "/v1/where?ui_locales=pl+en", "pl", []func(*http.Request){header("Accept-Language", "en")}},
		{"cookie over app", "/v1/where?ui_locales=en", "pl", []func(*http.Request){polish}},
		{"switch over cookie", "/v1/where?lang=en", "en", []func(*http.Request){polish}},
		{"an unknown one is no choice", "/v1/where?lang=xx", "en", nil},
	} {
		if got := text(t, b.do("GET", tc.target, nil, tc.change...)); !strings.Contains(got, `"lang":"`+tc.want+`"`) {
			t.Errorf("%s: got %s, want %s", tc.name, got, tc.want)
		}
	}
	res := b.do("GET", "/hello?lang=pl&plan=pro", nil)
	ck := cookieOf(t, res, "__Host-wolfieauth_lang")
	if ck.Value != "pl" || !ck.Secure || !ck.HttpOnly || ck.SameSite != http.SameSiteLaxMode || ck.MaxAge != 365*24*3600 {
		t.Errorf("language cookie: %v", ck)
	}
	body := text(t, res)
	if !strings.Contains(body, `<html lang="pl">`) || !strings.Contains(body, `href="/hello?lang=en&amp;plan=pro"`) || !strings.Contains(body, "pl9900PLN") {
		t.Errorf("the page is not Polish, or its switch lost path or query:\n%s", body)
	}
}
