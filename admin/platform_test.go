package admin_test

import (
	"encoding/csv"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/wolfieauth/wolfieauth/idp"
	"github.com/wolfieauth/wolfieauth/internal/audit"
	"github.com/wolfieauth/wolfieauth/internal/db"
	"github.com/wolfieauth/wolfieauth/internal/db/dbtest"
)

var nextLink = regexp.MustCompile(`id="next" href="([^"]+)"`)

// names walks a list to its end and answers what each page holds of the pattern.
func (br *browser) walk(path string, pattern *regexp.Regexp) (found []string, pages int) {
	for pages = 1; pages < 50; pages++ {
		page := br.get(path)
		for _, m := range pattern.FindAllStringSubmatch(page.body, -1) {
			found = append(found, m[1])
		}
		next := nextLink.FindStringSubmatch(page.body)
		if next == nil {
			break
		}
		path = strings.ReplaceAll(next[1], "&amp;", "&")
	}
	return found, pages
}

func TestListsOfThePlatformAreWalkedToTheirEnd(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := setup(t, d)
		for i := range 60 {
			u, _, err := b.people.CreateUser(t.Context(), idp.CreateUser{Email: fmt.Sprintf("crowd-%02d@people.test", i), Name: "50%_Crowd", Password: "correct horse"})
			b.must(err)
			_, err = b.people.CreateOrg(t.Context(), idp.CreateOrg{Slug: fmt.Sprintf("crowd-%02d", i), Name: "Crowd", OwnerUserID: u.ID})
			b.must(err)
		}
		pl := b.as("platform", "wolfie")
		for path, pattern := range map[string]*regexp.Regexp{
			"/admin/platform/users?q=crowd":  regexp.MustCompile(`href="/admin/platform/users/([0-9a-f-]{36})"`),
			"/admin/platform/users?q=50%25_": regexp.MustCompile(`href="/admin/platform/users/([0-9a-f-]{36})"`),
			"/admin/platform/orgs?q=CROWD":   regexp.MustCompile(`href="/admin\?org=(crowd-\d\d)"`),
		} {
			found, pages := pl.walk(path, pattern)
			seen := map[string]bool{}
			for _, f := range found {
				seen[f] = true
			}
			if len(found) != 60 || len(seen) != 60 || pages < 2 {
				t.Errorf("%s: %d entries, %d different, on %d pages", path, len(found), len(seen), pages)
			}
		}
		for _, path := range []string{"/admin/platform/users?q=nobody-at-all", "/admin/platform/apps?q=%25", "/admin/platform/apps?q=_"} {
			contains(t, pl.get(path), "Nothing found")
		}
		for _, cursor := range []string{"x", "' OR 1=1 --", "WyJhIiwiYiJd", "WzFd", strings.Repeat("A", 2000), "WyJcdTAwMDAiXQ"} {
			for _, list := range []string{"users", "orgs", "apps", "jobs", "webhooks"} {
				if page := pl.get("/admin/platform/" + list + "?after=" + url.QueryEscape(cursor) + "&before=" + url.QueryEscape(cursor)); page.status != http.StatusOK {
					t.Errorf("%s behind %q: %d", list, cursor, page.status)
				}
			}
		}
	})
}

