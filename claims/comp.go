package claims

import (
	"database/sql/driver"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"
)

// Comp is a free pass for one (user, app): the AppEntitlementOverride of the
// console. It is saved as it is. Who gave it and why is for people and never
// reaches the claim.
type Comp struct {
	ID string `gorm:"primaryKey"`
	// UserID is the user's subject, ClientID the app's client id.
	UserID   string
	ClientID string
	PlanSlug string
	PlanName string
	// Features are feature keys; none listed means all of them.
	Features FeatureList
	// ExpiresAt is the first moment at which the comp no longer counts, nil for
	// no end.
	ExpiresAt *time.Time
	// GivenBy is the id of the person who gave it, Reason their words.
	GivenBy string
	Reason  string
	// ByAddress tells that it was given to an address, not to somebody whom the giver could see: until the person
	// comes to the app, the app's admins are not told that the address has an account. See [AddressComp].
	ByAddress bool
	// RemindedAt is when people were told that it ends soon; a new end forgets it.
	RemindedAt *time.Time
	CreatedAt  time.Time
	UpdatedAt  time.Time
	// EndedAt is set when somebody took the comp back.
	EndedAt *time.Time
}

// TableName is the table that comps are kept in.
func (Comp) TableName() string { return "app_entitlement_overrides" }

// LiveAt reports whether the comp counts at now: neither taken back nor over.
func (c Comp) LiveAt(now time.Time) bool {
	return c.EndedAt == nil && !reached(c.ExpiresAt, now)
}

// Errors of comps.
var (
	// ErrInvalidComp means that the comp must not be saved as it is.
	ErrInvalidComp = errors.New("invalid comp")
	// ErrCompNotFound means that no such comp exists.
	ErrCompNotFound = errors.New("comp not found")
	// ErrCompExists means that the user has a comp for that app which still counts.
	ErrCompExists = errors.New("comp exists already")
)

// Validate reports, as [ErrInvalidComp], what is missing or cannot be said in
// the claim. A blank feature key is refused rather than dropped: a list that
// shrinks to nothing would mean all features.
func (c Comp) Validate() error {
	for _, field := range []struct{ name, value string }{
		{"user id", c.UserID},
		{"client id", c.ClientID},
		{"plan slug", c.PlanSlug},
		{"plan name", c.PlanName},
	} {
		if strings.TrimSpace(field.value) == "" {
			return fmt.Errorf("%w: %s is empty", ErrInvalidComp, field.name)
		}
	}
	if c.PlanSlug == GrantPlanSlug {
		return fmt.Errorf("%w: plan slug %q is reserved", ErrInvalidComp, c.PlanSlug)
	}
	for _, key := range c.Features {
		if strings.TrimSpace(key) == "" {
			return fmt.Errorf("%w: blank feature key", ErrInvalidComp)
		}
	}
	if c.ExpiresAt != nil && !sayable(*c.ExpiresAt) {
		return fmt.Errorf("%w: end in the year %d", ErrInvalidComp, c.ExpiresAt.UTC().Year())
	}
	return nil
}

// Source makes the comp a candidate for [Assemble]. position is that of the
// app's plan of the same slug, or [PositionLast].
func (c Comp) Source(position int) Source {
	return Source{
		Kind:         SourceComp,
		ID:           c.ID,
		PlanSlug:     c.PlanSlug,
		PlanName:     c.PlanName,
		PlanPosition: position,
		Features:     c.Features,
		ExpiresAt:    c.ExpiresAt,
		EndedAt:      c.EndedAt,
	}
}

// FeatureList is a list of feature keys that a database keeps as JSON text.
type FeatureList []string

// Value writes the list as a JSON array; nil is the empty array, never NULL.
func (l FeatureList) Value() (driver.Value, error) {
	if l == nil {
		return "[]", nil
	}
	raw, err := json.Marshal([]string(l))
	if err != nil {
		return nil, fmt.Errorf("write feature list: %w", err)
	}
	return string(raw), nil
}

// Scan reads a JSON array of strings from text or bytes. NULL and anything
// else is an error: reading it as an empty list would mean all features.
func (l *FeatureList) Scan(src any) error {
	var raw []byte
	switch v := src.(type) {
	case string:
		raw = []byte(v)
	case []byte:
		raw = v
	default:
		return fmt.Errorf("read feature list: %T is not text", src)
	}
	var keys []string
	if err := json.Unmarshal(raw, &keys); err != nil {
		return fmt.Errorf("read feature list: %w", err)
	}
	if keys == nil { // the JSON word null
		return errors.New("read feature list: null is not a list")
	}
	*l = keys
	return nil
}
