package app_test

import (
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/labstack/echo/v4"

	"github.com/wolfieauth/wolfieauth/cmd/wolfieauth/app/apptest"
)

var parameter = regexp.MustCompile(`:[a-z]+|\*$`)

// addresses lists every GET route, with something real in the place of parameters.
func (h *house) addresses(t *testing.T) []string {
	t.Helper()
	edge, ok := h.App.Handler().(interface{ Echo() *echo.Echo })
	if !ok {
		t.Fatal("the handler is no edge")
	}
	var out []string
	for _, r := range edge.Echo().Routes() {
		if r.Method != http.MethodGet {
			continue
		}
		out = append(out, parameter.ReplaceAllStringFunc(r.Path, func(p string) string {
			if p == ":client" {
				return "acme-crm"
			}
			return "x"
		}))
	}
	slices.Sort(out)
	if out = slices.Compact(out); len(out) < 25 {
		t.Fatalf("only %d routes: %v", len(out), out)
	}
	return out
}

const evil = "evil.example"

func hostsAreNotReflected(t *testing.T, h *house) {
	b := apptest.NewBrowser(t)
	b.SignIn(h.client("acme-crm"), "admin@acme.test", demoPassword)
	cookies := http.Header{}
	for _, c := range b.Client().Jar.Cookies(parse(t, h.line.Issuer)) {
		cookies.Add("Cookie", c.Name+"="+c.Value)
	}
	lies := map[string]string{
		"X-Forwarded-Host": evil, "X-Forwarded-Server": evil, "X-Forwarded-Proto": "https", "X-Forwarded-Port": "666", "X-Host": evil,
		"X-Original-Url": "https://" + evil + "/", "X-Rewrite-Url": "https://" + evil + "/", "Forwarded": "for=1.2.3.4;host=" + evil + ";proto=https",
		"X-Forwarded-For": evil, "X-Real-Ip": evil, "X-Forwarded-Prefix": "/" + evil, "Origin": "https://" + evil,
	}
	for _, address := range append(h.addresses(t), "/auth?client_id=acme-crm&redirect_uri="+redirect+"&response_type=code&scope=openid&code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM&code_challenge_method=S256") {
		for _, signedIn := range []bool{false, true} {
			r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, h.line.Issuer+address, nil)
			must(t, err)
			if signedIn {
				r.Header = cookies.Clone()
			}
			r.Host = evil
			for k, v := range lies {
				r.Header.Set(k, v)
			}
			res := read(t, r)
			for k, v := range res.header {
				if text := strings.Join(v, " "); strings.Contains(text, evil) || strings.Contains(text, "666") && k == "Location" {
					t.Errorf("%s reflects in %s: %s", address, k, text)
				}
			}
			if strings.Contains(string(res.body), evil) {
				t.Errorf("%s reflects in its body", address)
			}
			if res.header.Get("Access-Control-Allow-Credentials") != "" {
				t.Errorf("%s lets foreign pages use cookies", address)
			}
		}
	}
	// Mails too: a reset asked for under a false host leads to the issuer.
	body := "email=admin%40acme.test"
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, h.line.Issuer+"/reset", strings.NewReader(body))
	must(t, err)
	r.Host = evil
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("X-Forwarded-Host", evil)
	if res := read(t, r); res.status >= 500 || strings.Contains(string(res.body), evil) {
		t.Errorf("reset under a false host: %d", res.status)
	}
	if n := h.rows(t, "SELECT count(*) FROM mails WHERE text_body LIKE ? OR html_body LIKE ?", "%"+evil+"%", "%"+evil+"%"); n > 0 {
		t.Errorf("%d mails name the false host", n)
	}
}

func pagesAreGuarded(t *testing.T, h *house) {
	b := apptest.NewBrowser(t)
	b.SignIn(h.client("acme-crm"), "admin@acme.test", demoPassword)
	cookies := http.Header{}
	for _, c := range b.Client().Jar.Cookies(parse(t, h.line.Issuer)) {
		cookies.Add("Cookie", c.Name+"="+c.Value)
	}
	pages := 0
	for _, address := range append(h.addresses(t), "/no/such/page", "/login?request=unknown", "/billing/nobody-sells", "/auth") {
		for _, header := range []http.Header{nil, cookies} {
			header = header.Clone()
			if header == nil {
				header = http.Header{}
			}
			header.Set("Accept", "text/html")
			res := send(t, http.MethodGet, h.line.Issuer+address, "", "", header)
			if res.status >= 500 {
				t.Errorf("%s: %d %.300s", address, res.status, res.body)
			}
			if !strings.HasPrefix(res.header.Get("Content-Type"), "text/html") || len(res.body) == 0 || strings.HasPrefix(address, "/demo/") {
				continue
			}
			pages++
			csp := res.header.Get("Content-Security-Policy")
			if !strings.Contains(csp, "default-src 'self'") || !strings.Contains(csp, "frame-ancestors 'none'") || strings.Contains(csp, "unsafe") {
				t.Errorf("%s: CSP %q", address, csp)
			}
			for name, want := range map[string]string{"X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY", "Referrer-Policy": "same-origin"} {
				if res.header.Get(name) != want {
					t.Errorf("%s: %s is %q", address, name, res.header.Get(name))
				}
			}
			if cache := res.header.Get("Cache-Control"); !strings.Contains(cache, "no-store") {
				t.Errorf("%s: Cache-Control is %q", address, cache)
			}
			if html := string(res.body); strings.Contains(html, "<script>") || strings.Contains(html, " style=") || strings.Contains(html, "<style") || strings.Contains(html, " onclick=") {
				t.Errorf("%s has inline script or style", address)
			}
			for _, c := range (&http.Response{Header: res.header}).Cookies() {
				if !c.HttpOnly || c.SameSite != http.SameSiteLaxMode {
					t.Errorf("%s sets %s without HttpOnly or SameSite=Lax", address, c.Name)
				}
			}
		}
	}
	if pages < 20 {
		t.Errorf("only %d pages were looked at", pages)
	}
}
