package store_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wolfieauth/wolfieauth/billing"
	"github.com/wolfieauth/wolfieauth/billing/store"
	"github.com/wolfieauth/wolfieauth/internal/column"
	"github.com/wolfieauth/wolfieauth/internal/db"
	"github.com/wolfieauth/wolfieauth/internal/db/dbtest"
)

var (
	noon  = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	later = noon.Add(time.Hour)
	crm   = billing.Scope{Kind: billing.ScopeApp, ID: "acme-crm"}
	suite = billing.Scope{Kind: billing.ScopeBundle, ID: "suite"}
)

// bundle is a store with one plan ("pro") of one price ("pro-pln").
type bundle struct {
	*store.Store
	t   *testing.T
	db  *db.DB
	ctx context.Context
}

func setup(t *testing.T, d *db.DB) *bundle {
	t.Helper()
	b := &bundle{Store: store.New(d), t: t, db: d, ctx: t.Context()}
	b.must(b.InsertPlan(b.ctx, billing.Plan{ID: "pro", OrgID: "acme", Scope: crm, Slug: "pro", Name: "Pro", GraceDays: 7, CreatedAt: noon, UpdatedAt: noon}))
	b.must(b.InsertPrice(b.ctx, billing.Price{
		ID: "pro-pln", PlanID: "pro", Amount: 9900, Currency: "PLN", Interval: billing.IntervalMonth, Scheme: billing.SchemeFlat, CreatedAt: noon, UpdatedAt: noon,
	}))
	return b
}

func (b *bundle) must(err error) {
	b.t.Helper()
	if err != nil {
		b.t.Fatal(err)
	}
}

func (b *bundle) wants(err, want error) {
	b.t.Helper()
	if !errors.Is(err, want) {
		b.t.Errorf("error %v, want %v", err, want)
	}
}

func subscription(id, org string) billing.Subscription {
	return billing.Subscription{
		ID: id, OrgID: org, ClientID: "acme-crm", Scope: crm, PlanID: "pro", PriceID: "pro-pln", Account: "acct_1", StripeID: "sub_" + id, CustomerID: "cus_" + org,
		Recurring: true, Holds: true, Status: billing.StatusActive, Quantity: 1, Committed: 1, Currency: "PLN", Interval: billing.IntervalMonth,
		CurrentPeriodEnd: &later, StripeCreatedAt: noon, CreatedAt: noon, UpdatedAt: noon,
	}
}

func checkout(id string) billing.Checkout {
	return billing.Checkout{
		ID: id, OrgID: "buyco", UserID: "ann", ClientID: "acme-crm", Scope: crm, PlanID: "pro", PriceID: "pro-pln", Quantity: 1, Committed: 1,
		Account: "acct_1", Currency: "PLN", Lang: "pl", Status: billing.CheckoutOpen, ExpiresAt: &later, CreatedAt: noon, UpdatedAt: noon,
	}
}

