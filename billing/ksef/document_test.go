package ksef_test

import (
	"errors"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wolfieauth/wolfieauth/billing/ksef"
)

var update = flag.Bool("update", false, "write the golden files anew")

var (
	seller = ksef.Party{Name: "Wolfie sp. z o.o.", Address1: "ul. Leśna 1", Address2: "00-001 Warszawa", Country: "PL", NIP: "9999999999"}
	polish = ksef.Party{Name: "Żółta Łódź S.A. & Synowie", Address1: "ul. Długa 2", Address2: "80-001 Gdańsk", Country: "PL", NIP: "1234563218"}
	german = ksef.Party{Name: "Muster GmbH", Address1: "Hauptstraße 3", Address2: "10115 Berlin", Country: "DE", VATNumber: "DE123456789"}
	greek  = ksef.Party{Name: "Ellas AE", Address1: "Odos 4", Country: "GR", VATNumber: "EL123456789"}
	us     = ksef.Party{Name: "Example Inc.", Address1: "1 Main Street", Address2: "Springfield, IL", Country: "US", TaxID: "12-3456789"}
	uk     = ksef.Party{Name: "Plain Ltd", Address1: "5 High Street", Country: "GB"}
)

func day(s string) time.Time {
	t, _ := time.Parse(time.DateOnly, s)
	return t
}

func invoice(buyer ksef.Party, edit func(*ksef.Invoice)) ksef.Invoice {
	due := day("2026-12-15")
	i := ksef.Invoice{
		Number: "WA/2026/1", Issued: day("2026-12-01"), CreatedAt: time.Date(2026, 12, 1, 0, 5, 0, 0, time.UTC), From: day("2026-11-01"), To: day("2026-11-30"),
		Currency: "PLN", Seller: seller, Buyer: buyer, Lines: []ksef.Line{{Text: "Opłata platformy 2026-11, stawka 5.00 %", Net: 12_345}}, Due: &due,
	}
	if edit != nil {
		edit(&i)
	}
	return i
}

var documents = map[string]ksef.Invoice{
	"domestic": invoice(polish, func(i *ksef.Invoice) { i.BankAccount = "61109010140000071219812874" }),
	"domestic_two_lines": invoice(polish, func(i *ksef.Invoice) {
		i.Lines = append(i.Lines, ksef.Line{Text: "Opłata\n platformy 2026-11,  stawka 4.25 %", Net: 1})
	}),
	"domestic_eur": invoice(polish, func(i *ksef.Invoice) { i.Currency, i.Rate = "EUR", "4.2567" }),
	"domestic_jpy": invoice(polish, func(i *ksef.Invoice) { i.Currency, i.Rate = "JPY", "0.024512" }),
	"union":        invoice(german, func(i *ksef.Invoice) { i.Currency = "EUR" }),
	"greece":       invoice(greek, nil),
	"outside":      invoice(us, func(i *ksef.Invoice) { i.Currency = "USD" }),
	"outside_kwd":  invoice(uk, func(i *ksef.Invoice) { i.Currency, i.Lines[0].Net, i.Due = "KWD", 12_340, nil }),
	"correction": invoice(polish, func(i *ksef.Invoice) {
		i.Number, i.From, i.To, i.Due, i.Lines = "WA/2027/1", time.Time{}, time.Time{}, nil, []ksef.Line{{Text: "Zwrot opłaty", Net: -12_345}}
		i.Corrects = &ksef.Corrected{
			Number: "WA/2026/1", Issued: day("2026-12-01"), KSeFNumber: "9999999999-20261201-0123456789AB-CD", Reason: "Zwrot płatności kupującemu",
		}
	}),
	"correction_outside_ksef": invoice(us, func(i *ksef.Invoice) {
		i.Currency, i.Lines[0].Net, i.Corrects = "USD", -100, &ksef.Corrected{Number: "WA/2026/1", Issued: day("2026-12-01"), Reason: "Zwrot"}
	}),
}

// schema answers the command that validates against the official schema, or nil where it is not here, said aloud.
func schema(t *testing.T) func(path string) error {
	t.Helper()
	dir := os.Getenv("KSEF_SCHEMA_DIR")
	if dir == "" {
		dir = "../../../shared/ksef"
	}
	file := filepath.Join(dir, "fa3.xsd")
	_, missing := os.Stat(file)
	tool, noTool := exec.LookPath("xmllint")
	if err := errors.Join(missing, noTool); err != nil {
		if os.Getenv("REQUIRE_KSEF_SCHEMA") != "" {
			t.Fatalf("documents must be validated here: %v", err)
		}
		t.Logf("NOT VALIDATED against the official schema: %v; set KSEF_SCHEMA_DIR and install xmllint (Debian: libxml2-utils)", err)
		return nil
	}
	return func(path string) error {
		out, err := exec.CommandContext(t.Context(), tool, "--nonet", "--noout", "--schema", file, path).CombinedOutput() // #nosec G204 -- a test's own files
		if err != nil {
			return errors.New(string(out))
		}
		return nil
	}
}

