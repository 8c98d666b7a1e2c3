package ksef

import (
	"encoding/xml"
	"strings"
	"time"

	"github.com/wolfieauth/wolfieauth/internal/taxid"
)

const namespace = "http://crd.gov.pl/wzor/2025/06/25/13775/"

// The elements of a document that we need, in the order of the schema.
type document struct {
	XMLName  xml.Name  `xml:"Faktura"`
	NS       string    `xml:"xmlns,attr"`
	Naglowek header    `xml:"Naglowek"`
	Podmiot1 subject1  `xml:"Podmiot1"`
	Podmiot2 subject2  `xml:"Podmiot2"`
	Fa       statement `xml:"Fa"`
}

type header struct {
	Kod struct {
		System string `xml:"kodSystemowy,attr"`
		Schema string `xml:"wersjaSchemy,attr"`
		Name   string `xml:",chardata"`
	} `xml:"KodFormularza"`
	Wariant int    `xml:"WariantFormularza"`
	Made    string `xml:"DataWytworzeniaFa"`
	System  string `xml:"SystemInfo"`
}

type address struct {
	Country string `xml:"KodKraju"`
	Line1   string `xml:"AdresL1"`
	Line2   string `xml:"AdresL2,omitempty"`
}

type subject1 struct {
	Prefix  string  `xml:"PrefiksPodatnika,omitempty"`
	NIP     string  `xml:"DaneIdentyfikacyjne>NIP"`
	Name    string  `xml:"DaneIdentyfikacyjne>Nazwa"`
	Address address `xml:"Adres"` //nolint:misspell // Polish
}

type subject2 struct {
	ID      identity `xml:"DaneIdentyfikacyjne"`
	Address address  `xml:"Adres"` //nolint:misspell // Polish
	JST     int      `xml:"JST"`   // 2: no unit of local government
	GV      int      `xml:"GV"`    // 2: no VAT group
}

type identity struct {
	NIP     string `xml:"NIP,omitempty"`
	UnionC  string `xml:"KodUE,omitempty"`
	UnionN  string `xml:"NrVatUE,omitempty"`
	Country string `xml:"KodKraju,omitempty"`
	TaxID   string `xml:"NrID,omitempty"`
	None    string `xml:"BrakID,omitempty"`
	Name    string `xml:"Nazwa"`
}

type statement struct {
	Currency  string      `xml:"KodWaluty"`
	Issued    string      `xml:"P_1"`
	Number    string      `xml:"P_2"`
	Period    *period     `xml:"OkresFa"`
	Net23     string      `xml:"P_13_1,omitempty"`
	VAT23     string      `xml:"P_14_1,omitempty"`
	VAT23PLN  string      `xml:"P_14_1W,omitempty"`
	Outside   string      `xml:"P_13_8,omitempty"`
	Union     string      `xml:"P_13_9,omitempty"`
	Gross     string      `xml:"P_15"`
	Notes     annotations `xml:"Adnotacje"`
	Kind      string      `xml:"RodzajFaktury"`
	Reason    string      `xml:"PrzyczynaKorekty,omitempty"`
	Effect    string      `xml:"TypKorekty,omitempty"`
	Corrected *corrected  `xml:"DaneFaKorygowanej"`
	Lines     []line      `xml:"FaWiersz"`
	Payment   *payment    `xml:"Platnosc"`
}

type period struct {
	From string `xml:"P_6_Od"`
	To   string `xml:"P_6_Do"`
}

type annotations struct {
	Cash     int `xml:"P_16"`
	Self     int `xml:"P_17"`
	Reverse  int `xml:"P_18"`
	Split    int `xml:"P_18A"`
	Exempt   int `xml:"Zwolnienie>P_19N"`
	Vehicle  int `xml:"NoweSrodkiTransportu>P_22N"`
	Triangle int `xml:"P_23"`
	Margin   int `xml:"PMarzy>P_PMarzyN"`
}

type corrected struct {
	Issued string `xml:"DataWystFaKorygowanej"`
	Number string `xml:"NrFaKorygowanej"`
	InKSeF string `xml:"NrKSeF,omitempty"`
	KSeF   string `xml:"NrKSeFFaKorygowanej,omitempty"`
	NoKSeF string `xml:"NrKSeFN,omitempty"`
}

type line struct {
	Number   int    `xml:"NrWierszaFa"`
	Text     string `xml:"P_7"`
	Unit     string `xml:"P_8A"`
	Quantity int    `xml:"P_8B"`
	Price    string `xml:"P_9A"`
	Net      string `xml:"P_11"`
	Rate     string `xml:"P_12"`
	Exchange string `xml:"KursWaluty,omitempty"`
}

