package billing_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wolfieauth/wolfieauth/billing"
	"github.com/wolfieauth/wolfieauth/internal/db"
	"github.com/wolfieauth/wolfieauth/internal/db/dbtest"
)

func TestCatalogueHoldsTheAppsPlansAndItsBundles(t *testing.T) {
	t.Parallel()
	onEngine(t, false, func(t *testing.T, d *db.DB) {
		b := setup(t, d)
		c, err := b.Catalog(t.Context(), crm)
		b.must(err)
		var slugs []string
		for _, p := range c.Plans {
			slugs = append(slugs, p.Slug)
		}
		if diff := cmp.Diff([]string{"starter", "pro", "team", "premium"}, slugs); diff != "" {
			t.Errorf("plans (-want +got):\n%s", diff)
		}
		if bundle, ok := c.BundleOf(c.Plans[3]); !ok || bundle.Slug != "acme-suite" {
			t.Errorf("premium is of bundle %+v", bundle)
		}
		if f := c.Plans[1].Features; len(f) != 1 || f[0].Key != "ksef_enabled" {
			t.Errorf("features of pro: %+v", f)
		}
		if p, plan, err := c.Price(proPLN); err != nil || p.Currency != "PLN" || plan.ID != pro {
			t.Errorf("Price = %+v, %v", p, err)
		}
		if c, err := b.Catalog(t.Context(), mail); err != nil || len(c.Plans) != 1 || c.Plans[0].ID != premium {
			t.Errorf("acme-mail sells %+v, %v", c.Plans, err)
		}
	})
}

func TestCatalogueCostsNothingUntilItChanges(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := setup(t, d)
		_, err := b.Catalog(t.Context(), crm)
		b.must(err)
		var n atomic.Int64
		ctx := db.CountStatements(t.Context(), &n)
		_, err = b.Catalog(ctx, crm)
		b.must(err)
		if n.Load() != 0 {
			t.Errorf("a warm catalogue cost %d statements", n.Load())
		}
		if _, err := b.CurrentOf(ctx, crm, "buyco"); err != nil || n.Load() != 1 {
			t.Errorf("the current plan cost %d statements, %v", n.Load(), err)
		}
		b.must(b.ArchivePlan(t.Context(), starter))
		b.must(b.RetirePrice(t.Context(), proEUR))
		c, err := b.Catalog(t.Context(), crm)
		b.must(err)
		_, noPlan := c.Plan(starter)
		_, _, noPrice := c.Price(proEUR)
		if !errors.Is(noPlan, billing.ErrPlanNotFound) || !errors.Is(noPrice, billing.ErrPriceNotFound) {
			t.Errorf("still for sale: %v, %v", noPlan, noPrice)
		}
	})
}

func TestSeedingAgainChangesNothing(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := setup(t, d)
		count := func() (n int64) {
			b.must(d.Conn(t.Context()).Raw(`SELECT (SELECT COUNT(*) FROM plans) + (SELECT COUNT(*) FROM membership_prices) +
				(SELECT COUNT(*) FROM features) + (SELECT COUNT(*) FROM plan_features) + (SELECT COUNT(*) FROM billing_apps)`).Scan(&n).Error)
			return n
		}
		before := count()
		b.seed()
		if after := count(); after != before {
			t.Errorf("%d rows became %d", before, after)
		}
	})
}

func TestBillingOffSellsNothing(t *testing.T) {
	t.Parallel()
	onEngine(t, false, func(t *testing.T, d *db.DB) {
		b := setup(t, d)
		b.must(b.DisableBilling(t.Context(), crm))
		c, err := b.Catalog(t.Context(), crm)
		if !errors.Is(err, billing.ErrBillingOff) || c.App.ClientID != crm || len(c.Plans) != 0 {
			t.Errorf("Catalog = %+v, %v", c, err)
		}
		_, err = b.StartCheckout(t.Context(), buyer("buyco"), billing.CheckoutRequest{ClientID: crm, PriceID: proPLN})
		if !errors.Is(err, billing.ErrBillingOff) {
			t.Errorf("a checkout: %v", err)
		}
		if _, err := b.Catalog(t.Context(), "nobody"); !errors.Is(err, billing.ErrAppNotFound) {
			t.Errorf("unknown app: %v", err)
		}
	})
}

