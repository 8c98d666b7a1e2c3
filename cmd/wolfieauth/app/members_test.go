package app_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/wolfieauth/wolfieauth/cmd/wolfieauth/app/apptest"
	"github.com/wolfieauth/wolfieauth/idp"
)

// guild is an org that nobody else of the demo touches.
func (h *house) guild(t *testing.T, name string) (org idp.Org, owner string) {
	t.Helper()
	b := apptest.NewBrowser(t)
	owner = h.signUp(t, b, newcomer())
	b.Get(h.line.Issuer + "/orgs/new")
	if page := b.Submit("submit", apptest.Field{Name: "name", Value: name}); page.URL.Path != "/account" {
		t.Fatalf("the org was not made: %s (%d)\n%s", page.URL, page.Status, page.Text())
	}
	orgs, err := h.App.Identity().OrgsOf(t.Context(), owner)
	must(t, err)
	return orgs[len(orgs)-1].Org, owner
}

// invited answers the link in the newest invitation mail to the address.
func (h *house) invited(t *testing.T, email string) string {
	t.Helper()
	var mails []struct{ Links []string }
	res := send(t, http.MethodGet, h.line.OutboxURL+"?"+url.Values{"format": {"json"}, "to": {email}}.Encode(), "", "", nil)
	must(t, json.Unmarshal(res.body, &mails))
	if len(mails) == 0 || len(mails[0].Links) == 0 || !strings.HasPrefix(mails[0].Links[0], h.line.Issuer+"/invitation/") {
		t.Fatalf("no invitation to %s: %s", email, res.body)
	}
	return mails[0].Links[0]
}

type orgClaims struct {
	OrgID   string `json:"org_id"`
	OrgSlug string `json:"org_slug"`
	OrgRole string `json:"org_role"`
}

func orgOf(t *testing.T, payload []byte) (c orgClaims) {
	t.Helper()
	must(t, json.Unmarshal(payload, &c))
	return c
}

// membersComeAndGo walks an invited newcomer into an org and out of it again, as tokens see it.
func membersComeAndGo(t *testing.T, h *house) {
	people := h.App.Identity()
	org, owner := h.guild(t, "Guild of "+newcomer())
	email := newcomer()
	_, err := people.Invite(t.Context(), idp.Invite{OrgID: org.ID, InviterID: owner, Email: email, Role: "billing", Lang: "en"})
	must(t, err)

	link := h.invited(t, email)
	b := apptest.NewBrowser(t)
	page := b.Get(link)
	b.Get(page.Link("sign-up"))
	b.Submit("submit", apptest.Field{Name: "name", Value: "Nina"}, apptest.Field{Name: "password", Value: demoPassword})
	crm := h.client("acme-crm")
	home := b.SignIn(crm, email, demoPassword) // before joining: for themselves
	b.StopAt = ""
	b.Get(link)
	if page := b.Submit("accept"); page.URL.Path != "/account" {
		t.Fatalf("joining rests at %s (%d)\n%s", page.URL, page.Status, page.Text())
	}
	work := b.SignIn(crm, email, demoPassword)
	if got := orgOf(t, work.Payload); got != (orgClaims{org.ID, org.Slug, "billing"}) {
		t.Errorf("after joining the token acts for %+v", got)
	}
	user, err := people.UserByEmail(t.Context(), email)
	must(t, err)
	if !user.EmailVerified() {
		t.Error("the invitation's link has not proven the address")
	}
	personal, err := people.PersonalOrg(t.Context(), user.ID)
	must(t, err)

	must(t, people.RemoveMemberBy(t.Context(), org.ID, owner, user.ID))
	if _, ok := crm.Refresh(t, work.Refresh); ok {
		t.Error("the org's refresh token outlived the membership")
	}
	if res := send(t, http.MethodGet, h.line.Issuer+"/me", "", "", bearer(work.Access)); res.status != http.StatusUnauthorized {
		t.Errorf("the org's access token outlived the membership: %d", res.status)
	}
	if _, ok := crm.Refresh(t, home.Refresh); !ok {
		t.Error("the person's own refresh token died with the membership")
	}
	sessions := 0
	must(t, h.App.DB().Conn(t.Context()).Raw("SELECT count(*) FROM sessions WHERE user_id = ? AND org_id = ?", user.ID, personal.ID).Scan(&sessions).Error)
	if sessions != 1 {
		t.Errorf("%d sessions act for the personal org", sessions)
	}
	after := b.SignIn(crm, email, demoPassword)
	if got := orgOf(t, after.Payload); got.OrgID != personal.ID {
		t.Errorf("after the removal the token acts for %+v", got)
	}
	b.StopAt = ""
	if page := b.Get(link); page.Status != http.StatusGone {
		t.Errorf("the used link answers %d", page.Status)
	}
}

// orgsAreSwitched shows that the session's active org drives the claims of the next sign-in.
func orgsAreSwitched(t *testing.T, h *house) {
	email := newcomer()
	b := apptest.NewBrowser(t)
	user := h.signUp(t, b, email)
	personal, err := h.App.Identity().PersonalOrg(t.Context(), user)
	must(t, err)
	ids := []string{personal.ID}
	for range 2 {
		org, _ := h.guild(t, "Guild of "+newcomer())
		_, err := h.App.Identity().AddMember(t.Context(), org.ID, user, "member")
		must(t, err)
		ids = append(ids, org.ID)
	}
	crm := h.client("acme-crm")
	for _, id := range ids {
		b.StopAt = ""
		b.Get(h.line.Issuer + "/orgs/switch")
		b.Submit("submit", apptest.Field{Name: "org", Value: id})
		if got := orgOf(t, b.SignIn(crm, email, demoPassword).Payload); got.OrgID != id {
			t.Errorf("switched to %s, the token says %+v", id, got)
		}
	}
}
