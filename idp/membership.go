package idp

import (
	"context"
	"errors"
	"fmt"

	"github.com/wolfieauth/wolfieauth/internal/permission"
)

// Errors of changing memberships.
var (
	// ErrLastOwner means that the change would leave an org without an owner.
	ErrLastOwner = errors.New("last owner of the organisation")
	// ErrRoleUnknown means that there is no role of that name.
	ErrRoleUnknown = errors.New("role unknown")
	// ErrPersonalOrg means that a personal org has one member for good.
	ErrPersonalOrg = errors.New("personal organisation")
)

// MemberStore keeps memberships.
type MemberStore interface {
	// SaveMembership inserts the membership of (org, user) or replaces role and removal of the one there is.
	SaveMembership(ctx context.Context, m Membership) error
	// Membership answers the row, removed or not, or ErrNotMember.
	Membership(ctx context.Context, orgID, userID string) (Membership, error)
	Members(ctx context.Context, orgID string) ([]Member, error)
	CountActiveMembers(ctx context.Context, orgID string) (int64, error)
	// LockOrg makes changes of one org's members wait for each other; ErrOrgNotFound.
	LockOrg(ctx context.Context, orgID string) (Org, error)
}

// Member is an active membership with its person.
type Member struct {
	Membership Membership `gorm:"embedded"`
	Email      string
	Name       string
}

// Membership answers the user's active membership of the org: [ErrNotMember].
func (s *Service) Membership(ctx context.Context, orgID, userID string) (Membership, error) {
	m, err := s.deps.Store.Membership(ctx, orgID, userID)
	if err != nil {
		return Membership{}, err
	}
	if !m.Active() {
		return Membership{}, fmt.Errorf("membership was removed: %w", ErrNotMember)
	}
	return m, nil
}

// Members lists the active members of an org by address.
func (s *Service) Members(ctx context.Context, orgID string) ([]Member, error) {
	return s.deps.Store.Members(ctx, orgID)
}

// ActiveMembers counts the members that are seats.
func (s *Service) ActiveMembers(ctx context.Context, orgID string) (int64, error) {
	return s.deps.Store.CountActiveMembers(ctx, orgID)
}

// AddMember makes the user an active member with the role, or changes the role of one: [ErrRoleUnknown],
// [ErrOrgNotFound], [ErrUserNotFound], [ErrPersonalOrg], [ErrLastOwner]. Whether the asker may do so is the
// caller's to decide (internal/permission).
func (s *Service) AddMember(ctx context.Context, orgID, userID, role string) (Membership, error) {
	if _, ok := permission.ParseRole(role); !ok {
		return Membership{}, fmt.Errorf("role %q: %w", role, ErrRoleUnknown)
	}
	var saved Membership
	err := s.deps.Tx.InTx(ctx, func(ctx context.Context) error {
		if err := s.lockShared(ctx, orgID); err != nil {
			return err
		}
		if _, err := s.deps.Store.UserByID(ctx, userID); err != nil {
			return err
		}
		before, err := s.deps.Store.Membership(ctx, orgID, userID)
		if err != nil && !errors.Is(err, ErrNotMember) {
			return err
		}
		saved, err = s.saveMember(ctx, before, Membership{OrgID: orgID, UserID: userID, Role: role})
		return err
	})
	if err != nil {
		return Membership{}, fmt.Errorf("add member: %w", err)
	}
	return saved, nil
}

// lockShared takes the org's lock and refuses personal orgs.
func (s *Service) lockShared(ctx context.Context, orgID string) error {
	org, err := s.deps.Store.LockOrg(ctx, orgID)
	if err != nil {
		return err
	}
	if org.Personal() {
		return ErrPersonalOrg
	}
	return nil
}

func (s *Service) saveMember(ctx context.Context, before, after Membership) (Membership, error) {
	now, known := s.now(), before.ID != ""
	action, joins := "member.role_changed", !known || !before.Active()
	if known {
		after.ID, after.CreatedAt = before.ID, before.CreatedAt
	}
	if joins {
		action = "member.added"
		after.CreatedAt = now // being a member again begins anew
	}
	if !known {
		id, err := newID()
		if err != nil {
			return Membership{}, err
		}
		after.ID = id
	}
	after.UpdatedAt = now
	if known && !joins {
		if err := s.keepAnOwner(ctx, before, after.Role); err != nil {
			return Membership{}, err
		}
	}
	if err := s.deps.Store.SaveMembership(ctx, after); err != nil {
		return Membership{}, err
	}
	if joins {
		if err := s.deps.Seats.MembersChanged(ctx, after.OrgID); err != nil {
			return Membership{}, fmt.Errorf("tell of seats: %w", err)
		}
	}
	return after, s.record(ctx, change{OrgID: after.OrgID, Action: action, Kind: "user", ID: after.UserID, Before: before, After: after})
}

// keepAnOwner refuses to take the role from the last active owner. The org is locked.
func (s *Service) keepAnOwner(ctx context.Context, before Membership, newRole string) error {
	owner := string(permission.RoleOwner)
	if before.Role != owner || newRole == owner {
		return nil
	}
	members, err := s.deps.Store.Members(ctx, before.OrgID)
	if err != nil {
		return err
	}
	for _, m := range members {
		if m.Membership.Role == owner && m.Membership.UserID != before.UserID {
			return nil
		}
	}
	return ErrLastOwner
}

// RemoveMember ends a membership, takes the org out of the person's sessions and revokes the grants that act
// for it: [ErrNotMember], [ErrLastOwner], [ErrOrgNotFound], [ErrPersonalOrg].
func (s *Service) RemoveMember(ctx context.Context, orgID, userID string) error {
	err := s.deps.Tx.InTx(ctx, func(ctx context.Context) error {
		if err := s.lockShared(ctx, orgID); err != nil {
			return err
		}
		before, err := s.Membership(ctx, orgID, userID)
		if err != nil {
			return err
		}
		if err := s.keepAnOwner(ctx, before, ""); err != nil {
			return err
		}
		after, now := before, s.now()
		after.RemovedAt, after.UpdatedAt = &now, now
		if err := s.deps.Store.SaveMembership(ctx, after); err != nil {
			return err
		}
		if err := s.deps.Revoker.LeaveOrg(ctx, orgID, userID); err != nil {
			return fmt.Errorf("leave org: %w", err)
		}
		if err := s.deps.Seats.MembersChanged(ctx, orgID); err != nil {
			return fmt.Errorf("tell of seats: %w", err)
		}
		return s.record(ctx, change{OrgID: orgID, Action: "member.removed", Kind: "user", ID: userID, Before: before, After: after})
	})
	if err != nil {
		return fmt.Errorf("remove member: %w", err)
	}
	return nil
}