func TestDocuments(t *testing.T) {
	t.Parallel()
	validate := schema(t)
	for name, in := range documents {
		got, err := in.XML()
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		path := filepath.Join("testdata", name+".xml")
		if *update {
			if err := os.WriteFile(path, got, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(path) // #nosec G304 -- a golden file
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(want), string(got)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
		if validate != nil {
			if err := validate(path); err != nil {
				t.Errorf("%s is not valid: %v", name, err)
			}
		}
	}
}

// The validation can fail: otherwise it would prove nothing.
func TestTheSchemaRefuses(t *testing.T) {
	t.Parallel()
	validate := schema(t)
	if validate == nil {
		return
	}
	good, err := documents["domestic"].XML()
	if err != nil {
		t.Fatal(err)
	}
	for _, broken := range []string{"<JST>2</JST>", "<P_18>2</P_18>", "<P_15>151.84</P_15>"} {
		path := filepath.Join(t.TempDir(), "broken.xml")
		if err := os.WriteFile(path, []byte(strings.Replace(string(good), broken, "", 1)), 0o600); err != nil {
			t.Fatal(err)
		}
		if validate(path) == nil {
			t.Errorf("a document without %s is valid", broken)
		}
	}
}

func TestTotals(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]ksef.Totals{
		"domestic":           {Treatment: ksef.Domestic, Net: 12_345, VAT: 2_839},                       // 28.3935
		"domestic_two_lines": {Treatment: ksef.Domestic, Net: 12_346, VAT: 2_840},                       // 28.3958
		"domestic_eur":       {Treatment: ksef.Domestic, Net: 12_345, VAT: 2_839, VATInPLN: 12_085},     // 120.8477
		"domestic_jpy":       {Treatment: ksef.Domestic, Net: 1_234_500, VAT: 283_900, VATInPLN: 6_959}, // 2839 yen
		"union":              {Treatment: ksef.ReverseCharge, Net: 12_345},
		"outside_kwd":        {Treatment: ksef.OutsideScope, Net: 1_234},
		"correction":         {Treatment: ksef.Domestic, Net: -12_345, VAT: -2_839}, // the exact opposite
	} {
		got, err := documents[name].Totals()
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Errorf("%s: %v %s", name, err, diff)
		}
	}
}

func TestWhatCannotBeWritten(t *testing.T) {
	t.Parallel()
	for name, edit := range map[string]func(*ksef.Invoice){
		"no number":             func(i *ksef.Invoice) { i.Number = " " },
		"a long number":         func(i *ksef.Invoice) { i.Number = strings.Repeat("x", 257) },
		"no day":                func(i *ksef.Invoice) { i.Issued = time.Time{} },
		"before FA(3)":          func(i *ksef.Invoice) { i.CreatedAt = day("2025-08-31") },
		"half a period":         func(i *ksef.Invoice) { i.To = time.Time{} },
		"a period backwards":    func(i *ksef.Invoice) { i.From, i.To = i.To, i.From },
		"seller without NIP":    func(i *ksef.Invoice) { i.Seller.NIP = "" },
		"seller's NIP mistyped": func(i *ksef.Invoice) { i.Seller.NIP = "9999999998" },
		"seller abroad":         func(i *ksef.Invoice) { i.Seller.Country = "DE" },
		"buyer without name":    func(i *ksef.Invoice) { i.Buyer.Name = "\n" },
		"buyer without address": func(i *ksef.Invoice) { i.Buyer.Address1 = "" },
		"buyer's NIP mistyped":  func(i *ksef.Invoice) { i.Buyer.NIP = "1234563219" },
		"no VAT number":         func(i *ksef.Invoice) { i.Buyer.Country = "DE" },
		"no country":            func(i *ksef.Invoice) { i.Buyer.Country = "" },
		"no lines":              func(i *ksef.Invoice) { i.Lines = nil },
		"a line of nothing":     func(i *ksef.Invoice) { i.Lines = []ksef.Line{{Net: 1}} },
		"no rate":               func(i *ksef.Invoice) { i.Currency = "EUR" },
		"a rate of nothing":     func(i *ksef.Invoice) { i.Currency, i.Rate = "EUR", "0.000000" },
		"a rate with a comma":   func(i *ksef.Invoice) { i.Currency, i.Rate = "EUR", "4,2567" },
		"an unknown currency":   func(i *ksef.Invoice) { i.Currency = "XXX" },
		"three decimals":        func(i *ksef.Invoice) { i.Buyer, i.Currency = us, "KWD" },
		"a bank account":        func(i *ksef.Invoice) { i.BankAccount = "mine" },
		"no reason":             func(i *ksef.Invoice) { i.Corrects = &ksef.Corrected{Number: "1", Issued: i.Issued} },
		"a number of no system": func(i *ksef.Invoice) {
			i.Corrects = &ksef.Corrected{Number: "1", Issued: i.Issued, Reason: "r", KSeFNumber: "1"}
		},
	} {
		if got, err := invoice(polish, edit).XML(); !errors.Is(err, ksef.ErrInvalid) {
			t.Errorf("%s: %v\n%s", name, err, got)
		}
	}
}
