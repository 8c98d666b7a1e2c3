package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/wolfieauth/wolfieauth/idp"
	"github.com/wolfieauth/wolfieauth/internal/db"
)

// InsertUser implements [idp.UserStore].
func (s *Store) InsertUser(ctx context.Context, u idp.User) error {
	return s.insert(ctx, "insert user", &u, idp.ErrEmailTaken)
}

// UpdateUser implements [idp.UserStore].
func (s *Store) UpdateUser(ctx context.Context, u idp.User) error {
	err := s.save(ctx, "update user", &u, idp.ErrUserNotFound, "disabled_at")
	if errors.Is(err, db.ErrDuplicate) {
		return fmt.Errorf("%w: %w", idp.ErrEmailTaken, err)
	}
	return err
}

// UserByID implements [idp.UserStore].
func (s *Store) UserByID(ctx context.Context, id string) (u idp.User, err error) {
	err = s.db.Conn(ctx).Where("id = ?", id).Take(&u).Error
	return u, translate("find user", err, db.ErrNotFound, idp.ErrUserNotFound)
}

// UserByEmailNormal implements [idp.UserStore].
func (s *Store) UserByEmailNormal(ctx context.Context, normal string) (u idp.User, err error) {
	err = s.db.Conn(ctx).Where("email_normal = ?", normal).Take(&u).Error
	return u, translate("find user", err, db.ErrNotFound, idp.ErrUserNotFound)
}

// InsertOneTimeToken implements [idp.OneTimeStore].
func (s *Store) InsertOneTimeToken(ctx context.Context, t idp.OneTimeToken) error {
	return db.Err("insert one-time token", s.db.Conn(ctx).Create(&t).Error)
}

const stillOpen = "hash = ? AND kind = ? AND used_at IS NULL AND expires_at > ?"

// OneTimeToken implements [idp.OneTimeStore].
func (s *Store) OneTimeToken(ctx context.Context, kind idp.OneTimeKind, hash string, now time.Time) (t idp.OneTimeToken, err error) {
	err = s.db.Conn(ctx).Where(stillOpen, hash, kind, now).Take(&t).Error
	return t, translate("find one-time token", err, db.ErrNotFound, idp.ErrTokenInvalid)
}

// UseOneTimeToken implements [idp.OneTimeStore]. The condition in the update is what lets one caller win.
func (s *Store) UseOneTimeToken(ctx context.Context, kind idp.OneTimeKind, hash string, now time.Time) (t idp.OneTimeToken, err error) {
	res := s.db.Conn(ctx).Model(&idp.OneTimeToken{}).Where(stillOpen, hash, kind, now).Update("used_at", now)
	if res.Error != nil {
		return t, db.Err("use one-time token", res.Error)
	}
	if res.RowsAffected == 0 {
		return t, fmt.Errorf("use one-time token: %w", idp.ErrTokenInvalid)
	}
	err = s.db.Conn(ctx).Where("hash = ?", hash).Take(&t).Error
	return t, translate("read one-time token", err, db.ErrNotFound, idp.ErrTokenInvalid)
}

// DeleteOneTimeTokens implements [idp.OneTimeStore].
func (s *Store) DeleteOneTimeTokens(ctx context.Context, userID string, kind idp.OneTimeKind) error {
	err := s.db.Conn(ctx).Where("user_id = ? AND kind = ? AND used_at IS NULL", userID, kind).Delete(&idp.OneTimeToken{}).Error
	return db.Err("delete one-time tokens", err)
}
