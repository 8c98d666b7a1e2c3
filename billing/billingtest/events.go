package billingtest

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/wolfieauth/wolfieauth/billing"
)

type happened struct {
	at billing.Account
	billing.RemoteEvent
}

// Happen adds an event of an account to the list that Stripe keeps, delivered or not, and answers its id.
func (g *Gateway) Happen(at billing.Account, eventType, objectID string) string {
	g.mu.Lock()
	defer g.mu.Unlock()
	id := g.id("evt")
	g.events = append(g.events, happened{at, billing.RemoteEvent{
		ID: id, Type: eventType, Created: g.now(), Object: fmt.Appendf(nil, `{"id":%q}`, objectID),
	}})
	return id
}

// ListEvents implements [billing.EventGateway].
func (g *Gateway) ListEvents(_ context.Context, at billing.Account, since time.Time, atMost int) ([]billing.RemoteEvent, error) {
	return call(g, "ListEvents", func() ([]billing.RemoteEvent, error) {
		var out []billing.RemoteEvent
		for _, e := range slices.Backward(g.events) {
			if e.at == at && !e.Created.Before(since) && len(out) < atMost {
				out = append(out, e.RemoteEvent)
			}
		}
		return out, nil
	})
}
