package claims_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wolfieauth/wolfieauth/claims"
)

func named(src claims.Source, slug string, position int) claims.Source {
	src.PlanSlug, src.PlanName, src.PlanPosition, src.ID = slug, slug, position, src.ID+"-"+slug
	return src
}

func slugs(plans []claims.Plan) []string {
	out := []string{}
	for _, p := range plans {
		name := p.PlanSlug
		if p.Bundle != "" {
			name += "@" + p.Bundle
		}
		out = append(out, name)
	}
	return out
}

func TestOrder(t *testing.T) {
	t.Parallel()
	bundled := with(named(paid("active"), "b", 2), func(s *claims.Source) { s.Bundle, s.ID = "suite", "other" })
	got := assemble(noon,
		named(paid("past_due"), "late", 0),
		named(paid("trialing"), "trial", 0),
		bundled,
		named(paid("active"), "c", 2),
		named(paid("active"), "b", 2),
		named(paid("active"), "z", 1),
		grant(),
		named(comp(), "gift", 7),
		with(named(comp(), "part", claims.PositionLast), func(s *claims.Source) { s.Features = []string{"x"} }),
	)
	want := []string{"gift", "platform-owner-grant", "z", "b", "b@suite", "c", "part", "trial", "late"}
	if diff := cmp.Diff(want, slugs(got.Plans)); diff != "" {
		t.Error(diff)
	}
}

func TestLatestEndWins(t *testing.T) {
	t.Parallel()
	ending := func(id, status string, end *time.Time) claims.Source {
		return with(paid(status), func(s *claims.Source) { s.ID, s.CurrentPeriodEnd = id, end })
	}
	week, month := at(noon.AddDate(0, 0, 7)), at(noon.AddDate(0, 1, 0))
	compUntil := func(end *time.Time) claims.Source {
		return with(comp(), func(s *claims.Source) { s.PlanSlug, s.ExpiresAt = "pro", end })
	}
	for _, tc := range []struct {
		name string
		in   []claims.Source
		want string // id of the winner
	}{
		{"the later period", []claims.Source{ending("a", "active", week), ending("b", "active", month)}, "b"},
		{"no end is later than any", []claims.Source{ending("a", "active", month), compUntil(nil)}, "comp"},
		{"the end counts before the standing", []claims.Source{ending("a", "active", week), ending("b", "past_due", month)}, "b"},
		{"better standing breaks a tie", []claims.Source{ending("a", "past_due", week), ending("b", "trialing", week)}, "b"},
		{"all features break a tie", []claims.Source{ending("a", "active", week), compUntil(week)}, "comp"},
		{"then the id", []claims.Source{ending("b", "active", week), ending("a", "active", week)}, "a"},
		{"one that is over does not compete", []claims.Source{ending("a", "active", week), ending("b", "canceled", nil)}, "a"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			got := assemble(noon, tc.in...)
			if len(got.Plans) != 1 {
				t.Fatalf("plans %v, want one", slugs(got.Plans))
			}
			for _, d := range got.Explained {
				if d.Included != (d.SourceID == tc.want) || d.Included != (d.Reason == claims.ReasonIncluded) {
					t.Errorf("decision %+v, want %s included alone", d, tc.want)
				}
			}
		})
	}
}

func TestSameSlugInBundleIsAnotherPlan(t *testing.T) {
	t.Parallel()
	got := assemble(noon, paid("active"), with(paid("active"), func(s *claims.Source) { s.Bundle = "suite" }))
	if diff := cmp.Diff([]string{"pro", "pro@suite"}, slugs(got.Plans)); diff != "" {
		t.Error(diff)
	}
}

func TestExplainTellsTheEnd(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name string
		src  claims.Source
		want *time.Time
	}{
		{"a renewing period is no end", with(paid("active"), func(s *claims.Source) { s.CurrentPeriodEnd = at(noon) }), nil},
		{"grace", with(paid("past_due"), graceAtNoon), at(noon)},
		{"no grace while active", with(paid("active"), graceAtNoon), nil},
		{"the earlier of grace and cancellation", with(paid("past_due"), func(s *claims.Source) {
			graceAtNoon(s)
			s.CancelAt = at(noon.Add(-time.Hour))
		}), at(noon.Add(-time.Hour))},
		{"comp", with(comp(), func(s *claims.Source) { s.ExpiresAt = at(noon) }), at(noon)},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(tc.want, assemble(noon, tc.src).Explained[0].EndsAt); diff != "" {
				t.Error(diff)
			}
		})
	}
}
