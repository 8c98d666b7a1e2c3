package app_test

import (
	"net/http"
	"net/url"
	"strings"
	"syscall"
	"testing"

	"github.com/wolfieauth/wolfieauth/billing"
	"github.com/wolfieauth/wolfieauth/internal/db/dbtest"
)

// TestReconcileFromTheShell changes a subscription at Stripe while the server is down, and has the command find and
// repair it without the server's help.
func TestReconcileFromTheShell(t *testing.T) {
	t.Parallel()
	dbtest.EachDSN(t, func(t *testing.T, dsn string) {
		m := newMill(t, dsn)
		a := m.open()
		t.Cleanup(func() { must(t, a.Close()) })
		org := m.team(a)
		eventually(t, "what Stripe told of the purchase is settled", func() bool {
			told, _, err := a.Billing().Events(t.Context(), billing.EventFilter{Type: "customer.subscription.*", Limit: 1})
			must(t, err)
			waiting, _, err := a.Billing().Events(t.Context(), billing.EventFilter{Outcome: billing.OutcomeWaiting, Limit: 1})
			must(t, err)
			return len(told) > 0 && len(waiting) == 0
		})
		must(t, m.server.Process.Signal(syscall.SIGTERM)) // gently, so that no work stays leased
		_ = m.server.Wait()
		sh := shell{t, m.env(), m.bin}
		if out := sh.run("reconcile"); out != "1 of 1\n1 compared, 0 differ, 0 repaired, 0 failed\n" {
			t.Errorf("all is well, and it says %s", out)
		}
		change := func(form url.Values) string {
			states, err := a.Billing().SeatStates(t.Context(), org.ID)
			must(t, err)
			sub := states[0].Subscription
			if res := post(t, m.boxURL+"/v1/subscriptions/"+sub.StripeID, "application/x-www-form-urlencoded", form.Encode(), bearer(millKey)); res.status != http.StatusOK {
				t.Fatalf("change at Stripe: %d %s", res.status, res.body)
			}
			return sub.StripeID + " (platform, test) org " + org.ID + ": "
		}
		line := change(url.Values{"cancel_at_period_end": {"true"}})
		for range 2 { // looking changes nothing
			if out := sh.run("reconcile", "--dry-run"); !strings.Contains(out, line+"cancel at ") || !strings.Contains(out, "cancel at period end false, at stripe true\n") ||
				!strings.HasSuffix(out, "1 compared, 1 differ, 0 repaired, 0 failed\n") {
				t.Errorf("a dry run says %s", out)
			}
		}
		if out := sh.run("reconcile", "--org", org.Slug); !strings.Contains(out, "at stripe true: repaired\n") || !strings.HasSuffix(out, "1 compared, 1 differ, 1 repaired, 0 failed\n") {
			t.Errorf("the repair says %s", out)
		}
		if out := sh.run("reconcile"); !strings.HasSuffix(out, "1 compared, 0 differ, 0 repaired, 0 failed\n") {
			t.Errorf("after the repair it says %s", out)
		}
		line = change(url.Values{"cancel_at_period_end": {"false"}})
		if out := sh.run("reconcile", "--since", "1h"); !strings.Contains(out, line) || !strings.Contains(out, "1 differ, 1 repaired, 0 failed\n") {
			t.Errorf("by events it says %s", out)
		}
		sh.refused("neither a duration", "reconcile", "--since", "yesterday")
		sh.refused("30 days", "reconcile", "--since", "2000h")
		sh.refused("not found", "reconcile", "--org", "nobody")
		end(m.sandbox)
		sh.refused("1 failed", "reconcile")
	})
}
