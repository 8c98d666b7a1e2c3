package store

import (
	"context"
	"fmt"
	"strings"
	"time"

	"gorm.io/gorm"

	"github.com/wolfieauth/wolfieauth/idp"
	"github.com/wolfieauth/wolfieauth/internal/db"
)

// page narrows q to what follows a key and holds a searched text in one of the columns.
func page(q *gorm.DB, f idp.DirectoryFilter, key string, columns ...string) *gorm.DB {
	if f.Search != "" {
		var match []string
		var args []any
		for _, column := range columns {
			match = append(match, "LOWER("+column+") LIKE ? ESCAPE '\\'", column+" LIKE ? ESCAPE '\\'")
			args = append(args, contains(f.Search), like(titled(f.Search)))
		}
		q = q.Where("("+strings.Join(match, " OR ")+")", args...)
	}
	if f.After != "" {
		q = q.Where(key+" > ?", f.After)
	}
	return q.Order(key).Limit(max(f.Limit, 1) + 1)
}

// ListOrgs implements [idp.DirectoryStore]. The counts are taken of the page alone.
func (s *Store) ListOrgs(ctx context.Context, f idp.DirectoryFilter) (list []idp.ListedOrg, err error) {
	q := s.db.Conn(ctx).Table("orgs o")
	if !f.Personal {
		q = q.Where("o.personal_user_id IS NULL")
	}
	err = page(q.Select(`o.*,
		(SELECT COUNT(*) FROM oidc_clients a WHERE a.org_id = o.id) AS apps,
		(SELECT COUNT(*) FROM memberships m WHERE m.org_id = o.id AND m.removed_at IS NULL) AS members`), f, "o.slug", "o.slug", "o.name").
		Scan(&list).Error
	return list, db.Err("list orgs", err)
}

// ListApps implements [idp.DirectoryStore].
func (s *Store) ListApps(ctx context.Context, f idp.DirectoryFilter) (list []idp.ListedApp, err error) {
	err = page(s.db.Conn(ctx).Table("oidc_clients a").Select(`a.client_id, a.org_id, a.slug, a.name, a.kind, a.auth_method, a.disabled_at, a.created_at, a.updated_at,
		o.slug AS org_slug, o.name AS org_name, o.suspended_at IS NOT NULL AS org_suspended`).Joins("JOIN orgs o ON o.id = a.org_id"), f, "a.client_id", "a.client_id", "a.name").
		Scan(&list).Error
	return list, db.Err("list apps", err)
}

// ListUsers implements [idp.DirectoryStore].
func (s *Store) ListUsers(ctx context.Context, f idp.DirectoryFilter) (list []idp.User, err error) {
	err = page(s.db.Conn(ctx).Table("users u").Select(`u.id, u.email, u.email_normal, u.email_verified_at, u.name, u.locale, u.disabled_at, u.created_at, u.updated_at`),
		f, "u.email_normal", "u.email_normal", "u.name").Scan(&list).Error
	return list, db.Err("list users", err)
}

// OrgsOfUsers implements [idp.DirectoryStore].
func (s *Store) OrgsOfUsers(ctx context.Context, userIDs []string) (list []idp.UserOrg, err error) {
	err = s.db.Conn(ctx).Raw(`SELECT m.user_id, o.slug, o.name, m.role, o.personal_user_id IS NOT NULL AS personal, o.suspended_at IS NOT NULL AS suspended
		FROM memberships m JOIN orgs o ON o.id = m.org_id WHERE m.user_id IN ? AND m.removed_at IS NULL
		ORDER BY m.user_id, CASE WHEN o.personal_user_id IS NULL THEN 1 ELSE 0 END, o.name, o.id`, userIDs).Scan(&list).Error
	return list, db.Err("list orgs of people", err)
}

// SetUserDisabled implements [idp.DirectoryStore].
func (s *Store) SetUserDisabled(ctx context.Context, userID string, at *time.Time, now time.Time) error {
	res := s.db.Conn(ctx).Exec("UPDATE users SET disabled_at = ?, updated_at = ? WHERE id = ?", at, now, userID)
	if res.Error == nil && res.RowsAffected == 0 {
		return fmt.Errorf("disable user: %w", idp.ErrUserNotFound)
	}
	return db.Err("disable user", res.Error)
}

// UpdateBundle implements [idp.BundleStore].
func (s *Store) UpdateBundle(ctx context.Context, b idp.Bundle, expected time.Time, join, leave []string) error {
	res := s.db.Conn(ctx).Exec("UPDATE app_bundles SET name = ?, updated_at = ? WHERE id = ? AND updated_at = ?", b.Name, b.UpdatedAt, b.ID, expected)
	if res.Error == nil && res.RowsAffected == 0 {
		return fmt.Errorf("update bundle: %w", idp.ErrBundleChanged)
	}
	if res.Error != nil {
		return db.Err("update bundle", res.Error)
	}
	if len(leave) > 0 {
		if err := s.db.Conn(ctx).Exec("DELETE FROM bundle_apps WHERE bundle_id = ? AND client_id IN ?", b.ID, leave).Error; err != nil {
			return db.Err("take apps out of bundle", err)
		}
	}
	for _, id := range join {
		row := idp.BundleApp{BundleID: b.ID, ClientID: id}
		if err := translate("put app into bundle", s.db.Conn(ctx).Create(&row).Error, db.ErrForeignKey, idp.ErrAppNotFound); err != nil {
			return err
		}
	}
	return s.appsChanged(ctx)
}
