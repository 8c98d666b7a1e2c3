package gateway

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"

	"github.com/stripe/stripe-go/v76"

	"github.com/wolfieauth/wolfieauth/billing"
)

const accountsPath = "/v1/accounts"

// accountForm is what the id of an account looks like: it becomes part of addresses.
var accountForm = regexp.MustCompile(`^acct_[A-Za-z0-9_]{1,250}$`)

// connectMode is the mode's backend and Connect client id, or billing.ErrStripeNotConfigured.
func (g *Gateway) connectMode(at billing.Account) (backend, error) {
	mode, err := g.backend(at)
	if err == nil && mode.client == "" {
		err = fmt.Errorf("no connect client id: %w", billing.ErrStripeNotConfigured)
	}
	return mode, err
}

// AuthorizeURL is the page of Stripe on which the owner of an account lets the platform in. Nothing is sent.
func (g *Gateway) AuthorizeURL(at billing.Account, state, redirectURI, lang string) (string, error) {
	mode, err := g.connectMode(at)
	if err != nil {
		return "", fmt.Errorf("authorize account: %w", err)
	}
	q := url.Values{
		"response_type": {"code"}, "scope": {"read_write"}, "client_id": {mode.client}, "state": {state}, "redirect_uri": {redirectURI},
	}
	if lang != "" {
		q.Set("locale", lang)
	}
	return g.connectBase + "/oauth/authorize?" + q.Encode(), nil
}

// Authorized redeems the code that the page of [Gateway.AuthorizeURL] sent back and returns the account's id.
func (g *Gateway) Authorized(ctx context.Context, at billing.Account, code string) (string, error) {
	op := operation{what: "redeem authorization", path: "/oauth/token", at: at}
	mode, err := g.connectMode(at)
	if err != nil {
		return "", fmt.Errorf("%s: %w", op.what, err)
	}
	raw, err := g.oauth(ctx, op, mode, &stripe.OAuthTokenParams{GrantType: stripe.String("authorization_code"), Code: stripe.String(code)})
	if err != nil {
		return "", err
	}
	var granted struct {
		Account  string `json:"stripe_user_id"`
		Livemode bool   `json:"livemode"`
	}
	err = json.Unmarshal(raw, &granted)
	if err := decoded(op, err, accountForm.MatchString(granted.Account)); err != nil {
		return "", err
	}
	if granted.Livemode != at.Livemode {
		return "", fmt.Errorf("%s: the other mode's account: %w", op.what, billing.ErrStripeRefused)
	}
	return granted.Account, nil
}

// Deauthorize takes the platform's access to an account away; an account that the platform has none to is no error.
func (g *Gateway) Deauthorize(ctx context.Context, at billing.Account) error {
	op := operation{what: "deauthorize account", path: "/oauth/deauthorize", at: billing.Account{Livemode: at.Livemode}}
	if at.ID == "" {
		return emptyID(op)
	}
	mode, err := g.connectMode(at)
	if err != nil {
		return fmt.Errorf("%s: %w", op.what, err)
	}
	_, err = g.oauth(ctx, op, mode, &stripe.DeauthorizeParams{ClientID: stripe.String(mode.client), StripeUserID: stripe.String(at.ID)})
	if said, ok := errors.AsType[*refusal](err); ok && said.code == "invalid_client" {
		return nil
	}
	return err
}

// oauth speaks to Stripe's OAuth endpoints, which have an address and errors of their own.
func (g *Gateway) oauth(ctx context.Context, op operation, mode backend, params stripe.ParamsContainer) ([]byte, error) {
	common := params.GetParams()
	common.Context = ctx
	var got answer
	if err := mode.connect.Call(http.MethodPost, op.path, mode.key, params, &got); err != nil {
		if said, ok := errors.AsType[*stripe.Error](err); ok {
			said.Code, said.Msg = stripe.ErrorCode(said.OAuthError), said.OAuthErrorDescription
		}
		return nil, failed(ctx, op, err)
	}
	g.log.DebugContext(ctx, "stripe call", "call", op.what, "method", http.MethodPost, "path", op.path, "livemode", op.at.Livemode,
		"status", got.LastResponse.StatusCode, "request_id", got.LastResponse.RequestID)
	return got.LastResponse.RawJSON, nil
}

