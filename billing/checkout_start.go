package billing

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/wolfieauth/wolfieauth/internal/money"
)

// ErrPriceCountry means that the price is not for the buyer's country: it is another country's own, or the global one
// where the country has its own.
var ErrPriceCountry = errors.New("price not sold in this country")

// Buyer is who pays: a person who may buy for an org.
type Buyer struct {
	UserID  string
	OrgID   string
	Email   string // where Stripe sends invoices
	OrgName string
	Lang    string // "pl" or "en"
}

// CheckoutRequest is what a buyer asks for. No amount is ever taken from it.
type CheckoutRequest struct {
	ClientID string
	// PriceID names the price, or PlanID, Interval and Currency ("" = as the visitor sees it) describe it.
	PriceID  string
	PlanID   string
	Interval Interval
	Currency string
	// Country is the buyer's as a trusted proxy said it, else as the buyer did, or "" when nobody did: then the app's
	// default counts. It decides again which prices there are, whatever a page showed before.
	Country string
	// Quantity is the number of seats; nil means the org's members, or 1 for a price that is not per seat.
	Quantity *int64
	// ReturnTo is where the buyer goes afterwards: an address on one of the app's registered origins, or ours;
	// "" is the pricing page.
	ReturnTo string
}

const (
	checkoutLasts  = 23 * time.Hour // Stripe's bound is 24 hours from its creation
	checkoutMargin = time.Hour      // an open one is not reused near its end: Stripe wants 30 minutes ahead
	returnToLimit  = 1500
)

// SubscribedError says what the org has already. It wraps [ErrAlreadySubscribed].
type SubscribedError struct{ Subscription Subscription }

// Error names the subscription.
func (e *SubscribedError) Error() string {
	return ErrAlreadySubscribed.Error() + ": " + e.Subscription.ID
}

// Unwrap answers [ErrAlreadySubscribed].
func (e *SubscribedError) Unwrap() error { return ErrAlreadySubscribed }

// StartCheckout opens a hosted checkout, or answers the open one of the same buyer for the same thing; the
// browser goes to its URL.
//
// It refuses with [ErrAppNotFound], [ErrBillingOff], [ErrPriceNotFound], [ErrPlanNotFound], [ErrPriceRetired],
// [ErrPlanArchived], [ErrPriceCountry], [ErrQuantity], [ErrSeatsBelowMembers], a [SeatCapError], a [SubscribedError],
// [ErrReturnTo], [ErrStripeNotConfigured], [ErrStripeUnavailable], [ErrStripeRefused]; after the first ten
// nothing was written.
func (s *Service) StartCheckout(ctx context.Context, buyer Buyer, req CheckoutRequest) (Checkout, error) {
	out, err := s.startCheckout(ctx, buyer, req)
	if err != nil {
		return Checkout{}, fmt.Errorf("start checkout of org %s in %s: %w", buyer.OrgID, req.ClientID, err)
	}
	return out, nil
}

func (s *Service) startCheckout(ctx context.Context, buyer Buyer, req CheckoutRequest) (Checkout, error) {
	o, err := s.order(ctx, buyer, req)
	if err != nil {
		return Checkout{}, err
	}
	// An open checkout may have been paid or lost at Stripe since: one look, then a new one.
	for range 3 {
		row, customer, err := s.writeCheckout(ctx, o)
		if errors.Is(err, ErrRace) {
			continue
		}
		if err != nil {
			return Checkout{}, err
		}
		row, err = s.openCheckout(ctx, o, row, customer)
		if !errors.Is(err, errCheckoutOver) {
			return row, err
		}
		if err := s.notSubscribed(ctx, o); err != nil {
			return Checkout{}, err
		}
	}
	return Checkout{}, fmt.Errorf("%w: checkout kept closing", ErrRace)
}

// errCheckoutOver means that a checkout that we thought open is over.
var errCheckoutOver = errors.New("checkout over")

