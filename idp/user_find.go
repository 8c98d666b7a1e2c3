package idp

import (
	"context"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// UserStore keeps users. Writes run in the transaction that ctx carries.
type UserStore interface {
	// InsertUser answers ErrEmailTaken when another user has the address.
	InsertUser(ctx context.Context, u User) error
	// UpdateUser saves every field but DisabledAt, so that no change of a person's own brings back who was disabled
	// meanwhile; ErrUserNotFound, ErrEmailTaken.
	UpdateUser(ctx context.Context, u User) error
	// UserByID and UserByEmailNormal answer ErrUserNotFound.
	UserByID(ctx context.Context, id string) (User, error)
	UserByEmailNormal(ctx context.Context, normal string) (User, error)
}

// maxName bounds a person's, an org's or an app's name in characters.
const maxName = 100

// User answers one person: [ErrUserNotFound]. A disabled person is answered too; ask [User.Disabled].
func (s *Service) User(ctx context.Context, id string) (User, error) {
	return s.deps.Store.UserByID(ctx, id)
}

// UserByEmail answers the person who has the address, in whatever case it is written: [ErrUserNotFound].
func (s *Service) UserByEmail(ctx context.Context, email string) (User, error) {
	_, normal, err := ParseEmail(email)
	if err != nil {
		return User{}, fmt.Errorf("find user: %w", ErrUserNotFound)
	}
	return s.deps.Store.UserByEmailNormal(ctx, normal)
}

// UpdateProfile is what people change of themselves without proof.
type UpdateProfile struct {
	Name   string // at most 100 characters are kept; control characters are dropped
	Locale string // "pl", "en" or ""
}

// UpdateProfile saves name and language: [ErrUserNotFound].
func (s *Service) UpdateProfile(ctx context.Context, userID string, in UpdateProfile) (User, error) {
	var after User
	err := s.deps.Tx.InTx(ctx, func(ctx context.Context) error {
		before, err := s.deps.Store.UserByID(ctx, userID)
		if err != nil {
			return err
		}
		after = before
		after.Name, after.Locale, after.UpdatedAt = cleanName(in.Name), knownLocale(in.Locale), s.now()
		if err := s.deps.Store.UpdateUser(ctx, after); err != nil {
			return err
		}
		return s.record(ctx, change{Action: "user.profile_updated", Kind: "user", ID: userID, Before: before, After: after})
	})
	return after, err
}

// cleanName makes a name fit to be shown on one line anywhere: no control or direction-changing characters.
func cleanName(name string) string {
	name = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) || r == utf8.RuneError:
			return -1
		}
		return r
	}, name)
	runes := []rune(strings.Join(strings.Fields(name), " "))
	return strings.TrimSpace(string(runes[:min(len(runes), maxName)]))
}

func knownLocale(locale string) string {
	if locale == "pl" || locale == "en" {
		return locale
	}
	return ""
}
