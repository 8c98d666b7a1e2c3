package claims_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wolfieauth/wolfieauth/claims"
)

// noon is the moment around which all boundaries of these tests lie.
var noon = time.Date(2026, 12, 22, 12, 0, 0, 0, time.UTC)

func at(t time.Time) *time.Time { return &t }

func assemble(now time.Time, sources ...claims.Source) claims.Result {
	return claims.Assemble(claims.Input{
		BillingEnabled: true, HasUser: true, ClientID: "acme-crm", Now: now, Sources: sources,
	})
}

func paid(status string) claims.Source {
	return claims.Source{
		Kind: claims.SourceSubscription, ID: "sub", StripeStatus: status, Recurring: true,
		PlanSlug: "pro", PlanName: "Pro", Features: []string{"ksef_enabled"}, GraceDays: 7,
	}
}

func onetime(status string) claims.Source {
	src := paid(status)
	src.Recurring = false
	return src
}

func comp() claims.Source {
	return claims.Source{Kind: claims.SourceComp, ID: "comp", PlanSlug: "comp", PlanName: "Complimentary"}
}

func grant() claims.Source {
	return claims.Source{Kind: claims.SourceGrant, ID: "org", OrgID: "org"}
}

func with(src claims.Source, change func(*claims.Source)) claims.Source {
	change(&src)
	return src
}

// allStatuses are Stripe's words, and two that it does not have.
var allStatuses = []string{
	"active", "trialing", "past_due", "canceled", "unpaid", "paused",
	"incomplete", "incomplete_expired", "", "ACTIVE",
}

var heldAs = map[string]claims.Status{
	"active": claims.StatusActive, "trialing": claims.StatusTrialing, "past_due": claims.StatusPastDue,
}

// A boundary puts some end at noon and says, by Stripe status ("*" for all),
// for which reason the clock alone ends a held source there.
type boundary struct {
	name   string
	set    func(*claims.Source)
	reason map[string]claims.Reason
}

var graceAtNoon = func(s *claims.Source) { s.OldestUnpaidAt = at(noon.AddDate(0, 0, -7)) }

func recurringBoundaries() []boundary {
	return []boundary{
		{"nothing known", func(*claims.Source) {}, nil},
		{"renewing period", func(s *claims.Source) { s.CurrentPeriodEnd = at(noon) }, nil},
		{"trial", func(s *claims.Source) { s.TrialEnd, s.CurrentPeriodEnd = at(noon), at(noon) }, nil},
		{
			"cancelled at period end",
			func(s *claims.Source) { s.CurrentPeriodEnd, s.CancelAtPeriodEnd = at(noon), true },
			map[string]claims.Reason{"*": claims.ReasonCancellationReached},
		},
		{
			"cancelled for a moment before the period end",
			func(s *claims.Source) { s.CurrentPeriodEnd, s.CancelAt = at(noon.AddDate(0, 0, 9)), at(noon) },
			map[string]claims.Reason{"*": claims.ReasonCancellationReached},
		},
		{
			"cancelled at a period end that is unknown",
			func(s *claims.Source) { s.CancelAtPeriodEnd = true }, nil,
		},
		{
			"grace", graceAtNoon,
			map[string]claims.Reason{"past_due": claims.ReasonGraceOver},
		},
		{
			"limited length", func(s *claims.Source) { s.ExpiresAt = at(noon) },
			map[string]claims.Reason{"*": claims.ReasonExpired},
		},
	}
}

func oneTimeBoundaries() []boundary {
	return []boundary{
		{"without end", func(*claims.Source) {}, nil},
		{"limited length", func(s *claims.Source) { s.ExpiresAt = at(noon) }, map[string]claims.Reason{"*": claims.ReasonExpired}},
		{"grace", graceAtNoon, map[string]claims.Reason{"past_due": claims.ReasonGraceOver}},
		{
			"period fields mean nothing",
			func(s *claims.Source) {
				s.CurrentPeriodEnd, s.CancelAt, s.CancelAtPeriodEnd = at(noon), at(noon), true
			}, nil,
		},
	}
}

func freeBoundaries() []boundary {
	return []boundary{
		{"without end", func(*claims.Source) {}, nil},
		{"with end", func(s *claims.Source) { s.ExpiresAt = at(noon) }, map[string]claims.Reason{"*": claims.ReasonExpired}},
		{
			"subscription fields mean nothing",
			func(s *claims.Source) {
				s.CurrentPeriodEnd, s.CancelAt, s.CancelAtPeriodEnd, s.Recurring = at(noon), at(noon), true, true
				graceAtNoon(s)
			}, nil,
		},
	}
}

