package admin_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"html"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/wolfieauth/wolfieauth/billing"
	"github.com/wolfieauth/wolfieauth/idp"
	"github.com/wolfieauth/wolfieauth/internal/audit"
	"github.com/wolfieauth/wolfieauth/internal/db"
	"github.com/wolfieauth/wolfieauth/internal/db/dbtest"
)

var toldField = regexp.MustCompile(`name="told" value="([^"]*)"`)

// toldFrom is the cost as a page shows it to its owner.
func (b *bundle) toldFrom(page answer) string {
	b.t.Helper()
	m := toldField.FindStringSubmatch(page.body)
	if m == nil {
		b.t.Fatalf("no cost in the page: %d", page.status)
	}
	return html.UnescapeString(m[1])
}

const invitePath = "/admin/members/invite?org=acme"

// costs answers a quote of one subscription whose price is 30 a seat and month, a third of which is over.
func (b *bundle) costs(members int64) {
	b.seats.quote = func(add int64) (billing.SeatQuote, error) {
		return billing.SeatQuote{Lines: []billing.SeatQuoteLine{{
			SubscriptionID: "sub-1", PlanName: "Team", AppName: "Acme CRM", Currency: "PLN", Interval: billing.IntervalMonth, From: members, To: members + add,
			Prorated: 2000 * add, InvoiceAt: time.Date(2026, 12, 1, 9, 0, 0, 0, time.UTC), RenewalBefore: 3000 * members, RenewalAfter: 3000 * (members + add),
			ProrationDate: b.now,
		}}}, nil
	}
}

func (b *bundle) open() []idp.Invitation {
	b.t.Helper()
	page, _, err := b.people.Invitations(b.t.Context(), idp.InvitationFilter{OrgID: b.orgs["acme"].ID, Limit: 200})
	b.must(err)
	return page
}

func TestNobodyIsInvitedBeforeTheCostWasShown(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := setup(t, d)
		b.costs(4)
		owner := b.as("owner", "acme")
		form := url.Values{"addresses": {"ann@new.test"}, "role": {"billing"}, "lang": {"pl"}}
		page := owner.post(invitePath, form)
		contains(t, page, "Invite 1 person?", "ann@new.test", "PLN\u00a020.00 on your invoice of 1 December 2026", "PLN\u00a0150.00 a month instead of PLN\u00a0120.00", "4 → 5 seats")
		if n := len(b.open()); n != 0 {
			t.Fatalf("%d invitations went before anybody confirmed", n)
		}
		told := b.toldFrom(page)
		for name, wrong := range map[string]string{
			"nothing": "", "no JSON": "{", "another number of people": strings.Replace(told, `"people":1`, `"people":2`, 1),
			"a smaller sum": strings.Replace(told, `"prorated":2000`, `"prorated":1500`, 1), "another price": strings.Replace(told, `15000`, `12000`, 1),
			"unknown": strings.Replace(told, `"people":1`, `"people":1,"unknown":true`, 1),
		} {
			form.Set("told", wrong)
			if got := owner.post(invitePath, form); got.status != http.StatusUnprocessableEntity || !strings.Contains(got.body, "The cost has changed") {
				t.Errorf("confirmed %s: %d", name, got.status)
			}
		}
		b.now = b.now.Add(2 * time.Hour)
		form.Set("told", told)
		if got := owner.post(invitePath, form); got.status != http.StatusUnprocessableEntity {
			t.Errorf("confirmed what was shown two hours ago: %d", got.status)
		}
		b.now = b.now.Add(-time.Hour - time.Minute)
		if got := owner.post(invitePath, form); got.header.Get("Location") != "/admin/invitations?org=acme" {
			t.Fatalf("confirmed: %d %s", got.status, got.body)
		}
		open := b.open()
		if len(open) != 1 || open[0].Role != "billing" || open[0].Lang != "pl" || open[0].Quote != told {
			t.Errorf("invited %+v", open)
		}
		contains(t, owner.get("/admin/invitations?org=acme"), "ann@new.test is on its way", "Acme CRM: PLN\u00a020.00", "then PLN\u00a0150.00 a month", "Owner")
		contains(t, owner.post(invitePath, form), "has an open invitation already") // the same form again invites nobody twice
	})
}

