package pricing

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/wolfieauth/wolfieauth/billing"
	"github.com/wolfieauth/wolfieauth/internal/money"
	"github.com/wolfieauth/wolfieauth/internal/web"
)

// The shapes of GET /api/billing/<clientId>/plans; docs/contracts/plans.schema.json is the contract.
type plansJSON struct {
	App      appJSON    `json:"app"`
	Currency *string    `json:"currency"`
	Country  *string    `json:"country"`
	Plans    []planJSON `json:"plans"`
}

type appJSON struct {
	ClientID string  `json:"clientId"`
	Name     string  `json:"name"`
	LogoURL  *string `json:"logoUrl"`
	Color    *string `json:"color"`
}

type planJSON struct {
	ID          string        `json:"id"`
	Slug        string        `json:"slug"`
	Name        string        `json:"name"`
	Description string        `json:"description"`
	Color       *string       `json:"color"`
	Bundle      *bundleJSON   `json:"bundle"`
	Features    []featureJSON `json:"features"`
	TrialDays   int64         `json:"trialDays"`
	Prices      []priceJSON   `json:"prices"`
}

type bundleJSON struct {
	Slug string   `json:"slug"`
	Name string   `json:"name"`
	Apps []string `json:"apps"`
}

type featureJSON struct {
	Key  string `json:"key"`
	Name string `json:"name"`
}

type priceJSON struct {
	ID           string           `json:"id"`
	Amount       *int64           `json:"amount"`
	Currency     string           `json:"currency"`
	Interval     billing.Interval `json:"interval"`
	PerSeat      bool             `json:"perSeat"`
	SeatLabel    string           `json:"seatLabel"`
	CountryCodes []string         `json:"countryCodes"`
	Scheme       billing.Scheme   `json:"scheme"`
	Tiers        []tierJSON       `json:"tiers"`
	Quote        quoteJSON        `json:"quote"`
}

type tierJSON struct {
	UpTo       *int64 `json:"upTo"`
	UnitAmount int64  `json:"unitAmount"`
	FlatAmount int64  `json:"flatAmount"`
}

type quoteJSON struct {
	Seats int64 `json:"seats"`
	Total int64 `json:"total"`
}

// handlePlansJSON serves the pricing page as JSON, to anybody and to any site: it holds no more than the page
// shows an anonymous visitor, and no cookie is looked at.
func (h *Handlers) handlePlansJSON(c echo.Context) error {
	return h.plansJSON(c, c.Param("client"))
}

// handlePlansV1 is the same under the address of the SDKs.
func (h *Handlers) handlePlansV1(c echo.Context) error {
	clientID := c.QueryParam("client_id")
	if clientID == "" {
		return web.Invalid(web.FieldError{Field: "client_id", Code: billing.CodeRequired, Key: "pricing.field.required"})
	}
	return h.plansJSON(c, clientID)
}

func (h *Handlers) plansJSON(c echo.Context, clientID string) error {
	allowEverySite(c)
	country, currency, seats, err := readPlansQuery(c)
	if err != nil {
		return err
	}
	catalog, err := h.deps.Shop.Catalog(c.Request().Context(), clientID)
	if err != nil {
		return err
	}
	doc, err := h.plansDoc(catalog, catalog.Choose(billing.Visitor{Country: buyersCountry(c, country), Currency: currency}), seats)
	if err != nil {
		return err
	}
	body, err := json.Marshal(doc)
	if err != nil {
		return fmt.Errorf("write plans of %s: %w", clientID, err)
	}
	return tagged(c, echo.MIMEApplicationJSON, append(body, '\n'))
}

// allowEverySite opens a public answer to scripts of other sites. Credentials stay out: with "*" no browser
// sends or shows any.
func allowEverySite(c echo.Context) {
	header := c.Response().Header()
	header.Set(echo.HeaderAccessControlAllowOrigin, "*")
	header.Set(echo.HeaderAccessControlExposeHeaders, "ETag")
}

