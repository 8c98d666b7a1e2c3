package provider_test

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"

	"github.com/wolfieauth/wolfieauth/claims"
	"github.com/wolfieauth/wolfieauth/idp"
	"github.com/wolfieauth/wolfieauth/idp/keys"
	"github.com/wolfieauth/wolfieauth/idp/provider"
	"github.com/wolfieauth/wolfieauth/idp/store"
	"github.com/wolfieauth/wolfieauth/internal/db"
	"github.com/wolfieauth/wolfieauth/internal/i18n"
	"github.com/wolfieauth/wolfieauth/internal/ratelimit"
	"github.com/wolfieauth/wolfieauth/internal/secret"
	"github.com/wolfieauth/wolfieauth/internal/web"
)

// clock is real time that a test can move on.
type clock struct {
	mu    sync.Mutex
	ahead time.Duration
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return time.Now().Add(c.ahead)
}

func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ahead += d
}

// plansOf answers one plan that names whom it was asked about, with one statement, as the real loader does.
type plansOf struct {
	db  *db.DB
	mu  sync.Mutex
	off bool
}

func (f *plansOf) Assemble(ctx context.Context, userID, orgID, clientID string) (claims.Result, error) {
	var one int
	if err := f.db.Conn(ctx).Raw("SELECT 1").Scan(&one).Error; err != nil {
		return claims.Result{}, db.Err("load plans", err)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.off {
		return claims.Result{}, nil
	}
	return claims.Assemble(claims.Input{
		BillingEnabled: true, HasUser: true, ClientID: clientID, Now: time.Now(),
		Sources: []claims.Source{{Kind: claims.SourceComp, ID: "comp-" + userID, PlanSlug: "pro", PlanName: "Pro of " + orgID}},
	}), nil
}

// failing stands before the store and can be cut off from the database.
type failing struct {
	*store.Provider
	mu  sync.Mutex
	err error
}

func (f *failing) cut(err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.err = err
}

func (f *failing) now() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.err
}

func (f *failing) InTx(ctx context.Context, fn func(context.Context) error) error {
	if err := f.now(); err != nil {
		return err
	}
	return f.Provider.InTx(ctx, fn)
}

func (f *failing) Token(ctx context.Context, hash string) (idp.Held, error) {
	if err := f.now(); err != nil {
		return idp.Held{}, err
	}
	return f.Provider.Token(ctx, hash)
}

func (f *failing) AuthRequest(ctx context.Context, id string, now time.Time) (idp.AuthRequest, error) {
	if err := f.now(); err != nil {
		return idp.AuthRequest{}, err
	}
	return f.Provider.AuthRequest(ctx, id, now)
}

// apps reads clients without a cache, and without statements that would be counted.
type apps struct{ d *db.DB }

func (a apps) App(_ context.Context, id string) (idp.App, error) {
	var rows []idp.App
	if err := a.d.Conn(context.Background()).Where("client_id = ? AND disabled_at IS NULL", id).Find(&rows).Error; err != nil {
		return idp.App{}, db.Err("load app", err)
	}
	if len(rows) == 0 {
		return idp.App{}, idp.ErrAppNotFound
	}
	return rows[0], nil
}

type bundle struct {
	t        *testing.T
	db       *db.DB
	provider *provider.Provider
	keys     *keys.Keys
	store    *failing
	plans    *plansOf
	clock    *clock
	url      string
	count    *counting

	user, other idp.User
	org         idp.Org
}

const redirect = "https://rp.example/cb"

