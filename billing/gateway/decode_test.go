package gateway_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wolfieauth/wolfieauth/billing"
	"github.com/wolfieauth/wolfieauth/billing/gateway"
)

func fixture(tb testing.TB, name string) []byte {
	tb.Helper()
	raw, err := os.ReadFile(filepath.Join("testdata", name+".json"))
	if err != nil {
		tb.Fatal(err)
	}
	return raw
}

func at(seconds int64) time.Time { return time.Unix(seconds, 0).UTC() }

var pastDue = billing.RemoteSubscription{
	ID: "sub_1", ItemID: "si_1", CustomerID: "cus_1", CheckoutID: "checkout-1", Status: billing.StatusPastDue,
	StripePriceID: "price_1", Quantity: 7,
	CurrentPeriodStart: at(1702600000), CurrentPeriodEnd: at(1705278400), TrialEnd: ptr(at(1700604800)),
	CancelAt: ptr(at(1705278400)), CancelAtPeriodEnd: true, CanceledAt: ptr(at(1702600100)),
	LatestInvoiceID: "in_2", LatestPaymentID: "pi_2", Created: at(1700000000),
}

func TestDecodeSubscription(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"subscription_2023", "subscription_2025"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := gateway.DecodeSubscription(fixture(t, name))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(pastDue, got); diff != "" {
				t.Errorf("subscription (-want +got):\n%s", diff)
			}
		})
	}
}

func TestDecodeInvoice(t *testing.T) {
	t.Parallel()
	renewal := gateway.Invoice{ID: "in_2", CustomerID: "cus_1", SubscriptionID: "sub_1", PaymentID: "pi_2", FinalizedAt: ptr(at(1702603600))}
	for name, want := range map[string]gateway.Invoice{
		"invoice_2023":     renewal,
		"invoice_2025":     renewal,
		"invoice_one_time": {ID: "in_2", CustomerID: "cus_1"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := gateway.DecodeInvoice(fixture(t, name))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("invoice (-want +got):\n%s", diff)
			}
		})
	}
}

func TestDecodeCheckout(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]billing.RemoteCheckout{
		"checkout_subscription": {
			ID: "cs_1", Status: "complete", PaymentStatus: "paid", CheckoutID: "checkout-1", CustomerID: "cus_1", SubscriptionID: "sub_1",
			Created: at(1700000000), ExpiresAt: at(1700001800),
		},
		"checkout_payment": {
			ID: "cs_2", URL: "https://checkout.stripe.com/c/pay/cs_2", Status: "open", PaymentStatus: "unpaid", CheckoutID: "checkout-2",
			CustomerID: "cus_1", PaymentID: "pi_1", Created: at(1700000000), ExpiresAt: at(1700001800),
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := gateway.DecodeCheckout(fixture(t, name))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("checkout (-want +got):\n%s", diff)
			}
		})
	}
}

func TestDecodePayment(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]billing.RemotePayment{
		"payment_refunded": {ID: "pi_1", CustomerID: "cus_1", Succeeded: true, Refunded: true, Created: at(1700000000)},
		"payment_disputed": {ID: "pi_1", CustomerID: "cus_1", Succeeded: true, Disputed: true, Created: at(1700000000)},
		"payment_waiting":  {ID: "pi_1", Created: at(1700000000)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := gateway.DecodePayment(fixture(t, name))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("payment (-want +got):\n%s", diff)
			}
		})
	}
}