func TestSuspendedOrgIsOutOfReachOfItsMembers(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := setup(t, d)
		pl, rival := b.as("platform", "wolfie"), b.as("rival", "beta")
		path := "/admin/platform/orgs/" + b.orgs["beta"].ID
		contains(t, pl.get(path+"/suspend"), "What stops at once")
		pl.post(path+"/suspend", url.Values{"word": {"beta"}})
		for _, page := range []string{"/admin?org=beta", "/admin/clients/beta-shop"} {
			if got := rival.get(page); got.status != http.StatusNotFound {
				t.Errorf("%s of a suspended org: %d", page, got.status)
			}
		}
		contains(t, pl.get("/admin/platform/orgs?q=beta"), "Suspended", "Lift suspension")
		pl.post(path+"/resume", nil)
		if got := rival.get("/admin?org=beta"); got.status != http.StatusOK {
			t.Errorf("resumed: %d", got.status)
		}
		if own := pl.post("/admin/platform/orgs/"+b.orgs["wolfie"].ID+"/suspend", url.Values{"word": {"wolfie"}}); own.status != http.StatusConflict {
			t.Errorf("the platform's own org: %d", own.status)
		}
		if none := pl.get("/admin/platform/orgs/no-such-org/suspend"); none.status != http.StatusNotFound {
			t.Errorf("an unknown org: %d", none.status)
		}
		entries, _, err := b.log.List(t.Context(), audit.Filter{OrgID: b.orgs["beta"].ID, TargetKind: "org"})
		b.must(err)
		if len(entries) < 3 || entries[0].Action != "org.resumed" || entries[1].Action != "org.suspended" || entries[1].ActorID != b.users["platform"].ID {
			t.Errorf("log: %+v", entries)
		}
	})
}

func TestDisabledPersonAndOneself(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := setup(t, d)
		pl, rival := b.as("platform", "wolfie"), b.as("rival", "beta")
		path := "/admin/platform/users/" + b.users["rival"].ID
		contains(t, pl.get(path), "rival@people.test", "Beta", "Owner")
		pl.post(path+"/disable", url.Values{"word": {"rival@people.test"}})
		if got := rival.get("/admin"); got.status != http.StatusSeeOther {
			t.Errorf("a disabled person: %d", got.status)
		}
		contains(t, pl.get("/admin/platform/users?q=rival"), "Disabled")
		pl.post(path+"/enable", nil)
		if got := b.as("rival", "beta").get("/admin"); got.status != http.StatusOK {
			t.Errorf("enabled: %d", got.status)
		}
		own := pl.post("/admin/platform/users/"+b.users["platform"].ID+"/disable", url.Values{"word": {"platform@people.test"}})
		if own.status != http.StatusConflict {
			t.Errorf("oneself: %d", own.status)
		}
		lacks(t, pl.get("/admin/platform/users/"+b.users["platform"].ID), `id="disable"`)
	})
}

func TestDeliveriesAreShownWithoutTheirSecrets(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := setup(t, d)
		b.seedPlatform()
		b.deliver("evt_2", "invoice.paid", "", `not json s3cr3t`)
		pl := b.as("platform", "wolfie")
		list := pl.get("/admin/platform/webhooks")
		contains(t, list, "customer.subscription.updated", "invoice.paid", "evt_1", "sub_1")
		page := pl.get("/admin/platform/webhooks/" + b.events[0])
		contains(t, page, "[redacted]", "12345678901234567", "sub_1")
		lacks(t, page, "s3cr3t")
		odd := pl.get("/admin/platform/webhooks/" + b.events[1])
		contains(t, odd, "no JSON")
		lacks(t, odd, "s3cr3t", `id="read"`)
		before, err := b.jobs.Item(t.Context(), "stripe_object", "|test|sub_1")
		if err == nil {
			t.Logf("wanted %d times", before.Wanted)
		}
		if got := pl.post("/admin/platform/webhooks/"+b.events[0]+"/read", nil); got.status != http.StatusSeeOther {
			t.Fatalf("read again: %d", got.status)
		}
		after, err := b.jobs.Item(t.Context(), "stripe_object", "|test|sub_1")
		b.must(err)
		if after.Wanted != before.Wanted+1 {
			t.Errorf("wanted %d, then %d", before.Wanted, after.Wanted)
		}
		if got := pl.post("/admin/platform/webhooks/"+b.events[1]+"/read", nil); got.status != http.StatusNotFound {
			t.Errorf("an event of nothing: %d", got.status)
		}
		for query, want := range map[string]int{"type=invoice.*": 1, "type=invoice.paid": 1, "type=inv%25*": 0, "outcome=ignored&account=platform": 1, "account=acct_1": 0, "outcome=nonsense": 2} {
			if got := strings.Count(pl.get("/admin/platform/webhooks?"+query).body, `<th scope="row">`); got != want {
				t.Errorf("%s: %d deliveries, want %d", query, got, want)
			}
		}
	})
}

