package claims_test

import (
	"encoding/json"
	"fmt"
	"math/rand"
	"sort"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wolfieauth/wolfieauth/claims"
)

// The model below restates the contract on purpose in another way than the
// package does: unix seconds instead of times, one flat pass of yes and no
// questions, a search for a rival instead of sorting.

const never = int64(1) << 60

func unix(t *time.Time) int64 {
	if t == nil {
		return never
	}
	return t.Unix()
}

func modelHeld(s claims.Source, now int64) bool {
	sub := s.Kind == claims.SourceSubscription
	if !sub && s.Kind != claims.SourceComp && s.Kind != claims.SourceGrant {
		return false
	}
	if s.EndedAt != nil || now >= unix(s.ExpiresAt) {
		return false
	}
	if !sub {
		return true
	}
	if !strings.Contains(" active trialing past_due ", " "+s.StripeStatus+" ") {
		return false
	}
	if s.Recurring && now >= unix(s.CancelAt) {
		return false
	}
	if s.Recurring && s.CancelAtPeriodEnd && now >= unix(s.CurrentPeriodEnd) {
		return false
	}
	if s.StripeStatus == "past_due" {
		if s.GraceDays < 1 {
			return false
		}
		if s.OldestUnpaidAt != nil && now >= s.OldestUnpaidAt.Unix()+int64(s.GraceDays)*86400 {
			return false
		}
	}
	return true
}

func modelEnd(s claims.Source) int64 {
	end := unix(s.ExpiresAt)
	if s.Kind == claims.SourceSubscription && s.Recurring {
		end = min(end, unix(s.CancelAt), unix(s.CurrentPeriodEnd))
	}
	return end
}

func modelSlug(s claims.Source) string {
	if s.Kind == claims.SourceGrant {
		return "platform-owner-grant"
	}
	return s.PlanSlug
}

func modelWild(s claims.Source) bool {
	return s.Kind != claims.SourceSubscription && len(s.Features) == 0
}

// modelRank is smaller for the better standing.
func modelRank(s claims.Source) string {
	status := "0"
	if s.Kind == claims.SourceSubscription {
		status = map[string]string{"active": "0", "trialing": "1", "past_due": "2"}[s.StripeStatus]
	}
	wild := "1"
	if modelWild(s) {
		wild = "0"
	}
	position := s.PlanPosition
	if s.Kind == claims.SourceGrant {
		position = claims.PositionLast
	}
	return fmt.Sprintf("%s%s%012d", status, wild, position)
}

func modelBeats(a, b claims.Source) bool {
	if modelEnd(a) != modelEnd(b) {
		return modelEnd(a) > modelEnd(b)
	}
	if modelRank(a) != modelRank(b) {
		return modelRank(a) < modelRank(b)
	}
	kinds := map[claims.SourceKind]string{"subscription": "0", "comp": "1", "grant": "2"}
	return kinds[a.Kind]+a.ID < kinds[b.Kind]+b.ID
}

func model(in claims.Input) (plans []map[string]any, present bool) {
	if !in.BillingEnabled || !in.HasUser {
		return nil, false
	}
	var kept []claims.Source
	for i, s := range in.Sources {
		lost := !modelHeld(s, in.Now.Unix())
		for j, rival := range in.Sources {
			same := modelSlug(s) == modelSlug(rival) && s.Bundle == rival.Bundle
			if i != j && same && modelHeld(rival, in.Now.Unix()) && modelBeats(rival, s) {
				lost = true
			}
		}
		if !lost {
			kept = append(kept, s)
		}
	}
	sort.Slice(kept, func(i, j int) bool {
		key := func(s claims.Source) string { return modelRank(s) + modelSlug(s) + "\x00" + s.Bundle }
		return key(kept[i]) < key(kept[j])
	})
	plans = []map[string]any{}
	for _, s := range kept {
		plans = append(plans, modelEntry(s, in.ClientID))
	}
	return plans, true
}

func modelEntry(s claims.Source, clientID string) map[string]any {
	stamp := func(sec int64) any {
		if sec == never {
			return nil
		}
		return time.Unix(sec, 0).UTC().Format("2006-01-02T15:04:05Z")
	}
	set := map[string]bool{}
	features := []any{}
	for _, f := range s.Features {
		if !set[f] {
			set[f] = true
			features = append(features, f)
		}
	}
	sort.Slice(features, func(i, j int) bool { return features[i].(string) < features[j].(string) })
	name := s.PlanName
	if s.Kind == claims.SourceGrant {
		name = "Platform owner"
	}
	e := map[string]any{
		"planSlug": modelSlug(s), "planName": name, "status": "ACTIVE", "appClientId": clientID,
		"features": features, "allFeatures": modelWild(s), "currentPeriodEnd": stamp(modelEnd(s)),
	}
	if s.Bundle != "" {
		e["bundle"] = s.Bundle
	}
	if s.Kind != claims.SourceSubscription {
		return e
	}
	e["status"] = strings.ToUpper(s.StripeStatus)
	if s.PerSeat && s.Quantity >= 1 {
		e["seats"] = float64(s.Quantity)
	}
	if s.StripeStatus == "trialing" && s.TrialEnd != nil {
		e["trialEnd"] = stamp(s.TrialEnd.Unix())
	}
	if s.StripeStatus == "past_due" && s.OldestUnpaidAt != nil {
		e["graceUntil"] = stamp(s.OldestUnpaidAt.Unix() + int64(s.GraceDays)*86400)
	}
	if s.Recurring && (s.CancelAtPeriodEnd || s.CancelAt != nil && unix(s.CancelAt) == modelEnd(s)) {
		e["cancelAtPeriodEnd"] = true
	}
	return e
}

