package claims

import (
	"encoding/json"
	"time"
)

// Names of the two claims that this package owns. Nothing else is ever written
// to a token by it.
const (
	// ClaimPlans is the array of plans that the user holds in the asking app.
	ClaimPlans = "wolfieauth_plans"
	// ClaimPlansVersion is a short hash of that array, also usable as an ETag.
	ClaimPlansVersion = "wolfieauth_plans_ver"
)

// Status says how a plan is held. All three values count as held; a plan that
// is not held has no entry at all.
type Status string

// The statuses that an entry can have.
const (
	// StatusActive is a paid, comped or granted plan in good standing.
	StatusActive Status = "ACTIVE"
	// StatusTrialing is a subscription inside its trial.
	StatusTrialing Status = "TRIALING"
	// StatusPastDue is a subscription whose payment failed, inside its grace.
	StatusPastDue Status = "PAST_DUE"
)

// Plan is one entry of wolfieauth_plans. Its JSON has the first seven keys
// always, whatever the source, and each of the others only when it says
// something. Times are written as RFC 3339 in UTC with second precision.
type Plan struct {
	// PlanSlug identifies the plan within the app or bundle; it never changes
	// after the first sale.
	PlanSlug string
	// PlanName is for people, in the words of the seller.
	PlanName string
	// Status is one of the three held statuses. A reader may meet another one
	// from a newer issuer; such a plan is not held, see [Plan.Held].
	Status Status
	// AppClientID is the app that the token is for, for a bundle plan too.
	AppClientID string
	// Features are the feature keys of the plan, sorted, without duplicates.
	// An empty list means none, unless AllFeatures is set.
	Features []string
	// AllFeatures is true for a comp or grant that lists no features.
	AllFeatures bool
	// CurrentPeriodEnd is when the paid period, comp or limited purchase ends;
	// nil means no end. A subscription that renews is held past it.
	CurrentPeriodEnd *time.Time

	// Seats is the number of seats bought, on per-seat plans only.
	Seats *int64
	// TrialEnd is set while Status is TRIALING.
	TrialEnd *time.Time
	// GraceUntil is set while Status is PAST_DUE, if it is known.
	GraceUntil *time.Time
	// CancelAtPeriodEnd is true when the plan ends, and does not renew, at
	// CurrentPeriodEnd because it was cancelled.
	CancelAtPeriodEnd bool
	// Bundle is the slug of the bundle that the plan belongs to, or "".
	Bundle string
}

// planJSON fixes the order of the keys and the form of the times.
type planJSON struct {
	PlanSlug          string   `json:"planSlug"`
	PlanName          string   `json:"planName"`
	Status            Status   `json:"status"`
	AppClientID       string   `json:"appClientId"`
	Features          []string `json:"features"`
	AllFeatures       bool     `json:"allFeatures"`
	CurrentPeriodEnd  *string  `json:"currentPeriodEnd"`
	Seats             *int64   `json:"seats,omitempty"`
	TrialEnd          *string  `json:"trialEnd,omitempty"`
	GraceUntil        *string  `json:"graceUntil,omitempty"`
	CancelAtPeriodEnd bool     `json:"cancelAtPeriodEnd,omitempty"`
	Bundle            string   `json:"bundle,omitempty"`
}

// MarshalJSON writes the entry as the contract has it: seven keys always,
// features never null, optional keys only when set.
func (p Plan) MarshalJSON() ([]byte, error) {
	features := p.Features
	if features == nil {
		features = []string{}
	}
	return json.Marshal(planJSON{
		PlanSlug:          p.PlanSlug,
		PlanName:          p.PlanName,
		Status:            p.Status,
		AppClientID:       p.AppClientID,
		Features:          features,
		AllFeatures:       p.AllFeatures,
		CurrentPeriodEnd:  rfc3339(p.CurrentPeriodEnd),
		Seats:             p.Seats,
		TrialEnd:          rfc3339(p.TrialEnd),
		GraceUntil:        rfc3339(p.GraceUntil),
		CancelAtPeriodEnd: p.CancelAtPeriodEnd,
		Bundle:            p.Bundle,
	})
}

func rfc3339(t *time.Time) *string {
	if t == nil {
		return nil
	}
	s := t.UTC().Format(time.RFC3339)
	return &s
}

// sayable reports whether RFC 3339, with its four digits for the year, can
// express t.
func sayable(t time.Time) bool {
	year := t.UTC().Year()
	return year >= 0 && year <= 9999
}
