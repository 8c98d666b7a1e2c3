package app_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/wolfieauth/wolfieauth/billing"
	"github.com/wolfieauth/wolfieauth/cmd/wolfieauth/app/apptest"
)

// refusal is a request that must not succeed: what it answers, and by which code.
type refusal struct {
	name           string
	method, target string
	header         http.Header
	body           string
	status         int
	code           string // of the problem document, the OAuth error or the page
}

// TestBadInput sends what nobody should: a clear refusal with a stable code, written into the log once, and
// nothing written anywhere else.
func TestBadInput(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h *house) {
		b := apptest.NewBrowser(t)
		got := b.SignIn(h.client("acme-crm"), "buyer@example.test", demoPassword)
		stolen := b.Authorize(h.client("acme-mail"), "buyer@example.test", demoPassword)
		all := append(h.badAuthorizations(t), h.badTokens(got, stolen)...)
		all = append(all, h.badCheckouts(t, bearer(got.Access))...)
		all = append(all, h.badForms(t, b)...)
		all = append(all, h.badDeliveries()...)
		h.settle(t)
		for _, r := range all {
			t.Run(r.name, func(t *testing.T) { h.refuses(t, r) })
		}
		// The code that somebody else tried is still good for its own client.
		h.client("acme-mail").Redeem(t, stolen)
	})
}

func (h *house) refuses(t *testing.T, r refusal) {
	t.Helper()
	before := h.census(t)
	res := send(t, r.method, h.line.Issuer+r.target, "", r.body, r.header)
	if res.status != r.status || !strings.Contains(codeOf(res), r.code) {
		t.Errorf("%d %s, want %d %s\n%.600s", res.status, codeOf(res), r.status, r.code, res.body)
	}
	switch strings.Split(res.header.Get("Content-Type"), ";")[0] {
	case "application/problem+json":
		holds(t, "problem", res.body)
	case "application/json":
		holds(t, "oauth-error", res.body)
	}
	if diff := changed(before, h.census(t)); len(diff) > 0 {
		t.Errorf("it wrote: %v", diff)
	}
	id := res.header.Get("X-Request-Id")
	eventually(t, "the refusal stands in the log", func() bool { return len(h.logs.of(id)) > 0 })
	reasons, requests := 0, 0
	for _, line := range h.logs.of(id) {
		if line["error"] != nil {
			reasons++
		}
		if msg, _ := line["msg"].(string); strings.HasPrefix(msg, "request ") {
			requests++
		}
	}
	if reasons > 1 || requests != 1 {
		t.Errorf("the log tells the reason %d times and the request %d times: %v", reasons, requests, h.logs.of(id))
	}
}

// codeOf finds the code where each kind of answer has it; a page shows it among its text.
func codeOf(res response) string {
	var doc struct{ Code, Error string }
	if json.Unmarshal(res.body, &doc) == nil {
		return doc.Code + doc.Error
	}
	return res.header.Get("Location") + string(res.body)
}

func (h *house) badAuthorizations(t *testing.T) []refusal {
	t.Helper()
	query := func(change ...string) string {
		q := url.Values{
			"client_id": {"acme-crm"}, "redirect_uri": {redirect}, "response_type": {"code"}, "scope": {"openid"}, "state": {"s"},
			"code_challenge": {"E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"}, "code_challenge_method": {"S256"},
		}
		for i := 0; i < len(change); i += 2 {
			q.Set(change[i], change[i+1])
		}
		return "/auth?" + q.Encode()
	}
	page := http.Header{"Accept": {"text/html"}}
	get := func(name string, status int, code string, change ...string) refusal {
		return refusal{name, http.MethodGet, query(change...), page, "", status, code}
	}
	return []refusal{
		get("unknown client", 400, "auth_client_unknown", "client_id", "acme-none"),
		get("foreign redirect", 400, "auth_redirect_unregistered", "redirect_uri", "https://evil.example/callback"),
		get("redirect with a slash more", 400, "auth_redirect_unregistered", "redirect_uri", redirect+"/"),
		get("redirect in capitals", 400, "auth_redirect_unregistered", "redirect_uri", strings.ToUpper(redirect)),
		get("no scope that there is", 303, "error=invalid_scope", "scope", "nonsense"),
		get("implicit flow", 303, "error=unsupported_response_type", "response_type", "token"),
		get("plain PKCE", 303, "error=invalid_request", "code_challenge_method", "plain"),
		get("request object", 303, "error=request_not_supported", "request", "e30.e30."),
		{"an unknown sign-in", http.MethodGet, "/login?request=0198c0de-0000-7000-8000-000000000000", page, "", 410, "sign_in_over"},
		{"a sign-in of another browser", http.MethodGet, "/login?request=" + h.begun(t), page, "", 410, "sign_in_over"},
		{"the callback of another browser's sign-in", http.MethodGet, "/auth/callback?id=" + h.begun(t), page, "", 400, "auth_request_gone"},
	}
}

