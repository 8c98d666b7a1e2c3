package pricing

import (
	"context"

	"github.com/wolfieauth/wolfieauth/billing"
)

// Shop is what the pages ask of billing; [billing.Service] is one. The errors are those of its methods.
type Shop interface {
	// Catalog answers [billing.ErrAppNotFound], or [billing.ErrBillingOff] with the app's facts.
	Catalog(ctx context.Context, clientID string) (billing.Catalog, error)
	StartCheckout(ctx context.Context, buyer billing.Buyer, req billing.CheckoutRequest) (billing.Checkout, error)
	FinishCheckout(ctx context.Context, checkoutID, orgID string) (billing.CheckoutOutcome, error)
	Portal(ctx context.Context, buyer billing.Buyer, clientID, returnTo string) (url string, err error)
	CurrentOf(ctx context.Context, clientID, orgID string) (map[billing.Scope]billing.Bought, error)
	SubscriptionsOf(ctx context.Context, clientID string, orgIDs ...string) ([]billing.Bought, error)
}

var _ Shop = (*billing.Service)(nil)
