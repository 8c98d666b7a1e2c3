package billingtest

import (
	"context"

	"github.com/wolfieauth/wolfieauth/billing"
)

type product struct {
	at billing.Account
	billing.RemoteProduct
}

// ReadProduct implements [billing.CatalogGateway].
func (g *Gateway) ReadProduct(_ context.Context, at billing.Account, id string) (billing.RemoteProduct, error) {
	return call(g, "ReadProduct", func() (billing.RemoteProduct, error) {
		p := g.products[id]
		if p == nil || p.at != at {
			return billing.RemoteProduct{}, billing.ErrStripeGone
		}
		return p.RemoteProduct, nil
	})
}

// ReadPrice implements [billing.CatalogGateway].
func (g *Gateway) ReadPrice(_ context.Context, at billing.Account, id string) (billing.RemotePrice, error) {
	return call(g, "ReadPrice", func() (billing.RemotePrice, error) {
		p := g.remote[id]
		if p == nil || g.prices[id].at != at {
			return billing.RemotePrice{}, billing.ErrStripeGone
		}
		return *p, nil
	})
}

// UpdateProduct implements [billing.CatalogGateway].
func (g *Gateway) UpdateProduct(_ context.Context, at billing.Account, key, id string, to billing.ProductState) error {
	_, err := call(g, "UpdateProduct", func() (string, error) {
		return keyed(g, key, []any{at, id, to}, func() (string, error) {
			p := g.products[id]
			if p == nil || p.at != at {
				return "", billing.ErrStripeGone
			}
			p.ProductState = to
			return id, nil
		})
	})
	return err
}

// SetPriceActive implements [billing.CatalogGateway].
func (g *Gateway) SetPriceActive(_ context.Context, at billing.Account, key, id string, active bool) error {
	_, err := call(g, "SetPriceActive", func() (string, error) {
		return keyed(g, key, []any{at, id, active}, func() (string, error) {
			if g.remote[id] == nil || g.prices[id].at != at {
				return "", billing.ErrStripeGone
			}
			g.remote[id].Active = active
			return id, nil
		})
	})
	return err
}

// Tamper changes a product or a price behind everybody's back, as somebody at Stripe's dashboard could; one whose
// function answers false is deleted.
func (g *Gateway) Tamper(id string, onProduct func(*billing.RemoteProduct) bool, onPrice func(*billing.RemotePrice) bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if p := g.products[id]; p != nil && onProduct != nil && !onProduct(&p.RemoteProduct) {
		delete(g.products, id)
	}
	if p := g.remote[id]; p != nil && onPrice != nil && !onPrice(p) {
		delete(g.remote, id)
	}
}

// Things counts the products and prices.
func (g *Gateway) Things() (products, prices int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	return len(g.products), len(g.remote)
}
