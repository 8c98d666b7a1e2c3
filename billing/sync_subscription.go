package billing

import (
	"context"
	"errors"
	"time"
)

// readSubscription reads a subscription and stores it, and has its latest invoice read where that is not settled.
// checkoutID is the checkout of ours that Stripe says it came from, "" when it is not known.
func (s *Service) readSubscription(ctx context.Context, at Account, id, checkoutID string) (string, error) {
	outcome, invoiceID, err := s.readSubscriptionOnly(ctx, at, id, checkoutID)
	if err != nil || outcome != OutcomeApplied {
		return outcome, err
	}
	return outcome, s.wantInvoice(ctx, at, invoiceID)
}

// readSubscriptionOnly leaves the invoice alone, and answers its name.
func (s *Service) readSubscriptionOnly(ctx context.Context, at Account, id, checkoutID string) (outcome, invoiceID string, err error) {
	generation, err := s.store.TakeRead(ctx, at.ID, at.Livemode, id)
	if err != nil {
		return "", "", err
	}
	remote, err := s.gateway.ReadSubscription(ctx, at, id)
	gone := errors.Is(err, ErrStripeGone)
	if err != nil && !gone {
		return "", "", err
	}
	outcome = OutcomeApplied
	err = s.tx.InTx(ctx, func(ctx context.Context) error {
		newest, err := s.store.StoreRead(ctx, at.ID, at.Livemode, id, generation)
		if err != nil || !newest {
			return err // a later read has said more
		}
		if gone {
			outcome, err = s.forgetGone(ctx, at, id)
			return err
		}
		outcome, err = s.storeSubscription(ctx, at, remote, checkoutID)
		return err
	})
	return outcome, remote.LatestInvoiceID, err
}

// forgetGone ends the row of an object that Stripe does not know any more.
func (s *Service) forgetGone(ctx context.Context, at Account, id string) (string, error) {
	sub, err := s.store.SubscriptionNamed(ctx, at.ID, at.Livemode, id)
	if errors.Is(err, ErrSubscriptionNotFound) {
		return OutcomeGone, nil
	}
	if err != nil {
		return "", err
	}
	return OutcomeGone, s.end(ctx, sub, s.now())
}

// end stores that a subscription counts no more.
func (s *Service) end(ctx context.Context, sub Subscription, at time.Time) error {
	if sub.EndedAt == nil {
		sub.EndedAt = &at
	}
	sub.Status, sub.Holds, sub.UpdatedAt = StatusCanceled, false, s.now()
	if err := s.saveSubscription(ctx, sub); err != nil {
		return err
	}
	return s.followSeats(ctx, sub)
}

// storeSubscription writes what was read. Who bought what is decided by our own rows: the customer's org, the
// price's plan. What the object says of itself in its metadata decides nothing.
func (s *Service) storeSubscription(ctx context.Context, at Account, remote RemoteSubscription, checkoutID string) (string, error) {
	sub, err := s.store.SubscriptionNamed(ctx, at.ID, at.Livemode, remote.ID)
	known := err == nil
	if err != nil && !errors.Is(err, ErrSubscriptionNotFound) {
		return "", err
	}
	customer, err := s.store.CustomerNamed(ctx, at.ID, at.Livemode, remote.CustomerID)
	if err != nil {
		return notOurs(err, ErrCustomerNotFound)
	}
	priceID, err := s.store.PriceNamed(ctx, at.ID, at.Livemode, remote.StripePriceID)
	if errors.Is(err, ErrPriceNotFound) && known && sub.OrgID == customer.OrgID {
		// Somebody moved it to a price that we do not sell: it is no longer ours.
		return OutcomeNotOurs, s.end(ctx, sub, s.now())
	}
	if err != nil {
		return notOurs(err, ErrPriceNotFound)
	}
	if known && sub.OrgID != customer.OrgID || remote.Livemode != at.Livemode {
		return OutcomeNotOurs, nil
	}
	if !known {
		sub = Subscription{
			ID: newID(), OrgID: customer.OrgID, Account: at.ID, Livemode: at.Livemode, StripeID: remote.ID,
			Recurring: true, Committed: 1, StripeCreatedAt: remote.Created.UTC(), CreatedAt: s.now(),
		}
	}
	if err := s.priced(ctx, &sub, priceID); err != nil {
		return "", err
	}
	if err := s.linkCheckout(ctx, &sub, customer, firstOf(checkoutID, remote.CheckoutID)); err != nil {
		return "", err
	}
	sub.CustomerID = remote.CustomerID
	started := sub.CurrentPeriodStart
	follow(&sub, remote)
	if err := s.settle(ctx, sub, remote.LatestPaymentID); err != nil {
		return "", err
	}
	return OutcomeApplied, s.invoicedSeats(ctx, sub, started)
}

