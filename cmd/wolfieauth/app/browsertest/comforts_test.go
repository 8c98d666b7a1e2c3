package browsertest_test

import (
	"testing"

	"github.com/chromedp/chromedp"
)

// TestComforts uses what only a browser with scripts offers: a password shown and hidden, and a total that follows the
// number of seats without a reload.
func TestComforts(t *testing.T) {
	t.Parallel()
	b := newTab(t, "en")
	b.open(house.line.Issuer + "/login")
	kind := `document.getElementById("password").type`
	b.do(chromedp.Click("[data-reveal]", chromedp.ByQuery))
	if got := eval[string](b, kind); got != "text" {
		t.Errorf("the password is a %s field after Show", got)
	}
	b.do(chromedp.Click("[data-reveal]", chromedp.ByQuery))
	if got := eval[string](b, kind); got != "password" {
		t.Errorf("the password is a %s field after Hide", got)
	}

	b.open(house.line.PricingURL)
	b.do(
		chromedp.Click(`#plan-team [data-step="1"]`, chromedp.ByQuery),
		chromedp.Click(`#plan-team [data-step="1"]`, chromedp.ByQuery),
		chromedp.Poll(`document.querySelector("#plan-team .total").textContent.match(/PLN\s90/)`, nil),
	)
	if got := eval[string](b, `new URL(location).searchParams.get("seats")`); got != "3" {
		t.Errorf("the address remembers %q seats", got)
	}
	b.quiet("comforts")
}
