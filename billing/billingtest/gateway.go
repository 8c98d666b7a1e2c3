// Package billingtest is an in-memory stand-in for [billing.Gateway], with the switches that tests of the money
// flow need: a payer who pays or does not, a clock, and calls that fail before or after their effect.
//
// It keeps idempotency keys as Stripe does: the same key answers the first result again, and a key that comes
// with other parameters is refused.
package billingtest

import (
	"context"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"sync"
	"time"

	"github.com/wolfieauth/wolfieauth/billing"
)

var _ billing.Gateway = (*Gateway)(nil)

// Fault decides the fate of one call: an error before it has any effect, or after.
type Fault func(op string) (before, after error)

// Gateway is the stand-in. Make one with [New].
type Gateway struct {
	now func() time.Time

	mu       sync.Mutex
	count    int
	calls    map[string]int
	fault    Fault
	answers  map[string]answer
	sessions map[string]*session
	subs     map[string]*subscription
	payments map[string]*payment
	prices   map[string]placed[billing.PriceSpec]
	products map[string]*product
	remote   map[string]*billing.RemotePrice
	people   map[string]placed[billing.CustomerSpec]
	refunds  []string
	invoices map[string]placed[billing.RemoteInvoice]

	prorations []proration
	quantities []Quantity
	events     []happened
	made       []made
	connect    connections
}

// keysKept is how long Stripe knows a key.
const keysKept = 24 * time.Hour

type answer struct {
	at     time.Time
	spec   any
	result any
}

type placed[T any] struct {
	at   billing.Account
	spec T
}

type session struct {
	at   billing.Account
	spec billing.CheckoutSpec
	billing.RemoteCheckout
}

type subscription struct {
	at billing.Account
	billing.RemoteSubscription
}

type payment struct {
	at billing.Account
	billing.RemotePayment
}

// New makes an empty stand-in that dates things by now.
func New(now func() time.Time) *Gateway {
	return &Gateway{
		now: now, calls: map[string]int{}, answers: map[string]answer{}, sessions: map[string]*session{}, subs: map[string]*subscription{},
		payments: map[string]*payment{}, prices: map[string]placed[billing.PriceSpec]{}, products: map[string]*product{},
		remote: map[string]*billing.RemotePrice{}, people: map[string]placed[billing.CustomerSpec]{},
		invoices: map[string]placed[billing.RemoteInvoice]{},
		connect:  newConnections(),
	}
}

// Break sets the fault of the calls that follow; nil heals.
func (g *Gateway) Break(f Fault) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.fault = f
}

// Calls counts the calls of one operation, such as "CreateCheckout".
func (g *Gateway) Calls(op string) int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.calls[op]
}

// Refunds lists the payments that were given back, in order.
func (g *Gateway) Refunds() []string {
	g.mu.Lock()
	defer g.mu.Unlock()
	return slices.Clone(g.refunds)
}

// Subscriptions lists the ids of all subscriptions, sorted.
func (g *Gateway) Subscriptions() []string {
	g.mu.Lock()
	defer g.mu.Unlock()
	return slices.Sorted(maps.Keys(g.subs))
}

// Sessions counts the checkout sessions of a status.
func (g *Gateway) Sessions(status string) (n int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, s := range g.sessions {
		if s.Status == status {
			n++
		}
	}
	return n
}

// call runs one operation under the lock, with the fault around it.
func call[T any](g *Gateway, op string, do func() (T, error)) (T, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.calls[op]++
	var before, after error
	if g.fault != nil {
		before, after = g.fault(op)
	}
	if before != nil {
		var zero T
		return zero, before
	}
	out, err := do()
	if after != nil {
		var zero T
		return zero, after
	}
	return out, err
}

// keyed answers the kept result of a key, or makes one.
func keyed[T any](g *Gateway, key string, spec any, do func() (T, error)) (T, error) {
	var zero T
	if key == "" {
		return zero, fmt.Errorf("%w: no idempotency key", billing.ErrStripeRefused)
	}
	if kept, ok := g.answers[key]; ok && g.now().Sub(kept.at) < keysKept {
		if !reflect.DeepEqual(kept.spec, spec) {
			return zero, fmt.Errorf("%w: key %s came with other parameters", billing.ErrStripeRefused, key)
		}
		return kept.result.(T), nil
	}
	out, err := do()
	if err == nil {
		g.answers[key] = answer{g.now(), spec, out}
		if id, ok := any(out).(string); ok {
			g.made = append(g.made, made{key, id})
		}
	}
	return out, err
}

