package idp

import (
	"time"

	"github.com/wolfieauth/wolfieauth/internal/column"
)

// TokenKind tells access tokens from refresh tokens.
type TokenKind string

// The kinds of tokens.
const (
	TokenAccess  TokenKind = "access"
	TokenRefresh TokenKind = "refresh"
)

// Token is an issued access or refresh token; only its SHA-256 is stored, for opaque ones and JWTs alike, so
// that a changed or foreign token is simply unknown.
type Token struct {
	Hash      string `gorm:"primaryKey"`
	ID        string // `jti`
	Kind      TokenKind
	GrantID   string
	ClientID  string
	Scopes    column.Strings
	CreatedAt time.Time
	ExpiresAt time.Time
	UsedAt    *time.Time // when a refresh token was rotated
	RevokedAt *time.Time
}

// Held is a token with what it rests on.
type Held struct {
	Standing
	TokenHash      string
	TokenID        string
	TokenKind      TokenKind
	TokenScopes    column.Strings
	TokenCreatedAt time.Time
	TokenExpiresAt time.Time
	TokenUsedAt    *time.Time
	TokenRevokedAt *time.Time
}

// Err answers why the token is worth nothing at now: [ErrGrantExpired] or [ErrGrantRevoked]; nil when it counts.
func (h Held) Err(now time.Time) error {
	if h.TokenRevokedAt != nil {
		return ErrGrantRevoked
	}
	if !now.Before(h.TokenExpiresAt) {
		return ErrGrantExpired
	}
	return h.Standing.Err()
}

// Access is what an access token says to an API of ours: who acts, for which org, through which app.
type Access struct {
	TokenID   string
	ClientID  string
	UserID    string // "" for client credentials
	OrgID     string
	Role      string // in OrgID
	Scopes    []string
	ExpiresAt time.Time
}
