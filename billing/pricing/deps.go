package pricing

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/wolfieauth/wolfieauth/claims"
)

// ErrTokenInvalid means that a bearer token is unknown, expired, revoked or not for a person.
var ErrTokenInvalid = errors.New("access token invalid")

// Org is an org that somebody may buy for.
type Org struct {
	ID   string
	Name string
	// Personal is true for the org that a person has for themselves.
	Personal bool
	// Members is how many active members it has, the floor of its seats.
	Members int64
}

// Visitor is a signed-in person as the page sees them.
type Visitor struct {
	UserID string
	Name   string
	Email  string
	// Orgs are those that the person may buy for (permission billing.write), the personal one among them.
	Orgs []Org
}

// Org finds an org that the visitor may buy for.
func (v Visitor) Org(id string) (Org, bool) {
	for _, o := range v.Orgs {
		if o.ID == id {
			return o, true
		}
	}
	return Org{}, false
}

// Personal answers the visitor's own org; ok is false for a person who may not buy even there.
func (v Visitor) Personal() (Org, bool) {
	for _, o := range v.Orgs {
		if o.Personal {
			return o, true
		}
	}
	return Org{}, false
}

// Visitors tells who a signed-in person is.
type Visitors interface {
	// Visitor is never called for an anonymous one.
	Visitor(ctx context.Context, userID string) (Visitor, error)
}

// Caller is what a verified access token says.
type Caller struct {
	UserID string
	// OrgID is the org that the grant acts for; "" reads as the user's personal one.
	OrgID    string
	ClientID string
	Scopes   []string
}

// Tokens verifies access tokens.
type Tokens interface {
	// Verify answers [ErrTokenInvalid] for a token that is none, has ended, or has no person behind it.
	Verify(ctx context.Context, bearer string) (Caller, error)
}

// Entitlements is the one assembler of the plans claim.
type Entitlements interface {
	Entitlements(ctx context.Context, userID, orgID, clientID string) (claims.Result, error)
}

// Seller is who sells: the org behind an app, as a buyer must be able to read it.
type Seller struct {
	Name      string
	VATNumber string
	Address   string
	Email     string
}

// Sellers knows the orgs that sell. It is asked once for each page, so it answers from memory.
type Sellers interface {
	Seller(ctx context.Context, orgID string) (Seller, error)
}

// Deps is what the handlers are made of. All are required but Sellers, Logger, Now and SignOutURL.
type Deps struct {
	Shop         Shop
	Own          OwnBilling
	Visitors     Visitors
	Tokens       Tokens
	Entitlements Entitlements
	Sellers      Sellers
	Logger       *slog.Logger
	// Now is the business clock; nil is the machine's.
	Now func() time.Time
	// SignOutURL is where the header's sign-out form posts to.
	SignOutURL string
}
