package admin_test

import (
	"html"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/wolfieauth/wolfieauth/billing"
	"github.com/wolfieauth/wolfieauth/internal/db"
	"github.com/wolfieauth/wolfieauth/internal/db/dbtest"
)

var driftFormOf = regexp.MustCompile(`(?s)<form method="post" action="([^"]*/drift)".*?</form>`)

// repair presses the button of the only difference that a page shows, confirmed or not.
func (br *browser) repair(page answer, direction string, confirmed bool) answer {
	br.b.t.Helper()
	forms := driftFormOf.FindAllStringSubmatch(page.body, -1)
	if len(forms) != 1 {
		br.b.t.Fatalf("%d differences: %s", len(forms), page.body)
	}
	in := url.Values{"direction": {direction}}
	for _, m := range regexp.MustCompile(`name="(price|account|live|seen)" value="([^"]*)"`).FindAllStringSubmatch(forms[0][0], -1) {
		in.Set(m[1], html.UnescapeString(m[2]))
	}
	if confirmed {
		in.Set("confirmed", "1")
	}
	return br.post(forms[0][1], in)
}

// atStripe syncs the app and answers what Stripe calls a plan and its first price.
func (b *bundle) atStripe(slug string) (product, price string) {
	b.t.Helper()
	b.connect()
	run, err := b.billing.StartSync(b.t.Context(), billing.Scope{Kind: billing.ScopeApp, ID: crm})
	b.must(err)
	for {
		b.must(b.jobs.DoNow(b.t.Context(), billing.KindCatalogSync, run.ID))
		run, err = b.billing.SyncStatus(b.t.Context(), run.ID)
		b.must(err)
		if run.FinishedAt != nil {
			break
		}
	}
	p := b.plan(slug)
	return p.Sync[0].StripeID, p.EditorPrices[0].Sync[0].StripeID
}

func TestDriftIsShownAndRepaired(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := setup(t, d)
		owner, list, target := b.as("owner", "acme"), "/admin/clients/"+crm+"/drift", plans+"/plan-pro/drift"
		contains(t, owner.get(list), "Nothing to compare with")
		contains(t, owner.get(target), "Stripe is not connected yet")
		product, price := b.atStripe("pro")
		contains(t, owner.get(list), "Known to Stripe", "Never made there", "Plans 1 to 3 of 3", target)
		contains(t, owner.get(target), "Both sides agree here", "In sync", product, price)

		// Words, taken over at once.
		b.stripe.Tamper(product, func(p *billing.RemoteProduct) bool { p.Name = "Prof <b>"; return true }, nil)
		page := owner.get(target)
		contains(t, page, "Changed at Stripe", "Prof &lt;b&gt;", "1 differs", "Takes over name and description")
		if got := owner.repair(page, "pull", false); got.status != http.StatusSeeOther || b.plan("pro").Name != "Prof <b>" {
			t.Errorf("%d, %q", got.status, b.plan("pro").Name)
		}
		contains(t, owner.get(target), "Stripe’s side was taken over", "Both sides agree here")

		// Terms, made anew at Stripe; the amounts are money in the language of the page.
		b.stripe.Tamper(price, nil, func(p *billing.RemotePrice) bool { p.Amount = 123456; return true })
		page = owner.get(target)
		contains(t, page, "PLN\u00a01,234.56", "PLN\u00a099.00", "Makes a new price at Stripe", "Retires this price here")
		contains(t, owner.in("pl").get(target), "1234,56\u00a0zł", "Zmienione w Stripe", "Wycofa tę cenę tutaj")
		if got := owner.repair(page, "push", false); got.status != http.StatusSeeOther {
			t.Errorf("%d: %s", got.status, got.body)
		}
		if got := b.actions(1); got[0] != "catalog.drift_pushed" {
			t.Error(got)
		}
		// The page of before shows another difference than there is now.
		if got := owner.repair(page, "push", false); got.status != http.StatusUnprocessableEntity || !strings.Contains(got.body, "Something changed since") {
			t.Errorf("an old page: %d", got.status)
		}

		// What ends a sale is asked once more.
		_, price = b.plan("pro").Sync[0].StripeID, b.plan("pro").EditorPrices[0].Sync[0].StripeID
		b.stripe.Tamper(price, nil, func(p *billing.RemotePrice) bool { p.Active = false; return true })
		page = owner.get(target)
		contains(t, page, "Archived at Stripe")
		ask := owner.repair(page, "pull", false)
		contains(t, ask, "Retires this price here", "does not come back", `name="confirmed"`)
		if b.plan("pro").EditorPrices[0].RetiredAt != nil {
			t.Error("retired before it was confirmed")
		}
		if got := owner.repair(page, "pull", true); got.status != http.StatusSeeOther || b.plan("pro").EditorPrices[0].RetiredAt == nil {
			t.Errorf("%d: not retired", got.status)
		}
		if !slices.Contains(b.actions(3), "catalog.drift_pulled") {
			t.Error(b.actions(3))
		}
	})
}

