package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"gorm.io/gorm/clause"

	"github.com/wolfieauth/wolfieauth/idp"
	"github.com/wolfieauth/wolfieauth/internal/db"
)

// CreateAuthRequest saves a new sign-in.
func (s *Provider) CreateAuthRequest(ctx context.Context, r idp.AuthRequest) error {
	err := db.Err("create auth request", s.db.Conn(ctx).Create(&r).Error)
	if errors.Is(err, db.ErrForeignKey) {
		return fmt.Errorf("create auth request: %w", idp.ErrAppNotFound)
	}
	return err
}

// AuthRequest loads a sign-in that is not over; [idp.ErrAuthRequestNotFound].
func (s *Provider) AuthRequest(ctx context.Context, id string, now time.Time) (idp.AuthRequest, error) {
	return one[idp.AuthRequest](s.db.Conn(ctx).Raw(`SELECT * FROM auth_requests
		WHERE id = ? AND finished_at IS NULL AND expires_at > ?`, id, now.UTC()), "load auth request", idp.ErrAuthRequestNotFound)
}

// SettleAuthRequest saves what the steps have settled; [idp.ErrAuthRequestNotFound] when it is over.
func (s *Provider) SettleAuthRequest(ctx context.Context, r idp.AuthRequest) error {
	met, err := s.changed(ctx, "settle auth request", `UPDATE auth_requests SET user_id = ?, org_id = ?, session_id = ?,
		auth_time = ?, amr = ?, consented_at = ? WHERE id = ? AND finished_at IS NULL`,
		r.UserID, r.OrgID, r.SessionID, r.AuthTime, r.AMR, r.ConsentedAt, r.ID)
	if err == nil && !met {
		err = fmt.Errorf("settle auth request: %w", idp.ErrAuthRequestNotFound)
	}
	return err
}

// FinishAuthRequest ends a sign-in and tells whether this call was the first.
func (s *Provider) FinishAuthRequest(ctx context.Context, id string, now time.Time) (first bool, err error) {
	return s.changed(ctx, "finish auth request", "UPDATE auth_requests SET finished_at = ? WHERE id = ? AND finished_at IS NULL", now.UTC(), id)
}

// Consent loads what the user has allowed the app; the zero Consent when that is nothing.
func (s *Provider) Consent(ctx context.Context, userID, clientID string) (idp.Consent, error) {
	c, err := one[idp.Consent](s.db.Conn(ctx).Raw("SELECT * FROM consents WHERE user_id = ? AND client_id = ?", userID, clientID),
		"load consent", db.ErrNotFound)
	if errors.Is(err, db.ErrNotFound) {
		return idp.Consent{UserID: userID, ClientID: clientID}, nil
	}
	return c, err
}

// SaveConsent makes or replaces a consent.
func (s *Provider) SaveConsent(ctx context.Context, c idp.Consent) error {
	return db.Err("save consent", s.db.Conn(ctx).Clauses(clause.OnConflict{
		Columns:   []clause.Column{{Name: "user_id"}, {Name: "client_id"}},
		DoUpdates: clause.AssignmentColumns([]string{"scopes", "updated_at"}),
	}).Create(&c).Error)
}

// Consents lists what a user has allowed, by app.
func (s *Provider) Consents(ctx context.Context, userID string) ([]idp.Consent, error) {
	out := []idp.Consent{}
	err := s.db.Conn(ctx).Raw("SELECT * FROM consents WHERE user_id = ? ORDER BY client_id", userID).Scan(&out).Error
	return out, db.Err("list consents", err)
}