func TestBillingStaysWhilePeoplePay(t *testing.T) {
	t.Parallel()
	onEngine(t, false, func(t *testing.T, d *db.DB) {
		b := setup(t, d)
		live := billing.EnableBilling{ClientID: crm, Gateway: billing.GatewayConnect, Livemode: true, DefaultCurrency: "PLN"}
		b.must(b.EnableBilling(t.Context(), live))
		b.must(b.ConnectAccount(t.Context(), "acme", "acct_live", true))
		b.buy("buyco", proPLN)
		if err := b.DisableBilling(t.Context(), crm); !errors.Is(err, billing.ErrLiveSubscriptions) {
			t.Errorf("switched off: %v", err)
		}
		live.Gateway = billing.GatewayPlatform
		if err := b.EnableBilling(t.Context(), live); !errors.Is(err, billing.ErrLiveSubscriptions) {
			t.Errorf("moved: %v", err)
		}
		live.Gateway, live.Headline = billing.GatewayConnect, "Plans"
		b.must(b.EnableBilling(t.Context(), live))
	})
}

// mistakesIn reads "field:code" out of an error.
func mistakesIn(err error) string {
	var list billing.FieldErrors
	if !errors.As(err, &list) {
		return "not a field error"
	}
	var out []string
	for _, f := range list {
		out = append(out, f.Field+":"+f.Code)
	}
	slices.Sort(out)
	return strings.Join(out, " ")
}

func TestPriceMistakesAreNamedAtTheField(t *testing.T) {
	t.Parallel()
	b := setup(t, dbtest.SQLite(t))
	month := billing.IntervalMonth
	tiers := func(upTos ...int64) (out []billing.Tier) {
		for _, n := range upTos {
			tier := billing.Tier{UnitAmount: 100}
			if n > 0 {
				tier.UpTo = upTo(n)
			}
			out = append(out, tier)
		}
		return out
	}
	seats := func(tiers []billing.Tier) billing.NewPrice {
		return billing.NewPrice{Currency: "USD", Interval: month, PerSeat: true, SeatLabel: "seat", Scheme: billing.SchemeVolume, Tiers: tiers}
	}
	many := make([]int64, 101)
	for i := range many[:100] {
		many[i] = int64(i + 1)
	}
	cases := map[string]struct {
		price billing.NewPrice
		want  string
	}{
		"unknown currency":    {billing.NewPrice{Currency: "zzz", Interval: month, Amount: 1}, "currency:unknown_currency"},
		"negative amount":     {billing.NewPrice{Currency: "USD", Interval: month, Amount: -1}, "amount:negative"},
		"more than Stripe":    {billing.NewPrice{Currency: "USD", Interval: month, Amount: 100_000_000}, "amount:too_large"},
		"half a króna":        {billing.NewPrice{Currency: "ISK", Interval: month, Amount: 150}, "amount:not_payable"},
		"unknown interval":    {billing.NewPrice{Currency: "USD", Interval: "week"}, "interval:invalid"},
		"unknown country":     {billing.NewPrice{Currency: "USD", Interval: month, CountryCodes: []string{"PL", "XX"}}, "countryCodes[1]:unknown_country"},
		"not a country code":  {billing.NewPrice{Currency: "USD", Interval: month, CountryCodes: []string{"POL"}}, "countryCodes[0]:unknown_country"},
		"seats without label": {billing.NewPrice{Currency: "USD", Interval: month, PerSeat: true}, "seatLabel:required"},
		"once per seat":       {billing.NewPrice{Currency: "USD", Interval: billing.IntervalOneTime, PerSeat: true, SeatLabel: "x"}, "interval:one_time_flat_only"},
		"flat with tiers":     {billing.NewPrice{Currency: "USD", Interval: month, Tiers: tiers(0)}, "tiers:tiers_unwanted"},
		"tiers without seats": {billing.NewPrice{Currency: "USD", Interval: month, Scheme: billing.SchemeGraduated, Tiers: tiers(0)}, "scheme:tiers_need_seats"},
		"unknown scheme":      {billing.NewPrice{Currency: "USD", Interval: month, Scheme: "staircase"}, "scheme:invalid"},
		"no tiers":            {seats(nil), "tiers:tier_count"},
		"too many tiers":      {seats(tiers(many...)), "tiers:tier_count"},
		"unsorted tiers":      {seats(tiers(10, 5, 0)), "tiers[1].upTo:tier_order"},
		"overlapping tiers":   {seats(tiers(10, 10, 0)), "tiers[1].upTo:tier_order"},
		"zero tier":           {seats([]billing.Tier{{UpTo: upTo(0)}, {}}), "tiers[0].upTo:tier_order"},
		"two open tiers":      {seats(tiers(0, 0)), "tiers[0].upTo:tier_open"},
		"no open tier":        {seats(tiers(5, 10)), "tiers[1].upTo:tier_open"},
		"negative tier":       {seats([]billing.Tier{{UnitAmount: -5, FlatAmount: -1}}), "tiers[0].flatAmount:negative tiers[0].unitAmount:negative"},
		"everything at once":  {billing.NewPrice{Currency: "??", Interval: "x", Scheme: "y"}, "currency:unknown_currency interval:invalid scheme:invalid"},
		"the same again":      {billing.NewPrice{Currency: "PLN", Interval: month, Amount: 1}, "currency:duplicate_price"},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			tc.price.PlanID = starter
			_, err := b.AddPrice(t.Context(), tc.price)
			if got := mistakesIn(err); got != tc.want {
				t.Errorf("%q, want %q (%v)", got, tc.want, err)
			}
		})
	}
	plan, err := b.store.Plan(t.Context(), starter)
	if err != nil || len(plan.Prices) != 1 {
		t.Errorf("something was written: %+v, %v", plan.Prices, err)
	}
}

