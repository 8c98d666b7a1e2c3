package provider

import (
	"context"
	"errors"
	"net/http"
	"slices"

	"github.com/wolfieauth/wolfieauth/claims"
	"github.com/wolfieauth/wolfieauth/idp"
	"github.com/wolfieauth/wolfieauth/internal/secret"
)

// access loads a living access token in one statement. Opaque tokens and JWTs alike are known by the hash of
// all their characters, so a forged or changed one is simply unknown.
func (p *Provider) access(ctx context.Context, token string) (idp.Held, error) {
	held, err := p.deps.Store.Token(ctx, secret.Hash(token))
	if err != nil {
		return idp.Held{}, err
	}
	if held.TokenKind != idp.TokenAccess {
		return idp.Held{}, idp.ErrGrantNotFound
	}
	return held, held.Err(p.now())
}

// userinfo answers the user's claims in two statements.
func (p *Provider) userinfo(ctx context.Context, token string) (map[string]any, error) {
	held, err := p.access(ctx, token)
	if dead(err) {
		exchangeOf(ctx).header.Set("WWW-Authenticate", `Bearer realm="wolfieauth", error="invalid_token"`)
		return nil, errInvalidToken
	}
	if err != nil {
		return nil, err
	}
	if err := p.allowOriginOf(ctx, held.ClientID); err != nil {
		return nil, err
	}
	if held.UserID == "" || !slices.Contains(held.TokenScopes, idp.ScopeOpenID) {
		exchangeOf(ctx).header.Set("WWW-Authenticate", `Bearer realm="wolfieauth", error="insufficient_scope", scope="openid"`)
		return nil, refuse(http.StatusForbidden, "insufficient_scope", "the token was not granted the scope openid")
	}
	plans, err := p.plans(ctx, held.Standing)
	if err != nil {
		return nil, err
	}
	body := map[string]any{}
	userClaims(body, held.Standing, held.TokenScopes, held.UserinfoClaims)
	claims.SafeMerge(body, plans)
	body["sub"] = held.UserID
	return body, nil
}

func dead(err error) bool {
	return errors.Is(err, idp.ErrGrantNotFound) || errors.Is(err, idp.ErrGrantExpired) || errors.Is(err, idp.ErrGrantRevoked)
}

func (p *Provider) allowOriginOf(ctx context.Context, clientID string) error {
	if exchangeOf(ctx).request.Header.Get("Origin") == "" {
		return nil
	}
	app, err := p.deps.Apps.App(ctx, clientID)
	if err != nil {
		return err
	}
	allowOrigin(ctx, app)
	return nil
}

// Access answers who a bearer token speaks for, in one statement; for APIs of the house. An unknown, expired
// or revoked token is [idp.ErrGrantNotFound], [idp.ErrGrantExpired] or [idp.ErrGrantRevoked].
func (p *Provider) Access(ctx context.Context, token string) (idp.Access, error) {
	held, err := p.access(ctx, token)
	if err != nil {
		return idp.Access{}, err
	}
	return idp.Access{
		TokenID: held.TokenID, ClientID: held.ClientID, UserID: held.UserID, OrgID: held.OrgID, Role: held.Role,
		Scopes: held.TokenScopes, ExpiresAt: held.TokenExpiresAt.UTC(),
	}, nil
}
