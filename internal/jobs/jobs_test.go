package jobs_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/wolfieauth/wolfieauth/internal/db"
	"github.com/wolfieauth/wolfieauth/internal/db/dbtest"
	"github.com/wolfieauth/wolfieauth/internal/jobs"
)

// clock is a business clock that tests move.
type clock struct{ at atomic.Int64 }

func newClock() *clock {
	c := &clock{}
	c.at.Store(time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC).UnixMicro())
	return c
}

func (c *clock) now() time.Time          { return time.UnixMicro(c.at.Load()).UTC() }
func (c *clock) advance(d time.Duration) { c.at.Add(d.Microseconds()) }

// fastWith is a configuration in which seconds are hundredths.
func fastWith(c *clock) jobs.Config {
	return jobs.Config{
		Logger: slog.New(slog.DiscardHandler), Now: c.now, Workers: 4,
		SweepEvery: 50 * time.Millisecond, Lease: 300 * time.Millisecond,
		FirstRetry: 30 * time.Millisecond, MaxRetry: 200 * time.Millisecond, DoNowWait: 2 * time.Second,
	}
}

// fast is fastWith whose errors go to the test's log.
func fast(t *testing.T, c *clock) jobs.Config {
	t.Helper()
	cfg := fastWith(c)
	cfg.Logger = slog.New(slog.NewTextHandler(outputOf(t), &slog.HandlerOptions{Level: slog.LevelError}))
	return cfg
}

// output is a test's log until the test ends: the job library may still say something from a goroutine that
// nobody can wait for.
type output struct {
	mu sync.Mutex
	w  io.Writer
}

func outputOf(t *testing.T) *output {
	t.Helper()
	o := &output{w: t.Output()}
	t.Cleanup(func() {
		o.mu.Lock()
		defer o.mu.Unlock()
		o.w = io.Discard
	})
	return o
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.w.Write(p)
}

func newRunner(t *testing.T, d *db.DB, cfg jobs.Config) *jobs.Runner {
	t.Helper()
	r, err := jobs.New(d, cfg)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func run(t *testing.T, r *jobs.Runner) {
	t.Helper()
	ended := make(chan error, 1)
	go func() { ended <- r.Run(context.WithoutCancel(t.Context())) }()
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), 5*time.Second)
		defer cancel()
		if err := r.Stop(ctx); err != nil {
			t.Error(err)
		}
		if err := <-ended; err != nil {
			t.Errorf("run: %v", err)
		}
	})
}

func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(15 * time.Second); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
		if ok() {
			return
		}
	}
	t.Fatalf("it never came to pass that %s", what)
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestWantCommitsAndFallsWithItsTransaction(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx, r := t.Context(), newRunner(t, d, fast(t, newClock()))
		undone := errors.New("undone")
		err := d.InTx(ctx, func(ctx context.Context) error {
			return errors.Join(r.Want(ctx, "mail", "m1"), r.WantAt(ctx, "mail", "m2", time.Now()), undone)
		})
		if !errors.Is(err, undone) {
			t.Fatal(err)
		}
		if n := count(t, d, "work_items") + count(t, d, "river_job"); n != 0 {
			t.Errorf("%d rows left behind by a rollback", n)
		}
		must(t, d.InTx(ctx, func(ctx context.Context) error { return r.Want(ctx, "mail", "m1") }))
		if w, j := count(t, d, "work_items"), count(t, d, "river_job"); w != 1 || j != 1 {
			t.Errorf("%d items, %d wake-ups after a commit", w, j)
		}
	})
}

func count(t *testing.T, d *db.DB, table string) (n int64) {
	t.Helper()
	must(t, d.Conn(t.Context()).Raw("SELECT COUNT(*) FROM "+table).Scan(&n).Error)
	return n
}

