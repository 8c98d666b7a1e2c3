package web

import (
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"time"

	"github.com/gorilla/sessions"
	"github.com/labstack/echo/v4"

	"github.com/wolfieauth/wolfieauth/internal/db"
	"github.com/wolfieauth/wolfieauth/internal/i18n"
)

// Config is what the edge must be told. Only Issuer is required.
type Config struct {
	// Issuer is the public base of every absolute URL. It is never derived from a request, so that no Host
	// or Forwarded header can put an attacker's name into a link. Plain http is accepted for loopback only.
	Issuer *url.URL
	// TrustedProxies are the peers whose X-Forwarded-For and CountryHeader are believed. Default: nobody.
	TrustedProxies []netip.Prefix
	// CountryHeader names the header that carries the visitor's country code. Default "cf-ipcountry".
	CountryHeader string
	// DefaultLang is the language of a visitor who asks for none that we have. Default English.
	DefaultLang string
	// Logger gets one line per request. Default slog.Default().
	Logger *slog.Logger
	// Now is the clock of sessions. Default time.Now.
	Now func() time.Time
	// BodyLimit bounds a request's body in bytes. Default 1 MiB. A route may set its own with [BodyLimit].
	BodyLimit int64
	// CookieKey seals binding cookies ([Edge.SetBinding]); replicas must share it. Empty makes a random key,
	// which ends all bindings at a restart.
	CookieKey []byte
}

// Edge is the HTTP edge of a process. Rooms mount their routes on [Edge.Pages], [Edge.API] or [Edge.Raw].
type Edge struct {
	cfg      Config
	echo     *echo.Echo
	db       *db.DB
	render   *Renderer
	catalog  *i18n.Catalog
	problems []Problem
	store    *sessionStore
	sealer   *sealer
	guard    *http.CrossOriginProtection
	metrics  *metrics
	ready    readiness

	api, raw, pages *echo.Group
}

var _ sessions.Store = (*sessionStore)(nil)

// New builds the edge. problems is the union of every room's list; the first match answers. It fails on a
// missing or plain-http public issuer and on a problem without sentence in the catalogue.
func New(cfg Config, d *db.DB, renderer *Renderer, catalog *i18n.Catalog, problems ...Problem) (*Edge, error) {
	if err := cfg.complete(); err != nil {
		return nil, err
	}
	e := &Edge{cfg: cfg, echo: echo.New(), db: d, render: renderer, catalog: catalog, metrics: newMetrics()}
	e.problems = slices.Concat(problems, builtinProblems())
	if err := e.checkProblems(); err != nil {
		return nil, err
	}
	var err error
	if e.sealer, err = newSealer(cfg.CookieKey); err != nil {
		return nil, err
	}
	e.guard = http.NewCrossOriginProtection()
	if err := e.guard.AddTrustedOrigin(cfg.Issuer.Scheme + "://" + cfg.Issuer.Host); err != nil {
		return nil, fmt.Errorf("trust the issuer's origin: %w", err)
	}
	e.store = &sessionStore{db: d, now: cfg.Now, secure: e.secure()}
	if err := renderer.Must("errors/error"); err != nil {
		return nil, err
	}
	e.mount()
	return e, nil
}

func (cfg *Config) complete() error {
	if cfg.Issuer == nil || cfg.Issuer.Host == "" {
		return errors.New("web: the issuer's URL is missing")
	}
	if cfg.Issuer.Scheme != "https" && !loopback(cfg.Issuer) {
		return fmt.Errorf("web: issuer %s must be https; plain http is for localhost only", cfg.Issuer)
	}
	if cfg.CountryHeader == "" {
		cfg.CountryHeader = "cf-ipcountry"
	}
	if !i18n.Supported(cfg.DefaultLang) {
		cfg.DefaultLang = i18n.English
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.Default()
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.BodyLimit <= 0 {
		cfg.BodyLimit = 1 << 20
	}
	if len(cfg.CookieKey) == 0 {
		cfg.CookieKey = make([]byte, 32)
		_, _ = rand.Read(cfg.CookieKey) // never fails since Go 1.24
	}
	return nil
}

func loopback(u *url.URL) bool {
	ip := net.ParseIP(u.Hostname())
	return u.Scheme == "http" && (u.Hostname() == "localhost" || ip != nil && ip.IsLoopback())
}

// secure tells whether cookies carry Secure and the __Host- prefix.
func (e *Edge) secure() bool { return e.cfg.Issuer.Scheme == "https" }

// Issuer is the configured public base.
func (e *Edge) Issuer() *url.URL { u := *e.cfg.Issuer; return &u }

// URL answers the absolute URL of a local path on the configured issuer.
func (e *Edge) URL(path string) string { return e.cfg.Issuer.JoinPath(path).String() }

// Echo is the router below, for listing routes and for adapters that need it.
func (e *Edge) Echo() *echo.Echo { return e.echo }

// Pages is where HTML pages are mounted: session, language switch, cross-site guard, no-store, HTML errors.
func (e *Edge) Pages() *echo.Group { return e.pages }

// API is where JSON for programs is mounted: problem+json errors, no session, no cookies.
func (e *Edge) API() *echo.Group { return e.api }

// Raw is where endpoints are mounted that carry their own proof: OAuth and the webhook. Errors that reach
// the edge are HTML for a browser and problem+json for a program.
func (e *Edge) Raw() *echo.Group { return e.raw }

// ServeHTTP serves one request. HEAD is routed as GET; net/http drops the body.
func (e *Edge) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method == http.MethodHead {
		clone := *r
		clone.Method = http.MethodGet
		r = &clone
	}
	e.echo.ServeHTTP(w, r)
}

func (e *Edge) mount() {
	e.echo.HideBanner, e.echo.HidePort = true, true
	e.echo.IPExtractor = e.cfg.clientIP
	e.echo.HTTPErrorHandler = e.handleError
	e.echo.Use(e.begin, e.record, e.recoverPanic, e.secureHeaders, e.limitBody)
	e.api = e.echo.Group("", e.as(kindAPI))
	e.raw = e.echo.Group("", e.as(kindRaw))
	// The last group mounted answers unknown paths, so that a person gets a page; handleError still gives
	// problem+json below /v1 and /api.
	e.pages = e.echo.Group("", e.as(kindPage), e.noStore, e.crossSite, e.loadSession, e.switchLang)
	e.mountStatic()
	e.mountHealth()
}
