package admin_test

import (
	"encoding/csv"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wolfieauth/wolfieauth/claims"
	"github.com/wolfieauth/wolfieauth/idp"
	"github.com/wolfieauth/wolfieauth/internal/audit"
	"github.com/wolfieauth/wolfieauth/internal/db"
	"github.com/wolfieauth/wolfieauth/internal/db/dbtest"
	"github.com/wolfieauth/wolfieauth/internal/secret"
)

func TestOverviewShowsWhatTheOrgHas(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := setup(t, d)
		page := b.as("owner", "acme").get("/admin")
		contains(t, page, "Acme Spółka", "Acme CRM", "acme-crm", "Own Stripe account", "Acme Suite", "<dd>4</dd>", "/admin/clients/acme-spa?org=acme")
		lacks(t, page, "Beta Shop", "Open another organisation", "Background work")
		contains(t, b.as("platform", "wolfie").get("/admin"), "No apps yet", "No bundles yet", "Open another organisation", "Background work")
	})
}

func TestOrgIsChosenByAddressThenSessionThenPermission(t *testing.T) {
	t.Parallel()
	b := setup(t, dbtest.SQLite(t))
	for _, tc := range []struct {
		user, session, path string
		status              int
		holds               string
	}{
		{"many", "beta", "/admin", http.StatusOK, "Beta Shop"},
		{"many", "acme", "/admin", http.StatusForbidden, "/admin?org=beta"}, // a member of acme, and told where to go
		{"many", "acme", "/admin?org=beta", http.StatusOK, "Beta Shop"},
		{"many", "", "/admin", http.StatusOK, "Beta Shop"},
		{"member", "acme", "/admin", http.StatusForbidden, "“Member”"},
		{"outsider", "", "/admin", http.StatusForbidden, "outsider@people.test"},
		{"platform", "wolfie", "/admin?org=no%00thing", http.StatusNotFound, "not_found"},
		{"platform", "wolfie", "/admin/clients/no%00thing", http.StatusNotFound, "not_found"},
	} {
		page := b.as(tc.user, tc.session).get(tc.path)
		if page.status != tc.status || !strings.Contains(page.body, tc.holds) {
			t.Errorf("%s acting for %q at %s: %d without %q, want %d", tc.user, tc.session, tc.path, page.status, tc.holds, tc.status)
		}
	}
}

func TestDisabledPersonHasToSignInAgain(t *testing.T) {
	t.Parallel()
	b := setup(t, dbtest.SQLite(t))
	owner := b.as("owner", "acme")
	b.exec("UPDATE users SET disabled_at = ? WHERE id = ?", b.now, b.users["owner"].ID)
	if page := owner.get("/admin/audit?org=acme&action=x"); page.status != http.StatusSeeOther || page.header.Get("Location") != "/login?next=%2Fadmin%2Faudit%3Forg%3Dacme%26action%3Dx" {
		t.Errorf("got %d to %q", page.status, page.header.Get("Location"))
	}
}

// exec changes a table behind the services' back, for states that nothing makes yet.
func (b *bundle) exec(statement string, args ...any) {
	b.t.Helper()
	b.must(b.db.Conn(b.t.Context()).Exec(statement, args...).Error)
}

func TestAppPage(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, database *db.DB) {
		b := setup(t, database)
		owner := b.as("owner", "acme")
		page := owner.get("/admin/clients/" + crm)
		contains(t, page,
			"https://crm.acme.test/callback", "client_secret_basic", "RS256", "OIDC_ISSUER=http://localhost:8080", "OIDC_CLIENT_ID=acme-crm", "5 minutes", "30 days",
			`id="plans"`, "Nur für Freunde", "Hidden", "PLN\u00a099.00", "PLN\u00a012,345.67", "€89.00", "€5.00", "1–10", "11&#43;", "KSeF", "ksef_enabled", "14 days of trial", "Bundle Acme Suite",
			`id="users"`, "Żaneta", compedOne, "Gratis Pro", "Beta tester", "Platform", "all features", "Live subscriptions")
		lacks(t, page, "Beta Shop")
		public := owner.get("/admin/clients/" + spa)
		contains(t, public, "Billing is off", "keeps no secret", "No free passes")
		lacks(t, public, `id="rotate"`, "OIDC_CLIENT_SECRET")
		clerk := b.as("clerk", "acme").get("/admin/clients/" + crm)
		contains(t, clerk, "PLN\u00a099.00", "Live subscriptions")
		lacks(t, clerk, "crm.acme.test", "Żaneta", `id="rotate"`)
	})
}

