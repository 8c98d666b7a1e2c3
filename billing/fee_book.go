package billing

import (
	"context"
	"fmt"

	"github.com/wolfieauth/wolfieauth/internal/money"
)

// platformClientID is the platform's own app, which pays itself no fee.
const platformClientID = "wolfieauth-platform"

// feeDue tells whether an invoice makes a fee due in our ledger. What Stripe took with the payment is not taken
// again, and the platform's own account pays none.
func (i Invoice) feeDue() bool {
	return i.Status == InvoicePaid && i.AmountPaid > 0 && i.PaidAt != nil &&
		i.Account != "" && i.ClientID != platformClientID && i.ApplicationFee == 0
}

// bookFees brings the ledger to what the invoice says: the fee once, and reversals until what stands is the fee on
// what was kept. It runs in the transaction that stores the invoice, whose read row keeps two of them apart.
func (s *Service) bookFees(ctx context.Context, inv Invoice) error {
	if !inv.feeDue() {
		return nil
	}
	rows, err := s.store.FeeRowsOf(ctx, inv.ID)
	if err != nil {
		return err
	}
	if len(rows) == 0 {
		first, err := s.firstFee(ctx, inv)
		if err != nil {
			return err
		}
		rows = []FeeRow{first}
	}
	return s.bookReversal(ctx, inv, rows)
}

func (s *Service) firstFee(ctx context.Context, inv Invoice) (FeeRow, error) {
	rate, err := s.store.FeeRateAt(ctx, inv.OrgID, *inv.PaidAt)
	if err != nil {
		return FeeRow{}, err
	}
	row := inv.feeRow(FeeTaken, 0)
	row.BasisPoints, row.At = rate, inv.PaidAt.UTC()
	if row.Amount, err = feeOn(inv.AmountPaid, rate, inv.Currency); err != nil {
		return FeeRow{}, fmt.Errorf("fee on invoice %s: %w", inv.StripeID, err)
	}
	return row, s.post(ctx, row)
}

func (s *Service) bookReversal(ctx context.Context, inv Invoice, rows []FeeRow) error {
	fee, last := rows[0], rows[len(rows)-1]
	returned := inv.returned()
	if returned == last.Returned {
		return nil
	}
	stands := int64(0)
	for _, r := range rows {
		stands += r.Amount
	}
	back, err := feeShare(fee.Amount, returned, fee.Paid, inv.Currency)
	if err != nil {
		return fmt.Errorf("fee of invoice %s given back: %w", inv.StripeID, err)
	}
	row := inv.feeRow(FeeRefund, last.Sequence+1)
	row.Returned, row.BasisPoints, row.At, row.Amount = returned, fee.BasisPoints, s.now(), fee.Amount-back-stands
	switch {
	case returned < last.Returned:
		row.Kind = FeeRestored
	case returned > min(inv.Refunded, inv.AmountPaid):
		row.Kind = FeeDispute
	}
	return s.post(ctx, row)
}

// returned is what of the payment is with the buyer again, never more than was paid.
func (i Invoice) returned() int64 {
	return min(i.Refunded, i.AmountPaid) + min(i.DisputeLost, i.AmountPaid-min(i.Refunded, i.AmountPaid))
}

func (i Invoice) feeRow(kind FeeKind, sequence int64) FeeRow {
	return FeeRow{
		ID: newID(), OrgID: i.OrgID, Livemode: i.Livemode, Currency: i.Currency, Kind: kind, InvoiceID: i.ID, StripeInvoiceID: i.StripeID,
		ClientID: i.ClientID, BuyerOrgID: i.BuyerOrgID, Sequence: sequence, Paid: i.AmountPaid,
	}
}

func (s *Service) post(ctx context.Context, row FeeRow) error {
	row.CreatedAt = s.now()
	return s.store.InsertFeeRow(ctx, row, row.postings(AccountUnbilled, AccountRevenue))
}

func (r FeeRow) postings(to, from string) []FeePosting {
	side := FeePosting{ID: newID(), EntryID: r.ID, OrgID: r.OrgID, Livemode: r.Livemode, Currency: r.Currency, Account: to, Amount: r.Amount, CreatedAt: r.CreatedAt}
	other := side
	other.ID, other.Account, other.Amount = newID(), from, -r.Amount
	return []FeePosting{side, other}
}

// feeStep is what fees of a currency are whole multiples of: an invoice has two decimals at most.
func feeStep(currency string) (int64, error) {
	exponent, err := money.Exponent(currency)
	if exponent > 2 {
		return 10, err
	}
	return 1, err
}

// feeOn is the fee on an amount: half up, once, to the last digit that an invoice can show.
func feeOn(paid, basisPoints int64, currency string) (int64, error) {
	step, err := feeStep(currency)
	if err != nil {
		return 0, err
	}
	n, err := money.MulDivHalfUp(paid, basisPoints, 10_000*step)
	return n * step, err
}

// feeShare is what of a fee goes back for what of a payment went back: all of it for all.
func feeShare(fee, returned, paid int64, currency string) (int64, error) {
	step, err := feeStep(currency)
	if err != nil || returned == 0 {
		return 0, err
	}
	n, err := money.MulDivHalfUp(fee/step, returned, paid)
	return min(n*step, fee), err
}