func TestInvitingWhileStripeIsSilentNeedsAWordAboutIt(t *testing.T) {
	t.Parallel()
	b := setup(t, dbtest.SQLite(t))
	owner := b.as("owner", "acme")
	b.seats.quote = func(int64) (billing.SeatQuote, error) {
		return billing.SeatQuote{}, fmt.Errorf("quote: %w", billing.ErrStripeUnavailable)
	}
	form := url.Values{"addresses": {"ann@new.test"}, "role": {"member"}, "lang": {"en"}}
	page := owner.post(invitePath, form)
	contains(t, page, "Stripe cannot tell the cost at the moment", "Send without knowing the cost")
	form.Set("told", b.toldFrom(page))
	b.costs(4) // Stripe is back, so the cost is shown after all
	contains(t, owner.post(invitePath, form), "The cost has changed", "PLN\u00a020.00")
	b.seats.quote = func(int64) (billing.SeatQuote, error) { return billing.SeatQuote{}, context.DeadlineExceeded }
	if got := owner.post(invitePath, form); got.status != http.StatusSeeOther {
		t.Errorf("knowingly invited: %d", got.status)
	}
	contains(t, owner.get("/admin/invitations?org=acme"), "Not known then")
	b.seats.quote = func(int64) (billing.SeatQuote, error) { return billing.SeatQuote{}, errors.New("a fault of ours") }
	if got := owner.post(invitePath, url.Values{"addresses": {"bo@new.test"}, "role": {"member"}}); got.status != http.StatusInternalServerError {
		t.Errorf("a fault was shown as silence of Stripe: %d", got.status)
	}
}

func TestOneBadAddressSpoilsNoOther(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := setup(t, d)
		_, err := b.people.Invite(t.Context(), idp.Invite{OrgID: b.orgs["acme"].ID, InviterID: b.users["owner"].ID, Email: "asked@new.test", Role: "member"})
		b.must(err)
		owner := b.as("owner", "acme")
		form := url.Values{"role": {"member"}, "lang": {"en"}, "addresses": {strings.Join([]string{
			"e-mail;role", "ann@new.test,billing", `"Bo Żak" <bo@new.test>; cy@new.test`, "no address", "ANN@new.test", "dee@new.test,emperor", "MEMBER@people.test",
			"asked@new.test", "", "eve@new.test\tAdmin", "fay@new.test gus@new.test", "\xff@new.test",
		}, "\r\n")}}
		page := owner.post(invitePath, form)
		contains(t, page, "Invite 7 people?", "6 lines are left out", "<td class=\"num\">4</td><td class=\"admin-wrap\">no address", "no e-mail address", "stands in the list already",
			"neither an address nor a role", "is a member already", "open invitation already", "cannot be read")
		form.Set("told", b.toldFrom(page))
		contains(t, owner.post(invitePath, form), "7 invitations are on their way", "6 lines are left out")
		roles := map[string]string{}
		for _, inv := range b.open() {
			roles[inv.Email] = inv.Role
		}
		for email, role := range map[string]string{"ann@new.test": "billing", "bo@new.test": "member", "cy@new.test": "member", "dee@new.test": "member", "eve@new.test": "admin", "gus@new.test": "member"} {
			if roles[email] != role {
				t.Errorf("%s is invited as %q, want %q", email, roles[email], role)
			}
		}
	})
}

// upload posts a form with a file, as the page does.
func (br *browser) upload(path string, form url.Values, file string) answer {
	br.b.t.Helper()
	var body bytes.Buffer
	w := multipart.NewWriter(&body)
	for name := range form {
		br.b.must(w.WriteField(name, form.Get(name)))
	}
	part, err := w.CreateFormFile("file", "people.csv")
	br.b.must(err)
	_, err = part.Write([]byte(file))
	br.b.must(err)
	br.b.must(w.Close())
	r := httptest.NewRequestWithContext(br.b.t.Context(), http.MethodPost, path, &body)
	r.Header.Set("Content-Type", w.FormDataContentType())
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	r.Header.Set("Accept", "text/html")
	r.AddCookie(br.cookie)
	rec := httptest.NewRecorder()
	br.b.edge.ServeHTTP(rec, r)
	return answer{status: rec.Code, body: rec.Body.String(), header: rec.Header()}
}

