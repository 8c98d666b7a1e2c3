package app

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/wolfieauth/wolfieauth/billing"
	"github.com/wolfieauth/wolfieauth/billing/ksef"
)

// Invoices is how the platform's own invoices leave: into a folder, or through the API; without either they wait.
type Invoices struct {
	Folder string
	API    string // origin
	Token  string
	Rates  string // origin of the National Bank of Poland's API, "" for none
}

func (i Invoices) issuer() billing.Issuer {
	switch {
	case i.API != "":
		return delivery(ksef.API{URL: i.API, Token: i.Token}.Issue)
	case i.Folder != "":
		return delivery(ksef.Folder{Dir: i.Folder}.Issue)
	default:
		return nil
	}
}

func (i Invoices) rates() billing.Rates {
	if i.Rates == "" {
		return nil
	}
	return bankRates{ksef.Bank{URL: i.Rates}}
}

// delivery fits one of the ways to what billing asks for.
type delivery func(ctx context.Context, id, number string, doc []byte) (ksefNumber, receipt string, err error)

// IssueInvoice implements [billing.Issuer].
func (d delivery) IssueInvoice(ctx context.Context, doc billing.FeeDocument) (billing.FeeReceipt, error) {
	number, receipt, err := d(ctx, doc.ID, doc.Number, doc.XML)
	return billing.FeeReceipt{KSeFNumber: number, Receipt: receipt}, err
}

type bankRates struct{ bank ksef.Bank }

// Rate implements [billing.Rates].
func (r bankRates) Rate(ctx context.Context, currency string, before time.Time) (string, error) {
	rate, err := r.bank.Rate(ctx, currency, before)
	if errors.Is(err, ksef.ErrNoRate) {
		return "", fmt.Errorf("%w: %w", billing.ErrNoRate, err)
	}
	return rate, err
}
