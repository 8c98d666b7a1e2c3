package ratelimit_test

import (
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/wolfieauth/wolfieauth/internal/db"
	"github.com/wolfieauth/wolfieauth/internal/db/dbtest"
	"github.com/wolfieauth/wolfieauth/internal/ratelimit"
)

type clock struct {
	mu sync.Mutex
	t  time.Time
}

func (c *clock) now() time.Time { c.mu.Lock(); defer c.mu.Unlock(); return c.t }
func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.t = c.t.Add(d)
}

func newClock() *clock { return &clock{t: time.Date(2026, 11, 22, 10, 0, 10, 0, time.UTC)} }

func TestAllowCountsPerBucketAndWindow(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		clk := newClock()
		l := ratelimit.New(d, clk.now)
		allow := func(bucket string) (bool, time.Duration) {
			t.Helper()
			ok, after, err := l.Allow(t.Context(), bucket, 3, time.Minute)
			if err != nil {
				t.Fatal(err)
			}
			return ok, after
		}
		for i := range 3 {
			if ok, _ := allow("login:ada"); !ok {
				t.Fatalf("attempt %d was refused", i+1)
			}
		}
		if ok, after := allow("login:ada"); ok || after != 50*time.Second {
			t.Errorf("fourth attempt: ok %v, retry after %v; want refused, 50s", ok, after)
		}
		if ok, _ := allow("login:bob"); !ok {
			t.Error("another bucket must have a count of its own")
		}
		if ok, _, err := l.Allow(t.Context(), "login:ada", 3, time.Hour); err != nil || !ok {
			t.Errorf("another window must have a count of its own: %v %v", ok, err)
		}
		clk.advance(50 * time.Second)
		if ok, _ := allow("login:ada"); !ok {
			t.Error("the next window must begin at nothing")
		}
		for range 3 {
			allow("login:ada")
		}
		if err := l.Reset(t.Context(), "login:ada", time.Minute); err != nil {
			t.Fatal(err)
		}
		if ok, _ := allow("login:ada"); !ok {
			t.Error("a reset bucket must be open")
		}
	})
}

func TestAllowIsOneStatementAndExactUnderRaces(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		l := ratelimit.New(d, newClock().now)
		var n atomic.Int64
		if _, _, err := l.Allow(db.CountStatements(t.Context(), &n), "one", 1, time.Minute); err != nil || n.Load() != 1 {
			t.Errorf("took %d statements (%v), want 1", n.Load(), err)
		}
		var passed atomic.Int64
		var wg sync.WaitGroup
		for range 40 {
			wg.Go(func() {
				ok, _, err := l.Allow(t.Context(), "race", 10, time.Minute)
				if err != nil {
					t.Error(err)
				}
				if ok {
					passed.Add(1)
				}
			})
		}
		wg.Wait()
		if passed.Load() != 10 {
			t.Errorf("%d of 40 parallel attempts passed, want 10", passed.Load())
		}
	})
}

func TestPruneDropsOldWindowsAlone(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		clk := newClock()
		l := ratelimit.New(d, clk.now)
		for _, age := range []time.Duration{0, 12 * time.Hour, 36 * time.Hour} {
			clk.advance(age)
			if _, _, err := l.Allow(t.Context(), "b", 5, time.Minute); err != nil {
				t.Fatal(err)
			}
		}
		if n, err := l.Prune(t.Context()); err != nil || n != 2 {
			t.Errorf("pruned %d (%v), want 2", n, err)
		}
	})
}

func TestFloodCountsAddressesAndNetworks(t *testing.T) {
	t.Parallel()
	clk := newClock()
	f := ratelimit.NewFlood(1, 3, clk.now)
	for range 3 {
		if !f.Allow("2001:db8::1") {
			t.Fatal("the burst must pass")
		}
	}
	if f.Allow("2001:db8::ffff") {
		t.Error("a neighbour of the same /64 must share the count")
	}
	if !f.Allow("2001:db8:0:1::1") || !f.Allow("192.0.2.7") || !f.Allow("::ffff:192.0.2.7") {
		t.Error("other networks must have counts of their own")
	}
	clk.advance(time.Second)
	if !f.Allow("2001:db8::1") || f.Allow("2001:db8::1") {
		t.Error("one second must give one request back")
	}
}
