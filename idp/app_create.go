package idp

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"

	"github.com/wolfieauth/wolfieauth/internal/secret"
)

// Errors of making and changing apps.
var (
	// ErrAppInvalid means that kind, authentication, grants, scopes or algorithm do not fit together.
	ErrAppInvalid = errors.New("app invalid")
	// ErrAppPublic means that the client keeps no secret.
	ErrAppPublic = errors.New("app has no secret")
)

// CreateApp is what a new app needs. Empty fields take the kind's defaults.
type CreateApp struct {
	OrgID                  string
	Slug                   string // "" is made from the name
	Name                   string
	Description            string
	Color                  string // "#rrggbb" or ""
	Kind                   AppKind
	AuthMethod             AuthMethod // "" is basic for web and machine, none for browser and native
	RedirectURIs           []string
	PostLogoutRedirectURIs []string
	GrantTypes             []string // nil: what the kind can use
	Scopes                 []string // nil: all that we know
	AccessTokenType        AccessTokenType
	SigningAlg             string
	JWKS                   string // for private_key_jwt
	Trusted                bool   // skips consent
	// Secret fixes the client secret, for the demo; "" makes a random one.
	Secret string
	// Lifetimes in seconds; 0 takes the house's.
	AccessTokenSeconds, IDTokenSeconds, RefreshTokenSeconds int64
}

// The grants and scopes that an app can be allowed.
var (
	userGrants = []string{"authorization_code", "refresh_token"}
	userScopes = []string{"openid", "profile", "email", "org", "offline_access"}
)

const (
	grantDevice            = "urn:ietf:params:oauth:grant-type:device_code"
	grantClientCredentials = "client_credentials"
)

var colorForm = regexp.MustCompile(`^#[0-9a-f]{6}$`)

// CreateApp registers an app and answers it with its secret in plain, which is never to be had again ("" for
// clients that keep none). The client id is `<orgSlug>-<appSlug>`; [ErrSlugTaken] when it exists or is
// reserved, [ErrSlugInvalid], [ErrOrgNotFound], [ErrRedirectInvalid], [ErrAppInvalid].
func (s *Service) CreateApp(ctx context.Context, in CreateApp) (App, string, error) {
	app, err := s.newApp(in)
	if err != nil {
		return App{}, "", err
	}
	plain := in.Secret
	if !keepsSecret(app.AuthMethod) {
		plain = ""
	} else if plain == "" {
		plain = secret.Token()
	}
	if plain != "" {
		app.SecretHash = secret.Hash(plain)
	}
	err = s.deps.Tx.InTx(ctx, func(ctx context.Context) error {
		org, err := s.deps.Store.OrgByID(ctx, in.OrgID)
		if err != nil {
			return err
		}
		if app.ClientID, err = clientID(org, app.Slug); err != nil {
			return err
		}
		if err := s.deps.Store.InsertApp(ctx, app); err != nil {
			return err
		}
		return s.record(ctx, change{OrgID: org.ID, Action: "app.created", Kind: "app", ID: app.ClientID, After: app})
	})
	if err != nil {
		return App{}, "", fmt.Errorf("create app: %w", err)
	}
	return app, plain, nil
}

// clientID joins the slugs. The platform's own self-client has the one reserved id, and nobody else can come
// by it: org "wolfieauth" with app "platform" would make the same text.
func clientID(org Org, appSlug string) (string, error) {
	if org.PlatformOwner && appSlug == "platform" {
		return PlatformClientID, nil
	}
	id := org.Slug + "-" + appSlug
	if id == PlatformClientID {
		return "", fmt.Errorf("client id %q is reserved: %w", id, ErrSlugTaken)
	}
	return id, nil
}

func (s *Service) newApp(in CreateApp) (App, error) {
	slug, err := chosenSlug(in.Slug, in.Name)
	if err != nil {
		return App{}, err
	}
	now := s.now()
	app := App{
		OrgID: in.OrgID, Slug: slug, Name: cleanName(in.Name), Description: in.Description, Color: in.Color,
		Kind: in.Kind, AuthMethod: in.AuthMethod, JWKS: in.JWKS, RedirectURIs: in.RedirectURIs,
		PostLogoutRedirectURIs: in.PostLogoutRedirectURIs, GrantTypes: in.GrantTypes, Scopes: in.Scopes,
		AccessTokenType: in.AccessTokenType, SigningAlg: in.SigningAlg, Trusted: in.Trusted,
		AccessTokenSeconds: in.AccessTokenSeconds, IDTokenSeconds: in.IDTokenSeconds,
		RefreshTokenSeconds: in.RefreshTokenSeconds, IDTokenUserinfo: true, CreatedAt: now, UpdatedAt: now,
	}
	if app.Name == "" {
		app.Name = slug
	}
	app = withDefaults(app)
	if err := app.check(); err != nil {
		return App{}, err
	}
	return app, nil
}

