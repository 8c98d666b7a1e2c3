package pricing_test

import (
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/wolfieauth/wolfieauth/billing"
)

// evilReturns are addresses that must never be a place to return to for an app whose one origin is
// https://crm.acme.test.
var evilReturns = []string{
	"//evil.test", "///evil.test", `\\evil.test`, `/\evil.test`, "https:evil.test", "https:/evil.test", "https:///evil.test",
	"https://evil.test", "http://crm.acme.test", "https://crm.acme.test.evil.test", "https://crm.acme.test@evil.test",
	"https://evil.test/https://crm.acme.test", "https://evil.test#crm.acme.test", "https://evil.test?crm.acme.test",
	`https://crm.acme.test\@evil.test`, `https://evil.test\.crm.acme.test`, "https://crm.acme.test:443@evil.test", "https://crm.acme.test:8443/",
	"https://crm.acme.test%2eevil.test", "https://crm.acme.test%00.evil.test", "https://crm.acme.test\r\nSet-Cookie: a=b", "https://crm.acme.test\t/",
	" https://crm.acme.test/", "https://crm.acme.test/ x", "javascript:alert(1)", "JaVaScRiPt://crm.acme.test/%0aalert(1)", "data:text/html,x",
	"vbscript:x", "file:///etc/passwd", "ftp://crm.acme.test/", "https://user:pw@crm.acme.test/", "https://crm.acme.test。evil.test/",
	"https://crm．acme．test/", "https://[::1]/", "https://127.0.0.1/", "https://sub.crm.acme.test/", "https://acme.test/", "crm.acme.test", "/local",
	"https://crm.acme.tes", "https://crm.acme.test./", "blob:https://crm.acme.test/1", "https://", "http:", ":", "%", "https://%zz",
	"https://crm.acme.test/" + strings.Repeat("a", 2000),
}

func TestForeignPlacesToReturnTo(t *testing.T) {
	t.Parallel()
	b := setup(t)
	br := b.signedIn(ownOrg)
	for _, evil := range evilReturns {
		form := url.Values{"price_id": {proPLN}, "return_to": {evil}}
		if a := br.post("/billing/acme-crm/checkout", form); a.status != http.StatusUnprocessableEntity {
			t.Errorf("%q: checkout answered %d", evil, a.status)
		}
		page := br.get("/billing/acme-crm?" + url.Values{"return_to": {evil}, "plan": {"pro"}}.Encode())
		if page.status != http.StatusOK || strings.Contains(page.body, `name="return_to"`) || !strings.Contains(page.body, "has not registered") {
			t.Errorf("%q: the page keeps it (%d)", evil, page.status)
		}
		b.shop.outcome = billing.CheckoutOutcome{State: billing.FinishSuccess, Checkout: billing.Checkout{ID: checkoutID, OrgID: ownOrg, ClientID: "acme-crm", ReturnTo: evil}}
		if a := br.get("/billing/acme-crm/return/" + checkoutID); a.header.Get("Location") != "" || a.status != http.StatusOK {
			t.Errorf("%q: the return page leads to %q", evil, a.header.Get("Location"))
		}
	}
	if b.shop.request != nil {
		t.Error("a foreign place reached billing")
	}
}

func TestCountryOfTrustedProxyStands(t *testing.T) {
	t.Parallel()
	b := setup(t)
	br := b.signedIn(ownOrg)
	// The edge of these tests trusts 127.9.9.9 alone.
	br.client.Transport = &http.Transport{DialContext: (&net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 9, 9, 9)}}).DialContext}
	a := br.get("/billing/acme-crm?country=PL", "Cf-Ipcountry", "DE")
	a.wants(t, http.StatusOK, "PLN 55", "Prices for Germany")
	a.lacks(t, "PLN 49", `id="country"`)
	form := url.Values{"price_id": {starterPLN}, "country": {"PL"}}
	from := []string{"Cf-Ipcountry", "DE", "Content-Type", "application/x-www-form-urlencoded"}
	br.do(http.MethodPost, "/billing/acme-crm/checkout", form.Encode(), from...).wants(t, http.StatusUnprocessableEntity, "not offered in your country")
	if b.shop.request != nil {
		t.Error("another country's price reached billing")
	}
	form.Set("price_id", germanPLN)
	br.do(http.MethodPost, "/billing/acme-crm/checkout", form.Encode(), from...).wants(t, http.StatusSeeOther)
	if b.shop.request == nil || b.shop.request.Country != "DE" {
		t.Errorf("asked %+v", b.shop.request)
	}
	br.get("/api/billing/acme-crm/plans?country=PL", "Cf-Ipcountry", "DE").wants(t, http.StatusOK, `"country":"DE"`)
}

func TestNothingOfTheAddressBecomesMarkup(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.shop.catalog.Plans[0].Name = `<img src=x onerror=alert(1)>`
	b.shop.catalog.Plans[0].Description = `"><script>alert(2)</script>`
	b.shop.catalog.Settings.Headline = `</h1><script>alert(3)</script>`
	payload := `"'><script>alert(4)</script>`
	q := url.Values{}
	for _, name := range []string{"plan", "price_id", "interval", "currency", "country", "seats", "quantity", "return_to", "org_id"} {
		q.Set(name, payload)
	}
	a := b.browser().get("/billing/acme-crm?" + q.Encode())
	a.wants(t, http.StatusOK)
	a.lacks(t, "<script>alert", "<img src=x")
	a = b.browser().post("/billing/acme-crm/checkout", q)
	a.wants(t, http.StatusUnprocessableEntity)
	a.lacks(t, "<script>alert")
	a = b.browser().get("/billing/" + url.PathEscape(payload))
	a.wants(t, http.StatusNotFound)
	a.lacks(t, "<script>alert")
}
