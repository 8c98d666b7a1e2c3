package idp

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Errors of what the platform does to orgs and people.
var (
	// ErrPlatformOrg means that the org that owns the platform stays in use.
	ErrPlatformOrg = errors.New("the platform's own organisation")
	// ErrOneself means that nobody may do this to their own account.
	ErrOneself = errors.New("one's own account")
)

// DirectoryFilter chooses a page of a list over the whole platform.
type DirectoryFilter struct {
	// Search is a part of a name, slug, client id or address, in any case; "" is everything.
	Search string
	// After is the key of the last entry of the page before: the slug of an org, the client id of an app, the
	// User.EmailNormal of a person.
	After string
	// Limit is the size of the page, at least 1.
	Limit int
	// Personal lists personal orgs, too; it counts for orgs alone.
	Personal bool
}

// ListedOrg is an org with its size.
type ListedOrg struct {
	Org     Org `gorm:"embedded"`
	Apps    int64
	Members int64 // active ones
}

// ListedApp is an app with its owner, without its logo.
type ListedApp struct {
	App              App `gorm:"embedded"`
	OrgSlug, OrgName string
	OrgSuspended     bool
}

// UserOrg is an org of one of several people.
type UserOrg struct {
	UserID, Slug, Name, Role string
	Personal, Suspended      bool
}

// DirectoryStore lists everything there is. Each list is one statement and holds at most Limit + 1 entries, in the
// order of the keys that [DirectoryFilter] names.
type DirectoryStore interface {
	ListOrgs(ctx context.Context, f DirectoryFilter) ([]ListedOrg, error)
	ListApps(ctx context.Context, f DirectoryFilter) ([]ListedApp, error)
	ListUsers(ctx context.Context, f DirectoryFilter) ([]User, error)
	// OrgsOfUsers lists active memberships by user, the personal org first; suspended orgs too.
	OrgsOfUsers(ctx context.Context, userIDs []string) ([]UserOrg, error)
	// SetUserDisabled saves User.DisabledAt alone: ErrUserNotFound.
	SetUserDisabled(ctx context.Context, userID string, at *time.Time, now time.Time) error
}

// cut answers a page of at most limit entries and the key of its last one, "" where nothing follows.
func cut[T any](list []T, limit int, key func(T) string) (page []T, next string) {
	if len(list) <= limit {
		return list, ""
	}
	return list[:limit], key(list[limit-1])
}

// ListOrgs answers a page of all orgs by slug, personal ones only where the filter says so, and the After of the next, "" at the end.
func (s *Service) ListOrgs(ctx context.Context, f DirectoryFilter) (page []ListedOrg, next string, err error) {
	list, err := s.deps.Store.ListOrgs(ctx, f)
	page, next = cut(list, f.Limit, func(o ListedOrg) string { return o.Org.Slug })
	return page, next, err
}

// ListApps answers a page of all apps by client id, disabled ones too, and the After of the next.
func (s *Service) ListApps(ctx context.Context, f DirectoryFilter) (page []ListedApp, next string, err error) {
	list, err := s.deps.Store.ListApps(ctx, f)
	page, next = cut(list, f.Limit, func(a ListedApp) string { return a.App.ClientID })
	return page, next, err
}

// ListUsers answers a page of all people by address, disabled ones too, and the After of the next.
func (s *Service) ListUsers(ctx context.Context, f DirectoryFilter) (page []User, next string, err error) {
	list, err := s.deps.Store.ListUsers(ctx, f)
	page, next = cut(list, f.Limit, func(u User) string { return u.EmailNormal })
	return page, next, err
}

// OrgsOfUsers lists the orgs of several people, the personal one first; suspended orgs too.
func (s *Service) OrgsOfUsers(ctx context.Context, userIDs []string) ([]UserOrg, error) {
	if len(userIDs) == 0 {
		return nil, nil
	}
	return s.deps.Store.OrgsOfUsers(ctx, userIDs)
}

