package billing

import (
	"context"
	"fmt"
	"time"
)

// SeatQuote is what more or fewer members will cost.
type SeatQuote struct {
	Lines []SeatQuoteLine `json:"lines"` // empty: nothing is paid per seat
}

// Costs tells whether anything changes on an invoice.
func (q SeatQuote) Costs() bool {
	for _, l := range q.Lines {
		if l.From != l.To {
			return true
		}
	}
	return false
}

// SeatQuoteLine is what it costs at one subscription, by Stripe's own preview of the next invoice; before tax. A
// line whose To is its From is covered by spare seats.
type SeatQuoteLine struct {
	SubscriptionID string    `json:"subscriptionId"`
	PlanName       string    `json:"planName"`
	AppName        string    `json:"appName"` // or the bundle's
	SeatLabel      string    `json:"seatLabel"`
	Currency       string    `json:"currency"`
	Interval       Interval  `json:"interval"`
	From           int64     `json:"from"`
	To             int64     `json:"to"`
	Prorated       int64     `json:"prorated"`      // added to the next invoice for the rest of this period; negative for a credit
	InvoiceAt      time.Time `json:"invoiceAt"`     // when that invoice is made; zero when there will be none
	RenewalBefore  int64     `json:"renewalBefore"` // a period, as things are
	RenewalAfter   int64     `json:"renewalAfter"`
	ProrationDate  time.Time `json:"prorationDate"` // the moment that Prorated counts from
}

// QuoteSeats answers what it costs when the org gets add more active members, or loses some: a line for each
// subscription that the org pays per seat and that follows its members now. Stripe is asked for the next invoice with
// and without them; ErrStripeUnavailable and the other errors of the gateway.
func (s *Service) QuoteSeats(ctx context.Context, orgID string, add int64) (SeatQuote, error) {
	var q SeatQuote
	subs, err := s.store.PerSeat(ctx, orgID)
	if err != nil || len(subs) == 0 {
		return q, err
	}
	members, err := s.members.ActiveMembers(ctx, orgID)
	if err != nil {
		return q, fmt.Errorf("count members: %w", err)
	}
	for _, sub := range subs {
		if sub.left() != "" {
			continue
		}
		line, err := s.quoteSeats(ctx, sub, sub.wanted(members), sub.wanted(members+add))
		if err != nil {
			return SeatQuote{}, fmt.Errorf("quote seats of subscription %s: %w", sub.ID, err)
		}
		q.Lines = append(q.Lines, line)
	}
	return q, nil
}

func (s *Service) quoteSeats(ctx context.Context, sub SeatSubscription, from, to int64) (SeatQuoteLine, error) {
	name, err := s.scopeName(ctx, sub.Scope)
	if err != nil {
		return SeatQuoteLine{}, err
	}
	now := s.now().Truncate(time.Second) // Stripe counts whole seconds
	line := SeatQuoteLine{
		SubscriptionID: sub.ID, PlanName: sub.PlanName, AppName: name, SeatLabel: sub.SeatLabel, Currency: sub.Currency,
		Interval: sub.Interval, From: from, To: to, ProrationDate: now,
	}
	if sub.CurrentPeriodEnd != nil {
		line.InvoiceAt = sub.CurrentPeriodEnd.UTC()
	}
	if from == to {
		price, err := s.store.Price(ctx, sub.PriceID)
		if err != nil {
			return line, err
		}
		quote, err := QuotePrice(price, to)
		line.RenewalBefore, line.RenewalAfter = quote.Total, quote.Total
		return line, err
	}
	before, err := s.previewSeats(ctx, sub, from, now)
	if err != nil {
		return line, err
	}
	after, err := s.previewSeats(ctx, sub, to, now)
	if err != nil {
		return line, err
	}
	line.Prorated, line.InvoiceAt = after.Prorated-before.Prorated, after.InvoiceAt
	line.RenewalBefore, line.RenewalAfter = before.Renewal, after.Renewal
	if sub.CurrentPeriodEnd != nil && (sub.CancelAtPeriodEnd || sub.CancelAt != nil) {
		line.InvoiceAt = sub.CurrentPeriodEnd.UTC() // what waits is asked for at its end
	}
	return line, nil
}

// previewSeats asks for the next invoice with a quantity. What waits for it already is in both answers, so that
// their difference is the change alone.
func (s *Service) previewSeats(ctx context.Context, sub SeatSubscription, quantity int64, at time.Time) (RemotePreview, error) {
	spec := QuantitySpec{SubscriptionID: sub.StripeID, ItemID: sub.ItemID, Quantity: quantity, ProrationDate: &at}
	if sub.CurrentPeriodStart != nil && at.Before(*sub.CurrentPeriodStart) || sub.CurrentPeriodEnd != nil && at.After(*sub.CurrentPeriodEnd) {
		spec.ProrationDate = nil // the period that we know is over; Stripe knows the next
	}
	if spec.ItemID == "" { // bought before items were kept
		remote, err := s.gateway.ReadSubscription(ctx, sub.at(), sub.StripeID)
		if err != nil {
			return RemotePreview{}, err
		}
		spec.ItemID = remote.ItemID
	}
	return s.gateway.PreviewQuantity(ctx, sub.at(), spec)
}
