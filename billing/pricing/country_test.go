package pricing_test

import (
	"encoding/json"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/wolfieauth/wolfieauth/billing"
	"github.com/wolfieauth/wolfieauth/internal/db"
	"github.com/wolfieauth/wolfieauth/internal/db/dbtest"
)

// atlas is a shop whose plan World has a global price, and prices of their own for some countries. The app's default
// country is Poland.
type atlas struct {
	*realShop
	d    *db.DB
	plan billing.Plan
	ids  map[string]string // by name
}

func setupAtlas(t *testing.T, d *db.DB) *atlas {
	t.Helper()
	a := &atlas{realShop: setupReal(t, d), d: d, ids: map[string]string{}}
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	scope := billing.Scope{Kind: billing.ScopeApp, ID: "acme-crm"}
	var err error
	a.plan, err = a.service.CreatePlan(t.Context(), billing.NewPlan{Scope: scope, Name: "World"})
	must(err)
	secret, err := a.service.CreatePlan(t.Context(), billing.NewPlan{Scope: scope, Name: "Secret", Hidden: true})
	must(err)
	gone, err := a.service.CreatePlan(t.Context(), billing.NewPlan{Scope: scope, Name: "Gone"})
	must(err)
	for name, p := range map[string]billing.NewPrice{
		"everywhere":         {PlanID: a.plan.ID, Amount: 10_000, Currency: "PLN"},
		"everywhere in euro": {PlanID: a.plan.ID, Amount: 2500, Currency: "EUR"},
		"Poland":             {PlanID: a.plan.ID, Amount: 9000, Currency: "PLN", CountryCodes: []string{"PL"}},
		"Slovakia":           {PlanID: a.plan.ID, Amount: 8000, Currency: "PLN", CountryCodes: []string{"SK"}},
		"Czechia":            {PlanID: a.plan.ID, Amount: 50_000, Currency: "CZK", CountryCodes: []string{"CZ"}},
		"retired":            {PlanID: a.plan.ID, Amount: 1, Currency: "USD"},
		"hidden":             {PlanID: secret.ID, Amount: 100, Currency: "PLN"},
		"archived":           {PlanID: gone.ID, Amount: 100, Currency: "PLN"},
	} {
		p.Interval = billing.IntervalMonth
		added, err := a.service.AddPrice(t.Context(), p)
		must(err)
		a.ids[name] = added.ID
	}
	must(a.service.RetirePrice(t.Context(), a.ids["retired"]))
	must(a.service.ArchivePlan(t.Context(), gone.ID))
	return a
}

// throughProxy makes a browser come from the one address that the edge trusts.
func (br *browser) throughProxy() *browser {
	br.client.Transport = &http.Transport{DialContext: (&net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 9, 9, 9)}}).DialContext}
	return br
}

// sold answers the price of the checkout that an answer opened.
func (a *atlas) sold(t *testing.T, got answer) string {
	t.Helper()
	got.wants(t, http.StatusCreated)
	var made struct{ ID string }
	var row billing.Checkout
	err := json.Unmarshal([]byte(got.body), &made)
	if err == nil {
		err = a.d.Conn(t.Context()).Take(&row, "id = ?", made.ID).Error
	}
	if err != nil {
		t.Fatal(err)
	}
	return row.PriceID
}

// listed answers the plan's prices by currency, as the plans JSON shows them.
func (a *atlas) listed(t *testing.T, got answer) map[string]string {
	t.Helper()
	got.wants(t, http.StatusOK)
	var doc struct {
		Plans []struct {
			ID     string
			Prices []struct{ ID, Currency string }
		}
	}
	if err := json.Unmarshal([]byte(got.body), &doc); err != nil {
		t.Fatal(err)
	}
	out := map[string]string{}
	for _, p := range doc.Plans {
		for _, price := range p.Prices {
			if p.ID == a.plan.ID {
				out[price.Currency] = price.ID
			}
		}
	}
	return out
}

