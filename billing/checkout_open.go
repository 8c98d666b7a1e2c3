package billing

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"
)

// writeCheckout writes the rows whose ids are the keys of the calls that follow.
func (s *Service) writeCheckout(ctx context.Context, o order) (Checkout, Customer, error) {
	var row Checkout
	var customer Customer
	err := s.tx.InTx(ctx, func(ctx context.Context) error {
		now := s.now().Truncate(time.Second)
		expires := now.Add(checkoutLasts)
		var err error
		customer, err = s.store.ClaimCustomer(ctx, Customer{
			ID: newID(), OrgID: o.buyer.OrgID, Account: o.at.ID, Livemode: o.at.Livemode, Currency: o.price.Currency,
			Name: o.buyer.OrgName, Email: o.buyer.Email, Lang: o.buyer.Lang, CreatedAt: now, UpdatedAt: now,
		})
		if err != nil {
			return err
		}
		row, err = s.store.ClaimCheckout(ctx, Checkout{
			ID: newID(), OrgID: o.buyer.OrgID, UserID: o.buyer.UserID, ClientID: o.catalog.App.ClientID,
			Scope: o.plan.Scope, PlanID: o.plan.ID, PriceID: o.price.ID, Quantity: o.quantity, Committed: o.committed,
			Account: o.at.ID, Livemode: o.at.Livemode, Currency: o.price.Currency, Lang: o.buyer.Lang, ReturnTo: o.returnTo,
			TrialDays: o.trialDays, Status: CheckoutOpen, ExpiresAt: &expires, CreatedAt: now, UpdatedAt: now,
		})
		if err != nil {
			return err
		}
		return s.stillSold(ctx, o)
	})
	return row, customer, err
}

// stillSold refuses what an editor changed while the buyer's order was being looked up. The checkout's row stands
// by now, so whoever edits later finds the plan in use.
func (s *Service) stillSold(ctx context.Context, o order) error {
	now, err := s.store.ForSale(ctx, o.price.ID)
	switch {
	case err != nil:
		return err
	case now.ArchivedAt != nil:
		return fmt.Errorf("%w: %s", ErrPlanArchived, o.plan.Slug)
	case now.RetiredAt != nil:
		return fmt.Errorf("%w: %s", ErrPriceRetired, o.price.ID)
	case now.Scope != o.plan.Scope || unconflicted(now.UpdatedAt, o.price.UpdatedAt) != nil:
		return fmt.Errorf("%w: %s was edited just now", ErrPriceNotFound, o.price.ID)
	}
	return nil
}

// openCheckout makes the session at Stripe for a row, or looks whether the one it has is still open. It
// answers errCheckoutOver when the row is of no more use.
func (s *Service) openCheckout(ctx context.Context, o order, row Checkout, customer Customer) (Checkout, error) {
	if row.SessionID != "" {
		return s.reopen(ctx, o, row, customer)
	}
	if row.ExpiresAt != nil && row.ExpiresAt.Sub(s.now()) < checkoutMargin {
		_, err := s.store.CloseCheckout(ctx, row.ID, CheckoutExpired, s.now())
		return Checkout{}, errors.Join(err, errCheckoutOver)
	}
	remote, err := s.makeSession(ctx, o, row, customer)
	if errors.Is(err, ErrStripeCustomerGone) {
		return Checkout{}, errors.Join(s.replaceCustomer(ctx, o, row, customer), errCheckoutOver)
	}
	if errors.Is(err, ErrStripeRefused) || errors.Is(err, ErrStripeGone) {
		// The key of a refused call must not be used for another attempt.
		_, closeErr := s.store.CloseCheckout(ctx, row.ID, CheckoutExpired, s.now())
		return Checkout{}, errors.Join(err, closeErr)
	}
	if err != nil {
		return Checkout{}, err
	}
	row, err = s.store.OpenSession(ctx, row.ID, remote.ID, remote.URL, s.now())
	if err != nil {
		return Checkout{}, err
	}
	if row.Status != CheckoutOpen {
		// Another checkout was completed while this one was being opened: it must not be paid as well.
		return Checkout{}, errors.Join(s.jobs.Want(ctx, KindExpire, row.ID), errCheckoutOver)
	}
	return row, nil
}

