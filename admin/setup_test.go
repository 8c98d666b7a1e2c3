package admin_test

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/wolfieauth/wolfieauth/admin"
	"github.com/wolfieauth/wolfieauth/billing"
	"github.com/wolfieauth/wolfieauth/billing/billingtest"
	"github.com/wolfieauth/wolfieauth/billing/pricing"
	billingstore "github.com/wolfieauth/wolfieauth/billing/store"
	"github.com/wolfieauth/wolfieauth/claims"
	passes "github.com/wolfieauth/wolfieauth/claims/comps"
	claimstore "github.com/wolfieauth/wolfieauth/claims/store"
	"github.com/wolfieauth/wolfieauth/idp"
	idpstore "github.com/wolfieauth/wolfieauth/idp/store"
	"github.com/wolfieauth/wolfieauth/internal/audit"
	"github.com/wolfieauth/wolfieauth/internal/db"
	"github.com/wolfieauth/wolfieauth/internal/i18n"
	"github.com/wolfieauth/wolfieauth/internal/jobs"
	"github.com/wolfieauth/wolfieauth/internal/mail"
	"github.com/wolfieauth/wolfieauth/internal/web"
)

// bundle is the console on the real services over one database. acme sells acme-crm (billing on, in a bundle
// with acme-mail) and keeps acme-spa (public, billing off); beta has beta-shop; wolfie owns the platform.
type bundle struct {
	t       *testing.T
	db      *db.DB
	edge    *web.Edge
	people  *idp.Service
	billing *billing.Service
	seats   *seats
	comps   *claimstore.Store
	passes  *passes.Service
	jobs    *jobs.Runner
	log     *audit.Log
	stripe  *billingtest.Gateway
	now     time.Time
	users   map[string]idp.User // by the part of the address before the @
	orgs    map[string]idp.Org
	events  []string          // ids of webhook deliveries
	ids     *strings.Replacer // names of things in an address to their ids
}

const (
	crm, spa  = "acme-crm", "acme-spa"
	compedOne = "ŻANETA.comped@elsewhere.test"
	jobError  = "smtp says 451 try later"
)

func setup(t *testing.T, d *db.DB) *bundle {
	t.Helper()
	b := &bundle{t: t, db: d, now: time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC), users: map[string]idp.User{}, orgs: map[string]idp.Org{}}
	b.services()
	b.mount()
	b.seed()
	return b
}

func (b *bundle) clock() time.Time { return b.now }

func (b *bundle) must(err error) {
	b.t.Helper()
	if err != nil {
		b.t.Fatal(err)
	}
}

func (b *bundle) services() {
	b.t.Helper()
	quiet := slog.New(slog.DiscardHandler)
	versions := db.NewVersions(b.db)
	b.log = audit.NewLog(b.db, b.clock)
	b.people = idp.New(idp.Deps{
		Store: idpstore.New(b.db, versions), Tx: b.db, Now: b.clock, Passwords: noPasswords{}, Mail: noMail{},
		Issuer: &url.URL{Scheme: "https", Host: "id.test"}, Audit: b.log, Revoker: nobodyRevoked{}, Bundles: sale{b}, Seats: caps{b},
	})
	var err error
	b.jobs, err = jobs.New(b.db, jobs.Config{Logger: quiet})
	b.must(err)
	b.jobs.Handle("mail", func(context.Context, string) error { return errors.New(jobError) })
	b.stripe, b.comps = billingtest.New(b.clock), claimstore.New(b.db)
	b.billing = billing.New(billing.Deps{
		Tx: b.db, Store: billingstore.New(b.db), Apps: known{b.people}, Members: known{b.people}, Jobs: runner{b.jobs}, Versions: versions, Audit: b.log,
		Now: b.clock, Logger: quiet, BaseURL: "https://id.test", Gateway: b.stripe, Comps: b.comps,
	})
	b.billing.RegisterJobs(runner{b.jobs})
	b.comps = claimstore.New(b.db)
	b.passes = passes.New(passes.Deps{
		Store: b.comps, Tx: b.db, Audit: b.log, Apps: selling{b}, People: addresses{b.people}, Mail: noReminders{}, Jobs: runner{b.jobs}, Now: b.clock,
	})
	b.passes.RegisterJobs()
	b.seats = &seats{Service: b.billing, log: b.log}
}

