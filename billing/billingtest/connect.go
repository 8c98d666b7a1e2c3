package billingtest

import (
	"context"
	"fmt"
	"net/url"

	"github.com/wolfieauth/wolfieauth/billing"
)

// connections is the Connect side of the stand-in. Accounts that nobody described can charge and are not revoked.
type connections struct {
	codes    map[string]billing.Account
	accounts map[billing.Account]billing.RemoteAccount
	revoked  map[billing.Account]bool
	unset    map[bool]bool // modes without a client id
}

func newConnections() connections {
	return connections{
		codes: map[string]billing.Account{}, accounts: map[billing.Account]billing.RemoteAccount{}, revoked: map[billing.Account]bool{}, unset: map[bool]bool{},
	}
}

// Consent makes a code with which the platform is let into an account, once.
func (g *Gateway) Consent(code string, at billing.Account) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.connect.codes[code] = at
}

// Describe sets what Stripe knows of an account from now on.
func (g *Gateway) Describe(at billing.Account, as billing.RemoteAccount) {
	g.mu.Lock()
	defer g.mu.Unlock()
	as.ID = at.ID
	g.connect.accounts[at] = as
}

// Revoke takes the platform's access to an account away, as its owner can at Stripe.
func (g *Gateway) Revoke(at billing.Account) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.connect.revoked[at] = true
}

// Revoked tells whether the platform has no access.
func (g *Gateway) Revoked(at billing.Account) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.connect.revoked[at]
}

// WithoutConnect takes a mode's Connect client id away.
func (g *Gateway) WithoutConnect(livemode bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.connect.unset[livemode] = true
}

// AuthorizeURL implements [billing.ConnectGateway].
func (g *Gateway) AuthorizeURL(at billing.Account, state, redirectURI, lang string) (string, error) {
	return call(g, "AuthorizeURL", func() (string, error) {
		if g.connect.unset[at.Livemode] {
			return "", billing.ErrStripeNotConfigured
		}
		return "https://connect.test/oauth/authorize?" + url.Values{"state": {state}, "redirect_uri": {redirectURI}, "locale": {lang}}.Encode(), nil
	})
}

// Authorized implements [billing.ConnectGateway].
func (g *Gateway) Authorized(_ context.Context, at billing.Account, code string) (string, error) {
	return call(g, "Authorized", func() (string, error) {
		account, ok := g.connect.codes[code]
		if !ok || account.Livemode != at.Livemode {
			return "", fmt.Errorf("%w: no such code", billing.ErrStripeRefused)
		}
		delete(g.connect.codes, code)
		delete(g.connect.revoked, account)
		return account.ID, nil
	})
}

// Deauthorize implements [billing.ConnectGateway].
func (g *Gateway) Deauthorize(_ context.Context, at billing.Account) error {
	_, err := call(g, "Deauthorize", func() (struct{}, error) {
		g.connect.revoked[at] = true
		return struct{}{}, nil
	})
	return err
}

// MakeAccount implements [billing.ConnectGateway].
func (g *Gateway) MakeAccount(_ context.Context, at billing.Account, key string, spec billing.AccountSpec) (string, error) {
	return call(g, "MakeAccount", func() (string, error) {
		return keyed(g, key, []any{at, spec}, func() (string, error) {
			made := billing.Account{ID: g.id("acct"), Livemode: at.Livemode}
			g.connect.accounts[made] = billing.RemoteAccount{ID: made.ID, Country: spec.Country, Due: []string{"external_account", "tos_acceptance.date"}, DisabledReason: "requirements.past_due"}
			return made.ID, nil
		})
	})
}

// AccountLink implements [billing.ConnectGateway].
func (g *Gateway) AccountLink(_ context.Context, at billing.Account, _, returnURL string) (string, error) {
	return call(g, "AccountLink", func() (string, error) {
		if g.connect.revoked[at] {
			return "", billing.ErrAccountGone
		}
		return "https://connect.test/setup/" + at.ID + "?return=" + url.QueryEscape(returnURL), nil
	})
}

// ReadAccount implements [billing.ConnectGateway].
func (g *Gateway) ReadAccount(_ context.Context, at billing.Account) (billing.RemoteAccount, error) {
	return call(g, "ReadAccount", func() (billing.RemoteAccount, error) {
		if g.connect.revoked[at] {
			return billing.RemoteAccount{}, billing.ErrAccountGone
		}
		if known, ok := g.connect.accounts[at]; ok {
			return known, nil
		}
		return billing.RemoteAccount{ID: at.ID, Name: "Account " + at.ID, Country: "PL", DefaultCurrency: "PLN", ChargesEnabled: true, PayoutsEnabled: true, DetailsSubmitted: true}, nil
	})
}
