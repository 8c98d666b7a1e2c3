package pricing_test

import (
	"html"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/wolfieauth/wolfieauth/billing"
	"github.com/wolfieauth/wolfieauth/internal/db"
	"github.com/wolfieauth/wolfieauth/internal/db/dbtest"
)

var hiddenField = regexp.MustCompile(`<input type="hidden" name="([a-z_]+)" value="([^"]*)">`)

// fields reads the hidden fields of a page's form.
func (a answer) fields() url.Values {
	form := url.Values{}
	for _, m := range hiddenField.FindAllStringSubmatch(a.body, -1) {
		form.Set(m[1], html.UnescapeString(m[2]))
	}
	return form
}

func TestSwitchFromThePricingPage(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		r := setupReal(t, d)
		r.members.count.Store(3)
		r.who.members = 3
		sub := r.buy(t, teamOrg, r.prices["pro month"])
		address := "/billing/acme-crm/switch?org_id=" + teamOrg + "&price=" + r.prices["team month"]
		toSignIn := r.browser().get(address)
		toSignIn.wants(t, http.StatusSeeOther)
		if got, _ := url.QueryUnescape(toSignIn.header.Get("Location")); !strings.HasSuffix(got, address) {
			t.Errorf("sign-in leads back to %q", got)
		}
		br := r.signedIn(teamOrg)
		br.get("/billing/acme-crm").wants(t, http.StatusOK, html.EscapeString(address))
		br.get("/billing/acme-crm?interval=year").wants(t, http.StatusOK, "Switch to yearly billing", r.prices["pro year"])
		again := br.api(http.MethodPost, "/v1/billing/checkout", `{"priceId":"`+r.prices["team month"]+`"}`)
		again.wants(t, http.StatusConflict, "already_subscribed", strings.ReplaceAll(address, "&", `\u0026`))
		again.keeps(t, "problem")

		page := br.get(address)
		// A whole period is left: 99 back, 90 for three seats, then 90 for the next period.
		page.wants(t, http.StatusOK, "Switch to Team", "PLN 99", "3 users", "Credit for the rest of this period", "-PLN 9", "PLN 81", "On your invoice of 22 December 2026", "After that PLN 90 / month, next on 22 January 2027")
		form := page.fields()
		wrong := page.fields()
		wrong.Set("total", "1")
		br.post("/billing/acme-crm/switch", wrong).wants(t, http.StatusConflict, "has changed since you looked")
		r.members.count.Store(4) // somebody joined meanwhile
		br.post("/billing/acme-crm/switch", form).wants(t, http.StatusConflict, "has changed since you looked", "4 users")
		r.members.count.Store(3)
		br.post("/billing/acme-crm/switch", form).wants(t, http.StatusSeeOther)
		br.get("/account/billing").wants(t, http.StatusOK, "You have Team in Acme CRM from now on", "3 users for 3 members", "PLN 81 on 22 December 2026")
		again = br.post("/billing/acme-crm/switch", form)
		again.wants(t, http.StatusConflict, "You already have Team")
		if n := r.stripe.Calls("Switch"); n != 1 {
			t.Errorf("Stripe was asked %d times", n)
		}
		br.get("/billing/acme-crm/switch?price="+r.prices["pro month"]+"&org_id="+ownOrg).wants(t, http.StatusSeeOther) // nothing to switch there
		br.get("/billing/acme-crm/switch?price="+r.prices["pro month"]+"&org_id="+alienOrg).wants(t, http.StatusForbidden)
		br.get("/billing/acme-crm/switch?price=none").wants(t, http.StatusNotFound)
		if err := r.service.CancelAtPeriodEnd(t.Context(), teamOrg, sub.ID); err != nil {
			t.Fatal(err)
		}
		br.get("/billing/acme-crm/switch?price="+r.prices["pro month"]).wants(t, http.StatusOK, "Team is cancelled. Keep the subscription first")
	})
}

func TestSwitchDeclinedAndDown(t *testing.T) {
	t.Parallel()
	r := setupReal(t, dbtest.SQLite(t))
	r.buy(t, ownOrg, r.prices["pro month"])
	br := r.signedIn(ownOrg)
	address := "/billing/acme-crm/switch?price=" + r.prices["team month"]
	form := br.get(address).fields()
	faulty := func(err error) {
		r.stripe.Break(func(op string) (error, error) {
			if op == "Switch" {
				return err, nil
			}
			return nil, nil
		})
	}
	faulty(billing.ErrCardDeclined)
	br.post("/billing/acme-crm/switch", form).wants(t, http.StatusUnprocessableEntity, "The payment was declined, so nothing has changed")
	faulty(billing.ErrStripeUnavailable)
	br.post("/billing/acme-crm/switch", form).wants(t, http.StatusSeeOther)
	br.get("/account/billing").wants(t, http.StatusOK, "will pass it on by ourselves", "Your change of plan has been noted")
}

func TestSwitchAtThePeriodsEndIsTakenBack(t *testing.T) {
	t.Parallel()
	r := setupReal(t, dbtest.SQLite(t))
	r.buy(t, ownOrg, r.prices["pro month"])
	err := r.service.EditShop(t.Context(), billing.ShopEdit{ClientID: "acme-crm", DefaultCurrency: "PLN", DefaultCountry: "PL", ChangeMode: billing.ModePeriodEnd})
	if err != nil {
		t.Fatal(err)
	}
	br := r.signedIn(ownOrg)
	page := br.get("/billing/acme-crm/switch?price=" + r.prices["team month"])
	page.wants(t, http.StatusOK, "You keep Pro until 22 December 2026; nothing is charged before.", "PLN 30")
	br.post("/billing/acme-crm/switch", page.fields()).wants(t, http.StatusSeeOther)
	page = br.get("/account/billing")
	page.wants(t, http.StatusOK, "You will have Team in Acme CRM from 22 December 2026 on", "Your plan changes to Team on 22 December 2026.", "Keep Pro", "Renews on")
	br.post("/account/billing/resume", page.fields()).wants(t, http.StatusSeeOther)
	br.get("/account/billing").lacks(t, "Your plan changes to Team", "Keep Pro")
	if n := r.stripe.Calls("Switch") + r.stripe.Calls("SetEnding"); n != 0 {
		t.Errorf("Stripe was asked %d times", n)
	}
}
