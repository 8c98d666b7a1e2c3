package billingtest

import (
	"context"
	"fmt"
	"time"

	"github.com/wolfieauth/wolfieauth/billing"
)

type proration struct {
	subID string
	billing.RemoteProration
}

// SetQuantity implements [billing.SeatGateway]: the rest of the period is credited at the old quantity and charged
// at the new one, as two pending items.
func (g *Gateway) SetQuantity(_ context.Context, at billing.Account, key string, spec billing.QuantitySpec) error {
	_, err := call(g, "SetQuantity", func() (any, error) {
		var date int64
		if spec.ProrationDate != nil {
			date = spec.ProrationDate.Unix()
		}
		return keyed(g, key, []any{at, spec.SubscriptionID, spec.ItemID, spec.Quantity, date}, func() (any, error) {
			s, err := g.live(at, spec)
			if err != nil {
				return nil, err
			}
			if s.EndedAt != nil {
				return nil, fmt.Errorf("%w: subscription %s has ended", billing.ErrStripeRefused, s.ID)
			}
			from, err := s.prorateFrom(g.now(), spec)
			if err != nil {
				return nil, err
			}
			g.prorations = append(g.prorations, g.prorate(s, from, spec.Quantity)...)
			s.Quantity = spec.Quantity
			g.quantities = append(g.quantities, Quantity{spec.SubscriptionID, key, spec.Quantity})
			return nil, nil
		})
	})
	return err
}

// Quantity is one change that had an effect.
type Quantity struct {
	SubscriptionID, Key string
	Quantity            int64
}

// Quantities lists the changes of quantities that had an effect, in order.
func (g *Gateway) Quantities() []Quantity {
	g.mu.Lock()
	defer g.mu.Unlock()
	return append([]Quantity(nil), g.quantities...)
}

func (g *Gateway) live(at billing.Account, spec billing.QuantitySpec) (*subscription, error) {
	s := g.subs[spec.SubscriptionID]
	if s == nil || s.at != at {
		return nil, billing.ErrStripeGone
	}
	if s.ItemID != spec.ItemID {
		return nil, fmt.Errorf("%w: item %q", billing.ErrStripeRefused, spec.ItemID)
	}
	return s, nil
}

func (s *subscription) prorateFrom(now time.Time, spec billing.QuantitySpec) (time.Time, error) {
	if spec.ProrationDate == nil {
		return now, nil
	}
	if spec.ProrationDate.Before(s.CurrentPeriodStart) || spec.ProrationDate.After(s.CurrentPeriodEnd) {
		return now, billing.ErrProrationDate
	}
	return *spec.ProrationDate, nil
}

func (g *Gateway) prorate(s *subscription, from time.Time, quantity int64) []proration {
	if s.Status == billing.StatusTrialing || quantity == s.Quantity {
		return nil
	}
	line := func(quantity, sign int64) proration {
		rest := s.CurrentPeriodEnd.Unix() - from.Unix()
		amount := sign * g.total(s.StripePriceID, quantity) * rest / (s.CurrentPeriodEnd.Unix() - s.CurrentPeriodStart.Unix())
		return proration{s.ID, billing.RemoteProration{
			ID: g.id("ii"), Amount: amount, Currency: g.prices[s.StripePriceID].spec.Currency, Quantity: quantity, At: g.now(),
		}}
	}
	return []proration{line(s.Quantity, -1), line(quantity, 1)}
}

// total is what a quantity of a price costs.
func (g *Gateway) total(stripePriceID string, quantity int64) int64 {
	spec := g.prices[stripePriceID].spec
	if spec.Scheme == billing.SchemeFlat {
		return spec.Amount * quantity
	}
	q, err := billing.QuotePrice(billing.Price{PerSeat: true, Scheme: spec.Scheme, Amount: spec.Amount, Tiers: spec.Tiers}, quantity)
	if err != nil {
		return 0
	}
	return q.Total
}

// PreviewQuantity implements [billing.SeatGateway].
func (g *Gateway) PreviewQuantity(_ context.Context, at billing.Account, spec billing.QuantitySpec) (billing.RemotePreview, error) {
	return call(g, "PreviewQuantity", func() (billing.RemotePreview, error) {
		s, err := g.live(at, spec)
		if err != nil {
			return billing.RemotePreview{}, err
		}
		from, err := s.prorateFrom(g.now(), spec)
		if err != nil {
			return billing.RemotePreview{}, err
		}
		out := billing.RemotePreview{InvoiceAt: s.CurrentPeriodEnd, Currency: g.prices[s.StripePriceID].spec.Currency}
		for _, p := range append(g.prorate(s, from, spec.Quantity), g.prorations...) {
			if p.subID == s.ID && p.InvoiceID == "" {
				out.Prorated += p.Amount
			}
		}
		if !s.CancelAtPeriodEnd {
			out.Renewal = g.total(s.StripePriceID, spec.Quantity)
		}
		return out, nil
	})
}

// ListProrations implements [billing.SeatGateway].
func (g *Gateway) ListProrations(_ context.Context, at billing.Account, customerID, subscriptionID string) ([]billing.RemoteProration, error) {
	return call(g, "ListProrations", func() ([]billing.RemoteProration, error) {
		if g.people[customerID].at != at {
			return nil, billing.ErrStripeGone
		}
		var out []billing.RemoteProration
		for _, p := range g.prorations {
			if p.subID == subscriptionID {
				out = append(out, p.RemoteProration)
			}
		}
		return out, nil
	})
}

// Renew begins the next period of a subscription and puts what waited onto an invoice, whose id it answers.
func (g *Gateway) Renew(subscriptionID string) (invoiceID string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	s := g.subs[subscriptionID]
	s.CurrentPeriodStart = s.CurrentPeriodEnd
	s.CurrentPeriodEnd = after(s.CurrentPeriodStart, g.prices[s.StripePriceID].spec.Interval)
	invoiceID = g.id("in")
	for i, p := range g.prorations {
		if p.subID == subscriptionID && p.InvoiceID == "" {
			g.prorations[i].InvoiceID = invoiceID
		}
	}
	return invoiceID
}
