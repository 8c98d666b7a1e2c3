package pricing_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/wolfieauth/wolfieauth/billing"
	"github.com/wolfieauth/wolfieauth/billing/billingtest"
	"github.com/wolfieauth/wolfieauth/billing/store"
	"github.com/wolfieauth/wolfieauth/internal/db"
	"github.com/wolfieauth/wolfieauth/internal/db/dbtest"
	"github.com/wolfieauth/wolfieauth/internal/jobs"
)

// shopApps knows the one app of these tests.
type shopApps struct{}

func (shopApps) App(_ context.Context, id string) (billing.AppInfo, error) {
	if id != acmeCRM.ClientID {
		return billing.AppInfo{}, billing.ErrAppNotFound
	}
	return acmeCRM, nil
}

func (shopApps) BundlesHolding(context.Context, string) ([]billing.BundleInfo, error) {
	return nil, nil
}

func (shopApps) Bundle(context.Context, string) (billing.BundleInfo, error) {
	return billing.BundleInfo{}, billing.ErrAppNotFound
}

type shopMembers struct{ count atomic.Int64 }

func (m *shopMembers) ActiveMembers(context.Context, string) (int64, error) {
	return max(1, m.count.Load()), nil
}

type silentMailer struct{}

func (silentMailer) DoublePayment(context.Context, billing.DoublePayment) error { return nil }

func (silentMailer) SeatsLate(context.Context, billing.SeatsLate) error { return nil }

func (silentMailer) Life(context.Context, billing.LifeNotice) error { return nil }

// noon is when these tests take place.
func noon() time.Time { return time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC) }

type shopJobs struct{ *jobs.Runner }

func (j shopJobs) Handle(kind string, h func(ctx context.Context, key string) error) {
	j.Runner.Handle(kind, h)
}

// realShop is the shop window over the whole billing domain, with a stand-in for Stripe alone.
type realShop struct {
	*bundle
	stripe  *billingtest.Gateway
	service *billing.Service
	members *shopMembers
	prices  map[string]string // name to id
}

func setupReal(t *testing.T, d *db.DB) *realShop {
	t.Helper()
	now := noon
	log := slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelError}))
	runner, err := jobs.New(d, jobs.Config{Logger: log, Now: now})
	if err != nil {
		t.Fatal(err)
	}
	r := &realShop{stripe: billingtest.New(now), members: &shopMembers{}, prices: map[string]string{}}
	r.service = billing.New(billing.Deps{
		Tx: d, Store: store.New(d), Apps: shopApps{}, Members: r.members, Gateway: r.stripe, Jobs: shopJobs{runner}, Mailer: silentMailer{},
		Versions: db.NewVersions(d), Now: now, Logger: log, BaseURL: "https://auth.test",
	})
	r.service.RegisterJobs(shopJobs{runner})
	r.seed(t)
	serve(t, d, r.service, &people{}, func(b *bundle) { r.bundle = b })
	return r
}

func (r *realShop) seed(t *testing.T) {
	t.Helper()
	ctx := t.Context()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must(r.service.EnableBilling(ctx, billing.EnableBilling{ClientID: "acme-crm", Gateway: billing.GatewayPlatform, DefaultCurrency: "PLN", DefaultCountry: "PL"}))
	scope := billing.Scope{Kind: billing.ScopeApp, ID: "acme-crm"}
	for name, prices := range map[string][]billing.NewPrice{
		"Pro":  {{Amount: 9900, Currency: "PLN", Interval: billing.IntervalMonth}, {Amount: 99000, Currency: "PLN", Interval: billing.IntervalYear}},
		"Team": {{Amount: 3000, Currency: "PLN", Interval: billing.IntervalMonth, PerSeat: true, SeatLabel: "user"}},
	} {
		plan, err := r.service.CreatePlan(ctx, billing.NewPlan{Scope: scope, Name: name})
		must(err)
		for _, p := range prices {
			p.PlanID = plan.ID
			added, err := r.service.AddPrice(ctx, p)
			must(err)
			r.prices[plan.Slug+" "+string(p.Interval)] = added.ID
		}
	}
}

