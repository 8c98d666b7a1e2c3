package gateway

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/stripe/stripe-go/v76"

	"github.com/wolfieauth/wolfieauth/billing"
)

var errEnough = errors.New("enough events")

// ListEvents lists the events of an account since a moment, the newest first, at most that many.
func (g *Gateway) ListEvents(ctx context.Context, at billing.Account, since time.Time, atMost int) ([]billing.RemoteEvent, error) {
	var all []billing.RemoteEvent
	q := query{Created: &stripe.RangeQueryParams{GreaterThanOrEqual: since.Unix()}}
	op := operation{what: "list events", path: "/v1/events", at: at}
	err := g.list(ctx, op, q, func(raw json.RawMessage) error {
		if len(all) >= atMost {
			return errEnough
		}
		var e struct {
			ID      string `json:"id"`
			Type    string `json:"type"`
			Created int64  `json:"created"`
			Data    struct {
				Object json.RawMessage `json:"object"`
			} `json:"data"`
		}
		if err := json.Unmarshal(raw, &e); err != nil {
			return err
		}
		all = append(all, billing.RemoteEvent{ID: e.ID, Type: e.Type, Created: time.Unix(e.Created, 0).UTC(), Object: e.Data.Object})
		return nil
	})
	if errors.Is(err, errEnough) {
		err = nil
	}
	return all, err
}
