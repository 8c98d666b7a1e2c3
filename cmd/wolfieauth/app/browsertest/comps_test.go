package browsertest_test

import (
	"net/url"
	"testing"
	"time"

	"github.com/wolfieauth/wolfieauth/claims/comps"
)

// TestOneToggleOpensTheApp walks the platform admin's way: find a person, press the toggle, say why; the person's next
// ID token has the pass. Then the way back. In both languages, and in one of them by a browser that runs no scripts.
func TestOneToggleOpensTheApp(t *testing.T) {
	t.Parallel()
	for lang, ready := range map[string]func(*tab){"en": func(*tab) {}, "pl": (*tab).withoutScripts} {
		t.Run(lang, func(t *testing.T) {
			t.Parallel()
			email := newcomer(t)
			person := newTab(t, lang)
			person.open(house.line.RPURL)
			person.press("#sign-in")
			person.passLogin(email)
			person.allow()
			person.arrived(house.line.RPURL)
			person.holds("")
			user, err := house.demo.App.Identity().UserByEmail(t.Context(), email)
			if err != nil {
				t.Fatal(err)
			}
			seedPasses(t)

			b := newTab(t, lang)
			ready(b)
			b.signIn("platform@wolfie.test")
			app := house.line.AdminURL + "/clients/acme-crm"
			row := "#user-" + user.ID
			b.open(app + "#users")
			b.press("#directory")
			b.fill("search", email)
			b.press(".admin-filter button")
			b.inspect("users", lang)
			b.press("[id='" + row[1:] + "'] .comp-toggle")
			b.inspect("comp", lang)
			b.refused(422, "#submit")
			b.inspect("comp-mistake", lang)
			b.fill("reason", "Helped with the beta")
			b.press("#submit")
			b.arrived(app + "/users")

			person.press("#refresh")
			person.holds("comp")

			b.open(app + "/explain?user=" + user.ID)
			b.inspect("explain", lang)
			b.open(app + "/comps")
			b.inspect("comps", lang)
			b.sendList(app, lang)
			b.open(app + "/users?search=" + url.QueryEscape(email))
			b.press("[id='" + row[1:] + "'] .comp-toggle")
			b.inspect("comp-end", lang)
			b.press("#confirm")
			person.press("#refresh")
			person.holds("")
		})
	}
}

// sendList gives passes to many.
func (b *tab) sendList(app, lang string) {
	b.t.Helper()
	b.open(app + "/comps/list")
	b.inspect("comp-bulk", lang)
	good := "list-" + lang + "@example.test"
	b.fill("list", good+"\nnot an address\n"+good+"\nplan-"+lang+"@example.test,gold\nlate-"+lang+"@example.test,pro,2020-01-01")
	b.fill("reason", "Partner programme")
	b.press("#submit")
	b.inspect("comp-run", lang)
	run := b.where()
	b.press("#confirm")
	if err := house.demo.App.CatchUp(b.t.Context()); err != nil {
		b.t.Fatal(err)
	}
	b.open(run)
	b.inspect("comp-run-done", lang)
}

// seedPasses gives some that end soon, so that there is something to see.
func seedPasses(t *testing.T) {
	t.Helper()
	giver, err := house.demo.App.Identity().UserByEmail(t.Context(), "platform@wolfie.test")
	if err != nil {
		t.Fatal(err)
	}
	end := house.demo.Clock.Now().Add(5 * 24 * time.Hour)
	for _, slug := range []string{"", "pro"} {
		err := house.demo.App.Comps().Give(t.Context(), comps.Gift{
			ClientID: "acme-crm", Email: newcomer(t), PlanSlug: slug, ExpiresAt: &end, Reason: "Partner for the winter campaign", GivenBy: giver.ID,
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}
