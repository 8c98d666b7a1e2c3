package billing_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/wolfieauth/wolfieauth/billing"
	"github.com/wolfieauth/wolfieauth/internal/db"
	"github.com/wolfieauth/wolfieauth/internal/db/dbtest"
)

func TestBadOrdersLeaveNothingBehind(t *testing.T) {
	t.Parallel()
	onEngine(t, false, func(t *testing.T, d *db.DB) {
		b := setup(t, d)
		b.members.counts.Store("bigco", int64(5))
		archived, err := b.CreatePlan(t.Context(), billing.NewPlan{Scope: billing.Scope{Kind: billing.ScopeApp, ID: crm}, Name: "Old"})
		b.must(err)
		for _, in := range []billing.NewPrice{
			{ID: "price-old", PlanID: archived.ID, Amount: 100, Currency: "PLN", Interval: billing.IntervalMonth},
			{ID: "price-de", PlanID: starter, Amount: 100, Currency: "EUR", Interval: billing.IntervalMonth, CountryCodes: []string{"DE"}},
			{ID: "price-sk", PlanID: starter, Amount: 100, Currency: "PLN", Interval: billing.IntervalMonth, CountryCodes: []string{"SK"}},
		} {
			_, err = b.AddPrice(t.Context(), in)
			b.must(err)
		}
		b.must(b.ArchivePlan(t.Context(), archived.ID))
		b.must(b.RetirePrice(t.Context(), proEUR))
		q := func(n int64) *int64 { return &n }
		ok := billing.CheckoutRequest{ClientID: crm, PriceID: proPLN}
		seats := billing.CheckoutRequest{ClientID: crm, PriceID: teamPLN}
		with := func(r billing.CheckoutRequest, change func(r *billing.CheckoutRequest)) billing.CheckoutRequest {
			change(&r)
			return r
		}
		cases := map[string]struct {
			req  billing.CheckoutRequest
			want error
		}{
			"unknown app":           {billing.CheckoutRequest{ClientID: "x", PriceID: proPLN}, billing.ErrAppNotFound},
			"unknown price":         {billing.CheckoutRequest{ClientID: crm, PriceID: "x"}, billing.ErrPriceNotFound},
			"no price":              {billing.CheckoutRequest{ClientID: crm}, billing.ErrPlanNotFound},
			"foreign app's price":   {billing.CheckoutRequest{ClientID: crm, PriceID: "price-wolfie"}, billing.ErrPriceNotFound},
			"foreign app's plan":    {billing.CheckoutRequest{ClientID: crm, PlanID: "plan-wolfie", Interval: billing.IntervalMonth}, billing.ErrPlanNotFound},
			"archived plan's price": {billing.CheckoutRequest{ClientID: crm, PriceID: "price-old"}, billing.ErrPlanArchived},
			"archived plan":         {billing.CheckoutRequest{ClientID: crm, PlanID: archived.ID, Interval: billing.IntervalMonth}, billing.ErrPlanArchived},
			"retired price":         {billing.CheckoutRequest{ClientID: crm, PriceID: proEUR}, billing.ErrPriceRetired},
			"no such interval":      {billing.CheckoutRequest{ClientID: crm, PlanID: starter, Interval: billing.IntervalYear}, billing.ErrPriceNotFound},
			"no such currency":      {billing.CheckoutRequest{ClientID: crm, PlanID: pro, Interval: billing.IntervalMonth, Currency: "JPY"}, billing.ErrPriceNotFound},
			"country's price":       {billing.CheckoutRequest{ClientID: crm, PriceID: "price-de", Country: "PL"}, billing.ErrPriceCountry},
			"country's, in none":    {billing.CheckoutRequest{ClientID: crm, PriceID: "price-de"}, billing.ErrPriceCountry},
			"global beside its own": {billing.CheckoutRequest{ClientID: crm, PriceID: starterPLN, Country: "SK"}, billing.ErrPriceCountry},
			"currency of elsewhere": {billing.CheckoutRequest{ClientID: crm, PlanID: starter, Interval: billing.IntervalMonth, Currency: "EUR", Country: "SK"}, billing.ErrPriceCountry},
			"zero":                  {with(seats, func(r *billing.CheckoutRequest) { r.Quantity = q(0) }), billing.ErrQuantity},
			"negative":              {with(seats, func(r *billing.CheckoutRequest) { r.Quantity = q(-1) }), billing.ErrQuantity},
			"a billion":             {with(seats, func(r *billing.CheckoutRequest) { r.Quantity = q(1e9) }), billing.ErrQuantity},
			"beyond Stripe's limit": {with(seats, func(r *billing.CheckoutRequest) { r.Quantity = q(100_000) }), billing.ErrQuantity},
			"two of a flat price":   {with(ok, func(r *billing.CheckoutRequest) { r.Quantity = q(2) }), billing.ErrQuantity},
			"seats below members":   {with(seats, func(r *billing.CheckoutRequest) { r.Quantity = q(4) }), billing.ErrSeatsBelowMembers},
			"foreign return":        {with(ok, func(r *billing.CheckoutRequest) { r.ReturnTo = "https://evil.test/" }), billing.ErrReturnTo},
			"return by user info":   {with(ok, func(r *billing.CheckoutRequest) { r.ReturnTo = "https://acme-crm.test@evil.test/" }), billing.ErrReturnTo},
			"return by backslash":   {with(ok, func(r *billing.CheckoutRequest) { r.ReturnTo = `https://acme-crm.test\.evil.test/` }), billing.ErrReturnTo},
			"return by prefix":      {with(ok, func(r *billing.CheckoutRequest) { r.ReturnTo = "https://acme-crm.test.evil.test/" }), billing.ErrReturnTo},
			"return by port":        {with(ok, func(r *billing.CheckoutRequest) { r.ReturnTo = "https://acme-crm.test:8443/" }), billing.ErrReturnTo},
			"return by scheme":      {with(ok, func(r *billing.CheckoutRequest) { r.ReturnTo = "http://acme-crm.test/" }), billing.ErrReturnTo},
			"return without host":   {with(ok, func(r *billing.CheckoutRequest) { r.ReturnTo = "javascript:alert(1)" }), billing.ErrReturnTo},
			"relative return":       {with(ok, func(r *billing.CheckoutRequest) { r.ReturnTo = "//evil.test/" }), billing.ErrReturnTo},
			"endless return": {
				with(ok, func(r *billing.CheckoutRequest) { r.ReturnTo = "https://acme-crm.test/" + strings.Repeat("a", 5000) }), billing.ErrReturnTo,
			},
		}
		for name, tc := range cases {
			if _, err := b.StartCheckout(t.Context(), buyer("bigco"), tc.req); !errors.Is(err, tc.want) {
				t.Errorf("%s: %v, want %v", name, err, tc.want)
			}
		}
		var rows int64
		b.must(d.Conn(t.Context()).Raw("SELECT (SELECT COUNT(*) FROM checkouts) + (SELECT COUNT(*) FROM stripe_customers)").Scan(&rows).Error)
		if rows != 0 || b.stripe.Calls("CreateCheckout") != 0 {
			t.Errorf("%d rows and %d sessions were made", rows, b.stripe.Calls("CreateCheckout"))
		}
	})
}

