package provider

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
	"github.com/zitadel/oidc/v3/pkg/op"

	"github.com/wolfieauth/wolfieauth/idp"
	"github.com/wolfieauth/wolfieauth/internal/secret"
)

const (
	assertionType = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
	// assertionLife bounds how far ahead an assertion may expire, and so how long its id is remembered.
	assertionLife = 10 * time.Minute
	assertionSkew = 30 * time.Second
)

// assertionAlgorithms are what a client may sign with: asymmetric ones only.
func assertionAlgorithms() []jose.SignatureAlgorithm {
	return []jose.SignatureAlgorithm{jose.RS256, jose.PS256, jose.ES256, jose.EdDSA}
}

// authenticateAssertion proves a client by a JWT signed with its own key (private_key_jwt, RFC 7523): issued
// by and about the client, for this issuer or its token endpoint, with an end and an id that is used once.
func (p *Provider) authenticateAssertion(ctx context.Context, cred op.ClientCredentials) (idp.App, error) {
	token, err := jwt.ParseSigned(cred.ClientAssertion, assertionAlgorithms())
	if err != nil || cred.ClientAssertionType != assertionType {
		return idp.App{}, errInvalidClient
	}
	var unproven jwt.Claims
	if err := token.UnsafeClaimsWithoutVerification(&unproven); err != nil {
		return idp.App{}, errInvalidClient
	}
	if unproven.Subject == "" || cred.ClientID != "" && cred.ClientID != unproven.Subject {
		return idp.App{}, errInvalidClient
	}
	app, err := p.deps.Apps.App(ctx, unproven.Subject)
	if errors.Is(err, idp.ErrAppNotFound) {
		return idp.App{}, errInvalidClient
	}
	if err != nil {
		return idp.App{}, err
	}
	if app.AuthMethod != idp.AuthPrivateKeyJWT {
		return idp.App{}, errInvalidClient
	}
	proven, ok := verifyAssertion(token, app)
	if !ok || !p.soundAssertion(proven, app) {
		return idp.App{}, errInvalidClient
	}
	fresh, err := p.deps.Store.RememberAssertion(ctx, app.ClientID, secret.Hash(proven.ID), proven.Expiry.Time().Add(assertionSkew))
	if err != nil {
		return idp.App{}, err
	}
	if !fresh {
		return idp.App{}, errInvalidClient
	}
	return app, nil
}

// verifyAssertion looks only at the keys that the app has registered, never at one that the token brings.
func verifyAssertion(token *jwt.JSONWebToken, app idp.App) (jwt.Claims, bool) {
	var set jose.JSONWebKeySet
	if json.Unmarshal([]byte(app.JWKS), &set) != nil || len(token.Headers) != 1 {
		return jwt.Claims{}, false
	}
	head := token.Headers[0]
	for _, key := range set.Keys {
		if head.KeyID != "" && key.KeyID != "" && key.KeyID != head.KeyID {
			continue
		}
		if key.Use == "enc" || key.Algorithm != "" && key.Algorithm != head.Algorithm || !key.IsPublic() {
			continue
		}
		var claims jwt.Claims
		if token.Claims(key.Key, &claims) == nil {
			return claims, true
		}
	}
	return jwt.Claims{}, false
}

func (p *Provider) soundAssertion(c jwt.Claims, app idp.App) bool {
	if c.Issuer != app.ClientID || c.Subject != app.ClientID || c.ID == "" || c.Expiry == nil {
		return false
	}
	now := p.now()
	expiry := c.Expiry.Time()
	if now.After(expiry.Add(assertionSkew)) || expiry.After(now.Add(assertionLife)) {
		return false
	}
	if c.NotBefore != nil && now.Add(assertionSkew).Before(c.NotBefore.Time()) || c.IssuedAt != nil && now.Add(assertionSkew).Before(c.IssuedAt.Time()) {
		return false
	}
	return slices.ContainsFunc(c.Audience, func(aud string) bool {
		return aud == p.cfg.Issuer || aud == p.cfg.Issuer+pathToken
	})
}