func TestAuditIsFilteredByWhoWhatAndWhen(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := setup(t, d)
		for i, org := range []string{"acme", "beta"} {
			b.must(b.log.Record(t.Context(), audit.Entry{
				Actor: audit.Actor{Kind: "user", ID: b.users["rival"].ID}, OrgID: b.orgs[org].ID, Action: "thing.made", Target: audit.Target{Kind: "thing", ID: fmt.Sprintf("=thing-%d", i)},
			}))
		}
		owner, pl := b.as("owner", "acme"), b.as("platform", "wolfie")
		today, day := b.now.Format("2006-01-02"), b.now.AddDate(0, 0, 1).Format("2006-01-02")
		for query, want := range map[string]int{
			"actor=rival@people.test": 1, "actor=" + b.users["rival"].ID: 1, "actor=nobody@people.test": 0, "target=%3Dthing-0": 1, "target=%3Dthing-1": 0,
			"action=thing.made&from=" + today + "&to=" + today: 1, "action=thing.made&from=" + day: 0, "action=thing.made' OR 1=1": 0,
		} {
			query = strings.ReplaceAll(strings.ReplaceAll(query, "' ", "%27%20"), " ", "%20")
			if got := strings.Count(owner.get("/admin/audit?org=acme&"+query).body, `<th scope="row"><code>thing.made`); got != want {
				t.Errorf("%s: %d entries, want %d", query, got, want)
			}
		}
		if page := owner.get("/admin/audit?org=acme&from=yesterday"); page.status != http.StatusUnprocessableEntity {
			t.Errorf("a date that is none: %d", page.status)
		}
		if page := owner.get("/admin/audit.csv?org=acme&to=9999-99-99"); page.status != http.StatusUnprocessableEntity {
			t.Errorf("an export to a date that is none: %d", page.status)
		}
		all := pl.get("/admin/platform/audit?action=thing.made")
		contains(t, all, "=thing-0", "=thing-1", "Acme Spółka", "Beta")
		lines, err := csv.NewReader(strings.NewReader(pl.get("/admin/platform/audit.csv?action=thing.made").body)).ReadAll()
		if err != nil || len(lines) != 3 || lines[0][10] != "org_id" || lines[1][5] != "'=thing-1" || lines[1][10] != b.orgs["beta"].ID {
			t.Errorf("%v, %v", lines, err)
		}
	})
}

// statements counts what a page asks the database.
func (br *browser) statements(path string) int64 {
	br.b.t.Helper()
	var n atomic.Int64
	r := httptest.NewRequestWithContext(db.CountStatements(br.b.t.Context(), &n), http.MethodGet, path, nil)
	r.Header.Set("Accept", "text/html")
	r.AddCookie(br.cookie)
	w := httptest.NewRecorder()
	br.b.edge.ServeHTTP(w, r)
	if w.Code != http.StatusOK {
		br.b.t.Errorf("%s: %d", path, w.Code)
	}
	return n.Load()
}

// TestPagesOfThePlatformAskLittle holds the number of statements of each list, whatever its length: three are the
// visitor's own, two of the pages about Stripe look for silence and for other versions.
func TestPagesOfThePlatformAskLittle(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := setup(t, d)
		b.seedPlatform()
		pl := b.as("platform", "wolfie")
		for path, most := range map[string]int64{
			"/admin/platform/orgs": 5, "/admin/platform/orgs?personal=1": 5, "/admin/platform/apps": 4, "/admin/platform/users": 5,
			"/admin/platform/webhooks": 6, "/admin/platform/jobs": 8, "/admin/platform/users/" + b.users["owner"].ID: 5,
		} {
			if n := pl.statements(path); n > most {
				t.Errorf("%s asks %d times, at most %d are allowed", path, n, most)
			}
		}
	})
}
