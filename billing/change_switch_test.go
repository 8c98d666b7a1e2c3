package billing_test

import (
	"errors"
	"testing"
	"time"

	"github.com/wolfieauth/wolfieauth/billing"
	"github.com/wolfieauth/wolfieauth/billing/sandbox"
	"github.com/wolfieauth/wolfieauth/internal/db"
	"github.com/wolfieauth/wolfieauth/internal/db/dbtest"
)

// changes plans: how the owner wants a change of acme-crm charged.
func (b *bundle) mode(m billing.ChangeMode) {
	b.t.Helper()
	settings, err := b.store.Settings(b.t.Context(), crm)
	b.must(err)
	b.must(b.EditShop(b.t.Context(), billing.ShopEdit{ClientID: crm, DefaultCurrency: settings.DefaultCurrency, Shop: settings.Shop, ChangeMode: m}))
}

func (b *bundle) quote(org, price string) billing.SwitchQuote {
	b.t.Helper()
	q, err := b.QuoteSwitch(b.t.Context(), org, billing.SwitchRequest{ClientID: crm, PriceID: price}, time.Time{})
	b.must(err)
	return q
}

func (b *bundle) confirm(org, price string, q billing.SwitchQuote) error {
	_, err := b.SwitchPlan(b.t.Context(), org, billing.SwitchRequest{ClientID: crm, PriceID: price}, billing.Confirmation{
		ProrationDate: q.ProrationDate, Quantity: q.Quantity, Total: q.Invoice.Total,
	})
	return err
}

// What the buyer confirms is what the invoice asks for, to the minor unit, in every mode, up, down and to a year.
func TestSwitchChargesWhatWasQuoted(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		mode     billing.ChangeMode
		from, to string
		now      bool
	}{
		"up, next invoice":     {billing.ModeNextInvoice, starterPLN, proPLN, false},
		"down, next invoice":   {billing.ModeNextInvoice, proPLN, starterPLN, false},
		"to seats":             {billing.ModeNextInvoice, proPLN, teamPLN, false},
		"to a year":            {billing.ModeNextInvoice, proPLN, proYear, true},
		"up, now":              {billing.ModeNow, starterPLN, proPLN, true},
		"up, at period end":    {billing.ModePeriodEnd, starterPLN, proPLN, false},
		"down, at period end":  {billing.ModePeriodEnd, proPLN, starterPLN, false},
		"year, at period end":  {billing.ModePeriodEnd, proPLN, proYear, false},
		"seats, at period end": {billing.ModePeriodEnd, proPLN, teamPLN, false},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dbtest.Each(t, func(t *testing.T, d *db.DB) {
				b := openStreet(t, d, sandbox.Faults{})
				b.members.counts.Store("buyco", int64(3))
				b.mode(tc.mode)
				c := b.start("buyco", tc.from)
				b.payWith(c, goodCard)
				_, err := b.FinishCheckout(t.Context(), c.ID, "buyco")
				b.must(err)
				b.clock.advance(11*24*time.Hour + 13*time.Second)
				b.must(b.sandbox.Tick(t.Context()))
				q := b.quote("buyco", tc.to)
				if q.Now != tc.now || (tc.mode == billing.ModePeriodEnd) != (q.Invoice.Prorated == 0) {
					t.Errorf("quote %+v", q)
				}
				if want := map[bool]int64{true: 3, false: 1}[tc.to == teamPLN]; q.Quantity != want {
					t.Errorf("quoted for %d, want %d", q.Quantity, want)
				}
				b.clock.advance(3 * time.Minute) // the buyer reads
				b.must(b.sandbox.Tick(t.Context()))
				b.must(b.confirm("buyco", tc.to, q))
				sub := b.subscriptions("buyco")[0]
				if switched := sub.PriceID == tc.to; switched == (tc.mode == billing.ModePeriodEnd) || !sub.Holds {
					t.Errorf("after the confirmation: %+v", sub)
				}
				if !tc.now {
					b.clock.advance(20*24*time.Hour - time.Minute*5 - 13*time.Second - time.Hour*12) // twelve hours to go
					b.must(b.sandbox.Tick(t.Context()))
					b.settle()
					b.clock.advance(11*time.Hour + 30*time.Minute)
					b.must(b.sandbox.Tick(t.Context()))
					b.settle()
					b.clock.advance(5 * time.Hour)
					b.must(b.sandbox.Tick(t.Context()))
				}
				b.settle()
				sub = b.subscriptions("buyco")[0]
				list, err := b.gateway.ListInvoices(t.Context(), connected, sub.CustomerID)
				b.must(err)
				if len(list) != 2 || list[0].Total != q.Invoice.Total || list[0].Status != "paid" {
					t.Errorf("quoted %d, charged %+v", q.Invoice.Total, list)
				}
				if sub.PriceID != tc.to || sub.Quantity != q.Quantity || sub.Status != billing.StatusActive {
					t.Errorf("in the end %+v", sub)
				}
			})
		})
	}
}

