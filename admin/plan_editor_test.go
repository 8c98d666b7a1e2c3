package admin_test

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wolfieauth/wolfieauth/billing"
	billingstore "github.com/wolfieauth/wolfieauth/billing/store"
	"github.com/wolfieauth/wolfieauth/internal/audit"
	"github.com/wolfieauth/wolfieauth/internal/db"
	"github.com/wolfieauth/wolfieauth/internal/db/dbtest"
)

const plans = "/admin/clients/" + crm + "/plans"

// plan finds one plan of the app by its slug, with everything that hangs on it.
func (b *bundle) plan(slug string) billing.EditorPlan {
	b.t.Helper()
	for _, scope := range []billing.Scope{{Kind: billing.ScopeApp, ID: crm}, {Kind: billing.ScopeBundle, ID: "suite-id"}} {
		catalog, err := b.billing.EditorCatalog(b.t.Context(), scope)
		b.must(err)
		for _, p := range catalog.Plans {
			if p.Slug == slug {
				return p
			}
		}
	}
	b.t.Fatalf("no plan %q", slug)
	return billing.EditorPlan{}
}

// actions lists the newest actions of acme's log, the newest first.
func (b *bundle) actions(n int) []string {
	b.t.Helper()
	page, _, err := b.log.List(b.t.Context(), audit.Filter{OrgID: b.orgs["acme"].ID, Limit: n})
	b.must(err)
	var out []string
	for _, r := range page {
		out = append(out, r.Action)
	}
	return out
}

// in asks for a page in a language.
func (br *browser) in(lang string) *browser {
	other := *br
	other.lang = lang
	return &other
}

func TestPlanIsMadeWithItsFeature(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := setup(t, d)
		owner := b.as("owner", "acme")
		contains(t, owner.get("/admin/clients/"+crm), `href="/admin/clients/acme-crm/plans/new"`)
		contains(t, owner.in("pl").get("/admin/clients/"+crm), "Nowy plan")
		contains(t, owner.get(plans+"/new"), `name="features" value="ksef_enabled"`, `name="grace_days" value="7"`, "The bundle Acme Suite")
		form := url.Values{
			"name": {"Żółta łódź"}, "description": {"For sailors"}, "color": {"#FFE14D"}, "features": {"ksef_enabled"}, "feature_key": {"sails"},
			"feature_name": {"Sails"}, "trial_days": {"14"}, "grace_days": {"3"}, "lasts_days": {"30"}, "max_seats": {"40"}, "recommended": {"1"}, "hidden": {"1"},
		}
		got := owner.post(plans+"/new", form)
		if got.status != http.StatusSeeOther || got.header.Get("Location") != "/admin/clients/"+crm+"#plans" {
			t.Fatalf("%d to %q: %s", got.status, got.header.Get("Location"), got.body)
		}
		p := b.plan("zolta-lodz")
		if p.Name != "Żółta łódź" || p.Color != "#ffe14d" || p.TrialDays != 14 || p.GraceDays != 3 || p.LastsDays != 30 || p.MaxSeats != 40 || !p.Recommended || !p.Hidden {
			t.Errorf("made %+v", p.Plan)
		}
		if diff := cmp.Diff([]string{"ksef_enabled", "sails"}, p.Edit().FeatureKeys); diff != "" {
			t.Error(diff)
		}
		if diff := cmp.Diff([]string{"plan.created", "feature.created"}, b.actions(2)); diff != "" {
			t.Error(diff)
		}
		contains(t, owner.get("/admin/clients/"+crm), "Żółta łódź was created", "For sailors", "sails")
		contains(t, owner.get("/admin/audit?org=acme"), "Plan created", "Feature created", "Owner (owner@people.test)")
	})
}

