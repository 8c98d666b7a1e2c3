package idp

import (
	"context"
	"fmt"

	"github.com/wolfieauth/wolfieauth/internal/mail"
)

// SetPassword is a person's change of their own password. KeepSessionID is the session that asks; every other
// one ends.
type SetPassword struct {
	UserID        string
	Old, New      string
	KeepSessionID string
}

// SetPassword changes a password after proof of the old one, ends the person's other sessions, revokes their
// tokens, forgets open reset links and tells them by mail: [ErrUserNotFound], [ErrCredentials] when the old
// one is wrong, [ErrPasswordWeak], secret.ErrBusy.
func (s *Service) SetPassword(ctx context.Context, in SetPassword) error {
	user, err := s.deps.Store.UserByID(ctx, in.UserID)
	if err != nil {
		return err
	}
	ok, _, err := s.deps.Passwords.Verify(ctx, normalPassword(in.Old), user.PasswordHash)
	if err != nil {
		return fmt.Errorf("change password: %w", err)
	}
	if !ok {
		return fmt.Errorf("change password: %w", ErrCredentials)
	}
	hash, err := s.hashNew(ctx, in.New, user.Email)
	if err != nil {
		return err
	}
	return s.deps.Tx.InTx(ctx, func(ctx context.Context) error {
		return s.storePassword(ctx, user.ID, hash, in.KeepSessionID)
	})
}

// ReplacePassword sets a password without proof of the old one, for operators; ErrUserNotFound,
// [ErrPasswordWeak], secret.ErrBusy. Everything that [Service.SetPassword] ends is ended.
func (s *Service) ReplacePassword(ctx context.Context, userID, password string) error {
	user, err := s.deps.Store.UserByID(ctx, userID)
	if err != nil {
		return err
	}
	hash, err := s.hashNew(ctx, password, user.Email)
	if err != nil {
		return err
	}
	return s.deps.Tx.InTx(ctx, func(ctx context.Context) error {
		return s.storePassword(ctx, userID, hash, "")
	})
}

func (s *Service) hashNew(ctx context.Context, password, email string) (string, error) {
	if err := CheckPassword(password, email); err != nil {
		return "", err
	}
	hash, err := s.deps.Passwords.Hash(ctx, normalPassword(password))
	if err != nil {
		return "", fmt.Errorf("hash new password: %w", err)
	}
	return hash, nil
}

// storePassword is the one place where a password changes, so that nothing it must end is forgotten.
func (s *Service) storePassword(ctx context.Context, userID, hash, keepSessionID string) error {
	user, err := s.deps.Store.UserByID(ctx, userID)
	if err != nil {
		return err
	}
	user.PasswordHash, user.UpdatedAt = hash, s.now()
	if err := s.deps.Store.UpdateUser(ctx, user); err != nil {
		return err
	}
	if err := s.deps.Store.DeleteOneTimeTokens(ctx, userID, OneTimeResetPassword); err != nil {
		return err
	}
	if err := s.deps.Revoker.EndSessions(ctx, userID, keepSessionID); err != nil {
		return fmt.Errorf("end sessions: %w", err)
	}
	if err := s.deps.Revoker.RevokeGrants(ctx, userID); err != nil {
		return fmt.Errorf("revoke grants: %w", err)
	}
	if err := s.record(ctx, change{Action: "user.password_changed", Kind: "user", ID: userID}); err != nil {
		return err
	}
	return s.send(ctx, user, letter{template: mail.PasswordChanged, path: "/account"})
}
