package billing

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/wolfieauth/wolfieauth/internal/audit"
)

// adoptAccount stores an account that lets the platform in as the org's of its mode. The read is numbered like any other:
// one that began before, and found the account closed, is told no more.
func (s *Service) adoptAccount(ctx context.Context, orgID string, at Account, action string) (StripeAccount, error) {
	owner, err := s.store.AccountNamed(ctx, at.ID, at.Livemode)
	if err == nil && owner.OrgID != orgID {
		return StripeAccount{}, ErrAccountTaken
	}
	if err != nil && !errors.Is(err, ErrAccountNotFound) {
		return StripeAccount{}, err
	}
	generation, err := s.store.TakeRead(ctx, at.ID, at.Livemode, at.ID)
	if err != nil {
		return StripeAccount{}, err
	}
	remote, err := s.gateway.ReadAccount(ctx, at)
	if err != nil {
		return StripeAccount{}, err
	}
	var row StripeAccount
	err = s.tx.InTx(ctx, func(ctx context.Context) error {
		// Whether it is the newest does not matter: what lets the platform in is this, and a later read says more.
		if _, err := s.store.StoreRead(ctx, at.ID, at.Livemode, at.ID, generation); err != nil {
			return err
		}
		before, err := s.store.Account(ctx, orgID, at.Livemode)
		if err != nil && !errors.Is(err, ErrAccountNotFound) {
			return err
		}
		if err == nil && !before.Ended() && before.Account != at.ID {
			return ErrAccountConnected
		}
		row = StripeAccount{OrgID: orgID, Livemode: at.Livemode, Account: at.ID, CreatedAt: s.now()}.following(remote, s.now())
		if err := s.store.ConnectAccount(ctx, row); err != nil {
			return err
		}
		// What happened on the account while it was closed was not heard.
		if err := s.jobs.Want(ctx, KindRejoin, ObjectKey(at, at.ID)); err != nil {
			return err
		}
		return s.recordAccount(ctx, action, before, row)
	})
	return row, err
}

// following is the row with what Stripe says of the account now.
func (a StripeAccount) following(remote RemoteAccount, now time.Time) StripeAccount {
	a.Name, a.Country, a.DefaultCurrency = remote.Name, remote.Country, remote.DefaultCurrency
	a.ChargesEnabled, a.PayoutsEnabled, a.DetailsSubmitted = remote.ChargesEnabled, remote.PayoutsEnabled, remote.DetailsSubmitted
	a.DisabledReason, a.Due, a.Pending, a.Deadline = remote.DisabledReason, remote.Due, remote.Pending, remote.Deadline
	a.ReadAt, a.UpdatedAt = &now, now
	return a
}

// recordAccount writes the change of an account to the audit log, if it is one.
func (s *Service) recordAccount(ctx context.Context, action string, before, after StripeAccount) error {
	view := func(a StripeAccount) any {
		if a.Account == "" {
			return nil
		}
		return map[string]any{
			"account": a.Account, "livemode": a.Livemode, "chargesEnabled": a.ChargesEnabled, "payoutsEnabled": a.PayoutsEnabled,
			"due": a.Due, "disabledReason": a.DisabledReason, "ended": a.EndedWhy,
		}
	}
	return s.audit.Record(ctx, audit.Entry{
		OrgID: after.OrgID, Action: action, Target: audit.Target{Kind: "org", ID: after.OrgID}, Before: view(before), After: view(after),
	})
}

// readAccount reads a connected account of ours again. One that the platform may not act for any more is ended;
// where it may again, after it was taken away at Stripe, the connection goes on.
func (s *Service) readAccount(ctx context.Context, at Account, id string) (string, error) {
	if id != at.ID {
		return OutcomeIgnored, nil
	}
	if _, err := s.store.AccountNamed(ctx, id, at.Livemode); err != nil {
		return notOurs(err, ErrAccountNotFound)
	}
	generation, err := s.store.TakeRead(ctx, at.ID, at.Livemode, id)
	if err != nil {
		return "", err
	}
	remote, err := s.gateway.ReadAccount(ctx, at)
	gone := errors.Is(err, ErrAccountGone) || errors.Is(err, ErrStripeGone)
	if err != nil && !gone {
		return "", err
	}
	outcome := OutcomeApplied
	if gone {
		outcome = OutcomeGone
	}
	return outcome, s.tx.InTx(ctx, func(ctx context.Context) error {
		newest, err := s.store.StoreRead(ctx, at.ID, at.Livemode, id, generation)
		if err != nil || !newest {
			return err
		}
		before, err := s.store.AccountNamed(ctx, id, at.Livemode)
		if err != nil {
			return ignoring(err, ErrAccountNotFound)
		}
		return s.storeAccount(ctx, before, remote, gone)
	})
}

func (s *Service) storeAccount(ctx context.Context, before StripeAccount, remote RemoteAccount, gone bool) error {
	after, action, now := before, "", s.now()
	switch {
	case gone && !before.Ended():
		after.EndedAt, after.EndedWhy, after.UpdatedAt, action = &now, EndedAtStripe, now, "stripe.revoked"
		after.ChargesEnabled, after.PayoutsEnabled = false, false
	case gone, before.EndedWhy == EndedByOrg: // what the org let go is not looked into
		return nil
	default:
		after = before.following(remote, now)
		if before.EndedWhy == EndedAtStripe {
			after.EndedAt, after.EndedWhy, action = nil, "", "stripe.connected"
			if err := s.jobs.Want(ctx, KindRejoin, ObjectKey(after.at(), after.Account)); err != nil {
				return err
			}
		} else if before.ReadAt != nil && (before.ChargesEnabled != after.ChargesEnabled || before.PayoutsEnabled != after.PayoutsEnabled) {
			action = "stripe.account_changed"
		}
	}
	if err := s.store.ConnectAccount(ctx, after); err != nil || action == "" {
		return err
	}
	return s.recordAccount(ctx, action, before, after)
}

// KindRejoin reads every subscription on an account again that was closed for a while; its key is the account's
// [ObjectKey].
const KindRejoin = "stripe_rejoin"

// rejoinAtOnce is how many reads are asked for in one transaction.
const rejoinAtOnce = 200

func (s *Service) rejoin(ctx context.Context, key string) error {
	at, id, err := parseObjectKey(key)
	if err != nil {
		s.log.ErrorContext(ctx, "work item without account", "key", key, "error", err)
		return nil
	}
	// The account itself first: what was stored with the connection may be older than word that it was closed again.
	if _, err := s.readAccount(ctx, at, id); err != nil {
		return err
	}
	for after := ""; ; {
		page, err := s.store.UnendedOn(ctx, at, after, rejoinAtOnce)
		if err != nil || len(page) == 0 {
			return err
		}
		err = s.tx.InTx(ctx, func(ctx context.Context) error {
			for _, sub := range page {
				if err := s.jobs.Want(ctx, KindObject, ObjectKey(at, sub.StripeID)); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
		after = page[len(page)-1].ID
	}
}

// RefreshAccount reads an org's account of one mode now. It answers [ErrAccountNotFound], or what [ConnectGateway]
// does.
func (s *Service) RefreshAccount(ctx context.Context, orgID string, livemode bool) (StripeAccount, error) {
	row, err := s.store.Account(ctx, orgID, livemode)
	if err != nil {
		return StripeAccount{}, err
	}
	if _, err := s.readAccount(ctx, row.at(), row.Account); err != nil {
		return StripeAccount{}, fmt.Errorf("read account of org %s: %w", orgID, err)
	}
	return s.store.Account(ctx, orgID, livemode)
}
