package billing_test

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wolfieauth/wolfieauth/billing"
	"github.com/wolfieauth/wolfieauth/billing/sandbox"
	"github.com/wolfieauth/wolfieauth/internal/db"
	"github.com/wolfieauth/wolfieauth/internal/db/dbtest"
)

// line is what a test compares of a fee row.
type line struct {
	Kind        billing.FeeKind
	BasisPoints int64
	Amount      int64
}

func (b *bundle) feeRows() (rows []billing.FeeRow) {
	b.t.Helper()
	b.must(b.db.Conn(b.t.Context()).Order("id").Find(&rows).Error)
	return rows
}

func (b *bundle) lines(stripeID string) (out []line) {
	b.t.Helper()
	for _, r := range b.feeRows() {
		if r.StripeInvoiceID == stripeID {
			out = append(out, line{r.Kind, r.BasisPoints, r.Amount})
		}
	}
	return out
}

func (b *bundle) ledgerAgrees() {
	b.t.Helper()
	faults, err := b.CheckFees(b.t.Context())
	b.must(err)
	for _, f := range faults {
		b.t.Errorf("ledger: %s", f)
	}
}

// paidInvoice is an invoice of a subscription, paid now.
func (b *bundle) paidInvoice(id string, sub billing.Subscription, amount int64) billing.RemoteInvoice {
	now := b.clock.now()
	return billing.RemoteInvoice{
		ID: id, CustomerID: sub.CustomerID, SubscriptionID: sub.StripeID, PaymentID: "pi_of_" + id, Number: "N-" + id, Status: billing.InvoicePaid,
		Currency: sub.Currency, Total: amount, AmountPaid: amount, Created: now, PaidAt: &now,
	}
}

// tell places an invoice at Stripe and delivers an event about an object.
func (b *bundle) tell(at billing.Account, inv billing.RemoteInvoice, objectID string) {
	b.t.Helper()
	b.stripe.PutInvoice(at, inv)
	b.deliver(at, objectID)
	b.drain()
}

func TestAPaidInvoiceMakesOneFee(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := setup(t, d)
		sub := b.buy("buyco", proPLN)
		inv := b.paidInvoice("in_1", sub, 9_910) // 495.5
		for range 3 {
			b.tell(connected, inv, "in_1")
		}
		if diff := cmp.Diff([]line{{billing.FeeTaken, 500, 496}}, b.lines("in_1")); diff != "" {
			t.Error(diff)
		}
		row := b.feeRows()[0]
		if row.OrgID != "acme" || row.BuyerOrgID != "buyco" || row.Currency != "PLN" || row.ClientID != crm || row.Livemode || row.Paid != 9_910 {
			t.Errorf("row %+v", row)
		}
		b.ledgerAgrees()
	})
}

func TestWhatMakesNoFee(t *testing.T) {
	t.Parallel()
	b := setup(t, dbtest.SQLite(t))
	sub := b.buy("buyco", proPLN)
	onPlatform, err := b.StartCheckout(t.Context(), buyer("buyco"), billing.CheckoutRequest{ClientID: "wolfie-crm", PriceID: "price-wolfie"})
	b.must(err)
	b.pay(onPlatform)
	out, err := b.FinishCheckout(t.Context(), onPlatform.ID, "buyco")
	b.must(err)
	free, open, taken, foreign, unknown := b.paidInvoice("in_free", sub, 0), b.paidInvoice("in_open", sub, 100), b.paidInvoice("in_taken", sub, 100),
		b.paidInvoice("in_foreign", sub, 100), b.paidInvoice("in_unknown", sub, 100)
	open.Status, open.PaidAt, open.AmountPaid = billing.InvoiceOpen, nil, 0
	taken.ApplicationFee = 5
	foreign.CustomerID = "cus_foreign"
	unknown.SubscriptionID, unknown.PaymentID = "", ""
	for _, inv := range []billing.RemoteInvoice{free, open, taken, foreign, unknown} {
		b.tell(connected, inv, inv.ID)
	}
	own := b.paidInvoice("in_platform", *out.Subscription, 1_000)
	b.tell(billing.Account{}, own, own.ID)
	if rows := b.feeRows(); len(rows) != 0 {
		t.Errorf("%d fee rows: %+v", len(rows), rows)
	}
	for id, want := range map[string]bool{"in_free": true, "in_open": true, "in_taken": true, "in_foreign": false, "in_unknown": false} {
		if _, err := b.store.InvoiceNamed(t.Context(), connected, id); (err == nil) != want {
			t.Errorf("%s: stored %v", id, err)
		}
	}
	b.ledgerAgrees()
}

