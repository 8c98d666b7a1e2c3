package app_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wolfieauth/wolfieauth/claims"
	"github.com/wolfieauth/wolfieauth/cmd/wolfieauth/app/apptest"
)

// newcomerBuys is the way of somebody who opens the sample app for the first time.
func newcomerBuys(t *testing.T, h *house) {
	b, email := apptest.NewBrowser(t), newcomer()
	h.signUp(t, apptest.NewBrowser(t), email)
	home := b.Get(h.line.RPURL)
	b.Get(home.Link("sign-in"))
	home = b.PassLogin(email, demoPassword)
	if home.URL.String() != h.line.RPURL+"/" || !strings.Contains(home.TextOf("decoded"), `"wolfieauth_plans": []`) || !home.Has("locked") {
		t.Fatalf("after sign-in the app shows %s (%d):\n%s", home.URL, home.Status, home.Text())
	}
	if locked := b.Get("/export"); locked.Status != http.StatusPaymentRequired {
		t.Errorf("the gate answers %d without a plan", locked.Status)
	}
	b.Get("/")
	prices := b.Get(b.Page().Link("choose-plan"))
	if prices.URL.Path != "/billing/acme-crm" || !prices.Has("plan-pro") || !strings.Contains(prices.TextOf("plan-pro"), "99") {
		t.Fatalf("the pricing page is %s:\n%s", prices.URL, prices.Text())
	}
	hosted := b.SubmitIn("plan-pro")
	if !b.AtCheckout() || !strings.HasPrefix(hosted.URL.String(), h.line.SandboxURL) {
		t.Fatalf("the choice led to %s (%d):\n%s", hosted.URL, hosted.Status, hosted.Text())
	}
	home = b.Pay(email, apptest.CardPays)
	if home.URL.String() != h.line.RPURL+"/?checkout=success" {
		t.Fatalf("payment led to %s (%d):\n%s", home.URL, home.Status, home.Text())
	}
	home = b.Submit("refresh")
	if home.TextOf("decoded") == "" || !strings.Contains(home.TextOf("decoded"), `"planSlug": "pro"`) || home.Has("locked") {
		t.Errorf("after the refresh the app shows:\n%s", home.Text())
	}
	if open := b.Get(home.Link("export")); open.Status != http.StatusOK || !open.Has("export-open") {
		t.Errorf("the gate answers %d with a plan", open.Status)
	}
	b.Get("/")
	if out := b.Submit("logout"); out.URL.String() != h.line.RPURL+"/" || !out.Has("sign-in") {
		t.Errorf("logout led to %s (%d):\n%s", out.URL, out.Status, out.Text())
	}
	b.Get("/login")
	if b.Page().URL.Path != "/login" || b.Page().URL.Host != parse(t, h.line.Issuer).Host {
		t.Errorf("after logout a sign-in does not ask: %s", b.Page().URL)
	}
}

// strangerSignsUp chooses a plan before having an account.
func strangerSignsUp(t *testing.T, h *house) {
	b, email := apptest.NewBrowser(t), newcomer()
	b.Get(h.line.PricingURL + "?" + url.Values{"return_to": {h.line.RPURL + "/"}}.Encode())
	if asked := b.SubmitIn("plan-team", apptest.Field{Name: "quantity", Value: "3"}); asked.URL.Path != "/login" {
		t.Fatalf("the choice led to %s (%d):\n%s", asked.URL, asked.Status, asked.Text())
	}
	back := b.SignUp("Stefan Stranger", email, demoPassword)
	if back.URL.Path != "/billing/acme-crm" || back.URL.Query().Get("plan") != "team" || !back.Has("chosen-title") {
		t.Fatalf("sign-up led to %s (%d):\n%s", back.URL, back.Status, back.Text())
	}
	b.SubmitIn("chosen-title")
	if !b.AtCheckout() || !strings.Contains(b.Page().Text(), "90") {
		t.Fatalf("three seats at 30.00 are offered as:\n%s", b.Page().Text())
	}
	if home := b.Pay(email, apptest.CardPays); home.URL.String() != h.line.RPURL+"/?checkout=success" {
		t.Fatalf("payment led to %s (%d):\n%s", home.URL, home.Status, home.Text())
	}
	held := b.SignIn(h.client("acme-crm"), email, demoPassword).Held.Plans
	if len(held) != 1 || held[0].PlanSlug != "team" || held[0].Seats == nil || *held[0].Seats != 3 {
		t.Errorf("the ID token holds %+v", held)
	}
}

