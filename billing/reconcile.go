package billing

import (
	"context"
	"fmt"
	"time"
)

const (
	unfinishedAfter = 10 * time.Minute // a checkout that old may have been paid without our hearing of it
	staleAfter      = day              // a live subscription is read at least this often, a purchase every month
	lateAfter       = time.Hour        // a period that ended this long ago should have been renewed
	reconcileBatch  = 1000
)

// Reconcile looks for what no webhook told of: checkouts that were begun and never settled, subscriptions that
// were not read for a day or whose period is over. It only asks for reads; they repair.
func (s *Service) Reconcile(ctx context.Context) error {
	now := s.now()
	checkouts, err := s.store.UnfinishedCheckouts(ctx, now.Add(-unfinishedAfter), reconcileBatch)
	if err != nil {
		return err
	}
	for _, c := range checkouts {
		if err := s.reconcileCheckout(ctx, c, now); err != nil {
			return fmt.Errorf("reconcile checkout %s: %w", c.ID, err)
		}
	}
	stale, err := s.store.StaleSubscriptions(ctx, Stale{
		Renewing: now.Add(-staleAfter), Purchased: now.Add(-30 * staleAfter), Period: now.Add(-lateAfter),
	}, reconcileBatch)
	if err != nil {
		return err
	}
	for _, sub := range stale {
		if err := s.jobs.Want(ctx, KindObject, sub.objectKey()); err != nil {
			return fmt.Errorf("reconcile subscription %s: %w", sub.ID, err)
		}
	}
	return nil
}

func (s *Service) reconcileCheckout(ctx context.Context, c Checkout, now time.Time) error {
	if c.SessionID != "" {
		return s.jobs.Want(ctx, KindObject, c.objectKey())
	}
	// Its session was never handed to the buyer; past its end the key cannot be used again either.
	if c.ExpiresAt != nil && c.ExpiresAt.Before(now) {
		_, err := s.store.CloseCheckout(ctx, c.ID, CheckoutExpired, now)
		return err
	}
	return nil
}
