package idp

import (
	"context"
	"errors"
	"fmt"
)

// Authenticate answers the person whose address and password these are: [ErrCredentials] otherwise, whether
// the address is unknown, the password wrong or the person disabled, and in the same time; secret.ErrBusy.
func (s *Service) Authenticate(ctx context.Context, email, password string) (User, error) {
	user, err := s.UserByEmail(ctx, email)
	if err != nil && !errors.Is(err, ErrUserNotFound) {
		return User{}, err
	}
	// An unknown person has no hash, which the gate answers in the time of a real one.
	ok, rehash, err := s.deps.Passwords.Verify(ctx, normalPassword(password), user.PasswordHash)
	if err != nil {
		return User{}, fmt.Errorf("authenticate: %w", err)
	}
	if !ok || user.Disabled() {
		return User{}, fmt.Errorf("authenticate: %w", ErrCredentials)
	}
	if rehash {
		return s.rehash(ctx, user, password)
	}
	return user, nil
}

// rehash stores the password under today's parameters, now that it is at hand.
func (s *Service) rehash(ctx context.Context, user User, password string) (User, error) {
	hash, err := s.deps.Passwords.Hash(ctx, normalPassword(password))
	if err != nil {
		return User{}, fmt.Errorf("renew password hash: %w", err)
	}
	verified := user.PasswordHash
	err = s.deps.Tx.InTx(ctx, func(ctx context.Context) error {
		fresh, err := s.deps.Store.UserByID(ctx, user.ID)
		if err != nil || fresh.PasswordHash != verified {
			return err // changed meanwhile: the newer hash stays
		}
		fresh.PasswordHash = hash
		user = fresh
		return s.deps.Store.UpdateUser(ctx, fresh)
	})
	return user, err
}
