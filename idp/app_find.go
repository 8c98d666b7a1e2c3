package idp

import (
	"context"
	"fmt"
)

// AppStore keeps apps. Reads may answer from a cache that a change empties.
type AppStore interface {
	// InsertApp answers ErrSlugTaken when the client id exists.
	InsertApp(ctx context.Context, a App) error
	// UpdateApp saves every field; ErrAppNotFound.
	UpdateApp(ctx context.Context, a App) error
	// AppByID answers ErrAppNotFound; a disabled app is answered.
	AppByID(ctx context.Context, clientID string) (App, error)
	AppsOf(ctx context.Context, orgID string) ([]App, error)
}

// App answers an app that is in use: [ErrAppNotFound] when it is unknown or disabled, or when the org that owns it
// is suspended.
func (s *Service) App(ctx context.Context, clientID string) (App, error) {
	app, err := s.deps.Store.AppByID(ctx, clientID)
	if err != nil {
		return App{}, err
	}
	if app.DisabledAt != nil {
		return App{}, fmt.Errorf("app %s is disabled: %w", clientID, ErrAppNotFound)
	}
	if app.OwnerSuspended {
		return App{}, fmt.Errorf("owner of app %s is suspended: %w", clientID, ErrAppNotFound)
	}
	return app, nil
}

// Apps lists an org's apps by slug, disabled ones too.
func (s *Service) Apps(ctx context.Context, orgID string) ([]App, error) {
	return s.deps.Store.AppsOf(ctx, orgID)
}