func (b *bundle) mount() {
	b.t.Helper()
	catalog, err := i18n.Load()
	b.must(err)
	renderer, err := web.NewRenderer(catalog, web.RendererOptions{})
	b.must(err)
	shop := pricing.New(pricing.Deps{Shop: b.billing})
	console := admin.New(admin.Deps{
		People: b.people, Apps: b.people, Shop: b.billing, Editor: b.billing, Sales: sales{b.db}, Window: window{shop}, Comps: b.passes, Passes: b.passes, Jobs: b.jobs, Audit: b.log, Tx: b.db, Now: b.clock,
		Settings: b.people, Bundles: b.people, BundleReach: b.billing, Directory: b.people, Deliveries: b.billing, Feeds: b.billing, Fees: b.billing,
		Team: b.people, Seats: b.seats, Selling: b.billing, Payments: b.billing,
	})
	b.edge, err = web.New(web.Config{
		Issuer: &url.URL{Scheme: "http", Host: "localhost:8080"}, Logger: slog.New(slog.DiscardHandler), DefaultLang: "en",
	}, b.db, renderer, catalog, append(pricing.Problems(), console.Problems()...)...)
	b.must(err)
	b.must(shop.Mount(b.edge))
	b.must(console.Mount(b.edge))
	b.edge.Pages().POST("/test/login", func(c echo.Context) error {
		return b.edge.Login(c, c.FormValue("user"), c.FormValue("org"), []string{"pwd"})
	})
}

func (b *bundle) seed() {
	b.t.Helper()
	ctx := b.t.Context()
	for _, name := range []string{"owner", "member", "clerk", "rival", "outsider", "platform", "many"} {
		u, _, err := b.people.CreateUser(ctx, idp.CreateUser{Email: name + "@people.test", Name: strings.ToUpper(name[:1]) + name[1:], Password: "correct horse"})
		b.must(err)
		b.users[name] = u
	}
	comped, _, err := b.people.CreateUser(ctx, idp.CreateUser{Email: compedOne, Name: "Żaneta", Password: "correct horse"})
	b.must(err)
	for _, o := range []idp.CreateOrg{
		{Slug: "wolfie", Name: "Wolfie", OwnerUserID: b.users["platform"].ID, PlatformOwner: true},
		{Slug: "acme", Name: "Acme Spółka", OwnerUserID: b.users["owner"].ID},
		{Slug: "beta", Name: "Beta", OwnerUserID: b.users["rival"].ID},
	} {
		org, err := b.people.CreateOrg(ctx, o)
		b.must(err)
		b.orgs[o.Slug] = org
	}
	b.join("acme", "member", "member")
	b.join("acme", "clerk", "billing")
	b.join("acme", "many", "member")
	b.join("beta", "many", "admin")
	b.seedApps()
	b.seedPlans()
	b.must(b.comps.CreateComp(ctx, &claims.Comp{
		UserID: comped.ID, ClientID: crm, PlanSlug: "pro", PlanName: "Gratis Pro", Reason: "Beta tester", GivenBy: b.users["platform"].ID,
	}, b.now))
	b.must(b.jobs.Want(ctx, "mail", "mail-1"))
	if err := b.jobs.DoNow(ctx, "mail", "mail-1"); err == nil {
		b.t.Fatal("the mail did not fail")
	}
}

func (b *bundle) join(org, user, role string) {
	b.t.Helper()
	_, err := b.people.AddMember(b.t.Context(), b.orgs[org].ID, b.users[user].ID, role)
	b.must(err)
}

func (b *bundle) seedApps() {
	b.t.Helper()
	ctx := b.t.Context()
	for _, a := range []idp.CreateApp{
		{OrgID: b.orgs["acme"].ID, Slug: "crm", Name: "Acme CRM", RedirectURIs: []string{"https://crm.acme.test/callback"}},
		{OrgID: b.orgs["acme"].ID, Slug: "mail", Name: "Acme Mail", RedirectURIs: []string{"https://mail.acme.test/callback"}},
		{OrgID: b.orgs["acme"].ID, Slug: "spa", Name: "Acme SPA", Kind: idp.AppBrowser, RedirectURIs: []string{"https://spa.acme.test/"}},
		{OrgID: b.orgs["beta"].ID, Slug: "shop", Name: "Beta Shop", RedirectURIs: []string{"https://shop.beta.test/callback"}},
	} {
		_, _, err := b.people.CreateApp(ctx, a)
		b.must(err)
	}
	_, err := b.people.CreateBundle(ctx, idp.CreateBundle{ID: "suite-id", OrgID: b.orgs["acme"].ID, Slug: "suite", Name: "Acme Suite", ClientIDs: []string{crm, "acme-mail"}})
	b.must(err)
}

