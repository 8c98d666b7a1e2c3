package gateway_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wolfieauth/wolfieauth/billing"
	"github.com/wolfieauth/wolfieauth/billing/gateway"
)

func TestDecodePaidInvoice(t *testing.T) {
	t.Parallel()
	paid := time.Unix(1_700_000_100, 0).UTC()
	got, err := gateway.DecodePaidInvoice([]byte(`{"id":"in_1","customer":"cus_1","subscription":"sub_1","payment_intent":"pi_1","number":"A-1","status":"paid",
		"currency":"pln","total":1230,"tax":230,"amount_paid":1230,"created":1700000000,"metadata":{"x":"c"},
		"status_transitions":{"paid_at":1700000100,"finalized_at":1700000000},
		"charge":{"id":"ch_1","amount_refunded":30,"disputed":false,"application_fee_amount":61}}`))
	want := billing.RemoteInvoice{
		ID: "in_1", CustomerID: "cus_1", SubscriptionID: "sub_1", PaymentID: "pi_1", Number: "A-1", Status: billing.InvoicePaid, Currency: "PLN",
		Total: 1230, Tax: 230, AmountPaid: 1230, Refunded: 30, ApplicationFee: 61,
		Created: time.Unix(1_700_000_000, 0).UTC(), PaidAt: &paid,
	}
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("%v %s", err, diff)
	}
	for name, raw := range map[string]string{
		"no status":            `{"id":"in_1","customer":"cus_1","currency":"pln"}`,
		"no currency":          `{"id":"in_1","customer":"cus_1","status":"paid"}`,
		"charge not expanded":  `{"id":"in_1","customer":"cus_1","status":"paid","currency":"pln","charge":"ch_1"}`,
		"not an amount":        `{"id":"in_1","customer":"cus_1","status":"paid","currency":"pln","amount_paid":"much"}`,
		"a fraction of a cent": `{"id":"in_1","customer":"cus_1","status":"paid","currency":"pln","amount_paid":1.5}`,
	} {
		if _, err := gateway.DecodePaidInvoice([]byte(raw)); err == nil {
			t.Errorf("%s: read", name)
		}
	}
}