func TestSeatsFollowMembersUnlessMoreAreBought(t *testing.T) {
	t.Parallel()
	onEngine(t, false, func(t *testing.T, d *db.DB) {
		b := setup(t, d)
		b.members.counts.Store("bigco", int64(5))
		five := b.buy("bigco", teamPLN)
		if five.Quantity != 5 || five.Committed != 1 {
			t.Errorf("five members: quantity %d, committed %d", five.Quantity, five.Committed)
		}
		spare := int64(8)
		c, err := b.StartCheckout(t.Context(), buyer("spareco"), billing.CheckoutRequest{ClientID: crm, PriceID: teamPLN, Quantity: &spare})
		b.must(err)
		if spec := b.stripe.Session(c.SessionID); spec.Quantity != 8 {
			t.Errorf("Stripe was asked for %d seats", spec.Quantity)
		}
		b.pay(c)
		out, err := b.FinishCheckout(t.Context(), c.ID, "spareco")
		b.must(err)
		if out.Subscription.Quantity != 8 || out.Subscription.Committed != 8 {
			t.Errorf("spare seats: %+v", out.Subscription)
		}
	})
}

func TestPlanIntervalAndCurrencyNameAPrice(t *testing.T) {
	t.Parallel()
	b := setup(t, dbtest.SQLite(t))
	for want, req := range map[string]billing.CheckoutRequest{
		proPLN:     {ClientID: crm, PlanID: pro, Interval: billing.IntervalMonth},
		proEUR:     {ClientID: crm, PlanID: pro, Interval: billing.IntervalMonth, Currency: "eur"},
		proYear:    {ClientID: crm, PlanID: pro, Interval: billing.IntervalYear, Currency: "PLN"},
		premiumPLN: {ClientID: mail, PlanID: premium, Interval: billing.IntervalMonth},
	} {
		c, err := b.StartCheckout(t.Context(), buyer("org-"+want), req)
		if err != nil || c.PriceID != want {
			t.Errorf("%+v chose %s, %v; want %s", req, c.PriceID, err, want)
		}
	}
}

func TestTheAccountFollowsTheGateway(t *testing.T) {
	t.Parallel()
	b := setup(t, dbtest.SQLite(t))
	c := b.start("buyco", proPLN)
	if c.Account != acct || c.Livemode {
		t.Errorf("connect sells on %q", c.Account)
	}
	w, err := b.StartCheckout(t.Context(), buyer("buyco"), billing.CheckoutRequest{ClientID: "wolfie-crm", PriceID: "price-wolfie"})
	if err != nil || w.Account != "" {
		t.Errorf("platform sells on %q, %v", w.Account, err)
	}
	b.must(b.EnableBilling(t.Context(), billing.EnableBilling{ClientID: crm, Gateway: billing.GatewayConnect, Livemode: true, DefaultCurrency: "PLN"}))
	_, err = b.StartCheckout(t.Context(), buyer("buyco"), billing.CheckoutRequest{ClientID: crm, PriceID: proPLN})
	if !errors.Is(err, billing.ErrStripeNotConfigured) {
		t.Errorf("no live account: %v", err)
	}
}

