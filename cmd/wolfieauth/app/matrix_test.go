package app_test

import (
	"cmp"
	"crypto/sha256"
	"fmt"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/labstack/echo/v4"

	"github.com/wolfieauth/wolfieauth/claims/comps"
	"github.com/wolfieauth/wolfieauth/cmd/wolfieauth/app/apptest"
	"github.com/wolfieauth/wolfieauth/idp"
)

// victim is whose things the others ask for: Acme, its owner, and somebody who pays for Acme CRM.
type victim struct {
	org, session, subscription string
	invitation                 string // token of an open one to somebody else
	// params are real ids of the victim's, by the router's name for them.
	params map[string]string
	// marks are what nobody else may read, ids what nobody else may write beside.
	marks, ids []string
	tables     []string // where a refused request may write nothing
}

// actor is one who asks: a browser with a session, and an access token for Acme CRM.
type actor struct {
	name    string
	cookies http.Header
	token   string
}

// TestEveryRouteOfTheHouse asks for the victim's things at every route that the router knows, as four people who may
// not have them: nothing leaks, nothing is written, and a foreign thing is not told from one that does not exist.
func TestEveryRouteOfTheHouse(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h *house) {
		actors := h.actors(t)
		v := h.victim(t)
		h.settle(t)
		for _, name := range h.routes(t) {
			rule, ok := matrix[name]
			if !ok {
				t.Errorf("route %s has no rule. Add a row to the matrix in matrix_rules_test.go, for example:\n\t%q: {kind: %s},", name, name, guess(name))
				continue
			}
			h.ask(t, v, actors, name, rule)
		}
		known := h.routes(t)
		for name := range matrix {
			if !slices.Contains(known, name) {
				t.Errorf("the matrix has a row for %q, which is no route", name)
			}
		}
	})
}

