package apptest

import (
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"github.com/wolfieauth/wolfieauth/claims"
)

// Client is a relying party made of a certified library: what it accepts, other people's apps accept.
type Client struct {
	Issuer, ID, Secret, Redirect string
	Scopes                       []string // nil is all that there are

	op *oidc.Provider
}

// Tokens is what a client got, with the payload of the verified ID token.
type Tokens struct {
	Access, Refresh, ID string
	Payload             json.RawMessage
	Held                claims.TokenClaims
}

// AllScopes are those that the product knows.
var AllScopes = []string{"openid", "profile", "email", "org", "offline_access"}

// Grant is a code that a client has not redeemed yet, with what redeems it.
type Grant struct{ Code, Verifier, Nonce string }

// Authorize signs a person in through the pages, with PKCE and nonce, up to the code.
func (b *Browser) Authorize(c *Client, email, password string) Grant {
	b.t.Helper()
	g, state := Grant{Verifier: oauth2.GenerateVerifier(), Nonce: oauth2.GenerateVerifier()}, oauth2.GenerateVerifier()
	b.StopAt = c.Redirect
	b.Get(c.config(b.t).AuthCodeURL(state, oidc.Nonce(g.Nonce), oauth2.S256ChallengeOption(g.Verifier)))
	back := b.PassLogin(email, password).URL
	if !strings.HasPrefix(back.String(), c.Redirect) {
		b.t.Fatalf("sign-in of %s at %s rests at %s (%d):\n%s", email, c.ID, back, b.page.Status, b.page.Text())
	}
	q := back.Query()
	if g.Code = q.Get("code"); q.Get("state") != state || q.Get("iss") != c.Issuer || g.Code == "" {
		b.t.Fatalf("sign-in of %s at %s came back with %s", email, c.ID, back)
	}
	return g
}

// Redeem exchanges a code and verifies the ID token.
func (c *Client) Redeem(t testing.TB, g Grant) Tokens {
	t.Helper()
	token, err := c.config(t).Exchange(t.Context(), g.Code, oauth2.VerifierOption(g.Verifier))
	if err != nil {
		t.Fatalf("redeem a code at %s: %v", c.ID, err)
	}
	got := c.verify(t, token)
	var said struct{ Nonce string }
	if err := json.Unmarshal(got.Payload, &said); err != nil || said.Nonce != g.Nonce {
		t.Fatalf("the ID token's nonce is %q: %v", said.Nonce, err)
	}
	return got
}

// SignIn is [Browser.Authorize] and [Client.Redeem].
func (b *Browser) SignIn(c *Client, email, password string) Tokens {
	b.t.Helper()
	return c.Redeem(b.t, b.Authorize(c, email, password))
}

// PassLogin fills in the login page and consents, where the browser stands at one of them.
func (b *Browser) PassLogin(email, password string) Page {
	b.t.Helper()
	if b.page.URL.Path == "/login" {
		b.Submit("submit", Field{"email", email}, Field{"password", password})
	}
	if b.page.URL.Path == "/consent" {
		b.Submit("submit")
	}
	return b.page
}

// Refresh redeems a refresh token; ok is false when the provider refuses it as invalid_grant.
func (c *Client) Refresh(t testing.TB, refresh string) (got Tokens, ok bool) {
	t.Helper()
	token, err := c.config(t).TokenSource(t.Context(), &oauth2.Token{RefreshToken: refresh}).Token()
	if err != nil {
		if strings.Contains(err.Error(), "invalid_grant") {
			return Tokens{}, false
		}
		t.Fatalf("refresh at %s: %v", c.ID, err)
	}
	return c.verify(t, token), true
}

// Introspect asks what a token is worth.
func (c *Client) Introspect(t testing.TB, token string) json.RawMessage {
	t.Helper()
	r := newRequest(t, http.MethodPost, c.Issuer+"/introspect", strings.NewReader(url.Values{"token": {token}}.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.SetBasicAuth(url.QueryEscape(c.ID), url.QueryEscape(c.Secret))
	return answer(t, r)
}

// Bearer asks an address in the name of an access token.
func Bearer(t testing.TB, address, token string) json.RawMessage {
	t.Helper()
	r := newRequest(t, http.MethodGet, address, nil)
	r.Header.Set("Authorization", "Bearer "+token)
	return answer(t, r)
}

func newRequest(t testing.TB, method, address string, body io.Reader) *http.Request {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, address, body)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func answer(t testing.TB, r *http.Request) json.RawMessage {
	t.Helper()
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != http.StatusOK {
		t.Fatalf("%s %s answers %d: %s %v", r.Method, r.URL, res.StatusCode, raw, err)
	}
	return raw
}

func (c *Client) config(t testing.TB) *oauth2.Config {
	t.Helper()
	if c.op == nil {
		op, err := oidc.NewProvider(t.Context(), c.Issuer)
		if err != nil {
			t.Fatal(err)
		}
		c.op = op
	}
	scopes := c.Scopes
	if scopes == nil {
		scopes = AllScopes
	}
	endpoint := c.op.Endpoint()
	if c.Secret != "" {
		endpoint.AuthStyle = oauth2.AuthStyleInHeader // a guess would try a refused request again in another way, and tell that refusal
	}
	return &oauth2.Config{ClientID: c.ID, ClientSecret: c.Secret, Endpoint: endpoint, RedirectURL: c.Redirect, Scopes: scopes}
}

func (c *Client) verify(t testing.TB, token *oauth2.Token) Tokens {
	t.Helper()
	got := Tokens{Access: token.AccessToken, Refresh: token.RefreshToken}
	got.ID, _ = token.Extra("id_token").(string)
	id, err := c.op.Verifier(&oidc.Config{ClientID: c.ID}).Verify(t.Context(), got.ID)
	if err != nil {
		t.Fatalf("verify the ID token of %s: %v", c.ID, err)
	}
	if err := id.VerifyAccessToken(got.Access); err != nil {
		t.Fatalf("at_hash: %v", err)
	}
	if err := id.Claims(&got.Payload); err != nil {
		t.Fatal(err)
	}
	if err := id.Claims(&got.Held); err != nil {
		t.Fatal(err)
	}
	return got
}
