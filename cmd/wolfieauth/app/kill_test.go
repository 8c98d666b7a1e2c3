package app_test

import (
	"bytes"
	"encoding/base64"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/wolfieauth/wolfieauth/billing"
	"github.com/wolfieauth/wolfieauth/cmd/wolfieauth/app"
	"github.com/wolfieauth/wolfieauth/cmd/wolfieauth/app/apptest"
	"github.com/wolfieauth/wolfieauth/idp"
	"github.com/wolfieauth/wolfieauth/internal/db/dbtest"
	"github.com/wolfieauth/wolfieauth/internal/secret"
)

const (
	millKey     = "sk_test_mill"
	millSecret  = "whsec_mill"
	millConnect = "whsec_mill_connect"
	millSeats   = "0199ffff-0000-7000-8000-0000000000aa"
)

var millMaster = []byte(strings.Repeat("m", 32))

// mill is a server and a sandbox as processes of their own, with a gate between them: the gate sees every call
// to Stripe before it arrives and before its answer leaves, which is where a process is killed.
type mill struct {
	t               *testing.T
	dsn, bin        string
	addr, issuer    string
	box, boxURL     string
	boxFile         string
	gate            *httptest.Server
	server, sandbox *exec.Cmd
	client          *apptest.Client

	mu   sync.Mutex
	hook func(r *http.Request, answered bool) (kill bool)
}

// killPoint is a moment of a purchase. match names the call to Stripe around which the server dies; paid
// are those after the buyer has paid, where the plan must come without another purchase.
type killPoint struct {
	name     string
	match    string // "POST /v1/customers"
	plan     string // "" is pro; one that nobody has bought yet, where product and price are made
	answered bool   // Stripe has done it, and the server never hears
	paid     bool
	sandbox  bool // the sandbox dies as well, before it has told anybody
	long     bool
}

var killPoints = []killPoint{
	{name: "before Stripe hears of the product", match: "POST /v1/products", plan: "one", long: true},
	{name: "after Stripe made the product", match: "POST /v1/products", plan: "two", answered: true, long: true},
	{name: "before Stripe hears of the price", match: "POST /v1/prices", plan: "three", long: true},
	{name: "after Stripe made the price", match: "POST /v1/prices", plan: "four", answered: true, long: true},
	{name: "before Stripe hears of the customer", match: "POST /v1/customers", long: true},
	{name: "after Stripe made the customer", match: "POST /v1/customers", answered: true},
	{name: "after the checkout row, before Stripe hears of it", match: "POST /v1/checkout/sessions"},
	{name: "after Stripe opened the checkout", match: "POST /v1/checkout/sessions", answered: true},
	{name: "after payment, before the return", paid: true},
	{name: "after payment, with the sandbox", paid: true, sandbox: true},
	{name: "after payment, while the return asks Stripe", match: "GET /v1/checkout/sessions/", paid: true},
	{name: "after payment, when Stripe has answered", match: "GET /v1/checkout/sessions/", answered: true, paid: true, long: true},
	{name: "after the event was recorded, before its job has read", match: "GET /v1/subscriptions/", paid: true},
	{name: "after the event's job has read, before it is stored", match: "GET /v1/subscriptions/", answered: true, paid: true},
}

// TestKillDuringAPurchase ends the server without warning at each step: after a restart the buyer has the plan
// exactly once, and has paid exactly once.
func TestKillDuringAPurchase(t *testing.T) {
	t.Parallel()
	dbtest.EachDSN(t, func(t *testing.T, dsn string) {
		m := newMill(t, dsn)
		rounds, long := 1, os.Getenv("WOLFIEAUTH_CHAOS") == "long"
		if long {
			rounds = 10
		}
		for round := range rounds {
			for _, p := range killPoints {
				if p.long && !long || p.plan != "" && round > 0 {
					continue
				}
				if p.plan == "" {
					p.plan = "pro"
				}
				t.Run(p.name, func(t *testing.T) {
					m.t = t
					m.purchase(p, newcomer())
				})
			}
		}
	})
}

func (m *mill) purchase(p killPoint, email string) {
	t := m.t
	b := apptest.NewBrowser(t)
	b.Get(m.issuer + "/signup")
	b.SignUp("Wanda Victim", email, demoPassword)
	shop := m.issuer + "/billing/mill-crm"
	died := make(chan struct{})
	arm := func() { m.arm(p, died) }
	if !p.paid {
		b.Get(shop)
		arm()
		m.tolerant(b, shop+"/checkout", url.Values{"price_id": {priceOf(t, m.issuer, m.client.ID, p.plan)}})
		m.await(died, p)
		m.serve()
		b.Buy(shop, p.plan, "")
		if done := b.Pay(email, apptest.CardPays); !strings.Contains(done.Body, "outcome success") {
			t.Fatalf("payment led to %s (%d):\n%s", done.URL, done.Status, done.Text())
		}
	} else {
		hosted := b.Buy(shop, p.plan, "").URL.String()
		if p.match == "" {
			m.kill()
			close(died)
		} else {
			arm()
		}
		m.tolerant(b, hosted, url.Values{
			"email": {email}, "cardNumber": {apptest.CardPays}, "cardExpiry": {"12 / 34"}, "cardCvc": {"123"}, "billingName": {"Wanda Victim"},
		})
		m.await(died, p)
		if p.sandbox {
			end(m.sandbox)
			m.openSandbox()
		}
		m.serve()
	}
	m.once(b, email, p.plan)
}

