package app_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/wolfieauth/wolfieauth/cmd/wolfieauth/app/apptest"
	"github.com/wolfieauth/wolfieauth/internal/db"
)

// BenchmarkDirectory tells the statements and the time of a page of the directory of an app with a hundred thousand
// people, a tenth of whom subscribe: the first page, one from the middle, one from a search that finds somebody and
// from one that finds nobody, which has to look at them all.
func BenchmarkDirectory(b *testing.B) {
	h := setup(b, filepath.Join(b.TempDir(), "directory.db"))
	h.grow(b, 1, 100_000)
	h.crowd(b)
	cookies := h.platformCookies(b)
	middle := "01900000-0000-7000-8000-" + "000000050000"
	must(b, db.Err("name", h.App.DB().Conn(b.Context()).Exec("UPDATE app_users SET user_id = ? WHERE user_id = 'gu-50000'", middle).Error))
	must(b, db.Err("name", h.App.DB().Conn(b.Context()).Exec("INSERT INTO users (id, email, email_normal, created_at, updated_at) VALUES (?, 'middle', 'middle', CURRENT_TIMESTAMP, CURRENT_TIMESTAMP)", middle).Error))
	for _, page := range []struct{ name, query string }{
		{"first", ""}, {"middle", "?after=" + middle}, {"found", "?search=g77777"}, {"nobody", "?search=nobody-at-all"},
	} {
		b.Run(page.name, func(b *testing.B) {
			var n atomic.Int64
			for b.Loop() {
				r := httptest.NewRequestWithContext(db.CountStatements(b.Context(), &n), http.MethodGet, h.line.AdminURL+"/clients/acme-crm/users"+page.query, nil)
				r.Header.Set("Cookie", cookies)
				w := httptest.NewRecorder()
				h.App.Handler().ServeHTTP(w, r)
				if w.Code != http.StatusOK {
					b.Fatalf("%d %s", w.Code, w.Body)
				}
			}
			b.ReportMetric(float64(n.Load())/float64(b.N), "statements/op")
		})
	}
}

// crowd puts everybody who was grown into the directory, as a sign-in each would.
func (h *house) crowd(b *testing.B) {
	b.Helper()
	must(b, db.Err("crowd", h.App.DB().Conn(b.Context()).Exec(`INSERT INTO grants (id, kind, client_id, user_id, created_at, expires_at)
		SELECT 'gg-' || id, 'code', 'acme-crm', id, CURRENT_TIMESTAMP, CURRENT_TIMESTAMP FROM users WHERE id LIKE 'gu-%'`).Error))
	must(b, db.Err("analyze", h.App.DB().Conn(b.Context()).Exec("ANALYZE").Error))
}

// platformCookies are those of the platform's admin, signed in.
func (h *house) platformCookies(b *testing.B) string {
	b.Helper()
	br := apptest.NewBrowser(b)
	br.Get(h.line.Issuer + "/login")
	br.PassLogin("platform@wolfie.test", demoPassword)
	at, err := url.Parse(h.line.Issuer)
	must(b, err)
	var out []string
	for _, c := range br.Client().Jar.Cookies(at) {
		out = append(out, c.Name+"="+c.Value)
	}
	return strings.Join(out, "; ")
}