func TestCatalogueRoundTrip(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := setup(t, d)
		five := int64(5)
		f1 := billing.Feature{ID: "f1", Scope: suite, Key: "b_first", Name: "B", CreatedAt: noon, UpdatedAt: noon}
		f2 := billing.Feature{ID: "f2", Scope: suite, Key: "a_second", Name: "A", CreatedAt: noon, UpdatedAt: noon}
		b.must(b.InsertFeature(b.ctx, f1))
		b.must(b.InsertFeature(b.ctx, f2))
		plan := billing.Plan{
			ID: "premium", OrgID: "acme", Scope: suite, Slug: "premium", Name: "Premium", Description: "All", Color: "#aabbcc", Position: 3,
			Hidden: true, Recommended: true, TrialDays: 14, GraceDays: 0, LastsDays: 30, MaxSeats: 40, CreatedAt: noon, UpdatedAt: noon,
			Features: []billing.Feature{f1, f2},
		}
		b.must(b.InsertPlan(b.ctx, plan))
		price := billing.Price{
			ID: "seats", PlanID: "premium", Currency: "EUR", Interval: billing.IntervalYear, PerSeat: true, SeatLabel: "user",
			CountryCodes: column.Strings{"DE", "PL"}, Scheme: billing.SchemeGraduated, CreatedAt: noon, UpdatedAt: noon,
			Tiers: []billing.Tier{{PriceID: "seats", UpTo: &five, UnitAmount: 10, FlatAmount: 3}, {PriceID: "seats", Position: 1, UnitAmount: 5}},
		}
		b.must(b.InsertPrice(b.ctx, price))
		plan.Prices = []billing.Price{price}
		got, err := b.Plan(b.ctx, "premium")
		b.must(err)
		if diff := cmp.Diff(plan, got); diff != "" {
			t.Errorf("plan (-want +got):\n%s", diff)
		}
		all, err := b.PlansForSale(b.ctx, []billing.Scope{crm, suite})
		if err != nil || len(all) != 2 || all[1].ID != "premium" || len(all[1].Prices[0].Tiers) != 2 {
			t.Errorf("PlansForSale = %+v, %v", all, err)
		}
		b.must(b.RetirePrice(b.ctx, "seats", later))
		b.must(b.RetirePrice(b.ctx, "seats", later.Add(time.Hour)))
		if p, err := b.Price(b.ctx, "seats"); err != nil || p.RetiredAt == nil || !p.RetiredAt.Equal(later) {
			t.Errorf("retired %v, %v; want the first moment", p.RetiredAt, err)
		}
		b.must(b.ArchivePlan(b.ctx, "pro", later))
		if all, err := b.PlansForSale(b.ctx, []billing.Scope{crm, suite}); err != nil || len(all) != 1 || len(all[0].Prices) != 0 {
			t.Errorf("PlansForSale = %+v, %v", all, err)
		}
		taken, err := b.SlugTaken(b.ctx, []billing.Scope{crm}, "pro")
		if err != nil || !taken {
			t.Errorf("an archived plan's slug is free: %v", err)
		}
		b.wants(b.ArchivePlan(b.ctx, "none", later), billing.ErrPlanNotFound)
		b.wants(b.RetirePrice(b.ctx, "none", later), billing.ErrPriceNotFound)
		_, err = b.Plan(b.ctx, "none")
		b.wants(err, billing.ErrPlanNotFound)
		_, err = b.Price(b.ctx, "none")
		b.wants(err, billing.ErrPriceNotFound)
		_, err = b.Settings(b.ctx, "none")
		b.wants(err, billing.ErrBillingOff)
		b.wants(b.InsertFeature(b.ctx, f1), billing.ErrRace)
		b.wants(b.InsertPlan(b.ctx, plan), billing.ErrRace)
	})
}

func TestSettingsKeepTheirMoments(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := setup(t, d)
		want := billing.AppSettings{ClientID: "acme-crm", OrgID: "acme", Enabled: true, Gateway: billing.GatewayConnect, DefaultCurrency: "PLN", CreatedAt: noon, UpdatedAt: noon}
		b.must(b.SaveSettings(b.ctx, want))
		want.Enabled, want.UpdatedAt = false, later
		b.must(b.SaveSettings(b.ctx, want))
		got, err := b.Settings(b.ctx, "acme-crm")
		b.must(err)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("settings (-want +got):\n%s", diff)
		}
	})
}

func TestClaimsAreMadeOnceAndNamedOnce(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := setup(t, d)
		for i, id := range []string{"one", "two"} {
			product, err := b.ClaimProduct(b.ctx, billing.StripeProduct{PlanID: "pro", Account: "acct_1", ID: "prod-" + id, CreatedAt: noon, UpdatedAt: noon})
			b.must(err)
			price, err := b.ClaimPrice(b.ctx, billing.StripePrice{PriceID: "pro-pln", Account: "acct_1", ID: "price-" + id, CreatedAt: noon, UpdatedAt: noon})
			b.must(err)
			customer, err := b.ClaimCustomer(b.ctx, billing.Customer{ID: "cust-" + id, OrgID: "buyco", Account: "acct_1", Currency: "PLN", Name: id, CreatedAt: noon, UpdatedAt: noon})
			b.must(err)
			if product.ID != "prod-one" || price.ID != "price-one" || customer.ID != "cust-one" || customer.Name != "one" {
				t.Errorf("claim %d made %s, %s, %s", i, product.ID, price.ID, customer.ID)
			}
			b.must(b.NameProduct(b.ctx, "prod-one", "prod_"+id, later))
			b.must(b.NamePrice(b.ctx, "price-one", "price_"+id, later))
			b.must(b.NameCustomer(b.ctx, "cust-one", "cus_"+id, later))
		}
		customer, err := b.CustomerNamed(b.ctx, "acct_1", false, "cus_one")
		if err != nil || customer.OrgID != "buyco" {
			t.Errorf("CustomerNamed = %+v, %v", customer, err)
		}
		for _, miss := range []struct {
			account, name string
			livemode      bool
		}{{"acct_1", "cus_two", false}, {"acct_1", "", false}, {"", "cus_one", false}, {"acct_1", "cus_one", true}} {
			_, err = b.CustomerNamed(b.ctx, miss.account, miss.livemode, miss.name)
			b.wants(err, billing.ErrCustomerNotFound)
		}
		price, err := b.PriceNamed(b.ctx, "acct_1", false, "price_one")
		if err != nil || price != "pro-pln" {
			t.Errorf("PriceNamed = %q, %v", price, err)
		}
		_, err = b.PriceNamed(b.ctx, "", false, "price_one")
		b.wants(err, billing.ErrPriceNotFound)
		live, err := b.ClaimCustomer(b.ctx, billing.Customer{ID: "live", OrgID: "buyco", Account: "acct_1", Livemode: true, Currency: "PLN", CreatedAt: noon, UpdatedAt: noon})
		if err != nil || live.ID != "live" {
			t.Errorf("the modes share a customer: %+v, %v", live, err)
		}
		if list, err := b.Customers(b.ctx, "buyco", "acct_1", false); err != nil || len(list) != 1 {
			t.Errorf("Customers = %+v, %v", list, err)
		}
	})
}

