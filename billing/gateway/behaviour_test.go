package gateway_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wolfieauth/wolfieauth/billing"
)

func openInvoice(id string, finalized int64) string {
	return fmt.Sprintf(`{"id":%q,"customer":"cus_1","subscription":"sub_1","status":"open","status_transitions":{"finalized_at":%d}}`, id, finalized)
}

func TestReadSubscriptionFindsTheOldestDebt(t *testing.T) {
	t.Parallel()
	b := answers(t, map[string]reply{
		"GET /v1/subscriptions/sub_1":                                                   ok(string(fixture(t, "subscription_2023"))),
		"GET /v1/invoices?limit=100&status=open&subscription=sub_1":                     ok(`{"has_more":true,"data":[` + openInvoice("in_3", 1708000000) + `,` + openInvoice("in_2", 1705300000) + `]}`),
		"GET /v1/invoices?limit=100&starting_after=in_2&status=open&subscription=sub_1": ok(`{"has_more":false,"data":[` + openInvoice("in_1", 1702603600) + `]}`),
	})
	want := pastDue
	want.OldestUnpaidAt = ptr(at(1702603600))
	got, err := b.ReadSubscription(b.ctx, platform, "sub_1")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("subscription (-want +got):\n%s", diff)
	}
}

func TestListSubscriptionsPagesAndReadsDebts(t *testing.T) {
	t.Parallel()
	debtor := string(fixture(t, "subscription_2025"))
	active := strings.NewReplacer("sub_1", "sub_2", "past_due", "active").Replace(string(fixture(t, "subscription_2023")))
	b := answers(t, map[string]reply{
		"GET /v1/subscriptions": ok(`{"has_more":true,"data":[` + debtor + `]}`),
		"GET /v1/subscriptions?customer=cus_1&expand[0]=data.latest_invoice&limit=100&starting_after=sub_1&status=all": ok(`{"has_more":false,"data":[` + active + `]}`),
		"GET /v1/invoices": ok(`{"has_more":false,"data":[` + openInvoice("in_2", 1702603600) + `]}`),
	})
	got, err := b.ListSubscriptions(b.ctx, platform, "cus_1")
	if err != nil {
		t.Fatal(err)
	}
	first, second := pastDue, pastDue
	first.OldestUnpaidAt = ptr(at(1702603600))
	second.ID, second.Status = "sub_2", billing.StatusActive
	if diff := cmp.Diff([]billing.RemoteSubscription{first, second}, got); diff != "" {
		t.Errorf("subscriptions (-want +got):\n%s", diff)
	}
}

// A page that is empty and yet promises more would be asked for without end.
func TestListEndsOnAPageOfNothing(t *testing.T) {
	t.Parallel()
	b := answers(t, map[string]reply{"GET /v1/subscriptions": ok(`{"has_more":true,"data":[]}`)})
	if _, err := b.ListSubscriptions(b.ctx, platform, "cus_1"); !errors.Is(err, billing.ErrStripeUnavailable) {
		t.Errorf("got %v", err)
	}
}

