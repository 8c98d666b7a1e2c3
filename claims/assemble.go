package claims

import (
	"cmp"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"slices"
	"time"
)

// Result is the claim, ready to be issued, and the story behind it.
type Result struct {
	// Plans are the entries in their fixed order: never nil when Present.
	Plans []Plan
	// Version changes exactly when the JSON of Plans does; "" unless Present.
	Version string
	// Present is false when the claim must be left out altogether.
	Present bool
	// Explained has one decision per source, for people only.
	Explained []Decision
}

// candidate is a source that is held by itself, before doubles are settled.
type candidate struct {
	src  Source
	plan Plan
}

// Assemble turns sources into the claim. It is a pure function: the order of
// in.Sources does not matter, and in is not changed.
//
// An entry is made for each source that is held at in.Now. Of several with the
// same slug and bundle the one with the latest CurrentPeriodEnd stays, no end
// being the latest. Entries are ordered by status (ACTIVE, TRIALING, PAST_DUE),
// then those with all features, then plan position, slug and bundle.
func Assemble(in Input) Result {
	if !in.BillingEnabled {
		return absent(in.Sources, ReasonBillingDisabled)
	}
	if !in.HasUser {
		return absent(in.Sources, ReasonNoUser)
	}
	var held []candidate
	explained := make([]Decision, 0, len(in.Sources))
	for _, src := range in.Sources {
		plan, reason := decide(src, in.ClientID, in.Now)
		if reason != ReasonIncluded {
			explained = append(explained, newDecision(src, reason))
			continue
		}
		held = append(held, candidate{src, plan})
	}
	winners, losers := settleDoubles(held)
	for _, c := range winners {
		explained = append(explained, newDecision(c.src, ReasonIncluded))
	}
	for _, c := range losers {
		explained = append(explained, newDecision(c.src, ReasonSuperseded))
	}
	slices.SortFunc(explained, compareDecisions)
	plans := inClaimOrder(winners)
	return Result{Plans: plans, Version: version(plans), Present: true, Explained: explained}
}

func absent(sources []Source, reason Reason) Result {
	explained := make([]Decision, 0, len(sources))
	for _, src := range sources {
		explained = append(explained, newDecision(src, reason))
	}
	slices.SortFunc(explained, compareDecisions)
	return Result{Explained: explained}
}

// settleDoubles keeps one candidate per (slug, bundle).
func settleDoubles(held []candidate) (winners, losers []candidate) {
	slices.SortFunc(held, func(a, b candidate) int {
		byKeyAndEnd := cmp.Or(
			cmp.Compare(a.plan.PlanSlug, b.plan.PlanSlug),
			cmp.Compare(a.plan.Bundle, b.plan.Bundle),
			compareEnds(b.plan.CurrentPeriodEnd, a.plan.CurrentPeriodEnd), // latest first
			compareRank(a, b),
		)
		if byKeyAndEnd != 0 {
			return byKeyAndEnd
		}
		return compareRest(a, b)
	})
	for i, c := range held {
		if i > 0 && sameKey(c.plan, held[i-1].plan) {
			losers = append(losers, c)
			continue
		}
		winners = append(winners, c)
	}
	return winners, losers
}

func sameKey(a, b Plan) bool {
	return a.PlanSlug == b.PlanSlug && a.Bundle == b.Bundle
}

func inClaimOrder(winners []candidate) []Plan {
	slices.SortFunc(winners, func(a, b candidate) int {
		return cmp.Or(
			compareRank(a, b),
			cmp.Compare(a.plan.PlanSlug, b.plan.PlanSlug),
			cmp.Compare(a.plan.Bundle, b.plan.Bundle),
		)
	})
	plans := make([]Plan, 0, len(winners))
	for _, c := range winners {
		plans = append(plans, c.plan)
	}
	return plans
}

// compareRank is the part of the order that speaks of standing, not of names.
func compareRank(a, b candidate) int {
	return cmp.Or(
		cmp.Compare(statusRank(a.plan.Status), statusRank(b.plan.Status)),
		compareTrueFirst(a.plan.AllFeatures, b.plan.AllFeatures),
		cmp.Compare(position(a.src), position(b.src)),
	)
}

// compareRest breaks the last ties, first by row and, should two rows claim to
// be one, by what they say, so that the answer never depends on row order.
func compareRest(a, b candidate) int {
	byRow := cmp.Or(
		cmp.Compare(kindRank(a.src.Kind), kindRank(b.src.Kind)),
		cmp.Compare(a.src.ID, b.src.ID),
	)
	if byRow != 0 {
		return byRow
	}
	return cmp.Compare(canonical([]Plan{a.plan}), canonical([]Plan{b.plan}))
}

func statusRank(status Status) int {
	return slices.Index([]Status{StatusActive, StatusTrialing, StatusPastDue}, status)
}

func position(src Source) int {
	if src.Kind == SourceGrant {
		return PositionLast
	}
	return src.PlanPosition
}

func compareTrueFirst(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return -1
	default:
		return 1
	}
}

// compareEnds orders moments, nil ("no end") after all of them.
func compareEnds(a, b *time.Time) int {
	switch {
	case a == nil && b == nil:
		return 0
	case a == nil:
		return 1
	case b == nil:
		return -1
	default:
		return a.Compare(*b)
	}
}

// version is 96 bits of SHA-256, sixteen characters that are safe in a URL and
// in an ETag.
func version(plans []Plan) string {
	sum := sha256.Sum256([]byte(canonical(plans)))
	return base64.RawURLEncoding.EncodeToString(sum[:12])
}

// canonical is the JSON of the array; key order and time form are fixed by
// Plan.MarshalJSON, which cannot fail on plain strings, integers and times.
func canonical(plans []Plan) string {
	raw, err := json.Marshal(plans)
	if err != nil {
		panic(fmt.Sprintf("claims: marshal plans: %v", err))
	}
	return string(raw)
}
