package idp

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/wolfieauth/wolfieauth/internal/mail"
	"github.com/wolfieauth/wolfieauth/internal/permission"
	"github.com/wolfieauth/wolfieauth/internal/secret"
)

// How many invitation mails one inviter, one org and one address can cause in a day, so that the form is no
// cannon: a company's whole list passes, somebody who has not even shown an address of their own invites a few,
// and nobody's mailbox is flooded, by however many orgs.
const (
	invitesByPerson   = 12_000
	invitesByUnproven = 20
	invitesByOrg      = 20_000
	invitesToAddress  = 10
	inviteWindow      = 24 * time.Hour
)

// Limits counts attempts; internal/ratelimit.Limiter is one.
type Limits interface {
	// Allow counts one attempt in the bucket, in the transaction that ctx carries; the error wraps
	// db.ErrUnavailable.
	Allow(ctx context.Context, bucket string, limit int, window time.Duration) (ok bool, retryAfter time.Duration, err error)
}

// Invite is who asks whom to join, and as what. Quote is the JSON text of the cost that the inviter confirmed,
// or "".
type Invite struct {
	OrgID, InviterID, Email, Role, Lang, Quote string
}

// Invite sends an invitation: [ErrEmailInvalid], [ErrRoleUnknown], [ErrRoleTooHigh], [ErrInviteLimit],
// [ErrOrgNotFound], [ErrPersonalOrg], [ErrOrgSuspended], [ErrAlreadyMember], [ErrAlreadyInvited],
// [ErrSeatCap]. What it answers does not depend on whether the address has an account.
func (s *Service) Invite(ctx context.Context, in Invite) (Invitation, error) {
	inv, err := s.newInvitation(in)
	if err != nil {
		return Invitation{}, fmt.Errorf("invite: %w", err)
	}
	err = s.deps.Tx.InTx(ctx, func(ctx context.Context) error {
		org, err := s.lockOpen(ctx, in.OrgID)
		if err != nil {
			return err
		}
		return s.invite(ctx, org, &inv)
	})
	if err != nil {
		return Invitation{}, fmt.Errorf("invite: %w", err)
	}
	return inv, nil
}

func (s *Service) newInvitation(in Invite) (Invitation, error) {
	email, normal, err := ParseEmail(in.Email)
	if err != nil {
		return Invitation{}, err
	}
	if _, ok := permission.ParseRole(in.Role); !ok {
		return Invitation{}, fmt.Errorf("role %q: %w", in.Role, ErrRoleUnknown)
	}
	now := s.now()
	inv := Invitation{
		OrgID: in.OrgID, Email: email, EmailNormal: normal, Role: in.Role, InvitedBy: in.InviterID,
		Lang: knownLocale(in.Lang), Quote: in.Quote, CreatedAt: now,
	}
	inv.ID, err = newID()
	return inv, err
}

// invite writes the invitation. The org is locked.
func (s *Service) invite(ctx context.Context, org Org, inv *Invitation) error {
	if err := s.mayAssign(ctx, org.ID, inv.InvitedBy, inv.Role); err != nil {
		return err
	}
	if err := s.notMember(ctx, org.ID, inv.EmailNormal); err != nil {
		return err
	}
	if err := s.makeRoom(ctx, org.ID, inv.EmailNormal); err != nil {
		return err
	}
	if err := s.checkPending(ctx, org.ID); err != nil {
		return err
	}
	inviter, err := s.allowMail(ctx, *inv)
	if err != nil {
		return err
	}
	token := s.renew(inv)
	if err := s.deps.Store.InsertInvitation(ctx, *inv); err != nil {
		return err
	}
	if err := s.recordInvitation(ctx, "invitation.sent", Invitation{}, *inv); err != nil {
		return err
	}
	return s.mailInvitation(ctx, org, *inv, inviter, token)
}

