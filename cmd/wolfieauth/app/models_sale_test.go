package app_test

import (
	"encoding/json"
	"html"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/wolfieauth/wolfieauth/claims"
	"github.com/wolfieauth/wolfieauth/cmd/wolfieauth/app/apptest"
	"github.com/wolfieauth/wolfieauth/internal/money"
)

// sale is one purchase and what it must cost everywhere.
type sale struct {
	name, plan, currency, interval string
	seats                          int64 // 0 where the plan has none
	want                           int64 // minor units
	query                          url.Values
	site                           string // a server other than the issuer's
	orgID                          string // "" is the personal one
	dueNow                         int64  // what is charged at once, where a trial makes it less
	trial                          bool
	bundle                         string
}

// quoted is a price as the plans JSON tells it.
type quoted struct {
	ID       string
	Interval string
	Currency string
	Quote    struct{ Seats, Total int64 }
}

// buyer is a person who has signed in at the shop's app.
type buyer struct {
	*apptest.Browser
	email, sub string
	tokens     apptest.Tokens
}

func (h *house) buyer(t *testing.T) *buyer {
	t.Helper()
	b := &buyer{Browser: apptest.NewBrowser(t), email: newcomer()}
	b.sub = h.signUp(t, b.Browser, b.email)
	b.tokens = b.SignIn(h.client(modelsApp), b.email, demoPassword)
	b.StopAt = ""
	return b
}

func (s sale) address(h *house) string {
	if s.site != "" {
		return s.site
	}
	return h.line.Issuer
}

func (s sale) values() url.Values {
	q := url.Values{"currency": {s.currency}, "interval": {s.interval}}
	if s.seats > 0 {
		q.Set("seats", strconv.FormatInt(s.seats, 10))
	}
	if s.orgID != "" {
		q.Set("org_id", s.orgID)
	}
	for k, v := range s.query {
		q[k] = v
		if v[0] == "" {
			q.Del(k)
		}
	}
	return q
}

// quoteOf asks the plans JSON.
func (h *house) quoteOf(t *testing.T, s sale) quoted {
	t.Helper()
	q := s.values()
	q.Del("interval")
	q.Del("org_id")
	res := send(t, http.MethodGet, s.address(h)+"/api/billing/"+modelsApp+"/plans?"+q.Encode(), "", "", nil)
	holds(t, "plans", res.body)
	var sold struct {
		Plans []struct {
			Slug   string
			Prices []quoted
		}
	}
	must(t, json.Unmarshal(res.body, &sold))
	for _, p := range sold.Plans {
		for _, price := range p.Prices {
			if p.Slug == s.plan && price.Interval == s.interval && price.Currency == s.currency {
				return price
			}
		}
	}
	t.Fatalf("%s is not sold by the %s in %s: %s", s.plan, s.interval, s.currency, res.body)
	return quoted{}
}

var (
	figures   = regexp.MustCompile(`\d[\d,]*(?:\.\d+)?`)
	cardPrice = regexp.MustCompile(`<p class="price[^>]*>.*?<strong>(.*?)</strong>`)
)

// minor reads the last amount of an English text in minor units, by itself: digits, commas, a point.
func minor(t *testing.T, text, currency string) int64 {
	t.Helper()
	found := figures.FindAllString(text, -1)
	if len(found) == 0 {
		t.Fatalf("no amount in %q", text)
	}
	exponent, err := money.Exponent(currency)
	must(t, err)
	whole, fraction, _ := strings.Cut(strings.ReplaceAll(found[len(found)-1], ",", ""), ".")
	if len(fraction) > exponent {
		t.Fatalf("%q has too many decimals for %s", text, currency)
	}
	n, err := strconv.ParseInt(whole+fraction+strings.Repeat("0", exponent-len(fraction)), 10, 64)
	must(t, err)
	return n
}

// cardOf is the part of the page's source that shows a plan.
func cardOf(t *testing.T, page apptest.Page, slug string) string {
	t.Helper()
	_, after, ok := strings.Cut(page.Body, `id="plan-`+slug+`"`)
	if !ok {
		t.Fatalf("no plan %s on %s:\n%s", slug, page.URL, page.Text())
	}
	card, _, _ := strings.Cut(after, "</article>")
	return card
}

// shown reads the total of a plan's card: the sum for the seats, or the large figure of a price without seats.
func (s sale) shown(t *testing.T, page apptest.Page, priceID string) int64 {
	t.Helper()
	card := cardOf(t, page, s.plan)
	if s.seats > 0 {
		return minor(t, page.TextOf("live-total-"+priceID), s.currency)
	}
	m := cardPrice.FindStringSubmatch(card)
	if m == nil {
		t.Fatalf("no price on the card:\n%s", card)
	}
	return minor(t, html.UnescapeString(m[1]), s.currency)
}