func TestWorkersRunAnItemOnceAtATimeAndEveryChangeIsSeen(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		const keys, changes = 3, 15
		clk := newClock()
		var inside [keys]atomic.Int32
		var wanted, seen [keys]atomic.Int64
		var overlaps atomic.Int32
		handler := func(_ context.Context, key string) error {
			i := int(key[0] - '0')
			if inside[i].Add(1) > 1 {
				overlaps.Add(1)
			}
			defer inside[i].Add(-1)
			read := wanted[i].Load()
			time.Sleep(5 * time.Millisecond)
			seen[i].Store(read)
			return nil
		}
		var runners []*jobs.Runner
		for range 2 {
			r := newRunner(t, d, fast(t, clk))
			r.Handle("sync", handler)
			run(t, r)
			runners = append(runners, r)
		}
		var wg sync.WaitGroup
		for i := range keys {
			wg.Go(func() {
				for n := range changes {
					wanted[i].Add(1)
					if err := runners[n%2].Want(t.Context(), "sync", fmt.Sprint(i)); err != nil {
						t.Error(err)
					}
				}
			})
		}
		wg.Wait()
		for i := range keys {
			eventually(t, fmt.Sprintf("item %d has seen its last change", i), func() bool { return seen[i].Load() == changes })
		}
		if overlaps.Load() > 0 {
			t.Errorf("an item ran twice at once, %d times", overlaps.Load())
		}
		eventually(t, "nothing is open", func() bool { s, err := runners[0].Stats(t.Context()); return err == nil && s.Open == 0 })
	})
}

func TestChangeDuringTheRunRunsAgain(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx, r := t.Context(), newRunner(t, d, fast(t, newClock()))
		runs := 0
		r.Handle("sync", func(ctx context.Context, key string) error {
			if runs++; runs == 1 {
				return r.Want(ctx, "sync", key)
			}
			return nil
		})
		must(t, r.Want(ctx, "sync", "a"))
		must(t, r.Want(ctx, "sync", "a"))
		must(t, r.Drain(ctx))
		if runs != 2 {
			t.Errorf("%d runs", runs)
		}
	})
}

// abandon leaves the database as a process does that is killed in the middle of a handler.
func abandon(t *testing.T, d *db.DB, kind, key string, lease time.Duration) {
	t.Helper()
	now := time.Now().UTC()
	must(t, d.Conn(t.Context()).Exec(`INSERT INTO work_items (kind, item_key, wanted, lease_token, lease_until, created_at, updated_at)
		VALUES (?, ?, 1, 'the dead', ?, ?, ?)`, kind, key, now.Add(lease), now, now).Error)
}

func TestKilledWorkersItemIsPickedUpAfterItsLease(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		const lease = 400 * time.Millisecond
		abandon(t, d, "sync", "a", lease)
		began := time.Now()
		r := newRunner(t, d, fast(t, newClock()))
		var after atomic.Int64
		r.Handle("sync", func(context.Context, string) error { after.Store(int64(time.Since(began))); return nil })
		run(t, r)
		eventually(t, "the item has run", func() bool { return after.Load() > 0 })
		if took := time.Duration(after.Load()); took < lease-20*time.Millisecond {
			t.Errorf("picked up after %v", took)
		}
	})
}

func TestLongHandlerKeepsItsLeaseAndALostLeaseCancelsIt(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		cfg := fast(t, newClock())
		var runs atomic.Int32
		lost := make(chan error, 1)
		for range 2 {
			r := newRunner(t, d, cfg)
			r.Handle("slow", func(context.Context, string) error {
				runs.Add(1)
				time.Sleep(3 * cfg.Lease)
				return nil
			})
			r.Handle("robbed", func(ctx context.Context, key string) error {
				err := d.Conn(ctx).Exec("UPDATE work_items SET lease_token = 'a thief' WHERE kind = 'robbed'").Error
				if err != nil {
					return err
				}
				<-ctx.Done()
				lost <- context.Cause(ctx)
				return ctx.Err()
			})
			run(t, r)
			if runs.Load() == 0 {
				must(t, r.Want(t.Context(), "slow", "a"))
			}
		}
		r := newRunner(t, d, cfg)
		eventually(t, "the slow item is done", func() bool {
			it, err := r.Item(t.Context(), "slow", "a")
			return err == nil && !it.Open()
		})
		if n := runs.Load(); n > 2 { // wanted up to twice above, so at most two runs
			t.Errorf("the slow item ran %d times", n)
		}
		must(t, r.Want(t.Context(), "robbed", "a"))
		select {
		case err := <-lost:
			if err == nil || !strings.Contains(err.Error(), "lease lost") {
				t.Errorf("cancelled because of %v", err)
			}
		case <-time.After(10 * time.Second):
			t.Error("the handler outlived its lease")
		}
	})
}

