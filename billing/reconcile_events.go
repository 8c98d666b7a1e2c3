package billing

import (
	"context"
	"time"
)

// eventsKept is how long Stripe lists events.
const eventsKept = 30 * day

// eventsListed bounds one list; a run that hits it should compare everything instead.
const eventsListed = 100_000

// RemoteEvent is an event as Stripe lists it.
type RemoteEvent struct {
	ID      string
	Type    string
	Created time.Time
	Object  []byte // JSON of data.object
}

// EventGateway lists what happened at Stripe.
type EventGateway interface {
	// ListEvents answers the events of an account since a moment, the newest first, at most that many.
	ListEvents(ctx context.Context, at Account, since time.Time, atMost int) ([]RemoteEvent, error)
}

// since compares what the events of every chosen account are about.
func (r *reconciliation) since(ctx context.Context, since time.Time) error {
	if r.s.now().Sub(since) > eventsKept {
		return ErrSinceTooOld
	}
	accounts, err := r.s.store.Accounts(ctx)
	if err != nil {
		return err
	}
	for _, at := range accounts {
		events, err := r.s.gateway.ListEvents(ctx, at, since, eventsListed)
		if err != nil {
			if err := r.failed(ctx, Difference{Account: at, StripeID: "events"}, err); err != nil {
				return err
			}
			continue
		}
		objects := r.s.objectsOf(events)
		r.total += int64(len(objects))
		for _, id := range objects {
			if err := r.compareObject(ctx, at, id); err != nil {
				return err
			}
			r.step()
		}
	}
	return nil
}

// objectsOf names what events are about, each once.
func (s *Service) objectsOf(events []RemoteEvent) (ids []string) {
	seen := map[string]bool{"": true}
	for _, e := range events {
		id, err := s.eventObject(e.Type, e.Object)
		if err != nil || seen[id] {
			continue
		}
		seen[id] = true
		ids = append(ids, id)
	}
	return ids
}
