package billing

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// driftError means that Stripe's side was changed by somebody else, and that a person has to decide.
type driftError struct{ reason string }

func (e *driftError) Error() string { return "drift: " + e.reason }

var driftReasons = map[DriftState]string{DriftMissing: ReasonMissing, DriftChanged: ReasonChanged, DriftArchivedThere: ReasonArchived}

// syncItem brings one thing to Stripe and answers what it is called there.
func (s *Service) syncItem(ctx context.Context, item SyncItem) (name string, err error) {
	switch item.Kind {
	case SyncProduct, SyncProductPush:
		return s.syncProduct(ctx, item)
	case SyncPrice, SyncPricePush:
		return s.syncPrice(ctx, item)
	default:
		return "", fmt.Errorf("unknown kind of sync item %q", item.Kind)
	}
}

func (s *Service) syncProduct(ctx context.Context, item SyncItem) (string, error) {
	push := item.Kind == SyncProductPush
	plan, err := s.store.Plan(ctx, item.PlanID)
	if err != nil {
		return item.StripeID, err
	}
	d, err := s.productDrift(ctx, item.at(), plan)
	if err != nil {
		return item.StripeID, err
	}
	if d.State == DriftMissing && push && d.StripeID != "" {
		if err := s.store.RenewProduct(ctx, plan.ID, item.at(), d.StripeID, newID(), plan.Name, plan.Description, s.now()); err != nil {
			return d.StripeID, err
		}
		d.StripeID = ""
	}
	if d.StripeID == "" {
		if _, err := s.ensureProduct(ctx, item.at(), plan); err != nil {
			return "", err
		}
		// A call begun under older words has answered with those.
		if d, err = s.productDrift(ctx, item.at(), plan); err != nil {
			return d.StripeID, err
		}
	}
	if d.State == DriftInSync {
		return d.StripeID, s.store.ToldProduct(ctx, plan.ID, item.at(), plan.atStripe(), s.now())
	}
	if !push && !d.Ours {
		return d.StripeID, &driftError{driftReasons[d.State]}
	}
	if d.State == DriftMissing {
		return d.StripeID, &driftError{ReasonMissing}
	}
	want := plan.atStripe()
	if err := s.store.TellProduct(ctx, plan.ID, item.at(), d.there, want.text(), s.now()); err != nil {
		return d.StripeID, err
	}
	if err := s.gateway.UpdateProduct(ctx, item.at(), updateKey(item, plan.UpdatedAt), d.StripeID, want); err != nil {
		return d.StripeID, err
	}
	return d.StripeID, s.store.ToldProduct(ctx, plan.ID, item.at(), want, s.now())
}

// atStripe is what Stripe should know of a plan.
func (p Plan) atStripe() ProductState {
	return ProductState{Name: p.Name, Description: p.Description, Active: p.ArchivedAt == nil}
}

// updateKey is new for each state of the thing, so that going back to an earlier state is not taken for a repetition.
func updateKey(item SyncItem, state time.Time) string {
	return fmt.Sprintf("%s-%d", item.ID, state.UnixMicro())
}

func (s *Service) syncPrice(ctx context.Context, item SyncItem) (string, error) {
	push := item.Kind == SyncPricePush
	plan, err := s.store.Plan(ctx, item.PlanID)
	if err != nil {
		return item.StripeID, err
	}
	price, err := s.store.Price(ctx, item.PriceID)
	if err != nil {
		return item.StripeID, err
	}
	d, err := s.priceDrift(ctx, item.at(), plan, price)
	if err != nil {
		return item.StripeID, err
	}
	// The name that the repair began with is replaced once: a second attempt finds another one.
	if push && d.replaceable() && d.StripeID != "" && d.StripeID == item.StripeID {
		return s.repoint(ctx, item, plan, price)
	}
	if d.StripeID == "" {
		if _, err := s.EnsureStripePrice(ctx, item.at(), plan, price); err != nil {
			return "", err
		}
		if d, err = s.priceDrift(ctx, item.at(), plan, price); err != nil {
			return d.StripeID, err
		}
	}
	switch {
	case d.State == DriftInSync:
		return d.StripeID, s.store.ToldPrice(ctx, price.ID, item.at(), price.RetiredAt == nil, s.now())
	case !push && !d.Ours || d.replaceable():
		return d.StripeID, &driftError{driftReasons[d.State]}
	}
	return d.StripeID, s.tellActive(ctx, item, price, d.StripeID)
}

func (s *Service) tellActive(ctx context.Context, item SyncItem, price Price, name string) error {
	active := price.RetiredAt == nil
	if err := s.gateway.SetPriceActive(ctx, item.at(), updateKey(item, price.UpdatedAt), name, active); err != nil {
		return err
	}
	return s.store.ToldPrice(ctx, price.ID, item.at(), active, s.now())
}

// repoint makes a new price at Stripe for ours. The old name stays known: subscriptions there go on under it.
func (s *Service) repoint(ctx context.Context, item SyncItem, plan Plan, price Price) (string, error) {
	old := item.StripeID
	if _, err := s.productThere(ctx, item.at(), plan); err != nil {
		return old, err
	}
	err := s.tx.InTx(ctx, func(ctx context.Context) error {
		return s.store.RenewPrice(ctx, price.ID, item.at(), old, newID(), s.now())
	})
	if err != nil {
		return old, err
	}
	name, err := s.EnsureStripePrice(ctx, item.at(), plan, price)
	if err != nil {
		return name, err
	}
	err = s.gateway.SetPriceActive(ctx, item.at(), item.ID+"-old", old, false)
	if errors.Is(err, ErrStripeGone) {
		err = nil
	}
	return name, err
}

// productThere answers the product of a plan, or a drift where Stripe has lost it: the product is repaired
// first, then its prices.
func (s *Service) productThere(ctx context.Context, at Account, plan Plan) (string, error) {
	name, err := s.ensureProduct(ctx, at, plan)
	if err != nil {
		return "", err
	}
	if _, err = s.gateway.ReadProduct(ctx, at, name); errors.Is(err, ErrStripeGone) {
		return "", &driftError{ReasonNeedsProduct}
	}
	return name, err
}
