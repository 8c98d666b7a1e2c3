package billing

import (
	"context"
	"errors"
	"time"

	"github.com/wolfieauth/wolfieauth/internal/audit"
)

// subscriptionView is what the audit log keeps of a subscription: what decides about access and money.
type subscriptionView struct {
	PlanID, PriceID     string
	Status              SubscriptionStatus
	Holds               bool
	Quantity, Committed int64
	Currency            string
	CancelAtPeriodEnd   bool
	CancelAt, EndedAt   string
}

func viewOf(s Subscription) subscriptionView {
	return subscriptionView{
		PlanID: s.PlanID, PriceID: s.PriceID, Status: s.Status, Holds: s.Holds, Quantity: s.Quantity, Committed: s.Committed, Currency: s.Currency,
		CancelAtPeriodEnd: s.CancelAtPeriodEnd, CancelAt: stamp(s.CancelAt), EndedAt: stamp(s.EndedAt),
	}
}

func stamp(t *time.Time) string {
	if t == nil {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}

// saveSubscription stores a subscription and records, in the buyer's log, what became different for access or money;
// a renewal alone is not.
func (s *Service) saveSubscription(ctx context.Context, sub Subscription) error {
	old, err := s.store.Subscription(ctx, sub.ID)
	known := err == nil
	if err != nil && !errors.Is(err, ErrSubscriptionNotFound) {
		return err
	}
	if err := s.store.SaveSubscription(ctx, sub); err != nil {
		return err
	}
	if noticeable(old, sub) {
		if err := s.jobs.Want(ctx, KindLifeNotice, sub.ID); err != nil {
			return err
		}
	}
	before, after := viewOf(old), viewOf(sub)
	entry := audit.Entry{OrgID: sub.OrgID, Action: "subscription.changed", Target: audit.Target{Kind: "subscription", ID: sub.ID}, Before: before, After: after}
	switch {
	case known && before == after:
		return nil
	case !known:
		entry.Action, entry.Before = "subscription.started", nil
	case old.EndedAt == nil && sub.EndedAt != nil:
		entry.Action = "subscription.ended"
	}
	return s.audit.Record(ctx, entry)
}

// recordRefund records that a payment goes back, or has gone back, to the buyer.
func (s *Service) recordRefund(ctx context.Context, action, orgID string, r Refund) error {
	return s.audit.Record(ctx, audit.Entry{OrgID: orgID, Action: action, Target: audit.Target{Kind: "subscription", ID: r.SubscriptionID}, After: map[string]string{
		"refund": r.ID, "reason": r.Reason, "stripeRefund": r.RefundID,
	}})
}
