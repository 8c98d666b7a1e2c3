package comps

import (
	"context"
	"slices"
	"time"

	"github.com/wolfieauth/wolfieauth/claims"
	"github.com/wolfieauth/wolfieauth/claims/store"
	"github.com/wolfieauth/wolfieauth/internal/audit"
)

// Directory answers a page of an app's people with what each holds now, and the cursor of the next page, "" at
// the end. A cursor that is none of the directory's begins it anew.
func (s *Service) Directory(ctx context.Context, clientID, search, after string, limit int) (page []claims.AppUser, next string, err error) {
	page, err = s.deps.Store.Directory(ctx, store.DirectoryFilter{ClientID: clientID, Search: search, AfterID: after, Limit: limit + 1}, s.now())
	if err != nil || len(page) <= limit {
		return page, "", err
	}
	return page[:limit], page[limit-1].UserID, nil
}

// AppUser answers one person of an app's directory, or [ErrUser].
func (s *Service) AppUser(ctx context.Context, clientID, userID string) (claims.AppUser, error) {
	user, ok, err := s.deps.Store.AppUser(ctx, clientID, userID, s.now())
	if err == nil && !ok {
		err = ErrUser
	}
	return user, err
}

// CompsOfApp pages through the comps of an app's people that nobody took back, by id.
func (s *Service) CompsOfApp(ctx context.Context, clientID, afterID string, limit int) ([]claims.Comp, error) {
	return s.deps.Store.Comps(ctx, store.CompFilter{ClientID: clientID, Seen: true, AfterID: afterID, Limit: limit})
}

// CompsOf lists what a user was given in an app, ended ones included.
func (s *Service) CompsOf(ctx context.Context, userID, clientID string) ([]claims.Comp, error) {
	return s.deps.Store.Comps(ctx, store.CompFilter{UserID: userID, ClientID: clientID, Ended: true})
}

// Ending lists an app's passes that end within [EndingWithin], the first to end first, at most limit.
func (s *Service) Ending(ctx context.Context, clientID string, limit int) ([]claims.Pass, error) {
	now := s.now()
	return s.deps.Store.EndingPasses(ctx, clientID, now, now.Add(EndingWithin), limit)
}

// AddressPasses pages through an app's passes that are known by an address alone, by id.
func (s *Service) AddressPasses(ctx context.Context, clientID, afterID string, limit int) ([]claims.Pass, error) {
	return s.deps.Store.AddressPasses(ctx, clientID, afterID, s.now(), limit)
}

// CountPasses counts an app's passes that count now by the slug of their plan.
func (s *Service) CountPasses(ctx context.Context, clientID string) ([]claims.PassCount, error) {
	return s.deps.Store.CountPasses(ctx, clientID, s.now())
}

// Choices lists the plans and features of an app that a pass can show; the default plan is not among them.
func (s *Service) Choices(ctx context.Context, clientID string) (plans, features []Choice, err error) {
	if plans, err = s.deps.Apps.Plans(ctx, clientID); err != nil {
		return nil, nil, err
	}
	plans = slices.DeleteFunc(plans, func(c Choice) bool { return c.Key == DefaultSlug })
	features, err = s.deps.Apps.Features(ctx, clientID)
	return plans, features, err
}

// ActingOrgs lists the orgs that a person may have acted for in an app.
func (s *Service) ActingOrgs(ctx context.Context, userID, clientID string) ([]claims.Org, error) {
	return s.deps.Store.ActingOrgs(ctx, userID, clientID)
}

// Explain answers the claim of a person of the app's directory at a moment, the zero time for now, with what led
// to it. reader is the person who asks; where the app is another org's than theirs, foreign is set and reading is
// recorded in that org's log. Errors: [ErrUser].
func (s *Service) Explain(ctx context.Context, userID, orgID, clientID string, at time.Time, reader string, foreign bool) (out claims.Explanation, err error) {
	known, err := s.deps.Store.InDirectory(ctx, clientID, userID)
	if err != nil {
		return out, err
	}
	if !known {
		return out, ErrUser
	}
	if at.IsZero() {
		at = s.now()
	}
	if foreign {
		owner, err := s.deps.Apps.OrgOf(ctx, clientID)
		if err != nil {
			return out, err
		}
		err = s.deps.Audit.Record(ctx, audit.Entry{
			Actor: giver(reader), OrgID: owner, Action: "claim.explained", Target: audit.Target{Kind: "user", ID: userID},
			After: map[string]any{"clientId": clientID, "orgId": orgID, "at": at.UTC()},
		})
		if err != nil {
			return out, err
		}
	}
	return s.deps.Store.Explain(ctx, userID, orgID, clientID, at)
}
