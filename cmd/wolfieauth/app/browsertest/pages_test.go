package browsertest_test

import (
	"context"
	"net/url"
	"path"
	"slices"
	"testing"

	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
)

// visit is one page of the survey: its name, and how a person who stands somewhere comes to it.
type visit struct {
	name string
	come func(*tab)
}

// portraits are the pages that are pictured in every combination; the others once per language.
var portraits = []string{
	"login", "pricing", "checkout", "sample-plan", "account", "consent", "device-confirm", "editor-plan", "editor-price-tiers",
	"invitation-ready", "invitation-someone", "org-leave",
	"admin-clients-ID-plans-ID-drift", "admin-clients-ID-drift", "admin-clients-ID-features",
	"console-payments-none", "console-payments-due", "console-payments-ready", "console-billing-waits",
	"console-settings", "console-secret-once", "platform-orgs", "platform-users", "platform-webhooks", "platform-audit",
	"users", "comp", "comps", "comp-run", "explain",
	"team-members", "team-invite", "team-invite-cost", "team-invitations", "team-seats", "team-org",
}

// TestEveryPage looks at every page in light and dark, in English and Polish.
func TestEveryPage(t *testing.T) {
	t.Parallel()
	for _, lang := range []string{"en", "pl"} {
		for name, walk := range map[string]func(*testing.T, string){
			"anonymous": anonymously, "member": asMember, "buyer": asBuyer, "device": withDevice, "admin": administer,
		} {
			t.Run(lang+"/"+name, func(t *testing.T) {
				t.Parallel()
				walk(t, lang)
			})
		}
	}
}

// survey goes from page to page and looks at each.
func (b *tab) survey(lang string, visits []visit) {
	b.t.Helper()
	for _, v := range visits {
		v.come(b)
		b.inspect(v.name, lang)
	}
}

// view is one way to look at a page.
type view struct {
	scheme string
	width  int64
	rules  string
}

// views are the two ways per language. Wide and narrow change places between the languages, so that all four
// combinations of width and scheme are seen at half the price.
var views = map[string][]view{
	"en": {{"light", 1280, allRules}, {"dark", 390, viewsRules}},
	"pl": {{"light", 390, allRules}, {"dark", 1280, viewsRules}},
}

// inspect looks at the page in both colour schemes.
func (b *tab) inspect(name, lang string) {
	b.t.Helper()
	b.contained(name + " " + lang)
	b.anchored(name + " " + lang)
	b.light(name)
	for _, v := range views[lang] {
		b.scheme(v.scheme)
		b.wide(v.width)
		b.accessible(name+" "+lang+" "+v.scheme, v.rules)
		b.pictures(name, v, lang)
	}
	b.scheme("light")
	b.wide(1280)
	b.quiet(name + " " + lang)
}

func (b *tab) pictures(name string, v view, lang string) {
	b.t.Helper()
	if slices.Contains(portraits, name) {
		b.picture(name, 1280, v.scheme, lang)
		b.picture(name, 390, v.scheme, lang)
	} else if v.rules == allRules {
		b.picture(name, v.width, v.scheme, lang)
	}
}

// at is a visit by address.
func at(name, address string) visit {
	return visit{name, func(b *tab) { b.t.Helper(); b.open(address) }}
}

// answering is a visit by address to a page with a status of its own.
func answering(status int64, name, address string) visit {
	return visit{name, func(b *tab) { b.t.Helper(); b.expecting(status, address) }}
}

func anonymously(t *testing.T, lang string) {
	t.Helper()
	issuer, b := house.line.Issuer, newTab(t, lang)
	email := newcomer(t)
	b.survey(lang, []visit{
		at("sample-signed-out", house.line.RPURL),
		at("login", house.line.RPURL+"/login"),
		{"login-error", func(b *tab) {
			b.fill("email", "nobody@example.test")
			b.fill("password", "wrong")
			b.refused(422, "#submit")
		}},
		{"signup", func(b *tab) { b.press(`a[href^="/signup"]`) }},
		{"signup-error", func(b *tab) { b.refused(422, "#submit") }},
		{"signed-up", func(b *tab) {
			b.open(issuer + "/signup")
			b.fill("email", "new."+email)
			b.fill("password", "a sentence nobody guesses")
			b.press("#submit")
		}},
		{"verify", func(b *tab) { b.open(mailed(b.t, "new."+email).Links[0]) }},
		{"verified", func(b *tab) { b.press("main form button") }},
		{"logout", func(b *tab) { b.open(issuer + "/logout") }},
		{"logged-out", func(b *tab) { b.press("main form button") }},
		at("login-plain", issuer+"/login?next=/device"),
		at("reset", issuer+"/reset"),
		{"check-mail", func(b *tab) { b.fill("email", email); b.press("#submit") }},
		{"reset-new", func(b *tab) { b.open(mailed(b.t, email).Links[0]) }},
		{"reset-new-error", func(b *tab) { b.refused(422, "#submit") }},
		answering(410, "link-dead", issuer+"/reset/nothing"),
		answering(410, "sign-in-over", issuer+"/login?request=nothing"),
		answering(404, "not-found", issuer+"/nothing"),
		at("pricing", house.line.PricingURL),
		at("pricing-year-eur", house.line.PricingURL+"?interval=year&currency=EUR&seats=14"),
		at("pricing-tiers", issuer+"/billing/wolfieauth-platform?seats=14"),
		at("pricing-empty", issuer+"/billing/"+bareApp),
		answering(404, "pricing-unknown", issuer+"/billing/nobody-nothing"),
		at("outbox", house.line.OutboxURL),
		{"outbox-mail", func(b *tab) { b.press(".mails a") }},
	})
	b.letter(mailed(t, email).HTML, lang)
}

