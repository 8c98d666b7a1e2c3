package gateway

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"

	"github.com/stripe/stripe-go/v76"

	"github.com/wolfieauth/wolfieauth/billing"
)

// operation is one request of ours: where, what, and what to call it in errors.
type operation struct {
	what   string // "create price", for errors and the log
	method string
	path   string
	at     billing.Account
}

// answer takes the raw body instead of the library's types, so that no answer can fail to fit them.
type answer struct{ stripe.APIResource }

// UnmarshalJSON leaves the body where it is, in LastResponse.
func (*answer) UnmarshalJSON([]byte) error { return nil }

// query holds the parameters of all reads.
type query struct {
	stripe.Params `form:"*"`
	Expand        []*string                `form:"expand"`
	Customer      *string                  `form:"customer"`
	Subscription  *string                  `form:"subscription"`
	PaymentIntent *string                  `form:"payment_intent"`
	Status        *string                  `form:"status"`
	Limit         *int64                   `form:"limit"`
	StartingAfter *string                  `form:"starting_after"`
	Created       *stripe.RangeQueryParams `form:"created"`
}

// do sends one request and returns the raw answer.
func (g *Gateway) do(ctx context.Context, op operation, params stripe.ParamsContainer) ([]byte, error) {
	mode, err := g.backend(op.at)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", op.what, err)
	}
	common := params.GetParams()
	common.Context = ctx
	if op.at.ID != "" {
		common.SetStripeAccount(op.at.ID)
	}
	var got answer
	if err = mode.api.Call(op.method, op.path, mode.key, params, &got); err != nil {
		return nil, failed(ctx, op, err)
	}
	g.log.DebugContext(ctx, "stripe call", "call", op.what, "method", op.method, "path", op.path,
		"account", op.at.ID, "livemode", op.at.Livemode,
		"status", got.LastResponse.StatusCode, "request_id", got.LastResponse.RequestID)
	return got.LastResponse.RawJSON, nil
}

// keyed sends a request under an idempotency key. The library would invent one where there is none, so that a
// repeated call would make a second thing: an empty key is refused.
func (g *Gateway) keyed(ctx context.Context, op operation, key string, params stripe.ParamsContainer) ([]byte, error) {
	if key == "" {
		return nil, fmt.Errorf("%s: no idempotency key: %w", op.what, billing.ErrStripeRefused)
	}
	params.GetParams().SetIdempotencyKey(key)
	return g.do(ctx, op, params)
}

// create makes something and returns the new object's id.
func (g *Gateway) create(ctx context.Context, op operation, key string, params stripe.ParamsContainer) (string, error) {
	op.method = http.MethodPost
	raw, err := g.keyed(ctx, op, key, params)
	if err != nil {
		return "", err
	}
	var made struct {
		ID string `json:"id"`
	}
	err = json.Unmarshal(raw, &made)
	return made.ID, decoded(op, err, made.ID != "")
}

func emptyID(op operation) error {
	return fmt.Errorf("%s: empty id: %w", op.what, billing.ErrStripeRefused)
}

// read fetches the object at prefix + id. An empty id would read the list.
func (g *Gateway) read(ctx context.Context, op operation, prefix, id string, q *query) ([]byte, error) {
	if id == "" {
		return nil, emptyID(op)
	}
	op.method, op.path = http.MethodGet, prefix+stripe.FormatURLPath("%s", id)
	return g.do(ctx, op, q)
}

// pageSize is the most that Stripe puts on a page.
const pageSize = 100

// list visits every object of a list, page by page.
func (g *Gateway) list(ctx context.Context, op operation, q query, visit func(json.RawMessage) error) error {
	op.method = http.MethodGet
	q.Limit = stripe.Int64(pageSize)
	for {
		next := q // the library fills in the common parameters of each request
		raw, err := g.do(ctx, op, &next)
		if err != nil {
			return err
		}
		last, err := visitPage(raw, visit)
		if err != nil {
			return unreadable(op, err)
		}
		if last == "" {
			return nil
		}
		q.StartingAfter = stripe.String(last)
	}
}

// visitPage visits one page; it returns the id to go on after, or "" when this was the last page.
func visitPage(raw []byte, visit func(json.RawMessage) error) (last string, err error) {
	var page struct {
		Data    []json.RawMessage `json:"data"`
		HasMore bool              `json:"has_more"`
	}
	if err = json.Unmarshal(raw, &page); err != nil {
		return "", err
	}
	for _, object := range page.Data {
		var it struct {
			ID string `json:"id"`
		}
		if err = json.Unmarshal(object, &it); err != nil {
			return "", err
		}
		if err = visit(object); err != nil {
			return "", err
		}
		last = it.ID
	}
	if !page.HasMore {
		return "", nil
	}
	if last == "" {
		return "", errNoID // "more" after nothing would ask for the same page for ever
	}
	return last, nil
}
