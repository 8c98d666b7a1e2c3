package provider_test

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/wolfieauth/wolfieauth/internal/db"
	"github.com/wolfieauth/wolfieauth/internal/db/dbtest"
)

func (b *bundle) do(method, path, body string, headers ...string) *answer {
	b.t.Helper()
	r, err := http.NewRequestWithContext(b.t.Context(), method, b.url+path, strings.NewReader(body))
	must(b.t, err)
	if body != "" {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	res, err := http.DefaultTransport.RoundTrip(r)
	must(b.t, err)
	return read(b.t, res)
}

func TestAnswersAreNotStored(t *testing.T) {
	t.Parallel()
	b := setup(t, dbtest.SQLite(t))
	a := b.tokens("acme-crm")
	for name, got := range map[string]*answer{
		"token":         a,
		"token error":   b.redeem("acme-crm", "x"),
		"userinfo":      b.me(a.str("access_token")),
		"userinfo 401":  b.me("x"),
		"introspection": b.post("/introspect", "acme-crm", url.Values{"token": {a.str("access_token")}}),
		"device":        b.post("/device_authorization", "acme-crm", url.Values{"scope": {"openid"}}),
		"revocation":    b.post("/revoke", "acme-crm", url.Values{"token": {a.str("access_token")}}),
		"authorization": b.do(http.MethodGet, "/auth?"+authParams("acme-crm").Encode(), ""),
	} {
		if got.header.Get("Cache-Control") != "no-store" {
			t.Errorf("%s: Cache-Control %q", name, got.header.Get("Cache-Control"))
		}
		if name != "authorization" && got.header.Get("Pragma") != "no-cache" {
			t.Errorf("%s: Pragma %q", name, got.header.Get("Pragma"))
		}
	}
	if got := b.do(http.MethodGet, "/jwks", "").header.Get("Cache-Control"); got != "public, max-age=300" {
		t.Errorf("key set: %q", got)
	}
	if got := b.do(http.MethodGet, "/.well-known/openid-configuration", "").header.Get("Cache-Control"); !strings.HasPrefix(got, "public, max-age=") {
		t.Errorf("discovery: %q", got)
	}
}

func TestOnlyTheAppsOwnOriginsRead(t *testing.T) {
	t.Parallel()
	b := setup(t, dbtest.SQLite(t))
	a := b.tokens("acme-spa")
	bearer := "Bearer " + a.str("access_token")
	const own, evil = "https://rp.example", "https://evil.example"
	spa := func(grant string) string { return "client_id=acme-spa&" + grant }
	calls := map[string]func(origin string) *answer{
		"/token": func(o string) *answer {
			return b.do("POST", "/token", spa("grant_type=authorization_code&code=x&redirect_uri=y"), "Origin", o)
		},
		"/me":     func(o string) *answer { return b.do("GET", "/me", "", "Origin", o, "Authorization", bearer) },
		"/revoke": func(o string) *answer { return b.do("POST", "/revoke", spa("token=x"), "Origin", o) },
	}
	for path, call := range calls {
		good, bad := call(own), call(evil)
		if good.header.Get("Access-Control-Allow-Origin") != own || bad.header.Get("Access-Control-Allow-Origin") != "" {
			t.Errorf("%s: %q for its own origin, %q for another", path, good.header.Get("Access-Control-Allow-Origin"), bad.header.Get("Access-Control-Allow-Origin"))
		}
		if good.header.Get("Vary") != "Origin" || bad.header.Get("Vary") != "Origin" {
			t.Errorf("%s: Vary %q, %q", path, good.header.Get("Vary"), bad.header.Get("Vary"))
		}
		if pre := b.do("OPTIONS", path, "", "Origin", own, "Access-Control-Request-Method", "POST"); pre.status != http.StatusNoContent || pre.header.Get("Access-Control-Allow-Origin") != own {
			t.Errorf("%s: preflight %d %v", path, pre.status, pre.header)
		}
	}
	for _, path := range []string{"/jwks", "/.well-known/openid-configuration"} {
		if got := b.do("GET", path, "", "Origin", evil).header.Get("Access-Control-Allow-Origin"); got != "*" {
			t.Errorf("%s: %q", path, got)
		}
	}
	for _, path := range []string{"/auth", "/auth/callback", "/introspect", "/device_authorization", "/end_session", "/token", "/me", "/revoke", "/jwks"} {
		for _, method := range []string{"GET", "POST", "OPTIONS"} {
			got := b.do(method, path, "", "Origin", evil).header
			if got.Get("Access-Control-Allow-Credentials") != "" {
				t.Errorf("%s %s allows credentials", method, path)
			}
			closed := path == "/auth" || path == "/auth/callback" || path == "/introspect" || path == "/device_authorization" || path == "/end_session"
			if closed && got.Get("Access-Control-Allow-Origin") != "" {
				t.Errorf("%s %s: open to %q", method, path, got.Get("Access-Control-Allow-Origin"))
			}
		}
	}
}

func TestParametersComeFromTheBodyOnce(t *testing.T) {
	t.Parallel()
	b := setup(t, dbtest.SQLite(t))
	a := b.tokens("acme-post")
	access, refresh := a.str("access_token"), a.str("refresh_token")
	auth := "client_id=acme-post&client_secret=" + appSecret
	for name, tt := range map[string]struct{ method, path, body string }{
		"token in the query of userinfo":        {"GET", "/me?access_token=" + access, ""},
		"token in the query of a posted one":    {"POST", "/me?access_token=" + access, ""},
		"grant in the query":                    {"POST", "/token?grant_type=refresh_token&refresh_token=" + refresh, auth},
		"secret in the query":                   {"POST", "/token?" + auth, "grant_type=refresh_token&refresh_token=" + refresh},
		"token in the query of revocation":      {"POST", "/revoke?token=" + access, auth},
		"token in the query of introspection":   {"POST", "/introspect?token=" + access, auth},
		"a query that cannot be read":           {"POST", "/token?%zz", auth},
		"the same parameter twice":              {"POST", "/token", auth + "&grant_type=refresh_token&refresh_token=x&refresh_token=" + refresh},
		"the client twice":                      {"POST", "/token", auth + "&client_id=acme-crm&grant_type=refresh_token&refresh_token=" + refresh},
		"a body that cannot be read":            {"POST", "/token", auth + "&grant_type=%zz"},
		"a character that no database keeps":    {"POST", "/token", auth + "&grant_type=refresh_token&refresh_token=%00"},
		"bytes that are no text":                {"POST", "/token", auth + "&grant_type=refresh_token&refresh_token=%ff%fe"},
		"a parameter of a hundred kilobytes":    {"POST", "/token", auth + "&grant_type=refresh_token&refresh_token=" + strings.Repeat("a", 100<<10)},
		"a token in the header and in the body": {"POST", "/me", "access_token=" + access},
	} {
		headers := []string{}
		if strings.Contains(name, "header and") {
			headers = []string{"Authorization", "Bearer " + access}
		}
		want(t, name, b.do(tt.method, tt.path, tt.body, headers...), http.StatusBadRequest, "invalid_request")
	}
	want(t, "GET at the token endpoint", b.do("GET", "/token", ""), http.StatusMethodNotAllowed, "invalid_request")
	want(t, "PUT at userinfo", b.do("PUT", "/me", ""), http.StatusMethodNotAllowed, "invalid_request")
	if got := b.do("POST", "/me", "access_token="+access); got.status != http.StatusOK {
		t.Errorf("a posted access token: %d %s", got.status, got.body)
	}
	if got := b.do("POST", "/me", "", "Authorization", "Bearer "+access); got.status != http.StatusOK {
		t.Errorf("POST with the header: %d %s", got.status, got.body)
	}
	huge := b.do("POST", "/token", auth+"&grant_type="+strings.Repeat("a", 2<<20))
	if huge.status != http.StatusRequestEntityTooLarge {
		t.Errorf("two megabytes: %d", huge.status)
	}
}

func TestUnauthorizedSaysHowToAuthenticate(t *testing.T) {
	t.Parallel()
	b := setup(t, dbtest.SQLite(t))
	for name, tt := range map[string]struct {
		got    *answer
		scheme string
	}{
		"no token":         {b.do("GET", "/me", ""), "Bearer"},
		"bad token":        {b.me("nonsense"), `Bearer realm="wolfieauth", error="invalid_token"`},
		"another scheme":   {b.do("GET", "/me", "", "Authorization", "Basic eDp5"), "Bearer"},
		"no client":        {b.do("POST", "/token", "grant_type=refresh_token&refresh_token=x"), "Basic"},
		"unknown client":   {b.do("POST", "/token", "client_id=x&grant_type=refresh_token&refresh_token=x"), "Basic"},
		"broken header":    {b.do("POST", "/token", "grant_type=x", "Authorization", "Basic !"), "Basic"},
		"broken escape":    {b.do("POST", "/token", "grant_type=refresh_token", "Authorization", "Basic JXp6Onk="), "Basic"},
		"bearer at token":  {b.do("POST", "/token", "grant_type=refresh_token", "Authorization", "Bearer x"), "Basic"},
		"nobody at intro":  {b.do("POST", "/introspect", "client_id=acme-spa&token=x"), "Basic"},
		"nobody at revoke": {b.do("POST", "/revoke", "token=x"), "Basic"},
	} {
		if tt.got.status != http.StatusUnauthorized || !strings.HasPrefix(tt.got.header.Get("WWW-Authenticate"), tt.scheme) {
			t.Errorf("%s: %d %q %s", name, tt.got.status, tt.got.header.Get("WWW-Authenticate"), tt.got.body)
		}
	}
}

// TestADatabaseThatIsDownIsNobodysInvalidGrant: the bare library turns it into invalid_grant, at which apps
// sign their users out, and puts the storage's words into its answers.
func TestADatabaseThatIsDownIsNobodysInvalidGrant(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := setup(t, d)
		br := b.browser()
		a, code := b.tokens("acme-crm"), b.code(br, "acme-crm")
		const text = `pq: relation "secret_table" does not exist`
		for status, err := range map[int]error{
			http.StatusServiceUnavailable:  fmt.Errorf("%w: %s", db.ErrUnavailable, text),
			http.StatusInternalServerError: errors.New(text),
		} {
			b.store.cut(err)
			for name, got := range map[string]*answer{
				"code":       b.redeem("acme-crm", code),
				"refresh":    b.refresh("acme-crm", a.str("refresh_token")),
				"client":     b.post("/token", "acme-bot", url.Values{"grant_type": {"client_credentials"}}),
				"device":     b.post("/token", "acme-crm", url.Values{"grant_type": {deviceGrant}, "device_code": {"x"}}),
				"userinfo":   b.me(a.str("access_token")),
				"introspect": b.post("/introspect", "acme-crm", url.Values{"token": {"x"}}),
				"revoke":     b.post("/revoke", "acme-crm", url.Values{"token": {"x"}}),
			} {
				if got.status != status || strings.Contains(got.body, "secret_table") {
					t.Errorf("%s: %d %s, want %d", name, got.status, got.body, status)
				}
				if status == http.StatusServiceUnavailable && (got.header.Get("Retry-After") == "" || got.str("error") != "temporarily_unavailable") {
					t.Errorf("%s: %v %s", name, got.header, got.body)
				}
			}
			if _, page := br.open("/auth/callback?id=x"); page.status != status || strings.Contains(page.body, "secret_table") {
				t.Errorf("callback: %d", page.status)
			}
			b.store.cut(nil)
		}
		if got := b.redeem("acme-crm", code); got.status != http.StatusOK {
			t.Errorf("the code after the outage: %s", got.body)
		}
		if got := b.refresh("acme-crm", a.str("refresh_token")); got.status != http.StatusOK {
			t.Errorf("the refresh token after the outage: %s", got.body)
		}
	})
}

