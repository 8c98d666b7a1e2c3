package pricing

import (
	"context"
	"time"

	"github.com/wolfieauth/wolfieauth/billing"
)

// OwnBilling is what the pages about the visitor's own subscriptions ask of billing; [billing.Service] is one. The
// errors are those of its methods.
type OwnBilling interface {
	Holdings(ctx context.Context, orgIDs []string) ([]billing.Holding, error)
	// HeldBy answers [billing.ErrSubscriptionNotFound] for what is none of the orgs'.
	HeldBy(ctx context.Context, orgIDs []string, subscriptionID string) (billing.Holding, error)
	CancelAtPeriodEnd(ctx context.Context, orgID, subscriptionID string) error
	Resume(ctx context.Context, orgID, subscriptionID string) error
	QuoteSwitch(ctx context.Context, orgID string, req billing.SwitchRequest, from time.Time) (billing.SwitchQuote, error)
	SwitchPlan(ctx context.Context, orgID string, req billing.SwitchRequest, c billing.Confirmation) (billing.SwitchQuote, error)
	PortalOf(ctx context.Context, buyer billing.Buyer, subscriptionID, returnTo string) (url string, err error)
}

var _ OwnBilling = (*billing.Service)(nil)
