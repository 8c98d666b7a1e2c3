package gateway

import (
	"context"
	"fmt"
	"strings"

	"github.com/stripe/stripe-go/v76"

	"github.com/wolfieauth/wolfieauth/billing"
)

// Names of our ids in the metadata of Stripe's objects.
const (
	metaPlan     = "wolfieauth_plan_id"
	metaPrice    = "wolfieauth_price_id"
	metaOrg      = "wolfieauth_org_id"
	metaCheckout = "wolfieauth_checkout_id"
	metaRow      = "wolfieauth_row_id" // the key that it was made under
)

// text leaves an empty parameter out: Stripe reads an empty value as the wish to unset it.
func text(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

// CreateProduct makes a product for a plan.
func (g *Gateway) CreateProduct(ctx context.Context, at billing.Account, key string, spec billing.ProductSpec) (string, error) {
	return g.create(ctx, operation{what: "create product", path: "/v1/products", at: at}, key, &stripe.ProductParams{
		Name:        text(spec.Name),
		Description: text(spec.Description),
		Metadata:    map[string]string{metaPlan: spec.PlanID, metaRow: key},
	})
}

// CreatePrice makes a price. It refuses a one-time price with tiers, and intervals and schemes that it does not
// know, without asking Stripe.
func (g *Gateway) CreatePrice(ctx context.Context, at billing.Account, key string, spec billing.PriceSpec) (string, error) {
	op := operation{what: "create price", path: "/v1/prices", at: at}
	params, err := priceParams(spec)
	if err != nil {
		return "", fmt.Errorf("%s %s: %w: %w", op.what, spec.PriceID, billing.ErrStripeRefused, err)
	}
	params.Metadata[metaRow] = key
	return g.create(ctx, op, key, params)
}

// priceParams: a price per seat and a price for the whole differ only in the quantity that is bought later, so
// both are licensed prices per unit.
func priceParams(spec billing.PriceSpec) (*stripe.PriceParams, error) {
	params := &stripe.PriceParams{
		Product:  text(spec.ProductID),
		Currency: stripe.String(strings.ToLower(spec.Currency)),
		Metadata: map[string]string{metaPrice: spec.PriceID},
	}
	switch spec.Interval {
	case billing.IntervalMonth, billing.IntervalYear:
		params.Recurring = &stripe.PriceRecurringParams{
			Interval:  stripe.String(string(spec.Interval)),
			UsageType: stripe.String(string(stripe.PriceRecurringUsageTypeLicensed)),
		}
	case billing.IntervalOneTime:
		if spec.Scheme != billing.SchemeFlat {
			return nil, fmt.Errorf("one-time price with scheme %q", spec.Scheme)
		}
	default:
		return nil, fmt.Errorf("unknown interval %q", spec.Interval)
	}
	switch spec.Scheme {
	case billing.SchemeFlat:
		params.BillingScheme = stripe.String(string(stripe.PriceBillingSchemePerUnit))
		params.UnitAmount = stripe.Int64(spec.Amount)
	case billing.SchemeVolume, billing.SchemeGraduated:
		params.BillingScheme = stripe.String(string(stripe.PriceBillingSchemeTiered))
		params.TiersMode = stripe.String(string(spec.Scheme)) // our words are Stripe's
		params.Tiers = tierParams(spec.Tiers)
	default:
		return nil, fmt.Errorf("unknown scheme %q", spec.Scheme)
	}
	return params, nil
}

func tierParams(tiers []billing.Tier) []*stripe.PriceTierParams {
	out := make([]*stripe.PriceTierParams, 0, len(tiers))
	for _, t := range tiers {
		p := &stripe.PriceTierParams{UpTo: t.UpTo, UnitAmount: stripe.Int64(t.UnitAmount)}
		if t.UpTo == nil {
			p.UpToInf = stripe.Bool(true)
		}
		if t.FlatAmount != 0 {
			p.FlatAmount = stripe.Int64(t.FlatAmount)
		}
		out = append(out, p)
	}
	return out
}
