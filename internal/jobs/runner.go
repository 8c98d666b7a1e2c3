package jobs

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverdatabasesql"
	"github.com/riverqueue/river/riverdriver/riversqlite"

	"github.com/wolfieauth/wolfieauth/internal/db"
)

var (
	// ErrBusy means that another worker held the item for as long as [Runner.DoNow] was willing to wait.
	ErrBusy = errors.New("another worker is at it")
	// ErrUnknownKind means that no handler is registered for the kind.
	ErrUnknownKind = errors.New("no handler for this kind of work")
	// ErrInTransaction means a call that runs handlers from inside a transaction.
	ErrInTransaction = errors.New("work cannot be carried out inside a transaction")
	// ErrAlreadyRun means a second call of [Runner.Run].
	ErrAlreadyRun = errors.New("runner has already run")

	errStopping  = errors.New("stopping")
	errLeaseLost = errors.New("lease lost to another worker")
)

// Handler carries one thing out. It reads by itself what is wanted, must be idempotent, and must stop when ctx
// ends. An error means: again, later. Errors are stored and shown to admins, so they must hold no secrets.
type Handler func(ctx context.Context, key string) error

// Config sets a [Runner] up; zero values mean the defaults.
type Config struct {
	Logger *slog.Logger     // default: slog.Default
	Now    func() time.Time // the business clock that due dates follow; default: real time

	Workers    int           // handlers running at once; default 8
	SweepEvery time.Duration // default 5 s
	Lease      time.Duration // how long a killed worker keeps its item; default 15 s
	FirstRetry time.Duration // wait after the first failure; default 1 s
	MaxRetry   time.Duration // the longest wait; default 15 min
	Timeout    time.Duration // of one call of a handler; default 1 min
	DoNowWait  time.Duration // how long DoNow waits for another worker; default 10 s
	StopWait   time.Duration // how long handlers may finish when Run's context ends; default 8 s
}

func (c Config) withDefaults() Config {
	if c.Logger == nil {
		c.Logger = slog.Default()
	}
	if c.Now == nil {
		c.Now = realNow
	}
	if c.Workers <= 0 {
		c.Workers = 8
	}
	for _, d := range []struct {
		field *time.Duration
		value time.Duration
	}{
		{&c.SweepEvery, 5 * time.Second},
		{&c.Lease, 15 * time.Second},
		{&c.FirstRetry, time.Second},
		{&c.MaxRetry, 15 * time.Minute},
		{&c.Timeout, time.Minute},
		{&c.DoNowWait, 10 * time.Second},
		{&c.StopWait, 8 * time.Second},
	} {
		if *d.field <= 0 {
			*d.field = d.value
		}
	}
	return c
}

// realNow is machinery's clock: leases and retries measure what really passes, whatever the demo's clock says.
// Microseconds are what PostgreSQL keeps.
func realNow() time.Time {
	return time.Now().UTC().Truncate(time.Microsecond)
}

// kind is one registered kind of work.
type kind struct {
	handle   Handler
	timeout  time.Duration
	periodic bool
}

// Option changes how one kind of work is carried out.
type Option func(*kind)

// Timeout bounds one call of the handler.
func Timeout(d time.Duration) Option {
	return func(k *kind) { k.timeout = d }
}

// item names one thing to carry out.
type item struct{ Kind, Key string }

// Runner records what is wanted and, between [Runner.Run] and [Runner.Stop], carries it out.
type Runner struct {
	db    *db.DB
	cfg   Config
	log   *slog.Logger
	river *river.Client[*sql.Tx]
	id    string // holds the leader's lease

	kinds map[string]*kind
	slots chan struct{} // bounds the handlers that run at once
	queue chan item

	mu     sync.Mutex
	queued map[item]bool
	ran    bool
	// leadsUntil is the end of the leader's lease that this runner holds; zero for none.
	leadsUntil time.Time

	quit    chan struct{} // closed by Stop
	stop    sync.Once
	stopped chan struct{} // closed at the end of Run
	abort   context.CancelCauseFunc
}

// wakeUp is the job library's job: a hint that an item may be wanted.
type wakeUp struct {
	ItemKind string `json:"item_kind"`
	ItemKey  string `json:"item_key"`
}

// Kind names the job in the library's tables.
func (wakeUp) Kind() string { return "wake_up" }

type wakeWorker struct {
	river.WorkerDefaults[wakeUp]
	r *Runner
}

// Work never fails: failures are the row's business, and so is trying again.
func (w *wakeWorker) Work(ctx context.Context, job *river.Job[wakeUp]) error {
	w.r.work(ctx, item{job.Args.ItemKind, job.Args.ItemKey})
	return nil
}

