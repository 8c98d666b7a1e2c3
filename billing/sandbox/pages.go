package sandbox

import (
	"bytes"
	"context"
	"embed"
	"encoding/json"
	"fmt"
	"html/template"
	"net/http"
	"path"
	"strings"
	"time"
)

//go:embed templates/*.html static/* locales/*.json
var files embed.FS

var pageNames = []string{"checkout", "authenticate", "notice", "portal", "portal_card", "portal_cancel", "portal_switch", "invoice", "onboarding", "authorize"}

// pages holds the parsed templates and the two catalogues.
type pages struct {
	templates map[string]*template.Template
	words     map[string]map[string]string
}

// frame is what every hosted page shows around its content.
type frame struct {
	Lang   string
	Title  string
	Seller string
	Error  string
	words  map[string]string
}

// T looks a phrase up in the page's language and fills its %s places.
func (f frame) T(key string, args ...any) string {
	phrase, ok := f.words[key]
	if !ok {
		return key
	}
	if len(args) == 0 {
		return phrase
	}
	return fmt.Sprintf(phrase, args...)
}

// Money writes an amount as people of the page's language do.
func (f frame) Money(amount int64, currency string) string {
	text := money(amount, currency)
	if f.Lang != "pl" {
		return text
	}
	number, code, _ := strings.Cut(text, " ")
	if code == "PLN" {
		code = "zł"
	}
	return strings.Replace(number, ".", ",", 1) + "\u00a0" + code
}

// Date writes a day in UTC.
func (f frame) Date(unix int64) string {
	at := time.Unix(unix, 0).UTC()
	if f.Lang == "pl" {
		months := strings.Fields("stycznia lutego marca kwietnia maja czerwca lipca sierpnia września października listopada grudnia")
		return fmt.Sprintf("%d %s %d", at.Day(), months[at.Month()-1], at.Year())
	}
	return at.Format("2 January 2006")
}

func loadPages() (*pages, error) {
	p := &pages{templates: map[string]*template.Template{}, words: map[string]map[string]string{}}
	for _, lang := range []string{"en", "pl"} {
		raw, err := files.ReadFile(path.Join("locales", lang+".json"))
		if err != nil {
			return nil, fmt.Errorf("read phrases: %w", err)
		}
		words := map[string]string{}
		if err := json.Unmarshal(raw, &words); err != nil {
			return nil, fmt.Errorf("read phrases %s: %w", lang, err)
		}
		p.words[lang] = words
	}
	for _, name := range pageNames {
		parsed, err := template.New("layout.html").ParseFS(files, "templates/layout.html", "templates/"+name+".html")
		if err != nil {
			return nil, fmt.Errorf("parse page %s: %w", name, err)
		}
		p.templates[name] = parsed
	}
	return p, nil
}

// frameFor picks the language (the object's locale, else the browser's) and the seller.
func (s *Sandbox) frameFor(r *http.Request, account, locale, titleKey string) frame {
	lang := language(locale, r.Header.Get("Accept-Language"))
	f := frame{Lang: lang, words: s.pages.words[lang]}
	f.Title = f.T(titleKey)
	f.Seller = s.sellerName(r.Context(), account)
	return f
}

func language(locale, accept string) string {
	for _, tag := range append([]string{locale}, strings.Split(accept, ",")...) {
		tag = strings.ToLower(strings.TrimSpace(tag))
		switch {
		case strings.HasPrefix(tag, "pl"):
			return "pl"
		case strings.HasPrefix(tag, "en"):
			return "en"
		}
	}
	return "en"
}

func (s *Sandbox) sellerName(ctx context.Context, account string) string {
	if account == "" {
		account = platformAccount
	}
	o, err := s.reader(ctx, "").find("account", account)
	if err != nil {
		return account
	}
	if name := o.sub("business_profile").str("name"); name != "" {
		return name
	}
	if email := o.str("email"); email != "" {
		return email
	}
	return account
}

// render writes a page from a buffer, so that a broken template shows nothing half.
func (s *Sandbox) render(w http.ResponseWriter, r *http.Request, status int, name string, view any) {
	var b bytes.Buffer
	if err := s.pages.templates[name].Execute(&b, view); err != nil {
		s.cfg.Logger.ErrorContext(r.Context(), "sandbox page failed", "page", name, "error", err)
		http.Error(w, "The page could not be shown.", http.StatusInternalServerError)
		return
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Security-Policy", "default-src 'self'; base-uri 'none'; frame-ancestors 'none'; object-src 'none'")
	h.Set("Cache-Control", "no-store")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	_, _ = b.WriteTo(w) // the browser may have left
}

// notice is a page that only says something.
type notice struct {
	frame
	Text string
	Link string
	Back string
}

func (s *Sandbox) notice(w http.ResponseWriter, r *http.Request, status int, f frame, text, link, back string) {
	s.render(w, r, status, "notice", notice{f, text, link, back})
}

func (s *Sandbox) notFound(w http.ResponseWriter, r *http.Request) {
	f := s.frameFor(r, "", "", "notFoundTitle")
	f.Seller = ""
	s.notice(w, r, http.StatusNotFound, f, f.T("notFoundText"), "", "")
}

// showFront tells whoever opens the sandbox's address by hand what it is.
func (s *Sandbox) showFront(w http.ResponseWriter, r *http.Request) {
	f := s.frameFor(r, "", "", "frontTitle")
	f.Seller = ""
	s.notice(w, r, http.StatusOK, f, f.T("frontText"), "", "")
}

func (s *Sandbox) pageFailed(w http.ResponseWriter, r *http.Request, err error) {
	s.cfg.Logger.ErrorContext(r.Context(), "sandbox page failed", "path", r.URL.Path, "error", err)
	f := s.frameFor(r, "", "", "failedTitle")
	f.Seller = ""
	s.notice(w, r, http.StatusInternalServerError, f, f.T("failedText"), "", "")
}

// static serves the stylesheet and the icon.
func (s *Sandbox) static(w http.ResponseWriter, r *http.Request) {
	kinds := map[string]string{"sandbox.css": "text/css; charset=utf-8", "sandbox.svg": "image/svg+xml"}
	name := r.PathValue("file")
	raw, err := files.ReadFile("static/" + name)
	if err != nil || kinds[name] == "" {
		s.notFound(w, r)
		return
	}
	w.Header().Set("Content-Type", kinds[name])
	w.Header().Set("Cache-Control", "public, max-age=300")
	_, _ = w.Write(raw) // the browser may have left
}
