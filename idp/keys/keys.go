// Package keys makes, keeps and rotates the provider's signing keys.
//
// A key is published as next for longer than anybody may cache the key set, then signs as active, and stays
// published as retired until nothing that it signed can be valid any more. Of each algorithm at most one key
// is active and at most one is next; the database holds that, so that two replicas that start together end
// with one. Private keys are sealed at rest under the master key.
//
// Call [Keys.Ensure] at start, [Keys.Maintain] every minute or so on any replica, and [Keys.Rotate] by hand.
package keys

import (
	"context"
	"fmt"
	"time"

	"github.com/wolfieauth/wolfieauth/idp"
	"github.com/wolfieauth/wolfieauth/internal/audit"
	"github.com/wolfieauth/wolfieauth/internal/db"
	"github.com/wolfieauth/wolfieauth/internal/secret"
)

// The signing algorithms, in the order of discovery.
const (
	RS256 = "RS256"
	ES256 = "ES256"
	EdDSA = "EdDSA"
)

// Algorithms lists the supported algorithms; RS256 is every app's default.
func Algorithms() []string { return []string{RS256, ES256, EdDSA} }

// MaxAge is how long a key set may be cached.
const MaxAge = 5 * time.Minute

// Config has the times of a key's life; zeros mean the defaults.
type Config struct {
	// Now is the real clock; tokens never follow a demo's.
	Now func() time.Time
	// Every is how long a key signs. Default 90 days.
	Every time.Duration
	// Ahead is how long a key is published before it signs. Default twice [MaxAge].
	Ahead time.Duration
	// Keep is how long a retired key stays published: at least the longest life of a token, and longer so
	// that an old ID token still serves as a hint at logout. Default 30 days.
	Keep time.Duration
	// Audit records new keys and keys that begin to sign; nil records nothing.
	Audit idp.Auditor
}

func (c *Config) complete() {
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Every <= 0 {
		c.Every = 90 * 24 * time.Hour
	}
	if c.Ahead <= 0 {
		c.Ahead = 2 * MaxAge
	}
	if c.Keep <= 0 {
		c.Keep = 30 * 24 * time.Hour
	}
}

// Store keeps the rows; idp/store.SigningKeys is one. Its InTx also tells every replica to read again.
type Store interface {
	InTx(ctx context.Context, fn func(ctx context.Context) error) error
	SigningKeys(ctx context.Context) ([]idp.SigningKey, error)
	// CreateSigningKey answers false when the algorithm has a key in that state already.
	CreateSigningKey(ctx context.Context, k idp.SigningKey) (bool, error)
	// ActivateSigningKey answers [idp.ErrKeyUnavailable] when another replica was first.
	ActivateSigningKey(ctx context.Context, id, alg string, now, expires time.Time) error
	DeleteExpiredSigningKeys(ctx context.Context, now time.Time) error
	// ResealSigningKey replaces a sealed private key unless another replica has done so.
	ResealSigningKey(ctx context.Context, id, before, after string) error
}

// Box seals private keys; internal/secret.Box is one. Open answers secret.ErrWrongKey or secret.ErrDamaged.
type Box interface {
	Seal(plain []byte, at secret.Place) string
	Open(sealed string, at secret.Place) ([]byte, error)
	// Stale tells a text that an older master key sealed.
	Stale(sealed string) bool
}

// Keys holds the signing keys of a process, parsed once. It is safe for concurrent use.
type Keys struct {
	cfg   Config
	store Store
	box   Box
	cache *db.Cached[struct{}, *set]
}

// New makes the keys over their store. Subscribe [Keys.Forget] to the cache version "keys".
func New(cfg Config, store Store, box Box) *Keys {
	cfg.complete()
	k := &Keys{cfg: cfg, store: store, box: box}
	k.cache = db.NewCached(1, func(ctx context.Context, _ struct{}) (*set, error) { return k.load(ctx) })
	return k
}

// Forget makes the next call read the keys again.
func (k *Keys) Forget() { k.cache.Forget() }

func (k *Keys) now() time.Time { return k.cfg.Now().UTC().Truncate(time.Microsecond) }

// Ensure makes an active key of every algorithm that has none, at the first start of an installation, and seals
// the keys anew that an older master key holds. It refuses to start with a master key other than the one that sealed the keys (secret.ErrWrongKey).
func (k *Keys) Ensure(ctx context.Context) error {
	rows, err := k.store.SigningKeys(ctx)
	if err != nil {
		return err
	}
	if err := k.reseal(ctx, rows); err != nil {
		return err
	}
	for _, alg := range Algorithms() {
		if find(rows, alg, idp.KeyActive) == nil {
			if err := k.create(ctx, alg, idp.KeyActive); err != nil {
				return err
			}
		}
	}
	k.Forget()
	_, err = k.set(ctx)
	return err
}

