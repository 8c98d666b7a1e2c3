package billing

import (
	"context"
	"errors"
	"fmt"

	"github.com/wolfieauth/wolfieauth/internal/audit"
)

// AccountOf answers on which account of Stripe an app sells now. A connected app whose org has connected
// nothing in that mode, or whose connection has ended, answers [ErrStripeNotConfigured].
func (s *Service) AccountOf(ctx context.Context, settings AppSettings) (Account, error) {
	at, _, err := s.account(ctx, settings)
	return at, err
}

// chargingAccount is AccountOf for a sale: an account that cannot charge yet, or any more, answers
// [ErrStripeNotConfigured] too.
func (s *Service) chargingAccount(ctx context.Context, settings AppSettings) (Account, error) {
	at, charges, err := s.account(ctx, settings)
	if err == nil && !charges {
		err = fmt.Errorf("%w: account %s cannot charge", ErrStripeNotConfigured, at.ID)
	}
	return at, err
}

// account also tells whether it can charge. The platform's own is for its operator to see to.
func (s *Service) account(ctx context.Context, settings AppSettings) (at Account, charges bool, err error) {
	at = Account{Livemode: settings.Livemode}
	if settings.Gateway != GatewayConnect {
		return at, true, nil
	}
	row, err := s.store.Account(ctx, settings.OrgID, settings.Livemode)
	if err == nil && row.Ended() {
		err = ErrAccountEnded
	}
	if errors.Is(err, ErrAccountNotFound) {
		return Account{}, false, fmt.Errorf("%w: %w: org %s", ErrStripeNotConfigured, err, settings.OrgID)
	}
	at.ID = row.Account
	return at, row.ChargesEnabled, err
}

// ConnectAccount stores the connected account of an org in one mode; the same again changes nothing.
func (s *Service) ConnectAccount(ctx context.Context, orgID, account string, livemode bool) error {
	old, err := s.store.Account(ctx, orgID, livemode)
	if err == nil && old.Account == account && !old.Ended() {
		return nil
	}
	if err != nil && !errors.Is(err, ErrAccountNotFound) {
		return err
	}
	now := s.now()
	return s.tx.InTx(ctx, func(ctx context.Context) error {
		err := s.store.ConnectAccount(ctx, StripeAccount{
			OrgID: orgID, Livemode: livemode, Account: account, ChargesEnabled: true, PayoutsEnabled: true, DetailsSubmitted: true, CreatedAt: now, UpdatedAt: now,
		})
		if err != nil {
			return err
		}
		view := func(account string) map[string]any { return map[string]any{"account": account, "livemode": livemode} }
		return s.audit.Record(ctx, audit.Entry{
			OrgID: orgID, Action: "stripe.connected", Target: audit.Target{Kind: "org", ID: orgID}, Before: view(old.Account), After: view(account),
		})
	})
}

// EnsureStripePrice makes the price, and its plan's product, at Stripe where they are not there yet, and
// answers Stripe's id of the price. Rows are written before each call; their ids are the idempotency keys.
func (s *Service) EnsureStripePrice(ctx context.Context, at Account, plan Plan, price Price) (string, error) {
	now := s.now()
	row, err := s.store.ClaimPrice(ctx, StripePrice{
		PriceID: price.ID, Account: at.ID, Livemode: at.Livemode, ID: newID(), Active: true, CreatedAt: now, UpdatedAt: now,
	})
	if err != nil || row.StripePriceID != "" {
		return row.StripePriceID, err
	}
	// From here on the terms are fixed; what the caller read may be older than their last change.
	if price, err = s.store.Price(ctx, price.ID); err != nil {
		return "", err
	}
	productID, err := s.ensureProduct(ctx, at, plan)
	if err != nil {
		return "", err
	}
	name, err := s.makeOnce(ctx, at, MadePrice, row.ID, row.CreatedAt, func() (string, error) {
		return s.gateway.CreatePrice(ctx, at, row.ID, PriceSpec{
			PriceID: price.ID, ProductID: productID, Currency: price.Currency, Interval: price.Interval,
			PerSeat: price.PerSeat, Scheme: price.Scheme, Amount: price.Amount, Tiers: price.Tiers,
		})
	})
	if err != nil {
		return "", fmt.Errorf("sync price %s: %w", price.ID, err)
	}
	return name, s.store.NamePrice(ctx, row.ID, name, s.now())
}

// ensureProduct sends the words that the row was written with, whatever the plan is called by now: the same key
// must always carry the same words. A sync tells Stripe the new ones.
func (s *Service) ensureProduct(ctx context.Context, at Account, plan Plan) (string, error) {
	now := s.now()
	row, err := s.store.ClaimProduct(ctx, StripeProduct{
		PlanID: plan.ID, Account: at.ID, Livemode: at.Livemode, ID: newID(), Name: plan.Name, Description: plan.Description, Active: true,
		CreatedAt: now, UpdatedAt: now,
	})
	if err != nil || row.ProductID != "" {
		return row.ProductID, err
	}
	name, err := s.makeOnce(ctx, at, MadeProduct, row.ID, row.CreatedAt, func() (string, error) {
		return s.gateway.CreateProduct(ctx, at, row.ID, ProductSpec{PlanID: plan.ID, Name: row.Name, Description: row.Description})
	})
	if err != nil {
		return "", fmt.Errorf("sync plan %s: %w", plan.ID, err)
	}
	return name, s.store.NameProduct(ctx, row.ID, name, s.now())
}

// ensureCustomer makes the buyer's customer of a currency at Stripe where there is none yet.
func (s *Service) ensureCustomer(ctx context.Context, at Account, row Customer) (string, error) {
	if row.CustomerID != "" {
		return row.CustomerID, nil
	}
	name, err := s.makeOnce(ctx, at, MadeCustomer, row.ID, row.CreatedAt, func() (string, error) {
		return s.gateway.CreateCustomer(ctx, at, row.ID, CustomerSpec{OrgID: row.OrgID, Name: row.Name, Email: row.Email, Lang: row.Lang})
	})
	if err != nil {
		return "", fmt.Errorf("make customer for org %s: %w", row.OrgID, err)
	}
	return name, s.store.NameCustomer(ctx, row.ID, name, s.now())
}
