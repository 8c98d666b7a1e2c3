package billing

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"
)

// Change is one edit that has not been made; exactly one of its fields is set.
type Change struct {
	Plan     *PlanEdit
	Price    *PriceEdit
	AddPrice *NewPrice
	Archive  string // id of a plan
	Retire   string // id of a price
}

// Impact is what a [Change] would do, counted from the rows as they are.
type Impact struct {
	Before, After Plan // the plan that is changed, with its prices
	Fields        []FieldChange
	// NewPrice is true when the edit would make another price and retire the old one; false also for an edit in
	// place.
	NewPrice bool
	// Kept are the retired prices that people go on paying.
	Kept []KeptPrice
	// Claims are the changes that people's tokens would show, by app and feature.
	Claims []ClaimChange
	// Comps counts the free passes of the same slug, which the change does not touch; nil where nobody counts them.
	Comps *int64
}

// FieldChange is one value before and after, in the words of the JSON shapes; a list is joined by ", ".
type FieldChange struct{ Field, Before, After string }

// KeptPrice counts the subscriptions that stay on a price which is no longer sold.
type KeptPrice struct {
	Price              Price
	LiveMode, TestMode int64
}

// ClaimChange is one feature that claims in one app would gain or lose; Key is "" for the plan's whole entry (a
// shorter grace can end it).
type ClaimChange struct {
	App       AppInfo
	Key, Name string
	Gain      bool
	// Orgs are the buyers; People their active members, one who is a member of two being counted twice.
	Orgs, People int64
	// AtLeast is true when People was counted for the first orgs only, because nobody could count them together.
	AtLeast bool
}

// Crowd counts the people of many orgs at once. A [Members] that is one too lets [Service.PreviewChange] count
// exactly however many buyers there are.
type Crowd interface {
	// ActiveMembersOf sums the active members of the orgs.
	ActiveMembersOf(ctx context.Context, orgIDs []string) (int64, error)
}

// CompCounter counts free passes.
type CompCounter interface {
	// CompsOn counts those that hold at a moment in the apps under the slug of a plan.
	CompsOn(ctx context.Context, clientIDs []string, planSlug string, at time.Time) (int64, error)
}

// errNoChange means that a [Change] says nothing.
var errNoChange = errors.New("no change given")

// PreviewChange answers what a change would do, and writes nothing. The number of statements follows the apps that
// the plan opens, not its buyers. It answers every error that the change itself would, and no audit entry.
func (s *Service) PreviewChange(ctx context.Context, c Change) (Impact, error) {
	var out Impact
	err := s.tx.InTx(ctx, func(ctx context.Context) error {
		out = Impact{}
		return s.preview(ctx, c, &out)
	})
	if err != nil {
		return Impact{}, fmt.Errorf("preview change: %w", err)
	}
	return out, nil
}

func (s *Service) preview(ctx context.Context, c Change, out *Impact) error {
	if err := s.planned(ctx, c, out); err != nil {
		return err
	}
	if err := s.keptPrices(ctx, out); err != nil {
		return err
	}
	apps, err := s.openedBy(ctx, out.Before.Scope)
	if err != nil {
		return err
	}
	if err := s.countComps(ctx, apps, out); err != nil || samePlan(out.Before, out.After) {
		return err
	}
	return s.claimChanges(ctx, apps, out)
}

// planned fills in the plan before and after.
func (s *Service) planned(ctx context.Context, c Change, out *Impact) (err error) {
	switch {
	case c.Plan != nil:
		if out.Before, err = s.editedPlan(ctx, c.Plan.PlanID, c.Plan.Expected); err != nil {
			return err
		}
		out.After, err = s.plannedEdit(ctx, out.Before, *c.Plan)
		out.Fields = planChanges(out.Before, out.After)
	case c.Price != nil:
		err = s.plannedPrice(ctx, *c.Price, out)
	case c.AddPrice != nil:
		err = s.plannedAddition(ctx, *c.AddPrice, out)
	case c.Archive != "":
		if out.Before, err = s.store.Plan(ctx, c.Archive); err == nil && out.Before.ArchivedAt == nil {
			now := s.now()
			out.After = out.Before
			out.After.ArchivedAt = &now
			out.Fields = []FieldChange{{"archived", "false", "true"}}
		} else {
			out.After = out.Before
		}
	case c.Retire != "":
		err = s.plannedRetirement(ctx, c.Retire, out)
	default:
		err = errNoChange
	}
	return err
}

