package idp

import (
	"context"
	"fmt"
	"time"

	"github.com/wolfieauth/wolfieauth/internal/secret"
)

// How long one-time links work.
const (
	ResetLifetime  = 30 * time.Minute
	VerifyLifetime = 24 * time.Hour
)

// OneTimeStore keeps the hashes of tokens sent by mail.
type OneTimeStore interface {
	InsertOneTimeToken(ctx context.Context, t OneTimeToken) error
	// OneTimeToken answers an unused, unexpired token, or ErrTokenInvalid.
	OneTimeToken(ctx context.Context, kind OneTimeKind, hash string, now time.Time) (OneTimeToken, error)
	// UseOneTimeToken marks such a token used and answers it, or ErrTokenInvalid; of two callers one wins.
	UseOneTimeToken(ctx context.Context, kind OneTimeKind, hash string, now time.Time) (OneTimeToken, error)
	// DeleteOneTimeTokens forgets the user's unused tokens of the kind.
	DeleteOneTimeTokens(ctx context.Context, userID string, kind OneTimeKind) error
}

// issueToken makes a token that replaces the user's earlier one of its kind, and answers it in plain.
func (s *Service) issueToken(ctx context.Context, kind OneTimeKind, user User, next string, lifetime time.Duration) (string, error) {
	if err := s.deps.Store.DeleteOneTimeTokens(ctx, user.ID, kind); err != nil {
		return "", err
	}
	token, now := secret.Token(), s.now()
	err := s.deps.Store.InsertOneTimeToken(ctx, OneTimeToken{
		Hash: secret.Hash(token), Kind: kind, UserID: user.ID, Email: user.EmailNormal, Next: next,
		ExpiresAt: now.Add(lifetime), CreatedAt: now,
	})
	return token, err
}

// openToken answers the token's row and its user, if both still stand and the address is still the same.
func (s *Service) openToken(ctx context.Context, kind OneTimeKind, token string) (OneTimeToken, User, error) {
	row, err := s.deps.Store.OneTimeToken(ctx, kind, secret.Hash(token), s.now())
	if err != nil {
		return OneTimeToken{}, User{}, err
	}
	return s.holder(ctx, row)
}

// useToken is openToken that also uses the token up.
func (s *Service) useToken(ctx context.Context, kind OneTimeKind, token string) (OneTimeToken, User, error) {
	row, err := s.deps.Store.UseOneTimeToken(ctx, kind, secret.Hash(token), s.now())
	if err != nil {
		return OneTimeToken{}, User{}, err
	}
	return s.holder(ctx, row)
}

func (s *Service) holder(ctx context.Context, row OneTimeToken) (OneTimeToken, User, error) {
	user, err := s.deps.Store.UserByID(ctx, row.UserID)
	if err != nil {
		return OneTimeToken{}, User{}, err
	}
	if user.EmailNormal != row.Email || user.Disabled() {
		return OneTimeToken{}, User{}, fmt.Errorf("use one-time token: %w", ErrTokenInvalid)
	}
	return row, user, nil
}
