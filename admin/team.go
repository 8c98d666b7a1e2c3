package admin

import (
	"context"
	"errors"
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/wolfieauth/wolfieauth/billing"
	"github.com/wolfieauth/wolfieauth/idp"
	"github.com/wolfieauth/wolfieauth/internal/money"
	"github.com/wolfieauth/wolfieauth/internal/permission"
	"github.com/wolfieauth/wolfieauth/internal/web"
)

// Team is what the console asks about an org's people, and changes there, each change recorded; [idp.Service] is one.
type Team interface {
	TeamMembers
	TeamInvitations
	// RenameOrg answers idp.ErrSlugInvalid when nothing is left of the name.
	RenameOrg(ctx context.Context, orgID, name string) (idp.Org, error)
}

// TeamMembers is the part of [Team] about members. What the asker's role does not allow is idp.ErrRoleTooHigh.
type TeamMembers interface {
	// MemberPage answers a page by address, and the cursor of the next one, "" at the end.
	MemberPage(ctx context.Context, f idp.MemberFilter) (page []idp.Member, next string, err error)
	// Membership answers an active one, or idp.ErrNotMember.
	Membership(ctx context.Context, orgID, userID string) (idp.Membership, error)
	// ChangeRole answers idp.ErrRoleUnknown, idp.ErrNotMember, idp.ErrLastOwner.
	ChangeRole(ctx context.Context, orgID, byID, userID, role string) (idp.Membership, error)
	// RemoveMemberBy answers idp.ErrNotMember, idp.ErrLastOwner.
	RemoveMemberBy(ctx context.Context, orgID, byID, userID string) error
	// ReactivateMember answers idp.ErrNotMember, idp.ErrAlreadyMember, idp.ErrOrgSuspended, idp.SeatCapError.
	ReactivateMember(ctx context.Context, orgID, byID, userID string) (idp.Membership, error)
	// TransferOwnership answers idp.ErrNotMember, idp.ErrAlreadyMember, idp.ErrOrgSuspended.
	TransferOwnership(ctx context.Context, orgID, fromID, toID string) error
}

// TeamInvitations is the part of [Team] about invitations.
type TeamInvitations interface {
	// InviteMany answers what became of each line, in their order; the error is that of a context that ended.
	InviteMany(ctx context.Context, orgID, inviterID, lang, quote string, lines []idp.InviteLine) ([]idp.InviteResult, error)
	// Invitations answers a page, the newest first, and the cursor of the next one, "" at the end.
	Invitations(ctx context.Context, f idp.InvitationFilter) (page []idp.Invitation, next string, err error)
	// OrgInvitation answers one of the org's invitations, whatever its state, or idp.ErrInvitationInvalid.
	OrgInvitation(ctx context.Context, orgID, id string) (idp.Invitation, error)
	// ResendInvitation answers idp.ErrInvitationInvalid for one that has ended, and what an invitation is refused for.
	ResendInvitation(ctx context.Context, orgID, id, byID, lang string) (idp.Invitation, error)
	// RevokeInvitation answers idp.ErrInvitationInvalid for one that has ended.
	RevokeInvitation(ctx context.Context, orgID, id string) error
}

// Seats is what the console asks about the seats that an org pays for; [billing.Service] is one.
type Seats interface {
	SeatBounds
	SeatHistory
}

// SeatBounds is the part of [Seats] about what more members cost, and how many there may be.
type SeatBounds interface {
	// QuoteSeats asks Stripe what add more (or fewer) members cost: billing.ErrStripeUnavailable and the other
	// errors of the gateway.
	QuoteSeats(ctx context.Context, orgID string, add int64) (billing.SeatQuote, error)
	// CheckSeatCap answers billing.SeatCapError when an org may not have so many seats in all.
	CheckSeatCap(ctx context.Context, orgID string, seats int64) error
	// SeatLimits answers the org's own limits, zero where it has set none.
	SeatLimits(ctx context.Context, orgID string) (billing.SeatLimits, error)
	// SetSeatLimits answers billing.FieldErrors.
	SetSeatLimits(ctx context.Context, in billing.SeatLimits) error
}