func TestSwitchRefusals(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := setup(t, d)
		sub := b.buy("buyco", proPLN)
		b.buy("once", proOnce)
		blocked := func(org, price, want string) {
			t.Helper()
			_, err := b.QuoteSwitch(t.Context(), org, billing.SwitchRequest{ClientID: crm, PriceID: price}, time.Time{})
			if e, ok := errors.AsType[*billing.SwitchBlockedError](err); !ok || e.Reason != want {
				t.Errorf("%s to %s: %v, want %s", org, price, err, want)
			}
		}
		blocked("buyco", proPLN, billing.BlockedSame)
		blocked("buyco", proEUR, billing.BlockedCurrency)
		blocked("buyco", proOnce, billing.BlockedOneTime)
		blocked("once", starterPLN, billing.BlockedOneTime)
		for name, tc := range map[string]struct {
			org, price string
			want       error
		}{
			"nothing to switch": {"other", proPLN, billing.ErrSubscriptionNotFound},
			"another scope":     {"buyco", premiumPLN, billing.ErrSubscriptionNotFound},
			"another's price":   {"buyco", "price-wolfie", billing.ErrPriceNotFound},
		} {
			if _, err := b.QuoteSwitch(t.Context(), tc.org, billing.SwitchRequest{ClientID: crm, PriceID: tc.price}, time.Time{}); !errors.Is(err, tc.want) {
				t.Errorf("%s: %v", name, err)
			}
		}
		q := b.quote("buyco", starterPLN)
		wrong := q
		wrong.Invoice.Total++
		stale := q
		stale.ProrationDate = q.ProrationDate.Add(-2 * time.Hour)
		ahead := q
		ahead.ProrationDate = q.ProrationDate.Add(time.Minute)
		for name, q := range map[string]billing.SwitchQuote{"another amount": wrong, "long ago": stale, "ahead": ahead, "none": {}} {
			if err := b.confirm("buyco", starterPLN, q); !errors.Is(err, billing.ErrQuoteStale) {
				t.Errorf("%s: %v", name, err)
			}
		}
		b.must(b.CancelAtPeriodEnd(t.Context(), "buyco", sub.ID))
		blocked("buyco", starterPLN, billing.BlockedEnding)
		b.must(b.Resume(t.Context(), "buyco", sub.ID))
		b.stripe.Change(sub.StripeID, func(s *billing.RemoteSubscription) { s.Status = billing.StatusPastDue })
		b.deliver(connected, sub.StripeID)
		b.drain()
		blocked("buyco", starterPLN, billing.BlockedPastDue)
		if n := b.stripe.Calls("Switch"); n != 0 {
			t.Errorf("Stripe was asked %d times", n)
		}
	})
}

// A declined card changes nothing; a lost answer happens once; a period that ended meanwhile is prorated from its start.
func TestSwitchThroughFaults(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := setup(t, d)
		sub := b.buy("buyco", starterPLN)
		faulty := func(before, after error) {
			b.stripe.Break(func(op string) (error, error) {
				if op == "Switch" {
					return before, after
				}
				return nil, nil
			})
		}
		faulty(billing.ErrCardDeclined, nil)
		if err := b.confirm("buyco", proPLN, b.quote("buyco", proPLN)); !errors.Is(err, billing.ErrCardDeclined) {
			t.Errorf("declined: %v", err)
		}
		b.stripe.Break(nil)
		b.settle()
		if got := b.subscriptions("buyco")[0]; got.PriceID != starterPLN {
			t.Errorf("after a decline: %+v", got)
		}
		faulty(nil, billing.ErrStripeUnavailable)
		if err := b.confirm("buyco", proPLN, b.quote("buyco", proPLN)); !errors.Is(err, billing.ErrStripeUnavailable) {
			t.Errorf("a lost answer: %v", err)
		}
		b.stripe.Break(nil)
		b.settle()
		if got := b.subscriptions("buyco")[0]; got.PriceID != proPLN || b.stripe.Calls("Switch") != 2 {
			t.Errorf("after a lost answer, with %d calls: %+v", b.stripe.Calls("Switch"), got)
		}
		b.mode(billing.ModePeriodEnd)
		b.must(b.confirm("buyco", starterPLN, b.quote("buyco", starterPLN)))
		b.stripe.Renew(sub.StripeID) // Stripe renewed before we came to it
		b.clock.advance(32 * 24 * time.Hour)
		b.settle()
		lines, err := b.stripe.ListProrations(t.Context(), connected, sub.CustomerID, sub.StripeID)
		b.must(err)
		if n := len(lines); n < 2 || lines[n-2].Amount != -9900 || lines[n-1].Amount != 4900 {
			t.Errorf("prorated %+v", lines)
		}
		if got := b.subscriptions("buyco")[0]; got.PriceID != starterPLN {
			t.Errorf("after the period: %+v", got)
		}
	})
}
