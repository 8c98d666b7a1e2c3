package billing

import (
	"context"
	"errors"
	"time"
)

// ErrInvoiceNotFound means that no invoice of that name is stored.
var ErrInvoiceNotFound = errors.New("invoice not found")

// InvoiceStatus is Stripe's own word for the state of an invoice.
type InvoiceStatus string

// Stripe's statuses (https://docs.stripe.com/api/invoices/object, status).
const (
	InvoiceDraft         InvoiceStatus = "draft"
	InvoiceOpen          InvoiceStatus = "open"
	InvoicePaid          InvoiceStatus = "paid"
	InvoiceVoid          InvoiceStatus = "void"
	InvoiceUncollectible InvoiceStatus = "uncollectible"
)

// Invoice is one invoice to a buyer of ours, as last read from Stripe. Amounts are minor units, tax included.
type Invoice struct {
	ID             string `gorm:"primaryKey"`
	Account        string
	Livemode       bool
	StripeID       string // in_...
	PaymentID      string // pi_..., or ""
	OrgID          string // who sold
	BuyerOrgID     string
	ClientID       string // the app that it was bought through
	PlanID         string
	SubscriptionID string // ours, or "" for a purchase that is not stored yet
	Number         string
	Status         InvoiceStatus
	Currency       string
	Total          int64
	Tax            int64
	AmountPaid     int64
	Refunded       int64
	DisputeLost    int64
	ApplicationFee int64
	StripeCreated  time.Time
	PaidAt         *time.Time
	CreatedAt      time.Time
	UpdatedAt      time.Time
}

// TableName names the table of invoices.
func (Invoice) TableName() string { return "stripe_invoices" }

// settled tells whether nothing of the invoice can change but what is given back of its payment.
func (i Invoice) settled() bool {
	return i.Status == InvoicePaid || i.Status == InvoiceVoid
}

// following answers the invoice with what was read.
func (i Invoice) following(r RemoteInvoice) Invoice {
	i.StripeID, i.PaymentID, i.Number, i.Status, i.Currency = r.ID, r.PaymentID, r.Number, r.Status, r.Currency
	i.Total, i.Tax, i.AmountPaid, i.Refunded, i.DisputeLost = r.Total, r.Tax, r.AmountPaid, r.Refunded, r.DisputeLost
	i.ApplicationFee, i.StripeCreated, i.PaidAt = r.ApplicationFee, r.Created.UTC(), utc(r.PaidAt)
	return i
}

// InvoiceStore keeps invoices.
type InvoiceStore interface {
	// InvoiceNamed and InvoiceOfPayment answer [ErrInvoiceNotFound].
	InvoiceNamed(ctx context.Context, at Account, stripeID string) (Invoice, error)
	InvoiceOfPayment(ctx context.Context, at Account, paymentID string) (Invoice, error)
	// SaveInvoice inserts or replaces by id.
	SaveInvoice(ctx context.Context, invoice Invoice) error
}