func TestDueTimesFollowTheBusinessClock(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx, clk := t.Context(), newClock()
		r := newRunner(t, d, fast(t, clk))
		var runs []string
		r.Handle("lapse", func(ctx context.Context, key string) error {
			runs = append(runs, key+"@"+clk.now().Format("15:04"))
			if key == "again" && len(runs) == 1 {
				return r.WantAt(ctx, "lapse", key, clk.now().Add(time.Hour))
			}
			return nil
		})
		must(t, r.WantAt(ctx, "lapse", "again", clk.now().Add(2*time.Hour)))
		must(t, r.WantAt(ctx, "lapse", "again", clk.now().Add(time.Hour)))    // earlier: stands
		must(t, r.WantAt(ctx, "lapse", "again", clk.now().Add(10*time.Hour))) // later: does not
		for _, step := range []struct {
			advance time.Duration
			want    string
		}{
			{0, ""},
			{time.Hour - time.Second, ""},
			{time.Second, "again@13:00"},
			{59 * time.Minute, "again@13:00"},
			{time.Minute, "again@13:00 again@14:00"},
			{100 * time.Hour, "again@13:00 again@14:00"},
		} {
			clk.advance(step.advance)
			must(t, r.Drain(ctx))
			if got := strings.Join(runs, " "); got != step.want {
				t.Errorf("at %v: %q, want %q", clk.now(), got, step.want)
			}
		}
	})
}

func TestSweepFindsWhatTheClockMadeDue(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		clk := newClock()
		r := newRunner(t, d, fast(t, clk))
		var runs atomic.Int32
		r.Handle("lapse", func(context.Context, string) error { runs.Add(1); return nil })
		must(t, r.WantAt(t.Context(), "lapse", "a", clk.now().Add(time.Hour)))
		run(t, r)
		time.Sleep(200 * time.Millisecond)
		if runs.Load() != 0 {
			t.Error("ran before it was due")
		}
		clk.advance(time.Hour)
		eventually(t, "the due item has run", func() bool { return runs.Load() == 1 })
	})
}

func TestTwoRunnersHaveOneLeaderAndItsHeir(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		cfg := fast(t, newClock())
		a, b := newRunner(t, d, cfg), newRunner(t, d, cfg)
		ended := make(chan error, 1)
		go func() { ended <- a.Run(context.WithoutCancel(t.Context())) }()
		eventually(t, "the first leads", a.Leads)
		run(t, b)
		for range 20 {
			time.Sleep(20 * time.Millisecond)
			// The lead may pass on where the machine is slow, but two never have it at once.
			if a.Leads() && b.Leads() && a.Leads() {
				t.Fatal("two leaders")
			}
		}
		must(t, a.Stop(t.Context()))
		must(t, <-ended)
		eventually(t, "the second leads", b.Leads)
		if a.Leads() {
			t.Error("a stopped runner leads")
		}
	})
}

