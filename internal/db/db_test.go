package db_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/wolfieauth/wolfieauth/internal/db"
	"github.com/wolfieauth/wolfieauth/internal/db/dbtest"
)

func TestTransactionsOfManyWritersLoseNothing(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		if err := d.Conn(t.Context()).Exec("INSERT INTO cache_versions (name, version) VALUES ('n', 0)").Error; err != nil {
			t.Fatal(err)
		}
		const writers = 200
		errs := make(chan error, writers)
		var wg sync.WaitGroup
		for range writers {
			wg.Go(func() { errs <- increment(t.Context(), d) })
		}
		wg.Wait()
		close(errs)
		for err := range errs {
			if err != nil {
				t.Errorf("a writer was refused: %v", err)
			}
		}
		if got := version(t, d, "n"); got != writers {
			t.Errorf("counted %d, want %d", got, writers)
		}
	})
}

// increment reads, then writes what it read plus one: the shape that loses updates without isolation.
func increment(ctx context.Context, d *db.DB) error {
	return d.InTx(ctx, func(ctx context.Context) error {
		query := "SELECT version FROM cache_versions WHERE name = 'n'"
		if d.Dialect() == db.Postgres {
			query += " FOR UPDATE"
		}
		var v int64
		if err := d.Conn(ctx).Raw(query).Scan(&v).Error; err != nil {
			return err
		}
		return d.Conn(ctx).Exec("UPDATE cache_versions SET version = ? WHERE name = 'n'", v+1).Error
	})
}

func version(t *testing.T, d *db.DB, name string) (v int64) {
	t.Helper()
	if err := d.Conn(t.Context()).Raw("SELECT version FROM cache_versions WHERE name = ?", name).Scan(&v).Error; err != nil {
		t.Fatal(err)
	}
	return v
}

func TestARolledBackTransactionLeavesNothingAndForgetsItsEffects(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		boom := errors.New("boom")
		ran := false
		err := d.InTx(t.Context(), func(ctx context.Context) error {
			db.AfterCommit(ctx, func() { ran = true })
			if err := d.Conn(ctx).Exec("INSERT INTO cache_versions (name, version) VALUES ('x', 1)").Error; err != nil {
				return err
			}
			return boom
		})
		if !errors.Is(err, boom) {
			t.Fatalf("InTx answered %v, want boom", err)
		}
		if got := version(t, d, "x"); got != 0 || ran {
			t.Errorf("row left: %d, effect ran: %v", got, ran)
		}
	})
}

func TestDuplicateKeysAreTold(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		insert := func() error {
			return db.Err("insert", d.Conn(t.Context()).Exec("INSERT INTO cache_versions (name, version) VALUES ('x', 1)").Error)
		}
		if err := insert(); err != nil {
			t.Fatal(err)
		}
		if err := insert(); !errors.Is(err, db.ErrDuplicate) {
			t.Errorf("second insert: %v, want ErrDuplicate", err)
		}
	})
}

func TestAClosedDatabaseIsUnavailable(t *testing.T) {
	t.Parallel()
	d := dbtest.SQLite(t)
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	if err := d.Ping(t.Context()); !errors.Is(err, db.ErrUnavailable) {
		t.Errorf("ping: %v, want ErrUnavailable", err)
	}
}

func TestStatementsAreCountedWithoutBeginAndCommit(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		var n atomic.Int64
		ctx := db.CountStatements(t.Context(), &n)
		err := d.InTx(ctx, func(ctx context.Context) error {
			for range 3 {
				var one int
				if err := d.Conn(ctx).Raw("SELECT 1").Scan(&one).Error; err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil || n.Load() != 3 {
			t.Errorf("counted %d (%v), want 3", n.Load(), err)
		}
	})
}

func TestAChangeOnOneReplicaReachesTheOther(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		here, there := db.NewVersions(d), db.NewVersions(d)
		heard := make(chan struct{}, 8)
		there.On("plans", func() { heard <- struct{}{} })
		go there.Run(t.Context())
		if err := d.InTx(t.Context(), func(ctx context.Context) error { return here.Bump(ctx, "plans") }); err != nil {
			t.Fatal(err)
		}
		select {
		case <-heard:
		case <-time.After(10 * time.Second):
			t.Fatal("the other replica never heard of the change")
		}
	})
}

func TestACacheNeverKeepsWhatAWriterHasReplaced(t *testing.T) {
	t.Parallel()
	loading, replaced := make(chan struct{}), make(chan struct{})
	value := "old"
	c := db.NewCached(8, func(context.Context, string) (string, error) {
		v := value
		if v == "old" {
			close(loading)
			<-replaced
		}
		return v, nil
	})
	done := make(chan struct{})
	go func() {
		defer close(done)
		_, _ = c.Load(t.Context(), "k")
	}()
	<-loading
	value = "new"
	c.Forget()
	close(replaced)
	<-done
	if got, _ := c.Load(t.Context(), "k"); got != "new" {
		t.Errorf("cache answered %q after Forget, want new", got)
	}
}