// handlePreflight answers a browser that asks whether a script may send If-None-Match.
func handlePreflight(c echo.Context) error {
	allowEverySite(c)
	header := c.Response().Header()
	header.Set(echo.HeaderAccessControlAllowMethods, "GET, HEAD")
	header.Set(echo.HeaderAccessControlAllowHeaders, "If-None-Match")
	header.Set(echo.HeaderAccessControlMaxAge, "86400")
	return c.NoContent(http.StatusNoContent)
}

// readPlansQuery reads country, currency and seats; a program is told of every value that is none.
func readPlansQuery(c echo.Context) (country, currency string, seats int64, err error) {
	var wrong []web.FieldError
	if raw := c.QueryParam("country"); raw != "" {
		if country = readCountry(raw); country == "" {
			wrong = append(wrong, web.FieldError{Field: "country", Code: billing.CodeUnknownCountry, Key: "pricing.field.country"})
		}
	}
	if currency = strings.ToUpper(c.QueryParam("currency")); currency != "" && !money.Known(currency) {
		wrong = append(wrong, web.FieldError{Field: "currency", Code: billing.CodeUnknownCurrency, Key: "pricing.field.currency"})
	}
	seats = 1
	if raw := c.QueryParam("seats"); raw != "" {
		var ok bool
		if seats, ok = readSeats(raw); !ok {
			wrong = append(wrong, web.FieldError{Field: "seats", Code: billing.CodeInvalid, Key: "pricing.field.seats"})
		}
	}
	if len(wrong) > 0 {
		return "", "", 0, web.Invalid(wrong...)
	}
	return country, currency, seats, nil
}

func (h *Handlers) plansDoc(c billing.Catalog, choice billing.Choice, seats int64) (plansJSON, error) {
	doc := plansJSON{
		App:      appJSON{ClientID: c.App.ClientID, Name: c.App.Name, LogoURL: h.absolute(c.App.LogoURL), Color: orNull(c.App.Color)},
		Currency: orNull(choice.Currency), Country: orNull(choice.Country), Plans: []planJSON{},
	}
	for _, p := range c.Listed() {
		plan := planJSON{
			ID: p.ID, Slug: p.Slug, Name: p.Name, Description: p.Description, Color: orNull(p.Color), TrialDays: p.TrialDays,
			Features: []featureJSON{}, Prices: []priceJSON{},
		}
		if b, ok := c.BundleOf(p); ok {
			plan.Bundle = &bundleJSON{Slug: b.Slug, Name: b.Name, Apps: []string{}}
			for _, app := range b.Apps {
				plan.Bundle.Apps = append(plan.Bundle.Apps, app.ClientID)
			}
		}
		for _, f := range p.Features {
			plan.Features = append(plan.Features, featureJSON{Key: f.Key, Name: f.Name})
		}
		for _, price := range billing.PricesFor(p.Prices, choice.Country) {
			out, err := newPriceJSON(price, seats)
			if err != nil {
				return plansJSON{}, err
			}
			plan.Prices = append(plan.Prices, out)
		}
		doc.Plans = append(doc.Plans, plan)
	}
	return doc, nil
}

func newPriceJSON(p billing.Price, seats int64) (priceJSON, error) {
	q, err := billing.QuotePrice(p, seats)
	if err != nil {
		return priceJSON{}, err
	}
	out := priceJSON{
		ID: p.ID, Currency: p.Currency, Interval: p.Interval, PerSeat: p.PerSeat, SeatLabel: p.SeatLabel,
		CountryCodes: append([]string{}, p.CountryCodes...), Scheme: p.Scheme, Tiers: []tierJSON{},
		Quote: quoteJSON{Seats: q.Seats, Total: q.Total},
	}
	if p.Scheme == billing.SchemeFlat {
		out.Amount = &p.Amount
	}
	for _, t := range p.Tiers {
		out.Tiers = append(out.Tiers, tierJSON{UpTo: t.UpTo, UnitAmount: t.UnitAmount, FlatAmount: t.FlatAmount})
	}
	return out, nil
}

func orNull(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

// absolute makes a path of ours a URL that other sites can use.
func (h *Handlers) absolute(path string) *string {
	if path == "" {
		return nil
	}
	if strings.HasPrefix(path, "/") {
		issuer := h.edge.Issuer()
		path = issuer.Scheme + "://" + issuer.Host + path
	}
	return &path
}
