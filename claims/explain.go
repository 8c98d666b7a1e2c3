package claims

import (
	"cmp"
	"slices"
	"time"
)

// Reason is a stable code that says why a source is or is not in the claim.
type Reason string

// The reasons that a [Decision] can carry.
const (
	// ReasonIncluded: the source is an entry of the claim.
	ReasonIncluded Reason = "included"
	// ReasonSuperseded: another source of the same slug and bundle ends later.
	ReasonSuperseded Reason = "superseded"
	// ReasonStatusNotHeld: Stripe's status is none of active, trialing, past_due.
	ReasonStatusNotHeld Reason = "status_not_held"
	// ReasonEnded: the row says that it ended.
	ReasonEnded Reason = "ended"
	// ReasonExpired: the end of a comp or of a limited purchase was reached.
	ReasonExpired Reason = "expired"
	// ReasonCancellationReached: a cancelled subscription's last period is over.
	ReasonCancellationReached Reason = "cancellation_reached"
	// ReasonGraceOver: the payment is still missing after the grace.
	ReasonGraceOver Reason = "grace_over"
	// ReasonUnknownKind: the source is of no kind that this version knows.
	ReasonUnknownKind Reason = "unknown_kind"
	// ReasonBillingDisabled: the app has billing off, so there is no claim.
	ReasonBillingDisabled Reason = "billing_disabled"
	// ReasonNoUser: no person is behind the token, so there is no claim.
	ReasonNoUser Reason = "no_user"
	// ReasonNotHolding: the subscription lost its place, to a second payment that was given back, say. The
	// loader leaves it out; only Explain speaks of it.
	ReasonNotHolding Reason = "not_holding"
	// ReasonOtherMode: the subscription is of the mode, test or live, that the app is not in. Only Explain
	// speaks of it.
	ReasonOtherMode Reason = "other_mode"
)

// Decision tells people what became of one source. It is for the console and
// never part of a token.
type Decision struct {
	Kind     SourceKind
	SourceID string
	OrgID    string
	PlanSlug string
	Bundle   string
	// Included is true exactly when Reason is ReasonIncluded.
	Included bool
	Reason   Reason
	// EndsAt is the moment at which the clock ends, or ended, the source by
	// itself; nil when only an event can end it.
	EndsAt *time.Time
}

// Explanation is the claim of one user in one app at a moment, with all that led to it.
type Explanation struct {
	Result
	// Input is what the rule looked at; its Now is the moment.
	Input Input
	// Others are sources that never came before the rule, each with its reason.
	Others []Source
	// OrgNames name the orgs that the sources speak of, by id.
	OrgNames map[string]string
	// BeganAt is when the history began; nil when it is complete. Known is false for a moment before that:
	// nothing can be said of it then.
	BeganAt *time.Time
	Known   bool
}

// Decide puts a source that the rule is not asked about beside its decisions.
func (e *Explanation) Decide(src Source, reason Reason) {
	e.Others = append(e.Others, src)
	e.Explained = append(e.Explained, newDecision(src, reason))
	slices.SortFunc(e.Explained, compareDecisions)
}

// Source answers the row that a decision is about; ok is false when there is none.
func (e *Explanation) Source(d Decision) (src Source, ok bool) {
	for _, s := range slices.Concat(e.Input.Sources, e.Others) {
		if s.Kind == d.Kind && s.ID == d.SourceID {
			return s, true
		}
	}
	return Source{}, false
}

func newDecision(src Source, reason Reason) Decision {
	slug, _ := planNames(src)
	return Decision{
		Kind:     src.Kind,
		SourceID: src.ID,
		OrgID:    src.OrgID,
		PlanSlug: slug,
		Bundle:   src.Bundle,
		Included: reason == ReasonIncluded,
		Reason:   reason,
		EndsAt:   clockEnd(src),
	}
}

// compareDecisions puts subscriptions, comps and grants together, each by id,
// so that the console shows the same list whatever order the rows came in.
func compareDecisions(a, b Decision) int {
	return cmp.Or(
		cmp.Compare(kindRank(a.Kind), kindRank(b.Kind)),
		cmp.Compare(a.SourceID, b.SourceID),
		cmp.Compare(a.Reason, b.Reason),
		cmp.Compare(a.PlanSlug, b.PlanSlug),
		cmp.Compare(a.Bundle, b.Bundle),
		cmp.Compare(a.OrgID, b.OrgID),
		compareEnds(a.EndsAt, b.EndsAt),
	)
}

func kindRank(kind SourceKind) int {
	switch kind {
	case SourceSubscription:
		return 0
	case SourceComp:
		return 1
	case SourceGrant:
		return 2
	default:
		return 3
	}
}
