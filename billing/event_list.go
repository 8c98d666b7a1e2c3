package billing

import (
	"context"
	"errors"
	"fmt"

	"github.com/wolfieauth/wolfieauth/internal/audit"
)

// Errors of looking at deliveries.
var (
	// ErrEventNotFound means that no such delivery was recorded.
	ErrEventNotFound = errors.New("webhook event not found")
	// ErrEventWithoutObject means that an event names nothing that could be read again.
	ErrEventWithoutObject = errors.New("webhook event without object")
)

// OutcomeWaiting is the outcome by which [EventFilter] finds the events whose object was not read yet.
const OutcomeWaiting = "waiting"

// EventFilter chooses deliveries; an empty field chooses all.
type EventFilter struct {
	Outcome string // one of the Outcome constants, or [OutcomeWaiting]
	Type    string // exactly, or with a "*" at its end all that begin so
	Account string // an id of Stripe, or "platform" for the platform's own account
	// Before is the id of the last one of the page before.
	Before string
	Limit  int // at least 1
}

// EventLister reads what was delivered.
type EventLister interface {
	// Events answers at most Limit + 1 events without their payload, the latest first.
	Events(ctx context.Context, f EventFilter) ([]WebhookEvent, error)
	// Event answers one with its payload, or [ErrEventNotFound].
	Event(ctx context.Context, id string) (WebhookEvent, error)
	// LiveByOrg counts by org what it holds now, in both modes; an org without any is left out.
	LiveByOrg(ctx context.Context, orgIDs []string) (map[string]int64, error)
}

// Events answers a page of deliveries, the latest first and without their payload, and the Before of the next page,
// "" at the end.
func (s *Service) Events(ctx context.Context, f EventFilter) (page []WebhookEvent, next string, err error) {
	f.Limit = max(f.Limit, 1)
	page, err = s.store.Events(ctx, f)
	if err == nil && len(page) > f.Limit {
		page = page[:f.Limit]
		next = page[f.Limit-1].ID
	}
	return page, next, err
}

// Event answers one delivery as it came: [ErrEventNotFound].
func (s *Service) Event(ctx context.Context, id string) (WebhookEvent, error) {
	return s.store.Event(ctx, id)
}

// HeldByOrg counts by org the subscriptions and purchases that hold now, in live and test mode alike.
func (s *Service) HeldByOrg(ctx context.Context, orgIDs []string) (map[string]int64, error) {
	if len(orgIDs) == 0 {
		return map[string]int64{}, nil
	}
	return s.store.LiveByOrg(ctx, orgIDs)
}

// ReadEventAgain wants the object of a delivery read from Stripe once more, and records who asked:
// [ErrEventNotFound], [ErrEventWithoutObject].
func (s *Service) ReadEventAgain(ctx context.Context, id, orgID string) error {
	return s.tx.InTx(ctx, func(ctx context.Context) error {
		e, err := s.store.Event(ctx, id)
		if err != nil {
			return err
		}
		if e.ObjectID == "" {
			return fmt.Errorf("read %s again: %w", e.EventID, ErrEventWithoutObject)
		}
		key := ObjectKey(Account{ID: e.Account, Livemode: e.Livemode}, e.ObjectID)
		if err := s.jobs.Want(ctx, KindObject, key); err != nil {
			return err
		}
		return s.audit.Record(ctx, audit.Entry{OrgID: orgID, Action: "webhook.read_again", Target: audit.Target{Kind: "webhook", ID: e.EventID}, After: map[string]string{"object": key}})
	})
}