// tolerant sends a form and follows it as far as anybody answers.
func (m *mill) tolerant(b *apptest.Browser, address string, form url.Values) {
	m.t.Helper()
	r, err := http.NewRequestWithContext(m.t.Context(), http.MethodPost, address, strings.NewReader(form.Encode()))
	must(m.t, err)
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	if res, err := b.Client().Do(r); err == nil {
		_ = res.Body.Close()
	}
}

// once asks everybody: the claim, the database and Stripe.
func (m *mill) once(b *apptest.Browser, email, plan string) {
	t := m.t
	t.Helper()
	got := b.SignIn(m.client, email, demoPassword)
	h := &house{}
	h.line.Issuer, h.line.SandboxURL, h.line.SandboxKey = m.issuer, m.boxURL, millKey
	eventually(t, email+" holds the plan", func() bool { return len(h.held(t, got)) > 0 })
	if held := h.held(t, got); len(held) != 1 || held[0].PlanSlug != plan {
		t.Errorf("the claim holds %+v", held)
	}
	customers := map[string]bool{}
	for _, c := range m.stripe("/v1/customers?limit=100&email=" + url.QueryEscape(email)) {
		customers[c["id"].(string)] = true
	}
	subscriptions, charges := 0, 0
	for _, s := range m.stripe("/v1/subscriptions?limit=100&status=all") {
		if customers[s["customer"].(string)] {
			subscriptions++
		}
	}
	for _, c := range m.stripe("/v1/charges?limit=100") {
		if customer, _ := c["customer"].(string); customers[customer] {
			charges++
		}
	}
	if len(customers) != 1 || subscriptions != 1 || charges != 1 {
		t.Errorf("at Stripe %d customers, %d subscriptions, %d charges", len(customers), subscriptions, charges)
	}
}

func (m *mill) stripe(path string) []map[string]any {
	m.t.Helper()
	return stripeList(m.t, m.boxURL+path, millKey, "")
}

func (m *mill) arm(p killPoint, died chan struct{}) {
	method, path, _ := strings.Cut(p.match, " ")
	var once sync.Once
	m.mu.Lock()
	defer m.mu.Unlock()
	m.hook = func(r *http.Request, answered bool) bool {
		if r.Method != method || !strings.HasPrefix(r.URL.Path, path) || answered != p.answered {
			return false
		}
		hit := false
		once.Do(func() {
			hit = true
			m.kill()
			close(died)
		})
		return hit
	}
}

func (m *mill) await(died chan struct{}, p killPoint) {
	m.t.Helper()
	select {
	case <-died:
	case <-time.After(30 * time.Second):
		m.t.Fatalf("the server never came to: %s", p.match)
	}
	m.mu.Lock()
	m.hook = nil
	m.mu.Unlock()
}

func newMill(t *testing.T, dsn string) *mill {
	t.Helper()
	m := &mill{t: t, dsn: dsn, bin: built(t), addr: freeAddr(t), box: freeAddr(t)}
	m.issuer, m.boxURL = "http://localhost:"+portOf(m.addr), "http://localhost:"+portOf(m.box)
	m.openGate()
	m.boxFile = filepath.Join(t.TempDir(), "sandbox.db")
	m.openSandbox()
	header := bearer(millKey)
	header.Set("Sandbox-Secret", millSecret)
	header.Set("Sandbox-Id", "we_mill")
	form := url.Values{"url": {m.issuer + "/v1/stripe/webhook"}, "enabled_events[]": {"*"}, "api_version": {"2023-10-16"}}
	if res := post(t, m.boxURL+"/v1/webhook_endpoints", "application/x-www-form-urlencoded", form.Encode(), header); res.status != http.StatusOK {
		t.Fatalf("webhook endpoint: %d %s", res.status, res.body)
	}
	m.furnish()
	m.serve()
	t.Cleanup(func() {
		m.kill()
		end(m.sandbox)
	})
	return m
}

func (m *mill) openGate() {
	to := &url.URL{Scheme: "http", Host: m.box}
	proxy := httputil.NewSingleHostReverseProxy(to)
	asked := func(r *http.Request, answered bool) bool {
		m.mu.Lock()
		hook := m.hook
		m.mu.Unlock()
		return hook != nil && hook(r, answered)
	}
	m.gate = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if asked(r, false) {
			panic(http.ErrAbortHandler)
		}
		rec := httptest.NewRecorder()
		// The caller may be killed while Stripe works: what has been asked is done all the same.
		proxy.ServeHTTP(rec, r.WithContext(m.t.Context()))
		if asked(r, true) {
			panic(http.ErrAbortHandler)
		}
		maps.Copy(w.Header(), rec.Header())
		w.WriteHeader(rec.Code)
		_, _ = w.Write(rec.Body.Bytes())
	}))
	m.t.Cleanup(m.gate.Close)
}

