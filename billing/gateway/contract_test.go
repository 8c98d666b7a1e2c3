package gateway_test

import (
	"errors"
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wolfieauth/wolfieauth/billing"
	"github.com/wolfieauth/wolfieauth/billing/gateway"
)

func ptr[T any](v T) *T { return &v }

var tiers = []billing.Tier{
	{UpTo: ptr(int64(10)), UnitAmount: 9900},
	{UpTo: ptr(int64(50)), UnitAmount: 8900, FlatAmount: 1000},
	{UnitAmount: 0, FlatAmount: 50000},
}

var monthly = billing.PriceSpec{
	PriceID: "price-1", ProductID: "prod_1", Currency: "PLN", Interval: billing.IntervalMonth,
	Scheme: billing.SchemeFlat, Amount: 9900,
}

var seven = billing.QuantitySpec{SubscriptionID: "sub_1", ItemID: "si_1", Quantity: 7, ProrationDate: ptr(time.Unix(1_800_000_000, 0))}

func (p priceSpec) with(change func(*billing.PriceSpec)) billing.PriceSpec {
	spec := billing.PriceSpec(p)
	change(&spec)
	return spec
}

type priceSpec billing.PriceSpec

var purchase = billing.CheckoutSpec{
	CheckoutID: "checkout-1", CustomerID: "cus_1", StripePriceID: "price_1", Quantity: 1, Recurring: true, Lang: "pl",
	SuccessURL: "http://localhost:8080/billing/return?checkout=success&session={CHECKOUT_SESSION_ID}",
	CancelURL:  "http://localhost:8080/billing/return?checkout=cancelled",
	ExpiresAt:  time.Unix(1_800_000_000, 0),
}

func bought(change func(*billing.CheckoutSpec)) billing.CheckoutSpec {
	spec := purchase
	change(&spec)
	return spec
}

// subscriptionForm is what every subscription checkout of purchase sends, with more put over it; "-" removes.
func subscriptionForm(more map[string]string) map[string]string {
	form := map[string]string{
		"mode": "subscription", "customer": "cus_1", "client_reference_id": "checkout-1",
		"metadata[wolfieauth_checkout_id]":                    "checkout-1",
		"subscription_data[metadata][wolfieauth_checkout_id]": "checkout-1",
		"line_items[0][price]":                                "price_1",
		"line_items[0][quantity]":                             "1",
		"locale":                                              "pl",
		"payment_method_collection":                           "if_required",
		"success_url":                                         purchase.SuccessURL,
		"cancel_url":                                          purchase.CancelURL,
		"expires_at":                                          "1800000000",
	}
	for name, value := range more {
		form[name] = value
		if value == "-" {
			delete(form, name)
		}
	}
	return form
}

func priceForm(more map[string]string) map[string]string {
	form := map[string]string{
		"product": "prod_1", "currency": "pln", "metadata[wolfieauth_price_id]": "price-1", "metadata[wolfieauth_row_id]": "key-1", "billing_scheme": "per_unit",
		"unit_amount": "9900", "recurring[interval]": "month", "recurring[usage_type]": "licensed",
	}
	for name, value := range more {
		form[name] = value
		if value == "-" {
			delete(form, name)
		}
	}
	return form
}

func tierForm(mode string) map[string]string {
	return priceForm(map[string]string{
		"unit_amount": "-", "billing_scheme": "tiered", "tiers_mode": mode,
		"tiers[0][up_to]": "10", "tiers[0][unit_amount]": "9900",
		"tiers[1][up_to]": "50", "tiers[1][unit_amount]": "8900", "tiers[1][flat_amount]": "1000",
		"tiers[2][up_to]": "inf", "tiers[2][unit_amount]": "0", "tiers[2][flat_amount]": "50000",
	})
}

