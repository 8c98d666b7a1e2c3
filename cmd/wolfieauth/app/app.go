// Package app is the composition root: it wires every room of the house into one running server. It is the only
// place that knows them all; the end-to-end tests live here.
package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"net/url"
	"sync"
	"time"

	"github.com/wolfieauth/wolfieauth/billing"
	billingstore "github.com/wolfieauth/wolfieauth/billing/store"
	"github.com/wolfieauth/wolfieauth/claims/comps"
	"github.com/wolfieauth/wolfieauth/idp"
	"github.com/wolfieauth/wolfieauth/idp/keys"
	"github.com/wolfieauth/wolfieauth/idp/provider"
	idpstore "github.com/wolfieauth/wolfieauth/idp/store"
	"github.com/wolfieauth/wolfieauth/internal/audit"
	"github.com/wolfieauth/wolfieauth/internal/db"
	"github.com/wolfieauth/wolfieauth/internal/i18n"
	"github.com/wolfieauth/wolfieauth/internal/jobs"
	"github.com/wolfieauth/wolfieauth/internal/mail"
	"github.com/wolfieauth/wolfieauth/internal/ratelimit"
	"github.com/wolfieauth/wolfieauth/internal/secret"
	"github.com/wolfieauth/wolfieauth/internal/web"
)

// Config is what a server must be told; internal/config reads it from the environment.
type Config struct {
	Issuer         string
	Database       string
	Box            *secret.Box      // seals what lies in the database
	Now            func() time.Time // the business clock; nil is real time
	Logger         *slog.Logger
	DefaultLang    string
	TrustedProxies []netip.Prefix
	CountryHeader  string
	RefreshGrace   time.Duration
	Stripe         Stripe
	SeatNotice     time.Duration // how long a change of seats may be stuck before the org is told; 0 is a day
	Invoices       Invoices
	SMTP           string // URL of the mail server, or "" to keep mails in the outbox
	MailFrom       string
	// VerifyFirst makes newcomers prove their address before they are signed in, so that sign-up tells nobody
	// which addresses have an account. It needs a mail server.
	VerifyFirst bool
	Outbox      bool                 // serves the outbox at /demo/outbox, to anybody: for the demo
	Extra       func(edge *web.Edge) // mounts more routes: the demo's clock
}

// Stripe is how the server speaks to Stripe; without a key billing answers 503.
type Stripe struct {
	SecretKey      string // live mode
	TestSecretKey  string
	APIBase        string // "" is Stripe; the sandbox's address otherwise
	WebhookSecrets []string
	ConnectSecrets []string
	// ConnectClientID and TestConnectClientID are the platform's at Connect, "" where orgs connect no accounts.
	ConnectClientID     string
	TestConnectClientID string
}

// App is a wired server. [App.Handler] answers requests from the start; [App.Run] does the background work.
type App struct {
	cfg      Config
	log      *slog.Logger
	db       *db.DB
	versions *db.Versions
	edge     *web.Edge
	jobs     *jobs.Runner
	audit    *audit.Log
	box      *secret.Box
	mails    *mail.Outbox
	limits   *ratelimit.Limiter

	people       *idp.Service
	protocol     *idpstore.Provider
	keys         *keys.Keys
	provider     *provider.Provider
	billing      *billing.Service
	billingStore *billingstore.Store
	comps        *comps.Service
	claims       assembler
}

// New opens the database, brings its schema up to date and wires everything. It does not listen and starts
// nothing in the background.
func New(ctx context.Context, cfg Config) (*App, error) {
	a := &App{cfg: cfg, log: cfg.Logger}
	if a.cfg.Now == nil {
		a.cfg.Now = time.Now
	}
	if a.log == nil {
		a.log = slog.Default()
	}
	for _, step := range []func(context.Context) error{a.openGround, a.openEdge, a.openIdentity, a.openBilling, a.mount} {
		if err := step(ctx); err != nil {
			return nil, errors.Join(err, a.Close())
		}
	}
	return a, nil
}