// TestHeadersDoNotMoveTheIssuer: no Host or Forwarded header gets into what we say.
func TestHeadersDoNotMoveTheIssuer(t *testing.T) {
	t.Parallel()
	b := setup(t, dbtest.SQLite(t))
	for _, path := range []string{"/.well-known/openid-configuration", "/jwks", "/auth?" + authParams("acme-crm").Encode(), "/auth/callback?id=x", "/end_session", "/me"} {
		for _, h := range []string{"X-Forwarded-Host", "X-Forwarded-For", "Forwarded", "X-Original-Host", "X-Host"} {
			value := "evil.example"
			if h == "Forwarded" {
				value = "host=evil.example;proto=https"
			}
			got := b.do("GET", path, "", h, value)
			if strings.Contains(got.body+fmt.Sprint(got.header), "evil.example") {
				t.Errorf("%s with %s reflects it", path, h)
			}
		}
	}
}

// TestBudgets counts the statements of the paths that matter.
func TestBudgets(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := setup(t, d)
		for _, client := range []string{"acme-crm", "acme-jwt"} {
			code := b.code(b.browser(), client)
			var access, refresh string
			count := func(name string, limit int64, call func() *answer) {
				t.Helper()
				b.count.n.Store(0)
				a := call()
				if got := b.count.n.Load(); a.status != http.StatusOK || got > limit {
					t.Errorf("%s of %s: %d with %d statements, at most %d", name, client, a.status, got, limit)
				}
				if a.str("access_token") != "" {
					access, refresh = a.str("access_token"), a.str("refresh_token")
				}
			}
			counted := []string{"X-Count", "1"}
			count("code", 4, func() *answer {
				return b.post("/token", client, url.Values{"grant_type": {"authorization_code"}, "code": {code}, "redirect_uri": {redirect}, "code_verifier": {verifier}}, counted...)
			})
			count("refresh", 4, func() *answer {
				return b.post("/token", client, url.Values{"grant_type": {"refresh_token"}, "refresh_token": {refresh}}, counted...)
			})
			count("userinfo", 2, func() *answer { return b.do("GET", "/me", "", append(counted, "Authorization", "Bearer "+access)...) })
			count("introspection", 2, func() *answer { return b.post("/introspect", client, url.Values{"token": {access}}, counted...) })
			count("discovery", 0, func() *answer { return b.do("GET", "/.well-known/openid-configuration", "", counted...) })
			count("key set", 0, func() *answer { return b.do("GET", "/jwks", "", counted...) })
		}
	})
}
