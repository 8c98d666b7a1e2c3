package webhook_test

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/wolfieauth/wolfieauth/billing"
	"github.com/wolfieauth/wolfieauth/billing/webhook"
	"github.com/wolfieauth/wolfieauth/internal/db/dbtest"
	"github.com/wolfieauth/wolfieauth/internal/i18n"
	"github.com/wolfieauth/wolfieauth/internal/web"
)

const (
	platformSecret, platformNext = "whsec_platform", "whsec_platform_next"
	connectSecret                = "whsec_connect"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// ledger records as billing.Service does, in memory.
type ledger struct {
	mu     sync.Mutex
	events []billing.WebhookEvent
	fail   error
}

func (l *ledger) Receive(_ context.Context, e billing.WebhookEvent) (bool, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.fail != nil {
		return false, l.fail
	}
	for _, old := range l.events {
		if old.Account == e.Account && old.EventID == e.EventID {
			return false, nil
		}
	}
	l.events = append(l.events, e)
	return true, nil
}

func receiver(t *testing.T, l *ledger, log *slog.Logger) *webhook.Receiver {
	t.Helper()
	r, err := webhook.New(webhook.Config{
		PlatformSecrets: []string{platformSecret, platformNext}, ConnectSecrets: []string{connectSecret},
		Now: func() time.Time { return noon }, Logger: log,
	}, l)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func sign(secret string, at time.Time, body string) string {
	h := hmac.New(sha256.New, []byte(secret))
	fmt.Fprintf(h, "%d.%s", at.Unix(), body)
	return fmt.Sprintf("t=%d,v1=%s", at.Unix(), hex.EncodeToString(h.Sum(nil)))
}

func event(account, eventType, object string) string {
	return fmt.Sprintf(`{"id":"evt_1","object":"event","type":%q,"api_version":"2023-10-16","account":%q,"livemode":false,"data":{"object":%s}}`,
		eventType, account, object)
}

var (
	ofPlatform = event("", "customer.subscription.updated", `{"id":"sub_1"}`)
	ofAccount  = event("acct_1", "customer.subscription.updated", `{"id":"sub_1"}`)
)

func TestAGoodDeliveryIsRecordedOnce(t *testing.T) {
	t.Parallel()
	l := &ledger{}
	r := receiver(t, l, slog.New(slog.DiscardHandler))
	for range 3 {
		if err := r.Receive(t.Context(), sign(platformSecret, noon, ofPlatform), []byte(ofPlatform)); err != nil {
			t.Fatal(err)
		}
	}
	if err := r.Receive(t.Context(), sign(connectSecret, noon.Add(-299*time.Second), ofAccount), []byte(ofAccount)); err != nil {
		t.Fatal(err)
	}
	if len(l.events) != 2 || l.events[0].ObjectID != "sub_1" || l.events[1].Account != "acct_1" || l.events[0].Payload != ofPlatform {
		t.Errorf("recorded %+v", l.events)
	}
}

func TestSeveralSecretsAndSignatures(t *testing.T) {
	t.Parallel()
	l := &ledger{}
	r := receiver(t, l, slog.New(slog.DiscardHandler))
	rolled := sign("whsec_someone", noon, ofPlatform) + strings.TrimPrefix(sign(platformNext, noon, ofPlatform), fmt.Sprintf("t=%d", noon.Unix())) + ",v0=abc"
	if err := r.Receive(t.Context(), rolled, []byte(ofPlatform)); err != nil {
		t.Errorf("two signatures, the second ours: %v", err)
	}
}

func TestBadDeliveriesAreRefused(t *testing.T) {
	t.Parallel()
	good := sign(platformSecret, noon, ofPlatform)
	stamp := fmt.Sprintf("t=%d", noon.Unix())
	cases := map[string]struct {
		header, body string
		want         error
	}{
		"unsigned":               {"", ofPlatform, webhook.ErrUnsigned},
		"nonsense":               {"hello", ofPlatform, webhook.ErrUnsigned},
		"no stamp":               {strings.TrimPrefix(good, stamp+","), ofPlatform, webhook.ErrUnsigned},
		"two stamps":             {stamp + "," + good, ofPlatform, webhook.ErrUnsigned},
		"stamp of letters":       {strings.Replace(good, stamp, "t=noon", 1), ofPlatform, webhook.ErrUnsigned},
		"negative stamp":         {strings.Replace(good, stamp, "t=-5", 1), ofPlatform, webhook.ErrUnsigned},
		"endless stamp":          {strings.Replace(good, stamp, "t=99999999999999999999", 1), ofPlatform, webhook.ErrUnsigned},
		"only v0":                {strings.Replace(good, "v1=", "v0=", 1), ofPlatform, webhook.ErrUnsigned},
		"no hex":                 {stamp + ",v1=zz", ofPlatform, webhook.ErrUnsigned},
		"short signature":        {stamp + ",v1=abcd", ofPlatform, webhook.ErrUnsigned},
		"a thousand signatures":  {stamp + strings.Repeat(",v1="+strings.Repeat("00", 32), 1000), ofPlatform, webhook.ErrUnsigned},
		"somebody's secret":      {sign("whsec_other", noon, ofPlatform), ofPlatform, webhook.ErrForged},
		"the empty secret":       {sign("", noon, ofPlatform), ofPlatform, webhook.ErrForged},
		"another body":           {good, ofPlatform + " ", webhook.ErrForged},
		"another stamp":          {strings.Replace(good, stamp, fmt.Sprintf("t=%d", noon.Unix()+1), 1), ofPlatform, webhook.ErrForged},
		"stale":                  {sign(platformSecret, noon.Add(-301*time.Second), ofPlatform), ofPlatform, webhook.ErrStale},
		"from the future":        {sign(platformSecret, noon.Add(301*time.Second), ofPlatform), ofPlatform, webhook.ErrStale},
		"account on platform's":  {sign(platformSecret, noon, ofAccount), ofAccount, webhook.ErrForged},
		"platform on connect's":  {sign(connectSecret, noon, ofPlatform), ofPlatform, webhook.ErrForged},
		"empty body":             {sign(platformSecret, noon, ""), "", webhook.ErrMalformed},
		"no JSON":                {sign(platformSecret, noon, "{"), "{", webhook.ErrMalformed},
		"an array":               {sign(platformSecret, noon, "[]"), "[]", webhook.ErrMalformed},
		"an empty object":        {sign(platformSecret, noon, "{}"), "{}", webhook.ErrMalformed},
		"no livemode":            malformed(`{"id":"evt_1","object":"event","type":"x","data":{"object":{}}}`),
		"livemode of text":       malformed(`{"id":"evt_1","object":"event","type":"x","livemode":"no","data":{"object":{}}}`),
		"id of another kind":     malformed(`{"id":"cus_1","object":"event","type":"x","livemode":false,"data":{"object":{}}}`),
		"subscription of number": malformed(event("", "customer.subscription.updated", `{"id":5}`)),
		"subscription of path":   malformed(event("", "customer.subscription.updated", `{"id":"../refunds"}`)),
		"subscription of key":    malformed(event("", "customer.subscription.updated", `{"id":"sub_1|live"}`)),
		"account of path":        malformed(event("../acct", "customer.subscription.updated", `{"id":"sub_1"}`)),
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := &ledger{}
			err := receiver(t, l, slog.New(slog.DiscardHandler)).Receive(t.Context(), tc.header, []byte(tc.body))
			if !errors.Is(err, tc.want) || len(l.events) != 0 {
				t.Errorf("%v, want %v; %d events recorded", err, tc.want, len(l.events))
			}
		})
	}
}

