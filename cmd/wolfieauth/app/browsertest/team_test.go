package browsertest_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/wolfieauth/wolfieauth/billing"
	"github.com/wolfieauth/wolfieauth/cmd/wolfieauth/demo"
)

// owner is the browser of the host's owner, who has bought the plan that is paid per seat.
func (h host) ownerTab(t *testing.T, lang string) *tab {
	t.Helper()
	u, err := house.demo.App.Identity().User(t.Context(), h.owner)
	if err != nil {
		t.Fatal(err)
	}
	b := newTab(t, lang)
	b.signIn(u.Email)
	b.actFor(h.org.ID)
	b.open(house.line.PricingURL)
	b.press(buyButton("team"))
	b.arrived(house.line.SandboxURL + "/c/pay/")
	b.fillCard(u.Email, "4242 4242 4242 4242")
	b.comeBack(house.line.PricingURL + "/return")
	h.settled(t, 1)
	return b
}

// actFor has the session act for an org, as a person does on their account page.
func (b *tab) actFor(orgID string) {
	b.t.Helper()
	b.open(house.line.Issuer + "/account")
	form := fmt.Sprintf(`form[action="/orgs/switch"]:has(input[value="%s"])`, orgID)
	if b.has(form) { // none while it acts for it already
		b.press(form + " button")
		b.arrived(house.line.Issuer + "/account")
	}
}

func (h host) page(path string) string {
	return house.line.Issuer + "/admin/" + path + "?org=" + h.org.Slug
}

// settled waits until the quantity stands at Stripe and the invoice line of the newest change was looked up, and
// answers both.
func (h host) settled(t *testing.T, quantity int64) (billing.SeatState, billing.SeatChange) {
	t.Helper()
	for late := time.Now().Add(patience); time.Now().Before(late); time.Sleep(50 * time.Millisecond) {
		states, err := house.demo.App.Billing().SeatStates(t.Context(), h.org.ID)
		if err != nil {
			t.Fatal(err)
		}
		rows, _, err := house.demo.App.Billing().SeatLedger(t.Context(), h.org.ID, "", 20)
		if err != nil {
			t.Fatal(err)
		}
		done := slices.IndexFunc(rows, func(r billing.SeatChange) bool { return r.Status == billing.SeatDone })
		if len(states) == 1 && !states[0].Pending && states[0].Quantity == quantity && done >= 0 && (quantity == 1 || rows[done].NotedAt != nil) {
			return states[0], rows[done]
		}
	}
	t.Fatalf("the quantity never came to %d", quantity)
	return billing.SeatState{}, billing.SeatChange{}
}

// TestSeatFollowsAnInvitation is the way of one seat: invite, see the cost, confirm, read the mail, join as somebody
// new, and find the seat in Stripe's subscription and on its next invoice. The new member then switches org, and the
// token follows.
func TestSeatFollowsAnInvitation(t *testing.T) {
	t.Parallel()
	h := newHost(t)
	b := h.ownerTab(t, "en")
	email := fmt.Sprintf("nina+%d@example.test", people.Add(1))

	b.open(h.page("members"))
	b.press("#invite")
	b.fill("addresses", email)
	b.press("#quote")
	cost := b.text(".team-costs")
	if !strings.Contains(cost, "on your invoice of") || !strings.Contains(cost, "1 → 2 seats") || !strings.Contains(cost, "60.00 a month instead of PLN\u00a030.00") {
		t.Fatalf("the cost reads %q", cost)
	}
	told := minor(t, strings.Split(b.text(".team-cost-sum"), " on ")[0], "PLN")
	b.press("#send")
	b.arrived(h.page("invitations"))
	if list := b.text("main table"); !strings.Contains(list, email) || !strings.Contains(list, "60.00 a month") {
		t.Errorf("the list of invitations reads %q", list)
	}

	link := ""
	for _, l := range mailed(t, email).Links {
		if strings.Contains(l, "/invitation/") {
			link = l
		}
	}
	n := newTab(t, "en")
	n.open(link)
	n.press("#sign-up")
	n.fill("name", "Nina Nowa")
	n.fill("password", demo.Password)
	n.press("#submit")
	if cost := n.text("main"); !strings.Contains(cost, "60.00") {
		t.Errorf("the invited person is not told what the seat costs the org: %q", cost)
	}
	n.press("#accept")
	n.arrived(house.line.Issuer + "/account")

	state, change := h.settled(t, 2)
	var sub struct {
		Items struct {
			Data []struct{ Quantity int64 }
		}
	}
	stripe(t, "/v1/subscriptions/"+state.Subscription.StripeID, &sub)
	if len(sub.Items.Data) != 1 || sub.Items.Data[0].Quantity != 2 {
		t.Errorf("Stripe has %+v", sub)
	}
	b.open(h.page("seats"))
	row := b.text("[aria-labelledby=ledger] tbody tr")
	if change.Amount != told || change.InvoiceLine == "" {
		t.Errorf("charged %d in %q, told %d", change.Amount, change.InvoiceLine, told)
	}
	for _, want := range append(strings.Fields(change.InvoiceLine), "1 → 2", "Nina Nowa", "Somebody joined or left", "Done") {
		if !strings.Contains(row, want) {
			t.Errorf("the ledger's newest row lacks %q: %s", want, row)
		}
	}
	n.switchesOrgAndClaim(h)
	b.quiet("owner")
}

