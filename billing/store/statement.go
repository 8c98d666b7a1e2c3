package store

import (
	"context"
	"time"

	"github.com/wolfieauth/wolfieauth/billing"
)

// rowsAtOnce bounds the rows of one insert, and the values of one list in a query.
const rowsAtOnce = 500

const openFees = "NOT EXISTS (SELECT 1 FROM fee_statement_rows s WHERE s.row_id = fee_rows.id)"

// OpenFeeGroups implements [billing.StatementStore].
func (s *Store) OpenFeeGroups(ctx context.Context, before time.Time) ([]billing.FeeGroup, error) {
	var rows []billing.FeeRow // the oldest of each group: an aggregate of moments has no type on SQLite
	err := s.db.Conn(ctx).Raw(`SELECT org_id, livemode, currency, at FROM (
		SELECT org_id, livemode, currency, at, ROW_NUMBER() OVER (PARTITION BY org_id, livemode, currency ORDER BY at) AS n
		FROM fee_rows WHERE at < ? AND `+openFees+`) oldest WHERE n = 1 ORDER BY org_id, livemode, currency`, before).Scan(&rows).Error
	if err != nil {
		return nil, fail("list open fees", err, nil)
	}
	groups := make([]billing.FeeGroup, len(rows))
	for i, r := range rows {
		g := billing.FeeGroup{OrgID: r.OrgID, Livemode: r.Livemode, Currency: r.Currency, Oldest: r.At.UTC()}
		err := s.db.Conn(ctx).Model(&billing.Statement{}).Where("org_id = ? AND livemode = ? AND currency = ?", r.OrgID, r.Livemode, r.Currency).
			Select("COALESCE(MAX(month), '')").Scan(&g.LastMonth).Error
		if err != nil {
			return nil, fail("find last statement", err, nil)
		}
		groups[i] = g
	}
	return groups, nil
}

// OpenFeeRows implements [billing.StatementStore].
func (s *Store) OpenFeeRows(ctx context.Context, g billing.FeeGroup, before time.Time) (rows []billing.FeeRow, err error) {
	err = s.db.Conn(ctx).Where("org_id = ? AND livemode = ? AND currency = ? AND at < ? AND "+openFees, g.OrgID, g.Livemode, g.Currency, before).
		Order("id").Find(&rows).Error
	return rows, fail("list open fee rows", err, nil)
}

// StatementsOfFees implements [billing.StatementStore].
func (s *Store) StatementsOfFees(ctx context.Context, invoiceIDs []string) (map[string]string, error) {
	out := map[string]string{}
	for from := 0; from < len(invoiceIDs); from += rowsAtOnce {
		var found []struct{ InvoiceID, StatementID string }
		err := s.db.Conn(ctx).Raw(`SELECT r.invoice_id, s.statement_id FROM fee_rows r JOIN fee_statement_rows s ON s.row_id = r.id
			JOIN fee_statements t ON t.id = s.statement_id AND t.net <> 0 WHERE r.sequence = 0 AND r.invoice_id IN ?`, invoiceIDs[from:min(from+rowsAtOnce, len(invoiceIDs))]).Scan(&found).Error
		if err != nil {
			return nil, fail("find statements of fees", err, nil)
		}
		for _, f := range found {
			out[f.InvoiceID] = f.StatementID
		}
	}
	return out, nil
}

// InsertStatement implements [billing.StatementStore].
func (s *Store) InsertStatement(ctx context.Context, st billing.Statement, rows []billing.StatementRow, postings []billing.FeePosting) error {
	conn := exact(s.db.Conn(ctx))
	if err := conn.Create(&st).Error; err != nil {
		return fail("insert statement", err, nil)
	}
	if err := conn.CreateInBatches(&rows, rowsAtOnce).Error; err != nil {
		return fail("insert statement rows", err, nil)
	}
	return fail("insert postings", conn.Create(&postings).Error, nil)
}

// Statement implements [billing.StatementStore].
func (s *Store) Statement(ctx context.Context, id string) (billing.Statement, error) {
	var row billing.Statement
	err := s.db.Conn(ctx).Take(&row, "id = ?", id).Error
	return row, fail("read statement", err, billing.ErrStatementNotFound)
}

// Statements implements [billing.StatementStore].
func (s *Store) Statements(ctx context.Context, orgID string) (rows []billing.Statement, err error) {
	err = s.db.Conn(ctx).Where("org_id = ?", orgID).Order("month DESC, currency, livemode DESC").Find(&rows).Error
	return rows, fail("list statements", err, nil)
}

// StatedRows implements [billing.StatementStore].
func (s *Store) StatedRows(ctx context.Context, f billing.FeeRowFilter) (rows []billing.StatedRow, err error) {
	q := s.db.Conn(ctx).Table("fee_rows r").Joins("LEFT JOIN fee_statement_rows s ON s.row_id = r.id").
		Select("r.*, COALESCE(s.statement_id, '') AS statement_id, COALESCE(s.corrects, '') AS corrects").Where("r.org_id = ?", f.OrgID)
	if f.StatementID != "" {
		q = q.Where("s.statement_id = ?", f.StatementID)
	}
	if f.Before != "" {
		q = q.Where("r.id < ?", f.Before)
	}
	err = q.Order("r.id DESC").Limit(f.Limit).Scan(&rows).Error
	return rows, fail("list fee rows", err, nil)
}
