package browsertest_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"github.com/wolfieauth/wolfieauth/cmd/wolfieauth/demo"
)

// focused describes where the keyboard stands: what it is, and whether one can see that.
type focused struct {
	ID, Class, Name string
	Visible, Ringed bool
}

// focusNow asks for it. A ring is an outline, a shadow, or, for a field inside a frame of its own, either on the frame.
const focusNow = `(() => {
  const e = document.activeElement;
  if (!e || e === document.body) return {};
  const box = e.getBoundingClientRect();
  const ringed = e.matches(":focus-visible") && [e, e.parentElement].some(x => {
    const s = getComputedStyle(x);
    return (s.outlineStyle !== "none" && parseFloat(s.outlineWidth) >= 2) || s.boxShadow.includes("0px 0px 0px");
  });
  return { id: e.id, class: e.className, name: e.tagName + " " + (e.innerText || e.name || e.id).trim().slice(0, 40),
    visible: box.width > 0 && box.right > 0 && box.bottom > 0 && box.top < innerHeight && box.left < innerWidth, ringed };
})()`

// reachable counts what the keyboard must reach.
const reachable = `[...document.querySelectorAll("a[href], button, input:not([type=hidden]), select, textarea, summary")]
  .filter(e => !e.disabled && e.tabIndex >= 0 && e.checkVisibility()).length`

func (b *tab) key(keys string) {
	b.t.Helper()
	b.do(chromedp.KeyEvent(keys))
}

func (b *tab) back() {
	b.t.Helper()
	b.do(chromedp.KeyEvent(kb.Tab, chromedp.KeyModifiers(input.ModifierShift)))
}

func (b *tab) focus() focused {
	b.t.Helper()
	return eval[focused](b, focusNow)
}

// tabTo presses Tab until ok, and fails where focus cannot be seen on the way.
func (b *tab) tabTo(what string, ok func(focused) bool) {
	b.t.Helper()
	for range 60 {
		b.key(kb.Tab)
		at := b.focus()
		if at.Name != "" && (!at.Visible || !at.Ringed) {
			b.t.Errorf("%s: focus on %q cannot be seen: %+v", b.where(), at.Name, at)
		}
		if ok(at) {
			return
		}
	}
	b.t.Fatalf("%s: Tab never reaches %s", b.where(), what)
}

func id(want string) func(focused) bool { return func(f focused) bool { return f.ID == want } }

// skips takes the skip link, which is the first stop of the page, and finds itself in the content.
func (b *tab) skips() {
	b.t.Helper()
	if at := b.focus(); !strings.Contains(at.Class, "skip") || !at.Visible {
		b.t.Fatalf("%s: the first stop is %+v, not the skip link", b.where(), at)
	}
	b.key(kb.Enter)
	b.do(chromedp.Poll(`document.activeElement.id === "main" || location.hash === "#main"`, nil))
}

// TestKeyboard signs in and chooses a plan without a mouse.
func TestKeyboard(t *testing.T) {
	t.Parallel()
	email := newcomer(t)
	b := newTab(t, "en")
	b.open(house.line.PricingURL)
	b.key(kb.Tab)
	b.skips()
	stops := b.tour()
	if want := eval[int](b, reachable); len(stops) < want-1 { // the skip link is behind us
		t.Errorf("Tab reaches %d of %d stops: %v", len(stops), want, stops)
	}
	b.open(house.line.PricingURL)
	b.tabTo("the button of Pro", func(f focused) bool { return strings.Contains(f.Name, "Pro") && strings.HasPrefix(f.Name, "BUTTON") })
	b.leads("Enter", chromedp.KeyEvent(kb.Enter))
	b.arrived(house.line.Issuer + "/login")

	if at := b.focus(); at.ID != "email" || !at.Ringed {
		t.Fatalf("the login page begins at %+v", at)
	}
	for range 5 {
		if b.back(); strings.Contains(b.focus().Class, "skip") {
			break
		}
	}
	b.skips()
	b.tabTo("the e-mail field", id("email"))
	b.do(input.InsertText(email))
	b.tabTo("the password field", id("password"))
	b.do(input.InsertText(demo.Password))
	b.tabTo("the button", id("submit"))
	b.leads("Enter", chromedp.KeyEvent(kb.Enter))
	b.arrived(house.line.PricingURL)
	if !b.has("#chosen-title") {
		t.Errorf("the chosen plan is forgotten on the way through sign-in: %s", b.text("main"))
	}
	b.tabTo("the button that continues", func(f focused) bool { return strings.Contains(f.Name, "Continue") })
	b.leads("Enter", chromedp.KeyEvent(kb.Enter))
	b.arrived(house.line.SandboxURL)
	b.tabTo("the card field", id("cardNumber"))
	b.quiet("by keyboard")
}

// tour presses Tab to the end of the page and answers the stops.
func (b *tab) tour() []string {
	b.t.Helper()
	var stops []string
	b.tabTo("the end", func(f focused) bool {
		if f.Name == "" || strings.Contains(f.Class, "skip") {
			return true
		}
		stops = append(stops, f.Name)
		return false
	})
	if n := len(slices.Compact(slices.Clone(stops))); n != len(stops) {
		b.t.Logf("some stops have the same name: %s", fmt.Sprint(stops))
	}
	return stops
}
