package pricing_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wolfieauth/wolfieauth/billing"
)

func TestTiersAreWorkedOut(t *testing.T) {
	t.Parallel()
	for scheme, want := range map[billing.Scheme][2]string{
		billing.SchemeVolume:    {"Volume pricing: all seats cost what the reached row says", "14 users: 14 × PLN 89 &#43; PLN 5.01 = PLN 1,251.01"},
		billing.SchemeGraduated: {"Graduated pricing: each row’s seats cost their own price", "14 users: 10 × PLN 99 &#43; 4 × PLN 89 &#43; PLN 5.01 = PLN 1,351.01"},
	} {
		b := setup(t)
		p := tiered(scheme)
		p.Tiers[1].FlatAmount = 501
		b.shop.catalog.Plans[2].Prices[0] = p
		b.browser().get("/billing/acme-crm?seats=14").wants(t, http.StatusOK, want[0], want[1], "14 users: PLN "+want[1][strings.LastIndex(want[1], " ")+1:]+" / month")
	}
	b := setup(t)
	b.shop.catalog.Plans[2].Prices[0] = tiered(billing.SchemeGraduated)
	b.browser().get("/billing/acme-crm?seats=14&lang=pl").wants(t, http.StatusOK, "Cena stopniowana", "14 użytkowników: 10 × 99 zł &#43; 4 × 89 zł = 1346 zł")
}

func TestWhyThesePrices(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.browser().get("/billing/acme-crm").wants(t, http.StatusOK, "Prices for Poland: in PLN the same as everywhere. We assume this country until you choose one.", `<option value="DE"`)
	b.browser().get("/billing/acme-crm?country=DE").wants(t, http.StatusOK, "Prices for Germany, which has its own in PLN.", `<option value="DE" selected`)
	chosen := b.browser().get("/billing/acme-crm?country=DE&currency=EUR")
	chosen.wants(t, http.StatusOK, "Prices for Germany: in EUR the same as everywhere.")
	chosen.lacks(t, "We assume")
	b.browser().get("/billing/acme-crm?country=DE&lang=pl").wants(t, http.StatusOK, "Ceny dla kraju: Niemcy, osobne w walucie PLN.")
	b.shop.catalog.Plans[1].Prices = b.shop.catalog.Plans[1].Prices[:1]
	b.browser().get("/billing/acme-crm").lacks(t, "Prices for")
}

func TestSpareSeatsAreSaid(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.signedIn(ownOrg).get("/billing/acme-crm?seats=5").wants(t, http.StatusOK, "4 spare seats")
	b.signedIn(ownOrg).get("/billing/acme-crm?seats=1").lacks(t, "spare seat")
	b.browser().get("/billing/acme-crm?seats=5").lacks(t, "spare seat")
}

func TestACurrencyThatIsNotPaidIn(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.shop.held[billing.Scope{Kind: billing.ScopeApp, ID: "acme-crm"}] = proHeld(billing.StatusActive)
	const fact = "You pay for Pro in PLN, and a subscription keeps its currency. To pay in EUR, end Pro"
	b.signedIn(ownOrg).get("/billing/acme-crm").lacks(t, fact)
	b.signedIn(ownOrg).get("/billing/acme-crm?currency=EUR").wants(t, http.StatusOK, fact, "Your plan")
	b.browser().get("/billing/acme-crm?currency=EUR").lacks(t, fact)
	// A plan that is not sold in the currency is still the visitor's own.
	b.shop.catalog.Plans[0].Prices = b.shop.catalog.Plans[0].Prices[:2]
	b.signedIn(ownOrg).get("/billing/acme-crm?currency=EUR").wants(t, http.StatusOK, fact, "Your plan", "Not sold in EUR.", "Manage subscription", "Renews on 22 December 2026")
}

func TestTheComparisonHoldsWhatCanBeHad(t *testing.T) {
	t.Parallel()
	b := setup(t)
	mail := billing.Feature{Key: "mail", Name: "Wspólna skrzynka"}
	b.shop.catalog.Plans[4].Features = append(b.shop.catalog.Plans[4].Features, mail) // Premium, in PLN alone
	table := func(query string) string {
		_, after, _ := strings.Cut(b.browser().get("/billing/acme-crm?"+query).body, `<section class="compare">`)
		before, _, _ := strings.Cut(after, "</section>")
		return before
	}
	if all := table(""); !strings.Contains(all, "Premium") || !strings.Contains(all, "Wspólna skrzynka") {
		t.Errorf("in PLN the table is %s", all)
	}
	if euro := table("currency=EUR"); strings.Contains(euro, "Premium") || strings.Contains(euro, "Wspólna skrzynka") || !strings.Contains(euro, "Dysk bez limitu") {
		t.Errorf("in EUR the table is %s", euro)
	}
}

// TestLinkedData reads the data block as a search engine does.
func TestLinkedData(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.shop.catalog.Plans[0].Description = `For </script><script>alert("x")</script> & co`
	a := b.browser().get("/billing/acme-crm?country=DE")
	_, after, ok := strings.Cut(a.body, `<script type="application/ld+json">`)
	block, _, closed := strings.Cut(after, "</script>")
	if !ok || !closed || strings.Contains(a.body, `alert("x")`) {
		t.Fatalf("no data block, or a torn one: %s", block)
	}
	type offer struct {
		Price, PriceCurrency, URL string
		EligibleRegion            []string
		PriceSpecification        struct{ UnitCode, UnitText string }
	}
	var doc struct {
		Context string `json:"@context"`
		Graph   []struct {
			Type              string `json:"@type"`
			Name, Description string
			Offers            []offer
		} `json:"@graph"`
	}
	if err := json.Unmarshal([]byte(block), &doc); err != nil {
		t.Fatalf("%v: %s", err, block)
	}
	if doc.Context != "https://schema.org" || len(doc.Graph) != 4 || doc.Graph[0].Type != "Product" || doc.Graph[0].Name != "Acme CRM Pro" || doc.Graph[0].Description != b.shop.catalog.Plans[0].Description {
		t.Errorf("the block says %+v", doc)
	}
	var prices []string
	for _, p := range doc.Graph {
		for _, o := range p.Offers {
			if !strings.HasPrefix(o.URL, "http://localhost:") || !strings.Contains(o.URL, "/billing/acme-crm?currency=PLN&plan=") {
				t.Errorf("%s leads to %s", p.Name, o.URL)
			}
			prices = append(prices, strings.Join(append([]string{p.Name, o.Price, o.PriceCurrency, o.PriceSpecification.UnitCode, o.PriceSpecification.UnitText}, o.EligibleRegion...), " "))
		}
	}
	want := []string{"Acme CRM Pro 99.00 PLN MON ", "Acme CRM Pro 990.00 PLN ANN ", "Acme CRM Starter 55.00 PLN MON  DE", "Acme CRM Team 30.00 PLN MON user", "Acme CRM Premium 149.00 PLN MON "}
	if diff := cmp.Diff(want, prices); diff != "" {
		t.Errorf("offers (-want +got):\n%s", diff)
	}
	b.shop.catalog.Plans = nil
	b.browser().get("/billing/acme-crm").lacks(t, "ld+json")
}
