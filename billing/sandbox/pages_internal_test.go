package sandbox

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"testing"
)

func TestBothLanguagesSayEverything(t *testing.T) {
	t.Parallel()
	p, err := loadPages()
	if err != nil {
		t.Fatal(err)
	}
	phrase := regexp.MustCompile(`\.T "([A-Za-z_]+)"|\bT\("([A-Za-z_]+)"[,)]`)
	verb := regexp.MustCompile(`%[sd]`)
	var sources []string
	for _, pattern := range []string{"templates/*.html", "*_page.go", "pages.go"} {
		found, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		sources = append(sources, found...)
	}
	for _, name := range sources {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range phrase.FindAllStringSubmatch(string(text), -1) {
			if key := m[1] + m[2]; p.words["en"][key] == "" || p.words["pl"][key] == "" {
				t.Errorf("%s says %q, which a language lacks", name, key)
			}
		}
	}
	for key, en := range p.words["en"] {
		pl, ok := p.words["pl"][key]
		if !ok || !slices.Equal(verb.FindAllString(en, -1), verb.FindAllString(pl, -1)) {
			t.Errorf("%q differs in its places: %q and %q", key, en, pl)
		}
	}
	if len(p.words["en"]) != len(p.words["pl"]) {
		t.Errorf("%d phrases in English, %d in Polish", len(p.words["en"]), len(p.words["pl"]))
	}
}