// SeatHistory is the part of [Seats] about how the seats follow the members.
type SeatHistory interface {
	// SeatStates answers what the org pays per seat.
	SeatStates(ctx context.Context, orgID string) ([]billing.SeatState, error)
	// SeatLedger answers a page, the newest first, and the id of its last row, "" at the end.
	SeatLedger(ctx context.Context, orgID, afterID string, limit int) (rows []billing.SeatChange, next string, err error)
	// SyncSeats tries at once what waits for a subscription of the org: billing.ErrSubscriptionNotFound, the errors of
	// the gateway.
	SyncSeats(ctx context.Context, orgID, subscriptionID string) error
	// CommitSeats sets for how many seats the org pays at least: billing.ErrSubscriptionNotFound, billing.ErrQuantity,
	// billing.SeatCapError.
	CommitSeats(ctx context.Context, orgID, subscriptionID string, committed int64) error
}

// teamPage is how many rows a page of a list of people has.
const teamPage = 50

// refusal words why a change of an org's people was refused, "" for an error that is no answer to a person.
func refusal(c echo.Context, err error) string {
	if limit, ok := errors.AsType[*idp.SeatCapError](err); ok {
		return capSentence(c, billing.SeatCapError(*limit))
	}
	for _, known := range []struct {
		err      error
		sentence string
	}{
		{idp.ErrEmailInvalid, web.T(c, "team.refused.email")},
		{idp.ErrAlreadyMember, web.T(c, "team.refused.member")},
		{idp.ErrAlreadyInvited, web.T(c, "team.refused.invited")},
		{idp.ErrRoleTooHigh, web.T(c, "team.refused.role_high")},
		{idp.ErrRoleUnknown, web.T(c, "team.refused.role_unknown")},
		{idp.ErrInviteLimit, web.T(c, "team.refused.limit")},
		{idp.ErrOrgSuspended, web.T(c, "team.refused.suspended")},
		{idp.ErrPersonalOrg, web.T(c, "team.personal.text")},
		{idp.ErrLastOwner, web.T(c, "team.refused.last_owner")},
		{idp.ErrNotMember, web.T(c, "team.refused.gone")},
		{idp.ErrInvitationInvalid, web.T(c, "team.refused.over")},
	} {
		if errors.Is(err, known.err) {
			return known.sentence
		}
	}
	return ""
}

// capSentence says which limit is reached, and what to do.
func capSentence(c echo.Context, limit billing.SeatCapError) string {
	switch limit.Reason {
	case billing.CapOrgSeats:
		return web.T(c, "team.cap.org_seats", "Count", limit.Cap)
	case billing.CapOrgAmount:
		return web.T(c, "team.cap.org_amount", "Amount", money.Format(web.Lang(c), limit.Amount, limit.Currency))
	default:
		return web.T(c, "team.cap.plan", "Count", limit.Cap)
	}
}

// roleInOrg is the visitor's own role in the org that the request is about, "" for none.
func (v *visit) roleInOrg() permission.Role { return v.subject.RoleIn(v.org.ID) }

// mayGive tells whether the visitor may give, or take away, a role.
func (v *visit) mayGive(role string) bool {
	return permission.MayAssign(v.roleInOrg(), permission.Role(role))
}

// roleOptions are the roles that the visitor may give, the narrowest first.
func roleOptions(c echo.Context, v *visit) []web.Option {
	var out []web.Option
	for _, role := range permission.Roles() {
		if v.mayGive(string(role)) {
			out = append([]web.Option{{Value: string(role), Label: roleName(c, role)}}, out...)
		}
	}
	return out
}

// teamURL is the address of a page of the org that the request is about.
func teamURL(v *visit, path string) string { return path + "?org=" + v.org.Slug }

// leadOn goes to another page with a word about what happened; kind is ok, warn or danger.
func (k *Console) leadOn(c echo.Context, kind, sentence, to string) error {
	if err := k.edge.SetFlash(c, kind, sentence); err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, to)
}
