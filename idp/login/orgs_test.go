package login_test

import (
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/wolfieauth/wolfieauth/idp"
)

func TestAnOrgIsMadeSwitchedToAndLeft(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, s *site) {
		ann := s.verified(t, "ann@x.test", "Ann")
		b := s.browser(t)
		b.signIn("ann@x.test")
		form := b.get(attr(b.get("/account").need("new-org"), "href"))
		if p := b.send(form, "submit", "name", " "); p.status != http.StatusUnprocessableEntity || p.byID("name-error") == nil {
			t.Errorf("no name: %d", p.status)
		}
		if p := b.send(form, "submit", "name", "???"); p.status != http.StatusUnprocessableEntity || p.byID("slug-error") == nil {
			t.Errorf("nothing to make a short name of: %d", p.status)
		}
		done := b.send(form, "submit", "name", "Żółw i Syn")
		if p := b.follow(done); done.location != "/account" || !strings.Contains(p.text(), "Żółw i Syn has been created") {
			t.Fatalf("%d to %q", done.status, done.location)
		}
		org, err := s.users.OrgBySlug(t.Context(), "zolw-i-syn")
		if err != nil {
			t.Fatal(err)
		}
		if sessions, _ := s.edge.Sessions(t.Context(), ann.ID); sessions[0].OrgID != org.ID {
			t.Errorf("acts for %s", sessions[0].OrgID)
		}
		clash := b.send(form, "submit", "name", "Zolw, i syn")
		if clash.status != http.StatusUnprocessableEntity || attr(clash.need("slug"), "value") != "zolw-i-syn" || !strings.Contains(clash.text(), "“zolw-i-syn” is taken") {
			t.Errorf("clash: %d %s", clash.status, clash.text())
		}
		if p := b.send(clash, "submit", "slug", "Not Good"); p.status != http.StatusUnprocessableEntity || p.byID("slug-error") == nil {
			t.Errorf("bad short name: %d", p.status)
		}
		if p := b.send(clash, "submit", "slug", "zolw-2"); p.location != "/account" {
			t.Errorf("%d to %q", p.status, p.location)
		}
		leave := b.get("/orgs/leave?org=" + org.ID)
		if leave.status != http.StatusOK || leave.byID("submit") != nil || !strings.Contains(leave.text(), "You are the only owner") {
			t.Errorf("only owner: %d %s", leave.status, leave.text())
		}
		if p := b.do(http.MethodPost, "/orgs/leave", url.Values{"org": {org.ID}}); p.status != http.StatusConflict {
			t.Errorf("forced: %d", p.status)
		}
		bob := s.verified(t, "bob@x.test", "Bob")
		if _, err := s.users.AddMember(t.Context(), org.ID, bob.ID, "owner"); err != nil {
			t.Fatal(err)
		}
		b.do(http.MethodPost, "/orgs/switch", url.Values{"org": {org.ID}})
		done = b.send(b.get("/orgs/leave?org="+org.ID), "submit")
		if p := b.follow(done); done.location != "/account" || !strings.Contains(p.text(), "You have left Żółw i Syn") {
			t.Errorf("%d to %q", done.status, done.location)
		}
		if _, err := s.users.Membership(t.Context(), org.ID, ann.ID); !errors.Is(err, idp.ErrNotMember) {
			t.Error(err)
		}
		personal, _ := s.users.PersonalOrg(t.Context(), ann.ID)
		if sessions, _ := s.edge.Sessions(t.Context(), ann.ID); sessions[0].OrgID != personal.ID {
			t.Errorf("acts for %s, not for themselves", sessions[0].OrgID)
		}
	})
}

func TestOtherPeoplesOrgsCannotBeLeft(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, s *site) {
		org, _ := s.acme(t)
		ann := s.verified(t, "ann@x.test", "Ann")
		personal, err := s.users.PersonalOrg(t.Context(), ann.ID)
		if err != nil {
			t.Fatal(err)
		}
		b := s.browser(t)
		for _, path := range []string{"/orgs/new", "/orgs/leave"} {
			if p := b.get(path); p.status != http.StatusSeeOther || !strings.HasPrefix(p.location, "/login?") {
				t.Errorf("%s of a stranger: %d to %q", path, p.status, p.location)
			}
			if p := b.do(http.MethodPost, path, url.Values{"org": {org.ID}, "name": {"X"}}); p.status != http.StatusSeeOther || !strings.HasPrefix(p.location, "/login?") {
				t.Errorf("POST %s of a stranger: %d to %q", path, p.status, p.location)
			}
		}
		b.signIn("ann@x.test")
		for _, id := range []string{org.ID, personal.ID, "nowhere", ""} {
			if p := b.get("/orgs/leave?org=" + url.QueryEscape(id)); p.status != http.StatusNotFound {
				t.Errorf("leaving %q: %d", id, p.status)
			}
			if p := b.do(http.MethodPost, "/orgs/leave", url.Values{"org": {id}}); p.status != http.StatusNotFound {
				t.Errorf("POST leaving %q: %d", id, p.status)
			}
		}
	})
}

func TestTheAccountShowsWhatWaits(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, s *site) {
		org, owner := s.acme(t)
		s.verified(t, "ann@x.test", "Ann")
		inv, _ := s.invite(t, org, owner, "ann@x.test", "member")
		b := s.browser(t)
		b.signIn("ann@x.test")
		link := b.get("/account").find(func(n *htmlNode) bool { return attr(n, "href") == "/invitation/"+inv.ID })
		if link == nil {
			t.Fatal("the invitation is not shown")
		}
		if p := b.send(b.get(attr(link, "href")), "decline"); p.status != http.StatusOK {
			t.Errorf("%d", p.status)
		}
		if p := b.get("/account"); strings.Contains(p.body, inv.ID) {
			t.Error("a declined one waits on")
		}
	})
}
