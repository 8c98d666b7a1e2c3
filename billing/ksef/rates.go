package ksef

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
)

// ErrNoRate means that the bank has published no rate of the currency in the days before.
var ErrNoRate = errors.New("no exchange rate")

// Bank reads the National Bank of Poland's table A over its public API.
type Bank struct {
	URL    string // without a slash at its end
	Client *http.Client
}

// lookBack covers the longest row of days without a table.
const lookBack = 10

// Rate answers PLN for one unit of a currency, from the last table before a day.
func (b Bank) Rate(ctx context.Context, currency string, before time.Time) (string, error) {
	if !currencyForm.MatchString(currency) {
		return "", fmt.Errorf("%w: %q", ErrNoRate, currency)
	}
	from, to := before.AddDate(0, 0, -lookBack).Format(time.DateOnly), before.AddDate(0, 0, -1).Format(time.DateOnly)
	address := fmt.Sprintf("%s/api/exchangerates/rates/a/%s/%s/%s/?format=json", b.URL, strings.ToLower(currency), from, to)
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return "", err
	}
	client := b.Client
	if client == nil {
		client = &http.Client{Timeout: 20 * time.Second}
	}
	res, err := client.Do(r)
	if err != nil {
		return "", err
	}
	defer func() { _ = res.Body.Close() }()
	if res.StatusCode == http.StatusNotFound {
		return "", fmt.Errorf("%w: %s before %s", ErrNoRate, currency, before.Format(time.DateOnly))
	}
	if res.StatusCode != http.StatusOK {
		return "", fmt.Errorf("exchange rate of %s: answered %d", currency, res.StatusCode)
	}
	var got struct {
		Code  string `json:"code"`
		Rates []struct {
			Day string      `json:"effectiveDate"`
			Mid json.Number `json:"mid"` // never a float
		} `json:"rates"`
	}
	if err := json.NewDecoder(io.LimitReader(res.Body, answerLimit)).Decode(&got); err != nil {
		return "", fmt.Errorf("exchange rate of %s: %w", currency, err)
	}
	if got.Code != currency || len(got.Rates) == 0 || got.Rates[len(got.Rates)-1].Day > to {
		return "", fmt.Errorf("%w: %s before %s", ErrNoRate, currency, before.Format(time.DateOnly))
	}
	rate := got.Rates[len(got.Rates)-1].Mid.String()
	if _, err := parseRate(rate); err != nil {
		return "", fmt.Errorf("exchange rate of %s: %w", currency, err)
	}
	return rate, nil
}