// setup serves a whole provider with the smallest login that there can be: a page signs in whom the browser's
// X-User header names, and agrees to what X-Consent says.
func setup(t *testing.T, d *db.DB) *bundle {
	t.Helper()
	b := &bundle{t: t, db: d, clock: &clock{}, plans: &plansOf{db: d}, store: &failing{Provider: store.NewProvider(d)}, count: &counting{}}
	server := httptest.NewUnstartedServer(nil)
	b.url = "http://" + server.Listener.Addr().String()
	catalog, err := i18n.Load()
	must(t, err)
	renderer, err := web.NewRenderer(catalog, web.RendererOptions{})
	must(t, err)
	issuer, err := url.Parse(b.url)
	must(t, err)
	quiet := slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelError}))
	edge, err := web.New(web.Config{Issuer: issuer, Logger: quiet, Now: b.clock.now}, d, renderer, catalog)
	must(t, err)
	box, err := secret.NewBox([]byte(strings.Repeat("k", 32)))
	must(t, err)
	versions := db.NewVersions(d)
	b.keys = keys.New(keys.Config{Now: b.clock.now}, store.NewSigningKeys(d, versions), box)
	versions.On(store.KeysVersion, b.keys.Forget)
	must(t, b.keys.Ensure(t.Context()))
	b.provider, err = provider.New(provider.Config{
		Issuer: b.url, CryptoKey: [32]byte{1}, Now: b.clock.now, Logger: quiet, AllowInsecure: true,
	}, provider.Deps{Edge: edge, Renderer: renderer, Store: b.store, Apps: apps{d}, Keys: b.keys, Claims: b.plans, Limiter: ratelimit.New(d, b.clock.now)})
	must(t, err)
	must(t, b.provider.Mount())
	b.mountLogin(edge)
	server.Config.Handler = b.count.wrap(edge)
	server.Start()
	t.Cleanup(server.Close)
	b.seed()
	return b
}