// switchesOrgAndClaim signs in to the sample app for the org, for the personal one, and for the org again.
func (b *tab) switchesOrgAndClaim(h host) {
	b.t.Helper()
	u, err := house.demo.App.Identity().UserByEmail(b.t.Context(), memberOf(b.t, h))
	if err != nil {
		b.t.Fatal(err)
	}
	own, err := house.demo.App.Identity().PersonalOrg(b.t.Context(), u.ID)
	if err != nil {
		b.t.Fatal(err)
	}
	for _, step := range []struct{ org, claim string }{
		{h.org.ID, `"planSlug": "team"`}, {own.ID, `"wolfieauth_plans": []`}, {h.org.ID, `"planSlug": "team"`},
	} {
		b.actFor(step.org)
		b.open(house.line.RPURL + "/login")
		b.allow()
		b.arrived(house.line.RPURL)
		token := b.text("#decoded")
		if !strings.Contains(token, step.claim) || !strings.Contains(token, `"org_id": "`+step.org+`"`) {
			b.t.Errorf("acting for %s the token says\n%s", step.org, token)
		}
	}
}

// memberOf answers the address of the host's member beside its owner.
func memberOf(t *testing.T, h host) string {
	t.Helper()
	members, err := house.demo.App.Identity().Members(t.Context(), h.org.ID)
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range members {
		if m.Membership.UserID != h.owner {
			return m.Email
		}
	}
	t.Fatal("the host has no other member")
	return ""
}

// TestTeamPages looks at the pages of an org's people, with people of long names, in every state that they have.
func TestTeamPages(t *testing.T) {
	t.Parallel()
	for _, lang := range []string{"en", "pl"} {
		t.Run(lang, func(t *testing.T) { t.Parallel(); teamPages(t, lang) })
	}
}

func teamPages(t *testing.T, lang string) {
	t.Helper()
	h, identity := newHost(t), house.demo.App.Identity()
	b := h.ownerTab(t, lang)
	var ids []string
	for i, role := range []string{"admin", "billing", "member", "member"} {
		u, err := identity.UserByEmail(t.Context(), newcomer(t))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := identity.AddMember(t.Context(), h.org.ID, u.ID, role); err != nil {
			t.Fatal(err)
		}
		if ids = append(ids, u.ID); i == 3 {
			if err := identity.RemoveMember(t.Context(), h.org.ID, u.ID); err != nil {
				t.Fatal(err)
			}
		}
	}
	h.settled(t, 4)
	own, err := identity.PersonalOrg(t.Context(), h.owner)
	if err != nil {
		t.Fatal(err)
	}
	list := strings.Join([]string{
		"nowa.osoba.o.bardzo.dlugim.adresie@bardzo-dluga-domena.example.test,admin", "bez malpy", "anna@nowa.test", "anna@nowa.test,member", "jan@nowa.test,cesarz",
	}, "\n")
	b.survey(lang, []visit{
		at("team-members", h.page("members")),
		{"team-members-menu", func(b *tab) {
			b.do(chromedp.Evaluate(`document.querySelector("main table details.menu").open = true`, nil))
		}},
		at("team-members-removed", h.page("members")+"&show=removed"),
		at("team-members-none", h.page("members")+"&q=nobody-of-that-name"),
		at("team-role", h.page("members/"+ids[2]+"/role")),
		at("team-remove", h.page("members/"+ids[2]+"/remove")),
		at("team-return", h.page("members/"+ids[3]+"/return")),
		at("team-owner", h.page("members/"+ids[0]+"/owner")),
		{"team-owner-error", func(b *tab) { b.refused(422, "#confirm") }},
		at("team-invitations-empty", h.page("invitations")),
		at("team-invite", h.page("members/invite")),
		{"team-invite-error", func(b *tab) { b.fill("addresses", "bez malpy"); b.refused(422, "#quote") }},
		{"team-invite-cost", func(b *tab) { b.fill("addresses", list); b.press("#quote") }},
		{"team-invite-done", func(b *tab) { b.press("#send") }},
		at("team-invitations", h.page("invitations")),
		{"team-resend", func(b *tab) { b.press(`main table a[href*="/resend"]`) }},
		{"team-revoke", func(b *tab) { b.open(h.page("invitations")); b.press(`main table a[href*="/revoke"]`) }},
		at("team-seats", h.page("seats")),
		{"team-spare", func(b *tab) { b.press(`main a[href*="/spare"]`) }},
		{"team-spare-error", func(b *tab) { b.fill("seats", "0"); b.refused(422, "#save") }},
		{"team-spare-cost", func(b *tab) { b.fill("seats", "6"); b.press("#save") }},
		{"team-spare-done", func(b *tab) { b.press("#confirm") }},
		at("team-org", h.page("org")),
		{"team-org-error", func(b *tab) { b.fill("max_seats", "mniej"); b.fill("max_amount", "x"); b.refused(422, "#save-limits") }},
		{"team-org-saved", func(b *tab) { b.fill("max_seats", "6"); b.fill("max_amount", ""); b.press("#save-limits") }},
		{"team-invite-full", func(b *tab) {
			b.open(h.page("members/invite"))
			b.fill("addresses", "za.duzo@nowa.test")
			b.refused(422, "#quote")
		}},
		at("team-personal", house.line.Issuer+"/admin/members?org="+own.Slug),
	})
}
