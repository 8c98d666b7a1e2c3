package admin

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/wolfieauth/wolfieauth/billing"
	"github.com/wolfieauth/wolfieauth/idp"
	"github.com/wolfieauth/wolfieauth/internal/permission"
	"github.com/wolfieauth/wolfieauth/internal/web"
)

// FeatureEditor is the part of [Editor] about features that exist.
type FeatureEditor interface {
	// UpdateFeature answers billing.FieldErrors, billing.ErrFeatureNotFound or billing.ErrConflict.
	UpdateFeature(ctx context.Context, in billing.FeatureEdit) (billing.Feature, error)
	// DeleteFeature answers billing.ErrFeatureNotFound, billing.ErrConflict or billing.ErrFeatureInUse.
	DeleteFeature(ctx context.Context, featureID string, expected time.Time) error
}

const pathFeature = pathApp + "/features/:feature"

// featureArea lists what the plans of an app carry.
func featureArea() area {
	return area{
		templates: []string{"admin/features", "admin/feature"},
		routes: []route{
			{method: http.MethodGet, path: pathApp + "/features", find: (*Console).ofApp, perm: permission.PlansWrite, page: (*Console).listFeatures},
			{method: http.MethodGet, path: pathFeature + "/edit", find: (*Console).ofApp, perm: permission.PlansWrite, page: onFeature(askFeature)},
			{method: http.MethodPost, path: pathFeature + "/edit", find: (*Console).ofApp, perm: permission.PlansWrite, page: onFeature(updateFeature)},
			{method: http.MethodGet, path: pathFeature + "/delete", find: (*Console).ofApp, perm: permission.PlansWrite, page: onFeature(askFeatureEnd)},
			{method: http.MethodPost, path: pathFeature + "/delete", find: (*Console).ofApp, perm: permission.PlansWrite, page: onFeature(deleteFeature)},
		},
	}
}

// FeaturesPage is the view of admin/features: the features of an app and of its bundles.
type FeaturesPage struct {
	Frame
	App      idp.App
	Features []FeatureRow
}

// FeatureRow is a feature and the plans that carry it.
type FeatureRow struct {
	Key, Name, Description string
	Of                     string // the app or bundle that it belongs to, where there are several
	Plans                  []FeaturePlan
	URL                    string

	feature billing.Feature
}

// FeaturePlan is a plan that carries a feature.
type FeaturePlan struct {
	Name     string
	Archived bool
}

// FeaturePage is the view of admin/feature: its words, or the question whether it may go.
type FeaturePage struct {
	Frame
	App     idp.App
	Form    *web.Form
	Feature FeatureRow
	Seen    string
	Ending  bool
}

// features lists what belongs to the app and to its bundles, by key as the domain answers them.
func (s *shelf) features(v *visit) (out []FeatureRow) {
	for _, part := range s.parts {
		for _, f := range part.Features {
			if f.Scope != part.Scope {
				continue // a bundle's part also answers its apps' own
			}
			row := FeatureRow{
				Key: f.Key, Name: f.Name, Description: f.Description, feature: f, URL: "/admin/clients/" + v.app.ClientID + "/features/" + f.ID,
			}
			if len(s.parts) > 1 {
				row.Of = s.names[f.Scope]
			}
			row.Plans = s.carrying(f.ID)
			out = append(out, row)
		}
	}
	return out
}

func (s *shelf) carrying(featureID string) (out []FeaturePlan) {
	for _, part := range s.parts {
		for _, p := range part.Plans {
			if slices.ContainsFunc(p.Features, func(f billing.Feature) bool { return f.ID == featureID }) {
				out = append(out, FeaturePlan{Name: p.Name, Archived: p.ArchivedAt != nil})
			}
		}
	}
	return out
}

