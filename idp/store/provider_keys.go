package store

import (
	"context"
	"fmt"
	"time"

	"github.com/wolfieauth/wolfieauth/idp"
	"github.com/wolfieauth/wolfieauth/internal/db"
)

// KeysVersion names the cache version that moves with every change of a signing key.
const KeysVersion = "keys"

// SigningKeys keeps the provider's key pairs. A change must be made inside [SigningKeys.InTx], which also
// tells every replica.
type SigningKeys struct {
	db       *db.DB
	versions *db.Versions
}

// NewSigningKeys makes the store.
func NewSigningKeys(d *db.DB, v *db.Versions) *SigningKeys { return &SigningKeys{db: d, versions: v} }

// InTx runs fn in one transaction and tells the replicas to read the keys again once it has committed.
func (s *SigningKeys) InTx(ctx context.Context, fn func(ctx context.Context) error) error {
	return s.db.InTx(ctx, func(ctx context.Context) error {
		if err := s.versions.Bump(ctx, KeysVersion); err != nil { // first: its row lock keeps two replicas apart
			return err
		}
		return fn(ctx)
	})
}

// SigningKeys lists every key, the oldest first.
func (s *SigningKeys) SigningKeys(ctx context.Context) ([]idp.SigningKey, error) {
	var rows []idp.SigningKey
	err := s.db.Conn(ctx).Raw("SELECT * FROM signing_keys ORDER BY created_at, id").Scan(&rows).Error
	return rows, db.Err("list signing keys", err)
}

// CreateSigningKey saves a key and tells whether it did: false when the algorithm has one in that state.
func (s *SigningKeys) CreateSigningKey(ctx context.Context, k idp.SigningKey) (bool, error) {
	res := s.db.Conn(ctx).Exec(`INSERT INTO signing_keys
		(id, alg, state, public_jwk, private_sealed, created_at, activate_at, activated_at)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`,
		k.ID, k.Alg, k.State, k.PublicJWK, k.PrivateSealed, k.CreatedAt, k.ActivateAt, k.ActivatedAt)
	return res.RowsAffected > 0, db.Err("create signing key", res.Error)
}

// ActivateSigningKey retires the active key of alg until expires and makes id the active one. It answers
// [idp.ErrKeyUnavailable] when id is not the next key any more.
func (s *SigningKeys) ActivateSigningKey(ctx context.Context, id, alg string, now, expires time.Time) error {
	res := s.db.Conn(ctx).Exec("UPDATE signing_keys SET state = ?, retired_at = ?, expires_at = ? WHERE alg = ? AND state = ?",
		idp.KeyRetired, now.UTC(), expires.UTC(), alg, idp.KeyActive)
	if res.Error != nil {
		return db.Err("retire signing key", res.Error)
	}
	res = s.db.Conn(ctx).Exec("UPDATE signing_keys SET state = ?, activated_at = ? WHERE id = ? AND state = ?",
		idp.KeyActive, now.UTC(), id, idp.KeyNext)
	if res.Error == nil && res.RowsAffected == 0 {
		return fmt.Errorf("activate signing key %s: %w", id, idp.ErrKeyUnavailable)
	}
	return db.Err("activate signing key", res.Error)
}

// DeleteExpiredSigningKeys deletes retired keys whose time has passed.
func (s *SigningKeys) DeleteExpiredSigningKeys(ctx context.Context, now time.Time) error {
	res := s.db.Conn(ctx).Exec("DELETE FROM signing_keys WHERE state = ? AND expires_at < ?", idp.KeyRetired, now.UTC())
	return db.Err("delete signing keys", res.Error)
}

// ResealSigningKey replaces a sealed private key unless another replica has done so.
func (s *SigningKeys) ResealSigningKey(ctx context.Context, id, before, after string) error {
	res := s.db.Conn(ctx).Exec("UPDATE signing_keys SET private_sealed = ? WHERE id = ? AND private_sealed = ?", after, id, before)
	return db.Err("reseal signing key", res.Error)
}
