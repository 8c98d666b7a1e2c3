package login_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/wolfieauth/wolfieauth/idp"
)

var allScopes = []string{"openid", "profile", "email", "org", "offline_access"}

func TestTheAppIsNamedAndAskedFor(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, s *site) {
		app := s.app(t, idp.CreateApp{Color: "#0a7d5a"})
		s.user(t, "ann@x.test")
		b := s.browser(t)
		id := s.signIns.begin(idp.AuthRequest{ClientID: app.ClientID, Scopes: allScopes, LoginHint: "ann@x.test"})
		p := b.get("/login?request=" + id)
		if p.heading() != "Sign in to Acme CRM" || attr(p.need("email"), "value") != "ann@x.test" {
			t.Errorf("heading %q, address %q", p.heading(), attr(p.need("email"), "value"))
		}
		sheet := p.find(func(n *htmlNode) bool {
			return n.Data == "link" && strings.HasPrefix(attr(n, "href"), "/apps/acme-crm/brand.css")
		})
		if sheet == nil || !strings.Contains(b.get(attr(sheet, "href")).body, "--accent:#0a7d5a") {
			t.Error("the app's colour is not served")
		}
		consent := b.follow(b.send(p, "submit", "password", password))
		if consent.path != "/consent?request="+id {
			t.Fatalf("went to %s", consent.path)
		}
		for _, word := range []string{"identifier", "your name", "e-mail address", "organisation", "signed in until", "which of its plans", "crm.acme.test", "ann@x.test"} {
			if !strings.Contains(consent.text(), word) {
				t.Errorf("consent does not tell of %q", word)
			}
		}
		if done := b.send(consent, "submit"); done.location != "/auth/callback?id="+id {
			t.Errorf("allowed: %d to %s", done.status, done.location)
		}
		again := s.signIns.begin(idp.AuthRequest{ClientID: app.ClientID, Scopes: allScopes})
		if p := b.get("/login?request=" + again); p.location != "/auth/callback?id="+again {
			t.Errorf("remembered consent, signed in: %d to %s", p.status, p.location)
		}
	})
}

func TestConsentCanBeRefused(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, s *site) {
		app := s.app(t, idp.CreateApp{})
		s.user(t, "ann@x.test")
		b := s.browser(t)
		b.signIn("ann@x.test")
		id := s.signIns.begin(idp.AuthRequest{ClientID: app.ClientID, Scopes: allScopes})
		p := b.send(b.follow(b.get("/login?request="+id)), "deny")
		if p.location != "https://crm.acme.test/callback?error=access_denied" {
			t.Errorf("%d to %s", p.status, p.location)
		}
		if p := b.get("/consent?request=" + id); p.status != http.StatusGone {
			t.Errorf("after refusal: %d", p.status)
		}
	})
}

func TestTrustedAppsAskNothing(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, s *site) {
		app := s.app(t, idp.CreateApp{Trusted: true})
		s.user(t, "ann@x.test")
		b := s.browser(t)
		id := s.signIns.begin(idp.AuthRequest{ClientID: app.ClientID, Scopes: allScopes})
		if p := b.send(b.get("/login?request="+id), "submit", "email", "ann@x.test", "password", password); p.location != "/auth/callback?id="+id {
			t.Errorf("%d to %s", p.status, p.location)
		}
	})
}

func TestANewcomerSignsUpForTheApp(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, s *site) {
		app := s.app(t, idp.CreateApp{Trusted: true})
		b := s.browser(t)
		id := s.signIns.begin(idp.AuthRequest{ClientID: app.ClientID, Scopes: allScopes})
		if p := b.send(b.get("/signup?request="+id), "submit", "email", "new@x.test", "password", password); p.location != "/auth/callback?id="+id {
			t.Errorf("%d to %s", p.status, p.location)
		}
	})
}

