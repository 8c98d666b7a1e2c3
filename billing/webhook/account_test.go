package webhook_test

import (
	"errors"
	"log/slog"
	"testing"

	"github.com/wolfieauth/wolfieauth/billing/webhook"
)

// Events about a connected account are about the account of their envelope, whatever object they bring: an account,
// or the application that lost its access.
func TestEventsOfConnectedAccounts(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct{ account, eventType, object, want string }{
		"updated":              {"acct_1", "account.updated", `{"id":"acct_1","object":"account"}`, "acct_1"},
		"about another":        {"acct_1", "account.updated", `{"id":"acct_2","object":"account"}`, "acct_1"},
		"deauthorized":         {"acct_1", "account.application.deauthorized", `{"id":"ca_1","object":"application"}`, "acct_1"},
		"the platform's own":   {"", "account.updated", `{"id":"acct_0","object":"account"}`, ""},
		"a bank account of it": {"acct_1", "account.external_account.created", `{"id":"ba_1"}`, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := &ledger{}
			body, key := event(tc.account, tc.eventType, tc.object), connectSecret
			if tc.account == "" {
				key = platformSecret
			}
			if err := receiver(t, l, slog.New(slog.DiscardHandler)).Receive(t.Context(), sign(key, noon, body), []byte(body)); err != nil {
				t.Fatal(err)
			}
			if l.events[0].ObjectID != tc.want || l.events[0].Account != tc.account {
				t.Errorf("about %q of %q, want %q", l.events[0].ObjectID, l.events[0].Account, tc.want)
			}
		})
	}
}

// The secret of the platform's own endpoint says nothing about connected accounts.
func TestAnAccountIsNotClosedByThePlatformsSecret(t *testing.T) {
	t.Parallel()
	l := &ledger{}
	body := event("acct_1", "account.application.deauthorized", `{"id":"ca_1"}`)
	err := receiver(t, l, slog.New(slog.DiscardHandler)).Receive(t.Context(), sign(platformSecret, noon, body), []byte(body))
	if !errors.Is(err, webhook.ErrForged) || len(l.events) != 0 {
		t.Errorf("%v, %d events", err, len(l.events))
	}
}
