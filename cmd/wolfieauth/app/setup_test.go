package app_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/wolfieauth/wolfieauth/billing/sandbox"
	"github.com/wolfieauth/wolfieauth/cmd/wolfieauth/app/apptest"
	"github.com/wolfieauth/wolfieauth/cmd/wolfieauth/demo"
	"github.com/wolfieauth/wolfieauth/docs/contracts"
	"github.com/wolfieauth/wolfieauth/internal/db/dbtest"
)

// redirect is an address at an app that nobody serves: a client takes the code from the browser's address bar.
const redirect = "https://rp.example/callback"

var (
	scratch     string   // removed at the end of the run
	environment []string // as the run found it
	stray       logs     // what was written past the log that a server was given
)

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "wolfieauth-e2e-*")
	if err != nil {
		panic(err)
	}
	scratch, environment = dir, os.Environ()
	// A demo on PostgreSQL keeps its sandbox and clock in the user's cache.
	if err := os.Setenv("XDG_CACHE_HOME", filepath.Join(dir, "cache")); err != nil {
		panic(err)
	}
	slog.SetDefault(slog.New(slog.NewJSONHandler(&stray, nil)))
	code := m.Run()
	_ = os.RemoveAll(dir)
	os.Exit(code)
}

// binary builds the command once a run.
var binary = sync.OnceValues(func() (string, error) {
	path := filepath.Join(scratch, "wolfieauth")
	cmd := exec.CommandContext(context.Background(), "go", "build", "-o", path, "github.com/wolfieauth/wolfieauth/cmd/wolfieauth")
	cmd.Env = environment // with the build cache where it was
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build the command: %w: %s", err, out)
	}
	return path, nil
})

func built(t *testing.T) string {
	t.Helper()
	path, err := binary()
	must(t, err)
	return path
}

// house is a running demo and what a test needs to know of it.
type house struct {
	*demo.Demo
	line demo.Line
	dsn  string
	logs *logs
}

// each runs test on a demo of its own, once for each engine.
func each(t *testing.T, test func(t *testing.T, h *house)) {
	t.Helper()
	dbtest.EachDSN(t, func(t *testing.T, dsn string) { test(t, setup(t, dsn)) })
}

func setup(t testing.TB, dsn string, change ...func(*demo.Options)) *house {
	t.Helper()
	h := &house{dsn: dsn, logs: &logs{}}
	opts := demo.Options{Database: dsn, RedirectURIs: []string{redirect}, Logger: slog.New(slog.NewJSONHandler(h.logs, nil))}
	for _, c := range change {
		c(&opts)
	}
	d, err := demo.Start(context.WithoutCancel(t.Context()), opts)
	must(t, err)
	t.Cleanup(func() {
		if err := d.Close(); err != nil {
			t.Errorf("close the demo: %v", err)
		}
	})
	h.Demo, h.line = d, d.Line()
	return h
}

// faulty drops every delivery of the sandbox.
func faulty(o *demo.Options) { o.Faults = sandbox.Faults{Drop: 1} }

// client is a demo app seen by its developer.
func (h *house) client(id string) *apptest.Client {
	for _, a := range h.line.Apps {
		if a.ClientID == id {
			return &apptest.Client{Issuer: h.line.Issuer, ID: id, Secret: a.ClientSecret, Redirect: redirect}
		}
	}
	panic("no app " + id)
}

func (h *house) sub(email string) string {
	for _, u := range h.line.Users {
		if u.Email == email {
			return u.Sub
		}
	}
	panic("no user " + email)
}

// advance moves the clock through its address.
func (h *house) advance(t *testing.T, by time.Duration) {
	t.Helper()
	res := post(t, h.line.ClockURL, "application/json", `{"advance":"`+by.String()+`"}`, nil)
	if res.status != http.StatusOK {
		t.Fatalf("advance by %s: %d %s", by, res.status, res.body)
	}
}

var people atomic.Int64

// newcomer is an address that nobody has yet.
func newcomer() string { return fmt.Sprintf("newcomer-%d@example.test", people.Add(1)) }

type response struct {
	status int
	header http.Header
	body   []byte
}

func post(t testing.TB, address, contentType, body string, header http.Header) response {
	t.Helper()
	return send(t, http.MethodPost, address, contentType, body, header)
}

func send(t testing.TB, method, address, contentType, body string, header http.Header) response {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, address, strings.NewReader(body))
	must(t, err)
	maps.Copy(r.Header, header)
	if contentType != "" {
		r.Header.Set("Content-Type", contentType)
	}
	client := &http.Client{Timeout: 30 * time.Second, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	res, err := client.Do(r)
	must(t, err)
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	must(t, err)
	return response{res.StatusCode, res.Header, raw}
}

func bearer(token string) http.Header { return http.Header{"Authorization": {"Bearer " + token}} }

// holds checks a document against a contract.
func holds(t testing.TB, contract string, document []byte) {
	t.Helper()
	if err := contracts.Validate(contract, document); err != nil {
		t.Errorf("%v\n%s", err, document)
	}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// logs is everything that a server wrote into its log.
type logs struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (l *logs) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.Write(p)
}

func (l *logs) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.String()
}

// of answers the lines of one request.
func (l *logs) of(requestID string) []map[string]any {
	var out []map[string]any
	for line := range strings.Lines(l.String()) {
		var m map[string]any
		if json.Unmarshal([]byte(line), &m) == nil && m["request_id"] == requestID {
			out = append(out, m)
		}
	}
	return out
}

// eventually waits until ok, for what the background does by itself.
func eventually(t testing.TB, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(30 * time.Second); ; {
		if ok() {
			return
		}
		if time.Now().After(end) {
			t.Fatalf("it never came to be that %s", what)
		}
		time.Sleep(20 * time.Millisecond)
	}
}
