package app

import (
	"context"

	"github.com/wolfieauth/wolfieauth/billing/pricing"
	"github.com/wolfieauth/wolfieauth/idp"
	"github.com/wolfieauth/wolfieauth/internal/db"
)

// sellersKept bounds the orgs in memory.
const sellersKept = 1000

// sellers tells a buyer who sells: the org behind the app. The pricing page asks at every view, so the answers are
// kept until an app or org has changed.
type sellers struct {
	kept *db.Cached[string, pricing.Seller]
}

var _ pricing.Sellers = sellers{}

func newSellers(people *idp.Service, versions *db.Versions) sellers {
	s := sellers{db.NewCached(sellersKept, func(ctx context.Context, orgID string) (pricing.Seller, error) {
		org, err := people.Org(ctx, orgID)
		return pricing.Seller{Name: org.Name}, err
	})}
	versions.On(idp.VersionApps, s.kept.Forget)
	return s
}

// Seller answers the org's name.
func (s sellers) Seller(ctx context.Context, orgID string) (pricing.Seller, error) {
	return s.kept.Load(ctx, orgID)
}