func TestALongFileGoesInBatches(t *testing.T) {
	t.Parallel()
	b := setup(t, dbtest.SQLite(t))
	owner := b.as("owner", "acme")
	var file strings.Builder
	file.WriteString("\ufeffemail,role\r\n")
	for i := range 10_000 {
		if i%10 == 3 {
			file.WriteString("someone at nowhere,member\r\n")
			continue
		}
		fmt.Fprintf(&file, "person%05d@new.test,billing\r\n", i)
	}
	form := url.Values{"addresses": {"first@new.test"}, "role": {"member"}, "lang": {"en"}}
	page := owner.upload(invitePath, form, file.String())
	contains(t, page, "Invite 500 people?", "8501 more addresses", "1000 lines are left out", "and 500 more lines", "first@new.test")
	field := regexp.MustCompile(`name="addresses" value="([^"]*)"`)
	form.Set("addresses", html.UnescapeString(field.FindStringSubmatch(page.body)[1]))
	form.Set("told", b.toldFrom(page))
	done := owner.post(invitePath, form)
	contains(t, done, "500 invitations are on their way", "8501 more addresses")
	form.Del("told")
	form.Set("addresses", html.UnescapeString(field.FindStringSubmatch(done.body)[1]))
	contains(t, owner.post(invitePath, form), "Invite 500 people?", "8001 more addresses", "person00555@new.test")
}

func TestLimitsAreSaidBeforeAnythingIsSent(t *testing.T) {
	t.Parallel()
	b := setup(t, dbtest.SQLite(t))
	owner := b.as("owner", "acme")
	save := func(seats string) {
		if got := owner.post("/admin/org/limits?org=acme", url.Values{"max_seats": {seats}}); got.status != http.StatusSeeOther {
			t.Fatalf("limits: %d %s", got.status, got.body)
		}
	}
	form := url.Values{"addresses": {"ann@new.test\nbo@new.test"}, "role": {"member"}, "lang": {"en"}}
	save("5")
	page := owner.post(invitePath, form)
	contains(t, page, "Invite 2 people?", "Not all of them fit", "a limit of 5 seats")
	form.Set("told", b.toldFrom(page))
	contains(t, owner.post(invitePath, form), "1 invitation is on its way", "Not sent", "a limit of 5 seats")
	form.Set("addresses", "cy@new.test")
	if got := owner.post(invitePath, form); got.status != http.StatusUnprocessableEntity || !strings.Contains(got.body, "a limit of 5 seats") {
		t.Errorf("invited above the limit: %d", got.status)
	}
	contains(t, owner.get("/admin/org?org=acme"), `value="5"`)
	for _, wrong := range []url.Values{{"max_seats": {"-1"}}, {"max_seats": {"a few"}}, {"max_seats": {"9000000"}}, {"max_amount": {"10"}, "currency": {"XXY"}}, {"max_amount": {"0"}, "currency": {"PLN"}}, {"max_amount": {"1.234"}, "currency": {"PLN"}}} {
		if got := owner.post("/admin/org/limits?org=acme", wrong); got.status != http.StatusUnprocessableEntity {
			t.Errorf("limits %v: %d", wrong, got.status)
		}
	}
	save("")
	if got, err := b.billing.SeatLimits(t.Context(), b.orgs["acme"].ID); err != nil || got.MaxSeats != 0 {
		t.Errorf("limit still %+v, %v", got, err)
	}
}

