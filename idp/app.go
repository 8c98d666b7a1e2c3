package idp

import (
	"errors"
	"time"

	"github.com/wolfieauth/wolfieauth/internal/column"
)

// Errors of apps and bundles.
var (
	// ErrAppNotFound means that no such client exists, that it is disabled, or its owner suspended.
	ErrAppNotFound = errors.New("app not found")
	// ErrBundleNotFound means that no such bundle exists.
	ErrBundleNotFound = errors.New("bundle not found")
	// ErrRedirectInvalid means that a redirect URI may not be registered (RFC 9700 section 4.1).
	ErrRedirectInvalid = errors.New("redirect URI invalid")
)

// VersionApps names the counter by which replicas hear that an app or bundle has changed.
const VersionApps = "idp.apps"

// PlatformClientID is the one reserved client id: the platform's own self-client.
const PlatformClientID = "wolfieauth-platform"

// AppKind tells what can keep a secret and how redirects are matched (OIDC `application_type` and RFC 8252).
type AppKind string

// The kinds of apps.
const (
	AppWeb     AppKind = "web"     // runs on a server, keeps a secret
	AppBrowser AppKind = "browser" // single-page app, public client
	AppNative  AppKind = "native"  // phone, desktop, CLI: public client, loopback redirects of any port
	AppMachine AppKind = "machine" // no user: client credentials only
)

// AuthMethod is the client authentication of the token endpoint (OIDC `token_endpoint_auth_method`).
type AuthMethod string

// The supported client authentication methods.
const (
	AuthBasic         AuthMethod = "client_secret_basic"
	AuthPost          AuthMethod = "client_secret_post"
	AuthPrivateKeyJWT AuthMethod = "private_key_jwt"
	AuthNone          AuthMethod = "none"
)

// AccessTokenType says what an app's access tokens are.
type AccessTokenType string

// The two forms of access tokens.
const (
	AccessTokenOpaque AccessTokenType = "opaque"
	AccessTokenJWT    AccessTokenType = "jwt" // RFC 9068
)

// App is an OIDC client (OidcClient). ClientID is `<orgSlug>-<appSlug>`, globally unique and immutable.
type App struct {
	ClientID               string `gorm:"primaryKey"`
	OrgID                  string
	Slug                   string
	Name                   string
	Description            string
	Color                  string // "#rrggbb" or ""
	LogoMediaType          string
	Logo                   []byte `audit:"-"`
	Kind                   AppKind
	AuthMethod             AuthMethod
	SecretHash             string         `audit:"-"` // SHA-256 hex of the 256-bit client secret
	JWKS                   string         `gorm:"column:jwks"`
	RedirectURIs           column.Strings `gorm:"column:redirect_uris"`
	PostLogoutRedirectURIs column.Strings `gorm:"column:post_logout_redirect_uris"`
	GrantTypes             column.Strings
	Scopes                 column.Strings
	AccessTokenType        AccessTokenType
	SigningAlg             string // RS256, ES256 or EdDSA, of ID tokens and JWT access tokens
	Trusted                bool   // skips consent
	AccessTokenSeconds     int64
	IDTokenSeconds         int64 `gorm:"column:id_token_seconds"`
	RefreshTokenSeconds    int64
	IDTokenUserinfo        bool `gorm:"column:id_token_userinfo"` // profile and e-mail claims in the ID token as well
	DisabledAt             *time.Time
	// OwnerSuspended tells that the org that owns the app is suspended; it is read with one app, not with lists.
	OwnerSuspended bool `gorm:"->" audit:"-"`
	CreatedAt      time.Time
	UpdatedAt      time.Time
}

// TableName keeps the table's name in OIDC's words.
func (App) TableName() string { return "oidc_clients" }

// Public tells whether the client cannot keep a secret (RFC 6749 section 2.1).
func (a App) Public() bool { return a.AuthMethod == AuthNone }

// Bundle (AppBundle) is several apps of one org that plans can be sold for together.
type Bundle struct {
	ID        string `gorm:"primaryKey"`
	OrgID     string
	Slug      string
	Name      string
	CreatedAt time.Time
	UpdatedAt time.Time
}

// TableName names the table of bundles.
func (Bundle) TableName() string { return "app_bundles" }

// BundleApp puts one app into one bundle.
type BundleApp struct {
	BundleID string `gorm:"primaryKey"`
	ClientID string `gorm:"primaryKey"`
}