func TestAccountsByMode(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := setup(t, d)
		_, err := b.Account(b.ctx, "acme", false)
		b.wants(err, billing.ErrAccountNotFound)
		b.must(b.ConnectAccount(b.ctx, billing.StripeAccount{OrgID: "acme", Account: "acct_old", CreatedAt: noon, UpdatedAt: noon}))
		b.must(b.ConnectAccount(b.ctx, billing.StripeAccount{OrgID: "acme", Account: "acct_test", CreatedAt: noon, UpdatedAt: later}))
		b.must(b.ConnectAccount(b.ctx, billing.StripeAccount{OrgID: "acme", Livemode: true, Account: "acct_live", CreatedAt: noon, UpdatedAt: noon}))
		for account, want := range map[string][2]bool{"": {true, true}, "acct_test": {true, false}, "acct_live": {false, true}, "acct_old": {false, false}} {
			for i, livemode := range []bool{false, true} {
				if got, err := b.AccountKnown(b.ctx, account, livemode); err != nil || got != want[i] {
					t.Errorf("AccountKnown(%q, live %v) = %v, %v", account, livemode, got, err)
				}
			}
		}
		if row, err := b.Account(b.ctx, "acme", false); err != nil || row.Account != "acct_test" || !row.UpdatedAt.Equal(later) {
			t.Errorf("Account = %+v, %v", row, err)
		}
	})
}

func TestCheckoutsMoveForwardOnly(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := setup(t, d)
		first, err := b.ClaimCheckout(b.ctx, checkout("c1"))
		b.must(err)
		again, err := b.ClaimCheckout(b.ctx, checkout("c2"))
		if err != nil || first.ID != "c1" || again.ID != "c1" {
			t.Errorf("claimed %s and %s, %v", first.ID, again.ID, err)
		}
		opened, err := b.OpenSession(b.ctx, "c1", "cs_1", "https://pay", later)
		b.must(err)
		kept, err := b.OpenSession(b.ctx, "c1", "cs_2", "https://other", later)
		if err != nil || opened.SessionID != "cs_1" || kept.SessionID != "cs_1" || kept.URL != "https://pay" {
			t.Errorf("session %s became %s, %v", opened.SessionID, kept.SessionID, err)
		}
		if row, err := b.CheckoutOfSession(b.ctx, "acct_1", false, "cs_1"); err != nil || row.ID != "c1" {
			t.Errorf("CheckoutOfSession = %+v, %v", row, err)
		}
		_, err = b.CheckoutOfSession(b.ctx, "", false, "cs_1")
		b.wants(err, billing.ErrCheckoutNotFound)
		for _, step := range []struct {
			to    billing.CheckoutStatus
			moved bool
		}{
			{billing.CheckoutExpired, true},
			{billing.CheckoutExpired, false},
			{billing.CheckoutCompleted, true},
			{billing.CheckoutExpired, false},
			{billing.CheckoutRefunded, true},
			{billing.CheckoutCompleted, false},
			{billing.CheckoutOpen, false},
		} {
			if moved, err := b.CloseCheckout(b.ctx, "c1", step.to, later); err != nil || moved != step.moved {
				t.Errorf("to %s: moved %v, %v", step.to, moved, err)
			}
		}
		third, err := b.ClaimCheckout(b.ctx, checkout("c3"))
		if err != nil || third.ID != "c3" {
			t.Errorf("after the first was closed: %+v, %v", third, err)
		}
		open, err := b.OpenCheckouts(b.ctx, "buyco", crm, false)
		if err != nil || len(open) != 1 || open[0].ID != "c3" {
			t.Errorf("OpenCheckouts = %+v, %v", open, err)
		}
		for before, want := range map[time.Time]int{noon: 0, later: 1} {
			if rows, err := b.UnfinishedCheckouts(b.ctx, before, 10); err != nil || len(rows) != want {
				t.Errorf("UnfinishedCheckouts(%v) = %d, %v", before, len(rows), err)
			}
		}
	})
}

