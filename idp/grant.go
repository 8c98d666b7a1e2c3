package idp

import (
	"errors"
	"slices"
	"time"

	"github.com/wolfieauth/wolfieauth/internal/column"
)

// Errors of grants, codes and tokens. All of them look alike from outside (`invalid_grant` or
// `invalid_token`); they differ for the log.
var (
	// ErrGrantNotFound means that no code, token or grant of that value exists, or not for that client.
	ErrGrantNotFound = errors.New("grant not found")
	// ErrGrantUsed means that a code or refresh token was presented again; what it gave has been revoked.
	ErrGrantUsed = errors.New("grant used already")
	// ErrGrantExpired means that a code or token has outlived its time.
	ErrGrantExpired = errors.New("grant expired")
	// ErrGrantRevoked means that the grant was revoked, or that what it rests on has ended: the user or the
	// app was disabled, an org suspended, the membership removed.
	ErrGrantRevoked = errors.New("grant revoked")
)

// The scopes that the provider knows; every other one is dropped from a request.
const (
	ScopeOpenID        = "openid"
	ScopeProfile       = "profile"
	ScopeEmail         = "email"
	ScopeOrg           = "org"
	ScopeOfflineAccess = "offline_access"
)

// Scopes lists the known scopes.
func Scopes() []string {
	return []string{ScopeOpenID, ScopeProfile, ScopeEmail, ScopeOrg, ScopeOfflineAccess}
}

// GrantKind says how a grant came about.
type GrantKind string

// The kinds of grants.
const (
	GrantCode   GrantKind = "authorization_code"
	GrantDevice GrantKind = "device_code"
	GrantClient GrantKind = "client_credentials"
)

// Grant types by the names that they have on the wire and in [App.GrantTypes].
const (
	GrantTypeCode              = "authorization_code"
	GrantTypeRefreshToken      = "refresh_token"
	GrantTypeClientCredentials = "client_credentials"
	GrantTypeDeviceCode        = "urn:ietf:params:oauth:grant-type:device_code"
)

// Grant is one leave that an app was given: the family of every token that follows from it. Revoking the
// grant kills the whole family in one statement. A code grant carries its authorization code's hash.
type Grant struct {
	ID        string `gorm:"primaryKey"`
	Kind      GrantKind
	ClientID  string
	UserID    string         // "" for client credentials
	OrgID     string         // the org that the user acts for; fixed for the grant's life
	SessionID string         // `sid`; "" where no browser session stands behind it
	Scopes    column.Strings // as granted; a refresh may ask for fewer, never for more
	Offline   bool           // outlives the browser session
	Nonce     string
	AuthTime  *time.Time
	ACR       string         `gorm:"column:acr"`
	AMR       column.Strings `gorm:"column:amr"`
	// What the `claims` parameter asked for beyond the scopes.
	IDTokenClaims  column.Strings `gorm:"column:id_token_claims"`
	UserinfoClaims column.Strings
	RedirectURI    string  `gorm:"column:redirect_uri"`
	CodeChallenge  string  // S256, or "" where none was sent
	CodeHash       *string `audit:"-"`
	CodeExpiresAt  *time.Time
	RedeemedAt     *time.Time
	RevokedAt      *time.Time
	CreatedAt      time.Time
	ExpiresAt      time.Time // when nothing of the family can be valid any more, and the row may go
}

// Standing is a grant with all that it rests on, as loaded in one statement.
type Standing struct {
	Grant
	// The user; empty for client credentials.
	UserFound       bool
	Email           string
	EmailVerifiedAt *time.Time
	UserName        string
	Locale          string
	UserUpdatedAt   *time.Time
	UserDisabledAt  *time.Time
	// The org that the user acts for.
	OrgFound            bool
	OrgSlug             string
	OrgName             string
	OrgSuspendedAt      *time.Time
	MemberFound         bool
	Role                string
	MembershipRemovedAt *time.Time
	SessionFound        bool // the browser session lives
	// The app and its owner.
	AppDisabledAt      *time.Time
	AppOrgSuspendedAt  *time.Time
	AccessTokenSeconds int64
}

// Err answers [ErrGrantRevoked] when the grant was revoked or when anything that it rests on has ended. A
// grant without offline_access rests on its browser session, too, however that ends.
func (s Standing) Err() error {
	if s.RevokedAt != nil || s.AppDisabledAt != nil || s.AppOrgSuspendedAt != nil {
		return ErrGrantRevoked
	}
	if s.Kind == GrantClient {
		return nil
	}
	if !s.Offline && s.SessionID != "" && !s.SessionFound {
		return ErrGrantRevoked
	}
	userOK := s.UserFound && s.UserDisabledAt == nil
	orgOK := s.OrgFound && s.OrgSuspendedAt == nil
	if !userOK || !orgOK || !s.MemberFound || s.MembershipRemovedAt != nil {
		return ErrGrantRevoked
	}
	return nil
}

// NarrowScopes answers the scopes that a refresh gets: all of granted when none are asked for, else those
// asked for, in the order of granted. ok is false when one was never granted (RFC 6749 section 6).
func NarrowScopes(granted, asked []string) (scopes []string, ok bool) {
	if len(asked) == 0 {
		return granted, true
	}
	for _, s := range asked {
		if !slices.Contains(granted, s) {
			return nil, false
		}
	}
	for _, s := range granted {
		if slices.Contains(asked, s) {
			scopes = append(scopes, s)
		}
	}
	return scopes, true
}

// AllowedScopes answers those of asked that exist and that the app may have, each once, in the order asked.
// Unknown ones are dropped without an error (OIDC Core section 3.1.2.1).
func (a App) AllowedScopes(asked []string) []string {
	out := []string{}
	for _, s := range asked {
		if slices.Contains(Scopes(), s) && slices.Contains(a.Scopes, s) && !slices.Contains(out, s) {
			out = append(out, s)
		}
	}
	return out
}

// AllowsGrant tells whether the app may use a grant type.
func (a App) AllowsGrant(grantType string) bool { return slices.Contains(a.GrantTypes, grantType) }

// RefreshAllowed tells whether a grant of scopes carries refresh tokens: the scope was asked for and the app
// has the grant type.
func (a App) RefreshAllowed(scopes []string) bool {
	return slices.Contains(scopes, ScopeOfflineAccess) && a.AllowsGrant(GrantTypeRefreshToken)
}
