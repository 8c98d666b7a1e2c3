package admin_test

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wolfieauth/wolfieauth/billing"
	"github.com/wolfieauth/wolfieauth/internal/db"
	"github.com/wolfieauth/wolfieauth/internal/db/dbtest"
)

const shopPath = "/admin/clients/acme-crm/shop"

func shopForm(b *bundle) url.Values {
	return url.Values{
		"seen": {b.seen(shopPath)}, "currency": {"pln"}, "country": {"PL"}, "headline_pl": {"Nasze plany"}, "headline_en": {"Our plans"}, "sentence_en": {"One for each."},
		"terms_pl": {"https://acme.test/regulamin"}, "privacy_en": {"https://acme.test/privacy"},
		"q_pl": {"Czy wystawiacie faktury?", ""}, "a_pl": {"Tak, co miesiąc.", ""}, "q_en": {"Do you send invoices?", "Who are <you>?"}, "a_en": {"Yes, every month.", "Acme."},
	}
}

func TestTheShopWindowIsWritten(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := setup(t, d)
		owner := b.as("owner", "acme")
		contains(t, owner.get(shopPath), "No questions of your own yet.", `value="PLN"`)
		if got := owner.post(shopPath, shopForm(b)); got.status != http.StatusSeeOther {
			t.Fatalf("saved: %d %s", got.status, got.body)
		}
		contains(t, owner.get(shopPath), "Nasze plany", "https://acme.test/privacy", "Who are &lt;you&gt;?", "Question 2")
		if got := b.actions(1); got[0] != "shop.changed" {
			t.Errorf("recorded %v", got)
		}
		page := b.as("", "").get("/billing/acme-crm")
		contains(t, page, "<h1>Our plans</h1>", "One for each.", "<summary>Do you send invoices?</summary><p>Yes, every month.</p>", "Who are &lt;you&gt;?",
			`href="https://acme.test/regulamin"`, `href="https://acme.test/privacy"`, `"@type":"FAQPage"`, `"name":"Do you send invoices?"`)
		polish := (&browser{b: b, lang: "pl"}).get("/billing/acme-crm")
		contains(t, polish, "<h1>Nasze plany</h1>", `<p class="lead" lang="en">One for each.`, `<details lang="en"><summary>Who are`, "Czy wystawiacie faktury?", "Tak, co miesiąc.", "Who are &lt;you&gt;?")
		lacks(t, polish, "Do you send invoices?")
	})
}

func TestPlansStandByPriceOrAsTheOwnerArrangedThem(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := setup(t, d)
		ctx := t.Context()
		_, err := b.billing.CreatePlan(ctx, billing.NewPlan{ID: "plan-dear", Scope: billing.Scope{Kind: billing.ScopeApp, ID: crm}, Name: "Dear"})
		b.must(err)
		_, err = b.billing.AddPrice(ctx, billing.NewPrice{PlanID: "plan-dear", Amount: 999900, Currency: "PLN", Interval: billing.IntervalMonth})
		b.must(err)
		b.must(b.billing.ReorderPlans(ctx, billing.Scope{Kind: billing.ScopeApp, ID: crm}, []string{"plan-dear", "plan-pro"}))
		owner := b.as("owner", "acme")
		dearFirst := func() bool {
			page := b.as("", "").get("/billing/acme-crm?country=PL").body
			return strings.Index(page, `id="plan-dear"`) < strings.Index(page, `id="plan-pro"`)
		}
		contains(t, owner.get("/admin/clients/acme-crm"), "Buyers see the plans by price")
		if dearFirst() {
			t.Error("the dearest plan comes first though nobody asked for it")
		}
		form := shopForm(b)
		form.Set("order", "arranged")
		form.Set("change_mode", "always_invoice")
		if got := owner.post(shopPath, form); got.status != http.StatusSeeOther {
			t.Fatalf("saved: %d", got.status)
		}
		contains(t, owner.get("/admin/clients/acme-crm"), "Buyers see the plans in this order")
		contains(t, owner.get(shopPath), `value="arranged" selected`, `value="always_invoice" selected`)
		if !dearFirst() {
			t.Error("the owner's order is not shown")
		}
	})
}

