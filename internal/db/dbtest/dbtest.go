// Package dbtest gives every test a migrated database of its own, on SQLite always and on PostgreSQL from a
// private cluster that the first test of a run starts and later packages of the run share.
package dbtest

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/google/uuid"

	"github.com/wolfieauth/wolfieauth/internal/db"
)

// Each runs test once for each engine, in parallel, each with a fresh migrated database.
//
// Without PostgreSQL binaries the SQLite half runs and the other half says aloud that it did not; with
// CI=true it fails instead.
func Each(t *testing.T, test func(t *testing.T, d *db.DB)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		test(t, SQLite(t))
	})
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		if dsn := PostgresDSN(t); dsn != "" {
			test(t, open(t, dsn))
		}
	})
}

// EachDSN is [Each] for tests that open the database themselves: it hands out the name of an empty,
// unmigrated database.
func EachDSN(t *testing.T, test func(t *testing.T, dsn string)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		test(t, SQLiteDSN(t))
	})
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		if dsn := EmptyPostgresDSN(t); dsn != "" {
			test(t, dsn)
		}
	})
}

// SQLiteDSN names a file of the test's own that does not exist yet.
func SQLiteDSN(t *testing.T) string {
	t.Helper()
	return filepath.Join(t.TempDir(), "wolfieauth.db")
}

var sqliteTemplate = sync.OnceValues(func() ([]byte, error) {
	dir, err := os.MkdirTemp("", "wolfieauth-template-*")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "template.db")
	d, err := db.Open(context.Background(), path)
	if err != nil {
		return nil, err
	}
	if err := d.Migrate(context.Background()); err != nil {
		return nil, errors.Join(err, d.Close())
	}
	// Without the checkpoint the schema would still lie in the write-ahead log.
	if _, err := d.SQL().Exec("PRAGMA wal_checkpoint(TRUNCATE)"); err != nil {
		return nil, errors.Join(err, d.Close())
	}
	if err := d.Close(); err != nil {
		return nil, err
	}
	return os.ReadFile(path)
})

// SQLite opens a fresh migrated SQLite database, copied from one that was migrated once.
func SQLite(t *testing.T) *db.DB {
	t.Helper()
	template, err := sqliteTemplate()
	if err != nil {
		t.Fatalf("make the SQLite template: %v", err)
	}
	dsn := SQLiteDSN(t)
	if err := os.WriteFile(dsn, template, 0o600); err != nil {
		t.Fatal(err)
	}
	return open(t, dsn)
}

func open(t *testing.T, dsn string) *db.DB {
	t.Helper()
	d, err := db.Open(t.Context(), dsn)
	if err != nil {
		t.Fatalf("open %s: %v", dsn, err)
	}
	t.Cleanup(func() { _ = d.Close() })
	return d
}

// PostgresDSN names a fresh migrated PostgreSQL database, or "" when there is none to be had outside CI.
func PostgresDSN(t *testing.T) string {
	t.Helper()
	return createDatabase(t, templateName)
}

// EmptyPostgresDSN names a fresh PostgreSQL database without a schema, or "" as [PostgresDSN].
func EmptyPostgresDSN(t *testing.T) string {
	t.Helper()
	return createDatabase(t, "template0")
}

const missing = "PostgreSQL tests did NOT run: %v"

func createDatabase(t *testing.T, template string) string {
	t.Helper()
	admin, err := cluster()
	if err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatalf(missing, err)
		}
		fmt.Fprintf(os.Stderr, missing+"\n", err)
		t.Logf(missing, err)
		return ""
	}
	name := "t_" + strings.ReplaceAll(uuid.NewString(), "-", "")
	if err := execAdmin(admin, fmt.Sprintf("CREATE DATABASE %s TEMPLATE %s", name, template)); err != nil {
		t.Fatalf("create database: %v", err)
	}
	t.Cleanup(func() {
		if err := execAdmin(admin, "DROP DATABASE "+name+" WITH (FORCE)"); err != nil {
			t.Logf("drop database: %v", err)
		}
	})
	return withDatabase(admin, name)
}

func withDatabase(admin, name string) string {
	u, err := url.Parse(admin)
	if err != nil {
		panic(err) // admin was made by this package, or by the person who runs the tests
	}
	u.Path = "/" + name
	return u.String()
}

func execAdmin(admin, statement string) error {
	pool, err := sql.Open("pgx", admin)
	if err != nil {
		return err
	}
	defer pool.Close()
	_, err = pool.Exec(statement)
	return err
}
