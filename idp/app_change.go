package idp

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/wolfieauth/wolfieauth/internal/secret"
)

// AddRedirectURI registers one more redirect URI; one that is registered already changes nothing.
// [ErrAppNotFound], [ErrRedirectInvalid].
func (s *Service) AddRedirectURI(ctx context.Context, clientID, uri string) error {
	return s.changeApp(ctx, clientID, "app.redirect_uri_added", func(app *App) (bool, error) {
		if err := CheckRedirectURI(app.Kind, uri); err != nil {
			return false, err
		}
		if slices.Contains(app.RedirectURIs, uri) {
			return false, nil
		}
		app.RedirectURIs = append(slices.Clone(app.RedirectURIs), uri)
		return true, nil
	})
}

// AddPostLogoutRedirectURI registers one more address to go to after logout, by the same rules.
func (s *Service) AddPostLogoutRedirectURI(ctx context.Context, clientID, uri string) error {
	return s.changeApp(ctx, clientID, "app.post_logout_redirect_uri_added", func(app *App) (bool, error) {
		if err := CheckRedirectURI(app.Kind, uri); err != nil {
			return false, err
		}
		if slices.Contains(app.PostLogoutRedirectURIs, uri) {
			return false, nil
		}
		app.PostLogoutRedirectURIs = append(slices.Clone(app.PostLogoutRedirectURIs), uri)
		return true, nil
	})
}

// RotateSecret replaces the client secret and answers the new one in plain; the old one stops working at
// once. [ErrAppNotFound], [ErrAppPublic].
func (s *Service) RotateSecret(ctx context.Context, clientID string) (string, error) {
	plain := secret.Token()
	err := s.changeApp(ctx, clientID, "app.secret_rotated", func(app *App) (bool, error) {
		if !keepsSecret(app.AuthMethod) {
			return false, fmt.Errorf("rotate secret of %s: %w", clientID, ErrAppPublic)
		}
		app.SecretHash = secret.Hash(plain)
		return true, nil
	})
	if err != nil {
		return "", err
	}
	return plain, nil
}

// changeApp loads, lets edit decide whether anything changes, saves and records.
func (s *Service) changeApp(ctx context.Context, clientID, action string, edit func(*App) (changed bool, err error)) error {
	return s.deps.Tx.InTx(ctx, func(ctx context.Context) error {
		before, err := s.lockedApp(ctx, clientID)
		if err != nil {
			return err
		}
		after := before
		changed, err := edit(&after)
		if err != nil || !changed {
			return err
		}
		after.UpdatedAt = later(s.now(), before.UpdatedAt)
		if err := s.deps.Store.UpdateApp(ctx, after); err != nil {
			return err
		}
		return s.record(ctx, change{OrgID: after.OrgID, Action: action, Kind: "app", ID: clientID, Before: before, After: after})
	})
}

// lockedApp answers an app as it is once changes of the same org's apps wait for each other.
func (s *Service) lockedApp(ctx context.Context, clientID string) (App, error) {
	app, err := s.deps.Store.AppByID(ctx, clientID)
	if err != nil {
		return App{}, err
	}
	if _, err := s.deps.Store.LockOrg(ctx, app.OrgID); err != nil {
		return App{}, err
	}
	return s.deps.Store.AppByID(ctx, clientID)
}

// later answers now, or the next moment after before where the clock has not moved: two states of one thing never
// bear the same stamp.
func later(now, before time.Time) time.Time {
	if now.After(before) {
		return now
	}
	return before.Add(time.Microsecond)
}