// notMember answers [ErrAlreadyMember] when the address is an active member's.
func (s *Service) notMember(ctx context.Context, orgID, normal string) error {
	user, err := s.deps.Store.UserByEmailNormal(ctx, normal)
	if errors.Is(err, ErrUserNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	role, err := s.roleOf(ctx, orgID, user.ID)
	if err == nil && role != "" {
		err = ErrAlreadyMember
	}
	return err
}

// makeRoom closes an expired invitation of the address, and answers [ErrAlreadyInvited] for an open one.
func (s *Service) makeRoom(ctx context.Context, orgID, normal string) error {
	old, err := s.deps.Store.InvitationOf(ctx, orgID, normal)
	if errors.Is(err, ErrInvitationInvalid) {
		return nil
	}
	if err != nil {
		return err
	}
	if old.State(s.now()) != InvitationExpired {
		return ErrAlreadyInvited
	}
	return s.closeInvitation(ctx, "invitation.revoked", old, func(i *Invitation, now time.Time) { i.RevokedAt = &now })
}

// checkPending asks whether one more person may be invited, should everybody accept.
func (s *Service) checkPending(ctx context.Context, orgID string) error {
	members, err := s.deps.Store.CountActiveMembers(ctx, orgID)
	if err != nil {
		return err
	}
	pending, err := s.deps.Store.CountOpenInvitations(ctx, orgID, s.now())
	if err != nil {
		return err
	}
	return s.deps.Seats.CheckAdd(ctx, orgID, members+pending+1)
}

// renew gives the invitation a new token and the whole lifetime again.
func (s *Service) renew(inv *Invitation) (token string) {
	token = secret.Token()
	now := s.now()
	inv.TokenHash, inv.SentAt, inv.ExpiresAt, inv.UpdatedAt = secret.Hash(token), now, now.Add(InvitationLifetime), now
	return token
}

// errSpent is the limit of the inviter or the org: every later line of a list meets it too.
var errSpent = fmt.Errorf("of the inviter or the organisation: %w", ErrInviteLimit)

// allowMail counts one mail against the day's limits, in the transaction that writes it, and answers who causes
// it: [ErrInviteLimit].
func (s *Service) allowMail(ctx context.Context, inv Invitation) (inviter User, err error) {
	inviter, err = s.deps.Store.UserByID(ctx, inv.InvitedBy)
	if err != nil || s.deps.Limits == nil {
		return inviter, err
	}
	own := invitesByPerson
	if !inviter.EmailVerified() {
		own = invitesByUnproven
	}
	for _, l := range []struct {
		bucket string
		limit  int
		spent  error
	}{
		{"invite-by:" + inv.InvitedBy, own, errSpent}, {"invite-org:" + inv.OrgID, invitesByOrg, errSpent}, {"invite-to:" + inv.EmailNormal, invitesToAddress, ErrInviteLimit},
	} {
		ok, _, err := s.deps.Limits.Allow(ctx, l.bucket, l.limit, inviteWindow)
		if err == nil && !ok {
			err = l.spent
		}
		if err != nil {
			return User{}, err
		}
	}
	return inviter, nil
}

func (s *Service) mailInvitation(ctx context.Context, org Org, inv Invitation, inviter User, token string) error {
	to, err := s.deps.Store.UserByEmailNormal(ctx, inv.EmailNormal)
	if err != nil && !errors.Is(err, ErrUserNotFound) {
		return err
	}
	to.Email = inv.Email
	return s.send(ctx, to, letter{template: mail.Invitation, lang: inv.Lang, path: "/invitation/" + token, data: map[string]any{
		"Inviter": nameOf(inviter), "InviterFull": fullNameOf(inviter), "Org": org.Name, "Role": inv.Role, "Until": inv.ExpiresAt,
	}})
}

// nameOf answers how to call a person: by name, else by address.
func nameOf(u User) string {
	if u.Name != "" {
		return u.Name
	}
	return u.Email
}

// fullNameOf answers a person's name with the address behind it, which tells namesakes apart.
func fullNameOf(u User) string {
	if u.Name == "" {
		return u.Email
	}
	return u.Name + " (" + u.Email + ")"
}

// recordInvitation audits what was done to an invitation; the quote is kept beside it, not in the log.
func (s *Service) recordInvitation(ctx context.Context, action string, before, after Invitation) error {
	c := change{OrgID: after.OrgID, Action: action, Kind: "invitation", ID: after.ID, After: after}
	if before.ID != "" {
		c.Before = before
	}
	return s.record(ctx, c)
}