func TestEveryStatusSourceAndBoundary(t *testing.T) {
	t.Parallel()
	sources := []struct {
		name       string
		make       func(status string) claims.Source
		free       bool
		boundaries []boundary
	}{
		{"subscription", paid, false, recurringBoundaries()},
		{"one-time", onetime, false, oneTimeBoundaries()},
		{"comp", func(s string) claims.Source { c := comp(); c.StripeStatus = s; return c }, true, freeBoundaries()},
		{"grant", func(s string) claims.Source { g := grant(); g.StripeStatus = s; return g }, true, freeBoundaries()},
	}
	moments := []struct {
		name string
		now  time.Time
		past bool
	}{
		{"a second before", noon.Add(-time.Second), false},
		{"a nanosecond before", noon.Add(-1), false},
		{"at", noon, true},
		{"a second after", noon.Add(time.Second), true},
	}
	for _, source := range sources {
		for _, status := range allStatuses {
			for _, b := range source.boundaries {
				for _, ended := range []bool{false, true} {
					for _, m := range moments {
						src := source.make(status)
						b.set(&src)
						if ended {
							src.EndedAt = at(noon)
						}
						wantStatus, want := expect(source.free, status, b, ended, m.past)
						name := fmt.Sprintf("%s/%s/%s/ended=%v/%s", source.name, status, b.name, ended, m.name)
						checkCell(t, name, assemble(m.now, src), wantStatus, want)
					}
				}
			}
		}
	}
}

func expect(free bool, status string, b boundary, ended, past bool) (claims.Status, claims.Reason) {
	as, held := heldAs[status]
	if free {
		as, held = claims.StatusActive, true
	}
	switch {
	case ended:
		return "", claims.ReasonEnded
	case !held:
		return "", claims.ReasonStatusNotHeld
	case past && b.reason["*"] != "":
		return "", b.reason["*"]
	case past && !free && b.reason[status] != "":
		return "", b.reason[status]
	default:
		return as, claims.ReasonIncluded
	}
}

func checkCell(t *testing.T, name string, got claims.Result, status claims.Status, reason claims.Reason) {
	t.Helper()
	if len(got.Explained) != 1 || got.Explained[0].Reason != reason {
		t.Errorf("%s: explained %+v, want %s", name, got.Explained, reason)
	}
	var have claims.Status
	if len(got.Plans) == 1 {
		have = got.Plans[0].Status
	}
	if have != status || len(got.Plans) > 1 {
		t.Errorf("%s: plans %+v, want status %q", name, got.Plans, status)
	}
	if !got.Present || got.Plans == nil {
		t.Errorf("%s: the claim must be present, if only empty", name)
	}
}

func TestPresence(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name          string
		billing, user bool
		want          claims.Reason
	}{
		{"billing and a user", true, true, claims.ReasonIncluded},
		{"no user", true, false, claims.ReasonNoUser},
		{"billing off", false, true, claims.ReasonBillingDisabled},
		{"neither", false, false, claims.ReasonBillingDisabled},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			got := claims.Assemble(claims.Input{
				BillingEnabled: tc.billing, HasUser: tc.user, ClientID: "acme-crm", Now: noon,
				Sources: []claims.Source{comp()},
			})
			present := tc.billing && tc.user
			if got.Present != present || (got.Plans != nil) != present || (got.Version != "") != present {
				t.Errorf("got %+v, want present %v", got, present)
			}
			if got.Explained[0].Reason != tc.want {
				t.Errorf("reason %q, want %q", got.Explained[0].Reason, tc.want)
			}
		})
	}
}

