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
	// CountActiveMembersOf sums them over many orgs, each counted once.
	CountActiveMembersOf(ctx context.Context, orgIDs []string) (int64, error)
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

// ActiveMembersOf sums the active members of many orgs, however many there are; a person in two of them counts twice.
func (s *Service) ActiveMembersOf(ctx context.Context, orgIDs []string) (int64, error) {
	return s.deps.Store.CountActiveMembersOf(ctx, orgIDs)
}

// AddMember makes the user an active member with the role, or changes the role of one: [ErrRoleUnknown],
// [ErrOrgNotFound], [ErrUserNotFound], [ErrPersonalOrg], [ErrLastOwner], [ErrSeatCap]. Whether the asker may do so is the
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

// saveMember makes somebody a member, or changes the role of one. The org is locked.
func (s *Service) saveMember(ctx context.Context, before, after Membership) (Membership, error) {
	now := s.now()
	after.ID, after.CreatedAt, after.UpdatedAt = before.ID, before.CreatedAt, now
	if before.ID != "" && before.Active() {
		return after, s.saveRole(ctx, before, after)
	}
	after.CreatedAt = now // being a member again begins anew
	if after.ID == "" {
		id, err := newID()
		if err != nil {
			return Membership{}, err
		}
		after.ID = id
	}
	return after, s.join(ctx, before, after)
}

// saveRole changes the role of an active member.
func (s *Service) saveRole(ctx context.Context, before, after Membership) error {
	if err := s.keepAnOwner(ctx, before, after.Role); err != nil {
		return err
	}
	if err := s.deps.Store.SaveMembership(ctx, after); err != nil {
		return err
	}
	if err := s.dropInvitationsBy(ctx, after.OrgID, after.UserID, after.Role); err != nil {
		return err
	}
	return s.recordMember(ctx, "member.role_changed", before, after)
}

// join is the one place where somebody becomes a member, so that nobody passes a cap.
func (s *Service) join(ctx context.Context, before, after Membership) error {
	members, err := s.deps.Store.CountActiveMembers(ctx, after.OrgID)
	if err != nil {
		return err
	}
	if err := s.deps.Seats.CheckAdd(ctx, after.OrgID, members+1); err != nil {
		return err
	}
	if err := s.deps.Store.SaveMembership(ctx, after); err != nil {
		return err
	}
	if err := s.deps.Seats.MembersChanged(ctx, after.OrgID); err != nil {
		return fmt.Errorf("tell of seats: %w", err)
	}
	return s.recordMember(ctx, "member.added", before, after)
}

func (s *Service) recordMember(ctx context.Context, action string, before, after Membership) error {
	return s.record(ctx, change{OrgID: after.OrgID, Action: action, Kind: "user", ID: after.UserID, Before: before, After: after})
}

// keepAnOwner refuses to take the role from the last active owner. The org is locked.
func (s *Service) keepAnOwner(ctx context.Context, before Membership, newRole string) error {
	owner := string(permission.RoleOwner)
	if before.Role != owner || newRole == owner {
		return nil
	}
	owners, err := s.deps.Store.CountOwners(ctx, before.OrgID)
	if err == nil && owners < 2 {
		err = ErrLastOwner
	}
	return err
}

// RemoveMember ends a membership, takes the org out of the person's sessions, revokes the grants that act for
// it and the invitations that they sent, and tells them by mail: [ErrNotMember], [ErrLastOwner],
// [ErrOrgNotFound], [ErrPersonalOrg].
func (s *Service) RemoveMember(ctx context.Context, orgID, userID string) error {
	return s.removeMember(ctx, orgID, userID, func(context.Context, Membership) error { return nil })
}

// removeMember ends a membership that may, asked under the org's lock, lets go.
func (s *Service) removeMember(ctx context.Context, orgID, userID string, may func(ctx context.Context, m Membership) error) error {
	err := s.deps.Tx.InTx(ctx, func(ctx context.Context) error {
		before, err := s.lockMember(ctx, orgID, userID)
		if err != nil {
			return err
		}
		if err := may(ctx, before); err != nil {
			return err
		}
		if err := s.endMembership(ctx, "member.removed", before); err != nil {
			return err
		}
		return s.tellRemoved(ctx, before)
	})
	if err != nil {
		return fmt.Errorf("remove member: %w", err)
	}
	return nil
}
