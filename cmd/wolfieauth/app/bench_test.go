package app_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"sync/atomic"
	"testing"

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

// BenchmarkPaths tells requests a second and statements a request of the budgeted paths, for somebody who holds
// a plan and somebody who does not, and each path's cost as a ratio to that of the key set, which does nothing
// but answer: ratios of one run travel from machine to machine, times do not.
func BenchmarkPaths(b *testing.B) {
	h := setup(b, filepath.Join(b.TempDir(), "bench.db"))
	var unit float64
	for _, who := range []struct{ name, email string }{{"with plan", "bundled@example.test"}, {"without plan", "buyer@example.test"}} {
		paths := h.paths(b, "acme-crm", who.email)
		refresh, keep := h.refreshing(b, "acme-crm", who.email)
		for i := len(paths) - 1; i >= 0; i-- { // the key set first: it is the unit
			m := paths[i]
			b.Run(m.name+"/"+who.name, func(b *testing.B) { h.bench(b, m, nil, &unit) })
		}
		b.Run(refresh.name+"/"+who.name, func(b *testing.B) { h.bench(b, refresh, keep, &unit) })
	}
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
