package provider

import (
	"context"
	"errors"
	"net/http"
	"net/url"

	"github.com/labstack/echo/v4"

	"github.com/wolfieauth/wolfieauth/idp"
	"github.com/wolfieauth/wolfieauth/internal/secret"
	"github.com/wolfieauth/wolfieauth/internal/web"
)

// handleCallback ends a sign-in with a code, in the browser that began it and as the user that the same
// browser is signed in as. It decides once more what is missing, so that no page can skip a step.
func (p *Provider) handleCallback(c echo.Context) error {
	c.Response().Header().Set(echo.HeaderCacheControl, "no-store")
	in, err := p.SignIn(c, c.QueryParam("id"))
	if errors.Is(err, idp.ErrAuthRequestNotFound) || errors.Is(err, idp.ErrAppNotFound) {
		return web.Fail(http.StatusBadRequest, "auth_request_gone").Because(err)
	}
	if err != nil {
		return err
	}
	if in.Step != idp.StepDone {
		return c.Redirect(http.StatusSeeOther, in.Next)
	}
	code, err := p.issueCode(c.Request().Context(), in)
	if err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, p.url(replyOf(in.Request), url.Values{"code": {code}}))
}

// issueCode turns a finished sign-in into a grant with a code, once.
func (p *Provider) issueCode(ctx context.Context, in SignIn) (string, error) {
	id, err := newID()
	if err != nil {
		return "", err
	}
	code, now, r := secret.Token(), p.now(), in.Request
	hash, expires, auth := secret.Hash(code), now.Add(codeLife), in.Who.AuthTime
	grant := idp.Grant{
		ID: id, Kind: idp.GrantCode, ClientID: r.ClientID, UserID: in.Who.UserID, OrgID: in.OrgID, SessionID: in.Who.SessionID,
		Scopes: r.Scopes, Offline: in.App.RefreshAllowed(r.Scopes), Nonce: r.Nonce, AuthTime: &auth, ACR: acrPassword, AMR: in.Who.AMR,
		IDTokenClaims: r.IDTokenClaims, UserinfoClaims: r.UserinfoClaims, RedirectURI: r.RedirectURI, CodeChallenge: r.CodeChallenge,
		CodeHash: &hash, CodeExpiresAt: &expires, CreatedAt: now, ExpiresAt: now.Add(graveLife),
	}
	err = p.deps.Store.InTx(ctx, func(ctx context.Context) error {
		first, err := p.deps.Store.FinishAuthRequest(ctx, r.ID, now)
		if err != nil {
			return err
		}
		if !first {
			return web.Fail(http.StatusBadRequest, "auth_request_gone").Because(idp.ErrAuthRequestNotFound)
		}
		return p.deps.Store.CreateGrant(ctx, grant)
	})
	return code, err
}
