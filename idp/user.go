package idp

import (
	"errors"
	"time"
)

// Errors of users and their credentials.
var (
	// ErrUserNotFound means that no such user exists.
	ErrUserNotFound = errors.New("user not found")
	// ErrEmailTaken means that another user has the address.
	ErrEmailTaken = errors.New("e-mail address taken")
	// ErrEmailInvalid means that the text is no e-mail address.
	ErrEmailInvalid = errors.New("e-mail address invalid")
	// ErrPasswordWeak means that the password breaks the rule of length or is a well-known one.
	ErrPasswordWeak = errors.New("password too weak")
	// ErrCredentials means that the address or the password is wrong; it never tells which.
	ErrCredentials = errors.New("wrong e-mail or password")
	// ErrTokenInvalid means that a one-time token is unknown, used, or past its time.
	ErrTokenInvalid = errors.New("one-time token invalid")
)

// User is a person who signs in. The id is the subject (`sub`) of every token and never changes.
type User struct {
	ID              string `gorm:"primaryKey"`
	Email           string
	EmailNormal     string // case-folded form that uniqueness and look-ups go by
	EmailVerifiedAt *time.Time
	Name            string
	PasswordHash    string `audit:"-"` // argon2id, PHC string form
	Locale          string // "pl", "en" or "" for undecided
	DisabledAt      *time.Time
	CreatedAt       time.Time
	UpdatedAt       time.Time
}

// EmailVerified tells whether the person has shown that the address is theirs.
func (u User) EmailVerified() bool { return u.EmailVerifiedAt != nil }

// Disabled tells whether the user may not sign in, nor refresh.
func (u User) Disabled() bool { return u.DisabledAt != nil }

// OneTimeKind names what a one-time token is for.
type OneTimeKind string

// The kinds of one-time tokens.
const (
	OneTimeVerifyEmail   OneTimeKind = "verify_email"
	OneTimeResetPassword OneTimeKind = "reset_password"
)

// OneTimeToken is a secret sent by mail; only its SHA-256 is stored. It works once, before ExpiresAt, for the
// address that it was sent to.
type OneTimeToken struct {
	Hash      string `gorm:"primaryKey"`
	Kind      OneTimeKind
	UserID    string
	Email     string
	Next      string // local path to go on to, or ""
	ExpiresAt time.Time
	UsedAt    *time.Time
	CreatedAt time.Time
}