// invoices are those of the buyer's customers at the sandbox.
func (h *house) invoices(t *testing.T, email string) (out []map[string]any) {
	t.Helper()
	for _, c := range h.stripe(t, "/v1/customers?limit=100&email="+url.QueryEscape(email)) {
		out = append(out, h.stripe(t, "/v1/invoices?limit=100&customer="+c["id"].(string))...)
	}
	return out
}

// choose goes from the page to the hosted checkout and compares what each asks for.
func (s sale) choose(t *testing.T, h *house, b *buyer) {
	t.Helper()
	price := h.quoteOf(t, s)
	if price.Quote.Total != s.want {
		t.Errorf("the plans JSON says %d, want %d", price.Quote.Total, s.want)
	}
	shop := s.address(h) + "/billing/" + modelsApp + "?"
	page := b.Get(shop + s.values().Encode())
	if got := s.shown(t, page, price.ID); got != s.want {
		t.Errorf("the page says %d, want %d:\n%s", got, s.want, page.TextOf("plan-"+s.plan))
	}
	deep := s.values()
	deep.Set("plan", s.plan)
	page = b.Get(shop + deep.Encode())
	if got := minor(t, page.TextOf("live-chosen"), s.currency); got != s.want {
		t.Errorf("the chosen plan costs %d, want %d: %s", got, s.want, page.TextOf("live-chosen"))
	}
	b.SubmitIn("plan-" + s.plan)
}

// due reads what the hosted checkout asks for now.
func (s sale) due(t *testing.T, page apptest.Page) int64 {
	t.Helper()
	m := regexp.MustCompile(`<p class="due">.*?<strong class="amount">(.*?)</strong>`).FindStringSubmatch(page.Body)
	if m == nil || !strings.HasSuffix(html.UnescapeString(m[1]), s.currency) {
		t.Fatalf("the checkout at %s asks for no %s (%d):\n%s", page.URL, s.currency, page.Status, page.Text())
	}
	return minor(t, m[1], s.currency)
}

// buy goes the whole way, and answers what the claim holds afterwards.
func (s sale) buy(t *testing.T, h *house, b *buyer) claims.Plan {
	t.Helper()
	s.choose(t, h, b)
	hosted := b.Page()
	now := s.want
	if s.trial {
		now = s.dueNow
	}
	if got := s.due(t, hosted); got != now {
		t.Errorf("the checkout asks for %d, want %d:\n%s", got, now, hosted.Text())
	}
	if asks := b.AtCheckout(); asks != (s.want > 0) {
		t.Errorf("the checkout asks for a card: %t, for a price of %d", asks, s.want)
	}
	before := len(h.invoices(t, b.email))
	done := b.settle(s.want > 0)
	if done.Status != http.StatusOK || !strings.Contains(done.Body, "outcome success") {
		t.Fatalf("payment led to %s (%d):\n%s", done.URL, done.Status, done.Text())
	}
	invoices := h.invoices(t, b.email)
	if len(invoices) != before+1 {
		t.Fatalf("%d invoices, before the purchase %d", len(invoices), before)
	}
	inv := invoices[0] // the newest first
	if inv["total"] != float64(now) || inv["currency"] != strings.ToLower(s.currency) || inv["status"] != "paid" {
		t.Errorf("the invoice is %v %v %v, want %d", inv["total"], inv["currency"], inv["status"], now)
	}
	return s.granted(t, h, b)
}

// settle fills in the hosted checkout, which asks for no card where nothing is ever to be paid.
func (b *buyer) settle(card bool) apptest.Page {
	if card {
		return b.Pay(b.email, apptest.CardPays)
	}
	return b.Submit("email", apptest.Field{Name: "email", Value: b.email})
}

// granted reads the claim.
func (s sale) granted(t *testing.T, h *house, b *buyer) claims.Plan {
	t.Helper()
	held := h.held(t, b.tokens)
	if len(held) != 1 || held[0].PlanSlug != s.plan || held[0].AppClientID != modelsApp || held[0].Bundle != s.bundle {
		t.Fatalf("the claim holds %+v", held)
	}
	p := held[0]
	if (s.seats > 0) != (p.Seats != nil) || p.Seats != nil && *p.Seats != s.seats {
		t.Errorf("the claim tells of seats %v, want %d", p.Seats, s.seats)
	}
	if want := claims.StatusActive; !s.trial && p.Status != want {
		t.Errorf("status %s", p.Status)
	}
	return p
}
