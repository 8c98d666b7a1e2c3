package provider

import (
	"context"
	"slices"

	"github.com/wolfieauth/wolfieauth/claims"
	"github.com/wolfieauth/wolfieauth/idp"
	"github.com/wolfieauth/wolfieauth/internal/secret"
)

// introspect tells an app about a token that was issued to it, in two statements (RFC 7662). A token of
// another app looks like one that does not exist: {"active":false} and nothing more.
func (p *Provider) introspect(ctx context.Context, app idp.App, token string) (map[string]any, error) {
	inactive := map[string]any{"active": false}
	held, err := p.deps.Store.Token(ctx, secret.Hash(token))
	if dead(err) {
		return inactive, nil
	}
	if err != nil {
		return nil, err
	}
	if held.ClientID != app.ClientID || held.TokenUsedAt != nil || dead(held.Err(p.now())) {
		return inactive, nil
	}
	plans, err := p.plans(ctx, held.Standing)
	if err != nil {
		return nil, err
	}
	body := map[string]any{}
	claims.SafeMerge(body, plans)
	if held.UserID != "" {
		orgClaims(body, held.Standing, held.TokenScopes)
		if slices.Contains(held.TokenScopes, idp.ScopeEmail) {
			body["username"] = held.Email
		}
	}
	p.accessClaims(body, held.Standing, idp.Token{
		ID: held.TokenID, ClientID: held.ClientID, Scopes: held.TokenScopes, CreatedAt: held.TokenCreatedAt, ExpiresAt: held.TokenExpiresAt,
	})
	body["active"] = true
	if held.TokenKind == idp.TokenAccess {
		body["token_type"] = "Bearer"
	}
	return body, nil
}

// revoke ends a token of the app: an access token alone, a refresh token with its whole family (RFC 7009).
// Unknown tokens and those of other apps change nothing and answer alike.
func (p *Provider) revoke(ctx context.Context, app idp.App, token string) error {
	hash := secret.Hash(token)
	held, err := p.deps.Store.Token(ctx, hash)
	if dead(err) {
		return nil
	}
	if err != nil {
		return err
	}
	if held.ClientID != app.ClientID {
		return nil
	}
	if held.TokenKind == idp.TokenRefresh {
		return p.deps.Store.RevokeGrant(ctx, held.ID, p.now())
	}
	return p.deps.Store.RevokeToken(ctx, hash, p.now())
}
