package web_test

import (
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"io/fs"
	"math"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"

	"golang.org/x/net/html"

	"github.com/wolfieauth/wolfieauth/internal/db/dbtest"
	"github.com/wolfieauth/wolfieauth/internal/i18n"
	"github.com/wolfieauth/wolfieauth/internal/web"
	"github.com/wolfieauth/wolfieauth/static"
	"github.com/wolfieauth/wolfieauth/templates"
)

func TestEmbeddedTemplatesParse(t *testing.T) {
	t.Parallel()
	catalog, err := i18n.Load()
	if err != nil {
		t.Fatal(err)
	}
	r, err := web.NewRenderer(catalog, web.RendererOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Must(r.Names()...); err != nil {
		t.Error(err)
	}
	if err := r.Must("errors/error", "login/nowhere"); err == nil || !strings.Contains(err.Error(), "login/nowhere") {
		t.Errorf("a missing page must be named: %v", err)
	}
}

func TestBrokenTemplatesStopTheStart(t *testing.T) {
	t.Parallel()
	_, catalog := renderer(t)
	for name, page := range map[string]string{
		"no main":             `{{define "title"}}x{{end}}`,
		"an unknown function": `{{define "main"}}{{shout .}}{{end}}`,
		"no end":              `{{define "main"}}{{if .}}`,
	} {
		files := fstest.MapFS{"x/page.html": {Data: []byte(page)}}
		err := fs.WalkDir(templates.Files, ".", func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || path != "layout.html" && !strings.HasPrefix(path, "partials/") {
				return err
			}
			body, err := fs.ReadFile(templates.Files, path)
			files[path] = &fstest.MapFile{Data: body}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := web.NewRenderer(catalog, web.RendererOptions{Templates: files}); err == nil {
			t.Errorf("%s was accepted", name)
		}
	}
}

func TestPagesHoldNothingInlineOrForeign(t *testing.T) {
	t.Parallel()
	b := setup(t, dbtest.SQLite(t), public)
	for _, target := range []string{"/hello", "/fail/unknown", "/nothing"} {
		page := text(t, b.do("GET", target, nil))
		doc, err := html.Parse(strings.NewReader(page))
		if err != nil {
			t.Fatal(err)
		}
		for n := range doc.Descendants() {
			if n.Data == "style" || n.Data == "script" && n.FirstChild != nil {
				t.Errorf("%s: inline <%s>", target, n.Data)
			}
			for _, a := range n.Attr {
				if a.Key == "style" || strings.HasPrefix(a.Key, "on") || strings.HasPrefix(a.Val, "http") || strings.HasPrefix(a.Val, "//") {
					t.Errorf("%s: <%s %s=%q>", target, n.Data, a.Key, a.Val)
				}
			}
		}
		for _, want := range []string{`<a class="skip" href="#main">`, `<main id="main"`, `<html lang="en">`, `hreflang="pl"`} {
			if !strings.Contains(page, want) {
				t.Errorf("%s lacks %s", target, want)
			}
		}
	}
}

func TestStaticFiles(t *testing.T) {
	t.Parallel()
	b := setup(t, dbtest.SQLite(t), public)
	page := text(t, b.do("GET", "/hello", nil))
	weight := len(page)
	for _, m := range regexp.MustCompile(`(?:href|src)="(/static/[^"]+)"`).FindAllStringSubmatch(page, -1) {
		res := b.do("GET", m[1], nil, header("Accept-Encoding", "gzip"))
		body := text(t, res)
		weight += len(body)
		if res.StatusCode != http.StatusOK || res.Header.Get("Cache-Control") != "public, max-age=31536000, immutable" || res.Header.Get("Content-Type") == "" {
			t.Errorf("%s: %d %v", m[1], res.StatusCode, res.Header)
		}
		if res.Header.Get("Content-Encoding") == "gzip" {
			zr, err := gzip.NewReader(strings.NewReader(body))
			if err != nil {
				t.Fatal(err)
			}
			plain, err := io.ReadAll(zr)
			if err != nil || text(t, b.do("GET", m[1], nil)) != string(plain) {
				t.Errorf("%s: packed and plain differ (%v)", m[1], err)
			}
		}
	}
	weight += len(mustRead(t, "fonts/inter-polish.woff2"))
	if weight > 100_000 {
		t.Errorf("a page weighs %d bytes, more than 100 kB", weight)
	}
	css, err := b.edge.Renderer().Asset("css/app.css")
	if err != nil {
		t.Fatal(err)
	}
	old := regexp.MustCompile(`/static/[^/]+/`).ReplaceAllString(css, "/static/0123456789ab/")
	if res := b.do("GET", old, nil); res.StatusCode != http.StatusOK || res.Header.Get("Cache-Control") != "no-cache" {
		t.Errorf("another release's address: %d %s", res.StatusCode, res.Header.Get("Cache-Control"))
	}
	for _, bad := range []string{"/static/x/../../go.mod", "/static/x/embed.go", "/static/x/css", "/static/x/"} {
		if res := b.do("GET", bad, nil); res.StatusCode != http.StatusNotFound {
			t.Errorf("%s: %d", bad, res.StatusCode)
		}
	}
	if _, err := b.edge.Renderer().Asset("css/none.css"); err == nil {
		t.Error("an unknown asset has an address")
	}
}

func mustRead(t *testing.T, name string) []byte {
	t.Helper()
	body, err := static.Files.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return body
}

// TestStylesheetsNameNoColoursButInTokens keeps the roles in one place.
func TestStylesheetsNameNoColoursButInTokens(t *testing.T) {
	t.Parallel()
	names, err := fs.Glob(static.Files, "css/*.css")
	if err != nil {
		t.Fatal(err)
	}
	hexColour := regexp.MustCompile(`[:\s]#[0-9a-fA-F]{3,8}\b`)
	for _, name := range names {
		if name == "css/tokens.css" {
			continue
		}
		body := mustRead(t, name)
		body, _, _ = bytes.Cut(body, []byte("@media print"))
		if m := hexColour.Find(body); m != nil {
			t.Errorf("%s names the colour %s", name, m)
		}
	}
}

// TestTokensAreReadable computes the contrast of every text role on the surfaces where it stands.
func TestTokensAreReadable(t *testing.T) {
	t.Parallel()
	light, dark, found := strings.Cut(string(mustRead(t, "css/tokens.css")), "prefers-color-scheme: dark")
	if !found {
		t.Fatal("tokens.css has no dark scheme")
	}
	pairs := map[string][]string{
		"text": {"surface", "surface-raised", "surface-sunken"}, "text-muted": {"surface", "surface-raised", "surface-sunken"},
		"accent-text": {"accent", "accent-hover"}, "accent-ink": {"surface", "surface-raised", "accent-soft"}, "danger-text": {"danger"},
		"danger-ink": {"surface-raised", "danger-soft"}, "warn-ink": {"surface-raised", "warn-soft"}, "ok-ink": {"surface-raised", "ok-soft"},
	}
	for scheme, css := range map[string]string{"light": light, "dark": dark} {
		roles := rolesOf(css)
		for ink, surfaces := range pairs {
			for _, s := range surfaces {
				if c := ratio(t, roles[ink], roles[s]); c < 4.5 {
					t.Errorf("%s: --%s on --%s has %.2f:1", scheme, ink, s, c)
				}
			}
		}
		if c := ratio(t, roles["line-strong"], roles["surface-raised"]); c < 3 {
			t.Errorf("%s: the edge of a field has %.2f:1", scheme, c)
		}
	}
}

func TestBrandCSSIsReadableForEveryColour(t *testing.T) {
	t.Parallel()
	lightTokens, darkTokens, _ := strings.Cut(string(mustRead(t, "css/tokens.css")), "prefers-color-scheme: dark")
	surfaces := []map[string]string{rolesOf(lightTokens), rolesOf(darkTokens)}
	for r := 0; r <= 255; r += 51 {
		for g := 0; g <= 255; g += 51 {
			for bl := 0; bl <= 255; bl += 51 {
				colour := "#" + hex2(r) + hex2(g) + hex2(bl)
				light, dark, _ := strings.Cut(string(web.BrandCSS(colour)), "@media")
				for i, css := range []string{light, dark} {
					roles := rolesOf(css)
					for _, pair := range [][2]string{
						{roles["accent-text"], roles["accent"]},
						{roles["accent-text"], roles["accent-hover"]},
						{roles["accent-ink"], roles["accent-soft"]},
						{roles["accent-ink"], surfaces[i]["surface"]},
						{roles["accent-ink"], surfaces[i]["surface-raised"]},
					} {
						if c := ratio(t, pair[0], pair[1]); c < 4.5 {
							t.Errorf("%s (scheme %d): %s on %s has %.2f:1", colour, i, pair[0], pair[1], c)
						}
					}
				}
			}
		}
	}
	for _, bad := range []string{"", "red", "#12", "#12345g", "#fff;}body{display:none", "url(x)"} {
		if web.ValidColor(bad) || !bytes.Equal(web.BrandCSS(bad), web.BrandCSS("#0f5f52")) {
			t.Errorf("%q is no colour", bad)
		}
	}
}

func rolesOf(css string) map[string]string {
	roles := map[string]string{}
	for _, m := range regexp.MustCompile(`--([\w-]+):\s*(#[0-9a-f]{6})`).FindAllStringSubmatch(css, -1) {
		roles[m[1]] = m[2]
	}
	return roles
}

func hex2(v int) string { return string("0123456789abcdef"[v>>4]) + string("0123456789abcdef"[v&15]) }

// ratio is WCAG's contrast, written here a second time to check the first.
func ratio(t *testing.T, a, b string) float64 {
	t.Helper()
	la, errA := lum(a)
	lb, errB := lum(b)
	if err := errors.Join(errA, errB); err != nil {
		t.Fatalf("contrast of %q and %q: %v", a, b, err)
	}
	return (math.Max(la, lb) + .05) / (math.Min(la, lb) + .05)
}

func lum(c string) (float64, error) {
	n, err := strconv.ParseUint(strings.TrimPrefix(c, "#"), 16, 32)
	if err != nil {
		return 0, err
	}
	sum := 0.0
	for i, weight := range []float64{.0722, .7152, .2126} {
		v := float64(n>>(8*i)&255) / 255
		if v <= .04045 {
			v /= 12.92
		} else {
			v = math.Pow((v+.055)/1.055, 2.4)
		}
		sum += weight * v
	}
	return sum, nil
}

func TestHealthAndMetrics(t *testing.T) {
	t.Parallel()
	d := dbtest.SQLite(t)
	b := setup(t, d, public)
	for _, target := range []string{"/healthz", "/readyz"} {
		if res := b.do("GET", target, nil); res.StatusCode != http.StatusOK {
			t.Errorf("%s: %d %s", target, res.StatusCode, text(t, res))
		}
	}
	b.do("GET", "/nothing/at/all", nil)
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	if res := b.do("GET", "/readyz", nil); res.StatusCode != http.StatusServiceUnavailable {
		t.Errorf("/readyz without database: %d", res.StatusCode)
	}
	if res := b.do("GET", "/healthz", nil); res.StatusCode != http.StatusOK {
		t.Errorf("/healthz without database: %d", res.StatusCode)
	}
	if res := b.do("GET", "/metrics", nil); res.StatusCode != http.StatusNotFound {
		t.Error("metrics are public")
	}
	got := metricsText(t, b)
	for _, want := range []string{`route="/healthz",status="200"} 2`, `route="(none)"`, "wolfieauth_http_request_duration_seconds_bucket"} {
		if !strings.Contains(got, want) {
			t.Errorf("metrics lack %s", want)
		}
	}
	if strings.Contains(got, "nothing/at/all") {
		t.Error("raw paths became labels")
	}
}
