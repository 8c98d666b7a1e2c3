package billing

import (
	"context"
	"fmt"
	"time"
)

// SeatState is where the seats of a subscription stand.
type SeatState struct {
	Subscription Subscription
	PlanName     string
	AppName      string // or the bundle's
	SeatLabel    string
	Members      int64
	Wanted       int64 // max(1, Members, Committed)
	Quantity     int64 // as last read from Stripe
	Committed    int64
	MaxSeats     int64 // the plan's; 0 = none
	Pending      bool  // Wanted has not reached Stripe yet
	Reason       string
	Since        *time.Time
}

// SeatStates answers the subscriptions that an org pays per seat, the oldest first. Reason is one of the SeatReason
// constants, or "" for a change that is simply on its way.
func (s *Service) SeatStates(ctx context.Context, orgID string) ([]SeatState, error) {
	subs, err := s.store.PerSeat(ctx, orgID)
	if err != nil || len(subs) == 0 {
		return nil, err
	}
	members, err := s.members.ActiveMembers(ctx, orgID)
	if err != nil {
		return nil, fmt.Errorf("count members: %w", err)
	}
	waits, err := s.store.SeatWaits(ctx, orgID)
	if err != nil {
		return nil, err
	}
	out := make([]SeatState, len(subs))
	for i, sub := range subs {
		name, err := s.scopeName(ctx, sub.Scope)
		if err != nil {
			return nil, err
		}
		st := SeatState{
			Subscription: sub.Subscription, PlanName: sub.PlanName, AppName: name, SeatLabel: sub.SeatLabel, Members: members,
			Wanted: sub.wanted(members), Quantity: sub.Quantity, Committed: sub.Committed, MaxSeats: sub.MaxSeats,
		}
		if st.Pending = st.Wanted != st.Quantity; st.Pending {
			st.Reason = sub.left()
			for _, w := range waits {
				if w.SubscriptionID == sub.ID {
					st.Since = utc(&w.Since)
					st.Reason = firstOf(st.Reason, w.Reason)
				}
			}
		}
		out[i] = st
	}
	return out, nil
}

// SyncSeats brings an org's subscription to Stripe now, whatever its backoff, and answers why it could not:
// [ErrSubscriptionNotFound] also for another org's, and the errors of the gateway.
func (s *Service) SyncSeats(ctx context.Context, orgID, subscriptionID string) error {
	sub, err := s.store.Subscription(ctx, subscriptionID)
	if err == nil && sub.OrgID != orgID {
		err = ErrSubscriptionNotFound
	}
	if err != nil {
		return fmt.Errorf("sync seats: %w", err)
	}
	return s.jobs.DoNow(ctx, KindSeats, subscriptionID)
}

// seatLedgerLimit bounds a page of the ledger.
const seatLedgerLimit = 100

// SeatLedger pages an org's seat ledger, the newest first: after the row of afterID, "" for the first page. next is
// "" on the last one.
func (s *Service) SeatLedger(ctx context.Context, orgID, afterID string, limit int) (rows []SeatChange, next string, err error) {
	if limit < 1 || limit > seatLedgerLimit {
		limit = seatLedgerLimit
	}
	rows, err = s.store.SeatLedger(ctx, orgID, afterID, limit+1)
	if err == nil && len(rows) > limit {
		rows = rows[:limit]
		next = rows[limit-1].ID
	}
	return rows, next, err
}
