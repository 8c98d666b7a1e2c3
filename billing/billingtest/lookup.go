package billingtest

import (
	"context"

	"github.com/wolfieauth/wolfieauth/billing"
)

type made struct{ key, id string }

// FindMade implements [billing.LookupGateway].
func (g *Gateway) FindMade(_ context.Context, at billing.Account, kind billing.MadeKind, key string) (string, error) {
	return call(g, "FindMade", func() (string, error) {
		for _, m := range g.made {
			if m.key == key && g.has(at, kind, m.id) {
				return m.id, nil
			}
		}
		return "", nil
	})
}

func (g *Gateway) has(at billing.Account, kind billing.MadeKind, id string) bool {
	switch kind {
	case billing.MadeProduct:
		p := g.products[id]
		return p != nil && p.at == at
	case billing.MadePrice:
		return g.prices[id].at == at && g.remote[id] != nil
	case billing.MadeCustomer:
		p, ok := g.people[id]
		return ok && p.at == at
	default:
		return false
	}
}

// Made counts the things of a kind that exist on any account.
func (g *Gateway) Made(kind billing.MadeKind) int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return map[billing.MadeKind]int{billing.MadeProduct: len(g.products), billing.MadePrice: len(g.prices), billing.MadeCustomer: len(g.people)}[kind]
}
