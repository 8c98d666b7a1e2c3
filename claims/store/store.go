// Package store keeps comps and loads, in one statement, all that the rule of
// package claims needs to decide what a user holds in an app.
//
// That statement is the one place that reads across both wings: memberships,
// apps and bundles on one side, plans and subscriptions on the other. It only
// ever reads there.
package store

import (
	"strings"

	"github.com/wolfieauth/wolfieauth/internal/db"
)

// Store reads and writes on one database. It is safe for concurrent use.
type Store struct {
	db      *db.DB
	loadSQL string
	pastSQL string
}

// New answers a store on d, which must be migrated.
func New(d *db.DB) *Store {
	return &Store{db: d, pastSQL: pastSQL(), loadSQL: strings.ReplaceAll(loadSQL, "@plan_features", featuresSQL[d.Dialect()])}
}
