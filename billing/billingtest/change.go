package billingtest

import (
	"context"
	"fmt"
	"slices"

	"github.com/wolfieauth/wolfieauth/billing"
)

// SetEnding implements [billing.ChangeGateway].
func (g *Gateway) SetEnding(_ context.Context, at billing.Account, key, id string, to billing.Ending) error {
	_, err := call(g, "SetEnding", func() (any, error) {
		return keyed(g, key, []any{at, id, to}, func() (any, error) {
			s, err := g.open(at, id)
			if err != nil {
				return nil, err
			}
			s.CancelAt, s.CancelAtPeriodEnd = nil, to.AtPeriodEnd
			if to.AtPeriodEnd {
				end := s.CurrentPeriodEnd
				s.CancelAt = &end
			}
			return nil, nil
		})
	})
	return err
}

// open answers a subscription that has not ended.
func (g *Gateway) open(at billing.Account, id string) (*subscription, error) {
	s := g.subs[id]
	if s == nil || s.at != at {
		return nil, billing.ErrStripeGone
	}
	if s.EndedAt != nil {
		return nil, fmt.Errorf("%w: subscription %s has ended", billing.ErrStripeRefused, id)
	}
	return s, nil
}

// Switch implements [billing.ChangeGateway]. Prorations become pending items; an interval is never begun anew.
func (g *Gateway) Switch(_ context.Context, at billing.Account, key string, spec billing.SwitchSpec) error {
	_, err := call(g, "Switch", func() (any, error) {
		var date int64
		if spec.ProrationDate != nil {
			date = spec.ProrationDate.Unix()
		}
		flat := spec
		flat.ProrationDate = nil
		return keyed(g, key, []any{at, flat, date}, func() (any, error) {
			s, lines, err := g.switched(at, spec)
			if err != nil {
				return nil, err
			}
			g.prorations = append(g.prorations, lines...)
			s.StripePriceID, s.Quantity = spec.StripePriceID, spec.Quantity
			return nil, nil
		})
	})
	return err
}

func (g *Gateway) switched(at billing.Account, spec billing.SwitchSpec) (*subscription, []proration, error) {
	s, err := g.open(at, spec.SubscriptionID)
	if err != nil {
		return nil, nil, err
	}
	if g.prices[spec.StripePriceID].at != at || s.ItemID != spec.ItemID {
		return nil, nil, fmt.Errorf("%w: price %q, item %q", billing.ErrStripeRefused, spec.StripePriceID, spec.ItemID)
	}
	from, err := s.prorateFrom(g.now(), billing.QuantitySpec{ProrationDate: spec.ProrationDate})
	if err != nil || spec.Mode == billing.ModePeriodEnd || s.Status == billing.StatusTrialing {
		return s, nil, err
	}
	line := func(price string, quantity, sign int64) proration {
		rest, whole := s.CurrentPeriodEnd.Unix()-from.Unix(), s.CurrentPeriodEnd.Unix()-s.CurrentPeriodStart.Unix()
		return proration{s.ID, billing.RemoteProration{
			ID: g.id("ii"), Amount: sign * g.total(price, quantity) * rest / whole, Currency: g.prices[price].spec.Currency, Quantity: quantity, At: g.now(),
		}}
	}
	return s, []proration{line(s.StripePriceID, s.Quantity, -1), line(spec.StripePriceID, spec.Quantity, 1)}, nil
}

// PreviewSwitch implements [billing.ChangeGateway].
func (g *Gateway) PreviewSwitch(_ context.Context, at billing.Account, spec billing.SwitchSpec) (billing.RemoteUpcoming, error) {
	return call(g, "PreviewSwitch", func() (billing.RemoteUpcoming, error) {
		s, lines, err := g.switched(at, spec)
		if err != nil {
			return billing.RemoteUpcoming{}, err
		}
		return g.foresee(s, lines, spec.StripePriceID, spec.Quantity), nil
	})
}

// NextInvoice implements [billing.LookGateway].
func (g *Gateway) NextInvoice(_ context.Context, at billing.Account, id string) (billing.RemoteUpcoming, error) {
	return call(g, "NextInvoice", func() (billing.RemoteUpcoming, error) {
		s := g.subs[id]
		if s == nil || s.at != at {
			return billing.RemoteUpcoming{}, billing.ErrStripeGone
		}
		if s.CancelAtPeriodEnd || s.EndedAt != nil {
			return billing.RemoteUpcoming{}, nil
		}
		return g.foresee(s, nil, s.StripePriceID, s.Quantity), nil
	})
}

func (g *Gateway) foresee(s *subscription, lines []proration, price string, quantity int64) billing.RemoteUpcoming {
	out := billing.RemoteUpcoming{At: s.CurrentPeriodEnd, Currency: g.prices[price].spec.Currency}
	for _, p := range slices.Concat(g.prorations, lines) {
		if p.subID == s.ID && p.InvoiceID == "" {
			out.Prorated += p.Amount
			out.Lines = append(out.Lines, billing.RemoteLine{Description: "Rest of the period", Amount: p.Amount, Proration: true, End: s.CurrentPeriodEnd})
		}
	}
	renewal := g.total(price, quantity)
	out.Lines = append(out.Lines, billing.RemoteLine{Description: "Next period", Amount: renewal, End: after(s.CurrentPeriodEnd, g.prices[price].spec.Interval)})
	out.Total = out.Prorated + renewal
	out.Due = max(out.Total, 0)
	return out
}

// ListInvoices implements [billing.LookGateway]: a paid one for each payment.
func (g *Gateway) ListInvoices(_ context.Context, at billing.Account, customerID string) ([]billing.ShownInvoice, error) {
	return call(g, "ListInvoices", func() ([]billing.ShownInvoice, error) {
		if p, ok := g.people[customerID]; !ok || p.at != at {
			return nil, billing.ErrStripeCustomerGone
		}
		var out []billing.ShownInvoice
		for _, s := range g.subs {
			if s.at == at && s.CustomerID == customerID && s.LatestPaymentID != "" {
				out = append(out, billing.ShownInvoice{
					ID: "in_" + s.ID, SubscriptionID: s.ID, Number: "INV-1", Status: "paid", Currency: g.prices[s.StripePriceID].spec.Currency,
					Total: g.total(s.StripePriceID, s.Quantity), Created: s.Created, URL: "https://pay.test/i/" + s.ID, PDF: "https://pay.test/i/" + s.ID + "/pdf",
				})
			}
		}
		return out, nil
	})
}

// PaymentCard implements [billing.LookGateway].
func (g *Gateway) PaymentCard(_ context.Context, at billing.Account, id string) (billing.RemoteCard, error) {
	return call(g, "PaymentCard", func() (billing.RemoteCard, error) {
		if s := g.subs[id]; s == nil || s.at != at {
			return billing.RemoteCard{}, billing.ErrStripeGone
		}
		return billing.RemoteCard{Kind: "card", Brand: "visa", Last4: "4242", ExpMonth: 12, ExpYear: 2034}, nil
	})
}