func TestDisabledAppIsShownToItsOwnersOnly(t *testing.T) {
	t.Parallel()
	b := setup(t, dbtest.SQLite(t))
	b.exec("UPDATE oidc_clients SET disabled_at = ? WHERE client_id = 'acme-mail'", b.now)
	owner := b.as("owner", "acme")
	contains(t, owner.get("/admin"), "Disabled")
	contains(t, owner.get("/admin/clients/acme-mail?org=acme"), "This app is disabled")
	for who, want := range map[string]int{"rival": http.StatusNotFound, "member": http.StatusForbidden} {
		if page := b.as(who, "acme").get("/admin/clients/acme-mail"); page.status != want {
			t.Errorf("%s gets %d, want %d", who, page.status, want)
		}
	}
}

func TestCompsThatRanOutAreNotListed(t *testing.T) {
	t.Parallel()
	b := setup(t, dbtest.SQLite(t))
	end := b.now.Add(time.Hour)
	b.must(b.comps.CreateComp(t.Context(), &claims.Comp{UserID: b.users["many"].ID, ClientID: spa, PlanSlug: "x", PlanName: "Short one", Features: claims.FeatureList{"one_thing"}, ExpiresAt: &end}, b.now))
	owner := b.as("owner", "acme")
	contains(t, owner.get("/admin/clients/"+spa), "Short one", "one_thing", "22 November 2026, 11:00 UTC")
	b.now = end
	lacks(t, owner.get("/admin/clients/"+spa), "Short one")
}

func TestSecretIsRotatedOnceAndShownOnce(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, database *db.DB) {
		b := setup(t, database)
		owner, path := b.as("owner", "acme"), "/admin/clients/"+crm+"/secret"
		contains(t, owner.get(path), "stops working at once", "cannot redeem codes")
		b.now = b.now.Add(time.Minute)
		form := secretForm(b)
		if wrong := owner.post(path, url.Values{"client_id": {spa}, "seen": form["seen"]}); wrong.status != http.StatusUnprocessableEntity || !strings.Contains(wrong.body, "This is not the client id") {
			t.Errorf("wrong client id: %d", wrong.status)
		}
		page := owner.post(path, form)
		_, rest, _ := strings.Cut(page.body, `<pre id="secret" tabindex="0" aria-labelledby="secret-label">`)
		plain, _, _ := strings.Cut(rest, "</pre>")
		app, err := b.people.App(t.Context(), crm)
		b.must(err)
		if plain == "" || app.SecretHash != secret.Hash(plain) {
			t.Fatalf("page (%d) shows %q, which is not the secret", page.status, plain)
		}
		if cc := page.header.Get("Cache-Control"); cc != "no-store" {
			t.Errorf("Cache-Control is %q", cc)
		}
		// A reload of the page sends the form again.
		if again := owner.post(path, form); again.status != http.StatusUnprocessableEntity || !strings.Contains(again.body, "Nothing was done now") {
			t.Errorf("the form sent twice: %d", again.status)
		}
		if after, _ := b.people.App(t.Context(), crm); after.SecretHash != app.SecretHash {
			t.Error("the form sent twice changed the secret twice")
		}
		entries, _, err := b.log.List(t.Context(), audit.Filter{Action: "app.secret_rotated"})
		b.must(err)
		if len(entries) != 1 || entries[0].ActorID != b.users["owner"].ID || entries[0].OrgID != b.orgs["acme"].ID {
			t.Errorf("recorded: %+v", entries)
		}
		lacks(t, owner.get("/admin/audit?org=acme"), plain)
		lacks(t, owner.get("/admin/audit.csv?org=acme"), plain)
		if page := owner.get("/admin/clients/" + spa + "/secret"); page.status != http.StatusConflict {
			t.Errorf("a public app's secret: %d", page.status)
		}
	})
}

