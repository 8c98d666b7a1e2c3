package gateway_test

import (
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wolfieauth/wolfieauth/billing"
	"github.com/wolfieauth/wolfieauth/billing/gateway"
)

// connecting is a gateway with a Connect client id.
func connecting(t *testing.T, base string) bundle {
	t.Helper()
	record := &recorder{next: http.DefaultTransport}
	g, err := gateway.New(gateway.Config{TestSecretKey: testKey, TestConnectClientID: "ca_sandbox_platform", APIBase: base, HTTPClient: &http.Client{Transport: record}})
	if err != nil {
		t.Fatal(err)
	}
	return bundle{t.Context(), g, record}
}

func TestContractOfConnect(t *testing.T) {
	t.Parallel()
	base := stripeMock(t)
	for name, tc := range map[string]struct {
		call  func(bundle) error
		keyed bool
		line  string
		form  map[string]string
	}{
		"make account": {keyed: true, line: "POST /v1/accounts", call: func(b bundle) error {
			_, err := b.MakeAccount(b.ctx, platform, "key-1", billing.AccountSpec{OrgID: "org-1", Country: "PL", Email: "a@acme.test"})
			return err
		}, form: map[string]string{"type": "standard", "country": "PL", "email": "a@acme.test", "metadata[wolfieauth_org_id]": "org-1"}},
		"account link": {keyed: true, line: "POST /v1/account_links", call: func(b bundle) error {
			page, err := b.AccountLink(b.ctx, connected, "http://localhost:8080/again", "http://localhost:8080/back")
			if err == nil && !strings.HasPrefix(page, "https://") {
				err = errors.New("no page")
			}
			return err
		}, form: map[string]string{
			"account": "acct_1acme", "type": "account_onboarding", "refresh_url": "http://localhost:8080/again", "return_url": "http://localhost:8080/back",
		}},
		"read account": {line: "GET /v1/accounts/acct_1acme", call: func(b bundle) error {
			got, err := b.ReadAccount(b.ctx, connected)
			if err == nil && got.Country == "" {
				err = errors.New("account without country")
			}
			return err
		}, form: map[string]string{}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := setup(t, base)
			if err := tc.call(b); err != nil {
				t.Fatal(err)
			}
			all := b.record.requests()
			if len(all) != 1 || all[0].status != http.StatusOK {
				t.Fatalf("%d requests: %+v", len(all), all)
			}
			all[0].check(t, tc.line, tc.form, platform, tc.keyed)
		})
	}
}

// consent walks through the sandbox's page and answers what it sends back.
func consent(t *testing.T, page, answer, account string) url.Values {
	t.Helper()
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, page, strings.NewReader(url.Values{"answer": {answer}, "account": {account}}.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	res, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	_ = res.Body.Close()
	back, err := url.Parse(res.Header.Get("Location"))
	if err != nil || res.StatusCode != http.StatusSeeOther {
		t.Fatalf("%d to %q: %v", res.StatusCode, res.Header.Get("Location"), err)
	}
	return back.Query()
}

func TestAnAccountLetsThePlatformInAndOut(t *testing.T) {
	t.Parallel()
	s := openShop(t)
	b := connecting(t, s.url)
	page, err := b.AuthorizeURL(platform, "state-1", "http://localhost:8080/back", "pl")
	if err != nil {
		t.Fatal(err)
	}
	if back := consent(t, page, "deny", ""); back.Get("error") != "access_denied" || back.Get("state") != "state-1" || back.Has("code") {
		t.Errorf("after a no: %v", back)
	}
	back := consent(t, page, "allow", "acct_demo_acme")
	id, err := b.Authorized(b.ctx, platform, back.Get("code"))
	if err != nil || id != "acct_demo_acme" || back.Get("state") != "state-1" {
		t.Fatalf("%q, %v, %v", id, err, back)
	}
	if _, err := b.Authorized(b.ctx, platform, back.Get("code")); !errors.Is(err, billing.ErrStripeRefused) {
		t.Errorf("a code twice: %v", err)
	}
	got, err := b.ReadAccount(b.ctx, s.at)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(billing.RemoteAccount{ID: "acct_demo_acme", Country: "PL", DefaultCurrency: "PLN", ChargesEnabled: true, PayoutsEnabled: true, DetailsSubmitted: true}, got); diff != "" {
		t.Error(diff)
	}
	for range 2 { // the second time there is no access to take away
		if err := b.Deauthorize(b.ctx, s.at); err != nil {
			t.Fatalf("deauthorize: %v", err)
		}
	}
	if _, err := b.ReadAccount(b.ctx, s.at); !errors.Is(err, billing.ErrAccountGone) {
		t.Errorf("read after the end: %v", err)
	}
	if id, err = b.Authorized(b.ctx, platform, consent(t, page, "allow", "acct_demo_acme").Get("code")); err != nil || id != "acct_demo_acme" {
		t.Errorf("again: %q, %v", id, err)
	}
	if _, err := b.ReadAccount(b.ctx, s.at); err != nil {
		t.Errorf("read after it was let in again: %v", err)
	}
}

func TestAMadeAccountIsOnboarded(t *testing.T) {
	t.Parallel()
	s := openShop(t)
	b := connecting(t, s.url)
	id, err := b.MakeAccount(b.ctx, platform, "making-1", billing.AccountSpec{OrgID: "org-1", Country: "DE"})
	if err != nil {
		t.Fatal(err)
	}
	at := billing.Account{ID: id}
	got, err := b.ReadAccount(b.ctx, at)
	if err != nil || got.ChargesEnabled || got.Country != "DE" || len(got.Due) == 0 || got.DisabledReason == "" {
		t.Errorf("made %+v, %v", got, err)
	}
	link, err := b.AccountLink(b.ctx, at, "http://localhost:8080/again", "http://localhost:8080/back")
	if err != nil || !strings.HasPrefix(link, s.url+"/setup/") {
		t.Errorf("link %q, %v", link, err)
	}
}

func TestWithoutAClientIDNothingIsConnected(t *testing.T) {
	t.Parallel()
	b := setup(t, "http://127.0.0.1:1")
	_, authorize := b.AuthorizeURL(platform, "s", "http://localhost/", "")
	_, redeem := b.Authorized(b.ctx, platform, "ac_1")
	_, live := b.AuthorizeURL(billing.Account{Livemode: true}, "s", "http://localhost/", "")
	for name, err := range map[string]error{"authorize": authorize, "redeem": redeem, "deauthorize": b.Deauthorize(b.ctx, connected), "live": live} {
		if !errors.Is(err, billing.ErrStripeNotConfigured) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if len(b.record.requests()) != 0 {
		t.Error("something was sent")
	}
}

// The page is Stripe's own where there is no stand-in.
func TestThePageIsStripes(t *testing.T) {
	t.Parallel()
	g, err := gateway.New(gateway.Config{SecretKey: "sk_live_1", ConnectClientID: "ca_live"})
	if err != nil {
		t.Fatal(err)
	}
	page, err := g.AuthorizeURL(billing.Account{Livemode: true}, "state-1", "https://id.test/back", "")
	if err != nil || !strings.HasPrefix(page, "https://connect.stripe.com/oauth/authorize?") || !strings.Contains(page, "client_id=ca_live") {
		t.Errorf("%q, %v", page, err)
	}
}