func TestReversalsAreProportionalAndNeverMoreThanTheFee(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := setup(t, d)
		sub := b.buy("buyco", proPLN)
		inv := b.paidInvoice("in_1", sub, 9_900) // 495
		steps := []struct {
			refunded, lost int64
			want           line
		}{
			{0, 0, line{billing.FeeTaken, 500, 495}},
			{3_333, 0, line{billing.FeeRefund, 500, -167}},
			{6_666, 0, line{billing.FeeRefund, 500, -166}}, // 333.3 in all
			{6_666, 3_234, line{billing.FeeDispute, 500, -162}},
			{6_666, 9_999, line{}}, // more than was paid never goes back
			{6_666, 0, line{billing.FeeRestored, 500, 162}},
			{9_900, 0, line{billing.FeeRefund, 500, -162}},
		}
		var want []line
		for _, step := range steps {
			inv.Refunded, inv.DisputeLost = step.refunded, step.lost
			object := "in_1"
			if step.refunded > 0 {
				object = inv.PaymentID // as an event of the charge names it
			}
			b.tell(connected, inv, object)
			b.tell(connected, inv, object)
			if step.want != (line{}) {
				want = append(want, step.want)
			}
			if diff := cmp.Diff(want, b.lines("in_1")); diff != "" {
				t.Fatalf("after %+v: %s", step, diff)
			}
			b.ledgerAgrees()
		}
	})
}

func TestTheRateInForceAtPayment(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := setup(t, d)
		sub := b.buy("buyco", proPLN)
		before := b.paidInvoice("in_before", sub, 10_000)
		for _, n := range []billing.NewFeeRate{
			{OrgID: "acme", BasisPoints: 275, StartsAt: b.clock.now().Add(time.Hour)},
			{OrgID: "acme", BasisPoints: 0, StartsAt: b.clock.now().Add(2 * time.Hour)},
		} {
			_, err := b.SetFeeRate(t.Context(), n)
			b.must(err)
		}
		b.clock.advance(time.Hour)
		own := b.paidInvoice("in_own", sub, 9_999) // 274.97
		b.clock.advance(time.Hour)
		zero := b.paidInvoice("in_zero", sub, 10_000)
		for _, inv := range []billing.RemoteInvoice{zero, own, before} { // late and in any order
			b.tell(connected, inv, inv.ID)
		}
		for id, want := range map[string]line{
			"in_before": {billing.FeeTaken, 500, 500}, "in_own": {billing.FeeTaken, 275, 275}, "in_zero": {billing.FeeTaken, 0, 0},
		} {
			if diff := cmp.Diff([]line{want}, b.lines(id)); diff != "" {
				t.Errorf("%s: %s", id, diff)
			}
		}
		for name, n := range map[string]billing.NewFeeRate{
			"the past":    {OrgID: "acme", BasisPoints: 100, StartsAt: b.clock.now().Add(-time.Second)},
			"below zero":  {OrgID: "acme", BasisPoints: -1},
			"above all":   {OrgID: "acme", BasisPoints: 10_001},
			"no org":      {BasisPoints: 100},
			"same moment": {OrgID: "acme", BasisPoints: 100, StartsAt: b.clock.now()},
		} {
			if _, err := b.SetFeeRate(t.Context(), n); !errors.Is(err, billing.ErrFeeRate) && !errors.Is(err, billing.ErrRace) {
				t.Errorf("%s: %v", name, err)
			}
		}
		now, history, err := b.FeeRates(t.Context(), "acme")
		if err != nil || now != 0 || len(history) != 2 || history[0].BasisPoints != 0 {
			t.Errorf("rates %d, %+v, %v", now, history, err)
		}
		b.ledgerAgrees()
	})
}

func TestTheLedgerIsAppendOnlyAndTellsOfTampering(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := setup(t, d)
		sub := b.buy("buyco", proPLN)
		b.tell(connected, b.paidInvoice("in_1", sub, 9_900), "in_1")
		_, err := b.SetFeeRate(t.Context(), billing.NewFeeRate{OrgID: "acme", BasisPoints: 100})
		b.must(err)
		b.clock.advance(31 * 24 * time.Hour)
		_, err = b.CloseMonths(t.Context(), "2026-03")
		b.must(err)
		for _, table := range []string{"fee_rows", "fee_postings", "fee_rates", "fee_statements", "fee_statement_rows"} {
			for _, statement := range []string{"UPDATE " + table + " SET " + map[bool]string{true: "statement_id", false: "org_id"}[table == "fee_statement_rows"] + " = 'x'", "DELETE FROM " + table} {
				if err := b.db.Conn(t.Context()).Exec(statement).Error; err == nil || !strings.Contains(err.Error(), "append-only") {
					t.Errorf("%s: %v", statement, err)
				}
			}
		}
		now := b.clock.now()
		b.must(b.db.Conn(t.Context()).Exec(`INSERT INTO fee_postings (id, entry_id, org_id, livemode, currency, account, amount, created_at)
			VALUES ('p', 'nothing', 'acme', false, 'PLN', 'unbilled', 7, ?)`, now).Error)
		faults, err := b.CheckFees(t.Context())
		if err != nil || len(faults) < 2 || faults[0].Amount != 7 {
			t.Errorf("faults %v, %v", faults, err)
		}
	})
}

