package ksef

import (
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/wolfieauth/wolfieauth/internal/money"
	"github.com/wolfieauth/wolfieauth/internal/taxid"
)

// ErrInvalid means that an invoice cannot be written as it is; the error says what is wrong.
var ErrInvalid = errors.New("invoice invalid")

// Party is a seller or a buyer. A Polish one has a NIP, one in another country of the Union a VAT number, others
// may have a tax id of their country.
type Party struct {
	Name      string
	Address1  string // street and number
	Address2  string // postal code and town, or ""
	Country   string // ISO 3166 alpha-2
	NIP       string // ten digits
	VATNumber string // with its prefix, such as DE123456789
	TaxID     string
}

// Line is one service at the treatment of the whole invoice.
type Line struct {
	Text string
	Net  int64 // minor units; negative on a correction that gives back
}

// Corrected is the invoice that a correction changes.
type Corrected struct {
	Number     string
	Issued     time.Time
	KSeFNumber string // "" where the original was never in the system
	Reason     string
}

// Invoice is what a document says. Its dates count as days of their own location.
type Invoice struct {
	Number      string
	Issued      time.Time
	CreatedAt   time.Time // when the document was made
	From, To    time.Time // the first and the last day of the service; zero on a correction
	Currency    string
	Seller      Party
	Buyer       Party
	Lines       []Line
	Rate        string     // PLN for one unit of Currency, such as 4.2567; needed for VAT in another currency than PLN
	Due         *time.Time // when it is to be paid
	BankAccount string     // "" for none
	Corrects    *Corrected // nil for an invoice that corrects nothing
}

// Treatment is how VAT is handled.
type Treatment string

// The treatments of a service to a business.
const (
	Domestic      Treatment = "domestic"       // 23 %
	ReverseCharge Treatment = "reverse_charge" // the buyer in another country of the Union accounts for it
	OutsideScope  Treatment = "outside_scope"  // the buyer is outside the Union
)

const vatPercent = 23

// TreatmentOf answers how VAT on a service to the buyer is handled, or [ErrInvalid] for a buyer whose numbers do not
// tell: a Polish one without a valid NIP, one in another country of the Union without a valid VAT number.
func TreatmentOf(buyer Party) (Treatment, error) {
	switch {
	case buyer.Country == "PL":
		if !taxid.ValidNIP(buyer.NIP) {
			return "", invalid("the buyer's NIP")
		}
		return Domestic, nil
	case taxid.InUnion(buyer.Country):
		if !taxid.ValidVATNumber(buyer.Country, buyer.VATNumber) {
			return "", invalid("the buyer's VAT number")
		}
		return ReverseCharge, nil
	case countryForm.MatchString(buyer.Country):
		return OutsideScope, nil
	default:
		return "", invalid("the buyer's country")
	}
}

// Totals are the sums of an invoice in hundredths of its currency.
type Totals struct {
	Treatment Treatment
	Net, VAT  int64
	VATInPLN  int64 // of a domestic invoice in another currency
}

// Gross is what is to be paid.
func (t Totals) Gross() int64 { return t.Net + t.VAT }

// Totals sums the lines and adds VAT, half up, once on the sum.
func (i Invoice) Totals() (t Totals, err error) {
	if t.Treatment, err = TreatmentOf(i.Buyer); err != nil {
		return t, err
	}
	for _, l := range i.Lines {
		n, err := hundredths(l.Net, i.Currency)
		if err != nil {
			return t, err
		}
		if t.Net, err = money.Add(t.Net, n); err != nil {
			return t, err
		}
	}
	if t.Treatment != Domestic {
		return t, nil
	}
	unit, err := smallest(i.Currency)
	if err != nil {
		return t, err
	}
	vat, err := money.MulDivHalfUp(t.Net, vatPercent, 100*unit)
	if err != nil {
		return t, err
	}
	if t.VAT = vat * unit; i.Currency == "PLN" {
		return t, nil
	}
	rate, err := parseRate(i.Rate)
	if err != nil {
		return t, err
	}
	t.VATInPLN, err = money.MulDivHalfUp(t.VAT, rate, rateUnit)
	return t, err
}

// smallest is the smallest payable amount of a currency in hundredths.
func smallest(currency string) (int64, error) {
	exponent, err := money.Exponent(currency)
	if err != nil {
		return 0, fmt.Errorf("%w: %w", ErrInvalid, err)
	}
	if exponent == 0 {
		return 100, nil
	}
	return 1, nil
}

// hundredths is an amount as a document shows it: with two decimals, whatever the currency has.
func hundredths(amount int64, currency string) (int64, error) {
	exponent, err := money.Exponent(currency)
	switch {
	case err != nil:
		return 0, fmt.Errorf("%w: %w", ErrInvalid, err)
	case exponent == 0:
		return money.Mul(amount, 100)
	case exponent == 2:
		return amount, nil
	case amount%10 != 0:
		return 0, invalid("an amount of three decimals")
	default:
		return amount / 10, nil
	}
}

func decimal(hundredths int64) string {
	sign := ""
	if hundredths < 0 {
		sign, hundredths = "-", -hundredths
	}
	return fmt.Sprintf("%s%d.%02d", sign, hundredths/100, hundredths%100)
}

func invalid(what string) error { return fmt.Errorf("%w: %s", ErrInvalid, what) }

// text brings a text into the form that the schema asks for: one line without doubled spaces.
func text(s string) string { return strings.Join(strings.Fields(s), " ") }

func fits(s string, most int) bool {
	s = text(s)
	return s != "" && utf8.ValidString(s) && utf8.RuneCountInString(s) <= most
}

// check finds what the schema, or the system behind it, would refuse.
func (i Invoice) check() error {
	for what, ok := range map[string]bool{
		"the number": fits(i.Number, 256), "the date of issue": !i.Issued.IsZero(), "the currency": currencyForm.MatchString(i.Currency),
		"the seller's NIP": taxid.ValidNIP(i.Seller.NIP), "the seller's name": fits(i.Seller.Name, 512), "the seller's address": fits(i.Seller.Address1, 512),
		"the seller's country": i.Seller.Country == "PL", "the buyer's name": fits(i.Buyer.Name, 512), "the buyer's address": fits(i.Buyer.Address1, 512),
		"the second line of an address": (i.Seller.Address2 == "" || fits(i.Seller.Address2, 512)) && (i.Buyer.Address2 == "" || fits(i.Buyer.Address2, 512)),
		"the buyer's tax id":            i.Buyer.TaxID == "" || fits(i.Buyer.TaxID, 50),
		"the lines":                     len(i.Lines) > 0 && len(i.Lines) <= 10_000,
		"the bank account":              i.BankAccount == "" || bankForm.MatchString(i.BankAccount),
		"the moment of making":          !i.CreatedAt.Before(earliest),
		"the period":                    i.From.IsZero() == i.To.IsZero() && !i.To.Before(i.From),
	} {
		if !ok {
			return invalid(what)
		}
	}
	for _, l := range i.Lines {
		if !fits(l.Text, 512) {
			return invalid("the text of a line")
		}
	}
	return i.Corrects.check()
}

func (c *Corrected) check() error {
	switch {
	case c == nil:
		return nil
	case !fits(c.Number, 256), c.Issued.IsZero():
		return invalid("the corrected invoice")
	case !fits(c.Reason, 256):
		return invalid("the reason of the correction")
	case c.KSeFNumber != "" && !numberForm.MatchString(c.KSeFNumber):
		return invalid("the corrected invoice's number in the system")
	default:
		return nil
	}
}
