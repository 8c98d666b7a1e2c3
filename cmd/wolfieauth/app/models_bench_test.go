package app_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"sync/atomic"
	"testing"

	"github.com/wolfieauth/wolfieauth/billing"
	"github.com/wolfieauth/wolfieauth/idp"
	"github.com/wolfieauth/wolfieauth/internal/db"
)

// catalogueCurrencies are those that the plans of a large catalogue are sold in.
var catalogueCurrencies = []string{"PLN", "EUR", "USD", "GBP", "CZK"}

// BenchmarkCatalogue tells requests a second, statements a request and the weight of the pricing page and of the
// plans JSON for catalogues of several sizes; half of the prices are per seat in brackets.
func BenchmarkCatalogue(b *testing.B) {
	h := setup(b, filepath.Join(b.TempDir(), "bench.db"))
	for _, size := range []struct{ plans, prices int }{{5, 4}, {50, 4}, {200, 10}} {
		clientID := h.stock(b, size.plans, size.prices)
		for _, m := range []measured{
			{"page", 1, true, h.asking("/billing/"+clientID, http.Header{"Accept": {"text/html"}, "Accept-Encoding": {"gzip"}})},
			{"page for 14 seats", 1, true, h.asking("/billing/"+clientID+"?seats=14&interval=year", http.Header{"Accept": {"text/html"}, "Accept-Encoding": {"gzip"}})},
			{"JSON", 1, true, h.asking("/api/billing/"+clientID+"/plans", http.Header{"Accept-Encoding": {"gzip"}})},
		} {
			b.Run(fmt.Sprintf("%d plans, %d prices/%s", size.plans, size.plans*size.prices, m.name), func(b *testing.B) { h.benchCatalogue(b, m) })
		}
	}
}

func (h *house) asking(target string, header http.Header) func() (string, string, http.Header, string) {
	return func() (string, string, http.Header, string) { return http.MethodGet, target, header, "" }
}

func (h *house) benchCatalogue(b *testing.B, m measured) {
	b.Helper()
	method, target, header, body := m.make()
	handler := h.App.Handler()
	serve := func(header http.Header, n *atomic.Int64) *httptest.ResponseRecorder {
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, h.within(db.CountStatements(b.Context(), n), method, target, header, body))
		if w.Code != http.StatusOK {
			b.Fatalf("%s: %d %s", target, w.Code, w.Body)
		}
		return w
	}
	var n atomic.Int64
	plain := header.Clone()
	plain.Del("Accept-Encoding")
	weight, sent := serve(plain, &n).Body.Len(), serve(header, &n).Body.Len() // and the catalogue is warm now
	n.Store(0)
	for b.Loop() {
		serve(header, &n)
	}
	each := b.Elapsed().Seconds() / float64(b.N)
	b.ReportMetric(float64(n.Load())/float64(b.N), "statements/op")
	b.ReportMetric(1/each, "requests/s")
	b.ReportMetric(float64(weight)/1024, "KiB")
	b.ReportMetric(float64(sent)/1024, "KiB-sent")
}

// stock opens an app with a catalogue of its own and answers its client id.
func (h *house) stock(t testing.TB, plans, prices int) string {
	t.Helper()
	crm, err := h.App.Identity().App(t.Context(), "acme-crm")
	must(t, err)
	made, _, err := h.App.Identity().CreateApp(t.Context(), idp.CreateApp{
		OrgID: crm.OrgID, Slug: fmt.Sprintf("shop-%d", plans), Name: "Shop", Kind: idp.AppWeb, RedirectURIs: []string{redirect}, Trusted: true,
	})
	must(t, err)
	must(t, h.App.Billing().EnableBilling(t.Context(), billing.EnableBilling{ClientID: made.ClientID, Gateway: billing.GatewayConnect, DefaultCurrency: "PLN", DefaultCountry: "PL"}))
	scope := billing.Scope{Kind: billing.ScopeApp, ID: made.ClientID}
	var keys []string
	for i := range 12 {
		key := fmt.Sprintf("feature_%c", 'a'+i)
		_, err := h.App.Billing().CreateFeature(t.Context(), billing.NewFeature{Scope: scope, Key: key, Name: "Feature " + key[8:]})
		must(t, err)
		keys = append(keys, key)
	}
	for i := range plans {
		plan, err := h.App.Billing().CreatePlan(t.Context(), billing.NewPlan{
			Scope: scope, Name: fmt.Sprintf("Plan %d", i), Description: "Everything that a growing company needs, and nothing else.", Position: int64(i), FeatureKeys: keys[:i%len(keys)],
		})
		must(t, err)
		for n := range prices {
			_, err := h.App.Billing().AddPrice(t.Context(), stockPrice(plan.ID, i, n))
			must(t, err)
		}
	}
	return made.ClientID
}

// stockPrice is the nth price of plan i: by month and by year in each currency in turn.
func stockPrice(planID string, i, n int) billing.NewPrice {
	p := billing.NewPrice{PlanID: planID, Currency: catalogueCurrencies[n/2%len(catalogueCurrencies)], Amount: int64(1000 + 100*i), Interval: billing.IntervalMonth}
	if n%2 == 1 {
		p.Amount, p.Interval = 10*p.Amount, billing.IntervalYear
	}
	if i%2 == 1 {
		p.PerSeat, p.SeatLabel, p.Scheme = true, "users", billing.SchemeGraduated
		p.Tiers = []billing.Tier{bracket(10, p.Amount, 0), bracket(50, p.Amount-100, 500), bracket(0, p.Amount-200, 0)}
	}
	return p
}

// TestModelsOfALargeCatalogue keeps 200 plans with 2,000 prices usable: one statement, as for a small
// one.
func TestModelsOfALargeCatalogue(t *testing.T) {
	t.Parallel()
	h := setup(t, filepath.Join(t.TempDir(), "large.db"))
	clientID := h.stock(t, 200, 10)
	for name, target := range map[string]string{"page": "/billing/" + clientID, "JSON": "/api/billing/" + clientID + "/plans"} {
		m := measured{name, 1, true, h.asking(target, nil)}
		// What was changed just now is looked for once more.
		eventually(t, "the "+name+" of a known catalogue takes one statement", func() bool { return h.counted(t, m) <= m.budget })
	}
}
