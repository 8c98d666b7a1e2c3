package store

import (
	"context"
	"fmt"
	"time"

	"github.com/wolfieauth/wolfieauth/idp"
	"github.com/wolfieauth/wolfieauth/internal/db"
)

// notEnded finds the invitations that can still be accepted or sent again.
const notEnded = "accepted_at IS NULL AND revoked_at IS NULL"

// InsertInvitation implements [idp.InvitationStore].
func (s *Store) InsertInvitation(ctx context.Context, i idp.Invitation) error {
	return s.insert(ctx, "insert invitation", &i, idp.ErrAlreadyInvited)
}

// SaveInvitation implements [idp.InvitationStore]. The condition in the update is what lets one caller win.
func (s *Store) SaveInvitation(ctx context.Context, i idp.Invitation) error {
	res := s.db.Conn(ctx).Model(&idp.Invitation{}).Where("id = ? AND "+notEnded, i.ID).Select("*").UpdateColumns(&i)
	if res.Error == nil && res.RowsAffected == 0 {
		return fmt.Errorf("save invitation: %w", idp.ErrInvitationInvalid)
	}
	return db.Err("save invitation", res.Error)
}

// InvitationByID implements [idp.InvitationStore].
func (s *Store) InvitationByID(ctx context.Context, orgID, id string) (i idp.Invitation, err error) {
	err = s.db.Conn(ctx).Where("org_id = ? AND id = ?", orgID, id).Take(&i).Error
	return i, translate("find invitation", err, db.ErrNotFound, idp.ErrInvitationInvalid)
}

// InvitationByToken implements [idp.InvitationStore].
func (s *Store) InvitationByToken(ctx context.Context, hash string) (i idp.Invitation, err error) {
	err = s.db.Conn(ctx).Where("token_hash = ?", hash).Take(&i).Error
	return i, translate("find invitation", err, db.ErrNotFound, idp.ErrInvitationInvalid)
}

// InvitationOf implements [idp.InvitationStore].
func (s *Store) InvitationOf(ctx context.Context, orgID, emailNormal string) (i idp.Invitation, err error) {
	err = s.db.Conn(ctx).Where("org_id = ? AND email_normal = ? AND "+notEnded, orgID, emailNormal).Take(&i).Error
	return i, translate("find invitation", err, db.ErrNotFound, idp.ErrInvitationInvalid)
}

// Invitations implements [idp.InvitationLists].
func (s *Store) Invitations(ctx context.Context, f idp.InvitationFilter, now time.Time) (list []idp.Invitation, err error) {
	q := s.db.Conn(ctx).Where("org_id = ?", f.OrgID)
	switch state := f.State; {
	case state == idp.InvitationOpen || state == "" && !f.All:
		q = q.Where(notEnded+" AND expires_at > ?", now)
	case state == idp.InvitationExpired:
		q = q.Where(notEnded+" AND expires_at <= ?", now)
	case state == idp.InvitationAccepted:
		q = q.Where("accepted_at IS NOT NULL")
	case state == idp.InvitationDeclined:
		q = q.Where("accepted_at IS NULL AND declined_at IS NOT NULL")
	case state == idp.InvitationRevoked:
		q = q.Where("accepted_at IS NULL AND declined_at IS NULL AND revoked_at IS NOT NULL")
	}
	if f.AfterID != "" {
		q = q.Where("id < ?", text(f.AfterID))
	}
	if f.Search != "" {
		q = q.Where("email_normal LIKE ? ESCAPE '\\'", contains(f.Search))
	}
	err = q.Order("id DESC").Limit(f.Limit).Find(&list).Error
	return list, db.Err("list invitations", err)
}

// CountOpenInvitations implements [idp.InvitationLists].
func (s *Store) CountOpenInvitations(ctx context.Context, orgID string, now time.Time) (n int64, err error) {
	err = s.db.Conn(ctx).Model(&idp.Invitation{}).Where("org_id = ? AND "+notEnded+" AND expires_at > ?", orgID, now).Count(&n).Error
	return n, db.Err("count invitations", err)
}

// InvitationsTo implements [idp.InvitationLists].
func (s *Store) InvitationsTo(ctx context.Context, emailNormal string, now time.Time) (list []idp.Invitation, err error) {
	err = s.db.Conn(ctx).Where("email_normal = ? AND "+notEnded+" AND expires_at > ?", emailNormal, now).Order("id").Find(&list).Error
	return list, db.Err("list invitations", err)
}

// InvitationsBy implements [idp.InvitationLists].
func (s *Store) InvitationsBy(ctx context.Context, orgID, inviterID string) (list []idp.Invitation, err error) {
	err = s.db.Conn(ctx).Where("org_id = ? AND invited_by = ? AND "+notEnded, orgID, inviterID).Order("id").Find(&list).Error
	return list, db.Err("list invitations", err)
}
