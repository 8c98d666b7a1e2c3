package login_test

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wolfieauth/wolfieauth/idp"
	"github.com/wolfieauth/wolfieauth/internal/mail"
)

func TestSigningInWithoutJavaScript(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, s *site) {
		s.user(t, "ann@x.test")
		b := s.browser(t)
		p := b.get("/login?next=/billing/acme-crm%3Fplan%3Dpro")
		for id, want := range map[string]string{"email": "username", "password": "current-password"} {
			if got := attr(p.need(id), "autocomplete"); got != want {
				t.Errorf("#%s: autocomplete %q", id, got)
			}
		}
		if strings.Contains(p.body, "onclick") || strings.Contains(p.body, "<style") {
			t.Error("inline script or style")
		}
		wrong := b.send(p, "submit", "email", "ann@x.test", "password", "no")
		if wrong.status != http.StatusUnprocessableEntity || attr(wrong.need("email"), "value") != "ann@x.test" || attr(wrong.need("password"), "value") != "" || wrong.alert() == "" {
			t.Errorf("wrong password: %d, alert %q", wrong.status, wrong.alert())
		}
		right := b.send(wrong, "submit", "email", " ANN@x.test ", "password", password)
		if right.status != http.StatusSeeOther || right.location != "/billing/acme-crm?plan=pro" {
			t.Errorf("right password: %d to %s", right.status, right.location)
		}
		if p := b.get("/"); p.location != "/account" {
			t.Errorf("start page: %d to %s", p.status, p.location)
		}
		if p := b.get("/login?next=/account"); p.location != "/account" {
			t.Errorf("signed in already: %d to %s", p.status, p.location)
		}
	})
}

func TestEveryMistakeStandsAtItsField(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, s *site) {
		b := s.browser(t)
		p := b.send(b.get("/signup"), "submit", "name", "Ann", "email", "no address", "password", "short")
		if p.status != http.StatusUnprocessableEntity || attr(p.need("name"), "value") != "Ann" || attr(p.need("email"), "value") != "no address" {
			t.Errorf("status %d, input lost", p.status)
		}
		for _, id := range []string{"email", "password"} {
			if !strings.Contains(attr(p.need(id), "aria-describedby"), id+"-error") || textOf(p.need(id+"-error")) == "" || attr(p.need(id), "aria-invalid") != "true" {
				t.Errorf("#%s is not described by its mistake", id)
			}
		}
		if p.alert() == "" {
			t.Error("no summary")
		}
		if p := b.send(b.get("/login"), "submit"); p.status != http.StatusUnprocessableEntity || p.byID("email-error") == nil || p.byID("password-error") == nil {
			t.Errorf("empty login: %d", p.status)
		}
	})
}

func TestTheSessionChangesAtLoginAndEndsAtLogout(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, s *site) {
		s.user(t, "ann@x.test")
		b := s.browser(t)
		u, _ := url.Parse(s.base)
		b.client.Jar.SetCookies(u, []*http.Cookie{{Name: "wolfieauth", Value: "planted"}})
		b.signIn("ann@x.test")
		first := b.cookie("wolfieauth")
		if first == "" || first == "planted" {
			t.Fatalf("session cookie %q", first)
		}
		if p := b.send(b.get("/logout"), "submit"); p.location != "/login?signed_out=1" {
			t.Errorf("logout: %d to %s", p.status, p.location)
		}
		b.client.Jar.SetCookies(u, []*http.Cookie{{Name: "wolfieauth", Value: first}})
		if p := b.get("/account"); p.location != "/login?next=%2Faccount" {
			t.Errorf("old cookie: %d to %s", p.status, p.location)
		}
		if p := b.get("/login?signed_out=1"); attr(p.need("email"), "value") != "" || !strings.Contains(p.text(), "signed out") {
			t.Error("after logout the address still stands there, or nothing was said")
		}
	})
}

