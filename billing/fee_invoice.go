package billing

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// KindFeeInvoice numbers and delivers an invoice of the platform; its key is the invoice's id.
const KindFeeInvoice = "fee_invoice"

// ErrFeeInvoiceNotFound means that no such invoice exists.
var ErrFeeInvoiceNotFound = errors.New("fee invoice not found")

// FeeInvoiceState is where an invoice of the platform stands.
type FeeInvoiceState string

// The states of an invoice of the platform.
const (
	FeeInvoiceWaiting  FeeInvoiceState = "waiting"  // for what Reason says
	FeeInvoiceNumbered FeeInvoiceState = "numbered" // the document is made and never changes; it is being delivered
	FeeInvoiceIssued   FeeInvoiceState = "issued"
)

// What an invoice waits for.
const (
	WaitsForSeller   = "seller_profile"   // the platform has not said who it is
	WaitsForProfile  = "tax_profile"      // the org has not
	WaitsForDelivery = "no_delivery"      // nothing is set up to deliver it
	WaitsForRate     = "exchange_rate"    // VAT in PLN needs one that is not known
	WaitsForOriginal = "original_waiting" // the invoice that it corrects has no number yet
)

// FeeInvoice is one document for a statement: the invoice itself, or the correction of an earlier one.
type FeeInvoice struct {
	ID          string `gorm:"primaryKey"`
	StatementID string
	Corrects    string // the FeeInvoice that it corrects, or ""
	OrgID       string
	Currency    string
	Net         int64 // minor units; VAT comes on top
	State       FeeInvoiceState
	Reason      string
	Number      string
	IssuedOn    string // a day in Poland, such as 2026-12-01
	Rate        string // PLN for one unit of Currency, where VAT needed it
	Document    string // FA(3)
	KSeFNumber  string `gorm:"column:ksef_number"`
	Receipt     string
	CreatedAt   time.Time
	UpdatedAt   time.Time
}

// TableName names the table of invoices.
func (FeeInvoice) TableName() string { return "fee_invoices" }

// FeeInvoiceSpec is what a document of the platform says. Its dates count as days of their own location.
type FeeInvoiceSpec struct {
	Number   string
	Issued   time.Time
	From, To time.Time // the first and the last day of the service; zero on a correction
	Currency string
	Rate     string // PLN for one unit, where VAT needs it
	Seller   TaxProfile
	Buyer    TaxProfile
	Lines    []FeeLine
	Due      *time.Time
	Corrects *FeeCorrected
}

// FeeLine is one line of a document, before VAT.
type FeeLine struct {
	Text string
	Net  int64
}

// FeeCorrected is the document that a correction changes.
type FeeCorrected struct {
	Number     string
	Issued     time.Time
	KSeFNumber string // "" where it never was in the system
	Reason     string
}

// Documents writes the platform's invoices down.
type Documents interface {
	// WriteInvoice answers the document, or an error for what cannot be written.
	WriteInvoice(spec FeeInvoiceSpec) ([]byte, error)
}

// FeeDocument is an invoice on its way out.
type FeeDocument struct {
	ID     string // ours: the same one is never issued twice
	Number string
	XML    []byte
}

// FeeReceipt is what a delivery answers.
type FeeReceipt struct {
	KSeFNumber string // "" where the way has none
	Receipt    string // as it came, for the books
}

// Issuer delivers the platform's invoices.
type Issuer interface {
	// IssueInvoice may be called again with the same document: it is issued once. Any error is tried again.
	IssueInvoice(ctx context.Context, doc FeeDocument) (FeeReceipt, error)
}

// ErrNoRate means that no exchange rate is known for a day.
var ErrNoRate = errors.New("no exchange rate")

// Rates knows exchange rates.
type Rates interface {
	// Rate answers PLN for one unit of a currency, as published last before a day, or [ErrNoRate].
	Rate(ctx context.Context, currency string, before time.Time) (string, error)
}

