package relyingparty

import (
	"context"
	"crypto/subtle"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"github.com/wolfieauth/wolfieauth/claims"
)

// identity is what the app keeps of a verified ID token.
type identity struct {
	claims.TokenClaims
	Subject string `json:"sub"`
	Nonce   string `json:"nonce"`
	Name    string `json:"name"`
	Email   string `json:"email"`
	OrgName string `json:"org_name"`
	OrgRole string `json:"org_role"`
}

func (a *App) login(w http.ResponseWriter, r *http.Request) {
	p, err := a.discover(r.Context())
	if err != nil {
		a.fail(w, http.StatusBadGateway, "The sign-in service does not answer. Try again in a moment.", err)
		return
	}
	s := a.sessions.begin(w, r)
	s.State, s.Nonce, s.Verifier = random(), random(), oauth2.GenerateVerifier()
	a.sessions.save(s)
	opts := []oauth2.AuthCodeOption{oidc.Nonce(s.Nonce), oauth2.S256ChallengeOption(s.Verifier)}
	http.Redirect(w, r, p.oauth.AuthCodeURL(s.State, opts...), http.StatusSeeOther)
}

func (a *App) callback(w http.ResponseWriter, r *http.Request) {
	s, ok := a.sessions.of(r)
	q := r.URL.Query()
	if !ok || s.State == "" || subtle.ConstantTimeCompare([]byte(s.State), []byte(q.Get("state"))) != 1 {
		a.fail(w, http.StatusBadRequest, "This sign-in was begun elsewhere or has run out. Please sign in again.", errors.New("state does not match"))
		return
	}
	if code := q.Get("error"); code != "" {
		a.fail(w, http.StatusForbidden, "You were not signed in.", fmt.Errorf("%s: %s", code, q.Get("error_description")))
		return
	}
	p, err := a.discover(r.Context())
	if err != nil {
		a.fail(w, http.StatusBadGateway, "The sign-in service does not answer. Try again in a moment.", err)
		return
	}
	// RFC 9207: an answer of another issuer must not be redeemed at this one.
	if p.issInReply && q.Get("iss") != a.cfg.Issuer {
		a.fail(w, http.StatusBadRequest, "The answer came from another sign-in service.", errors.New("iss does not match"))
		return
	}
	token, err := p.oauth.Exchange(a.outgoing(r.Context()), q.Get("code"), oauth2.VerifierOption(s.Verifier))
	if err != nil {
		a.fail(w, http.StatusBadGateway, "The sign-in could not be completed. Please sign in again.", err)
		return
	}
	fresh := &session{}
	if err := a.adopt(r.Context(), p, fresh, token); err != nil || fresh.User.Nonce != s.Nonce {
		a.fail(w, http.StatusBadGateway, "The sign-in could not be verified. Please sign in again.", errors.Join(err, errors.New("verify ID token")))
		return
	}
	a.sessions.replace(w, s, fresh)
	http.Redirect(w, r, "/", http.StatusSeeOther)
}

// adopt verifies the ID token of an answer and puts it into the session.
func (a *App) adopt(ctx context.Context, p *provider, s *session, token *oauth2.Token) error {
	raw, ok := token.Extra("id_token").(string)
	if !ok {
		return errors.New("no ID token in the answer")
	}
	verified, err := p.verifier.Verify(a.outgoing(ctx), raw)
	if err != nil {
		return fmt.Errorf("verify ID token: %w", err)
	}
	var who identity
	if err := verified.Claims(&who); err != nil {
		return fmt.Errorf("read claims: %w", err)
	}
	s.User, s.IDToken, s.Expires = who, raw, verified.Expiry
	if token.RefreshToken != "" {
		s.RefreshToken = token.RefreshToken
	}
	return nil
}

func (a *App) refresh(w http.ResponseWriter, r *http.Request) {
	s, ok := a.sessions.of(r)
	if !ok || s.RefreshToken == "" {
		http.Redirect(w, r, "/login", http.StatusSeeOther)
		return
	}
	p, err := a.discover(r.Context())
	if err != nil {
		a.fail(w, http.StatusBadGateway, "The sign-in service does not answer. Try again in a moment.", err)
		return
	}
	// Two clicks must not spend the same refresh token twice.
	s.refreshing.Lock()
	defer s.refreshing.Unlock()
	token, err := p.oauth.TokenSource(a.outgoing(r.Context()), &oauth2.Token{RefreshToken: s.RefreshToken}).Token()
	var refused *oauth2.RetrieveError
	if errors.As(err, &refused) && refused.Response.StatusCode < http.StatusInternalServerError {
		a.sessions.end(w, s)
		a.fail(w, http.StatusUnauthorized, "Your sign-in has ended at the provider. Please sign in again.", err)
		return
	}
	if err == nil {
		err = a.adopt(r.Context(), p, s, token)
	}
	if err != nil {
		a.fail(w, http.StatusBadGateway, "The refresh did not work. Try again in a moment.", err)
		return
	}
	a.sessions.save(s)
	http.Redirect(w, r, "/", http.StatusSeeOther)
}

func (a *App) logout(w http.ResponseWriter, r *http.Request) {
	s, ok := a.sessions.of(r)
	if !ok {
		http.Redirect(w, r, "/", http.StatusSeeOther)
		return
	}
	a.sessions.end(w, s)
	p, err := a.discover(r.Context())
	if err != nil || p.endSession == "" || s.IDToken == "" {
		http.Redirect(w, r, "/", http.StatusSeeOther)
		return
	}
	q := url.Values{"id_token_hint": {s.IDToken}, "post_logout_redirect_uri": {a.cfg.BaseURL + "/"}, "client_id": {a.cfg.ClientID}}
	http.Redirect(w, r, p.endSession+"?"+q.Encode(), http.StatusSeeOther)
}

// payload is the decoded middle of a JWT, indented, for showing only: the app trusts what it has verified.
func payload(token string) string {
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return ""
	}
	body, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		return ""
	}
	var v map[string]any
	if json.Unmarshal(body, &v) != nil {
		return ""
	}
	pretty, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return ""
	}
	return string(pretty)
}