func (g *Gateway) id(prefix string) string {
	g.count++
	return fmt.Sprintf("%s_%06d", prefix, g.count)
}

// CreateProduct implements [billing.CatalogGateway].
func (g *Gateway) CreateProduct(_ context.Context, at billing.Account, key string, spec billing.ProductSpec) (string, error) {
	return call(g, "CreateProduct", func() (string, error) {
		return keyed(g, key, []any{at, spec}, func() (string, error) {
			id := g.id("prod")
			g.products[id] = &product{at, billing.RemoteProduct{ID: id, ProductState: billing.ProductState{Name: spec.Name, Description: spec.Description, Active: true}}}
			return id, nil
		})
	})
}

// CreatePrice implements [billing.CatalogGateway].
func (g *Gateway) CreatePrice(_ context.Context, at billing.Account, key string, spec billing.PriceSpec) (string, error) {
	return call(g, "CreatePrice", func() (string, error) {
		return keyed(g, key, []any{at, spec}, func() (string, error) {
			id := g.id("price")
			g.prices[id] = placed[billing.PriceSpec]{at, spec}
			g.remote[id] = &billing.RemotePrice{
				ID: id, ProductID: spec.ProductID, Active: true, Currency: spec.Currency, Interval: spec.Interval, Scheme: spec.Scheme,
				Amount: spec.Amount, Tiers: slices.Clone(spec.Tiers),
			}
			return id, nil
		})
	})
}

// Price answers what a price was made with; zero for an unknown id.
func (g *Gateway) Price(id string) billing.PriceSpec {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.prices[id].spec
}

// CreateCustomer implements [billing.CheckoutGateway].
func (g *Gateway) CreateCustomer(_ context.Context, at billing.Account, key string, spec billing.CustomerSpec) (string, error) {
	return call(g, "CreateCustomer", func() (string, error) {
		return keyed(g, key, []any{at, spec}, func() (string, error) {
			id := g.id("cus")
			g.people[id] = placed[billing.CustomerSpec]{at, spec}
			return id, nil
		})
	})
}

// DeleteCustomer does what somebody does at Stripe's dashboard: the customer goes for good and its subscriptions end.
func (g *Gateway) DeleteCustomer(id string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	delete(g.people, id)
	now := g.now()
	for _, s := range g.subs {
		if s.CustomerID == id && s.EndedAt == nil {
			s.Status, s.EndedAt, s.CanceledAt = billing.StatusCanceled, &now, &now
		}
	}
}

// CreateCheckout implements [billing.CheckoutGateway].
func (g *Gateway) CreateCheckout(_ context.Context, at billing.Account, key string, spec billing.CheckoutSpec) (billing.RemoteCheckout, error) {
	return call(g, "CreateCheckout", func() (billing.RemoteCheckout, error) {
		return keyed(g, key, []any{at, spec}, func() (billing.RemoteCheckout, error) {
			if _, ok := g.people[spec.CustomerID]; !ok {
				return billing.RemoteCheckout{}, billing.ErrStripeCustomerGone
			}
			if g.people[spec.CustomerID].at != at || g.prices[spec.StripePriceID].at != at {
				return billing.RemoteCheckout{}, billing.ErrStripeGone
			}
			id := g.id("cs")
			s := &session{at: at, spec: spec, RemoteCheckout: billing.RemoteCheckout{
				ID: id, URL: "https://pay.test/" + id, Status: "open", PaymentStatus: "unpaid", CheckoutID: spec.CheckoutID,
				CustomerID: spec.CustomerID, Created: g.now(), ExpiresAt: spec.ExpiresAt,
			}}
			g.sessions[id] = s
			return s.RemoteCheckout, nil
		})
	})
}