func TestBuyWithTheRealService(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		r := setupReal(t, d)
		br := r.signedIn(ownOrg)
		a := br.post("/billing/acme-crm/checkout", url.Values{"price_id": {r.prices["pro month"]}, "return_to": {"https://crm.acme.test/done"}})
		a.wants(t, http.StatusSeeOther)
		session, id := r.openCheckout(t, d)
		back := "/billing/acme-crm/return/" + id

		br.get(back+"?cancelled=1").wants(t, http.StatusSeeOther)
		if _, ok := r.stripe.Pay(session); !ok {
			t.Fatalf("session %s cannot be paid", session)
		}
		// The browser says cancelled; Stripe says paid.
		done := br.get(back + "?cancelled=1")
		if got := done.header.Get("Location"); got != "https://crm.acme.test/done?checkout=success" {
			t.Fatalf("%d, Location %q: %s", done.status, got, done.body)
		}
		br.get("/billing/acme-crm").wants(t, http.StatusOK, "Your plan", "Manage subscription")
		br.post("/billing/acme-crm/checkout", url.Values{"price_id": {r.prices["team month"]}}).wants(t, http.StatusConflict, "already have a plan")
		portal := br.post("/billing/acme-crm/portal", nil)
		portal.wants(t, http.StatusSeeOther)

		r.who.orgID = ownOrg
		list := br.api(http.MethodGet, "/v1/billing/subscription", "")
		list.wants(t, http.StatusOK, `"planSlug":"pro"`, `"status":"ACTIVE"`, `"graceUntil":null`)
		list.keeps(t, "subscription")
		again := br.api(http.MethodPost, "/v1/billing/checkout", `{"priceId":"`+r.prices["team month"]+`"}`)
		again.wants(t, http.StatusConflict, "already_subscribed")
		again.keeps(t, "problem")
	})
}

// openCheckout answers the one checkout that was written.
func (r *realShop) openCheckout(t *testing.T, d *db.DB) (session, id string) {
	t.Helper()
	var rows []billing.Checkout
	if err := d.Conn(t.Context()).Find(&rows).Error; err != nil || len(rows) != 1 {
		t.Fatalf("%d checkouts (%v)", len(rows), err)
	}
	return rows[0].SessionID, rows[0].ID
}

func TestRefusalsOfTheRealServiceWriteNothing(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		r := setupReal(t, d)
		r.who.members = 5
		r.members.count.Store(5)
		br := r.signedIn(teamOrg)
		br.post("/billing/acme-crm/checkout", url.Values{"price_id": {r.prices["team month"]}, "quantity": {"2"}}).wants(t, http.StatusUnprocessableEntity, "fewer seats", `value="2"`)
		br.post("/billing/acme-crm/checkout", url.Values{"price_id": {r.prices["pro month"]}, "quantity": {"2"}}).wants(t, http.StatusUnprocessableEntity, "whole number")
		below := br.api(http.MethodPost, "/v1/billing/checkout", `{"priceId":"`+r.prices["team month"]+`","quantity":2}`)
		below.wants(t, http.StatusUnprocessableEntity, `"members":5`)
		below.keeps(t, "problem")
		if err := r.service.RetirePrice(t.Context(), r.prices["pro month"]); err != nil {
			t.Fatal(err)
		}
		br.api(http.MethodPost, "/v1/billing/checkout", `{"priceId":"`+r.prices["pro month"]+`"}`).wants(t, http.StatusGone, "price_retired")
		br.post("/billing/acme-crm/checkout", url.Values{"price_id": {r.prices["pro month"]}}).wants(t, http.StatusUnprocessableEntity, "no longer offered")
		var rows int64
		if err := d.Conn(t.Context()).Table("checkouts").Count(&rows).Error; err != nil || rows != 0 {
			t.Errorf("%d checkouts were written (%v)", rows, err)
		}
	})
}

func TestPlansJSONOfTheRealService(t *testing.T) {
	t.Parallel()
	r := setupReal(t, dbtest.SQLite(t))
	a := r.browser().get("/api/billing/acme-crm/plans?seats=14")
	a.wants(t, http.StatusOK, `"total":42000`)
	a.keeps(t, "plans")
	if !json.Valid([]byte(a.body)) {
		t.Error("no JSON")
	}
}

func TestBudgetOfThePricingPage(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		r := setupReal(t, d)
		r.browser().get("/billing/acme-crm").wants(t, http.StatusOK)
		for _, path := range []string{"/billing/acme-crm", "/billing/acme-crm?seats=9", "/api/billing/acme-crm/plans", "/billing/acme-crm/brand.css"} {
			var n atomic.Int64
			req := httptest.NewRequestWithContext(db.CountStatements(t.Context(), &n), http.MethodGet, path, strings.NewReader(""))
			rec := httptest.NewRecorder()
			r.edge.ServeHTTP(rec, req)
			if rec.Code != http.StatusOK || n.Load() > 1 {
				t.Errorf("%s: %d with %d statements, at most 1 allowed", path, rec.Code, n.Load())
			}
		}
	})
}

func TestManyPlansStayLight(t *testing.T) {
	t.Parallel()
	b := setup(t)
	pro := b.shop.catalog.Plans[0]
	b.shop.catalog.Plans = nil
	for i := range 12 {
		p := pro
		p.ID, p.Slug, p.Name = fmt.Sprintf("0199dddd-0000-7000-8000-0000000001%02d", i), fmt.Sprintf("pro-%d", i), fmt.Sprintf("Pro %d", i)
		b.shop.catalog.Plans = append(b.shop.catalog.Plans, p)
	}
	if a := b.browser().get("/billing/acme-crm"); a.status != http.StatusOK || len(a.body) > 60_000 {
		t.Errorf("%d with %d bytes", a.status, len(a.body))
	}
}