func TestPlanRefusedKeepsEverythingTyped(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := setup(t, d)
		owner, before := b.as("owner", "acme"), b.written()
		form := url.Values{
			"name": {"PRO"}, "description": {"Kept <b>words</b>"}, "color": {"teal"}, "features": {"ksef_enabled", "nobodys"}, "feature_key": {"Bad Key"},
			"feature_name": {"A name"}, "trial_days": {"800"}, "grace_days": {"x"}, "hidden": {"1"},
		}
		page := owner.post(plans+"/new", form)
		if page.status != http.StatusUnprocessableEntity {
			t.Fatalf("%d", page.status)
		}
		contains(t, page, "Another plan has this slug", `href="#name"`, "Enter # and six digits", "does not belong to what the plan is sold for", "beginning with a letter",
			"A trial lasts at most 730 days", "Enter a whole number", `value="PRO"`, "Kept &lt;b&gt;words&lt;/b&gt;", `value="teal"`, `value="Bad Key"`, `value="800"`,
			`value="ksef_enabled" checked`, `id="hidden" name="hidden" value="1" checked`)
		contains(t, owner.in("pl").post(plans+"/new", form), "Inny plan ma już taką skróconą nazwę", "Wpisz znak # i sześć cyfr", "Wpisz liczbę całkowitą", "Okres próbny trwa najwyżej 730 dni")
		for name, sentence := range map[string]string{"": "Fill in this field", "!!!": "at least one letter or digit"} {
			contains(t, owner.post(plans+"/new", url.Values{"name": {name}}), sentence)
		}
		if b.written() != before {
			t.Error("something was written")
		}
	})
}

func TestButtonsOfThePlanFormSaveNoPlan(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := setup(t, d)
		owner, before := b.as("owner", "acme"), b.written()
		preview := owner.post(plans+"/new", url.Values{"do": {"preview"}, "name": {"Ósma Fala"}, "color": {"#ffe14d"}})
		contains(t, preview, "<code>osma-fala</code>", "Too faint for text", `fill="#000000"`)
		lacks(t, preview, `role="alert"`)
		contains(t, owner.post(plans+"/new", url.Values{"do": {"preview"}, "color": {"#0f5f52"}}), "Readable as text")
		if b.written() != before {
			t.Error("a preview wrote")
		}
		contains(t, owner.post(plans+"/new", url.Values{"do": {"feature"}, "name": {"Half done"}, "feature_key": {"ksef_enabled"}, "feature_name": {"Again"}}), "There is a feature with this key already", `value="Half done"`)
		made := owner.post(plans+"/new", url.Values{"do": {"feature"}, "name": {"Half done"}, "feature_key": {"late_feature"}, "feature_name": {"Late"}, "features": {"ksef_enabled"}})
		contains(t, made, `value="late_feature" checked`, `value="ksef_enabled" checked`, `value="Half done"`)
		lacks(t, made, `value="Late"`)
		if diff := cmp.Diff([]string{"feature.created"}, b.actions(1)); diff != "" {
			t.Error(diff)
		}
	})
}

func TestBundlePlanIsMadeForTheBundle(t *testing.T) {
	t.Parallel()
	b := setup(t, dbtest.SQLite(t))
	if got := b.as("owner", "acme").post(plans+"/new", url.Values{"name": {"Both"}, "scope": {"suite-id"}, "features": {"ksef_enabled"}}); got.status != http.StatusSeeOther {
		t.Fatalf("%d: %s", got.status, got.body)
	}
	if p := b.plan("both"); p.Scope != (billing.Scope{Kind: billing.ScopeBundle, ID: "suite-id"}) {
		t.Errorf("scope %+v", p.Scope)
	}
}

