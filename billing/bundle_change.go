package billing

import (
	"context"
	"errors"
	"fmt"
)

// ErrBundleSold means that an app would leave a bundle that somebody has bought.
var ErrBundleSold = errors.New("bundle has live subscriptions")

// SlugClashError is a slug that a plan of a bundle shares with a plan of an app that would join it: in a claim of that
// app nobody could tell the two apart.
type SlugClashError struct{ ClientID, Slug string }

func (e *SlugClashError) Error() string {
	return fmt.Sprintf("plan %q of app %s is in the bundle, too", e.Slug, e.ClientID)
}

// BundleGain is what an app's joining of a bundle gives to those who have bought the bundle.
type BundleGain struct {
	ClientID string
	// Orgs are the buyers; People their active members, one who is a member of two being counted twice.
	Orgs, People int64
	AtLeast      bool // as in [ClaimChange]
}

// BundleHolders is what a change of a bundle's apps must be checked against.
type BundleHolders interface {
	// SharedSlugs answers one slug for each of the scopes that shares any with the bundle's plans, archived ones
	// included.
	SharedSlugs(ctx context.Context, bundleID string, clientIDs []string) ([]SlugClashError, error)
	// HoldersOf answers the orgs that hold anything of a scope in one mode.
	HoldersOf(ctx context.Context, scope Scope, livemode bool) ([]string, error)
}

// BundleMayChange tells, in the transaction of ctx, whether apps may join and leave a bundle: *[SlugClashError] for one
// that may not join, [ErrBundleSold] while people have bought what would leave. Until that transaction ends no
// plan is made or renamed.
func (s *Service) BundleMayChange(ctx context.Context, bundleID string, join, leave []string) error {
	if err := s.versions.Bump(ctx, VersionCatalog); err != nil { // its row is the lock of every catalogue
		return err
	}
	clashes, err := s.store.SharedSlugs(ctx, bundleID, join)
	if err != nil {
		return err
	}
	if len(clashes) > 0 {
		return &clashes[0]
	}
	for _, id := range leave {
		orgs, err := s.bundleHolders(ctx, bundleID, id)
		if err != nil {
			return err
		}
		if len(orgs) > 0 {
			return fmt.Errorf("app %s leaves a bundle of %d: %w", id, len(orgs), ErrBundleSold)
		}
	}
	return nil
}

// BundleGains counts who gains plans in the apps that would join a bundle.
func (s *Service) BundleGains(ctx context.Context, bundleID string, join []string) ([]BundleGain, error) {
	var out []BundleGain
	for _, id := range join {
		orgs, err := s.bundleHolders(ctx, bundleID, id)
		if err != nil {
			return nil, err
		}
		gain := BundleGain{ClientID: id, Orgs: int64(len(orgs))}
		if gain.People, gain.AtLeast, err = s.peopleOf(ctx, orgs); err != nil {
			return nil, err
		}
		out = append(out, gain)
	}
	return out, nil
}

// bundleHolders are those who have bought the bundle in the mode that counts in an app, none where its tokens carry
// no plans.
func (s *Service) bundleHolders(ctx context.Context, bundleID, clientID string) ([]string, error) {
	settings, err := s.store.Settings(ctx, clientID)
	if errors.Is(err, ErrBillingOff) || err == nil && !settings.Enabled {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return s.store.HoldersOf(ctx, Scope{Kind: ScopeBundle, ID: bundleID}, settings.Livemode)
}