func TestMemberIsChangedRemovedAndTakenInAgain(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := setup(t, d)
		b.costs(4)
		owner, many := b.as("owner", "acme"), b.users["many"].ID
		path := "/admin/members/" + many
		contains(t, owner.get("/admin/members?org=acme&q=many"), path+"/role", path+"/remove", path+"/owner")
		if got := owner.post(path+"/role?org=acme", url.Values{"role": {"emperor"}}); got.status != http.StatusUnprocessableEntity {
			t.Errorf("an unknown role: %d", got.status)
		}
		owner.post(path+"/role?org=acme", url.Values{"role": {"admin"}})
		contains(t, owner.get("/admin/members?org=acme"), "Many is now: Admin.")
		admin := b.as("many", "acme")
		lacks(t, admin.get(path+"/role?org=acme"), `value="owner"`)
		if got := admin.post("/admin/members/"+b.users["owner"].ID+"/remove?org=acme", nil); got.header.Get("Location") != "/admin/members?org=acme" {
			t.Errorf("an admin removed the owner: %d", got.status)
		}
		contains(t, admin.get("/admin/members?org=acme"), "does not let you give, or take away, this role", "owner@people.test")

		page := owner.get(path + "/remove?org=acme")
		contains(t, page, "Remove Many", "many@people.test", "PLN\u00a020.00 credited on your invoice of 1 December 2026", "PLN\u00a090.00 a month instead of PLN\u00a0120.00")
		owner.post(path+"/remove?org=acme", url.Values{"told": {b.toldFrom(page)}})
		contains(t, owner.get("/admin/members?org=acme"), "Many has been removed.", "3 people act")
		contains(t, owner.get("/admin/members?org=acme&show=removed"), "many@people.test", path+"/return")
		if got := admin.get("/admin/members?org=acme"); got.status != http.StatusNotFound {
			t.Errorf("a removed admin still sees the org: %d", got.status)
		}

		page = owner.get(path + "/return?org=acme")
		contains(t, page, "Take Many in again", "PLN\u00a020.00 on your invoice")
		if got := owner.post(path+"/return?org=acme", nil); got.status != http.StatusUnprocessableEntity {
			t.Errorf("taken in without a word about the cost: %d", got.status)
		}
		owner.post(path+"/return?org=acme", url.Values{"told": {b.toldFrom(page)}})
		contains(t, owner.get("/admin/members?org=acme"), "Many is a member again.", "4 people act")
		entries, _, err := b.log.List(t.Context(), audit.Filter{OrgID: b.orgs["acme"].ID, Limit: 3})
		b.must(err)
		if entries[0].ActorID != b.users["owner"].ID || entries[0].ActorKind != audit.ActorUser || entries[0].TargetID == "" {
			t.Errorf("recorded %+v", entries[0])
		}
	})
}

func TestOwnershipGoesToWhoeverIsNamedOnceTheNameIsTyped(t *testing.T) {
	t.Parallel()
	b := setup(t, dbtest.SQLite(t))
	owner, path := b.as("owner", "acme"), "/admin/members/"+b.users["clerk"].ID+"/owner?org=acme"
	if got := owner.post(path, url.Values{"name": {"Acme"}}); got.status != http.StatusUnprocessableEntity || !strings.Contains(got.body, "Type: Acme Spółka") {
		t.Errorf("the wrong name: %d", got.status)
	}
	if got := owner.post("/admin/members/"+b.users["owner"].ID+"/owner?org=acme", ownerForm(b)); got.status != http.StatusSeeOther {
		t.Errorf("to oneself: %d", got.status)
	}
	contains(t, owner.get("/admin/members?org=acme"), "only to somebody else")
	owner.post(path, ownerForm(b))
	contains(t, owner.get("/admin/members?org=acme"), "Clerk is now an owner of Acme Spółka, and you are an admin.")
}

func TestForeignPeopleAndInvitationsDoNotExist(t *testing.T) {
	t.Parallel()
	b := setup(t, dbtest.SQLite(t))
	theirs, err := b.people.Invite(t.Context(), idp.Invite{OrgID: b.orgs["beta"].ID, InviterID: b.users["rival"].ID, Email: "x@new.test", Role: "member"})
	b.must(err)
	owner := b.as("owner", "acme")
	for _, p := range []string{"/admin/members/%s/role", "/admin/members/%s/remove", "/admin/members/%s/return", "/admin/members/%s/owner", "/admin/invitations/%s/resend", "/admin/invitations/%s/revoke"} {
		id := b.users["rival"].ID
		if strings.Contains(p, "invitations") {
			id = theirs.ID
		}
		for _, method := range []string{http.MethodGet, http.MethodPost} {
			foreign := owner.do(method, fmt.Sprintf(p, id)+"?org=acme", url.Values{})
			none := owner.do(method, fmt.Sprintf(p, "0192-nobody")+"?org=acme", url.Values{})
			clean := func(a answer, id string) string {
				return strings.NewReplacer(a.header.Get("X-Request-Id"), "ID", id, "THING").Replace(a.body)
			}
			if foreign.status != http.StatusNotFound || clean(foreign, id) != clean(none, "0192-nobody") {
				t.Errorf("%s %s: %d and %d", method, p, foreign.status, none.status)
			}
		}
	}
}