// order is a request after everything was looked up and checked.
type order struct {
	catalog   Catalog
	buyer     Buyer
	plan      Plan
	price     Price
	quantity  int64
	committed int64
	trialDays int64
	returnTo  string
	at        Account
}

func (s *Service) order(ctx context.Context, buyer Buyer, req CheckoutRequest) (order, error) {
	o := order{buyer: buyer, returnTo: req.ReturnTo}
	var err error
	if o.catalog, err = s.Catalog(ctx, req.ClientID); err != nil {
		return o, err
	}
	if o.price, o.plan, err = s.priceAsked(ctx, o.catalog, req); err != nil {
		return o, err
	}
	if err := o.seats(ctx, s.members, req.Quantity); err != nil {
		return o, err
	}
	if !s.mayReturnTo(o.catalog.App, req.ReturnTo) {
		return o, fmt.Errorf("%w: %q", ErrReturnTo, req.ReturnTo)
	}
	if err := s.notSubscribed(ctx, o); err != nil {
		return o, err
	}
	if o.trialDays, err = s.trialFor(ctx, o); err != nil {
		return o, err
	}
	o.at, err = s.chargingAccount(ctx, o.catalog.Settings)
	return o, err
}

// priceAsked finds what the buyer named among what is for sale.
func (s *Service) priceAsked(ctx context.Context, c Catalog, req CheckoutRequest) (Price, Plan, error) {
	if req.PriceID == "" {
		return s.priceDescribed(ctx, c, req)
	}
	price, plan, err := c.Price(req.PriceID)
	if err != nil {
		return Price{}, Plan{}, s.whyNotForSale(ctx, c, req.PriceID, "", err)
	}
	if choice := c.Choose(Visitor{Country: req.Country}); !choice.Sells(plan, price) {
		return Price{}, Plan{}, fmt.Errorf("%w: %s in %q", ErrPriceCountry, price.ID, choice.Country)
	}
	return price, plan, nil
}

func (s *Service) priceDescribed(ctx context.Context, c Catalog, req CheckoutRequest) (Price, Plan, error) {
	plan, err := c.Plan(req.PlanID)
	if err != nil {
		return Price{}, Plan{}, s.whyNotForSale(ctx, c, "", req.PlanID, err)
	}
	choice := c.Choose(Visitor{Country: req.Country, Currency: req.Currency})
	currency := choice.Currency
	if req.Currency != "" {
		currency = strings.ToUpper(req.Currency) // asked for by name: no other will do
	}
	price, ok := choice.PriceOf(plan, req.Interval, currency)
	if !ok {
		return Price{}, Plan{}, fmt.Errorf("%w: plan %s, %s in %q for %q", plan.whyNone(req.Interval, currency), plan.Slug, req.Interval, currency, choice.Country)
	}
	return price, plan, nil
}

// whyNone tells a way of paying that only other countries have from one that there is not at all.
func (p Plan) whyNone(interval Interval, currency string) error {
	if slices.ContainsFunc(p.Prices, func(o Price) bool {
		return o.RetiredAt == nil && o.Interval == interval && o.Currency == currency
	}) {
		return ErrPriceCountry
	}
	return ErrPriceNotFound
}

// whyNotForSale tells an end of sale from a thing that this app never sold.
func (s *Service) whyNotForSale(ctx context.Context, c Catalog, priceID, planID string, otherwise error) error {
	retired := false
	if priceID != "" {
		price, err := s.store.Price(ctx, priceID)
		if errors.Is(err, ErrPriceNotFound) {
			return otherwise
		}
		if err != nil {
			return err
		}
		planID, retired = price.PlanID, price.RetiredAt != nil
	}
	plan, err := s.store.Plan(ctx, planID)
	switch {
	case errors.Is(err, ErrPlanNotFound):
		return otherwise
	case err != nil:
		return err
	case !slices.Contains(c.Scopes(), plan.Scope):
		return otherwise
	case plan.ArchivedAt != nil:
		return fmt.Errorf("%w: %s", ErrPlanArchived, plan.Slug)
	case retired:
		return fmt.Errorf("%w: %s", ErrPriceRetired, priceID)
	default:
		return otherwise
	}
}