func TestTheShopWindowRefusesAtTheField(t *testing.T) {
	t.Parallel()
	b := setup(t, dbtest.SQLite(t))
	owner := b.as("owner", "acme")
	form := shopForm(b)
	form.Set("terms_pl", "http://acme.test/regulamin")
	form.Set("privacy_en", "javascript:alert(1)")
	form.Set("currency", "ABC")
	form.Set("change_mode", "whenever")
	form.Set("country", "XX")
	// The empty row in the middle is dropped; the half one behind it is told of.
	form["q_pl"], form["a_pl"] = []string{"Raz?", "", "Dwa?"}, []string{"Tak.", "", ""}
	form["q_en"], form["a_en"] = []string{"", "", ""}, []string{"", "", ""}
	got := owner.post(shopPath, form)
	if got.status != http.StatusUnprocessableEntity {
		t.Fatalf("%d", got.status)
	}
	contains(t, got, `id="terms_pl-error"`, `id="privacy_en-error"`, `id="currency-error"`, `id="change_mode-error"`, `id="country-error"`, `id="a_pl-1-error"`,
		"A full address that begins with https://.", `value="http://acme.test/regulamin"`, `value="Dwa?"`)
	lacks(t, got, `id="q_pl-2"`, `id="a_pl-0-error"`)
	lacks(t, b.as("", "").get("/billing/acme-crm"), "Our plans")

	stale := shopForm(b)
	owner.post(shopPath, shopForm(b))
	stale.Set("headline_en", "Mine")
	got = owner.post(shopPath, stale)
	contains(t, got, "Somebody changed this", `value="Mine"`)
	if got.status != http.StatusUnprocessableEntity {
		t.Errorf("a stale form: %d", got.status)
	}
	contains(t, b.as("", "").get("/billing/acme-crm"), "Our plans")
	if got := owner.get("/admin/clients/acme-spa/shop"); got.status != http.StatusSeeOther {
		t.Errorf("an app that sells nothing: %d", got.status)
	}
}

func TestQuestionsAreArrangedWithoutScripts(t *testing.T) {
	t.Parallel()
	b := setup(t, dbtest.SQLite(t))
	owner := b.as("owner", "acme")
	order := func(do string) string {
		form := url.Values{"do": {do}, "q_en": {"one", "two", "three"}}
		var out []string
		for _, word := range strings.Split(owner.post(shopPath, form).body, `name="q_en" value="`)[1:] {
			text, _, _ := strings.Cut(word, `"`)
			out = append(out, text)
		}
		return strings.Join(out, " ")
	}
	for do, want := range map[string]string{
		"up-1": "two one three", "down-1": "one three two", "up-0": "one two three", "down-2": "one two three", "cut-1": "one three", "cut-7": "one two three",
		"add": "one two three ", "up-x": "one two three",
	} {
		if got := order(do); got != want {
			t.Errorf("%s: %q, not %q", do, got, want)
		}
	}
	lacks(t, b.as("", "").get("/billing/acme-crm"), "two")
}

// cardIn cuts a plan's card out of a page.
func cardIn(t *testing.T, page answer, slug string) string {
	t.Helper()
	_, after, ok := strings.Cut(page.body, `id="plan-`+slug+`" data-plan=`)
	card, _, closed := strings.Cut(after, "</article>")
	if !ok || !closed {
		t.Fatalf("no card of %s (%d): %s", slug, page.status, page.body)
	}
	return card
}

// TestThePreviewIsTheCardOfThePage compares what was shown before saving with what buyers get afterwards.
func TestThePreviewIsTheCardOfThePage(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := setup(t, d)
		owner := b.as("owner", "acme")
		const edit = "/admin/clients/acme-crm/plans/plan-pro/edit"
		form := url.Values{
			"seen": {b.seen(edit)}, "name": {"Pro plus"}, "slug": {"pro"}, "description": {"Zażółć <gęślą>"}, "color": {"#aa3366"}, "recommended": {"1"},
			"trial_days": {"3"}, "grace_days": {"7"}, "features": {"ksef_enabled"}, "look_country": {"PL"}, "look_lang": {"pl"},
		}
		preview := func(field, value string) answer {
			form.Set(field, value)
			form.Set("do", "preview")
			defer form.Del("do")
			return owner.post(edit, form)
		}
		shown := preview("look_lang", "pl")
		contains(t, shown, `lang="pl" inert`, "Wypróbuj przez 3 dni", `/billing/acme-crm/preview.css?color=%23aa3366`, `<option value="PL" selected>Poland`)
		contains(t, owner.get("/billing/acme-crm/preview.css?color=%23aa3366"), ".shop-preview{--accent:", ".shop-preview .plan{--plan:#aa3366}")
		lacks(t, owner.get("/billing/acme-crm/preview.css?color=red}*{"), "*{", "red")
		lacks(t, (&browser{b: b, lang: "pl"}).get("/billing/acme-crm?country=PL"), "Pro plus")

		// On the page the plan is open to everybody; the two cards differ in nothing but the choice that is remembered.
		saved := owner.post(edit, form)
		if saved.status != http.StatusSeeOther {
			t.Fatalf("saved: %d", saved.status)
		}
		bought := cardIn(t, (&browser{b: b, lang: "pl"}).get("/billing/acme-crm?country=PL"), "pro")
		if diff := cmp.Diff(bought, cardIn(t, shown, "pro")); diff != "" {
			t.Errorf("the preview is another card (-page +preview):\n%s", diff)
		}
		form.Set("seen", b.seen(edit))
		contains(t, preview("look_country", "US"), "inert", "Obecnie niedostępny")
		english := preview("look_lang", "en")
		contains(t, english, `lang="en" inert`)
		lacks(t, english, "Obecnie niedostępny")
	})
}

