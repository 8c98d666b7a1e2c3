package login_test

import (
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wolfieauth/wolfieauth/idp"
	"github.com/wolfieauth/wolfieauth/idp/login"
	"github.com/wolfieauth/wolfieauth/internal/db"
	"github.com/wolfieauth/wolfieauth/internal/db/dbtest"
	"github.com/wolfieauth/wolfieauth/internal/mail"
)

func TestSomebodyWithAnAccountSignsInAndJoins(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, s *site) {
		org, owner := s.acme(t)
		ann := s.verified(t, "ann@x.test", "Ann Smith")
		_, path := s.invite(t, org, owner, "Ann@x.test", "admin")
		b := s.browser(t)
		p := b.get(path)
		for _, want := range []string{"Join Acme", "Olga Owner invites you", "Administrator", "Ann@x.test", "has an account"} {
			if !strings.Contains(p.text(), want) {
				t.Errorf("%q is not told: %s", want, p.text())
			}
		}
		if len(s.costs.asked) != 0 {
			t.Error("an anonymous visitor made us ask for the cost")
		}
		form := b.get(attr(p.need("sign-in"), "href"))
		if attr(form.need("email"), "value") != "Ann@x.test" {
			t.Errorf("the address is not filled in: %q", attr(form.need("email"), "value"))
		}
		back := b.send(form, "submit", "password", password)
		if back.location != path {
			t.Fatalf("%d to %q", back.status, back.location)
		}
		s.costs.lines = []login.SeatCost{
			{Plan: "Pro", App: "Acme CRM", Currency: "PLN", Interval: "month", Prorated: 1234, InvoiceAt: time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC), RenewalBefore: 9900, RenewalAfter: 19800},
			{Plan: "Spare", Currency: "PLN", Interval: "year", RenewalBefore: 500, RenewalAfter: 500},
		}
		p = b.get(path)
		for _, want := range []string{"What your seat costs the organisation", "invoice of 1 December 2026", "a month instead of", "a free seat is there"} {
			if !strings.Contains(p.text(), want) {
				t.Errorf("%q is not told: %s", want, p.text())
			}
		}
		s.costs.err = errors.New("stripe is down")
		if p = b.get(path); p.byID("seat-cost") != nil || p.status != http.StatusOK {
			t.Errorf("%d, a cost that nobody knows", p.status)
		}
		done := b.send(p, "accept")
		if done.location != "/account" {
			t.Fatalf("%d to %q: %s", done.status, done.location, done.alert())
		}
		if p := b.follow(done); !strings.Contains(p.text(), "You have joined Acme") || !strings.Contains(p.text(), "Administrator") {
			t.Errorf("%s", p.text())
		}
		if m, err := s.users.Membership(t.Context(), org.ID, ann.ID); err != nil || m.Role != "admin" {
			t.Errorf("%+v, %v", m, err)
		}
		if sessions, err := s.edge.Sessions(t.Context(), ann.ID); err != nil || len(sessions) != 1 || sessions[0].OrgID != org.ID {
			t.Errorf("%+v, %v", sessions, err)
		}
	})
}

func TestANewcomerSignsUpWithTheInvitedAddress(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := setup(t, d, true) // the letter has proven the address, so nobody is made to prove it again
		org, owner := s.acme(t)
		_, path := s.invite(t, org, owner, "New@x.test", "member")
		b := s.browser(t)
		b.lang = "pl"
		form := b.get(attr(b.get(path).need("sign-up"), "href"))
		if email := form.need("email"); attr(email, "value") != "New@x.test" || !has(email, "readonly") || attr(email, "name") != "" {
			t.Errorf("the address can be changed: %v", email.Attr)
		}
		if p := b.send(form, "submit", "password", "short"); p.status != http.StatusUnprocessableEntity || p.byID("password-error") == nil {
			t.Errorf("weak: %d", p.status)
		}
		done := b.send(form, "submit", "name", "Nowa", "password", password, "email", "eve@x.test")
		if done.location != path {
			t.Fatalf("%d to %q: %s", done.status, done.location, done.alert())
		}
		u, err := s.users.UserByEmail(t.Context(), "new@x.test")
		if err != nil || !u.EmailVerified() || u.Locale != "pl" || s.mail.count(mail.VerifyEmail) != 0 {
			t.Errorf("%+v, %v", u, err)
		}
		if p := b.follow(b.send(b.get(path), "accept")); !strings.Contains(p.text(), "Należysz już do organizacji Acme") {
			t.Errorf("%s", p.text())
		}
		if p := b.get(path + "/signup"); p.location != "/invitation/over" {
			t.Errorf("used: %d", p.status)
		}
	})
}

