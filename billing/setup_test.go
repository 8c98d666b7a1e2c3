package billing_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/wolfieauth/wolfieauth/billing"
	"github.com/wolfieauth/wolfieauth/billing/billingtest"
	"github.com/wolfieauth/wolfieauth/billing/ksef"
	"github.com/wolfieauth/wolfieauth/billing/store"
	"github.com/wolfieauth/wolfieauth/internal/audit"
	"github.com/wolfieauth/wolfieauth/internal/db"
	"github.com/wolfieauth/wolfieauth/internal/jobs"
)

// bundle is one whole billing wing on one database: acme sells acme-crm and acme-mail through a connected
// account, together as the bundle acme-suite; wolfie sells wolfie-crm on the platform's account.
type bundle struct {
	t       *testing.T
	db      *db.DB
	clock   *clock
	stripe  *billingtest.Gateway
	gateway billing.Gateway // stripe, unless a test stands between
	// refuseWork makes every wish for work fail.
	refuseWork  bool
	store       *store.Store
	jobs        *jobs.Runner
	members     *members
	mails       *mailer
	audit       billing.Auditor
	comps       billing.CompCounter
	crowd       bool // count people all at once
	eventObject func(eventType string, object []byte) (string, error)
	issuer      billing.Issuer
	rates       billing.Rates
	*billing.Service
}

const (
	crm, mail, suite = "acme-crm", "acme-mail", "suite-id"
	acct             = "acct_acme"
	starter, pro     = "plan-starter", "plan-pro"
	team, premium    = "plan-team", "plan-premium"
	starterPLN       = "price-starter-pln"
	proPLN, proEUR   = "price-pro-pln", "price-pro-eur"
	proYear, proOnce = "price-pro-year", "price-pro-once"
	teamPLN          = "price-team-pln"
	premiumPLN       = "price-premium-pln"
)

var connected = billing.Account{ID: acct}

// clock is the business clock of a test.
type clock struct{ at atomic.Int64 }

func (c *clock) now() time.Time          { return time.UnixMicro(c.at.Load()).UTC() }
func (c *clock) advance(d time.Duration) { c.at.Add(d.Microseconds()) }

// apps knows the apps of the test.
type apps struct{}

func (apps) App(_ context.Context, id string) (billing.AppInfo, error) {
	org, ok := map[string]string{crm: "acme", mail: "acme", "wolfie-crm": "wolfie"}[id]
	if !ok {
		return billing.AppInfo{}, billing.ErrAppNotFound
	}
	return billing.AppInfo{ClientID: id, OrgID: org, Name: id, Origins: []string{"https://" + id + ".test"}}, nil
}

func (a apps) BundlesHolding(ctx context.Context, id string) ([]billing.BundleInfo, error) {
	if id != crm && id != mail {
		return nil, nil
	}
	b, err := a.Bundle(ctx, suite)
	return []billing.BundleInfo{b}, err
}

func (a apps) Bundle(ctx context.Context, id string) (billing.BundleInfo, error) {
	if id != suite {
		return billing.BundleInfo{}, billing.ErrAppNotFound
	}
	one, _ := a.App(ctx, crm)
	two, _ := a.App(ctx, mail)
	return billing.BundleInfo{ID: suite, OrgID: "acme", Slug: "acme-suite", Name: "Suite", Apps: []billing.AppInfo{one, two}}, nil
}

type members struct{ counts sync.Map }

func (m *members) ActiveMembers(_ context.Context, orgID string) (int64, error) {
	if n, ok := m.counts.Load(orgID); ok {
		return n.(int64), nil
	}
	return 1, nil
}

// crowd counts the members of many orgs together.
type crowd struct{ *members }

func (c crowd) ActiveMembersOf(ctx context.Context, orgs []string) (sum int64, err error) {
	for _, id := range orgs {
		n, _ := c.ActiveMembers(ctx, id)
		sum += n
	}
	return sum, nil
}

func (b *bundle) counting() billing.Members {
	if b.crowd {
		return crowd{b.members}
	}
	return b.members
}

// mailer counts what was told once its transaction has committed.
type mailer struct {
	mu   sync.Mutex
	sent []billing.DoublePayment
	late []billing.SeatsLate
	life []billing.LifeNotice
}

func (m *mailer) SeatsLate(ctx context.Context, n billing.SeatsLate) error {
	db.AfterCommit(ctx, func() {
		m.mu.Lock()
		defer m.mu.Unlock()
		m.late = append(m.late, n)
	})
	return nil
}

