package db

import (
	"context"
	"sync"
)

// Cached keeps what load answers, by key, until [Cached.Forget]. A load that began before a Forget is not
// kept, so a reader can never store what a writer has just replaced. Errors are not kept.
type Cached[K comparable, V any] struct {
	load func(ctx context.Context, key K) (V, error)
	mu   sync.RWMutex
	gen  uint64
	kept map[K]V
	max  int
}

// NewCached makes a cache over load; limit bounds the keys kept (a full cache is emptied, for an attacker may
// ask for any number of keys).
func NewCached[K comparable, V any](limit int, load func(ctx context.Context, key K) (V, error)) *Cached[K, V] {
	return &Cached[K, V]{load: load, kept: map[K]V{}, max: limit}
}

// Load answers the kept value of key, or loads and keeps it. It passes load's errors on.
func (c *Cached[K, V]) Load(ctx context.Context, key K) (V, error) {
	c.mu.RLock()
	v, ok := c.kept[key]
	gen := c.gen
	c.mu.RUnlock()
	if ok {
		return v, nil
	}
	v, err := c.load(ctx, key)
	if err != nil {
		return v, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.gen == gen {
		if len(c.kept) >= c.max {
			clear(c.kept)
		}
		c.kept[key] = v
	}
	return v, nil
}

// Forget drops everything that is kept.
func (c *Cached[K, V]) Forget() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.gen++
	clear(c.kept)
}