// priced gives a subscription the plan, scope and interval of a price.
func (s *Service) priced(ctx context.Context, sub *Subscription, priceID string) error {
	if sub.PriceID == priceID {
		return nil
	}
	price, err := s.store.Price(ctx, priceID)
	if err != nil {
		return err
	}
	plan, err := s.store.Plan(ctx, price.PlanID)
	if err != nil {
		return err
	}
	sub.PriceID, sub.PlanID, sub.Scope = price.ID, plan.ID, plan.Scope
	sub.Currency, sub.Interval = price.Currency, price.Interval
	if plan.Scope.Kind == ScopeApp {
		sub.ClientID = plan.Scope.ID
	}
	return nil
}

// linkCheckout connects a subscription with the attempt to buy that made it, where that attempt was this org's,
// on this account, for this scope.
func (s *Service) linkCheckout(ctx context.Context, sub *Subscription, customer Customer, checkoutID string) error {
	if sub.CheckoutID != "" || checkoutID == "" {
		return nil
	}
	row, err := s.store.Checkout(ctx, checkoutID)
	if errors.Is(err, ErrCheckoutNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	if row.at() != (Account{ID: sub.Account, Livemode: sub.Livemode}) || row.OrgID != customer.OrgID || row.Scope != sub.Scope {
		return nil
	}
	if _, err := s.store.SubscriptionOfCheckout(ctx, row.ID); !errors.Is(err, ErrSubscriptionNotFound) {
		return err // one checkout makes one subscription
	}
	sub.CheckoutID, sub.ClientID, sub.Committed = row.ID, row.ClientID, row.Committed
	return nil
}

// follow copies Stripe's state.
func follow(sub *Subscription, r RemoteSubscription) {
	sub.Status, sub.ItemID, sub.Quantity = r.Status, r.ItemID, r.Quantity
	sub.CurrentPeriodStart, sub.CurrentPeriodEnd = moment(r.CurrentPeriodStart), moment(r.CurrentPeriodEnd)
	sub.TrialEnd, sub.CancelAt, sub.CanceledAt = utc(r.TrialEnd), utc(r.CancelAt), utc(r.CanceledAt)
	sub.CancelAtPeriodEnd, sub.OldestUnpaidAt = r.CancelAtPeriodEnd, utc(r.OldestUnpaidAt)
	sub.EndedAt = utc(r.EndedAt)
}

// settle decides whether the subscription holds its scope, and stores it with everything that follows: a
// second payment given back, checkouts closed, the next read.
func (s *Service) settle(ctx context.Context, sub Subscription, paymentID string) error {
	now := s.now()
	sub.UpdatedAt = now
	if sub.EndedAt == nil && (sub.Status == StatusCanceled || sub.Status == StatusIncompleteExpired) {
		sub.EndedAt = &now
	}
	alive := sub.Status.Live() && sub.EndedAt == nil
	if err := s.hold(ctx, &sub, alive, paymentID); err != nil {
		return err
	}
	if err := s.complete(ctx, sub); err != nil {
		return err
	}
	if err := s.followSeats(ctx, sub); err != nil {
		return err
	}
	if next, ok := sub.nextRead(now); ok {
		return s.jobs.WantAt(ctx, KindObject, sub.objectKey(), next)
	}
	return nil
}

// hold stores a subscription as the holder of its scope, unless an earlier one holds it.
func (s *Service) hold(ctx context.Context, sub *Subscription, alive bool, paymentID string) error {
	if !alive {
		sub.Holds = false
		return s.saveSubscription(ctx, *sub)
	}
	holder, err := s.store.Holder(ctx, sub.OrgID, sub.Scope, sub.Livemode)
	switch {
	case errors.Is(err, ErrSubscriptionNotFound), err == nil && holder.ID == sub.ID:
		return s.holdFree(ctx, sub)
	case err != nil:
		return err
	}
	if sub.before(holder) {
		// Read out of order: the holder was bought later, so it is the one to go.
		holder.Holds, holder.UpdatedAt = false, s.now()
		if err := s.saveSubscription(ctx, holder); err != nil {
			return err
		}
		sub.Holds = true
		if err := s.saveSubscription(ctx, *sub); err != nil {
			return err
		}
		return s.giveBack(ctx, holder, "")
	}
	sub.Holds = false
	if err := s.saveSubscription(ctx, *sub); err != nil {
		return err
	}
	return s.giveBack(ctx, *sub, paymentID)
}

// holdFree takes a free scope, unless this payment is on its way back to the buyer.
func (s *Service) holdFree(ctx context.Context, sub *Subscription) error {
	decided, err := s.store.RefundDecided(ctx, sub.ID)
	if err != nil {
		return err
	}
	sub.Holds = !decided
	return s.saveSubscription(ctx, *sub)
}