func declinedCard(t *testing.T, h *house) {
	b, email := apptest.NewBrowser(t), newcomer()
	h.signUp(t, b, email)
	b.Buy(h.line.PricingURL, "starter", h.line.RPURL+"/")
	refused := b.Pay(email, apptest.CardDeclined)
	if !b.AtCheckout() || !strings.Contains(refused.Body, `role="alert"`) {
		t.Fatalf("a declined card led to %s (%d):\n%s", refused.URL, refused.Status, refused.Text())
	}
	hosted := refused.URL.String()
	got := b.SignIn(h.client("acme-crm"), email, demoPassword)
	if len(got.Held.Plans) != 0 {
		t.Errorf("after a declined card: %+v", got.Held.Plans)
	}
	b.Get(hosted)
	if home := b.Pay(email, apptest.CardPays); home.URL.String() != h.line.RPURL+"/?checkout=success" {
		t.Fatalf("payment led to %s (%d):\n%s", home.URL, home.Status, home.Text())
	}
	next, ok := h.client("acme-crm").Refresh(t, got.Refresh)
	if want := []entry{{Slug: "starter", Features: []string{}, Ends: true}}; !ok || cmp.Diff(want, entries(next.Held.Plans)) != "" {
		t.Errorf("after a good card: %+v", next.Held.Plans)
	}
}

func cancelledCheckout(t *testing.T, h *house) {
	b, email := apptest.NewBrowser(t), newcomer()
	h.signUp(t, b, email)
	hosted := b.Buy(h.line.PricingURL, "starter", h.line.RPURL+"/")
	link := hosted.LinkWith("cancelled")
	if link == "" {
		t.Fatalf("no way back on the hosted checkout:\n%s", hosted.Text())
	}
	if home := b.Get(link); home.URL.String() != h.line.RPURL+"/?checkout=cancelled" || !strings.Contains(home.Text(), "Nothing was bought") {
		t.Errorf("going back led to %s (%d):\n%s", home.URL, home.Status, home.Text())
	}
	if held := b.SignIn(h.client("acme-crm"), email, demoPassword).Held.Plans; len(held) != 0 {
		t.Errorf("after going back: %+v", held)
	}
	// Without an address to return to, our own page tells.
	hosted = b.Buy(h.line.PricingURL, "starter", "")
	page := b.Get(hosted.LinkWith("cancelled"))
	if page.Status != http.StatusOK || !strings.HasPrefix(page.URL.Path, "/billing/acme-crm/return/") || strings.Contains(page.Body, "outcome success") {
		t.Errorf("our page says (%s, %d):\n%s", page.URL, page.Status, page.Text())
	}
}

// otherPlans buys through the API: a yearly price by its description, and a bundle by its price.
func otherPlans(t *testing.T, h *house) {
	b, email := apptest.NewBrowser(t), newcomer()
	h.signUp(t, b, email)
	crm := h.client("acme-crm")
	got := b.SignIn(crm, email, demoPassword)
	plans := send(t, http.MethodGet, h.line.Issuer+"/api/billing/acme-crm/plans?currency=PLN&seats=2", "", "", nil)
	holds(t, "plans", plans.body)
	var sold struct{ Plans []soldPlan }
	must(t, json.Unmarshal(plans.body, &sold))
	want := map[string]bool{}
	for _, body := range checkoutsFor(t, sold.Plans) {
		holds(t, "checkout-request", body)
		res := post(t, h.line.Issuer+"/v1/billing/checkout", "application/json", string(body), bearer(got.Access))
		if res.status != http.StatusCreated {
			t.Fatalf("%s: %d %s", body, res.status, res.body)
		}
		holds(t, "checkout-response", res.body)
		var checkout struct{ URL string }
		must(t, json.Unmarshal(res.body, &checkout))
		b.StopAt = ""
		b.Get(checkout.URL)
		if done := b.Pay(email, apptest.CardPays); done.Status != http.StatusOK || !strings.Contains(done.Body, "outcome success") {
			t.Fatalf("payment led to %s (%d):\n%s", done.URL, done.Status, done.Text())
		}
		again := post(t, h.line.Issuer+"/v1/billing/checkout", "application/json", string(body), bearer(got.Access))
		holds(t, "problem", again.body)
		if again.status != http.StatusConflict || !strings.Contains(string(again.body), `"already_subscribed"`) {
			t.Errorf("bought again: %d %s", again.status, again.body)
		}
	}
	for _, p := range h.held(t, got) {
		want[p.PlanSlug+"/"+p.Bundle] = true
	}
	if diff := cmp.Diff(map[string]bool{"pro/": true, "premium/acme-suite": true}, want); diff != "" {
		t.Errorf("held (-want +got):\n%s", diff)
	}
	list := apptest.Bearer(t, h.line.Issuer+"/v1/billing/subscription", got.Access)
	holds(t, "subscription", list)
	if !strings.Contains(string(list), `"interval":"year"`) {
		t.Errorf("subscriptions: %s", list)
	}
	portal := post(t, h.line.Issuer+"/v1/billing/portal", "application/json", `{"returnTo":"`+redirect+`"}`, bearer(got.Access))
	if holds(t, "portal-response", portal.body); portal.status != http.StatusCreated {
		t.Errorf("portal: %d %s", portal.status, portal.body)
	}
}

