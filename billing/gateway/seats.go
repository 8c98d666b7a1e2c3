package gateway

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/stripe/stripe-go/v76"

	"github.com/wolfieauth/wolfieauth/billing"
)

const upcomingPath = "/v1/invoices/upcoming"

// SetQuantity sets an item's quantity; what that changes of the period's price becomes pending items of the next
// invoice.
func (g *Gateway) SetQuantity(ctx context.Context, at billing.Account, key string, spec billing.QuantitySpec) error {
	op := operation{
		what: "set quantity", method: http.MethodPost, at: at,
		path: stripe.FormatURLPath(subscriptionsPath+"/%s", spec.SubscriptionID),
	}
	if spec.SubscriptionID == "" || spec.ItemID == "" {
		return emptyID(op)
	}
	params := &stripe.SubscriptionParams{
		Items:             []*stripe.SubscriptionItemsParams{{ID: stripe.String(spec.ItemID), Quantity: stripe.Int64(spec.Quantity)}},
		ProrationBehavior: stripe.String("create_prorations"),
	}
	if spec.ProrationDate != nil {
		params.ProrationDate = stripe.Int64(spec.ProrationDate.Unix())
	}
	_, err := g.keyed(ctx, op, key, params)
	return err
}

// upcoming holds the parameters of a preview, and of its lines' pages.
type upcoming struct {
	stripe.Params     `form:"*"`
	Subscription      *string                           `form:"subscription"`
	Items             []*stripe.SubscriptionItemsParams `form:"subscription_items"`
	ProrationBehavior *string                           `form:"subscription_proration_behavior"`
	ProrationDate     *int64                            `form:"subscription_proration_date"`
	Limit             *int64                            `form:"limit"`
	StartingAfter     *string                           `form:"starting_after"`
}

func upcomingOf(spec billing.QuantitySpec) upcoming {
	u := upcoming{
		Subscription:      stripe.String(spec.SubscriptionID),
		Items:             []*stripe.SubscriptionItemsParams{{ID: stripe.String(spec.ItemID), Quantity: stripe.Int64(spec.Quantity)}},
		ProrationBehavior: stripe.String("create_prorations"),
	}
	if spec.ProrationDate != nil {
		u.ProrationDate = stripe.Int64(spec.ProrationDate.Unix())
	}
	return u
}

// PreviewQuantity asks for the next invoice, and for the rest of its lines where they are many.
func (g *Gateway) PreviewQuantity(ctx context.Context, at billing.Account, spec billing.QuantitySpec) (billing.RemotePreview, error) {
	op := operation{what: "preview invoice", method: http.MethodGet, path: upcomingPath, at: at}
	if spec.SubscriptionID == "" || spec.ItemID == "" {
		return billing.RemotePreview{}, emptyID(op)
	}
	params := upcomingOf(spec)
	raw, err := g.do(ctx, op, &params)
	if hasCode(err, stripe.ErrorCodeInvoiceUpcomingNone) {
		return billing.RemotePreview{}, nil // it ends with its period, and nothing waits
	}
	if err != nil {
		return billing.RemotePreview{}, err
	}
	var invoice upcomingJSON
	if err := json.Unmarshal(raw, &invoice); err != nil {
		return billing.RemotePreview{}, unreadable(op, err)
	}
	lines := invoice.Lines.Data
	for more := invoice.Lines.HasMore; more && len(lines) > 0; {
		page, err := g.upcomingLines(ctx, op, spec, lines[len(lines)-1].ID)
		if err != nil {
			return billing.RemotePreview{}, err
		}
		lines, more = append(lines, page.Data...), page.HasMore && len(page.Data) > 0
	}
	return invoice.preview(lines), nil
}

func (g *Gateway) upcomingLines(ctx context.Context, op operation, spec billing.QuantitySpec, after string) (linesJSON, error) {
	params := upcomingOf(spec)
	params.Limit, params.StartingAfter = stripe.Int64(pageSize), stripe.String(after)
	op.path = upcomingPath + "/lines"
	var page linesJSON
	raw, err := g.do(ctx, op, &params)
	if err == nil {
		if err = json.Unmarshal(raw, &page); err != nil {
			err = unreadable(op, err)
		}
	}
	return page, err
}

type linesJSON struct {
	Data    []upcomingLine `json:"data"`
	HasMore bool           `json:"has_more"`
}

type upcomingLine struct {
	ID        string `json:"id"`
	Amount    int64  `json:"amount"`
	Proration bool   `json:"proration"`
	Type      string `json:"type"`
}

type upcomingJSON struct {
	Currency           string    `json:"currency"`
	Created            unix      `json:"created"`
	PeriodEnd          unix      `json:"period_end"`
	NextPaymentAttempt unix      `json:"next_payment_attempt"`
	Lines              linesJSON `json:"lines"`
}

// preview adds the lines up: prorations, and the subscription's own for the next period; other pending items of the
// customer are neither.
func (i upcomingJSON) preview(lines []upcomingLine) billing.RemotePreview {
	out := billing.RemotePreview{Currency: strings.ToUpper(i.Currency), InvoiceAt: firstOf(i.PeriodEnd, i.Created).value()}
	for _, l := range lines {
		switch {
		case l.Proration:
			out.Prorated += l.Amount
		case l.Type == "subscription":
			out.Renewal += l.Amount
		}
	}
	return out
}

// invoiceItems is the list of a customer's items, without those of drafts that people make by hand.
type invoiceItem struct {
	ID           string `json:"id"`
	Invoice      ref    `json:"invoice"`
	Subscription ref    `json:"subscription"`
	Amount       int64  `json:"amount"`
	Currency     string `json:"currency"`
	Quantity     int64  `json:"quantity"`
	Date         unix   `json:"date"`
	Proration    bool   `json:"proration"`
}

// ListProrations reads the newest page of the customer's invoice items.
func (g *Gateway) ListProrations(ctx context.Context, at billing.Account, customerID, subscriptionID string) ([]billing.RemoteProration, error) {
	op := operation{what: "list invoice items", method: http.MethodGet, path: "/v1/invoiceitems", at: at}
	if customerID == "" || subscriptionID == "" {
		return nil, emptyID(op)
	}
	raw, err := g.do(ctx, op, &query{Customer: stripe.String(customerID), Limit: stripe.Int64(pageSize)})
	if err != nil {
		return nil, customerGone(err)
	}
	var out []billing.RemoteProration
	_, err = visitPage(raw, func(object json.RawMessage) error {
		var it invoiceItem
		if err := json.Unmarshal(object, &it); err != nil {
			return err
		}
		if it.Proration && it.Subscription.id == subscriptionID {
			out = append(out, billing.RemoteProration{
				ID: it.ID, InvoiceID: it.Invoice.id, Amount: it.Amount, Currency: strings.ToUpper(it.Currency), Quantity: it.Quantity, At: it.at(),
			})
		}
		return nil
	})
	if err != nil {
		return nil, unreadable(op, err)
	}
	slices.Reverse(out) // Stripe lists the newest first
	return out, nil
}

func (it invoiceItem) at() time.Time {
	if it.Date.at == nil {
		return time.Time{}
	}
	return it.Date.value()
}
