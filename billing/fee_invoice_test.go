package billing_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wolfieauth/wolfieauth/billing"
	"github.com/wolfieauth/wolfieauth/internal/db"
	"github.com/wolfieauth/wolfieauth/internal/db/dbtest"
)

// post is a delivery that fails as often as it is told to.
type post struct {
	mu    sync.Mutex
	fails int
	got   map[string]billing.FeeDocument
	calls int
}

var errPost = errors.New("the post is closed")

func (p *post) IssueInvoice(_ context.Context, doc billing.FeeDocument) (billing.FeeReceipt, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.calls++
	if before, ok := p.got[doc.ID]; ok && string(before.XML) != string(doc.XML) {
		return billing.FeeReceipt{}, errors.New("another document of the same id")
	}
	p.got[doc.ID] = doc // taken, whatever is answered
	if p.fails > 0 {
		p.fails--
		return billing.FeeReceipt{}, errPost
	}
	return billing.FeeReceipt{KSeFNumber: fmt.Sprintf("9999999999-20260401-%012X-AB", len(p.got)), Receipt: "receipt"}, nil
}

type oneRate map[string]string

func (r oneRate) Rate(_ context.Context, currency string, before time.Time) (string, error) {
	if before.Day() != 31 || r[currency] == "" {
		return "", billing.ErrNoRate
	}
	return r[currency], nil
}

// owes puts a live fee and its reversals into the ledger.
func (b *bundle) owes(org, currency string, n int, amounts ...int64) {
	b.t.Helper()
	ctx, now := b.t.Context(), b.clock.now()
	id := fmt.Sprintf("%s-%s-%d", org, currency, n)
	before, err := b.store.FeeRowsOf(ctx, id)
	b.must(err)
	if len(before) == 0 {
		b.must(b.store.SaveInvoice(ctx, billing.Invoice{ID: id, Account: "acct_" + org, Livemode: true, StripeID: "in_" + id, OrgID: org, Currency: currency}))
	}
	for i, amount := range amounts {
		row := billing.FeeRow{
			ID: fmt.Sprintf("%s-%d", id, len(before)+i), OrgID: org, Livemode: true, Currency: currency, Kind: billing.FeeTaken, InvoiceID: id, StripeInvoiceID: "in_" + id,
			Sequence: int64(len(before) + i), Paid: 100_000, BasisPoints: 500, Amount: amount, At: now, CreatedAt: now,
		}
		side := billing.FeePosting{ID: row.ID + "a", EntryID: row.ID, OrgID: org, Livemode: true, Currency: currency, Account: billing.AccountUnbilled, Amount: amount, CreatedAt: now}
		other := side
		other.ID, other.Account, other.Amount = row.ID+"b", billing.AccountRevenue, -amount
		b.must(b.store.InsertFeeRow(ctx, row, []billing.FeePosting{side, other}))
	}
}

func (b *bundle) profiles(orgs ...string) {
	b.t.Helper()
	for _, org := range orgs {
		p := billing.TaxProfile{OrgID: org, Name: org + " sp. z o.o.", Address1: "ul. Długa 1", Country: "pl", NIP: "123-456-32-18"}
		if org == "wolfie" {
			p.Seller, p.NIP = true, "PL 9999999999"
		}
		b.must(b.SaveTaxProfile(b.t.Context(), p))
	}
}

func (b *bundle) feeInvoices(org string) []billing.FeeInvoice {
	b.t.Helper()
	rows, err := b.FeeInvoices(b.t.Context(), org)
	b.must(err)
	slices.Reverse(rows)
	return rows
}

func (b *bundle) closeMonth() {
	b.t.Helper()
	next := billing.MonthOf(b.clock.now()).End()
	b.clock.advance(next.Sub(b.clock.now()))
	_, err := b.CloseMonths(b.t.Context(), billing.MonthOf(next).Previous())
	b.must(err)
}