// seats settles the quantity: whole, within bounds, never fewer than members, payable.
func (o *order) seats(ctx context.Context, members Members, asked *int64) error {
	o.quantity, o.committed = 1, 1
	if asked != nil {
		o.quantity = *asked
	}
	if o.quantity < 1 || o.quantity > MaxQuantity || (!o.price.PerSeat && o.quantity != 1) {
		return fmt.Errorf("%w: %d", ErrQuantity, o.quantity)
	}
	if o.price.PerSeat {
		n, err := members.ActiveMembers(ctx, o.buyer.OrgID)
		if err != nil {
			return fmt.Errorf("count members: %w", err)
		}
		switch {
		case asked == nil:
			o.quantity = max(1, n)
		case o.quantity < n:
			return fmt.Errorf("%w: %d for %d", ErrSeatsBelowMembers, o.quantity, n)
		case o.quantity > n:
			o.committed = o.quantity
		}
		if most := o.plan.MaxSeats; most > 0 && o.quantity > most {
			return &SeatCapError{Cap: most, Reason: CapPlan}
		}
	}
	q, err := QuotePrice(o.price, o.quantity)
	if err == nil {
		err = money.Check(q.Total, q.Currency)
	}
	if err != nil {
		return fmt.Errorf("%w: %w", ErrQuantity, err)
	}
	return nil
}

// mayReturnTo keeps the way back on the app's registered origins and ours.
func (s *Service) mayReturnTo(app AppInfo, returnTo string) bool {
	if returnTo == "" {
		return true
	}
	u, err := url.Parse(returnTo)
	if err != nil || len(returnTo) > returnToLimit || u.Host == "" || u.User != nil || u.Opaque != "" || strings.ContainsAny(returnTo, "\\ \t") {
		return false
	}
	origin := strings.ToLower(u.Scheme + "://" + u.Host)
	return slices.Contains(app.Origins, origin) || origin == strings.ToLower(s.baseURL)
}

// rereadBeforeRefusal is how old our knowledge of a subscription may be when a purchase is refused because of it.
const rereadBeforeRefusal = time.Minute

// notSubscribed refuses a second live subscription. One that stands in the way is read again first, unless that
// was done just now: the event of its end may be lost, and nobody should wait for a sweep before buying anew.
func (s *Service) notSubscribed(ctx context.Context, o order) error {
	livemode := o.catalog.Settings.Livemode
	sub, err := s.store.Holder(ctx, o.buyer.OrgID, o.plan.Scope, livemode)
	over := err == nil && sub.endedByClock(s.now())
	if over || err == nil && s.now().Sub(sub.UpdatedAt) > rereadBeforeRefusal {
		switch readErr := s.jobs.DoNow(ctx, KindObject, sub.objectKey()); {
		case readErr != nil && over:
			return readErr
		case readErr != nil: // as far as we know it stands
			s.log.WarnContext(ctx, "subscription not read before refusal", "subscription", sub.ID, "error", readErr)
		}
		sub, err = s.store.Holder(ctx, o.buyer.OrgID, o.plan.Scope, livemode)
	}
	switch {
	case errors.Is(err, ErrSubscriptionNotFound):
		return nil
	case err != nil:
		return err
	default:
		return &SubscribedError{Subscription: sub}
	}
}

// trialFor gives a trial once per org and scope.
func (s *Service) trialFor(ctx context.Context, o order) (int64, error) {
	if o.plan.TrialDays == 0 || o.price.Interval == IntervalOneTime {
		return 0, nil
	}
	had, err := s.store.HadAny(ctx, o.buyer.OrgID, o.plan.Scope, o.catalog.Settings.Livemode)
	if err != nil || had {
		return 0, err
	}
	return o.plan.TrialDays, nil
}
