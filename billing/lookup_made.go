package billing

import (
	"context"
	"fmt"
	"time"
)

// lookUpAfter is how old a row may be for its key alone to keep its thing from being made twice. Stripe keeps keys for at
// least 24 hours; a look-up finds what is a minute old. Half of the one is much more than the other.
const lookUpAfter = 12 * time.Hour

// MadeKind is a kind of thing that Stripe can be searched for.
type MadeKind string

// The kinds, by the name of their list at Stripe.
const (
	MadeProduct  MadeKind = "products"
	MadePrice    MadeKind = "prices"
	MadeCustomer MadeKind = "customers"
)

// LookupGateway finds what was made under a key that Stripe may have forgotten.
type LookupGateway interface {
	// FindMade answers the id of the oldest thing whose metadata names the key, "" for none. What was made in the last
	// minute may be missing.
	FindMade(ctx context.Context, at Account, kind MadeKind, key string) (id string, err error)
}

// makeOnce makes a thing whose key is the id of a row of ours; where the row is so old that Stripe may have forgotten
// the key, it looks first whether the thing was made.
func (s *Service) makeOnce(ctx context.Context, at Account, kind MadeKind, rowID string, written time.Time, create func() (string, error)) (string, error) {
	if s.now().Sub(written) > lookUpAfter {
		id, err := s.gateway.FindMade(ctx, at, kind, rowID)
		if err != nil {
			return "", fmt.Errorf("look for what was made: %w", err)
		}
		if id != "" {
			s.log.WarnContext(ctx, "found what was made at stripe before, and is not made again", "kind", kind, "id", id, "row", rowID)
			return id, nil
		}
	}
	return create()
}
