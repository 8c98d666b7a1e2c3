package gateway_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wolfieauth/wolfieauth/billing"
	"github.com/wolfieauth/wolfieauth/billing/gateway"
)

// kinds are the sentinels that a caller tells apart; a kind of refusal is one too.
var kinds = []error{
	billing.ErrCardDeclined, billing.ErrAccountGone, billing.ErrProrationDate,
	billing.ErrStripeNotConfigured, billing.ErrStripeUnavailable, billing.ErrStripeRefused, billing.ErrStripeGone, context.Canceled,
}

func checkKind(t *testing.T, err, want error) {
	t.Helper()
	for _, kind := range kinds {
		if got := errors.Is(err, kind); got != errors.Is(want, kind) {
			t.Errorf("error %v: is %q: %v", err, kind, got)
		}
	}
}

func TestErrorsAreMapped(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		said reply
		want error
	}{
		"bad parameter":          {refuse(400, "parameter_invalid_empty", "name"), billing.ErrStripeRefused},
		"missing in a parameter": {refuse(400, "resource_missing", "customer"), billing.ErrStripeRefused},
		"key with other content": {reply{400, `{"error":{"type":"idempotency_error","message":"Keys for idempotent requests can only be used with the same parameters"}}`}, billing.ErrStripeRefused},
		"wrong key":              {reply{401, `{"error":{"type":"invalid_request_error","message":"Invalid API Key provided: sk_test_*****3456"}}`}, billing.ErrStripeNotConfigured},
		"card":                   {reply{402, `{"error":{"type":"card_error","code":"card_declined","message":"Your card was declined."}}`}, billing.ErrCardDeclined},
		"foreign account":        {refuse(403, "account_invalid", ""), billing.ErrAccountGone},
		"proration date":         {refuse(400, "", "subscription_proration_date"), billing.ErrProrationDate},
		"gone":                   {refuse(404, "resource_missing", "id"), billing.ErrStripeGone},
		"no such path":           {reply{404, `{"error":{"type":"invalid_request_error","message":"Unrecognized request URL"}}`}, billing.ErrStripeRefused},
		"key in use":             {refuse(409, "idempotency_key_in_use", ""), billing.ErrStripeUnavailable},
		"too many":               {refuse(429, "rate_limit", ""), billing.ErrStripeUnavailable},
		"lock":                   {refuse(429, "lock_timeout", ""), billing.ErrStripeUnavailable},
		"fault":                  {reply{500, `{"error":{"type":"api_error","message":"An unknown error occurred"}}`}, billing.ErrStripeUnavailable},
		"proxy":                  {reply{502, `<html>bad gateway</html>`}, billing.ErrStripeUnavailable},
		"error of no shape":      {reply{400, `{}`}, billing.ErrStripeUnavailable},
		"success of no shape":    {reply{200, `<html>captive portal</html>`}, billing.ErrStripeUnavailable},
		"success without an id":  {reply{200, `{"object":"product"}`}, billing.ErrStripeUnavailable},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := answers(t, map[string]reply{"POST /v1/products": tc.said})
			_, err := b.CreateProduct(b.ctx, platform, "key-1", billing.ProductSpec{PlanID: "plan-1", Name: "Pro"})
			checkKind(t, err, tc.want)
			if !strings.Contains(err.Error(), "create product") {
				t.Errorf("%q does not say what was tried", err)
			}
			if strings.Contains(tc.said.body, `"type"`) && !strings.Contains(err.Error(), "req_1") {
				t.Errorf("%q does not name Stripe's request", err)
			}
			if strings.Contains(err.Error(), "html") {
				t.Errorf("%q repeats the body", err)
			}
		})
	}
}

// An id in a parameter is missed with 400; where that object is the one asked about, it is gone.
func TestGoneInAParameter(t *testing.T) {
	t.Parallel()
	b := answers(t, map[string]reply{
		"POST /v1/billing_portal/sessions": refuse(400, "resource_missing", "customer"),
		"GET /v1/subscriptions":            refuse(400, "resource_missing", "customer"),
	})
	_, err := b.CreatePortal(b.ctx, platform, "cus_1", "http://localhost/", "en")
	checkKind(t, err, billing.ErrStripeGone)
	_, err = b.ListSubscriptions(b.ctx, platform, "cus_1")
	checkKind(t, err, billing.ErrStripeGone)
}

func TestModeWithoutAKey(t *testing.T) {
	t.Parallel()
	g, err := gateway.New(gateway.Config{})
	if err != nil {
		t.Fatal(err)
	}
	for _, at := range []billing.Account{{}, {Livemode: true}} {
		_, err = g.ReadSubscription(t.Context(), at, "sub_1")
		checkKind(t, err, billing.ErrStripeNotConfigured)
	}
}

// roundTrip is a transport made of a function.
type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func TestEachModeHasItsKey(t *testing.T) {
	t.Parallel()
	var heard []string
	transport := roundTrip(func(r *http.Request) (*http.Response, error) {
		heard = append(heard, r.URL.Host+" "+r.Header.Get("Authorization"))
		return &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(`{"id":"cus_1"}`))}, nil
	})
	g, err := gateway.New(gateway.Config{SecretKey: "sk_live_1", TestSecretKey: "sk_test_1", HTTPClient: &http.Client{Transport: transport}})
	if err != nil {
		t.Fatal(err)
	}
	for _, live := range []bool{true, false} {
		if _, err = g.CreateCustomer(t.Context(), billing.Account{Livemode: live}, "key-1", billing.CustomerSpec{}); err != nil {
			t.Fatal(err)
		}
	}
	if got, want := strings.Join(heard, "\n"), "api.stripe.com Bearer sk_live_1\napi.stripe.com Bearer sk_test_1"; got != want {
		t.Errorf("heard\n%s\nwant\n%s", got, want)
	}
}

