package billing

import (
	"context"
	"errors"
	"fmt"

	"github.com/wolfieauth/wolfieauth/internal/audit"
)

// KindChange carries out what buyers wish for a subscription; its key is the subscription's id.
const KindChange = "subscription_change"

// ErrSubscriptionOver means that the subscription has ended, or renews no more: there is nothing left to change.
var ErrSubscriptionOver = errors.New("subscription over")

// CancelAtPeriodEnd has an org's subscription end with the period that is paid for. One that ends already stays as it
// is. Where Stripe cannot be reached the wish stands and is carried out later: then it answers
// [ErrStripeUnavailable]. It answers [ErrSubscriptionNotFound] also for another org's, and [ErrSubscriptionOver].
func (s *Service) CancelAtPeriodEnd(ctx context.Context, orgID, subscriptionID string) error {
	return s.wishEnding(ctx, "cancel", orgID, subscriptionID, func(sub Subscription, sent bool) string {
		if sub.ends() && !sent {
			return ""
		}
		return ChangeCancel
	})
}

// Resume takes the end of a subscription back, as long as it has not come. Errors as [Service.CancelAtPeriodEnd].
func (s *Service) Resume(ctx context.Context, orgID, subscriptionID string) error {
	return s.wishEnding(ctx, "resume", orgID, subscriptionID, func(sub Subscription, sent bool) string {
		switch {
		case sub.CancelAt != nil && !sub.CancelAtPeriodEnd:
			return ChangeResumeDate
		case sub.CancelAtPeriodEnd || sent:
			return ChangeResume
		default:
			return ""
		}
	})
}

// ends tells whether the end of a subscription is fixed.
func (sub Subscription) ends() bool { return sub.CancelAtPeriodEnd || sub.CancelAt != nil }

// endingKind names the change that is necessary, "" for none. sent is true where a wish that Stripe may have carried
// out was not answered, so that our picture may be old.
type endingKind func(sub Subscription, sent bool) string

// wishEnding writes the wish that kind names and carries it out; where none is necessary, one that waits is taken
// back.
func (s *Service) wishEnding(ctx context.Context, verb, orgID, subscriptionID string, kind endingKind) error {
	what := verb + " subscription " + subscriptionID
	row, err := s.writeEnding(ctx, verb, orgID, subscriptionID, kind)
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	if err := s.carryOutWish(ctx, row); err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	return nil
}

func (s *Service) writeEnding(ctx context.Context, verb, orgID, subscriptionID string, kind endingKind) (row SubscriptionChange, err error) {
	err = s.tx.InTx(ctx, func(ctx context.Context) error {
		row = SubscriptionChange{}
		sub, err := s.changeable(ctx, orgID, subscriptionID)
		if err != nil {
			return err
		}
		sent, err := s.supersede(ctx, sub.ID)
		if err != nil {
			return err
		}
		wanted := kind(sub.Subscription, sent)
		if wanted == "" {
			return nil
		}
		row = s.newChange(ctx, sub.Subscription, wanted)
		if err := s.store.SaveChange(ctx, row); err != nil {
			return err
		}
		err = s.audit.Record(ctx, audit.Entry{
			OrgID: orgID, Action: "subscription." + verb + "_asked", Target: audit.Target{Kind: "subscription", ID: sub.ID},
			Before: viewOf(sub.Subscription), After: map[string]string{"change": row.ID, "kind": row.Kind},
		})
		if err != nil {
			return err
		}
		return s.jobs.Want(ctx, KindChange, sub.ID)
	})
	return row, err
}

// changeable answers a subscription of an org that a buyer may still change, locked until the transaction ends.
func (s *Service) changeable(ctx context.Context, orgID, subscriptionID string) (SeatSubscription, error) {
	sub, err := s.lockedSubscription(ctx, subscriptionID)
	switch {
	case err != nil:
		return sub, err
	case sub.OrgID != orgID:
		return sub, ErrSubscriptionNotFound
	case !sub.Recurring || !sub.Holds || sub.EndedAt != nil || sub.endedByClock(s.now()):
		return sub, ErrSubscriptionOver
	default:
		return sub, nil
	}
}

// supersede takes back every wish that waits: the newest one alone counts. sent tells whether Stripe was asked for one.
func (s *Service) supersede(ctx context.Context, subscriptionID string) (sent bool, err error) {
	open, err := s.store.OpenChanges(ctx, subscriptionID)
	if err != nil {
		return false, err
	}
	for _, row := range open {
		sent = sent || row.Attempt > 0
		row.Status, row.UpdatedAt = ChangeSuperseded, s.now()
		if err := s.store.SaveChange(ctx, row); err != nil {
			return sent, err
		}
	}
	return sent, nil
}

// newChange is a pending row, asked for by whoever the context names.
func (s *Service) newChange(ctx context.Context, sub Subscription, kind string) SubscriptionChange {
	now := s.now()
	row := SubscriptionChange{
		ID: newID(), OrgID: sub.OrgID, SubscriptionID: sub.ID, Kind: kind, ActorKind: audit.ActorSystem, Status: ChangePending,
		CreatedAt: now, UpdatedAt: now,
	}
	if r := audit.RequestFrom(ctx); r.ActorKind != "" {
		row.ActorKind, row.ActorID = r.ActorKind, r.ActorID
	}
	return row
}