// SuspendOrg stops an org: nobody acts for it, its apps accept nobody, and every grant that rests on it is worth
// nothing, at once. Nothing is deleted. One that is suspended already stays as it is. [ErrOrgNotFound],
// [ErrPlatformOrg].
func (s *Service) SuspendOrg(ctx context.Context, orgID string) error {
	return s.changeOrg(ctx, orgID, "org.suspended", func(o *Org) (bool, error) {
		if o.PlatformOwner {
			return false, ErrPlatformOrg
		}
		if o.SuspendedAt != nil {
			return false, nil
		}
		now := s.now()
		o.SuspendedAt = &now
		return true, nil
	})
}

// ResumeOrg takes a suspension back: [ErrOrgNotFound].
func (s *Service) ResumeOrg(ctx context.Context, orgID string) error {
	return s.changeOrg(ctx, orgID, "org.resumed", func(o *Org) (bool, error) {
		if o.SuspendedAt == nil {
			return false, nil
		}
		o.SuspendedAt = nil
		return true, nil
	})
}

func (s *Service) changeOrg(ctx context.Context, orgID, action string, edit func(*Org) (changed bool, err error)) error {
	err := s.deps.Tx.InTx(ctx, func(ctx context.Context) error {
		before, err := s.deps.Store.LockOrg(ctx, orgID)
		if err != nil {
			return err
		}
		after := before
		if changed, err := edit(&after); err != nil || !changed {
			return err
		}
		after.UpdatedAt = s.now()
		if err := s.deps.Store.UpdateOrg(ctx, after); err != nil {
			return err
		}
		return s.record(ctx, change{OrgID: orgID, Action: action, Kind: "org", ID: orgID, Before: before, After: after})
	})
	if err != nil {
		return fmt.Errorf("%s: %w", action, err)
	}
	return nil
}

// DisableUser keeps a person from signing in and ends all that they hold: sessions and grants. Memberships, and so
// seats, stay. [ErrUserNotFound], [ErrOneself].
func (s *Service) DisableUser(ctx context.Context, byID, userID string) error {
	if byID == userID {
		return fmt.Errorf("disable user: %w", ErrOneself)
	}
	return s.changeUser(ctx, userID, "user.disabled", func(ctx context.Context, u *User) (bool, error) {
		if u.DisabledAt != nil {
			return false, nil
		}
		now := s.now()
		u.DisabledAt = &now
		return true, s.endAll(ctx, userID)
	})
}

// EnableUser lets a disabled person sign in again: [ErrUserNotFound].
func (s *Service) EnableUser(ctx context.Context, userID string) error {
	return s.changeUser(ctx, userID, "user.enabled", func(_ context.Context, u *User) (bool, error) {
		if u.DisabledAt == nil {
			return false, nil
		}
		u.DisabledAt = nil
		return true, nil
	})
}

// EndUserSessions signs a person out everywhere and revokes what their apps hold: [ErrUserNotFound].
func (s *Service) EndUserSessions(ctx context.Context, userID string) error {
	err := s.deps.Tx.InTx(ctx, func(ctx context.Context) error {
		if _, err := s.deps.Store.UserByID(ctx, userID); err != nil {
			return err
		}
		if err := s.endAll(ctx, userID); err != nil {
			return err
		}
		return s.record(ctx, change{Action: "user.sessions_ended", Kind: "user", ID: userID})
	})
	if err != nil {
		return fmt.Errorf("end sessions: %w", err)
	}
	return nil
}

func (s *Service) endAll(ctx context.Context, userID string) error {
	return errors.Join(s.deps.Revoker.EndSessions(ctx, userID, ""), s.deps.Revoker.RevokeGrants(ctx, userID))
}

func (s *Service) changeUser(ctx context.Context, userID, action string, edit func(context.Context, *User) (changed bool, err error)) error {
	err := s.deps.Tx.InTx(ctx, func(ctx context.Context) error {
		before, err := s.deps.Store.UserByID(ctx, userID)
		if err != nil {
			return err
		}
		after := before
		if changed, err := edit(ctx, &after); err != nil || !changed {
			return err
		}
		after.UpdatedAt = s.now()
		if err := s.deps.Store.SetUserDisabled(ctx, userID, after.DisabledAt, after.UpdatedAt); err != nil {
			return err
		}
		return s.record(ctx, change{Action: action, Kind: "user", ID: userID, Before: before, After: after})
	})
	if err != nil {
		return fmt.Errorf("%s: %w", action, err)
	}
	return nil
}
