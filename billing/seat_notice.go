package billing

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// KindSeatNotice tells an org that its seats do not reach Stripe; its key is the subscription's id.
const KindSeatNotice = "seat_notice"

// SeatsLate is what an org is told when its seats have not reached Stripe for long.
type SeatsLate struct {
	OrgID          string
	SubscriptionID string
	ClientID       string // the app that it was bought through
	PlanName       string
	AppName        string // or the bundle's
	Members        int64
	Wanted         int64
	Quantity       int64 // as Stripe has it
	Reason         string
	Since          time.Time
}

// seatsLate notes the reason, and when the org is to be told.
func (s *Service) seatsLate(ctx context.Context, sub Subscription, reason string) error {
	wait, err := s.store.SeatWait(ctx, sub.ID)
	if errors.Is(err, ErrSeatWaitNotFound) {
		return nil // nothing is known to be wrong: only the look at Stripe failed
	}
	if err != nil {
		return err
	}
	wait.Reason, wait.UpdatedAt = reason, s.now()
	if err := s.store.WaitForSeats(ctx, wait); err != nil || wait.ToldAt != nil {
		return err
	}
	return s.jobs.WantAt(ctx, KindSeatNotice, sub.ID, wait.Since.Add(s.seatNotice))
}

// tellOfSeats writes the mail, once for each time that a subscription is stuck.
func (s *Service) tellOfSeats(ctx context.Context, subscriptionID string) error {
	return s.tx.InTx(ctx, func(ctx context.Context) error {
		wait, err := s.store.SeatWait(ctx, subscriptionID)
		if errors.Is(err, ErrSeatWaitNotFound) {
			return nil
		}
		if err != nil {
			return err
		}
		if due := wait.Since.Add(s.seatNotice); s.now().Before(due) { // stuck anew since it was asked for
			return s.jobs.WantAt(ctx, KindSeatNotice, subscriptionID, due)
		}
		sub, err := s.store.SeatSubscription(ctx, subscriptionID)
		if err != nil || sub.left() != "" {
			return err
		}
		members, err := s.members.ActiveMembers(ctx, sub.OrgID)
		if err != nil || sub.wanted(members) == sub.Quantity {
			return err
		}
		first, err := s.store.TellOfSeats(ctx, subscriptionID, s.now())
		if err != nil || !first {
			return err
		}
		name, err := s.scopeName(ctx, sub.Scope)
		if err != nil {
			return err
		}
		err = s.mailer.SeatsLate(ctx, SeatsLate{
			OrgID: sub.OrgID, SubscriptionID: sub.ID, ClientID: sub.ClientID, PlanName: sub.PlanName, AppName: name, Members: members,
			Wanted: sub.wanted(members), Quantity: sub.Quantity, Reason: wait.Reason, Since: wait.Since,
		})
		if err != nil {
			return fmt.Errorf("tell of seats: %w", err)
		}
		return nil
	})
}

// scopeName is what an app or bundle is called, its id where it is gone.
func (s *Service) scopeName(ctx context.Context, scope Scope) (string, error) {
	var name string
	var err error
	if scope.Kind == ScopeBundle {
		var b BundleInfo
		b, err = s.apps.Bundle(ctx, scope.ID)
		name = b.Name
	} else {
		var a AppInfo
		a, err = s.apps.App(ctx, scope.ID)
		name = a.Name
	}
	if errors.Is(err, ErrAppNotFound) {
		return scope.ID, nil
	}
	return name, err
}
