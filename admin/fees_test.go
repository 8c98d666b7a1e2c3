package admin_test

import (
	"encoding/csv"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/wolfieauth/wolfieauth/billing"
	billingstore "github.com/wolfieauth/wolfieauth/billing/store"
	"github.com/wolfieauth/wolfieauth/internal/db"
	"github.com/wolfieauth/wolfieauth/internal/db/dbtest"
)

// charged puts a paid invoice and its fee into the ledger.
func (b *bundle) charged(n int, at time.Time, rows ...int64) {
	b.t.Helper()
	store, ctx, org := billingstore.New(b.db), b.t.Context(), b.orgs["acme"].ID
	id := fmt.Sprintf("invoice-%03d", n)
	b.must(store.SaveInvoice(ctx, billing.Invoice{
		ID: id, Account: "acct_acme", Livemode: true, StripeID: "in_" + id, OrgID: org, Status: billing.InvoicePaid, Currency: "PLN", AmountPaid: 9_900, PaidAt: &at,
	}))
	for i, amount := range rows {
		row := billing.FeeRow{
			ID: fmt.Sprintf("row-%03d-%d", n, i), OrgID: org, Livemode: true, Currency: "PLN", Kind: billing.FeeTaken, InvoiceID: id, StripeInvoiceID: "in_" + id,
			ClientID: crm, Sequence: int64(i), Paid: 9_900, BasisPoints: 500, Amount: amount, At: at,
		}
		if i > 0 {
			row.Kind, row.Returned = billing.FeeRefund, 9_900
		}
		b.must(store.InsertFeeRow(ctx, row, []billing.FeePosting{
			{ID: "a" + row.ID, EntryID: row.ID, OrgID: org, Livemode: true, Currency: "PLN", Account: billing.AccountUnbilled, Amount: amount},
			{ID: "b" + row.ID, EntryID: row.ID, OrgID: org, Livemode: true, Currency: "PLN", Account: billing.AccountRevenue, Amount: -amount},
		}))
	}
}

func TestFeesPage(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := setup(t, d)
		owner := b.as("owner", "acme")
		if page := owner.get("/admin/orgs/acme/fees"); !strings.Contains(page.body, "No fees yet") || !strings.Contains(page.body, "5.00 %") {
			t.Errorf("an org without sales: %d %s", page.status, page.body)
		}
		october := time.Date(2026, 10, 5, 12, 0, 0, 0, time.UTC)
		for n := range 60 {
			b.charged(n, october, 495)
		}
		b.charged(900, october, 1_234, -617)
		made, err := b.billing.CloseMonths(t.Context(), "2026-10")
		b.must(err)
		page := owner.get("/admin/orgs/acme/fees")
		for _, want := range []string{"2026-10", "303.17", "6.17", "in_invoice-900", "Refund", "?before="} {
			if !strings.Contains(page.body, want) {
				t.Errorf("no %q in %s", want, page.body)
			}
		}
		if strings.Contains(page.body, "/fees/rate") {
			t.Error("an org may set its own rate")
		}
		if of := owner.get("/admin/orgs/acme/fees?statement=" + made[0].ID); of.status != http.StatusOK || !strings.Contains(of.body, "Rows of 2026-10") {
			t.Errorf("one statement: %d", of.status)
		}
		rows, err := csv.NewReader(strings.NewReader(owner.get("/admin/orgs/acme/fees.csv?statement=" + made[0].ID).body)).ReadAll()
		if err != nil || len(rows) != 63 || rows[1][0] != "row-900-1" || rows[1][11] != "-617" {
			t.Errorf("%d lines: %v, %v", len(rows), rows[:2], err)
		}
		rival := b.as("rival", "beta")
		for _, path := range []string{"/admin/orgs/beta/fees?statement=" + made[0].ID, "/admin/orgs/beta/fees.csv?statement=" + made[0].ID, "/admin/orgs/beta/fees?statement=%00"} {
			if got := rival.get(path); got.status != http.StatusNotFound {
				t.Errorf("%s answers a rival %d", path, got.status)
			}
		}
	})
}

