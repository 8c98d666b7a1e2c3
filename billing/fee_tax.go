package billing

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/wolfieauth/wolfieauth/internal/audit"
	"github.com/wolfieauth/wolfieauth/internal/taxid"
)

// ErrTaxProfileNotFound means that the org has not said yet who it is on invoices.
var ErrTaxProfileNotFound = errors.New("tax profile not found")

// TaxProfile is who an org is on the platform's invoices. The seller's is the platform's own.
type TaxProfile struct {
	OrgID       string `gorm:"primaryKey"`
	Seller      bool
	Name        string
	Address1    string
	Address2    string
	Country     string // ISO 3166 alpha-2
	NIP         string `gorm:"column:nip"`
	VATNumber   string `gorm:"column:vat_number"` // with its prefix, of a country of the Union
	TaxID       string `gorm:"column:tax_id"`     // of any other country
	BankAccount string // the seller's, "" for none
	CreatedAt   time.Time
	UpdatedAt   time.Time
}

// TableName names the table of profiles.
func (TaxProfile) TableName() string { return "tax_profiles" }

// TaxStore keeps profiles.
type TaxStore interface {
	// TaxProfile and SellerProfile answer [ErrTaxProfileNotFound].
	TaxProfile(ctx context.Context, orgID string) (TaxProfile, error)
	SellerProfile(ctx context.Context) (TaxProfile, error)
	// SaveTaxProfile inserts or replaces by org.
	SaveTaxProfile(ctx context.Context, p TaxProfile) error
}

// TaxProfile answers who the org is on invoices, or [ErrTaxProfileNotFound].
func (s *Service) TaxProfile(ctx context.Context, orgID string) (TaxProfile, error) {
	return s.store.TaxProfile(ctx, orgID)
}

// SaveTaxProfile stores who an org is on invoices and lets those that waited for it go on. Invoices that are
// numbered keep what they say. Mistakes are [FieldErrors].
func (s *Service) SaveTaxProfile(ctx context.Context, p TaxProfile) error {
	p = p.tidy()
	if err := p.check(); err != nil {
		return err
	}
	return s.tx.InTx(ctx, func(ctx context.Context) error {
		old, err := s.store.TaxProfile(ctx, p.OrgID)
		if err != nil && !errors.Is(err, ErrTaxProfileNotFound) {
			return err
		}
		p.CreatedAt, p.UpdatedAt = old.CreatedAt, s.now()
		var before map[string]any
		if p.CreatedAt.IsZero() {
			p.CreatedAt = p.UpdatedAt
		} else {
			before = old.view()
		}
		if err := s.store.SaveTaxProfile(ctx, p); err != nil {
			return err
		}
		err = s.audit.Record(ctx, audit.Entry{
			OrgID: p.OrgID, Action: "tax.profile_saved", Target: audit.Target{Kind: "org", ID: p.OrgID}, Before: before, After: p.view(),
		})
		if err != nil {
			return err
		}
		return s.wakeInvoices(ctx)
	})
}

func (p TaxProfile) view() map[string]any {
	return map[string]any{
		"name": p.Name, "address1": p.Address1, "address2": p.Address2, "country": p.Country, "nip": p.NIP, "vat_number": p.VATNumber, "tax_id": p.TaxID,
		"bank_account": p.BankAccount,
	}
}

// tidy drops what people write between digits, and the numbers that the country does not have.
func (p TaxProfile) tidy() TaxProfile {
	packed := func(s string) string {
		return strings.ToUpper(strings.NewReplacer(" ", "", "-", "", ".", "", "\u00a0", "").Replace(s))
	}
	line := func(s string) string { return strings.Join(strings.Fields(s), " ") }
	p.Name, p.Address1, p.Address2, p.TaxID = line(p.Name), line(p.Address1), line(p.Address2), line(p.TaxID)
	p.Country, p.VATNumber, p.BankAccount = packed(p.Country), packed(p.VATNumber), packed(p.BankAccount)
	p.NIP = strings.TrimPrefix(packed(p.NIP), "PL")
	if p.Country != "PL" {
		p.NIP = ""
	}
	if p.Country == "PL" || !taxid.InUnion(p.Country) {
		p.VATNumber = ""
	}
	if taxid.InUnion(p.Country) {
		p.TaxID = ""
	}
	if !p.Seller {
		p.BankAccount = ""
	}
	return p
}

func (p TaxProfile) check() error {
	var m mistakes
	m.text("name", p.Name, 512, true)
	m.text("address1", p.Address1, 512, true)
	m.text("address2", p.Address2, 512, false)
	m.text("taxId", p.TaxID, 50, false)
	m.check(len(p.Country) == 2 && p.Country[0] >= 'A' && p.Country[0] <= 'Z' && p.Country[1] >= 'A' && p.Country[1] <= 'Z', "country", CodeUnknownCountry)
	m.check(!p.Seller || p.Country == "PL", "country", CodeUnknownCountry)
	switch {
	case p.Country == "PL":
		m.check(taxid.ValidNIP(p.NIP), "nip", CodeInvalid)
	case taxid.InUnion(p.Country):
		m.check(taxid.ValidVATNumber(p.Country, p.VATNumber), "vatNumber", CodeInvalid)
	}
	m.check(p.BankAccount == "" || len(p.BankAccount) >= 10 && len(p.BankAccount) <= 34, "bankAccount", CodeInvalid)
	return m.err(fmt.Sprintf("tax profile of org %s", p.OrgID))
}
