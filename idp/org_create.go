package idp

import (
	"context"
	"fmt"

	"github.com/wolfieauth/wolfieauth/internal/permission"
)

// CreateOrg is what a new org needs. Slug "" is made from the name. PlatformOwner is for the one org that
// owns the platform, when the installation is made.
type CreateOrg struct {
	ID            string // "" makes one
	Slug          string
	Name          string
	OwnerUserID   string
	PlatformOwner bool
}

// CreateOrg makes an org with its first owner: [ErrSlugInvalid], [ErrSlugTaken] (also when there is a
// platform owner already), [ErrUserNotFound].
func (s *Service) CreateOrg(ctx context.Context, in CreateOrg) (Org, error) {
	slug, err := chosenSlug(in.Slug, in.Name)
	if err != nil {
		return Org{}, err
	}
	if reservedOrgSlugs[slug] && !in.PlatformOwner {
		return Org{}, fmt.Errorf("create org %q: reserved: %w", slug, ErrSlugTaken)
	}
	now := s.now()
	org := Org{Slug: slug, Name: cleanName(in.Name), PlatformOwner: in.PlatformOwner, CreatedAt: now, UpdatedAt: now}
	if org.Name == "" {
		org.Name = slug
	}
	if org.ID, err = orNewID(in.ID); err != nil {
		return Org{}, err
	}
	err = s.deps.Tx.InTx(ctx, func(ctx context.Context) error {
		if _, err := s.deps.Store.UserByID(ctx, in.OwnerUserID); err != nil {
			return err
		}
		if err := s.insertOrg(ctx, org, in.OwnerUserID); err != nil {
			return err
		}
		return s.record(ctx, change{OrgID: org.ID, Action: "org.created", Kind: "org", ID: org.ID, After: org})
	})
	if err != nil {
		return Org{}, fmt.Errorf("create org: %w", err)
	}
	return org, nil
}

func (s *Service) insertOrg(ctx context.Context, org Org, ownerID string) error {
	if err := s.deps.Store.InsertOrg(ctx, org); err != nil {
		return err
	}
	id, err := newID()
	if err != nil {
		return err
	}
	return s.deps.Store.SaveMembership(ctx, Membership{
		ID: id, OrgID: org.ID, UserID: ownerID, Role: string(permission.RoleOwner), CreatedAt: org.CreatedAt, UpdatedAt: org.CreatedAt,
	})
}
