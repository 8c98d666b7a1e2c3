package gateway_test

import (
	"errors"
	"testing"
	"time"

	"github.com/wolfieauth/wolfieauth/billing"
)

// What a switch is said to cost is what the invoice then asks for, to the minor unit; and what a buyer's page reads is
// all there.
func TestSandboxSwitch(t *testing.T) {
	t.Parallel()
	for _, mode := range billing.ChangeModes() {
		for _, yearly := range []bool{false, true} {
			t.Run(string(mode), func(t *testing.T) {
				t.Parallel()
				s := openShop(t)
				old := s.price(t, func(*billing.PriceSpec) {})
				product, err := s.CreateProduct(s.ctx, s.at, "product-2", billing.ProductSpec{PlanID: "plan-2", Name: "Max"})
				must(t, err)
				spec := monthly
				spec.ProductID, spec.PriceID, spec.Amount = product, "price-2", 29900
				if yearly {
					spec.Interval = billing.IntervalYear
				}
				price, err := s.CreatePrice(s.ctx, s.at, "price-2", spec)
				must(t, err)
				done := s.pay(t, s.order(t, old, func(*billing.CheckoutSpec) {}), goodCard)
				sub := s.subscription(t, done.SubscriptionID)
				later := noon.Add(10*24*time.Hour + 7*time.Second)
				s.pass(t, later)
				to := billing.SwitchSpec{SubscriptionID: sub.ID, ItemID: sub.ItemID, StripePriceID: price, Quantity: 1, Mode: mode, ProrationDate: &later}
				told, err := s.PreviewSwitch(s.ctx, s.at, to)
				must(t, err)
				now := yearly || mode == billing.ModeNow
				if told.At.After(later) == now || (told.Prorated == 0) != (mode == billing.ModePeriodEnd) || told.Currency != "PLN" {
					t.Errorf("told %+v", told)
				}
				s.pass(t, later.Add(time.Minute))
				for range 2 { // under one key it happens once
					must(t, s.Switch(s.ctx, s.at, "switch-1", to))
				}
				if !now {
					s.pass(t, noon.AddDate(0, 1, 0).Add(2*time.Hour))
				}
				list, err := s.ListInvoices(s.ctx, s.at, done.CustomerID)
				must(t, err)
				if len(list) != 2 || list[0].Total != told.Total || list[0].Status != "paid" || list[0].URL == "" || list[0].PDF == "" || list[0].SubscriptionID != sub.ID {
					t.Errorf("told %d, charged %+v", told.Total, list)
				}
				if got := s.subscription(t, sub.ID); got.StripePriceID != price || got.Status != billing.StatusActive {
					t.Errorf("switched to %+v", got)
				}
				card, err := s.PaymentCard(s.ctx, s.at, sub.ID)
				if err != nil || card.Brand != "visa" || card.Last4 != "4242" || card.ExpYear != 2034 {
					t.Errorf("paid with %+v, %v", card, err)
				}
			})
		}
	}
}

func TestSandboxEnding(t *testing.T) {
	t.Parallel()
	s := openShop(t)
	done := s.pay(t, s.order(t, s.price(t, func(*billing.PriceSpec) {}), func(*billing.CheckoutSpec) {}), goodCard)
	next, err := s.NextInvoice(s.ctx, s.at, done.SubscriptionID)
	if err != nil || next.Total != 9900 || next.Due != 9900 || !next.At.Equal(noon.AddDate(0, 1, 0)) || len(next.Lines) != 1 {
		t.Errorf("next %+v, %v", next, err)
	}
	must(t, s.SetEnding(s.ctx, s.at, "end-1", done.SubscriptionID, billing.Ending{AtPeriodEnd: true}))
	if sub := s.subscription(t, done.SubscriptionID); !sub.CancelAtPeriodEnd {
		t.Errorf("cancelled %+v", sub)
	}
	if next, err := s.NextInvoice(s.ctx, s.at, done.SubscriptionID); err != nil || !next.At.IsZero() {
		t.Errorf("next of what ends %+v, %v", next, err)
	}
	must(t, s.SetEnding(s.ctx, s.at, "end-2", done.SubscriptionID, billing.Ending{}))
	must(t, s.SetEnding(s.ctx, s.at, "end-3", done.SubscriptionID, billing.Ending{ClearDate: true}))
	if sub := s.subscription(t, done.SubscriptionID); sub.CancelAtPeriodEnd || sub.CancelAt != nil {
		t.Errorf("taken back %+v", sub)
	}
	for _, err := range []error{
		s.SetEnding(s.ctx, s.at, "end-4", "", billing.Ending{}), s.SetEnding(s.ctx, s.at, "end-5", "sub_none", billing.Ending{}),
		s.Switch(s.ctx, s.at, "end-6", billing.SwitchSpec{}), s.Switch(s.ctx, s.at, "", billing.SwitchSpec{SubscriptionID: "a", ItemID: "b", StripePriceID: "c"}),
	} {
		if err == nil || !errors.Is(err, billing.ErrStripeRefused) && !errors.Is(err, billing.ErrStripeGone) {
			t.Errorf("answered %v", err)
		}
	}
}

// other is a switch to another price, at Stripe's own example's ids.
var other = billing.SwitchSpec{
	SubscriptionID: "sub_1", ItemID: "si_1", StripePriceID: "price_2", Quantity: 3, Mode: billing.ModeNow, ProrationDate: seven.ProrationDate,
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