func (a *App) openGround(ctx context.Context) (err error) {
	if a.db, err = db.Open(ctx, a.cfg.Database); err != nil {
		return err
	}
	if err := a.db.Migrate(ctx); err != nil {
		return err
	}
	a.box = a.cfg.Box
	if err := a.box.EnsureCheck(ctx, a.db, time.Now()); err != nil {
		return err
	}
	a.versions = db.NewVersions(a.db)
	a.audit = audit.NewLog(a.db, a.cfg.Now)
	a.limits = ratelimit.New(a.db, time.Now)
	if a.jobs, err = jobs.New(a.db, jobs.Config{Logger: a.log, Now: a.cfg.Now}); err != nil {
		return err
	}
	return nil
}

func (a *App) openEdge(context.Context) error {
	issuer, err := url.Parse(a.cfg.Issuer)
	if err != nil {
		return fmt.Errorf("read issuer: %w", err)
	}
	catalog, err := i18n.Load()
	if err != nil {
		return err
	}
	renderer, err := web.NewRenderer(catalog, web.RendererOptions{})
	if err != nil {
		return err
	}
	cookieKey, err := a.derive("binding cookies")
	if err != nil {
		return err
	}
	a.edge, err = web.New(web.Config{
		Issuer: issuer, TrustedProxies: a.cfg.TrustedProxies, CountryHeader: a.cfg.CountryHeader,
		DefaultLang: a.cfg.DefaultLang, Logger: a.log, CookieKey: cookieKey[:],
	}, a.db, renderer, catalog, problems()...)
	if err != nil {
		return err
	}
	var sender mail.Sender
	if a.cfg.SMTP != "" {
		if sender, err = mail.NewSMTP(a.cfg.SMTP, a.cfg.MailFrom); err != nil {
			return err
		}
	}
	a.mails = mail.NewOutbox(mail.Config{DB: a.db, Jobs: a.jobs, Texts: catalog, Box: a.box, Now: a.cfg.Now, Sender: sender, Logger: a.log})
	a.jobs.Handle(mail.Kind, a.mails.Deliver)
	a.jobs.Periodic("mail.purge", 24*time.Hour, a.mails.Purge)
	return nil
}

// derive makes a key for one purpose from the current master key.
func (a *App) derive(purpose string) (key [32]byte, err error) {
	keys, err := a.box.Derive(purpose, len(key))
	if err != nil {
		return key, fmt.Errorf("derive key of %s: %w", purpose, err)
	}
	return [32]byte(keys[0]), nil
}

// Handler answers every request of the public listener.
func (a *App) Handler() http.Handler { return a.edge }

// Metrics answers the metrics listener, which must not be public.
func (a *App) Metrics() http.Handler { return a.edge.MetricsHandler() }

// Identity is the identity wing's service, for commands and seeds.
func (a *App) Identity() *idp.Service { return a.people }

// Billing is the billing wing's service, for commands and seeds.
func (a *App) Billing() *billing.Service { return a.billing }

// Comps gives and lists free passes, for commands and seeds.
func (a *App) Comps() *comps.Service { return a.comps }

// Keys are the signing keys, for commands.
func (a *App) Keys() *keys.Keys { return a.keys }

// DB is the database, for tests that count statements.
func (a *App) DB() *db.DB { return a.db }

// CatchUp carries out everything that is due by the business clock, and answers when nothing is left.
func (a *App) CatchUp(ctx context.Context) error { return a.jobs.Drain(ctx) }

// Run does the background work until ctx ends, then lets running jobs finish.
func (a *App) Run(ctx context.Context) error {
	var wg sync.WaitGroup
	defer wg.Wait()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	wg.Go(func() { a.versions.Run(ctx) })
	wg.Go(func() { a.maintainKeys(ctx) })
	err := a.jobs.Run(ctx)
	if errors.Is(err, context.Canceled) {
		return nil
	}
	return err
}

// Close closes the database; call it after [App.Run] has ended and the listeners are drained.
func (a *App) Close() error {
	if a.db == nil {
		return nil
	}
	return a.db.Close()
}
