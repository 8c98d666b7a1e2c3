package billing

import (
	"context"
	"errors"
	"fmt"
	"time"
	_ "time/tzdata" // invoices are dated by the day in Poland, whatever the machine knows of zones

	"github.com/wolfieauth/wolfieauth/internal/audit"
)

// dueDays is how long an org has to pay an invoice of the platform.
const dueDays = 14

var poland = must(time.LoadLocation("Europe/Warsaw"))

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// issueFeeInvoice numbers an invoice when everything that it says is known, and delivers it. A number, once taken,
// belongs to its document for good; only then is anybody told.
func (s *Service) issueFeeInvoice(ctx context.Context, id string) error {
	row, err := s.store.FeeInvoice(ctx, id)
	if errors.Is(err, ErrFeeInvoiceNotFound) {
		return nil
	}
	if err == nil && row.State == FeeInvoiceWaiting {
		row, err = s.numberInvoice(ctx, row)
	}
	if err != nil || row.State != FeeInvoiceNumbered {
		return err
	}
	receipt, err := s.issuer.IssueInvoice(ctx, FeeDocument{ID: row.ID, Number: row.Number, XML: []byte(row.Document)})
	if err != nil {
		return fmt.Errorf("issue invoice %s: %w", row.Number, err)
	}
	row.State, row.KSeFNumber, row.Receipt, row.UpdatedAt = FeeInvoiceIssued, receipt.KSeFNumber, receipt.Receipt, s.now()
	return s.tx.InTx(ctx, func(ctx context.Context) error {
		saved, err := s.store.SaveFeeInvoice(ctx, row, FeeInvoiceNumbered)
		if err != nil || !saved {
			return err
		}
		err = s.audit.Record(ctx, audit.Entry{
			OrgID: row.OrgID, Action: "fee.invoice_issued", Target: audit.Target{Kind: "fee_invoice", ID: row.ID},
			After: map[string]any{"number": row.Number, "net": row.Net, "currency": row.Currency, "ksef_number": row.KSeFNumber},
		})
		if err != nil {
			return err
		}
		return s.wakeInvoices(ctx) // corrections may have waited for it
	})
}

// invoiceFacts are what an invoice needs to be written.
type invoiceFacts struct {
	seller, buyer TaxProfile
	statement     Statement
	original      FeeInvoice
	rate          string
}

func (s *Service) numberInvoice(ctx context.Context, row FeeInvoice) (FeeInvoice, error) {
	f, waits, err := s.gather(ctx, row)
	if err != nil {
		return row, err
	}
	if waits != "" {
		row.Reason, row.UpdatedAt = waits, s.now()
		_, err := s.store.SaveFeeInvoice(ctx, row, FeeInvoiceWaiting)
		return row, err
	}
	waiting := row
	err = s.tx.InTx(ctx, func(ctx context.Context) error {
		row = waiting
		now := s.now().In(poland)
		n, err := s.store.NextInvoiceNumber(ctx, f.seller.NIP, now.Year())
		if err != nil {
			return err
		}
		row.Number, row.IssuedOn, row.Rate, row.Reason = fmt.Sprintf("WA/%d/%d", now.Year(), n), now.Format(time.DateOnly), f.rate, ""
		row.State, row.UpdatedAt = FeeInvoiceNumbered, s.now()
		doc, err := s.write(ctx, row, f, now)
		if err != nil {
			return err
		}
		row.Document = string(doc)
		saved, err := s.store.SaveFeeInvoice(ctx, row, FeeInvoiceWaiting)
		if err == nil && !saved {
			return ErrRace // numbered by another: this number goes back with the transaction
		}
		return err
	})
	return row, err
}

// gather answers the facts, or what is missing.
func (s *Service) gather(ctx context.Context, row FeeInvoice) (f invoiceFacts, waits string, err error) {
	if s.issuer == nil || s.documents == nil {
		return f, WaitsForDelivery, nil
	}
	if f.seller, err = s.store.SellerProfile(ctx); err != nil {
		return f, WaitsForSeller, unless(err, ErrTaxProfileNotFound)
	}
	if f.buyer, err = s.store.TaxProfile(ctx, row.OrgID); err != nil {
		return f, WaitsForProfile, unless(err, ErrTaxProfileNotFound)
	}
	if f.statement, err = s.store.Statement(ctx, row.StatementID); err != nil {
		return f, "", err
	}
	if row.Corrects != "" {
		if f.original, err = s.store.FeeInvoice(ctx, row.Corrects); err != nil {
			return f, "", err
		}
		if f.original.State != FeeInvoiceIssued {
			return f, WaitsForOriginal, nil
		}
		f.rate = f.original.Rate // a correction counts at the rate of what it corrects
	}
	if f.buyer.Country != "PL" || row.Currency == "PLN" || f.rate != "" {
		return f, "", nil
	}
	if s.rates == nil {
		return f, WaitsForRate, nil
	}
	// The tax point is the month's last day; the rate is the one published last before it.
	f.rate, err = s.rates.Rate(ctx, row.Currency, f.statement.Month.End().AddDate(0, 0, -1))
	if errors.Is(err, ErrNoRate) {
		return f, WaitsForRate, nil
	}
	return f, "", err
}

// unless drops an error that is an answer.
func unless(err, answer error) error {
	if errors.Is(err, answer) {
		return nil
	}
	return err
}

func (s *Service) write(ctx context.Context, row FeeInvoice, f invoiceFacts, now time.Time) ([]byte, error) {
	doc := FeeInvoiceSpec{Number: row.Number, Issued: now, Currency: row.Currency, Rate: f.rate, Seller: f.seller, Buyer: f.buyer}
	if row.Corrects != "" {
		issued, err := time.Parse(time.DateOnly, f.original.IssuedOn)
		if err != nil {
			return nil, err
		}
		doc.Corrects = &FeeCorrected{
			Number: f.original.Number, Issued: issued, KSeFNumber: f.original.KSeFNumber, Reason: "Zwroty płatności i przegrane spory, od których pobrano opłatę",
		}
		doc.Lines = []FeeLine{{Text: "Zmiana opłaty platformy według faktury " + f.original.Number, Net: row.Net}}
		return s.documents.WriteInvoice(doc)
	}
	due := now.AddDate(0, 0, dueDays)
	doc.From, doc.To, doc.Due = f.statement.Month.Start(), f.statement.Month.End().AddDate(0, 0, -1), &due
	sums, err := s.store.SumsByRate(ctx, row.StatementID)
	if err != nil {
		return nil, err
	}
	for _, sum := range sums {
		if sum.Amount != 0 {
			label := fmt.Sprintf("Opłata platformy za %s, stawka %d.%02d %%", f.statement.Month, sum.BasisPoints/100, sum.BasisPoints%100)
			doc.Lines = append(doc.Lines, FeeLine{Text: label, Net: sum.Amount})
		}
	}
	return s.documents.WriteInvoice(doc)
}
