package claims

import "time"

// AppUser is a person in an app's directory: somebody who signed in to it once, was given it, or is in an org
// that bought it.
type AppUser struct {
	UserID   string
	Email    string
	Name     string
	Disabled bool
	// Holdings are what the person holds there now: subscriptions, grants, comps.
	Holdings []Holding `gorm:"-"`
}

// Holding is one thing that a person holds in an app, and why.
type Holding struct {
	Source Source
	// Plan is the entry that it makes in the claim.
	Plan Plan
	// OrgName is the org through which it is held; "" for a comp. Personal tells that it is the person's own.
	OrgName  string
	Personal bool
}

// Org is an org by its name.
type Org struct{ ID, Name string }

// Pass is a free pass as an app's admins see it: of a person in the directory, or of an address.
type Pass struct {
	ID string
	// UserID is empty for a pass of an address; Email is then as it was typed.
	UserID, Email, Name string
	ClientID            string
	PlanSlug, PlanName  string
	Features            FeatureList
	ExpiresAt           *time.Time
	GivenBy, Reason     string
	CreatedAt           time.Time
}

// PassCount says how many passes of one plan slug count now.
type PassCount struct {
	PlanSlug string
	Count    int64
}

// Hold answers the entry that a source makes by itself at now; ok is false when it makes none.
func Hold(src Source, clientID string, now time.Time) (plan Plan, ok bool) {
	r := Assemble(Input{BillingEnabled: true, HasUser: true, ClientID: clientID, Now: now, Sources: []Source{src}})
	if len(r.Plans) == 0 {
		return Plan{}, false
	}
	return r.Plans[0], true
}
