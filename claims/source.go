package claims

import (
	"math"
	"time"
)

// SourceKind says where a plan comes from. It is for people and for the rule;
// it never reaches the claim.
type SourceKind string

// The kinds of source.
const (
	// SourceSubscription is something paid: a subscription or a one-time purchase.
	SourceSubscription SourceKind = "subscription"
	// SourceComp is a free pass given to one user for one app.
	SourceComp SourceKind = "comp"
	// SourceGrant is what membership of the platform-owner org gives.
	SourceGrant SourceKind = "grant"
)

// What a platform-owner grant is called in the claim.
const (
	GrantPlanSlug = "platform-owner-grant"
	GrantPlanName = "Platform owner"
)

// PositionLast is the PlanPosition of a comp that names no plan of the
// catalogue. Grants always take it.
const PositionLast = math.MaxInt32

// Source is one candidate row as loaded from the database. Whether it counts
// is for [Assemble] to decide; a loader may hand over rows that have ended,
// but never rows of another app, org, user or mode.
type Source struct {
	Kind SourceKind
	// ID is the row's id, shown by Explain only.
	ID string
	// StripeStatus is Stripe's lower-case word for the subscription; a one-time
	// purchase in good standing is "active". Comps and grants leave it empty.
	StripeStatus string
	// PlanSlug and PlanName name the plan; a grant's are fixed and need not be set.
	PlanSlug, PlanName string
	// PlanPosition orders plans within their status. A comp takes the position
	// of the app's plan of the same slug, so that the order does not betray it,
	// or PositionLast.
	PlanPosition int
	// Features are the keys attached to the plan or listed on the comp.
	Features []string
	// Bundle is the slug of the plan's bundle, "" for a plan of one app.
	Bundle string
	// Recurring is false for a one-time purchase.
	Recurring bool

	// CurrentPeriodEnd, TrialEnd, CancelAt and CancelAtPeriodEnd are Stripe's;
	// only a recurring subscription has them.
	CurrentPeriodEnd, TrialEnd, CancelAt *time.Time
	CancelAtPeriodEnd                    bool
	// EndedAt is a record that the source ended; once set it counts for nothing,
	// whatever its value, since clocks of two systems differ.
	EndedAt *time.Time
	// ExpiresAt is the end of a comp or of a one-time purchase of limited length.
	ExpiresAt *time.Time

	// OldestUnpaidAt is when the oldest unpaid invoice was finalised, nil when
	// that is not known (yet). GraceDays is the plan's grace in days of 24 hours.
	OldestUnpaidAt *time.Time
	GraceDays      int

	// Quantity is the number of seats bought when PerSeat is set.
	Quantity int64
	PerSeat  bool
	// OrgID is the org that holds the subscription or whose membership grants.
	OrgID string
}

// Input is all that [Assemble] looks at.
type Input struct {
	// BillingEnabled is the asking app's setting.
	BillingEnabled bool
	// HasUser is false where no person is behind the token (client credentials).
	HasUser bool
	// ClientID is the asking app's client id.
	ClientID string
	// Now is the moment for which the claim is made.
	Now time.Time
	// Sources are the candidates, in any order.
	Sources []Source
}
