package idp

import (
	"errors"
	"time"
)

// Errors of organisations and memberships.
var (
	// ErrOrgNotFound means that no such organisation exists, or that the asker may not know of it.
	ErrOrgNotFound = errors.New("organisation not found")
	// ErrSlugTaken means that the slug, or an id made from it, exists already.
	ErrSlugTaken = errors.New("slug taken")
	// ErrSlugInvalid means that a name or slug folds to nothing usable.
	ErrSlugInvalid = errors.New("slug invalid")
	// ErrNotMember means that the user is no active member of the organisation.
	ErrNotMember = errors.New("not a member")
)

// Org is the tenant: it owns apps, bundles, plans, and subscribes to other orgs' plans. Every user has a
// personal one.
type Org struct {
	ID             string `gorm:"primaryKey"`
	Slug           string
	Name           string
	PersonalUserID *string // the person whose personal org this is, or nil
	PlatformOwner  bool    // true for exactly one org; set when the installation is made, never by name
	SuspendedAt    *time.Time
	CreatedAt      time.Time
	UpdatedAt      time.Time
}

// Personal tells whether this is one person's own org.
func (o Org) Personal() bool { return o.PersonalUserID != nil }

// Membership ties a user to an org with a role (owner, admin, billing, member). A removed one keeps its row.
type Membership struct {
	ID        string `gorm:"primaryKey"`
	OrgID     string
	UserID    string
	Role      string
	RemovedAt *time.Time
	CreatedAt time.Time
	UpdatedAt time.Time
}

// Active tells whether the membership counts, as a seat and for access.
func (m Membership) Active() bool { return m.RemovedAt == nil }
