package billing

import (
	"context"
	"errors"

	"github.com/wolfieauth/wolfieauth/internal/audit"
)

type followerKey struct{}

// followSeats compares what was read of a subscription with the ledger and with the members, in the transaction
// that stores the read: a change of ours that has arrived is done, a quantity that somebody set at Stripe becomes a
// step of the ledger too, and where the quantity is not what it should be, a wish is written.
func (s *Service) followSeats(ctx context.Context, read Subscription) error {
	if !read.Recurring || read.Status == StatusIncomplete || read.Status == StatusIncompleteExpired {
		return nil
	}
	sub, err := s.store.SeatSubscription(ctx, read.ID)
	if err != nil {
		return err
	}
	last, err := s.store.LastSeatChange(ctx, sub.ID)
	known := err == nil
	if err != nil && !errors.Is(err, ErrSeatChangeNotFound) {
		return err
	}
	if !known && !sub.PerSeat {
		return nil // it never was paid per seat: its quantity is not ours to know
	}
	// The rows before the members: every change that a row tells of is then in the count.
	open, err := s.store.OpenSeatChanges(ctx, sub.ID)
	if err != nil {
		return err
	}
	members, err := s.members.ActiveMembers(ctx, sub.OrgID)
	if err != nil {
		return err
	}
	if !known || last.To != sub.Quantity {
		if open, err = s.step(ctx, sub, last, open, members); err != nil {
			return err
		}
	}
	return s.compareSeats(ctx, sub, open, members)
}

// step writes how the quantity came to be what it is, and answers the rows that are still open.
func (s *Service) step(ctx context.Context, sub SeatSubscription, last SeatChange, open []SeatChange, members int64) ([]SeatChange, error) {
	now := s.now()
	row := s.newSeatChange(ctx, sub, members, CauseStripe)
	row.ActorKind, row.ActorID = actorStripe, ""
	if last.Position == 0 {
		row.Cause, row.ActorKind = CausePurchase, audit.ActorSystem
		if c, err := s.store.Checkout(ctx, sub.CheckoutID); err == nil {
			row.ActorKind, row.ActorID = audit.ActorUser, c.UserID
		} else if !errors.Is(err, ErrCheckoutNotFound) {
			return nil, err
		}
	}
	rest := open
	for i, o := range open {
		if last.Position > 0 && o.Attempt > 0 && o.To == sub.Quantity {
			row, rest = o, append(append([]SeatChange(nil), open[:i]...), open[i+1:]...)
			break
		}
	}
	row.From, row.To, row.Position = last.To, sub.Quantity, last.Position+1
	row.Status, row.Reason, row.DoneAt, row.UpdatedAt = SeatDone, "", &now, now
	if err := s.store.SaveSeatChange(ctx, row); err != nil {
		return nil, err
	}
	return rest, s.recordSeats(ctx, row)
}

// recordSeats puts a step into the audit log too, as every change of money.
func (s *Service) recordSeats(ctx context.Context, row SeatChange) error {
	actor := audit.Actor{Kind: row.ActorKind, ID: row.ActorID}
	if actor.Kind == actorStripe {
		actor.Kind = audit.ActorSystem
	}
	return s.audit.Record(ctx, audit.Entry{
		Actor: actor, OrgID: row.OrgID, Action: "seats.changed", Target: audit.Target{Kind: "subscription", ID: row.SubscriptionID},
		Before: map[string]any{"quantity": row.From}, After: map[string]any{"quantity": row.To, "cause": row.Cause, "change": row.ID},
	})
}

// actorStripe is the ledger's word for what nobody here has done.
const actorStripe = "stripe"

// compareSeats closes what waits when the quantity is right, and asks for a change when it is not.
func (s *Service) compareSeats(ctx context.Context, sub SeatSubscription, open []SeatChange, members int64) error {
	why := sub.left()
	switch {
	case why == SeatReasonEnded:
		return errors.Join(s.dropSeats(ctx, open, "", why), s.store.SeatsArrived(ctx, sub.ID))
	case sub.Quantity == sub.wanted(members):
		return errors.Join(s.dropSeats(ctx, open, "", SeatReasonNotNeeded), s.store.SeatsArrived(ctx, sub.ID))
	case why != "":
		return s.leaveSeats(ctx, sub, open, why)
	}
	if err := s.awaitSeats(ctx, sub); err != nil {
		return err
	}
	if ctx.Value(followerKey{}) != nil {
		return nil // the worker that reads is the one that would be asked
	}
	return s.jobs.Want(ctx, KindSeats, sub.ID)
}

// awaitSeats begins to wait; time during which nothing was to be done does not count.
func (s *Service) awaitSeats(ctx context.Context, sub SeatSubscription) error {
	wait, err := s.store.SeatWait(ctx, sub.ID)
	if err != nil && !errors.Is(err, ErrSeatWaitNotFound) {
		return err
	}
	if err == nil {
		if wait.Reason != SeatReasonPaused && wait.Reason != SeatReasonUnpaid {
			return nil
		}
		if err := s.store.SeatsArrived(ctx, sub.ID); err != nil {
			return err
		}
	}
	return s.store.WaitForSeats(ctx, s.seatWait(sub, ""))
}

// leaveSeats notes why nothing is done for now.
func (s *Service) leaveSeats(ctx context.Context, sub SeatSubscription, open []SeatChange, why string) error {
	for _, row := range open {
		if row.Reason == why {
			continue
		}
		row.Reason, row.UpdatedAt = why, s.now()
		if err := s.store.SaveSeatChange(ctx, row); err != nil {
			return err
		}
	}
	return s.store.WaitForSeats(ctx, s.seatWait(sub, why))
}

// dropSeats closes rows that another one covers, or that nothing is left to do for. What Stripe refused to the end
// has failed.
func (s *Service) dropSeats(ctx context.Context, open []SeatChange, coveredBy, why string) error {
	for _, row := range open {
		if row.ID == coveredBy {
			continue
		}
		row.Status, row.CoveredBy, row.UpdatedAt = SeatSuperseded, coveredBy, s.now()
		if row.Attempt > 1 && row.Reason != "" {
			row.Status = SeatFailed // with the reason of its last attempt
		} else {
			row.Reason = why
		}
		if err := s.store.SaveSeatChange(ctx, row); err != nil {
			return err
		}
	}
	return nil
}