// MakeAccount makes a standard account for an org and returns its id. key is the idempotency key.
func (g *Gateway) MakeAccount(ctx context.Context, at billing.Account, key string, spec billing.AccountSpec) (string, error) {
	return g.CreateAccount(ctx, at, key, spec)
}

// AccountLink makes a link to the page on which an account's owner tells Stripe what it wants to know.
func (g *Gateway) AccountLink(ctx context.Context, at billing.Account, refreshURL, returnURL string) (string, error) {
	op := operation{what: "create account link", method: http.MethodPost, path: "/v1/account_links", at: billing.Account{Livemode: at.Livemode}}
	raw, err := g.do(ctx, op, &stripe.AccountLinkParams{
		Account: stripe.String(at.ID), Type: stripe.String(string(stripe.AccountLinkTypeAccountOnboarding)),
		RefreshURL: stripe.String(refreshURL), ReturnURL: stripe.String(returnURL),
	})
	if err != nil {
		return "", err
	}
	var made struct {
		URL string `json:"url"`
	}
	err = json.Unmarshal(raw, &made)
	return made.URL, decoded(op, err, made.URL != "")
}

// ReadAccount reads a connected account as the platform sees it.
func (g *Gateway) ReadAccount(ctx context.Context, at billing.Account) (billing.RemoteAccount, error) {
	op := operation{what: "read account", at: billing.Account{Livemode: at.Livemode}}
	raw, err := g.read(ctx, op, accountsPath+"/", at.ID, &query{})
	if err != nil {
		return billing.RemoteAccount{}, err
	}
	found, err := decodeAccount(raw)
	return found, decoded(op, err, found.ID != "")
}

func decodeAccount(raw []byte) (billing.RemoteAccount, error) {
	var a struct {
		ID               string `json:"id"`
		Country          string `json:"country"`
		Currency         string `json:"default_currency"`
		Email            string `json:"email"`
		ChargesEnabled   bool   `json:"charges_enabled"`
		PayoutsEnabled   bool   `json:"payouts_enabled"`
		DetailsSubmitted bool   `json:"details_submitted"`
		Profile          struct {
			Name string `json:"name"`
		} `json:"business_profile"`
		Settings struct {
			Dashboard struct {
				Name string `json:"display_name"`
			} `json:"dashboard"`
		} `json:"settings"`
		Requirements struct {
			Due      []string `json:"currently_due"`
			Past     []string `json:"past_due"`
			Pending  []string `json:"pending_verification"`
			Reason   string   `json:"disabled_reason"`
			Deadline *int64   `json:"current_deadline"`
		} `json:"requirements"`
	}
	if err := json.Unmarshal(raw, &a); err != nil {
		return billing.RemoteAccount{}, err
	}
	out := billing.RemoteAccount{
		ID: a.ID, Country: a.Country, DefaultCurrency: strings.ToUpper(a.Currency), ChargesEnabled: a.ChargesEnabled, PayoutsEnabled: a.PayoutsEnabled,
		DetailsSubmitted: a.DetailsSubmitted, DisabledReason: a.Requirements.Reason, Pending: len(a.Requirements.Pending) > 0,
		Due: union(a.Requirements.Past, a.Requirements.Due),
	}
	for _, name := range []string{a.Settings.Dashboard.Name, a.Profile.Name, a.Email} {
		if out.Name == "" {
			out.Name = name
		}
	}
	if a.Requirements.Deadline != nil {
		at := time.Unix(*a.Requirements.Deadline, 0).UTC()
		out.Deadline = &at
	}
	return out, nil
}

// union lists each once, in the order of their first appearance.
func union(lists ...[]string) []string {
	seen, out := map[string]bool{}, []string(nil)
	for _, list := range lists {
		for _, one := range list {
			if !seen[one] {
				seen[one], out = true, append(out, one)
			}
		}
	}
	return out
}
