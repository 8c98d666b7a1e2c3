package idp

import (
	"context"
	"errors"
	"fmt"

	"github.com/wolfieauth/wolfieauth/internal/secret"
)

// Invitation answers what a link invites to, without using it: [ErrInvitationInvalid].
func (s *Service) Invitation(ctx context.Context, token string) (OpenInvitation, error) {
	open, err := s.openInvitation(ctx, token, "")
	if err != nil {
		return OpenInvitation{}, fmt.Errorf("open invitation: %w", err)
	}
	_, err = s.deps.Store.UserByEmailNormal(ctx, open.Invitation.EmailNormal)
	if err != nil && !errors.Is(err, ErrUserNotFound) {
		return OpenInvitation{}, err
	}
	open.HasAccount = err == nil
	return open, nil
}

// InvitationsOf lists the invitations that wait for the person's verified address, each to be accepted by its id
// in place of a token. [ErrUserNotFound].
func (s *Service) InvitationsOf(ctx context.Context, userID string) ([]OpenInvitation, error) {
	list, err := s.invitationsTo(ctx, userID)
	if err != nil {
		return nil, fmt.Errorf("list invitations: %w", err)
	}
	out := make([]OpenInvitation, 0, len(list))
	for _, inv := range list {
		open, err := s.describe(ctx, inv)
		if errors.Is(err, ErrInvitationInvalid) {
			continue
		}
		if err != nil {
			return nil, err
		}
		open.HasAccount = true
		out = append(out, open)
	}
	return out, nil
}

func (s *Service) invitationsTo(ctx context.Context, userID string) ([]Invitation, error) {
	user, err := s.deps.Store.UserByID(ctx, userID)
	if err != nil || !user.EmailVerified() || user.Disabled() {
		return nil, err
	}
	return s.deps.Store.InvitationsTo(ctx, user.EmailNormal, s.now())
}

// invitationByKey finds an invitation by its token or, for the person whose verified address is invited, by its
// id: they need not prove by a token what they have proven.
func (s *Service) invitationByKey(ctx context.Context, key, userID string) (Invitation, error) {
	inv, err := s.deps.Store.InvitationByToken(ctx, secret.Hash(key))
	if !errors.Is(err, ErrInvitationInvalid) || userID == "" {
		return inv, err
	}
	list, listed := s.invitationsTo(ctx, userID)
	if listed != nil {
		return inv, listed
	}
	for _, own := range list {
		if own.ID == key {
			return own, nil
		}
	}
	return inv, err
}

// openInvitation answers an invitation that can be accepted now, but for whom.
func (s *Service) openInvitation(ctx context.Context, key, userID string) (OpenInvitation, error) {
	inv, err := s.invitationByKey(ctx, key, userID)
	if err != nil {
		return OpenInvitation{}, err
	}
	return s.describe(ctx, inv)
}

// describe answers [ErrInvitationInvalid] for an invitation that cannot be accepted now.
func (s *Service) describe(ctx context.Context, inv Invitation) (OpenInvitation, error) {
	if inv.State(s.now()) != InvitationOpen {
		return OpenInvitation{}, ErrInvitationInvalid
	}
	org, err := s.deps.Store.OrgByID(ctx, inv.OrgID)
	if err != nil {
		return OpenInvitation{}, err
	}
	inviter, stands, err := s.vouched(ctx, inv)
	if err != nil {
		return OpenInvitation{}, err
	}
	if !stands || org.SuspendedAt != nil {
		return OpenInvitation{}, ErrInvitationInvalid
	}
	return OpenInvitation{Invitation: inv, Org: org, InviterName: nameOf(inviter)}, nil
}

// vouched answers the inviter, and whether they could still send the invitation today.
func (s *Service) vouched(ctx context.Context, inv Invitation) (inviter User, stands bool, err error) {
	if inviter, err = s.deps.Store.UserByID(ctx, inv.InvitedBy); err != nil {
		return User{}, false, err
	}
	err = s.mayAssign(ctx, inv.OrgID, inv.InvitedBy, inv.Role)
	if errors.Is(err, ErrRoleTooHigh) {
		return inviter, false, nil
	}
	return inviter, err == nil && !inviter.Disabled(), err
}