func (m *mailer) Life(ctx context.Context, n billing.LifeNotice) error {
	db.AfterCommit(ctx, func() {
		m.mu.Lock()
		defer m.mu.Unlock()
		m.life = append(m.life, n)
	})
	return nil
}

func (m *mailer) DoublePayment(ctx context.Context, n billing.DoublePayment) error {
	db.AfterCommit(ctx, func() {
		m.mu.Lock()
		defer m.mu.Unlock()
		m.sent = append(m.sent, n)
	})
	return nil
}

func (m *mailer) all() []billing.DoublePayment {
	m.mu.Lock()
	defer m.mu.Unlock()
	return append([]billing.DoublePayment(nil), m.sent...)
}

// runner fits the job runner to what billing asks for.
type runner struct {
	*jobs.Runner
	refuse bool
}

var errNoWork = errors.New("no work today")

func (r runner) Want(ctx context.Context, kind, key string) error {
	if r.refuse {
		return errNoWork
	}
	return r.Runner.Want(ctx, kind, key)
}

func (r runner) Handle(kind string, h func(ctx context.Context, key string) error) {
	r.Runner.Handle(kind, h)
}

func setup(t *testing.T, d *db.DB) *bundle {
	t.Helper()
	b := &bundle{t: t, db: d, clock: &clock{}, store: store.New(d), members: &members{}, mails: &mailer{}}
	b.clock.at.Store(time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC).UnixMicro())
	b.stripe = billingtest.New(b.clock.now)
	b.gateway, b.audit = b.stripe, audit.NewLog(d, b.clock.now)
	b.wire()
	b.seed()
	return b
}

// wire makes service and jobs anew on the same database, as a restart does.
func (b *bundle) wire() {
	b.t.Helper()
	log := slog.New(slog.NewTextHandler(b.t.Output(), &slog.HandlerOptions{Level: slog.LevelError}))
	r, err := jobs.New(b.db, jobs.Config{Logger: log, Now: b.clock.now, FirstRetry: time.Millisecond, MaxRetry: 2 * time.Millisecond})
	b.must(err)
	b.jobs = r
	b.Service = billing.New(billing.Deps{
		Tx: b.db, Store: b.store, Apps: apps{}, Members: b.counting(), Gateway: b.gateway, Jobs: runner{r, b.refuseWork}, Mailer: b.mails,
		Audit: b.audit, Comps: b.comps, EventObject: b.eventObject, Documents: ksef.Writer{}, Issuer: b.issuer, Rates: b.rates,
		Versions: db.NewVersions(b.db), Now: b.clock.now, Logger: log, BaseURL: "https://auth.test/",
	})
	b.RegisterJobs(runner{r, false})
}

func (b *bundle) seed() {
	b.t.Helper()
	ctx := b.t.Context()
	b.must(b.ConnectAccount(ctx, "acme", acct, false))
	for client, gateway := range map[string]billing.GatewayKind{
		crm: billing.GatewayConnect, mail: billing.GatewayConnect, "wolfie-crm": billing.GatewayPlatform,
	} {
		b.must(b.EnableBilling(ctx, billing.EnableBilling{ClientID: client, Gateway: gateway, DefaultCurrency: "PLN"}))
	}
	onCRM, onSuite := billing.Scope{Kind: billing.ScopeApp, ID: crm}, billing.Scope{Kind: billing.ScopeBundle, ID: suite}
	_, err := b.CreateFeature(ctx, billing.NewFeature{ID: "f-ksef", Scope: onCRM, Key: "ksef_enabled", Name: "KSeF"})
	b.must(err)
	for i, p := range []billing.NewPlan{
		{ID: starter, Scope: onCRM, Name: "Starter"},
		{ID: pro, Scope: onCRM, Name: "Pro", FeatureKeys: []string{"ksef_enabled"}},
		{ID: team, Scope: onCRM, Name: "Team"},
		{ID: premium, Scope: onSuite, Name: "Premium", FeatureKeys: []string{"ksef_enabled"}},
		{ID: "plan-wolfie", Scope: billing.Scope{Kind: billing.ScopeApp, ID: "wolfie-crm"}, Name: "Wolf"},
	} {
		p.Position = int64(i)
		_, err := b.CreatePlan(ctx, p)
		b.must(err)
	}
	for _, p := range []billing.NewPrice{
		{ID: starterPLN, PlanID: starter, Amount: 4900, Currency: "PLN", Interval: billing.IntervalMonth},
		{ID: proPLN, PlanID: pro, Amount: 9900, Currency: "pln", Interval: billing.IntervalMonth},
		{ID: proEUR, PlanID: pro, Amount: 2400, Currency: "EUR", Interval: billing.IntervalMonth},
		{ID: proYear, PlanID: pro, Amount: 99000, Currency: "PLN", Interval: billing.IntervalYear},
		{ID: proOnce, PlanID: pro, Amount: 50000, Currency: "PLN", Interval: billing.IntervalOneTime},
		{ID: teamPLN, PlanID: team, Amount: 3000, Currency: "PLN", Interval: billing.IntervalMonth, PerSeat: true, SeatLabel: "user"},
		{ID: premiumPLN, PlanID: premium, Amount: 14900, Currency: "PLN", Interval: billing.IntervalMonth},
		{ID: "price-wolfie", PlanID: "plan-wolfie", Amount: 1000, Currency: "PLN", Interval: billing.IntervalMonth},
	} {
		_, err := b.AddPrice(ctx, p)
		b.must(err)
	}
}

