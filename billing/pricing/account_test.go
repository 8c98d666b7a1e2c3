package pricing_test

import (
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/wolfieauth/wolfieauth/billing"
	"github.com/wolfieauth/wolfieauth/internal/db"
	"github.com/wolfieauth/wolfieauth/internal/db/dbtest"
)

// buy pays a price for an org and answers the subscription, at ours and at Stripe.
func (r *realShop) buy(t *testing.T, org, priceID string) billing.Subscription {
	t.Helper()
	buyer := billing.Buyer{UserID: userID, OrgID: org, Email: "zofia@example.test", OrgName: org, Lang: "pl"}
	c, err := r.service.StartCheckout(t.Context(), buyer, billing.CheckoutRequest{ClientID: "acme-crm", PriceID: priceID})
	if err != nil {
		t.Fatal(err)
	}
	if _, ok := r.stripe.Pay(c.SessionID); !ok {
		t.Fatalf("session %s cannot be paid", c.SessionID)
	}
	out, err := r.service.FinishCheckout(t.Context(), c.ID, org)
	if err != nil || out.Subscription == nil {
		t.Fatalf("bought: %+v, %v", out, err)
	}
	return *out.Subscription
}

func TestAccountBilling(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		r := setupReal(t, d)
		r.browser().get("/account/billing").wants(t, http.StatusSeeOther)
		br := r.signedIn(ownOrg)
		br.get("/account/billing").wants(t, http.StatusOK, "nothing for yourself", "no subscription yet", "Kancelaria Nowak")
		r.members.count.Store(4)
		pro, team := r.buy(t, ownOrg, r.prices["pro month"]), r.buy(t, teamOrg, r.prices["team month"])
		a := br.get("/account/billing")
		a.wants(t, http.StatusOK, "Pro", "Renews on 22 December 2026", "PLN 99 on 22 December 2026", "Visa ending in 4242", "4 users for 4 members",
			"PLN 120 on", "INV-1", "https://pay.test/i/"+pro.StripeID+"/pdf", "/account/billing/cancel?subscription="+team.ID)
		a.lacks(t, "spare", "Keep the subscription")
		r.members.count.Store(2)
		br.get("/account/billing").wants(t, http.StatusOK, "4 users for 2 members", "2 spare seats")
		br.get("/billing/acme-crm").wants(t, http.StatusOK, `href="/account/billing"`)

		br.get("/account/billing/cancel?subscription="+pro.ID).wants(t, http.StatusOK, "Cancel Pro in Acme CRM?", "until 22 December 2026")
		form := url.Values{"subscription": {pro.ID}}
		br.post("/account/billing/cancel", form).wants(t, http.StatusSeeOther)
		br.get("/account/billing").wants(t, http.StatusOK, "Pro in Acme CRM is cancelled", "Ending", "Ends on 22 December 2026", "Keep the subscription")
		br.post("/account/billing/resume", form).wants(t, http.StatusSeeOther)
		a = br.get("/account/billing")
		a.wants(t, http.StatusOK, "goes on as before", "Renews on 22 December 2026")
		a.lacks(t, "Keep the subscription")
		portal := br.post("/account/billing/portal", form)
		portal.wants(t, http.StatusSeeOther)
		if got := portal.header.Get("Location"); got != "https://portal.test/"+pro.CustomerID+"?return=https://auth.test/account/billing" {
			t.Errorf("portal at %q", got)
		}
	})
}

func TestAccountBillingPastDueAndOutage(t *testing.T) {
	t.Parallel()
	r := setupReal(t, dbtest.SQLite(t))
	sub := r.buy(t, ownOrg, r.prices["pro month"])
	unpaid := noon().Add(-24 * time.Hour)
	r.stripe.Change(sub.StripeID, func(s *billing.RemoteSubscription) { s.Status, s.OldestUnpaidAt = billing.StatusPastDue, &unpaid })
	if err := r.service.CancelAtPeriodEnd(t.Context(), ownOrg, sub.ID); err != nil { // any change reads it again
		t.Fatal(err)
	}
	br := r.signedIn(ownOrg)
	br.get("/account/billing").wants(t, http.StatusOK, "Payment failed", "by 28 November 2026 to keep the plan", "Change the card")
	r.stripe.Break(func(string) (error, error) { return billing.ErrStripeUnavailable, nil })
	br.get("/account/billing").wants(t, http.StatusOK, "Payment failed", "does not answer right now")
	br.post("/account/billing/resume", url.Values{"subscription": {sub.ID}}).wants(t, http.StatusSeeOther)
	br.get("/account/billing").wants(t, http.StatusOK, "will pass it on by ourselves", "on its way to the payment service")
}

func TestAccountBillingOfOthers(t *testing.T) {
	t.Parallel()
	r := setupReal(t, dbtest.SQLite(t))
	sub := r.buy(t, alienOrg, r.prices["pro month"])
	br := r.signedIn(ownOrg)
	br.get("/account/billing").lacks(t, sub.ID, "INV-1")
	for _, verb := range []string{"cancel", "resume", "portal"} {
		br.post("/account/billing/"+verb, url.Values{"subscription": {sub.ID}}).wants(t, http.StatusNotFound)
		r.browser().post("/account/billing/"+verb, url.Values{"subscription": {sub.ID}}).wants(t, http.StatusSeeOther)
	}
	br.get("/account/billing/cancel?subscription="+sub.ID).wants(t, http.StatusNotFound)
	if n := r.stripe.Calls("SetEnding") + r.stripe.Calls("CreatePortal"); n != 0 {
		t.Errorf("Stripe was asked %d times", n)
	}
}
