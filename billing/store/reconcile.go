package store

import (
	"context"

	"gorm.io/gorm"

	"github.com/wolfieauth/wolfieauth/billing"
)

var _ billing.ReconcileStore = (*Store)(nil)

// loose are live rows that no customer's page shows.
const loose = `subscriptions.ended_at IS NULL AND (NOT subscriptions.recurring OR NOT EXISTS (SELECT 1 FROM stripe_customers c
	WHERE c.account = subscriptions.account AND c.livemode = subscriptions.livemode AND c.customer_id = subscriptions.customer_id))`

// chosen narrows to an org.
func (s *Store) chosen(ctx context.Context, f billing.LiveFilter) *gorm.DB {
	conn := s.db.Conn(ctx)
	switch {
	case f.OrgID == "":
		return conn
	case len(f.Accounts) == 0:
		return conn.Where("org_id = ?", f.OrgID)
	default:
		return conn.Where("(org_id = ? OR account IN ?)", f.OrgID, f.Accounts)
	}
}

// CountLive implements [billing.ReconcileStore].
func (s *Store) CountLive(ctx context.Context, f billing.LiveFilter) (sum int64, err error) {
	for _, q := range []struct {
		model any
		where string
	}{
		{&billing.Customer{}, "customer_id <> ''"}, {&billing.Subscription{}, loose}, {&billing.Checkout{}, "status = 'open'"},
	} {
		var n int64
		if err = s.chosen(ctx, f).Model(q.model).Where(q.where).Count(&n).Error; err != nil {
			return 0, fail("count what is live", err, nil)
		}
		sum += n
	}
	return sum, nil
}

// CustomerPage implements [billing.ReconcileStore].
func (s *Store) CustomerPage(ctx context.Context, f billing.LiveFilter, after string, limit int) ([]billing.Customer, error) {
	var rows []billing.Customer
	err := s.chosen(ctx, f).Where("customer_id <> '' AND id > ?", after).Order("id").Limit(limit).Find(&rows).Error
	return rows, fail("read a page of customers", err, nil)
}

// LoosePage implements [billing.ReconcileStore].
func (s *Store) LoosePage(ctx context.Context, f billing.LiveFilter, after string, limit int) ([]billing.Subscription, error) {
	var rows []billing.Subscription
	err := s.chosen(ctx, f).Where(loose).Where("id > ?", after).Order("id").Limit(limit).Find(&rows).Error
	return rows, fail("read a page of subscriptions", err, nil)
}

// OpenCheckoutPage implements [billing.ReconcileStore].
func (s *Store) OpenCheckoutPage(ctx context.Context, f billing.LiveFilter, after string, limit int) ([]billing.Checkout, error) {
	var rows []billing.Checkout
	err := s.chosen(ctx, f).Where("status = ? AND id > ?", billing.CheckoutOpen, after).Order("id").Limit(limit).Find(&rows).Error
	return rows, fail("read a page of checkouts", err, nil)
}

// LiveOfCustomer implements [billing.ReconcileStore].
func (s *Store) LiveOfCustomer(ctx context.Context, at billing.Account, customerID string) ([]billing.Subscription, error) {
	var rows []billing.Subscription
	err := s.db.Conn(ctx).Where("account = ? AND livemode = ? AND customer_id = ? AND recurring AND ended_at IS NULL", at.ID, at.Livemode, customerID).
		Order("id").Find(&rows).Error
	return rows, fail("read subscriptions of a customer", err, nil)
}

// Accounts implements [billing.ReconcileStore]. The platform's own account is there in the modes that something was
// made in.
func (s *Store) Accounts(ctx context.Context) ([]billing.Account, error) {
	var rows []struct {
		Account  string
		Livemode bool
	}
	err := s.db.Conn(ctx).Raw(`SELECT account, livemode FROM stripe_accounts UNION SELECT account, livemode FROM stripe_customers
		ORDER BY account, livemode`).Scan(&rows).Error
	out := make([]billing.Account, len(rows))
	for i, r := range rows {
		out[i] = billing.Account{ID: r.Account, Livemode: r.Livemode}
	}
	return out, fail("list accounts", err, nil)
}

// AccountsOf implements [billing.ReconcileStore].
func (s *Store) AccountsOf(ctx context.Context, orgID string) ([]string, error) {
	var ids []string
	err := s.db.Conn(ctx).Raw("SELECT DISTINCT account FROM stripe_accounts WHERE org_id = ? AND account <> ''", orgID).Scan(&ids).Error
	return ids, fail("list accounts of an org", err, nil)
}
