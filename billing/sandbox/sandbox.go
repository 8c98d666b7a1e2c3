package sandbox

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"math/rand"
	"net/http"
	"os"
	"strings"
	"sync"
	"time"
)

// apiVersion is the only version of Stripe's API that the sandbox speaks.
const apiVersion = "2023-10-16"

// Config is what a sandbox needs to run. Only SecretKey is required.
type Config struct {
	// Path of the SQLite state file. Empty or ":memory:" means a temporary
	// file that Close removes.
	Path string
	// SecretKey is the platform's API key and also guards the /_sandbox/ controls.
	SecretKey string
	// BaseURL is the public base of the hosted pages, without trailing slash.
	// It may be set later with [Sandbox.SetBaseURL].
	BaseURL string
	// Now is the clock of everything that is not on a test clock. Nil means time.Now.
	Now func() time.Time
	// HTTPClient delivers webhooks. Nil means a client with a ten-second limit.
	HTTPClient *http.Client
	// Faults that the sandbox commits on purpose. Zero means none.
	Faults Faults
	// Logger; nil discards.
	Logger *slog.Logger
	// RetrySchedule holds the real-time delays between attempts of one webhook
	// delivery. Nil means a few seconds, growing.
	RetrySchedule []time.Duration
}

// Faults are probabilities from 0 to 1. Deliveries may be doubled, delayed,
// reordered or dropped; API calls may fail with a 500, or lose their connection
// before or after the effect. Seed makes the dice repeatable.
type Faults struct {
	Seed             int64   `json:"seed"`
	Duplicate        float64 `json:"duplicate"`
	Delay            float64 `json:"delay"`
	Reorder          float64 `json:"reorder"`
	Drop             float64 `json:"drop"`
	APIError         float64 `json:"api_error"`
	APITimeoutBefore float64 `json:"api_timeout_before"`
	APITimeoutAfter  float64 `json:"api_timeout_after"`
}

// Sandbox is one running stand-in for Stripe. All methods are safe for
// concurrent use.
type Sandbox struct {
	cfg      Config
	db       *sql.DB
	temp     string
	handler  http.Handler
	pages    *pages
	writing  sync.Mutex // one writer at a time, in Go, so that SQLite never answers busy
	stepping sync.Mutex // one stepper of test clocks
	wake     chan struct{}
	inFlight sync.Map // idempotency keys being executed

	mu      sync.Mutex // guards what follows
	baseURL string
	faults  Faults
	dice    *rand.Rand
}

// New opens the state file, creates its tables and prepares the handler.
// Nothing is delivered and no time passes until [Sandbox.Run] or [Sandbox.Tick].
func New(ctx context.Context, cfg Config) (*Sandbox, error) {
	if strings.TrimSpace(cfg.SecretKey) == "" {
		return nil, errors.New("open sandbox: no secret key")
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.HTTPClient == nil {
		cfg.HTTPClient = &http.Client{Timeout: 10 * time.Second}
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	if cfg.RetrySchedule == nil {
		cfg.RetrySchedule = []time.Duration{
			time.Second, 2 * time.Second, 5 * time.Second, 10 * time.Second, 30 * time.Second,
			time.Minute, 5 * time.Minute, 15 * time.Minute, time.Hour, 6 * time.Hour, 24 * time.Hour,
		}
	}
	s := &Sandbox{cfg: cfg, wake: make(chan struct{}, 1)}
	s.SetBaseURL(cfg.BaseURL)
	s.SetFaults(cfg.Faults)
	var err error
	if s.pages, err = loadPages(); err != nil {
		return nil, fmt.Errorf("open sandbox: %w", err)
	}
	if err = s.openState(ctx); err != nil {
		return nil, fmt.Errorf("open sandbox: %w", err)
	}
	if err = s.ensurePlatform(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("open sandbox: %w", err), s.Close())
	}
	s.handler = s.routes()
	return s, nil
}

// Handler serves the API, the hosted pages and the controls.
func (s *Sandbox) Handler() http.Handler { return s.handler }

// SetBaseURL sets the public base of the hosted pages.
func (s *Sandbox) SetBaseURL(base string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.baseURL = strings.TrimRight(base, "/")
}

// SetFaults replaces the faults and starts their dice anew from the seed.
func (s *Sandbox) SetFaults(f Faults) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = f
	s.dice = rand.New(rand.NewSource(f.Seed)) //nolint:gosec // faults must be repeatable, not secret
}

// basePlace stands for the public base in stored objects, so that their links
// still work when the sandbox comes back on another port.
const basePlace = "\x00base" // no form can send it by accident

// hosted is the stored form of the address of a hosted page.
func hosted(path string) string { return basePlace + path }

func (s *Sandbox) base() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.baseURL
}

// roll says whether a fault of the given probability happens now.
func (s *Sandbox) roll(pick func(Faults) float64) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := pick(s.faults)
	return p > 0 && s.dice.Float64() < p
}

func (s *Sandbox) rollBetween(low, high int64) int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return low + s.dice.Int63n(high-low+1)
}

// Close releases the state file; a temporary one is removed.
func (s *Sandbox) Close() error {
	err := s.db.Close()
	if s.temp != "" {
		err = errors.Join(err, os.RemoveAll(s.temp))
	}
	return err
}