// routes lists what the router knows, each once; a path that answers every method is one "ANY".
func (h *house) routes(t *testing.T) []string {
	t.Helper()
	edge, ok := h.App.Handler().(interface{ Echo() *echo.Echo })
	if !ok {
		t.Fatal("the handler is no edge")
	}
	methods := map[string][]string{}
	for _, r := range edge.Echo().Routes() {
		if r.Method == echo.RouteNotFound {
			continue
		}
		methods[r.Path] = append(methods[r.Path], r.Method)
	}
	var out []string
	for path, list := range methods {
		if slices.Contains(list, http.MethodConnect) {
			out = append(out, "ANY "+path)
			continue
		}
		for _, method := range list {
			out = append(out, method+" "+path)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// guess is the kind that a new route most likely has.
func guess(name string) string {
	_, path, _ := strings.Cut(name, " ")
	switch {
	case strings.HasPrefix(path, "/admin/platform"):
		return "platformPage"
	case strings.HasPrefix(path, "/admin"):
		return "orgPage"
	case strings.HasPrefix(path, "/v1"):
		return "bearerAPI"
	default:
		return "ownPage"
	}
}

func (h *house) actors(t *testing.T) []actor {
	t.Helper()
	ctx, people := t.Context(), h.App.Identity()
	sign := func(name, email string) actor {
		b := apptest.NewBrowser(t)
		got := b.SignIn(h.client("acme-crm"), email, demoPassword)
		a := actor{name: name, cookies: http.Header{}, token: got.Access}
		for _, c := range b.Client().Jar.Cookies(parse(t, h.line.Issuer)) {
			a.cookies.Add("Cookie", c.Name+"="+c.Value)
		}
		return a
	}
	person := func(email string) string {
		b := apptest.NewBrowser(t)
		return h.signUp(t, b, email)
	}
	out := []actor{{name: "nobody", cookies: http.Header{}}, sign("stranger", "buyer@example.test")}
	rivalID := person("rival@rival.test")
	rival, err := people.CreateOrg(ctx, idp.CreateOrg{Slug: "rival", Name: "Rival", OwnerUserID: rivalID})
	must(t, err)
	_, _, err = people.CreateApp(ctx, idp.CreateApp{OrgID: rival.ID, Slug: "shop", Name: "Rival Shop", RedirectURIs: []string{redirect}})
	must(t, err)
	out = append(out, sign("rival", "rival@rival.test"))
	memberID := person("colleague@acme.test")
	token := sign("colleague", "colleague@acme.test") // before there is an org to choose
	acme, err := people.OrgBySlug(ctx, "acme")
	must(t, err)
	_, err = people.AddMember(ctx, acme.ID, memberID, "member")
	must(t, err)
	return append(out, token)
}

func (h *house) victim(t *testing.T) *victim {
	t.Helper()
	ctx := t.Context()
	acme, err := h.App.Identity().OrgBySlug(ctx, "acme")
	must(t, err)
	bundles, err := h.App.Identity().Bundles(ctx, acme.ID)
	must(t, err)
	price := h.text(t, "SELECT r.id FROM membership_prices r JOIN plans p ON p.id = r.plan_id WHERE p.scope_id = ? ORDER BY p.position, r.id", "acme-crm")
	apptest.NewBrowser(t).SignIn(h.client("acme-crm"), "admin@acme.test", demoPassword)
	apptest.NewBrowser(t).SignIn(h.client("acme-crm"), "subscriber@example.test", demoPassword)
	owner, payer := h.sub("admin@acme.test"), h.sub("subscriber@example.test")
	personal, err := h.App.Identity().PersonalOrg(ctx, payer)
	must(t, err)
	run, err := h.App.Comps().Check(ctx, comps.List{ClientID: "acme-crm", GivenBy: owner, Text: newcomer(), Reason: "x"})
	must(t, err)
	v := &victim{
		org: acme.ID, session: h.text(t, "SELECT id FROM sessions WHERE user_id = ?", payer),
		subscription: h.text(t, "SELECT id FROM subscriptions WHERE org_id = ?", personal.ID),
		invitation:   h.invites(t, acme.ID, owner),
		params: map[string]string{
			":feature":  h.text(t, "SELECT id FROM features WHERE scope_id = ?", "acme-crm"),
			":clientId": "acme-crm", ":client": "acme-crm", ":plan": h.text(t, "SELECT plan_id FROM membership_prices WHERE id = ?", price), ":price": price, ":bundle": bundles[0].ID, ":org": acme.ID, ":user": owner,
			":checkout": h.text(t, "SELECT id FROM checkouts WHERE org_id = ?", personal.ID), ":event": h.text(t, "SELECT MIN(id) FROM stripe_webhook_events"),
			":comp": h.text(t, "SELECT id FROM app_entitlement_overrides WHERE client_id = ? AND ended_at IS NULL", "acme-crm"), ":run": run.ID,
			":invoice": "no-such-invoice.xml", // nothing of test mode is invoiced
			":slug":    "acme", ":mode": "test", ":token": "no-such-token", ":hash": "0", "*": "x",
		},
	}
	// The one whose id nobody may read cannot stand in an address, which a page repeats to whoever typed it.
	v.params[":subscription"] = h.text(t, "SELECT id FROM subscriptions WHERE org_id <> ?", personal.ID)
	v.params[":invitation"] = h.text(t, "SELECT id FROM invitations WHERE org_id = ?", acme.ID)
	v.marks = []string{
		"admin@acme.test", "subscriber@example.test", "comped@example.test", "Adam Acme", "Sam Subscriber", v.subscription, v.session,
		h.text(t, "SELECT secret_hash FROM oidc_clients WHERE client_id = ?", "acme-crm"), h.text(t, "SELECT customer_id FROM stripe_customers WHERE org_id = ?", personal.ID),
	}
	v.tables = slices.Sorted(maps.Keys(h.census(t)))
	v.ids = []string{acme.ID, personal.ID, owner, payer}
	return v
}

// invites answers the token of an invitation that its person has not opened yet.
func (h *house) invites(t *testing.T, orgID, owner string) string {
	t.Helper()
	email := newcomer()
	_, err := h.App.Identity().Invite(t.Context(), idp.Invite{OrgID: orgID, InviterID: owner, Email: email, Role: "admin", Lang: "en"})
	must(t, err)
	return strings.TrimPrefix(h.invited(t, email), h.line.Issuer+"/invitation/")
}

// text answers the first value of a column.
func (h *house) text(t testing.TB, query string, args ...any) (out string) {
	t.Helper()
	if len(args) == 1 && h.dialect() == "postgres" {
		query = strings.Replace(query, "?", "$1", 1)
	}
	must(t, h.App.DB().SQL().QueryRowContext(t.Context(), query+" LIMIT 1", args...).Scan(&out))
	if out == "" {
		t.Fatalf("nothing: %s", query)
	}
	return out
}

func (h *house) dialect() string { return string(h.App.DB().Dialect()) }

var routeParam = regexp.MustCompile(`:[A-Za-z]+|\*$`)

// address puts the victim's ids into a route, and into another one ids that do not exist.
func (v *victim) address(t *testing.T, path string, r access) (real, unknown string, back *strings.Replacer) {
	t.Helper()
	var pairs []string
	fill := func(text string, ids func(name string) string) string {
		return routeParam.ReplaceAllStringFunc(text, ids)
	}
	query := r.query
	if query == "" && r.kind == orgPage && !strings.Contains(path, ":") {
		query = "org=acme"
	}
	if query != "" {
		path += "?" + query
	}
	real = fill(path, func(name string) string {
		if name == ":token" && r.invited {
			return v.invitation
		}
		id, ok := v.params[name]
		if !ok {
			t.Errorf("parameter %s of %s is unknown: give a real id of the victim's in (*house).victim", name, path)
		}
		return id
	})
	names := routeParam.FindAllString(path, -1)
	unknown = fill(path, func(name string) string {
		// That an app exists is no secret: at its public pages the last thing named is the one in question.
		if r.kind != orgPage && (name == ":client" || name != names[len(names)-1]) {
			return v.params[name]
		}
		id := "nope-" + strings.Trim(name, ":*")
		pairs = append(pairs, id, v.params[name])
		return id
	})
	if query == "org=acme" {
		unknown = strings.Replace(unknown, "org=acme", "org=nope", 1)
		pairs = append(pairs, "org=nope", "org=acme", "org%3Dnope", "org%3Dacme")
	}
	return real, unknown, strings.NewReplacer(pairs...)
}

// ask sends everybody to one route.
func (h *house) ask(t *testing.T, v *victim, actors []actor, name string, r access) {
	t.Helper()
	if r.kind == demoOnly {
		return
	}
	method, path, _ := strings.Cut(name, " ")
	if method == "ANY" {
		method = http.MethodPost
	}
	address, unknown, back := v.address(t, path, r)
	before := h.written(t, v, r)
	for i, a := range actors {
		if r.kind == endsSession && i > 0 {
			break
		}
		got := h.as(t, a, method, address, v, r)
		if r.kind == ownPage && i > 0 { // what it says on the next page is no answer to the next question
			h.as(t, a, http.MethodGet, "/reset", v, access{})
		}
		if problem := r.refuses(i, got); problem != "" {
			t.Errorf("%s as %s: %d, %s\n%.400s", name, a.name, got.status, problem, got.body)
		}
		for _, mark := range v.marks {
			if strings.Contains(string(got.body), mark) || strings.Contains(fmt.Sprint(got.header), mark) {
				t.Errorf("%s as %s (%d) tells %q", name, a.name, got.status, mark)
			}
		}
		if got.status != http.StatusNotFound || address == unknown || r.kind == openPage {
			continue
		}
		other := h.as(t, a, method, unknown, v, r)
		if x, y := plainly(got, back), plainly(other, back); other.status != got.status || x != y {
			t.Errorf("%s as %s tells a foreign thing (%d) from an unknown one (%d):\n%s", name, a.name, got.status, other.status, gocmp.Diff(x, y))
		}
	}
	if method == http.MethodPost && (r.kind == ownPage || r.kind == bearerAPI) {
		h.settle(t) // what people may ask Stripe for is told to us a moment later
	}
	if diff := differing(before, h.written(t, v, r)); len(diff) > 0 {
		t.Errorf("%s wrote into %v", name, diff)
	}
}

// plainly is a body without what differs from one request to the next.
func plainly(got response, back *strings.Replacer) string {
	return back.Replace(strings.ReplaceAll(string(got.body), got.header.Get("X-Request-Id"), "ID"))
}

func (h *house) as(t *testing.T, a actor, method, address string, v *victim, r access) response {
	t.Helper()
	header := a.cookies.Clone()
	header.Set("Accept", "text/html")
	header.Set("Sec-Fetch-Site", "same-origin")
	contentType, body := "", ""
	switch {
	case r.kind == bearerAPI:
		header = http.Header{}
		if a.token != "" {
			header = bearer(a.token)
		}
		if method == http.MethodPost {
			contentType, body = "application/json", `{"priceId":"`+v.params[":price"]+`"}`
		}
	case method == http.MethodPost:
		contentType = "application/x-www-form-urlencoded"
		if r.form != nil {
			body = r.form(v).Encode()
		}
	}
	return send(t, method, h.line.Issuer+address, contentType, body, header)
}

// refuses answers what is wrong with an answer to the actor of that number, "" for nothing.
func (r access) refuses(i int, got response) string {
	want := r.want[i]
	if want == 0 {
		want = map[string][4]int{
			orgPage:      {http.StatusSeeOther, http.StatusNotFound, http.StatusNotFound, http.StatusForbidden},
			platformPage: {http.StatusSeeOther, http.StatusForbidden, http.StatusForbidden, http.StatusForbidden},
			bearerAPI:    {http.StatusUnauthorized},
		}[r.kind][i]
	}
	toLogin := got.status == http.StatusSeeOther && strings.HasPrefix(got.header.Get("Location"), "/login?")
	switch {
	case want != 0 && got.status != want:
		return fmt.Sprintf("want %d", want)
	case want == http.StatusSeeOther && !toLogin:
		return "leads to " + got.header.Get("Location")
	case r.kind == ownPage && i == 0 && want == 0 && got.status < 400 && !toLogin:
		return "somebody who is not signed in gets it"
	case r.kind == clientAPI && (got.status < 400 || got.status > 499):
		return "want a refusal"
	case got.status >= 500:
		return "the server fails"
	}
	return ""
}

// written are the tables' contents, each as one sum over its rows; where people may write what is their own, only
// rows that name the victim count.
func (h *house) written(t *testing.T, v *victim, r access) map[string]string {
	t.Helper()
	own := slices.Contains([]string{ownPage, bearerAPI, openPage, endsSession}, r.kind)
	out := map[string]string{}
	for _, table := range v.tables {
		out[table] = h.sum(t, table, func(row string) bool {
			return !own || slices.ContainsFunc(v.ids, func(id string) bool { return strings.Contains(row, id) })
		})
	}
	return out
}

// sum hashes the rows of a table whatever their order.
func (h *house) sum(t *testing.T, table string, counts func(row string) bool) string {
	t.Helper()
	rows, err := h.App.DB().SQL().QueryContext(t.Context(), "SELECT * FROM "+table) // #nosec G202 -- a name from the schema itself
	must(t, err)
	defer rows.Close()
	columns, err := rows.Columns()
	must(t, err)
	var lines []string
	for rows.Next() {
		values, into := make([]any, len(columns)), make([]any, len(columns))
		for i := range values {
			into[i] = &values[i]
		}
		must(t, rows.Scan(into...))
		if line := fmt.Sprintf("%s", values); counts(line) {
			lines = append(lines, line)
		}
	}
	must(t, rows.Err())
	slices.Sort(lines)
	sum := sha256.New()
	for _, line := range lines {
		fmt.Fprintln(sum, line)
	}
	return fmt.Sprintf("%d rows %x", len(lines), sum.Sum(nil)[:6])
}

func differing(before, after map[string]string) []string {
	var out []string
	for _, table := range slices.Sorted(maps.Keys(after)) {
		if before[table] != after[table] {
			out = append(out, table+": "+cmp.Or(before[table], "none")+" -> "+after[table])
		}
	}
	return out
}
