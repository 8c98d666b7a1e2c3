package browsertest_test

import (
	"context"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"

	"github.com/wolfieauth/wolfieauth/billing"
	"github.com/wolfieauth/wolfieauth/idp"
)

// window opens an app of acme's with three plans of its own, so that nobody else's test sees them move.
func window(t *testing.T, slug string) (console, shop string) {
	t.Helper()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	org, err := house.demo.App.Identity().OrgBySlug(t.Context(), "acme")
	must(err)
	app, _, err := house.demo.App.Identity().CreateApp(t.Context(), idp.CreateApp{
		OrgID: org.ID, Slug: slug, Name: "Acme Window", Color: "#7a1f5c", Kind: idp.AppWeb, RedirectURIs: []string{house.line.RPURL + "/callback"},
	})
	must(err)
	shopkeeper := house.demo.App.Billing()
	must(shopkeeper.EnableBilling(t.Context(), billing.EnableBilling{ClientID: app.ClientID, Gateway: billing.GatewayConnect, DefaultCurrency: "PLN", DefaultCountry: "PL"}))
	scope := billing.Scope{Kind: billing.ScopeApp, ID: app.ClientID}
	for i, name := range []string{"First", "Second", "Third"} {
		plan, err := shopkeeper.CreatePlan(t.Context(), billing.NewPlan{Scope: scope, Name: name, Position: int64(i)})
		must(err)
		for _, p := range []billing.NewPrice{
			{Amount: 9900, Currency: "PLN", Interval: billing.IntervalMonth, PerSeat: true, SeatLabel: "user"},
			{Amount: 2500, Currency: "EUR", Interval: billing.IntervalMonth, PerSeat: true, SeatLabel: "user", CountryCodes: []string{"DE"}},
		} {
			p.PlanID = plan.ID
			_, err := shopkeeper.AddPrice(t.Context(), p)
			must(err)
		}
	}
	return house.line.Issuer + "/admin/clients/" + app.ClientID, house.line.Issuer + "/billing/" + app.ClientID
}

// soon waits until a sentence of the page's is true.
func (b *tab) soon(expression string) {
	b.t.Helper()
	b.do(chromedp.Poll(expression, nil))
}

// choose picks an option of a select as a person does.
func (b *tab) pick(id, value string) {
	b.t.Helper()
	b.do(chromedp.Evaluate(`(() => { const s = document.getElementById("`+id+`"); s.focus(); s.value = "`+value+`"; s.dispatchEvent(new Event("change", { bubbles: true })); })()`, nil))
}

const card = `document.querySelector(".shop-preview").innerText.replace(/\s/g, " ")`

// TestThePreviewFollows types into the editor and watches the card that buyers would see.
func TestThePreviewFollows(t *testing.T) {
	t.Parallel()
	b := newTab(t, "en")
	console, _ := window(t, "preview")
	b.signIn("admin@acme.test")
	b.open(console)
	b.press(`.admin-plan a[href$="/edit"]`)
	b.look("plan editor with preview")
	b.fill("name", "Żubr")
	b.fill("color", "#aa3366")
	b.fill("look_seats", "14")
	b.soon(card + `.includes("Żubr") && ` + card + `.includes("14 users: PLN 1,386")`)
	b.pick("look_lang", "pl")
	b.soon(card + `.includes("14 użytkowników: 1386 zł")`)
	b.pick("look_country", "DE")
	b.pick("look_currency", "EUR")
	b.soon(card + `.includes("14 użytkowników: 350 €")`)
	if at := eval[string](b, `document.activeElement.id`); at != "look_currency" {
		t.Errorf("the keyboard is at %q after a choice", at)
	}
	b.soon(`getComputedStyle(document.querySelector(".shop-preview")).getPropertyValue("--accent").trim() === "#7a1f5c"`)
	b.soon(`getComputedStyle(document.querySelector(".shop-preview .plan"), "::before").backgroundColor === "rgb(170, 51, 102)"`)
	if eval[bool](b, `(() => { const x = document.querySelector(".shop-preview .plan-go .button"); x.focus(); return document.activeElement === x || x.form === document.getElementById("editor"); })()`) {
		t.Error("the preview's button can be used")
	}
	b.accessible("plan editor with preview", allRules)
	b.portrait("preview")

	b.withoutScripts()
	b.open(b.where())
	b.fillPlain("name", "Bez skryptów")
	b.press(`.shop-window button[value="preview"]`)
	if !strings.Contains(b.text(".shop-preview"), "Bez skryptów") {
		t.Errorf("without scripts the card says %q", b.text(".shop-preview"))
	}
	b.quiet("preview")
}

// fillPlain fills a field without the page's scripts.
func (b *tab) fillPlain(id, value string) {
	b.t.Helper()
	b.do(chromedp.SetValue("#"+id, value, chromedp.ByQuery))
}

