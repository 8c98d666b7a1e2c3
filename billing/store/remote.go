package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"gorm.io/gorm/clause"

	"github.com/wolfieauth/wolfieauth/billing"
	"github.com/wolfieauth/wolfieauth/internal/db"
)

// Account implements [billing.RemoteNames].
func (s *Store) Account(ctx context.Context, orgID string, livemode bool) (billing.StripeAccount, error) {
	var row billing.StripeAccount
	err := s.db.Conn(ctx).Take(&row, "org_id = ? AND livemode = ?", orgID, livemode).Error
	return row, fail("read connected account", err, billing.ErrAccountNotFound)
}

// AccountKnown implements [billing.RemoteNames]. The platform's own account is always known. One that was
// disconnected is still known by its customers.
func (s *Store) AccountKnown(ctx context.Context, account string, livemode bool) (bool, error) {
	if account == "" {
		return true, nil
	}
	var n int64
	err := s.db.Conn(ctx).Raw(`SELECT COUNT(*) FROM (
		SELECT account FROM stripe_accounts WHERE account = ? AND livemode = ?
		UNION SELECT account FROM stripe_customers WHERE account = ? AND livemode = ?) known`,
		account, livemode, account, livemode).Scan(&n).Error
	return n > 0, fail("look for account", err, nil)
}

// ConnectAccount implements [billing.RemoteNames].
func (s *Store) ConnectAccount(ctx context.Context, row billing.StripeAccount) error {
	// Spelt out, because gorm takes a key column that is false (test mode) for one that is not set.
	err := s.db.Conn(ctx).Clauses(clause.OnConflict{
		Columns: []clause.Column{{Name: "org_id"}, {Name: "livemode"}},
		DoUpdates: clause.AssignmentColumns([]string{
			"account", "name", "country", "default_currency", "charges_enabled", "payouts_enabled", "details_submitted", "disabled_reason",
			"due", "pending", "deadline", "read_at", "ended_at", "ended_why", "updated_at",
		}),
	}).Create(&row).Error
	err = fail("save connected account", err, nil)
	if errors.Is(err, billing.ErrRace) {
		return fmt.Errorf("%w: %w", billing.ErrAccountTaken, err)
	}
	return err
}

// ClaimProduct implements [billing.RemoteNames].
func (s *Store) ClaimProduct(ctx context.Context, row billing.StripeProduct) (billing.StripeProduct, error) {
	err := unlessThere(s.db.Conn(ctx)).Create(&row).Error
	var found billing.StripeProduct
	if err == nil {
		err = s.db.Conn(ctx).Take(&found, "plan_id = ? AND account = ? AND livemode = ?", row.PlanID, row.Account, row.Livemode).Error
	}
	return found, fail("claim product", err, nil)
}

// NameProduct implements [billing.RemoteNames].
func (s *Store) NameProduct(ctx context.Context, rowID, productID string, at time.Time) error {
	return s.name(ctx, &billing.StripeProduct{}, "product_id", rowID, productID, at)
}

// ClaimPrice implements [billing.RemoteNames].
func (s *Store) ClaimPrice(ctx context.Context, row billing.StripePrice) (billing.StripePrice, error) {
	err := unlessThere(s.db.Conn(ctx)).Create(&row).Error
	var found billing.StripePrice
	if err == nil {
		err = s.db.Conn(ctx).Take(&found, "price_id = ? AND account = ? AND livemode = ?", row.PriceID, row.Account, row.Livemode).Error
	}
	return found, fail("claim price", err, nil)
}

// NamePrice implements [billing.RemoteNames].
func (s *Store) NamePrice(ctx context.Context, rowID, stripePriceID string, at time.Time) error {
	return s.name(ctx, &billing.StripePrice{}, "stripe_price_id", rowID, stripePriceID, at)
}