func TestAuditIsFilteredPagedAndExported(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, database *db.DB) {
		b := setup(t, database)
		for i := range 25 {
			b.must(b.log.Record(t.Context(), audit.Entry{
				Actor: audit.Actor{Kind: audit.ActorUser, ID: b.users["owner"].ID}, OrgID: b.orgs["acme"].ID, Action: "plan.renamed",
				Target: audit.Target{Kind: "plan", ID: fmt.Sprintf("=HYPERLINK(%d)", i)}, Before: map[string]any{"name": "<b>Old</b>", "amount": 9900}, After: map[string]any{"name": "New", "amount": 9900},
			}))
		}
		b.must(b.log.Record(t.Context(), audit.Entry{OrgID: b.orgs["beta"].ID, Action: "plan.renamed", Target: audit.Target{Kind: "plan", ID: "beta-plan"}}))
		owner := b.as("owner", "acme")
		first := owner.get("/admin/audit?org=acme&action=plan.renamed")
		contains(t, first, "HYPERLINK(24)", "HYPERLINK(10)", "&lt;b&gt;Old&lt;/b&gt;", "1 value", "Owner (owner@people.test)", `id="older"`)
		lacks(t, first, "HYPERLINK(9)", "beta-plan", "acme-crm", "9900")
		_, rest, _ := strings.Cut(first.body, `id="older" href="`)
		older, _, _ := strings.Cut(rest, `"`)
		second := owner.get(strings.ReplaceAll(older, "&amp;", "&"))
		contains(t, second, "HYPERLINK(9)", "HYPERLINK(0)", "First page")
		lacks(t, second, "HYPERLINK(10)", `id="older"`)
		contains(t, owner.get("/admin/audit?org=acme&action=app.created"), "App created", "acme-crm", "The server")
		contains(t, owner.get("/admin/audit?org=acme&action=nothing.such"), "No such entries")
		if page := owner.get("/admin/audit?org=acme&action=%00&before=%27"); page.status != http.StatusOK {
			t.Errorf("hostile filter: %d", page.status)
		}

		export := owner.get("/admin/audit.csv?org=acme&action=plan.renamed")
		lines, err := csv.NewReader(strings.NewReader(export.body)).ReadAll()
		b.must(err)
		if len(lines) != 26 || !strings.HasPrefix(export.header.Get("Content-Type"), "text/csv") {
			t.Fatalf("%d lines of %s", len(lines), export.header.Get("Content-Type"))
		}
		want := []string{"2026-11-22T10:00:00Z", "plan.renamed", "user", b.users["owner"].ID, "plan", "'=HYPERLINK(24)", "", "", `{"amount":9900,"name":"\u003cb\u003eOld\u003c/b\u003e"}`, `{"amount":9900,"name":"New"}`}
		if diff := cmp.Diff(want, lines[1]); diff != "" {
			t.Errorf("line differs (-want +got):\n%s", diff)
		}
	})
}