func TestTheWrongPersonIsToldAndMaySwitch(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, s *site) {
		org, owner := s.acme(t)
		s.verified(t, "ann@x.test", "Ann")
		eve := s.verified(t, "eve@x.test", "Eve")
		inv, path := s.invite(t, org, owner, "ann@x.test", "member")
		b := s.browser(t)
		b.signIn("eve@x.test")
		p := b.get(path)
		if !strings.Contains(p.text(), "signed in as eve@x.test") || p.byID("accept") != nil {
			t.Errorf("%s", p.text())
		}
		if p := b.do(http.MethodPost, path+"/accept", nil); p.location != path {
			t.Errorf("forced: %d to %q", p.status, p.location)
		}
		if p := b.get("/invitation/" + inv.ID); p.location != "/invitation/over" {
			t.Errorf("by its id: %d", p.status)
		}
		if _, err := s.users.Membership(t.Context(), org.ID, eve.ID); !errors.Is(err, idp.ErrNotMember) {
			t.Fatal(err)
		}
		if p := b.send(p, "switch"); p.location != path {
			t.Errorf("%d to %q", p.status, p.location)
		}
		if p := b.get(path); p.byID("sign-in") == nil {
			t.Errorf("still signed in: %s", p.text())
		}
	})
}

func TestAnUnprovenAddressIsProvenFirst(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, s *site) {
		org, owner := s.acme(t)
		s.user(t, "bob@x.test")
		inv, path := s.invite(t, org, owner, "bob@x.test", "member")
		b := s.browser(t)
		b.signIn("bob@x.test")
		p := b.get(path)
		if p.byID("accept") != nil || !strings.Contains(p.text(), "not confirmed yet") {
			t.Errorf("%s", p.text())
		}
		if p := b.send(p, "prove"); p.location != path || s.mail.count(mail.VerifyEmail) != 1 {
			t.Fatalf("%d to %q", p.status, p.location)
		}
		done := b.send(b.get(s.mail.link(t, s, mail.VerifyEmail)), "submit")
		if done.find(func(n *htmlNode) bool { return attr(n, "href") == "/invitation/"+inv.ID }) == nil {
			t.Fatalf("no way back: %s", done.body)
		}
		if p := b.send(b.get("/invitation/"+inv.ID), "accept"); p.location != "/account" {
			t.Errorf("%d to %q", p.status, p.location)
		}
	})
}

