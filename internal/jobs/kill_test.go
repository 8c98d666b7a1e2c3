package jobs_test

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"sync/atomic"
	"testing"

	"github.com/wolfieauth/wolfieauth/internal/db"
	"github.com/wolfieauth/wolfieauth/internal/db/dbtest"
	"github.com/wolfieauth/wolfieauth/internal/jobs"
)

// victimDSN names, in the environment of the process that TestMain turns into a victim, its database.
const victimDSN = "JOBS_TEST_VICTIM_DSN"

func TestMain(m *testing.M) {
	if dsn := os.Getenv(victimDSN); dsn != "" {
		victim(dsn)
	}
	os.Exit(m.Run())
}

// victim is a worker process that says when it is inside its handler, and stays there until it is killed.
func victim(dsn string) {
	d, err := db.Open(context.Background(), dsn)
	if err != nil {
		panic(err)
	}
	r, err := jobs.New(d, fastWith(newClock()))
	if err != nil {
		panic(err)
	}
	r.Handle("sync", func(context.Context, string) error {
		_, _ = fmt.Fprintln(os.Stdout, "inside")
		select {}
	})
	panic(r.Run(context.Background()))
}

func TestKillDashNineDelaysWorkByItsLease(t *testing.T) {
	t.Parallel()
	dbtest.EachDSN(t, func(t *testing.T, dsn string) {
		d, err := db.Open(t.Context(), dsn)
		must(t, err)
		t.Cleanup(func() { _ = d.Close() })
		must(t, d.Migrate(t.Context()))
		r := newRunner(t, d, fastWith(newClock()))
		must(t, r.Want(t.Context(), "sync", "a"))

		cmd := exec.CommandContext(t.Context(), os.Args[0]) // #nosec G204 -- this test itself
		cmd.Env = append(os.Environ(), victimDSN+"="+dsn)
		out, err := cmd.StdoutPipe()
		must(t, err)
		must(t, cmd.Start())
		for lines := bufio.NewScanner(out); lines.Scan(); {
			if lines.Text() == "inside" {
				break
			}
		}
		must(t, cmd.Process.Kill())
		_ = cmd.Wait()

		var done atomic.Bool
		r.Handle("sync", func(context.Context, string) error { done.Store(true); return nil })
		run(t, r)
		eventually(t, "another worker has done it", done.Load)
	})
}