func (b *bundle) seedPlans() {
	b.t.Helper()
	ctx, ten := b.t.Context(), int64(10)
	app, suite := billing.Scope{Kind: billing.ScopeApp, ID: crm}, billing.Scope{Kind: billing.ScopeBundle, ID: "suite-id"}
	b.must(b.billing.EnableBilling(ctx, billing.EnableBilling{ClientID: crm, Gateway: billing.GatewayConnect, DefaultCurrency: "PLN"}))
	_, err := b.billing.CreateFeature(ctx, billing.NewFeature{Scope: app, Key: "ksef_enabled", Name: "KSeF"})
	b.must(err)
	for _, p := range []struct {
		plan  billing.NewPlan
		price billing.NewPrice
	}{
		{
			billing.NewPlan{ID: "plan-pro", Scope: app, Name: "Pro", FeatureKeys: []string{"ksef_enabled"}, TrialDays: 14},
			billing.NewPrice{ID: "price-pro", Amount: 9900, Currency: "PLN", Interval: billing.IntervalMonth, CountryCodes: []string{"PL"}},
		},
		{
			billing.NewPlan{ID: "plan-secret", Scope: app, Name: "Nur für Freunde", Hidden: true},
			billing.NewPrice{
				Currency: "EUR", Interval: billing.IntervalYear, PerSeat: true, SeatLabel: "user", Scheme: billing.SchemeGraduated,
				Tiers: []billing.Tier{{UpTo: &ten, UnitAmount: 9900}, {UnitAmount: 8900, FlatAmount: 500}},
			},
		},
		{billing.NewPlan{ID: "plan-all", Scope: suite, Name: "Everything"}, billing.NewPrice{Amount: 1234567, Currency: "PLN", Interval: billing.IntervalOneTime}},
	} {
		_, err := b.billing.CreatePlan(ctx, p.plan)
		b.must(err)
		p.price.PlanID = p.plan.ID
		_, err = b.billing.AddPrice(ctx, p.price)
		b.must(err)
	}
}

// browser is one person's browser; it follows no redirects.
type browser struct {
	b      *bundle
	cookie *http.Cookie
	lang   string // "" is English
}

// as signs a person in, acting for an org; "" is an anonymous visitor.
func (b *bundle) as(user, org string) *browser {
	b.t.Helper()
	br := &browser{b: b}
	if user == "" {
		return br
	}
	res := br.post("/test/login", url.Values{"user": {b.users[user].ID}, "org": {b.orgs[org].ID}})
	for _, ck := range res.cookies {
		br.cookie = ck
	}
	if br.cookie == nil {
		b.t.Fatalf("%s was not signed in: %d", user, res.status)
	}
	return br
}

type answer struct {
	status  int
	body    string
	header  http.Header
	cookies []*http.Cookie
}

func (br *browser) get(path string) answer { return br.do(http.MethodGet, path, nil) }

func (br *browser) post(path string, form url.Values) answer {
	return br.do(http.MethodPost, path, form)
}

func (br *browser) do(method, path string, form url.Values) answer {
	body, contentType := form.Encode(), "application/x-www-form-urlencoded"
	if form.Has("@logo") {
		body, contentType = upload(form.Get("@logo"))
	}
	r := httptest.NewRequestWithContext(br.b.t.Context(), method, path, strings.NewReader(body))
	r.Header.Set("Accept", "text/html")
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	r.Header.Set("Accept-Language", cmp.Or(br.lang, "en"))
	if method == http.MethodPost {
		r.Header.Set("Content-Type", contentType)
	}
	if br.cookie != nil {
		r.AddCookie(br.cookie)
	}
	w := httptest.NewRecorder()
	br.b.edge.ServeHTTP(w, r)
	return answer{status: w.Code, body: w.Body.String(), header: w.Header(), cookies: w.Result().Cookies()}
}