func TestTheAddressIsRemembered(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, s *site) {
		u := s.user(t, "ann@x.test")
		b := s.browser(t)
		b.signIn("ann@x.test")
		if err := s.edge.RevokeSessions(t.Context(), u.ID, ""); err != nil {
			t.Fatal(err)
		}
		if p := b.get("/login"); attr(p.need("email"), "value") != "ann@x.test" {
			t.Errorf("remembered %q", attr(p.need("email"), "value"))
		}
	})
}

func TestLoginAndResetAnswerAlikeForEverybody(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, s *site) {
		s.user(t, "known@x.test")
		for _, tt := range []struct{ path, password string }{{"/login", "wrong password"}, {"/reset", ""}} {
			var answers []string
			for _, email := range []string{"known@x.test", "other@x.test"} {
				b := s.browser(t)
				p := b.send(b.get(tt.path), "submit", "email", email, "password", tt.password)
				body := strings.ReplaceAll(p.body, email, "EMAIL")
				answers = append(answers, http.StatusText(p.status)+"\n"+headers(p)+"\n"+body)
			}
			if diff := cmp.Diff(answers[0], answers[1]); diff != "" {
				t.Errorf("%s differs for a known address:\n%s", tt.path, diff)
			}
		}
		if n := s.mail.count(mail.ResetPassword); n != 1 {
			t.Errorf("%d reset letters", n)
		}
	})
}

// headers are those that could tell answers apart.
func headers(p *page) string {
	var names []string
	for name := range p.header {
		if name != "Date" && name != "X-Request-Id" && name != "Set-Cookie" {
			names = append(names, name+"="+strings.Join(p.header[name], ","))
		}
	}
	for _, c := range p.header["Set-Cookie"] {
		name, _, _ := strings.Cut(c, "=")
		names = append(names, "cookie "+name)
	}
	slices.Sort(names)
	return strings.Join(names, "\n")
}

func TestTenGuessesAndTheVictimStillGetsIn(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, s *site) {
		s.user(t, "ann@x.test")
		s.user(t, "bob@x.test")
		b := s.browser(t)
		form := b.get("/login")
		refused := 0
		for range 14 {
			if p := b.send(form, "submit", "email", "Ann@X.test", "password", "guess"); p.status == http.StatusTooManyRequests {
				refused++
				if !strings.Contains(p.alert(), "minute") {
					t.Errorf("alert %q", p.alert())
				}
			}
		}
		if refused != 4 {
			t.Errorf("%d of 14 guesses refused, want 4", refused)
		}
		if p := b.send(form, "submit", "email", "ann@x.test", "password", password); p.status != http.StatusTooManyRequests {
			t.Errorf("the eleventh, right guess: %d", p.status)
		}
		s.browser(t).signIn("bob@x.test")
		s.clock.advance(15 * time.Minute)
		s.browser(t).signIn("ann@x.test")
	})
}

func TestNextNeverLeavesTheSite(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, s *site) {
		s.user(t, "ann@x.test")
		b := s.browser(t)
		b.signIn("ann@x.test")
		for _, next := range evilNexts() {
			p := b.get("/login?next=" + url.QueryEscape(next))
			if p.status != http.StatusSeeOther || p.location != "/account" {
				t.Errorf("next %q: %d to %q", next, p.status, p.location)
			}
			if p := b.do(http.MethodPost, "/orgs/switch", url.Values{"next": {next}, "org": {orgOf(t, s, "ann@x.test")}}); p.location != "/account" {
				t.Errorf("switch, next %q: %d to %q", next, p.status, p.location)
			}
		}
		fresh := s.browser(t)
		for _, next := range evilNexts() {
			p := fresh.get("/login?next=" + url.QueryEscape(next))
			if strings.Contains(p.body, `name="next"`) {
				t.Errorf("next %q was carried on", next)
			}
		}
		if p := fresh.do(http.MethodPost, "/login", url.Values{"next": {"//evil.test"}, "email": {"ann@x.test"}, "password": {password}}); p.location != "/account" {
			t.Errorf("posted: %d to %q", p.status, p.location)
		}
	})
}

