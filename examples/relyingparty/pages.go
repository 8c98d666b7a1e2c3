package relyingparty

import (
	"bytes"
	"log/slog"
	"net/http"
	"time"

	"github.com/wolfieauth/wolfieauth/claims"
)

// gatedFeature is what the sample's "export to KSeF" needs: a plan that carries it, or a pass for everything.
const gatedFeature = "ksef_enabled"

// homePage is the view of the one page.
type homePage struct {
	Name       string
	SignedIn   bool
	User       identity
	Plans      []claims.Plan
	Version    string
	Unlocked   bool
	Feature    string
	PricingURL string
	Raw        string
	Payload    string
	Expires    time.Time
	Stale      bool
	Checkout   string // "success" or "cancelled" after a return from the pricing page
}

func (a *App) home(w http.ResponseWriter, r *http.Request) {
	view := homePage{Name: a.cfg.Name, Feature: gatedFeature, PricingURL: a.pricing(), Checkout: r.URL.Query().Get("checkout")}
	if s, ok := a.sessions.of(r); ok && s.signedIn() {
		view.SignedIn, view.User, view.Raw, view.Payload = true, s.User, s.IDToken, payload(s.IDToken)
		view.Plans, view.Version = s.User.Plans, s.User.Version
		view.Unlocked = claims.HasActiveFeature(s.User.Plans, gatedFeature)
		view.Expires, view.Stale = s.Expires.UTC(), time.Now().After(s.Expires)
	}
	a.render(w, http.StatusOK, "home.html", view)
}

// export is the gated door itself: hiding a button is no gate, the server must ask as well.
func (a *App) export(w http.ResponseWriter, r *http.Request) {
	s, ok := a.sessions.of(r)
	if !ok || !s.signedIn() {
		http.Redirect(w, r, "/login", http.StatusSeeOther)
		return
	}
	if !claims.HasActiveFeature(s.User.Plans, gatedFeature) {
		a.render(w, http.StatusPaymentRequired, "locked.html", homePage{Name: a.cfg.Name, Feature: gatedFeature, PricingURL: a.pricing()})
		return
	}
	a.render(w, http.StatusOK, "export.html", homePage{Name: a.cfg.Name, Feature: gatedFeature, User: s.User})
}

// problemPage is the view of a failure: what happened and what to do.
type problemPage struct{ Name, Sentence string }

func (a *App) fail(w http.ResponseWriter, status int, sentence string, err error) {
	slog.Warn("sample app request failed", "status", status, "error", err)
	a.render(w, status, "problem.html", problemPage{Name: a.cfg.Name, Sentence: sentence})
}

func (a *App) render(w http.ResponseWriter, status int, name string, view any) {
	var page bytes.Buffer
	if err := a.pages.ExecuteTemplate(&page, name, view); err != nil {
		slog.Error("sample app page failed", "page", name, "error", err)
		http.Error(w, "The page could not be shown.", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_, _ = page.WriteTo(w)
}
