package app

import (
	"context"
	"errors"

	"github.com/wolfieauth/wolfieauth/admin"
	"github.com/wolfieauth/wolfieauth/billing"
	"github.com/wolfieauth/wolfieauth/billing/pricing"
	billingstore "github.com/wolfieauth/wolfieauth/billing/store"
)

// mountConsole hangs the admin console into the edge.
func (a *App) mountConsole(shop *pricing.Handlers) error {
	console := admin.New(admin.Deps{
		People: a.people, Apps: a.people, Shop: a.billing, Editor: a.billing, Sales: sales{a.billing, a.billingStore}, Window: window{shop}, Comps: a.comps, Passes: a.comps,
		Team: a.people, Seats: a.billing,
		Jobs: a.jobs, Audit: a.audit, Tx: a.db, Now: a.cfg.Now,
		Settings: a.people, Bundles: a.people, BundleReach: a.billing, Directory: a.people, Deliveries: a.billing, Feeds: a.billing, Fees: a.billing, Selling: a.billing, Payments: a.billing,
	})
	return console.Mount(a.edge)
}

// window shows the editor what the pricing page would.
type window struct{ shop *pricing.Handlers }

// Card implements [admin.Window].
func (w window) Card(ctx context.Context, look admin.Look) (admin.Card, error) {
	card, err := w.shop.Preview(ctx, pricing.Preview(look))
	return admin.Card(card), err
}

// sales counts what was sold.
type sales struct {
	billing *billing.Service
	store   *billingstore.Store
}

// LiveSubscriptions counts what holds now in the app's own scope and mode; none while billing is off or the app is disabled.
func (s sales) LiveSubscriptions(ctx context.Context, clientID string) (int64, error) {
	catalog, err := s.billing.Catalog(ctx, clientID)
	if errors.Is(err, billing.ErrBillingOff) || errors.Is(err, billing.ErrAppNotFound) { // disabled: it sells nothing
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	return s.store.CountHolding(ctx, billing.Scope{Kind: billing.ScopeApp, ID: clientID}, catalog.Settings.Livemode)
}
