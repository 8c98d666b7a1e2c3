package billing

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/gosimple/slug"
)

// NewPlan is what an owner types to make a plan. ID is given only to make the same plan again and again (demo
// data); a plan of that id is then answered as it is.
type NewPlan struct {
	ID          string
	Scope       Scope
	Name        string
	Description string
	Color       string // #rrggbb, or ""
	Position    int64
	Hidden      bool
	Recommended bool
	TrialDays   int64
	GraceDays   *int64 // nil = 7
	LastsDays   int64
	MaxSeats    int64    // 0 = no maximum
	FeatureKeys []string // of the scope, or for a bundle also of its apps; in display order
}

// NewFeature is what an owner types to make a feature; ID as in [NewPlan].
type NewFeature struct {
	ID          string
	Scope       Scope
	Key         string
	Name        string
	Description string
}

const defaultGraceDays = 7

var (
	colorForm   = regexp.MustCompile(`^#[0-9a-fA-F]{6}$`)
	featureForm = regexp.MustCompile(`^[a-z][a-z0-9]*(_[a-z0-9]+)*$`)
)

// PlanSlug answers the slug of a plan's name: lower case, diacritics folded, words joined by hyphens.
func PlanSlug(name string) string {
	return strings.ReplaceAll(slug.MakeLang(name, "pl"), "_", "-")
}

// CreatePlan makes a plan without prices. It answers [FieldErrors] (fields name, slug, description, color,
// trialDays, graceDays, lastsDays, maxSeats, featureKeys), or [ErrAppNotFound] for an unknown scope.
func (s *Service) CreatePlan(ctx context.Context, in NewPlan) (Plan, error) {
	what := fmt.Sprintf("create plan %q", in.Name)
	place, err := s.place(ctx, in.Scope)
	if err != nil {
		return Plan{}, fmt.Errorf("%s: %w", what, err)
	}
	plan := Plan{
		ID: in.ID, OrgID: place.orgID, Scope: in.Scope, Slug: PlanSlug(in.Name), Name: strings.TrimSpace(in.Name),
		Description: in.Description, Color: strings.ToLower(in.Color), Position: in.Position, Hidden: in.Hidden, Recommended: in.Recommended,
		TrialDays: in.TrialDays, GraceDays: defaultGraceDays, LastsDays: in.LastsDays, MaxSeats: in.MaxSeats,
	}
	if in.GraceDays != nil {
		plan.GraceDays = *in.GraceDays
	}
	m := &mistakes{}
	plan.check(m)
	err = s.changeCatalog(ctx, what, func(ctx context.Context) error {
		if in.ID != "" {
			old, err := s.store.Plan(ctx, in.ID)
			if err == nil {
				plan = old
				return errUnchanged
			}
			if !errors.Is(err, ErrPlanNotFound) {
				return err
			}
		}
		// Once more, now that nobody else changes a catalogue: an app may have joined a bundle meanwhile.
		place, err := s.place(ctx, in.Scope)
		if err != nil {
			return err
		}
		m := &mistakes{list: append(FieldErrors(nil), m.list...)}
		if err := s.placePlan(ctx, &plan, place, in.FeatureKeys, m); err != nil {
			return err
		}
		if len(m.list) > 0 {
			return m.list
		}
		if plan.ID == "" {
			plan.ID = newID()
		}
		plan.CreatedAt, plan.UpdatedAt = s.now(), s.now()
		if err := s.store.InsertPlan(ctx, plan); err != nil {
			return err
		}
		return s.recordPlan(ctx, "plan.created", nil, &plan)
	})
	return plan, err
}

func (p Plan) check(m *mistakes) {
	m.text("name", p.Name, 80, true)
	m.check(p.Name == "" || p.Slug != "", "slug", CodeInvalid)
	m.text("description", p.Description, 500, false)
	m.check(p.Color == "" || colorForm.MatchString(p.Color), "color", CodeInvalid)
	m.check(p.TrialDays >= 0 && p.TrialDays <= 730, "trialDays", CodeInvalid) // Stripe's bound is two years
	m.check(p.GraceDays >= 0 && p.GraceDays <= 90, "graceDays", CodeInvalid)
	m.check(p.LastsDays >= 0 && p.LastsDays <= 36_500, "lastsDays", CodeInvalid)
	m.check(p.MaxSeats >= 0 && p.MaxSeats <= MaxQuantity, "maxSeats", CodeInvalid)
}

