package app_test

import (
	"fmt"
	"net/http"
	"net/url"
	"os"
	"strings"
	"testing"

	"github.com/wolfieauth/wolfieauth/billing"
	"github.com/wolfieauth/wolfieauth/cmd/wolfieauth/app"
	"github.com/wolfieauth/wolfieauth/cmd/wolfieauth/app/apptest"
	"github.com/wolfieauth/wolfieauth/idp"
	"github.com/wolfieauth/wolfieauth/internal/db/dbtest"
)

// seatKills are the moments at which the server dies while it brings seats to Stripe.
var seatKills = []killPoint{
	{name: "after Stripe changed the quantity", match: "POST /v1/subscriptions/", answered: true},
	{name: "before Stripe hears of the quantity", match: "POST /v1/subscriptions/", long: true},
	{name: "while the subscription is read", match: "GET /v1/subscriptions/", answered: true, long: true},
	{name: "while the invoice lines are read", match: "GET /v1/invoiceitems", long: true},
}

// TestKillWhileSeatsFollow ends the server without warning while it follows an org's members: after a restart the
// quantity is right, Stripe was asked once for each change, and the ledger tells each.
func TestKillWhileSeatsFollow(t *testing.T) {
	t.Parallel()
	dbtest.EachDSN(t, func(t *testing.T, dsn string) {
		m := newMill(t, dsn)
		rounds, long := 1, os.Getenv("WOLFIEAUTH_CHAOS") == "long"
		if long {
			rounds = 5
		}
		a := m.open()
		t.Cleanup(func() { must(t, a.Close()) })
		org := m.team(a)
		members := int64(1)
		for range rounds {
			for _, p := range seatKills {
				if p.long && !long {
					continue
				}
				members++
				person, _, err := a.Identity().CreateUser(t.Context(), idp.CreateUser{Email: newcomer(), Verified: true})
				must(t, err)
				died := make(chan struct{})
				m.arm(p, died)
				_, err = a.Identity().AddMember(t.Context(), org.ID, person.ID, "member")
				must(t, err)
				m.await(died, p)
				m.serve()
				eventually(t, fmt.Sprintf("killed %s, the quantity is %d", p.name, members), func() bool { return m.seatsDone(a, org.ID, members) })
			}
		}
		rows, _, err := a.Billing().SeatLedger(t.Context(), org.ID, "", 100)
		must(t, err)
		if want := int(members); len(rows) != want { // the purchase, and one for each who came
			t.Errorf("%d rows in the ledger, want %d: %+v", len(rows), want, rows)
		}
		for i, r := range rows {
			if n := int64(len(rows) - i); r.Status != billing.SeatDone || r.From != n-1 || r.To != n {
				t.Errorf("%+v", r)
			}
			if i < len(rows)-1 && (r.InvoiceLine == "" || r.Amount <= 0) {
				t.Errorf("no line: %+v", r)
			}
		}
		m.checkSeats(a, org.ID, members)
	})
}

// checkSeats has an operator find and repair what was changed at Stripe while the server was down.
func (m *mill) checkSeats(a *app.App, orgID string, members int64) {
	t, sh := m.t, shell{m.t, m.env(), m.bin}
	if out := sh.run("seats", "check"); out != "1 compared, 0 differ\n" {
		t.Errorf("all is well, and it says %s", out)
	}
	m.kill()
	states, err := a.Billing().SeatStates(t.Context(), orgID)
	must(t, err)
	sub := states[0].Subscription
	form := url.Values{"items[0][id]": {sub.ItemID}, "items[0][quantity]": {"9"}}
	if res := post(t, m.boxURL+"/v1/subscriptions/"+sub.StripeID, "application/x-www-form-urlencoded", form.Encode(), bearer(millKey)); res.status != http.StatusOK {
		t.Fatalf("change at Stripe: %d %s", res.status, res.body)
	}
	want := fmt.Sprintf("org %s subscription %s (%s) plan \"Team\": members %d, committed 1, wanted %d, stored %d, at stripe 9", orgID, sub.ID, sub.StripeID, members, members, members)
	if out := sh.run("seats", "check", "--dry-run"); out != want+"\n1 compared, 1 differ\n" {
		t.Errorf("a dry run says %s", out)
	}
	if out := sh.run("seats", "check"); !strings.HasPrefix(out, want+", repair asked for\n1 compared, 1 differ\n") {
		t.Errorf("the check says %s", out)
	}
	m.serve()
	eventually(t, "the quantity is repaired", func() bool { return m.seatsDone(a, orgID, members) })
}

// team makes an org that buys one seat.
func (m *mill) team(a *app.App) idp.Org {
	t, ctx := m.t, m.t.Context()
	owner, _, err := a.Identity().CreateUser(ctx, idp.CreateUser{Email: newcomer(), Verified: true})
	must(t, err)
	org, err := a.Identity().CreateOrg(ctx, idp.CreateOrg{Name: "Victims", OwnerUserID: owner.ID})
	must(t, err)
	c, err := a.Billing().StartCheckout(ctx, billing.Buyer{UserID: owner.ID, OrgID: org.ID, Email: owner.Email, OrgName: org.Name, Lang: "en"},
		billing.CheckoutRequest{ClientID: m.client.ID, PriceID: millSeats})
	must(t, err)
	res := post(t, c.URL, "application/x-www-form-urlencoded", url.Values{
		"email": {owner.Email}, "cardNumber": {apptest.CardPays}, "cardExpiry": {"12 / 34"}, "cardCvc": {"123"}, "billingName": {"Victims"},
	}.Encode(), http.Header{"Sec-Fetch-Site": {"same-origin"}})
	if res.status != http.StatusSeeOther {
		t.Fatalf("payment: %d %s", res.status, res.body)
	}
	done, err := a.Billing().FinishCheckout(ctx, c.ID, org.ID)
	must(t, err)
	if done.State != billing.FinishSuccess {
		t.Fatalf("bought, but %s", done.State)
	}
	return org
}

// seatsDone asks Stripe and the ledger.
func (m *mill) seatsDone(a *app.App, orgID string, want int64) bool {
	states, err := a.Billing().SeatStates(m.t.Context(), orgID)
	must(m.t, err)
	for _, s := range m.stripe("/v1/subscriptions?limit=100") {
		if s["id"] != states[0].Subscription.StripeID {
			continue
		}
		items := s["items"].(map[string]any)["data"].([]any)
		if got := items[0].(map[string]any)["quantity"].(float64); int64(got) != want {
			return false
		}
	}
	rows, _, err := a.Billing().SeatLedger(m.t.Context(), orgID, "", 1)
	must(m.t, err)
	return !states[0].Pending && strings.Contains(rows[0].InvoiceLine, "ii_")
}