// The real order of things, over HTTP: purchase and renewal, a partial and a full refund, a lost dispute.
func TestFeesOnTheStreet(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := openStreet(t, d, sandbox.Faults{})
		for org, priceID := range map[string]string{"monthly": proPLN, "once": proOnce, "lost": starterPLN} {
			c := b.start(org, priceID)
			if !b.payWith(c, goodCard) {
				t.Fatalf("%s cannot pay", org)
			}
			_, err := b.FinishCheckout(t.Context(), c.ID, org)
			b.must(err)
		}
		b.settle()
		want := map[string]int64{"monthly": 495, "once": 2500, "lost": 245}
		b.fees("paid", want)

		b.asOrg("/v1/refunds", url.Values{"payment_intent": {b.invoiceOfBuyer("monthly").PaymentID}, "amount": {"3333"}})
		b.asOrg("/v1/refunds", url.Values{"payment_intent": {b.invoiceOfBuyer("once").PaymentID}})
		charge := b.asOrg("/v1/payment_intents/"+b.invoiceOfBuyer("lost").PaymentID, nil)["latest_charge"].(string)
		b.control("/_sandbox/disputes", map[string]string{"account": acct, "charge": charge})
		b.arrive(func() bool { return len(b.feeRows()) == 5 })
		b.fees("disputed, which costs nothing yet", map[string]int64{"monthly": 328, "once": 0, "lost": 245})
		b.control("/_sandbox/disputes", map[string]string{"account": acct, "charge": charge, "status": "lost"})
		b.arrive(func() bool { return len(b.feeRows()) == 6 })
		b.fees("lost", map[string]int64{"monthly": 328, "once": 0, "lost": 0})

		b.clock.advance(32 * 24 * time.Hour)
		b.must(b.sandbox.Tick(t.Context()))
		b.arrive(func() bool { return len(b.feeRows()) == 8 })
		b.fees("renewed", map[string]int64{"monthly": 328 + 495, "once": 0, "lost": 245})
		b.ledgerAgrees()
	})
}

// arrive waits for deliveries and their work.
func (b *street) arrive(done func() bool) {
	b.t.Helper()
	for range 500 {
		if b.settle(); done() {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	b.t.Fatalf("nothing more arrives: %+v", b.feeRows())
}

func (b *street) fees(when string, want map[string]int64) {
	b.t.Helper()
	got := map[string]int64{}
	for _, r := range b.feeRows() {
		got[r.BuyerOrgID] += r.Amount
	}
	if diff := cmp.Diff(want, got); diff != "" {
		b.t.Errorf("%s: %s", when, diff)
	}
}

func (b *street) invoiceOfBuyer(org string) (row billing.Invoice) {
	b.t.Helper()
	b.must(b.db.Conn(b.t.Context()).Take(&row, "buyer_org_id = ?", org).Error)
	return row
}

// asOrg asks the sandbox as the org's dashboard would; no form is a GET.
func (b *street) asOrg(path string, form url.Values) map[string]any {
	b.t.Helper()
	method := http.MethodPost
	if form == nil {
		method = http.MethodGet
	}
	r, err := http.NewRequestWithContext(b.t.Context(), method, b.api.URL+path, strings.NewReader(form.Encode()))
	b.must(err)
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Stripe-Account", acct)
	return b.ask(r)
}

func (b *street) control(path string, body any) {
	b.t.Helper()
	raw, err := json.Marshal(body)
	b.must(err)
	r, err := http.NewRequestWithContext(b.t.Context(), http.MethodPost, b.api.URL+path, strings.NewReader(string(raw)))
	b.must(err)
	b.ask(r)
}

func (b *street) ask(r *http.Request) (out map[string]any) {
	b.t.Helper()
	r.Header.Set("Authorization", "Bearer "+sandboxKey)
	res, err := http.DefaultClient.Do(r)
	b.must(err)
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	b.must(err)
	if res.StatusCode != http.StatusOK {
		b.t.Fatalf("%s answers %d: %s", r.URL.Path, res.StatusCode, raw)
	}
	b.must(json.Unmarshal(raw, &out))
	return out
}
