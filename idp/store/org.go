package store

import (
	"context"
	"slices"

	"gorm.io/gorm/clause"

	"github.com/wolfieauth/wolfieauth/idp"
	"github.com/wolfieauth/wolfieauth/internal/db"
)

// InsertOrg implements [idp.OrgStore].
func (s *Store) InsertOrg(ctx context.Context, o idp.Org) error {
	return s.insert(ctx, "insert org", &o, idp.ErrSlugTaken)
}

// UpdateOrg implements [idp.OrgStore].
func (s *Store) UpdateOrg(ctx context.Context, o idp.Org) error {
	if err := s.save(ctx, "update org", &o, idp.ErrOrgNotFound); err != nil {
		return err
	}
	return s.appsChanged(ctx) // whether its apps are in use hangs on it
}

// OrgByID implements [idp.OrgStore].
func (s *Store) OrgByID(ctx context.Context, id string) (o idp.Org, err error) {
	err = s.db.Conn(ctx).Where("id = ?", id).Take(&o).Error
	return o, translate("find org", err, db.ErrNotFound, idp.ErrOrgNotFound)
}

// OrgBySlug implements [idp.OrgStore].
func (s *Store) OrgBySlug(ctx context.Context, slug string) (o idp.Org, err error) {
	err = s.db.Conn(ctx).Where("slug = ?", slug).Take(&o).Error
	return o, translate("find org", err, db.ErrNotFound, idp.ErrOrgNotFound)
}

// PlatformOrg implements [idp.OrgStore].
func (s *Store) PlatformOrg(ctx context.Context) (o idp.Org, err error) {
	err = s.db.Conn(ctx).Where("platform_owner").Take(&o).Error
	return o, translate("find platform org", err, db.ErrNotFound, idp.ErrOrgNotFound)
}

// OrgsOf implements [idp.OrgStore].
func (s *Store) OrgsOf(ctx context.Context, userID string) (orgs []idp.OrgMembership, err error) {
	err = s.db.Conn(ctx).Table("memberships").
		Select("orgs.*, memberships.role AS role, memberships.created_at AS since").
		Joins("JOIN orgs ON orgs.id = memberships.org_id").
		Where("memberships.user_id = ? AND memberships.removed_at IS NULL AND orgs.suspended_at IS NULL", userID).
		Order("CASE WHEN orgs.personal_user_id IS NULL THEN 1 ELSE 0 END, orgs.name, orgs.id").
		Scan(&orgs).Error
	return orgs, db.Err("list orgs", err)
}

// SaveMembership implements [idp.MemberStore].
func (s *Store) SaveMembership(ctx context.Context, m idp.Membership) error {
	err := s.db.Conn(ctx).Clauses(clause.OnConflict{
		Columns:   []clause.Column{{Name: "org_id"}, {Name: "user_id"}},
		DoUpdates: clause.AssignmentColumns([]string{"role", "removed_at", "created_at", "updated_at"}),
	}).Create(&m).Error
	return db.Err("save membership", err)
}

// Membership implements [idp.MemberStore].
func (s *Store) Membership(ctx context.Context, orgID, userID string) (m idp.Membership, err error) {
	err = s.db.Conn(ctx).Where("org_id = ? AND user_id = ?", orgID, userID).Take(&m).Error
	return m, translate("find membership", err, db.ErrNotFound, idp.ErrNotMember)
}

// Members implements [idp.MemberStore].
func (s *Store) Members(ctx context.Context, orgID string) (members []idp.Member, err error) {
	err = s.db.Conn(ctx).Table("memberships").
		Select("memberships.*, users.email AS email, users.name AS name").
		Joins("JOIN users ON users.id = memberships.user_id").
		Where("memberships.org_id = ? AND memberships.removed_at IS NULL", orgID).
		Order("users.email_normal").Scan(&members).Error
	return members, db.Err("list members", err)
}

// CountActiveMembers implements [idp.MemberStore].
func (s *Store) CountActiveMembers(ctx context.Context, orgID string) (n int64, err error) {
	err = s.db.Conn(ctx).Model(&idp.Membership{}).Where("org_id = ? AND removed_at IS NULL", orgID).Count(&n).Error
	return n, db.Err("count members", err)
}

// countedTogether bounds the orgs of one statement: SQLite takes 32,766 values in one, Postgres 65,535.
const countedTogether = 5000

// CountActiveMembersOf implements [idp.MemberStore].
func (s *Store) CountActiveMembersOf(ctx context.Context, orgIDs []string) (n int64, err error) {
	ids := slices.Clone(orgIDs)
	slices.Sort(ids)
	for chunk := range slices.Chunk(slices.Compact(ids), countedTogether) {
		var some int64
		err := s.db.Conn(ctx).Model(&idp.Membership{}).Where("org_id IN ? AND removed_at IS NULL", chunk).Count(&some).Error
		if err != nil {
			return 0, db.Err("count members of many orgs", err)
		}
		n += some
	}
	return n, nil
}

// LockOrg implements [idp.MemberStore]. SQLite has one writer at a time anyway.
func (s *Store) LockOrg(ctx context.Context, orgID string) (o idp.Org, err error) {
	conn := s.db.Conn(ctx)
	if s.db.Dialect() == db.Postgres {
		conn = conn.Clauses(clause.Locking{Strength: clause.LockingStrengthUpdate})
	}
	err = conn.Where("id = ?", orgID).Take(&o).Error
	return o, translate("lock org", err, db.ErrNotFound, idp.ErrOrgNotFound)
}
