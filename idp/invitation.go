package idp

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/wolfieauth/wolfieauth/internal/permission"
)

// InvitationLifetime is how long the link of an invitation works.
const InvitationLifetime = 7 * 24 * time.Hour

// Errors of invitations.
var (
	// ErrInvitationInvalid means that an invitation is unknown, expired, used, declined or revoked, that its
	// inviter has lost the right to give the role, or that its org is suspended: alike from outside.
	ErrInvitationInvalid = errors.New("invitation invalid")
	// ErrInvitationOther means that the person's verified address is not the invited one.
	ErrInvitationOther = errors.New("invitation is for another address")
	// ErrAlreadyMember means that the address belongs to an active member of the org.
	ErrAlreadyMember = errors.New("member already")
	// ErrAlreadyInvited means that an open invitation of the address exists; it can be sent again.
	ErrAlreadyInvited = errors.New("invited already")
	// ErrRoleTooHigh means that the asker's own role does not let them give, or take away, the role.
	ErrRoleTooHigh = errors.New("role too high")
	// ErrOrgSuspended means that the org takes nobody in while it is suspended.
	ErrOrgSuspended = errors.New("organisation suspended")
	// ErrInviteLimit means that the inviter, the org or the address has had its mails for the day.
	ErrInviteLimit = errors.New("too many invitations")
	// ErrSeatCap means that the org may not have one more seat; errors.As to *[SeatCapError] tells which limit.
	ErrSeatCap = errors.New("no seat left")
)

// SeatCapError tells which limit an additional member would pass. It wraps [ErrSeatCap].
type SeatCapError struct {
	Cap      int64  // the most seats that there may be, 0 when Reason is "org_amount"
	Reason   string // "plan", "org_seats" or "org_amount"
	Currency string // of Amount
	Amount   int64  // the most a month, in minor units, for "org_amount"
}

// Error names the limit.
func (e *SeatCapError) Error() string {
	if e.Reason == "org_amount" {
		return fmt.Sprintf("%v: limit %s of %d %s a month", ErrSeatCap, e.Reason, e.Amount, e.Currency)
	}
	return fmt.Sprintf("%v: limit %s of %d", ErrSeatCap, e.Reason, e.Cap)
}

// Unwrap answers [ErrSeatCap].
func (e *SeatCapError) Unwrap() error { return ErrSeatCap }

// Invitation asks the holder of an address to join an org in a role. Its token is in the mail alone; only the
// SHA-256 is stored. Declined ones count as revoked too.
type Invitation struct {
	ID          string `gorm:"primaryKey"`
	OrgID       string
	Email       string
	EmailNormal string
	Role        string
	InvitedBy   string // the user who vouches for it: who sent it last
	Lang        string // "pl", "en" or "": of the mail, unless the invited person has chosen a language
	Quote       string // JSON text that the inviter confirmed; opaque here
	TokenHash   string `audit:"-"`
	SentAt      time.Time
	ExpiresAt   time.Time
	AcceptedAt  *time.Time
	AcceptedBy  string // a user id, or ""
	DeclinedAt  *time.Time
	RevokedAt   *time.Time
	CreatedAt   time.Time
	UpdatedAt   time.Time
}

// InvitationState says what became of an invitation.
type InvitationState string

// The states of an invitation.
const (
	InvitationOpen     InvitationState = "open"
	InvitationExpired  InvitationState = "expired" // may be sent again
	InvitationAccepted InvitationState = "accepted"
	InvitationDeclined InvitationState = "declined"
	InvitationRevoked  InvitationState = "revoked"
)

// State tells what the invitation is at now.
func (i Invitation) State(now time.Time) InvitationState {
	switch {
	case i.AcceptedAt != nil:
		return InvitationAccepted
	case i.DeclinedAt != nil:
		return InvitationDeclined
	case i.RevokedAt != nil:
		return InvitationRevoked
	case !now.Before(i.ExpiresAt):
		return InvitationExpired
	default:
		return InvitationOpen
	}
}

// InvitationFilter picks a page of an org's invitations, the newest first. Search finds part of an address.
// AfterID is the cursor that the page before answered; what is no such cursor gives the first page, or an
// empty one. All lists the accepted, declined, revoked and expired ones too; State those of one state alone.
type InvitationFilter struct {
	OrgID, Search, AfterID string
	Limit                  int // 50 when 0, 200 at most
	All                    bool
	State                  InvitationState // "" = as All says
}

// OpenInvitation is an invitation as the invited person sees it.
type OpenInvitation struct {
	Invitation  Invitation
	Org         Org
	InviterName string // their address when they gave no name
	HasAccount  bool   // whether the invited address has an account
}

// InvitationStore keeps invitations. Writes run in the transaction that ctx carries.
type InvitationStore interface {
	// InsertInvitation answers ErrAlreadyInvited when the org has an open invitation of the address.
	InsertInvitation(ctx context.Context, i Invitation) error
	// SaveInvitation replaces one that is neither accepted nor revoked, else ErrInvitationInvalid.
	SaveInvitation(ctx context.Context, i Invitation) error
	// InvitationByID answers the org's own alone, and InvitationByToken by the token's hash, whatever their
	// state; ErrInvitationInvalid.
	InvitationByID(ctx context.Context, orgID, id string) (Invitation, error)
	InvitationByToken(ctx context.Context, hash string) (Invitation, error)
	// InvitationOf answers the one of the address that is neither accepted nor revoked; ErrInvitationInvalid.
	InvitationOf(ctx context.Context, orgID, emailNormal string) (Invitation, error)
}

// InvitationLists reads many invitations at a time.
type InvitationLists interface {
	// Invitations answers at most f.Limit invitations of ids below f.AfterID.
	Invitations(ctx context.Context, f InvitationFilter, now time.Time) ([]Invitation, error)
	CountOpenInvitations(ctx context.Context, orgID string, now time.Time) (int64, error)
	// InvitationsTo answers the open ones of an address, in whatever org.
	InvitationsTo(ctx context.Context, emailNormal string, now time.Time) ([]Invitation, error)
	// InvitationsBy answers those of one inviter that are neither accepted nor revoked.
	InvitationsBy(ctx context.Context, orgID, inviterID string) ([]Invitation, error)
}

// roleOf answers the role that the user holds in the org, "" for none.
func (s *Service) roleOf(ctx context.Context, orgID, userID string) (permission.Role, error) {
	m, err := s.Membership(ctx, orgID, userID)
	if errors.Is(err, ErrNotMember) {
		return "", nil
	}
	return permission.Role(m.Role), err
}

// mayAssign answers [ErrRoleTooHigh] unless the user may give, or take away, each of the roles in the org.
func (s *Service) mayAssign(ctx context.Context, orgID, byID string, roles ...string) error {
	own, err := s.roleOf(ctx, orgID, byID)
	if err != nil {
		return err
	}
	for _, role := range roles {
		if !permission.MayAssign(own, permission.Role(role)) {
			return fmt.Errorf("role %q by %q: %w", role, own, ErrRoleTooHigh)
		}
	}
	return nil
}

// lockOpen takes the lock of an org that can take people in: [ErrOrgNotFound], [ErrPersonalOrg], [ErrOrgSuspended].
func (s *Service) lockOpen(ctx context.Context, orgID string) (Org, error) {
	org, err := s.deps.Store.LockOrg(ctx, orgID)
	switch {
	case err != nil:
		return Org{}, err
	case org.Personal():
		return Org{}, ErrPersonalOrg
	case org.SuspendedAt != nil:
		return Org{}, ErrOrgSuspended
	}
	return org, nil
}