func TestOneSubscriptionHoldsAScope(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := setup(t, d)
		sub := subscription("s1", "buyco")
		b.must(b.SaveSubscription(b.ctx, sub))
		second := subscription("s2", "buyco")
		b.wants(b.SaveSubscription(b.ctx, second), billing.ErrRace)
		second.Holds = false
		b.must(b.SaveSubscription(b.ctx, second))
		second.Livemode, second.Holds, second.ID, second.StripeID = true, true, "s3", "sub_s1"
		b.must(b.SaveSubscription(b.ctx, second)) // the other mode has a place of its own
		sameName := subscription("s4", "other")
		sameName.StripeID = sub.StripeID
		b.wants(b.SaveSubscription(b.ctx, sameName), billing.ErrRace)
		got, err := b.Holder(b.ctx, "buyco", crm, false)
		b.must(err)
		if diff := cmp.Diff(sub, got); diff != "" {
			t.Errorf("holder (-want +got):\n%s", diff)
		}
		sub.Holds, sub.Status, sub.EndedAt, sub.UpdatedAt = false, billing.StatusCanceled, &later, later
		b.must(b.SaveSubscription(b.ctx, sub))
		_, err = b.Holder(b.ctx, "buyco", crm, false)
		b.wants(err, billing.ErrSubscriptionNotFound)
		if got, err := b.SubscriptionNamed(b.ctx, "acct_1", false, "sub_s1"); err != nil || !got.UpdatedAt.Equal(later) {
			t.Errorf("updated %v, want the injected moment; %v", got.UpdatedAt, err)
		}
		for _, since := range []struct {
			at   time.Time
			want int
		}{{noon, 2}, {later, 1}} {
			if rows, err := b.Bought(b.ctx, []billing.Scope{crm, suite}, false, []string{"buyco"}, since.at); err != nil || len(rows) != since.want {
				t.Errorf("Bought since %v = %d, %v", since.at, len(rows), err)
			}
		}
		if n, err := b.LiveModeHolders(b.ctx, []billing.Scope{crm}); err != nil || n != 1 {
			t.Errorf("LiveModeHolders = %d, %v", n, err)
		}
		if had, err := b.HadAny(b.ctx, "buyco", suite, false); err != nil || had {
			t.Errorf("HadAny = %v, %v", had, err)
		}
	})
}

func TestStaleSubscriptions(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := setup(t, d)
		day := 24 * time.Hour
		for id, change := range map[string]func(s *billing.Subscription){
			"unread": func(s *billing.Subscription) { s.UpdatedAt = noon.Add(-2 * day) },
			"ended":  func(s *billing.Subscription) { s.UpdatedAt, s.EndedAt = noon.Add(-2*day), &noon },
			"fresh":  func(s *billing.Subscription) { end := noon.Add(day); s.CurrentPeriodEnd = &end },
			"late": func(s *billing.Subscription) {
				end := noon.Add(-3 * time.Hour)
				s.CurrentPeriodEnd, s.UpdatedAt = &end, noon.Add(-4*time.Hour)
			},
			"once":         func(s *billing.Subscription) { s.Recurring, s.UpdatedAt = false, noon.Add(-2*day) },
			"once, unread": func(s *billing.Subscription) { s.Recurring, s.UpdatedAt = false, noon.Add(-40*day) },
		} {
			s := subscription(id, id)
			change(&s)
			b.must(b.SaveSubscription(b.ctx, s))
		}
		rows, err := b.StaleSubscriptions(b.ctx, billing.Stale{Renewing: noon.Add(-day), Purchased: noon.Add(-30 * day), Period: noon.Add(-time.Hour)}, 10)
		b.must(err)
		var ids []string
		for _, r := range rows {
			ids = append(ids, r.ID)
		}
		if diff := cmp.Diff([]string{"once, unread", "unread", "late"}, ids); diff != "" {
			t.Errorf("stale (-want +got):\n%s", diff)
		}
	})
}

