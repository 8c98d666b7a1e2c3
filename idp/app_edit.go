package idp

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/wolfieauth/wolfieauth/internal/secret"
)

// ErrAppChanged means that an app was changed since its settings were read.
var ErrAppChanged = errors.New("app was changed meanwhile")

// AppEdit is every setting of an app that may change: client id, slug, kind and owner never do.
type AppEdit struct {
	ClientID string
	// Expected is the App.UpdatedAt that the person saw.
	Expected time.Time

	Name, Description, Color             string // Color is "#rrggbb" or ""
	RedirectURIs, PostLogoutRedirectURIs []string
	GrantTypes, Scopes                   []string
	AuthMethod                           AuthMethod
	JWKS                                 string // public keys, for private_key_jwt
	AccessTokenType                      AccessTokenType
	SigningAlg                           string
	Trusted, IDTokenUserinfo             bool
	// Lifetimes.
	AccessTokenSeconds, IDTokenSeconds, RefreshTokenSeconds int64
}

// Edit answers the app's settings as they are, for a form to begin with.
func (a App) Edit() AppEdit {
	return AppEdit{
		ClientID: a.ClientID, Expected: a.UpdatedAt, Name: a.Name, Description: a.Description, Color: a.Color,
		RedirectURIs: a.RedirectURIs, PostLogoutRedirectURIs: a.PostLogoutRedirectURIs, GrantTypes: a.GrantTypes, Scopes: a.Scopes,
		AuthMethod: a.AuthMethod, JWKS: a.JWKS, AccessTokenType: a.AccessTokenType, SigningAlg: a.SigningAlg, Trusted: a.Trusted,
		IDTokenUserinfo: a.IDTokenUserinfo, AccessTokenSeconds: a.AccessTokenSeconds, IDTokenSeconds: a.IDTokenSeconds,
		RefreshTokenSeconds: a.RefreshTokenSeconds,
	}
}

func (in AppEdit) onto(a App) App {
	a.Name, a.Description, a.Color = cleanName(in.Name), strings.TrimSpace(in.Description), strings.ToLower(in.Color)
	a.RedirectURIs, a.PostLogoutRedirectURIs = in.RedirectURIs, in.PostLogoutRedirectURIs
	a.GrantTypes, a.Scopes = in.GrantTypes, in.Scopes
	a.AuthMethod, a.JWKS = in.AuthMethod, strings.TrimSpace(in.JWKS)
	a.AccessTokenType, a.SigningAlg = in.AccessTokenType, in.SigningAlg
	a.Trusted, a.IDTokenUserinfo = in.Trusted, in.IDTokenUserinfo
	a.AccessTokenSeconds, a.IDTokenSeconds, a.RefreshTokenSeconds = in.AccessTokenSeconds, in.IDTokenSeconds, in.RefreshTokenSeconds
	return a
}

// Mistakes answers everything that is wrong with the settings for an app, nil for nothing; [Service.UpdateApp] refuses
// the same.
func (in AppEdit) Mistakes(a App) AppErrors { return in.onto(a).mistakes() }

// UpdateApp saves settings that fit together, or none of them. An app that comes to keep a secret by it gets one,
// answered in plain and never to be had again; one that no longer keeps a secret loses it. [AppErrors],
// [ErrAppChanged], [ErrAppNotFound] (a disabled app can be changed).
func (s *Service) UpdateApp(ctx context.Context, in AppEdit) (app App, plain string, err error) {
	fresh := secret.Token()
	err = s.changeApp(ctx, in.ClientID, "app.updated", func(a *App) (bool, error) {
		plain = ""
		if !a.UpdatedAt.Equal(in.Expected) {
			return false, fmt.Errorf("update app %s: %w", in.ClientID, ErrAppChanged)
		}
		before := *a
		*a = in.onto(before)
		if found := a.mistakes(); len(found) > 0 {
			return false, fmt.Errorf("update app %s: %w", in.ClientID, found)
		}
		switch {
		case !keepsSecret(a.AuthMethod):
			a.SecretHash = ""
		case !keepsSecret(before.AuthMethod) || before.SecretHash == "":
			plain, a.SecretHash = fresh, secret.Hash(fresh)
		}
		app = *a
		return !before.sameSettings(*a), nil
	})
	if err != nil {
		return App{}, "", err
	}
	return app, plain, nil
}

// sameSettings compares what [Service.UpdateApp] can change.
func (a App) sameSettings(b App) bool {
	lists := [][2][]string{
		{a.RedirectURIs, b.RedirectURIs},
		{a.PostLogoutRedirectURIs, b.PostLogoutRedirectURIs},
		{a.GrantTypes, b.GrantTypes},
		{a.Scopes, b.Scopes},
	}
	for _, l := range lists {
		if !slices.Equal(l[0], l[1]) {
			return false
		}
	}
	x, y := a.Edit(), b.Edit()
	return a.SecretHash == b.SecretHash && x.Name == y.Name && x.Description == y.Description && x.Color == y.Color && x.AuthMethod == y.AuthMethod &&
		x.JWKS == y.JWKS && x.AccessTokenType == y.AccessTokenType && x.SigningAlg == y.SigningAlg && x.Trusted == y.Trusted &&
		x.IDTokenUserinfo == y.IDTokenUserinfo && x.AccessTokenSeconds == y.AccessTokenSeconds && x.IDTokenSeconds == y.IDTokenSeconds &&
		x.RefreshTokenSeconds == y.RefreshTokenSeconds
}

// AnyApp answers an app, a disabled one too: [ErrAppNotFound].
func (s *Service) AnyApp(ctx context.Context, clientID string) (App, error) {
	return s.deps.Store.AppByID(ctx, clientID)
}

// DisableApp stops an app: nobody signs in to it any more, and what it was granted is worth nothing, at once. One
// that is disabled already stays as it is. [ErrAppNotFound], [ErrAppPlatform].
func (s *Service) DisableApp(ctx context.Context, clientID string) error {
	return s.changeApp(ctx, clientID, "app.disabled", func(a *App) (bool, error) {
		if clientID == PlatformClientID {
			return false, fmt.Errorf("disable %s: %w", clientID, ErrAppPlatform)
		}
		if a.DisabledAt != nil {
			return false, nil
		}
		now := s.now()
		a.DisabledAt = &now
		return true, nil
	})
}

// ErrAppPlatform means that the platform's own client stays in use.
var ErrAppPlatform = errors.New("the platform's own app")

// EnableApp brings a disabled app back, with what it was granted before as far as that has not run out:
// [ErrAppNotFound].
func (s *Service) EnableApp(ctx context.Context, clientID string) error {
	return s.changeApp(ctx, clientID, "app.enabled", func(a *App) (bool, error) {
		if a.DisabledAt == nil {
			return false, nil
		}
		a.DisabledAt = nil
		return true, nil
	})
}
