package catalogfile_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wolfieauth/wolfieauth/billing"
	"github.com/wolfieauth/wolfieauth/cmd/wolfieauth/catalogfile"
	"github.com/wolfieauth/wolfieauth/docs/contracts"
)

// awkward is a catalogue of words that a careless reader takes for something else.
func awkward() billing.CatalogFile {
	three, days := int64(3), int64(0)
	out := billing.CatalogFile{
		Version:  1,
		Features: []billing.FileFeature{{Key: "export", Name: "Yes", Description: "two\nlines: \"quoted\" # no comment\n"}},
		Plans:    []billing.FilePlan{},
	}
	for i, name := range []string{"NO", "2026-11-25", "1e3", "0x10", "~", "null", "- Plan", "Złoty & <b>", "\u2028", "🦊", "on", "12:30", " spaces ", "&a", "*a", "!!int 3", "%x", "{", "0o7", ".5", "=", "<<"} {
		out.Plans = append(out.Plans, billing.FilePlan{
			Slug: "plan-" + strings.Repeat("i", i+1), Name: name, Color: "#000000", TrialDays: 14, GraceDays: &days, FeatureKeys: []string{"export"},
			Prices: []billing.FilePrice{
				{Amount: 9900, Currency: "NOK", Interval: billing.IntervalMonth, CountryCodes: []string{"NO", "PL"}, Scheme: billing.SchemeFlat},
				{Currency: "USD", Interval: billing.IntervalYear, PerSeat: true, SeatLabel: "y", Scheme: billing.SchemeGraduated, Tiers: []billing.FileTier{{UpTo: &three}, {UnitAmount: 500, FlatAmount: 99_999_999}}},
			},
		})
	}
	return out
}

func TestWhatIsWrittenIsReadAgain(t *testing.T) {
	t.Parallel()
	for _, format := range []catalogfile.Format{catalogfile.YAML, catalogfile.JSON} {
		t.Run(string(format), func(t *testing.T) {
			t.Parallel()
			var text bytes.Buffer
			if err := catalogfile.Write(&text, awkward(), format); err != nil {
				t.Fatal(err)
			}
			got, err := catalogfile.Read(text.Bytes(), format)
			if err != nil {
				t.Fatalf("%v\n%s", err, text.String())
			}
			if diff := cmp.Diff(awkward(), got); diff != "" {
				t.Error(diff)
			}
			doc, err := json.Marshal(got)
			if err != nil {
				t.Fatal(err)
			}
			if err := contracts.Validate("catalog", doc); err != nil {
				t.Error(err)
			}
			if format == catalogfile.YAML && !strings.Contains(text.String(), "\n  - slug: plan-i\n    name: \"NO\"\n") {
				t.Errorf("no YAML as people write it:\n%.600s", text.String())
			}
		})
	}
}

func TestTheExampleReadsAlikeInBothFormats(t *testing.T) {
	t.Parallel()
	var files []billing.CatalogFile
	for _, name := range []string{"valid.json", "valid.yaml"} {
		raw, err := os.ReadFile("../../../docs/contracts/examples/catalog/" + name)
		if err != nil {
			t.Fatal(err)
		}
		file, err := catalogfile.Read(raw, catalogfile.FormatOf(name))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		files = append(files, file)
	}
	if diff := cmp.Diff(files[0], files[1]); diff != "" {
		t.Error(diff)
	}
}