// What is missing is an error, never a zero that looks like a value.
func TestDecodeRefusesWhatIsMissing(t *testing.T) {
	t.Parallel()
	subscription := func(raw []byte) error { _, err := gateway.DecodeSubscription(raw); return err }
	invoice := func(raw []byte) error { _, err := gateway.DecodeInvoice(raw); return err }
	checkout := func(raw []byte) error { _, err := gateway.DecodeCheckout(raw); return err }
	paid := func(raw []byte) error { _, err := gateway.DecodePayment(raw); return err }
	for name, tc := range map[string]struct {
		decode   func([]byte) error
		fixture  string
		old, new string
	}{
		"not JSON":                       {subscription, "subscription_2023", "{", "<"},
		"subscription id":                {subscription, "subscription_2023", `"id": "sub_1", "object"`, `"object"`},
		"subscription customer":          {subscription, "subscription_2023", `"customer": "cus_1", "status": "past_due"`, `"status": "past_due"`},
		"subscription status":            {subscription, "subscription_2023", `"status": "past_due",`, ""},
		"subscription price":             {subscription, "subscription_2023", `"id": "price_1", `, ""},
		"subscription items":             {subscription, "subscription_2023", `"items"`, `"things"`},
		"subscription period, old shape": {subscription, "subscription_2023", `"current_period_end": 1705278400,`, ""},
		"subscription period, new shape": {subscription, "subscription_2025", `, "current_period_end": 1705278400`, ""},
		"subscription period as text":    {subscription, "subscription_2023", "1705278400", `"soon"`},
		"subscription before 1970":       {subscription, "subscription_2023", "1705278400", "-1"},
		"subscription after 9999":        {subscription, "subscription_2023", "1705278400", "253402300800"},
		"latest invoice":                 {subscription, "subscription_2023", `"id": "in_2"`, `"id": ""`},
		"invoice id":                     {invoice, "invoice_2023", `"id": "in_2"`, `"id": null`},
		"invoice customer":               {invoice, "invoice_2025", `"customer": "cus_1"`, `"customer": null`},
		"checkout id":                    {checkout, "checkout_payment", `"id": "cs_2", `, ""},
		"checkout status":                {checkout, "checkout_payment", `"status": "open", `, ""},
		"payment id":                     {paid, "payment_refunded", `"id": "pi_1"`, `"id": ""`},
		"payment status":                 {paid, "payment_refunded", `"status": "succeeded", `, ""},
		"charge of a succeeded payment":  {paid, "payment_waiting", "requires_payment_method", "succeeded"},
		"charge as a number":             {paid, "payment_refunded", `"disputed": false`, `"disputed": 0`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			whole := string(fixture(t, tc.fixture))
			broken := strings.ReplaceAll(whole, tc.old, tc.new)
			if broken == whole {
				t.Fatalf("the fixture does not hold %q", tc.old)
			}
			if err := tc.decode([]byte(broken)); err == nil {
				t.Error("accepted")
			}
		})
	}
}

// FuzzDecode holds what must be true of whatever was accepted, and that nothing panics.
func FuzzDecode(f *testing.F) {
	names, err := filepath.Glob("testdata/*.json")
	if err != nil || len(names) == 0 {
		f.Fatalf("no fixtures: %v", err)
	}
	for _, name := range names {
		f.Add(fixture(f, strings.TrimSuffix(filepath.Base(name), ".json")))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		if s, err := gateway.DecodeSubscription(raw); err == nil {
			if s.ID == "" || s.CustomerID == "" || s.Status == "" || s.StripePriceID == "" || s.CurrentPeriodEnd.IsZero() {
				t.Errorf("incomplete subscription accepted: %+v", s)
			}
			if y := s.CurrentPeriodEnd.Year(); y < 1970 || y > 9999 {
				t.Errorf("period ends in year %d", y)
			}
		}
		if i, err := gateway.DecodeInvoice(raw); err == nil && (i.ID == "" || i.CustomerID == "") {
			t.Errorf("incomplete invoice accepted: %+v", i)
		}
		if c, err := gateway.DecodeCheckout(raw); err == nil && (c.ID == "" || c.Status == "") {
			t.Errorf("incomplete checkout accepted: %+v", c)
		}
		if p, err := gateway.DecodePayment(raw); err == nil && p.ID == "" {
			t.Errorf("incomplete payment accepted: %+v", p)
		}
	})
}