func TestInvitationsAreFoundSentAgainAndWithdrawn(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := setup(t, d)
		owner := b.as("owner", "acme")
		for _, name := range []string{"ann", "bo", "cy"} {
			_, err := b.people.Invite(t.Context(), idp.Invite{OrgID: b.orgs["acme"].ID, InviterID: b.users["owner"].ID, Email: name + "@new.test", Role: "member"})
			b.must(err)
		}
		open := b.open()
		contains(t, owner.get("/admin/invitations/"+open[0].ID+"/revoke?org=acme"), "cy@new.test", "stops working at once")
		owner.post("/admin/invitations/"+open[0].ID+"/revoke?org=acme", nil)
		contains(t, owner.get("/admin/invitations?org=acme"), "The invitation to cy@new.test has been withdrawn.", "ann@new.test")
		contains(t, owner.get("/admin/invitations?org=acme&state=revoked"), "cy@new.test", "Withdrawn")
		lacks(t, owner.get("/admin/invitations?org=acme&state=revoked"), "ann@new.test")
		lacks(t, owner.get("/admin/invitations?org=acme&q=bo@"), "ann@new.test")
		owner.post("/admin/invitations/"+open[0].ID+"/resend?org=acme", nil)
		contains(t, owner.get("/admin/invitations?org=acme"), "accepted, declined or withdrawn already")

		if got := owner.post("/admin/invitations/"+open[1].ID+"/resend?org=acme", nil); got.status != http.StatusSeeOther {
			t.Errorf("send again: %d", got.status)
		}
		b.now = b.now.Add(idp.InvitationLifetime)
		contains(t, owner.get("/admin/invitations?org=acme"), "No open invitations")
		contains(t, owner.get("/admin/invitations?org=acme&state=expired"), "ann@new.test", "bo@new.test", "Expired")
		b.costs(4)
		if got := owner.post("/admin/invitations/"+open[1].ID+"/resend?org=acme", nil); got.status != http.StatusUnprocessableEntity {
			t.Errorf("an expired one promised a seat without a word about its cost: %d", got.status)
		}
		page := owner.get("/admin/invitations/" + open[1].ID + "/resend?org=acme")
		owner.post("/admin/invitations/"+open[1].ID+"/resend?org=acme", url.Values{"told": {b.toldFrom(page)}})
		contains(t, owner.get("/admin/invitations?org=acme"), "A new invitation to bo@new.test is on its way.")
		b.exec("UPDATE invitations SET accepted_at = ? WHERE id = ?", b.now, open[2].ID)
		b.exec("UPDATE invitations SET declined_at = ?, revoked_at = ? WHERE id = ?", b.now, b.now, open[1].ID)
		for state, email := range map[string]string{"accepted": "ann@new.test", "declined": "bo@new.test", "revoked": "cy@new.test"} {
			page := owner.get("/admin/invitations?org=acme&state=" + state)
			if contains(t, page, email); strings.Count(page.body, "@new.test</span>") != 1 {
				t.Errorf("more than %s is %s", email, state)
			}
		}
		contains(t, b.as("clerk", "acme").get("/admin/invitations?org=acme&state=all"), "ann@new.test")
		lacks(t, b.as("clerk", "acme").get("/admin/invitations?org=acme&state=all"), "/resend", "/revoke")
	})
}

