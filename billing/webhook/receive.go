package webhook

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/wolfieauth/wolfieauth/billing"
	"github.com/wolfieauth/wolfieauth/internal/web"
)

// Path is where Stripe delivers.
const Path = "/v1/stripe/webhook"

// bodyLimit is more than the largest event of Stripe.
const bodyLimit = 512 << 10

// Recorder records a verified event once; [billing.Service] is one.
type Recorder interface {
	// Receive answers false for an event that was recorded before.
	Receive(ctx context.Context, event billing.WebhookEvent) (fresh bool, err error)
}

// Config is what the receiver must be told.
type Config struct {
	// PlatformSecrets sign events of the platform's own account, ConnectSecrets those of connected accounts.
	// Several stand for a rotation, and for the test mode's endpoint beside the live one's. None may be empty,
	// and at least one must be given.
	PlatformSecrets []string
	ConnectSecrets  []string
	// Now is the clock that deliveries are stamped by: the machine's, also where billing runs on a clock that
	// can be moved.
	Now    func() time.Time
	Logger *slog.Logger // default slog.Default()
}

// Receiver answers deliveries. It is safe for concurrent use.
type Receiver struct {
	cfg      Config
	recorder Recorder
}

// New makes a receiver. It fails on an empty secret, for that would verify whatever anybody signs with it.
func New(cfg Config, recorder Recorder) (*Receiver, error) {
	all := slices.Concat(cfg.PlatformSecrets, cfg.ConnectSecrets)
	if len(all) == 0 {
		return nil, errors.New("stripe webhook: no secret is configured")
	}
	for _, secret := range all {
		if strings.TrimSpace(secret) == "" {
			return nil, errors.New("stripe webhook: a secret is empty")
		}
	}
	if cfg.Now == nil {
		return nil, errors.New("stripe webhook: no clock")
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.Default()
	}
	return &Receiver{cfg: cfg, recorder: recorder}, nil
}

// Mount puts the endpoint on a group of the edge that asks for no session.
func (r *Receiver) Mount(g *echo.Group) {
	g.POST(Path, r.handle, web.BodyLimit(bodyLimit))
}

func (r *Receiver) handle(c echo.Context) error {
	body, err := io.ReadAll(c.Request().Body)
	if err != nil {
		return fmt.Errorf("read delivery: %w", err)
	}
	if err := r.Receive(c.Request().Context(), c.Request().Header.Get("Stripe-Signature"), body); err != nil {
		return problem(err)
	}
	return c.JSON(http.StatusOK, map[string]bool{"received": true})
}

// Receive verifies and records one delivery: [ErrUnsigned], [ErrForged], [ErrStale], [ErrMalformed], or the
// recorder's error, after which Stripe delivers again.
func (r *Receiver) Receive(ctx context.Context, header string, body []byte) error {
	sig, err := parseSignature(header)
	if err != nil {
		return err
	}
	platform, connect := sig.madeBy(r.cfg.PlatformSecrets, body), sig.madeBy(r.cfg.ConnectSecrets, body)
	if !platform && !connect {
		return ErrForged
	}
	if !sig.fresh(r.cfg.Now()) {
		return fmt.Errorf("%w: stamped %s", ErrStale, sig.at.UTC().Format(time.RFC3339))
	}
	event, err := parseEvent(body)
	if err != nil {
		return err
	}
	// An account may speak only through the endpoint of the connected accounts, the platform only through its
	// own: otherwise one leaked secret would open both.
	if event.Account != "" && !connect || event.Account == "" && !platform {
		return fmt.Errorf("%w: %s came by the wrong endpoint", ErrForged, event.EventID)
	}
	fresh, err := r.recorder.Receive(ctx, event)
	if err != nil {
		return err
	}
	r.report(ctx, event, fresh)
	return nil
}

func (r *Receiver) report(ctx context.Context, event billing.WebhookEvent, fresh bool) {
	log := r.cfg.Logger.With("event", event.EventID, "type", event.Type, "account", event.Account, "livemode", event.Livemode)
	if event.APIVersion != APIVersion && fresh {
		log.ErrorContext(ctx, "stripe event of an unexpected API version: check the endpoint's setting; the object is read again",
			"api_version", event.APIVersion, "expected", APIVersion)
		return
	}
	log.DebugContext(ctx, "stripe event", "fresh", fresh, "object", event.ObjectID)
}

func problem(err error) error {
	for _, p := range []struct {
		err  error
		code string
	}{
		{ErrUnsigned, "webhook_signature_missing"},
		{ErrForged, "webhook_signature_invalid"},
		{ErrStale, "webhook_timestamp_outside_tolerance"},
		{ErrMalformed, "webhook_payload_invalid"},
	} {
		if errors.Is(err, p.err) {
			return web.Fail(http.StatusBadRequest, p.code).Because(err)
		}
	}
	return err
}