// reseal puts the private keys that an older master key sealed under the current one, so that the older can be
// taken away. A replica that was faster has done the same.
func (k *Keys) reseal(ctx context.Context, rows []idp.SigningKey) error {
	for _, row := range rows {
		if !k.box.Stale(row.PrivateSealed) {
			continue
		}
		plain, err := k.box.Open(row.PrivateSealed, place(row.ID))
		if err != nil {
			return fmt.Errorf("open signing key %s: %w", row.ID, err)
		}
		err = k.store.InTx(ctx, func(ctx context.Context) error {
			return k.store.ResealSigningKey(ctx, row.ID, row.PrivateSealed, k.box.Seal(plain, place(row.ID)))
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// create makes a key pair outside the transaction, for that takes long; a second replica's is dropped.
func (k *Keys) create(ctx context.Context, alg string, state idp.KeyState) error {
	row, err := k.generate(alg)
	if err != nil {
		return err
	}
	now := k.now()
	row.State, row.CreatedAt, row.ActivateAt = state, now, now
	if state == idp.KeyActive {
		row.ActivatedAt = &now // nobody has cached a set without it yet
	} else {
		row.ActivateAt = now.Add(k.cfg.Ahead)
	}
	return k.store.InTx(ctx, func(ctx context.Context) error {
		made, err := k.store.CreateSigningKey(ctx, row)
		if err != nil || !made {
			return err
		}
		return k.record(ctx, "key.created", row.ID, alg)
	})
}

// record writes a change of the keys into the audit log.
func (k *Keys) record(ctx context.Context, action, id, alg string) error {
	if k.cfg.Audit == nil {
		return nil
	}
	return k.cfg.Audit.Record(ctx, audit.Entry{Action: action, Target: audit.Target{Kind: "key", ID: id}, After: map[string]string{"alg": alg}})
}

// Rotate publishes a next key of every algorithm; [Keys.Maintain] makes it sign once every cached key set
// has expired. It answers when that will be. Rotating twice meanwhile changes nothing.
func (k *Keys) Rotate(ctx context.Context) (from time.Time, err error) {
	for _, alg := range Algorithms() {
		if err := k.create(ctx, alg, idp.KeyNext); err != nil {
			return time.Time{}, err
		}
	}
	rows, err := k.store.SigningKeys(ctx)
	if err != nil {
		return time.Time{}, err
	}
	for _, r := range rows {
		if r.State == idp.KeyNext && r.ActivateAt.After(from) {
			from = r.ActivateAt
		}
	}
	return from.UTC(), nil
}

// Maintain does what is due: publishes successors of keys that have signed long enough, activates published
// ones, deletes expired ones. It is harmless on many replicas at once.
func (k *Keys) Maintain(ctx context.Context) error {
	rows, err := k.store.SigningKeys(ctx)
	if err != nil {
		return err
	}
	now := k.now()
	for _, alg := range Algorithms() {
		if err := k.maintain(ctx, alg, rows, now); err != nil {
			return fmt.Errorf("maintain %s keys: %w", alg, err)
		}
	}
	for _, r := range rows {
		if r.State == idp.KeyRetired && r.ExpiresAt != nil && r.ExpiresAt.Before(now) {
			return k.store.InTx(ctx, func(ctx context.Context) error { return k.store.DeleteExpiredSigningKeys(ctx, now) })
		}
	}
	return nil
}

func (k *Keys) maintain(ctx context.Context, alg string, rows []idp.SigningKey, now time.Time) error {
	active, next := find(rows, alg, idp.KeyActive), find(rows, alg, idp.KeyNext)
	switch {
	case active == nil && next == nil:
		return k.create(ctx, alg, idp.KeyActive)
	case next != nil && !now.Before(next.ActivateAt):
		err := k.store.InTx(ctx, func(ctx context.Context) error {
			if err := k.store.ActivateSigningKey(ctx, next.ID, alg, now, now.Add(k.cfg.Keep)); err != nil {
				return err
			}
			return k.record(ctx, "key.activated", next.ID, alg)
		})
		return ignoreLost(err)
	case next == nil && active.ActivatedAt != nil && now.Sub(*active.ActivatedAt) >= k.cfg.Every:
		return k.create(ctx, alg, idp.KeyNext)
	default:
		return nil
	}
}

func find(rows []idp.SigningKey, alg string, state idp.KeyState) *idp.SigningKey {
	for i := range rows {
		if rows[i].Alg == alg && rows[i].State == state {
			return &rows[i]
		}
	}
	return nil
}
