package idp

import (
	"context"
	"fmt"
)

// CreateUser is what a new person needs. An empty Password makes a person who cannot sign in until they
// reset it; Verified marks the address as proven.
type CreateUser struct {
	ID       string // "" makes one; the demo fixes its own
	Email    string
	Name     string
	Password string
	Locale   string // "pl", "en" or ""
	Verified bool
}

// CreateUser makes a person together with their personal org, which they own: [ErrEmailInvalid],
// [ErrPasswordWeak], [ErrEmailTaken], secret.ErrBusy.
func (s *Service) CreateUser(ctx context.Context, in CreateUser) (User, Org, error) {
	user, err := s.newUser(ctx, in)
	if err != nil {
		return User{}, Org{}, err
	}
	var org Org
	err = s.deps.Tx.InTx(ctx, func(ctx context.Context) error {
		org, err = s.insertPerson(ctx, user)
		return err
	})
	if err != nil {
		return User{}, Org{}, fmt.Errorf("create user: %w", err)
	}
	return user, org, nil
}

// insertPerson writes a new person with their personal org.
func (s *Service) insertPerson(ctx context.Context, user User) (org Org, err error) {
	org = Org{Slug: personalSlug(), Name: user.Name, PersonalUserID: &user.ID, CreatedAt: user.CreatedAt, UpdatedAt: user.CreatedAt}
	if org.ID, err = newID(); err != nil {
		return Org{}, err
	}
	if err := s.deps.Store.InsertUser(ctx, user); err != nil {
		return Org{}, err
	}
	if err := s.insertOrg(ctx, org, user.ID); err != nil {
		return Org{}, err
	}
	if user.EmailVerified() {
		if err := s.addressVerified(ctx, user); err != nil {
			return Org{}, err
		}
	}
	return org, s.record(ctx, change{OrgID: org.ID, Action: "user.created", Kind: "user", ID: user.ID, After: user})
}

// addressVerified tells of an address that has just been proven.
func (s *Service) addressVerified(ctx context.Context, user User) error {
	if err := s.deps.Verified.AddressVerified(ctx, user.ID, user.EmailNormal); err != nil {
		return fmt.Errorf("tell of proven address: %w", err)
	}
	return nil
}

// newUser checks the input and hashes the password, before any transaction is held open for it.
func (s *Service) newUser(ctx context.Context, in CreateUser) (User, error) {
	email, normal, err := ParseEmail(in.Email)
	if err != nil {
		return User{}, err
	}
	now := s.now()
	user := User{Email: email, EmailNormal: normal, Name: cleanName(in.Name), Locale: knownLocale(in.Locale), CreatedAt: now, UpdatedAt: now}
	if in.Verified {
		user.EmailVerifiedAt = &now
	}
	if user.ID, err = orNewID(in.ID); err != nil {
		return User{}, err
	}
	if in.Password == "" {
		return user, nil
	}
	if err := CheckPassword(in.Password, email); err != nil {
		return User{}, err
	}
	if user.PasswordHash, err = s.deps.Passwords.Hash(ctx, normalPassword(in.Password)); err != nil {
		return User{}, fmt.Errorf("create user: %w", err)
	}
	return user, nil
}
