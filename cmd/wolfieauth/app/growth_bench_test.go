package app_test

import (
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/wolfieauth/wolfieauth/internal/db"
)

// BenchmarkGrowth tells how much of its speed each path keeps when the installation grows from a thousand people
// to a million, a tenth of whom subscribe: 1 is all of it, the budget is 0.8. Both halves are measured in one run.
func BenchmarkGrowth(b *testing.B) {
	h := setup(b, filepath.Join(b.TempDir(), "growth.db"))
	paths := h.paths(b, "acme-crm", "bundled@example.test")
	paths = slices.DeleteFunc(paths, func(m measured) bool { return m.name == "discovery" || m.name == "key set" })
	refresh, keep := h.refreshing(b, "acme-crm", "bundled@example.test")
	for range b.N {
		h.grow(b, 1, 1_000)
		before := map[string]time.Duration{}
		for _, m := range paths {
			before[m.name] = h.typical(b, m, nil)
		}
		before[refresh.name] = h.typical(b, refresh, keep)
		h.grow(b, 1_001, 1_000_000)
		for _, m := range paths {
			b.ReportMetric(float64(before[m.name])/float64(h.typical(b, m, nil)), metric(m.name))
		}
		b.ReportMetric(float64(before[refresh.name])/float64(h.typical(b, refresh, keep)), metric(refresh.name))
	}
}

func metric(name string) string {
	out := []rune(name)
	for i, r := range out {
		if r == ' ' {
			out[i] = '-'
		}
	}
	return string(out) + "-kept"
}

// typical is the median time of a path, so that one collection of garbage does not decide.
func (h *house) typical(b *testing.B, m measured, after func([]byte)) time.Duration {
	b.Helper()
	const calls = 301
	took := make([]time.Duration, 0, calls)
	for range calls {
		method, target, header, body := m.make()
		r := h.within(b.Context(), method, target, header, body)
		w := httptest.NewRecorder()
		began := time.Now()
		h.App.Handler().ServeHTTP(w, r)
		took = append(took, time.Since(began))
		if w.Code != http.StatusOK {
			b.Fatalf("%s: %d %s", m.name, w.Code, w.Body)
		}
		if after != nil {
			after(w.Body.Bytes())
		}
	}
	slices.Sort(took)
	return took[calls/2]
}

// grow adds people with their personal orgs; every tenth holds the plan of the demo's subscriber.
func (h *house) grow(b *testing.B, from, to int) {
	b.Helper()
	const people = "WITH RECURSIVE n(i) AS (SELECT CAST(? AS BIGINT) UNION ALL SELECT i + 1 FROM n WHERE i < ?) "
	const now = "CURRENT_TIMESTAMP"
	for _, insert := range []string{
		`INSERT INTO users (id, email, email_normal, created_at, updated_at) ` + people +
			`SELECT 'gu-' || i, 'g' || i || '@grown.test', 'g' || i || '@grown.test', ` + now + `, ` + now + ` FROM n`,
		`INSERT INTO orgs (id, slug, name, personal_user_id, created_at, updated_at) ` + people +
			`SELECT 'go-' || i, 'grown-' || i, 'Grown', 'gu-' || i, ` + now + `, ` + now + ` FROM n`,
		`INSERT INTO memberships (id, org_id, user_id, role, created_at, updated_at) ` + people +
			`SELECT 'gm-' || i, 'go-' || i, 'gu-' || i, 'owner', ` + now + `, ` + now + ` FROM n`,
		`INSERT INTO subscriptions (id, org_id, client_id, scope_kind, scope_id, plan_id, price_id, account, livemode, stripe_id,
			recurring, holds, status, quantity, currency, billing_interval, stripe_created_at, created_at, updated_at) ` + people +
			`SELECT 'gs-' || i, 'go-' || i, s.client_id, s.scope_kind, s.scope_id, s.plan_id, s.price_id, s.account, s.livemode, 'sub_g' || i,
			s.recurring, s.holds, s.status, 1, s.currency, s.billing_interval, ` + now + `, ` + now + `, ` + now + `
			FROM n, (SELECT * FROM subscriptions WHERE id NOT LIKE 'gs-%' AND scope_kind = 'app' LIMIT 1) s WHERE i % 10 = 0`,
	} {
		must(b, db.Err("grow", h.App.DB().Conn(b.Context()).Exec(insert, from, to).Error))
	}
	must(b, db.Err("analyze", h.App.DB().Conn(b.Context()).Exec("ANALYZE").Error))
}