func TestDriftSaysWhatStandsInTheWay(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := setup(t, d)
		owner, target := b.as("owner", "acme"), plans+"/plan-pro/drift"
		product, price := b.atStripe("pro")
		b.stripe.Tamper(product, func(p *billing.RemoteProduct) bool { p.Name = ""; return true }, nil)
		page := owner.get(target)
		got := owner.repair(page, "pull", false)
		contains(t, got, "cannot be taken over", "Name: ")
		contains(t, owner.in("pl").repair(page, "pull", false), "Nie można przejąć", "Nazwa: ")
		if got.status != http.StatusUnprocessableEntity || b.plan("pro").Name != "Pro" {
			t.Errorf("%d, %q", got.status, b.plan("pro").Name)
		}
		b.stripe.Break(func(string) (error, error) { return billing.ErrStripeUnavailable, nil })
		contains(t, owner.get(target), "Stripe does not answer")
		contains(t, owner.in("pl").repair(page, "push", false), "Stripe nie odpowiada")
		b.stripe.Break(nil)
		if got := owner.repair(page, "sideways", false); got.status != http.StatusUnprocessableEntity {
			t.Errorf("a direction that there is not: %d", got.status)
		}
		// Another org's account, and a price of another plan.
		for _, in := range []url.Values{{"account": {"acct_other"}}, {"account": {"acct_acme"}, "price": {"price-nope"}}} {
			in.Set("direction", "push")
			if got := owner.post(target, in); got.status != http.StatusUnprocessableEntity {
				t.Errorf("%v: %d", in, got.status)
			}
		}
		b.stripe.Tamper(product, func(*billing.RemoteProduct) bool { return false }, nil)
		b.stripe.Tamper(price, nil, func(*billing.RemotePrice) bool { return false })
		contains(t, owner.get(target), "Deleted at Stripe", "2 differ", "Archives this plan here")
	})
}

// A request reads a portion at Stripe, however many prices a plan has.
func TestDriftReadsInPortions(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := setup(t, d)
		owner, target := b.as("owner", "acme"), plans+"/plan-pro/drift"
		countries := []string{"DE", "FR", "ES", "IT", "CZ", "SK", "AT", "NL", "BE", "SE"}
		for _, currency := range []string{"EUR", "USD", "CZK"} {
			for _, country := range countries {
				_, err := b.billing.AddPrice(t.Context(), billing.NewPrice{
					PlanID: "plan-pro", Amount: 500, Currency: currency, Interval: billing.IntervalMonth, CountryCodes: []string{country},
				})
				b.must(err)
			}
		}
		for i := range 60 {
			_, err := b.billing.CreatePlan(t.Context(), billing.NewPlan{Scope: billing.Scope{Kind: billing.ScopeApp, ID: crm}, Name: "Plan no " + strconv.Itoa(i)})
			b.must(err)
		}
		b.atStripe("pro")
		before := b.stripe.Calls("ReadProduct") + b.stripe.Calls("ReadPrice")
		page := owner.get("/admin/clients/" + crm + "/drift")
		contains(t, page, "Plans 1 to 50 of 63", "/drift?from=50")
		contains(t, owner.get("/admin/clients/"+crm+"/drift?from=50"), "Plans 51 to 63 of 63")
		contains(t, owner.get(target), "1 to 20 of 32", "/drift?from=20")
		if n := b.stripe.Calls("ReadProduct") + b.stripe.Calls("ReadPrice") - before; n != 20 {
			t.Errorf("%d readings", n)
		}
		contains(t, owner.get(target+"?from=20"), "21 to 32 of 32", "Next plan")
		list, total, err := b.billing.DriftsOfPlan(t.Context(), billing.Scope{Kind: billing.ScopeApp, ID: crm}, "plan-pro", 3, 1)
		if err != nil || len(list) != 1 || total != 32 {
			t.Errorf("%d of %d, %v", len(list), total, err)
		}
	})
}
