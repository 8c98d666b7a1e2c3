package app_test

import (
	"context"
	"log/slog"
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	"github.com/wolfieauth/wolfieauth/billing"
	"github.com/wolfieauth/wolfieauth/billing/billingtest"
	billingstore "github.com/wolfieauth/wolfieauth/billing/store"
	"github.com/wolfieauth/wolfieauth/internal/audit"
	"github.com/wolfieauth/wolfieauth/internal/db"
	"github.com/wolfieauth/wolfieauth/internal/jobs"
)

// mortals are billing's workers of a chaos test, over one database and one Stripe; some of them are killed.
type mortals struct {
	t      *testing.T
	db     *db.DB
	stripe *billingtest.Gateway
	people billing.Members
	time   func() time.Time
	every  int64        // a worker dies at each such moment of a call to Stripe
	kills  atomic.Int64 // workers still to kill
	killed atomic.Int64
	calls  atomic.Int64
}

// wing makes a billing service with a runner of its own, as each process has.
func (m *mortals) wing(stripe billing.Gateway) (*billing.Service, *jobs.Runner) {
	log := slog.New(slog.DiscardHandler)
	runner, err := jobs.New(m.db, jobs.Config{
		Logger: log, Now: m.time, Lease: 600 * time.Millisecond, FirstRetry: 5 * time.Millisecond, MaxRetry: 50 * time.Millisecond,
	})
	must(m.t, err)
	b := billing.New(billing.Deps{
		Tx: m.db, Store: billingstore.New(m.db), Apps: mute{}, Members: m.people, Gateway: stripe, Jobs: work{runner}, Mailer: mute{},
		Versions: db.NewVersions(m.db), Audit: audit.NewLog(m.db, m.time), Now: m.time, Logger: log, BaseURL: "https://id.test",
	})
	b.RegisterJobs(work{runner})
	return b, runner
}

// worker carries work out until ctx ends; when it is killed, another one begins.
func (m *mortals) worker(ctx context.Context) {
	for ctx.Err() == nil {
		done := make(chan struct{})
		go func() {
			defer close(done)
			_, runner := m.wing(mortal{m.stripe, m})
			for ctx.Err() == nil {
				_ = runner.Drain(ctx)
				time.Sleep(time.Millisecond)
			}
		}()
		<-done
	}
}

// mayDie ends the goroutine of a worker without a word: its lease stays, as after kill -9.
func (m *mortals) mayDie() {
	if m.calls.Add(1)%m.every == 0 && m.kills.Add(-1) >= 0 {
		m.killed.Add(1)
		runtime.Goexit()
	}
}

// mortal is Stripe seen by a worker that dies at some call, before it or after it has had its effect.
type mortal struct {
	billing.Gateway
	of *mortals
}

func (g mortal) ReadSubscription(ctx context.Context, at billing.Account, id string) (billing.RemoteSubscription, error) {
	g.of.mayDie()
	out, err := g.Gateway.ReadSubscription(ctx, at, id)
	g.of.mayDie()
	return out, err
}

func (g mortal) SetQuantity(ctx context.Context, at billing.Account, key string, spec billing.QuantitySpec) error {
	g.of.mayDie()
	err := g.Gateway.SetQuantity(ctx, at, key, spec)
	g.of.mayDie()
	return err
}

func (g mortal) Refund(ctx context.Context, at billing.Account, key, paymentID string) (string, error) {
	out, err := g.Gateway.Refund(ctx, at, key, paymentID)
	g.of.mayDie()
	return out, err
}