// TestTheGuidesExampleIsACatalogue reads the file that docs/catalogue.md shows.
func TestTheGuidesExampleIsACatalogue(t *testing.T) {
	t.Parallel()
	guide, err := os.ReadFile("../../../docs/catalogue.md")
	if err != nil {
		t.Fatal(err)
	}
	_, example, _ := strings.Cut(string(guide), "```yaml\n")
	example, _, _ = strings.Cut(example, "```")
	file, err := catalogfile.Read([]byte(example), catalogfile.YAML)
	if err != nil || len(file.Plans) != 2 {
		t.Fatalf("%+v, %v", file, err)
	}
	doc, err := json.Marshal(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := contracts.Validate("catalog", doc); err != nil {
		t.Error(err)
	}
}

func TestWhatIsRefused(t *testing.T) {
	t.Parallel()
	const head = "version: 1\nfeatures: []\n"
	for name, c := range map[string]struct {
		format catalogfile.Format
		text   string
		want   error
		place  string
	}{
		"a misspelt key":             {catalogfile.YAML, head + "planz: []\n", catalogfile.ErrUnknownField, "line 3: planz"},
		"a misspelt key, deep":       {catalogfile.YAML, head + "plans:\n  - name: Pro\n    prices:\n      - amont: 1\n", catalogfile.ErrUnknownField, "line 6: plans[0].prices[0].amont"},
		"a misspelt key in JSON":     {catalogfile.JSON, `{"plans":[{"prices":[{},{"tiers":[{"upto":3}]}]}]}`, catalogfile.ErrUnknownField, "plans[0].prices[1].tiers[0].upto"},
		"the case of a key":          {catalogfile.JSON, `{"Version":1}`, catalogfile.ErrUnknownField, "Version"},
		"a key twice":                {catalogfile.YAML, head + "version: 2\n", catalogfile.ErrTwice, "line 3: version"},
		"a key twice in JSON":        {catalogfile.JSON, `{"version":1,"version":1}`, catalogfile.ErrTwice, "version"},
		"major units":                {catalogfile.YAML, head + "plans: [{prices: [{amount: 99.50}]}]", catalogfile.ErrNotWhole, "plans[0].prices[0].amount"},
		"major units in JSON":        {catalogfile.JSON, `{"plans":[{"prices":[{"amount":99.0}]}]}`, catalogfile.ErrNotWhole, "plans[0].prices[0].amount"},
		"a word for a number":        {catalogfile.YAML, "version: one\n", catalogfile.ErrSyntax, "version"},
		"a number for a word":        {catalogfile.YAML, head + "plans: [{name: 2026}]", catalogfile.ErrSyntax, "name"},
		"beyond 64 bits":             {catalogfile.YAML, head + "plans: [{trialDays: 99999999999999999999}]", catalogfile.ErrNotWhole, "trialDays"},
		"a list for a plan":          {catalogfile.YAML, head + "plans: [[1]]", catalogfile.ErrSyntax, "plans[0]"},
		"a mapping for the list":     {catalogfile.YAML, head + "plans: {pro: {}}", catalogfile.ErrSyntax, "plans"},
		"no mapping":                 {catalogfile.YAML, "- 1\n", catalogfile.ErrSyntax, ""},
		"nothing":                    {catalogfile.YAML, "", catalogfile.ErrSyntax, ""},
		"nothing in JSON":            {catalogfile.JSON, "", catalogfile.ErrSyntax, ""},
		"two documents":              {catalogfile.YAML, head + "---\nversion: 1\n", catalogfile.ErrMoreThanOne, ""},
		"two documents in JSON":      {catalogfile.JSON, `{} {}`, catalogfile.ErrMoreThanOne, ""},
		"half a document":            {catalogfile.JSON, `{"plans":[`, catalogfile.ErrSyntax, "byte"},
		"a tab":                      {catalogfile.YAML, head + "plans:\n\t- name: Pro\n", catalogfile.ErrSyntax, "line"},
		"aliases that grow for ever": {catalogfile.YAML, laughs(), catalogfile.ErrSyntax, "aliases"},
		"an alias of itself":         {catalogfile.YAML, "plans: &a [*a]\n", catalogfile.ErrSyntax, "aliases"},
		"a key of another kind":      {catalogfile.YAML, head + "[1]: 2\n", catalogfile.ErrUnknownField, "line 3"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			file, err := catalogfile.Read([]byte(c.text), c.format)
			if !errors.Is(err, c.want) || !strings.Contains(err.Error(), c.place) {
				t.Errorf("%+v, %v", file, err)
			}
		})
	}
}

// laughs unfolds to a billion nodes.
func laughs() string {
	text := "a0: &a0 [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]\n"
	for i := 1; i < 9; i++ {
		prev := "*a" + string(rune('0'+i-1))
		text += "a" + string(rune('0'+i)) + ": &a" + string(rune('0'+i)) + " [" + strings.Repeat(prev+", ", 9) + prev + "]\n"
	}
	return text
}

func TestAnAnchorStandsForItsText(t *testing.T) {
	t.Parallel()
	text := "version: 1\nfeatures: []\nplans:\n  - {name: A, featureKeys: &all [x], prices: []}\n  - {name: B, featureKeys: *all, prices: []}\n"
	file, err := catalogfile.Read([]byte(text), catalogfile.YAML)
	if err != nil || len(file.Plans) != 2 || !cmp.Equal(file.Plans[1].FeatureKeys, []string{"x"}) {
		t.Errorf("%+v, %v", file, err)
	}
}

func FuzzRead(f *testing.F) {
	f.Add([]byte("version: 1\nfeatures: []\nplans: []\n"), true)
	f.Add([]byte(`{"version":1}`), false)
	f.Add([]byte(laughs()), true)
	f.Fuzz(func(t *testing.T, raw []byte, asYAML bool) {
		format := catalogfile.JSON
		if asYAML {
			format = catalogfile.YAML
		}
		file, err := catalogfile.Read(raw, format)
		if err != nil {
			return
		}
		if err := catalogfile.Write(&bytes.Buffer{}, file, format); err != nil {
			t.Errorf("read, but not written: %v", err)
		}
	})
}
