package billing

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// quoteRecent is how long the moment of a confirmed quote is still the one to charge from.
const quoteRecent = time.Hour

// seatRounds bounds the changes that one call of the worker carries out, when members come and go meanwhile.
const seatRounds = 5

// syncSeats makes a subscription's quantity what it should be now. It reads Stripe first, so that a call whose
// answer was lost is known by its effect; it writes the row of a change before the call, and reads again after it,
// through the same door as a webhook.
func (s *Service) syncSeats(ctx context.Context, subscriptionID string) error {
	ctx = context.WithValue(ctx, followerKey{}, true)
	sub, err := s.store.Subscription(ctx, subscriptionID)
	if errors.Is(err, ErrSubscriptionNotFound) || err == nil && !sub.Recurring {
		return nil
	}
	if err != nil {
		return err
	}
	if sub.EndedAt == nil {
		if err := s.readSeats(ctx, sub.at(), sub.StripeID); err != nil {
			return s.seatsStuck(ctx, sub, nil, err)
		}
	}
	for range seatRounds {
		change, err := s.planSeats(ctx, subscriptionID)
		if err != nil {
			return fmt.Errorf("plan seats: %w", err)
		}
		if change == nil {
			return s.noteSeats(ctx, subscriptionID)
		}
		if err := s.changeSeats(ctx, sub, *change); err != nil {
			return err
		}
	}
	return s.jobs.Want(ctx, KindSeats, subscriptionID)
}

// changeSeats asks Stripe for one change, and reads what it made of it.
func (s *Service) changeSeats(ctx context.Context, sub Subscription, change SeatChange) error {
	now, err := s.store.Subscription(ctx, sub.ID)
	if err != nil {
		return err
	}
	err = s.gateway.SetQuantity(ctx, sub.at(), change.key(), QuantitySpec{
		SubscriptionID: sub.StripeID, ItemID: now.ItemID, Quantity: change.To, ProrationDate: change.ProrationDate,
	})
	if errors.Is(err, ErrProrationDate) && change.ProrationDate != nil {
		err = s.reviseOpen(ctx, change, func(row *SeatChange) {
			row.ProrationDate = nil
			row.Attempt++
		})
		if errors.Is(err, ErrSeatChangeNotFound) {
			err = nil
		}
		return err // the next round asks without it
	}
	if err == nil {
		err = s.readSeats(ctx, sub.at(), sub.StripeID)
	}
	if err != nil {
		return s.seatsStuck(ctx, sub, &change, err)
	}
	return nil
}

// key is the idempotency key of an attempt. Stripe repeats its refusal under the same key, so that one more try
// after it is a new one.
func (c SeatChange) key() string {
	if c.Attempt <= 1 {
		return c.ID
	}
	return fmt.Sprintf("%s-%d", c.ID, c.Attempt)
}

// planSeats writes the row of the change that is necessary now, or answers nil. The newest open row becomes it, so
// that the ledger tells who caused it; one that was sent and wants the same goes out again under the same key.
func (s *Service) planSeats(ctx context.Context, subscriptionID string) (change *SeatChange, err error) {
	err = s.tx.InTx(ctx, func(ctx context.Context) error {
		change = nil
		sub, err := s.lockedSubscription(ctx, subscriptionID)
		if err != nil || sub.left() != "" {
			return err
		}
		if _, err := s.store.LastSeatChange(ctx, sub.ID); errors.Is(err, ErrSeatChangeNotFound) && !sub.PerSeat {
			return nil
		}
		open, err := s.store.OpenSeatChanges(ctx, sub.ID)
		if err != nil {
			return err
		}
		members, err := s.members.ActiveMembers(ctx, sub.OrgID)
		if err != nil || sub.wanted(members) == sub.Quantity {
			return err
		}
		row := s.chooseSeats(ctx, sub, open, members)
		if err := s.store.SaveSeatChange(ctx, row); err != nil {
			return err
		}
		change = &row
		return s.dropSeats(ctx, open, row.ID, "")
	})
	return change, err
}

func (s *Service) chooseSeats(ctx context.Context, sub SeatSubscription, open []SeatChange, members int64) SeatChange {
	now, want := s.now(), sub.wanted(members)
	row := s.newSeatChange(ctx, sub, members, CauseCorrection)
	var cause *SeatChange
	for i, o := range open {
		if o.Attempt > 0 && o.From == sub.Quantity && o.To == want {
			return o
		}
		if cause == nil || o.Attempt == 0 {
			cause = &open[i]
		}
	}
	if cause != nil {
		row.ActorKind, row.ActorID, row.Cause, row.At = cause.ActorKind, cause.ActorID, cause.Cause, cause.At
	}
	if cause != nil && cause.Attempt == 0 { // one that was sent has given its id away as a key
		row.ID, row.CreatedAt, row.ProrationDate = cause.ID, cause.CreatedAt, cause.ProrationDate
	}
	row.Attempt, row.SentAt, row.UpdatedAt = 1, &now, now
	if d := row.ProrationDate; d != nil && (now.Sub(*d) > quoteRecent || sub.CurrentPeriodStart != nil && d.Before(*sub.CurrentPeriodStart)) {
		row.ProrationDate = nil
	}
	return row
}

// seatsStuck stores why a change did not come about, and answers the error, so that it is tried again.
func (s *Service) seatsStuck(ctx context.Context, sub Subscription, change *SeatChange, cause error) error {
	reason, refused := seatReason(cause)
	if reason == "" {
		return cause
	}
	err := s.tx.InTx(ctx, func(ctx context.Context) error {
		if change != nil {
			err := s.reviseOpen(ctx, *change, func(row *SeatChange) {
				if row.Reason = reason; refused {
					row.Attempt++
				}
			})
			if errors.Is(err, ErrSeatChangeNotFound) {
				return nil // another worker has settled it
			}
			if err != nil {
				return err
			}
		}
		return s.seatsLate(ctx, sub, reason)
	})
	return errors.Join(fmt.Errorf("seats of subscription %s: %s: %w", sub.ID, reason, cause), err)
}

// reviseOpen changes a row that is still open, or answers [ErrSeatChangeNotFound].
func (s *Service) reviseOpen(ctx context.Context, row SeatChange, edit func(row *SeatChange)) error {
	return s.tx.InTx(ctx, func(ctx context.Context) error {
		if _, err := s.lockedSubscription(ctx, row.SubscriptionID); err != nil {
			return err
		}
		open, err := s.store.OpenSeatChanges(ctx, row.SubscriptionID)
		if err != nil {
			return err
		}
		for _, o := range open {
			if o.ID == row.ID {
				edit(&o)
				o.UpdatedAt = s.now()
				return s.store.SaveSeatChange(ctx, o)
			}
		}
		return ErrSeatChangeNotFound
	})
}

// seatReason answers the code of an error, and whether Stripe has said no: then the same key would repeat it.
func seatReason(err error) (reason string, refused bool) {
	switch {
	case errors.Is(err, ErrCardDeclined):
		return SeatReasonCardDeclined, true
	case errors.Is(err, ErrAccountGone):
		return SeatReasonAccountGone, true
	case errors.Is(err, ErrStripeRefused), errors.Is(err, ErrStripeGone):
		return SeatReasonRefused, true
	case errors.Is(err, ErrStripeNotConfigured):
		return SeatReasonNotConfigured, true
	case errors.Is(err, ErrStripeUnavailable):
		return SeatReasonUnavailable, false
	default:
		return "", false
	}
}