// ReadCheckout implements [billing.CheckoutGateway].
func (g *Gateway) ReadCheckout(_ context.Context, at billing.Account, id string) (billing.RemoteCheckout, error) {
	return call(g, "ReadCheckout", func() (billing.RemoteCheckout, error) {
		s := g.sessions[id]
		if s == nil || s.at != at {
			return billing.RemoteCheckout{}, billing.ErrStripeGone
		}
		if s.Status == "open" && !g.now().Before(s.ExpiresAt) {
			s.Status = "expired"
		}
		_, ok := g.people[s.CustomerID]
		s.CustomerGone = !ok
		return s.RemoteCheckout, nil
	})
}

// ExpireCheckout implements [billing.CheckoutGateway].
func (g *Gateway) ExpireCheckout(_ context.Context, at billing.Account, id string) error {
	_, err := call(g, "ExpireCheckout", func() (any, error) {
		s := g.sessions[id]
		if s == nil || s.at != at {
			return nil, billing.ErrStripeGone
		}
		if s.Status == "open" {
			s.Status = "expired"
		}
		return nil, nil
	})
	return err
}

// CreatePortal implements [billing.CheckoutGateway].
func (g *Gateway) CreatePortal(_ context.Context, at billing.Account, customerID, returnURL, _ string) (string, error) {
	return call(g, "CreatePortal", func() (string, error) {
		if p, ok := g.people[customerID]; !ok || p.at != at {
			return "", billing.ErrStripeCustomerGone
		}
		return "https://portal.test/" + customerID + "?return=" + returnURL, nil
	})
}

// ReadSubscription implements [billing.SubscriptionGateway].
func (g *Gateway) ReadSubscription(_ context.Context, at billing.Account, id string) (billing.RemoteSubscription, error) {
	return call(g, "ReadSubscription", func() (billing.RemoteSubscription, error) {
		s := g.subs[id]
		if s == nil || s.at != at {
			return billing.RemoteSubscription{}, billing.ErrStripeGone
		}
		return s.RemoteSubscription, nil
	})
}

// ListSubscriptions implements [billing.SubscriptionGateway].
func (g *Gateway) ListSubscriptions(_ context.Context, at billing.Account, customerID string) ([]billing.RemoteSubscription, error) {
	return call(g, "ListSubscriptions", func() ([]billing.RemoteSubscription, error) {
		if p, ok := g.people[customerID]; !ok || p.at != at {
			return nil, billing.ErrStripeCustomerGone
		}
		var out []billing.RemoteSubscription
		for _, id := range slices.Sorted(maps.Keys(g.subs)) {
			if s := g.subs[id]; s.at == at && s.CustomerID == customerID {
				out = append(out, s.RemoteSubscription)
			}
		}
		return out, nil
	})
}

// ReadPayment implements [billing.SubscriptionGateway].
func (g *Gateway) ReadPayment(_ context.Context, at billing.Account, id string) (billing.RemotePayment, error) {
	return call(g, "ReadPayment", func() (billing.RemotePayment, error) {
		p := g.payments[id]
		if p == nil || p.at != at {
			return billing.RemotePayment{}, billing.ErrStripeGone
		}
		return p.RemotePayment, nil
	})
}

// CancelNow implements [billing.SubscriptionGateway].
func (g *Gateway) CancelNow(_ context.Context, at billing.Account, _, id string) error {
	_, err := call(g, "CancelNow", func() (any, error) {
		s := g.subs[id]
		if s == nil || s.at != at || s.EndedAt != nil {
			return nil, nil
		}
		now := g.now()
		s.Status, s.EndedAt, s.CanceledAt = billing.StatusCanceled, &now, &now
		return nil, nil
	})
	return err
}

// Refund implements [billing.SubscriptionGateway].
func (g *Gateway) Refund(_ context.Context, at billing.Account, key, paymentID string) (string, error) {
	return call(g, "Refund", func() (string, error) {
		return keyed(g, key, []any{at, paymentID}, func() (string, error) {
			p := g.payments[paymentID]
			if p == nil || p.at != at || p.Refunded {
				return "", billing.ErrStripeRefused
			}
			p.Refunded = true
			g.refunds = append(g.refunds, paymentID)
			return g.id("re"), nil
		})
	})
}