func (s *Service) plannedPrice(ctx context.Context, in PriceEdit, out *Impact) error {
	next := in.Terms.price()
	if m := next.check(); len(m.list) > 0 {
		return m.list
	}
	plan, old, err := s.editedPrice(ctx, in)
	if err != nil {
		return err
	}
	if slices.ContainsFunc(plan.Prices, func(o Price) bool { return o.ID != old.ID && next.competes(o) }) {
		return FieldErrors{{Field: "currency", Code: CodeDuplicatePrice}}
	}
	out.Before, out.After = plan, plan
	if sameTerms(old, next) {
		return nil
	}
	use, err := s.useOf(ctx, plan.ID, old.ID)
	if err != nil {
		return err
	}
	out.NewPrice = use.Touched()
	out.Fields = priceChanges(old, next)
	now := s.now()
	out.After.Prices = slices.Clone(plan.Prices)
	i := slices.IndexFunc(plan.Prices, func(p Price) bool { return p.ID == old.ID })
	if !out.NewPrice {
		out.After.Prices[i] = next.as(old.ID, plan.ID, now)
		return nil
	}
	out.After.Prices[i].RetiredAt = &now
	out.After.Prices = append(out.After.Prices, next.as("", plan.ID, now))
	return nil
}

func (s *Service) plannedAddition(ctx context.Context, in NewPrice, out *Impact) error {
	next := in.price()
	if m := next.check(); len(m.list) > 0 {
		return m.list
	}
	plan, err := s.store.Plan(ctx, in.PlanID)
	if err != nil {
		return err
	}
	if plan.ArchivedAt != nil {
		return ErrPlanArchived
	}
	if slices.ContainsFunc(plan.Prices, next.competes) {
		return FieldErrors{{Field: "currency", Code: CodeDuplicatePrice}}
	}
	out.Before, out.After = plan, plan
	out.After.Prices = append(slices.Clone(plan.Prices), next.as(next.ID, plan.ID, s.now()))
	out.Fields = priceChanges(Price{}, next)
	return nil
}

func (s *Service) plannedRetirement(ctx context.Context, priceID string, out *Impact) error {
	price, err := s.store.Price(ctx, priceID)
	if err != nil {
		return err
	}
	if out.Before, err = s.store.Plan(ctx, price.PlanID); err != nil {
		return err
	}
	out.After = out.Before
	out.After.Prices = slices.Clone(out.Before.Prices)
	now := s.now()
	for i, p := range out.After.Prices {
		if p.ID == priceID && p.RetiredAt == nil {
			out.After.Prices[i].RetiredAt = &now
			out.Fields = []FieldChange{{"retired", "false", "true"}}
		}
	}
	return nil
}

// keptPrices finds the prices that the change takes off sale, and who goes on paying them.
func (s *Service) keptPrices(ctx context.Context, out *Impact) error {
	var ended []Price
	for i, p := range out.Before.Prices {
		archived := out.Before.ArchivedAt == nil && out.After.ArchivedAt != nil
		if p.RetiredAt == nil && (archived || out.After.Prices[i].RetiredAt != nil) {
			ended = append(ended, p)
		}
	}
	if len(ended) == 0 {
		return nil
	}
	uses, err := s.store.Uses(ctx, []string{out.Before.ID}, s.now())
	if err != nil {
		return err
	}
	for _, p := range ended {
		kept := KeptPrice{Price: p}
		for _, u := range uses {
			if u.PriceID == p.ID {
				kept.LiveMode += u.LiveMode
				kept.TestMode += u.TestMode
			}
		}
		if kept.LiveMode+kept.TestMode > 0 {
			out.Kept = append(out.Kept, kept)
		}
	}
	return nil
}