func (b *bundle) mountLogin(edge *web.Edge) {
	edge.Pages().GET("/login", func(c echo.Context) error {
		user := c.Request().Header.Get("X-User")
		if user == "" {
			return c.String(http.StatusOK, "login page")
		}
		if err := edge.Login(c, user, c.Request().Header.Get("X-Org"), []string{"pwd"}); err != nil {
			return err
		}
		next, err := b.provider.SignedIn(c, c.QueryParam("request"))
		if err != nil {
			return err
		}
		return c.Redirect(http.StatusSeeOther, next)
	})
	edge.Pages().GET("/consent", func(c echo.Context) error {
		switch c.Request().Header.Get("X-Consent") {
		case "yes":
			next, err := b.provider.Consent(c, c.QueryParam("request"))
			if err != nil {
				return err
			}
			return c.Redirect(http.StatusSeeOther, next)
		case "no":
			next, err := b.provider.Deny(c, c.QueryParam("request"))
			if err != nil {
				return err
			}
			return c.Redirect(http.StatusSeeOther, next)
		default:
			return c.String(http.StatusOK, "consent page")
		}
	})
	edge.Pages().GET("/login/org", func(c echo.Context) error {
		org := c.Request().Header.Get("X-Choose-Org")
		if org == "" {
			return c.String(http.StatusOK, "org page")
		}
		next, err := b.provider.ChooseOrg(c, c.QueryParam("request"), org)
		if err != nil {
			return err
		}
		return c.Redirect(http.StatusSeeOther, next)
	})
	edge.Pages().GET("/test/device", func(c echo.Context) error {
		switch c.QueryParam("do") {
		case "approve":
			return b.provider.ApproveDevice(c, c.QueryParam("user_code"), "")
		case "deny":
			return b.provider.DenyDevice(c, c.QueryParam("user_code"))
		default:
			r, err := b.provider.Device(c, c.QueryParam("user_code"))
			if err != nil {
				return err
			}
			return c.JSON(http.StatusOK, map[string]any{"app": r.App.Name, "scopes": r.Scopes, "org": r.OrgID})
		}
	})
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func (b *bundle) create(row any) {
	b.t.Helper()
	must(b.t, b.db.Conn(b.t.Context()).Create(row).Error)
}

func (b *bundle) exec(sql string, args ...any) {
	b.t.Helper()
	must(b.t, b.db.Conn(b.t.Context()).Exec(sql, args...).Error)
}

func newID() string { return uuid.Must(uuid.NewV7()).String() }

// seed makes the org acme with its member, a second user, and the four kinds of clients.
func (b *bundle) seed() {
	b.t.Helper()
	now := time.Date(2026, 11, 1, 10, 0, 0, 0, time.UTC)
	verified := now
	b.user = idp.User{ID: newID(), Email: "member@acme.test", EmailNormal: "member@acme.test", EmailVerifiedAt: &verified, Name: "Mem Ber", Locale: "pl", CreatedAt: now, UpdatedAt: now}
	b.other = idp.User{ID: newID(), Email: "other@example.test", EmailNormal: "other@example.test", Name: "Other", CreatedAt: now, UpdatedAt: now}
	b.org = idp.Org{ID: newID(), Slug: "acme", Name: "Acme", CreatedAt: now, UpdatedAt: now}
	b.create(&b.user)
	b.create(&b.other)
	b.create(&b.org)
	for _, u := range []idp.User{b.user, b.other} {
		personal := idp.Org{ID: newID(), Slug: "p-" + u.ID, Name: u.Name, PersonalUserID: &u.ID, CreatedAt: now, UpdatedAt: now}
		b.create(&personal)
		b.create(&idp.Membership{ID: newID(), OrgID: personal.ID, UserID: u.ID, Role: "owner", CreatedAt: now, UpdatedAt: now})
	}
	b.create(&idp.Membership{ID: newID(), OrgID: b.org.ID, UserID: b.user.ID, Role: "admin", CreatedAt: now, UpdatedAt: now})
	b.app("acme-crm")
	b.app("acme-post", func(a *idp.App) { a.AuthMethod = idp.AuthPost })
	b.app("acme-spa", func(a *idp.App) { a.AuthMethod, a.Kind, a.SecretHash = idp.AuthNone, idp.AppBrowser, "" })
	b.app("acme-cli", func(a *idp.App) {
		a.AuthMethod, a.Kind, a.SecretHash = idp.AuthNone, idp.AppNative, ""
		a.RedirectURIs = []string{redirect, "http://127.0.0.1/cb", "http://[::1]:7777/cb?x=1", "http://localhost/cb", "com.example.app:/cb"}
	})
	b.app("acme-bot", func(a *idp.App) {
		a.Kind, a.RedirectURIs, a.GrantTypes = idp.AppMachine, nil, []string{idp.GrantTypeClientCredentials}
	})
	b.app("acme-jwt", func(a *idp.App) { a.AccessTokenType, a.SigningAlg = idp.AccessTokenJWT, keys.ES256 })
	b.app("acme-asks", func(a *idp.App) { a.Trusted = false })
}

const appSecret = "the-secret-of-the-app-0123456789-0123456789"

// app registers a trusted confidential web app, changed as the test likes.
func (b *bundle) app(id string, change ...func(*idp.App)) idp.App {
	b.t.Helper()
	now := time.Date(2026, 11, 1, 10, 0, 0, 0, time.UTC)
	a := idp.App{
		ClientID: id, OrgID: b.org.ID, Slug: strings.TrimPrefix(id, "acme-"), Name: id, Kind: idp.AppWeb, AuthMethod: idp.AuthBasic,
		SecretHash: secret.Hash(appSecret), RedirectURIs: []string{redirect, "https://rp.example/other?keep=1"},
		PostLogoutRedirectURIs: []string{"https://rp.example/bye"}, GrantTypes: []string{idp.GrantTypeCode, idp.GrantTypeRefreshToken, idp.GrantTypeDeviceCode},
		Scopes: idp.Scopes(), AccessTokenType: idp.AccessTokenOpaque, SigningAlg: keys.RS256, Trusted: true, AccessTokenSeconds: 300,
		IDTokenSeconds: 300, RefreshTokenSeconds: 3600, IDTokenUserinfo: true, CreatedAt: now, UpdatedAt: now,
	}
	for _, f := range change {
		f(&a)
	}
	b.create(&a)
	return a
}

// idpApp shortens tests that change an app.
type idpApp = idp.App