func TestAPriceIsPreviewedAsTyped(t *testing.T) {
	t.Parallel()
	b := setup(t, dbtest.SQLite(t))
	owner := b.as("owner", "acme")
	const path = "/admin/clients/acme-crm/plans/plan-pro/prices/new"
	form := url.Values{
		"do": {"preview"}, "currency": {"EUR"}, "interval": {"year"}, "scheme": {"volume"}, "per_seat": {"1"}, "seat_label": {"user"}, "countries": {"DE"}, "seats": {"14"},
		"tier_up_to": {"10", ""}, "tier_unit": {"99.00", "89.00"}, "tier_flat": {"", ""},
	}
	contains(t, owner.post(path, form), "14 users: €1,246\u00a0/\u00a0year", `<option value="DE">Germany`, `<option value="EUR">EUR`, "Volume pricing")
	form.Set("seats", "3")
	contains(t, owner.post(path, form), "3 users: €297\u00a0/\u00a0year")
	form["tier_unit"] = []string{"99.00", "free"}
	contains(t, owner.post(path, form), "The price cannot be shown yet")
	contains(t, owner.get("/admin/clients/acme-crm/plans/new"), "The plan has no price yet", "New plan")
	page := owner.get("/admin/clients/acme-crm/plans/plan-pro/edit")
	if strings.Index(page.body, `class="card shop-window"`) < strings.LastIndex(page.body, "</form>\n  <aside") {
		t.Error("the preview stands inside the form, where its own form cannot be")
	}
}

func orderForm(b *bundle) url.Values {
	ids := b.onSale(crm)
	slices.Reverse(ids)
	return url.Values{"plan": ids}
}

// onSale are the ids of an app's plans in order.
func (b *bundle) onSale(clientID string) (ids []string) {
	b.t.Helper()
	c, err := b.billing.EditorCatalog(b.t.Context(), billing.Scope{Kind: billing.ScopeApp, ID: clientID})
	b.must(err)
	for _, p := range c.Plans {
		if p.ArchivedAt == nil {
			ids = append(ids, p.ID)
		}
	}
	return ids
}

func TestPlansAreArrangedInOneGo(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := setup(t, d)
		b.seedEditor()
		owner := b.as("owner", "acme")
		const path = "/admin/clients/acme-crm/plans/order"
		contains(t, owner.get("/admin/clients/acme-crm"), `data-order="`+path+`"`, `data-scope="acme-crm"`, `data-scope="suite-id"`, `role="status"`)
		before := b.onSale(crm)
		want := slices.Clone(before)
		slices.Reverse(want)
		if got := owner.post(path, url.Values{"plan": want}); got.status != http.StatusNoContent {
			t.Fatalf("%d %s", got.status, got.body)
		}
		if diff := cmp.Diff(want, b.onSale(crm)); diff != "" {
			t.Error(diff)
		}
		if got := b.actions(1); got[0] != "plans.reordered" {
			t.Errorf("recorded %v", got)
		}
		for name, ids := range map[string][]string{
			"none": nil, "one is missing": before[1:], "one twice": append(slices.Clone(before[1:]), before[1]), "a bundle's among them": append(slices.Clone(before[1:]), "plan-all"),
			"an archived one": append(slices.Clone(before), "plan-gone"), "nobody's": append([]string{"nobody"}, before[1:]...),
		} {
			got := owner.post(path, url.Values{"plan": ids})
			if got.status != http.StatusConflict {
				t.Errorf("%s: %d", name, got.status)
			}
			contains(t, got, "The plans have changed since this page was loaded")
		}
		if diff := cmp.Diff(want, b.onSale(crm)); diff != "" {
			t.Errorf("a refused order: %s", diff)
		}
	})
}
