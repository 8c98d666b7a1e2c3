package idp

import (
	"context"
	"errors"
	"fmt"

	"github.com/wolfieauth/wolfieauth/internal/mail"
	"github.com/wolfieauth/wolfieauth/internal/permission"
)

// ChangeRole gives a member another role. byID must be allowed to take the old one and to give the new one:
// [ErrRoleTooHigh]. [ErrRoleUnknown], [ErrNotMember], [ErrLastOwner], [ErrOrgNotFound], [ErrPersonalOrg].
// Invitations that the member could not send any more are revoked.
func (s *Service) ChangeRole(ctx context.Context, orgID, byID, userID, role string) (Membership, error) {
	if _, ok := permission.ParseRole(role); !ok {
		return Membership{}, fmt.Errorf("role %q: %w", role, ErrRoleUnknown)
	}
	var after Membership
	err := s.deps.Tx.InTx(ctx, func(ctx context.Context) error {
		before, err := s.lockMember(ctx, orgID, userID)
		if err != nil {
			return err
		}
		if err := s.mayAssign(ctx, orgID, byID, before.Role, role); err != nil {
			return err
		}
		if after = before; before.Role == role {
			return nil
		}
		after, err = s.saveMember(ctx, before, Membership{OrgID: orgID, UserID: userID, Role: role})
		return err
	})
	if err != nil {
		return Membership{}, fmt.Errorf("change role: %w", err)
	}
	return after, nil
}

// lockMember takes the org's lock and answers an active membership: [ErrNotMember], [ErrOrgNotFound],
// [ErrPersonalOrg].
func (s *Service) lockMember(ctx context.Context, orgID, userID string) (Membership, error) {
	if err := s.lockShared(ctx, orgID); err != nil {
		return Membership{}, err
	}
	return s.Membership(ctx, orgID, userID)
}

// ReactivateMember takes a removed member in again, in the role that they had, which byID must be allowed to
// give: [ErrRoleTooHigh]. [ErrNotMember] when they never were one, [ErrAlreadyMember], [ErrSeatCap],
// [ErrOrgNotFound], [ErrPersonalOrg], [ErrOrgSuspended].
func (s *Service) ReactivateMember(ctx context.Context, orgID, byID, userID string) (Membership, error) {
	var after Membership
	err := s.deps.Tx.InTx(ctx, func(ctx context.Context) error {
		if _, err := s.lockOpen(ctx, orgID); err != nil {
			return err
		}
		before, err := s.deps.Store.Membership(ctx, orgID, userID)
		if err != nil {
			return err
		}
		if before.Active() {
			return ErrAlreadyMember
		}
		if err := s.mayAssign(ctx, orgID, byID, before.Role); err != nil {
			return err
		}
		after, err = s.saveMember(ctx, before, Membership{OrgID: orgID, UserID: userID, Role: before.Role})
		return err
	})
	if err != nil {
		return Membership{}, fmt.Errorf("reactivate member: %w", err)
	}
	return after, nil
}

// RemoveMemberBy is [Service.RemoveMember] as a member of the org asks for it, who must be allowed to take the
// role away: [ErrRoleTooHigh] else.
func (s *Service) RemoveMemberBy(ctx context.Context, orgID, byID, userID string) error {
	return s.removeMember(ctx, orgID, userID, func(ctx context.Context, m Membership) error { return s.mayAssign(ctx, orgID, byID, m.Role) })
}

// LeaveOrg ends one's own membership: [ErrNotMember], [ErrLastOwner], who must hand the org over first,
// [ErrOrgNotFound], [ErrPersonalOrg].
func (s *Service) LeaveOrg(ctx context.Context, orgID, userID string) error {
	err := s.deps.Tx.InTx(ctx, func(ctx context.Context) error {
		before, err := s.lockMember(ctx, orgID, userID)
		if err != nil {
			return err
		}
		return s.endMembership(ctx, "member.left", before)
	})
	if err != nil {
		return fmt.Errorf("leave org: %w", err)
	}
	return nil
}

