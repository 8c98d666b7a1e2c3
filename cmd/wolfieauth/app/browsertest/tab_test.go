package browsertest_test

import (
	"context"
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/target"
	"github.com/chromedp/chromedp"
)

// patience bounds every wait, so that a broken page ends a test instead of hanging it. Nothing is measured by it.
const patience = 2 * time.Minute

// tab is a person's browser: a profile without cookies and one page.
type tab struct {
	t       *testing.T
	ctx     context.Context
	watch   *watch
	scripts bool
}

// newTab opens a browser window of 1280 px whose person reads lang, with the cache off so that each page is weighed whole.
func newTab(t *testing.T, lang string) *tab {
	t.Helper()
	b := &tab{t: t, ctx: newProfile(t), watch: newWatch(), scripts: true}
	chromedp.ListenTarget(b.ctx, b.watch.hear)
	b.do(
		network.SetCacheDisabled(true),
		emulation.SetFocusEmulationEnabled(true), // of several windows only one has the focus, and :focus goes with it
		network.SetExtraHTTPHeaders(network.Headers{"Accept-Language": lang}),
	)
	b.wide(1280)
	b.scheme("light")
	b.do(chromedp.Navigate("about:blank"))
	return b
}

// newProfile opens a window with a profile of its own. chromedp's own way opens a tab, and Chromium refuses that in a
// profile that has no window yet.
func newProfile(t *testing.T) context.Context {
	t.Helper()
	browser := cdp.WithExecutor(house.browser, chromedp.FromContext(house.browser).Browser)
	profile, err := target.CreateBrowserContext().WithDisposeOnDetach(true).Do(browser)
	if err != nil {
		t.Fatalf("make a profile: %v", err)
	}
	id, err := target.CreateTarget("about:blank").WithBrowserContextID(profile).WithNewWindow(true).Do(browser)
	if err != nil {
		t.Fatalf("open a window: %v", err)
	}
	ctx, end := chromedp.NewContext(house.browser, chromedp.WithTargetID(id))
	t.Cleanup(func() {
		end()
		_ = target.DisposeBrowserContext(profile).Do(browser)
	})
	return ctx
}

// do runs actions, or fails the test.
func (b *tab) do(actions ...chromedp.Action) {
	b.t.Helper()
	// The first run opens the target and ties it to its context, so the bound stands around the actions only.
	if err := chromedp.Run(b.ctx); err != nil {
		b.t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	if err := chromedp.Run(ctx, actions...); err != nil {
		b.t.Fatalf("at %s: %v", b.where(), err)
	}
}

func (b *tab) where() string {
	var at string
	if err := chromedp.Run(b.ctx, chromedp.Location(&at)); err != nil {
		return "an unknown place"
	}
	return at
}

func (b *tab) wide(width int64) {
	b.t.Helper()
	b.do(emulation.SetDeviceMetricsOverride(width, 900, 1, false))
}

// scheme chooses light or dark. Motion is off: a colour half way would be measured as it stands.
func (b *tab) scheme(name string) {
	b.t.Helper()
	b.do(emulation.SetEmulatedMedia().WithFeatures([]*emulation.MediaFeature{
		{Name: "prefers-color-scheme", Value: name}, {Name: "prefers-reduced-motion", Value: "reduce"},
	}))
}

// withoutScripts makes the browser ignore every script of the pages.
func (b *tab) withoutScripts() {
	b.t.Helper()
	b.scripts = false
	b.do(emulation.SetScriptExecutionDisabled(true))
}

// open goes to an address and waits until the page is there with everything in it.
func (b *tab) open(address string) {
	b.t.Helper()
	b.leads("opening "+address, chromedp.ActionFunc(func(ctx context.Context) error {
		_, _, text, _, err := page.Navigate(address).Do(ctx)
		if err == nil && text != "" {
			err = fmt.Errorf("open %s: %s", address, text)
		}
		return err
	}))
}

// expecting opens an address that answers another status than 200.
func (b *tab) expecting(status int64, address string) {
	b.t.Helper()
	b.watch.expect(status)
	b.open(address)
	b.watch.expect(200)
}

// leads runs an action that leads to another page, and waits for it.
func (b *tab) leads(what string, actions ...chromedp.Action) {
	b.t.Helper()
	before, _, _ := b.watch.at()
	b.do(actions...)
	late := time.NewTimer(patience)
	defer late.Stop()
	for {
		shown, loaded, changed := b.watch.at()
		if shown != before && loaded {
			return
		}
		select {
		case <-changed:
		case <-late.C:
			b.t.Fatalf("%s leads nowhere; still at %s", what, b.where())
		}
	}
}

// press clicks what the selector names, and waits for the page that it leads to.
func (b *tab) press(selector string) {
	b.t.Helper()
	b.leads("pressing "+selector, chromedp.Click(selector, chromedp.ByQuery))
}

// refused presses a button whose answer is an error page of that status.
func (b *tab) refused(status int64, selector string) {
	b.t.Helper()
	b.watch.expect(status)
	b.press(selector)
	b.watch.expect(200)
}

// fill types into the field with that id, replacing what stands there.
func (b *tab) fill(id, value string) {
	b.t.Helper()
	b.do(
		chromedp.Focus("#"+id, chromedp.ByQuery),
		chromedp.Evaluate(`document.activeElement.select()`, nil),
		input.InsertText(value),
	)
}

// eval answers what an expression of the page's is worth.
func eval[T any](b *tab, expression string) T {
	b.t.Helper()
	var v T
	b.do(chromedp.Evaluate(expression, &v))
	return v
}

func (b *tab) has(selector string) bool {
	b.t.Helper()
	return eval[bool](b, fmt.Sprintf(`document.querySelector(%q) !== null`, selector))
}

// text is the visible text of what the selector names.
func (b *tab) text(selector string) string {
	b.t.Helper()
	return eval[string](b, fmt.Sprintf(`document.querySelector(%q)?.innerText ?? ""`, selector))
}

// arrived fails the test unless the page's address begins so.
func (b *tab) arrived(prefix string) {
	b.t.Helper()
	if at := b.where(); !strings.HasPrefix(at, prefix) {
		b.t.Fatalf("at %s, not at %s:\n%s", at, prefix, b.text("main"))
	}
}

// path is the page's address without the host.
func (b *tab) path() string {
	b.t.Helper()
	u, err := url.Parse(b.where())
	if err != nil {
		b.t.Fatal(err)
	}
	return u.Path
}
