package provider_test

import (
	"net/http"
	"testing"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"github.com/wolfieauth/wolfieauth/internal/db"
	"github.com/wolfieauth/wolfieauth/internal/db/dbtest"
)

// TestACertifiedClientSignsIn goes the whole way with go-oidc: discovery, code with PKCE, verified ID token,
// userinfo, refresh.
func TestACertifiedClientSignsIn(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := setup(t, d)
		ctx := t.Context()
		op, err := oidc.NewProvider(ctx, b.url)
		must(t, err)
		rp := oauth2.Config{
			ClientID: "acme-crm", ClientSecret: appSecret, Endpoint: op.Endpoint(), RedirectURL: redirect,
			Scopes: []string{"openid", "profile", "email", "org", "offline_access"},
		}
		to, page := b.browser().open(rp.AuthCodeURL("state-1", oidc.Nonce("nonce-1"), oauth2.S256ChallengeOption(verifier)))
		if to == nil || to.Query().Get("state") != "state-1" || to.Query().Get("iss") != b.url {
			t.Fatalf("callback %v, %d %.300s", to, page.status, page.body)
		}
		token, err := rp.Exchange(ctx, to.Query().Get("code"), oauth2.VerifierOption(verifier))
		must(t, err)
		raw, _ := token.Extra("id_token").(string)
		id, err := op.Verifier(&oidc.Config{ClientID: "acme-crm"}).Verify(ctx, raw)
		must(t, err)
		must(t, id.VerifyAccessToken(token.AccessToken))
		if id.Subject != b.user.ID || id.Nonce != "nonce-1" {
			t.Errorf("ID token of %s with nonce %q", id.Subject, id.Nonce)
		}
		info, err := op.UserInfo(ctx, oauth2.StaticTokenSource(token))
		must(t, err)
		if info.Subject != b.user.ID || info.Email != b.user.Email || !info.EmailVerified {
			t.Errorf("userinfo %+v", info)
		}
		again, err := rp.TokenSource(ctx, &oauth2.Token{RefreshToken: token.RefreshToken}).Token()
		must(t, err)
		if again.RefreshToken == token.RefreshToken || again.AccessToken == token.AccessToken {
			t.Error("refresh did not rotate")
		}
		raw, _ = again.Extra("id_token").(string)
		if id, err = op.Verifier(&oidc.Config{ClientID: "acme-crm"}).Verify(ctx, raw); err != nil || id.Nonce != "" {
			t.Errorf("refreshed ID token: %v, nonce %q", err, id.Nonce)
		}
		if a := b.me(again.AccessToken); a.status != http.StatusOK {
			t.Errorf("userinfo after refresh: %d %s", a.status, a.body)
		}
	})
}
