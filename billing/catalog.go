package billing

import (
	"context"
	"errors"
	"fmt"
)

// ErrAppNotFound means that no app has this client id.
var ErrAppNotFound = errors.New("app not found")

// AppInfo is what billing shows and checks of an app.
type AppInfo struct {
	ClientID string
	OrgID    string // the org that owns and sells it
	Name     string
	Color    string // #rrggbb, or ""
	LogoURL  string
	// Origins are the origins of the app's registered redirect URIs ("https://app.example", lower case), where
	// a buyer may be sent back to.
	Origins []string
}

// BundleInfo is several apps of one org that are sold together.
type BundleInfo struct {
	ID    string
	OrgID string
	Slug  string
	Name  string
	Apps  []AppInfo // by name
}

// Apps is what billing asks about apps; the composition root supplies it.
type Apps interface {
	// App answers [ErrAppNotFound] for an unknown or disabled client id.
	App(ctx context.Context, clientID string) (AppInfo, error)
	// BundlesHolding answers the bundles that hold the app, none being no error.
	BundlesHolding(ctx context.Context, clientID string) ([]BundleInfo, error)
	// Bundle answers [ErrAppNotFound] for an unknown id.
	Bundle(ctx context.Context, bundleID string) (BundleInfo, error)
}

// Catalog is everything that one app sells. It is shared by all requests: read it, never change it.
type Catalog struct {
	App      AppInfo
	Settings AppSettings
	Bundles  []BundleInfo
	// Plans are those of the app and of its bundles that can be bought, with features and active prices, by
	// position; hidden ones are among them, see [Catalog.Listed].
	Plans []Plan
}

// Listed answers the plans that the pricing page shows: not the hidden ones.
func (c Catalog) Listed() []Plan {
	var out []Plan
	for _, p := range c.Plans {
		if !p.Hidden {
			out = append(out, p)
		}
	}
	return out
}

// BundleOf answers the bundle that a plan belongs to; ok is false for a plan of the app alone.
func (c Catalog) BundleOf(p Plan) (b BundleInfo, ok bool) {
	for _, b := range c.Bundles {
		if p.Scope == (Scope{Kind: ScopeBundle, ID: b.ID}) {
			return b, true
		}
	}
	return BundleInfo{}, false
}

// Plan finds a plan that can be bought, or answers [ErrPlanNotFound].
func (c Catalog) Plan(id string) (Plan, error) {
	for _, p := range c.Plans {
		if p.ID == id {
			return p, nil
		}
	}
	return Plan{}, fmt.Errorf("%w: %q in %s", ErrPlanNotFound, id, c.App.ClientID)
}

// Price finds a price that can be bought and its plan, or answers [ErrPriceNotFound].
func (c Catalog) Price(id string) (Price, Plan, error) {
	for _, plan := range c.Plans {
		for _, p := range plan.Prices {
			if p.ID == id {
				return p, plan, nil
			}
		}
	}
	return Price{}, Plan{}, fmt.Errorf("%w: %q in %s", ErrPriceNotFound, id, c.App.ClientID)
}

// Scopes are the app and the bundles that hold it.
func (c Catalog) Scopes() []Scope {
	out := []Scope{{Kind: ScopeApp, ID: c.App.ClientID}}
	for _, b := range c.Bundles {
		out = append(out, Scope{Kind: ScopeBundle, ID: b.ID})
	}
	return out
}

// Catalog answers what an app sells, from memory when nothing has changed: [ErrAppNotFound], or
// [ErrBillingOff] together with a catalogue that holds the app's facts and no plan.
func (s *Service) Catalog(ctx context.Context, clientID string) (Catalog, error) {
	c, err := s.catalogs.Load(ctx, clientID)
	if err != nil {
		return Catalog{}, fmt.Errorf("load catalogue of %q: %w", clientID, err)
	}
	if !c.Settings.Enabled {
		return c, fmt.Errorf("%w: %s", ErrBillingOff, clientID)
	}
	return c, nil
}

// ForgetCatalogs drops what is kept; the composition root calls it when an app or a bundle has changed.
func (s *Service) ForgetCatalogs() { s.catalogs.Forget() }

func (s *Service) loadCatalog(ctx context.Context, clientID string) (Catalog, error) {
	app, err := s.apps.App(ctx, clientID)
	if err != nil {
		return Catalog{}, err
	}
	c := Catalog{App: app}
	c.Settings, err = s.store.Settings(ctx, clientID)
	if errors.Is(err, ErrBillingOff) {
		return c, nil
	}
	if err != nil || !c.Settings.Enabled {
		return c, err
	}
	if c.Bundles, err = s.apps.BundlesHolding(ctx, clientID); err != nil {
		return Catalog{}, err
	}
	c.Plans, err = s.store.PlansForSale(ctx, c.Scopes())
	return c, err
}
