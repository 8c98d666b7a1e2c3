package billing

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/wolfieauth/wolfieauth/internal/audit"
)

// SwitchRequest asks for another price of what an org has in an app, or in one of the app's bundles.
type SwitchRequest struct {
	ClientID string
	PriceID  string
	Country  string // the buyer's, as in [CheckoutRequest]
}

// Errors of switching, beside those of looking the price up.
var (
	// ErrSwitchBlocked means that the subscription cannot change to that price now; a [SwitchBlockedError] says why.
	ErrSwitchBlocked = errors.New("switch not possible")
	// ErrQuoteStale means that the charge is not what the buyer has confirmed any more: quote again.
	ErrQuoteStale = errors.New("quote out of date")
)

// SwitchBlockedError says why a switch is not possible. It wraps [ErrSwitchBlocked].
type SwitchBlockedError struct{ Reason string }

// The reasons that block a switch.
const (
	BlockedSame     = "same"     // it has that price already
	BlockedPastDue  = "past_due" // it owes a payment
	BlockedEnding   = "ending"   // it is cancelled: that must be taken back first
	BlockedPaused   = "paused"
	BlockedOneTime  = "one_time" // one of the two is bought once
	BlockedCurrency = "currency" // Stripe keeps a subscription in its currency
)

// Error names the reason.
func (e *SwitchBlockedError) Error() string { return ErrSwitchBlocked.Error() + ": " + e.Reason }

// Unwrap answers [ErrSwitchBlocked].
func (e *SwitchBlockedError) Unwrap() error { return ErrSwitchBlocked }

// SwitchQuote is what a switch changes and costs, by Stripe's own preview of the invoice.
type SwitchQuote struct {
	Subscription     Subscription
	App              AppInfo
	OldPlan, NewPlan Plan
	Old, New         Price
	Quantity         int64 // of the new price
	Mode             ChangeMode
	ProrationDate    time.Time // the moment that the charge counts from; send it with the confirmation
	Now              bool      // the invoice is made and charged at once
	Invoice          RemoteUpcoming
	Renewal          int64     // what each following period costs, before tax
	RenewsAt         time.Time // when the first of them that the invoice does not pay for begins
	Gained, Lost     []Feature
}

// Confirmation is what a buyer has seen and agreed to.
type Confirmation struct {
	ProrationDate time.Time
	Quantity      int64
	Total         int64 // of the quoted invoice
}

// Confirms tells whether a buyer who saw c would be charged what q says.
func (q SwitchQuote) Confirms(c Confirmation) bool {
	return q.ProrationDate.Equal(c.ProrationDate) && q.Quantity == c.Quantity && q.Invoice.Total == c.Total
}

// QuoteSwitch answers what a switch would cost from a moment on, zero for now, and changes nothing at Stripe beyond
// making the price known there. It answers [ErrSubscriptionNotFound] where the org has nothing to switch, a
// [SwitchBlockedError], [SeatCapError], [ErrPriceCountry], the errors of [Catalog.Price] and of the gateway, and
// [ErrQuoteStale] for a moment that is too long ago.
func (s *Service) QuoteSwitch(ctx context.Context, orgID string, req SwitchRequest, from time.Time) (SwitchQuote, error) {
	q, err := s.quoteSwitch(ctx, orgID, req, from)
	if err != nil {
		return q, fmt.Errorf("quote switch of org %s to price %s: %w", orgID, req.PriceID, err)
	}
	return q, nil
}

func (s *Service) quoteSwitch(ctx context.Context, orgID string, req SwitchRequest, from time.Time) (q SwitchQuote, err error) {
	q, err = s.planSwitch(ctx, orgID, req)
	if err != nil {
		return q, err
	}
	q.ProrationDate = s.now().Truncate(time.Second) // Stripe counts whole seconds
	if !from.IsZero() {
		if from.After(q.ProrationDate) || q.ProrationDate.Sub(from) > quoteRecent || before(from, q.Subscription.CurrentPeriodStart) {
			return q, ErrQuoteStale
		}
		q.ProrationDate = from.UTC()
	}
	stripePrice, err := s.EnsureStripePrice(ctx, q.Subscription.at(), q.NewPlan, q.New)
	if err != nil {
		return q, err
	}
	q.Invoice, err = s.gateway.PreviewSwitch(ctx, q.Subscription.at(), q.spec(stripePrice))
	if err != nil {
		return q, err
	}
	return q.charged(s.now())
}

