package idp

import (
	"context"
	"errors"
)

// StartReset sends a reset link to the holder of the address, in lang when they have chosen no language; next
// is the local path to go on to afterwards, already made safe, or "". It answers nil too when nobody has the
// address, so that the page can say the same to everybody.
func (s *Service) StartReset(ctx context.Context, email, lang, next string) error {
	user, err := s.UserByEmail(ctx, email)
	if errors.Is(err, ErrUserNotFound) || err == nil && user.Disabled() {
		return nil
	}
	if err != nil {
		return err
	}
	return s.deps.Tx.InTx(ctx, func(ctx context.Context) error {
		token, err := s.issueToken(ctx, OneTimeResetPassword, user, next, ResetLifetime)
		if err != nil {
			return err
		}
		if err := s.record(ctx, change{Action: "user.reset_requested", Kind: "user", ID: user.ID}); err != nil {
			return err
		}
		return s.send(ctx, user, resetLetter(token, lang))
	})
}

// ResetHolder answers whose password a reset link would change, without using it: [ErrTokenInvalid].
func (s *Service) ResetHolder(ctx context.Context, token string) (User, error) {
	_, user, err := s.openToken(ctx, OneTimeResetPassword, token)
	return user, err
}

// FinishReset sets a new password by a reset link, which works once. Following the link has shown that the
// address is theirs, so it becomes verified. It answers where to go on. [ErrTokenInvalid]; [ErrPasswordWeak]
// leaves the link usable.
func (s *Service) FinishReset(ctx context.Context, token, password string) (user User, next string, err error) {
	row, user, err := s.openToken(ctx, OneTimeResetPassword, token)
	if err != nil {
		return User{}, "", err
	}
	hash, err := s.hashNew(ctx, password, user.Email)
	if err != nil {
		return User{}, "", err
	}
	err = s.deps.Tx.InTx(ctx, func(ctx context.Context) error {
		if _, user, err = s.useToken(ctx, OneTimeResetPassword, token); err != nil {
			return err
		}
		if user, err = s.markVerified(ctx, user); err != nil {
			return err
		}
		return s.storePassword(ctx, user.ID, hash, "")
	})
	return user, row.Next, err
}

func (s *Service) markVerified(ctx context.Context, user User) (User, error) {
	if user.EmailVerified() {
		return user, nil
	}
	now := s.now()
	user.EmailVerifiedAt, user.UpdatedAt = &now, now
	if err := s.deps.Store.UpdateUser(ctx, user); err != nil {
		return User{}, err
	}
	if err := s.deps.Store.DeleteOneTimeTokens(ctx, user.ID, OneTimeVerifyEmail); err != nil {
		return User{}, err
	}
	if err := s.addressVerified(ctx, user); err != nil {
		return User{}, err
	}
	return user, s.record(ctx, change{Action: "user.email_verified", Kind: "user", ID: user.ID, After: user})
}
