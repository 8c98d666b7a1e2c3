package store

import (
	"context"
	"fmt"

	"github.com/wolfieauth/wolfieauth/idp"
	"github.com/wolfieauth/wolfieauth/internal/db"
)

// InsertApp implements [idp.AppStore].
func (s *Store) InsertApp(ctx context.Context, a idp.App) error {
	if err := s.insert(ctx, "insert app", &a, idp.ErrSlugTaken); err != nil {
		return err
	}
	return s.appsChanged(ctx)
}

// UpdateApp implements [idp.AppStore].
func (s *Store) UpdateApp(ctx context.Context, a idp.App) error {
	if err := s.save(ctx, "update app", &a, idp.ErrAppNotFound); err != nil {
		return err
	}
	return s.appsChanged(ctx)
}

func (s *Store) appsChanged(ctx context.Context) error {
	if s.versions == nil {
		return nil
	}
	return s.versions.Bump(ctx, idp.VersionApps)
}

// AppByID implements [idp.AppStore]. Inside a transaction it reads the database, because what a transaction
// has written and may yet take back must not be kept.
func (s *Store) AppByID(ctx context.Context, clientID string) (idp.App, error) {
	if _, inTx := s.db.SQLTx(ctx); inTx || s.apps == nil {
		return s.loadApp(ctx, clientID)
	}
	return s.apps.Load(ctx, clientID)
}

func (s *Store) loadApp(ctx context.Context, clientID string) (a idp.App, err error) {
	err = s.db.Conn(ctx).Select("oidc_clients.*, o.suspended_at IS NOT NULL AS owner_suspended").
		Joins("JOIN orgs o ON o.id = oidc_clients.org_id").Where("client_id = ?", clientID).Take(&a).Error
	return a, translate("find app", err, db.ErrNotFound, idp.ErrAppNotFound)
}

// AppsOf implements [idp.AppStore].
func (s *Store) AppsOf(ctx context.Context, orgID string) (apps []idp.App, err error) {
	err = s.db.Conn(ctx).Where("org_id = ?", orgID).Order("slug, client_id").Find(&apps).Error
	return apps, db.Err("list apps", err)
}

// InsertBundle implements [idp.BundleStore].
func (s *Store) InsertBundle(ctx context.Context, b idp.Bundle, clientIDs []string) error {
	if err := s.insert(ctx, "insert bundle", &b, idp.ErrSlugTaken); err != nil {
		return err
	}
	for _, id := range clientIDs {
		row := idp.BundleApp{BundleID: b.ID, ClientID: id}
		if err := translate("insert bundle app", s.db.Conn(ctx).Create(&row).Error, db.ErrForeignKey, idp.ErrAppNotFound); err != nil {
			return fmt.Errorf("app %s: %w", id, err)
		}
	}
	return nil
}

// BundleByID implements [idp.BundleStore].
func (s *Store) BundleByID(ctx context.Context, id string) (b idp.Bundle, err error) {
	err = s.db.Conn(ctx).Where("id = ?", id).Take(&b).Error
	return b, translate("find bundle", err, db.ErrNotFound, idp.ErrBundleNotFound)
}

// BundlesOf implements [idp.BundleStore].
func (s *Store) BundlesOf(ctx context.Context, orgID string) (bundles []idp.Bundle, err error) {
	err = s.db.Conn(ctx).Where("org_id = ?", orgID).Order("slug").Find(&bundles).Error
	return bundles, db.Err("list bundles", err)
}

// BundleApps implements [idp.BundleStore].
func (s *Store) BundleApps(ctx context.Context, bundleID string) (apps []idp.App, err error) {
	err = s.db.Conn(ctx).Where("client_id IN (SELECT client_id FROM bundle_apps WHERE bundle_id = ?)", bundleID).
		Order("client_id").Find(&apps).Error
	return apps, db.Err("list bundle apps", err)
}

// BundlesHolding implements [idp.BundleStore].
func (s *Store) BundlesHolding(ctx context.Context, clientID string) (bundles []idp.Bundle, err error) {
	err = s.db.Conn(ctx).Where("id IN (SELECT bundle_id FROM bundle_apps WHERE client_id = ?)", clientID).
		Order("slug").Find(&bundles).Error
	return bundles, db.Err("list bundles", err)
}
