package admin

import (
	"cmp"
	"context"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/wolfieauth/wolfieauth/billing"
	"github.com/wolfieauth/wolfieauth/idp"
	"github.com/wolfieauth/wolfieauth/internal/web"
)

// PlanFormPage is the view of admin/plan: a plan that is being made or changed.
type PlanFormPage struct {
	Frame
	App      idp.App
	Form     *web.Form
	Action   string // where the form goes
	Heading  string
	Submit   string
	Scopes   []web.Option // what the plan may be sold for; empty where there is no choice
	Features []FeatureChoice
	Slug     string // of the name that was typed, "" while there is none
	Color    *ColorCheck
	// Of a plan that exists: its state when the form was opened, whether its slug is fixed by a sale, and who holds it.
	Seen      string
	SlugFixed bool
	EditSlug  bool
	Live      int64 // how many hold it now
	Impact    *PlanImpact
	Preview   *PreviewPane
}

// FeatureChoice is a feature that the plan may hold.
type FeatureChoice struct {
	Key, Name string
	Of        string // the app or bundle that it belongs to, where there are several
	Chosen    bool
}

// ColorCheck says how a colour will look: as a surface with text on it, and as text on our own surfaces, where
// one that is too faint is replaced.
type ColorCheck struct {
	Fill, Text, Ink string
	Replaced        bool
}

// shelf is what the editor knows of an app's catalogue: its own part first, then those of the bundles that hold it.
type shelf struct {
	billing.Catalog
	parts []billing.EditorCatalog
	names map[billing.Scope]string
}

// shelf loads the catalogue for editing; ok is false where the app sells nothing.
func (k *Console) shelf(ctx context.Context, app idp.App) (s shelf, ok bool, err error) {
	s.Catalog, err = k.catalog(ctx, app)
	if err != nil || !s.Settings.Enabled {
		return s, false, err
	}
	s.names = map[billing.Scope]string{{Kind: billing.ScopeApp, ID: app.ClientID}: app.Name}
	for _, b := range s.Bundles {
		s.names[billing.Scope{Kind: billing.ScopeBundle, ID: b.ID}] = b.Name
		apps, err := k.deps.Apps.BundleApps(ctx, b.ID)
		if err != nil {
			return s, false, err
		}
		for _, a := range apps {
			s.names[billing.Scope{Kind: billing.ScopeApp, ID: a.ClientID}] = a.Name
		}
	}
	for _, scope := range s.Scopes() {
		part, err := k.deps.Editor.EditorCatalog(ctx, scope)
		if err != nil {
			return s, false, err
		}
		s.parts = append(s.parts, part)
	}
	return s, true, nil
}

// plan finds a plan of the app or of one of its bundles, an archived one too.
func (s *shelf) plan(id string) (billing.EditorPlan, error) {
	for _, part := range s.parts {
		for _, p := range part.Plans {
			if p.ID == id {
				return p, nil
			}
		}
	}
	return billing.EditorPlan{}, unknown(billing.ErrPlanNotFound)
}

// scope finds what the form says the plan is sold for; the app where it says nothing that is known.
func (s *shelf) scope(typed string) billing.Scope {
	for _, b := range s.Bundles {
		if b.ID == typed {
			return billing.Scope{Kind: billing.ScopeBundle, ID: b.ID}
		}
	}
	return billing.Scope{Kind: billing.ScopeApp, ID: s.App.ClientID}
}

func (s *shelf) scopeOptions(c echo.Context) []web.Option {
	if len(s.Bundles) == 0 {
		return nil
	}
	options := []web.Option{{Label: web.T(c, "admin.plan_form.scope_app", "App", s.App.Name)}}
	for _, b := range s.Bundles {
		options = append(options, web.Option{Value: b.ID, Label: web.T(c, "admin.plan_form.scope_bundle", "Bundle", b.Name)})
	}
	return options
}

// choices lists by name the features that a plan of one of the scopes may hold (of any scope, where none is named),
// each key once: a plan holds a key, whoever defined it first.
func (s *shelf) choices(chosen []string, only ...billing.Scope) []FeatureChoice {
	var out []FeatureChoice
	for _, part := range s.parts {
		if len(only) > 0 && !slices.Contains(only, part.Scope) {
			continue
		}
		for _, f := range part.Features {
			if slices.ContainsFunc(out, func(o FeatureChoice) bool { return o.Key == f.Key }) {
				continue
			}
			choice := FeatureChoice{Key: f.Key, Name: f.Name, Chosen: slices.Contains(chosen, f.Key)}
			if len(s.names) > 1 {
				choice.Of = s.names[f.Scope]
			}
			out = append(out, choice)
		}
	}
	slices.SortStableFunc(out, func(a, b FeatureChoice) int { return cmp.Compare(a.Name, b.Name) })
	return out
}

// nextPosition is behind all plans that there are.
func (s *shelf) nextPosition() int64 {
	next := int64(1)
	for _, part := range s.parts {
		for _, p := range part.Plans {
			next = max(next, p.Position+1)
		}
	}
	return next
}

// planFields are the names of a plan's values in the form.
var planFields = map[string]string{
	"slug": "name", "trialDays": "trial_days", "graceDays": "grace_days", "lastsDays": "lasts_days", "maxSeats": "max_seats", "featureKeys": "features",
}

// featureFields are those of the feature that is made along with it.
var featureFields = map[string]string{"key": "feature_key", "name": "feature_name", "description": "feature_description"}

// readPlan reads the form; what is no number fails at its field.
func (s *shelf) readPlan(c echo.Context, form *web.Form) billing.NewPlan {
	grace := count(c, form, "grace_days")
	return billing.NewPlan{
		Scope: s.scope(form.Value("scope")), Name: form.Value("name"), Description: form.Value("description"), Color: form.Value("color"),
		Position: s.nextPosition(), Hidden: form.Value("hidden") != "", Recommended: form.Value("recommended") != "",
		TrialDays: count(c, form, "trial_days"), GraceDays: &grace, LastsDays: count(c, form, "lasts_days"),
		MaxSeats: count(c, form, "max_seats"), FeatureKeys: form.Values["features"],
	}
}

// count reads a whole number that is not negative; an empty field is zero.
func count(c echo.Context, form *web.Form, name string) int64 {
	typed := form.Value(name)
	if typed == "" {
		return 0
	}
	n, err := strconv.ParseInt(typed, 10, 64)
	if err != nil || n < 0 || n > 1_000_000 {
		form.Fail(name, web.T(c, "admin.mistake.number"))
		return 0
	}
	return n
}

var brandRole = regexp.MustCompile(`--(accent|accent-text|accent-ink):(#[0-9a-f]{6})`)

// checkColor answers nil for what is no colour.
func checkColor(typed string) *ColorCheck {
	if !web.ValidColor(typed) || len(typed) != len("#rrggbb") {
		return nil
	}
	check := &ColorCheck{}
	for _, m := range brandRole.FindAllSubmatch(web.BrandCSS(typed), 3) {
		switch value := string(m[2]); string(m[1]) {
		case "accent":
			check.Fill = value
		case "accent-text":
			check.Text = value
		default:
			check.Ink = value
		}
	}
	check.Replaced = check.Ink != strings.ToLower(typed)
	return check
}
