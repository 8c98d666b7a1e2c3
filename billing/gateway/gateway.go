package gateway

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/stripe/stripe-go/v76"

	"github.com/wolfieauth/wolfieauth/billing"
)

// APIVersion is the version of Stripe's API that every request asks for and every webhook endpoint is made with.
const APIVersion = stripe.APIVersion

// callTimeout bounds one attempt of a call when no client was given. Stripe's own slowest calls stay below it.
const callTimeout = 40 * time.Second

var _ billing.Gateway = (*Gateway)(nil)

// Config says where Stripe is and who asks. The zero value is valid: every call then answers
// billing.ErrStripeNotConfigured.
type Config struct {
	// SecretKey serves accounts in live mode, TestSecretKey those in test mode; "" means that the mode is not
	// configured.
	SecretKey     string
	TestSecretKey string
	// ConnectClientID and TestConnectClientID name the platform to the owners of accounts (ca_); "" means that no
	// account can be connected in that mode.
	ConnectClientID     string
	TestConnectClientID string
	// APIBase is "" for Stripe itself, otherwise the base URL of a stand-in, to which no live key is ever sent.
	APIBase string
	// HTTPClient carries the calls; nil means one with a limit of 40 seconds for each attempt.
	HTTPClient *http.Client
	// Logger hears of each call (debug) and each retry (warn); nil discards.
	Logger *slog.Logger
	// MaxNetworkRetries is how often a call is tried again at once after a network failure or a lock conflict,
	// always with the same idempotency key. 0 means never. Each retry first waits half a second or more, and
	// does not notice meanwhile that the caller has left.
	MaxNetworkRetries int64
}

// Gateway calls Stripe. All methods are safe for concurrent use.
type Gateway struct {
	live    backend
	test    backend
	standIn bool
	// connectBase is where people let the platform in.
	connectBase string
	log         *slog.Logger
}

// backend is one mode's key and connection; without a key it is not configured.
type backend struct {
	key     string
	client  string // of Connect, or ""
	api     stripe.Backend
	connect stripe.Backend
}

// New checks cfg and prepares a connection for each mode; nothing is sent. It fails on a negative number of
// retries, on an APIBase that is no http or https URL, on a key of the wrong mode, and on a live key beside an
// APIBase.
func New(cfg Config) (*Gateway, error) {
	if err := cfg.check(); err != nil {
		return nil, fmt.Errorf("configure stripe: %w", err)
	}
	if cfg.HTTPClient == nil {
		cfg.HTTPClient = &http.Client{Timeout: callTimeout}
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	g := &Gateway{
		live:    cfg.backend(cfg.SecretKey, cfg.ConnectClientID),
		test:    cfg.backend(cfg.TestSecretKey, cfg.TestConnectClientID),
		standIn: cfg.APIBase != "", connectBase: stripe.ConnectURL,
		log: cfg.Logger,
	}
	if g.standIn {
		g.connectBase = strings.TrimRight(cfg.APIBase, "/")
	}
	return g, nil
}

func (cfg Config) check() error {
	if cfg.MaxNetworkRetries < 0 {
		return errors.New("negative number of retries")
	}
	if isKeyOf("test", cfg.SecretKey) {
		return errors.New("the live key is a test key")
	}
	if isKeyOf("live", cfg.TestSecretKey) {
		return errors.New("the test key is a live key")
	}
	if cfg.APIBase == "" {
		return nil
	}
	if cfg.SecretKey != "" {
		return errors.New("a live key is for Stripe alone, not for another API base")
	}
	base, err := url.Parse(cfg.APIBase)
	if err != nil || base.Host == "" || (base.Scheme != "http" && base.Scheme != "https") {
		return errors.New("the API base is not an http or https URL")
	}
	return nil
}

// isKeyOf knows Stripe's secret (sk_) and restricted (rk_) keys by their prefix.
func isKeyOf(mode, key string) bool {
	return strings.HasPrefix(key, "sk_"+mode+"_") || strings.HasPrefix(key, "rk_"+mode+"_")
}

func (cfg Config) backend(key, client string) backend {
	return backend{key: key, client: client, api: cfg.connection(stripe.APIBackend), connect: cfg.connection(stripe.ConnectBackend)}
}

// connection is made anew for each: the library writes into the configuration that it is given.
func (cfg Config) connection(kind stripe.SupportedBackend) stripe.Backend {
	config := &stripe.BackendConfig{
		EnableTelemetry:   stripe.Bool(false),
		HTTPClient:        cfg.HTTPClient,
		LeveledLogger:     retryLog{cfg.Logger},
		MaxNetworkRetries: stripe.Int64(cfg.MaxNetworkRetries),
	}
	if cfg.APIBase != "" {
		config.URL = stripe.String(cfg.APIBase)
	}
	return stripe.GetBackendWithConfig(kind, config)
}

// backend is the connection of the account's mode, or billing.ErrStripeNotConfigured.
func (g *Gateway) backend(at billing.Account) (backend, error) {
	chosen, mode := g.test, "test"
	if at.Livemode {
		chosen, mode = g.live, "live"
	}
	if chosen.key == "" {
		return backend{}, fmt.Errorf("no key for %s mode: %w", mode, billing.ErrStripeNotConfigured)
	}
	return chosen, nil
}
