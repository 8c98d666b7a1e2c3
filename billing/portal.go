package billing

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"
)

// endedShown is how long an ended subscription is still listed.
const endedShown = 30 * day

// SubscriptionsOf answers what the orgs have in an app or its bundles, in the app's current mode: the live ones
// first, and those that ended in the last 30 days. It answers [ErrAppNotFound], [ErrBillingOff].
func (s *Service) SubscriptionsOf(ctx context.Context, clientID string, orgIDs ...string) ([]Bought, error) {
	c, err := s.Catalog(ctx, clientID)
	if err != nil || len(orgIDs) == 0 {
		return nil, err
	}
	return s.store.Bought(ctx, c.Scopes(), c.Settings.Livemode, orgIDs, s.now().Add(-endedShown))
}

// CurrentOf answers what the org holds now for the app alone and for each of its bundles, by scope, with one
// statement; a pricing page marks those plans. Errors as [Service.SubscriptionsOf].
func (s *Service) CurrentOf(ctx context.Context, clientID, orgID string) (map[Scope]Bought, error) {
	all, err := s.SubscriptionsOf(ctx, clientID, orgID)
	if err != nil {
		return nil, err
	}
	held := map[Scope]Bought{}
	for _, b := range all {
		if b.Holds && !b.endedByClock(s.now()) {
			held[b.Scope] = b
		}
	}
	return held, nil
}

// Portal opens the customer's own page at Stripe for what the buyer's org has in an app, and answers its URL.
// returnTo is checked as in [Service.StartCheckout]; "" is the pricing page. An org that never bought there
// answers [ErrSubscriptionNotFound].
func (s *Service) Portal(ctx context.Context, buyer Buyer, clientID, returnTo string) (string, error) {
	c, err := s.Catalog(ctx, clientID)
	if err != nil {
		return "", err
	}
	if !s.mayReturnTo(c.App, returnTo) {
		return "", fmt.Errorf("%w: %q", ErrReturnTo, returnTo)
	}
	bought, err := s.store.Bought(ctx, c.Scopes(), c.Settings.Livemode, []string{buyer.OrgID}, time.Time{})
	if err != nil {
		return "", fmt.Errorf("open portal of org %s: %w", buyer.OrgID, err)
	}
	back := cmp.Or(returnTo, s.baseURL+"/billing/"+clientID)
	// The live subscription's customer, else the newest; one that was deleted at Stripe has nothing to show.
	gone := map[string]bool{"": true}
	for _, b := range bought {
		if gone[b.CustomerID] {
			continue
		}
		page, err := s.gateway.CreatePortal(ctx, b.at(), b.CustomerID, back, buyer.Lang)
		if !errors.Is(err, ErrStripeCustomerGone) {
			return page, err
		}
		gone[b.CustomerID] = true
	}
	return "", fmt.Errorf("open portal of org %s: %w", buyer.OrgID, ErrSubscriptionNotFound)
}