// FeeInvoiceStore keeps the platform's invoices.
type FeeInvoiceStore interface {
	InsertFeeInvoice(ctx context.Context, row FeeInvoice) error
	// FeeInvoice and FeeInvoiceOfStatement answer [ErrFeeInvoiceNotFound]; the second never a correction.
	FeeInvoice(ctx context.Context, id string) (FeeInvoice, error)
	FeeInvoiceOfStatement(ctx context.Context, statementID string) (FeeInvoice, error)
	// SaveFeeInvoice replaces an invoice that is still in a state; saved is false for any other.
	SaveFeeInvoice(ctx context.Context, row FeeInvoice, was FeeInvoiceState) (saved bool, err error)
	// OpenFeeInvoices answers the ids of those that are not issued, the oldest first.
	OpenFeeInvoices(ctx context.Context) ([]string, error)
	// FeeInvoices answers an org's invoices, the newest first.
	FeeInvoices(ctx context.Context, orgID string) ([]FeeInvoice, error)
	// NextInvoiceNumber takes the seller's next number of a year; its row is locked until the transaction ends, so
	// that a number is used or was never taken.
	NextInvoiceNumber(ctx context.Context, sellerNIP string, year int) (int64, error)
	// SumsByRate answers what a statement's own rows come to for each rate, the highest first.
	SumsByRate(ctx context.Context, statementID string) ([]RateSum, error)
}

// RateSum is a part of a statement.
type RateSum struct{ BasisPoints, Amount int64 }

// FeeInvoices answers the platform's invoices to an org, the newest first.
func (s *Service) FeeInvoices(ctx context.Context, orgID string) ([]FeeInvoice, error) {
	return s.store.FeeInvoices(ctx, orgID)
}

// FeeInvoice answers one of them, or [ErrFeeInvoiceNotFound], also for another org's.
func (s *Service) FeeInvoice(ctx context.Context, orgID, id string) (FeeInvoice, error) {
	row, err := s.store.FeeInvoice(ctx, id)
	if err == nil && row.OrgID != orgID {
		return FeeInvoice{}, fmt.Errorf("%w: %s of another org", ErrFeeInvoiceNotFound, id)
	}
	return row, err
}

// wakeInvoices has every open invoice looked at again.
func (s *Service) wakeInvoices(ctx context.Context) error {
	ids, err := s.store.OpenFeeInvoices(ctx)
	if err != nil {
		return err
	}
	for _, id := range ids {
		if err := s.jobs.Want(ctx, KindFeeInvoice, id); err != nil {
			return err
		}
	}
	return nil
}

// planInvoices writes down which documents a statement needs: its own, and a correction for each earlier one. Test
// mode needs none: nobody has paid anything.
func (s *Service) planInvoices(ctx context.Context, st Statement, corrected map[string]int64) error {
	if !st.Livemode {
		return nil
	}
	if st.Net != 0 {
		if err := s.planInvoice(ctx, st, st.Net, ""); err != nil {
			return err
		}
	}
	for statementID, sum := range corrected {
		original, err := s.store.FeeInvoiceOfStatement(ctx, statementID)
		if err != nil {
			return err
		}
		if sum != 0 {
			if err := s.planInvoice(ctx, st, sum, original.ID); err != nil {
				return err
			}
		}
	}
	return nil
}

func (s *Service) planInvoice(ctx context.Context, st Statement, net int64, corrects string) error {
	row := FeeInvoice{
		ID: newID(), StatementID: st.ID, Corrects: corrects, OrgID: st.OrgID, Currency: st.Currency, Net: net, State: FeeInvoiceWaiting,
		CreatedAt: s.now(), UpdatedAt: s.now(),
	}
	if err := s.store.InsertFeeInvoice(ctx, row); err != nil {
		return err
	}
	return s.jobs.Want(ctx, KindFeeInvoice, row.ID)
}
