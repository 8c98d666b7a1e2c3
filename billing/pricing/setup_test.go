package pricing_test

import (
	"context"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/wolfieauth/wolfieauth/billing"
	"github.com/wolfieauth/wolfieauth/billing/pricing"
	"github.com/wolfieauth/wolfieauth/claims"
	"github.com/wolfieauth/wolfieauth/docs/contracts"
	"github.com/wolfieauth/wolfieauth/internal/db"
	"github.com/wolfieauth/wolfieauth/internal/db/dbtest"
	"github.com/wolfieauth/wolfieauth/internal/i18n"
	"github.com/wolfieauth/wolfieauth/internal/web"
	"github.com/wolfieauth/wolfieauth/templates"
)

// People and orgs of the tests.
const (
	userID   = "0199aaaa-0000-7000-8000-000000000001"
	ownOrg   = "0199aaaa-0000-7000-8000-000000000002"
	teamOrg  = "0199aaaa-0000-7000-8000-000000000003"
	alienOrg = "0199aaaa-0000-7000-8000-000000000004"
	goodCall = "good-token"
)

// bundle is a running edge with the shop window mounted.
type bundle struct {
	t    *testing.T
	srv  *httptest.Server
	edge *web.Edge
	shop *fakeShop
	who  *people
}

func setup(t *testing.T) *bundle {
	t.Helper()
	shop := &fakeShop{catalog: crm(), held: map[billing.Scope]billing.Bought{}}
	return serve(t, dbtest.SQLite(t), shop, &people{}, func(b *bundle) { b.shop = shop })
}

func serve(t *testing.T, d *db.DB, shop pricing.Shop, who *people, done func(*bundle)) *bundle {
	t.Helper()
	b := &bundle{t: t, who: who}
	b.srv = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { b.edge.ServeHTTP(w, r) }))
	issuer, err := url.Parse("http://localhost:" + portOf(b.srv))
	if err != nil {
		t.Fatal(err)
	}
	catalog, err := i18n.Load()
	if err != nil {
		t.Fatal(err)
	}
	renderer, err := web.NewRenderer(catalog, web.RendererOptions{Templates: ownTemplates(t)})
	if err != nil {
		t.Fatal(err)
	}
	cfg := web.Config{Issuer: issuer, Logger: slog.New(slog.DiscardHandler), TrustedProxies: []netip.Prefix{netip.MustParsePrefix("127.9.9.9/32")}}
	if b.edge, err = web.New(cfg, d, renderer, catalog, pricing.Problems()...); err != nil {
		t.Fatal(err)
	}
	own, _ := shop.(pricing.OwnBilling) // a fake shop has none
	h := pricing.New(pricing.Deps{Shop: shop, Own: own, Now: noon, Visitors: who, Tokens: who, Entitlements: who, Sellers: who})
	if err := h.Mount(b.edge); err != nil {
		t.Fatal(err)
	}
	b.edge.Pages().POST("/test/login/:org", func(c echo.Context) error {
		if err := b.edge.Login(c, userID, c.Param("org"), nil); err != nil {
			return err
		}
		return c.NoContent(http.StatusNoContent)
	})
	b.srv.Start()
	t.Cleanup(b.srv.Close)
	done(b)
	return b
}

func portOf(srv *httptest.Server) string {
	_, port, _ := strings.Cut(srv.Listener.Addr().String(), ":")
	return port
}