type payment struct {
	Due  string `xml:"TerminPlatnosci>Termin"`
	Form int    `xml:"FormaPlatnosci"` // 6: transfer
	Bank *bank  `xml:"RachunekBankowy"`
}

type bank struct {
	Number string `xml:"NrRB"`
}

// XML writes the document, in UTF-8 without a byte order mark. It answers [ErrInvalid] for what the schema or the
// rules of the system would refuse.
func (i Invoice) XML() ([]byte, error) {
	if err := i.check(); err != nil {
		return nil, err
	}
	totals, err := i.Totals()
	if err != nil {
		return nil, err
	}
	d := document{NS: namespace, Podmiot1: i.seller(totals), Podmiot2: i.buyer(totals)}
	d.Naglowek.Kod.System, d.Naglowek.Kod.Schema, d.Naglowek.Kod.Name = "FA (3)", "1-0E", "FA"
	d.Naglowek.Wariant, d.Naglowek.Made, d.Naglowek.System = 3, i.CreatedAt.UTC().Format(time.RFC3339), "WolfieAuth"
	if d.Fa, err = i.statement(totals); err != nil {
		return nil, err
	}
	body, err := xml.MarshalIndent(d, "", "  ")
	if err != nil {
		return nil, err
	}
	return append([]byte(xml.Header), append(body, '\n')...), nil
}

func (p Party) address() address {
	return address{Country: p.Country, Line1: text(p.Address1), Line2: text(p.Address2)}
}

func (i Invoice) seller(t Totals) subject1 {
	s := subject1{NIP: i.Seller.NIP, Name: text(i.Seller.Name), Address: i.Seller.address()}
	if t.Treatment == ReverseCharge {
		s.Prefix = "PL" // the seller's number as one of the Union
	}
	return s
}

func (i Invoice) buyer(t Totals) subject2 {
	id := identity{Name: text(i.Buyer.Name)}
	switch {
	case t.Treatment == Domestic:
		id.NIP = i.Buyer.NIP
	case t.Treatment == ReverseCharge:
		id.UnionC = taxid.VATPrefix(i.Buyer.Country)
		id.UnionN = strings.TrimPrefix(i.Buyer.VATNumber, id.UnionC)
	case i.Buyer.TaxID != "":
		id.Country, id.TaxID = i.Buyer.Country, text(i.Buyer.TaxID)
	default:
		id.None = "1"
	}
	return subject2{ID: id, Address: i.Buyer.address(), JST: 2, GV: 2}
}

func (i Invoice) statement(t Totals) (statement, error) {
	st := statement{
		Currency: i.Currency, Issued: i.Issued.Format(time.DateOnly), Number: text(i.Number), Gross: decimal(t.Gross()), Kind: "VAT",
		Notes: annotations{Cash: 2, Self: 2, Reverse: 2, Split: 2, Exempt: 1, Vehicle: 1, Triangle: 2, Margin: 1},
	}
	if !i.From.IsZero() {
		st.Period = &period{i.From.Format(time.DateOnly), i.To.Format(time.DateOnly)}
	}
	rate := "23"
	switch t.Treatment {
	case Domestic:
		st.Net23, st.VAT23 = decimal(t.Net), decimal(t.VAT)
		if i.Currency != "PLN" {
			st.VAT23PLN = decimal(t.VATInPLN)
		}
	case ReverseCharge:
		st.Union, st.Notes.Reverse, rate = decimal(t.Net), 1, "np II"
	case OutsideScope:
		st.Outside, rate = decimal(t.Net), "np I"
	}
	if c := i.Corrects; c != nil {
		st.Kind, st.Reason, st.Effect, st.Corrected = "KOR", text(c.Reason), "2", c.element()
	}
	for n, l := range i.Lines {
		net, err := hundredths(l.Net, i.Currency)
		if err != nil {
			return st, err
		}
		row := line{Number: n + 1, Text: text(l.Text), Unit: "usł.", Quantity: 1, Price: decimal(net), Net: decimal(net), Rate: rate}
		if t.Treatment == Domestic && i.Currency != "PLN" {
			row.Exchange = i.Rate
		}
		st.Lines = append(st.Lines, row)
	}
	if i.Due != nil {
		st.Payment = &payment{Due: i.Due.Format(time.DateOnly), Form: 6}
		if i.BankAccount != "" {
			st.Payment.Bank = &bank{i.BankAccount}
		}
	}
	return st, nil
}

func (c *Corrected) element() *corrected {
	out := &corrected{Issued: c.Issued.Format(time.DateOnly), Number: text(c.Number)}
	if c.KSeFNumber == "" {
		out.NoKSeF = "1"
	} else {
		out.InKSeF, out.KSeF = "1", c.KSeFNumber
	}
	return out
}
