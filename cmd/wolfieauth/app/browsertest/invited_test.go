package browsertest_test

import (
	"fmt"
	"net/url"
	"strings"
	"testing"

	"github.com/wolfieauth/wolfieauth/cmd/wolfieauth/demo"
	"github.com/wolfieauth/wolfieauth/idp"
)

// host is an org of long names that invites people.
type host struct {
	org   idp.Org
	owner string // the owner's user id
}

func newHost(t *testing.T) host {
	t.Helper()
	owner := newcomer(t)
	people := house.demo.App.Identity()
	u, err := people.UserByEmail(t.Context(), owner)
	if err != nil {
		t.Fatal(err)
	}
	org, err := people.CreateOrg(t.Context(), idp.CreateOrg{
		Slug: "zaklady-" + u.ID[len(u.ID)-12:], Name: "Zakłady Konstantynopolitańczykowianeckie i Synowie", OwnerUserID: u.ID,
	})
	if err != nil {
		t.Fatal(err)
	}
	return host{org: org, owner: u.ID}
}

// invite answers the address of the invitation, as it stands in its mail.
func (h host) invite(t *testing.T, email, role, lang string) (address string) {
	t.Helper()
	_, err := house.demo.App.Identity().Invite(t.Context(), idp.Invite{OrgID: h.org.ID, InviterID: h.owner, Email: email, Role: role, Lang: lang})
	if err != nil {
		t.Fatal(err)
	}
	for _, link := range mailed(t, email).Links {
		if strings.Contains(link, "/invitation/") {
			return link
		}
	}
	t.Fatal("no link in the invitation")
	return ""
}

// TestInvitationPages looks at every state of an invitation, and at how orgs are made and left.
func TestInvitationPages(t *testing.T) {
	t.Parallel()
	for _, lang := range []string{"en", "pl"} {
		t.Run(lang+"/newcomer", func(t *testing.T) { t.Parallel(); invitedNewcomer(t, lang) })
		t.Run(lang+"/member", func(t *testing.T) { t.Parallel(); invitedMember(t, lang) })
		t.Run(lang+"/orgs", func(t *testing.T) { t.Parallel(); ownOrgs(t, lang) })
	}
}

func invitedNewcomer(t *testing.T, lang string) {
	t.Helper()
	h, issuer := newHost(t), house.line.Issuer
	email := fmt.Sprintf("nowa.osoba.z.dlugim.adresem+%s%d@bardzo-dluga-domena.example.test", lang, people.Add(1))
	address := h.invite(t, email, "admin", lang)
	letter := newTab(t, lang)
	letter.letter(mailed(t, email).HTML, lang)
	b := newTab(t, lang)
	b.survey(lang, []visit{
		at("invitation-sign-up", address),
		{"invitation-signup", func(b *tab) { b.press("#sign-up") }},
		{"invitation-signup-error", func(b *tab) { b.refused(422, "#submit") }},
		{"invitation-ready", func(b *tab) { b.fill("password", demo.Password); b.press("#submit"); b.arrived(address) }},
		{"invitation-joined", func(b *tab) { b.press("#accept"); b.arrived(issuer + "/account") }},
		answering(410, "invitation-over", address),
	})
}

func invitedMember(t *testing.T, lang string) {
	t.Helper()
	h, issuer := newHost(t), house.line.Issuer
	email, other := newcomer(t), newcomer(t)
	address := h.invite(t, email, "member", lang)
	b := newTab(t, lang)
	b.survey(lang, []visit{
		at("invitation-sign-in", address),
		{"invitation-someone", func(b *tab) { b.signIn(other); b.open(address) }},
		{"invitation-switched", func(b *tab) { b.press("#switch"); b.arrived(address) }},
		{"invitation-login", func(b *tab) { b.press("#sign-in") }},
		{"account-waiting", func(b *tab) { b.passLogin(email); b.arrived(address); b.open(issuer + "/account") }},
		{"invitation-declined", func(b *tab) { b.press(`a[href^="/invitation/"]`); b.press("#decline") }},
	})
}

func ownOrgs(t *testing.T, lang string) {
	t.Helper()
	h, issuer := newHost(t), house.line.Issuer
	email := newcomer(t)
	u, err := house.demo.App.Identity().UserByEmail(t.Context(), email)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := house.demo.App.Identity().AddMember(t.Context(), h.org.ID, u.ID, "billing"); err != nil {
		t.Fatal(err)
	}
	b := newTab(t, lang)
	b.signIn(email)
	made := "Żółw " + u.ID[len(u.ID)-8:]
	b.survey(lang, []visit{
		at("org-new", issuer+"/orgs/new"),
		{"org-new-error", func(b *tab) { b.fill("name", h.org.Name); b.fill("slug", h.org.Slug); b.refused(422, "#submit") }},
		{"org-made", func(b *tab) {
			b.fill("name", made)
			b.fill("slug", "")
			b.press("#submit")
			b.arrived(issuer + "/account")
		}},
		at("org-leave", issuer+"/orgs/leave?org="+url.QueryEscape(h.org.ID)),
		{"org-left", func(b *tab) { b.press("#submit"); b.arrived(issuer + "/account") }},
		{"org-leave-owner", func(b *tab) { b.press(`a[href^="/orgs/leave"]`) }},
	})
}
