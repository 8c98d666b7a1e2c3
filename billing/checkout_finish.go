package billing

import (
	"context"
	"errors"
)

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
