package billing

import (
	"context"
	"errors"
	"time"
)

const day = 24 * time.Hour

// storePurchase stores a paid checkout of payment mode. The checkout row decides who bought what. Its name is
// the payment's id, or the session's where nothing had to be paid.
func (s *Service) storePurchase(ctx context.Context, row Checkout, remote RemoteCheckout) (string, error) {
	name, paid := remote.ID, RemotePayment{Succeeded: true, Created: remote.Created}
	generation, err := s.store.TakeRead(ctx, row.Account, row.Livemode, firstOf(remote.PaymentID, name))
	if err != nil {
		return "", err
	}
	if remote.PaymentID != "" {
		name = remote.PaymentID
		paid, err = s.gateway.ReadPayment(ctx, row.at(), name)
		if errors.Is(err, ErrStripeGone) {
			return OutcomeGone, nil
		}
		if err != nil {
			return "", err
		}
	}
	if !paid.Succeeded {
		return OutcomeApplied, nil
	}
	plan, err := s.store.Plan(ctx, row.PlanID)
	if err != nil {
		return "", err
	}
	sub := Subscription{
		ID: newID(), OrgID: row.OrgID, ClientID: row.ClientID, Scope: row.Scope, PlanID: row.PlanID, PriceID: row.PriceID,
		CheckoutID: row.ID, Account: row.Account, Livemode: row.Livemode, StripeID: name, CustomerID: remote.CustomerID,
		Quantity: row.Quantity, Committed: row.Committed, Currency: row.Currency, Interval: IntervalOneTime,
		StripeCreatedAt: paid.Created.UTC(), CreatedAt: s.now(),
	}
	if plan.LastsDays > 0 {
		end := sub.StripeCreatedAt.Add(time.Duration(plan.LastsDays) * day)
		sub.ExpiresAt = &end
	}
	outcome, err := s.settlePurchase(ctx, sub, paid, generation)
	if err != nil {
		return "", err
	}
	return outcome, s.wantInvoice(ctx, row.at(), firstOf(paid.InvoiceID, remote.InvoiceID))
}

// readPurchase reads the payment of a one-time purchase; a payment that is none of ours, such as an invoice's,
// has other events that tell of it.
func (s *Service) readPurchase(ctx context.Context, at Account, id string) (string, error) {
	sub, err := s.store.SubscriptionNamed(ctx, at.ID, at.Livemode, id)
	if err != nil {
		return notOurs(err, ErrSubscriptionNotFound)
	}
	generation, err := s.store.TakeRead(ctx, at.ID, at.Livemode, id)
	if err != nil {
		return "", err
	}
	paid, err := s.gateway.ReadPayment(ctx, at, id)
	if errors.Is(err, ErrStripeGone) {
		return s.forgetGone(ctx, at, id)
	}
	if err != nil {
		return "", err
	}
	return s.settlePurchase(ctx, sub, paid, generation)
}

func (s *Service) settlePurchase(ctx context.Context, sub Subscription, paid RemotePayment, generation int64) (string, error) {
	err := s.tx.InTx(ctx, func(ctx context.Context) error {
		newest, err := s.store.StoreRead(ctx, sub.Account, sub.Livemode, sub.StripeID, generation)
		if err != nil || !newest {
			return err
		}
		old, err := s.store.SubscriptionNamed(ctx, sub.Account, sub.Livemode, sub.StripeID)
		if err == nil {
			sub = old
		} else if !errors.Is(err, ErrSubscriptionNotFound) {
			return err
		}
		now := s.now()
		sub.Status = StatusActive
		switch {
		case paid.Refunded:
			sub.Status = StatusCanceled
			sub.EndedAt = firstTime(sub.EndedAt, now)
		case sub.ExpiresAt != nil && !now.Before(*sub.ExpiresAt):
			sub.Status, sub.EndedAt = StatusCanceled, sub.ExpiresAt
		}
		return s.settle(ctx, sub, paid.ID)
	})
	return OutcomeApplied, err
}

func firstTime(t *time.Time, otherwise time.Time) *time.Time {
	if t != nil {
		return t
	}
	return &otherwise
}