func before(t time.Time, limit *time.Time) bool { return limit != nil && t.Before(*limit) }

func (q SwitchQuote) spec(stripePrice string) SwitchSpec {
	at := q.ProrationDate
	return SwitchSpec{
		SubscriptionID: q.Subscription.StripeID, ItemID: q.Subscription.ItemID, StripePriceID: stripePrice, Quantity: q.Quantity, Mode: q.Mode, ProrationDate: &at,
	}
}

// charged works out when the quoted invoice is charged, and what follows it.
func (q SwitchQuote) charged(now time.Time) (SwitchQuote, error) {
	each, err := QuotePrice(q.New, q.Quantity)
	if err != nil {
		return q, err
	}
	q.Renewal = each.Total
	if end := q.Subscription.CurrentPeriodEnd; end != nil {
		q.RenewsAt = end.UTC()
	}
	if q.Mode == ModePeriodEnd {
		q.Invoice.At = q.RenewsAt
		return q, nil
	}
	q.Now = !q.Invoice.At.After(now)
	for _, l := range q.Invoice.Lines {
		if !l.Proration && l.End.After(q.RenewsAt) {
			q.RenewsAt = l.End // the period that the invoice pays for
		}
	}
	return q, nil
}

// planSwitch looks everything up that a switch needs, without Stripe.
func (s *Service) planSwitch(ctx context.Context, orgID string, req SwitchRequest) (q SwitchQuote, err error) {
	catalog, err := s.Catalog(ctx, req.ClientID)
	if err != nil {
		return q, err
	}
	q.App, q.Mode = catalog.App, catalog.Settings.Changes()
	if q.New, q.NewPlan, err = catalog.Price(req.PriceID); err != nil {
		return q, s.whyNotForSale(ctx, catalog, req.PriceID, "", err)
	}
	held, err := s.store.Holder(ctx, orgID, q.NewPlan.Scope, catalog.Settings.Livemode)
	if err != nil {
		return q, err
	}
	sub, err := s.store.SeatSubscription(ctx, held.ID)
	if err != nil {
		return q, err
	}
	q.Subscription = sub.Subscription
	if q.Old, err = s.store.Price(ctx, sub.PriceID); err != nil {
		return q, err
	}
	if q.OldPlan, err = s.store.Plan(ctx, sub.PlanID); err != nil {
		return q, err
	}
	if reason := q.blocked(s.now()); reason != "" {
		return q, &SwitchBlockedError{Reason: reason}
	}
	if !catalog.Choose(Visitor{Country: req.Country}).Sells(q.NewPlan, q.New) {
		return q, ErrPriceCountry
	}
	members, err := s.members.ActiveMembers(ctx, orgID)
	if err != nil {
		return q, fmt.Errorf("count members: %w", err)
	}
	if q.Quantity = q.seats(members); q.NewPlan.MaxSeats > 0 && q.New.PerSeat && q.Quantity > q.NewPlan.MaxSeats {
		return q, &SeatCapError{Cap: q.NewPlan.MaxSeats, Reason: CapPlan}
	}
	q.Gained, q.Lost = lacking(q.NewPlan.Features, q.OldPlan.Features), lacking(q.OldPlan.Features, q.NewPlan.Features)
	return q, nil
}

// seats is how many of the new price are paid.
func (q SwitchQuote) seats(members int64) int64 {
	return SeatSubscription{Subscription: q.Subscription, PerSeat: q.New.PerSeat}.wanted(members)
}

