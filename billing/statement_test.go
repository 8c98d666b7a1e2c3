package billing_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wolfieauth/wolfieauth/billing"
	"github.com/wolfieauth/wolfieauth/internal/db"
	"github.com/wolfieauth/wolfieauth/internal/db/dbtest"
)

// closed is what a test compares of a statement.
type closed struct {
	Month            billing.Month
	Currency         string
	Net, Corrections int64
	Rows             int64
}

func (b *bundle) statements() (out []closed) {
	b.t.Helper()
	all, err := b.Statements(b.t.Context(), "acme")
	b.must(err)
	for _, st := range all {
		out = append(out, closed{st.Month, st.Currency, st.Net, st.Corrections, st.RowCount})
	}
	return out
}

func TestAMonthIsClosedOnce(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := setup(t, d) // 1 March 2026, noon
		sub := b.buy("buyco", proPLN)
		one, two := b.paidInvoice("in_1", sub, 10_000), b.paidInvoice("in_2", sub, 20_000)
		b.tell(connected, one, "in_1")
		b.tell(connected, two, "in_2")
		one.Refunded = 5_000
		b.tell(connected, one, "in_1") // within the month: it nets
		if _, err := b.CloseMonths(t.Context(), "2026-03"); !errors.Is(err, billing.ErrMonth) {
			t.Errorf("a month that is not over: %v", err)
		}
		b.clock.advance(31 * 24 * time.Hour) // 1 April
		var wg sync.WaitGroup
		for range 4 { // whatever runs twice
			wg.Go(func() {
				if _, err := b.CloseMonths(t.Context(), "2026-03"); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		want := []closed{{"2026-03", "PLN", 1_250, 0, 3}}
		if diff := cmp.Diff(want, b.statements()); diff != "" {
			t.Error(diff)
		}
		two.Refunded = 20_000
		b.tell(connected, two, "in_2") // April: a correction of March
		late := b.paidInvoice("in_late", sub, 400)
		paid := late.PaidAt.AddDate(0, 0, -5)
		late.PaidAt = &paid
		b.tell(connected, late, "in_late") // paid in March, heard of in April
		if made, err := b.CloseMonths(t.Context(), "2026-03"); err != nil || len(made) != 0 {
			t.Errorf("closed again: %+v, %v", made, err)
		}
		b.clock.advance(61 * 24 * time.Hour) // 1 June: nobody ran in May
		made, err := b.CloseMonths(t.Context(), "2026-05")
		if err != nil || len(made) != 1 {
			t.Fatalf("made %+v, %v", made, err)
		}
		if diff := cmp.Diff([]closed{{"2026-04", "PLN", 20, -1_000, 2}, want[0]}, b.statements()); diff != "" {
			t.Error(diff)
		}
		rows, err := b.FeeRows(t.Context(), billing.FeeRowFilter{OrgID: "acme", StatementID: made[0].ID, Limit: 10})
		if err != nil || len(rows) != 2 || rows[1].Corrects == "" || rows[0].Corrects != "" {
			t.Errorf("rows %+v, %v", rows, err)
		}
		if _, err := b.Statement(t.Context(), "other", made[0].ID); !errors.Is(err, billing.ErrStatementNotFound) {
			t.Errorf("another org's statement: %v", err)
		}
		b.ledgerAgrees()
	})
}

// sold is the naive model of one invoice.
type sold struct {
	inv    billing.RemoteInvoice
	fee    int64
	stands int64
	month  billing.Month
}

func halfUp(n, num, den int64) int64 { return (2*n*num + den) / (2 * den) }

// Three years of sales, refunds and changes of the rate; the closings run late, twice, or not at all for some
// months. Every statement is what a naive model says, and all of them together are the rows.
func TestThirtySixMonths(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		const months = 36
		b, dice := setup(t, d), rand.New(rand.NewPCG(36, 36)) // #nosec G404 -- a test's dice
		b.drain()
		subs := []billing.Subscription{b.buy("zloty", proPLN), b.buy("euro", proEUR)}
		var all []*sold
		want := map[billing.Month]map[string]*closed{}
		book := func(cur string, net, corrections int64) {
			m := billing.MonthOf(b.clock.now())
			if want[m] == nil {
				want[m] = map[string]*closed{}
			}
			if want[m][cur] == nil {
				want[m][cur] = &closed{Month: m, Currency: cur}
			}
			w := want[m][cur]
			w.Net, w.Corrections, w.Rows = w.Net+net, w.Corrections+corrections, w.Rows+1
		}
		rate := int64(500)
		for month := range months {
			if dice.IntN(4) == 0 {
				rate = dice.Int64N(1_001)
				_, err := b.SetFeeRate(t.Context(), billing.NewFeeRate{OrgID: "acme", BasisPoints: rate})
				b.must(err)
			}
			for i := range 3 {
				b.clock.advance(24 * time.Hour)
				sub := subs[dice.IntN(2)]
				x := &sold{inv: b.paidInvoice(fmt.Sprintf("in_%d_%d", month, i), sub, 1+dice.Int64N(100_000)), month: billing.MonthOf(b.clock.now())}
				x.fee = halfUp(x.inv.AmountPaid, rate, 10_000)
				x.stands = x.fee
				all = append(all, x)
				b.tell(connected, x.inv, x.inv.ID)
				book(sub.Currency, x.fee, 0)
			}
			for range 2 {
				b.clock.advance(24 * time.Hour)
				x := all[dice.IntN(len(all))]
				left := x.inv.AmountPaid - x.inv.Refunded
				if left == 0 {
					continue
				}
				x.inv.Refunded += 1 + dice.Int64N(left)
				b.tell(connected, x.inv, x.inv.PaymentID)
				stands := x.fee - halfUp(x.fee, x.inv.Refunded, x.inv.AmountPaid)
				back := stands - x.stands
				x.stands = stands
				if x.month == billing.MonthOf(b.clock.now()) {
					book(x.inv.Currency, back, 0)
				} else {
					book(x.inv.Currency, 0, back)
				}
			}
			next := billing.MonthOf(b.clock.now()).End().Add(time.Minute)
			b.clock.advance(next.Sub(b.clock.now()))
			for range dice.IntN(3) { // never, once, or twice
				b.must(func() error {
					_, err := b.CloseMonths(t.Context(), billing.MonthOf(b.clock.now()).Previous())
					return err
				}())
			}
			b.drain() // the daily job
		}
		var stated, rows int64
		for _, got := range b.statements() {
			w := want[got.Month][got.Currency]
			if w == nil {
				t.Errorf("a statement of nothing: %+v", got)
				continue
			}
			if diff := cmp.Diff(*w, got); diff != "" {
				t.Error(diff)
			}
			stated += got.Net + got.Corrections
			delete(want[got.Month], got.Currency)
		}
		for m, left := range want {
			for cur := range left {
				t.Errorf("no statement of %s in %s", m, cur)
			}
		}
		for _, r := range b.feeRows() {
			rows += r.Amount
		}
		if stated != rows {
			t.Errorf("statements come to %d, rows to %d", stated, rows)
		}
		b.ledgerAgrees()
	})
}
