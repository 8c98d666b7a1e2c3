package web_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/labstack/echo/v4"

	"github.com/wolfieauth/wolfieauth/internal/db/dbtest"
	"github.com/wolfieauth/wolfieauth/internal/web"
)

func TestSecurityHeadersEverywhere(t *testing.T) {
	t.Parallel()
	d := dbtest.SQLite(t)
	b := setup(t, d, public)
	for _, target := range []string{"/hello", "/fail/panic", "/nothing", "/v1/where", "/v1/fail/down", "/raw/fail/own", "/healthz", "/readyz"} {
		h := b.do("GET", target, nil).Header
		csp := h.Get("Content-Security-Policy")
		for _, want := range []string{"default-src 'self'", "frame-ancestors 'none'", "base-uri 'none'", "object-src 'none'"} {
			if !strings.Contains(csp, want) {
				t.Errorf("%s: CSP %q lacks %s", target, csp, want)
			}
		}
		if strings.Contains(csp, "unsafe") || strings.Contains(csp, "form-action") {
			t.Errorf("%s: CSP %q", target, csp)
		}
		if h.Get("X-Content-Type-Options") != "nosniff" || h.Get("Referrer-Policy") != "same-origin" || h.Get("Cross-Origin-Opener-Policy") != "same-origin" ||
			!strings.HasPrefix(h.Get("Strict-Transport-Security"), "max-age=") {
			t.Errorf("%s: %v", target, h)
		}
		if h.Get("Access-Control-Allow-Origin") != "" {
			t.Errorf("%s speaks CORS by itself", target)
		}
	}
	if h := b.do("GET", "/hello", nil).Header; h.Get("Cache-Control") != "no-store" {
		t.Error("a page may be kept")
	}
	if h := setup(t, d, local).do("GET", "/hello", nil).Header; h.Get("Strict-Transport-Security") != "" {
		t.Error("HSTS on localhost would lock the developer out")
	}
}

func TestCrossSitePostsAreRefusedOnPagesAlone(t *testing.T) {
	t.Parallel()
	b := setup(t, dbtest.SQLite(t), public)
	for _, tc := range []struct {
		name   string
		status int
		change []func(*http.Request)
	}{
		{"another site", 403, []func(*http.Request){header("Sec-Fetch-Site", "cross-site")}},
		{"another port", 403, []func(*http.Request){header("Sec-Fetch-Site", "same-site")}},
		{"an old browser on another site", 403, []func(*http.Request){header("Origin", "https://evil.test")}},
		{"an opaque origin", 403, []func(*http.Request){header("Origin", "null")}},
		{"the page itself", 303, []func(*http.Request){header("Sec-Fetch-Site", "same-origin")}},
		{"the page behind a proxy that renames the host", 303, []func(*http.Request){header("Origin", public), header("Sec-Fetch-Site", "same-origin")}},
		{"an old browser on the page itself", 303, []func(*http.Request){header("Origin", public)}},
		{"no browser", 303, nil},
	} {
		res := b.do("POST", "/login", strings.NewReader("user=u1"), tc.change...)
		if res.StatusCode != tc.status || tc.status == 403 && len(res.Cookies()) != 0 {
			t.Errorf("%s: %d %v", tc.name, res.StatusCode, res.Cookies())
		}
	}
	cross := header("Sec-Fetch-Site", "cross-site")
	if res := b.do("POST", "/raw", nil, cross); res.StatusCode != http.StatusNoContent {
		t.Error("raw endpoints carry their own proof")
	}
	if res := b.do("POST", "/v1/json", strings.NewReader(`{}`), cross, header("Content-Type", "application/json")); res.StatusCode != http.StatusOK {
		t.Error("API endpoints carry their own proof")
	}
}

func TestEvilHostIsNeverReflected(t *testing.T) {
	t.Parallel()
	b := setup(t, dbtest.SQLite(t), public)
	for _, target := range []string{"/hello", "/nothing", "/fail/unknown", "/v1/where", "/v1/fail/down", "/raw/fail/down", "/healthz", "/readyz", "//evil.test/x", "/hello?next=//evil.test"} {
		for _, method := range []string{"GET", "POST"} {
			res := b.do(method, "http://placeholder"+target, nil, func(r *http.Request) { r.Host = "evil-host.test" }, header("X-Forwarded-Host", "evil-host.test"),
				header("Forwarded", "host=evil-host.test"), header("X-Forwarded-Proto", "gopher"), header("X-Original-URL", "https://evil-host.test/"))
			if body := text(t, res); strings.Contains(body, "evil-host") || strings.Contains(body, `href="//`) {
				t.Errorf("%s %s reflects the host:\n%s", method, target, body)
			}
			for name, values := range res.Header {
				if strings.Contains(strings.Join(values, " "), "evil-host") {
					t.Errorf("%s %s: header %s reflects the host", method, target, name)
				}
			}
		}
	}
	if got := b.edge.URL("/reset"); got != public+"/reset" {
		t.Errorf("URL answers %s", got)
	}
}

