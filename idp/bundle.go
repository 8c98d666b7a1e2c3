package idp

import (
	"context"
	"fmt"
	"time"
)

// BundleStore keeps bundles.
type BundleStore interface {
	// InsertBundle answers ErrSlugTaken when the org has a bundle of that slug.
	InsertBundle(ctx context.Context, b Bundle, clientIDs []string) error
	// UpdateBundle saves the name and the apps that join and leave, unless another change came first since expected:
	// ErrBundleChanged. ErrAppNotFound for an app that does not exist.
	UpdateBundle(ctx context.Context, b Bundle, expected time.Time, join, leave []string) error
	// BundleByID answers ErrBundleNotFound.
	BundleByID(ctx context.Context, id string) (Bundle, error)
	BundlesOf(ctx context.Context, orgID string) ([]Bundle, error)
	BundleApps(ctx context.Context, bundleID string) ([]App, error)
	BundlesHolding(ctx context.Context, clientID string) ([]Bundle, error)
}

// CreateBundle is several apps of one org. Slug "" is made from the name.
type CreateBundle struct {
	ID        string // "" makes one
	OrgID     string
	Slug      string
	Name      string
	ClientIDs []string
}

// CreateBundle makes a bundle: [ErrSlugInvalid], [ErrSlugTaken], [ErrAppNotFound] also for an app of another
// org.
func (s *Service) CreateBundle(ctx context.Context, in CreateBundle) (Bundle, error) {
	slug, err := chosenSlug(in.Slug, in.Name)
	if err != nil {
		return Bundle{}, err
	}
	now := s.now()
	b := Bundle{OrgID: in.OrgID, Slug: slug, Name: cleanName(in.Name), CreatedAt: now, UpdatedAt: now}
	if b.Name == "" {
		b.Name = slug
	}
	if b.ID, err = orNewID(in.ID); err != nil {
		return Bundle{}, err
	}
	err = s.deps.Tx.InTx(ctx, func(ctx context.Context) error {
		if err := s.ownApps(ctx, in.OrgID, in.ClientIDs); err != nil {
			return err
		}
		if err := s.deps.Store.InsertBundle(ctx, b, in.ClientIDs); err != nil {
			return err
		}
		return s.record(ctx, change{OrgID: b.OrgID, Action: "bundle.created", Kind: "bundle", ID: b.ID, After: bundleView{b.Slug, b.Name, in.ClientIDs}})
	})
	if err != nil {
		return Bundle{}, fmt.Errorf("create bundle: %w", err)
	}
	return b, nil
}

// Bundle answers a bundle: [ErrBundleNotFound].
func (s *Service) Bundle(ctx context.Context, id string) (Bundle, error) {
	return s.deps.Store.BundleByID(ctx, id)
}

// Bundles lists an org's bundles by slug.
func (s *Service) Bundles(ctx context.Context, orgID string) ([]Bundle, error) {
	return s.deps.Store.BundlesOf(ctx, orgID)
}

// BundleApps lists the apps in a bundle by client id; empty for an unknown bundle.
func (s *Service) BundleApps(ctx context.Context, bundleID string) ([]App, error) {
	return s.deps.Store.BundleApps(ctx, bundleID)
}

// BundlesHolding lists the bundles that hold the app.
func (s *Service) BundlesHolding(ctx context.Context, clientID string) ([]Bundle, error) {
	return s.deps.Store.BundlesHolding(ctx, clientID)
}