func pick[T any](r *rand.Rand, from ...T) T { return from[r.Intn(len(from))] }

// randomTime is nil, or lies so close around now that ends fall before, at and
// after it, and often together.
func randomTime(r *rand.Rand, now time.Time) *time.Time {
	if r.Intn(2) == 0 {
		return nil
	}
	t := now.Add(time.Duration(r.Intn(7)-2) * time.Second).Add(time.Duration(r.Intn(3)) * 400 * time.Millisecond)
	return &t
}

func randomSource(r *rand.Rand, now time.Time, id int) claims.Source {
	s := claims.Source{
		Kind:         pick(r, claims.SourceSubscription, claims.SourceSubscription, claims.SourceSubscription, claims.SourceComp, claims.SourceGrant, "gift"),
		ID:           fmt.Sprintf("%04d", id),
		StripeStatus: pick(r, "active", "active", "trialing", "past_due", "past_due", "canceled", "unpaid", "paused", "incomplete", "incomplete_expired", ""),
		PlanSlug:     pick(r, "pro", "team", "starter", "platform-owner-grant"),
		PlanName:     pick(r, "Pro", "Zażółć <b>&", "P"),
		PlanPosition: r.Intn(4),
		Bundle:       pick(r, "", "", "suite"),
		Recurring:    r.Intn(4) > 0,

		CurrentPeriodEnd: randomTime(r, now), TrialEnd: randomTime(r, now), CancelAt: randomTime(r, now),
		ExpiresAt: randomTime(r, now), CancelAtPeriodEnd: r.Intn(4) == 0,
		GraceDays: r.Intn(3), Quantity: int64(r.Intn(4)), PerSeat: r.Intn(2) == 0,
		OrgID: pick(r, "", "org-a", "org-b"),
	}
	if r.Intn(8) == 0 {
		s.EndedAt = at(now)
	}
	if unpaid := randomTime(r, now); unpaid != nil {
		s.OldestUnpaidAt = at(unpaid.AddDate(0, 0, -pick(r, 0, 1, 2)))
	}
	for range r.Intn(4) {
		s.Features = append(s.Features, pick(r, "iss", "a", "b_c", "ż"))
	}
	return s
}

func randomInput(r *rand.Rand) claims.Input {
	now := noon.Add(time.Duration(r.Intn(3)) * 300 * time.Millisecond)
	in := claims.Input{
		BillingEnabled: r.Intn(20) > 0, HasUser: r.Intn(20) > 0, ClientID: "acme-crm", Now: now,
	}
	for i := range r.Intn(9) {
		in.Sources = append(in.Sources, randomSource(r, now, i))
	}
	return in
}

func TestAgreesWithNaiveModel(t *testing.T) {
	t.Parallel()
	const seeds, each = 8, 4000
	for seed := range int64(seeds) {
		t.Run(fmt.Sprintf("seed %d", seed), func(t *testing.T) {
			t.Parallel()
			r := rand.New(rand.NewSource(seed))
			versions := map[string]string{}
			for i := range each {
				checkAgainstModel(t, fmt.Sprintf("input %d", i), randomInput(r), r, versions)
				if t.Failed() {
					return
				}
			}
		})
	}
}

func checkAgainstModel(t *testing.T, name string, in claims.Input, r *rand.Rand, versions map[string]string) {
	t.Helper()
	got := claims.Assemble(in)
	want, present := model(in)
	if got.Present != present || len(got.Explained) != len(in.Sources) {
		t.Errorf("%s: %+v: present %v, explained %d", name, in, got.Present, len(got.Explained))
	}
	raw, err := json.Marshal(got.Plans)
	if err != nil {
		t.Fatal(err)
	}
	var have []map[string]any
	if err := json.Unmarshal(raw, &have); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, have); diff != "" {
		t.Errorf("%s: %+v: (-model +claims)\n%s", name, in, diff)
	}
	if known, ok := versions[got.Version]; ok && known != string(raw) {
		t.Errorf("%s: version %q for both %s and %s", name, got.Version, known, raw)
	}
	versions[got.Version] = string(raw)

	r.Shuffle(len(in.Sources), func(i, j int) { in.Sources[i], in.Sources[j] = in.Sources[j], in.Sources[i] })
	if diff := cmp.Diff(got, claims.Assemble(in)); diff != "" {
		t.Errorf("%s: the order of the sources matters: %s", name, diff)
	}
}

// Rows that claim the same id are a loader's mistake, which must still not
// make the claim depend on the order in which they came.
func TestOrderIndependentEvenWithTwinIDs(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewSource(99))
	for range 4000 {
		in := randomInput(r)
		for i := range in.Sources {
			in.Sources[i].ID = "twin"
		}
		before := claims.Assemble(in)
		r.Shuffle(len(in.Sources), func(i, j int) { in.Sources[i], in.Sources[j] = in.Sources[j], in.Sources[i] })
		after := claims.Assemble(in)
		if diff := cmp.Diff(before.Plans, after.Plans); diff != "" {
			t.Fatalf("%+v: %s", in, diff)
		}
		if before.Version != after.Version {
			t.Fatalf("%+v: version moved", in)
		}
	}
}
