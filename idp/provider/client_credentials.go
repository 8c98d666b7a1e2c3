package provider

import (
	"context"
	"time"

	"github.com/wolfieauth/wolfieauth/idp"
)

// clientCredentials gives an app a token of its own: no user, so no ID token, no plans and no refresh token.
// The known scopes all speak of a user, so none is granted.
func (p *Provider) clientCredentials(ctx context.Context, app idp.App) (map[string]any, error) {
	is := &issue{app: app, now: p.now(), scopes: []string{}}
	id, err := newID()
	if err != nil {
		return nil, err
	}
	is.standing.Grant = idp.Grant{
		ID: id, Kind: idp.GrantClient, ClientID: app.ClientID, CreatedAt: is.now,
		ExpiresAt: is.now.Add(accessTokenLife(app) + time.Minute),
	}
	if err := p.prepare(ctx, is); err != nil {
		return nil, err
	}
	err = p.deps.Store.InTx(ctx, func(ctx context.Context) error {
		if err := p.deps.Store.CreateGrant(ctx, is.standing.Grant); err != nil {
			return err
		}
		return p.deps.Store.CreateTokens(ctx, is.rows...)
	})
	if err != nil {
		return nil, err
	}
	return p.response(ctx, is)
}
