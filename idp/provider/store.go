package provider

import (
	"context"
	"time"

	"github.com/wolfieauth/wolfieauth/idp"
)

// Store keeps what the provider issues; idp/store.Provider is the one. Each method joins the transaction that
// ctx carries; an unreachable database is db.ErrUnavailable, never "not found".
type Store interface {
	InTx(ctx context.Context, fn func(ctx context.Context) error) error
	Sessions
	SignIns
	Grants
	Devices
}

// Sessions tells who a browser's user may act for.
type Sessions interface {
	// Orgs answers [idp.ErrUserNotFound] for a user who is gone or disabled.
	Orgs(ctx context.Context, userID string) ([]idp.OrgChoice, error)
	// RememberAssertion answers false for an id that was seen before.
	RememberAssertion(ctx context.Context, clientID, jtiHash string, expires time.Time) (fresh bool, err error)
	Prune(ctx context.Context, now time.Time) (int64, error)
}

// SignIns keeps auth requests and consents.
type SignIns interface {
	CreateAuthRequest(ctx context.Context, r idp.AuthRequest) error
	// AuthRequest answers [idp.ErrAuthRequestNotFound] for one that is over, too.
	AuthRequest(ctx context.Context, id string, now time.Time) (idp.AuthRequest, error)
	// SettleAuthRequest answers [idp.ErrAuthRequestNotFound] when it is over.
	SettleAuthRequest(ctx context.Context, r idp.AuthRequest) error
	FinishAuthRequest(ctx context.Context, id string, now time.Time) (first bool, err error)
	// Consent answers the zero Consent where nothing was allowed.
	Consent(ctx context.Context, userID, clientID string) (idp.Consent, error)
	SaveConsent(ctx context.Context, c idp.Consent) error
}

// Grants keeps grants and the tokens of their families. The loads answer [idp.ErrGrantNotFound].
type Grants interface {
	CreateGrant(ctx context.Context, g idp.Grant) error
	Grant(ctx context.Context, id string) (idp.Standing, error)
	GrantByCode(ctx context.Context, codeHash string) (idp.Standing, error)
	// RedeemCode and RotateToken tell whether this call was the first: of many at once exactly one is.
	RedeemCode(ctx context.Context, codeHash, clientID string, now time.Time) (first bool, err error)
	RotateToken(ctx context.Context, hash, clientID string, now time.Time) (first bool, err error)
	CreateTokens(ctx context.Context, tokens ...idp.Token) error
	Token(ctx context.Context, hash string) (idp.Held, error)
	RevokeToken(ctx context.Context, hash string, now time.Time) error
	RevokeGrant(ctx context.Context, id string, now time.Time) error
}

// Devices keeps the requests of devices.
type Devices interface {
	// CreateDeviceCode answers db.ErrDuplicate when the user code is in use.
	CreateDeviceCode(ctx context.Context, d idp.DeviceCode) error
	// DeviceByUserCode and DecideDevice answer [idp.ErrDeviceCodeNotFound] unless it waits for its decision.
	DeviceByUserCode(ctx context.Context, userCode string, now time.Time) (idp.DeviceCode, error)
	DecideDevice(ctx context.Context, d idp.DeviceCode, now time.Time) error
	// DeviceByCode answers [idp.ErrGrantNotFound].
	DeviceByCode(ctx context.Context, codeHash string) (idp.DeviceCode, error)
	PollDevice(ctx context.Context, codeHash string, interval int64, now time.Time) error
	RedeemDevice(ctx context.Context, codeHash, grantID string) (first bool, err error)
}
