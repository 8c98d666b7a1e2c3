package gateway_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wolfieauth/wolfieauth/billing"
)

func previewed(more bool, lines ...string) reply {
	return ok(fmt.Sprintf(`{"object":"invoice","currency":"pln","created":1799990000,"period_end":1800000000,
		"lines":{"object":"list","has_more":%t,"data":[%s]}}`, more, strings.Join(lines, ",")))
}

func previewLine(id string, amount int64, proration bool, kind string) string {
	return fmt.Sprintf(`{"id":%q,"object":"line_item","amount":%d,"proration":%t,"type":%q}`, id, amount, proration, kind)
}

// A preview has ten lines; the others are asked for, or a third change within a month would be quoted too low.
func TestPreviewReadsEveryLine(t *testing.T) {
	t.Parallel()
	asked := "subscription=sub_1&subscription_items[0][id]=si_1&subscription_items[0][quantity]=7" +
		"&subscription_proration_behavior=create_prorations&subscription_proration_date=1800000000"
	b := answers(t, map[string]reply{
		"GET /v1/invoices/upcoming": previewed(true, previewLine("il_1", -100, true, "invoiceitem"), previewLine("il_2", 250, true, "invoiceitem")),
		"GET /v1/invoices/upcoming/lines?limit=100&starting_after=il_2&" + asked: ok(`{"object":"list","has_more":true,"data":[` +
			previewLine("il_3", 40, true, "subscription") + `]}`),
		"GET /v1/invoices/upcoming/lines?limit=100&starting_after=il_3&" + asked: ok(`{"object":"list","has_more":false,"data":[` +
			previewLine("il_4", 9900, false, "subscription") + "," + previewLine("il_5", 777, false, "invoiceitem") + `]}`),
	})
	got, err := b.PreviewQuantity(b.ctx, connected, seven)
	want := billing.RemotePreview{InvoiceAt: at(1800000000), Currency: "PLN", Prorated: 190, Renewal: 9900}
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
}

func TestPreviewOfNothing(t *testing.T) {
	t.Parallel()
	b := answers(t, map[string]reply{"GET /v1/invoices/upcoming": refuse(404, "invoice_upcoming_none", "")})
	got, err := b.PreviewQuantity(b.ctx, platform, seven)
	if diff := cmp.Diff(billing.RemotePreview{}, got); err != nil || diff != "" {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
	b = answers(t, map[string]reply{"GET /v1/invoices/upcoming": refuse(400, "", "subscription_proration_date")})
	if _, err := b.PreviewQuantity(b.ctx, platform, seven); !errors.Is(err, billing.ErrProrationDate) {
		t.Errorf("got %v", err)
	}
}

func TestListProrations(t *testing.T) {
	t.Parallel()
	item := func(id, sub, invoice string, amount, quantity int64, proration bool) string {
		return fmt.Sprintf(`{"id":%q,"object":"invoiceitem","subscription":%q,"invoice":%s,"amount":%d,"currency":"pln","quantity":%d,"date":1700000000,"proration":%t}`,
			id, sub, invoice, amount, quantity, proration)
	}
	b := answers(t, map[string]reply{"GET /v1/invoiceitems": ok(`{"object":"list","has_more":true,"data":[` + strings.Join([]string{
		item("ii_5", "sub_1", "null", 600, 6, true), item("ii_4", "sub_1", "null", -500, 5, true), item("ii_3", "sub_2", "null", 1, 1, true),
		item("ii_2", "sub_1", "null", 1, 1, false), item("ii_1", "sub_1", `"in_1"`, 500, 5, true),
	}, ",") + `]}`)})
	got, err := b.ListProrations(b.ctx, connected, "cus_1", "sub_1")
	want := []billing.RemoteProration{
		{ID: "ii_1", InvoiceID: "in_1", Amount: 500, Currency: "PLN", Quantity: 5, At: at(1700000000)},
		{ID: "ii_4", Amount: -500, Currency: "PLN", Quantity: 5, At: at(1700000000)},
		{ID: "ii_5", Amount: 600, Currency: "PLN", Quantity: 6, At: at(1700000000)},
	}
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
	b = answers(t, map[string]reply{"GET /v1/invoiceitems": refuse(400, "resource_missing", "customer")})
	if _, err := b.ListProrations(b.ctx, connected, "cus_1", "sub_1"); !errors.Is(err, billing.ErrStripeGone) {
		t.Errorf("got %v, want gone", err)
	}
}

// What the preview says is what the invoice then asks for, to the minor unit.
func TestSandboxSeats(t *testing.T) {
	t.Parallel()
	s := openShop(t)
	price := s.price(t, func(p *billing.PriceSpec) { p.PerSeat = true })
	done := s.pay(t, s.order(t, price, func(c *billing.CheckoutSpec) { c.Quantity = 3 }), goodCard)
	sub := s.subscription(t, done.SubscriptionID)
	later := noon.Add(10*24*time.Hour + 7*time.Second)
	s.pass(t, later)
	preview := func(n int64) billing.RemotePreview {
		t.Helper()
		got, err := s.PreviewQuantity(s.ctx, s.at, billing.QuantitySpec{SubscriptionID: sub.ID, ItemID: sub.ItemID, Quantity: n, ProrationDate: &later})
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	before, after := preview(3), preview(5)
	if before.Prorated != 0 || before.Renewal != 3*9900 || after.Renewal != 5*9900 || !after.InvoiceAt.Equal(noon.AddDate(0, 1, 0)) {
		t.Errorf("previews %+v, %+v", before, after)
	}
	set := func(key string, n int64, from *time.Time) error {
		return s.SetQuantity(s.ctx, s.at, key, billing.QuantitySpec{SubscriptionID: sub.ID, ItemID: sub.ItemID, Quantity: n, ProrationDate: from})
	}
	for range 2 { // under one key it happens once
		if err := set("change-1", 5, &later); err != nil {
			t.Fatal(err)
		}
	}
	if err := set("change-0", 6, &noon); err != nil { // the very beginning of the period
		t.Fatal(err)
	}
	long := noon.AddDate(-1, 0, 0)
	if err := set("change-2", 7, &long); !errors.Is(err, billing.ErrProrationDate) {
		t.Errorf("a moment a year ago: %v", err)
	}
	lines, err := s.ListProrations(s.ctx, s.at, done.CustomerID, sub.ID)
	if err != nil || len(lines) != 4 {
		t.Fatalf("%+v, %v", lines, err)
	}
	if sum := lines[0].Amount + lines[1].Amount; sum != after.Prorated || lines[0].Quantity != 3 || lines[1].Quantity != 5 {
		t.Errorf("told %d, charged %+v", after.Prorated, lines)
	}
	s.pass(t, noon.AddDate(0, 1, 0).Add(2*time.Hour))
	lines, err = s.ListProrations(s.ctx, s.at, done.CustomerID, sub.ID)
	if err != nil || lines[0].InvoiceID == "" || lines[3].InvoiceID != lines[0].InvoiceID {
		t.Errorf("after the renewal %+v, %v", lines, err)
	}
}