func TestADeadInvitationNeverTellsWhy(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, s *site) {
		ctx := t.Context()
		org, owner := s.acme(t)
		helper := s.verified(t, "helper@x.test", "Helper")
		if _, err := s.users.AddMember(ctx, org.ID, helper.ID, "admin"); err != nil {
			t.Fatal(err)
		}
		dead := map[string]string{"unknown": "/invitation/" + strings.Repeat("A", 43), "nonsense": "/invitation/%27%20OR%201=1--", "zero": "/invitation/%00", "no text": "/invitation/%ff"}
		_, dead["expired"] = s.invite(t, org, owner, "expired@x.test", "member")
		s.clock.advance(idp.InvitationLifetime)
		inv, path := s.invite(t, org, owner, "revoked@x.test", "member")
		dead["revoked"] = path
		if err := s.users.RevokeInvitation(ctx, org.ID, inv.ID); err != nil {
			t.Fatal(err)
		}
		inv, dead["replaced"] = s.invite(t, org, owner, "replaced@x.test", "member")
		if _, err := s.users.ResendInvitation(ctx, org.ID, inv.ID, owner.ID, ""); err != nil {
			t.Fatal(err)
		}
		used := s.verified(t, "used@x.test", "Used")
		_, dead["used"] = s.invite(t, org, owner, "used@x.test", "member")
		if _, err := s.users.AcceptInvitation(ctx, strings.TrimPrefix(dead["used"], "/invitation/"), used.ID); err != nil {
			t.Fatal(err)
		}
		_, dead["declined"] = s.invite(t, org, owner, "declined@x.test", "member")
		b := s.browser(t)
		if p := b.send(b.get(dead["declined"]), "decline"); p.status != http.StatusOK || !strings.Contains(p.text(), "You have not joined Acme") {
			t.Errorf("declining: %d %s", p.status, p.text())
		}
		_, dead["unvouched"] = s.invite(t, org, helper, "unvouched@x.test", "member")
		if err := s.users.RemoveMemberBy(ctx, org.ID, owner.ID, helper.ID); err != nil {
			t.Fatal(err)
		}
		if p := b.get("/invitation/over"); p.status != http.StatusGone || !strings.Contains(p.text(), "ask whoever invited you") {
			t.Errorf("%d %s", p.status, p.text())
		}
		want := ""
		for name, path := range dead {
			for _, act := range []struct{ method, path string }{
				{http.MethodGet, path}, {http.MethodGet, path + "/signup"}, {http.MethodPost, path + "/signup"}, {http.MethodPost, path + "/decline"}, {http.MethodPost, path + "/prove"},
			} {
				p := b.do(act.method, act.path, url.Values{})
				got := http.StatusText(p.status) + "\n" + headers(p) + "\n" + p.body
				if want == "" {
					want = got
				}
				if diff := cmp.Diff(want, got); diff != "" || p.location != "/invitation/over" {
					t.Errorf("%s %s (%s): %d\n%s", act.method, act.path, name, p.status, diff)
				}
			}
		}
	})
}

func TestAFullOrgKeepsTheInvitationOpen(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, s *site) {
		org, owner := s.acme(t)
		s.verified(t, "ann@x.test", "Ann")
		_, path := s.invite(t, org, owner, "ann@x.test", "member")
		b := s.browser(t)
		b.signIn("ann@x.test")
		s.limit.cap = 1
		p := b.send(b.get(path), "accept")
		if p.status != http.StatusConflict || !strings.Contains(p.alert(), "no seat left") || p.byID("accept") == nil {
			t.Errorf("%d %s", p.status, p.alert())
		}
		s.limit.cap = 2
		if p := b.send(p, "accept"); p.location != "/account" {
			t.Errorf("%d to %q", p.status, p.location)
		}
	})
}

func TestTheTokenIsWrittenDownNowhere(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, s *site) {
		org, owner := s.acme(t)
		s.user(t, "ann@x.test")
		inv, path := s.invite(t, org, owner, "ann@x.test", "member")
		token := strings.TrimPrefix(path, "/invitation/")
		b := s.browser(t)
		b.send(b.get("/reset?next="+url.QueryEscape(path)), "submit", "email", "ann@x.test")
		b.send(b.get("/signup?next="+url.QueryEscape(path)), "submit", "email", "other@x.test", "password", password)
		b.get(path)
		var rows []string
		for _, query := range []string{
			"SELECT next FROM one_time_tokens", "SELECT data FROM sessions", "SELECT token_hash FROM invitations", "SELECT coalesce(before_json, '') || coalesce(after_json, '') FROM audit_entries",
		} {
			var out []string
			if err := s.db.Conn(t.Context()).Raw(query).Scan(&out).Error; err != nil {
				t.Fatal(err)
			}
			rows = append(rows, out...)
		}
		all := strings.Join(rows, "\n")
		if strings.Contains(all, token) {
			t.Errorf("the token lies in the database:\n%s", all)
		}
		if !strings.Contains(all, inv.ID) {
			t.Error("the way back is lost")
		}
		b = s.browser(t)
		done := b.send(b.get(s.mail.link(t, s, mail.ResetPassword)), "submit", "password", "a whole new one")
		if back := b.send(b.get(done.location), "submit", "email", "ann@x.test", "password", "a whole new one"); back.location != "/invitation/"+inv.ID {
			t.Fatalf("%d to %q", back.status, back.location)
		}
		if p := b.send(b.get("/invitation/"+inv.ID), "accept"); p.location != "/account" { // the reset has proven the address
			t.Errorf("%d to %q", p.status, p.location)
		}
	})
}
