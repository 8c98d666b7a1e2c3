package provider

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"net/http"

	"github.com/wolfieauth/wolfieauth/idp"
	"github.com/wolfieauth/wolfieauth/internal/secret"
)

// rotate exchanges a refresh token for its successor in one transaction of four statements. Of many calls at
// once exactly one rotates. The successor is derived from the token under a secret key, so that within the
// grace a retry (its answer was lost, or two tabs asked at once) gets the very same successor: a family never
// has more than one living refresh token. Any other reuse revokes the family (RFC 9700 section 4.14.2).
func (p *Provider) rotate(ctx context.Context, app idp.App, token string, asked []string) (map[string]any, error) {
	hash := secret.Hash(token)
	var is *issue
	var reused bool
	err := p.deps.Store.InTx(ctx, func(ctx context.Context) error {
		is, reused = &issue{app: app, now: p.now()}, false // a retried transaction begins anew
		first, err := p.deps.Store.RotateToken(ctx, hash, app.ClientID, is.now)
		if err != nil {
			return err
		}
		held, err := p.deps.Store.Token(ctx, hash)
		if err != nil {
			return err
		}
		is.standing = held.Standing
		successor := p.successor(token)
		if !first {
			if reused, err = p.checkReuse(ctx, is, held, successor); err != nil || reused {
				return err
			}
		}
		if err := p.refreshed(ctx, is, asked); err != nil {
			return err
		}
		if is.refresh = successor; first {
			if err := is.withRefresh(successor); err != nil {
				return err
			}
		}
		return p.deps.Store.CreateTokens(ctx, is.rows...)
	})
	if err != nil {
		return nil, err
	}
	if reused {
		return nil, fmt.Errorf("refresh: %w", idp.ErrGrantUsed)
	}
	return p.response(ctx, is)
}

func (p *Provider) refreshed(ctx context.Context, is *issue, asked []string) error {
	scopes, ok := idp.NarrowScopes(is.standing.Scopes, asked)
	if !ok {
		return refuse(http.StatusBadRequest, "invalid_scope", "a scope was not granted")
	}
	is.scopes = is.app.AllowedScopes(scopes) // the app may have lost one since
	return p.prepare(ctx, is)
}

// checkReuse tells why a token was not rotated: an error, a reuse (whose revocation must be kept, so that it
// is no error inside the transaction), or neither for a retry in time whose successor nobody has used.
func (p *Provider) checkReuse(ctx context.Context, is *issue, held idp.Held, successor string) (reused bool, err error) {
	if held.ClientID != is.app.ClientID || held.TokenKind != idp.TokenRefresh {
		return false, idp.ErrGrantNotFound
	}
	if held.TokenUsedAt == nil {
		return false, held.Err(is.now)
	}
	if is.now.Sub(*held.TokenUsedAt) <= p.cfg.RefreshGrace {
		next, err := p.deps.Store.Token(ctx, secret.Hash(successor))
		if err != nil {
			return false, err
		}
		if next.TokenUsedAt == nil {
			return false, next.Err(is.now)
		}
	}
	return true, p.deps.Store.RevokeGrant(ctx, is.standing.ID, is.now)
}

// successor derives the token that follows token: 256 bits that nobody without the key can tell.
func (p *Provider) successor(token string) string {
	mac := hmac.New(sha256.New, p.refresh)
	mac.Write([]byte(token))
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}
