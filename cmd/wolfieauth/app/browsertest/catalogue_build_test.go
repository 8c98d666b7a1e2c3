package browsertest_test

import (
	"fmt"
	"strings"
	"time"

	"github.com/chromedp/chromedp"
)

// buildCatalogue types the plans into the editor, looks at its pages, and answers how many things Stripe must learn.
func (b *tab) buildCatalogue(plans []typedPlan) (things int) {
	b.t.Helper()
	home := house.line.AdminURL + "/clients/" + emptyShop
	b.open(home)
	for i, p := range plans {
		b.press(`section#plans a[href$="/plans/new"]`)
		b.typePlan(p)
		if i == 0 {
			b.inspect("editor-plan", "en")
		}
		b.press("#save")
		b.arrived(home)
		things++
		for _, price := range p.prices {
			b.open(b.linkOf(p.name, "/prices/new"))
			b.typePrice(price)
			if price.scheme == "volume" {
				b.do(chromedp.Evaluate(`document.activeElement.blur()`, nil)) // Chromium leaves a focused field below the fold out of the picture
				b.inspect("editor-price-tiers", "en")
			}
			b.press("#save")
			b.arrived(home)
			things++
		}
	}
	b.inspect("editor-catalogue", "en")
	return things
}

func (b *tab) typePlan(p typedPlan) {
	b.t.Helper()
	b.fill("name", p.name)
	if p.bundle {
		b.choose("scope", eval[string](b, `document.querySelector("#scope option:not([value=''])").value`))
	}
	if p.trialDays != "" {
		b.fill("trial_days", p.trialDays)
	}
	for _, key := range p.features {
		b.do(chromedp.Click(fmt.Sprintf(`input[name=features][value=%q]`, key), chromedp.ByQuery))
	}
	if key := p.feature[0]; key != "" {
		b.fill("feature_key", key)
		b.fill("feature_name", p.feature[1])
		b.do(
			chromedp.Click(`button[name=do][value=feature]`, chromedp.ByQuery),
			chromedp.Poll(fmt.Sprintf(`document.querySelector("input[name=features][value=%s]")?.checked`, key), nil),
		)
	}
}

func (b *tab) typePrice(p typedPrice) {
	b.t.Helper()
	b.choose("interval", p.interval)
	b.fill("currency", p.currency)
	if p.countries != "" {
		b.fill("countries", p.countries)
	}
	if p.perSeat {
		b.do(chromedp.Click("#per_seat", chromedp.ByQuery))
		b.fill("seat_label", "user")
	}
	if p.scheme == "" {
		b.fill("amount", p.amount)
	} else {
		b.choose("scheme", p.scheme)
		b.typeTiers(p.tiers)
	}
	if p.seats != "" {
		b.fill("seats", p.seats)
	}
	if p.worked != "" {
		b.do(chromedp.Poll(fmt.Sprintf(`document.querySelector("#worked .editor-total")?.innerText.includes(%q)`, p.worked), nil))
	}
}

func (b *tab) typeTiers(rows [][3]string) {
	b.t.Helper()
	const count = `document.querySelectorAll("[name=tier_unit]").length`
	for n := eval[int](b, count); n < len(rows); n++ {
		b.do(
			chromedp.Click(`button[name=do][value=add]`, chromedp.ByQuery),
			chromedp.Poll(fmt.Sprintf("%s === %d", count, n+1), nil),
		)
	}
	for i, row := range rows {
		for j, column := range []string{"tier_up_to", "tier_unit", "tier_flat"} {
			b.fill(fmt.Sprintf("%s-%d", column, i), row[j])
		}
	}
}

// choose picks an option of a select, as a person does.
func (b *tab) choose(id, value string) {
	b.t.Helper()
	b.do(chromedp.Evaluate(fmt.Sprintf(`(e => { e.value = %q; e.dispatchEvent(new Event("change", {bubbles: true})); })(document.getElementById(%q))`, value, id), nil))
	if got := eval[string](b, fmt.Sprintf(`document.getElementById(%q).value`, id)); got != value {
		b.t.Fatalf("%s has no option %q", id, value)
	}
}

// linkOf is the address of a link in the part of the page that shows a plan.
func (b *tab) linkOf(plan, ending string) string {
	b.t.Helper()
	href := eval[string](b, fmt.Sprintf(`[...document.querySelectorAll(".admin-plan")].find(e => e.querySelector("h3").innerText === %q)?.querySelector("a[href$='%s']")?.href ?? ""`, plan, ending))
	if href == "" {
		b.t.Fatalf("no link %s for the plan %s:\n%s", ending, plan, b.text("main"))
	}
	return href
}

// syncToStripe presses the button and waits until each thing has its result.
func (b *tab) syncToStripe(things int) {
	b.t.Helper()
	b.press(`section#plans a[href$="/sync"]`)
	b.press("#sync")
	for range 100 {
		if !b.has(`meta[http-equiv=refresh]`) {
			break
		}
		time.Sleep(200 * time.Millisecond)
		b.open(house.line.AdminURL + "/clients/" + emptyShop + "/sync")
	}
	b.inspect("editor-sync", "en")
	done := eval[[]string](b, `[...document.querySelectorAll("tbody tr")].filter(r => r.querySelector(".badge.ok")).map(r => r.querySelector("code").innerText)`)
	rows := eval[int](b, `document.querySelectorAll("tbody tr").length`)
	if len(done) != things || rows != things {
		b.t.Fatalf("%d of %d things are done, want %d:\n%s", len(done), rows, things, b.text("main"))
	}
	for _, id := range done {
		if !strings.HasPrefix(id, "prod_") && !strings.HasPrefix(id, "price_") {
			b.t.Errorf("Stripe is said to know %q", id)
		}
	}
}
