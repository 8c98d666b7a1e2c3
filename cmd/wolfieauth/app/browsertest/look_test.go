package browsertest_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// maxWeight is what one of our pages may transfer with font and style, in bytes.
const maxWeight = 100_000

var widths = []int64{1280, 390, 320}

// Which rules axe runs: WCAG A and AA up to 2.2 with the best practices, or those whose verdict can change with the
// colour scheme and the width alone.
const (
	allRules   = `["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]`
	viewsRules = `{type: "rule", values: ["color-contrast", "link-in-text-block", "target-size", "scrollable-region-focusable"]}`
)

// axeRun runs them, once the browser has drawn what it was told to.
const axeRun = `(async () => {
  await new Promise(next => requestAnimationFrame(() => requestAnimationFrame(next)));
  const seen = await axe.run(document, {
    runOnly: %s,
    resultTypes: ["violations"], preload: false, iframes: false,
  });
  return JSON.stringify(seen.violations.map(v => ({
    id: v.id, help: v.help, tags: v.tags, nodes: v.nodes.map(n => n.target.join(" ") + ": " + n.failureSummary.replace(/\s+/g, " ")),
  })));
})()`

type violation struct {
	ID, Help string
	Tags     []string
	Nodes    []string
}

func (v violation) String() string {
	return v.ID + ": " + v.Help + "\n    " + strings.Join(v.Nodes, "\n    ")
}

// look judges the page that is shown, at 1280 px and whatever colour scheme is on: no complaint of the browser, no
// violation of WCAG, nothing that sticks out at any width, not too heavy.
func (b *tab) look(name string) {
	b.t.Helper()
	b.accessible(name, allRules)
	b.contained(name)
	b.anchored(name)
	b.light(name)
	b.quiet(name)
}

// accessible runs axe. Only rules of WCAG fail; best practices are told.
func (b *tab) accessible(name, rules string) {
	b.t.Helper()
	for _, v := range b.violations(rules) {
		if slices.ContainsFunc(v.Tags, func(tag string) bool { return strings.HasPrefix(tag, "wcag") }) {
			b.t.Errorf("%s (%s): %s", name, b.where(), v)
		} else {
			b.t.Logf("%s: best practice: %s", name, v)
		}
	}
}

func (b *tab) violations(rules string) []violation {
	b.t.Helper()
	if !b.scripts { // the rules are a script too
		b.do(emulation.SetScriptExecutionDisabled(false))
		defer b.do(emulation.SetScriptExecutionDisabled(true))
	}
	if !eval[bool](b, `"axe" in window`) {
		b.do(chromedp.Evaluate(house.axe+";0", nil))
	}
	var out string
	b.do(chromedp.Evaluate(fmt.Sprintf(axeRun, rules), &out, func(p *runtime.EvaluateParams) *runtime.EvaluateParams { return p.WithAwaitPromise(true) }))
	var seen []violation
	if err := json.Unmarshal([]byte(out), &seen); err != nil {
		b.t.Fatal(err)
	}
	return seen
}

// contained looks for anything that makes the page scroll sideways.
func (b *tab) contained(name string) {
	b.t.Helper()
	for _, width := range widths {
		b.wide(width)
		if out := b.overflow(); len(out) > 0 {
			b.t.Errorf("%s (%s) is wider than %d px: %s", name, b.where(), width, strings.Join(out, ", "))
		}
	}
	b.wide(1280)
}

func (b *tab) overflow() []string {
	b.t.Helper()
	return eval[[]string](b, `(() => {
  const edge = document.documentElement.clientWidth;
  if (document.documentElement.scrollWidth <= edge) return [];
  const out = [...document.body.querySelectorAll("*")].filter(e => e.getBoundingClientRect().right > edge + 1);
  return ["page " + document.documentElement.scrollWidth, ...out.slice(0, 6).map(e => e.tagName.toLowerCase() + (e.id && "#" + e.id) + "." + [...e.classList].join("."))];
})()`)
}

// anchored looks for links to places on the page that are not there, of an error summary for example.
func (b *tab) anchored(name string) {
	b.t.Helper()
	lost := eval[[]string](b, `[...document.querySelectorAll("a[href^='#']")].map(a => a.getAttribute("href")).filter(h => !document.getElementById(decodeURIComponent(h.slice(1))))`)
	if len(lost) > 0 {
		b.t.Errorf("%s (%s) links to places that are not there: %s", name, b.where(), strings.Join(lost, ", "))
	}
}

func (b *tab) light(name string) {
	b.t.Helper()
	if n := b.watch.bytes(); n >= maxWeight || n == 0 {
		b.t.Errorf("%s (%s) transfers %.0f bytes; at most %d are allowed", name, b.where(), n, maxWeight)
	}
}

func (b *tab) quiet(name string) {
	b.t.Helper()
	if out := b.watch.troubles(); len(out) > 0 {
		b.t.Errorf("%s (%s): %s", name, b.where(), strings.Join(out, "\n  "))
	}
}

// picture leaves a screenshot of the whole page.
func (b *tab) picture(name string, width int64, scheme, lang string) {
	b.t.Helper()
	b.wide(width)
	var png []byte
	b.do(chromedp.Evaluate(`scrollTo(0, 0)`, nil), chromedp.ActionFunc(func(ctx context.Context) (err error) {
		_, _, _, _, _, size, err := page.GetLayoutMetrics().Do(ctx)
		if err != nil {
			return err
		}
		whole := &page.Viewport{Width: float64(width), Height: max(900, size.Height), Scale: 1}
		png, err = page.CaptureScreenshot().WithCaptureBeyondViewport(true).WithOptimizeForSpeed(true).WithClip(whole).Do(ctx)
		return err
	}))
	b.wide(1280)
	folder := filepath.Join(root, "artifacts", "screenshots")
	if err := os.MkdirAll(folder, 0o750); err != nil {
		b.t.Fatal(err)
	}
	file := filepath.Join(folder, fmt.Sprintf("%s-%d-%s-%s.png", name, width, scheme, lang))
	if err := os.WriteFile(file, png, 0o600); err != nil {
		b.t.Fatal(err)
	}
}
