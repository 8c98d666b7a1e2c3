// Package db opens the one database of a WolfieAuth process, SQLite or PostgreSQL, and carries
// transactions in the context so that one transaction can span the stores of two wings.
//
// Stores call [DB.Conn] for every statement; it answers the transaction that [DB.InTx] put into the
// context, or the pool. Nobody above the stores sees gorm.
package db

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"gorm.io/driver/postgres"
	"gorm.io/gorm"
)

// Dialect names the database engine behind a [DB].
type Dialect string

// The two engines that the house supports.
const (
	SQLite   Dialect = "sqlite"
	Postgres Dialect = "postgres"
)

// Sentinels that the stores translate into their domain's own errors.
var (
	// ErrNotFound means that no row matched.
	ErrNotFound = errors.New("no such row")
	// ErrDuplicate means that a unique constraint refused the row.
	ErrDuplicate = errors.New("row exists already")
	// ErrForeignKey means that a row referred to one that does not exist, or is still referred to.
	ErrForeignKey = errors.New("row refers to a missing row")
	// ErrUnavailable means that the database could not be reached or stayed busy beyond the retry bound.
	// The edge answers 503, never an OAuth error.
	ErrUnavailable = errors.New("database unavailable")
)

// DB is an open database. It is safe for concurrent use.
type DB struct {
	gorm    *gorm.DB
	sql     *sql.DB
	dialect Dialect
	dsn     string
}

// Open connects to dsn: a `postgres://` URL, or the path of a SQLite file (created when missing).
// It does not migrate; see [DB.Migrate].
func Open(ctx context.Context, dsn string) (*DB, error) {
	dialect := DialectOf(dsn)
	var (
		pool *sql.DB
		dial gorm.Dialector
		err  error
	)
	switch dialect {
	case Postgres:
		pool, err = sql.Open("pgx", dsn)
		dial = postgres.New(postgres.Config{Conn: pool})
	default:
		pool, err = sql.Open("sqlite", sqliteDSN(dsn))
		dial = newSQLiteDialector(pool)
	}
	if err != nil {
		return nil, fmt.Errorf("open database: %w", err)
	}
	limitPool(pool, dialect)
	if err := pool.PingContext(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("reach database: %w", err), pool.Close())
	}
	g, err := gorm.Open(dial, &gorm.Config{
		SkipDefaultTransaction: true,
		TranslateError:         true,
		DisableAutomaticPing:   true,
		NowFunc:                func() time.Time { return time.Now().UTC() },
		Logger:                 counter{},
	})
	if err != nil {
		return nil, errors.Join(fmt.Errorf("prepare database: %w", err), pool.Close())
	}
	return &DB{gorm: g, sql: pool, dialect: dialect, dsn: dsn}, nil
}

// DialectOf tells which engine dsn names: a URL of scheme postgres or postgresql, else SQLite.
func DialectOf(dsn string) Dialect {
	if strings.HasPrefix(dsn, "postgres://") || strings.HasPrefix(dsn, "postgresql://") {
		return Postgres
	}
	return SQLite
}

// limitPool holds eight connections to SQLite (readers beside its one writer) and a pool's worth to
// PostgreSQL. Never one: a statement outside the transaction would wait for it for ever.
func limitPool(pool *sql.DB, dialect Dialect) {
	pool.SetMaxOpenConns(8)
	pool.SetMaxIdleConns(8)
	if dialect == Postgres {
		pool.SetMaxOpenConns(24)
		pool.SetMaxIdleConns(24)
		pool.SetConnMaxIdleTime(5 * time.Minute)
	}
}

func sqliteDSN(path string) string {
	q := url.Values{
		"_pragma":      {"busy_timeout(5000)", "journal_mode(WAL)", "synchronous(FULL)", "foreign_keys(1)"},
		"_txlock":      {"immediate"},
		"_time_format": {"sqlite"},
		"_timezone":    {"UTC"},
	}
	return "file:" + (&url.URL{Path: path}).EscapedPath() + "?" + q.Encode()
}

// Dialect tells the engine.
func (d *DB) Dialect() Dialect { return d.dialect }

// SQL is the pool below gorm, for the job library and the health checks.
func (d *DB) SQL() *sql.DB { return d.sql }

// Close closes the pool.
func (d *DB) Close() error { return d.sql.Close() }

// Ping tells whether the database answers; the error wraps [ErrUnavailable].
func (d *DB) Ping(ctx context.Context) error {
	if err := d.sql.PingContext(ctx); err != nil {
		return fmt.Errorf("%w: ping: %w", ErrUnavailable, err)
	}
	return nil
}