func TestRefund(t *testing.T) {
	t.Parallel()
	paid := func(fee string) reply {
		return ok(`{"id":"pi_1","status":"succeeded","customer":"cus_1","latest_charge":{"id":"ch_1","refunded":false,"application_fee":` + fee + `}}`)
	}
	for name, tc := range map[string]struct {
		script map[string]reply
		want   string
		fee    bool
		fails  error
	}{
		"without a fee": {map[string]reply{"GET /v1/payment_intents/pi_1": paid("null"), "POST /v1/refunds": ok(`{"id":"re_1"}`)}, "re_1", false, nil},
		"with a fee":    {map[string]reply{"GET /v1/payment_intents/pi_1": paid(`"fee_1"`), "POST /v1/refunds": ok(`{"id":"re_1"}`)}, "re_1", true, nil},
		"given back already": {map[string]reply{
			"GET /v1/payment_intents/pi_1": paid("null"), "POST /v1/refunds": refuse(400, "charge_already_refunded", ""),
			"GET /v1/refunds": ok(`{"has_more":false,"data":[{"id":"re_2"},{"id":"re_1"}]}`),
		}, "re_1", false, nil},
		"given back, but not to be found": {map[string]reply{
			"GET /v1/payment_intents/pi_1": paid("null"), "POST /v1/refunds": refuse(400, "charge_already_refunded", ""),
			"GET /v1/refunds": ok(`{"has_more":false,"data":[]}`),
		}, "", false, billing.ErrStripeRefused},
		"disputed":   {map[string]reply{"GET /v1/payment_intents/pi_1": paid("null"), "POST /v1/refunds": refuse(400, "charge_disputed", "")}, "", false, billing.ErrStripeRefused},
		"no payment": {map[string]reply{"GET /v1/payment_intents/pi_1": refuse(404, "resource_missing", "intent")}, "", false, billing.ErrStripeGone},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := answers(t, tc.script)
			got, err := b.Refund(b.ctx, connected, "key-1", "pi_1")
			if !errors.Is(err, tc.fails) {
				t.Fatalf("error %v, want %v", err, tc.fails)
			}
			if got != tc.want {
				t.Errorf("refund %q, want %q", got, tc.want)
			}
			for _, r := range b.record.requests() {
				if r.path == "/v1/refunds" && r.method == "POST" && (r.form.Get("refund_application_fee") == "true") != tc.fee {
					t.Errorf("refund_application_fee sent: %v, want %v", !tc.fee, tc.fee)
				}
			}
		})
	}
}

func TestCancelNow(t *testing.T) {
	t.Parallel()
	with := func(status string) reply {
		return ok(strings.Replace(string(fixture(t, "subscription_2023")), "past_due", status, 1))
	}
	for name, tc := range map[string]struct {
		script map[string]reply
		want   error
	}{
		"ended":           {map[string]reply{"DELETE /v1/subscriptions/sub_1": with("canceled")}, nil},
		"gone":            {map[string]reply{"DELETE /v1/subscriptions/sub_1": refuse(404, "resource_missing", "id")}, nil},
		"had ended":       {map[string]reply{"DELETE /v1/subscriptions/sub_1": refuse(400, "", ""), "GET /v1/subscriptions/sub_1": with("incomplete_expired")}, nil},
		"refused":         {map[string]reply{"DELETE /v1/subscriptions/sub_1": refuse(400, "", ""), "GET /v1/subscriptions/sub_1": with("active")}, billing.ErrStripeRefused},
		"not to be asked": {map[string]reply{"DELETE /v1/subscriptions/sub_1": refuse(503, "", "")}, billing.ErrStripeUnavailable},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := answers(t, tc.script)
			if err := b.CancelNow(b.ctx, platform, "key-1", "sub_1"); !errors.Is(err, tc.want) {
				t.Errorf("got %v, want %v", err, tc.want)
			}
		})
	}
}

func TestExpireCheckout(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		script map[string]reply
		want   error
	}{
		"complete": {map[string]reply{"POST /v1/checkout/sessions/cs_1/expire": refuse(400, "", ""), "GET /v1/checkout/sessions/cs_1": ok(string(fixture(t, "checkout_subscription")))}, nil},
		"open":     {map[string]reply{"POST /v1/checkout/sessions/cs_1/expire": refuse(400, "", ""), "GET /v1/checkout/sessions/cs_1": ok(string(fixture(t, "checkout_payment")))}, billing.ErrStripeRefused},
		"gone":     {map[string]reply{"POST /v1/checkout/sessions/cs_1/expire": refuse(404, "resource_missing", "session")}, billing.ErrStripeGone},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := answers(t, tc.script)
			if err := b.ExpireCheckout(b.ctx, platform, "cs_1"); !errors.Is(err, tc.want) {
				t.Errorf("got %v, want %v", err, tc.want)
			}
		})
	}
}

