package store

import (
	"context"

	"github.com/wolfieauth/wolfieauth/billing"
)

// InvoiceNamed implements [billing.InvoiceStore].
func (s *Store) InvoiceNamed(ctx context.Context, at billing.Account, stripeID string) (billing.Invoice, error) {
	return s.invoice(ctx, "account = ? AND livemode = ? AND stripe_id = ?", at.ID, at.Livemode, stripeID)
}

// InvoiceOfPayment implements [billing.InvoiceStore].
func (s *Store) InvoiceOfPayment(ctx context.Context, at billing.Account, paymentID string) (billing.Invoice, error) {
	return s.invoice(ctx, "account = ? AND livemode = ? AND payment_id = ? AND payment_id <> ''", at.ID, at.Livemode, paymentID)
}

func (s *Store) invoice(ctx context.Context, where string, args ...any) (billing.Invoice, error) {
	var row billing.Invoice
	err := s.db.Conn(ctx).Where(where, args...).Take(&row).Error
	return row, fail("read invoice", err, billing.ErrInvoiceNotFound)
}

// SaveInvoice implements [billing.InvoiceStore].
func (s *Store) SaveInvoice(ctx context.Context, invoice billing.Invoice) error {
	return fail("save invoice", exact(s.db.Conn(ctx)).Save(&invoice).Error, nil)
}