func TestAStatementBecomesAnInvoice(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := setup(t, d)
		b.owes("acme", "PLN", 1, 10_000)
		b.owes("acme", "EUR", 1, 500)
		b.closeMonth()
		state := func(when string, want ...string) {
			t.Helper()
			b.settle()
			var got []string
			for _, row := range b.feeInvoices("acme") {
				got = append(got, strings.TrimSpace(fmt.Sprintf("%s %s %s", row.Currency, row.State, row.Reason+row.Number)))
			}
			slices.Sort(got)
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%s: %s", when, diff)
			}
		}
		state("no way to deliver", "EUR waiting no_delivery", "PLN waiting no_delivery")
		p := &post{got: map[string]billing.FeeDocument{}, fails: 3}
		b.issuer = p
		b.wire()
		b.profiles("acme")
		state("no seller", "EUR waiting seller_profile", "PLN waiting seller_profile")
		b.profiles("wolfie")
		state("no rate", "EUR waiting exchange_rate", "PLN issued WA/2026/1")
		b.rates = oneRate{"EUR": "4.25"}
		b.wire()
		b.profiles("acme")
		state("all", "EUR issued WA/2026/2", "PLN issued WA/2026/1")
		if p.calls != 5 || len(p.got) != 2 {
			t.Errorf("%d calls for %d documents", p.calls, len(p.got))
		}
		one := b.feeInvoices("acme")[0]
		for _, want := range []string{"<P_15>123.00</P_15>", "<P_6_Od>2026-03-01</P_6_Od>", "<P_6_Do>2026-03-31</P_6_Do>", "<P_1>2026-04-01</P_1>", "<NIP>1234563218</NIP>", "stawka 5.00 %"} {
			if one.Currency == "PLN" && !strings.Contains(one.Document, want) {
				t.Errorf("no %s in %s", want, one.Document)
			}
		}
		if one.KSeFNumber == "" || one.Receipt != "receipt" {
			t.Errorf("the answer is lost: %+v", one)
		}
	})
}

// An org without a profile waits and says so; nothing of test mode is ever invoiced.
func TestWhatIsNotInvoiced(t *testing.T) {
	t.Parallel()
	b := setup(t, dbtest.SQLite(t))
	b.issuer = &post{got: map[string]billing.FeeDocument{}}
	b.wire()
	b.profiles("wolfie")
	sub := b.buy("buyco", proPLN)
	b.tell(connected, b.paidInvoice("in_1", sub, 9_900), "in_1")
	b.owes("nobody", "PLN", 1, 100)
	b.owes("even", "PLN", 1, 100, -100)
	b.closeMonth()
	b.settle()
	if rows := b.feeInvoices("acme"); len(rows) != 0 {
		t.Errorf("test mode: %+v", rows)
	}
	if rows := b.feeInvoices("even"); len(rows) != 0 {
		t.Errorf("a month of nothing: %+v", rows)
	}
	if rows := b.feeInvoices("nobody"); len(rows) != 1 || rows[0].Reason != billing.WaitsForProfile || rows[0].Number != "" {
		t.Errorf("no profile: %+v", rows)
	}
}

func TestLaterReversalsCorrectTheOriginal(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := setup(t, d)
		b.issuer = &post{got: map[string]billing.FeeDocument{}}
		b.wire()
		b.owes("acme", "PLN", 1, 10_000)
		b.owes("acme", "PLN", 2, 20_000)
		b.closeMonth()
		b.owes("acme", "PLN", 1, -10_000)
		b.owes("acme", "PLN", 2, -5_000)
		b.owes("acme", "PLN", 3, 700)
		b.closeMonth()
		b.profiles("wolfie", "acme") // only now: the correction waits for its original
		b.settle()
		rows := b.feeInvoices("acme")
		if len(rows) != 3 {
			t.Fatalf("%d documents", len(rows))
		}
		byNet := map[int64]billing.FeeInvoice{}
		for _, r := range rows {
			byNet[r.Net] = r
			if r.State != billing.FeeInvoiceIssued {
				t.Errorf("%d: %s %s", r.Net, r.State, r.Reason)
			}
		}
		original, correction := byNet[30_000], byNet[-15_000]
		if correction.Corrects != original.ID || byNet[700].Corrects != "" {
			t.Errorf("%+v", byNet)
		}
		for _, want := range []string{
			"<RodzajFaktury>KOR</RodzajFaktury>", "<NrFaKorygowanej>" + original.Number + "<", "<NrKSeFFaKorygowanej>" + original.KSeFNumber + "<", "<P_15>-184.50</P_15>",
		} {
			if !strings.Contains(correction.Document, want) {
				t.Errorf("no %s in %s", want, correction.Document)
			}
		}
		b.ledgerAgrees()
	})
}

