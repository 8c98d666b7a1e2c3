package db

import (
	"context"
	"fmt"
	"io/fs"

	"github.com/pressly/goose/v3"
	"github.com/riverqueue/river/riverdriver/riverdatabasesql"
	"github.com/riverqueue/river/riverdriver/riversqlite"
	"github.com/riverqueue/river/rivermigrate"

	"github.com/wolfieauth/wolfieauth/migrations"
)

// Migrate brings the schema up to date: the house's own migrations first, the job library's after. Two
// processes that start together wait for each other: PostgreSQL by an advisory lock, SQLite by its single
// writer and the version table's key.
func (d *DB) Migrate(ctx context.Context) error {
	unlock, err := d.lockMigrations(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	p, err := d.provider()
	if err != nil {
		return err
	}
	if _, err := p.Up(ctx); err != nil {
		return fmt.Errorf("migrate up: %w", err)
	}
	return d.migrateJobs(ctx, rivermigrate.DirectionUp)
}

// MigrateDown takes the whole schema away, the job library's tables included. All data are lost.
func (d *DB) MigrateDown(ctx context.Context) error {
	unlock, err := d.lockMigrations(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	if err := d.migrateJobs(ctx, rivermigrate.DirectionDown); err != nil {
		return err
	}
	p, err := d.provider()
	if err != nil {
		return err
	}
	if _, err := p.DownTo(ctx, 0); err != nil {
		return fmt.Errorf("migrate down: %w", err)
	}
	return nil
}

// Version tells the number of the newest migration that is applied.
func (d *DB) Version(ctx context.Context) (int64, error) {
	p, err := d.provider()
	if err != nil {
		return 0, err
	}
	v, err := p.GetDBVersion(ctx)
	if err != nil {
		return 0, fmt.Errorf("read schema version: %w", err)
	}
	return v, nil
}

func (d *DB) provider() (*goose.Provider, error) {
	dialect := goose.DialectSQLite3
	if d.dialect == Postgres {
		dialect = goose.DialectPostgres
	}
	dir, err := fs.Sub(migrations.Files, string(d.dialect))
	if err != nil {
		return nil, fmt.Errorf("find migrations: %w", err)
	}
	p, err := goose.NewProvider(dialect, d.sql, dir)
	if err != nil {
		return nil, fmt.Errorf("prepare migrations: %w", err)
	}
	return p, nil
}

func (d *DB) migrateJobs(ctx context.Context, dir rivermigrate.Direction) error {
	opts := &rivermigrate.MigrateOpts{}
	if dir == rivermigrate.DirectionDown {
		opts.TargetVersion = -1
	}
	var err error
	if d.dialect == Postgres {
		m, merr := rivermigrate.New(riverdatabasesql.New(d.sql), nil)
		if merr != nil {
			return fmt.Errorf("prepare job migrations: %w", merr)
		}
		_, err = m.Migrate(ctx, dir, opts)
	} else {
		m, merr := rivermigrate.New(riversqlite.New(d.sql), nil)
		if merr != nil {
			return fmt.Errorf("prepare job migrations: %w", merr)
		}
		_, err = m.Migrate(ctx, dir, opts)
	}
	if err != nil {
		return fmt.Errorf("migrate jobs %s: %w", dir, err)
	}
	return nil
}