func TestWhatIsListedForACountryIsWhatItBuys(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		a := setupAtlas(t, d)
		a.who.orgID = ownOrg
		for name, c := range map[string]struct {
			country, header string // the buyer's word, and the proxy's
			pln             string
			currencies      int
		}{
			"nobody says one":               {"", "", "Poland", 2},
			"Poland":                        {"PL", "", "Poland", 2},
			"in small letters":              {"sk", "", "Slovakia", 2},
			"Slovakia":                      {"SK", "", "Slovakia", 2},
			"Czechia":                       {"CZ", "", "everywhere", 3},
			"a country without own prices":  {"US", "", "everywhere", 2},
			"the proxy alone":               {"", "SK", "Slovakia", 2},
			"the proxy's word stands":       {"PL", "SK", "Slovakia", 2},
			"the proxy knows no country":    {"SK", "XX", "Slovakia", 2},
			"the proxy's word is no answer": {"SK", "T1", "Slovakia", 2},
		} {
			br := a.browser()
			var header []string
			if c.header != "" {
				br, header = br.throughProxy(), []string{"Cf-Ipcountry", c.header}
			}
			shown := a.listed(t, br.get("/api/billing/acme-crm/plans?country="+c.country, header...))
			if shown["PLN"] != a.ids[c.pln] || len(shown) != c.currencies {
				t.Errorf("%s: listed %v", name, shown)
			}
			buy := func(member string) answer {
				if c.country != "" {
					member += `,"country":"` + c.country + `"`
				}
				return br.api(http.MethodPost, "/v1/billing/checkout", `{`+member+`}`, header...)
			}
			for currency, id := range shown {
				if got := a.sold(t, buy(`"planId":"`+a.plan.ID+`","interval":"monthly","currency":"`+currency+`"`)); got != id {
					t.Errorf("%s: %s by its plan sold %s instead of %s", name, currency, got, id)
				}
				if got := a.sold(t, buy(`"priceId":"`+id+`"`)); got != id {
					t.Errorf("%s: %s by its id sold %s", name, currency, got)
				}
			}
			for other, id := range a.ids {
				if other == "hidden" || other == "archived" || other == "retired" || shown["PLN"] == id || shown["EUR"] == id || shown["CZK"] == id {
					continue
				}
				refused := buy(`"priceId":"` + id + `"`)
				refused.wants(t, http.StatusUnprocessableEntity, "price_not_in_country")
				refused.keeps(t, "problem")
			}
			if shown["CZK"] == "" {
				buy(`"planId":"`+a.plan.ID+`","interval":"monthly","currency":"CZK"`).wants(t, http.StatusUnprocessableEntity, "price_not_in_country")
			}
			buy(`"planId":"`+a.plan.ID+`","interval":"yearly"`).wants(t, http.StatusNotFound, "price_not_found")
		}
	})
}

