// Package i18n holds every sentence that people read, in Polish and in English.
//
// The sentences lie in locales/<language>/<room>.toml, one file per room, so that rooms do not write over
// each other. A key is the path of TOML tables joined by dots: `[problem]` with `not_found = "..."` is
// "problem.not_found". A table that holds only plural forms (`one`, `few`, `many`, `other`) is one message
// with plurals; its form is chosen by the argument Count. Inside a sentence, {{.Name}} stands for an argument.
//
// The two languages must hold the same keys; a test of this package compares them and looks for every key
// that templates and Go sources use.
package i18n

import (
	"embed"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"

	goi18n "github.com/nicksnyder/go-i18n/v2/i18n"
	"github.com/pelletier/go-toml/v2"
	"golang.org/x/text/language"
)

// The two languages of the product, as they stand in <html lang> and in cookies.
const (
	Polish  = "pl"
	English = "en"
)

// Languages lists the supported languages in the order of preference for a visitor who accepts both.
func Languages() []string { return []string{Polish, English} }

// Supported tells whether lang is one of [Languages].
func Supported(lang string) bool { return slices.Contains(Languages(), lang) }

//go:embed locales
var locales embed.FS

// Catalog answers sentences by language and key. It is safe for concurrent use.
type Catalog struct {
	localizers map[string]*goi18n.Localizer
	keys       map[string]map[string]*goi18n.Message
}

// Load reads the embedded files. It fails on unreadable TOML and on a key defined twice in one language.
func Load() (*Catalog, error) {
	sub, err := fs.Sub(locales, "locales")
	if err != nil {
		return nil, fmt.Errorf("open catalogue: %w", err)
	}
	return LoadFS(sub)
}

// LoadFS reads <language>/<room>.toml from files.
func LoadFS(files fs.FS) (*Catalog, error) {
	c := &Catalog{localizers: map[string]*goi18n.Localizer{}, keys: map[string]map[string]*goi18n.Message{}}
	for _, lang := range Languages() {
		tag := language.MustParse(lang)
		bundle := goi18n.NewBundle(tag)
		messages, err := loadLanguage(files, lang)
		if err != nil {
			return nil, err
		}
		for _, m := range messages {
			if err := bundle.AddMessages(tag, m); err != nil {
				return nil, fmt.Errorf("add message %s to %s: %w", m.ID, lang, err)
			}
		}
		c.keys[lang] = messages
		c.localizers[lang] = goi18n.NewLocalizer(bundle, lang)
	}
	return c, nil
}

func loadLanguage(files fs.FS, lang string) (map[string]*goi18n.Message, error) {
	names, err := fs.Glob(files, lang+"/*.toml")
	if err != nil {
		return nil, fmt.Errorf("list catalogue %s: %w", lang, err)
	}
	messages := map[string]*goi18n.Message{}
	for _, name := range names {
		raw, err := fs.ReadFile(files, name)
		if err != nil {
			return nil, fmt.Errorf("read catalogue: %w", err)
		}
		var tree map[string]any
		if err := toml.Unmarshal(raw, &tree); err != nil {
			return nil, fmt.Errorf("parse catalogue %s: %w", name, err)
		}
		if err := flatten(messages, "", tree); err != nil {
			return nil, fmt.Errorf("catalogue %s/%s: %w", lang, path.Base(name), err)
		}
	}
	return messages, nil
}

// flatten turns nested tables into messages with dotted ids.
func flatten(into map[string]*goi18n.Message, prefix string, tree map[string]any) error {
	for _, name := range slices.Sorted(maps.Keys(tree)) {
		id := strings.TrimPrefix(prefix+"."+name, ".")
		m := &goi18n.Message{ID: id}
		switch v := tree[name].(type) {
		case string:
			m.Other = v
		case map[string]any:
			if !plural(v) {
				if err := flatten(into, id, v); err != nil {
					return err
				}
				continue
			}
			m.One, m.Few, m.Many, m.Other = text(v["one"]), text(v["few"]), text(v["many"]), text(v["other"])
		default:
			return fmt.Errorf("key %s is neither text nor table", id)
		}
		if into[id] != nil {
			return fmt.Errorf("key %s is defined twice", id)
		}
		into[id] = m
	}
	return nil
}

// plural tells a message with plural forms from a table of messages.
func plural(table map[string]any) bool {
	for name := range table {
		if !slices.Contains([]string{"one", "few", "many", "other"}, name) {
			return false
		}
	}
	_, ok := table["other"].(string)
	return ok
}

func text(v any) string {
	s, _ := v.(string)
	return s
}

// T answers the sentence of key in lang. args are either one map[string]any or pairs of name and value
// ("Name", user.Name, "Count", 3); Count, an integer, chooses the plural form. An unsupported language reads
// as English. A key that is missing answers the key itself, so that a page stands even then.
func (c *Catalog) T(lang, key string, args ...any) string {
	if !Supported(lang) {
		lang = English
	}
	if c.keys[lang][key] == nil {
		return key
	}
	data := Args(args...)
	s, err := c.localizers[lang].Localize(&goi18n.LocalizeConfig{MessageID: key, TemplateData: data, PluralCount: data["Count"]})
	if err != nil {
		return key
	}
	return s
}

// Has tells whether lang knows key.
func (c *Catalog) Has(lang, key string) bool { return c.keys[lang][key] != nil }

// Keys lists the keys of lang in order.
func (c *Catalog) Keys(lang string) []string { return slices.Sorted(maps.Keys(c.keys[lang])) }

// Args reads the arguments of [Catalog.T]: one map, or pairs; a name without value gets nil.
func Args(args ...any) map[string]any {
	if len(args) == 1 {
		if m, ok := args[0].(map[string]any); ok {
			return m
		}
	}
	data := make(map[string]any, len(args)/2+1)
	for i := 0; i+1 < len(args); i += 2 {
		if name, ok := args[i].(string); ok {
			data[name] = args[i+1]
		}
	}
	return data
}

// Text answers the untouched text of key, all plural forms together; it is for checks.
func (c *Catalog) Text(lang, key string) string {
	m := c.keys[lang][key]
	if m == nil {
		return ""
	}
	return strings.Join([]string{m.One, m.Few, m.Many, m.Other}, "\n")
}

// Forms lists the plural forms that key has; a plain sentence has "other" alone.
func (c *Catalog) Forms(lang, key string) []string {
	var forms []string
	m := c.keys[lang][key]
	if m == nil {
		return nil
	}
	for _, f := range []struct{ name, text string }{{"one", m.One}, {"few", m.Few}, {"many", m.Many}, {"other", m.Other}} {
		if f.text != "" {
			forms = append(forms, f.name)
		}
	}
	return forms
}