func (k *Console) listFeatures(c echo.Context, v *visit) error {
	s, ok, err := k.shelf(c.Request().Context(), v.app)
	if err != nil || !ok {
		return toPlans(c, v, err)
	}
	view := &FeaturesPage{Frame: frame(c, v, "overview", web.T(c, "features.title")), App: v.app, Features: s.features(v)}
	return k.edge.Render(c, http.StatusOK, "admin/features", view)
}

// onFeature loads the feature that the address names.
func onFeature(do func(k *Console, c echo.Context, v *visit, f FeatureRow) error) func(*Console, echo.Context, *visit) error {
	return func(k *Console, c echo.Context, v *visit) error {
		s, ok, err := k.shelf(c.Request().Context(), v.app)
		if err != nil || !ok {
			return toPlans(c, v, err)
		}
		for _, f := range s.features(v) {
			if f.feature.ID == c.Param("feature") {
				return do(k, c, v, f)
			}
		}
		return unknown(billing.ErrFeatureNotFound)
	}
}

func askFeature(k *Console, c echo.Context, v *visit, f FeatureRow) error {
	form := &web.Form{}
	form.Set("name", f.Name)
	form.Set("description", f.Description)
	return k.renderFeature(c, v, http.StatusOK, form, f, false)
}

func updateFeature(k *Console, c echo.Context, v *visit, f FeatureRow) error {
	form, err := web.NewForm(c)
	if err != nil {
		return err
	}
	in := billing.FeatureEdit{FeatureID: f.feature.ID, Expected: seenAt(form), Name: form.Value("name"), Description: form.Value("description")}
	err = k.deps.Tx.InTx(acting(c, v), func(ctx context.Context) error {
		_, err := k.deps.Editor.UpdateFeature(ctx, in)
		return settle(c, form, nil, err)
	})
	if errors.Is(err, billing.ErrConflict) {
		form.Summary, err = web.T(c, "admin.editor.conflict"), nil
	}
	if err := settled(err); err != nil {
		return err
	}
	if !form.OK() {
		return k.renderFeature(c, v, http.StatusUnprocessableEntity, form, f, false)
	}
	return k.toFeatures(c, v, web.T(c, "features.saved", "Feature", in.Name))
}

func askFeatureEnd(k *Console, c echo.Context, v *visit, f FeatureRow) error {
	return k.renderFeature(c, v, http.StatusOK, &web.Form{}, f, true)
}

func deleteFeature(k *Console, c echo.Context, v *visit, f FeatureRow) error {
	form, err := web.NewForm(c)
	if err != nil {
		return err
	}
	err = k.deps.Tx.InTx(acting(c, v), func(ctx context.Context) error {
		return k.deps.Editor.DeleteFeature(ctx, f.feature.ID, seenAt(form))
	})
	switch {
	case errors.Is(err, billing.ErrConflict):
		form.Summary = web.T(c, "admin.editor.conflict")
	case errors.Is(err, billing.ErrFeatureInUse):
		form.Summary = web.T(c, "features.in_use")
	case err != nil:
		return err
	default:
		return k.toFeatures(c, v, web.T(c, "features.deleted", "Feature", f.Name))
	}
	return k.renderFeature(c, v, http.StatusUnprocessableEntity, form, f, true)
}

func (k *Console) toFeatures(c echo.Context, v *visit, sentence string) error {
	if err := k.edge.SetFlash(c, "ok", sentence); err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, "/admin/clients/"+v.app.ClientID+"/features")
}

func (k *Console) renderFeature(c echo.Context, v *visit, status int, form *web.Form, f FeatureRow, ending bool) error {
	title := web.T(c, "features.edit", "Feature", f.Name)
	if ending {
		title = web.T(c, "features.delete", "Feature", f.Name)
	}
	view := &FeaturePage{Frame: frame(c, v, "overview", title), App: v.app, Form: form, Feature: f, Ending: ending, Seen: form.Value("seen")}
	if view.Seen == "" || form.Summary != "" {
		view.Seen = stampOf(f.feature.UpdatedAt)
	}
	return k.edge.Render(c, status, "admin/feature", view)
}
