package browsertest_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// letter is a mail as the outbox tells of it.
type letter struct {
	HTML  string
	Links []string
}

// mailed answers the newest mail to an address, as its owner would find it.
func mailed(t *testing.T, to string) letter {
	t.Helper()
	var mails []letter
	answer(t, http.MethodGet, house.line.OutboxURL+"?"+url.Values{"format": {"json"}, "to": {to}}.Encode(), nil, &mails)
	if len(mails) == 0 || len(mails[0].Links) == 0 {
		t.Fatalf("no mail with a link to %s: %v", to, mails)
	}
	return mails[0]
}

// deviceCode is what a television shows that asks to be let in.
func deviceCode(t *testing.T) string {
	t.Helper()
	var asked struct {
		UserCode string `json:"user_code"`
	}
	answer(t, http.MethodPost, house.line.Issuer+"/device_authorization", url.Values{"client_id": {deviceApp}, "scope": {"openid email org"}}, &asked)
	return asked.UserCode
}

// expireCheckout lets a hosted checkout run out, as Stripe does after a day.
func expireCheckout(t *testing.T, session string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, house.line.SandboxURL+"/v1/checkout/sessions/"+session+"/expire", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.SetBasicAuth(house.line.SandboxKey, "")
	r.Header.Set("Stripe-Account", "acct_demo_acme")
	send(t, r, &struct{}{})
}

func answer(t *testing.T, method, address string, form url.Values, into any) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, address, strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	if form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	send(t, r, into)
}

func send(t *testing.T, r *http.Request, into any) {
	t.Helper()
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		t.Fatalf("%s %s answers %d", r.Method, r.URL, res.StatusCode)
	}
	if err := json.NewDecoder(res.Body).Decode(into); err != nil {
		t.Fatal(err)
	}
}