func TestPlanIsEditedAndAConflictIsSaid(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := setup(t, d)
		owner, target := b.as("owner", "acme"), plans+"/plan-pro/edit"
		contains(t, owner.get(target), `value="Pro"`, `value="pro"`, `value="14"`, `value="ksef_enabled" checked`)
		seen := b.seen(target)
		form := url.Values{"name": {"Pro Plus"}, "slug": {"pro-plus"}, "grace_days": {"9"}, "seen": {seen}}
		if got := owner.post(target, form); got.status != http.StatusSeeOther {
			t.Fatalf("%d: %s", got.status, got.body)
		}
		p := b.plan("pro-plus")
		if p.Name != "Pro Plus" || p.GraceDays != 9 || p.TrialDays != 0 || len(p.Features) != 0 {
			t.Errorf("edited %+v", p.Plan)
		}
		form.Set("name", "Second")
		late := owner.post(target, form)
		if late.status != http.StatusUnprocessableEntity {
			t.Fatalf("a form about an older state answers %d", late.status)
		}
		contains(t, late, "Somebody changed this", `value="Second"`)
		if got := b.plan("pro-plus").Name; got != "Pro Plus" {
			t.Errorf("overwrote with %q", got)
		}
		form.Set("seen", seenField.FindStringSubmatch(late.body)[1])
		if got := owner.post(target, form); got.status != http.StatusSeeOther || b.plan("pro-plus").Name != "Second" {
			t.Errorf("told, and still refused: %d", got.status)
		}
		form.Del("seen")
		if got := owner.post(target, form); got.status != http.StatusUnprocessableEntity {
			t.Errorf("a form without a state answers %d", got.status)
		}
	})
}

func TestPlansAreArranged(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := setup(t, d)
		owner := b.as("owner", "acme")
		order := func() []string {
			catalog, err := b.billing.EditorCatalog(t.Context(), billing.Scope{Kind: billing.ScopeApp, ID: crm})
			b.must(err)
			var slugs []string
			for _, p := range catalog.Plans {
				slugs = append(slugs, p.Slug)
			}
			return slugs
		}
		first := order()
		id := b.plan(first[0]).ID
		owner.post(plans+"/"+id+"/move", url.Values{"direction": {"down"}})
		moved := order()
		slices.Reverse(moved[:2])
		if diff := cmp.Diff(first, moved); diff != "" {
			t.Error(diff)
		}
		owner.post(plans+"/"+id+"/move", url.Values{"direction": {"down"}}) // it is the last of the app already
		owner.post(plans+"/"+id+"/move", url.Values{"direction": {"up"}})
		if diff := cmp.Diff(first, order()); diff != "" {
			t.Error(diff)
		}
		owner.post(plans+"/plan-pro/duplicate", nil)
		if p := b.plan("pro-2"); !p.Hidden || len(p.EditorPrices) != 1 {
			t.Errorf("copied %+v", p)
		}
		contains(t, owner.get(plans+"/plan-pro/archive"), "Nobody has it now", "Archive plan")
		owner.post(plans+"/plan-pro/archive", nil)
		contains(t, owner.get("/admin/clients/"+crm), "1 archived plan", "Put back on sale")
		if p := b.plan("pro"); p.ArchivedAt == nil {
			t.Error("not archived")
		}
		contains(t, owner.post(plans+"/plan-pro/prices/new", priceForm(b)), "the plan was archived")
		owner.post(plans+"/plan-pro/restore", nil)
		if p := b.plan("pro"); p.ArchivedAt != nil {
			t.Error("not restored")
		}
		if diff := cmp.Diff([]string{"plan.restored", "plan.archived", "plan.duplicated", "plans.reordered", "plans.reordered"}, b.actions(5)); diff != "" {
			t.Error(diff)
		}
		if got := owner.get(plans + "/nobodys/edit"); got.status != http.StatusNotFound {
			t.Errorf("unknown plan: %d", got.status)
		}
	})
}