func (b *bundle) must(err error) {
	b.t.Helper()
	if err != nil {
		b.t.Fatal(err)
	}
}

func buyer(org string) billing.Buyer {
	return billing.Buyer{UserID: "user-" + org, OrgID: org, Email: org + "@example.test", OrgName: org, Lang: "pl"}
}

// start opens a checkout of acme-crm.
func (b *bundle) start(org, priceID string) billing.Checkout {
	b.t.Helper()
	c, err := b.StartCheckout(b.t.Context(), buyer(org), billing.CheckoutRequest{ClientID: crm, PriceID: priceID})
	b.must(err)
	return c
}

// buy goes the whole way and answers the subscription.
func (b *bundle) buy(org, priceID string) billing.Subscription {
	b.t.Helper()
	c := b.start(org, priceID)
	b.pay(c)
	out, err := b.FinishCheckout(b.t.Context(), c.ID, org)
	b.must(err)
	if out.State != billing.FinishSuccess || out.Subscription == nil {
		b.t.Fatalf("bought, but the return page says %s", out.State)
	}
	return *out.Subscription
}

func (b *bundle) pay(c billing.Checkout) (id string) {
	b.t.Helper()
	id, ok := b.stripe.Pay(c.SessionID)
	if !ok {
		b.t.Fatalf("session %s cannot be paid", c.SessionID)
	}
	return id
}

// deliver hands in an event about an object, as the webhook does after its checks.
func (b *bundle) deliver(at billing.Account, objectID string) {
	b.t.Helper()
	_, err := b.Receive(b.t.Context(), billing.WebhookEvent{
		Account: at.ID, Livemode: at.Livemode, EventID: fmt.Sprintf("evt_%d", eventCount.Add(1)), Type: "test", APIVersion: "2023-10-16",
		ObjectID: objectID, Payload: "{}",
	})
	b.must(err)
}

var eventCount atomic.Int64

// drain carries out all work that is due, failures included until they stop.
func (b *bundle) drain() {
	b.t.Helper()
	b.must(b.jobs.Drain(b.t.Context()))
}

// settle is drain for tests in which calls fail: it goes on until nothing is left to do.
func (b *bundle) settle() {
	b.t.Helper()
	for range 500 {
		err := b.jobs.Drain(b.t.Context())
		var open int64
		b.must(b.db.Conn(b.t.Context()).Raw("SELECT COUNT(*) FROM work_items WHERE wanted > done").Scan(&open).Error)
		if err == nil && open == 0 {
			return
		}
		time.Sleep(2 * time.Millisecond)
	}
	b.t.Fatal("work never settles")
}

// subscriptions answers every row of an org.
func (b *bundle) subscriptions(org string) []billing.Subscription {
	b.t.Helper()
	var rows []billing.Subscription
	b.must(b.db.Conn(b.t.Context()).Where("org_id = ?", org).Order("stripe_created_at, stripe_id").Find(&rows).Error)
	return rows
}

func (b *bundle) outcomes(objectID string) []string {
	b.t.Helper()
	var out []string
	b.must(b.db.Conn(b.t.Context()).Raw("SELECT outcome FROM stripe_webhook_events WHERE object_id = ? ORDER BY id", objectID).Scan(&out).Error)
	return out
}
