package provider

import (
	"context"
	"net/http"

	"github.com/zitadel/oidc/v3/pkg/oidc"
	"github.com/zitadel/oidc/v3/pkg/op"

	"github.com/wolfieauth/wolfieauth/idp"
)

// server is the library's view of the provider. Every method hands on to a flow of ours and translates its
// error; what it does not implement is not mounted.
type server struct {
	op.UnimplementedServer
	provider *Provider
}

var _ op.Server = (*server)(nil)

// VerifyClient authenticates the client and refuses a grant type that the app may not use.
func (s *server) VerifyClient(ctx context.Context, r *op.Request[op.ClientCredentials]) (op.Client, error) {
	_, _, basic := (&http.Request{Header: r.Header}).BasicAuth()
	app, err := s.provider.authenticate(ctx, *r.Data, basic)
	if err != nil {
		return nil, s.provider.fail(ctx, err)
	}
	allowOrigin(ctx, app)
	grant := r.Form.Get("grant_type")
	if r.URL.Path == pathDeviceAuth {
		grant = idp.GrantTypeDeviceCode
	}
	if grant != "" && !app.AllowsGrant(grant) || grant == idp.GrantTypeClientCredentials && app.Public() {
		return nil, s.provider.fail(ctx, errUnauthorized)
	}
	return client{app}, nil
}

// CodeExchange redeems an authorization code.
func (s *server) CodeExchange(ctx context.Context, r *op.ClientRequest[oidc.AccessTokenRequest]) (*op.Response, error) {
	return s.answer(ctx)(s.provider.redeemCode(ctx, appOf(r.Client), r.Data.Code, r.Data.RedirectURI, r.Data.CodeVerifier))
}

// RefreshToken rotates a refresh token.
func (s *server) RefreshToken(ctx context.Context, r *op.ClientRequest[oidc.RefreshTokenRequest]) (*op.Response, error) {
	return s.answer(ctx)(s.provider.rotate(ctx, appOf(r.Client), r.Data.RefreshToken, r.Data.Scopes))
}

// ClientCredentialsExchange gives an app a token of its own.
func (s *server) ClientCredentialsExchange(ctx context.Context, r *op.ClientRequest[oidc.ClientCredentialsRequest]) (*op.Response, error) {
	return s.answer(ctx)(s.provider.clientCredentials(ctx, appOf(r.Client)))
}

// DeviceToken answers a device that polls.
func (s *server) DeviceToken(ctx context.Context, r *op.ClientRequest[oidc.DeviceAccessTokenRequest]) (*op.Response, error) {
	return s.answer(ctx)(s.provider.pollDevice(ctx, appOf(r.Client), r.Data.DeviceCode))
}

// DeviceAuthorization begins the device flow.
func (s *server) DeviceAuthorization(ctx context.Context, r *op.ClientRequest[oidc.DeviceAuthorizationRequest]) (*op.Response, error) {
	return s.answer(ctx)(s.provider.beginDevice(ctx, appOf(r.Client), r.Data.Scopes))
}

// Introspect tells an app what a token of its own is worth.
func (s *server) Introspect(ctx context.Context, r *op.Request[op.IntrospectionRequest]) (*op.Response, error) {
	_, _, basic := (&http.Request{Header: r.Header}).BasicAuth()
	app, err := s.provider.authenticate(ctx, *r.Data.ClientCredentials, basic)
	if err != nil {
		return nil, s.provider.fail(ctx, err)
	}
	return s.answer(ctx)(s.provider.introspect(ctx, app, r.Data.Token))
}

// UserInfo answers what an access token may know of its user.
func (s *server) UserInfo(ctx context.Context, r *op.Request[oidc.UserInfoRequest]) (*op.Response, error) {
	return s.answer(ctx)(s.provider.userinfo(ctx, r.Data.AccessToken))
}

// Revocation ends a token.
func (s *server) Revocation(ctx context.Context, r *op.ClientRequest[oidc.RevocationRequest]) (*op.Response, error) {
	if err := s.provider.revoke(ctx, appOf(r.Client), r.Data.Token); err != nil {
		return nil, s.provider.fail(ctx, err)
	}
	return op.NewResponse(nil), nil
}

func (s *server) answer(ctx context.Context) func(map[string]any, error) (*op.Response, error) {
	return func(body map[string]any, err error) (*op.Response, error) {
		if err != nil {
			return nil, s.provider.fail(ctx, err)
		}
		return op.NewResponse(body), nil
	}
}