func (s *Service) makeSession(ctx context.Context, o order, row Checkout, customer Customer) (RemoteCheckout, error) {
	stripePrice, err := s.EnsureStripePrice(ctx, o.at, o.plan, o.price)
	if err != nil {
		return RemoteCheckout{}, err
	}
	customerID, err := s.ensureCustomer(ctx, o.at, customer)
	if err != nil {
		return RemoteCheckout{}, err
	}
	success, cancelled := s.pages(row)
	remote, err := s.gateway.CreateCheckout(ctx, o.at, row.ID, CheckoutSpec{
		CheckoutID: row.ID, CustomerID: customerID, StripePriceID: stripePrice, Quantity: row.Quantity,
		Recurring: o.price.Interval != IntervalOneTime, TrialDays: row.TrialDays, Lang: row.Lang,
		SuccessURL: success, CancelURL: cancelled, ExpiresAt: *row.ExpiresAt,
	})
	if err != nil {
		return RemoteCheckout{}, fmt.Errorf("make checkout %s: %w", row.ID, err)
	}
	return remote, nil
}

// replaceCustomer gives the org a customer yet to be made for one that was deleted at Stripe, and closes the checkout
// that was made for that one: its key must not be used for another attempt.
func (s *Service) replaceCustomer(ctx context.Context, o order, row Checkout, gone Customer) error {
	return s.tx.InTx(ctx, func(ctx context.Context) error {
		now := s.now()
		err := s.store.RenewCustomer(ctx, gone.ID, Customer{
			ID: newID(), Name: o.buyer.OrgName, Email: o.buyer.Email, Lang: o.buyer.Lang, UpdatedAt: now,
		})
		if err != nil {
			return err
		}
		_, err = s.store.CloseCheckout(ctx, row.ID, CheckoutExpired, now)
		return err
	})
}

// reopen asks Stripe whether a session is still open; one that is over is settled first.
func (s *Service) reopen(ctx context.Context, o order, row Checkout, customer Customer) (Checkout, error) {
	remote, err := s.gateway.ReadCheckout(ctx, row.at(), row.SessionID)
	switch {
	case err == nil && remote.Status == remoteOpen && remote.CustomerGone:
		if remote.CustomerID != customer.CustomerID {
			customer = Customer{} // replaced already
		}
		err = s.replaceCustomer(ctx, o, row, customer)
		return Checkout{}, errors.Join(err, s.jobs.Want(ctx, KindExpire, row.ID), errCheckoutOver)
	case err == nil && remote.Status == remoteOpen && remote.URL != "":
		row.URL = cmp.Or(remote.URL, row.URL)
		return row, nil
	case err != nil && !errors.Is(err, ErrStripeGone):
		return Checkout{}, err
	}
	if err := s.jobs.DoNow(ctx, KindObject, row.objectKey()); err != nil {
		return Checkout{}, err
	}
	// Whatever the read said, this row is not offered again.
	_, err = s.store.CloseCheckout(ctx, row.ID, CheckoutExpired, s.now())
	return Checkout{}, errors.Join(err, errCheckoutOver)
}

// Words of Stripe's checkout session (https://docs.stripe.com/api/checkout/sessions/object).
const (
	remoteOpen     = "open"
	remoteComplete = "complete"
	remoteExpired  = "expired"

	remoteUnpaid = "unpaid"
)

func (c Checkout) at() Account { return Account{ID: c.Account, Livemode: c.Livemode} }

func (c Checkout) objectKey() string { return ObjectKey(c.at(), c.SessionID) }
