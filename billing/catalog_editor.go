package billing

import (
	"context"
	"errors"
	"fmt"
	"slices"
)

// EditorCatalog is everything that an editor shows of one app or bundle, fresh from the database.
type EditorCatalog struct {
	Scope Scope
	OrgID string
	// Accounts are where the scope sells now: one for an app, one or more for a bundle (each of its apps that
	// has billing on), none while Stripe is not configured for it.
	Accounts []Account
	// Plans are all of the scope by position, the hidden and archived ones included.
	Plans []EditorPlan
	// Features are those that a plan of the scope may have: its own, and for a bundle also its apps'.
	Features []Feature
}

// EditorPlan is a plan (without its Prices, see EditorPrices) and what hangs on it.
type EditorPlan struct {
	Plan
	EditorPrices []EditorPrice // all, the retired ones included, oldest first
	Use          Use
	Sync         []SyncedAt // its products
}

// EditorPrice is a price and what hangs on it.
type EditorPrice struct {
	Price
	Use  Use
	Sync []SyncedAt
}

// SyncState says whether Stripe has a thing of ours.
type SyncState string

// The states of a thing at one account, as our rows know it; whether Stripe still has it, only Stripe can say.
const (
	SyncNever   SyncState = "never"
	SyncPending SyncState = "pending" // the call was begun and has not answered
	SyncDone    SyncState = "synced"
)

// SyncedAt is what a plan or price is called on one account; StripeID is "" while the call has not answered.
type SyncedAt struct {
	Account  Account
	StripeID string
}

// StateAt answers the state on one account.
func StateAt(list []SyncedAt, at Account) SyncState {
	for _, s := range list {
		if s.Account == at && s.StripeID != "" {
			return SyncDone
		}
		if s.Account == at {
			return SyncPending
		}
	}
	return SyncNever
}

// EditorCatalog answers everything of a scope for its editor, in a number of statements that does not grow with
// the catalogue. It answers [ErrAppNotFound].
func (s *Service) EditorCatalog(ctx context.Context, scope Scope) (EditorCatalog, error) {
	what := "load editor of " + scope.ID
	at, err := s.place(ctx, scope)
	if err != nil {
		return EditorCatalog{}, fmt.Errorf("%s: %w", what, err)
	}
	out := EditorCatalog{Scope: scope, OrgID: at.orgID}
	if out.Accounts, err = s.accountsOf(ctx, scope); err != nil {
		return EditorCatalog{}, fmt.Errorf("%s: %w", what, err)
	}
	if out.Features, err = s.store.Features(ctx, at.features); err != nil {
		return EditorCatalog{}, fmt.Errorf("%s: %w", what, err)
	}
	plans, err := s.store.PlansOf(ctx, []Scope{scope})
	if err != nil || len(plans) == 0 {
		return out, err
	}
	ids := make([]string, len(plans))
	for i, p := range plans {
		ids[i] = p.ID
	}
	uses, err := s.store.Uses(ctx, ids, s.now())
	if err != nil {
		return EditorCatalog{}, fmt.Errorf("%s: %w", what, err)
	}
	products, prices, err := s.store.NamesOf(ctx, ids)
	if err != nil {
		return EditorCatalog{}, fmt.Errorf("%s: %w", what, err)
	}
	out.Plans = editorPlans(plans, uses, products, prices)
	return out, nil
}

func editorPlans(plans []Plan, uses []Use, products []StripeProduct, prices []StripePrice) []EditorPlan {
	byPlan, byPrice := map[string]Use{}, map[string]Use{}
	for _, u := range uses {
		byPlan[u.PlanID] = byPlan[u.PlanID].plus(u)
		if u.PriceID != "" {
			byPrice[u.PriceID] = byPrice[u.PriceID].plus(u)
		}
	}
	synced := map[string][]SyncedAt{}
	for _, r := range products {
		synced[r.PlanID] = append(synced[r.PlanID], SyncedAt{Account{ID: r.Account, Livemode: r.Livemode}, r.ProductID})
	}
	for _, r := range prices {
		synced[r.PriceID] = append(synced[r.PriceID], SyncedAt{Account{ID: r.Account, Livemode: r.Livemode}, r.StripePriceID})
	}
	out := make([]EditorPlan, 0, len(plans))
	for _, p := range plans {
		row := EditorPlan{Plan: p, Use: byPlan[p.ID], Sync: synced[p.ID]}
		row.Use.PlanID = p.ID
		for _, price := range p.Prices {
			use := byPrice[price.ID]
			use.PlanID, use.PriceID = p.ID, price.ID
			row.EditorPrices = append(row.EditorPrices, EditorPrice{Price: price, Use: use, Sync: synced[price.ID]})
		}
		row.Prices = nil
		out = append(out, row)
	}
	return out
}

// accountsOf answers where a scope sells now; what is not configured is left out.
func (s *Service) accountsOf(ctx context.Context, scope Scope) ([]Account, error) {
	clients := []string{scope.ID}
	if scope.Kind == ScopeBundle {
		bundle, err := s.apps.Bundle(ctx, scope.ID)
		if err != nil {
			return nil, err
		}
		clients = nil
		for _, app := range bundle.Apps {
			clients = append(clients, app.ClientID)
		}
	}
	var out []Account
	for _, id := range clients {
		settings, err := s.store.Settings(ctx, id)
		if errors.Is(err, ErrBillingOff) || err == nil && !settings.Enabled {
			continue
		}
		if err != nil {
			return nil, err
		}
		at, err := s.AccountOf(ctx, settings)
		if errors.Is(err, ErrStripeNotConfigured) {
			continue
		}
		if err != nil {
			return nil, err
		}
		if !slices.Contains(out, at) {
			out = append(out, at)
		}
	}
	return out, nil
}
