package billing

import (
	"context"
	"time"
)

// FeeKind says why a fee row was written.
type FeeKind string

// The kinds of fee rows.
const (
	FeeTaken    FeeKind = "fee"      // an invoice was paid
	FeeRefund   FeeKind = "refund"   // some of the payment was given back
	FeeDispute  FeeKind = "dispute"  // a dispute about the payment was lost
	FeeRestored FeeKind = "restored" // a refund failed, or a lost dispute was won after all
)

// FeeRow is one line of the fee ledger. It is never changed: what takes a fee back is a row of its own.
type FeeRow struct {
	ID              string `gorm:"primaryKey"`
	OrgID           string // who sold, and owes the fee
	Livemode        bool
	Currency        string
	Kind            FeeKind
	InvoiceID       string // ours
	StripeInvoiceID string
	ClientID        string
	BuyerOrgID      string
	Sequence        int64 // 0 is the fee, then its reversals in order
	Paid            int64 // what was paid, tax included
	Returned        int64 // what of it had gone back when the row was written
	BasisPoints     int64 // the rate in force when it was paid
	Amount          int64 // the fee; negative takes it back
	At              time.Time
	CreatedAt       time.Time
}

// TableName names the table of fee rows.
func (FeeRow) TableName() string { return "fee_rows" }

// The accounts of the ledger. Every entry's postings come to nothing.
const (
	AccountUnbilled = "unbilled" // what an org owes and has no statement of yet
	AccountBilled   = "billed"   // what it owes by statement
	AccountRevenue  = "revenue"  // what the platform has earned, as a negative sum
)

// FeePosting is one side of an entry: a fee row or a statement.
type FeePosting struct {
	ID        string `gorm:"primaryKey"`
	EntryID   string
	OrgID     string
	Livemode  bool
	Currency  string
	Account   string
	Amount    int64
	CreatedAt time.Time
}

// TableName names the table of postings.
func (FeePosting) TableName() string { return "fee_postings" }

// FeeStore keeps rates and the ledger. Nothing in it is ever changed.
type FeeStore interface {
	// FeeRateAt answers the org's rate in force at a moment, or [DefaultFeeRate].
	FeeRateAt(ctx context.Context, orgID string, at time.Time) (int64, error)
	// FeeRates answers an org's rates, the latest first.
	FeeRates(ctx context.Context, orgID string) ([]FeeRate, error)
	// InsertFeeRate answers [ErrRace] for a second rate of the same moment.
	InsertFeeRate(ctx context.Context, rate FeeRate) error
	// FeeRowsOf answers the rows of an invoice in order.
	FeeRowsOf(ctx context.Context, invoiceID string) ([]FeeRow, error)
	// InsertFeeRow writes a row and its postings; [ErrRace] when the invoice has one of that sequence.
	InsertFeeRow(ctx context.Context, row FeeRow, postings []FeePosting) error
	// LedgerFaults answers what does not add up.
	LedgerFaults(ctx context.Context) ([]LedgerFault, error)
}