// Every request that the gateway can send is accepted by stripe-mock, which validates it against Stripe's own
// description of the API version, and says what we mean.
func TestContract(t *testing.T) {
	t.Parallel()
	base := stripeMock(t)
	price := func(at billing.Account, change func(*billing.PriceSpec)) func(bundle) error {
		return func(b bundle) error {
			_, err := b.CreatePrice(b.ctx, at, "key-1", priceSpec(monthly).with(change))
			return err
		}
	}
	checkout := func(at billing.Account, change func(*billing.CheckoutSpec)) func(bundle) error {
		return func(b bundle) error {
			_, err := b.CreateCheckout(b.ctx, at, "key-1", bought(change))
			return err
		}
	}
	const row = "0199ffff-0000-7000-8000-000000000001"
	find := func(at billing.Account, kind billing.MadeKind) func(bundle) error {
		return func(b bundle) error {
			_, err := b.FindMade(b.ctx, at, kind, row)
			return err
		}
	}
	search := map[string]string{"query": `metadata["wolfieauth_row_id"]:"` + row + `"`, "limit": "100"}
	cases := map[string]struct {
		call  func(bundle) error
		at    billing.Account
		keyed bool
		line  string
		form  map[string]string
	}{
		"product": {keyed: true, line: "POST /v1/products", call: func(b bundle) error {
			_, err := b.CreateProduct(b.ctx, platform, "key-1", billing.ProductSpec{PlanID: "plan-1", Name: "Plan Złoty", Description: "All of it"})
			return err
		}, form: map[string]string{"name": "Plan Złoty", "description": "All of it", "metadata[wolfieauth_plan_id]": "plan-1", "metadata[wolfieauth_row_id]": "key-1"}},
		"product without description, connected": {keyed: true, at: connected, line: "POST /v1/products", call: func(b bundle) error {
			_, err := b.CreateProduct(b.ctx, connected, "key-1", billing.ProductSpec{PlanID: "plan-1", Name: "Pro"})
			return err
		}, form: map[string]string{"name": "Pro", "metadata[wolfieauth_plan_id]": "plan-1", "metadata[wolfieauth_row_id]": "key-1"}},

		"price flat monthly": {keyed: true, line: "POST /v1/prices", call: price(platform, func(*billing.PriceSpec) {}), form: priceForm(nil)},
		"price flat yearly, connected": {
			keyed: true, at: connected, line: "POST /v1/prices",
			call: price(connected, func(p *billing.PriceSpec) { p.Interval = billing.IntervalYear }),
			form: priceForm(map[string]string{"recurring[interval]": "year"}),
		},
		"price free": {
			keyed: true, line: "POST /v1/prices", call: price(platform, func(p *billing.PriceSpec) { p.Amount = 0 }),
			form: priceForm(map[string]string{"unit_amount": "0"}),
		},
		"price one time": {
			keyed: true, line: "POST /v1/prices",
			call: price(platform, func(p *billing.PriceSpec) { p.Interval = billing.IntervalOneTime }),
			form: priceForm(map[string]string{"recurring[interval]": "-", "recurring[usage_type]": "-"}),
		},
		"price per seat": {
			keyed: true, line: "POST /v1/prices", call: price(platform, func(p *billing.PriceSpec) { p.PerSeat, p.Currency = true, "EUR" }),
			form: priceForm(map[string]string{"currency": "eur"}),
		},
		"price volume": {keyed: true, line: "POST /v1/prices", call: price(platform, func(p *billing.PriceSpec) {
			p.PerSeat, p.Scheme, p.Tiers, p.Amount = true, billing.SchemeVolume, tiers, 0
		}), form: tierForm("volume")},
		"price graduated": {keyed: true, line: "POST /v1/prices", call: price(platform, func(p *billing.PriceSpec) {
			p.PerSeat, p.Scheme, p.Tiers, p.Amount = true, billing.SchemeGraduated, tiers, 0
		}), form: tierForm("graduated")},

		"read product": {at: connected, line: "GET /v1/products/prod_1", call: func(b bundle) error {
			got, err := b.ReadProduct(b.ctx, connected, "prod_1")
			if err == nil && got.Name == "" {
				err = errors.New("product without name")
			}
			return err
		}, form: map[string]string{}},
		"read price": {line: "GET /v1/prices/price_1", call: func(b bundle) error {
			got, err := b.ReadPrice(b.ctx, platform, "price_1")
			if err == nil && got.Currency == "" {
				err = errors.New("price without currency")
			}
			return err
		}, form: map[string]string{}},
		"update product": {keyed: true, at: connected, line: "POST /v1/products/prod_1", call: func(b bundle) error {
			return b.UpdateProduct(b.ctx, connected, "key-1", "prod_1", billing.ProductState{Name: "Pro", Active: true})
		}, form: map[string]string{"name": "Pro", "description": "", "active": "true"}},
		"archive product": {keyed: true, line: "POST /v1/products/prod_1", call: func(b bundle) error {
			return b.UpdateProduct(b.ctx, platform, "key-1", "prod_1", billing.ProductState{Name: "Pro", Description: "All"})
		}, form: map[string]string{"name": "Pro", "description": "All", "active": "false"}},
		"archive price": {keyed: true, at: connected, line: "POST /v1/prices/price_1", call: func(b bundle) error {
			return b.SetPriceActive(b.ctx, connected, "key-1", "price_1", false)
		}, form: map[string]string{"active": "false"}},

		"customer": {keyed: true, line: "POST /v1/customers", call: func(b bundle) error {
			_, err := b.CreateCustomer(b.ctx, platform, "key-1", billing.CustomerSpec{OrgID: "org-1", Name: "Acme", Email: "a@acme.test", Lang: "pl"})
			return err
		}, form: map[string]string{"name": "Acme", "email": "a@acme.test", "preferred_locales[0]": "pl", "metadata[wolfieauth_org_id]": "org-1", "metadata[wolfieauth_row_id]": "key-1"}},
		"customer bare, connected": {keyed: true, at: connected, line: "POST /v1/customers", call: func(b bundle) error {
			_, err := b.CreateCustomer(b.ctx, connected, "key-1", billing.CustomerSpec{OrgID: "org-1"})
			return err
		}, form: map[string]string{"metadata[wolfieauth_org_id]": "org-1", "metadata[wolfieauth_row_id]": "key-1"}},

		"checkout subscription": {
			keyed: true, line: "POST /v1/checkout/sessions", call: checkout(platform, func(*billing.CheckoutSpec) {}), form: subscriptionForm(nil),
		},
		"checkout subscription, connected, seats": {
			keyed: true, at: connected, line: "POST /v1/checkout/sessions",
			call: checkout(connected, func(s *billing.CheckoutSpec) { s.Quantity, s.Lang = 7, "en" }),
			form: subscriptionForm(map[string]string{"line_items[0][quantity]": "7", "locale": "en"}),
		},
		"checkout trial": {
			keyed: true, line: "POST /v1/checkout/sessions", call: checkout(platform, func(s *billing.CheckoutSpec) { s.TrialDays = 14 }),
			form: subscriptionForm(map[string]string{"subscription_data[trial_period_days]": "14", "payment_method_collection": "always"}),
		},
		"checkout without expiry": {
			keyed: true, line: "POST /v1/checkout/sessions",
			call: checkout(platform, func(s *billing.CheckoutSpec) { s.ExpiresAt = time.Time{} }),
			form: subscriptionForm(map[string]string{"expires_at": "-"}),
		},
		"checkout one time": {
			keyed: true, line: "POST /v1/checkout/sessions",
			call: checkout(platform, func(s *billing.CheckoutSpec) { s.Recurring, s.TrialDays = false, 14 }),
			form: subscriptionForm(map[string]string{
				"mode": "payment", "subscription_data[metadata][wolfieauth_checkout_id]": "-", "payment_method_collection": "-",
				"payment_intent_data[metadata][wolfieauth_checkout_id]":            "checkout-1",
				"invoice_creation[enabled]":                                        "true",
				"invoice_creation[invoice_data][metadata][wolfieauth_checkout_id]": "checkout-1",
			}),
		},
		"read checkout": {at: connected, line: "GET /v1/checkout/sessions/cs_1", call: func(b bundle) error {
			_, err := b.ReadCheckout(b.ctx, connected, "cs_1")
			return err
		}, form: map[string]string{"expand[0]": "customer"}},
		"expire checkout": {keyed: true, line: "POST /v1/checkout/sessions/cs_1/expire", call: func(b bundle) error {
			return b.ExpireCheckout(b.ctx, platform, "cs_1")
		}, form: map[string]string{}},
		"portal": {keyed: true, at: connected, line: "POST /v1/billing_portal/sessions", call: func(b bundle) error {
			_, err := b.CreatePortal(b.ctx, connected, "cus_1", "http://localhost:8080/billing/acme-crm", "pl")
			return err
		}, form: map[string]string{"customer": "cus_1", "return_url": "http://localhost:8080/billing/acme-crm", "locale": "pl"}},

		"read subscription": {at: connected, line: "GET /v1/subscriptions/sub_1", call: func(b bundle) error {
			_, err := b.ReadSubscription(b.ctx, connected, "sub_1")
			return err
		}, form: map[string]string{"expand[0]": "latest_invoice"}},
		"list subscriptions": {line: "GET /v1/subscriptions", call: func(b bundle) error {
			_, err := b.ListSubscriptions(b.ctx, platform, "cus_1")
			return err
		}, form: map[string]string{"customer": "cus_1", "status": "all", "limit": "100", "expand[0]": "data.latest_invoice"}},
		"cancel": {keyed: true, at: connected, line: "DELETE /v1/subscriptions/sub_1", call: func(b bundle) error {
			return b.CancelNow(b.ctx, connected, "key-1", "sub_1")
		}, form: map[string]string{}},

		"set quantity": {keyed: true, at: connected, line: "POST /v1/subscriptions/sub_1", call: func(b bundle) error {
			return b.SetQuantity(b.ctx, connected, "key-1", seven)
		}, form: map[string]string{
			"items[0][id]": "si_1", "items[0][quantity]": "7", "proration_behavior": "create_prorations", "proration_date": "1800000000",
		}},
		"set quantity from now": {keyed: true, line: "POST /v1/subscriptions/sub_1", call: func(b bundle) error {
			return b.SetQuantity(b.ctx, platform, "key-1", billing.QuantitySpec{SubscriptionID: "sub_1", ItemID: "si_1", Quantity: 1})
		}, form: map[string]string{"items[0][id]": "si_1", "items[0][quantity]": "1", "proration_behavior": "create_prorations"}},
		"preview quantity": {at: connected, line: "GET /v1/invoices/upcoming", call: func(b bundle) error {
			_, err := b.PreviewQuantity(b.ctx, connected, seven)
			return err
		}, form: map[string]string{
			"subscription": "sub_1", "subscription_items[0][id]": "si_1", "subscription_items[0][quantity]": "7",
			"subscription_proration_behavior": "create_prorations", "subscription_proration_date": "1800000000",
		}},
		"list events": {at: connected, line: "GET /v1/events", call: func(b bundle) error {
			_, err := b.ListEvents(b.ctx, connected, time.Unix(1800000000, 0), 1000)
			return err
		}, form: map[string]string{"created[gte]": "1800000000", "limit": "100"}},
		"look for a product":  {at: connected, line: "GET /v1/products/search", call: find(connected, billing.MadeProduct), form: search},
		"look for a price":    {line: "GET /v1/prices/search", call: find(platform, billing.MadePrice), form: search},
		"look for a customer": {line: "GET /v1/customers/search", call: find(platform, billing.MadeCustomer), form: search},
		"read invoice": {at: connected, line: "GET /v1/invoices/in_1", call: func(b bundle) error {
			_, err := b.ReadInvoice(b.ctx, connected, "in_1")
			return err
		}, form: map[string]string{"expand[0]": "charge"}},
		"list prorations": {at: connected, line: "GET /v1/invoiceitems", call: func(b bundle) error {
			_, err := b.ListProrations(b.ctx, connected, "cus_1", "sub_1")
			return err
		}, form: map[string]string{"customer": "cus_1", "limit": "100"}},

		"cancel at period end": {keyed: true, at: connected, line: "POST /v1/subscriptions/sub_1", call: func(b bundle) error {
			return b.SetEnding(b.ctx, connected, "key-1", "sub_1", billing.Ending{AtPeriodEnd: true})
		}, form: map[string]string{"cancel_at_period_end": "true"}},
		"resume": {keyed: true, line: "POST /v1/subscriptions/sub_1", call: func(b bundle) error {
			return b.SetEnding(b.ctx, platform, "key-1", "sub_1", billing.Ending{})
		}, form: map[string]string{"cancel_at_period_end": "false"}},
		"clear the day of the end": {keyed: true, line: "POST /v1/subscriptions/sub_1", call: func(b bundle) error {
			return b.SetEnding(b.ctx, platform, "key-1", "sub_1", billing.Ending{ClearDate: true})
		}, form: map[string]string{"cancel_at": ""}},
		"switch": {keyed: true, at: connected, line: "POST /v1/subscriptions/sub_1", call: func(b bundle) error {
			return b.Switch(b.ctx, connected, "key-1", other)
		}, form: map[string]string{
			"items[0][id]": "si_1", "items[0][price]": "price_2", "items[0][quantity]": "3", "proration_behavior": "always_invoice",
			"proration_date": "1800000000", "payment_behavior": "error_if_incomplete",
		}},
		"preview switch": {at: connected, line: "GET /v1/invoices/upcoming", call: func(b bundle) error {
			_, err := b.PreviewSwitch(b.ctx, connected, other)
			return err
		}, form: map[string]string{
			"subscription": "sub_1", "subscription_items[0][id]": "si_1", "subscription_items[0][price]": "price_2", "subscription_items[0][quantity]": "3",
			"subscription_proration_behavior": "always_invoice", "subscription_proration_date": "1800000000",
		}},
		"next invoice": {at: connected, line: "GET /v1/invoices/upcoming", call: func(b bundle) error {
			_, err := b.NextInvoice(b.ctx, connected, "sub_1")
			return err
		}, form: map[string]string{"subscription": "sub_1"}},
		"list invoices": {at: connected, line: "GET /v1/invoices", call: func(b bundle) error {
			_, err := b.ListInvoices(b.ctx, connected, "cus_1")
			return err
		}, form: map[string]string{"customer": "cus_1", "limit": "24"}},
		"payment card": {at: connected, line: "GET /v1/subscriptions/sub_1", call: func(b bundle) error {
			_, err := b.PaymentCard(b.ctx, connected, "sub_1")
			return err
		}, form: map[string]string{"expand[0]": "default_payment_method", "expand[1]": "customer.invoice_settings.default_payment_method"}},

		"account": {keyed: true, line: "POST /v1/accounts", call: func(b bundle) error {
			_, err := b.CreateAccount(b.ctx, platform, "key-1", billing.AccountSpec{Country: "PL", Email: "a@acme.test"}, gateway.WithID("acct_demo_acme"))
			return err
		}, form: map[string]string{"type": "standard", "country": "PL", "email": "a@acme.test"}},
		"webhook endpoint": {keyed: true, line: "POST /v1/webhook_endpoints", call: func(b bundle) error {
			_, _, err := b.CreateWebhookEndpoint(b.ctx, platform, "http://localhost:8080/v1/stripe/webhook",
				[]string{"invoice.paid", "customer.subscription.updated"}, false)
			return err
		}, form: map[string]string{
			"url": "http://localhost:8080/v1/stripe/webhook", "enabled_events[0]": "invoice.paid",
			"enabled_events[1]": "customer.subscription.updated", "connect": "false", "api_version": "2023-10-16",
		}},
		"webhook endpoint of connected accounts": {keyed: true, line: "POST /v1/webhook_endpoints", call: func(b bundle) error {
			_, _, err := b.CreateWebhookEndpoint(b.ctx, platform, "http://localhost:8080/v1/stripe/webhook", []string{"*"}, true,
				gateway.WithID("we_1"), gateway.WithSecret("whsec_1"))
			return err
		}, form: map[string]string{
			"url": "http://localhost:8080/v1/stripe/webhook", "enabled_events[0]": "*", "connect": "true", "api_version": "2023-10-16",
		}},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := setup(t, base)
			err := tc.call(b)
			all := b.record.requests()
			if len(all) != 1 {
				t.Fatalf("sent %d requests, want 1 (error %v)", len(all), err)
			}
			got := all[0]
			if got.status != http.StatusOK {
				t.Fatalf("stripe-mock refused: %s", got.answer)
			}
			if err != nil {
				t.Fatalf("answer not read: %v\n%s", err, got.answer)
			}
			got.check(t, tc.line, tc.form, tc.at, tc.keyed)
		})
	}
}

