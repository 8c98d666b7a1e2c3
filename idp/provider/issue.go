package provider

import (
	"context"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/wolfieauth/wolfieauth/claims"
	"github.com/wolfieauth/wolfieauth/idp"
	"github.com/wolfieauth/wolfieauth/idp/keys"
	"github.com/wolfieauth/wolfieauth/internal/secret"
)

// issue is one answer of the token endpoint in the making. Its rows are written inside the transaction of
// the grant; the ID token is signed after it, so that no database lock waits for a signature.
type issue struct {
	standing idp.Standing
	app      idp.App
	scopes   []string
	plans    claims.Result
	now      time.Time
	nonce    string // of the code grant's own ID token only (OIDC Core section 12.2)

	access  string
	refresh string
	rows    []idp.Token
}

// prepare checks what the grant rests on, assembles the plans (one statement) and makes the access token.
func (p *Provider) prepare(ctx context.Context, is *issue) error {
	if err := is.standing.Err(); err != nil {
		return err
	}
	var err error
	if is.plans, err = p.plans(ctx, is.standing); err != nil {
		return err
	}
	id, err := newID()
	if err != nil {
		return err
	}
	row := idp.Token{
		ID: id, Kind: idp.TokenAccess, GrantID: is.standing.ID, ClientID: is.app.ClientID, Scopes: is.scopes,
		CreatedAt: is.now, ExpiresAt: is.now.Truncate(time.Second).Add(accessTokenLife(is.app)),
	}
	if is.access, err = p.accessToken(ctx, is, row); err != nil {
		return err
	}
	row.Hash = secret.Hash(is.access)
	is.rows = append(is.rows, row)
	return nil
}

// plans are those of the user in the app for the grant's org; without a user the claim is absent.
func (p *Provider) plans(ctx context.Context, st idp.Standing) (claims.Result, error) {
	if st.UserID == "" {
		return claims.Result{}, nil
	}
	r, err := p.deps.Claims.Assemble(ctx, st.UserID, st.OrgID, st.ClientID)
	if err != nil {
		return claims.Result{}, fmt.Errorf("assemble plans: %w", err)
	}
	return r, nil
}

// withRefresh adds a refresh token of the given value.
func (is *issue) withRefresh(token string) error {
	id, err := newID()
	if err != nil {
		return err
	}
	is.refresh = token
	is.rows = append(is.rows, idp.Token{
		Hash: secret.Hash(token), ID: id, Kind: idp.TokenRefresh, GrantID: is.standing.ID, ClientID: is.app.ClientID,
		Scopes: is.standing.Scopes, CreatedAt: is.now, ExpiresAt: is.now.Add(refreshTokenLife(is.app)).Truncate(time.Second),
	})
	return nil
}

// accessToken makes the token itself: random, or a JWT of RFC 9068 where the app asked for those.
func (p *Provider) accessToken(ctx context.Context, is *issue, row idp.Token) (string, error) {
	if is.app.AccessTokenType != idp.AccessTokenJWT {
		return secret.Token(), nil
	}
	body := map[string]any{}
	claims.SafeMerge(body, is.plans)
	if is.standing.UserID != "" {
		orgClaims(body, is.standing, is.scopes)
	}
	p.accessClaims(body, is.standing, row)
	return p.sign(ctx, is.app.SigningAlg, keys.TypeAccessToken, body)
}

// accessClaims writes what a JWT access token and introspection both say of a token. It comes after every
// other claim, so that none of these can be overwritten.
func (p *Provider) accessClaims(body map[string]any, st idp.Standing, row idp.Token) {
	body["iss"], body["sub"], body["aud"] = p.cfg.Issuer, subject(st), []string{row.ClientID}
	body["client_id"], body["jti"], body["scope"] = row.ClientID, row.ID, strings.Join(row.Scopes, " ")
	body["iat"], body["exp"] = row.CreatedAt.Unix(), row.ExpiresAt.Unix()
	sessionClaims(body, st)
}

// subject is the user, or the app itself where there is none.
func subject(st idp.Standing) string {
	if st.UserID == "" {
		return st.ClientID
	}
	return st.UserID
}

func sessionClaims(body map[string]any, st idp.Standing) {
	if st.AuthTime != nil {
		body["auth_time"] = st.AuthTime.Unix()
	}
	if st.ACR != "" {
		body["acr"] = st.ACR
	}
	if len(st.AMR) > 0 {
		body["amr"] = []string(st.AMR)
	}
	if st.SessionID != "" {
		body["sid"] = st.SessionID
	}
}

// idToken makes the ID token: claims about the user first, then the plans, then the registered claims, so
// that nothing can take the place of the latter.
func (p *Provider) idToken(ctx context.Context, is *issue) (string, error) {
	st, body := is.standing, map[string]any{}
	userScopes := []string{}
	if is.app.IDTokenUserinfo {
		userScopes = is.scopes
	}
	userClaims(body, st, userScopes, st.IDTokenClaims)
	orgClaims(body, st, is.scopes)
	claims.SafeMerge(body, is.plans)
	body["iss"], body["sub"], body["aud"], body["azp"] = p.cfg.Issuer, st.UserID, is.app.ClientID, is.app.ClientID
	body["iat"], body["exp"] = is.now.Unix(), is.now.Add(idTokenLife(is.app)).Unix()
	body["at_hash"] = halfHash(is.app.SigningAlg, is.access)
	if is.nonce != "" {
		body["nonce"] = is.nonce
	}
	sessionClaims(body, st)
	return p.sign(ctx, is.app.SigningAlg, keys.TypeIDToken, body)
}

func (p *Provider) sign(ctx context.Context, alg, typ string, body map[string]any) (string, error) {
	raw, err := json.Marshal(body)
	if err != nil {
		return "", fmt.Errorf("write %s: %w", typ, err)
	}
	return p.deps.Keys.Sign(ctx, alg, typ, raw)
}

// halfHash is `at_hash` of OIDC Core section 3.1.3.6; Ed25519 hashes with SHA-512.
func halfHash(alg, value string) string {
	if alg == keys.EdDSA {
		sum := sha512.Sum512([]byte(value))
		return base64.RawURLEncoding.EncodeToString(sum[:len(sum)/2])
	}
	sum := sha256.Sum256([]byte(value))
	return base64.RawURLEncoding.EncodeToString(sum[:len(sum)/2])
}

// response is the token endpoint's answer. The ID token comes only with the scope openid and a user.
func (p *Provider) response(ctx context.Context, is *issue) (map[string]any, error) {
	body := map[string]any{
		"access_token": is.access, "token_type": "Bearer", "scope": strings.Join(is.scopes, " "),
		"expires_in": int64(accessTokenLife(is.app).Seconds()),
	}
	if is.refresh != "" {
		body["refresh_token"] = is.refresh
	}
	if is.standing.UserID != "" && slices.Contains(is.scopes, idp.ScopeOpenID) {
		token, err := p.idToken(ctx, is)
		if err != nil {
			return nil, err
		}
		body["id_token"] = token
	}
	return body, nil
}

func accessTokenLife(a idp.App) time.Duration { return seconds(a.AccessTokenSeconds, 5*time.Minute) }
func idTokenLife(a idp.App) time.Duration     { return seconds(a.IDTokenSeconds, 5*time.Minute) }
func refreshTokenLife(a idp.App) time.Duration {
	return seconds(a.RefreshTokenSeconds, 30*24*time.Hour)
}

func seconds(n int64, otherwise time.Duration) time.Duration {
	if n <= 0 {
		return otherwise
	}
	return time.Duration(n) * time.Second
}
