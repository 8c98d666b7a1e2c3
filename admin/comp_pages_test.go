package admin_test

import (
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/wolfieauth/wolfieauth/claims"
	"github.com/wolfieauth/wolfieauth/idp"
	"github.com/wolfieauth/wolfieauth/internal/audit"
	"github.com/wolfieauth/wolfieauth/internal/db"
	"github.com/wolfieauth/wolfieauth/internal/db/dbtest"
)

// anyID is an id of ours, or a moment.
var anyID = regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f-]{27}|u-[a-z0-9]{16}|\d{4}-\d\d-\d\dT[0-9:.]+Z`)

const crmPath = "/admin/clients/acme-crm"

// came puts a person into the directory, as a sign-in to the app does.
func (b *bundle) came(user string) string {
	b.t.Helper()
	id := b.users[user].ID
	b.must(b.db.Conn(b.t.Context()).Exec(`INSERT INTO grants (id, kind, client_id, user_id, created_at, expires_at) VALUES (?, 'code', ?, ?, ?, ?)`, "grant-"+user, crm, id, b.now, b.now).Error)
	return id
}

func TestAPlatformAdminGivesAPassByOneToggle(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := setup(t, d)
		many := b.came("many")
		br := b.as("platform", "wolfie")
		contains(t, br.get(crmPath+"/users"), "many@people.test", "/comps/new?user="+many)
		contains(t, br.get(crmPath+"/comps/new?user="+many), "Many", "Complimentary (comp)", "Pro (pro)")
		form := url.Values{"user": {many}, "reason": {"Helped us"}}
		if got := br.post(crmPath+"/comps/new", form); got.status != http.StatusSeeOther || !strings.HasSuffix(got.header.Get("Location"), "#user-"+many) {
			t.Fatalf("%d to %q", got.status, got.header.Get("Location"))
		}
		held, err := b.comps.Load(t.Context(), many, "", crm, b.now)
		b.must(err)
		plans := claims.Assemble(held).Plans
		if len(plans) != 1 || plans[0].PlanSlug != "comp" || plans[0].PlanName != "Complimentary" || !plans[0].AllFeatures || plans[0].CurrentPeriodEnd != nil {
			t.Errorf("the claim says %+v", plans)
		}
		if again := br.post(crmPath+"/comps/new", form); again.status != http.StatusUnprocessableEntity {
			t.Errorf("a second pass: %d", again.status)
		}
		page := br.get(crmPath + "/users")
		comp := held.Sources[0].ID
		contains(t, page, "Complimentary", "/comps/"+comp+"/end")
		contains(t, br.get(crmPath+"/comps/"+comp+"/end"), "Helped us", "many@people.test")
		if got := br.post(crmPath+"/comps/"+comp+"/end", nil); got.status != http.StatusSeeOther {
			t.Errorf("ending it: %d", got.status)
		}
		if got := br.post(crmPath+"/comps/"+comp+"/end", nil); got.status != http.StatusNotFound {
			t.Errorf("ending it again: %d", got.status)
		}
		entries, _, err := b.log.List(t.Context(), audit.Filter{OrgID: b.orgs["acme"].ID, TargetKind: "comp", TargetID: comp})
		b.must(err)
		if len(entries) != 2 || entries[0].Action != "comp.ended" || entries[0].BeforeJSON == "" || entries[0].AfterJSON == "" || entries[1].ActorID != b.users["platform"].ID {
			t.Errorf("the log says %+v", entries)
		}
	})
}

func TestMistakesOfAPass(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := setup(t, d)
		owner, many := b.came("owner"), b.came("many")
		br := b.as("owner", "acme")
		before := b.written()
		for name, tc := range map[string]struct {
			form url.Values
			want string
		}{
			"no reason":       {url.Values{"user": {many}}, "Say why"},
			"a long one":      {url.Values{"user": {many}, "reason": {strings.Repeat("é", 501)}}, "at most 500"},
			"the past":        {url.Values{"user": {many}, "reason": {"x"}, "until": {"2026-11-20"}}, "must lie in the future"},
			"no date":         {url.Values{"user": {many}, "reason": {"x"}, "until": {"soon"}}, "This is no date"},
			"unknown plan":    {url.Values{"user": {many}, "reason": {"x"}, "plan": {"platform-owner-grant"}}, "no such plan"},
			"unknown feature": {url.Values{"user": {many}, "reason": {"x"}, "which": {"some"}, "features": {"fly"}}, "no such feature"},
			"no feature":      {url.Values{"user": {many}, "reason": {"x"}, "which": {"some"}}, "at least one feature"},
			"oneself":         {url.Values{"user": {owner}, "reason": {"x"}}, "give themselves"},
			"one's address":   {url.Values{"email": {"OWNER@people.test"}, "reason": {"x"}}, "give themselves"},
			"no address":      {url.Values{"email": {"nobody"}, "reason": {"x"}}, "no e-mail address"},
			"nobody":          {url.Values{"reason": {"x"}}, "Please fill"},
		} {
			got := br.post(crmPath+"/comps/new", tc.form)
			if got.status != http.StatusUnprocessableEntity {
				t.Errorf("%s: %d", name, got.status)
			}
			if name != "nobody" {
				contains(t, got, tc.want)
			}
		}
		for name, user := range map[string]string{"of no app": b.users["outsider"].ID, "of beta": b.users["rival"].ID, "no id": "x"} {
			if got := br.post(crmPath+"/comps/new", url.Values{"user": {user}, "reason": {"x"}}); got.status != http.StatusNotFound {
				t.Errorf("somebody %s: %d", name, got.status)
			}
		}
		if b.written() != before {
			t.Error("a refused pass was written")
		}
	})
}

// TestAnAddressTellsNothing compares, byte by byte, all that an org's admin sees after giving to an address with an
// account and to one without.
func TestAnAddressTellsNothing(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := setup(t, d)
		known := "proven@people.test"
		_, _, err := b.people.CreateUser(t.Context(), idp.CreateUser{Email: known, Name: "Hidden Name", Password: "correct horse", Verified: true})
		b.must(err)
		see := func(email string) string {
			br := b.as("owner", "acme")
			form := url.Values{"email": {email}, "reason": {"A friend"}, "until": {"2026-12-01"}}
			given, again := br.post(crmPath+"/comps/new", form), br.post(crmPath+"/comps/new", form)
			var id string
			b.must(b.db.Conn(t.Context()).Raw("SELECT id FROM address_comps WHERE email = ?", email).Scan(&id).Error)
			pages := []answer{
				given, again, br.get(crmPath), br.get(crmPath + "/users"), br.get(crmPath + "/users?search=Hidden"), br.get(crmPath + "/comps"),
				br.get(crmPath + "/comps/" + id + "/end"), br.get("/admin/audit?org=acme"), br.post(crmPath+"/comps/"+id+"/renew", url.Values{"until": {"2026-12-02"}}),
				br.post(crmPath+"/comps/list", url.Values{"list": {email}, "reason": {"x"}}), br.post(crmPath+"/comps/"+id+"/end", nil), br.get("/admin/audit.csv?org=acme"),
			}
			var all strings.Builder
			for _, p := range pages {
				body := p.body
				for _, secret := range []string{p.header.Get("X-Request-Id"), id} {
					if secret != "" {
						body = strings.ReplaceAll(body, secret, "ID")
					}
				}
				all.WriteString(http.StatusText(p.status) + body)
			}
			return anyID.ReplaceAllString(strings.ReplaceAll(all.String(), email, "ADDRESS"), "ID")
		}
		one := see(known)
		b = setup(t, dbtest.SQLite(t)) // the same house, without the account
		other := see("unseen@people.test")
		if one != other {
			i := 0
			for i < min(len(one), len(other)) && one[i] == other[i] {
				i++
			}
			t.Errorf("an address with an account looks different at %d:\n%s\n---\n%s", i, one[max(0, i-300):min(len(one), i+200)], other[max(0, i-300):min(len(other), i+200)])
		}
	})
}

func TestTheDirectoryFindsAndPages(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := setup(t, d)
		for i := range 30 {
			name := "p" + string(rune('a'+i%26)) + string(rune('a'+i/26))
			u, _, err := b.people.CreateUser(t.Context(), idp.CreateUser{Email: name + "@crowd.test", Name: "Łucja " + name, Password: "correct horse"})
			b.must(err)
			b.users[name] = u
			b.came(name)
		}
		br := b.as("owner", "acme")
		first := br.get(crmPath + "/users")
		_, rest, ok := strings.Cut(first.body, "/admin/clients/acme-crm/users?after=")
		if !ok {
			t.Fatal("no next page")
		}
		cursor := rest[:36]
		second := br.get(crmPath + "/users?after=" + cursor)
		contains(t, first, "paa@crowd.test")
		lacks(t, second, "paa@crowd.test")
		contains(t, second, "pza@crowd.test", compedOne)
		for search, want := range map[string]string{"łucja pd": "pda@crowd.test", "PEA@": "pea@crowd.test", "żaneta": compedOne, "ŻANETA": compedOne} {
			got := br.get(crmPath + "/users?search=" + url.QueryEscape(search))
			contains(t, got, want)
			lacks(t, got, "paa@crowd.test")
		}
		contains(t, br.get(crmPath+"/users?search=%25"), "Nobody found")
		for _, wrong := range []string{"x", "'; DROP TABLE users", "00000000-0000-0000-0000-000000000000"} {
			contains(t, br.get(crmPath+"/users?after="+url.QueryEscape(wrong)), "paa@crowd.test")
		}
		lacks(t, first, "rival@people.test", "outsider@people.test")
	})
}

func TestALongListWithFaults(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := setup(t, d)
		var list strings.Builder
		list.WriteString("email,plan,until,reason\n")
		const lines = 10_000
		for i := range lines {
			email := "l" + strings.Repeat("x", i%3) + itoa(i) + "@list.test"
			switch i % 10 {
			case 0:
				email = "no address " + itoa(i)
			case 1:
				email = "\"unclosed"
			case 2:
				list.WriteString(email + ",nope,,\n")
				continue
			case 3:
				list.WriteString(email + ",pro,2020-01-01,\n")
				continue
			}
			list.WriteString(email + ",pro,2027-01-31,\n")
		}
		br := b.as("owner", "acme")
		sent := br.post(crmPath+"/comps/list", url.Values{"list": {list.String()}, "reason": {"Launch"}})
		if sent.status != http.StatusSeeOther {
			t.Fatalf("%d", sent.status)
		}
		run := sent.header.Get("Location")
		contains(t, br.get(run), "This is a preview", "Give 6000 passes", "no such plan", "cannot be read", "must lie in the future", "no e-mail address")
		if got := br.post(run, nil); got.status != http.StatusSeeOther {
			t.Fatalf("start: %d", got.status)
		}
		contains(t, br.get(run), "The passes are being given", `http-equiv="refresh"`)
		id := run[strings.LastIndexByte(run, '/')+1:]
		b.must(b.jobs.DoNow(t.Context(), "comps.run", id))
		if got := br.post(run, nil); got.status != http.StatusSeeOther { // once more does nothing
			t.Errorf("start again: %d", got.status)
		}
		_, tally, err := b.passes.Run(t.Context(), crm, id)
		b.must(err)
		if tally != (claims.CompTally{Given: 6000, Refused: 4000}) {
			t.Errorf("tally %+v", tally)
		}
		contains(t, br.get(run), "Finished", "given")
		file := br.get(run + "/results.csv")
		if n := strings.Count(file.body, "\n"); n != lines+1 {
			t.Errorf("%d lines in the file", n)
		}
		contains(t, file, "pro,2027-01-31,Launch,given,", "refused,until_past", "refused,plan_unknown", "refused,unreadable", "refused,email_invalid")
		var rows int
		b.must(b.db.Conn(t.Context()).Raw("SELECT COUNT(*) FROM address_comps").Scan(&rows).Error)
		if rows != 6000 {
			t.Errorf("%d passes", rows)
		}
	})
}

func TestExplainIsRecordedForForeigners(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := setup(t, d)
		person := compedPerson(b)
		path := crmPath + "/explain?user=" + person
		contains(t, b.as("owner", "acme").get(path), "&#34;planSlug&#34;: &#34;pro&#34;", "in the claim", "Gratis Pro")
		filter := audit.Filter{Action: "claim.explained"}
		if seen, _, err := b.log.List(t.Context(), filter); err != nil || len(seen) != 0 {
			t.Errorf("the owner's own look was recorded: %v %v", seen, err)
		}
		b.as("platform", "wolfie").get(path)
		seen, _, err := b.log.List(t.Context(), filter)
		if err != nil || len(seen) != 1 || seen[0].OrgID != b.orgs["acme"].ID || seen[0].TargetID != person {
			t.Errorf("the platform's look: %+v %v", seen, err)
		}
		br := b.as("owner", "acme")
		for at, want := range map[string]int{"2026-11-22T09:59": 200, "2026-11-22T10:01": 422, "never": 422} {
			if got := br.get(path + "&at=" + at); got.status != want {
				t.Errorf("at %s: %d", at, got.status)
			}
		}
		contains(t, br.get(path+"&at=2026-11-22T09:59"), "There is no claim")
		for _, wrong := range []string{"user=" + b.users["rival"].ID, "user=x", "user=" + person + "&org_id=" + b.orgs["beta"].ID} {
			if got := br.get(crmPath + "/explain?" + wrong); got.status != http.StatusNotFound {
				t.Errorf("%s: %d", wrong, got.status)
			}
		}
	})
}

func itoa(i int) string { return strconv.Itoa(i) }