// An empty id would name a list, or everybody's things; an empty key would let a repeated call make two things.
func TestEmptyArgumentsAreNeverSent(t *testing.T) {
	t.Parallel()
	for name, call := range map[string]func(bundle) error{
		"product without key": func(b bundle) error {
			_, err := b.CreateProduct(b.ctx, platform, "", billing.ProductSpec{})
			return err
		},
		"price without key": func(b bundle) error { _, err := b.CreatePrice(b.ctx, platform, "", monthly); return err },
		"customer without key": func(b bundle) error {
			_, err := b.CreateCustomer(b.ctx, platform, "", billing.CustomerSpec{})
			return err
		},
		"checkout without key": func(b bundle) error { _, err := b.CreateCheckout(b.ctx, platform, "", purchase); return err },
		"subscription":         func(b bundle) error { _, err := b.ReadSubscription(b.ctx, platform, ""); return err },
		"subscriptions":        func(b bundle) error { _, err := b.ListSubscriptions(b.ctx, platform, ""); return err },
		"payment":              func(b bundle) error { _, err := b.ReadPayment(b.ctx, platform, ""); return err },
		"search for no key":    func(b bundle) error { _, err := b.FindMade(b.ctx, platform, billing.MadePrice, ""); return err },
		"search for a query": func(b bundle) error {
			_, err := b.FindMade(b.ctx, platform, billing.MadePrice, `x" OR name:"y`)
			return err
		},
		"refund":             func(b bundle) error { _, err := b.Refund(b.ctx, platform, "key-1", ""); return err },
		"cancel":             func(b bundle) error { return b.CancelNow(b.ctx, platform, "key-1", "") },
		"cancel without key": func(b bundle) error { return b.CancelNow(b.ctx, platform, "", "sub_1") },
		"invoice":            func(b bundle) error { _, err := b.ReadInvoice(b.ctx, platform, ""); return err },
		"quantity of nothing": func(b bundle) error {
			return b.SetQuantity(b.ctx, platform, "key-1", billing.QuantitySpec{ItemID: "si_1"})
		},
		"quantity of no item": func(b bundle) error {
			return b.SetQuantity(b.ctx, platform, "key-1", billing.QuantitySpec{SubscriptionID: "sub_1"})
		},
		"quantity without key": func(b bundle) error { return b.SetQuantity(b.ctx, platform, "", seven) },
		"preview": func(b bundle) error {
			_, err := b.PreviewQuantity(b.ctx, platform, billing.QuantitySpec{SubscriptionID: "sub_1"})
			return err
		},
		"prorations": func(b bundle) error {
			_, err := b.ListProrations(b.ctx, platform, "", "sub_1")
			return err
		},
		"checkout": func(b bundle) error { _, err := b.ReadCheckout(b.ctx, platform, ""); return err },
		"expiry":   func(b bundle) error { return b.ExpireCheckout(b.ctx, platform, "") },
		"one-time tiers": func(b bundle) error {
			_, err := b.CreatePrice(b.ctx, platform, "key-1", billing.PriceSpec{Interval: billing.IntervalOneTime, Scheme: billing.SchemeVolume})
			return err
		},
		"interval": func(b bundle) error {
			_, err := b.CreatePrice(b.ctx, platform, "key-1", billing.PriceSpec{Interval: "week", Scheme: billing.SchemeFlat})
			return err
		},
		"scheme": func(b bundle) error {
			_, err := b.CreatePrice(b.ctx, platform, "key-1", billing.PriceSpec{Interval: billing.IntervalMonth, Scheme: "stairs"})
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := answers(t, nil)
			if err := call(b); !errors.Is(err, billing.ErrStripeRefused) {
				t.Errorf("got %v, want a refusal", err)
			}
			if n := len(b.record.requests()); n != 0 {
				t.Errorf("%d requests were sent", n)
			}
		})
	}
}
