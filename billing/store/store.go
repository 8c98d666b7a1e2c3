// Package store keeps the tables of billing. It implements [billing.Store] on either engine.
//
// Every method runs on the transaction of its context, if there is one. A change that depends on the state of
// a row is one conditional statement, and the number of rows that it met is its answer.
package store

import (
	"errors"
	"fmt"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"github.com/wolfieauth/wolfieauth/billing"
	"github.com/wolfieauth/wolfieauth/internal/db"
)

// Store reads and writes on one database. It is safe for concurrent use.
type Store struct {
	db *db.DB
}

var _ billing.Store = (*Store)(nil)

// New answers a store on d, which must be migrated.
func New(d *db.DB) *Store { return &Store{db: d} }

// fail translates an error; a missing row becomes missing, a row that exists already [billing.ErrRace].
func fail(what string, err, missing error) error {
	err = db.Err(what, err)
	switch {
	case err == nil:
		return nil
	case missing != nil && errors.Is(err, db.ErrNotFound):
		return fmt.Errorf("%s: %w", what, missing)
	case errors.Is(err, db.ErrDuplicate):
		return fmt.Errorf("%w: %w", billing.ErrRace, err)
	default:
		return err
	}
}

// exact writes rows with the moments that they hold: gorm would stamp updated_at by the machine's clock, and the
// house runs on the injected one.
func exact(conn *gorm.DB) *gorm.DB { return conn.Session(&gorm.Session{SkipHooks: true}) }

// unlessThere is an insert that leaves a row that exists already alone, whichever constraint says so.
func unlessThere(conn *gorm.DB) *gorm.DB {
	return conn.Clauses(clause.OnConflict{DoNothing: true})
}