func TestFailureBacksOffAndRetryHelps(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx, cfg := t.Context(), fast(t, newClock())
		cfg.FirstRetry, cfg.MaxRetry = time.Hour, 4*time.Hour
		r := newRunner(t, d, cfg)
		broken := true
		r.Handle("sync", func(_ context.Context, key string) error {
			switch {
			case broken && key == "panics":
				panic("sk_live_abcdef is broken")
			case broken:
				return errors.New("call Stripe with Bearer sk_test_123456: refused")
			}
			return nil
		})
		for _, key := range []string{"fails", "panics"} {
			must(t, r.Want(ctx, "sync", key))
			for attempt := 1; attempt <= 4; attempt++ {
				if attempt > 1 {
					must(t, r.Drain(ctx)) // backs off: nothing is due
					must(t, d.Conn(ctx).Exec("UPDATE work_items SET retry_at = NULL").Error)
				}
				if err := r.Drain(ctx); err == nil {
					t.Fatal("the failure was not told")
				}
				it, err := r.Item(ctx, "sync", key)
				must(t, err)
				wait := min(time.Duration(1<<(attempt-1)), 4) * time.Hour
				if left := time.Until(*it.RetryAt); it.Attempts != int64(attempt) || left < wait*7/8-time.Minute || left > wait*9/8 {
					t.Errorf("%s, attempt %d: %d attempts, retry in %v", key, attempt, it.Attempts, left)
				}
				if strings.Contains(it.LastError, "sk_") || it.LastError == "" {
					t.Errorf("stored error: %s", it.LastError)
				}
			}
			must(t, d.Conn(ctx).Exec("UPDATE work_items SET retry_at = ? WHERE item_key = ?", time.Now().UTC().Add(time.Hour), key).Error)
		}
		if failed, err := r.Failed(ctx, 10); err != nil || len(failed) != 2 {
			t.Errorf("%d failed, %v", len(failed), err)
		}
		if s, err := r.Stats(ctx); err != nil || s != (jobs.Stats{Open: 2, Failing: 2}) {
			t.Errorf("%+v, %v", s, err)
		}
		broken = false
		must(t, r.Retry(ctx, "sync", "fails"))
		must(t, r.Drain(ctx))
		it, err := r.Item(ctx, "sync", "fails")
		if err != nil || it.Open() || it.Attempts != 0 || it.LastError != "" {
			t.Errorf("%+v, %v", it, err)
		}
		if err := r.Retry(ctx, "sync", "nobody"); !errors.Is(err, db.ErrNotFound) {
			t.Errorf("retry of nothing: %v", err)
		}
	})
}

func TestFailingItemIsTriedUntilItWorks(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		r := newRunner(t, d, fast(t, newClock()))
		var runs atomic.Int32
		r.Handle("sync", func(context.Context, string) error {
			if runs.Add(1) < 4 {
				return errors.New("not yet")
			}
			return nil
		})
		run(t, r)
		must(t, r.Want(t.Context(), "sync", "a"))
		eventually(t, "the item is done", func() bool {
			it, err := r.Item(t.Context(), "sync", "a")
			return err == nil && !it.Open()
		})
		if runs.Load() != 4 {
			t.Errorf("%d runs", runs.Load())
		}
	})
}

func TestLostWakeUpsChangeNothing(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx, cfg := t.Context(), fast(t, newClock())
		recorder := newRunner(t, d, cfg) // another process: no nudge reaches the worker
		must(t, recorder.Want(ctx, "sync", "a"))
		must(t, d.Conn(ctx).Exec("DELETE FROM river_job").Error)
		r := newRunner(t, d, cfg)
		var runs atomic.Int32
		r.Handle("sync", func(context.Context, string) error { runs.Add(1); return nil })
		run(t, r)
		eventually(t, "the item has run", func() bool { return runs.Load() == 1 })
	})
}

func TestWakeUpsOfOtherProcessesArrive(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		cfg := fast(t, newClock())
		cfg.SweepEvery = time.Hour // no sweep helps
		recorder, r := newRunner(t, d, cfg), newRunner(t, d, cfg)
		var runs atomic.Int32
		r.Handle("sync", func(context.Context, string) error { runs.Add(1); return nil })
		run(t, r)
		eventually(t, "it leads", r.Leads)
		must(t, recorder.Want(t.Context(), "sync", "a"))
		eventually(t, "the item has run", func() bool { return runs.Load() == 1 })
	})
}