func TestEventsAreRecordedOnce(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := setup(t, d)
		event := func(id, account, eventID string, at time.Time) billing.WebhookEvent {
			return billing.WebhookEvent{ID: id, Account: account, EventID: eventID, Type: "x", ObjectID: "sub_1", Payload: "{}", ReceivedAt: at}
		}
		for _, tc := range []struct {
			event billing.WebhookEvent
			fresh bool
		}{
			{event("1", "", "evt_1", noon), true},
			{event("2", "", "evt_1", noon), false},
			{event("3", "acct_1", "evt_1", noon), true},
			{event("4", "acct_1", "evt_2", later), true},
		} {
			if fresh, err := b.RecordEvent(b.ctx, tc.event); err != nil || fresh != tc.fresh {
				t.Errorf("%s: fresh %v, %v", tc.event.ID, fresh, err)
			}
		}
		b.must(b.SettleEvents(b.ctx, "acct_1", false, "sub_1", "applied", noon, later))
		var outcomes []string
		b.must(d.Conn(b.ctx).Raw("SELECT outcome FROM stripe_webhook_events ORDER BY id").Scan(&outcomes).Error)
		if diff := cmp.Diff([]string{"", "applied", ""}, outcomes); diff != "" {
			t.Errorf("outcomes (-want +got):\n%s", diff)
		}
	})
}

func TestReadsAreStoredInTheirOrder(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := setup(t, d)
		const readers = 20
		numbers := make(chan int64, readers)
		var wg sync.WaitGroup
		for range readers {
			wg.Go(func() {
				n, err := b.TakeRead(b.ctx, "acct_1", false, "sub_1")
				if err != nil {
					t.Error(err)
				}
				numbers <- n
			})
		}
		wg.Wait()
		close(numbers)
		seen := map[int64]bool{}
		for n := range numbers {
			seen[n] = true
		}
		if len(seen) != readers {
			t.Errorf("%d readers share %d numbers", readers, len(seen))
		}
		for _, step := range []struct {
			n      int64
			newest bool
		}{{3, true}, {2, false}, {3, false}, {20, true}, {19, false}} {
			if newest, err := b.StoreRead(b.ctx, "acct_1", false, "sub_1", step.n); err != nil || newest != step.newest {
				t.Errorf("store %d: %v, %v", step.n, newest, err)
			}
		}
		if n, err := b.TakeRead(b.ctx, "acct_1", true, "sub_1"); err != nil || n != 1 {
			t.Errorf("the other mode counts %d, %v", n, err)
		}
	})
}

func TestRefundsAreDecidedAndDoneOnce(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := setup(t, d)
		b.must(b.SaveSubscription(b.ctx, subscription("s1", "buyco")))
		for _, id := range []string{"r1", "r2"} {
			row, err := b.DecideRefund(b.ctx, billing.Refund{ID: id, SubscriptionID: "s1", Reason: billing.ReasonDoublePayment, PaymentID: "pi_" + id, CreatedAt: noon, UpdatedAt: noon})
			if err != nil || row.ID != "r1" || row.PaymentID != "pi_r1" {
				t.Errorf("decided %+v, %v", row, err)
			}
		}
		for _, want := range []bool{true, false} {
			if first, err := b.RefundDone(b.ctx, "r1", "re_1", later); err != nil || first != want {
				t.Errorf("RefundDone = %v, %v; want %v", first, err, want)
			}
		}
		if row, err := b.Refund(b.ctx, "r1"); err != nil || row.RefundID != "re_1" {
			t.Errorf("Refund = %+v, %v", row, err)
		}
		_, err := b.Refund(b.ctx, "r2")
		b.wants(err, billing.ErrRefundNotFound)
		if decided, err := b.RefundDecided(b.ctx, "s1"); err != nil || !decided {
			t.Errorf("RefundDecided = %v, %v", decided, err)
		}
	})
}
