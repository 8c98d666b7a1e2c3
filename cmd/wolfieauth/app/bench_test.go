package app_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"sync/atomic"
	"testing"

	"github.com/wolfieauth/wolfieauth/cmd/wolfieauth/demo"
	"github.com/wolfieauth/wolfieauth/idp"
	"github.com/wolfieauth/wolfieauth/internal/db"
)

func refreshIn(t testing.TB, body []byte) string {
	t.Helper()
	var got struct {
		Refresh string `json:"refresh_token"`
	}
	must(t, json.Unmarshal(body, &got))
	if got.Refresh == "" {
		t.Fatalf("no refresh token in %s", body)
	}
	return got.Refresh
}

// BenchmarkPaths tells requests a second and statements a request of the budgeted paths: for somebody who holds
// a plan, for somebody who does not, and at an app whose tokens carry no plans claim because it sells nothing.
// Each path's cost also comes as a ratio to that of the key set, which does nothing but answer: ratios of one run
// travel from machine to machine, times do not.
func BenchmarkPaths(b *testing.B) {
	h := setup(b, filepath.Join(b.TempDir(), "bench.db"))
	h.sellNothing(b)
	var unit float64
	for _, who := range []struct{ name, client, email string }{
		{"with plan", "acme-crm", "bundled@example.test"}, {"with empty claim", "acme-crm", "buyer@example.test"}, {"without claim", "acme-free", "buyer@example.test"},
	} {
		paths := h.paths(b, who.client, who.email)
		refresh, keep := h.refreshing(b, who.client, who.email)
		for _, m := range slices.Backward(paths) { // the key set first: it is the unit
			if m.shop && who.client == "acme-free" {
				continue
			}
			b.Run(m.name+"/"+who.name, func(b *testing.B) { h.bench(b, m, nil, &unit) })
		}
		b.Run(refresh.name+"/"+who.name, func(b *testing.B) { h.bench(b, refresh, keep, &unit) })
	}
}

// sellNothing registers an app without billing.
func (h *house) sellNothing(t testing.TB) {
	t.Helper()
	crm, err := h.App.Identity().App(t.Context(), "acme-crm")
	must(t, err)
	made, plain, err := h.App.Identity().CreateApp(t.Context(), idp.CreateApp{
		OrgID: crm.OrgID, Slug: "free", Name: "Free", Kind: idp.AppWeb, RedirectURIs: []string{redirect}, Trusted: true,
	})
	must(t, err)
	h.line.Apps = append(h.line.Apps, demo.LineApp{ClientID: made.ClientID, ClientSecret: plain})
}

func (h *house) bench(b *testing.B, m measured, after func([]byte), unit *float64) {
	b.Helper()
	var n atomic.Int64
	handler := h.App.Handler()
	for b.Loop() {
		b.StopTimer() // making a code means a whole sign-in
		method, target, header, body := m.make()
		r := h.within(db.CountStatements(b.Context(), &n), method, target, header, body)
		w := httptest.NewRecorder()
		b.StartTimer()
		handler.ServeHTTP(w, r)
		if w.Code != http.StatusOK {
			b.Fatalf("%s: %d %s", m.name, w.Code, w.Body)
		}
		if after != nil {
			after(w.Body.Bytes())
		}
	}
	each := b.Elapsed().Seconds() / float64(b.N)
	if m.name == "key set" {
		*unit = each
	}
	b.ReportMetric(float64(n.Load())/float64(b.N), "statements/op")
	b.ReportMetric(1/each, "requests/s")
	if *unit > 0 {
		b.ReportMetric(each / *unit, "x-key-set")
	}
}
