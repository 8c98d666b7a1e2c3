package idp

import (
	"context"
	"fmt"
	"time"
)

// OrgStore keeps orgs and memberships. Writes run in the transaction that ctx carries.
type OrgStore interface {
	// InsertOrg answers ErrSlugTaken when the slug exists, or a second platform owner would.
	InsertOrg(ctx context.Context, o Org) error
	// UpdateOrg saves every field; ErrOrgNotFound.
	UpdateOrg(ctx context.Context, o Org) error
	// OrgByID and OrgBySlug answer ErrOrgNotFound.
	OrgByID(ctx context.Context, id string) (Org, error)
	OrgBySlug(ctx context.Context, slug string) (Org, error)
	// PlatformOrg answers ErrOrgNotFound before the installation is made.
	PlatformOrg(ctx context.Context) (Org, error)
	OrgsOf(ctx context.Context, userID string) ([]OrgMembership, error)
	MemberStore
	MemberLists
}

// OrgMembership is an org as one of its active members sees it.
type OrgMembership struct {
	Org   Org `gorm:"embedded"`
	Role  string
	Since time.Time
}

// Org answers an org: [ErrOrgNotFound].
func (s *Service) Org(ctx context.Context, id string) (Org, error) {
	return s.deps.Store.OrgByID(ctx, id)
}

// OrgBySlug answers an org: [ErrOrgNotFound].
func (s *Service) OrgBySlug(ctx context.Context, slug string) (Org, error) {
	return s.deps.Store.OrgBySlug(ctx, slug)
}

// PlatformOrg answers the org that owns the platform: [ErrOrgNotFound] before the installation is made.
func (s *Service) PlatformOrg(ctx context.Context) (Org, error) {
	return s.deps.Store.PlatformOrg(ctx)
}

// OrgsOf lists the orgs that the user is an active member of, the personal one first, then by name. Suspended
// orgs are left out.
func (s *Service) OrgsOf(ctx context.Context, userID string) ([]OrgMembership, error) {
	return s.deps.Store.OrgsOf(ctx, userID)
}

// PersonalOrg answers the user's own org: [ErrOrgNotFound] when there is no such user.
func (s *Service) PersonalOrg(ctx context.Context, userID string) (Org, error) {
	orgs, err := s.deps.Store.OrgsOf(ctx, userID)
	if err != nil {
		return Org{}, err
	}
	for _, o := range orgs {
		if o.Org.Personal() && *o.Org.PersonalUserID == userID {
			return o.Org, nil
		}
	}
	return Org{}, fmt.Errorf("personal org: %w", ErrOrgNotFound)
}
