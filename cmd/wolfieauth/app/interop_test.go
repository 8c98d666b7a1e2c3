package app_test

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// otherClients lets libraries of other makers go the whole way: they are stricter than we are with ourselves.
func otherClients(t *testing.T, h *house) {
	node, err := exec.LookPath("node")
	if err != nil {
		t.Fatalf("node is missing: %v; install it (Debian: apt-get install nodejs npm)", err)
	}
	for _, library := range []string{"openid-client", "oauth4webapi"} {
		t.Run(library, func(t *testing.T) {
			t.Parallel()
			if _, err := os.Stat(filepath.Join("interop", "node_modules", library)); err != nil {
				t.Fatalf("%s is not installed: %v; run: make test-deps (or: cd cmd/wolfieauth/app/interop && npm ci)", library, err)
			}
			c := h.client("acme-crm")
			in, err := json.Marshal(map[string]string{
				"issuer": c.Issuer, "clientId": c.ID, "clientSecret": c.Secret, "redirect": c.Redirect, "loggedOut": "https://rp.example/",
				"email": "subscriber@example.test", "password": demoPassword,
			})
			must(t, err)
			cmd := exec.CommandContext(t.Context(), node, library+".mjs") // #nosec G204 -- names from this file
			cmd.Dir = "interop"
			cmd.Env = append(os.Environ(), "INTEROP="+string(in))
			var complaints bytes.Buffer
			cmd.Stderr = &complaints
			out, err := cmd.Output()
			if err != nil {
				t.Fatalf("%v\n%s", err, complaints.String())
			}
			type verdict struct {
				Sub, Email, Revoked, LoggedOut string
				Plans, RefreshedPlans          []string
				Rotated, Active                bool
			}
			var got verdict
			must(t, json.Unmarshal(out, &got))
			want := verdict{
				Sub: h.sub("subscriber@example.test"), Email: "subscriber@example.test", Revoked: "invalid_grant",
				LoggedOut: "https://rp.example/?state=bye", Plans: []string{"pro"}, RefreshedPlans: []string{"pro"}, Rotated: true, Active: true,
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("verdict (-want +got):\n%s", diff)
			}
		})
	}
}
