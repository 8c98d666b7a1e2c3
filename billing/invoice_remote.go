package billing

import (
	"context"
	"time"
)

// RemoteInvoice is an invoice as Stripe knows it, with what became of its payment.
type RemoteInvoice struct {
	ID             string
	CustomerID     string
	SubscriptionID string // "" for a one-time purchase
	CheckoutID     string // our id from metadata: a hint, never authority
	PaymentID      string // pi_..., or "" where nothing was due
	Number         string
	Status         InvoiceStatus
	Currency       string // upper case
	Total          int64  // tax included
	Tax            int64
	AmountPaid     int64 // what the payment came to, tax included; 0 for what credit covered
	Refunded       int64 // given back so far
	DisputeLost    int64 // taken back by banks, in disputes that are lost
	ApplicationFee int64 // what Stripe took for the platform with the payment
	Created        time.Time
	PaidAt         *time.Time
}

// InvoiceGateway reads invoices.
type InvoiceGateway interface {
	// ReadInvoice answers an invoice, its charge and its lost disputes.
	ReadInvoice(ctx context.Context, at Account, id string) (RemoteInvoice, error)
}
