package billing_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"testing"
	"time"

	"github.com/wolfieauth/wolfieauth/billing"
	"github.com/wolfieauth/wolfieauth/billing/sandbox"
	"github.com/wolfieauth/wolfieauth/internal/db"
	"github.com/wolfieauth/wolfieauth/internal/db/dbtest"
)

// deaf does everything and hears no answer of the operation, as a process that dies right after Stripe's yes.
type deaf struct {
	billing.Gateway
	op string
}

func (d *deaf) hear(op string, err error) error {
	if err == nil && d.op == op {
		return billing.ErrStripeUnavailable
	}
	return err
}

func (d *deaf) CreateProduct(ctx context.Context, at billing.Account, key string, spec billing.ProductSpec) (string, error) {
	id, err := d.Gateway.CreateProduct(ctx, at, key, spec)
	return id, d.hear("products", err)
}

func (d *deaf) CreatePrice(ctx context.Context, at billing.Account, key string, spec billing.PriceSpec) (string, error) {
	id, err := d.Gateway.CreatePrice(ctx, at, key, spec)
	return id, d.hear("prices", err)
}

func (d *deaf) CreateCustomer(ctx context.Context, at billing.Account, key string, spec billing.CustomerSpec) (string, error) {
	id, err := d.Gateway.CreateCustomer(ctx, at, key, spec)
	return id, d.hear("customers", err)
}

func (d *deaf) CreateCheckout(ctx context.Context, at billing.Account, key string, spec billing.CheckoutSpec) (billing.RemoteCheckout, error) {
	made, err := d.Gateway.CreateCheckout(ctx, at, key, spec)
	return made, d.hear("checkout/sessions", err)
}

// TestNothingIsMadeTwiceAfterItsKeyIsForgotten crashes after Stripe's yes and tries again when Stripe has forgotten
// the key.
func TestNothingIsMadeTwiceAfterItsKeyIsForgotten(t *testing.T) {
	t.Parallel()
	for _, op := range []string{"products", "prices", "customers", "checkout/sessions"} {
		t.Run(op, func(t *testing.T) {
			t.Parallel()
			dbtest.Each(t, func(t *testing.T, d *db.DB) {
				b := openStreet(t, d, sandbox.Faults{})
				stripe := &deaf{Gateway: b.gateway, op: op}
				b.gateway = stripe
				b.wire()
				_, err := b.StartCheckout(t.Context(), buyer("buyco"), billing.CheckoutRequest{ClientID: crm, PriceID: proPLN})
				if !errors.Is(err, billing.ErrStripeUnavailable) {
					t.Fatalf("before the crash: %v", err)
				}
				b.clock.advance(25 * time.Hour)
				stripe.op = ""
				b.wire()
				c := b.start("buyco", proPLN)
				if !b.payWith(c, goodCard) {
					t.Fatal("cannot pay")
				}
				out, err := b.FinishCheckout(t.Context(), c.ID, "buyco")
				if err != nil || out.State != billing.FinishSuccess {
					t.Errorf("after paying %s, %v", out.State, err)
				}
				b.must(b.sandbox.Tick(t.Context()))
				for _, list := range []string{"products", "prices", "customers", "checkout/sessions?status=complete", "checkout/sessions?status=expired", "subscriptions"} {
					want := 1
					if list == "checkout/sessions?status=expired" && op != "checkout/sessions" {
						want = 0
					}
					if n := b.count(list); n != want {
						t.Errorf("%d %s, want %d", n, list, want)
					}
				}
			})
		})
	}
}

// count counts what is in a list of the connected account.
func (b *street) count(list string) int {
	b.t.Helper()
	r, err := http.NewRequestWithContext(b.t.Context(), http.MethodGet, b.api.URL+"/v1/"+list, nil)
	b.must(err)
	r.Header.Set("Authorization", "Bearer "+sandboxKey)
	r.Header.Set("Stripe-Account", acct)
	res, err := http.DefaultClient.Do(r)
	b.must(err)
	defer res.Body.Close()
	var page struct{ Data []struct{ ID string } }
	b.must(json.NewDecoder(res.Body).Decode(&page))
	if res.StatusCode != http.StatusOK {
		b.t.Fatalf("%s answers %d", list, res.StatusCode)
	}
	return len(page.Data)
}