func (s sent) check(t *testing.T, line string, form map[string]string, at billing.Account, keyed bool) {
	t.Helper()
	if diff := cmp.Diff(line, s.method+" "+s.path); diff != "" {
		t.Errorf("request line (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(form, flat(s.form)); diff != "" {
		t.Errorf("form (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(at.ID, s.header.Get("Stripe-Account")); diff != "" {
		t.Errorf("account (-want +got):\n%s", diff)
	}
	if got := s.header.Get("Idempotency-Key"); (got != "") != keyed {
		t.Errorf("idempotency key %q, want one: %v", got, keyed)
	}
	if got := s.header.Get("Authorization"); got != "Bearer "+testKey {
		t.Errorf("authorization %q", got)
	}
	if got := s.header.Get("Stripe-Version"); got != "2023-10-16" {
		t.Errorf("version %q", got)
	}
}

func flat(form url.Values) map[string]string {
	out := map[string]string{}
	for name, values := range form {
		out[name] = values[0]
	}
	return out
}

// stripe-mock refuses what the API does not know, or the tests above would prove nothing.
func TestContractRefuses(t *testing.T) {
	t.Parallel()
	b := setup(t, stripeMock(t))
	_, err := b.CreateCheckout(b.ctx, platform, "key-1", bought(func(s *billing.CheckoutSpec) { s.Lang = "klingon" }))
	if !errors.Is(err, billing.ErrStripeRefused) {
		t.Errorf("got %v, want a refusal", err)
	}
}