// New makes a runner on a migrated database. Until [Runner.Run] it only records, which is all that a
// short-lived command needs.
func New(d *db.DB, cfg Config) (*Runner, error) {
	cfg = cfg.withDefaults()
	r := &Runner{
		db: d, cfg: cfg, log: cfg.Logger, id: uuid.NewString(), kinds: map[string]*kind{},
		slots: make(chan struct{}, cfg.Workers), queue: make(chan item, 1024), queued: map[item]bool{},
		quit: make(chan struct{}), stopped: make(chan struct{}),
	}
	workers := river.NewWorkers()
	river.AddWorker(workers, &wakeWorker{r: r})
	rc := &river.Config{
		Queues:                      map[string]river.QueueConfig{river.QueueDefault: {MaxWorkers: cfg.Workers}},
		Workers:                     workers,
		Logger:                      slog.New(warnings{cfg.Logger.Handler()}),
		JobTimeout:                  -1, // the handler's own timeout bounds it
		MaxAttempts:                 1,
		CompletedJobRetentionPeriod: time.Hour,
		DiscardedJobRetentionPeriod: time.Hour,
	}
	var err error
	if d.Dialect() == db.Postgres {
		r.river, err = river.NewClient(riverdatabasesql.New(d.SQL()), rc)
	} else {
		r.river, err = river.NewClient(riversqlite.New(d.SQL()), rc)
	}
	if err != nil {
		return nil, fmt.Errorf("prepare job library: %w", err)
	}
	r.Periodic("jobs.cleanup", time.Hour, r.cleanup)
	return r, nil
}

// Handle registers the handler of a kind; before Run. A second handler for one kind is a mistake in the
// wiring and panics.
func (r *Runner) Handle(name string, h Handler, opts ...Option) {
	if r.kinds[name] != nil || name == leaderKind {
		panic("jobs: kind registered twice: " + name)
	}
	k := &kind{handle: h, timeout: r.cfg.Timeout}
	for _, o := range opts {
		o(k)
	}
	r.kinds[name] = k
}

// Run carries work out until ctx ends or [Runner.Stop] is called, and returns when the running handlers have
// ended. A runner runs once: [ErrAlreadyRun].
func (r *Runner) Run(ctx context.Context) error {
	work, abort := context.WithCancelCause(context.WithoutCancel(ctx))
	defer abort(errStopping)
	if !r.begin(abort) {
		return ErrAlreadyRun
	}
	defer close(r.stopped)
	if err := r.ensurePeriodic(ctx); err != nil {
		return err
	}
	if err := r.river.Start(work); err != nil {
		return fmt.Errorf("start job library: %w", err)
	}
	var wg sync.WaitGroup
	for range r.cfg.Workers {
		wg.Go(func() { r.serve(work) })
	}
	wg.Go(func() { r.sweepLoop(work) })
	select {
	case <-ctx.Done():
		grace := time.AfterFunc(r.cfg.StopWait, func() { abort(errStopping) })
		defer grace.Stop()
		r.stop.Do(func() { close(r.quit) })
	case <-r.quit:
	}
	// Not bounded by work: what abort cancels must still give its lease back before Run returns.
	err := r.river.Stop(context.WithoutCancel(work))
	wg.Wait()
	r.resign(context.WithoutCancel(ctx))
	if err != nil && !errors.Is(err, context.Canceled) {
		return fmt.Errorf("stop job library: %w", err)
	}
	return nil
}

func (r *Runner) begin(abort context.CancelCauseFunc) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.ran {
		return false
	}
	r.ran, r.abort = true, abort
	return true
}

// Stop takes no more work, waits for the running handlers and, when ctx ends first, cancels them; their items
// are free for others at once. It answers ctx's error where it had to cancel.
func (r *Runner) Stop(ctx context.Context) error {
	r.stop.Do(func() { close(r.quit) })
	r.mu.Lock()
	ran, abort := r.ran, r.abort
	r.mu.Unlock()
	if !ran {
		return nil
	}
	select {
	case <-r.stopped:
		return nil
	case <-ctx.Done():
		abort(errStopping)
	}
	select {
	case <-r.stopped:
	case <-time.After(2 * time.Second): // a handler that does not listen is left behind
	}
	return fmt.Errorf("stop jobs: %w", ctx.Err())
}

// serve is one local worker.
func (r *Runner) serve(ctx context.Context) {
	for {
		select {
		case <-r.quit:
			return
		case it := <-r.queue:
			r.mu.Lock()
			delete(r.queued, it)
			r.mu.Unlock()
			r.work(ctx, it)
		}
	}
}

// work carries an item out if it is wanted and free, within the bound on running handlers.
func (r *Runner) work(ctx context.Context, it item) {
	select {
	case r.slots <- struct{}{}:
		defer func() { <-r.slots }()
	case <-r.quit:
		return
	}
	if _, err := r.carryOut(ctx, it); err != nil {
		r.log.WarnContext(ctx, "work failed", "kind", it.Kind, "key", it.Key, "error", clean(err))
	}
}

// nudge wakes a local worker, where there is one; a full queue leaves it to the sweep.
func (r *Runner) nudge(it item) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.ran || r.queued[it] || r.kinds[it.Kind] == nil {
		return
	}
	select {
	case r.queue <- it:
		r.queued[it] = true
	default:
	}
}
