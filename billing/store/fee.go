package store

import (
	"context"
	"errors"
	"time"

	"github.com/wolfieauth/wolfieauth/billing"
	"github.com/wolfieauth/wolfieauth/internal/db"
)

// FeeRateAt implements [billing.FeeStore].
func (s *Store) FeeRateAt(ctx context.Context, orgID string, at time.Time) (int64, error) {
	var row billing.FeeRate
	err := db.Err("read fee rate", s.db.Conn(ctx).Where("org_id = ? AND starts_at <= ?", orgID, at).Order("starts_at DESC").Take(&row).Error)
	if errors.Is(err, db.ErrNotFound) {
		return billing.DefaultFeeRate, nil
	}
	return row.BasisPoints, err
}

// FeeRates implements [billing.FeeStore].
func (s *Store) FeeRates(ctx context.Context, orgID string) (rows []billing.FeeRate, err error) {
	err = s.db.Conn(ctx).Where("org_id = ?", orgID).Order("starts_at DESC").Find(&rows).Error
	return rows, fail("list fee rates", err, nil)
}

// InsertFeeRate implements [billing.FeeStore].
func (s *Store) InsertFeeRate(ctx context.Context, rate billing.FeeRate) error {
	return fail("insert fee rate", exact(s.db.Conn(ctx)).Create(&rate).Error, nil)
}

// FeeRowsOf implements [billing.FeeStore].
func (s *Store) FeeRowsOf(ctx context.Context, invoiceID string) (rows []billing.FeeRow, err error) {
	err = s.db.Conn(ctx).Where("invoice_id = ?", invoiceID).Order("sequence").Find(&rows).Error
	return rows, fail("list fee rows", err, nil)
}

// InsertFeeRow implements [billing.FeeStore].
func (s *Store) InsertFeeRow(ctx context.Context, row billing.FeeRow, postings []billing.FeePosting) error {
	if err := exact(s.db.Conn(ctx)).Create(&row).Error; err != nil {
		return fail("insert fee row", err, nil)
	}
	return fail("insert postings", exact(s.db.Conn(ctx)).Create(&postings).Error, nil)
}

// ledgerRules are the sums that must be nothing; each answers what breaks it.
var ledgerRules = []struct{ name, query string }{
	{"every currency comes to nothing", `SELECT '' AS subject, currency, SUM(amount) AS amount
		FROM fee_postings GROUP BY livemode, currency HAVING SUM(amount) <> 0`},
	{"every entry comes to nothing", `SELECT entry_id AS subject, MIN(currency) AS currency, SUM(amount) AS amount
		FROM fee_postings GROUP BY entry_id HAVING SUM(amount) <> 0`},
	{"every row is posted", `SELECT r.id AS subject, r.currency, r.amount - COALESCE(SUM(p.amount), 0) AS amount
		FROM fee_rows r LEFT JOIN fee_postings p ON p.entry_id = r.id AND p.account = 'unbilled' AND p.org_id = r.org_id AND p.currency = r.currency AND p.livemode = r.livemode
		GROUP BY r.id, r.currency, r.amount HAVING COUNT(p.id) <> 1 OR r.amount <> COALESCE(SUM(p.amount), 0)`},
	{"no fee is reversed beyond itself", `SELECT invoice_id AS subject, MIN(currency) AS currency, SUM(amount) AS amount
		FROM fee_rows GROUP BY invoice_id HAVING SUM(amount) < 0 OR SUM(amount) > MAX(CASE WHEN sequence = 0 THEN amount ELSE 0 END)`},
	{"every paid invoice has its fee", `SELECT i.id AS subject, i.currency, i.amount_paid AS amount
		FROM stripe_invoices i LEFT JOIN fee_rows r ON r.invoice_id = i.id AND r.sequence = 0
		WHERE i.status = 'paid' AND i.amount_paid > 0 AND i.paid_at IS NOT NULL AND i.account <> '' AND i.client_id <> 'wolfieauth-platform'
			AND i.application_fee = 0 AND r.id IS NULL`},
	{"every statement is the sum of its rows", `SELECT t.id AS subject, t.currency, t.net + t.corrections - COALESCE(SUM(r.amount), 0) AS amount
		FROM fee_statements t LEFT JOIN fee_statement_rows s ON s.statement_id = t.id LEFT JOIN fee_rows r ON r.id = s.row_id
		GROUP BY t.id, t.currency, t.net, t.corrections, t.row_count
		HAVING t.net + t.corrections <> COALESCE(SUM(r.amount), 0) OR t.row_count <> COUNT(r.id)`},
	{"every statement is posted", `SELECT t.id AS subject, t.currency, t.net + t.corrections - COALESCE(SUM(p.amount), 0) AS amount
		FROM fee_statements t LEFT JOIN fee_postings p ON p.entry_id = t.id AND p.account = 'billed' AND p.org_id = t.org_id AND p.currency = t.currency AND p.livemode = t.livemode
		GROUP BY t.id, t.currency, t.net, t.corrections HAVING COUNT(p.id) <> 1 OR t.net + t.corrections <> COALESCE(SUM(p.amount), 0)`},
	{"every posting has its entry", `SELECT p.entry_id AS subject, MIN(p.currency) AS currency, MAX(p.amount) AS amount
		FROM fee_postings p LEFT JOIN fee_rows r ON r.id = p.entry_id LEFT JOIN fee_statements t ON t.id = p.entry_id
		WHERE r.id IS NULL AND t.id IS NULL GROUP BY p.entry_id`},
}

// LedgerFaults implements [billing.FeeStore].
func (s *Store) LedgerFaults(ctx context.Context) (all []billing.LedgerFault, err error) {
	for _, rule := range ledgerRules {
		var found []billing.LedgerFault
		if err := s.db.Conn(ctx).Raw(rule.query).Scan(&found).Error; err != nil {
			return nil, fail("check ledger: "+rule.name, err, nil)
		}
		for _, f := range found {
			f.Rule = rule.name
			all = append(all, f)
		}
	}
	return all, nil
}