func malformed(body string) struct {
	header, body string
	want         error
} {
	return struct {
		header, body string
		want         error
	}{sign(platformSecret, noon, body), body, webhook.ErrMalformed}
}

func TestWhichObjectAnEventIsAbout(t *testing.T) {
	t.Parallel()
	cases := map[string]struct{ eventType, object, want string }{
		"checkout":                     {"checkout.session.completed", `{"id":"cs_test_a1"}`, "cs_test_a1"},
		"subscription":                 {"customer.subscription.deleted", `{"id":"sub_1"}`, "sub_1"},
		"invoice of 2023":              {"invoice.paid", `{"id":"in_1","subscription":"sub_1","payment_intent":"pi_1"}`, "in_1"},
		"invoice of 2025":              {"invoice.paid", `{"id":"in_1","parent":{"subscription_details":{"subscription":"sub_1"}}}`, "in_1"},
		"invoice, expanded":            {"invoice.paid", `{"id":"in_1","subscription":{"id":"sub_1","object":"subscription"}}`, "in_1"},
		"invoice of a purchase":        {"invoice.paid", `{"id":"in_1","subscription":null,"payment_intent":"pi_1"}`, "in_1"},
		"invoice of nothing":           {"invoice.paid", `{"id":"in_1","subscription":null,"parent":null}`, "in_1"},
		"invoice that only previews":   {"invoice.upcoming", `{"subscription":"sub_1"}`, ""},
		"payment":                      {"payment_intent.succeeded", `{"id":"pi_1"}`, "pi_1"},
		"refund of a charge":           {"charge.refunded", `{"id":"ch_1","payment_intent":"pi_1"}`, "pi_1"},
		"dispute":                      {"charge.dispute.created", `{"id":"dp_1","payment_intent":"pi_1"}`, "pi_1"},
		"charge without intent":        {"charge.succeeded", `{"id":"ch_1","payment_intent":null}`, ""},
		"customer":                     {"customer.created", `{"id":"cus_1"}`, ""},
		"product":                      {"product.updated", `{"id":"prod_1"}`, ""},
		"a type that does not exist":   {"moon.risen", `{"id":"moon_1"}`, ""},
		"one that we do not look into": {"moon.risen", `17`, ""},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := &ledger{}
			body := event("", tc.eventType, tc.object)
			if err := receiver(t, l, slog.New(slog.DiscardHandler)).Receive(t.Context(), sign(platformSecret, noon, body), []byte(body)); err != nil {
				t.Fatal(err)
			}
			if l.events[0].ObjectID != tc.want {
				t.Errorf("about %q, want %q", l.events[0].ObjectID, tc.want)
			}
		})
	}
}

