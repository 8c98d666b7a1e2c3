// Package demo starts the whole system for a newcomer: the provider on an embedded database, the Stripe sandbox, a
// sample relying party, people, plans and two subscriptions, with nothing to configure. The end-to-end tests start
// the same thing.
package demo

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"time"

	"github.com/wolfieauth/wolfieauth/billing/sandbox"
	"github.com/wolfieauth/wolfieauth/cmd/wolfieauth/app"
	"github.com/wolfieauth/wolfieauth/examples/relyingparty"
	"github.com/wolfieauth/wolfieauth/internal/db"
	"github.com/wolfieauth/wolfieauth/internal/secret"
)

// Options are the demo's switches; the zero value listens on free ports and keeps its data in a temporary folder.
type Options struct {
	Addr         string // of the provider; "" is 127.0.0.1:0
	RPAddr       string // of the sample app
	SandboxAddr  string // of the Stripe sandbox
	Database     string // a path, a postgres URL, or "" for a temporary file
	RedirectURIs []string
	Faults       sandbox.Faults // for tests
	Logger       *slog.Logger
}

// Demo is a running demo.
type Demo struct {
	App     *app.App
	Sandbox *sandbox.Sandbox
	Clock   *Clock

	opts      Options
	log       *slog.Logger
	dir       string // temporary folder to remove, or ""
	issuer    string
	rpURL     string
	sandboxAt string
	servers   []*http.Server
	failed    chan error
	cancel    context.CancelFunc
	done      chan struct{}
}

// Start starts everything and puts the data in; it returns when the first page can be opened. End it with
// [Demo.Close].
func Start(ctx context.Context, opts Options) (*Demo, error) {
	d := &Demo{opts: opts, log: opts.Logger, failed: make(chan error, 8), done: make(chan struct{})}
	if d.log == nil {
		d.log = slog.New(slog.DiscardHandler)
	}
	if err := d.start(ctx); err != nil {
		return nil, errors.Join(err, d.Close())
	}
	return d, nil
}

func (d *Demo) start(ctx context.Context) error {
	provider, rp, stripe, err := d.listen()
	if err != nil {
		return err
	}
	files, err := d.place()
	if err != nil {
		return err
	}
	if d.Clock, err = OpenClock(files.clock); err != nil {
		return err
	}
	if err := d.openSandbox(ctx, files.sandbox, stripe); err != nil {
		return err
	}
	if err := d.openApp(ctx, files.database, provider); err != nil {
		return err
	}
	if err := d.openSample(rp); err != nil {
		return err
	}
	d.run()
	seed := &seeder{app: d.App, now: d.Clock.Now, rpURL: d.rpURL, redirects: d.opts.RedirectURIs}
	if err := seed.seed(ctx); err != nil {
		return err
	}
	return d.subscriptions(ctx)
}

// listen opens the three ports first, because each part must know the others' addresses.
func (d *Demo) listen() (provider, rp, stripe net.Listener, err error) {
	open := func(addr string) (net.Listener, string, error) {
		if addr == "" {
			addr = "127.0.0.1:0"
		}
		l, err := (&net.ListenConfig{}).Listen(context.Background(), "tcp", addr)
		if err != nil {
			return nil, "", fmt.Errorf("listen on %s: %w", addr, err)
		}
		return l, "http://localhost:" + strconv.Itoa(l.Addr().(*net.TCPAddr).Port), nil
	}
	if provider, d.issuer, err = open(d.opts.Addr); err != nil {
		return nil, nil, nil, err
	}
	if rp, d.rpURL, err = open(d.opts.RPAddr); err != nil {
		return nil, nil, nil, errors.Join(err, provider.Close())
	}
	if stripe, d.sandboxAt, err = open(d.opts.SandboxAddr); err != nil {
		return nil, nil, nil, errors.Join(err, provider.Close(), rp.Close())
	}
	return provider, rp, stripe, nil
}

type places struct{ database, sandbox, clock string }

