package billing

import (
	"context"

	"github.com/wolfieauth/wolfieauth/internal/audit"
)

// Auditor keeps the record of who changed what, in the transaction of ctx. [audit.Log] is one.
type Auditor interface {
	Record(ctx context.Context, entry audit.Entry) error
}

// noAudit records nothing.
type noAudit struct{}

func (noAudit) Record(context.Context, audit.Entry) error { return nil }

// auditedPlan is a plan as the record shows it: what an owner typed, without machinery.
type auditedPlan struct {
	Slug        string        `json:"slug"`
	Name        string        `json:"name"`
	Description string        `json:"description,omitempty"`
	Color       string        `json:"color,omitempty"`
	Scope       string        `json:"scope"`
	Hidden      bool          `json:"hidden"`
	Recommended bool          `json:"recommended"`
	TrialDays   int64         `json:"trialDays"`
	GraceDays   int64         `json:"graceDays"`
	LastsDays   int64         `json:"lastsDays"`
	MaxSeats    int64         `json:"maxSeats"`
	Archived    bool          `json:"archived"`
	Features    []string      `json:"features"`
	Prices      []auditedTerm `json:"prices,omitempty"`
}

// auditedTerm is a price as the record shows it.
type auditedTerm struct {
	ID           string        `json:"id"`
	PlanID       string        `json:"planId"`
	Amount       int64         `json:"amount"`
	Currency     string        `json:"currency"`
	Interval     Interval      `json:"interval"`
	PerSeat      bool          `json:"perSeat"`
	SeatLabel    string        `json:"seatLabel,omitempty"`
	CountryCodes []string      `json:"countryCodes,omitempty"`
	Scheme       Scheme        `json:"scheme"`
	Tiers        []auditedTier `json:"tiers,omitempty"`
	Retired      bool          `json:"retired"`
}

type auditedTier struct {
	UpTo       *int64 `json:"upTo"`
	UnitAmount int64  `json:"unitAmount"`
	FlatAmount int64  `json:"flatAmount"`
}

func (p Plan) audited() auditedPlan {
	out := auditedPlan{
		Slug: p.Slug, Name: p.Name, Description: p.Description, Color: p.Color, Scope: string(p.Scope.Kind) + ":" + p.Scope.ID,
		Hidden: p.Hidden, Recommended: p.Recommended, TrialDays: p.TrialDays, GraceDays: p.GraceDays, LastsDays: p.LastsDays, MaxSeats: p.MaxSeats,
		Archived: p.ArchivedAt != nil, Features: []string{},
	}
	for _, f := range p.Features {
		out.Features = append(out.Features, f.Key)
	}
	return out
}

func (p Price) audited() auditedTerm {
	out := auditedTerm{
		ID: p.ID, PlanID: p.PlanID, Amount: p.Amount, Currency: p.Currency, Interval: p.Interval, PerSeat: p.PerSeat, SeatLabel: p.SeatLabel,
		CountryCodes: p.CountryCodes, Scheme: p.Scheme, Retired: p.RetiredAt != nil,
	}
	for _, t := range p.Tiers {
		out.Tiers = append(out.Tiers, auditedTier{UpTo: t.UpTo, UnitAmount: t.UnitAmount, FlatAmount: t.FlatAmount})
	}
	return out
}

// recordPlan shows the prices only of a plan that appears or vanishes with them.
func (s *Service) recordPlan(ctx context.Context, action string, before, after *Plan) error {
	entry := audit.Entry{Action: action}
	if before != nil {
		view := before.audited()
		if after == nil {
			view.Prices = terms(before.Prices)
		}
		entry.OrgID, entry.Target, entry.Before = before.OrgID, audit.Target{Kind: "plan", ID: before.ID}, view
	}
	if after != nil {
		view := after.audited()
		if before == nil {
			view.Prices = terms(after.Prices)
		}
		entry.OrgID, entry.Target, entry.After = after.OrgID, audit.Target{Kind: "plan", ID: after.ID}, view
	}
	return s.audit.Record(ctx, entry)
}

func terms(prices []Price) (out []auditedTerm) {
	for _, p := range prices {
		out = append(out, p.audited())
	}
	return out
}

func (s *Service) recordPrice(ctx context.Context, orgID, action string, before, after *Price) error {
	entry := audit.Entry{Action: action, OrgID: orgID}
	if before != nil {
		entry.Target, entry.Before = audit.Target{Kind: "price", ID: before.ID}, before.audited()
	}
	if after != nil {
		entry.Target, entry.After = audit.Target{Kind: "price", ID: after.ID}, after.audited()
	}
	return s.audit.Record(ctx, entry)
}

func (s *Service) recordFeature(ctx context.Context, orgID, action string, before, after *Feature) error {
	view := func(f *Feature) any {
		if f == nil {
			return nil
		}
		return map[string]string{"key": f.Key, "name": f.Name, "description": f.Description}
	}
	target := audit.Target{Kind: "feature"}
	if after != nil {
		target.ID = after.ID
	} else {
		target.ID = before.ID
	}
	return s.audit.Record(ctx, audit.Entry{
		OrgID: orgID, Action: action, Target: target, Before: view(before), After: view(after),
	})
}

func (s *Service) recordOrder(ctx context.Context, orgID string, scope Scope, before, after []string) error {
	return s.audit.Record(ctx, audit.Entry{
		OrgID: orgID, Action: "plans.reordered", Target: audit.Target{Kind: string(scope.Kind), ID: scope.ID}, Before: before, After: after,
	})
}

// recordSettings shows an app's billing before and after.
func (s *Service) recordSettings(ctx context.Context, action string, before, after AppSettings) error {
	view := func(a AppSettings) any {
		if a.ClientID == "" {
			return nil
		}
		return map[string]any{
			"enabled": a.Enabled, "gateway": a.Gateway, "livemode": a.Livemode, "defaultCurrency": a.DefaultCurrency,
			"defaultCountry": a.DefaultCountry, "headline": a.Headline, "sentence": a.Sentence,
			"shop": a.Shop, "changeMode": a.Changes(),
		}
	}
	return s.audit.Record(ctx, audit.Entry{
		OrgID: after.OrgID, Action: action, Target: audit.Target{Kind: "app", ID: after.ClientID}, Before: view(before), After: view(after),
	})
}
