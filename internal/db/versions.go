package db

import (
	"context"
	"maps"
	"sync"
	"time"
)

// Versions is how replicas hear of each other's changes to what they cache. A change bumps a named counter
// in its own transaction ([DB.Bump]); every replica reads all counters in one statement twice a second
// ([Versions.Run]), so that no request pays for the check and every replica sees a change within a second.
type Versions struct {
	db   *DB
	mu   sync.Mutex
	seen map[string]int64
	subs map[string][]func()
}

// NewVersions makes a watcher; subscribe with [Versions.On] before [Versions.Run].
func NewVersions(d *DB) *Versions {
	return &Versions{db: d, seen: map[string]int64{}, subs: map[string][]func(){}}
}

// On calls forget each time the counter of name has moved, here or on another replica.
func (v *Versions) On(name string, forget func()) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.subs[name] = append(v.subs[name], forget)
}

// Bump moves the counter of name in the transaction that ctx carries and, once it has committed, tells this
// replica's own subscribers at once.
func (v *Versions) Bump(ctx context.Context, name string) error {
	err := v.db.Conn(ctx).Exec(`INSERT INTO cache_versions (name, version) VALUES (?, 1)
		ON CONFLICT (name) DO UPDATE SET version = cache_versions.version + 1`, name).Error
	if err != nil {
		return Err("bump cache version", err)
	}
	AfterCommit(ctx, func() { v.notify(name) })
	return nil
}

// Run polls until ctx ends. An unreachable database is no reason to forget; the next poll tries again.
func (v *Versions) Run(ctx context.Context) {
	tick := time.NewTicker(500 * time.Millisecond)
	defer tick.Stop()
	for {
		v.poll(ctx)
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

func (v *Versions) poll(ctx context.Context) {
	var rows []struct {
		Name    string
		Version int64
	}
	if err := v.db.Conn(ctx).Raw("SELECT name, version FROM cache_versions").Scan(&rows).Error; err != nil {
		return
	}
	now := make(map[string]int64, len(rows))
	for _, r := range rows {
		now[r.Name] = r.Version
	}
	v.mu.Lock()
	before := v.seen
	v.seen = maps.Clone(now)
	v.mu.Unlock()
	for name, version := range now {
		if before[name] != version {
			v.notify(name)
		}
	}
}

func (v *Versions) notify(name string) {
	v.mu.Lock()
	subs := v.subs[name]
	v.mu.Unlock()
	for _, forget := range subs {
		forget()
	}
}
