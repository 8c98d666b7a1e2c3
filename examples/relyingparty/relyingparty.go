// Package relyingparty is the sample app: a small web site that signs its users in with OpenID Connect and
// reads wolfieauth_plans from the ID token. It is written against the public protocol alone; the only package
// of the provider that it uses is claims, which is made for relying parties.
//
// What it shows a developer: sign-in with PKCE, the decoded claim beside the raw token, a feature gate, a
// refresh that brings a plan bought meanwhile, and logout at the provider.
package relyingparty

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"html/template"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"
)

// Config says which provider to trust and who we are there.
type Config struct {
	Issuer       string // its discovery document is read at the first sign-in
	ClientID     string
	ClientSecret string
	BaseURL      string // where this app is reached, e.g. http://localhost:8081
	Name         string // shown to people, e.g. "Acme CRM"
	PricingURL   string // the provider's pricing page of this app
	HTTPClient   *http.Client
}

// RedirectPath is where the provider sends the browser back to; BaseURL + RedirectPath must be registered.
const RedirectPath = "/callback"

//go:embed templates/*.html static/*
var files embed.FS

// App is the sample app. It keeps its sessions in memory: a restart signs everybody out here.
type App struct {
	cfg      Config
	pages    *template.Template
	sessions *sessions

	mu       sync.Mutex
	provider *provider // nil until discovery has succeeded
}

type provider struct {
	oauth      oauth2.Config
	verifier   *oidc.IDTokenVerifier
	endSession string
	issInReply bool
}

// New makes the app; it asks the provider nothing yet, so the two may start in any order.
func New(cfg Config) (*App, error) {
	if cfg.Issuer == "" || cfg.ClientID == "" || cfg.BaseURL == "" {
		return nil, errors.New("issuer, client id and base URL are required")
	}
	if cfg.HTTPClient == nil {
		cfg.HTTPClient = &http.Client{Timeout: 15 * time.Second}
	}
	pages, err := template.New("").Funcs(template.FuncMap{"date": date, "words": words}).ParseFS(files, "templates/*.html")
	if err != nil {
		return nil, fmt.Errorf("parse templates: %w", err)
	}
	return &App{cfg: cfg, pages: pages, sessions: newSessions()}, nil
}

// Handler serves the app.
func (a *App) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", a.home)
	mux.HandleFunc("GET /login", a.login)
	mux.HandleFunc("GET "+RedirectPath, a.callback)
	mux.HandleFunc("POST /refresh", a.refresh)
	mux.HandleFunc("GET /export", a.export)
	mux.HandleFunc("POST /logout", a.logout)
	mux.Handle("GET /static/", http.FileServerFS(files))
	return secured(http.NewCrossOriginProtection().Handler(mux))
}

// secured sends the headers that any page behind a login should have.
func secured(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", "default-src 'self'; frame-ancestors 'none'; base-uri 'none'; object-src 'none'")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "same-origin")
		if !strings.HasPrefix(r.URL.Path, "/static/") {
			h.Set("Cache-Control", "no-store")
		}
		next.ServeHTTP(w, r)
	})
}

// discover reads the provider's metadata once; a failure is tried again at the next call.
func (a *App) discover(ctx context.Context) (*provider, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.provider != nil {
		return a.provider, nil
	}
	// The key set keeps the context for its own requests, so it must outlive this one.
	p, err := oidc.NewProvider(oidc.ClientContext(context.WithoutCancel(ctx), a.cfg.HTTPClient), a.cfg.Issuer)
	if err != nil {
		return nil, fmt.Errorf("discover %s: %w", a.cfg.Issuer, err)
	}
	var extra struct {
		EndSession string `json:"end_session_endpoint"`
		IssInReply bool   `json:"authorization_response_iss_parameter_supported"`
	}
	if err := p.Claims(&extra); err != nil {
		return nil, fmt.Errorf("read metadata: %w", err)
	}
	a.provider = &provider{
		oauth: oauth2.Config{
			ClientID: a.cfg.ClientID, ClientSecret: a.cfg.ClientSecret,
			Endpoint:    p.Endpoint(),
			RedirectURL: a.cfg.BaseURL + RedirectPath,
			Scopes:      []string{oidc.ScopeOpenID, "profile", "email", "org", oidc.ScopeOfflineAccess},
		},
		verifier:   p.VerifierContext(oidc.ClientContext(context.WithoutCancel(ctx), a.cfg.HTTPClient), &oidc.Config{ClientID: a.cfg.ClientID}),
		endSession: extra.EndSession,
		issInReply: extra.IssInReply,
	}
	return a.provider, nil
}

func (a *App) outgoing(ctx context.Context) context.Context {
	return oidc.ClientContext(ctx, a.cfg.HTTPClient)
}

// pricing is the provider's pricing page, told where to come back to.
func (a *App) pricing() string {
	if a.cfg.PricingURL == "" {
		return ""
	}
	return a.cfg.PricingURL + "?" + url.Values{"return_to": {a.cfg.BaseURL + "/"}}.Encode()
}