func TestAnotherAPIVersionIsKeptAndReported(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	l := &ledger{}
	body := strings.Replace(ofPlatform, "2023-10-16", "2026-08-26.dahlia", 1)
	err := receiver(t, l, slog.New(slog.NewTextHandler(&log, nil))).Receive(t.Context(), sign(platformSecret, noon, body), []byte(body))
	if err != nil || len(l.events) != 1 || l.events[0].APIVersion != "2026-08-26.dahlia" || l.events[0].ObjectID != "sub_1" {
		t.Errorf("recorded %+v, %v", l.events, err)
	}
	if !strings.Contains(log.String(), "level=ERROR") || !strings.Contains(log.String(), "dahlia") {
		t.Errorf("the log says %q", log.String())
	}
}

func TestSecretsAreRequired(t *testing.T) {
	t.Parallel()
	now := func() time.Time { return noon }
	for name, cfg := range map[string]webhook.Config{
		"none":            {Now: now},
		"empty":           {Now: now, PlatformSecrets: []string{""}},
		"blank":           {Now: now, PlatformSecrets: []string{platformSecret}, ConnectSecrets: []string{" \n"}},
		"one among three": {Now: now, PlatformSecrets: []string{platformSecret, "", platformNext}},
		"no clock":        {PlatformSecrets: []string{platformSecret}},
	} {
		if _, err := webhook.New(cfg, &ledger{}); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

// edge mounts the receiver as the server does.
func edge(t *testing.T, l *ledger) *httptest.Server {
	t.Helper()
	catalog, err := i18n.Load()
	if err != nil {
		t.Fatal(err)
	}
	renderer, err := web.NewRenderer(catalog, web.RendererOptions{Templates: fstest.MapFS{
		"layout.html":        {Data: []byte(`{{define "layout"}}{{block "main" .}}{{end}}{{end}}`)},
		"partials/none.html": {Data: []byte(`{{define "none"}}{{end}}`)},
		"errors/error.html":  {Data: []byte(`{{define "title"}}{{end}}{{define "main"}}{{.Code}}{{end}}`)},
	}})
	if err != nil {
		t.Fatal(err)
	}
	issuer, _ := url.Parse("http://localhost")
	e, err := web.New(web.Config{Issuer: issuer, Logger: slog.New(slog.DiscardHandler)}, dbtest.SQLite(t), renderer, catalog)
	if err != nil {
		t.Fatal(err)
	}
	receiver(t, l, slog.New(slog.DiscardHandler)).Mount(e.Raw())
	srv := httptest.NewServer(e)
	t.Cleanup(srv.Close)
	return srv
}

func TestAnswersOverHTTP(t *testing.T) {
	t.Parallel()
	l := &ledger{}
	srv := edge(t, l)
	big := `{"id":"evt_big","object":"event","x":"` + strings.Repeat("a", 600<<10) + `"}`
	cases := []struct {
		name, header, body string
		fail               error
		status             int
		code               string
	}{
		{"good", sign(platformSecret, noon, ofPlatform), ofPlatform, nil, 200, ""},
		{"again", sign(platformSecret, noon, ofPlatform), ofPlatform, nil, 200, ""},
		{"unsigned", "", ofPlatform, nil, 400, "webhook_signature_missing"},
		{"forged", sign("x", noon, ofPlatform), ofPlatform, nil, 400, "webhook_signature_invalid"},
		{"stale", sign(platformSecret, noon.Add(-time.Hour), ofPlatform), ofPlatform, nil, 400, "webhook_timestamp_outside_tolerance"},
		{"malformed", sign(platformSecret, noon, "{}"), "{}", nil, 400, "webhook_payload_invalid"},
		{"too big", sign(platformSecret, noon, big), big, nil, 413, "body_too_large"},
		{"database away", sign(platformSecret, noon, ofPlatform), ofPlatform, errors.New("away"), 500, "internal"},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			l.fail = tc.fail
			req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, srv.URL+webhook.Path, strings.NewReader(tc.body))
			if err != nil {
				t.Fatal(err)
			}
			req.Header.Set("Stripe-Signature", tc.header)
			res, err := http.DefaultClient.Do(req)
			if err != nil {
				t.Fatal(err)
			}
			defer res.Body.Close()
			var doc struct{ Code string }
			if err := json.NewDecoder(res.Body).Decode(&doc); err != nil {
				t.Fatal(err)
			}
			if res.StatusCode != tc.status || doc.Code != tc.code {
				t.Errorf("%d %q, want %d %q", res.StatusCode, doc.Code, tc.status, tc.code)
			}
			if tc.code != "" && res.Header.Get("Content-Type") != "application/problem+json" {
				t.Errorf("content type %q", res.Header.Get("Content-Type"))
			}
		})
	}
	if len(l.events) != 1 {
		t.Errorf("%d events recorded, want 1", len(l.events))
	}
}

func FuzzReceive(f *testing.F) {
	f.Add(sign(platformSecret, noon, ofPlatform), ofPlatform)
	f.Add(sign(connectSecret, noon, ofAccount), ofAccount)
	f.Add("t=1,v1=,v1=zz,,=", "{}")
	f.Add("t=,v1", `{"data":{"object":[]}}`)
	f.Fuzz(func(t *testing.T, header, body string) {
		l := &ledger{}
		r := receiver(t, l, slog.New(slog.DiscardHandler))
		// As it came: nobody knows a secret, so nothing may be recorded beyond the two seeds.
		if err := r.Receive(t.Context(), header, []byte(body)); err == nil && body != ofPlatform && body != ofAccount {
			t.Fatalf("recorded without a secret: %q", body)
		}
		// And signed: whatever is recorded names no object, or one that is safe in a path and in a key.
		l.events = nil
		if err := r.Receive(t.Context(), sign(connectSecret, noon, body), []byte(body)); err == nil {
			if id := l.events[0].ObjectID; strings.ContainsAny(id, "|/.? \x00") {
				t.Fatalf("object %q", id)
			}
		}
	})
}
