package gateway

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"

	"github.com/google/uuid"
	"github.com/stripe/stripe-go/v76"

	"github.com/wolfieauth/wolfieauth/billing"
)

// searchQuery is the parameters of a search.
type searchQuery struct {
	stripe.Params `form:"*"`
	Query         *string `form:"query"`
	Limit         *int64  `form:"limit"`
}

// FindMade searches by the key in the metadata and answers the oldest hit, "" for none. The key must be a UUID: it
// becomes a part of the query.
func (g *Gateway) FindMade(ctx context.Context, at billing.Account, kind billing.MadeKind, key string) (string, error) {
	op := operation{what: "look for " + string(kind), method: http.MethodGet, path: "/v1/" + string(kind) + "/search", at: at}
	if _, err := uuid.Parse(key); err != nil {
		return "", fmt.Errorf("%s: key %q: %w", op.what, key, billing.ErrStripeRefused)
	}
	raw, err := g.do(ctx, op, &searchQuery{
		Query: stripe.String(fmt.Sprintf("metadata[%q]:%q", metaRow, key)), Limit: stripe.Int64(pageSize),
	})
	if err != nil {
		return "", err
	}
	var page struct {
		Data []struct {
			ID      string `json:"id"`
			Created int64  `json:"created"`
			Deleted bool   `json:"deleted"`
		} `json:"data"`
	}
	if err := json.Unmarshal(raw, &page); err != nil {
		return "", unreadable(op, err)
	}
	found, oldest := "", int64(0)
	for _, hit := range page.Data {
		if !hit.Deleted && (found == "" || hit.Created < oldest) {
			found, oldest = hit.ID, hit.Created
		}
	}
	return found, nil
}