func (q SwitchQuote) blocked(now time.Time) string {
	switch sub := q.Subscription; {
	case !sub.Recurring || q.New.Interval == IntervalOneTime:
		return BlockedOneTime
	case sub.PriceID == q.New.ID:
		return BlockedSame
	case sub.ends() || sub.endedByClock(now):
		return BlockedEnding
	case sub.Status == StatusPastDue || sub.Status == StatusUnpaid:
		return BlockedPastDue
	case sub.Status == StatusPaused:
		return BlockedPaused
	case sub.Currency != q.New.Currency:
		return BlockedCurrency
	default:
		return ""
	}
}

// lacking are the features of a that b does not have.
func lacking(a, b []Feature) (out []Feature) {
	for _, f := range a {
		if !slices.ContainsFunc(b, func(o Feature) bool { return o.Key == f.Key }) {
			out = append(out, f)
		}
	}
	return out
}

// SwitchPlan carries out the switch that a buyer has confirmed, and answers what it was quoted as. A charge that
// differs from the confirmed one is [ErrQuoteStale]: nothing happens. Other errors as [Service.QuoteSwitch], and
// [ErrCardDeclined]: then everything is as it was. After [ErrStripeUnavailable] the wish stands.
func (s *Service) SwitchPlan(ctx context.Context, orgID string, req SwitchRequest, c Confirmation) (SwitchQuote, error) {
	what := fmt.Sprintf("switch org %s to price %s", orgID, req.PriceID)
	if c.ProrationDate.IsZero() {
		return SwitchQuote{}, fmt.Errorf("%s: %w", what, ErrQuoteStale)
	}
	q, err := s.quoteSwitch(ctx, orgID, req, c.ProrationDate)
	if err == nil && !q.Confirms(c) {
		err = ErrQuoteStale
	}
	var row SubscriptionChange
	if err == nil {
		row, err = s.writeSwitch(ctx, q)
	}
	if err == nil {
		err = s.carryOutWish(ctx, row)
	}
	if err != nil {
		return q, fmt.Errorf("%s: %w", what, err)
	}
	return q, nil
}

func (s *Service) writeSwitch(ctx context.Context, q SwitchQuote) (row SubscriptionChange, err error) {
	err = s.tx.InTx(ctx, func(ctx context.Context) error {
		sub, err := s.changeable(ctx, q.Subscription.OrgID, q.Subscription.ID)
		if err != nil {
			return err
		}
		if sub.PriceID != q.Old.ID {
			return ErrQuoteStale
		}
		if _, err := s.supersede(ctx, sub.ID); err != nil {
			return err
		}
		row = s.newChange(ctx, sub.Subscription, ChangeSwitch)
		row.FromPriceID, row.ToPriceID, row.Quantity, row.Mode, row.ProrationDate = q.Old.ID, q.New.ID, q.Quantity, q.Mode, &q.ProrationDate
		row.Quoted, row.Currency = q.Invoice.Total, q.New.Currency
		if q.Mode == ModePeriodEnd && sub.CurrentPeriodEnd != nil {
			due := sub.CurrentPeriodEnd.UTC().Add(-switchAhead)
			row.DueAt, row.ProrationDate = &due, nil
		}
		if err := s.store.SaveChange(ctx, row); err != nil {
			return err
		}
		err = s.audit.Record(ctx, audit.Entry{
			OrgID: sub.OrgID, Action: "subscription.switch_asked", Target: audit.Target{Kind: "subscription", ID: sub.ID}, Before: viewOf(sub.Subscription),
			After: map[string]any{"change": row.ID, "price": row.ToPriceID, "quantity": row.Quantity, "mode": row.Mode, "quoted": row.Quoted, "currency": row.Currency},
		})
		if err != nil {
			return err
		}
		return s.jobs.Want(ctx, KindChange, sub.ID)
	})
	return row, err
}

// switchAhead is how long before the end of a period a switch "at its end" is made, so that the next one is charged at
// the new price.
const switchAhead = time.Hour
