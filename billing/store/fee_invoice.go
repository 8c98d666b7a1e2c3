package store

import (
	"context"

	"github.com/wolfieauth/wolfieauth/billing"
)

// TaxProfile implements [billing.TaxStore].
func (s *Store) TaxProfile(ctx context.Context, orgID string) (billing.TaxProfile, error) {
	return s.profile(ctx, "org_id = ?", orgID)
}

// SellerProfile implements [billing.TaxStore].
func (s *Store) SellerProfile(ctx context.Context) (billing.TaxProfile, error) {
	return s.profile(ctx, "seller")
}

func (s *Store) profile(ctx context.Context, where string, args ...any) (billing.TaxProfile, error) {
	var row billing.TaxProfile
	err := s.db.Conn(ctx).Where(where, args...).Take(&row).Error
	return row, fail("read tax profile", err, billing.ErrTaxProfileNotFound)
}

// SaveTaxProfile implements [billing.TaxStore].
func (s *Store) SaveTaxProfile(ctx context.Context, p billing.TaxProfile) error {
	return fail("save tax profile", exact(s.db.Conn(ctx)).Save(&p).Error, nil)
}

// InsertFeeInvoice implements [billing.FeeInvoiceStore].
func (s *Store) InsertFeeInvoice(ctx context.Context, row billing.FeeInvoice) error {
	return fail("insert fee invoice", exact(s.db.Conn(ctx)).Create(&row).Error, nil)
}

// FeeInvoice implements [billing.FeeInvoiceStore].
func (s *Store) FeeInvoice(ctx context.Context, id string) (billing.FeeInvoice, error) {
	return s.feeInvoice(ctx, "id = ?", id)
}

// FeeInvoiceOfStatement implements [billing.FeeInvoiceStore].
func (s *Store) FeeInvoiceOfStatement(ctx context.Context, statementID string) (billing.FeeInvoice, error) {
	return s.feeInvoice(ctx, "statement_id = ? AND corrects = ''", statementID)
}

func (s *Store) feeInvoice(ctx context.Context, where string, args ...any) (billing.FeeInvoice, error) {
	var row billing.FeeInvoice
	err := s.db.Conn(ctx).Where(where, args...).Take(&row).Error
	return row, fail("read fee invoice", err, billing.ErrFeeInvoiceNotFound)
}

// SaveFeeInvoice implements [billing.FeeInvoiceStore].
func (s *Store) SaveFeeInvoice(ctx context.Context, row billing.FeeInvoice, was billing.FeeInvoiceState) (bool, error) {
	res := exact(s.db.Conn(ctx)).Model(&billing.FeeInvoice{}).Where("id = ? AND state = ?", row.ID, was).Select("*").Updates(&row)
	return res.RowsAffected > 0, fail("save fee invoice", res.Error, nil)
}

// OpenFeeInvoices implements [billing.FeeInvoiceStore].
func (s *Store) OpenFeeInvoices(ctx context.Context) (ids []string, err error) {
	err = s.db.Conn(ctx).Model(&billing.FeeInvoice{}).Where("state <> 'issued'").Order("id").Pluck("id", &ids).Error
	return ids, fail("list open fee invoices", err, nil)
}

// FeeInvoices implements [billing.FeeInvoiceStore].
func (s *Store) FeeInvoices(ctx context.Context, orgID string) (rows []billing.FeeInvoice, err error) {
	err = s.db.Conn(ctx).Where("org_id = ?", orgID).Order("id DESC").Find(&rows).Error
	return rows, fail("list fee invoices", err, nil)
}

// NextInvoiceNumber implements [billing.FeeInvoiceStore].
func (s *Store) NextInvoiceNumber(ctx context.Context, sellerNIP string, year int) (n int64, err error) {
	err = s.db.Conn(ctx).Raw(`INSERT INTO fee_invoice_numbers (seller_nip, year, last) VALUES (?, ?, 1)
		ON CONFLICT (seller_nip, year) DO UPDATE SET last = fee_invoice_numbers.last + 1 RETURNING last`, sellerNIP, year).Scan(&n).Error
	return n, fail("take invoice number", err, nil)
}

// SumsByRate implements [billing.FeeInvoiceStore].
func (s *Store) SumsByRate(ctx context.Context, statementID string) (sums []billing.RateSum, err error) {
	err = s.db.Conn(ctx).Raw(`SELECT r.basis_points, SUM(r.amount) AS amount FROM fee_rows r JOIN fee_statement_rows s ON s.row_id = r.id
		WHERE s.statement_id = ? AND s.corrects = '' GROUP BY r.basis_points ORDER BY r.basis_points DESC`, statementID).Scan(&sums).Error
	return sums, fail("sum statement", err, nil)
}
