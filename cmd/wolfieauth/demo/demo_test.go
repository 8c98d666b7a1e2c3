package demo_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/wolfieauth/wolfieauth/cmd/wolfieauth/demo"
	"github.com/wolfieauth/wolfieauth/docs/contracts"
)

func TestTheClockOutlivesARestart(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "clock")
	c, err := demo.OpenClock(path)
	if err != nil {
		t.Fatal(err)
	}
	if ahead := time.Until(c.Now()).Abs(); ahead > time.Minute || c.Now().Location() != time.UTC {
		t.Errorf("a new clock is %s away, in %s", ahead, c.Now().Location())
	}
	for _, step := range []time.Duration{720 * time.Hour, 0, time.Nanosecond} {
		if err := c.Advance(step); err != nil {
			t.Fatal(err)
		}
	}
	if err := c.Advance(-time.Second); err == nil {
		t.Error("the clock went back")
	}
	again, err := demo.OpenClock(path)
	if err != nil {
		t.Fatal(err)
	}
	if apart := again.Now().Sub(c.Now()).Abs(); apart > time.Minute {
		t.Errorf("after a restart the clock is %s away", apart)
	}
	for _, broken := range []string{"", "{", `{"offset":"soon"}`} {
		if err := os.WriteFile(path, []byte(broken), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := demo.OpenClock(path); err == nil || !strings.Contains(err.Error(), "read clock") {
			t.Errorf("a file that holds %q: %v", broken, err)
		}
	}
}

// TestATemporaryDemo starts with nothing given and leaves nothing behind.
func TestATemporaryDemo(t *testing.T) { //nolint:paralleltest // it moves the place of temporary files
	t.Setenv("TMPDIR", t.TempDir())
	d, err := demo.Start(t.Context(), demo.Options{})
	if err != nil {
		t.Fatal(err)
	}
	line := d.Line()
	var asJSON, asTable bytes.Buffer
	if err := line.WriteJSON(&asJSON); err != nil {
		t.Fatal(err)
	}
	if err := contracts.Validate("demo-line", asJSON.Bytes()); err != nil {
		t.Error(err)
	}
	if err := line.WriteTable(&asTable); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{line.RPURL, line.PricingURL, line.OutboxURL, line.ClockURL, line.Password, "buyer@example.test", "4242 4242 4242 4242"} {
		if !strings.Contains(asTable.String(), want) {
			t.Errorf("the table does not tell %s:\n%s", want, asTable.String())
		}
	}
	// A second one cannot have the same port, and says so.
	if _, err := demo.Start(t.Context(), demo.Options{Addr: strings.TrimPrefix(line.Issuer, "http://")}); err == nil || !strings.Contains(err.Error(), "listen on") {
		t.Errorf("on a taken port: %v", err)
	}
	if err := d.Close(); err != nil {
		t.Error(err)
	}
	left, err := os.ReadDir(os.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range left {
		t.Errorf("left behind: %s", e.Name())
	}
}
