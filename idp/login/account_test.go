package login_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/wolfieauth/wolfieauth/internal/mail"
)

func TestProfileAndLanguage(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, s *site) {
		s.user(t, "ann@x.test")
		b := s.browser(t)
		b.signIn("ann@x.test")
		p := b.follow(b.send(b.get("/account"), "save-profile", "name", "Anna Żółć", "locale", "pl"))
		if attr(p.need("name"), "value") != "Anna Żółć" || !strings.Contains(p.text(), "Profil został zapisany") && !strings.Contains(p.text(), "has been saved") {
			t.Errorf("%s", p.text())
		}
		if p.heading() != "Twoje konto" || b.get("/account").heading() != "Twoje konto" {
			t.Errorf("language did not change: %q", p.heading())
		}
	})
}

func TestThePasswordCanBeChanged(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, s *site) {
		s.user(t, "ann@x.test")
		b, other := s.browser(t), s.browser(t)
		b.signIn("ann@x.test")
		other.signIn("ann@x.test")
		p := b.send(b.get("/account"), "save-password", "current_password", "wrong", "new_password", "a whole new one")
		if p.status != http.StatusUnprocessableEntity || p.byID("current_password-error") == nil {
			t.Errorf("wrong old one: %d", p.status)
		}
		p = b.send(p, "save-password", "current_password", password, "new_password", "short")
		if p.status != http.StatusUnprocessableEntity || p.byID("new_password-error") == nil {
			t.Errorf("weak new one: %d", p.status)
		}
		p = b.send(p, "save-password", "current_password", password, "new_password", "a whole new one")
		if p.location != "/account" || b.get("/account").status != http.StatusOK {
			t.Errorf("changed: %d to %s", p.status, p.location)
		}
		if p := other.get("/account"); p.status != http.StatusSeeOther {
			t.Errorf("the other session lives on: %d", p.status)
		}
		if s.mail.count(mail.PasswordChanged) != 1 {
			t.Error("no letter")
		}
		for range 11 {
			p = b.send(b.get("/account"), "save-password", "current_password", "guess", "new_password", "a whole new one")
		}
		if p.status != http.StatusTooManyRequests {
			t.Errorf("guessing the old password: %d", p.status)
		}
	})
}

func TestSessionsAreListedAndEnded(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, s *site) {
		s.user(t, "ann@x.test")
		s.user(t, "bob@x.test")
		b, other, bob := s.browser(t), s.browser(t), s.browser(t)
		b.signIn("ann@x.test")
		other.signIn("ann@x.test")
		bob.signIn("bob@x.test")
		p := b.get("/account")
		if n := strings.Count(p.text(), "Chrome on Linux"); n != 2 || !strings.Contains(p.text(), "This device") {
			t.Errorf("%d sessions listed", n)
		}
		ended := p.find(func(n *htmlNode) bool { return attr(n, "name") == "session" })
		if ended == nil {
			t.Fatal("no session to end")
		}
		if p := bob.do(http.MethodPost, "/account/sessions/revoke", url.Values{"session": {attr(ended, "value")}}); p.status != http.StatusSeeOther || other.get("/account").status != http.StatusOK {
			t.Error("bob ended a session of ann's")
		}
		b.do(http.MethodPost, "/account/sessions/revoke", url.Values{"session": {attr(ended, "value")}})
		if p := other.get("/account"); p.status != http.StatusSeeOther {
			t.Errorf("ended session: %d", p.status)
		}
		other.signIn("ann@x.test")
		b.send(b.get("/account"), "revoke-others")
		if p := other.get("/account"); p.status != http.StatusSeeOther || b.get("/account").status != http.StatusOK {
			t.Errorf("ended all others: %d", p.status)
		}
	})
}

func TestTheConfirmationCanBeSentAgain(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, s *site) {
		s.user(t, "ann@x.test")
		b := s.browser(t)
		b.signIn("ann@x.test")
		var p *page
		for range 4 {
			p = b.send(b.get("/account"), "resend")
		}
		if p.status != http.StatusTooManyRequests || s.mail.count(mail.VerifyEmail) != 3 {
			t.Errorf("%d, %d letters", p.status, s.mail.count(mail.VerifyEmail))
		}
		b.send(b.get(s.mail.link(t, s, mail.VerifyEmail)), "submit")
		if p := b.get("/account"); !strings.Contains(p.text(), "Confirmed") || p.byID("resend") != nil {
			t.Error("still unconfirmed")
		}
	})
}

func TestSwitchingOrgs(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, s *site) {
		ann := s.user(t, "ann@x.test")
		org := make([]string, 2)
		for i, slug := range []string{"acme", "globex"} {
			owner := s.user(t, "owner@"+slug+".test")
			o, err := s.users.CreateOrg(t.Context(), createOrg(slug, owner.ID))
			if err != nil {
				t.Fatal(err)
			}
			org[i] = o.ID
		}
		if _, err := s.users.AddMember(t.Context(), org[0], ann.ID, "member"); err != nil {
			t.Fatal(err)
		}
		b := s.browser(t)
		b.signIn("ann@x.test")
		current := func() string {
			n := b.get("/orgs/switch").find(func(n *htmlNode) bool { return attr(n, "name") == "org" && has(n, "checked") })
			return attr(n, "value")
		}
		if current() != org[0] {
			t.Error("the only company is not the one that a new session acts for")
		}
		if p := b.do(http.MethodPost, "/orgs/switch", url.Values{"org": {org[1]}}); p.status != http.StatusNotFound {
			t.Errorf("a foreign org: %d", p.status)
		}
		personal := orgOf(t, s, "ann@x.test")
		if p := b.do(http.MethodPost, "/orgs/switch", url.Values{"org": {personal}, "next": {"/billing/acme-crm"}}); p.location != "/billing/acme-crm" || current() != personal {
			t.Errorf("%d to %s", p.status, p.location)
		}
		b.do(http.MethodPost, "/orgs/switch", url.Values{"org": {org[0]}})
		if err := s.users.RemoveMember(t.Context(), org[0], ann.ID); err != nil {
			t.Fatal(err)
		}
		if current() != personal {
			t.Error("a session acts for an org that its person has left")
		}
	})
}

func TestOtherSitesAndStrangersGetNowhere(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, s *site) {
		s.user(t, "ann@x.test")
		b := s.browser(t)
		b.signIn("ann@x.test")
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.base+"/logout", nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Origin", "https://evil.test")
		req.Header.Set("Sec-Fetch-Site", "cross-site")
		resp, err := b.client.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		if resp.StatusCode != http.StatusForbidden || b.get("/account").status != http.StatusOK {
			t.Errorf("another site signed ann out: %d", resp.StatusCode)
		}
		for _, path := range []string{"/account", "/orgs/switch", "/device"} {
			if p := s.browser(t).get(path); p.status != http.StatusSeeOther || !strings.HasPrefix(p.location, "/login?next=") {
				t.Errorf("%s: %d to %s", path, p.status, p.location)
			}
		}
	})
}