// ClaimCustomer implements [billing.RemoteNames]. The row stays locked until the transaction ends: a checkout that is
// written in it is for this customer, and not for one that somebody puts in its place meanwhile.
func (s *Store) ClaimCustomer(ctx context.Context, row billing.Customer) (billing.Customer, error) {
	err := unlessThere(s.db.Conn(ctx)).Create(&row).Error
	var found billing.Customer
	if err == nil {
		conn := s.db.Conn(ctx)
		if s.db.Dialect() == db.Postgres {
			conn = conn.Clauses(clause.Locking{Strength: clause.LockingStrengthUpdate})
		}
		err = conn.Take(&found, "org_id = ? AND account = ? AND livemode = ? AND currency = ?",
			row.OrgID, row.Account, row.Livemode, row.Currency).Error
	}
	return found, fail("claim customer", err, nil)
}

// NameCustomer implements [billing.RemoteNames].
func (s *Store) NameCustomer(ctx context.Context, rowID, customerID string, at time.Time) error {
	return s.name(ctx, &billing.Customer{}, "customer_id", rowID, customerID, at)
}

// name stores Stripe's answer where there is none: the same key had the same answer for everybody who asked.
func (s *Store) name(ctx context.Context, model any, column, rowID, name string, at time.Time) error {
	err := s.db.Conn(ctx).Model(model).Where("id = ? AND "+column+" = ''", rowID).
		Updates(map[string]any{column: name, "updated_at": at}).Error
	return fail("store "+column, err, nil)
}

// RenewCustomer implements [billing.RemoteNames].
func (s *Store) RenewCustomer(ctx context.Context, rowID string, next billing.Customer) error {
	conn := s.db.Conn(ctx)
	kept := conn.Exec(`INSERT INTO stripe_customers_past (account, livemode, customer_id, id, org_id, currency, created_at, updated_at)
		SELECT account, livemode, customer_id, id, org_id, currency, created_at, ? FROM stripe_customers
		WHERE id = ? AND customer_id <> '' ON CONFLICT DO NOTHING`, next.UpdatedAt, rowID)
	if kept.Error != nil {
		return fail("keep old name of customer", kept.Error, nil)
	}
	err := conn.Model(&billing.Customer{}).Where("id = ? AND customer_id <> ''", rowID).Updates(map[string]any{
		"id": next.ID, "customer_id": "", "name": next.Name, "email": next.Email, "lang": next.Lang, "updated_at": next.UpdatedAt,
	}).Error
	return fail("renew customer", err, nil)
}

// Customers implements [billing.RemoteNames].
func (s *Store) Customers(ctx context.Context, orgID, account string, livemode bool) ([]billing.Customer, error) {
	var rows []billing.Customer
	err := s.db.Conn(ctx).Where("org_id = ? AND account = ? AND livemode = ? AND customer_id <> ''", orgID, account, livemode).
		Order("created_at DESC, id DESC").Find(&rows).Error
	return rows, fail("read customers", err, nil)
}

// CustomerNamed implements [billing.RemoteNames].
func (s *Store) CustomerNamed(ctx context.Context, account string, livemode bool, customerID string) (billing.Customer, error) {
	var row billing.Customer
	const columns = "id, org_id, account, livemode, currency, customer_id, created_at, updated_at"
	err := s.db.Conn(ctx).Raw(`SELECT `+columns+` FROM stripe_customers
		WHERE account = @account AND livemode = @livemode AND customer_id = @name AND customer_id <> ''
		UNION ALL SELECT `+columns+` FROM stripe_customers_past WHERE account = @account AND livemode = @livemode AND customer_id = @name`,
		map[string]any{"account": account, "livemode": livemode, "name": customerID}).Take(&row).Error
	return row, fail("look for customer", err, billing.ErrCustomerNotFound)
}

// PriceNamed implements [billing.RemoteNames].
func (s *Store) PriceNamed(ctx context.Context, account string, livemode bool, stripePriceID string) (string, error) {
	var row struct{ PriceID string }
	err := s.db.Conn(ctx).Raw(`SELECT price_id FROM price_stripe_ids
		WHERE account = @account AND livemode = @livemode AND stripe_price_id = @name AND stripe_price_id <> ''
		UNION SELECT price_id FROM price_stripe_past WHERE account = @account AND livemode = @livemode AND stripe_price_id = @name`,
		map[string]any{"account": account, "livemode": livemode, "name": stripePriceID}).Take(&row).Error
	return row.PriceID, fail("look for price", err, billing.ErrPriceNotFound)
}