func TestExportHoldsNoFormulas(t *testing.T) {
	t.Parallel()
	b := setup(t, dbtest.SQLite(t))
	cells := []string{"=1+1", "+1", "-1", "@SUM(A1)", "\t=1", " =1", "\u00a0@x", "＝1", "plain", "a=b", ""}
	for _, cell := range cells {
		b.must(b.log.Record(t.Context(), audit.Entry{OrgID: b.orgs["acme"].ID, Action: "x.y", Target: audit.Target{Kind: "k", ID: cell}}))
	}
	lines, err := csv.NewReader(strings.NewReader(b.as("owner", "acme").get("/admin/audit.csv?org=acme&action=x.y").body)).ReadAll()
	b.must(err)
	var got []string
	for _, line := range lines[1:] {
		got = append([]string{line[5]}, got...)
	}
	want := []string{"'=1+1", "'+1", "'-1", "'@SUM(A1)", "'\t=1", "' =1", "'\u00a0@x", "'＝1", "plain", "a=b", ""}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("cells differ (-want +got):\n%s", diff)
	}
}

func TestMembersAreListedWithTheirRoles(t *testing.T) {
	t.Parallel()
	b := setup(t, dbtest.SQLite(t))
	page := b.as("clerk", "acme").get("/admin/members?org=acme")
	contains(t, page, "owner@people.test", "Owner", "clerk@people.test", "Billing", "4 people act", "22 November 2026", "You")
	lacks(t, page, "rival@people.test")
}

func TestJobIsRetriedAndRecorded(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, database *db.DB) {
		b := setup(t, database)
		admin := b.as("platform", "wolfie")
		contains(t, admin.get("/admin/platform/jobs"), "mail-1", jobError, "Try again: mail mail-1")
		before, err := b.jobs.Item(t.Context(), "mail", "mail-1")
		b.must(err)
		if page := admin.post("/admin/platform/jobs/retry", retryForm(b)); page.header.Get("Location") != "/admin/platform/jobs" {
			t.Errorf("retry: %d", page.status)
		}
		after, err := b.jobs.Item(t.Context(), "mail", "mail-1")
		b.must(err)
		if after.Wanted != before.Wanted+1 || after.RetryAt != nil {
			t.Errorf("not wanted anew: %+v", after)
		}
		contains(t, admin.get("/admin/platform/jobs"), "mail is being tried again", "as soon as possible")
		contains(t, admin.get("/admin/audit?org=wolfie"), "Background work tried again", "mail/mail-1")
		for _, form := range []url.Values{{"kind": {"mail"}, "key": {"none"}}, {"kind": {"\x00"}, "key": {""}}, {}} {
			if page := admin.post("/admin/platform/jobs/retry", form); page.status != http.StatusNotFound {
				t.Errorf("retry of %v: %d", form, page.status)
			}
		}
	})
}

func TestPlatformIsKnownByItsIDAlone(t *testing.T) {
	t.Parallel()
	b := setup(t, dbtest.SQLite(t))
	_, err := b.people.CreateOrg(t.Context(), idp.CreateOrg{Slug: "wolfie-2", Name: "Wolfie", OwnerUserID: b.users["outsider"].ID})
	b.must(err)
	impostor := b.as("outsider", "wolfie-2")
	for path, want := range map[string]int{"/admin/platform/jobs": http.StatusForbidden, "/admin?org=acme": http.StatusNotFound, "/admin/clients/" + crm: http.StatusNotFound} {
		if page := impostor.get(path); page.status != want {
			t.Errorf("%s answers %d, want %d", path, page.status, want)
		}
	}
}

func TestEveryPageSpeaksPolish(t *testing.T) {
	t.Parallel()
	b := setup(t, dbtest.SQLite(t))
	for path, want := range map[string]string{
		"/admin?org=acme&lang=pl": "Aplikacje i pakiety", "/admin/clients/acme-crm?lang=pl": "99,00\u00a0zł", "/admin/clients/acme-crm/secret?lang=pl": "natychmiast przestanie działać",
		"/admin/members?org=acme&lang=pl": "działają 4 osoby", "/admin/audit?org=acme&lang=pl": "Dziennik zmian",
	} {
		page := b.as("owner", "acme").get(path)
		contains(t, page, want)
		lacks(t, page, "admin.", "problem.") // a missing key would show itself
	}
}
