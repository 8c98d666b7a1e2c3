package provider

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"fmt"

	"github.com/wolfieauth/wolfieauth/idp"
	"github.com/wolfieauth/wolfieauth/internal/secret"
)

// redeemCode exchanges an authorization code for tokens in one transaction of four statements: consume the
// code, load what the grant rests on, assemble the plans, write the tokens. Of many calls at once exactly one
// consumes the code; every other one is a replay, which revokes what the first has got (RFC 6749 section
// 4.1.2). A wrong verifier or redirect URI leaves the code as it was.
func (p *Provider) redeemCode(ctx context.Context, app idp.App, code, redirectURI, verifier string) (map[string]any, error) {
	hash := secret.Hash(code)
	var is *issue
	var replayed bool
	err := p.deps.Store.InTx(ctx, func(ctx context.Context) error {
		is, replayed = &issue{app: app, now: p.now()}, false // a retried transaction begins anew
		first, err := p.deps.Store.RedeemCode(ctx, hash, app.ClientID, is.now)
		if err != nil {
			return err
		}
		if is.standing, err = p.deps.Store.GrantByCode(ctx, hash); err != nil {
			return err
		}
		if !first {
			replayed, err = p.refuseCode(ctx, is)
			return err
		}
		if err := checkCode(is.standing.Grant, redirectURI, verifier); err != nil {
			return err
		}
		is.scopes, is.nonce = is.standing.Scopes, is.standing.Nonce
		if err := p.prepare(ctx, is); err != nil {
			return err
		}
		if is.standing.Offline {
			if err := is.withRefresh(secret.Token()); err != nil {
				return err
			}
		}
		return p.deps.Store.CreateTokens(ctx, is.rows...)
	})
	if err != nil {
		return nil, err
	}
	if replayed {
		return nil, fmt.Errorf("redeem code: %w", idp.ErrGrantUsed)
	}
	return p.response(ctx, is)
}

// refuseCode tells why a code was not consumed. A replay is no error inside the transaction, for the
// revocation must be kept.
func (p *Provider) refuseCode(ctx context.Context, is *issue) (replayed bool, err error) {
	g := is.standing.Grant
	switch {
	case g.ClientID != is.app.ClientID:
		return false, idp.ErrGrantNotFound
	case g.RedeemedAt != nil:
		return true, p.deps.Store.RevokeGrant(ctx, g.ID, is.now)
	case g.RevokedAt != nil:
		return false, idp.ErrGrantRevoked
	default:
		return false, idp.ErrGrantExpired
	}
}

// checkCode holds the exchange to what /auth was asked: the same redirect URI, and the verifier whenever a
// challenge was sent, by whatever client. A verifier without a challenge is refused too, for it shows that
// somebody took the challenge out on the way (RFC 9700 section 4.8.2).
func checkCode(g idp.Grant, redirectURI, verifier string) error {
	if g.RedirectURI != redirectURI {
		return idp.ErrGrantNotFound
	}
	if g.CodeChallenge == "" && verifier == "" {
		return nil
	}
	if !verifierForm(verifier) || !secret.Equal(challengeOf(verifier), g.CodeChallenge) {
		return idp.ErrGrantNotFound
	}
	return nil
}

func challengeOf(verifier string) string {
	sum := sha256.Sum256([]byte(verifier))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// verifierForm is RFC 7636 section 4.1.
func verifierForm(v string) bool {
	if len(v) < 43 || len(v) > 128 {
		return false
	}
	for _, b := range []byte(v) {
		alnum := b >= 'a' && b <= 'z' || b >= 'A' && b <= 'Z' || b >= '0' && b <= '9'
		if !alnum && b != '-' && b != '.' && b != '_' && b != '~' {
			return false
		}
	}
	return true
}
