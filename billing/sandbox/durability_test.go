package sandbox_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stripe/stripe-go/v76"

	"github.com/wolfieauth/wolfieauth/billing/sandbox"
)

func readAll(t *testing.T, resp *http.Response) string {
	t.Helper()
	return string(must(io.ReadAll(resp.Body))(t))
}

func sortedCopy(in []string) []string {
	out := slices.Clone(in)
	slices.Sort(out)
	return out
}

// victimState names the state file to the re-executed test binary.
const victimState = "WOLFIE_SANDBOX_VICTIM"

// TestMain lets the test binary be a sandbox process of its own, to be killed.
func TestMain(m *testing.M) {
	path := os.Getenv(victimState)
	if path == "" {
		os.Exit(m.Run())
	}
	s, err := sandbox.New(context.Background(), sandbox.Config{Path: path, SecretKey: secretKey})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	server := httptest.NewServer(s.Handler())
	s.SetBaseURL(server.URL)
	_, _ = fmt.Fprintln(os.Stdout, server.URL)
	_ = s.Run(context.Background())
}

func startVictim(t *testing.T, path string) (string, *os.Process) {
	t.Helper()
	cmd := exec.Command(must(os.Executable())(t))
	cmd.Env = append(os.Environ(), victimState+"="+path)
	cmd.Stderr = os.Stderr
	out := must(cmd.StdoutPipe())(t)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	lines := bufio.NewScanner(out)
	if !lines.Scan() {
		t.Fatal("the sandbox process said nothing")
	}
	return lines.Text(), cmd.Process
}

// Requests run in parallel while the process is killed; after a restart every
// acknowledged object is there, and every unacknowledged key finishes with
// exactly one object.
func TestKillLosesNothingAcknowledged(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "state.db")
	acknowledged := map[string]string{} // key -> id
	for round := range 3 {
		base, process := startVictim(t, path)
		api := stripeClient(base)
		type ack struct{ key, id string }
		acks := make(chan ack, 1000)
		done := make(chan struct{}, 4)
		for worker := range 4 {
			go func() {
				defer func() { done <- struct{}{} }()
				for i := 0; ; i++ {
					key := fmt.Sprintf("r%d-w%d-%d", round, worker, i)
					p := &stripe.CustomerParams{Name: &key}
					p.SetIdempotencyKey(key)
					c, err := api.Customers.New(p)
					if err != nil {
						acks <- ack{key, ""}
						return
					}
					acks <- ack{key, c.ID}
				}
			}()
		}
		killed := false
		for n, finished := 0, 0; finished < 4; {
			select {
			case a := <-acks:
				acknowledged[a.key] = a.id
				if n++; n >= 25 && !killed {
					killed = true
					if err := process.Kill(); err != nil {
						t.Fatal(err)
					}
				}
			case <-done:
				finished++
			}
		}
		for len(acks) > 0 {
			a := <-acks
			acknowledged[a.key] = a.id
		}
	}
	base, _ := startVictim(t, path)
	api := stripeClient(base)
	for key, id := range acknowledged {
		p := &stripe.CustomerParams{Name: &key}
		p.SetIdempotencyKey(key)
		c := must(api.Customers.New(p))(t)
		if id != "" && c.ID != id {
			t.Errorf("%s was acknowledged as %s and is now %s", key, id, c.ID)
		}
	}
	names := map[string]int{}
	for list := api.Customers.List(&stripe.CustomerListParams{ListParams: stripe.ListParams{Limit: stripe.Int64(100)}}); list.Next(); {
		names[list.Customer().Name]++
	}
	for key := range acknowledged {
		if names[key] != 1 {
			t.Errorf("%s exists %d times", key, names[key])
		}
	}
}
