package idp

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"
)

// Errors of changing bundles.
var (
	// ErrBundleChanged means that a bundle was changed since it was read.
	ErrBundleChanged = errors.New("bundle was changed meanwhile")
	// ErrBundleClash means that a plan of the bundle and one of an app that would join share a slug.
	ErrBundleClash = errors.New("plans of bundle and app share a slug")
	// ErrBundleSold means that an app would leave a bundle that people have paid for.
	ErrBundleSold = errors.New("bundle has live subscriptions")
)

// BundleClashError names what clashes. It wraps [ErrBundleClash].
type BundleClashError struct{ ClientID, Slug string }

func (e *BundleClashError) Error() string {
	return fmt.Sprintf("app %s and the bundle both have a plan %q", e.ClientID, e.Slug)
}

// Unwrap answers the sentinel.
func (e *BundleClashError) Unwrap() error { return ErrBundleClash }

// BundleSale is what the shop says of a bundle whose apps change.
type BundleSale interface {
	// BundleMayChange runs in the transaction of the change, before it is written, and keeps plans from being made
	// meanwhile. It answers *BundleClashError for an app that may not join, ErrBundleSold where none may leave.
	BundleMayChange(ctx context.Context, bundleID string, join, leave []string) error
}

// BundleEdit is what may change of a bundle: its slug and owner never do.
type BundleEdit struct {
	ID        string
	Expected  time.Time // the Bundle.UpdatedAt that the person saw
	Name      string
	ClientIDs []string
}

// UpdateBundle renames a bundle and chooses its apps. A name that is empty keeps the old one. [ErrBundleNotFound],
// [ErrBundleChanged], [ErrAppNotFound] also for an app of another org, [ErrBundleClash], [ErrBundleSold].
func (s *Service) UpdateBundle(ctx context.Context, in BundleEdit) (Bundle, error) {
	var after Bundle
	err := s.deps.Tx.InTx(ctx, func(ctx context.Context) error {
		before, err := s.deps.Store.BundleByID(ctx, in.ID)
		if err != nil {
			return err
		}
		if !before.UpdatedAt.Equal(in.Expected) {
			return ErrBundleChanged
		}
		if err := s.ownApps(ctx, before.OrgID, in.ClientIDs); err != nil {
			return err
		}
		after = before
		if name := cleanName(in.Name); name != "" {
			after.Name = name
		}
		return s.saveBundle(ctx, before, &after, in.ClientIDs)
	})
	if err != nil {
		return Bundle{}, fmt.Errorf("update bundle: %w", err)
	}
	return after, nil
}

// bundleView is a bundle in the audit log.
type bundleView struct {
	Slug, Name string
	Apps       []string
}

func (s *Service) saveBundle(ctx context.Context, before Bundle, after *Bundle, wanted []string) error {
	apps, err := s.deps.Store.BundleApps(ctx, before.ID)
	if err != nil {
		return err
	}
	var had []string
	for _, a := range apps {
		had = append(had, a.ClientID)
	}
	has := slices.Compact(slices.Sorted(slices.Values(wanted)))
	if after.Name == before.Name && slices.Equal(had, has) {
		return nil
	}
	join, leave := without(has, had), without(had, has)
	if len(join)+len(leave) > 0 && s.deps.Bundles != nil {
		if err := s.deps.Bundles.BundleMayChange(ctx, before.ID, join, leave); err != nil {
			return err
		}
	}
	after.UpdatedAt = later(s.now(), before.UpdatedAt)
	if err := s.deps.Store.UpdateBundle(ctx, *after, before.UpdatedAt, join, leave); err != nil {
		return err
	}
	return s.record(ctx, change{
		OrgID: before.OrgID, Action: "bundle.updated", Kind: "bundle", ID: before.ID,
		Before: bundleView{before.Slug, before.Name, had}, After: bundleView{after.Slug, after.Name, has},
	})
}

func without(list, drop []string) []string {
	return slices.DeleteFunc(slices.Clone(list), func(id string) bool { return slices.Contains(drop, id) })
}

// ownApps answers ErrAppNotFound unless all apps are the org's.
func (s *Service) ownApps(ctx context.Context, orgID string, clientIDs []string) error {
	for _, id := range clientIDs {
		app, err := s.deps.Store.AppByID(ctx, id)
		if err != nil {
			return err
		}
		if app.OrgID != orgID {
			return fmt.Errorf("app %s is another org's: %w", id, ErrAppNotFound)
		}
	}
	return nil
}