func TestPlansOfAnotherAppAreUnknown(t *testing.T) {
	t.Parallel()
	b := setup(t, dbtest.SQLite(t))
	scope := billing.Scope{Kind: billing.ScopeApp, ID: "beta-shop"}
	b.must(b.billing.EnableBilling(t.Context(), billing.EnableBilling{ClientID: "beta-shop", Gateway: billing.GatewayConnect, DefaultCurrency: "PLN"}))
	_, err := b.billing.CreatePlan(t.Context(), billing.NewPlan{ID: "foreign", Scope: scope, Name: "Foreign"})
	b.must(err)
	owner := b.as("owner", "acme")
	for _, path := range []string{"/foreign/edit", "/foreign/archive", "/foreign/prices/new", "/plan-pro/prices/nobodys/edit"} {
		if got := owner.get(plans + path); got.status != http.StatusNotFound {
			t.Errorf("%s: %d", path, got.status)
		}
	}
	if got := owner.post(plans+"/foreign/archive", nil); got.status != http.StatusNotFound {
		t.Errorf("archives another org's plan: %d", got.status)
	}
	if got := owner.get("/admin/clients/" + spa + "/plans/new"); got.status != http.StatusSeeOther || !strings.HasSuffix(got.header.Get("Location"), "#plans") {
		t.Errorf("billing is off: %d", got.status)
	}
}

// sellPro lets beta pay for acme's Pro.
func (b *bundle) sellPro() {
	b.t.Helper()
	end := b.now.AddDate(0, 1, 0)
	b.must(billingstore.New(b.db).SaveSubscription(b.t.Context(), billing.Subscription{
		ID: "sub-1", OrgID: b.orgs["beta"].ID, ClientID: crm, Scope: billing.Scope{Kind: billing.ScopeApp, ID: crm}, PlanID: "plan-pro", PriceID: "price-pro",
		Account: "acct_acme", StripeID: "sub_stripe", Recurring: true, Holds: true, Status: billing.StatusActive, Quantity: 1, Committed: 1, Currency: "PLN",
		Interval: billing.IntervalMonth, CurrentPeriodEnd: &end, StripeCreatedAt: b.now, CreatedAt: b.now, UpdatedAt: b.now,
	}))
}

func TestASoldPlanKeepsItsSlugAlsoInAFormOpenedBefore(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := setup(t, d)
		owner, target := b.as("owner", "acme"), plans+"/plan-pro/edit"
		form := url.Values{
			"name": {"Pro"}, "slug": {"professional"}, "description": {"Kept words"}, "grace_days": {"7"}, "trial_days": {"14"}, "features": {"ksef_enabled"}, "seen": {b.seen(target)},
		}
		b.sellPro()
		before := b.written()
		for lang, sentence := range map[string]string{"en": "the plan has been sold", "pl": "Plan był już sprzedawany"} {
			page := owner.in(lang).post(target, form)
			if page.status != http.StatusUnprocessableEntity {
				t.Fatalf("%d", page.status)
			}
			contains(t, page, sentence, `href="#slug"`, `id="slug"`, `id="slug-error"`, "Kept words")
		}
		if b.written() != before || b.plan("pro").Slug != "pro" {
			t.Error("something was written")
		}
		form.Set("slug", "pro")
		if got := owner.in("en").post(target, form); got.status != http.StatusSeeOther {
			t.Errorf("its own slug: %d", got.status)
		}
	})
}

func TestSavingTellsFirstWhoLosesWhat(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := setup(t, d)
		b.sellPro()
		owner, target := b.as("owner", "acme"), plans+"/plan-pro/edit"
		contains(t, owner.get(target), "1 live subscriber has this plan")
		contains(t, owner.get(plans+"/plan-pro/archive"), "1 live subscriber keeps it and goes on paying")
		contains(t, owner.get(plans+"/plan-pro/prices/price-pro/edit"), "makes a new price", "1 live subscriber keeps the old price")
		form := url.Values{"name": {"Pro"}, "grace_days": {"7"}, "trial_days": {"14"}, "seen": {b.seen(target)}}
		first := owner.post(target, form)
		if first.status != http.StatusUnprocessableEntity || len(b.plan("pro").Features) != 1 {
			t.Fatalf("saved before it was told: %d", first.status)
		}
		told := "2 people lose “KSeF” in Acme CRM"
		contains(t, first, "Nothing was saved yet", told)
		form.Set("told", told)
		if got := owner.post(target, form); got.status != http.StatusSeeOther || len(b.plan("pro").Features) != 0 {
			t.Errorf("told, and still refused: %d", got.status)
		}
	})
}
