package idp

import (
	"context"
	"fmt"
	"net/url"
	"time"

	"github.com/google/uuid"
)

// Tx runs fn in one transaction carried by the context that fn receives; a call inside a transaction joins it.
// internal/db.DB is one.
type Tx interface {
	InTx(ctx context.Context, fn func(ctx context.Context) error) error
}

// Passwords hashes and verifies passwords; internal/secret.Passwords is one. Both may answer secret.ErrBusy.
type Passwords interface {
	Hash(ctx context.Context, password string) (string, error)
	// Verify costs the same time for an empty hash, which is never right.
	Verify(ctx context.Context, password, hash string) (ok, rehash bool, err error)
}

// Revoker ends what people hold elsewhere: browser sessions and OAuth grants. Each call runs in the
// transaction of the change that made it necessary, and naming nobody who holds anything is no error.
type Revoker interface {
	// EndSessions ends the user's browser sessions but for one, whose id may be "".
	EndSessions(ctx context.Context, userID, exceptSessionID string) error
	// RevokeGrants revokes all refresh and access tokens of the user.
	RevokeGrants(ctx context.Context, userID string) error
	// LeaveOrg takes the org out of the user's sessions and revokes the grants that act for it.
	LeaveOrg(ctx context.Context, orgID, userID string) error
}

// Seats is what billing has to say and to hear of an org's active members. Each call runs in the transaction of
// the change, the org locked.
type Seats interface {
	// MembersChanged hears that the number of active members has changed.
	MembersChanged(ctx context.Context, orgID string) error
	// CheckAdd asks whether the org may have so many seats; the error wraps ErrSeatCap, *SeatCapError when a
	// limit is to be told.
	CheckAdd(ctx context.Context, orgID string, seats int64) error
}

// Verified hears that an address has been proven to be a person's, in the transaction that proves it. A person
// with a proven address is told of once, or again: it must not matter.
type Verified interface {
	AddressVerified(ctx context.Context, userID, emailNormal string) error
}

// Store is everything that the services keep; idp/store.Store is the one.
type Store interface {
	UserStore
	OneTimeStore
	OrgStore
	InvitationStore
	InvitationLists
	AppStore
	BundleStore
	DirectoryStore
}

// Deps are what the services stand on. Seats (anybody may be added then), Verified, Limits (nothing is bounded then)
// and Bundles (their apps change as they like then) may be nil; everything else is required.
type Deps struct {
	Store     Store
	Tx        Tx
	Now       func() time.Time
	Passwords Passwords
	Mail      Mailer
	Issuer    *url.URL // the public base of links in mails
	Audit     Auditor
	Revoker   Revoker
	Seats     Seats
	Verified  Verified
	Limits    Limits
	Bundles   BundleSale // asked before the apps of a bundle change; nil allows every change
}

// Service is the identity wing's rules over its store. It is safe for concurrent use.
type Service struct {
	deps Deps
}

// New makes the services.
func New(deps Deps) *Service {
	if deps.Seats == nil {
		deps.Seats = noSeats{}
	}
	if deps.Verified == nil {
		deps.Verified = noVerified{}
	}
	return &Service{deps: deps}
}

type noSeats struct{}

func (noSeats) MembersChanged(context.Context, string) error { return nil }

func (noSeats) CheckAdd(context.Context, string, int64) error { return nil }

type noVerified struct{}

func (noVerified) AddressVerified(context.Context, string, string) error { return nil }

// now is the clock in UTC, at the precision that both engines keep.
func (s *Service) now() time.Time { return s.deps.Now().UTC().Truncate(time.Microsecond) }

func newID() (string, error) {
	id, err := uuid.NewV7()
	if err != nil {
		return "", fmt.Errorf("make id: %w", err)
	}
	return id.String(), nil
}

// orNewID keeps an id that the caller fixed (the demo's) and makes one otherwise.
func orNewID(id string) (string, error) {
	if id != "" {
		return id, nil
	}
	return newID()
}
