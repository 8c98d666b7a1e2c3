package billing

import (
	"context"
	"errors"
)

// readInvoice reads what an invoice is for, then the invoice itself, and stores it with the fee that it makes
// due. An invoice of a customer or for a thing that is not ours is none of our business.
func (s *Service) readInvoice(ctx context.Context, at Account, id string) (string, error) {
	generation, err := s.store.TakeRead(ctx, at.ID, at.Livemode, id)
	if err != nil {
		return "", err
	}
	remote, err := s.gateway.ReadInvoice(ctx, at, id)
	if errors.Is(err, ErrStripeGone) {
		return OutcomeGone, nil // only drafts can be deleted, and none is stored
	}
	if err != nil {
		return "", err
	}
	bought, err := s.readBought(ctx, at, remote)
	if err != nil || remote.Status == InvoiceDraft {
		return bought, err
	}
	row, err := s.invoiceOf(ctx, at, remote)
	if err != nil {
		return notOurs(err, errNotSoldHere)
	}
	return OutcomeApplied, s.storeInvoice(ctx, row, generation)
}

// readPayment reads what a payment was for: an invoice that we know, else a one-time purchase.
func (s *Service) readPayment(ctx context.Context, at Account, id string) (string, error) {
	row, err := s.store.InvoiceOfPayment(ctx, at, id)
	if err == nil {
		outcome, err := s.readInvoice(ctx, at, row.StripeID)
		if err != nil || outcome != OutcomeGone {
			return outcome, err
		}
	} else if !errors.Is(err, ErrInvoiceNotFound) {
		return "", err
	}
	return s.readPurchase(ctx, at, id)
}

// readBought reads the subscription or purchase that an invoice is for.
func (s *Service) readBought(ctx context.Context, at Account, remote RemoteInvoice) (string, error) {
	switch {
	case remote.SubscriptionID != "":
		outcome, _, err := s.readSubscriptionOnly(ctx, at, remote.SubscriptionID, "")
		return outcome, err
	case remote.PaymentID != "":
		return s.readPurchase(ctx, at, remote.PaymentID)
	default:
		return OutcomeNotOurs, nil
	}
}

// errNotSoldHere means that an invoice is for nothing that we sold.
var errNotSoldHere = errors.New("not sold here")

// invoiceOf says by our own rows who sold what to whom; what the invoice says of itself only points there.
func (s *Service) invoiceOf(ctx context.Context, at Account, remote RemoteInvoice) (Invoice, error) {
	customer, err := s.store.CustomerNamed(ctx, at.ID, at.Livemode, remote.CustomerID)
	if errors.Is(err, ErrCustomerNotFound) {
		return Invoice{}, errNotSoldHere
	}
	if err != nil {
		return Invoice{}, err
	}
	row := Invoice{ID: newID(), Account: at.ID, Livemode: at.Livemode, BuyerOrgID: customer.OrgID, CreatedAt: s.now()}.following(remote)
	sub, err := s.store.SubscriptionNamed(ctx, at.ID, at.Livemode, firstOf(remote.SubscriptionID, remote.PaymentID))
	switch {
	case err == nil && sub.OrgID == customer.OrgID:
		row.ClientID, row.PlanID, row.SubscriptionID = sub.ClientID, sub.PlanID, sub.ID
	case err == nil:
		return Invoice{}, errNotSoldHere
	case !errors.Is(err, ErrSubscriptionNotFound):
		return Invoice{}, err
	default:
		c, err := s.store.Checkout(ctx, remote.CheckoutID)
		if errors.Is(err, ErrCheckoutNotFound) || err == nil && (c.at() != at || c.OrgID != customer.OrgID) {
			return Invoice{}, errNotSoldHere
		}
		if err != nil {
			return Invoice{}, err
		}
		row.ClientID, row.PlanID = c.ClientID, c.PlanID
	}
	plan, err := s.store.Plan(ctx, row.PlanID)
	row.OrgID = plan.OrgID
	return row, err
}

func (s *Service) storeInvoice(ctx context.Context, row Invoice, generation int64) error {
	return s.tx.InTx(ctx, func(ctx context.Context) error {
		newest, err := s.store.StoreRead(ctx, row.Account, row.Livemode, row.StripeID, generation)
		if err != nil || !newest {
			return err
		}
		old, err := s.store.InvoiceNamed(ctx, row.at(), row.StripeID)
		if err != nil && !errors.Is(err, ErrInvoiceNotFound) {
			return err
		}
		if err == nil { // who sold what never changes, whatever the subscription has become since
			sub := firstOf(old.SubscriptionID, row.SubscriptionID)
			row = old.following(row.remote())
			row.SubscriptionID = sub
		}
		row.UpdatedAt = s.now()
		if err := s.store.SaveInvoice(ctx, row); err != nil {
			return err
		}
		return s.bookFees(ctx, row)
	})
}

func (i Invoice) at() Account { return Account{ID: i.Account, Livemode: i.Livemode} }

func (i Invoice) remote() RemoteInvoice {
	return RemoteInvoice{
		ID: i.StripeID, PaymentID: i.PaymentID, Number: i.Number, Status: i.Status, Currency: i.Currency, Total: i.Total, Tax: i.Tax,
		AmountPaid: i.AmountPaid, Refunded: i.Refunded, DisputeLost: i.DisputeLost, ApplicationFee: i.ApplicationFee,
		Created: i.StripeCreated, PaidAt: i.PaidAt,
	}
}

// wantInvoice asks for a read of an invoice that is not known in its last state, in case its own events never
// came.
func (s *Service) wantInvoice(ctx context.Context, at Account, id string) error {
	if id == "" {
		return nil
	}
	row, err := s.store.InvoiceNamed(ctx, at, id)
	if err == nil && row.settled() {
		return nil
	}
	if err != nil && !errors.Is(err, ErrInvoiceNotFound) {
		return err
	}
	return s.jobs.Want(ctx, KindObject, ObjectKey(at, id))
}