func TestPlanMistakesAreNamedAtTheField(t *testing.T) {
	t.Parallel()
	b := setup(t, dbtest.SQLite(t))
	onCRM, onSuite := billing.Scope{Kind: billing.ScopeApp, ID: crm}, billing.Scope{Kind: billing.ScopeBundle, ID: suite}
	cases := map[string]struct {
		plan billing.NewPlan
		want string
	}{
		"no name":             {billing.NewPlan{Scope: onCRM}, "name:required"},
		"no letters":          {billing.NewPlan{Scope: onCRM, Name: "!!!"}, "slug:invalid"},
		"long name":           {billing.NewPlan{Scope: onCRM, Name: strings.Repeat("ż", 81)}, "name:too_long"},
		"slug taken":          {billing.NewPlan{Scope: onCRM, Name: "PRO"}, "slug:taken"},
		"slug of a bundle":    {billing.NewPlan{Scope: onCRM, Name: "Premium"}, "slug:taken"},
		"slug of a member":    {billing.NewPlan{Scope: onSuite, Name: "Starter"}, "slug:taken"},
		"colour":              {billing.NewPlan{Scope: onCRM, Name: "Red", Color: "red"}, "color:invalid"},
		"negative trial":      {billing.NewPlan{Scope: onCRM, Name: "Trial", TrialDays: -1}, "trialDays:invalid"},
		"unknown feature":     {billing.NewPlan{Scope: onCRM, Name: "Feature", FeatureKeys: []string{"ksef_enabled", "flying"}}, "featureKeys[1]:unknown_feature"},
		"negative maximum":    {billing.NewPlan{Scope: onCRM, Name: "Short", MaxSeats: -1}, "maxSeats:invalid"},
		"negative lasting":    {billing.NewPlan{Scope: onCRM, Name: "Short", LastsDays: -2}, "lastsDays:invalid"},
		"many things at once": {billing.NewPlan{Scope: onCRM, Name: "", TrialDays: -1, Color: "x"}, "color:invalid name:required trialDays:invalid"},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			_, err := b.CreatePlan(t.Context(), tc.plan)
			if got := mistakesIn(err); got != tc.want {
				t.Errorf("%q, want %q (%v)", got, tc.want, err)
			}
		})
	}
	gold, err := b.CreatePlan(t.Context(), billing.NewPlan{Scope: onCRM, Name: "Plan Złoty"})
	if err != nil || gold.Slug != "plan-zloty" || gold.GraceDays != 7 {
		t.Errorf("Plan Złoty = %+v, %v", gold, err)
	}
	for _, key := range []string{"", "Upper", "with space", "1st", "a__b", "a_"} {
		if _, err := b.CreateFeature(t.Context(), billing.NewFeature{Scope: onCRM, Key: key, Name: "x"}); mistakesIn(err) != "key:invalid" {
			t.Errorf("feature key %q: %v", key, err)
		}
	}
	if _, err := b.CreateFeature(t.Context(), billing.NewFeature{Scope: onCRM, Key: "ksef_enabled", Name: "again"}); mistakesIn(err) != "key:taken" {
		t.Errorf("feature twice: %v", err)
	}
	for _, in := range []billing.EnableBilling{
		{ClientID: crm, Gateway: "bank", DefaultCurrency: "PLN"},
		{ClientID: crm, Gateway: billing.GatewayManaged, Livemode: true, DefaultCurrency: "PLN"},
		{ClientID: crm, Gateway: billing.GatewayConnect, DefaultCurrency: "zloty"},
		{ClientID: crm, Gateway: billing.GatewayConnect, DefaultCurrency: "PLN", DefaultCountry: "UK"},
	} {
		if err := b.EnableBilling(t.Context(), in); mistakesIn(err) == "not a field error" {
			t.Errorf("%+v: %v", in, err)
		}
	}
}

