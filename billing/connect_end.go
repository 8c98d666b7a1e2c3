package billing

import (
	"context"
	"errors"
	"fmt"
)

// KindDisconnect lets an account go at Stripe; its key is the account's [ObjectKey].
const KindDisconnect = "stripe_disconnect"

// checkoutsAtOnce bounds what is closed in one go.
const checkoutsAtOnce = 100

// Disconnect ends an org's connection of one mode. Selling stops at once; open checkouts are closed at Stripe, and
// then the platform's access is given back, by a job. It answers [ErrAccountNotFound], and [ErrLiveSubscriptions]
// while live-mode subscriptions would be cut off, unless that is forced.
func (s *Service) Disconnect(ctx context.Context, orgID string, livemode, force bool) error {
	what := "disconnect the account of org " + orgID
	var key string
	err := s.tx.InTx(ctx, func(ctx context.Context) error {
		before, err := s.store.Account(ctx, orgID, livemode)
		if err == nil && before.Ended() {
			err = ErrAccountEnded
		}
		if err != nil {
			return err
		}
		if livemode && !force {
			n, err := s.store.HoldersOn(ctx, before.at())
			if err != nil {
				return err
			}
			if n > 0 {
				return fmt.Errorf("%w: %d", ErrLiveSubscriptions, n)
			}
		}
		after, now := before, s.now()
		after.EndedAt, after.EndedWhy, after.UpdatedAt = &now, EndedByOrg, now
		after.ChargesEnabled, after.PayoutsEnabled = false, false
		if err := s.store.ConnectAccount(ctx, after); err != nil {
			return err
		}
		key = ObjectKey(after.at(), after.Account)
		if err := s.jobs.Want(ctx, KindDisconnect, key); err != nil {
			return err
		}
		return s.recordAccount(ctx, "stripe.disconnected", before, after)
	})
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	if err := s.jobs.DoNow(ctx, KindDisconnect, key); err != nil {
		// It is wanted, and is tried again; for the org it is over.
		s.log.WarnContext(ctx, "account not let go yet", "org", orgID, "error", err)
	}
	return nil
}

// letGo closes the open checkouts of an account whose org disconnected it, and gives the access back. An account
// that was connected again meanwhile is left alone.
func (s *Service) letGo(ctx context.Context, key string) error {
	at, id, err := parseObjectKey(key)
	if err != nil {
		s.log.ErrorContext(ctx, "work item without account", "key", key, "error", err)
		return nil
	}
	row, err := s.store.AccountNamed(ctx, id, at.Livemode)
	if err != nil {
		return ignoring(err, ErrAccountNotFound)
	}
	if row.EndedWhy != EndedByOrg {
		return nil
	}
	if err := s.closeCheckouts(ctx, at); err != nil && !errors.Is(err, ErrAccountGone) {
		return err
	}
	return s.gateway.Deauthorize(ctx, at)
}

// closeCheckouts ends what buyers still have open on an account, so that nobody pays for what we would not hear of.
// What was paid in the last moment is stored.
func (s *Service) closeCheckouts(ctx context.Context, at Account) error {
	open, err := s.store.OpenCheckoutsOn(ctx, at, checkoutsAtOnce)
	for _, row := range open {
		if err == nil {
			err = s.expireCheckout(ctx, row.ID)
		}
		if err == nil && row.SessionID != "" {
			_, err = s.readCheckout(ctx, at, row.SessionID)
		}
	}
	if err == nil && len(open) == checkoutsAtOnce {
		err = fmt.Errorf("%w: more checkouts are open", ErrRace)
	}
	return err
}