func TestEntry(t *testing.T) {
	t.Parallel()
	later := noon.AddDate(0, 1, 0)
	base := claims.Plan{
		PlanSlug: "pro", PlanName: "Pro", Status: claims.StatusActive, AppClientID: "acme-crm",
		Features: []string{"ksef_enabled"},
	}
	seats := int64(5)
	for _, tc := range []struct {
		name string
		src  claims.Source
		want func(*claims.Plan)
	}{
		{"a period end is shown in whole seconds and UTC", with(paid("active"), func(s *claims.Source) {
			s.CurrentPeriodEnd = at(later.Add(999 * time.Millisecond).In(time.FixedZone("CET", 3600)))
		}), func(p *claims.Plan) { p.CurrentPeriodEnd = at(later) }},
		{
			"a paid plan without features has none", with(paid("active"), func(s *claims.Source) { s.Features = nil }),
			func(p *claims.Plan) { p.Features = []string{} },
		},
		{
			"features are sorted and said once", with(paid("active"), func(s *claims.Source) { s.Features = []string{"b", "", "a", "b"} }),
			func(p *claims.Plan) { p.Features = []string{"a", "b"} },
		},
		{
			"seats on a per-seat plan", with(paid("active"), func(s *claims.Source) { s.PerSeat, s.Quantity = true, 5 }),
			func(p *claims.Plan) { p.Seats = &seats },
		},
		{"no seats on a flat plan", with(paid("active"), func(s *claims.Source) { s.Quantity = 5 }), func(*claims.Plan) {}},
		{
			"the trial's end while trialing", with(paid("trialing"), func(s *claims.Source) { s.TrialEnd = at(later) }),
			func(p *claims.Plan) { p.Status, p.TrialEnd = claims.StatusTrialing, at(later) },
		},
		{"no trial's end afterwards", with(paid("active"), func(s *claims.Source) { s.TrialEnd = at(noon.AddDate(0, -1, 0)) }), func(*claims.Plan) {}},
		{
			"grace", with(paid("past_due"), func(s *claims.Source) { s.OldestUnpaidAt = at(noon.AddDate(0, 0, -1)) }),
			func(p *claims.Plan) { p.Status, p.GraceUntil = claims.StatusPastDue, at(noon.AddDate(0, 0, 6)) },
		},
		{"an unknown unpaid invoice holds without a date", paid("past_due"), func(p *claims.Plan) { p.Status = claims.StatusPastDue }},
		{"cancelled at period end", with(paid("active"), func(s *claims.Source) {
			s.CurrentPeriodEnd, s.CancelAtPeriodEnd = at(later), true
		}), func(p *claims.Plan) { p.CurrentPeriodEnd, p.CancelAtPeriodEnd = at(later), true }},
		{"cancelled within the period", with(paid("active"), func(s *claims.Source) {
			s.CurrentPeriodEnd, s.CancelAt = at(later), at(later.Add(-time.Hour))
		}), func(p *claims.Plan) { p.CurrentPeriodEnd, p.CancelAtPeriodEnd = at(later.Add(-time.Hour)), true }},
		{"cancelled for a later period renews first", with(paid("active"), func(s *claims.Source) {
			s.CurrentPeriodEnd, s.CancelAt = at(later), at(later.AddDate(1, 0, 0))
		}), func(p *claims.Plan) { p.CurrentPeriodEnd = at(later) }},
		{"bundle", with(paid("active"), func(s *claims.Source) { s.Bundle = "acme-suite" }), func(p *claims.Plan) { p.Bundle = "acme-suite" }},
		{
			"limited one-time purchase", with(onetime("active"), func(s *claims.Source) { s.ExpiresAt = at(later) }),
			func(p *claims.Plan) { p.CurrentPeriodEnd = at(later) },
		},
		{"comp of everything", comp(), func(p *claims.Plan) {
			p.PlanSlug, p.PlanName, p.Features, p.AllFeatures = "comp", "Complimentary", []string{}, true
		}},
		{"comp of one feature until a day", with(comp(), func(s *claims.Source) {
			s.Features, s.ExpiresAt = []string{"x"}, at(later)
		}), func(p *claims.Plan) {
			p.PlanSlug, p.PlanName, p.Features, p.CurrentPeriodEnd = "comp", "Complimentary", []string{"x"}, at(later)
		}},
		{"a comp that lists only a blank is no wildcard", with(comp(), func(s *claims.Source) { s.Features = []string{""} }), func(p *claims.Plan) {
			p.PlanSlug, p.PlanName, p.Features = "comp", "Complimentary", []string{}
		}},
		{"grant", grant(), func(p *claims.Plan) {
			p.PlanSlug, p.PlanName, p.Features, p.AllFeatures = "platform-owner-grant", "Platform owner", []string{}, true
		}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			want := base
			tc.want(&want)
			if diff := cmp.Diff([]claims.Plan{want}, assemble(noon, tc.src).Plans); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestNoGraceAtAll(t *testing.T) {
	t.Parallel()
	src := with(paid("past_due"), func(s *claims.Source) { s.GraceDays = 0 })
	for _, unpaid := range []*time.Time{nil, at(noon), at(noon.Add(time.Hour))} {
		src.OldestUnpaidAt = unpaid
		if got := assemble(noon, src); len(got.Plans) != 0 || got.Explained[0].Reason != claims.ReasonGraceOver {
			t.Errorf("unpaid since %v: got %+v, want grace_over", unpaid, got)
		}
	}
}

func TestUnknownKindCountsForNothing(t *testing.T) {
	t.Parallel()
	src := with(comp(), func(s *claims.Source) { s.Kind = "gift" })
	got := assemble(noon, src)
	if len(got.Plans) != 0 || got.Explained[0].Reason != claims.ReasonUnknownKind {
		t.Errorf("got %+v, want unknown_kind", got)
	}
}