// place decides where the data lie. The sandbox and the clock keep theirs beside a SQLite file, and in the user's
// cache for a PostgreSQL URL, so that both outlive a restart together with the database.
func (d *Demo) place() (places, error) {
	switch {
	case d.opts.Database == "":
		dir, err := os.MkdirTemp("", "wolfieauth-demo-*")
		if err != nil {
			return places{}, fmt.Errorf("make a place for the data: %w", err)
		}
		d.dir = dir
		base := filepath.Join(dir, "demo.db")
		return places{base, base + ".sandbox", base + ".clock"}, nil
	case db.DialectOf(d.opts.Database) == db.Postgres:
		cache, err := os.UserCacheDir()
		if err != nil {
			cache = os.TempDir()
		}
		sum := sha256.Sum256([]byte(d.opts.Database))
		dir := filepath.Join(cache, "wolfieauth-demo", fmt.Sprintf("%x", sum[:8]))
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return places{}, fmt.Errorf("make a place for the data: %w", err)
		}
		return places{d.opts.Database, filepath.Join(dir, "sandbox.db"), filepath.Join(dir, "clock")}, nil
	default:
		return places{d.opts.Database, d.opts.Database + ".sandbox", d.opts.Database + ".clock"}, nil
	}
}

func (d *Demo) openSandbox(ctx context.Context, path string, l net.Listener) error {
	s, err := sandbox.New(ctx, sandbox.Config{
		Path: path, SecretKey: sandboxKey, BaseURL: d.sandboxAt, Now: d.Clock.Now, Faults: d.opts.Faults, Logger: d.log,
	})
	if err != nil {
		return fmt.Errorf("open the Stripe sandbox: %w", err)
	}
	d.Sandbox = s
	d.serve(l, s.Handler())
	return d.prepareSandbox(ctx)
}

func (d *Demo) openApp(ctx context.Context, database string, l net.Listener) error {
	key := sha256.Sum256([]byte(masterKeyPhrase))
	box, err := secret.NewBox(key[:])
	if err != nil {
		return err
	}
	a, err := app.New(ctx, app.Config{
		Issuer: d.issuer, Database: database, Box: box, Now: d.Clock.Now, Logger: d.log, DefaultLang: "en",
		Stripe: app.Stripe{
			TestSecretKey: sandboxKey, APIBase: d.sandboxAt,
			WebhookSecrets: []string{webhookSecret}, ConnectSecrets: []string{connectSecret}, TestConnectClientID: sandbox.ConnectClientID,
		},
		Outbox: true,
		Extra:  d.mountClock,
	})
	if err != nil {
		return fmt.Errorf("open the provider: %w", err)
	}
	d.App = a
	d.serve(l, a.Handler())
	return nil
}

func (d *Demo) openSample(l net.Listener) error {
	sample, err := relyingparty.New(relyingparty.Config{
		Issuer: d.issuer, ClientID: "acme-crm", ClientSecret: clientSecret("acme-crm"), BaseURL: d.rpURL,
		Name: "Acme CRM", PricingURL: d.issuer + "/billing/acme-crm",
	})
	if err != nil {
		return fmt.Errorf("open the sample app: %w", err)
	}
	d.serve(l, sample.Handler())
	return nil
}

func (d *Demo) serve(l net.Listener, h http.Handler) {
	server := &http.Server{Handler: h, ReadHeaderTimeout: 10 * time.Second, ErrorLog: slog.NewLogLogger(d.log.Handler(), slog.LevelWarn)}
	d.servers = append(d.servers, server)
	go func() {
		if err := server.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			d.failed <- err
		}
	}()
}

// run starts the background work of provider and sandbox.
func (d *Demo) run() {
	ctx, cancel := context.WithCancel(context.Background())
	d.cancel = cancel
	ended := make(chan error, 2)
	go func() { ended <- d.App.Run(ctx) }()
	go func() { ended <- d.Sandbox.Run(ctx) }()
	go func() {
		defer close(d.done)
		for range 2 {
			if err := <-ended; err != nil && ctx.Err() == nil {
				d.failed <- err
			}
		}
	}()
}

// Failed tells of a part that has ended by itself.
func (d *Demo) Failed() <-chan error { return d.failed }

// Close ends everything in order: no new requests, the running ones drained, the jobs stopped, the files closed.
// The sandbox, which was opened first, answers until the last job has ended: a job may be asking it something.
func (d *Demo) Close() error {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	var errs []error
	sandbox, others := d.servers[:min(1, len(d.servers))], d.servers[min(1, len(d.servers)):]
	for _, server := range slices.Backward(others) {
		errs = append(errs, server.Shutdown(ctx))
	}
	if d.cancel != nil {
		d.cancel()
		<-d.done
	}
	for _, server := range sandbox {
		errs = append(errs, server.Shutdown(ctx))
	}
	if d.App != nil {
		errs = append(errs, d.App.Close())
	}
	if d.Sandbox != nil {
		errs = append(errs, d.Sandbox.Close())
	}
	if d.dir != "" {
		errs = append(errs, os.RemoveAll(d.dir))
	}
	return errors.Join(errs...)
}