func TestNewRefusesBadConfiguration(t *testing.T) {
	t.Parallel()
	for name, cfg := range map[string]gateway.Config{
		"test key as live":       {SecretKey: "sk_test_1"},
		"restricted test key":    {SecretKey: "rk_test_1"},
		"live key as test":       {TestSecretKey: "sk_live_1"},
		"live key for a sandbox": {SecretKey: "sk_live_1", APIBase: "http://localhost:8082"},
		"base without host":      {APIBase: "localhost:8082"},
		"base of another scheme": {APIBase: "ftp://localhost"},
		"retries":                {MaxNetworkRetries: -1},
	} {
		_, err := gateway.New(cfg)
		if err == nil {
			t.Errorf("%s: accepted", name)
			continue
		}
		if strings.Contains(err.Error(), "k_") {
			t.Errorf("%s: %q repeats the key", name, err)
		}
	}
}

func TestStripeGrantsNoWishes(t *testing.T) {
	t.Parallel()
	g, err := gateway.New(gateway.Config{TestSecretKey: testKey})
	if err != nil {
		t.Fatal(err)
	}
	_, err = g.CreateAccount(t.Context(), platform, "key-1", billing.AccountSpec{}, gateway.WithID("acct_1"))
	checkKind(t, err, billing.ErrStripeRefused)
	_, _, err = g.CreateWebhookEndpoint(t.Context(), platform, "http://localhost/", []string{"*"}, false, gateway.WithSecret("whsec_1"))
	checkKind(t, err, billing.ErrStripeRefused)
}

func TestNetworkFailures(t *testing.T) {
	t.Parallel()
	silent := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }))
	t.Cleanup(silent.Close)
	cut := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "100")
		_, _ = io.WriteString(w, `{"id":`)
	}))
	t.Cleanup(cut.Close)
	closed := httptest.NewServer(http.NotFoundHandler())
	closed.Close()
	read := func(t *testing.T, ctx context.Context, base string, client *http.Client) error {
		t.Helper()
		g, err := gateway.New(gateway.Config{TestSecretKey: testKey, APIBase: base, HTTPClient: client})
		if err != nil {
			t.Fatal(err)
		}
		_, err = g.ReadCheckout(ctx, platform, "cs_1")
		if strings.Contains(err.Error(), testKey) {
			t.Errorf("%q holds the key", err)
		}
		return err
	}
	t.Run("nobody listens", func(t *testing.T) {
		t.Parallel()
		checkKind(t, read(t, t.Context(), closed.URL, nil), billing.ErrStripeUnavailable)
	})
	t.Run("cut off", func(t *testing.T) {
		t.Parallel()
		checkKind(t, read(t, t.Context(), cut.URL, nil), billing.ErrStripeUnavailable)
	})
	t.Run("limit of an attempt", func(t *testing.T) {
		t.Parallel()
		checkKind(t, read(t, t.Context(), silent.URL, &http.Client{Timeout: 20 * time.Millisecond}), billing.ErrStripeUnavailable)
	})
	t.Run("deadline of the caller", func(t *testing.T) {
		t.Parallel()
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
		defer cancel()
		err := read(t, ctx, silent.URL, nil)
		checkKind(t, err, billing.ErrStripeUnavailable)
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%v hides the deadline", err)
		}
	})
	t.Run("caller left", func(t *testing.T) {
		t.Parallel()
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(20*time.Millisecond, cancel)
		checkKind(t, read(t, ctx, silent.URL, nil), context.Canceled)
	})
}

// A retry carries the key of the first attempt, and neither log nor error holds keys, addresses or bodies.
func TestRetriesAndSecrets(t *testing.T) {
	t.Parallel()
	attempts := []reply{
		refuse(409, "idempotency_key_in_use", ""),
		ok(`{"id":"cus_secretive","email":"buyer@example.test"}`),
		{400, `{"error":{"type":"invalid_request_error","code":"email_invalid","message":"Invalid email address: buyer@example.test for sk_test_*****3456"}}`},
	}
	var keys []string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		said := attempts[len(keys)]
		keys = append(keys, r.Header.Get("Idempotency-Key"))
		w.WriteHeader(said.status)
		_, _ = io.WriteString(w, said.body)
	}))
	t.Cleanup(server.Close)
	var log bytes.Buffer
	g, err := gateway.New(gateway.Config{
		TestSecretKey: testKey, APIBase: server.URL, MaxNetworkRetries: 1,
		Logger: slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug})),
	})
	if err != nil {
		t.Fatal(err)
	}
	spec := billing.CustomerSpec{OrgID: "org-1", Email: "buyer@example.test"}
	if _, err = g.CreateCustomer(t.Context(), platform, "key-1", spec); err != nil {
		t.Fatalf("retried: %v", err)
	}
	if diff := cmp.Diff([]string{"key-1", "key-1"}, keys); diff != "" {
		t.Errorf("keys (-want +got):\n%s", diff)
	}
	_, refused := g.CreateCustomer(t.Context(), platform, "key-2", spec)
	checkKind(t, refused, billing.ErrStripeRefused)
	said := log.String() + refused.Error()
	for _, secret := range []string{testKey, "3456", "buyer@example.test", "cus_secretive"} {
		if strings.Contains(said, secret) {
			t.Errorf("%q leaked into:\n%s", secret, said)
		}
	}
	if !strings.Contains(said, "stripe call retried") || !strings.Contains(said, "create customer") {
		t.Errorf("log says too little:\n%s", said)
	}
}
