package provider

import (
	"context"
	"crypto/hkdf"
	"crypto/sha256"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"
	"github.com/zitadel/oidc/v3/pkg/op"

	"github.com/wolfieauth/wolfieauth/claims"
	"github.com/wolfieauth/wolfieauth/idp"
	"github.com/wolfieauth/wolfieauth/idp/keys"
	"github.com/wolfieauth/wolfieauth/internal/web"
)

// The endpoints' paths.
const (
	pathDiscovery   = "/.well-known/openid-configuration"
	pathAuth        = "/auth"
	pathCallback    = "/auth/callback"
	pathToken       = "/token" // #nosec G101 -- a path
	pathUserinfo    = "/me"
	pathJWKS        = "/jwks"
	pathIntrospect  = "/introspect"
	pathRevoke      = "/revoke"
	pathEndSession  = "/end_session"
	pathLoggedOut   = "/end_session/done"
	pathConfirm     = "/end_session/confirm"
	pathDeviceAuth  = "/device_authorization"
	pathDevicePage  = "/device"
	authRequestLife = 2 * time.Hour
	codeLife        = time.Minute
	// graveLife is how long a dead code is remembered, so that its replay is known for one.
	graveLife = 24 * time.Hour
)

// Config is what the provider must be told. Issuer and CryptoKey are required.
type Config struct {
	// Issuer is the public base, without a slash at its end. It never comes from a request.
	Issuer string
	// CryptoKey must be secret and the same on every replica; successors of refresh tokens are derived from it.
	CryptoKey [32]byte
	// Now is the real clock: token times stay real even where a demo moves the business clock.
	Now func() time.Time
	// RefreshGrace is how long a used refresh token may be sent again, for an app whose answer was lost: it
	// gets the same successor once more. Default 10 seconds; negative for none.
	RefreshGrace time.Duration
	// Logger gets what is nobody's answer. Default slog.Default().
	Logger *slog.Logger
	// AllowInsecure accepts a plain http issuer; it must be on a loopback host.
	AllowInsecure bool
}

// Apps answers the registered apps; idp.Service is one. [idp.ErrAppNotFound] for unknown and disabled ones.
type Apps interface {
	App(ctx context.Context, clientID string) (idp.App, error)
}

// Claims assembles the plans of a user in an app, in one statement.
type Claims interface {
	Assemble(ctx context.Context, userID, orgID, clientID string) (claims.Result, error)
}

// Limiter bounds attempts; internal/ratelimit.Limiter is one.
type Limiter interface {
	Allow(ctx context.Context, bucket string, limit int, window time.Duration) (ok bool, retryAfter time.Duration, err error)
}

// Deps are the rooms that the provider stands on. Limiter and Audit may be nil; everything else is required.
type Deps struct {
	Edge     *web.Edge
	Renderer *web.Renderer // the one that Edge renders with
	Store    Store
	Apps     Apps
	Keys     *keys.Keys
	Claims   Claims
	Limiter  Limiter
	Audit    idp.Auditor // records what people allow an app
}

// Provider is the OpenID provider. It is safe for concurrent use.
type Provider struct {
	cfg       Config
	deps      Deps
	refresh   []byte // derives successors of refresh tokens
	discovery []byte
	endpoints http.Handler
}

// New makes a provider; [Provider.Mount] puts it on the edge.
func New(cfg Config, deps Deps) (*Provider, error) {
	if err := cfg.complete(); err != nil {
		return nil, err
	}
	if deps.Edge == nil || deps.Renderer == nil || deps.Store == nil || deps.Apps == nil || deps.Keys == nil || deps.Claims == nil {
		return nil, errors.New("provider: a dependency is missing")
	}
	refresh, err := hkdf.Key(sha256.New, cfg.CryptoKey[:], nil, "wolfieauth refresh successors", 32)
	if err != nil {
		return nil, fmt.Errorf("derive refresh key: %w", err)
	}
	p := &Provider{cfg: cfg, deps: deps, refresh: refresh}
	if p.discovery, err = p.discoveryDocument(); err != nil {
		return nil, err
	}
	p.endpoints = p.guard(op.RegisterServer(&server{provider: p}, op.Endpoints{
		Token:               op.NewEndpoint(pathToken),
		Introspection:       op.NewEndpoint(pathIntrospect),
		Userinfo:            op.NewEndpoint(pathUserinfo),
		Revocation:          op.NewEndpoint(pathRevoke),
		DeviceAuthorization: op.NewEndpoint(pathDeviceAuth),
	}, op.WithServerCORSOptions(nil)))
	return p, nil
}

func (cfg *Config) complete() error {
	u, err := url.Parse(cfg.Issuer)
	if err != nil || u.Host == "" || strings.HasSuffix(cfg.Issuer, "/") || u.RawQuery != "" || u.Fragment != "" {
		return fmt.Errorf("provider: issuer %q must be an absolute URL without a slash at its end", cfg.Issuer)
	}
	if u.Scheme != "https" && (!cfg.AllowInsecure || u.Scheme != "http" || !idp.Loopback(u.Hostname())) {
		return fmt.Errorf("provider: issuer %q must be https", cfg.Issuer)
	}
	if cfg.CryptoKey == [32]byte{} {
		return errors.New("provider: the crypto key is missing")
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.RefreshGrace == 0 {
		cfg.RefreshGrace = 10 * time.Second
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.Default()
	}
	return nil
}

// Mount puts the endpoints on the edge. It fails when a page of the provider is missing.
func (p *Provider) Mount() error {
	if err := p.deps.Renderer.Must("logout/confirm", "logout/done"); err != nil {
		return err
	}
	raw, pages := p.deps.Edge.Raw(), p.deps.Edge.Pages()
	for _, path := range []string{pathToken, pathIntrospect, pathUserinfo, pathRevoke, pathDeviceAuth} {
		raw.Any(path, echo.WrapHandler(p.endpoints))
	}
	raw.Any(pathDiscovery, p.public(func(context.Context) ([]byte, error) { return p.discovery, nil }, "public, max-age=3600"))
	raw.Any(pathJWKS, p.public(p.deps.Keys.JWKS, fmt.Sprintf("public, max-age=%d", int(keys.MaxAge.Seconds()))))
	raw.GET(pathAuth, p.handleAuth)
	raw.POST(pathAuth, asGET)
	raw.GET(pathCallback, p.handleCallback)
	raw.GET(pathEndSession, p.handleEndSession)
	raw.POST(pathEndSession, asGET)
	pages.POST(pathConfirm, p.handleConfirmLogout)
	pages.GET(pathLoggedOut, p.handleLoggedOut)
	return nil
}

// now is the clock in UTC, at the precision that both engines keep.
func (p *Provider) now() time.Time { return p.cfg.Now().UTC().Truncate(time.Microsecond) }

func newID() (string, error) {
	id, err := uuid.NewV7()
	if err != nil {
		return "", fmt.Errorf("make id: %w", err)
	}
	return id.String(), nil
}
