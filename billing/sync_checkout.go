package billing

import (
	"context"
	"errors"
)

// readCheckout reads a checkout session and, where it was completed, what was bought by it.
func (s *Service) readCheckout(ctx context.Context, at Account, sessionID string) (string, error) {
	row, err := s.store.CheckoutOfSession(ctx, at.ID, at.Livemode, sessionID)
	if err != nil && !errors.Is(err, ErrCheckoutNotFound) {
		return "", err
	}
	known := err == nil
	remote, err := s.gateway.ReadCheckout(ctx, at, sessionID)
	if errors.Is(err, ErrStripeGone) {
		return s.checkoutGone(ctx, row, known)
	}
	if err != nil {
		return "", err
	}
	if !known {
		if row, err = s.adopt(ctx, at, remote); err != nil {
			return notOurs(err, ErrCheckoutNotFound)
		}
	}
	return s.applyCheckout(ctx, row, remote)
}

func (s *Service) checkoutGone(ctx context.Context, row Checkout, known bool) (string, error) {
	if !known {
		return OutcomeGone, nil
	}
	_, err := s.store.CloseCheckout(ctx, row.ID, CheckoutExpired, s.now())
	return OutcomeGone, err
}

// adopt finds the row of a session whose id was lost in a crash after Stripe had answered. What the session
// says of itself is believed only where the row waits for a session on that account and mode, and where the
// session's customer is the row's org.
func (s *Service) adopt(ctx context.Context, at Account, remote RemoteCheckout) (Checkout, error) {
	if remote.CheckoutID == "" {
		return Checkout{}, ErrCheckoutNotFound
	}
	row, err := s.store.Checkout(ctx, remote.CheckoutID)
	if err != nil {
		return Checkout{}, err
	}
	customer, err := s.store.CustomerNamed(ctx, at.ID, at.Livemode, remote.CustomerID)
	if errors.Is(err, ErrCustomerNotFound) {
		return Checkout{}, ErrCheckoutNotFound
	}
	if err != nil {
		return Checkout{}, err
	}
	if row.at() != at || row.SessionID != "" || customer.OrgID != row.OrgID || customer.Currency != row.Currency {
		return Checkout{}, ErrCheckoutNotFound
	}
	return s.store.OpenSession(ctx, row.ID, remote.ID, remote.URL, s.now())
}

func (s *Service) applyCheckout(ctx context.Context, row Checkout, remote RemoteCheckout) (string, error) {
	switch {
	case remote.Status == remoteExpired:
		_, err := s.store.CloseCheckout(ctx, row.ID, CheckoutExpired, s.now())
		return OutcomeApplied, err
	case remote.Status != remoteComplete:
		return OutcomeApplied, nil
	case remote.SubscriptionID != "":
		return s.readSubscription(ctx, row.at(), remote.SubscriptionID, row.ID)
	case remote.PaymentStatus == remoteUnpaid:
		return OutcomeApplied, nil // a payment that takes days; its own event follows
	default:
		return s.storePurchase(ctx, row, remote)
	}
}

// complete marks the checkout of a holder as paid and closes the others of the same org and scope, inside the
// transaction that stores what was bought. What had ended before we heard of it was paid as well: its checkout would be
// read again for ever.
func (s *Service) complete(ctx context.Context, sub Subscription) error {
	if sub.CheckoutID != "" && (sub.Holds || sub.EndedAt != nil) {
		if _, err := s.store.CloseCheckout(ctx, sub.CheckoutID, CheckoutCompleted, s.now()); err != nil {
			return err
		}
	}
	if !sub.Holds {
		return nil
	}
	others, err := s.store.OpenCheckouts(ctx, sub.OrgID, sub.Scope, sub.Livemode)
	if err != nil {
		return err
	}
	for _, other := range others {
		if err := s.jobs.Want(ctx, KindExpire, other.ID); err != nil {
			return err
		}
	}
	return nil
}

// expireCheckout closes a checkout at Stripe so that it cannot be paid any more, then reads what became of it:
// it may have been paid a moment before.
func (s *Service) expireCheckout(ctx context.Context, checkoutID string) error {
	row, err := s.store.Checkout(ctx, checkoutID)
	if errors.Is(err, ErrCheckoutNotFound) {
		return nil
	}
	if err != nil || row.Status == CheckoutCompleted || row.Status == CheckoutRefunded {
		return err
	}
	if row.SessionID == "" {
		_, err := s.store.CloseCheckout(ctx, row.ID, CheckoutExpired, s.now())
		return err
	}
	if err := s.gateway.ExpireCheckout(ctx, row.at(), row.SessionID); err != nil && !errors.Is(err, ErrStripeGone) {
		return err
	}
	return s.jobs.Want(ctx, KindObject, row.objectKey())
}