// begun answers the id of a sign-in that another browser has begun.
func (h *house) begun(t *testing.T) string {
	t.Helper()
	other := apptest.NewBrowser(t)
	other.Get(h.line.RPURL + "/login")
	id := other.Page().URL.Query().Get("request")
	if id == "" {
		t.Fatalf("a sign-in begins at %s", other.Page().URL)
	}
	return id
}

func (h *house) badTokens(got apptest.Tokens, stolen apptest.Grant) []refusal {
	crm := h.client("acme-crm")
	as := func(id, secret string) http.Header {
		r := &http.Request{Header: http.Header{"Content-Type": {"application/x-www-form-urlencoded"}}}
		r.SetBasicAuth(id, secret)
		return r.Header
	}
	code := func(code string) string {
		return url.Values{"grant_type": {"authorization_code"}, "code": {code}, "redirect_uri": {redirect}, "code_verifier": {stolen.Verifier}}.Encode()
	}
	form := func(name string, header http.Header, body string, status int, code string) refusal {
		return refusal{name, http.MethodPost, "/token", header, body, status, code}
	}
	return []refusal{
		form("wrong secret", as("acme-crm", "wrong"), code("x"), 401, "invalid_client"),
		form("unknown client at the token endpoint", as("acme-none", "wrong"), code("x"), 401, "invalid_client"),
		form("wrong code", as(crm.ID, crm.Secret), code("nonsense"), 400, "invalid_grant"),
		form("another client's code", as(crm.ID, crm.Secret), code(stolen.Code), 400, "invalid_grant"),
		form("wrong refresh token", as(crm.ID, crm.Secret), "grant_type=refresh_token&refresh_token=nonsense", 400, "invalid_grant"),
		form("another client's refresh token", as("acme-mail", h.client("acme-mail").Secret), "grant_type=refresh_token&refresh_token="+got.Refresh, 400, "invalid_grant"),
		form("password grant", as(crm.ID, crm.Secret), "grant_type=password&username=a&password=b", 400, "unsupported_grant_type"),
		{"no token at userinfo", http.MethodGet, "/me", nil, "", 401, ""},
		{"wrong token at userinfo", http.MethodGet, "/me", bearer("nonsense"), "", 401, "invalid_token"},
	}
}

