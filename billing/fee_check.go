package billing

import (
	"context"
	"fmt"
	"time"
)

// KindFeeCheck is the daily look whether the ledger adds up.
const KindFeeCheck = "fee_check"

const feeCheckEvery = 24 * time.Hour

// LedgerFault is one thing in the ledger that does not add up. It cannot come from the rules; somebody has changed
// the tables, or a statement was lost.
type LedgerFault struct {
	Rule     string // the rule that does not hold
	Subject  string // the entry, org or statement that breaks it, or "" for a whole currency
	Currency string
	Amount   int64 // by how much, minor units
}

func (f LedgerFault) String() string {
	return fmt.Sprintf("%s: %s off by %d %s", f.Rule, f.Subject, f.Amount, f.Currency)
}

// CheckFees answers what in the ledger does not add up: entries and currencies whose postings do not come to
// nothing, rows without postings of their amount, statements that are not the sum of their rows, reversals beyond
// their fee, paid invoices without a row. An empty answer is the good one.
func (s *Service) CheckFees(ctx context.Context) ([]LedgerFault, error) {
	return s.store.LedgerFaults(ctx)
}

// checkFeesDaily says faults aloud; an operator has to look.
func (s *Service) checkFeesDaily(ctx context.Context) error {
	faults, err := s.CheckFees(ctx)
	if err != nil {
		return err
	}
	for _, f := range faults {
		s.log.ErrorContext(ctx, "the fee ledger does not add up", "rule", f.Rule, "subject", f.Subject, "currency", f.Currency, "amount", f.Amount)
	}
	if len(faults) > 0 {
		return fmt.Errorf("fee ledger: %d faults, the first: %s", len(faults), faults[0])
	}
	return nil
}
