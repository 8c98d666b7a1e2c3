package gateway_test

import (
	"errors"
	"fmt"
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wolfieauth/wolfieauth/billing"
)

// What was sent to the sandbox is read back in our own words.
func TestReadBackWhatWasSent(t *testing.T) {
	t.Parallel()
	s := openShop(t)
	product, err := s.CreateProduct(s.ctx, s.at, "product-1", billing.ProductSpec{PlanID: "plan-1", Name: "Pro", Description: "All of it"})
	if err != nil {
		t.Fatal(err)
	}
	for i, change := range []func(*billing.PriceSpec){
		func(*billing.PriceSpec) {},
		func(p *billing.PriceSpec) { p.Currency, p.Interval, p.Amount = "EUR", billing.IntervalOneTime, 0 },
		func(p *billing.PriceSpec) { p.Scheme, p.Tiers, p.Amount = billing.SchemeVolume, tiers, 0 },
		func(p *billing.PriceSpec) {
			p.Scheme, p.Tiers, p.Amount, p.Interval = billing.SchemeGraduated, tiers, 0, billing.IntervalYear
		},
	} {
		spec := priceSpec(monthly).with(change)
		spec.ProductID = product
		id, err := s.CreatePrice(s.ctx, s.at, fmt.Sprintf("price-%d", i), spec)
		if err != nil {
			t.Fatal(err)
		}
		want := billing.RemotePrice{ID: id, ProductID: product, Active: true, Currency: spec.Currency, Interval: spec.Interval, Scheme: spec.Scheme, Amount: spec.Amount}
		for j, tier := range spec.Tiers {
			tier.Position = int64(j)
			want.Tiers = append(want.Tiers, tier)
		}
		got, err := s.ReadPrice(s.ctx, s.at, id)
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Errorf("price %d (%v):\n%s", i, err, diff)
		}
		if err := s.SetPriceActive(s.ctx, s.at, "archive-"+id, id, false); err != nil {
			t.Error(err)
		}
		if got, err := s.ReadPrice(s.ctx, s.at, id); err != nil || got.Active {
			t.Errorf("archived price reads %+v, %v", got, err)
		}
	}
	for i, to := range []billing.ProductState{{Name: "Pro", Description: "All of it", Active: true}, {Name: "Plus"}, {Name: "Plus", Description: "x", Active: true}} {
		if i > 0 {
			if err := s.UpdateProduct(s.ctx, s.at, fmt.Sprintf("update-%d", i), product, to); err != nil {
				t.Fatal(err)
			}
		}
		got, err := s.ReadProduct(s.ctx, s.at, product)
		if diff := cmp.Diff(billing.RemoteProduct{ID: product, ProductState: to}, got); err != nil || diff != "" {
			t.Errorf("product (%v):\n%s", err, diff)
		}
	}
	_, productErr := s.ReadProduct(s.ctx, s.at, "prod_none")
	_, priceErr := s.ReadPrice(s.ctx, s.at, "price_none")
	if !errors.Is(productErr, billing.ErrStripeGone) || !errors.Is(priceErr, billing.ErrStripeGone) {
		t.Errorf("unknown: %v, %v", productErr, priceErr)
	}
	if err := s.SetPriceActive(s.ctx, s.at, "key", "price_none", true); !errors.Is(err, billing.ErrStripeGone) {
		t.Errorf("unknown price: %v", err)
	}
}

// stripe-mock has no tiered price to show, but it knows whether tiers may be asked for.
func TestTiersAreAskedForAsStripeAllows(t *testing.T) {
	t.Parallel()
	base := stripeMock(t)
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, base+"/v1/prices/price_1?expand[]=tiers", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+testKey)
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		t.Errorf("status %d", res.StatusCode)
	}
}