func TestChoosingAnAccountCanBeOneClick(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, s *site) {
		app := s.app(t, idp.CreateApp{Trusted: true})
		s.user(t, "ann@x.test")
		b := s.browser(t)
		b.signIn("ann@x.test")
		id := s.signIns.begin(idp.AuthRequest{ClientID: app.ClientID, Scopes: allScopes, Prompt: []string{idp.PromptSelectAccount}})
		p := b.get("/login?request=" + id)
		if p.status != http.StatusOK || !strings.Contains(textOf(p.need("continue")), "ann@x.test") {
			t.Fatalf("%d: %s", p.status, p.text())
		}
		if p := b.send(p, "continue"); p.location != "/auth/callback?id="+id {
			t.Errorf("%d to %s", p.status, p.location)
		}
	})
}

func TestASignInThatIsOver(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, s *site) {
		b := s.browser(t)
		for _, path := range []string{"/login?request=x", "/signup?request=x", "/consent?request=x", "/login/org?request=x", "/reset?request=x", "/consent", "/login/org"} {
			if p := b.get(path); p.status != http.StatusGone || !strings.Contains(p.text(), "start again") {
				t.Errorf("%s: %d %s", path, p.status, p.heading())
			}
		}
	})
}

func TestChoosingWhomToActFor(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, s *site) {
		app := s.app(t, idp.CreateApp{})
		ann := s.user(t, "ann@x.test")
		if _, err := s.users.AddMember(t.Context(), app.OrgID, ann.ID, "member"); err != nil {
			t.Fatal(err)
		}
		b := s.browser(t)
		id := s.signIns.begin(idp.AuthRequest{ClientID: app.ClientID, Scopes: allScopes, OrgHint: "not-mine"})
		p := b.follow(b.send(b.get("/login?request="+id), "submit", "email", "ann@x.test", "password", password))
		if p.path != "/login/org?request="+id || !strings.Contains(p.text(), "Acme") {
			t.Fatalf("went to %s: %s", p.path, p.text())
		}
		if p := b.send(p, "submit", "org", "somebody-elses"); p.status != http.StatusNotFound {
			t.Errorf("a foreign org: %d", p.status)
		}
		consent := b.follow(b.send(p, "submit", "org", app.OrgID))
		if !strings.Contains(consent.text(), "Acting for Acme") {
			t.Errorf("consent: %s", consent.text())
		}
	})
}

func TestDevices(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, s *site) {
		s.devices.app, s.devices.code, s.devices.scope = s.app(t, idp.CreateApp{Kind: idp.AppNative}), "BCDF-GHJK", allScopes
		ann := s.user(t, "ann@x.test")
		for decision, state := range map[string]idp.DeviceState{"submit": idp.DeviceApproved, "deny": idp.DeviceDenied} {
			s.devices.state, s.devices.by, s.devices.tries = idp.DevicePending, "", 0
			b := s.browser(t)
			p := b.get("/device?user_code=bcdfghjk")
			if p.location != "/login?next=%2Fdevice%3Fuser_code%3Dbcdfghjk" {
				t.Fatalf("%d to %s", p.status, p.location)
			}
			p = b.follow(b.send(b.get(p.location), "submit", "email", "ann@x.test", "password", password))
			if attr(p.need("user_code"), "value") != "BCDF-GHJK" || attr(p.need("user_code"), "autocomplete") != "one-time-code" {
				t.Errorf("code field %v", p.need("user_code").Attr)
			}
			if p := b.send(p, "submit", "user_code", "ZZZZ-ZZZZ"); p.status != http.StatusUnprocessableEntity || p.byID("user_code-error") == nil {
				t.Errorf("unknown code: %d", p.status)
			}
			confirm := b.send(p, "submit")
			if !strings.Contains(confirm.text(), "BCDF-GHJK") || !strings.Contains(confirm.heading(), "Acme CRM") || s.devices.state != idp.DevicePending {
				t.Fatalf("confirm: %s", confirm.text())
			}
			if done := b.send(confirm, decision); done.status != http.StatusOK || s.devices.state != state || s.devices.by != ann.ID {
				t.Errorf("%s: %d, %s by %s", decision, done.status, s.devices.state, s.devices.by)
			}
			for range 12 {
				p = b.send(b.get("/device"), "submit", "user_code", "ZZZZ-ZZZZ")
			}
			if p.status != http.StatusTooManyRequests || !strings.Contains(p.alert(), "5 minutes") {
				t.Errorf("guessing: %d %s", p.status, p.alert())
			}
		}
	})
}