func TestATrialIsGivenOnce(t *testing.T) {
	t.Parallel()
	onEngine(t, false, func(t *testing.T, d *db.DB) {
		b := setup(t, d)
		plan, err := b.CreatePlan(t.Context(), billing.NewPlan{Scope: billing.Scope{Kind: billing.ScopeApp, ID: crm}, Name: "Try", TrialDays: 14})
		b.must(err)
		price, err := b.AddPrice(t.Context(), billing.NewPrice{PlanID: plan.ID, Amount: 100, Currency: "PLN", Interval: billing.IntervalMonth})
		b.must(err)
		sub := b.buy("buyco", price.ID)
		want := b.clock.now().AddDate(0, 0, 14)
		if sub.Status != billing.StatusTrialing || sub.TrialEnd == nil || !sub.TrialEnd.Equal(want) {
			t.Errorf("trial: %+v", sub)
		}
		now := b.clock.now()
		b.stripe.Change(sub.StripeID, func(s *billing.RemoteSubscription) { s.Status, s.EndedAt = billing.StatusCanceled, &now })
		b.deliver(connected, sub.StripeID)
		b.drain()
		if again := b.buy("buyco", price.ID); again.Status != billing.StatusActive {
			t.Errorf("a second trial: %s", again.Status)
		}
	})
}

func TestThePortalOpensForBuyersOnly(t *testing.T) {
	t.Parallel()
	onEngine(t, false, func(t *testing.T, d *db.DB) {
		b := setup(t, d)
		if _, err := b.Portal(t.Context(), buyer("buyco"), crm, ""); !errors.Is(err, billing.ErrSubscriptionNotFound) {
			t.Errorf("never bought: %v", err)
		}
		sub := b.buy("buyco", proPLN)
		url, err := b.Portal(t.Context(), buyer("buyco"), crm, "")
		if want := "https://portal.test/" + sub.CustomerID + "?return=https://auth.test/billing/acme-crm"; err != nil || url != want {
			t.Errorf("Portal = %q, %v; want %q", url, err, want)
		}
		if _, err := b.Portal(t.Context(), buyer("buyco"), crm, "https://evil.test/"); !errors.Is(err, billing.ErrReturnTo) {
			t.Errorf("foreign return: %v", err)
		}
	})
}

func TestStripeBeingDownIsPendingAtReturn(t *testing.T) {
	t.Parallel()
	onEngine(t, false, func(t *testing.T, d *db.DB) {
		b := setup(t, d)
		c := b.start("buyco", proPLN)
		b.pay(c)
		b.stripe.Break(func(string) (error, error) { return billing.ErrStripeUnavailable, nil })
		out, err := b.FinishCheckout(t.Context(), c.ID, "buyco")
		if err != nil || out.State != billing.FinishPending {
			t.Errorf("FinishCheckout = %s, %v", out.State, err)
		}
		b.stripe.Break(nil)
		b.settle()
		if rows := b.subscriptions("buyco"); len(rows) != 1 || !rows[0].Holds {
			t.Errorf("it never followed: %+v", rows)
		}
	})
}

func TestAPurchaseWithoutPaymentIsHeld(t *testing.T) {
	t.Parallel()
	onEngine(t, false, func(t *testing.T, d *db.DB) {
		b := setup(t, d)
		price, err := b.AddPrice(t.Context(), billing.NewPrice{PlanID: starter, Amount: 0, Currency: "PLN", Interval: billing.IntervalOneTime})
		b.must(err)
		sub := b.buy("buyco", price.ID)
		if sub.Recurring || !sub.Holds || sub.ExpiresAt != nil {
			t.Errorf("free purchase: %+v", sub)
		}
		b.clock.advance(40 * 24 * time.Hour)
		b.must(b.Reconcile(t.Context()))
		b.drain()
		if rows := b.subscriptions("buyco"); len(rows) != 1 || !rows[0].Holds {
			t.Errorf("a month later: %+v", rows)
		}
	})
}

func TestASessionLostInACrashIsAdopted(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := setup(t, d)
		c := b.start("buyco", proOnce)
		// The process died between Stripe's answer and the commit of the session's id.
		b.must(d.Conn(t.Context()).Exec("UPDATE checkouts SET session_id = '', url = '' WHERE id = ?", c.ID).Error)
		b.pay(c)
		b.deliver(connected, c.SessionID)
		b.drain()
		if rows := b.subscriptions("buyco"); len(rows) != 1 || !rows[0].Holds || rows[0].CheckoutID != c.ID {
			t.Errorf("rows are %+v", rows)
		}
	})
}