// withDefaults fills what was left empty by what the kind can use.
func withDefaults(a App) App {
	if a.Kind == "" {
		a.Kind = AppWeb
	}
	public := a.Kind == AppBrowser || a.Kind == AppNative
	if a.AuthMethod == "" {
		a.AuthMethod = AuthBasic
		if public {
			a.AuthMethod = AuthNone
		}
	}
	if a.AccessTokenType == "" {
		a.AccessTokenType = AccessTokenOpaque
	}
	if a.SigningAlg == "" {
		a.SigningAlg = "RS256"
	}
	if a.GrantTypes == nil {
		a.GrantTypes = defaultGrants(a.Kind)
	}
	if a.Scopes == nil && a.Kind != AppMachine {
		a.Scopes = slices.Clone(userScopes)
	}
	for field, fallback := range map[*int64]int64{&a.AccessTokenSeconds: 300, &a.IDTokenSeconds: 300, &a.RefreshTokenSeconds: 30 * 24 * 3600} {
		if *field == 0 {
			*field = fallback
		}
	}
	return a
}

func defaultGrants(kind AppKind) []string {
	switch kind {
	case AppMachine:
		return []string{grantClientCredentials}
	case AppNative:
		return append(slices.Clone(userGrants), grantDevice)
	default:
		return slices.Clone(userGrants)
	}
}

// check refuses what cannot work or would be unsafe.
func (a App) check() error {
	known := []string{"authorization_code", "refresh_token", grantDevice, grantClientCredentials}
	switch {
	case !slices.Contains([]AppKind{AppWeb, AppBrowser, AppNative, AppMachine}, a.Kind):
		return fmt.Errorf("kind %q: %w", a.Kind, ErrAppInvalid)
	case !slices.Contains([]AuthMethod{AuthBasic, AuthPost, AuthPrivateKeyJWT, AuthNone}, a.AuthMethod):
		return fmt.Errorf("authentication %q: %w", a.AuthMethod, ErrAppInvalid)
	case a.Kind == AppBrowser && a.AuthMethod != AuthNone:
		return fmt.Errorf("a browser app keeps no secret: %w", ErrAppInvalid)
	case a.Kind == AppMachine && a.AuthMethod == AuthNone:
		return fmt.Errorf("a machine must authenticate: %w", ErrAppInvalid)
	case a.AuthMethod == AuthNone && slices.Contains(a.GrantTypes, grantClientCredentials):
		return fmt.Errorf("client credentials without credentials: %w", ErrAppInvalid)
	case a.AuthMethod == AuthPrivateKeyJWT && a.JWKS == "":
		return fmt.Errorf("private_key_jwt without keys: %w", ErrAppInvalid)
	case !slices.Contains([]AccessTokenType{AccessTokenOpaque, AccessTokenJWT}, a.AccessTokenType):
		return fmt.Errorf("access token type %q: %w", a.AccessTokenType, ErrAppInvalid)
	case !slices.Contains([]string{"RS256", "ES256", "EdDSA"}, a.SigningAlg):
		return fmt.Errorf("signing algorithm %q: %w", a.SigningAlg, ErrAppInvalid)
	case a.Color != "" && !colorForm.MatchString(a.Color):
		return fmt.Errorf("color %q: %w", a.Color, ErrAppInvalid)
	case a.AccessTokenSeconds < 0 || a.IDTokenSeconds < 0 || a.RefreshTokenSeconds < 0:
		return fmt.Errorf("negative lifetime: %w", ErrAppInvalid)
	}
	for _, g := range a.GrantTypes {
		if !slices.Contains(known, g) {
			return fmt.Errorf("grant %q: %w", g, ErrAppInvalid)
		}
	}
	for _, uri := range slices.Concat(a.RedirectURIs, a.PostLogoutRedirectURIs) {
		if err := CheckRedirectURI(a.Kind, uri); err != nil {
			return err
		}
	}
	return nil
}

func keepsSecret(m AuthMethod) bool { return m == AuthBasic || m == AuthPost }
