package demo

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
)

// prepareSandbox makes what an operator would have at Stripe: Acme's account and the two webhook endpoints. A
// second start makes the same again, which finds them and tells the endpoints its new address.
func (d *Demo) prepareSandbox(ctx context.Context) error {
	err := d.stripe(ctx, "/v1/accounts", acmeAccount, "", url.Values{
		"type": {"standard"}, "country": {"PL"}, "email": {"admin@acme.test"},
		"business_profile[name]": {"Acme"}, "default_currency": {"pln"},
	})
	if err != nil {
		return err
	}
	for _, e := range []struct{ id, secret, connect string }{
		{"we_demo_platform", webhookSecret, "false"}, {"we_demo_connect", connectSecret, "true"},
	} {
		form := url.Values{
			"url": {d.issuer + "/v1/stripe/webhook"}, "enabled_events[]": {"*"}, "connect": {e.connect}, "api_version": {"2023-10-16"},
		}
		if err := d.stripe(ctx, "/v1/webhook_endpoints", e.id, e.secret, form); err != nil {
			return err
		}
	}
	return nil
}

// stripe sends one form to the sandbox with its own headers for fixed names.
func (d *Demo) stripe(ctx context.Context, path, withID, withSecret string, form url.Values) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, d.sandboxAt+path, strings.NewReader(form.Encode()))
	if err != nil {
		return err
	}
	r.Header.Set("Authorization", "Bearer "+sandboxKey)
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Stripe-Version", "2023-10-16")
	if withID != "" {
		r.Header.Set("Sandbox-Id", withID)
	}
	if withSecret != "" {
		r.Header.Set("Sandbox-Secret", withSecret)
	}
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		return fmt.Errorf("prepare the sandbox: %w", err)
	}
	defer func() { _ = res.Body.Close() }()
	if res.StatusCode >= http.StatusBadRequest {
		body, _ := io.ReadAll(io.LimitReader(res.Body, 4096))
		var compact bytes.Buffer
		if json.Compact(&compact, body) != nil {
			compact.Write(body)
		}
		return fmt.Errorf("prepare the sandbox: %s answers %d: %s", path, res.StatusCode, compact.String())
	}
	return nil
}
