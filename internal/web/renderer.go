package web

import (
	"bytes"
	"errors"
	"fmt"
	"html/template"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/wolfieauth/wolfieauth/internal/i18n"
	"github.com/wolfieauth/wolfieauth/internal/money"
	"github.com/wolfieauth/wolfieauth/static"
	"github.com/wolfieauth/wolfieauth/templates"
)

// MoneyFunc writes an amount of minor units for people, as [money.Format] does.
type MoneyFunc func(lang string, amount int64, currency string) string

// RendererOptions are the parts of a [Renderer]; zero fields mean the embedded files.
type RendererOptions struct {
	Templates fs.FS
	Static    fs.FS
	// Money is the template function `money`; default [money.Format]. `moneyshort`, for prices on display, is
	// always [money.FormatShort].
	Money MoneyFunc
}

// Renderer holds every page, parsed once for each language.
type Renderer struct {
	assets *assets
	pages  map[string]map[string]*template.Template // language, name
}

// NewRenderer parses all templates; a page that does not parse, or that lacks the block "main", stops the
// start. A page's name is its path without the ending: "login/login".
func NewRenderer(catalog *i18n.Catalog, opts RendererOptions) (*Renderer, error) {
	if opts.Templates == nil {
		opts.Templates = templates.Files
	}
	if opts.Static == nil {
		opts.Static = static.Files
	}
	if opts.Money == nil {
		opts.Money = money.Format
	}
	as, err := buildAssets(opts.Static)
	if err != nil {
		return nil, err
	}
	r := &Renderer{assets: as, pages: map[string]map[string]*template.Template{}}
	names, err := fs.Glob(opts.Templates, "*/*.html")
	if err != nil {
		return nil, fmt.Errorf("list templates: %w", err)
	}
	for _, lang := range i18n.Languages() {
		base, err := template.New("layout").Funcs(r.funcs(catalog, lang, opts.Money)).
			ParseFS(opts.Templates, "layout.html", "partials/*.html")
		if err != nil {
			return nil, fmt.Errorf("parse layout: %w", err)
		}
		if r.pages[lang], err = parsePages(opts.Templates, base, names); err != nil {
			return nil, err
		}
	}
	return r, nil
}

func parsePages(files fs.FS, base *template.Template, names []string) (map[string]*template.Template, error) {
	pages := map[string]*template.Template{}
	for _, name := range names {
		dir, file := path.Split(name)
		if dir == "partials/" || strings.HasPrefix(file, "_") {
			continue
		}
		page, err := base.Clone()
		if err != nil {
			return nil, fmt.Errorf("parse %s: %w", name, err)
		}
		own := []string{name}
		for _, other := range names {
			if d, f := path.Split(other); d == dir && strings.HasPrefix(f, "_") {
				own = append(own, other)
			}
		}
		slices.Reverse(own) // the page last, so that its blocks win
		if _, err := page.ParseFS(files, own...); err != nil {
			return nil, fmt.Errorf("parse %s: %w", name, err)
		}
		if page.Lookup("main") == nil {
			return nil, fmt.Errorf(`page %s has no block "main"`, name)
		}
		pages[strings.TrimSuffix(name, ".html")] = page
	}
	return pages, nil
}

// Must fails with the names for which no page exists; rooms call it when they mount.
func (r *Renderer) Must(names ...string) error {
	var errs []error
	for _, name := range names {
		if r.pages[i18n.English][name] == nil {
			errs = append(errs, fmt.Errorf("web: no template %s.html", name))
		}
	}
	return errors.Join(errs...)
}

// Names lists the pages in order.
func (r *Renderer) Names() []string { return slices.Sorted(maps.Keys(r.pages[i18n.English])) }

// Asset answers the cacheable URL of a file of static/, such as "css/app.css".
func (r *Renderer) Asset(name string) (string, error) { return r.assets.url(name) }

// HTML renders a page to a buffer, so that a mistake in a template never leaves half a page.
func (r *Renderer) HTML(lang, name string, view View) ([]byte, error) {
	page := r.pages[lang][name]
	if page == nil {
		return nil, fmt.Errorf("render %s: no such page", name)
	}
	var buf bytes.Buffer
	if err := page.ExecuteTemplate(&buf, "layout.html", view); err != nil {
		return nil, fmt.Errorf("render: %w", err)
	}
	return buf.Bytes(), nil
}

// Part renders one of the templates that a page is made of, without the page around it.
func (r *Renderer) Part(lang, page, part string, data any) (template.HTML, error) {
	t := r.pages[lang][page]
	if t == nil {
		return "", fmt.Errorf("render %s: no such page", page)
	}
	var buf bytes.Buffer
	if err := t.ExecuteTemplate(&buf, part, data); err != nil {
		return "", fmt.Errorf("render: %w", err)
	}
	return template.HTML(buf.String()), nil //nolint:gosec // what html/template has written is safe
}

func (r *Renderer) funcs(catalog *i18n.Catalog, lang string, write MoneyFunc) template.FuncMap {
	return template.FuncMap{
		"t":        func(key string, args ...any) string { return catalog.T(lang, key, args...) },
		"asset":    r.assets.url,
		"date":     func(t time.Time) string { return i18n.Date(lang, t) },
		"datetime": func(t time.Time) string { return i18n.DateTime(lang, t) },
		"iso":      func(t time.Time) string { return t.UTC().Format(time.RFC3339) },
		"money":    func(amount int64, currency string) string { return write(lang, amount, currency) },
		"moneyshort": func(amount int64, currency string) string {
			return money.FormatShort(lang, amount, currency)
		},
		"field": newField,
		"dict":  dict,
		"icon":  icon,
	}
}

// dict makes a map of pairs, to hand several values to a partial.
func dict(pairs ...any) (map[string]any, error) {
	if len(pairs)%2 != 0 {
		return nil, errors.New("dict: a name without value")
	}
	m := make(map[string]any, len(pairs)/2)
	for i := 0; i < len(pairs); i += 2 {
		name, ok := pairs[i].(string)
		if !ok {
			return nil, fmt.Errorf("dict: name %v is no text", pairs[i])
		}
		m[name] = pairs[i+1]
	}
	return m, nil
}

// Renderer is the renderer of the edge's pages.
func (e *Edge) Renderer() *Renderer { return e.render }

// T answers a sentence in a language that need not be the request's; args as in [i18n.Catalog.T].
func (e *Edge) T(lang, key string, args ...any) string { return e.catalog.T(lang, key, args...) }

// Render answers the page name with view, whose [Page] it completes. The flash left for this page is used up.
func (e *Edge) Render(c echo.Context, status int, name string, view View) error {
	p := view.page()
	p.Lang, p.RequestID = Lang(c), RequestID(c)
	p.CurrentPath = c.Request().URL.Path
	p.AlternateLangURL = alternateURL(c.Request(), otherLang(p.Lang))
	if p.Layout == "" {
		p.Layout = "card"
	}
	if p.Flash == nil && status < 500 {
		f, err := e.takeFlash(c)
		if err != nil && !errors.Is(err, ErrSessionEnded) {
			return err
		}
		p.Flash = f
	}
	body, err := e.render.HTML(p.Lang, name, view)
	if err != nil {
		return err
	}
	c.Response().Header().Set("Content-Language", p.Lang)
	return c.HTMLBlob(status, body)
}
