package app_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/wolfieauth/wolfieauth/claims"
	"github.com/wolfieauth/wolfieauth/cmd/wolfieauth/app/apptest"
	"github.com/wolfieauth/wolfieauth/cmd/wolfieauth/demo"
	"github.com/wolfieauth/wolfieauth/internal/db"
)

const demoPassword = demo.Password

func parse(t testing.TB, raw string) *url.URL {
	t.Helper()
	u, err := url.Parse(raw)
	must(t, err)
	return u
}

func jwtPayload(t testing.TB, token string) json.RawMessage {
	t.Helper()
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		t.Fatalf("not a JWT: %s", token)
	}
	raw, err := base64.RawURLEncoding.DecodeString(parts[1])
	must(t, err)
	return raw
}

// signUp makes an account and answers its subject.
func (h *house) signUp(t testing.TB, b *apptest.Browser, email string) string {
	t.Helper()
	b.Get(h.line.Issuer + "/signup")
	b.SignUp("Nina Newcomer", email, demoPassword)
	user, err := h.App.Identity().UserByEmail(t.Context(), email)
	must(t, err)
	return user.ID
}

// held asks userinfo, which needs no fresh token.
func (h *house) held(t testing.TB, got apptest.Tokens) []claims.Plan {
	t.Helper()
	read, err := claims.Parse(apptest.Bearer(t, h.line.Issuer+"/me", got.Access))
	must(t, err)
	if read.Plans == nil {
		t.Fatal("no claim at userinfo")
	}
	return read.Plans
}

// rows counts what a table holds.
func (h *house) rows(t testing.TB, query string, args ...any) (n int) {
	t.Helper()
	if h.App.DB().Dialect() == db.Postgres {
		for i := range args {
			query = strings.Replace(query, "?", fmt.Sprintf("$%d", i+1), 1)
		}
	}
	must(t, h.App.DB().SQL().QueryRowContext(t.Context(), query, args...).Scan(&n))
	return n
}

// tables names every table of the schema.
func (h *house) tables(t testing.TB) []string {
	t.Helper()
	query := "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%'"
	if h.App.DB().Dialect() == db.Postgres {
		query = "SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'"
	}
	rows, err := h.App.DB().SQL().QueryContext(t.Context(), query)
	must(t, err)
	defer rows.Close()
	var out []string
	for rows.Next() {
		var name string
		must(t, rows.Scan(&name))
		out = append(out, name)
	}
	must(t, rows.Err())
	slices.Sort(out)
	return out
}

// census counts every table but those that a refused request may move: limits, sessions and what the
// background does by itself.
func (h *house) census(t testing.TB) map[string]int {
	t.Helper()
	out := map[string]int{}
	for _, table := range h.tables(t) {
		switch table {
		case "rate_limits", "sessions", "cache_versions", "work_items":
			continue
		}
		if strings.HasPrefix(table, "river_") { // the runner's own
			continue
		}
		out[table] = h.rows(t, "SELECT count(*) FROM "+table) // #nosec G202 -- a name from the schema itself
	}
	return out
}

// settle waits until the sandbox has delivered everything and nothing is left to do.
func (h *house) settle(t testing.TB) {
	t.Helper()
	eventually(t, "the sandbox has delivered everything", func() bool {
		res := send(t, http.MethodGet, h.line.SandboxURL+"/_sandbox/deliveries?state=pending", "", "", bearer(h.line.SandboxKey))
		var list struct{ Deliveries []any }
		must(t, json.Unmarshal(res.body, &list))
		return res.status == http.StatusOK && len(list.Deliveries) == 0
	})
	must(t, h.App.CatchUp(t.Context()))
}

func changed(before, after map[string]int) []string {
	var out []string
	for _, table := range slices.Sorted(maps.Keys(after)) {
		if before[table] != after[table] {
			out = append(out, fmt.Sprintf("%s %d -> %d", table, before[table], after[table]))
		}
	}
	return out
}

// stripe asks the sandbox as Acme's account.
func (h *house) stripe(t testing.TB, path string) []map[string]any {
	t.Helper()
	return stripeList(t, h.line.SandboxURL+path, h.line.SandboxKey, "acct_demo_acme")
}

func stripeList(t testing.TB, address, key, account string) []map[string]any {
	t.Helper()
	header := bearer(key)
	header.Set("Stripe-Version", "2023-10-16")
	if account != "" {
		header.Set("Stripe-Account", account)
	}
	res := send(t, http.MethodGet, address, "", "", header)
	var list struct{ Data []map[string]any }
	must(t, json.Unmarshal(res.body, &list))
	if res.status != http.StatusOK {
		t.Fatalf("%s: %d %s", address, res.status, res.body)
	}
	return list.Data
}

// priceOf reads a monthly price of a plan off the public list.
func priceOf(t testing.TB, issuer, clientID, slug string) string {
	t.Helper()
	res := send(t, http.MethodGet, issuer+"/api/billing/"+clientID+"/plans", "", "", nil)
	holds(t, "plans", res.body)
	var sold struct{ Plans []soldPlan }
	must(t, json.Unmarshal(res.body, &sold))
	for _, p := range sold.Plans {
		for _, price := range p.Prices {
			if p.Slug == slug && price.Interval == "month" && price.Currency == "PLN" {
				return price.ID
			}
		}
	}
	t.Fatalf("%s sells no %s: %s", clientID, slug, res.body)
	return ""
}

// within serves a request without a socket, under a context of the test's choosing.
func (h *house) within(ctx context.Context, method, target string, header http.Header, body string) *http.Request {
	r, err := http.NewRequestWithContext(ctx, method, h.line.Issuer+target, strings.NewReader(body))
	if err != nil {
		panic(err)
	}
	if header != nil {
		r.Header = header.Clone()
	}
	r.RemoteAddr, r.RequestURI = "127.0.0.1:1", target
	return r
}