func TestSeatsSayWhatTheyWaitForAndWhoCausedThem(t *testing.T) {
	t.Parallel()
	b := setup(t, dbtest.SQLite(t))
	since := b.now.Add(-time.Hour)
	b.seats.states = []billing.SeatState{{
		Subscription: billing.Subscription{ID: "sub-1", Currency: "PLN"}, PlanName: "Team", AppName: "Beta Shop", Members: 4, Wanted: 5, Quantity: 3, Committed: 5,
		MaxSeats: 9, Pending: true, Reason: billing.SeatReasonCardDeclined, Since: &since,
	}}
	b.seats.ledger = []billing.SeatChange{
		{ID: "c2", SubscriptionID: "sub-1", At: b.now, ActorKind: "user", ActorID: b.users["owner"].ID, Cause: billing.CauseMembers, From: 3, To: 5, Status: billing.SeatPending, Reason: billing.SeatReasonCardDeclined},
		{ID: "c1", SubscriptionID: "sub-1", At: since, ActorKind: "stripe", Cause: billing.CauseStripe, From: 2, To: 3, Status: billing.SeatDone, InvoiceID: "in_1", InvoiceLine: "ii_1 ii_2", Amount: 3720, Currency: "PLN"},
	}
	for _, who := range []string{"owner", "clerk", "platform"} {
		page := b.as(who, "acme").get("/admin/seats?org=acme")
		contains(t, page, "Beta Shop · Team", "5 seats are needed, 3 are billed so far", "The payment was declined", "Since 22 November 2026, 09:00 UTC", "at most 9 seats",
			"3 → 5", "Somebody joined or left", "Owner (owner@people.test)", "in_1", "ii_2", "PLN\u00a037.20", "Changed at Stripe")
	}
	b.seats.sync = fmt.Errorf("sync: %w", billing.ErrCardDeclined)
	clerk := b.as("clerk", "acme")
	clerk.post("/admin/seats/sub-1/sync?org=acme", nil)
	contains(t, clerk.get("/admin/seats?org=acme"), "It still does not go through", "Try now")
	b.seats.sync = nil
	clerk.post("/admin/seats/sub-1/sync?org=acme", nil)
	contains(t, clerk.get("/admin/seats?org=acme"), "The change has reached Stripe")
	if got := clerk.post("/admin/seats/sub-2/sync?org=acme", nil); got.status != http.StatusNotFound {
		t.Errorf("another org's subscription: %d", got.status)
	}
	lacks(t, b.as("platform", "wolfie").get("/admin/seats?org=acme"), "Try now")
	contains(t, b.as("owner", "acme").get("/admin/members?org=acme"), "Beta Shop, Team: 5 seats needed, 3 billed so far", "The payment was declined")
	contains(t, b.as("clerk", "acme").get("/admin/org?org=acme"), "set itself no limit")
}

func TestSpareSeatsAreTakenOnceTheirCostWasShown(t *testing.T) {
	t.Parallel()
	b := setup(t, dbtest.SQLite(t))
	b.costs(4)
	b.seats.states = []billing.SeatState{{Subscription: billing.Subscription{ID: "sub-1", Currency: "PLN"}, PlanName: "Team", AppName: "Beta Shop", Members: 4, Wanted: 4, Quantity: 4, Committed: 1}}
	clerk, path := b.as("clerk", "acme"), "/admin/seats/sub-1/spare?org=acme"
	contains(t, clerk.get("/admin/seats?org=acme"), path)
	contains(t, clerk.get(path), "You have 4 members")
	for _, wrong := range []string{"", "0", "many", "9000000"} {
		if got := clerk.post(path, url.Values{"seats": {wrong}}); got.status != http.StatusUnprocessableEntity {
			t.Errorf("%q seats: %d", wrong, got.status)
		}
	}
	form := url.Values{"seats": {"7"}}
	page := clerk.post(path, form)
	contains(t, page, "at least 7 seats", "PLN\u00a060.00 on your invoice of 1 December 2026", "PLN\u00a0210.00 a month")
	if b.seats.states[0].Committed != 1 {
		t.Fatal("taken before the cost was confirmed")
	}
	form.Set("told", b.toldFrom(page))
	clerk.post(path, form)
	contains(t, clerk.get("/admin/seats?org=acme"), "You keep at least 7 seats")
	clerk.post(path, url.Values{"seats": {"1"}}) // fewer cost nothing
	if b.seats.states[0].Committed != 1 {
		t.Errorf("still committed to %d", b.seats.states[0].Committed)
	}
	if got := clerk.get("/admin/seats/sub-2/spare?org=acme"); got.status != http.StatusNotFound {
		t.Errorf("another org's subscription: %d", got.status)
	}
}