// placePlan checks the slug against its neighbours and finds the features.
func (s *Service) placePlan(ctx context.Context, plan *Plan, at place, keys []string, m *mistakes) error {
	taken, err := s.store.SlugTaken(ctx, at.neighbours, plan.Slug)
	if err != nil {
		return err
	}
	m.check(!taken, "slug", CodeTaken)
	known, err := s.store.Features(ctx, at.features)
	if err != nil {
		return err
	}
	plan.Features = nil
	for i, key := range keys {
		f, ok := featureOf(known, at.features, key)
		m.check(ok, fmt.Sprintf("featureKeys[%d]", i), CodeUnknownFeature)
		plan.Features = append(plan.Features, f)
	}
	return nil
}

// featureOf prefers the feature of the plan's own scope, then those of the bundle's apps in their order.
func featureOf(known []Feature, scopes []Scope, key string) (Feature, bool) {
	for _, scope := range scopes {
		for _, f := range known {
			if f.Scope == scope && f.Key == key {
				return f, true
			}
		}
	}
	return Feature{}, false
}

// CreateFeature makes a feature of an app or bundle. It answers [FieldErrors] (fields key, name,
// description), or [ErrAppNotFound].
func (s *Service) CreateFeature(ctx context.Context, in NewFeature) (Feature, error) {
	what := fmt.Sprintf("create feature %q", in.Key)
	at, err := s.place(ctx, in.Scope)
	if err != nil {
		return Feature{}, fmt.Errorf("%s: %w", what, err)
	}
	m := &mistakes{}
	m.check(featureForm.MatchString(in.Key) && len(in.Key) <= 60, "key", CodeInvalid)
	m.text("name", in.Name, 80, true)
	m.text("description", in.Description, 500, false)
	if err := m.err(what); err != nil {
		return Feature{}, err
	}
	f := Feature{ID: in.ID, Scope: in.Scope, Key: in.Key, Name: in.Name, Description: in.Description}
	err = s.changeCatalog(ctx, what, func(ctx context.Context) error {
		known, err := s.store.Features(ctx, []Scope{in.Scope})
		if err != nil {
			return err
		}
		for _, old := range known {
			if old.Key == f.Key && old.ID == in.ID {
				f = old
				return errUnchanged
			}
			if old.Key == f.Key {
				return FieldErrors{{Field: "key", Code: CodeTaken}}
			}
		}
		if f.ID == "" {
			f.ID = newID()
		}
		f.CreatedAt, f.UpdatedAt = s.now(), s.now()
		if err := s.store.InsertFeature(ctx, f); err != nil {
			return err
		}
		return s.recordFeature(ctx, at.orgID, "feature.created", nil, &f)
	})
	return f, err
}

// place is where a plan stands: who owns it, whose slugs it must not repeat, whose features it may have.
type place struct {
	orgID      string
	neighbours []Scope
	features   []Scope
}

func (s *Service) place(ctx context.Context, scope Scope) (place, error) {
	switch scope.Kind {
	case ScopeApp:
		app, err := s.apps.App(ctx, scope.ID)
		if err != nil {
			return place{}, err
		}
		bundles, err := s.apps.BundlesHolding(ctx, scope.ID)
		if err != nil {
			return place{}, err
		}
		p := place{orgID: app.OrgID, neighbours: []Scope{scope}, features: []Scope{scope}}
		for _, b := range bundles {
			p.neighbours = append(p.neighbours, Scope{Kind: ScopeBundle, ID: b.ID})
		}
		return p, nil
	case ScopeBundle:
		bundle, err := s.apps.Bundle(ctx, scope.ID)
		if err != nil {
			return place{}, err
		}
		scopes := []Scope{scope}
		for _, app := range bundle.Apps {
			scopes = append(scopes, Scope{Kind: ScopeApp, ID: app.ClientID})
		}
		return place{orgID: bundle.OrgID, neighbours: scopes, features: scopes}, nil
	default:
		return place{}, fmt.Errorf("%w: scope %q", ErrAppNotFound, scope.Kind)
	}
}