func TestSafeNext(t *testing.T) {
	t.Parallel()
	for _, good := range []string{
		"/", "/account", "/billing/acme-crm?price=1&country=PL", "/auth/callback?id=0198", "/admin/clients/acme-crm#plans", "/device?user_code=ABCD-EFGH",
		"/x?next=https%3A%2F%2Frp.test%2Fcb", "/x?redirect_uri=https://rp.test/cb", "/za%C5%BC%C3%B3%C5%82%C4%87",
	} {
		if got := web.SafeNext(good); got != good {
			t.Errorf("SafeNext(%q) = %q", good, got)
		}
	}
	evil := []string{
		"", " ", "x", "account", "./account", "../account", "?x", "#x", "//evil.test", "///evil.test", "////evil.test", "/\\evil.test", "\\/evil.test", "\\\\evil.test",
		"/\\/evil.test", "/\t/evil.test", "/\n/evil.test", "/\r/evil.test", "\t//evil.test", " //evil.test", "\n/evil.test", "/%09/evil.test", "/%0a/evil.test", "/%0d/evil.test",
		"/%5cevil.test", "/%5Cevil.test", "/%255cevil.test", "/%2fevil.test", "/%2Fevil.test", "/%252fevil.test", "/%2f%2fevil.test", "%2f%2fevil.test", "/.//evil.test",
		"/..//evil.test", "/./evil.test", "/../evil.test", "/a/..//evil.test", "/a/../../evil.test", "/x//evil.test", "/%2e%2e//evil.test", "/%2e/%2fevil.test", "/.", "/..", "/a/..",
		"https://evil.test", "http://evil.test", "HTTPS://evil.test", "https:evil.test", "https:/evil.test", "https:///evil.test", "javascript:alert(1)", "JaVaScRiPt:alert(1)",
		"java\nscript:alert(1)", "data:text/html,x", "vbscript:x", "file:///etc/passwd", "ftp://evil.test", "//user@evil.test", "/@evil.test", "/x@evil.test", "https://id.wolfie.test@evil.test",
		"//id.wolfie.test@evil.test", "https://id.wolfie.test.evil.test", "//evil.test:443", "//[::1]", "//127.0.0.1", "//0x7f000001", "///\\evil.test", "/\x00/evil.test", "/x\x00", "/x\x7f",
		"/x\r\nSet-Cookie: a=b", "/x%0d%0aSet-Cookie:%20a=b", "/x\nLocation: //evil.test", "/x?y=\r\nz", "/\u2028/evil.test", "/\u2215evil.test", "/\u2044evil.test", "/\uff0fevil.test",
		"/\uff3cevil.test", "\uff0f\uff0fevil.test", "/\u200b/evil.test", "\ufeff//evil.test", "/\xff\xfe", "/%zz", "/%", "/%2", "/%2540evil.test//", "/x/%2e%2e/%2fevil.test", "/" + strings.Repeat("a", 3000),
		"/x\\..\\evil", "/%00", "/;@evil.test", "mailto:x@evil.test", "about:blank", "blob:https://evil.test/x",
	}
	for _, e := range evil {
		if got := web.SafeNext(e); got != "" {
			t.Errorf("SafeNext(%q) = %q, want nothing", e, got)
		}
	}
	if len(evil) < 80 {
		t.Errorf("only %d evil values", len(evil))
	}
}

func FuzzSafeNext(f *testing.F) {
	for _, seed := range []string{"/a?b=c#d", "//x", "/\\x", "/%2f/x", "https://x"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		got := web.SafeNext(raw)
		if got == "" {
			return
		}
		if got[0] != '/' || strings.HasPrefix(got, "//") || strings.HasPrefix(got, "/\\") || strings.ContainsAny(got, "\r\n\t\x00\\") {
			t.Errorf("SafeNext(%q) = %q", raw, got)
		}
		if again := web.SafeNext(got); again != got {
			t.Errorf("SafeNext is not stable: %q, then %q", got, again)
		}
	})
}

func TestFloodIsTurnedAway(t *testing.T) {
	t.Parallel()
	b := setup(t, dbtest.SQLite(t), public)
	left := 2
	b.edge.Raw().GET("/busy", func(c echo.Context) error { return c.NoContent(http.StatusNoContent) }, web.Flood(func(ip string) bool {
		left--
		return left >= 0 && ip == "198.51.100.7"
	}))
	for i, want := range []int{204, 204, 429} {
		if res := b.do("GET", "/busy", nil); res.StatusCode != want || want == 429 && res.Header.Get("Retry-After") != "1" {
			t.Errorf("request %d: %d", i+1, res.StatusCode)
		}
	}
}