func (h *house) badCheckouts(t *testing.T, token http.Header) []refusal {
	t.Helper()
	shop := h.App.Billing()
	plan, err := shop.CreatePlan(t.Context(), billing.NewPlan{Scope: billing.Scope{Kind: billing.ScopeApp, ID: "acme-crm"}, Name: "Gone"})
	must(t, err)
	gone, err := shop.AddPrice(t.Context(), billing.NewPrice{PlanID: plan.ID, Amount: 100, Currency: "PLN", Interval: billing.IntervalMonth})
	must(t, err)
	must(t, shop.ArchivePlan(t.Context(), plan.ID))
	team, starter := priceOf(t, h.line.Issuer, "acme-crm", "team"), priceOf(t, h.line.Issuer, "acme-crm", "starter")
	foreign := priceOf(t, h.line.Issuer, "acme-mail", "mail-plus")
	header := token.Clone()
	header.Set("Content-Type", "application/json")
	buy := func(name, body string, status int, code string) refusal {
		return refusal{"checkout: " + name, http.MethodPost, "/v1/billing/checkout", header, body, status, code}
	}
	out := []refusal{
		buy("unknown price", `{"priceId":"nonsense"}`, 404, "price_not_found"),
		buy("foreign app's price", `{"priceId":"`+foreign+`"}`, 404, "price_not_found"),
		buy("archived plan", `{"priceId":"`+gone.ID+`"}`, 410, "plan_archived"),
		buy("unknown plan", `{"planId":"nonsense","interval":"monthly"}`, 404, "plan_not_found"),
		buy("no interval", `{"planId":"`+plan.ID+`"}`, 422, "invalid_input"),
		buy("unknown currency", `{"planId":"`+plan.ID+`","interval":"monthly","currency":"XXQ"}`, 422, "invalid_input"),
		buy("an amount of one's own", `{"priceId":"`+starter+`","amount":1}`, 400, "invalid_json"),
		buy("two seats of a price without seats", `{"priceId":"`+starter+`","quantity":2}`, 422, "quantity_invalid"),
		buy("a return to a foreign place", `{"priceId":"`+starter+`","returnTo":"https://evil.example/"}`, 422, "return_to_not_registered"),
		buy("a return to a foreign place dressed up", `{"priceId":"`+starter+`","returnTo":"https://rp.example@evil.example/"}`, 422, "return_to_not_registered"),
		buy("no JSON", `priceId=1`, 400, "invalid_json"),
		buy("nothing", ``, 400, "invalid_json"),
		buy("two documents", `{"priceId":"`+starter+`"}{}`, 400, "invalid_json"),
		buy("a huge body", `{"priceId":"`+strings.Repeat("x", 2<<20)+`"}`, 413, "body_too_large"),
		{"checkout: no token", http.MethodPost, "/v1/billing/checkout", http.Header{"Content-Type": {"application/json"}}, `{}`, 401, "unauthorized"},
		{"checkout: wrong token", http.MethodPost, "/v1/billing/checkout", http.Header{"Content-Type": {"application/json"}, "Authorization": {"Bearer x"}}, `{}`, 401, "token_invalid"},
		{"checkout: a form", http.MethodPost, "/v1/billing/checkout", http.Header{"Content-Type": {"application/x-www-form-urlencoded"}, "Authorization": token["Authorization"]}, `priceId=1`, 415, "unsupported_media_type"},
		{"plans of an unknown app", http.MethodGet, "/api/billing/acme-none/plans", nil, "", 404, "app_not_found"},
		{"portal of somebody who has bought nothing", http.MethodPost, "/v1/billing/portal", header, `{}`, 404, "subscription_not_found"},
	}
	for _, q := range []string{"0", "-1", "1000000000", "1e9", "5e3", "1.5", "100001", "99999999999999999999"} {
		out = append(out, buy("quantity "+q, `{"priceId":"`+team+`","quantity":`+q+`}`, 422, "quantity_invalid"))
	}
	for _, q := range []string{`"5e3"`, `"5"`, `[5]`, `true`} {
		out = append(out, buy("quantity "+q, `{"priceId":"`+team+`","quantity":`+q+`}`, 400, "invalid_json"))
	}
	return out
}

// badForms are the same through the page, which shows itself again.
func (h *house) badForms(t *testing.T, b *apptest.Browser) []refusal {
	t.Helper()
	header := http.Header{"Content-Type": {"application/x-www-form-urlencoded"}, "Accept": {"text/html"}, "Sec-Fetch-Site": {"same-origin"}}
	for _, c := range b.Client().Jar.Cookies(parse(t, h.line.Issuer)) {
		header.Add("Cookie", c.Name+"="+c.Value)
	}
	crossSite := header.Clone()
	crossSite.Set("Sec-Fetch-Site", "cross-site")
	crossSite.Set("Origin", "https://evil.example")
	team, foreign := priceOf(t, h.line.Issuer, "acme-crm", "team"), priceOf(t, h.line.Issuer, "acme-mail", "mail-plus")
	form := func(name string, header http.Header, status int, code string, pairs ...string) refusal {
		q := url.Values{}
		for i := 0; i < len(pairs); i += 2 {
			q.Set(pairs[i], pairs[i+1])
		}
		return refusal{"form: " + name, http.MethodPost, "/billing/acme-crm/checkout", header, q.Encode(), status, code}
	}
	out := []refusal{
		form("unknown price", header, 422, "", "price_id", "nonsense"),
		form("foreign app's price", header, 422, "", "price_id", foreign),
		form("another org", header, 403, "forbidden", "price_id", team, "org_id", "0198c0de-0000-7000-8000-000000000000"),
		form("from another site", crossSite, 403, "cross_site", "price_id", team),
		form("a return to a foreign place", header, 422, "", "price_id", team, "return_to", "https://evil.example/"),
	}
	for _, q := range []string{"0", "-1", "1000000000", "5e3", "1.5", "x"} {
		out = append(out, form("quantity "+q, header, 422, "", "price_id", team, "quantity", q))
	}
	return out
}