// open wires the house in this process, on the database of the server; it does no background work.
func (m *mill) open() *app.App {
	m.t.Helper()
	box, err := secret.NewBox(millMaster)
	must(m.t, err)
	a, err := app.New(m.t.Context(), app.Config{Issuer: m.issuer, Database: m.dsn, Box: box, Stripe: app.Stripe{TestSecretKey: millKey, APIBase: m.boxURL}})
	must(m.t, err)
	return a
}

// furnish puts an app with its plans into the database, through the same wiring that serves it.
func (m *mill) furnish() {
	t, ctx := m.t, m.t.Context()
	a := m.open()
	owner, _, err := a.Identity().CreateUser(ctx, idp.CreateUser{Email: "owner@mill.test", Password: demoPassword})
	must(t, err)
	org, err := a.Identity().CreateOrg(ctx, idp.CreateOrg{Slug: "mill", Name: "Mill", OwnerUserID: owner.ID, PlatformOwner: true})
	must(t, err)
	made, plain, err := a.Identity().CreateApp(ctx, idp.CreateApp{
		OrgID: org.ID, Slug: "crm", Name: "Mill CRM", Kind: idp.AppWeb, RedirectURIs: []string{redirect}, Trusted: true,
	})
	must(t, err)
	m.client = &apptest.Client{Issuer: m.issuer, ID: made.ClientID, Secret: plain, Redirect: redirect}
	must(t, a.Billing().EnableBilling(ctx, billing.EnableBilling{ClientID: made.ClientID, Gateway: billing.GatewayPlatform, DefaultCurrency: "PLN", DefaultCountry: "PL"}))
	for _, name := range []string{"Pro", "One", "Two", "Three", "Four"} {
		plan, err := a.Billing().CreatePlan(ctx, billing.NewPlan{Scope: billing.Scope{Kind: billing.ScopeApp, ID: made.ClientID}, Name: name})
		must(t, err)
		_, err = a.Billing().AddPrice(ctx, billing.NewPrice{PlanID: plan.ID, Amount: 9900, Currency: "PLN", Interval: billing.IntervalMonth})
		must(t, err)
	}
	team, err := a.Billing().CreatePlan(ctx, billing.NewPlan{Scope: billing.Scope{Kind: billing.ScopeApp, ID: made.ClientID}, Name: "Team"})
	must(t, err)
	_, err = a.Billing().AddPrice(ctx, billing.NewPrice{ID: millSeats, PlanID: team.ID, Amount: 3000, Currency: "PLN", Interval: billing.IntervalMonth, PerSeat: true, SeatLabel: "user"})
	must(t, err)
	must(t, a.Close())
}

// serve starts the server, or starts it again, and waits until it answers.
func (m *mill) serve() {
	m.t.Helper()
	m.server = m.start("serve")
	eventually(m.t, "the server answers", func() bool { return answers(m.issuer + "/readyz") })
}

func (m *mill) kill() { end(m.server) }

// end is kill -9.
func end(cmd *exec.Cmd) {
	if cmd == nil || cmd.ProcessState != nil {
		return
	}
	_ = cmd.Process.Kill()
	_ = cmd.Wait()
}

func (m *mill) openSandbox() {
	m.t.Helper()
	m.sandbox = m.start("sandbox", "--addr", m.box, "--path", m.boxFile, "--key", millKey)
	eventually(m.t, "the sandbox answers", func() bool { return answers(m.boxURL + "/v1/products") })
}

func (m *mill) start(args ...string) *exec.Cmd {
	m.t.Helper()
	cmd := exec.Command(m.bin, args...) // #nosec G204 -- our own binary; ended by kill, not by a context
	cmd.Env = m.env()
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	must(m.t, cmd.Start())
	return cmd
}

func (m *mill) env() []string {
	return []string{
		"HOME=" + os.Getenv("HOME"), "WOLFIEAUTH_DATABASE_URL=" + m.dsn, "WOLFIEAUTH_MASTER_KEY=" + base64.StdEncoding.EncodeToString(millMaster),
		"WOLFIEAUTH_ISSUER=" + m.issuer, "WOLFIEAUTH_ADDR=" + m.addr, "WOLFIEAUTH_METRICS_ADDR=off", "STRIPE_API_BASE=" + m.gate.URL,
		"STRIPE_SECRET_KEY_TEST=" + millKey, "STRIPE_WEBHOOK_SECRET_TEST=" + millSecret, "STRIPE_CONNECT_WEBHOOK_SECRET_TEST=" + millConnect,
	}
}

func freeAddr(t *testing.T) string {
	t.Helper()
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	must(t, err)
	defer l.Close()
	return l.Addr().String()
}

func portOf(addr string) string {
	_, port, _ := net.SplitHostPort(addr)
	return port
}

// answers tells whether anybody serves there who does not say that they cannot.
func answers(address string) bool {
	res, err := http.Get(address) // #nosec G107 -- an address of this test's own
	if err != nil {
		return false
	}
	_ = res.Body.Close()
	return res.StatusCode < http.StatusInternalServerError
}