func TestPersonalSpaceSaysWhyItInvitesNobody(t *testing.T) {
	t.Parallel()
	b := setup(t, dbtest.SQLite(t))
	own, err := b.people.PersonalOrg(t.Context(), b.users["owner"].ID)
	b.must(err)
	owner := b.as("owner", "acme")
	page := owner.get("/admin/members?org=" + own.Slug)
	contains(t, page, "This is your personal space", "/orgs/new")
	lacks(t, page, "/admin/members/invite", "/orgs/leave")
	for _, form := range []url.Values{nil, {"addresses": {"ann@new.test"}, "told": {"x"}}} {
		method := http.MethodGet
		if form != nil {
			method = http.MethodPost
		}
		if got := owner.do(method, "/admin/members/invite?org="+own.Slug, form); got.header.Get("Location") != "/admin/members?org="+own.Slug {
			t.Errorf("%s: %d", method, got.status)
		}
	}
	owner.post("/admin/org/name?org="+own.Slug, url.Values{"name": {"Mine"}})
	contains(t, owner.get("/admin/org?org="+own.Slug), "no members to limit")
}

func TestOrgIsRenamedAndTheSwitcherStaysOnThePage(t *testing.T) {
	t.Parallel()
	b := setup(t, dbtest.SQLite(t))
	b.must(errors.Join(func() error {
		_, err := b.people.ChangeRole(t.Context(), b.orgs["acme"].ID, b.users["owner"].ID, b.users["many"].ID, "admin")
		return err
	}()))
	many := b.as("many", "beta")
	if got := many.post("/admin/org/name?org=acme", url.Values{"name": {" "}}); got.status != http.StatusUnprocessableEntity {
		t.Errorf("a name of nothing: %d", got.status)
	}
	many.post("/admin/org/name?org=acme", url.Values{"name": {"Acme & Söhne"}})
	page := many.get("/admin/org?org=acme")
	contains(t, page, "The organisation is now called Acme &amp; Söhne.", `/admin/org?org=beta`, `/admin/invitations?org=acme`)
	contains(t, many.get("/admin/org"), `/admin/org?org=acme`) // the session still acts for beta
}

func TestTeamSpeaksPolish(t *testing.T) {
	t.Parallel()
	b := setup(t, dbtest.SQLite(t))
	b.seedTeam()
	b.costs(4)
	owner := b.as("owner", "acme")
	owner.lang = "pl"
	for path, want := range map[string]string{
		"/admin/members?org=acme": "Usunięci", "/admin/members/MANY/role?org=acme": "Rola: Many", "/admin/members/MANY/remove?org=acme": "mniej na fakturze z dnia 1 grudnia 2026",
		"/admin/members/GONE/return?org=acme": "Ponowne przyjęcie", "/admin/members/MANY/owner?org=acme": "Przekazanie organizacji", invitePath: "Pokaż koszt",
		"/admin/invitations?org=acme": "Otwarte", "/admin/invitations/OPEN/resend?org=acme": "ponownie", "/admin/invitations/OPEN/revoke?org=acme": "Wycofać",
		"/admin/seats?org=acme": "Księga stanowisk", "/admin/org?org=acme": "Limity stanowisk",
	} {
		page := owner.get(b.ids.Replace(path))
		contains(t, page, want)
		lacks(t, page, "team.", "admin.", "problem.") // a missing key would show itself
	}
	page := owner.post(invitePath, url.Values{"addresses": {"ann@new.test, nikt"}, "role": {"member"}, "lang": {"pl"}})
	contains(t, page, "Zaprosić 1 osobę?", "20,00\u00a0zł na fakturze z dnia 1 grudnia 2026", "150,00\u00a0zł miesięcznie zamiast 120,00\u00a0zł", "Pominięto 1 wiersz")
}
