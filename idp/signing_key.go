package idp

import (
	"errors"
	"time"
)

// ErrKeyUnavailable means that there is no signing key of the wanted algorithm.
var ErrKeyUnavailable = errors.New("signing key unavailable")

// KeyState is where a signing key stands in its life.
type KeyState string

// A key is published as next before it signs as active; a retired one is published until nothing that it
// signed can still be valid.
const (
	KeyNext    KeyState = "next"
	KeyActive  KeyState = "active"
	KeyRetired KeyState = "retired"
)

// SigningKey is one key pair. Of each algorithm at most one is active and at most one is next, held by the
// database.
type SigningKey struct {
	ID            string `gorm:"primaryKey"` // kid: the RFC 7638 thumbprint
	Alg           string
	State         KeyState
	PublicJWK     string `gorm:"column:public_jwk"`
	PrivateSealed string `audit:"-"` // PKCS #8, sealed under the master key
	CreatedAt     time.Time
	ActivateAt    time.Time // when a next key may become active: after every cached key set has expired
	ActivatedAt   *time.Time
	RetiredAt     *time.Time
	ExpiresAt     *time.Time // when a retired key is deleted
}
