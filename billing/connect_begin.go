package billing

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/wolfieauth/wolfieauth/internal/secret"
)

// connectLife is how long somebody may stay on Stripe's page: long enough to open an account there.
const connectLife = 2 * time.Hour

// makingLife is how long a key is good for asking Stripe for the same account again; Stripe keeps keys for a day.
const makingLife = 20 * time.Hour

// Connecting says who connects an account of which org, and in which of their sessions.
type Connecting struct {
	OrgID     string
	Livemode  bool
	UserID    string
	SessionID string
	Lang      string
}

// BeginConnect answers the page of Stripe on which an existing account lets the platform in. It comes back to
// returnURL with a state that only the same person in the same session can redeem, once, within two hours. It answers
// [ErrAccountConnected] while one is connected, or [ErrStripeNotConfigured].
func (s *Service) BeginConnect(ctx context.Context, in Connecting, returnURL string) (string, error) {
	what := "connect an account of org " + in.OrgID
	if err := s.notConnected(ctx, in.OrgID, in.Livemode); err != nil {
		return "", fmt.Errorf("%s: %w", what, err)
	}
	state := secret.Token()
	page, err := s.gateway.AuthorizeURL(Account{Livemode: in.Livemode}, state, returnURL, in.Lang)
	if err != nil {
		return "", fmt.Errorf("%s: %w", what, err)
	}
	now := s.now()
	err = s.tx.InTx(ctx, func(ctx context.Context) error {
		return s.store.SaveAttempt(ctx, ConnectAttempt{
			ID: newID(), OrgID: in.OrgID, Livemode: in.Livemode, UserID: in.UserID, SessionID: in.SessionID,
			StateHash: secret.Hash(state), ExpiresAt: now.Add(connectLife), CreatedAt: now,
		})
	})
	return page, err
}

func (s *Service) notConnected(ctx context.Context, orgID string, livemode bool) error {
	row, err := s.store.Account(ctx, orgID, livemode)
	if errors.Is(err, ErrAccountNotFound) || err == nil && row.Ended() {
		return nil
	}
	if err == nil {
		err = ErrAccountConnected
	}
	return err
}

// AttemptOf answers what a state that came back was given out for: [ErrConnectState] unless to this person in this
// session, and while it is good.
func (s *Service) AttemptOf(ctx context.Context, state, userID, sessionID string) (ConnectAttempt, error) {
	row, err := s.store.Attempt(ctx, secret.Hash(state))
	if err != nil {
		return ConnectAttempt{}, err
	}
	if row.UserID != userID || row.SessionID != sessionID || row.UsedAt != nil || !s.now().Before(row.ExpiresAt) {
		return ConnectAttempt{}, fmt.Errorf("%w: org %s", ErrConnectState, row.OrgID)
	}
	return row, nil
}

// GiveUpConnect uses a state up whose person said no.
func (s *Service) GiveUpConnect(ctx context.Context, attempt ConnectAttempt) error {
	return s.store.UseAttempt(ctx, attempt.ID, s.now())
}

// FinishConnect redeems what came back from Stripe's page with the state of an attempt, and stores the account with
// what Stripe says of it. It answers [ErrConnectState] a second time, [ErrAccountTaken], [ErrAccountConnected], or
// what [ConnectGateway] does.
func (s *Service) FinishConnect(ctx context.Context, attempt ConnectAttempt, code string) (StripeAccount, error) {
	what := "finish connecting for org " + attempt.OrgID
	if err := s.store.UseAttempt(ctx, attempt.ID, s.now()); err != nil {
		return StripeAccount{}, fmt.Errorf("%s: %w", what, err)
	}
	account, err := s.gateway.Authorized(ctx, Account{Livemode: attempt.Livemode}, code)
	if err != nil {
		s.log.WarnContext(ctx, "account not connected", "org", attempt.OrgID, "livemode", attempt.Livemode, "error", err)
		return StripeAccount{}, fmt.Errorf("%s: %w", what, err)
	}
	row, err := s.adoptAccount(ctx, attempt.OrgID, Account{ID: account, Livemode: attempt.Livemode}, "stripe.connected")
	if err != nil {
		return StripeAccount{}, fmt.Errorf("%s: %w", what, err)
	}
	return row, nil
}

