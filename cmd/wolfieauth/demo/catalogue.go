package demo

import (
	"strings"

	"github.com/google/uuid"

	"github.com/wolfieauth/wolfieauth/billing"
	"github.com/wolfieauth/wolfieauth/idp"
)

// Password opens every demo account.
const Password = "demo-password"

// The demo's secrets are fixed, so that a second start on the same data changes nothing. They protect nothing:
// the demo listens on this machine only.
const (
	sandboxKey       = "sk_test_wolfieauth_demo"
	webhookSecret    = "whsec_wolfieauth_demo_platform"
	connectSecret    = "whsec_wolfieauth_demo_connect"
	acmeAccount      = "acct_demo_acme"
	masterKeyPhrase  = "wolfieauth demo master key: nothing here is worth sealing"
	clientSecretSalt = "wolfieauth demo client secret: "
)

type person struct {
	email, name, locale string
}

// The people of the demo, in the order of its table.
var people = []person{
	{"platform@wolfie.test", "Paulina Wilk", "pl"},
	{"admin@acme.test", "Adam Acme", "en"},
	{"buyer@example.test", "Beata Kowalska", "pl"},
	{"comped@example.test", "Celina Nowak", "pl"},
	{"expired@example.test", "Edward Expired", "en"},
	{"subscriber@example.test", "Sam Subscriber", "en"},
	{"bundled@example.test", "Bogdan Zieliński", "pl"},
}

type orgSeed struct {
	slug, name, owner string
	platformOwner     bool
}

var orgs = []orgSeed{
	{slug: "wolfie", name: "Wolfie", owner: "platform@wolfie.test", platformOwner: true},
	{slug: "acme", name: "Acme", owner: "admin@acme.test"},
}

type appSeed struct {
	org, slug, clientID, name, color, description string
	gateway                                       billing.GatewayKind
	currency, headline, sentence                  string
}

var apps = []appSeed{
	{
		org: "wolfie", slug: "platform", clientID: idp.PlatformClientID, name: "WolfieAuth", color: "#4338ca",
		description: "Sign-in and billing for your apps", gateway: billing.GatewayPlatform, currency: "USD",
		headline: "Sign-in that knows what was paid for", sentence: "Three seats are free. From the fourth on you pay by the seat.",
	},
	{
		org: "wolfie", slug: "wolfiecrm", clientID: "wolfie-wolfiecrm", name: "Wolfie CRM", color: "#0f766e",
		description: "Customers and invoices", gateway: billing.GatewayPlatform, currency: "PLN",
		headline: "Wolfie CRM", sentence: "Customers, offers and e-invoices in one place.",
	},
	{
		org: "acme", slug: "crm", clientID: "acme-crm", name: "Acme CRM", color: "#1d4ed8",
		description: "Customers, invoices and follow-ups", gateway: billing.GatewayConnect, currency: "PLN",
		headline: "Plans for every stage of your business", sentence: "Start small, change at any time. Your data stay yours.",
	},
	{
		org: "acme", slug: "mail", clientID: "acme-mail", name: "Acme Mail", color: "#b45309",
		description: "Mail for teams", gateway: billing.GatewayConnect, currency: "PLN",
		headline: "Acme Mail", sentence: "Shared inboxes without the noise.",
	},
}

type bundleSeed struct {
	org, slug, name string
	apps            []string
}

var bundles = []bundleSeed{{org: "acme", slug: "acme-suite", name: "Acme Suite", apps: []string{"acme-crm", "acme-mail"}}}

type featureSeed struct{ scope, key, name string }

var features = []featureSeed{
	{"acme-crm", "ksef_enabled", "Export to KSeF"},
	{"acme-crm", "unlimited_storage", "Unlimited storage"},
	{"acme-mail", "shared_inboxes", "Shared inboxes"},
	{"acme-suite", "priority_support", "Priority support"},
	{"wolfie-wolfiecrm", "e_invoices", "E-invoices"},
	{idp.PlatformClientID, "custom_branding", "Your own branding"},
}

type priceSeed struct {
	key      string
	amount   int64
	currency string
	interval billing.Interval
	seats    string // seat label of a per-seat price
	scheme   billing.Scheme
	tiers    []billing.Tier
}

type planSeed struct {
	scope, name, description string
	recommended              bool
	features                 []string
	prices                   []priceSeed
}

var three = int64(3)

var plans = []planSeed{
	{
		scope: "acme-crm", name: "Starter", description: "For one person and the first hundred customers.",
		prices: []priceSeed{
			{key: "pln-month", amount: 4900, currency: "PLN", interval: billing.IntervalMonth},
			{key: "eur-month", amount: 1200, currency: "EUR", interval: billing.IntervalMonth},
		},
	},
	{
		scope: "acme-crm", name: "Pro", description: "For a company that invoices every day.", recommended: true,
		features: []string{"ksef_enabled", "unlimited_storage"},
		prices: []priceSeed{
			{key: "pln-month", amount: 9900, currency: "PLN", interval: billing.IntervalMonth},
			{key: "eur-month", amount: 2400, currency: "EUR", interval: billing.IntervalMonth},
			{key: "pln-year", amount: 99000, currency: "PLN", interval: billing.IntervalYear},
		},
	},
	{
		scope: "acme-crm", name: "Team", description: "For everyone in the office; seats follow your members.",
		prices: []priceSeed{{key: "pln-month", amount: 3000, currency: "PLN", interval: billing.IntervalMonth, seats: "users"}},
	},
	{
		scope: "acme-suite", name: "Premium", description: "Acme CRM and Acme Mail together.",
		features: []string{"ksef_enabled", "unlimited_storage", "shared_inboxes", "priority_support"},
		prices:   []priceSeed{{key: "pln-month", amount: 14900, currency: "PLN", interval: billing.IntervalMonth}},
	},
	{
		scope: "acme-mail", name: "Mail Plus", description: "Shared inboxes for a small team.", features: []string{"shared_inboxes"},
		prices: []priceSeed{{key: "pln-month", amount: 1900, currency: "PLN", interval: billing.IntervalMonth}},
	},
	{
		scope: "wolfie-wolfiecrm", name: "Standard", description: "Everything a small company needs.", features: []string{"e_invoices"},
		prices: []priceSeed{{key: "pln-month", amount: 7900, currency: "PLN", interval: billing.IntervalMonth}},
	},
	{
		scope: idp.PlatformClientID, name: "Pro", description: "Three seats free, then by the seat.", features: []string{"custom_branding"},
		prices: []priceSeed{{
			key: "usd-month", currency: "USD", interval: billing.IntervalMonth, seats: "seats", scheme: billing.SchemeGraduated,
			tiers: []billing.Tier{{UpTo: &three}, {UnitAmount: 500}},
		}},
	},
}

// id answers the same id for the same name at every start.
func id(parts ...string) string {
	name := "wolfieauth-demo/" + strings.Join(parts, "/")
	return uuid.NewSHA1(uuid.NameSpaceURL, []byte(name)).String()
}