func TestFeeRateForm(t *testing.T) {
	t.Parallel()
	b := setup(t, dbtest.SQLite(t))
	admin := b.as("platform", "wolfie")
	for name, form := range map[string]url.Values{
		"nothing":       {},
		"words":         {"rate": {"much"}},
		"three digits":  {"rate": {"1.234"}},
		"negative":      {"rate": {"-1"}},
		"above all":     {"rate": {"100.01"}},
		"exponent":      {"rate": {"1e1"}},
		"the past":      {"rate": {"1"}, "from": {"2026-11-21"}},
		"no day":        {"rate": {"1"}, "from": {"tomorrow"}},
		"a long reason": {"rate": {"1"}, "note": {strings.Repeat("x", 201)}},
	} {
		if got := admin.post("/admin/orgs/acme/fees/rate", form); got.status != http.StatusUnprocessableEntity || !strings.Contains(got.body, `aria-invalid="true"`) {
			t.Errorf("%s: %d", name, got.status)
		}
	}
	for _, form := range []url.Values{{"rate": {"4,25"}, "note": {"an early customer"}}, {"rate": {"0 %"}, "from": {"2026-12-01"}}} {
		if got := admin.post("/admin/orgs/acme/fees/rate", form); got.status != http.StatusSeeOther {
			t.Errorf("%v: %d", form, got.status)
		}
	}
	now, history, err := b.billing.FeeRates(t.Context(), b.orgs["acme"].ID)
	if err != nil || now != 425 || len(history) != 2 || history[0].BasisPoints != 0 || history[1].Note != "an early customer" {
		t.Errorf("rates %d %+v %v", now, history, err)
	}
	if got := admin.post("/admin/orgs/acme/fees/rate", url.Values{"rate": {"1"}, "from": {"2026-12-01"}}); got.status != http.StatusUnprocessableEntity {
		t.Errorf("a second rate of one day: %d", got.status)
	}
	page := b.as("owner", "acme").get("/admin/orgs/acme/fees")
	if !strings.Contains(page.body, "4.25 %") || !strings.Contains(page.body, "In force") || !strings.Contains(page.body, "To come") || strings.Contains(page.body, "an early customer") {
		t.Errorf("the org reads %s", page.body)
	}
	log := b.as("owner", "acme").get("/admin/audit?org=acme")
	if !strings.Contains(log.body, "Fee rate set") {
		t.Error("the log does not tell")
	}
}

func TestTaxPage(t *testing.T) {
	t.Parallel()
	b := setup(t, dbtest.SQLite(t))
	owner := b.as("owner", "acme")
	page := owner.post("/admin/orgs/acme/tax", url.Values{"name": {"Acme"}, "country": {"PL"}, "nip": {"1234563219"}})
	for _, want := range []string{"its digits do not add up", `value="1234563219"`, `value="Acme"`} {
		if page.status != http.StatusUnprocessableEntity || !strings.Contains(page.body, want) {
			t.Errorf("%d without %q", page.status, want)
		}
	}
	if page := owner.post("/admin/orgs/acme/tax", url.Values{"name": {"Acme"}, "address1": {"Straße 1"}, "country": {"DE"}, "vat_number": {"FR1"}}); page.status != http.StatusUnprocessableEntity ||
		!strings.Contains(page.body, "no VAT number of that country") {
		t.Errorf("a foreign VAT number: %d", page.status)
	}
	if page := b.as("clerk", "acme").get("/admin/orgs/acme/tax"); !strings.Contains(page.body, "Not filled in yet") || strings.Contains(page.body, `id="save"`) {
		t.Error("a clerk is shown a form, or nothing")
	}
	october := time.Date(2026, 10, 5, 12, 0, 0, 0, time.UTC)
	b.charged(1, october, 495)
	made, err := b.billing.CloseMonths(t.Context(), "2026-10")
	b.must(err)
	b.must(b.jobs.Drain(t.Context()))
	if page := owner.get("/admin/orgs/acme/fees"); !strings.Contains(page.body, "the platform has not set up how invoices are delivered") {
		t.Error("an invoice that waits does not say for what")
	}
	if got := owner.post("/admin/orgs/acme/tax", taxForm(b)); got.status != http.StatusSeeOther {
		t.Fatalf("saved: %d", got.status)
	}
	if page := b.as("clerk", "acme").get("/admin/orgs/acme/tax"); !strings.Contains(page.body, "1234563218") {
		t.Error("what was saved is not shown")
	}
	inv, err := b.billing.FeeInvoices(t.Context(), b.orgs["acme"].ID)
	if err != nil || len(inv) != 1 || inv[0].StatementID != made[0].ID {
		t.Fatalf("%+v %v", inv, err)
	}
	b.exec("UPDATE fee_invoices SET state = 'issued', reason = '', number = 'WA/2026/1', document = '<x/>'")
	path := "/admin/orgs/acme/fees/invoices/" + inv[0].ID + ".xml"
	if got := owner.get(path); got.status != http.StatusOK || got.body != "<x/>" {
		t.Errorf("the document: %d %s", got.status, got.body)
	}
	if got := b.as("rival", "beta").get(strings.Replace(path, "acme", "beta", 1)); got.status != http.StatusNotFound {
		t.Errorf("a rival reads it: %d", got.status)
	}
	// The platform's own org is the seller.
	platform := b.as("platform", "wolfie")
	if got := platform.post("/admin/orgs/wolfie/tax", url.Values{"name": {"Wolfie"}, "address1": {"ul. Leśna 1"}, "country": {"PL"}, "nip": {"9999999999"}, "bank_account": {"61 1090 1014 0000 0712 1981 2874"}}); got.status != http.StatusSeeOther {
		t.Errorf("the seller: %d", got.status)
	}
	if p, err := b.billing.TaxProfile(t.Context(), b.orgs["wolfie"].ID); err != nil || !p.Seller || p.BankAccount != "61109010140000071219812874" {
		t.Errorf("%+v %v", p, err)
	}
}
