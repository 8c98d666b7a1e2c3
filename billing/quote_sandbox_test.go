package billing_test

import (
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"testing"

	"github.com/wolfieauth/wolfieauth/billing"
	"github.com/wolfieauth/wolfieauth/billing/sandbox"
	"github.com/wolfieauth/wolfieauth/internal/money"
)

// sandboxPrices is how many prices the sandbox is asked about: go test ./billing -run TheSandbox -quotes 3000.
var sandboxPrices = flag.Int("quotes", 300, "prices whose quotes are compared with the sandbox's invoices")

// till is a Stripe that computes by itself what a price costs.
type till struct {
	t         *testing.T
	base      string
	product   string
	customers map[string]string // by currency
}

func openTill(t *testing.T) *till {
	t.Helper()
	s, err := sandbox.New(t.Context(), sandbox.Config{SecretKey: sandboxKey})
	if err != nil {
		t.Fatal(err)
	}
	api := httptest.NewServer(s.Handler())
	s.SetBaseURL(api.URL)
	t.Cleanup(func() {
		api.Close()
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	c := &till{t: t, base: api.URL, customers: map[string]string{}}
	c.product = c.call(http.MethodPost, "/v1/products", url.Values{"name": {"Plan"}}).ID
	return c
}

type tillAnswer struct {
	ID          string `json:"id"`
	Total       int64  `json:"total"`
	AmountTotal int64  `json:"amount_total"`
}

func (c *till) call(method, path string, form url.Values) (out tillAnswer) {
	c.t.Helper()
	address, body := c.base+path, ""
	if method == http.MethodGet {
		address += "?" + form.Encode()
	} else {
		body = form.Encode()
	}
	r, err := http.NewRequestWithContext(c.t.Context(), method, address, strings.NewReader(body))
	if err != nil {
		c.t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+sandboxKey)
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		c.t.Fatal(err)
	}
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != http.StatusOK {
		c.t.Fatalf("%s %s %s: %d %s %v", method, path, form.Encode(), res.StatusCode, raw, err)
	}
	if err := json.Unmarshal(raw, &out); err != nil {
		c.t.Fatal(err)
	}
	return out
}

func (c *till) customer(currency string) string {
	if c.customers[currency] == "" {
		c.customers[currency] = c.call(http.MethodPost, "/v1/customers", url.Values{"name": {currency}}).ID
	}
	return c.customers[currency]
}

// price makes p there, in Stripe's words.
func (c *till) price(p billing.Price) string {
	form := url.Values{"product": {c.product}, "currency": {strings.ToLower(p.Currency)}, "recurring[interval]": {string(p.Interval)}}
	if p.Scheme == billing.SchemeFlat {
		form.Set("unit_amount", strconv.FormatInt(p.Amount, 10))
		return c.call(http.MethodPost, "/v1/prices", form).ID
	}
	form.Set("billing_scheme", "tiered")
	form.Set("tiers_mode", string(p.Scheme))
	for i, t := range p.Tiers {
		at := fmt.Sprintf("tiers[%d]", i)
		form.Set(at+"[up_to]", "inf")
		if t.UpTo != nil {
			form.Set(at+"[up_to]", strconv.FormatInt(*t.UpTo, 10))
		}
		form.Set(at+"[unit_amount]", strconv.FormatInt(t.UnitAmount, 10))
		form.Set(at+"[flat_amount]", strconv.FormatInt(t.FlatAmount, 10))
	}
	return c.call(http.MethodPost, "/v1/prices", form).ID
}

// invoiced is what the first invoice of so many seats would come to.
func (c *till) invoiced(p billing.Price, priceID string, seats int64) int64 {
	return c.call(http.MethodGet, "/v1/invoices/upcoming", url.Values{
		"customer": {c.customer(p.Currency)}, "subscription_items[0][price]": {priceID}, "subscription_items[0][quantity]": {strconv.FormatInt(seats, 10)},
	}).Total
}

// checkedOut is what a hosted checkout asks for so many seats.
func (c *till) checkedOut(p billing.Price, priceID string, seats int64) int64 {
	return c.call(http.MethodPost, "/v1/checkout/sessions", url.Values{
		"mode": {"subscription"}, "customer": {c.customer(p.Currency)}, "success_url": {"https://rp.example/"},
		"line_items[0][price]": {priceID}, "line_items[0][quantity]": {strconv.FormatInt(seats, 10)},
	}).AmountTotal
}

// chargeable are the quotes of p that Stripe would take as one payment.
func chargeable(t *testing.T, r *rand.Rand, p billing.Price) (out []billing.Quote) {
	t.Helper()
	for _, seats := range append(seatCounts(r, p), 2, 3, 1+r.Int64N(20)) {
		q, err := billing.QuotePrice(p, seats)
		if err != nil {
			t.Fatal(err)
		}
		if money.Check(q.Total, p.Currency) == nil {
			out = append(out, q)
		}
	}
	return out
}

// TestQuoteAgreesWithTheSandbox compares our arithmetic with that of the sandbox, which shares none of it.
func TestQuoteAgreesWithTheSandbox(t *testing.T) {
	t.Parallel()
	c := openTill(t)
	r := rand.New(rand.NewPCG(7, 2026)) // #nosec G404 -- a repeatable test
	steps := payableSteps()
	compared := 0
	for range *sandboxPrices {
		p := payablePrice(r, quoteCurrencies, steps)
		p.PerSeat = true
		if r.IntN(3) == 0 {
			p.Interval = billing.IntervalYear
		}
		id := c.price(p)
		quotes := chargeable(t, r, p)
		r.Shuffle(len(quotes), func(i, j int) { quotes[i], quotes[j] = quotes[j], quotes[i] })
		for i, q := range quotes[:min(5, len(quotes))] {
			compared++
			if got := c.invoiced(p, id, q.Seats); got != q.Total {
				t.Fatalf("%+v for %d seats: %d, the invoice says %d", p, q.Seats, q.Total, got)
			}
			if i == 0 {
				if got := c.checkedOut(p, id, q.Seats); got != q.Total {
					t.Fatalf("%+v for %d seats: %d, the checkout says %d", p, q.Seats, q.Total, got)
				}
			}
		}
	}
	if compared < 2**sandboxPrices {
		t.Errorf("only %d quotes of %d prices could be charged", compared, *sandboxPrices)
	}
	t.Logf("%d quotes of %d prices agree", compared, *sandboxPrices)
}