// ownTemplates are the frame and the pages of this room, so that these tests stand alone.
func ownTemplates(t *testing.T) fs.FS {
	t.Helper()
	files := fstest.MapFS{}
	err := fs.WalkDir(templates.Files, ".", func(name string, d fs.DirEntry, err error) error {
		own := name == "layout.html" || strings.HasPrefix(name, "partials/") || strings.HasPrefix(name, "errors/") || strings.HasPrefix(name, "pricing/")
		if err != nil || d.IsDir() || !own {
			return err
		}
		body, err := templates.Files.ReadFile(name)
		files[name] = &fstest.MapFile{Data: body}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// browser is a person with cookies who follows no redirect by itself.
type browser struct {
	t      *testing.T
	base   string
	client *http.Client
}

func (b *bundle) browser() *browser {
	b.t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		b.t.Fatal(err)
	}
	return &browser{t: b.t, base: b.srv.URL, client: &http.Client{
		Jar: jar, Timeout: time.Minute,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// signedIn is a browser of somebody who acts for org.
func (b *bundle) signedIn(org string) *browser {
	b.t.Helper()
	br := b.browser()
	if a := br.post("/test/login/"+org, nil); a.status != http.StatusNoContent {
		b.t.Fatalf("sign in: %d", a.status)
	}
	return br
}

type answer struct {
	status int
	header http.Header
	body   string
}

func (br *browser) get(path string, headers ...string) answer {
	br.t.Helper()
	return br.do(http.MethodGet, path, "", headers...)
}

func (br *browser) post(path string, form url.Values) answer {
	br.t.Helper()
	return br.do(http.MethodPost, path, form.Encode(), "Content-Type", "application/x-www-form-urlencoded")
}

// api sends JSON as a program with a token.
func (br *browser) api(method, path, body string, headers ...string) answer {
	br.t.Helper()
	all := append([]string{"Authorization", "Bearer " + goodCall}, headers...)
	if body != "" {
		all = append(all, "Content-Type", "application/json")
	}
	return br.do(method, path, body, all...)
}

func (br *browser) do(method, path, body string, headers ...string) answer {
	br.t.Helper()
	req, err := http.NewRequestWithContext(br.t.Context(), method, br.base+path, strings.NewReader(body))
	if err != nil {
		br.t.Fatal(err)
	}
	req.Header.Set("Accept", "text/html")
	req.Header.Set("Accept-Language", "en")
	for i := 0; i+1 < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	resp, err := br.client.Do(req)
	if err != nil {
		br.t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		br.t.Fatal(err)
	}
	return answer{resp.StatusCode, resp.Header, string(text)}
}

// wants fails unless the answer has the status and all the texts.
func (a answer) wants(t *testing.T, status int, texts ...string) {
	t.Helper()
	if a.status != status {
		t.Fatalf("status %d, want %d: %s", a.status, status, a.body)
	}
	for _, text := range texts {
		if !strings.Contains(strings.ReplaceAll(a.body, "\u00a0", " "), text) {
			t.Errorf("the answer lacks %q:\n%s", text, a.body)
		}
	}
}

func (a answer) lacks(t *testing.T, texts ...string) {
	t.Helper()
	for _, text := range texts {
		if strings.Contains(strings.ReplaceAll(a.body, "\u00a0", " "), text) {
			t.Errorf("the answer holds %q:\n%s", text, a.body)
		}
	}
}

// keeps holds the answer against a contract.
func (a answer) keeps(t *testing.T, contract string) {
	t.Helper()
	if err := contracts.Validate(contract, []byte(a.body)); err != nil {
		t.Errorf("%v\n%s", err, a.body)
	}
}

// people stands for the identity wing.
type people struct {
	mu      sync.Mutex
	members int64
	result  *claims.Result
	orgID   string // of the token; "-" is none
}

func (p *people) Visitor(_ context.Context, id string) (pricing.Visitor, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return pricing.Visitor{UserID: id, Name: "Zofia Nowak", Email: "zofia@example.test", Orgs: []pricing.Org{
		{ID: ownOrg, Name: "Zofia Nowak", Personal: true, Members: 1},
		{ID: teamOrg, Name: "Kancelaria Nowak", Members: max(1, p.members)},
	}}, nil
}

func (p *people) Verify(_ context.Context, bearer string) (pricing.Caller, error) {
	if bearer != goodCall {
		return pricing.Caller{}, fmt.Errorf("look at token: %w", pricing.ErrTokenInvalid)
	}
	org := p.orgID
	if org == "" {
		org = teamOrg
	}
	return pricing.Caller{UserID: userID, OrgID: strings.TrimPrefix(org, "-"), ClientID: "acme-crm", Scopes: []string{"openid"}}, nil
}

func (p *people) Entitlements(context.Context, string, string, string) (claims.Result, error) {
	if p.result != nil {
		return *p.result, nil
	}
	return claims.Assemble(claims.Input{BillingEnabled: true, HasUser: true, ClientID: "acme-crm", Now: time.Now()}), nil
}

func (p *people) Seller(context.Context, string) (pricing.Seller, error) {
	return pricing.Seller{Name: "Acme sp. z o.o.", VATNumber: "PL5260001246"}, nil
}