// soldPlan is a plan of the public list.
type soldPlan struct {
	ID, Slug string
	Prices   []struct{ ID, Currency, Interval string }
}

func checkoutsFor(t *testing.T, plans []soldPlan) [][]byte {
	t.Helper()
	var out [][]byte
	for _, p := range plans {
		switch p.Slug {
		case "pro":
			out = append(out, []byte(`{"planId":"`+p.ID+`","interval":"yearly","currency":"PLN"}`))
		case "premium":
			out = append(out, []byte(`{"priceId":"`+p.Prices[0].ID+`","quantity":1}`))
		}
	}
	if len(out) != 2 {
		t.Fatalf("pro and premium are not sold: %+v", plans)
	}
	return out
}

// twoTabs pays two hosted checkouts of one org at the same moment.
func twoTabs(t *testing.T, h *house) {
	tabs := []*apptest.Browser{apptest.NewBrowser(t), apptest.NewBrowser(t)}
	email := newcomer()
	sub := h.signUp(t, tabs[0], email)
	crm := h.client("acme-crm")
	got := tabs[0].SignIn(crm, email, demoPassword)
	tabs[1].SignIn(crm, email, demoPassword)
	for i, plan := range []string{"pro", "starter"} {
		tabs[i].StopAt = ""
		tabs[i].Buy(h.line.PricingURL, plan, "")
	}
	var wg sync.WaitGroup
	for _, b := range tabs {
		wg.Go(func() { b.Pay(email, apptest.CardPays) })
	}
	wg.Wait()
	holding := "SELECT count(*) FROM subscriptions s JOIN orgs o ON o.id = s.org_id WHERE o.personal_user_id = ? AND s.holds"
	eventually(t, "the second payment is given back", func() bool {
		return h.rows(t, "SELECT count(*) FROM stripe_refunds r JOIN subscriptions s ON s.id = r.subscription_id JOIN orgs o ON o.id = s.org_id WHERE o.personal_user_id = ? AND r.refund_id <> ''", sub) == 1
	})
	if n := h.rows(t, holding, sub); n != 1 {
		t.Errorf("%d subscriptions hold", n)
	}
	if held := h.held(t, got); len(held) != 1 || held[0].Status != claims.StatusActive {
		t.Errorf("the claim holds %+v", held)
	}
	live, customers := 0, map[string]bool{}
	for _, c := range h.stripe(t, "/v1/customers?limit=100&email="+url.QueryEscape(email)) {
		customers[c["id"].(string)] = true
	}
	for _, s := range h.stripe(t, "/v1/subscriptions?limit=100&status=all") {
		if customers[s["customer"].(string)] && s["status"] == "active" {
			live++
		}
	}
	refunds := 0
	for _, c := range h.stripe(t, "/v1/charges?limit=100") {
		if customer, _ := c["customer"].(string); customers[customer] && c["refunded"] == true {
			refunds++
		}
	}
	if live != 1 || refunds != 1 {
		t.Errorf("at Stripe %d live subscriptions and %d refunds of %v", live, refunds, customers)
	}
	eventually(t, "the buyer is told", func() bool {
		return h.rows(t, "SELECT count(*) FROM mails WHERE to_address = ? AND template LIKE '%double%'", email) > 0
	})
	outbox := string(send(t, http.MethodGet, h.line.OutboxURL, "", "", nil).body)
	if !strings.Contains(outbox, email) {
		t.Error("the outbox does not show the mail")
	}
}
