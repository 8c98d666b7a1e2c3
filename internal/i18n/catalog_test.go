package i18n_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wolfieauth/wolfieauth/internal/i18n"
)

func load(t *testing.T) *i18n.Catalog {
	t.Helper()
	c, err := i18n.Load()
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestBothLanguagesHoldTheSameKeys(t *testing.T) {
	t.Parallel()
	c := load(t)
	if diff := cmp.Diff(c.Keys(i18n.English), c.Keys(i18n.Polish)); diff != "" {
		t.Errorf("keys differ (-en +pl):\n%s", diff)
	}
}

func TestBothLanguagesUseTheSameArguments(t *testing.T) {
	t.Parallel()
	argument := regexp.MustCompile(`\{\{\s*\.(\w+)\s*\}\}`)
	all := map[string]map[string][]string{}
	for _, lang := range i18n.Languages() {
		all[lang] = map[string][]string{}
		c := load(t)
		for _, key := range c.Keys(lang) {
			names := []string{}
			for _, m := range argument.FindAllStringSubmatch(c.Text(lang, key), -1) {
				if m[1] != "Count" { // a plural form may say "one" in words
					names = append(names, m[1])
				}
			}
			slices.Sort(names)
			all[lang][key] = slices.Compact(names)
		}
	}
	if diff := cmp.Diff(all["en"], all["pl"]); diff != "" {
		t.Errorf("arguments differ (-en +pl):\n%s", diff)
	}
}

func TestPolishPluralsHaveAllForms(t *testing.T) {
	t.Parallel()
	c := load(t)
	for _, key := range c.Keys(i18n.Polish) {
		forms := c.Forms(i18n.Polish, key)
		if len(forms) > 1 && !slices.Equal(forms, []string{"one", "few", "many", "other"}) {
			t.Errorf("%s has the forms %v; Polish needs one, few, many, other", key, forms)
		}
	}
}

func TestPluralsAndArguments(t *testing.T) {
	t.Parallel()
	c, err := i18n.LoadFS(fstest.MapFS{
		"pl/x.toml": {Data: []byte("[seats]\none = \"{{.Count}} miejsce\"\nfew = \"{{.Count}} miejsca\"\nmany = \"{{.Count}} miejsc\"\nother = \"{{.Count}} miejsca\"\n[a.b]\nhello = \"Cześć {{.Name}}\"\ndescription = \"Opis\"\n")},
		"en/x.toml": {Data: []byte("[seats]\none = \"{{.Count}} seat\"\nother = \"{{.Count}} seats\"\n[a.b]\nhello = \"Hello {{.Name}}\"\n")},
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		lang, key, want string
		args            []any
	}{
		{"pl", "seats", "1 miejsce", []any{"Count", 1}},
		{"pl", "seats", "3 miejsca", []any{"Count", 3}},
		{"pl", "seats", "5 miejsc", []any{"Count", int64(5)}},
		{"pl", "seats", "22 miejsca", []any{"Count", 22}},
		{"en", "seats", "5 seats", []any{map[string]any{"Count": 5}}},
		{"de", "seats", "1 seat", []any{"Count", 1}},
		{"pl", "a.b.hello", "Cześć Ala", []any{"Name", "Ala"}},
		{"pl", "a.b.description", "Opis", nil},
		{"pl", "a.b.nothing", "a.b.nothing", nil},
	} {
		if got := c.T(tc.lang, tc.key, tc.args...); got != tc.want {
			t.Errorf("T(%s, %s) = %q, want %q", tc.lang, tc.key, got, tc.want)
		}
	}
}

func TestLoadRefusesDoubleKeysAndBrokenFiles(t *testing.T) {
	t.Parallel()
	for name, files := range map[string]fstest.MapFS{
		"the same key in two rooms": {"en/a.toml": {Data: []byte("x = \"1\"")}, "en/b.toml": {Data: []byte("x = \"2\"")}},
		"no TOML":                   {"en/a.toml": {Data: []byte("x = ")}},
		"a number":                  {"en/a.toml": {Data: []byte("x = 3")}},
	} {
		if _, err := i18n.LoadFS(files); err == nil {
			t.Errorf("%s was accepted", name)
		}
	}
}

func TestNegotiation(t *testing.T) {
	t.Parallel()
	for header, want := range map[string]string{
		"": "", "pl": "pl", "pl-PL,pl;q=0.9,en;q=0.8": "pl", "en-GB,en;q=0.9": "en", "de,pl;q=0.5": "pl", "de-DE": "", "ja": "",
		"pl;q=0.1,en;q=0.9": "en", "\x00;;;": "", strings.Repeat("pl,", 400): "",
	} {
		if got := i18n.FromAcceptLanguage(header); got != want {
			t.Errorf("Accept-Language %.30q gives %q, want %q", header, got, want)
		}
	}
	for param, want := range map[string]string{"": "", "fr pl en": "pl", "en pl": "en", "xx-yyyyyyyyyyyyy pl": "pl", "%%": "", "fr": ""} {
		if got := i18n.FromUILocales(param); got != want {
			t.Errorf("ui_locales %q gives %q, want %q", param, got, want)
		}
	}
}

func TestDates(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 11, 22, 14, 5, 0, 0, time.UTC)
	for got, want := range map[string]string{
		i18n.Date("pl", at): "22 listopada 2026", i18n.Date("en", at): "22 November 2026",
		i18n.DateTime("pl", at): "22 listopada 2026, 14:05 UTC", i18n.DateTime("en", at): "22 November 2026, 14:05 UTC",
	} {
		if got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

// TestEveryKeyInUseExists walks templates and Go sources for literal keys: {{t "key"}} in templates;
// web.T(c, "key"), catalogue.T(lang, "key"), web.Fail(status, "code") and web.Problem codes in Go.
func TestEveryKeyInUseExists(t *testing.T) {
	t.Parallel()
	c, root := load(t), filepath.Join("..", "..")
	used := map[string]string{}
	templateCall := regexp.MustCompile(`[{(|]-?\s*t "([^"]+)"`)
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && path != root && (strings.HasPrefix(d.Name(), ".") || slices.Contains([]string{"node_modules", "artifacts", "tmp", "testdata", "sdk", "examples"}, d.Name())) {
			return filepath.SkipDir
		}
		switch {
		case strings.HasSuffix(path, ".html"):
			body, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			for _, m := range templateCall.FindAllStringSubmatch(string(body), -1) {
				used[m[1]] = path
			}
		case strings.HasSuffix(path, ".go") && !strings.HasSuffix(path, "_test.go"):
			return goKeys(path, used)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(used) < 10 {
		t.Fatalf("found %d keys in use; the search is broken", len(used))
	}
	for key, path := range used {
		for _, lang := range i18n.Languages() {
			if !c.Has(lang, key) {
				t.Errorf("%s uses %q, which %s lacks", path, key, lang)
			}
		}
	}
}

func goKeys(path string, used map[string]string) error {
	file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
	if err != nil {
		return nil //nolint:nilerr // the compiler says it better
	}
	ast.Inspect(file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.CallExpr:
			name := callee(n)
			if len(n.Args) < 2 {
				break
			}
			key, ok := literal(n.Args[1])
			switch {
			case ok && name == "T":
				used[key] = path
			case ok && name == "Fail" && status(n.Args[0]):
				used["problem."+key] = path
			}
		case *ast.CompositeLit:
			if sel, ok := n.Type.(*ast.SelectorExpr); ok && sel.Sel.Name == "Problem" {
				for _, el := range n.Elts {
					if kv, ok := el.(*ast.KeyValueExpr); ok {
						el = kv.Value
					}
					if code, ok := literal(el); ok {
						used["problem."+code] = path
					}
				}
			}
		}
		return true
	})
	return nil
}

func callee(call *ast.CallExpr) string {
	switch f := call.Fun.(type) {
	case *ast.SelectorExpr:
		return f.Sel.Name
	case *ast.Ident:
		return f.Name
	}
	return ""
}

// status tells web.Fail(http.StatusX, ...) from Form.Fail("field", ...).
func status(e ast.Expr) bool {
	if sel, ok := e.(*ast.SelectorExpr); ok {
		return strings.HasPrefix(sel.Sel.Name, "Status")
	}
	lit, ok := e.(*ast.BasicLit)
	return ok && lit.Kind == token.INT
}

func literal(e ast.Expr) (string, bool) {
	lit, ok := e.(*ast.BasicLit)
	if !ok || lit.Kind != token.STRING {
		return "", false
	}
	s, err := strconv.Unquote(lit.Value)
	return s, err == nil
}
