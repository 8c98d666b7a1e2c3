package provider

import (
	"context"
	"errors"
	"net/http"

	"github.com/zitadel/oidc/v3/pkg/oidc"
	"github.com/zitadel/oidc/v3/pkg/op"

	"github.com/wolfieauth/wolfieauth/idp"
	"github.com/wolfieauth/wolfieauth/internal/db"
)

// oauthError is an answer in OAuth's words. Descriptions are fixed English sentences in the characters that
// RFC 6749 section 5.2 allows: no text of a request or of a database ever gets into one.
type oauthError struct {
	status      int
	code        string
	description string
}

func (e *oauthError) Error() string { return e.code + ": " + e.description }

func refuse(status int, code, description string) *oauthError {
	return &oauthError{status, code, description}
}

func invalidRequest(description string) *oauthError {
	return refuse(http.StatusBadRequest, "invalid_request", description)
}

var (
	errInvalidClient = refuse(http.StatusUnauthorized, "invalid_client", "client authentication failed")
	errInvalidGrant  = refuse(http.StatusBadRequest, "invalid_grant", "the grant is invalid, expired, revoked, or was issued to another client")
	errInvalidToken  = refuse(http.StatusUnauthorized, "invalid_token", "the access token is invalid, expired or revoked")
	errUnauthorized  = refuse(http.StatusBadRequest, "unauthorized_client", "the client may not use this grant type")
	errUnavailable   = refuse(http.StatusServiceUnavailable, "temporarily_unavailable", "try again in a moment")
	errServer        = refuse(http.StatusInternalServerError, "server_error", "something went wrong")
)

// asOAuth finds the answer for err. What is nobody's fault outside is logged once, here.
func (p *Provider) asOAuth(ctx context.Context, err error) *oauthError {
	own, refused := errors.AsType[*oauthError](err)
	switch {
	case refused:
		return own
	case errors.Is(err, db.ErrUnavailable):
		p.cfg.Logger.ErrorContext(ctx, "database unavailable", "error", err.Error())
		return errUnavailable
	case errors.Is(err, idp.ErrGrantNotFound), errors.Is(err, idp.ErrGrantUsed), errors.Is(err, idp.ErrGrantExpired),
		errors.Is(err, idp.ErrGrantRevoked):
		return errInvalidGrant
	case errors.Is(err, idp.ErrAppNotFound):
		return errInvalidClient
	case ctx.Err() != nil:
		return errUnavailable
	default:
		p.cfg.Logger.ErrorContext(ctx, "oauth request failed", "error", err.Error())
		return errServer
	}
}

// fail hands err to the library, which writes it.
func (p *Provider) fail(ctx context.Context, err error) error {
	e := p.asOAuth(ctx, err)
	out := oidc.ErrServerError()
	switch e.code { // the library's type of error codes is its own
	case "invalid_request":
		out = oidc.ErrInvalidRequest()
	case "invalid_client":
		out = oidc.ErrInvalidClient()
	case "invalid_grant":
		out = oidc.ErrInvalidGrant()
	case "invalid_scope":
		out = oidc.ErrInvalidScope()
	case "unauthorized_client":
		out = oidc.ErrUnauthorizedClient()
	case "access_denied":
		out = oidc.ErrAccessDenied()
	case "authorization_pending":
		out = oidc.ErrAuthorizationPending()
	case "slow_down":
		out = oidc.ErrSlowDown()
	case "expired_token":
		out = oidc.ErrExpiredDeviceCode()
	case "invalid_token":
		out.ErrorType = "invalid_token"
	case "insufficient_scope":
		out.ErrorType = "insufficient_scope"
	case "temporarily_unavailable":
		out.ErrorType = "temporarily_unavailable"
	}
	out.Description = e.description
	return op.NewStatusError(out, e.status)
}