func TestTwoPlansOfOneSlugCannotRace(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := setup(t, d)
		scopes := []billing.Scope{{Kind: billing.ScopeApp, ID: crm}, {Kind: billing.ScopeBundle, ID: suite}}
		errs := make(chan error, 2)
		for _, scope := range scopes {
			go func() {
				_, err := b.CreatePlan(context.WithoutCancel(t.Context()), billing.NewPlan{Scope: scope, Name: "Same"})
				errs <- err
			}()
		}
		one, two := <-errs, <-errs
		if (one == nil) == (two == nil) {
			t.Errorf("both ended alike: %v, %v", one, two)
		}
	})
}

func TestVisitorsSeeTheirPrices(t *testing.T) {
	t.Parallel()
	price := func(id, currency string, countries ...string) billing.Price {
		return billing.Price{ID: id, Currency: currency, Interval: billing.IntervalMonth, CountryCodes: countries, Scheme: billing.SchemeFlat}
	}
	c := billing.Catalog{
		Settings: billing.AppSettings{DefaultCurrency: "USD", DefaultCountry: "US"},
		Plans: []billing.Plan{{Prices: []billing.Price{
			price("usd", "USD"), price("eur", "EUR"), price("pln", "PLN", "PL"), price("eur-de", "EUR", "DE", "AT"), price("chf", "CHF", "CH"),
		}}},
	}
	cases := map[string]struct {
		visitor    billing.Visitor
		price      string
		byCountry  bool
		currencies []string
	}{
		"nobody in particular":     {billing.Visitor{}, "usd", false, []string{"EUR", "USD"}},
		"a country without prices": {billing.Visitor{Country: "fr"}, "usd", false, []string{"EUR", "USD"}},
		"Poland":                   {billing.Visitor{Country: "PL"}, "pln", true, []string{"EUR", "PLN", "USD"}},
		"Poland, in euro":          {billing.Visitor{Country: "PL", Currency: "eur"}, "eur", false, []string{"EUR", "PLN", "USD"}},
		"Germany":                  {billing.Visitor{Country: "DE"}, "eur-de", true, []string{"EUR", "USD"}},
		"Germany, in złoty":        {billing.Visitor{Country: "DE", Currency: "PLN"}, "eur-de", true, []string{"EUR", "USD"}},
		"no such currency":         {billing.Visitor{Currency: "XYZ"}, "usd", false, []string{"EUR", "USD"}},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			choice := c.Choose(tc.visitor)
			got, ok := choice.PriceOf(c.Plans[0], billing.IntervalMonth, choice.Currency)
			if !ok || got.ID != tc.price || choice.ByCountry != tc.byCountry {
				t.Errorf("sees %q (by country %v), want %q", got.ID, choice.ByCountry, tc.price)
			}
			if diff := cmp.Diff(tc.currencies, choice.Currencies); diff != "" {
				t.Errorf("currencies (-want +got):\n%s", diff)
			}
		})
	}
}