// NewAccount is an account that Stripe is to make for an org.
type NewAccount struct {
	OrgID    string
	Livemode bool
	Country  string
	Email    string
}

// MakeConnected makes an account for an org that has none in that mode and stores it. What failed on the way may be
// asked for again: the same account comes of it. It answers [FieldErrors] (country), [ErrAccountConnected], or what
// [ConnectGateway] does.
func (s *Service) MakeConnected(ctx context.Context, in NewAccount) (StripeAccount, error) {
	what := "make an account for org " + in.OrgID
	in.Country = strings.ToUpper(strings.TrimSpace(in.Country))
	m := &mistakes{}
	m.check(knownCountry(in.Country), "country", CodeUnknownCountry)
	if err := m.err(what); err != nil {
		return StripeAccount{}, err
	}
	if err := s.notConnected(ctx, in.OrgID, in.Livemode); err != nil {
		return StripeAccount{}, fmt.Errorf("%s: %w", what, err)
	}
	// Asked for before anything is written: without a client id the account could never be let go again.
	if _, err := s.gateway.AuthorizeURL(Account{Livemode: in.Livemode}, "", "", ""); err != nil {
		return StripeAccount{}, fmt.Errorf("%s: %w", what, err)
	}
	row, err := s.claimMaking(ctx, in)
	if err != nil {
		return StripeAccount{}, fmt.Errorf("%s: %w", what, err)
	}
	at := Account{Livemode: in.Livemode}
	at.ID, err = s.gateway.MakeAccount(ctx, at, row.ID, AccountSpec{OrgID: row.OrgID, Country: row.Country, Email: row.Email})
	if errors.Is(err, ErrStripeRefused) { // nothing was made: other words may go better
		err = errors.Join(err, s.store.DropMaking(ctx, row.ID))
	}
	if err != nil {
		s.log.WarnContext(ctx, "account not made", "org", in.OrgID, "livemode", in.Livemode, "error", err)
		return StripeAccount{}, fmt.Errorf("%s: %w", what, err)
	}
	account, err := s.adoptAccount(ctx, in.OrgID, at, "stripe.account_made")
	if err != nil {
		return StripeAccount{}, fmt.Errorf("%s: %w", what, err)
	}
	return account, s.store.NameMaking(ctx, row.ID, at.ID, s.now())
}

// claimMaking writes what is asked for, or answers what was asked for before, other words or not: its key may have
// had its effect. A key that Stripe has forgotten is given up; an account that it may have made knows no secret and
// takes no money.
func (s *Service) claimMaking(ctx context.Context, in NewAccount) (row AccountMaking, err error) {
	now := s.now()
	fresh := AccountMaking{ID: newID(), OrgID: in.OrgID, Livemode: in.Livemode, Country: in.Country, Email: in.Email, CreatedAt: now, UpdatedAt: now}
	err = s.tx.InTx(ctx, func(ctx context.Context) error {
		if row, err = s.store.ClaimMaking(ctx, fresh); err != nil || now.Sub(row.CreatedAt) < makingLife {
			return err
		}
		if err = s.store.DropMaking(ctx, row.ID); err != nil {
			return err
		}
		row, err = s.store.ClaimMaking(ctx, fresh)
		return err
	})
	return row, err
}

// Onboard answers the page on which the account's owner tells Stripe what it still wants to know. It answers
// [ErrAccountNotFound], or what [ConnectGateway] does.
func (s *Service) Onboard(ctx context.Context, orgID string, livemode bool, refreshURL, returnURL string) (string, error) {
	row, err := s.store.Account(ctx, orgID, livemode)
	if err == nil && row.Ended() {
		err = ErrAccountEnded
	}
	if err != nil {
		return "", err
	}
	return s.gateway.AccountLink(ctx, row.at(), refreshURL, returnURL)
}
