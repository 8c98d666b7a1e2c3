package billing

import (
	"context"
	"fmt"
)

// Receive records a verified delivery once and, in the same transaction, asks for a read of the object it is
// about. It calls nobody: the answer to Stripe is ready when it returns. An event of an account that we do not
// know in that mode, or about nothing of ours, is recorded as ignored. fresh is false for one that was
// recorded before. event needs no ID and no times.
func (s *Service) Receive(ctx context.Context, event WebhookEvent) (fresh bool, err error) {
	now := s.now()
	event.ID, event.ReceivedAt = newID(), now
	at := Account{ID: event.Account, Livemode: event.Livemode}
	err = s.tx.InTx(ctx, func(ctx context.Context) error {
		known, err := s.store.AccountKnown(ctx, at.ID, at.Livemode)
		if err != nil {
			return err
		}
		row := event
		if !known || row.ObjectID == "" {
			row.Outcome, row.AppliedAt = OutcomeIgnored, &now
		}
		if fresh, err = s.store.RecordEvent(ctx, row); err != nil || !fresh || row.Outcome != "" {
			return err
		}
		return s.jobs.Want(ctx, KindObject, ObjectKey(at, row.ObjectID))
	})
	if err != nil {
		return false, fmt.Errorf("record event %s: %w", event.EventID, err)
	}
	return fresh, nil
}
