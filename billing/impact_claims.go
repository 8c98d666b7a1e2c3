package billing

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/wolfieauth/wolfieauth/claims"
)

// crowdLimit bounds the orgs whose members are counted one by one, and crowdChunk those counted together.
const (
	crowdLimit = 100
	crowdChunk = 5000
)

// claimChanges compares what the one rule of claims says of every buyer before and after, app by app. What a
// buyer holds by another plan in the same app is part of it: a feature that stays through that one is not lost.
func (s *Service) claimChanges(ctx context.Context, apps []AppInfo, out *Impact) error {
	for _, app := range apps {
		if err := s.claimChangesIn(ctx, app, out); err != nil {
			return err
		}
	}
	return nil
}

func (s *Service) countComps(ctx context.Context, apps []AppInfo, out *Impact) error {
	if s.comps == nil {
		return nil
	}
	clients := make([]string, len(apps))
	for i, app := range apps {
		clients[i] = app.ClientID
	}
	n, err := s.comps.CompsOn(ctx, clients, out.Before.Slug, s.now())
	out.Comps = &n
	return err
}

// openedBy answers the apps that a scope opens.
func (s *Service) openedBy(ctx context.Context, scope Scope) ([]AppInfo, error) {
	if scope.Kind == ScopeBundle {
		b, err := s.apps.Bundle(ctx, scope.ID)
		return b.Apps, err
	}
	app, err := s.apps.App(ctx, scope.ID)
	return []AppInfo{app}, err
}

func (s *Service) claimChangesIn(ctx context.Context, app AppInfo, out *Impact) error {
	settings, err := s.store.Settings(ctx, app.ClientID)
	if errors.Is(err, ErrBillingOff) || err == nil && !settings.Enabled {
		return nil // its tokens carry no plans
	}
	if err != nil {
		return err
	}
	bundles, err := s.apps.BundlesHolding(ctx, app.ClientID)
	if err != nil {
		return err
	}
	scopes := Catalog{App: app, Bundles: bundles}.Scopes()
	plans, err := s.store.PlansOf(ctx, scopes)
	if err != nil {
		return err
	}
	held, err := s.store.HeldBeside(ctx, out.Before.ID, scopes, settings.Livemode)
	if err != nil {
		return err
	}
	now := s.now()
	before := claimsOf(app.ClientID, held, plans, now)
	for i := range plans {
		if plans[i].ID == out.After.ID {
			plans[i] = out.After
		}
	}
	after := claimsOf(app.ClientID, held, plans, now)
	list, err := s.countChanges(ctx, app, before, after)
	for i := range list {
		list[i].Name = featureName(list[i].Key, out)
	}
	out.Claims = append(out.Claims, list...)
	return err
}

func featureName(key string, out *Impact) string {
	if f, ok := featureNamed(out.After.Features, key); ok {
		return f.Name
	}
	f, _ := featureNamed(out.Before.Features, key)
	return f.Name
}

// claimsOf answers what each org's members are told in an app: a set of feature keys and, as "", the plan itself.
func claimsOf(clientID string, held []Bought, plans []Plan, now time.Time) map[string]map[string]bool {
	byID := map[string]Plan{}
	for _, p := range plans {
		byID[p.ID] = p
	}
	sources := map[string][]claims.Source{}
	for _, b := range held {
		if p, ok := byID[b.PlanID]; ok {
			sources[b.OrgID] = append(sources[b.OrgID], b.source(p))
		}
	}
	out := make(map[string]map[string]bool, len(sources))
	for org, list := range sources {
		got := claims.Assemble(claims.Input{BillingEnabled: true, HasUser: true, ClientID: clientID, Now: now, Sources: list})
		set := map[string]bool{}
		for _, plan := range got.Plans {
			set[""] = true
			for _, key := range plan.Features {
				set[key] = true
			}
		}
		out[org] = set
	}
	return out
}

func (b Bought) source(p Plan) claims.Source {
	src := claims.Source{
		Kind: claims.SourceSubscription, ID: b.ID, StripeStatus: string(b.Status), PlanSlug: p.Slug, PlanName: p.Name, PlanPosition: int(p.Position),
		Features: p.Edit().FeatureKeys, Recurring: b.Recurring, CurrentPeriodEnd: b.CurrentPeriodEnd, TrialEnd: b.TrialEnd, CancelAt: b.CancelAt,
		CancelAtPeriodEnd: b.CancelAtPeriodEnd, EndedAt: b.EndedAt, ExpiresAt: b.ExpiresAt, OldestUnpaidAt: b.OldestUnpaidAt,
		GraceDays: int(p.GraceDays), Quantity: b.Quantity, PerSeat: b.PerSeat, OrgID: b.OrgID,
	}
	if p.Scope.Kind == ScopeBundle {
		src.Bundle = p.Scope.ID // any word that tells it from the app's own plan
	}
	return src
}

// countChanges counts, by feature, the orgs whose sets differ, and their people.
func (s *Service) countChanges(ctx context.Context, app AppInfo, before, after map[string]map[string]bool) ([]ClaimChange, error) {
	type key struct {
		feature string
		gain    bool
	}
	orgs := map[key][]string{}
	for org, was := range before {
		is := after[org]
		for f := range was {
			if !is[f] {
				orgs[key{f, false}] = append(orgs[key{f, false}], org)
			}
		}
		for f := range is {
			if !was[f] {
				orgs[key{f, true}] = append(orgs[key{f, true}], org)
			}
		}
	}
	var out []ClaimChange
	for k, list := range orgs {
		slices.Sort(list)
		people, atLeast, err := s.peopleOf(ctx, list)
		if err != nil {
			return nil, err
		}
		out = append(out, ClaimChange{App: app, Key: k.feature, Gain: k.gain, Orgs: int64(len(list)), People: people, AtLeast: atLeast})
	}
	slices.SortFunc(out, func(a, b ClaimChange) int {
		return cmp.Or(cmp.Compare(a.Key, b.Key), cmp.Compare(boolRank(a.Gain), boolRank(b.Gain)))
	})
	return out, nil
}

func boolRank(b bool) int {
	if b {
		return 1
	}
	return 0
}

// peopleOf counts the active members of orgs, all at once where somebody can.
func (s *Service) peopleOf(ctx context.Context, orgs []string) (n int64, atLeast bool, err error) {
	if crowd, ok := s.members.(Crowd); ok {
		for chunk := range slices.Chunk(orgs, crowdChunk) {
			some, err := crowd.ActiveMembersOf(ctx, chunk)
			if err != nil {
				return 0, false, fmt.Errorf("count people: %w", err)
			}
			n += some
		}
		return n, false, nil
	}
	for _, org := range orgs[:min(len(orgs), crowdLimit)] {
		some, err := s.members.ActiveMembers(ctx, org)
		if err != nil {
			return 0, false, fmt.Errorf("count people: %w", err)
		}
		n += some
	}
	return n, len(orgs) > crowdLimit, nil
}