func orgOf(t *testing.T, s *site, email string) string {
	t.Helper()
	u, err := s.users.UserByEmail(t.Context(), email)
	if err != nil {
		t.Fatal(err)
	}
	org, err := s.users.PersonalOrg(t.Context(), u.ID)
	if err != nil {
		t.Fatal(err)
	}
	return org.ID
}

// evilNexts are eighty ways to write another place.
func evilNexts() []string {
	hosts := []string{
		"//evil.test", "///evil.test", "////evil.test", `/\evil.test`, `\/evil.test`, `\\evil.test`, `/\/evil.test`, `//\evil.test`,
		"/\t/evil.test", "/\n/evil.test", "/\r\n/evil.test", "\t//evil.test", " //evil.test", "\x00//evil.test", "/%09/evil.test", "/%0a/evil.test",
		"/%0d%0aLocation:%20https://evil.test", "/%5cevil.test", "/%5c%5cevil.test", "/%2fevil.test", "/%2f%2fevil.test", "%2f%2fevil.test",
		"/%252fevil.test", "/%255cevil.test", "/.//evil.test", "/..//evil.test", "/../evil.test", "/./evil.test", "/a/..//evil.test", "/a/../../evil.test",
		"https://evil.test", "http://evil.test", "HTTPS://evil.test", "https:evil.test", "https:/evil.test", "https:///evil.test", "https://evil.test/account",
		"javascript:alert(1)", "JavaScript:alert(1)", "java\nscript:alert(1)", "data:text/html,x", "vbscript:x", "file:///etc/passwd", "mailto:a@evil.test",
		"ftp://evil.test", "blob:https://evil.test/x", "evil.test", "www.evil.test/", "evil.test/account", "@evil.test", "/@evil.test", "//user@evil.test",
		"//user:pass@evil.test", "//127.0.0.1@evil.test", "https://127.0.0.1@evil.test", "//evil.test:80", "//[::1]", "//0x7f000001", "//evil%2etest",
		"/／evil.test", "/＼evil.test", "／／evil.test", "/\u2215evil.test", "/\u2044evil.test", "//evil。test", "/\u200b/evil.test", "/\ufeff/evil.test",
		"/account\r\nSet-Cookie: x=1", "/account\nX: y", "/account\x00", "/account\x7f", "?next=//evil.test", "#//evil.test", "", ".", "..", "account", "./account",
		"/" + strings.Repeat("a", 3000), "//evil.test/" + strings.Repeat("a", 100), "/\x01/evil.test", "/ \\evil.test", "\u2028//evil.test",
	}
	return hosts
}

func TestNamesAreEscaped(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, s *site) {
		const evil = `<script>alert(1)</script>"'><img src=x onerror=alert(1)>`
		app := s.app(t, idp.CreateApp{Name: evil})
		if _, _, err := s.users.CreateUser(t.Context(), idp.CreateUser{Email: "ann@x.test", Name: evil, Password: password}); err != nil {
			t.Fatal(err)
		}
		id := s.signIns.begin(idp.AuthRequest{ClientID: app.ClientID, Scopes: []string{"openid", "profile", "email"}, LoginHint: evil})
		b := s.browser(t)
		pages := []*page{b.get("/login?request=" + id), b.get("/signup?request=" + id)}
		pages = append(pages, b.send(pages[0], "submit", "email", evil, "password", "x"))
		consent := b.follow(b.send(pages[0], "submit", "email", "ann@x.test", "password", password))
		s.devices.app, s.devices.code, s.devices.state, s.devices.scope = app, "BCDF-GHJK", idp.DevicePending, []string{evil}
		pages = append(pages, consent, b.get("/account"), b.send(b.get("/device"), "submit", "user_code", evil), b.send(b.get("/device"), "submit", "user_code", "bcdf ghjk"))
		for _, p := range pages {
			if strings.Contains(p.body, "<script>alert") || strings.Contains(p.body, "<img src=x") || p.find(func(n *htmlNode) bool { return has(n, "onerror") }) != nil {
				t.Errorf("%s lets markup through", p.path)
			}
		}
		if !strings.Contains(consent.heading(), "<script>alert(1)</script>") {
			t.Errorf("consent heading %q", consent.heading())
		}
	})
}