// asMember is somebody with an org beside the personal one.
func asMember(t *testing.T, lang string) {
	t.Helper()
	issuer, b := house.line.Issuer, newTab(t, lang)
	b.signIn("admin@acme.test")
	b.survey(lang, []visit{
		at("account", issuer+"/account"),
		{"account-error", func(b *tab) { b.refused(422, "#save-password") }},
		at("org-switch", issuer+"/orgs/switch"),
		at("pricing-for-org", house.line.PricingURL),
	})
}

func asBuyer(t *testing.T, lang string) {
	t.Helper()
	b, email := newTab(t, lang), newcomer(t)
	b.open(house.line.Issuer + "/auth?" + url.Values{
		"client_id": {bareApp}, "redirect_uri": {house.line.RPURL + "/callback"}, "response_type": {"code"}, "scope": {"openid profile email org offline_access"},
		"state": {"s"}, "code_challenge": {"E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"}, "code_challenge_method": {"S256"},
	}.Encode())
	b.passLogin(email)
	pricing := house.line.PricingURL
	portal := ""
	b.survey(lang, []visit{
		{"consent", func(b *tab) { b.arrived(house.line.Issuer + "/consent") }},
		{"sample-no-plan", func(b *tab) { b.open(house.line.RPURL + "/login"); b.allow(); b.arrived(house.line.RPURL) }},
		answering(402, "sample-locked", house.line.RPURL+"/export"),
		at("pricing-signed-in", pricing),
		{"pricing-error", func(b *tab) {
			b.do(chromedp.Evaluate(`document.querySelector("#plan-team [name=quantity]").value = "0"; document.querySelector("#plan-team form").noValidate = true`, nil))
			b.refused(422, buyButton("team"))
		}},
		{"checkout-expired", func(b *tab) {
			b.open(pricing)
			b.press(buyButton("starter"))
			expireCheckout(b.t, path.Base(b.path()))
			b.expecting(410, b.where())
		}},
		{"checkout", func(b *tab) {
			b.open(pricing)
			b.press(buyButton("pro"))
			b.arrived(house.line.SandboxURL)
		}},
		{"checkout-declined", func(b *tab) {
			b.fillCard(email, "4000 0000 0000 0002")
			b.refused(402, payButton)
		}},
		{"checkout-error", func(b *tab) {
			b.fillCard("nobody", "4")
			b.refused(422, payButton)
		}},
		{"return", func(b *tab) {
			portal = b.where()
			b.fillCard(email, "4242 4242 4242 4242")
			b.comeBack(pricing + "/return")
		}},
		{"checkout-over", func(b *tab) { b.open(portal) }},
		{"sample-plan", func(b *tab) { b.open(house.line.RPURL); b.press("#refresh") }},
		at("sample-open", house.line.RPURL+"/export"),
		at("pricing-subscribed", pricing),
		{"portal", func(b *tab) {
			b.press(`form[action$="/portal"] button`)
			b.arrived(house.line.SandboxURL)
			portal = b.where()
		}},
		{"portal-card", func(b *tab) { b.press(`a[href$="/card"]`) }},
		{"portal-cancel", func(b *tab) { b.open(portal); b.press(`a[href*="/cancel"]`) }},
		{"invoice", func(b *tab) { b.open(portal); b.press(`a[href*="/i/"]`) }},
	})
}

// letter looks at a mail's HTML as it stands in a reader's mail program, which runs no scripts and sends no headers.
func (b *tab) letter(body, lang string) {
	b.t.Helper()
	b.open("about:blank")
	b.do(chromedp.ActionFunc(func(ctx context.Context) error {
		tree, err := page.GetFrameTree().Do(ctx)
		if err != nil {
			return err
		}
		return page.SetDocumentContent(tree.Frame.ID, body).Do(ctx)
	}))
	b.contained("mail")
	b.accessible("mail "+lang, allRules)
	b.picture("mail", 1280, "light", lang)
}

func withDevice(t *testing.T, lang string) {
	t.Helper()
	issuer, b := house.line.Issuer, newTab(t, lang)
	b.signIn("bundled@example.test")
	b.survey(lang, []visit{
		at("device", issuer+"/device"),
		{"device-error", func(b *tab) { b.fill("user_code", "BBBB-BBBB"); b.refused(422, "#submit") }},
		{"device-confirm", func(b *tab) { b.fill("user_code", deviceCode(b.t)); b.press("#submit") }},
		{"device-done", func(b *tab) { b.press("#submit") }},
	})
}