// OnlyOwner tells whether the user is an owner and the only one, who cannot leave: [ErrNotMember].
func (s *Service) OnlyOwner(ctx context.Context, orgID, userID string) (bool, error) {
	m, err := s.Membership(ctx, orgID, userID)
	if err != nil {
		return false, err
	}
	err = s.keepAnOwner(ctx, m, "")
	if errors.Is(err, ErrLastOwner) {
		return true, nil
	}
	return false, err
}

// endMembership is the one place where a membership ends, so that nothing it must end is forgotten. The org is
// locked.
func (s *Service) endMembership(ctx context.Context, action string, before Membership) error {
	if err := s.keepAnOwner(ctx, before, ""); err != nil {
		return err
	}
	after, now := before, s.now()
	after.RemovedAt, after.UpdatedAt = &now, now
	if err := s.deps.Store.SaveMembership(ctx, after); err != nil {
		return err
	}
	if err := s.dropInvitationsBy(ctx, before.OrgID, before.UserID, ""); err != nil {
		return err
	}
	if err := s.deps.Revoker.LeaveOrg(ctx, before.OrgID, before.UserID); err != nil {
		return fmt.Errorf("leave org: %w", err)
	}
	if err := s.deps.Seats.MembersChanged(ctx, before.OrgID); err != nil {
		return fmt.Errorf("tell of seats: %w", err)
	}
	return s.recordMember(ctx, action, before, after)
}

func (s *Service) tellRemoved(ctx context.Context, m Membership) error {
	org, err := s.deps.Store.OrgByID(ctx, m.OrgID)
	if err != nil {
		return err
	}
	user, err := s.deps.Store.UserByID(ctx, m.UserID)
	if err != nil || user.Disabled() {
		return err
	}
	return s.send(ctx, user, letter{template: mail.MemberRemoved, path: "/account", data: map[string]any{"Org": org.Name}})
}

// TransferOwnership makes one member the owner and the owner who hands over an admin, both or neither:
// [ErrRoleTooHigh] when fromID is no owner, [ErrNotMember], [ErrAlreadyMember] when both are one person,
// [ErrOrgNotFound], [ErrPersonalOrg], [ErrOrgSuspended]. Both are told by mail.
func (s *Service) TransferOwnership(ctx context.Context, orgID, fromID, toID string) error {
	err := s.deps.Tx.InTx(ctx, func(ctx context.Context) error {
		org, err := s.lockOpen(ctx, orgID)
		if err != nil {
			return err
		}
		return s.transfer(ctx, org, fromID, toID)
	})
	if err != nil {
		return fmt.Errorf("transfer ownership: %w", err)
	}
	return nil
}

func (s *Service) transfer(ctx context.Context, org Org, fromID, toID string) error {
	from, err := s.Membership(ctx, org.ID, fromID)
	if errors.Is(err, ErrNotMember) || err == nil && from.Role != string(permission.RoleOwner) {
		return fmt.Errorf("%q is no owner: %w", fromID, ErrRoleTooHigh)
	}
	if err != nil {
		return err
	}
	if fromID == toID {
		return ErrAlreadyMember
	}
	to, err := s.Membership(ctx, org.ID, toID)
	if err != nil {
		return err
	}
	owner, err := s.saveMember(ctx, to, Membership{OrgID: org.ID, UserID: toID, Role: string(permission.RoleOwner)})
	if err != nil {
		return err
	}
	if _, err := s.saveMember(ctx, from, Membership{OrgID: org.ID, UserID: fromID, Role: string(permission.RoleAdmin)}); err != nil {
		return err
	}
	if err := s.record(ctx, change{OrgID: org.ID, Action: "org.ownership_transferred", Kind: "org", ID: org.ID, Before: from, After: owner}); err != nil {
		return err
	}
	return s.tellOwners(ctx, org, fromID, toID)
}

func (s *Service) tellOwners(ctx context.Context, org Org, fromID, toID string) error {
	from, err := s.deps.Store.UserByID(ctx, fromID)
	if err != nil {
		return err
	}
	to, err := s.deps.Store.UserByID(ctx, toID)
	if err != nil {
		return err
	}
	for _, user := range []User{from, to} {
		data := map[string]any{"Org": org.Name, "From": nameOf(from), "To": nameOf(to)}
		if err := s.send(ctx, user, letter{template: mail.OwnershipTransferred, path: "/account", data: data}); err != nil {
			return err
		}
	}
	return nil
}
