package gateway

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"github.com/stripe/stripe-go/v76"

	"github.com/wolfieauth/wolfieauth/billing"
)

const (
	productsPath = "/v1/products"
	pricesPath   = "/v1/prices"
)

// ReadProduct reads a product; one that was deleted is gone.
func (g *Gateway) ReadProduct(ctx context.Context, at billing.Account, productID string) (billing.RemoteProduct, error) {
	op := operation{what: "read product", at: at}
	raw, err := g.read(ctx, op, productsPath+"/", productID, &query{})
	if err != nil {
		return billing.RemoteProduct{}, err
	}
	found, err := decodeProduct(raw)
	return found, decoded(op, err, true)
}

// ReadPrice reads a price, and a tiered one once more with its tiers: a price without any has nothing to expand.
func (g *Gateway) ReadPrice(ctx context.Context, at billing.Account, stripePriceID string) (billing.RemotePrice, error) {
	found, err := g.readPrice(ctx, at, stripePriceID, &query{})
	if err != nil || found.Scheme == billing.SchemeFlat {
		return found, err
	}
	return g.readPrice(ctx, at, stripePriceID, &query{Expand: stripe.StringSlice([]string{"tiers"})})
}

func (g *Gateway) readPrice(ctx context.Context, at billing.Account, id string, q *query) (billing.RemotePrice, error) {
	op := operation{what: "read price", at: at}
	raw, err := g.read(ctx, op, pricesPath+"/", id, q)
	if err != nil {
		return billing.RemotePrice{}, err
	}
	found, err := decodePrice(raw)
	return found, decoded(op, err, true)
}

// UpdateProduct replaces what can change of a product; an empty description removes the old one.
func (g *Gateway) UpdateProduct(ctx context.Context, at billing.Account, key, productID string, to billing.ProductState) error {
	return g.update(ctx, operation{what: "update product", at: at}, key, productsPath+"/", productID, &stripe.ProductParams{
		Name: text(to.Name), Description: stripe.String(to.Description), Active: stripe.Bool(to.Active),
	})
}

// SetPriceActive archives a price, or brings it back.
func (g *Gateway) SetPriceActive(ctx context.Context, at billing.Account, key, stripePriceID string, active bool) error {
	return g.update(ctx, operation{what: "update price", at: at}, key, pricesPath+"/", stripePriceID, &stripe.PriceParams{Active: stripe.Bool(active)})
}

func (g *Gateway) update(ctx context.Context, op operation, key, prefix, id string, params stripe.ParamsContainer) error {
	if id == "" {
		return emptyID(op)
	}
	op.method, op.path = http.MethodPost, prefix+stripe.FormatURLPath("%s", id)
	_, err := g.keyed(ctx, op, key, params)
	return err
}

func decodeProduct(raw []byte) (billing.RemoteProduct, error) {
	var p struct {
		ID          string  `json:"id"`
		Name        string  `json:"name"`
		Description *string `json:"description"`
		Active      bool    `json:"active"`
		Deleted     bool    `json:"deleted"`
	}
	if err := json.Unmarshal(raw, &p); err != nil {
		return billing.RemoteProduct{}, err
	}
	if p.Deleted {
		return billing.RemoteProduct{}, fmt.Errorf("product %s: %w", p.ID, billing.ErrStripeGone)
	}
	out := billing.RemoteProduct{ID: p.ID, ProductState: billing.ProductState{Name: p.Name, Active: p.Active}}
	if p.Description != nil {
		out.Description = *p.Description
	}
	return out, need("product", map[string]string{"id": p.ID})
}

// amount is an amount of Stripe's in its two forms: fractions of a minor unit have only the second.
type amount struct {
	whole   *int64
	decimal *string
}

// orOdd answers -1 for what is no whole number of minor units.
func (a amount) orOdd() int64 {
	switch {
	case a.whole != nil:
		return *a.whole
	case a.decimal == nil:
		return 0
	}
	n, err := strconv.ParseInt(*a.decimal, 10, 64)
	if err != nil {
		return -1
	}
	return n
}

type priceBody struct {
	ID            string  `json:"id"`
	Product       ref     `json:"product"`
	Active        bool    `json:"active"`
	Deleted       bool    `json:"deleted"`
	Currency      string  `json:"currency"`
	BillingScheme string  `json:"billing_scheme"`
	TiersMode     *string `json:"tiers_mode"`
	UnitAmount    *int64  `json:"unit_amount"`
	UnitDecimal   *string `json:"unit_amount_decimal"`
	Recurring     *struct {
		Interval      string `json:"interval"`
		IntervalCount int64  `json:"interval_count"`
		UsageType     string `json:"usage_type"`
	} `json:"recurring"`
	Tiers []struct {
		UpTo        *int64  `json:"up_to"`
		UnitAmount  *int64  `json:"unit_amount"`
		UnitDecimal *string `json:"unit_amount_decimal"`
		FlatAmount  *int64  `json:"flat_amount"`
		FlatDecimal *string `json:"flat_amount_decimal"`
	} `json:"tiers"`
}

func decodePrice(raw []byte) (billing.RemotePrice, error) {
	var p priceBody
	if err := json.Unmarshal(raw, &p); err != nil {
		return billing.RemotePrice{}, err
	}
	if p.Deleted {
		return billing.RemotePrice{}, fmt.Errorf("price %s: %w", p.ID, billing.ErrStripeGone)
	}
	out := billing.RemotePrice{
		ID: p.ID, ProductID: p.Product.id, Active: p.Active, Currency: strings.ToUpper(p.Currency), Interval: p.interval(), Scheme: billing.SchemeFlat,
	}
	if p.BillingScheme != string(stripe.PriceBillingSchemeTiered) {
		out.Amount = amount{p.UnitAmount, p.UnitDecimal}.orOdd()
		if p.UnitAmount == nil && p.UnitDecimal == nil {
			out.Amount = -1 // what the customer chooses
		}
	} else if p.TiersMode != nil {
		out.Scheme = billing.Scheme(*p.TiersMode)
	}
	for i, t := range p.Tiers {
		out.Tiers = append(out.Tiers, billing.Tier{
			Position: int64(i), UpTo: t.UpTo, UnitAmount: amount{t.UnitAmount, t.UnitDecimal}.orOdd(), FlatAmount: amount{t.FlatAmount, t.FlatDecimal}.orOdd(),
		})
	}
	return out, need("price", map[string]string{"id": p.ID, "currency": p.Currency, "billing_scheme": p.BillingScheme})
}

// interval answers our word, or one that names what we have no word for.
func (p priceBody) interval() billing.Interval {
	switch {
	case p.Recurring == nil:
		return billing.IntervalOneTime
	case p.Recurring.IntervalCount > 1 || p.Recurring.UsageType == string(stripe.PriceRecurringUsageTypeMetered):
		return billing.Interval(fmt.Sprintf("%d %s %s", p.Recurring.IntervalCount, p.Recurring.Interval, p.Recurring.UsageType))
	default:
		return billing.Interval(p.Recurring.Interval)
	}
}