func TestDoNow(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx, cfg := t.Context(), fast(t, newClock())
		cfg.DoNowWait = 400 * time.Millisecond
		r := newRunner(t, d, cfg)
		var mu sync.Mutex
		runs, failure := 0, error(nil)
		entered, leave := make(chan bool, 10), make(chan bool)
		r.Handle("sync", func(_ context.Context, key string) error {
			mu.Lock()
			defer mu.Unlock()
			runs++
			if key == "held" {
				entered <- true
				<-leave
			}
			return failure
		})
		must(t, r.DoNow(ctx, "sync", "a"))
		if runs != 1 {
			t.Errorf("%d runs", runs)
		}
		failure = errors.New("refused")
		for range 2 { // the second does not wait for the first one's backoff
			if err := r.DoNow(ctx, "sync", "a"); !errors.Is(err, failure) {
				t.Errorf("failing: %v", err)
			}
		}
		failure = nil
		if err := r.DoNow(ctx, "nothing", "a"); !errors.Is(err, jobs.ErrUnknownKind) {
			t.Error(err)
		}
		err := d.InTx(ctx, func(ctx context.Context) error { return r.DoNow(ctx, "sync", "a") })
		if !errors.Is(err, jobs.ErrInTransaction) {
			t.Error(err)
		}
		first := make(chan error, 1)
		go func() { first <- r.DoNow(ctx, "sync", "held") }()
		<-entered
		if err := r.DoNow(ctx, "sync", "held"); !errors.Is(err, jobs.ErrBusy) {
			t.Errorf("held: %v", err)
		}
		second := make(chan error, 1)
		go func() { second <- r.DoNow(ctx, "sync", "held") }()
		time.Sleep(50 * time.Millisecond)
		close(leave)
		must(t, <-first)
		must(t, <-second)
		if it, err := r.Item(ctx, "sync", "held"); err != nil || it.Open() {
			t.Errorf("%+v, %v", it, err)
		}
	})
}

func TestPeriodicRunsOnceAWindow(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		clk := newClock()
		var runs atomic.Int32
		start := func() *jobs.Runner {
			r := newRunner(t, d, fast(t, clk))
			r.Periodic("close.month", 6*time.Hour, func(context.Context) error { runs.Add(1); return nil })
			run(t, r)
			return r
		}
		start()
		second := start()
		eventually(t, "it has run", func() bool { return runs.Load() == 1 })
		for want := int32(2); want < 5; want++ {
			clk.advance(6 * time.Hour)
			start() // a restart neither repeats nor skips a window
			must(t, second.Drain(t.Context()))
			time.Sleep(100 * time.Millisecond)
			if runs.Load() != want {
				t.Errorf("%d runs, want %d", runs.Load(), want)
			}
		}
	})
}

func TestStopDrainsAndFreesWhatItCancels(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		r := newRunner(t, d, fast(t, newClock()))
		entered := make(chan bool, 2)
		r.Handle("short", func(context.Context, string) error {
			entered <- true
			time.Sleep(100 * time.Millisecond)
			return nil
		})
		r.Handle("endless", func(ctx context.Context, _ string) error {
			entered <- true
			<-ctx.Done()
			return ctx.Err()
		})
		ended := make(chan error, 1)
		go func() { ended <- r.Run(context.WithoutCancel(t.Context())) }()
		must(t, r.Want(t.Context(), "short", "a"))
		must(t, r.Want(t.Context(), "endless", "a"))
		<-entered
		<-entered
		ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
		defer cancel()
		if err := r.Stop(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("stop: %v", err)
		}
		must(t, <-ended)
		short, err := r.Item(t.Context(), "short", "a")
		if err != nil || short.Open() {
			t.Errorf("%+v, %v", short, err)
		}
		endless, err := r.Item(t.Context(), "endless", "a")
		if err != nil || !endless.Open() || endless.LeaseUntil != nil || endless.Attempts != 0 || endless.RetryAt != nil {
			t.Errorf("%+v, %v", endless, err)
		}
		if err := r.Run(t.Context()); !errors.Is(err, jobs.ErrAlreadyRun) {
			t.Errorf("second run: %v", err)
		}
	})
}

func TestFinishedWorkIsForgotten(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx, clk := t.Context(), newClock()
		r := newRunner(t, d, fast(t, clk))
		r.Handle("mail", func(context.Context, string) error { return nil })
		must(t, r.Want(ctx, "mail", "old"))
		must(t, r.Drain(ctx))
		must(t, d.Conn(ctx).Exec("UPDATE work_items SET updated_at = ?", time.Now().UTC().AddDate(0, -2, 0)).Error)
		must(t, r.Want(ctx, "mail", "young"))
		must(t, r.WantAt(ctx, "mail", "later", clk.now().Add(time.Hour)))
		run(t, r)
		eventually(t, "the old row is gone", func() bool {
			_, err := r.Item(ctx, "mail", "old")
			return errors.Is(err, db.ErrNotFound)
		})
		for _, key := range []string{"young", "later"} {
			if _, err := r.Item(ctx, "mail", key); err != nil {
				t.Error(err)
			}
		}
	})
}
