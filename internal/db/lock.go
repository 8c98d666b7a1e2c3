package db

import (
	"context"
	"fmt"
	"os"
	"sync"
	"syscall"
)

// sqliteLocks keeps two goroutines of one process apart; flock keeps two processes apart.
var sqliteLocks sync.Map

// lockMigrations waits until no other process migrates this database.
func (d *DB) lockMigrations(ctx context.Context) (unlock func(), err error) {
	if d.dialect == Postgres {
		return d.lockPostgres(ctx)
	}
	return d.lockFile()
}

func (d *DB) lockPostgres(ctx context.Context) (func(), error) {
	const key = 0x776f6c666965 // "wolfie"
	conn, err := d.sql.Conn(ctx)
	if err != nil {
		return nil, fmt.Errorf("lock migrations: %w", unavailable(err))
	}
	if _, err := conn.ExecContext(ctx, "SELECT pg_advisory_lock($1)", int64(key)); err != nil {
		_ = conn.Close()
		return nil, fmt.Errorf("lock migrations: %w", unavailable(err))
	}
	return func() {
		// The connection goes back to the pool, so the lock must be given up even when ctx has ended.
		_, _ = conn.ExecContext(context.WithoutCancel(ctx), "SELECT pg_advisory_unlock($1)", int64(key))
		_ = conn.Close()
	}, nil
}

func (d *DB) lockFile() (func(), error) {
	mu, _ := sqliteLocks.LoadOrStore(d.dsn, &sync.Mutex{})
	mu.(*sync.Mutex).Lock()
	f, err := os.OpenFile(d.dsn+".migrate.lock", os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		mu.(*sync.Mutex).Unlock()
		return nil, fmt.Errorf("lock migrations: %w", err)
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX); err != nil {
		_ = f.Close()
		mu.(*sync.Mutex).Unlock()
		return nil, fmt.Errorf("lock migrations: %w", err)
	}
	return func() {
		_ = f.Close() // closing gives the lock up
		mu.(*sync.Mutex).Unlock()
	}, nil
}
