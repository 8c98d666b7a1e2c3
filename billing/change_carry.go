package billing

import (
	"context"
	"errors"
	"fmt"
)

// carryOutWish carries a wish out before it answers, and answers what became of it.
func (s *Service) carryOutWish(ctx context.Context, row SubscriptionChange) error {
	if row.ID == "" {
		return nil
	}
	err := s.jobs.DoNow(ctx, KindChange, row.SubscriptionID)
	now, readErr := s.store.Change(ctx, row.ID)
	if readErr != nil {
		return readErr
	}
	if now.Status == ChangeDone {
		return nil // whatever came after it
	}
	if err == nil && now.Status == ChangeFailed {
		err = fmt.Errorf("%w: %s", ErrStripeRefused, now.Reason) // another worker heard it
	}
	return err
}

// carryOutChanges asks Stripe for every open change of a subscription that is due, and reads what it made of each
// through the same door as a webhook.
func (s *Service) carryOutChanges(ctx context.Context, subscriptionID string) error {
	sub, err := s.store.Subscription(ctx, subscriptionID)
	if errors.Is(err, ErrSubscriptionNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	open, err := s.store.OpenChanges(ctx, subscriptionID)
	if err != nil {
		return err
	}
	var refused error
	for _, row := range open {
		if row.DueAt != nil && s.now().Before(*row.DueAt) {
			if err := s.jobs.WantAt(ctx, KindChange, subscriptionID, *row.DueAt); err != nil {
				return err
			}
			continue
		}
		err := s.carryOutChange(ctx, sub, row)
		if errors.Is(err, errSuperseded) {
			continue
		}
		if errors.Is(err, ErrStripeRefused) || errors.Is(err, ErrSubscriptionOver) {
			refused = errors.Join(refused, err) // it is settled: the next one has its turn
			continue
		}
		if err != nil {
			return err
		}
	}
	return refused
}

// carryOutChange asks Stripe once. A row that was asked for before is looked up first: Stripe forgets a key after a
// day, and the change may have come about.
func (s *Service) carryOutChange(ctx context.Context, sub Subscription, row SubscriptionChange) error {
	first := row.Attempt == 0
	if first {
		row.Attempt = 1
		if err := s.reviseChange(ctx, &row); err != nil {
			return err
		}
	}
	err := s.readSeats(ctx, sub.at(), sub.StripeID)
	if err == nil {
		sub, err = s.store.Subscription(ctx, sub.ID)
	}
	if err != nil {
		return s.changeStuck(ctx, row, err)
	}
	if sub.EndedAt != nil || !sub.Holds {
		row.Status, row.Reason = ChangeFailed, SeatReasonEnded
		return errors.Join(ErrSubscriptionOver, s.reviseChange(ctx, &row))
	}
	if !row.cameAbout(sub) {
		err = s.askChange(ctx, sub, &row)
		if err == nil {
			err = s.readSeats(ctx, sub.at(), sub.StripeID)
		}
		if err != nil {
			return s.changeStuck(ctx, row, err)
		}
	}
	now := s.now()
	row.Status, row.Reason, row.DoneAt = ChangeDone, "", &now
	return s.reviseChange(ctx, &row)
}

// cameAbout tells whether a subscription is already as the change wants it.
func (c SubscriptionChange) cameAbout(sub Subscription) bool {
	switch c.Kind {
	case ChangeCancel:
		return sub.CancelAtPeriodEnd
	case ChangeResume, ChangeResumeDate:
		return !sub.ends()
	default:
		return sub.PriceID == c.ToPriceID
	}
}

func (s *Service) askChange(ctx context.Context, sub Subscription, row *SubscriptionChange) error {
	switch row.Kind {
	case ChangeCancel:
		return s.gateway.SetEnding(ctx, sub.at(), row.key(), sub.StripeID, Ending{AtPeriodEnd: true})
	case ChangeResume:
		return s.gateway.SetEnding(ctx, sub.at(), row.key(), sub.StripeID, Ending{})
	case ChangeResumeDate:
		return s.gateway.SetEnding(ctx, sub.at(), row.key(), sub.StripeID, Ending{ClearDate: true})
	case ChangeSwitch:
		return s.askSwitch(ctx, sub, row)
	default:
		return fmt.Errorf("%w: change of kind %q", ErrStripeRefused, row.Kind)
	}
}

// changeStuck stores why a change did not come about. What Stripe refuses is over; the rest is tried again.
func (s *Service) changeStuck(ctx context.Context, row SubscriptionChange, cause error) error {
	reason, refused := seatReason(cause)
	if reason == "" {
		return cause
	}
	row.Reason = reason
	if refused && reason != SeatReasonNotConfigured {
		row.Status = ChangeFailed
	}
	return errors.Join(fmt.Errorf("change %s of subscription %s: %s: %w", row.ID, row.SubscriptionID, reason, cause), s.reviseChange(ctx, &row))
}

// errSuperseded means that a later wish has taken a change's place.
var errSuperseded = errors.New("change superseded")

// reviseChange stores a row unless a later wish has taken its place meanwhile, [errSuperseded]; one that came about
// all the same stays done.
func (s *Service) reviseChange(ctx context.Context, row *SubscriptionChange) error {
	return s.tx.InTx(ctx, func(ctx context.Context) error {
		if _, err := s.lockedSubscription(ctx, row.SubscriptionID); err != nil {
			return err
		}
		now, err := s.store.Change(ctx, row.ID)
		if err != nil {
			return err
		}
		if now.Status == ChangeSuperseded && row.Status != ChangeDone {
			return errSuperseded
		}
		row.UpdatedAt = s.now()
		return s.store.SaveChange(ctx, *row)
	})
}