// upload writes a form with one file.
func upload(content string) (body, contentType string) {
	var out strings.Builder
	w := multipart.NewWriter(&out)
	part, err := w.CreateFormFile("logo", "../../logo.svg")
	if err == nil {
		_, err = part.Write([]byte(content))
	}
	if err := errors.Join(err, w.Close()); err != nil {
		panic(err)
	}
	return out.String(), w.FormDataContentType()
}

// What the composition root supplies in a server, in its smallest form.

type selling struct{ b *bundle }

func (s selling) OrgOf(ctx context.Context, clientID string) (string, error) {
	a, err := s.b.people.App(ctx, clientID)
	return a.OrgID, err
}

func (s selling) Plans(ctx context.Context, clientID string) (out []passes.Choice, err error) {
	c, err := s.b.billing.EditorCatalog(ctx, billing.Scope{Kind: billing.ScopeApp, ID: clientID})
	for _, p := range c.Plans {
		out = append(out, passes.Choice{Key: p.Slug, Name: p.Name})
	}
	return out, err
}

func (s selling) Features(ctx context.Context, clientID string) (out []passes.Choice, err error) {
	c, err := s.b.billing.EditorCatalog(ctx, billing.Scope{Kind: billing.ScopeApp, ID: clientID})
	for _, f := range c.Features {
		out = append(out, passes.Choice{Key: f.Key, Name: f.Name})
	}
	return out, err
}

type addresses struct{ people *idp.Service }

func (addresses) Address(typed string) (email, normal string, ok bool) {
	email, normal, err := idp.ParseEmail(typed)
	return email, normal, err == nil
}

func (a addresses) NormalOf(ctx context.Context, id string) (string, error) {
	u, err := a.people.User(ctx, id)
	return u.EmailNormal, err
}

func (a addresses) Proven(ctx context.Context, normal string) (string, error) {
	u, err := a.people.UserByEmail(ctx, normal)
	if errors.Is(err, idp.ErrUserNotFound) || err == nil && !u.EmailVerified() {
		return "", nil
	}
	return u.ID, err
}

type noReminders struct{}

func (noReminders) EndingSoon(context.Context, claims.Pass) error { return nil }

type sales struct{ db *db.DB }

func (s sales) LiveSubscriptions(ctx context.Context, clientID string) (n int64, err error) {
	err = s.db.Conn(ctx).Raw("SELECT COUNT(*) FROM subscriptions WHERE scope_kind = 'app' AND scope_id = ? AND holds", clientID).Scan(&n).Error
	return n, err
}

type window struct{ shop *pricing.Handlers }

func (w window) Card(ctx context.Context, look admin.Look) (admin.Card, error) {
	card, err := w.shop.Preview(ctx, pricing.Preview(look))
	return admin.Card(card), err
}

// seats is billing, whose answers about Stripe a test can replace.
type seats struct {
	*billing.Service
	quote  func(add int64) (billing.SeatQuote, error)
	states []billing.SeatState
	ledger []billing.SeatChange
	sync   error
	log    *audit.Log
}

func (s *seats) CommitSeats(ctx context.Context, orgID, id string, n int64) error {
	if s.states == nil {
		return s.Service.CommitSeats(ctx, orgID, id, n)
	}
	s.states[0].Committed = n
	return s.log.Record(ctx, audit.Entry{OrgID: orgID, Action: "seats.committed", Target: audit.Target{Kind: "subscription", ID: id}})
}

func (s *seats) SyncSeats(ctx context.Context, orgID, id string) error {
	if s.states != nil {
		return s.sync
	}
	return s.Service.SyncSeats(ctx, orgID, id)
}

func (s *seats) QuoteSeats(ctx context.Context, orgID string, add int64) (billing.SeatQuote, error) {
	if s.quote != nil {
		return s.quote(add)
	}
	return s.Service.QuoteSeats(ctx, orgID, add)
}

func (s *seats) SeatStates(ctx context.Context, orgID string) ([]billing.SeatState, error) {
	if s.states != nil {
		return s.states, nil
	}
	return s.Service.SeatStates(ctx, orgID)
}

func (s *seats) SeatLedger(ctx context.Context, orgID, afterID string, limit int) ([]billing.SeatChange, string, error) {
	if s.ledger == nil {
		return s.Service.SeatLedger(ctx, orgID, afterID, limit)
	}
	return s.ledger, "", nil
}

