package idp

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/wolfieauth/wolfieauth/internal/mail"
)

// AcceptInvitation uses the link up and makes the user a member. The user's verified address must be the
// invited one, in whatever case it is written; then the invitation's id does in place of the token. [ErrInvitationInvalid], [ErrInvitationOther],
// [ErrAlreadyMember] (the link is used up, the role stays), [ErrSeatCap] (the link stays usable),
// [ErrUserNotFound].
func (s *Service) AcceptInvitation(ctx context.Context, token, userID string) (Membership, error) {
	var out Membership
	var refused error // with what it is that commits
	err := s.deps.Tx.InTx(ctx, func(ctx context.Context) (err error) {
		out, refused, err = s.accept(ctx, token, userID)
		return err
	})
	if err = errors.Join(err, refused); err != nil {
		return Membership{}, fmt.Errorf("accept invitation: %w", err)
	}
	return out, nil
}

// accept answers in refused what refuses the person but must be written all the same.
func (s *Service) accept(ctx context.Context, token, userID string) (m Membership, refused, err error) {
	inv, org, user, err := s.forAccept(ctx, token, userID)
	if err != nil {
		return m, nil, err
	}
	inviter, stands, err := s.vouched(ctx, inv)
	if err != nil {
		return m, nil, err
	}
	if !stands {
		return m, ErrInvitationInvalid, s.revokeInvitation(ctx, inv)
	}
	before, err := s.deps.Store.Membership(ctx, org.ID, user.ID)
	if err != nil && !errors.Is(err, ErrNotMember) {
		return m, nil, err
	}
	use := func(i *Invitation, now time.Time) { i.AcceptedAt, i.AcceptedBy = &now, user.ID }
	if err := s.closeInvitation(ctx, "invitation.accepted", inv, use); err != nil {
		return m, nil, err
	}
	if before.ID != "" && before.Active() {
		return m, ErrAlreadyMember, nil
	}
	m, err = s.saveMember(ctx, before, Membership{OrgID: org.ID, UserID: user.ID, Role: inv.Role})
	if err != nil {
		return m, nil, err
	}
	return m, nil, s.tellInviter(ctx, org, inv, inviter, user)
}

// forAccept takes the org's lock and answers the invitation as it stands under it.
func (s *Service) forAccept(ctx context.Context, token, userID string) (inv Invitation, org Org, user User, err error) {
	if inv, err = s.invitationByKey(ctx, token, userID); err != nil {
		return inv, org, user, err
	}
	org, err = s.lockOpen(ctx, inv.OrgID)
	if errors.Is(err, ErrOrgSuspended) {
		err = ErrInvitationInvalid
	}
	if err != nil {
		return inv, org, user, err
	}
	if inv, err = s.invitationByKey(ctx, token, userID); err != nil { // again: whoever held the lock may have used it
		return inv, org, user, err
	}
	if inv.State(s.now()) != InvitationOpen {
		return inv, org, user, ErrInvitationInvalid
	}
	user, err = s.deps.Store.UserByID(ctx, userID)
	if err == nil && (user.EmailNormal != inv.EmailNormal || !user.EmailVerified() || user.Disabled()) {
		err = ErrInvitationOther
	}
	return inv, org, user, err
}

func (s *Service) tellInviter(ctx context.Context, org Org, inv Invitation, inviter, member User) error {
	return s.send(ctx, inviter, letter{template: mail.InvitationAccepted, lang: inv.Lang, path: "/account", data: map[string]any{
		"Org": org.Name, "Member": nameOf(member), "MemberFull": fullNameOf(member), "Role": inv.Role,
	}})
}

// DeclineInvitation uses the link up without joining: whoever holds it reads the mail of the invited address. The
// invitation's id does in place of the token for userID, who may be "", when it is that person's verified
// address. [ErrInvitationInvalid].
func (s *Service) DeclineInvitation(ctx context.Context, token, userID string) error {
	err := s.deps.Tx.InTx(ctx, func(ctx context.Context) error {
		open, err := s.openInvitation(ctx, token, userID)
		if err != nil {
			return err
		}
		end := func(i *Invitation, now time.Time) { i.DeclinedAt, i.RevokedAt = &now, &now }
		return s.closeInvitation(ctx, "invitation.declined", open.Invitation, end)
	})
	if err != nil {
		return fmt.Errorf("decline invitation: %w", err)
	}
	return nil
}
