package gateway

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"

	"github.com/stripe/stripe-go/v76"

	"github.com/wolfieauth/wolfieauth/billing"
)

// SetEnding sets cancel_at_period_end, or clears the day that was fixed for the end.
func (g *Gateway) SetEnding(ctx context.Context, at billing.Account, key, id string, to billing.Ending) error {
	op := operation{what: "set ending", method: http.MethodPost, at: at, path: stripe.FormatURLPath(subscriptionsPath+"/%s", id)}
	if id == "" {
		return emptyID(op)
	}
	params := &stripe.SubscriptionParams{}
	if to.ClearDate {
		params.AddExtra("cancel_at", "")
	} else {
		params.CancelAtPeriodEnd = stripe.Bool(to.AtPeriodEnd)
	}
	_, err := g.keyed(ctx, op, key, params)
	return err
}

// proration is Stripe's word for a mode: what waits for the end of the period is charged without any difference.
func proration(m billing.ChangeMode) *string {
	if m == billing.ModePeriodEnd {
		return stripe.String("none")
	}
	return stripe.String(string(m))
}

func switchItem(spec billing.SwitchSpec) []*stripe.SubscriptionItemsParams {
	return []*stripe.SubscriptionItemsParams{{
		ID: stripe.String(spec.ItemID), Price: stripe.String(spec.StripePriceID), Quantity: stripe.Int64(spec.Quantity),
	}}
}

// Switch changes the price and the quantity of an item together. A charge that is declined leaves everything as it
// was.
func (g *Gateway) Switch(ctx context.Context, at billing.Account, key string, spec billing.SwitchSpec) error {
	op := operation{
		what: "switch price", method: http.MethodPost, at: at, path: stripe.FormatURLPath(subscriptionsPath+"/%s", spec.SubscriptionID),
	}
	if spec.SubscriptionID == "" || spec.ItemID == "" || spec.StripePriceID == "" {
		return emptyID(op)
	}
	params := &stripe.SubscriptionParams{
		Items: switchItem(spec), ProrationBehavior: proration(spec.Mode), PaymentBehavior: stripe.String("error_if_incomplete"),
	}
	if spec.ProrationDate != nil {
		params.ProrationDate = stripe.Int64(spec.ProrationDate.Unix())
	}
	_, err := g.keyed(ctx, op, key, params)
	return err
}

// PreviewSwitch asks for the invoice that the switch would make.
func (g *Gateway) PreviewSwitch(ctx context.Context, at billing.Account, spec billing.SwitchSpec) (billing.RemoteUpcoming, error) {
	u := upcoming{
		Subscription: stripe.String(spec.SubscriptionID), Items: switchItem(spec), ProrationBehavior: proration(spec.Mode),
	}
	if spec.ProrationDate != nil {
		u.ProrationDate = stripe.Int64(spec.ProrationDate.Unix())
	}
	if spec.ItemID == "" || spec.StripePriceID == "" {
		return billing.RemoteUpcoming{}, emptyID(operation{what: "preview switch"})
	}
	return g.upcomingInvoice(ctx, at, u)
}

// NextInvoice asks for the next invoice as things are.
func (g *Gateway) NextInvoice(ctx context.Context, at billing.Account, subscriptionID string) (billing.RemoteUpcoming, error) {
	return g.upcomingInvoice(ctx, at, upcoming{Subscription: stripe.String(subscriptionID)})
}

func (g *Gateway) upcomingInvoice(ctx context.Context, at billing.Account, u upcoming) (billing.RemoteUpcoming, error) {
	op := operation{what: "read upcoming invoice", method: http.MethodGet, path: upcomingPath, at: at}
	if *u.Subscription == "" {
		return billing.RemoteUpcoming{}, emptyID(op)
	}
	first := u
	raw, err := g.do(ctx, op, &first)
	if hasCode(err, stripe.ErrorCodeInvoiceUpcomingNone) {
		return billing.RemoteUpcoming{}, nil
	}
	if err != nil {
		return billing.RemoteUpcoming{}, err
	}
	var invoice foreseenJSON
	if err := json.Unmarshal(raw, &invoice); err != nil {
		return billing.RemoteUpcoming{}, unreadable(op, err)
	}
	lines := invoice.Lines.Data
	op.path = upcomingPath + "/lines"
	for more := invoice.Lines.HasMore; more && len(lines) > 0; {
		next := u
		next.Limit, next.StartingAfter = stripe.Int64(pageSize), stripe.String(lines[len(lines)-1].ID)
		raw, err := g.do(ctx, op, &next)
		if err != nil {
			return billing.RemoteUpcoming{}, err
		}
		var page foreseenLines
		if err := json.Unmarshal(raw, &page); err != nil {
			return billing.RemoteUpcoming{}, unreadable(op, err)
		}
		lines, more = append(lines, page.Data...), page.HasMore && len(page.Data) > 0
	}
	return invoice.upcoming(lines), nil
}

type foreseenLine struct {
	ID          string `json:"id"`
	Description string `json:"description"`
	Amount      int64  `json:"amount"`
	Proration   bool   `json:"proration"`
	Period      struct {
		End unix `json:"end"`
	} `json:"period"`
}

type foreseenLines struct {
	Data    []foreseenLine `json:"data"`
	HasMore bool           `json:"has_more"`
}

type foreseenJSON struct {
	Currency  string        `json:"currency"`
	Created   unix          `json:"created"`
	PeriodEnd unix          `json:"period_end"`
	Total     int64         `json:"total"`
	AmountDue int64         `json:"amount_due"`
	Lines     foreseenLines `json:"lines"`
}

func (i foreseenJSON) upcoming(lines []foreseenLine) billing.RemoteUpcoming {
	out := billing.RemoteUpcoming{
		At: firstOf(i.PeriodEnd, i.Created).value(), Currency: strings.ToUpper(i.Currency), Total: i.Total, Due: i.AmountDue,
	}
	for _, l := range lines {
		if l.Proration {
			out.Prorated += l.Amount
		}
		out.Lines = append(out.Lines, billing.RemoteLine{Description: l.Description, Amount: l.Amount, Proration: l.Proration, End: l.Period.End.value()})
	}
	return out
}
