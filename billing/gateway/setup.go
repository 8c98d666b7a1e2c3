package gateway

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/stripe/stripe-go/v76"

	"github.com/wolfieauth/wolfieauth/billing"
)

// Wish is something that only a stand-in for Stripe can grant. Against Stripe itself every wish is an error.
type Wish func(*stripe.Params)

// WithID wishes the id of the new object.
func WithID(id string) Wish { return header("Sandbox-Id", id) }

// WithSecret wishes the signing secret of a new webhook endpoint.
func WithSecret(secret string) Wish { return header("Sandbox-Secret", secret) }

func header(name, value string) Wish {
	return func(p *stripe.Params) {
		if p.Headers == nil {
			p.Headers = map[string][]string{}
		}
		p.Headers.Set(name, value)
	}
}

var errWish = errors.New("stripe grants no wishes")

func (g *Gateway) grant(p *stripe.Params, wishes []Wish) error {
	if len(wishes) > 0 && !g.standIn {
		return fmt.Errorf("%w: %w", billing.ErrStripeRefused, errWish)
	}
	for _, wish := range wishes {
		wish(p)
	}
	return nil
}

// CreateAccount makes a standard connected account of the platform and returns its id. at names the mode; its ID
// must be "". key is the idempotency key.
func (g *Gateway) CreateAccount(ctx context.Context, at billing.Account, key string, spec billing.AccountSpec, wishes ...Wish) (string, error) {
	op := operation{what: "create account", path: accountsPath, at: at}
	params := &stripe.AccountParams{
		Type:    stripe.String(string(stripe.AccountTypeStandard)),
		Country: text(spec.Country),
		Email:   text(spec.Email),
	}
	if spec.OrgID != "" {
		params.AddMetadata(metaOrg, spec.OrgID)
	}
	if err := g.grant(&params.Params, wishes); err != nil {
		return "", fmt.Errorf("%s: %w", op.what, err)
	}
	return g.create(ctx, op, key, params)
}

// CreateWebhookEndpoint registers url for the named types of events ("*" for all), written in [APIVersion]
// whatever the account's default is; connect asks for the events of connected accounts instead of the account's
// own. Stripe tells the signing secret only this once. Calling it again registers a second endpoint.
func (g *Gateway) CreateWebhookEndpoint(ctx context.Context, at billing.Account, url string, events []string, connect bool, wishes ...Wish) (id, secret string, err error) {
	op := operation{what: "create webhook endpoint", method: "POST", path: "/v1/webhook_endpoints", at: at}
	params := &stripe.WebhookEndpointParams{
		URL:           text(url),
		EnabledEvents: stripe.StringSlice(events),
		Connect:       stripe.Bool(connect),
		APIVersion:    stripe.String(APIVersion),
	}
	if err = g.grant(&params.Params, wishes); err != nil {
		return "", "", fmt.Errorf("%s: %w", op.what, err)
	}
	raw, err := g.do(ctx, op, params)
	if err != nil {
		return "", "", err
	}
	var made struct {
		ID     string `json:"id"`
		Secret string `json:"secret"`
	}
	err = json.Unmarshal(raw, &made)
	return made.ID, made.Secret, decoded(op, err, made.ID != "")
}
