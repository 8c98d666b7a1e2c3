package billing

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/wolfieauth/wolfieauth/internal/audit"
)

// KindSeats brings a subscription's quantity to Stripe; its key is the subscription's id.
const KindSeats = "seats"

type quoteKey struct{}

// WithConfirmedQuote answers a context under which [Service.MembersChanged] remembers from which moment the quote
// that the admin confirmed was counted, so that the invoice says what they were told.
func WithConfirmedQuote(ctx context.Context, q SeatQuote) context.Context {
	return context.WithValue(ctx, quoteKey{}, q)
}

func confirmedDate(ctx context.Context, subscriptionID string) *time.Time {
	q, _ := ctx.Value(quoteKey{}).(SeatQuote)
	for _, l := range q.Lines {
		if l.SubscriptionID == subscriptionID {
			return moment(l.ProrationDate)
		}
	}
	return nil
}

// MembersChanged hears that an org has more or fewer active members, in the transaction that changes them: each
// subscription that the org pays per seat is asked to follow, and the ledger notes who caused it. The membership
// and the wish commit together.
func (s *Service) MembersChanged(ctx context.Context, orgID string) error {
	return s.tx.InTx(ctx, func(ctx context.Context) error {
		subs, err := s.store.PerSeat(ctx, orgID)
		if err != nil || len(subs) == 0 {
			return err
		}
		members, err := s.members.ActiveMembers(ctx, orgID)
		if err != nil {
			return fmt.Errorf("count members: %w", err)
		}
		for _, sub := range subs {
			if err := s.causeSeats(ctx, sub, members, CauseMembers); err != nil {
				return err
			}
		}
		return nil
	})
}

// causeSeats notes what a change made necessary, and asks for it to be carried out. Where the quantity stays as it
// is on its way to be, as with spare seats, nothing is noted; Stripe is asked all the same, since our picture may be
// old.
func (s *Service) causeSeats(ctx context.Context, sub SeatSubscription, members int64, cause string) error {
	open, err := s.store.OpenSeatChanges(ctx, sub.ID)
	if err != nil {
		return err
	}
	from := sub.Quantity
	if len(open) > 0 {
		from = open[len(open)-1].To
	}
	if to := sub.wanted(members); to != from {
		row := s.newSeatChange(ctx, sub, members, cause)
		row.From, row.Reason, row.ProrationDate = from, sub.left(), confirmedDate(ctx, sub.ID)
		if err := s.store.SaveSeatChange(ctx, row); err != nil {
			return err
		}
	}
	if to := sub.wanted(members); to != sub.Quantity {
		if err := s.store.WaitForSeats(ctx, s.seatWait(sub, sub.left())); err != nil {
			return err
		}
	}
	return s.jobs.Want(ctx, KindSeats, sub.ID)
}

func (s *Service) seatWait(sub SeatSubscription, reason string) SeatWait {
	now := s.now()
	return SeatWait{SubscriptionID: sub.ID, OrgID: sub.OrgID, Since: now, Reason: reason, UpdatedAt: now}
}

// newSeatChange is a pending row to what is wanted now, caused by whoever the context names.
func (s *Service) newSeatChange(ctx context.Context, sub SeatSubscription, members int64, cause string) SeatChange {
	now := s.now()
	row := SeatChange{
		ID: newID(), OrgID: sub.OrgID, SubscriptionID: sub.ID, At: now, ActorKind: audit.ActorSystem, Cause: cause,
		Members: members, Committed: sub.Committed, From: sub.Quantity, To: sub.wanted(members), Status: SeatPending,
		Currency: sub.Currency, CreatedAt: now, UpdatedAt: now,
	}
	if r := audit.RequestFrom(ctx); r.ActorKind != "" {
		row.ActorKind, row.ActorID = r.ActorKind, r.ActorID
	}
	return row
}

// CommitSeats sets how many seats an org pays for at least, whatever its members: spare seats. One gives them up.
// It answers [ErrSubscriptionNotFound] also for another org's, [ErrQuantity] for what is not paid per seat or out
// of bounds, [SeatCapError] above the plan's maximum.
func (s *Service) CommitSeats(ctx context.Context, orgID, subscriptionID string, committed int64) error {
	err := s.tx.InTx(ctx, func(ctx context.Context) error {
		sub, err := s.lockedSubscription(ctx, subscriptionID)
		switch {
		case err != nil:
			return err
		case sub.OrgID != orgID || sub.EndedAt != nil:
			return ErrSubscriptionNotFound
		case !sub.PerSeat || committed < 1 || committed > MaxQuantity:
			return fmt.Errorf("%w: %d", ErrQuantity, committed)
		case sub.MaxSeats > 0 && committed > sub.MaxSeats:
			return &SeatCapError{Cap: sub.MaxSeats, Reason: CapPlan}
		case sub.Committed == committed:
			return nil
		}
		before := sub.Committed
		sub.Committed = committed
		if err := s.store.SaveSubscription(ctx, sub.Subscription); err != nil {
			return err
		}
		members, err := s.members.ActiveMembers(ctx, orgID)
		if err != nil {
			return fmt.Errorf("count members: %w", err)
		}
		if err := s.causeSeats(ctx, sub, members, CauseCommitted); err != nil {
			return err
		}
		return s.audit.Record(ctx, audit.Entry{
			OrgID: orgID, Action: "seats.committed", Target: audit.Target{Kind: "subscription", ID: sub.ID},
			Before: map[string]any{"committed": before}, After: map[string]any{"committed": committed},
		})
	})
	if err != nil {
		return fmt.Errorf("commit seats of subscription %s: %w", subscriptionID, err)
	}
	return nil
}

// lockedSubscription reads a subscription so that no read of Stripe is stored before the transaction ends: it
// takes the number that such reads are ordered by.
func (s *Service) lockedSubscription(ctx context.Context, id string) (SeatSubscription, error) {
	sub, err := s.store.SeatSubscription(ctx, id)
	if err != nil {
		return sub, err
	}
	if _, err := s.store.TakeRead(ctx, sub.Account, sub.Livemode, sub.StripeID); err != nil {
		return sub, err
	}
	return s.store.SeatSubscription(ctx, id)
}

// readSeats reads a subscription at Stripe as a webhook does.
func (s *Service) readSeats(ctx context.Context, at Account, id string) (err error) {
	for range 5 {
		if _, err = s.readSubscription(ctx, at, id, ""); !errors.Is(err, ErrRace) {
			break
		}
	}
	return err
}