// TestPricesThatNobodyGets is what a tampered request may try: every price comes from our tables, or there is none.
func TestPricesThatNobodyGets(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		a := setupAtlas(t, d)
		a.who.orgID = ownOrg
		br := a.browser()
		post := func(body string, header ...string) answer {
			return br.api(http.MethodPost, "/v1/billing/checkout", body, header...)
		}
		price := func(name string) string { return `{"priceId":"` + a.ids[name] + `"}` }
		for name, c := range map[string]struct {
			body   string
			status int
			code   string
		}{
			"retired":                      {price("retired"), http.StatusGone, "price_retired"},
			"of an archived plan":          {price("archived"), http.StatusGone, "plan_archived"},
			"foreign":                      {price("Slovakia"), http.StatusUnprocessableEntity, "price_not_in_country"},
			"global beside the country's":  {price("everywhere"), http.StatusUnprocessableEntity, "price_not_in_country"},
			"of nobody":                    {`{"priceId":"` + a.plan.ID + `"}`, http.StatusNotFound, "price_not_found"},
			"a comp's slug":                {`{"planId":"platform-owner-grant","interval":"monthly"}`, http.StatusNotFound, "plan_not_found"},
			"a slug for a plan":            {`{"planId":"world","interval":"monthly"}`, http.StatusNotFound, "plan_not_found"},
			"an amount":                    {`{"priceId":"` + a.ids["Poland"] + `","amount":1}`, http.StatusBadRequest, "invalid_json"},
			"an account":                   {`{"priceId":"` + a.ids["Poland"] + `","account":"acct_1"}`, http.StatusBadRequest, "invalid_json"},
			"a currency beside a price":    {`{"priceId":"` + a.ids["Poland"] + `","currency":"EUR"}`, http.StatusUnprocessableEntity, "invalid_input"},
			"a currency of no price":       {`{"planId":"` + a.plan.ID + `","interval":"monthly","currency":"JPY"}`, http.StatusNotFound, "price_not_found"},
			"a retired price's currency":   {`{"planId":"` + a.plan.ID + `","interval":"monthly","currency":"USD"}`, http.StatusNotFound, "price_not_found"},
			"a country that is none":       {`{"priceId":"` + a.ids["Poland"] + `","country":"XX"}`, http.StatusUnprocessableEntity, "unknown_country"},
			"a country in words":           {`{"priceId":"` + a.ids["Poland"] + `","country":"Poland"}`, http.StatusUnprocessableEntity, "unknown_country"},
			"a list of countries":          {`{"priceId":"` + a.ids["Poland"] + `","country":["PL"]}`, http.StatusBadRequest, "invalid_json"},
			"a quantity for a flat price":  {`{"priceId":"` + a.ids["Poland"] + `","quantity":2}`, http.StatusUnprocessableEntity, "quantity_invalid"},
			"a quantity of nothing":        {`{"priceId":"` + a.ids["Poland"] + `","quantity":0}`, http.StatusUnprocessableEntity, "quantity_invalid"},
			"a country's with the foreign": {`{"priceId":"` + a.ids["Czechia"] + `","country":"PL"}`, http.StatusUnprocessableEntity, "price_not_in_country"},
		} {
			got := post(c.body)
			if got.status != c.status || !strings.Contains(got.body, `"`+c.code+`"`) {
				t.Errorf("%s: %d %s", name, got.status, got.body)
			}
			got.keeps(t, "problem")
		}
		// Nobody but the proxy says where a browser is.
		post(price("Slovakia"), "Cf-Ipcountry", "SK").wants(t, http.StatusUnprocessableEntity, "price_not_in_country")
		post(price("Slovakia"), "Cf-Ipcountry", "SK", "X-Forwarded-For", "127.9.9.9", "Cf-Connecting-Ip", "127.9.9.9").wants(t, http.StatusUnprocessableEntity, "price_not_in_country")
		if shown := a.listed(t, br.get("/api/billing/acme-crm/plans", "Cf-Ipcountry", "SK")); shown["PLN"] != a.ids["Poland"] {
			t.Errorf("a forged header lists %v", shown)
		}
		var rows int64
		if err := d.Conn(t.Context()).Table("checkouts").Count(&rows).Error; err != nil || rows != 0 {
			t.Errorf("%d checkouts were written (%v)", rows, err)
		}
		// A hidden plan has no card, but its link sells.
		if got := a.sold(t, post(price("hidden"))); got != a.ids["hidden"] {
			t.Errorf("the hidden plan's price sold %s", got)
		}
	})
}

// TestTheCountryIsAskedAgainAtTheCheckout changes it between the page and the button.
func TestTheCountryIsAskedAgainAtTheCheckout(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		a := setupAtlas(t, d)
		form := func(price, country string) string {
			return url.Values{"price_id": {a.ids[price]}, "country": {country}}.Encode()
		}
		post := func(br *browser, body string, header ...string) answer {
			return br.do(http.MethodPost, "/billing/acme-crm/checkout", body, append(header, "Content-Type", "application/x-www-form-urlencoded")...)
		}
		// By choice: the page was Slovakia's, the form says Poland.
		br := a.signedIn(ownOrg)
		br.get("/billing/acme-crm?country=SK").wants(t, http.StatusOK, a.ids["Slovakia"])
		post(br, form("Slovakia", "PL")).wants(t, http.StatusUnprocessableEntity, "not offered in your country", a.ids["Poland"])
		post(br, form("Slovakia", "")).wants(t, http.StatusUnprocessableEntity, "not offered in your country")
		post(br, form("everywhere", "SK")).wants(t, http.StatusUnprocessableEntity, "not offered in your country")
		post(br, form("Slovakia", ""), "Cf-Ipcountry", "SK").wants(t, http.StatusUnprocessableEntity, "not offered in your country")
		// By travel: the proxy says another country now, whatever the form kept.
		far := a.signedIn(ownOrg).throughProxy()
		far.get("/billing/acme-crm", "Cf-Ipcountry", "SK").wants(t, http.StatusOK, a.ids["Slovakia"])
		post(far, form("Slovakia", "SK"), "Cf-Ipcountry", "CZ").wants(t, http.StatusUnprocessableEntity, "not offered in your country")
		var rows int64
		if err := d.Conn(t.Context()).Table("checkouts").Count(&rows).Error; err != nil || rows != 0 {
			t.Errorf("%d checkouts were written (%v)", rows, err)
		}
		post(far, form("Slovakia", "PL"), "Cf-Ipcountry", "SK").wants(t, http.StatusSeeOther)
		post(br, form("Slovakia", "SK")).wants(t, http.StatusSeeOther)
	})
}
