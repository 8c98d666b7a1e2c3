package app

import (
	"context"
	"errors"

	"github.com/wolfieauth/wolfieauth/billing/pricing"
	"github.com/wolfieauth/wolfieauth/claims"
	"github.com/wolfieauth/wolfieauth/idp"
	"github.com/wolfieauth/wolfieauth/idp/provider"
	"github.com/wolfieauth/wolfieauth/internal/permission"
)

// buyers tells the pricing pages who may buy for whom.
type buyers struct {
	people   *idp.Service
	provider *provider.Provider
	claims   assembler
}

var (
	_ pricing.Visitors     = buyers{}
	_ pricing.Tokens       = buyers{}
	_ pricing.Entitlements = buyers{}
)

// Visitor answers a signed-in person with the orgs that they may buy for.
func (b buyers) Visitor(ctx context.Context, userID string) (pricing.Visitor, error) {
	user, err := b.people.User(ctx, userID)
	if err != nil {
		return pricing.Visitor{}, err
	}
	orgs, err := b.people.OrgsOf(ctx, userID)
	if err != nil {
		return pricing.Visitor{}, err
	}
	v := pricing.Visitor{UserID: user.ID, Name: user.Name, Email: user.Email}
	for _, o := range orgs {
		if !permission.Allows(permission.Role(o.Role), permission.BillingWrite) {
			continue
		}
		members, err := b.people.ActiveMembers(ctx, o.Org.ID)
		if err != nil {
			return pricing.Visitor{}, err
		}
		v.Orgs = append(v.Orgs, pricing.Org{ID: o.Org.ID, Name: o.Org.Name, Personal: o.Org.Personal(), Members: members})
	}
	return v, nil
}

// Verify answers whose access token it is; one without a person behind it is none here.
func (b buyers) Verify(ctx context.Context, bearer string) (pricing.Caller, error) {
	held, err := b.provider.Access(ctx, bearer)
	if errors.Is(err, idp.ErrGrantNotFound) || errors.Is(err, idp.ErrGrantExpired) || errors.Is(err, idp.ErrGrantRevoked) || err == nil && held.UserID == "" {
		return pricing.Caller{}, errors.Join(pricing.ErrTokenInvalid, err)
	}
	if err != nil {
		return pricing.Caller{}, err
	}
	return pricing.Caller{UserID: held.UserID, OrgID: held.OrgID, ClientID: held.ClientID, Scopes: held.Scopes}, nil
}

// Entitlements is the claim, from the one assembler.
func (b buyers) Entitlements(ctx context.Context, userID, orgID, clientID string) (claims.Result, error) {
	return b.claims.Assemble(ctx, userID, orgID, clientID)
}
