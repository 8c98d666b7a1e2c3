package app_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wolfieauth/wolfieauth/cmd/wolfieauth/app/apptest"
	"github.com/wolfieauth/wolfieauth/cmd/wolfieauth/demo"
	"github.com/wolfieauth/wolfieauth/internal/db/dbtest"
)

func lineKeepsContract(t *testing.T, h *house) {
	var out bytes.Buffer
	must(t, h.line.WriteJSON(&out))
	holds(t, "demo-line", out.Bytes())
	if strings.Count(out.String(), "\n") != 1 {
		t.Errorf("more than one line: %q", out.String())
	}
	v := reflect.ValueOf(h.line)
	for i := range v.NumField() {
		name := v.Type().Field(i).Name
		if text, ok := reflect.TypeAssert[string](v.Field(i)); ok && (strings.HasSuffix(name, "URL") || name == "Issuer") && parse(t, text).Hostname() != "localhost" {
			t.Errorf("%s is %s", name, text)
		}
	}
	for _, a := range h.line.Apps {
		if len(a.RedirectURIs) != 2 || a.RedirectURIs[0] != h.line.RPURL+"/callback" || a.RedirectURIs[1] != redirect {
			t.Errorf("redirect URIs of %s: %v", a.ClientID, a.RedirectURIs)
		}
	}
	for _, address := range []string{h.line.PricingURL, h.line.RPURL, h.line.OutboxURL, h.line.Issuer + "/login", h.line.ClockURL} {
		if res := send(t, http.MethodGet, address, "", "", nil); res.status != http.StatusOK {
			t.Errorf("GET %s: %d", address, res.status)
		}
	}
	if _, ok := h.stripe(t, "/v1/products")[0]["id"].(string); !ok {
		t.Error("the sandbox has no product under its key")
	}
	for path, contract := range map[string]string{"/.well-known/openid-configuration": "discovery", "/healthz": "healthz", "/readyz": "readyz"} {
		holds(t, contract, send(t, http.MethodGet, h.line.Issuer+path, "", "", nil).body)
	}
	for _, bad := range []string{`{"advance":"-1h"}`, `{"advance":"soon"}`, `{"advance":1}`, `{}`, ``} {
		if res := post(t, h.line.ClockURL, "application/json", bad, nil); res.status < 400 || res.status >= 500 {
			t.Errorf("the clock takes %s: %d %s", bad, res.status, res.body)
		}
	}
}

// TestStartingAgainIsHarmless starts the demo twice on the same data.
func TestStartingAgainIsHarmless(t *testing.T) {
	t.Parallel()
	dbtest.EachDSN(t, func(t *testing.T, dsn string) {
		first, err := demo.Start(t.Context(), demo.Options{Database: dsn, RedirectURIs: []string{redirect}})
		must(t, err)
		h := &house{Demo: first, line: first.Line(), dsn: dsn}
		h.settle(t)
		before, line := h.census(t), first.Line()
		got := apptest.NewBrowser(t).SignIn(h.client("acme-crm"), "subscriber@example.test", demoPassword)
		must(t, first.Close())
		h = setup(t, dsn)
		if diff := cmp.Diff(line.Users, h.line.Users); diff != "" {
			t.Error(diff)
		}
		for i, a := range h.line.Apps {
			if a.ClientID != line.Apps[i].ClientID || a.ClientSecret != line.Apps[i].ClientSecret {
				t.Errorf("%s has another secret", a.ClientID)
			}
		}
		h.settle(t)
		after := h.census(t)
		for _, table := range []string{"users", "orgs", "memberships", "oidc_clients", "app_bundles", "bundle_apps", "billing_apps", "plans", "features", "plan_features", "membership_prices", "checkouts", "subscriptions", "stripe_customers", "app_entitlement_overrides", "signing_keys"} {
			if before[table] != after[table] {
				t.Errorf("%s: %d rows, after a second start %d", table, before[table], after[table])
			}
		}
		again := apptest.NewBrowser(t).SignIn(h.client("acme-crm"), "subscriber@example.test", demoPassword)
		if diff := cmp.Diff(entries(got.Held.Plans), entries(again.Held.Plans)); diff != "" || got.Held.Version != again.Held.Version {
			t.Errorf("the claim changed:\n%s", diff)
		}
	})
}

// TestTheDemoCommand runs the binary as a script does.
func TestTheDemoCommand(t *testing.T) {
	t.Parallel()
	cmd := exec.CommandContext(t.Context(), built(t), "demo", "--addr", "127.0.0.1:0", "--rp-addr", "127.0.0.1:0", "--sandbox-addr", "127.0.0.1:0",
		"--db", filepath.Join(t.TempDir(), "demo.db"), "--redirect-uri", redirect, "--redirect-uri", redirect+"/2", "--json")
	var complaints bytes.Buffer
	cmd.Stderr = &complaints
	stdout, err := cmd.StdoutPipe()
	must(t, err)
	must(t, cmd.Start())
	reader := bufio.NewReader(stdout)
	raw, err := reader.ReadBytes('\n')
	if err != nil {
		t.Fatalf("no line: %v\n%s", err, complaints.String())
	}
	holds(t, "demo-line", raw)
	var line demo.Line
	must(t, json.Unmarshal(raw, &line))
	if n := len(line.Apps[0].RedirectURIs); n != 3 {
		t.Errorf("%d redirect URIs", n)
	}
	h := &house{line: line}
	if got := apptest.NewBrowser(t).SignIn(h.client("acme-crm"), "comped@example.test", demoPassword); len(got.Held.Plans) != 1 {
		t.Errorf("comped holds %+v", got.Held.Plans)
	}
	must(t, cmd.Process.Signal(syscall.SIGTERM))
	rest, err := io.ReadAll(reader)
	must(t, err)
	if len(rest) > 0 {
		t.Errorf("more on stdout: %s", rest)
	}
	if err := cmd.Wait(); err != nil {
		t.Errorf("SIGTERM: %v\n%s", err, complaints.String())
	}
	if complaints.Len() > 0 {
		t.Errorf("on stderr:\n%s", complaints.String())
	}
}