// Many at once, with a delivery that fails: the numbers of a year have no gap, and the next year begins at 1.
func TestNumbersHaveNoGaps(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := setup(t, d)
		b.clock.advance(time.Date(2026, 11, 5, 0, 0, 0, 0, time.UTC).Sub(b.clock.now()))
		b.issuer = &post{got: map[string]billing.FeeDocument{}, fails: 7}
		b.wire()
		b.profiles("wolfie")
		for month := range 2 {
			for n := range 12 {
				org := fmt.Sprintf("org-%d", n)
				b.owes(org, "PLN", month, 1_000)
				b.profiles(org)
			}
			b.closeMonth()
			b.settle()
		}
		var numbers []string
		b.must(b.db.Conn(t.Context()).Model(&billing.FeeInvoice{}).Where("state = 'issued'").Pluck("number", &numbers).Error)
		var want []string
		for n := range 12 {
			want = append(want, fmt.Sprintf("WA/2026/%d", n+1), fmt.Sprintf("WA/2027/%d", n+1))
		}
		slices.Sort(numbers)
		slices.Sort(want)
		if diff := cmp.Diff(want, numbers); diff != "" {
			t.Error(diff)
		}
	})
}

func TestTaxProfileMistakes(t *testing.T) {
	t.Parallel()
	b := setup(t, dbtest.SQLite(t))
	good := billing.TaxProfile{OrgID: "acme", Name: "Acme", Address1: "Street 1", Country: "US", TaxID: "12-3"}
	for name, tc := range map[string]struct {
		edit func(*billing.TaxProfile)
		want string
	}{
		"no name":       {func(p *billing.TaxProfile) { p.Name = " " }, "name"},
		"no address":    {func(p *billing.TaxProfile) { p.Address1 = "" }, "address1"},
		"no country":    {func(p *billing.TaxProfile) { p.Country = "Poland" }, "country"},
		"a wrong NIP":   {func(p *billing.TaxProfile) { p.Country, p.NIP = "PL", "1234563219" }, "nip"},
		"no VAT number": {func(p *billing.TaxProfile) { p.Country, p.VATNumber = "DE", "123456789" }, "vatNumber"},
		"another's VAT": {func(p *billing.TaxProfile) { p.Country, p.VATNumber = "FR", "DE123456789" }, "vatNumber"},
		"seller abroad": {func(p *billing.TaxProfile) { p.Seller = true }, "country"},
	} {
		p := good
		tc.edit(&p)
		var mistakes billing.FieldErrors
		if err := b.SaveTaxProfile(t.Context(), p); !errors.As(err, &mistakes) || mistakes[0].Field != tc.want {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := b.TaxProfile(t.Context(), "acme"); !errors.Is(err, billing.ErrTaxProfileNotFound) {
		t.Errorf("a mistake was stored: %v", err)
	}
	b.must(b.SaveTaxProfile(t.Context(), good))
	german := billing.TaxProfile{OrgID: "acme", Name: "Acme", Address1: "Straße 1", Country: "de", VATNumber: "de 123 456 789", NIP: "1", TaxID: "2", BankAccount: "3"}
	b.must(b.SaveTaxProfile(t.Context(), german))
	if got, err := b.TaxProfile(t.Context(), "acme"); err != nil || got.VATNumber != "DE123456789" || got.NIP+got.TaxID+got.BankAccount != "" {
		t.Errorf("%+v %v", got, err)
	}
}
