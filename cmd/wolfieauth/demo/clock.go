package demo

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"sync"
	"time"
)

// Clock is real time plus an offset that only grows. Billing, claims and the sandbox share one; the times in
// tokens stay real. The offset is kept in a file, so that a restart does not send anybody back in time.
type Clock struct {
	mu     sync.RWMutex
	offset time.Duration
	path   string
}

type clockState struct {
	Offset string `json:"offset"`
}

// OpenClock reads the offset that path keeps; a missing file is no offset.
func OpenClock(path string) (*Clock, error) {
	c := &Clock{path: path}
	raw, err := os.ReadFile(path) // #nosec G304 -- a file beside the demo's own database
	if errors.Is(err, fs.ErrNotExist) {
		return c, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read clock: %w", err)
	}
	var state clockState
	if err := json.Unmarshal(raw, &state); err != nil {
		return nil, fmt.Errorf("read clock %s: %w", path, err)
	}
	if c.offset, err = time.ParseDuration(state.Offset); err != nil {
		return nil, fmt.Errorf("read clock %s: %w", path, err)
	}
	return c, nil
}

// Now is the demo's time, in UTC.
func (c *Clock) Now() time.Time {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return time.Now().UTC().Add(c.offset)
}

// Advance moves the clock forward for good. Going back is refused: renewals cannot be undone.
func (c *Clock) Advance(d time.Duration) error {
	if d < 0 {
		return errors.New("the clock only goes forward")
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	raw, err := json.Marshal(clockState{Offset: (c.offset + d).String()})
	if err != nil {
		return err
	}
	if err := os.WriteFile(c.path, raw, 0o600); err != nil {
		return fmt.Errorf("keep clock: %w", err)
	}
	c.offset += d
	return nil
}
