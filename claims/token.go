package claims

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"
)

// ErrMalformed is returned, wrapped with the place, for a claim that is not of
// the shape that the contract gives it.
var ErrMalformed = errors.New("malformed " + ClaimPlans)

// TokenClaims are the two claims of this package within a token. Decode an
// already verified token into it, or embed it in a struct of your own.
// Plans is nil when the token carries no claim (the app has billing off, or
// nobody is signed in) and empty when the user holds nothing.
type TokenClaims struct {
	Plans   []Plan `json:"wolfieauth_plans"`
	Version string `json:"wolfieauth_plans_ver"`
}

// Parse reads the two claims from a JSON object that holds any others as well,
// such as a verified token's payload or a userinfo answer. Names are matched
// exactly. A claim of the wrong type is [ErrMalformed]; a missing or null one
// is absent; unknown keys are left alone.
func Parse(raw []byte) (TokenClaims, error) {
	fields, err := object(raw)
	if err != nil {
		return TokenClaims{}, fmt.Errorf("%w: claims: %w", ErrMalformed, err)
	}
	var out TokenClaims
	if err := field(fields, ClaimPlans, &out.Plans, false); err != nil {
		return TokenClaims{}, asMalformed(err)
	}
	if err := field(fields, ClaimPlansVersion, &out.Version, false); err != nil {
		return TokenClaims{}, asMalformed(err)
	}
	return out, nil
}

// ParseMap is [Parse] for claims that were already decoded into a map.
func ParseMap(all map[string]any) (TokenClaims, error) {
	ours := make(map[string]any, 2)
	for _, name := range []string{ClaimPlans, ClaimPlansVersion} {
		if value, ok := all[name]; ok {
			ours[name] = value
		}
	}
	raw, err := json.Marshal(ours)
	if err != nil {
		return TokenClaims{}, fmt.Errorf("%w: %w", ErrMalformed, err)
	}
	return Parse(raw)
}

// UnmarshalJSON reads one entry. planSlug and status must be there, since an
// entry without them says nothing; any other key that is missing reads as its
// empty value, which never gives more than was meant. Errors are [ErrMalformed]
// and name the key.
func (p *Plan) UnmarshalJSON(raw []byte) error {
	fields, err := object(raw)
	if err != nil {
		return fmt.Errorf("%w: entry: %w", ErrMalformed, err)
	}
	var out Plan
	for _, f := range []struct {
		key      string
		into     any
		required bool
	}{
		{"planSlug", &out.PlanSlug, true},
		{"planName", &out.PlanName, false},
		{"status", &out.Status, true},
		{"appClientId", &out.AppClientID, false},
		{"features", &out.Features, false},
		{"allFeatures", &out.AllFeatures, false},
		{"currentPeriodEnd", &out.CurrentPeriodEnd, false},
		{"seats", &out.Seats, false},
		{"trialEnd", &out.TrialEnd, false},
		{"graceUntil", &out.GraceUntil, false},
		{"cancelAtPeriodEnd", &out.CancelAtPeriodEnd, false},
		{"bundle", &out.Bundle, false},
	} {
		if err := field(fields, f.key, f.into, f.required); err != nil {
			return asMalformed(err)
		}
	}
	for _, moment := range []*time.Time{out.CurrentPeriodEnd, out.TrialEnd, out.GraceUntil} {
		if moment == nil {
			continue
		}
		*moment = moment.UTC()
		if !sayable(*moment) { // an offset can carry the last day of 9999 beyond it
			return fmt.Errorf("%w: a time in the year %d", ErrMalformed, moment.Year())
		}
	}
	if out.Features == nil {
		out.Features = []string{}
	}
	*p = out
	return nil
}

// object decodes a JSON object key by key. encoding/json would match struct
// fields without regard to case, so that a foreign "Wolfieauth_Plans" could
// take the place of ours.
func object(raw []byte) (map[string]json.RawMessage, error) {
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(raw, &fields); err != nil {
		return nil, err
	}
	if fields == nil {
		return nil, errors.New("null is not an object")
	}
	return fields, nil
}

func field(fields map[string]json.RawMessage, key string, into any, required bool) error {
	raw, ok := fields[key]
	if !ok || bytes.Equal(raw, []byte("null")) {
		if required {
			return fmt.Errorf("%s is missing", key)
		}
		return nil
	}
	if err := json.Unmarshal(raw, into); err != nil {
		return fmt.Errorf("%s: %w", key, err)
	}
	return nil
}

func asMalformed(err error) error {
	if errors.Is(err, ErrMalformed) {
		return err
	}
	return fmt.Errorf("%w: %w", ErrMalformed, err)
}

// Held reports whether the token says that the plan is held: its status is
// ACTIVE, TRIALING or PAST_DUE. This is the answer to use while the token is
// valid; tokens are short-lived, and a refresh brings the next answer. It does
// not look at CurrentPeriodEnd, since a subscription that renews is held past it.
func (p Plan) Held() bool {
	return statusRank(p.Status) >= 0
}

// HeldAt is for programs that keep an entry for longer than its token lives,
// in a session for example: Held, and now has not reached an end that the
// entry itself announces as final, namely CurrentPeriodEnd of a cancelled plan
// or GraceUntil. It cannot tell a comp's end from that of a renewing period, so
// it is no substitute for a refresh.
func (p Plan) HeldAt(now time.Time) bool {
	if !p.Held() {
		return false
	}
	if p.CancelAtPeriodEnd && reached(p.CurrentPeriodEnd, now) {
		return false
	}
	return p.Status != StatusPastDue || !reached(p.GraceUntil, now)
}

// Includes reports whether the plan is held and carries the feature, by name
// or because it carries all. No plan includes the empty key.
func (p Plan) Includes(feature string) bool {
	if feature == "" || !p.Held() {
		return false
	}
	return p.AllFeatures || slices.Contains(p.Features, feature)
}

// ActivePlan returns the first held plan whose slug is one of slugs, or the
// first held plan at all when none is named. Entries come best standing first,
// so the first is the one to show.
func ActivePlan(plans []Plan, slugs ...string) (Plan, bool) {
	for _, plan := range plans {
		if plan.Held() && (len(slugs) == 0 || slices.Contains(slugs, plan.PlanSlug)) {
			return plan, true
		}
	}
	return Plan{}, false
}

// HasActivePlan reports whether a plan with one of slugs is held, or any plan
// at all when none is named.
func HasActivePlan(plans []Plan, slugs ...string) bool {
	_, ok := ActivePlan(plans, slugs...)
	return ok
}

// HasActiveFeature reports whether any held plan carries the feature. A comp or
// grant of all features carries every one; a paid plan that lists none carries
// none.
func HasActiveFeature(plans []Plan, feature string) bool {
	return slices.ContainsFunc(plans, func(p Plan) bool { return p.Includes(feature) })
}
