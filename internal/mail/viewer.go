package mail

import (
	"bytes"
	"encoding/json"
	"errors"
	"html/template"
	"net/http"
	"regexp"
	"strings"

	"github.com/wolfieauth/wolfieauth/internal/db"
)

var viewerPages = template.Must(template.ParseFS(files, "templates/outbox.html"))

var webLinks = regexp.MustCompile(`https?://[^\s<>"]+`)

// viewed is a mail as the outbox page and its JSON show it.
type viewed struct {
	Mail
	Links []string `json:"links"`
}

// Viewer answers a handler that shows the outbox, for the demo only: it shows every mail to anybody. It lists
// the newest mails at base, one of them at base/<id>, its HTML at base/<id>.html; ?to= chooses a recipient
// and ?format=json answers JSON.
func (o *Outbox) Viewer(base string) http.Handler {
	base = strings.TrimRight(base, "/")
	mux := http.NewServeMux()
	mux.HandleFunc("GET "+base, func(w http.ResponseWriter, r *http.Request) { o.showList(w, r, base) })
	mux.HandleFunc("GET "+base+"/{$}", func(w http.ResponseWriter, r *http.Request) { o.showList(w, r, base) })
	mux.HandleFunc("GET "+base+"/style.css", showStyle)
	mux.HandleFunc("GET "+base+"/{id}", func(w http.ResponseWriter, r *http.Request) { o.showOne(w, r, base) })
	return mux
}

// showStyle answers the page's own stylesheet: the page may hold no style of its own.
func showStyle(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "text/css; charset=utf-8")
	w.Header().Set("Cache-Control", "no-cache")
	http.ServeFileFS(w, r, files, "templates/outbox.css")
}

func (o *Outbox) showList(w http.ResponseWriter, r *http.Request, base string) {
	mails, err := o.List(r.Context(), r.URL.Query().Get("to"), 200)
	if err != nil {
		o.viewError(w, r, err)
		return
	}
	list := make([]viewed, len(mails))
	for i, m := range mails {
		list[i] = viewed{Mail: m, Links: webLinks.FindAllString(m.TextBody, -1)}
	}
	if r.URL.Query().Get("format") == "json" {
		o.answerJSON(w, r, list)
		return
	}
	o.page(w, r, map[string]any{"Base": base, "Brand": o.cfg.Brand, "Mails": list})
}

func (o *Outbox) showOne(w http.ResponseWriter, r *http.Request, base string) {
	id, wantsHTML := strings.CutSuffix(r.PathValue("id"), ".html")
	m, err := o.Find(r.Context(), id)
	if err != nil {
		o.viewError(w, r, err)
		return
	}
	v := viewed{Mail: m, Links: webLinks.FindAllString(m.TextBody, -1)}
	switch {
	case wantsHTML:
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.Header().Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; sandbox allow-top-navigation allow-popups")
		_, _ = w.Write([]byte(m.HTMLBody))
	case r.URL.Query().Get("format") == "json":
		o.answerJSON(w, r, v)
	default:
		o.page(w, r, map[string]any{"Base": base, "Brand": o.cfg.Brand, "Mail": v})
	}
}

func (o *Outbox) answerJSON(w http.ResponseWriter, r *http.Request, v any) {
	raw, err := json.Marshal(v)
	if err != nil {
		o.viewError(w, r, err)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	_, _ = w.Write(raw)
}

func (o *Outbox) page(w http.ResponseWriter, r *http.Request, data any) {
	var buf bytes.Buffer
	if err := viewerPages.Execute(&buf, data); err != nil {
		o.viewError(w, r, err)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Content-Security-Policy", "default-src 'self'")
	_, _ = w.Write(buf.Bytes())
}

func (o *Outbox) viewError(w http.ResponseWriter, r *http.Request, err error) {
	if errors.Is(err, db.ErrNotFound) {
		http.NotFound(w, r)
		return
	}
	o.cfg.Logger.ErrorContext(r.Context(), "outbox page failed", "error", err)
	http.Error(w, http.StatusText(http.StatusInternalServerError), http.StatusInternalServerError)
}
