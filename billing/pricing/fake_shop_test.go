package pricing_test

import (
	"context"
	"sync"
	"time"

	"github.com/wolfieauth/wolfieauth/billing"
)

// Prices of the fake catalogue.
const (
	starterPLN = "0199bbbb-0000-7000-8000-000000000001"
	proPLN     = "0199bbbb-0000-7000-8000-000000000002"
	proYear    = "0199bbbb-0000-7000-8000-000000000003"
	proEUR     = "0199bbbb-0000-7000-8000-000000000004"
	teamPLN    = "0199bbbb-0000-7000-8000-000000000005"
	secretPLN  = "0199bbbb-0000-7000-8000-000000000006"
	premiumPLN = "0199bbbb-0000-7000-8000-000000000007"
	starterEUR = "0199bbbb-0000-7000-8000-000000000008"
	germanPLN  = "0199bbbb-0000-7000-8000-000000000009"
	checkoutID = "0199cccc-0000-7000-8000-000000000001"
	hosted     = "https://checkout.example.test/c/1"
	portalURL  = "https://portal.example.test/p/1"
)

var acmeCRM = billing.AppInfo{
	ClientID: "acme-crm", OrgID: alienOrg, Name: "Acme CRM", Color: "#7a1f5c",
	Origins: []string{"https://crm.acme.test"},
}

func price(id string, amount int64, currency string, interval billing.Interval) billing.Price {
	return billing.Price{ID: id, Amount: amount, Currency: currency, Interval: interval, Scheme: billing.SchemeFlat}
}

// crm is the catalogue of an app with flat, yearly and per-seat prices, a hidden plan and a bundle.
func crm() billing.Catalog {
	app := billing.Scope{Kind: billing.ScopeApp, ID: "acme-crm"}
	suite := billing.Scope{Kind: billing.ScopeBundle, ID: "0199dddd-0000-7000-8000-000000000009"}
	plan := func(n string, scope billing.Scope, slug, name string, prices ...billing.Price) billing.Plan {
		return billing.Plan{ID: "0199dddd-0000-7000-8000-00000000000" + n, Scope: scope, Slug: slug, Name: name, Prices: prices}
	}
	ksef := billing.Feature{Key: "ksef_enabled", Name: "E-faktury KSeF"}
	disk := billing.Feature{Key: "unlimited_storage", Name: "Dysk bez limitu"}
	team := price(teamPLN, 3000, "PLN", billing.IntervalMonth)
	team.PerSeat, team.SeatLabel = true, "user"
	pro := plan("1", app, "pro", "Pro", price(proPLN, 9900, "PLN", billing.IntervalMonth), price(proYear, 99000, "PLN", billing.IntervalYear), price(proEUR, 2400, "EUR", billing.IntervalMonth))
	pro.Features, pro.Recommended, pro.TrialDays, pro.Color = []billing.Feature{ksef, disk}, true, 14, "#0f5f52"
	hidden := plan("4", app, "secret", "Tajny", price(secretPLN, 100, "PLN", billing.IntervalMonth))
	hidden.Hidden = true
	german := price(germanPLN, 5500, "PLN", billing.IntervalMonth)
	german.CountryCodes = []string{"DE"}
	premium := plan("5", suite, "premium", "Premium", price(premiumPLN, 14900, "PLN", billing.IntervalMonth))
	premium.Features = []billing.Feature{ksef}
	return billing.Catalog{
		App:      acmeCRM,
		Settings: billing.AppSettings{ClientID: "acme-crm", Enabled: true, DefaultCurrency: "PLN", DefaultCountry: "PL", Headline: "CRM, który się opłaca", Sentence: "Bez umów na lata."},
		Bundles: []billing.BundleInfo{{
			ID: suite.ID, Slug: "acme-suite", Name: "Acme Suite",
			Apps: []billing.AppInfo{acmeCRM, {ClientID: "acme-mail", Name: "Acme Mail"}},
		}},
		Plans: []billing.Plan{
			pro,
			plan("2", app, "starter", "Starter", price(starterPLN, 4900, "PLN", billing.IntervalMonth), price(starterEUR, 1200, "EUR", billing.IntervalMonth), german),
			plan("3", app, "team", "Team", team), hidden, premium,
		},
	}
}

// fakeShop answers what a test has put into it and remembers what it was asked.
type fakeShop struct {
	mu       sync.Mutex
	catalog  billing.Catalog
	err      error // of Catalog
	held     map[billing.Scope]billing.Bought
	bought   []billing.Bought
	outcome  billing.CheckoutOutcome
	startErr error
	buyer    billing.Buyer
	request  *billing.CheckoutRequest
	portal   string // the address to return to
}

func (s *fakeShop) Catalog(_ context.Context, clientID string) (billing.Catalog, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if clientID != s.catalog.App.ClientID {
		return billing.Catalog{}, billing.ErrAppNotFound
	}
	return s.catalog, s.err
}

func (s *fakeShop) StartCheckout(_ context.Context, buyer billing.Buyer, req billing.CheckoutRequest) (billing.Checkout, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.buyer, s.request = buyer, &req
	if s.startErr != nil {
		return billing.Checkout{}, s.startErr
	}
	if _, _, err := s.catalog.Price(req.PriceID); err != nil && req.PriceID != "" {
		return billing.Checkout{}, err
	}
	return billing.Checkout{ID: checkoutID, URL: hosted}, nil
}

func (s *fakeShop) FinishCheckout(_ context.Context, id, _ string) (billing.CheckoutOutcome, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if id != s.outcome.Checkout.ID {
		return billing.CheckoutOutcome{}, billing.ErrCheckoutNotFound
	}
	return s.outcome, nil
}

func (s *fakeShop) Portal(_ context.Context, buyer billing.Buyer, _, returnTo string) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.buyer, s.portal = buyer, returnTo
	return portalURL, nil
}

func (s *fakeShop) CurrentOf(context.Context, string, string) (map[billing.Scope]billing.Bought, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.held, nil
}

func (s *fakeShop) SubscriptionsOf(context.Context, string, ...string) ([]billing.Bought, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.bought, nil
}

func proHeld(status billing.SubscriptionStatus) billing.Bought {
	end := time.Date(2026, 12, 22, 10, 0, 0, 0, time.UTC)
	return billing.Bought{PlanSlug: "pro", PlanName: "Pro", GraceDays: 7, Subscription: billing.Subscription{
		ID: "0199eeee-0000-7000-8000-000000000001", OrgID: ownOrg, ClientID: "acme-crm", PlanID: "0199dddd-0000-7000-8000-000000000001", PriceID: proPLN,
		Scope: billing.Scope{Kind: billing.ScopeApp, ID: "acme-crm"}, Status: status, Holds: true, Recurring: true, Quantity: 1,
		Currency: "PLN", Interval: billing.IntervalMonth, CurrentPeriodEnd: &end,
	}}
}