// caps asks billing for the limits of an org.
type caps struct{ b *bundle }

func (s caps) MembersChanged(context.Context, string) error { return nil }

func (s caps) CheckAdd(ctx context.Context, orgID string, n int64) error {
	if s.b.billing == nil {
		return nil
	}
	err := s.b.billing.CheckSeatCap(ctx, orgID, n)
	if limit, ok := errors.AsType[*billing.SeatCapError](err); ok {
		return (*idp.SeatCapError)(limit)
	}
	return err
}

type runner struct{ *jobs.Runner }

func (r runner) Handle(kind string, h func(ctx context.Context, key string) error) {
	r.Runner.Handle(kind, h)
}

type known struct{ people *idp.Service }

func (f known) App(ctx context.Context, id string) (billing.AppInfo, error) {
	a, err := f.people.App(ctx, id)
	if err != nil {
		return billing.AppInfo{}, errors.Join(billing.ErrAppNotFound, err)
	}
	return billing.AppInfo{ClientID: a.ClientID, OrgID: a.OrgID, Name: a.Name}, nil
}

func (f known) BundlesHolding(ctx context.Context, id string) ([]billing.BundleInfo, error) {
	held, err := f.people.BundlesHolding(ctx, id)
	out := make([]billing.BundleInfo, 0, len(held))
	for _, h := range held {
		out = append(out, billing.BundleInfo{ID: h.ID, OrgID: h.OrgID, Slug: h.Slug, Name: h.Name})
	}
	return out, err
}

func (f known) Bundle(ctx context.Context, id string) (billing.BundleInfo, error) {
	h, err := f.people.Bundle(ctx, id)
	if err != nil {
		return billing.BundleInfo{}, errors.Join(billing.ErrAppNotFound, err)
	}
	info := billing.BundleInfo{ID: h.ID, OrgID: h.OrgID, Slug: h.Slug, Name: h.Name}
	apps, err := f.people.BundleApps(ctx, id)
	for _, a := range apps {
		info.Apps = append(info.Apps, billing.AppInfo{ClientID: a.ClientID, OrgID: a.OrgID, Name: a.Name})
	}
	return info, err
}

func (f known) ActiveMembers(ctx context.Context, orgID string) (int64, error) {
	return f.people.ActiveMembers(ctx, orgID)
}

// sale tells identity what billing says of a bundle.
type sale struct{ b *bundle }

func (s sale) BundleMayChange(ctx context.Context, bundleID string, join, leave []string) error {
	err := s.b.billing.BundleMayChange(ctx, bundleID, join, leave)
	if clash, ok := errors.AsType[*billing.SlugClashError](err); ok {
		return &idp.BundleClashError{ClientID: clash.ClientID, Slug: clash.Slug}
	}
	if errors.Is(err, billing.ErrBundleSold) {
		return errors.Join(idp.ErrBundleSold, err)
	}
	return err
}

type noPasswords struct{}

func (noPasswords) Hash(_ context.Context, p string) (string, error) { return "plain:" + p, nil }
func (noPasswords) Verify(_ context.Context, p, hash string) (ok, rehash bool, err error) {
	return hash == "plain:"+p, false, nil
}

type noMail struct{}

func (noMail) Send(context.Context, mail.Message) error { return nil }

type nobodyRevoked struct{}

func (nobodyRevoked) EndSessions(context.Context, string, string) error { return nil }
func (nobodyRevoked) RevokeGrants(context.Context, string) error        { return nil }
func (nobodyRevoked) LeaveOrg(context.Context, string, string) error    { return nil }

// contains fails for each text that a page lacks.
func contains(t *testing.T, page answer, texts ...string) {
	t.Helper()
	for _, text := range texts {
		if !strings.Contains(page.body, text) {
			t.Errorf("page (%d) lacks %q", page.status, text)
		}
	}
}

// lacks fails for each text that a page holds.
func lacks(t *testing.T, page answer, texts ...string) {
	t.Helper()
	if i := slices.IndexFunc(texts, func(text string) bool { return strings.Contains(page.body, text) }); i >= 0 {
		t.Errorf("page (%d) holds %q", page.status, texts[i])
	}
}
