// Package store keeps the identity wing's tables: users, orgs, memberships, apps, bundles and one-time tokens.
// Every statement runs in the transaction that the context carries, and every error that a rule of the wing
// speaks of is answered as that rule's own.
package store

import (
	"context"
	"errors"
	"fmt"

	"github.com/wolfieauth/wolfieauth/idp"
	"github.com/wolfieauth/wolfieauth/internal/db"
)

// maxCachedApps bounds the apps kept in the process.
const maxCachedApps = 4096

// Store implements [idp.Store].
type Store struct {
	db       *db.DB
	versions *db.Versions
	apps     *db.Cached[string, idp.App]
}

var _ idp.Store = (*Store)(nil)

// New makes a store on d. With versions, apps are kept in the process and forgotten when any replica changes
// one; nil keeps nothing.
func New(d *db.DB, versions *db.Versions) *Store {
	s := &Store{db: d, versions: versions}
	if versions != nil {
		s.apps = db.NewCached(maxCachedApps, s.loadApp)
		versions.On(idp.VersionApps, s.apps.Forget)
	}
	return s
}

// translate answers the wing's sentinel in place of the database's, the chain kept for the log.
func translate(what string, err error, from, to error) error {
	err = db.Err(what, err)
	if errors.Is(err, from) {
		return fmt.Errorf("%w: %w", to, err)
	}
	return err
}

func (s *Store) insert(ctx context.Context, what string, row any, duplicate error) error {
	return translate(what, s.db.Conn(ctx).Create(row).Error, db.ErrDuplicate, duplicate)
}

// save updates every column of row by its primary key, without the times that gorm would set by the real clock.
// Columns that other changes own are left out.
func (s *Store) save(ctx context.Context, what string, row any, missing error, others ...string) error {
	res := s.db.Conn(ctx).Model(row).Select("*").Omit(others...).UpdateColumns(row)
	if res.Error == nil && res.RowsAffected == 0 {
		return fmt.Errorf("%s: %w", what, missing)
	}
	return db.Err(what, res.Error)
}
