package provider

import (
	"context"
	"errors"
	"time"

	"github.com/zitadel/oidc/v3/pkg/oidc"
	"github.com/zitadel/oidc/v3/pkg/op"

	"github.com/wolfieauth/wolfieauth/idp"
	"github.com/wolfieauth/wolfieauth/internal/secret"
)

// client shows an app to the library. The library decides nothing by it: every grant checks the app itself.
type client struct{ app idp.App }

var _ op.Client = client{}

func (c client) GetID() string                    { return c.app.ClientID }
func (c client) RedirectURIs() []string           { return c.app.RedirectURIs }
func (c client) PostLogoutRedirectURIs() []string { return c.app.PostLogoutRedirectURIs }
func (c client) AuthMethod() oidc.AuthMethod      { return oidc.AuthMethod(c.app.AuthMethod) }
func (c client) LoginURL(id string) string        { return idp.StepLogin.Path(id) }
func (c client) DevMode() bool                    { return false }
func (c client) IsScopeAllowed(string) bool       { return false }
func (c client) ClockSkew() time.Duration         { return 0 }
func (c client) IDTokenLifetime() time.Duration   { return idTokenLife(c.app) }

func (c client) IDTokenUserinfoClaimsAssertion() bool { return c.app.IDTokenUserinfo }

func (c client) ResponseTypes() []oidc.ResponseType {
	return []oidc.ResponseType{oidc.ResponseTypeCode}
}

func (c client) ApplicationType() op.ApplicationType {
	switch c.app.Kind {
	case idp.AppNative:
		return op.ApplicationTypeNative
	case idp.AppBrowser:
		return op.ApplicationTypeUserAgent
	default:
		return op.ApplicationTypeWeb
	}
}

func (c client) AccessTokenType() op.AccessTokenType {
	if c.app.AccessTokenType == idp.AccessTokenJWT {
		return op.AccessTokenTypeJWT
	}
	return op.AccessTokenTypeBearer
}

// GrantTypes answers all: the methods of [server] refuse what the app may not use, in words of their own.
func (c client) GrantTypes() []oidc.GrantType {
	out := []oidc.GrantType{}
	for _, g := range grantTypes() {
		out = append(out, oidc.GrantType(g))
	}
	return out
}

func (c client) RestrictAdditionalIdTokenScopes() func([]string) []string { //nolint:staticcheck // the library's spelling
	return func(scopes []string) []string { return scopes }
}

func (c client) RestrictAdditionalAccessTokenScopes() func([]string) []string {
	return func(scopes []string) []string { return scopes }
}

// appOf answers the app behind a client of ours.
func appOf(c op.Client) idp.App {
	own, _ := c.(client)
	return own.app
}

// authenticate proves the client by the one method that the app is registered with; another method, even with
// the right secret, is refused. Unknown, disabled and unproven clients look alike from outside.
func (p *Provider) authenticate(ctx context.Context, cred op.ClientCredentials, basic bool) (idp.App, error) {
	method := idp.AuthNone
	switch {
	case cred.ClientAssertion != "":
		return p.authenticateAssertion(ctx, cred)
	case basic:
		method = idp.AuthBasic
	case cred.ClientSecret != "":
		method = idp.AuthPost
	}
	app, err := p.deps.Apps.App(ctx, cred.ClientID)
	if errors.Is(err, idp.ErrAppNotFound) {
		return idp.App{}, errInvalidClient
	}
	if err != nil {
		return idp.App{}, err
	}
	if app.AuthMethod != method || method != idp.AuthNone && !secret.Matches(cred.ClientSecret, app.SecretHash) {
		return idp.App{}, errInvalidClient
	}
	return app, nil
}
