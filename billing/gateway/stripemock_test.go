package gateway_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"
)

// stripe-mock v0.183.0 carries Stripe's OpenAPI description of exactly the API version that the gateway speaks.
const stripeMockModule = "github.com/stripe/stripe-mock@v0.183.0"

// mock is the one stripe-mock of this test binary, started by the first test that asks for it.
var mock struct {
	once    sync.Once
	url     string
	err     error
	process *os.Process
	dir     string
}

func TestMain(m *testing.M) {
	code := m.Run()
	if mock.process != nil {
		_ = mock.process.Kill()
		_, _ = mock.process.Wait()
	}
	if mock.dir != "" {
		_ = os.RemoveAll(mock.dir)
	}
	os.Exit(code)
}

// stripeMock returns the base URL of a running stripe-mock; without one the test fails.
func stripeMock(t *testing.T) string {
	t.Helper()
	mock.once.Do(func() { mock.url, mock.err = startStripeMock() })
	if mock.err != nil {
		t.Fatalf("stripe-mock: %v", mock.err)
	}
	return mock.url
}

func startStripeMock() (string, error) {
	binary, err := findStripeMock()
	if err != nil {
		return "", err
	}
	// Without an address of its own the HTTPS listener would take all interfaces.
	cmd := exec.Command(binary, "-http-addr", "127.0.0.1:0", "-https-addr", "127.0.0.1:0", "-strict-version-check")
	out, err := cmd.StdoutPipe()
	if err != nil {
		return "", err
	}
	if err = cmd.Start(); err != nil {
		return "", err
	}
	mock.process = cmd.Process
	found := make(chan string, 1)
	go func() {
		defer close(found)
		address := regexp.MustCompile(`HTTP at address: (127\.0\.0\.1:\d+)`)
		for lines := bufio.NewScanner(out); lines.Scan(); {
			if hit := address.FindStringSubmatch(lines.Text()); hit != nil {
				found <- "http://" + hit[1]
			}
		}
	}()
	select {
	case url, ok := <-found:
		if !ok {
			return "", errors.New("ended before it listened")
		}
		return url, nil
	case <-time.After(30 * time.Second):
		return "", errors.New("did not listen within 30 seconds")
	}
}

// findStripeMock looks on PATH and where "go install" puts things, and installs into a temporary folder otherwise.
func findStripeMock() (string, error) {
	if path, err := exec.LookPath("stripe-mock"); err == nil {
		return path, nil
	}
	if out, err := exec.Command("go", "env", "GOPATH").Output(); err == nil {
		for _, root := range filepath.SplitList(strings.TrimSpace(string(out))) {
			if path, err := exec.LookPath(filepath.Join(root, "bin", "stripe-mock")); err == nil {
				return path, nil
			}
		}
	}
	dir, err := os.MkdirTemp("", "stripe-mock")
	if err != nil {
		return "", err
	}
	mock.dir = dir
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
	defer cancel()
	install := exec.CommandContext(ctx, "go", "install", stripeMockModule)
	install.Dir = dir // outside any module, so that ours is left alone
	install.Env = append(os.Environ(), "GOBIN="+dir, "GOFLAGS=-mod=mod")
	if said, err := install.CombinedOutput(); err != nil {
		return "", fmt.Errorf("go install %s: %w\n%s", stripeMockModule, err, said)
	}
	return filepath.Join(dir, "stripe-mock"), nil
}
