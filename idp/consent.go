package idp

import (
	"slices"
	"time"

	"github.com/wolfieauth/wolfieauth/internal/column"
)

// Consent is what a user has allowed an app to learn and do.
type Consent struct {
	UserID    string `gorm:"primaryKey"`
	ClientID  string `gorm:"primaryKey"`
	Scopes    column.Strings
	CreatedAt time.Time
	UpdatedAt time.Time
}

// Covers tells whether every one of scopes was allowed; the zero Consent covers openid alone.
func (c Consent) Covers(scopes []string) bool {
	return !slices.ContainsFunc(scopes, func(s string) bool {
		return s != ScopeOpenID && !slices.Contains(c.Scopes, s)
	})
}
