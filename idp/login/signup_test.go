package login_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wolfieauth/wolfieauth/idp"
	"github.com/wolfieauth/wolfieauth/internal/db"
	"github.com/wolfieauth/wolfieauth/internal/db/dbtest"
	"github.com/wolfieauth/wolfieauth/internal/mail"
)

func TestANewcomerGoesOnToThePlanTheyChose(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, s *site) {
		const plan = "/billing/acme-crm?plan=pro&seats=3"
		b := s.browser(t)
		b.lang = "pl"
		p := b.get("/login?next=" + url.QueryEscape(plan))
		link := p.find(func(n *htmlNode) bool { return n.Data == "a" && strings.HasPrefix(attr(n, "href"), "/signup?") })
		if link == nil {
			t.Fatal("no way to sign up")
		}
		signup := b.get(attr(link, "href"))
		for id, want := range map[string]string{"name": "name", "email": "username", "password": "new-password"} {
			if got := attr(signup.need(id), "autocomplete"); got != want {
				t.Errorf("#%s: autocomplete %q", id, got)
			}
		}
		if done := b.send(signup, "submit", "name", "Ann", "email", "ann@x.test", "password", password); done.location != plan {
			t.Fatalf("%d to %q: %s", done.status, done.location, done.alert())
		}
		u, err := s.users.UserByEmail(t.Context(), "ann@x.test")
		if err != nil || u.EmailVerified() || u.Locale != "pl" || u.Name != "Ann" {
			t.Errorf("%+v, %v", u, err)
		}
		link2 := s.mail.link(t, s, mail.VerifyEmail)
		if p := b.get(link2); p.status != http.StatusOK || !strings.Contains(p.text(), "ann@x.test") {
			t.Errorf("verify page: %d", p.status)
		}
		if u, _ = s.users.User(t.Context(), u.ID); u.EmailVerified() {
			t.Error("opening the link confirmed the address without a click")
		}
		if p := b.send(b.get(link2), "submit"); p.find(func(n *htmlNode) bool { return attr(n, "href") == plan }) == nil {
			t.Errorf("after the click: %d, no way on to the plan", p.status)
		}
		if u, _ = s.users.User(t.Context(), u.ID); !u.EmailVerified() {
			t.Error("not confirmed")
		}
		if p := b.get(link2); p.status != http.StatusGone {
			t.Errorf("used link: %d", p.status)
		}
	})
}

func TestATakenAddressIsNotToldOnThePage(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, s *site) {
		u := s.user(t, "ann@x.test")
		b := s.browser(t)
		p := b.send(b.get("/signup"), "submit", "email", "Ann@x.test", "password", "another password")
		if p.status != http.StatusOK || strings.Contains(p.text(), "taken") || b.cookie("wolfieauth") != "" {
			t.Errorf("%d, cookie %q: %s", p.status, b.cookie("wolfieauth"), p.text())
		}
		if s.mail.count(mail.ResetPassword) != 1 || s.mail.count(mail.VerifyEmail) != 0 {
			t.Error("the holder got no letter, or the wrong one")
		}
		if same, _ := s.users.User(t.Context(), u.ID); same.PasswordHash != u.PasswordHash {
			t.Error("the password was changed")
		}
	})
}

func TestWhereAddressesAreProvenFirstSignUpAnswersAlike(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := setup(t, d, true)
		s.user(t, "known@x.test")
		var answers []string
		for _, email := range []string{"known@x.test", "fresh@x.test"} {
			b := s.browser(t)
			p := b.send(b.get("/signup?next=/billing/acme-crm"), "submit", "email", email, "password", "another password")
			answers = append(answers, http.StatusText(p.status)+"\n"+headers(p)+"\n"+strings.ReplaceAll(p.body, email, "EMAIL"))
		}
		if diff := cmp.Diff(answers[0], answers[1]); diff != "" {
			t.Errorf("sign-up tells a known address:\n%s", diff)
		}
		b := s.browser(t)
		p := b.send(b.get(s.mail.link(t, s, mail.VerifyEmail)), "submit")
		on := p.find(func(n *htmlNode) bool { return strings.HasPrefix(attr(n, "href"), "/login?next=") })
		if on == nil {
			t.Fatalf("no way on: %s", p.text())
		}
		if p := b.send(b.get(attr(on, "href")), "submit", "email", "fresh@x.test", "password", "another password"); p.location != "/billing/acme-crm" {
			t.Errorf("%d to %s", p.status, p.location)
		}
	})
}

func TestResettingAPasswordKeepsTheWay(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, s *site) {
		u := s.user(t, "ann@x.test")
		elsewhere := s.browser(t)
		elsewhere.signIn("ann@x.test")
		b := s.browser(t)
		p := b.send(b.get("/reset?next=/billing/acme-crm"), "submit", "email", "ann@x.test")
		if p.status != http.StatusOK {
			t.Fatalf("%d %s", p.status, p.alert())
		}
		link := s.mail.link(t, s, mail.ResetPassword)
		form := b.get(link)
		if attr(form.need("password"), "autocomplete") != "new-password" || !strings.Contains(form.body, `autocomplete="username"`) {
			t.Error("password stores are not told what is what")
		}
		if p := b.send(form, "submit", "password", "short"); p.status != http.StatusUnprocessableEntity || p.byID("password-error") == nil {
			t.Errorf("weak: %d", p.status)
		}
		done := b.send(form, "submit", "password", "a whole new one")
		if done.location != "/login?next=%2Fbilling%2Facme-crm&password=changed" {
			t.Fatalf("%d to %s", done.status, done.location)
		}
		if p := elsewhere.get("/account"); p.status != http.StatusSeeOther {
			t.Errorf("the other session lives on: %d", p.status)
		}
		if len(*s.revoked) != 1 || (*s.revoked)[0] != u.ID {
			t.Errorf("revoked %v", *s.revoked)
		}
		if p := b.send(b.get(done.location), "submit", "password", "a whole new one"); p.location != "/billing/acme-crm" {
			t.Errorf("%d to %s", p.status, p.location)
		}
		for _, path := range []string{link, "/reset/nonsense", "/verify/nonsense"} {
			if p := b.get(path); p.status != http.StatusGone {
				t.Errorf("%s: %d", path, p.status)
			}
		}
		if p := b.do(http.MethodPost, link, url.Values{"password": {"yet another one"}}); p.status != http.StatusGone {
			t.Errorf("used twice: %d", p.status)
		}
	})
}

func TestAResetLinkRunsOut(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, s *site) {
		s.user(t, "ann@x.test")
		b := s.browser(t)
		b.send(b.get("/reset"), "submit", "email", "ann@x.test")
		s.clock.advance(idp.ResetLifetime + time.Second)
		if p := b.get(s.mail.link(t, s, mail.ResetPassword)); p.status != http.StatusGone {
			t.Errorf("%d", p.status)
		}
	})
}

func TestAResetTakesAsLongForUnknownAddresses(t *testing.T) {
	t.Parallel()
	s := setup(t, dbtest.SQLite(t), false)
	b := s.browser(t)
	form := b.get("/reset")
	for _, email := range []string{"known@x.test", "unknown@x.test"} {
		if email == "known@x.test" {
			s.user(t, email)
		}
		began := time.Now()
		b.send(form, "submit", "email", email)
		if took := time.Since(began); took < 120*time.Millisecond {
			t.Errorf("%s: answered after %v", email, took)
		}
	}
}