// portrait pictures a page in both widths and schemes.
func (b *tab) portrait(name string) {
	b.t.Helper()
	for _, scheme := range []string{"light", "dark"} {
		b.scheme(scheme)
		for _, width := range []int64{1280, 390} {
			b.picture(name, width, scheme, "en")
		}
	}
	b.scheme("light")
	b.wide(1280)
}

// TestPlansAreDragged takes a plan by its handle, with the mouse and with a finger.
func TestPlansAreDragged(t *testing.T) {
	t.Parallel()
	b := newTab(t, "en")
	console, shop := window(t, "order")
	b.signIn("admin@acme.test")
	b.open(console)
	names := `[...document.querySelectorAll(".admin-plan h3")].map(h => h.textContent).join(" ")`
	b.drag("Third", "First")
	b.soon(names + ` === "Third First Second"`)
	b.soon(`document.getElementById("order-said").textContent === "Third moved: place 1 of 3. Saved."`)
	if !eval[bool](b, `document.querySelector(".admin-plan [value=up]").disabled && ![...document.querySelectorAll(".admin-plan [value=up]")][1].disabled`) {
		t.Error("the buttons do not know the new order")
	}
	b.look("plans after dragging")
	b.portrait("plans-order")
	b.open(console)
	if got := eval[string](b, names); got != "Third First Second" {
		t.Errorf("after loading again: %s", got)
	}
	b.open(shop)
	if got := eval[string](b, `[...document.querySelectorAll(".plan h3")].map(h => h.textContent).join(" ")`); got == "" {
		t.Error("the pricing page is empty")
	}
	b.quiet("order")
}

// drag moves a plan by its handle above another one.
func (b *tab) drag(name, above string) {
	b.t.Helper()
	spot := func(plan, part string) []float64 {
		return eval[[]float64](b, `(() => { const p = [...document.querySelectorAll(".admin-plan")].find(p => p.querySelector("h3").textContent === "`+plan+`");
			const r = p.querySelector("`+part+`").getBoundingClientRect(); return [r.x + r.width / 2, r.y + r.height / 2]; })()`)
	}
	b.do(chromedp.Evaluate(`document.querySelector(".admin-plan").scrollIntoView({ block: "start" })`, nil), chromedp.EmulateViewport(1280, 2600))
	from, to := spot(name, "[data-drag]"), spot(above, "[data-drag]")
	b.do(chromedp.ActionFunc(func(ctx context.Context) error {
		for _, e := range []struct {
			kind input.MouseType
			at   []float64
		}{
			{input.MousePressed, from},
			{input.MouseMoved, []float64{from[0], from[1] - 20}},
			{input.MouseMoved, []float64{to[0], to[1] - 20}},
			{input.MouseMoved, []float64{to[0], to[1] - 24}},
			{input.MouseReleased, []float64{to[0], to[1] - 24}},
		} {
			if err := input.DispatchMouseEvent(e.kind, e.at[0], e.at[1]).WithButton(input.Left).WithButtons(1).WithClickCount(1).Do(ctx); err != nil {
				return err
			}
		}
		return nil
	}))
	b.wide(1280)
}

// TestQuestionsAreWritten adds, moves and saves questions, and reads them on the pricing page.
func TestQuestionsAreWritten(t *testing.T) {
	t.Parallel()
	b := newTab(t, "en")
	console, shop := window(t, "faq")
	b.signIn("admin@acme.test")
	b.open(console)
	b.press("#shop")
	b.do(chromedp.Click("#faq-add", chromedp.ByQuery))
	b.soon(`document.activeElement.id === "q_pl-0"`)
	b.fill("q_pl-0", "Czy wystawiacie faktury?")
	b.fill("a_pl-0", "Tak.\nCo miesiąc.")
	b.do(chromedp.Click("#faq-add", chromedp.ByQuery))
	b.soon(`document.activeElement.id === "q_pl-1"`)
	b.fill("q_en-1", "Can I pay by transfer?")
	b.fill("a_en-1", "Yes, by the year.")
	b.do(chromedp.Click(`[value="up-1"]`, chromedp.ByQuery))
	b.soon(`document.getElementById("q_en-0").value === "Can I pay by transfer?"`)
	b.fill("terms_en", "http://acme.test/terms")
	b.refused(422, "#save")
	b.look("shop window with a mistake")
	b.fill("terms_en", "https://acme.test/terms")
	b.portrait("shop")
	b.press("#save")
	b.open(shop)
	b.do(chromedp.Click(".questions summary", chromedp.ByQuery))
	if got := b.text(".questions details"); !strings.Contains(got, "Can I pay by transfer?") || !strings.Contains(got, "Yes, by the year.") {
		t.Errorf("the first question is %q", got)
	}
	if !b.has(`a[href="https://acme.test/terms"]`) {
		t.Error("no link to the terms")
	}
	b.look("pricing page with questions")
	b.portrait("pricing-questions")
}
