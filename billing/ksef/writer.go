package ksef

import "github.com/wolfieauth/wolfieauth/billing"

// Writer writes the platform's invoices as FA(3).
type Writer struct{}

var _ billing.Documents = Writer{}

// WriteInvoice implements [billing.Documents]; it answers [ErrInvalid].
func (Writer) WriteInvoice(spec billing.FeeInvoiceSpec) ([]byte, error) {
	doc := Invoice{
		Number: spec.Number, Issued: spec.Issued, CreatedAt: spec.Issued, From: spec.From, To: spec.To, Currency: spec.Currency, Rate: spec.Rate,
		Seller: party(spec.Seller), Buyer: party(spec.Buyer), Due: spec.Due, BankAccount: spec.Seller.BankAccount,
	}
	for _, l := range spec.Lines {
		doc.Lines = append(doc.Lines, Line(l))
	}
	if spec.Corrects != nil {
		corrects := Corrected(*spec.Corrects)
		doc.Corrects = &corrects
	}
	return doc.XML()
}

func party(p billing.TaxProfile) Party {
	return Party{
		Name: p.Name, Address1: p.Address1, Address2: p.Address2, Country: p.Country, NIP: p.NIP, VATNumber: p.VATNumber, TaxID: p.TaxID,
	}
}