const (
	platformSecret = "whsec_wolfieauth_demo_platform"
	connectSecret  = "whsec_wolfieauth_demo_connect"
)

// signature is a Stripe-Signature header.
func signature(secret, body string, at time.Time) string {
	stamp := fmt.Sprint(at.Unix())
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(stamp + "." + body))
	return "t=" + stamp + ",v1=" + hex.EncodeToString(mac.Sum(nil))
}

func (h *house) badDeliveries() []refusal {
	const platform = `{"id":"evt_1","object":"event","type":"customer.subscription.updated","api_version":"2023-10-16","livemode":false,"data":{"object":{"id":"sub_1"}}}`
	connect := strings.Replace(platform, `"livemode"`, `"account":"acct_demo_acme","livemode"`, 1)
	now := time.Now()
	deliver := func(name, sig, body string, status int, code string) refusal {
		header := http.Header{"Content-Type": {"application/json"}}
		if sig != "" {
			header.Set("Stripe-Signature", sig)
		}
		return refusal{"webhook: " + name, http.MethodPost, "/v1/stripe/webhook", header, body, status, code}
	}
	return []refusal{
		deliver("unsigned", "", platform, 400, "webhook_signature_missing"),
		deliver("unreadable signature", "v1=zz", platform, 400, "webhook_signature_missing"),
		deliver("forged", signature("whsec_guess", platform, now), platform, 400, "webhook_signature_invalid"),
		deliver("signed with nothing", signature("", platform, now), platform, 400, "webhook_signature_invalid"),
		deliver("signed for another body", signature(platformSecret, platform, now), platform+" ", 400, "webhook_signature_invalid"),
		deliver("an account by the platform's endpoint", signature(platformSecret, connect, now), connect, 400, "webhook_signature_invalid"),
		deliver("the platform by the accounts' endpoint", signature(connectSecret, platform, now), platform, 400, "webhook_signature_invalid"),
		deliver("stale", signature(platformSecret, platform, now.Add(-6*time.Minute)), platform, 400, "webhook_timestamp_outside_tolerance"),
		deliver("from the future", signature(platformSecret, platform, now.Add(6*time.Minute)), platform, 400, "webhook_timestamp_outside_tolerance"),
		deliver("signed nonsense", signature(platformSecret, "{}", now), "{}", 400, "webhook_payload_invalid"),
		deliver("oversized", signature(platformSecret, strings.Repeat(" ", 600<<10), now), strings.Repeat(" ", 600<<10), 413, "body_too_large"),
	}
}

// TestBadSettings starts the server with mistakes: it must refuse, and name them all at once.
func TestBadSettings(t *testing.T) {
	t.Parallel()
	cmd := exec.CommandContext(t.Context(), built(t), "serve")
	cmd.Dir = t.TempDir()
	cmd.Env = []string{
		"WOLFIEAUTH_MASTER_KEY=too-short-and-secret", "WOLFIEAUTH_ISSUER=http://id.example.com", "WOLFIEAUTH_ADDR=nowhere", "STRIPE_SECRET_KEY_TEST=sk_test_hush",
		"STRIPE_WEBHOOK_SECRET_TEST=", "STRIPE_CONNECT_WEBHOOK_SECRET=", "STRIPE_SECRET_KEY=sk_test_wrong_mode",
	}
	out, err := cmd.CombinedOutput()
	if err == nil {
		t.Fatalf("it started: %s", out)
	}
	for _, name := range []string{"WOLFIEAUTH_MASTER_KEY:", "WOLFIEAUTH_ISSUER:", "WOLFIEAUTH_ADDR:", "STRIPE_WEBHOOK_SECRET_TEST:", "STRIPE_CONNECT_WEBHOOK_SECRET:", "STRIPE_SECRET_KEY:"} {
		if !strings.Contains(string(out), name) {
			t.Errorf("it does not name %s\n%s", name, out)
		}
	}
	for _, secret := range []string{"too-short-and-secret", "hush", "wrong_mode"} {
		if strings.Contains(string(out), secret) {
			t.Errorf("it prints %q\n%s", secret, out)
		}
	}
}
