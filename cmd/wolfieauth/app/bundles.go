package app

import (
	"context"
	"errors"

	"github.com/wolfieauth/wolfieauth/billing"
	"github.com/wolfieauth/wolfieauth/idp"
)

// bundleSale tells identity what the shop says of a bundle whose apps change. The shop opens after identity does.
type bundleSale struct{ app *App }

var _ idp.BundleSale = bundleSale{}

// BundleMayChange translates billing's refusals into identity's.
func (b bundleSale) BundleMayChange(ctx context.Context, bundleID string, join, leave []string) error {
	err := b.app.billing.BundleMayChange(ctx, bundleID, join, leave)
	if clash, ok := errors.AsType[*billing.SlugClashError](err); ok {
		return &idp.BundleClashError{ClientID: clash.ClientID, Slug: clash.Slug}
	}
	if errors.Is(err, billing.ErrBundleSold) {
		return errors.Join(idp.ErrBundleSold, err)
	}
	return err
}
