package billing

import (
	"context"
	"errors"
	"fmt"
	"time"
)

const (
	// KindSeatDrift is the regular look whether quantities, members and Stripe agree.
	KindSeatDrift = "seat_drift"
	// KindSeatCheck compares a page of subscriptions; its key is the id that the page begins after.
	KindSeatCheck = "seat_check"
)

const (
	seatCheckEvery = 6 * time.Hour
	seatCheckPage  = 50
)

// SeatDrift is a subscription whose quantity differs from its members, or from what Stripe has.
type SeatDrift struct {
	OrgID          string
	SubscriptionID string
	StripeID       string
	PlanName       string
	Members        int64
	Committed      int64
	Wanted         int64  // max(1, Members, Committed)
	Stored         int64  // as we last read it
	AtStripe       int64  // 0 when Stripe could not be asked
	Reason         string // why it waits, where that is known, or why Stripe could not be asked
	Repaired       bool   // a wish was written
}

// CheckSeats compares every subscription that is paid per seat with the org's members and with what Stripe has now,
// calls report for each that differs, and answers how many were compared. Unless dryRun, it writes a wish for each,
// which the worker carries out. A subscription that cannot be read at Stripe is reported and does not end the look.
func (s *Service) CheckSeats(ctx context.Context, dryRun bool, report func(SeatDrift)) (compared int, err error) {
	after := ""
	for {
		n, last, err := s.checkSeatPage(ctx, after, dryRun, report)
		compared += n
		if err != nil || n < seatCheckPage {
			return compared, err
		}
		after = last
	}
}

func (s *Service) checkSeatPage(ctx context.Context, after string, dryRun bool, report func(SeatDrift)) (n int, last string, err error) {
	subs, err := s.store.PerSeatPage(ctx, after, seatCheckPage)
	if err != nil {
		return 0, "", fmt.Errorf("check seats: %w", err)
	}
	for _, sub := range subs {
		last = sub.ID
		d, differs, err := s.compareAtStripe(ctx, sub)
		if err != nil {
			return n, last, fmt.Errorf("check seats of subscription %s: %w", sub.ID, err)
		}
		n++
		if !differs {
			continue
		}
		if !dryRun {
			if err := s.jobs.Want(ctx, KindSeats, sub.ID); err != nil {
				return n, last, fmt.Errorf("repair seats of subscription %s: %w", sub.ID, err)
			}
			d.Repaired = true
		}
		report(d)
	}
	return n, last, nil
}

func (s *Service) compareAtStripe(ctx context.Context, sub SeatSubscription) (d SeatDrift, differs bool, err error) {
	members, err := s.members.ActiveMembers(ctx, sub.OrgID)
	if err != nil {
		return d, false, err
	}
	d = SeatDrift{
		OrgID: sub.OrgID, SubscriptionID: sub.ID, StripeID: sub.StripeID, PlanName: sub.PlanName, Members: members,
		Committed: sub.Committed, Wanted: sub.wanted(members), Stored: sub.Quantity, Reason: sub.left(),
	}
	wait, err := s.store.SeatWait(ctx, sub.ID)
	if err != nil && !errors.Is(err, ErrSeatWaitNotFound) {
		return d, false, err
	}
	d.Reason = firstOf(d.Reason, wait.Reason)
	remote, err := s.gateway.ReadSubscription(ctx, sub.at(), sub.StripeID)
	if err != nil {
		reason, _ := seatReason(err)
		if errors.Is(err, ErrStripeGone) {
			reason = SeatReasonEnded // a read of it will say so
		}
		if reason == "" {
			return d, false, err
		}
		d.Reason = reason
		return d, true, nil
	}
	d.AtStripe = remote.Quantity
	return d, d.Wanted != d.AtStripe || d.Stored != d.AtStripe, nil
}

// startSeatCheck begins a look at everything.
func (s *Service) startSeatCheck(ctx context.Context) error {
	return s.jobs.Want(ctx, KindSeatCheck, "")
}

// checkSeatsFrom looks at one page, and has the next one looked at.
func (s *Service) checkSeatsFrom(ctx context.Context, after string) error {
	n, last, err := s.checkSeatPage(ctx, after, false, func(d SeatDrift) {
		s.log.WarnContext(ctx, "seats differ", "org", d.OrgID, "subscription", d.SubscriptionID, "members", d.Members,
			"wanted", d.Wanted, "stored", d.Stored, "at_stripe", d.AtStripe, "reason", d.Reason)
	})
	if err != nil || n < seatCheckPage {
		return err
	}
	return s.jobs.Want(ctx, KindSeatCheck, last)
}
