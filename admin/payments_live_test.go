package admin_test

import (
	"strings"
	"testing"

	"github.com/wolfieauth/wolfieauth/billing"
	"github.com/wolfieauth/wolfieauth/internal/db"
	"github.com/wolfieauth/wolfieauth/internal/db/dbtest"
)

// TestWhatIsMissingForLiveSales does one step after another, and sees the list follow.
func TestWhatIsMissingForLiveSales(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := setup(t, d)
		ctx, owner := t.Context(), b.as("owner", "acme")
		missing := func(want int, texts ...string) {
			t.Helper()
			page := owner.get(acmePayments)
			if n := strings.Count(page.body, "To do:"); n != want {
				t.Errorf("%d steps are missing, want %d", n, want)
			}
			contains(t, page, texts...)
		}
		missing(6, "What is missing for live sales", "Plans and prices are made and synced")
		b.connectLive("acct_live")
		missing(3)
		b.must(b.billing.EnableBilling(ctx, billing.EnableBilling{ClientID: crm, Gateway: billing.GatewayConnect, Livemode: true, DefaultCurrency: "PLN"}))
		missing(2, "(0 of 3)")
		b.must(b.billing.ArchivePlan(ctx, "plan-secret"))
		b.must(b.billing.ArchivePlan(ctx, "plan-all"))
		b.ensure("plan-pro", billing.Account{ID: "acct_live"})
		missing(2, "(0 of 1)") // in test mode, which is another thing
		b.ensure("plan-pro", billing.Account{ID: "acct_live", Livemode: true})
		missing(1, "(1 of 1)")
		for _, at := range []billing.Account{{ID: "acct_live"}, {ID: "acct_other", Livemode: true}} {
			b.heard(at)
			missing(1)
		}
		b.heard(billing.Account{ID: "acct_live", Livemode: true})
		missing(0, "Everything is in place for live sales")
		contains(t, owner.in("pl").get(acmePayments), "Wszystko jest gotowe do prawdziwej sprzedaży", "(1 z 1)")
		b.must(b.billing.Disconnect(ctx, b.orgs["acme"].ID, true, false))
		if page := owner.in("en").get(acmePayments); strings.Count(page.body, "To do:") != 6 {
			t.Error("a disconnected account counts")
		}
	})
}

// ensure makes the prices of a plan at Stripe.
func (b *bundle) ensure(planID string, at billing.Account) {
	b.t.Helper()
	c, err := b.billing.EditorCatalog(b.t.Context(), billing.Scope{Kind: billing.ScopeApp, ID: crm})
	b.must(err)
	for _, p := range c.Plans {
		for _, price := range p.EditorPrices {
			if p.ID == planID {
				_, err := b.billing.EnsureStripePrice(b.t.Context(), at, p.Plan, price.Price)
				b.must(err)
			}
		}
	}
}

func (b *bundle) heard(at billing.Account) {
	b.t.Helper()
	_, err := b.billing.Receive(b.t.Context(), billing.WebhookEvent{
		Account: at.ID, Livemode: at.Livemode, EventID: "evt_" + at.ID + modeName(at), Type: "account.updated", APIVersion: "2023-10-16", ObjectID: at.ID, Payload: "{}",
	})
	b.must(err)
}

func modeName(at billing.Account) string {
	if at.Livemode {
		return "live"
	}
	return "test"
}
