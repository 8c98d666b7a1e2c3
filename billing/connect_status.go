package billing

import (
	"context"
	"errors"
)

// Connection is how an org stands with Stripe in one mode.
type Connection struct {
	StripeAccount      // the zero value where none ever was connected
	Possible      bool // the server can connect accounts in this mode
	Holding       int64
}

// Connected tells whether the org has an account that the platform may act for.
func (c Connection) Connected() bool { return c.Account != "" && !c.Ended() }

// ConnectionsOf answers how an org stands in test mode and in live mode. Nothing is asked of Stripe.
func (s *Service) ConnectionsOf(ctx context.Context, orgID string) (test, live Connection, err error) {
	if test, err = s.connection(ctx, orgID, false); err != nil {
		return test, live, err
	}
	live, err = s.connection(ctx, orgID, true)
	return test, live, err
}

func (s *Service) connection(ctx context.Context, orgID string, livemode bool) (Connection, error) {
	out := Connection{}
	_, err := s.gateway.AuthorizeURL(Account{Livemode: livemode}, "", "", "")
	if err != nil && !errors.Is(err, ErrStripeNotConfigured) {
		return out, err
	}
	out.Possible = err == nil
	out.StripeAccount, err = s.store.Account(ctx, orgID, livemode)
	if errors.Is(err, ErrAccountNotFound) {
		return out, nil
	}
	if err != nil {
		return out, err
	}
	out.Holding, err = s.store.HoldersOn(ctx, out.at())
	return out, err
}

// LiveReadinessOf answers what stands of an org's live sales, beside what [Service.ConnectionsOf] tells of its account.
func (s *Service) LiveReadinessOf(ctx context.Context, orgID string) (LiveReadiness, error) {
	row, err := s.store.Account(ctx, orgID, true)
	if err != nil && !errors.Is(err, ErrAccountNotFound) {
		return LiveReadiness{}, err
	}
	return s.store.LiveReadinessOf(ctx, orgID, row.Account)
}
