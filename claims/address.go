package claims

import "time"

// AddressComp is a free pass for whoever proves that an address is theirs. It is saved as it is. Where a person
// has proven it already, or once one does, a [Comp] is made of it; the row stays, so that nobody can tell from it
// whether the address has an account.
type AddressComp struct {
	ID       string `gorm:"primaryKey"`
	ClientID string
	// Email is the address as it was typed, EmailNormal the form that addresses are compared in.
	Email, EmailNormal string
	PlanSlug           string
	PlanName           string
	// Features are feature keys; none listed means all of them.
	Features FeatureList
	// ExpiresAt is the first moment at which the pass no longer counts, nil for no end.
	ExpiresAt *time.Time
	GivenBy   string
	Reason    string
	// UserID and CompID are what became of it; empty while it waits. Neither is ever shown.
	UserID     string `audit:"-"`
	CompID     string `audit:"-"`
	RemindedAt *time.Time
	EndedAt    *time.Time
	CreatedAt  time.Time
	UpdatedAt  time.Time
}

// TableName is the table that they are kept in.
func (AddressComp) TableName() string { return "address_comps" }

// LiveAt reports whether the pass counts, or would count for whom it waits, at now.
func (a AddressComp) LiveAt(now time.Time) bool {
	return a.EndedAt == nil && !reached(a.ExpiresAt, now)
}

// For is the comp that the pass becomes for a person.
func (a AddressComp) For(userID string) Comp {
	return Comp{
		UserID: userID, ClientID: a.ClientID, PlanSlug: a.PlanSlug, PlanName: a.PlanName, Features: a.Features, ExpiresAt: a.ExpiresAt,
		GivenBy: a.GivenBy, Reason: a.Reason, ByAddress: true,
	}
}
