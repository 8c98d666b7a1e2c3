package db

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"gorm.io/gorm"
)

type txKey struct{}

type txState struct {
	conn  *gorm.DB
	after []func()
}

const (
	txAttempts  = 8
	txFirstWait = 5 * time.Millisecond
)

// Conn answers the handle to run one statement on: the transaction that ctx carries, or the pool.
func (d *DB) Conn(ctx context.Context) *gorm.DB {
	if st, ok := ctx.Value(txKey{}).(*txState); ok {
		return st.conn.WithContext(ctx)
	}
	return d.gorm.WithContext(ctx)
}

// SQLTx answers the transaction that ctx carries as database/sql knows it; ok is false outside [DB.InTx].
func (d *DB) SQLTx(ctx context.Context) (tx *sql.Tx, ok bool) {
	st, ok := ctx.Value(txKey{}).(*txState)
	if !ok {
		return nil, false
	}
	tx, ok = st.conn.Statement.ConnPool.(*sql.Tx)
	return tx, ok
}

// InTx runs fn in a transaction carried by the context that fn receives. A call inside a transaction joins
// it. Serialization failures, deadlocks and a busy SQLite are retried with a bound, so fn must have no
// effect outside the database; use [AfterCommit] for such effects. When the bound is passed, or the
// database is down, the error wraps [ErrUnavailable].
func (d *DB) InTx(ctx context.Context, fn func(ctx context.Context) error) error {
	if _, joined := ctx.Value(txKey{}).(*txState); joined {
		return fn(ctx)
	}
	wait := txFirstWait
	for attempt := 1; ; attempt++ {
		err := d.once(ctx, fn)
		if err == nil || !retryable(err) {
			return unavailable(err)
		}
		if attempt == txAttempts {
			return fmt.Errorf("%w: %d attempts: %w", ErrUnavailable, attempt, err)
		}
		select {
		case <-ctx.Done():
			return errors.Join(ctx.Err(), err)
		case <-time.After(wait/2 + rand.N(wait)): // #nosec G404 -- jitter, not a secret
		}
		wait *= 2
	}
}

func (d *DB) once(ctx context.Context, fn func(ctx context.Context) error) error {
	st := &txState{}
	err := d.gorm.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		st.conn = tx
		return fn(context.WithValue(ctx, txKey{}, st))
	})
	if err != nil {
		return err
	}
	for _, f := range st.after {
		f()
	}
	return nil
}

// AfterCommit runs f once the transaction that ctx carries has committed, or at once when there is none.
// A rolled-back transaction forgets it.
func AfterCommit(ctx context.Context, f func()) {
	if st, ok := ctx.Value(txKey{}).(*txState); ok {
		st.after = append(st.after, f)
		return
	}
	f()
}

// retryable tells the failures after which the same transaction may succeed.
func retryable(err error) bool {
	if pg, ok := errors.AsType[*pgconn.PgError](err); ok {
		return pg.Code == "40001" || pg.Code == "40P01"
	}
	return sqliteBusy(err)
}

// unavailable marks the errors of an unreachable database; every other error passes as it is.
func unavailable(err error) error {
	if err == nil || errors.Is(err, ErrUnavailable) {
		return err
	}
	if pg, ok := errors.AsType[*pgconn.PgError](err); ok {
		if class := pg.Code[:min(2, len(pg.Code))]; class == "57" || class == "08" || class == "53" {
			return fmt.Errorf("%w: %w", ErrUnavailable, err)
		}
		return err
	}
	var op *net.OpError
	var connect *pgconn.ConnectError
	if errors.As(err, &op) || errors.As(err, &connect) || errors.Is(err, driver.ErrBadConn) || errors.Is(err, sql.ErrConnDone) || sqliteBusy(err) {
		return fmt.Errorf("%w: %w", ErrUnavailable, err)
	}
	return err
}

// Err translates what gorm and the drivers answer into this package's sentinels, wrapped with what was
// tried: [ErrNotFound], [ErrDuplicate], [ErrForeignKey], [ErrUnavailable]; nil stays nil.
func Err(what string, err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, gorm.ErrRecordNotFound):
		return fmt.Errorf("%s: %w", what, ErrNotFound)
	case errors.Is(err, gorm.ErrDuplicatedKey):
		return fmt.Errorf("%s: %w", what, ErrDuplicate)
	case errors.Is(err, gorm.ErrForeignKeyViolated):
		return fmt.Errorf("%s: %w", what, ErrForeignKey)
	default:
		return fmt.Errorf("%s: %w", what, unavailable(err))
	}
}
