package billing

import (
	"context"
	"fmt"
	"slices"
	"time"
)

// PriceEdit is a price's form. Expected as in [PlanEdit]. ID and PlanID of the terms are not read.
type PriceEdit struct {
	PriceID  string
	Expected time.Time
	Terms    NewPrice
}

// PriceEdited is what became of an edit: Price is on sale now; Retired is the id of the price that it replaces,
// "" where the price was changed in place or was the same already.
type PriceEdited struct {
	Price   Price
	Retired string
}

// EditPrice changes what a price asks. One that nobody bought and that Stripe does not know is changed in place;
// otherwise a new price is made and the old one retired in the same transaction, so that its buyers keep it. It
// answers the [FieldErrors] of [Service.AddPrice], [ErrPriceNotFound], [ErrPriceRetired], [ErrPlanArchived] or
// [ErrConflict].
func (s *Service) EditPrice(ctx context.Context, in PriceEdit) (PriceEdited, error) {
	what := "edit price " + in.PriceID
	next := in.Terms.price()
	if err := next.check().err(what); err != nil {
		return PriceEdited{}, err
	}
	var out PriceEdited
	err := s.changeCatalog(ctx, what, func(ctx context.Context) error {
		plan, old, err := s.editedPrice(ctx, in)
		if err != nil {
			return err
		}
		out = PriceEdited{Price: old}
		if sameTerms(old, next) {
			return errUnchanged
		}
		competes := func(o Price) bool { return o.ID != old.ID && next.competes(o) }
		if slices.ContainsFunc(plan.Prices, competes) {
			return FieldErrors{{Field: "currency", Code: CodeDuplicatePrice}}
		}
		use, err := s.useOf(ctx, plan.ID, old.ID)
		if err != nil {
			return err
		}
		if use.Touched() {
			out, err = s.replacePrice(ctx, old, next)
		} else {
			out, err = s.rewritePrice(ctx, old, next)
		}
		if err != nil {
			return err
		}
		return s.recordPrice(ctx, plan.OrgID, "price.edited", &old, &out.Price)
	})
	return out, err
}

// editedPrice locks plan and price for the change and checks that the editor saw the present state.
func (s *Service) editedPrice(ctx context.Context, in PriceEdit) (Plan, Price, error) {
	old, err := s.store.Price(ctx, in.PriceID)
	if err != nil {
		return Plan{}, Price{}, err
	}
	plan, err := s.editedPlan(ctx, old.PlanID, time.Time{})
	if err != nil {
		return Plan{}, Price{}, err
	}
	i := slices.IndexFunc(plan.Prices, func(p Price) bool { return p.ID == in.PriceID })
	switch {
	case i < 0:
		return Plan{}, Price{}, fmt.Errorf("%w: %q", ErrPriceNotFound, in.PriceID)
	case plan.ArchivedAt != nil:
		return Plan{}, Price{}, ErrPlanArchived
	case plan.Prices[i].RetiredAt != nil:
		return Plan{}, Price{}, ErrPriceRetired
	}
	return plan, plan.Prices[i], unconflicted(plan.Prices[i].UpdatedAt, in.Expected)
}

func (s *Service) replacePrice(ctx context.Context, old, next Price) (PriceEdited, error) {
	at := s.stamp(old.UpdatedAt)
	next = next.as(newID(), old.PlanID, at)
	if err := s.store.RetirePrice(ctx, old.ID, at); err != nil {
		return PriceEdited{}, err
	}
	return PriceEdited{Price: next, Retired: old.ID}, s.store.InsertPrice(ctx, next)
}

func (s *Service) rewritePrice(ctx context.Context, old, next Price) (PriceEdited, error) {
	next = next.as(old.ID, old.PlanID, s.stamp(old.UpdatedAt))
	next.CreatedAt = old.CreatedAt
	return PriceEdited{Price: next}, s.store.SavePrice(ctx, next)
}

// sameTerms tells whether two prices ask the same of the same people.
func sameTerms(a, b Price) bool {
	sameTier := func(x, y Tier) bool {
		open := x.UpTo == nil || y.UpTo == nil
		return x.UnitAmount == y.UnitAmount && x.FlatAmount == y.FlatAmount &&
			(open && x.UpTo == y.UpTo || !open && *x.UpTo == *y.UpTo)
	}
	return a.Amount == b.Amount && a.Currency == b.Currency && a.Interval == b.Interval && a.PerSeat == b.PerSeat && a.SeatLabel == b.SeatLabel &&
		a.Scheme == b.Scheme && slices.Equal(a.CountryCodes, b.CountryCodes) && slices.EqualFunc(a.Tiers, b.Tiers, sameTier)
}
