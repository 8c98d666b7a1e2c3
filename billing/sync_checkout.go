package billing

import (
	"context"
	"errors"
	"time"
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

// complete marks a checkout as paid and closes the others of the same org and scope, inside the transaction
// that stores what was bought.
func (s *Service) complete(ctx context.Context, sub Subscription) error {
	if sub.CheckoutID == "" || !sub.Holds {
		return nil
	}
	if _, err := s.store.CloseCheckout(ctx, sub.CheckoutID, CheckoutCompleted, s.now()); err != nil {
		return err
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

// FinishState is how a checkout stands when the buyer comes back.
type FinishState string

// The states of a finished checkout.
const (
	FinishSuccess   FinishState = "success"   // bought: the plan is held
	FinishPending   FinishState = "pending"   // Stripe, or the payment, takes longer; the plan will follow by itself
	FinishOpen      FinishState = "open"      // not paid; the buyer may still pay at URL
	FinishExpired   FinishState = "expired"   // not paid and over
	FinishGivenBack FinishState = "refunded"  // paid second: cancelled and given back
	FinishCancelled FinishState = "cancelled" // bought once, ended since
)

// CheckoutOutcome is what a return page shows.
type CheckoutOutcome struct {
	Checkout     Checkout
	State        FinishState
	Subscription *Subscription // where something was bought
}

// FinishCheckout reads a checkout again at once, so that the buyer who comes back never waits for a webhook. It
// believes nothing that the browser says. It answers [ErrCheckoutNotFound] for another org's checkout; orgID
// "" asks for no owner, for a return page that knows no session and shows nothing but the way back. When
// Stripe does not answer, the state is pending and the work goes on by itself.
func (s *Service) FinishCheckout(ctx context.Context, checkoutID, orgID string) (CheckoutOutcome, error) {
	row, err := s.store.Checkout(ctx, checkoutID)
	if err != nil {
		return CheckoutOutcome{}, err
	}
	if orgID != "" && row.OrgID != orgID {
		return CheckoutOutcome{}, ErrCheckoutNotFound
	}
	unread := false
	if row.SessionID != "" && (row.Status == CheckoutOpen || row.Status == CheckoutExpired) {
		if err := s.jobs.DoNow(ctx, KindObject, row.objectKey()); err != nil {
			s.log.WarnContext(ctx, "checkout not read at return", "checkout", row.ID, "error", err)
			unread = true
		}
		if row, err = s.store.Checkout(ctx, checkoutID); err != nil {
			return CheckoutOutcome{}, err
		}
	}
	out := CheckoutOutcome{Checkout: row, State: FinishOpen}
	sub, err := s.store.SubscriptionOfCheckout(ctx, row.ID)
	switch {
	case err == nil:
		out.Subscription = &sub
		out.State = sub.finishState()
	case !errors.Is(err, ErrSubscriptionNotFound):
		return CheckoutOutcome{}, err
	case unread:
		out.State = FinishPending
	case row.Status == CheckoutExpired:
		out.State = FinishExpired
	case row.Status == CheckoutCompleted:
		out.State = FinishPending
	}
	if row.Status == CheckoutRefunded {
		out.State = FinishGivenBack
	}
	return out, nil
}

func (sub Subscription) finishState() FinishState {
	switch {
	case sub.Holds:
		return FinishSuccess
	case sub.Status.Live():
		return FinishGivenBack
	case sub.Status == StatusIncomplete:
		return FinishPending
	default:
		return FinishCancelled
	}
}

// nextRead is the next moment at which the clock alone may change a subscription: then it is read again.
func (sub Subscription) nextRead(now time.Time) (time.Time, bool) {
	if sub.EndedAt != nil {
		return time.Time{}, false
	}
	var next *time.Time
	for _, t := range []*time.Time{sub.CurrentPeriodEnd, sub.TrialEnd, sub.CancelAt, sub.ExpiresAt} {
		if t != nil && t.After(now) && (next == nil || t.Before(*next)) {
			next = t
		}
	}
	// A period that ended without renewal yet, a payment that failed, a first payment that is awaited: Stripe
	// is expected to move soon.
	overdue := sub.CurrentPeriodEnd != nil && !sub.CurrentPeriodEnd.After(now) && sub.Recurring
	if overdue || sub.Status == StatusPastDue || sub.Status == StatusIncomplete {
		if soon := now.Add(rereadSoon); next == nil || soon.Before(*next) {
			next = &soon
		}
	}
	if next == nil {
		return time.Time{}, false
	}
	return *next, true
}

// rereadSoon is how long Stripe takes at most between the end of a period and the charge of the next, about.
const rereadSoon = time.Hour
