package billing

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/wolfieauth/wolfieauth/internal/audit"
	"github.com/wolfieauth/wolfieauth/internal/money"
)

// KindMonthClose closes the months that are over; it runs every day, so that day 1 is never missed.
const KindMonthClose = "month_close"

const monthCloseEvery = 24 * time.Hour

func (s *Service) closeMonthsDaily(ctx context.Context) error {
	if _, err := s.CloseMonths(ctx, MonthOf(s.now()).Previous()); err != nil {
		return err
	}
	return s.wakeInvoices(ctx) // what they waited for may be there by now
}

// CloseMonths closes every month up to last that is not closed yet, each once per org, mode and currency, and
// answers the statements that it made. A row that arrives after its month was closed goes onto the next one. A
// last month that is not over is an [ErrMonth].
func (s *Service) CloseMonths(ctx context.Context, last Month) ([]Statement, error) {
	if _, err := ParseMonth(string(last)); err != nil {
		return nil, err
	}
	if s.now().Before(last.End()) {
		return nil, fmt.Errorf("%w: %s is not over", ErrMonth, last)
	}
	groups, err := s.store.OpenFeeGroups(ctx, last.End())
	if err != nil {
		return nil, err
	}
	var made []Statement
	for _, g := range groups {
		first := MonthOf(g.Oldest)
		if g.LastMonth != "" && first <= g.LastMonth {
			first = g.LastMonth.Next()
		}
		for m := first; m <= last; m = m.Next() {
			st, err := s.closeMonth(ctx, g, m)
			if errors.Is(err, ErrRace) {
				continue // another replica has closed it
			}
			if err != nil {
				return made, fmt.Errorf("close %s of org %s in %s: %w", m, g.OrgID, g.Currency, err)
			}
			if st.ID != "" {
				made = append(made, st)
			}
		}
	}
	return made, nil
}

// closeMonth answers a statement without id where there is nothing to state.
func (s *Service) closeMonth(ctx context.Context, g FeeGroup, m Month) (st Statement, err error) {
	err = s.tx.InTx(ctx, func(ctx context.Context) error {
		st = Statement{}
		rows, err := s.store.OpenFeeRows(ctx, g, m.End())
		if err != nil || len(rows) == 0 {
			return err
		}
		made := Statement{
			ID: newID(), OrgID: g.OrgID, Livemode: g.Livemode, Currency: g.Currency, Month: m, RowCount: int64(len(rows)), CreatedAt: s.now(),
		}
		stated, corrected, err := s.stateRows(ctx, &made, rows)
		if err != nil {
			return err
		}
		entry := FeeRow{ID: made.ID, OrgID: g.OrgID, Livemode: g.Livemode, Currency: g.Currency, Amount: made.Total(), CreatedAt: made.CreatedAt}
		if err := s.store.InsertStatement(ctx, made, stated, entry.postings(AccountBilled, AccountUnbilled)); err != nil {
			return err
		}
		st = made
		if err := s.planInvoices(ctx, made, corrected); err != nil {
			return err
		}
		return s.audit.Record(ctx, audit.Entry{
			OrgID: g.OrgID, Action: "fee.month_closed", Target: audit.Target{Kind: "fee_statement", ID: made.ID},
			After: map[string]any{"month": m, "currency": g.Currency, "livemode": g.Livemode, "net": made.Net, "corrections": made.Corrections, "rows": made.RowCount},
		})
	})
	return st, err
}

// stateRows tells the month's own rows from those that take back a fee of an earlier statement, and sums both, the
// second for each earlier statement, too.
func (s *Service) stateRows(ctx context.Context, st *Statement, rows []FeeRow) (out []StatementRow, corrected map[string]int64, err error) {
	var reversed []string
	for _, r := range rows {
		if r.Sequence > 0 {
			reversed = append(reversed, r.InvoiceID)
		}
	}
	earlier, err := s.store.StatementsOfFees(ctx, reversed)
	if err != nil {
		return nil, nil, err
	}
	out, corrected = make([]StatementRow, len(rows)), map[string]int64{}
	for i, r := range rows {
		out[i] = StatementRow{RowID: r.ID, StatementID: st.ID}
		sum := &st.Net
		if r.Sequence > 0 && earlier[r.InvoiceID] != "" {
			out[i].Corrects, sum = earlier[r.InvoiceID], &st.Corrections
			corrected[out[i].Corrects] += r.Amount
		}
		if *sum, err = money.Add(*sum, r.Amount); err != nil {
			return nil, nil, err
		}
	}
	return out, corrected, nil
}

// Statements answers an org's closed months, the newest first.
func (s *Service) Statements(ctx context.Context, orgID string) ([]Statement, error) {
	return s.store.Statements(ctx, orgID)
}

// Statement answers one of the org's statements, or [ErrStatementNotFound].
func (s *Service) Statement(ctx context.Context, orgID, id string) (Statement, error) {
	st, err := s.store.Statement(ctx, id)
	if err == nil && st.OrgID != orgID {
		return Statement{}, fmt.Errorf("%w: %s of another org", ErrStatementNotFound, id)
	}
	return st, err
}

// FeeRows answers fee rows, the newest first.
func (s *Service) FeeRows(ctx context.Context, f FeeRowFilter) ([]StatedRow, error) {
	return s.store.StatedRows(ctx, f)
}
