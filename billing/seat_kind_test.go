package billing_test

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/wolfieauth/wolfieauth/billing"
	"github.com/wolfieauth/wolfieauth/internal/db"
	"github.com/wolfieauth/wolfieauth/internal/db/dbtest"
)

const premiumSeats = "price-premium-seats" // a yearly price of the bundle, per seat

func (b *bundle) suiteSeats() {
	b.t.Helper()
	_, err := b.AddPrice(b.t.Context(), billing.NewPrice{
		ID: premiumSeats, PlanID: premium, Amount: 12000, Currency: "PLN", Interval: billing.IntervalYear, PerSeat: true, SeatLabel: "seat",
	})
	b.must(err)
}

// An app and a bundle that are paid per seat both follow; a flat price stays as it is.
func TestSeatsOfEverySubscription(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := setup(t, d)
		b.suiteSeats()
		one := b.team(carSeats, 2)
		two := b.buy(carSeats, premiumSeats)
		b.members.counts.Store("flat", int64(2))
		flat := b.buy("flat", proPLN)
		b.people(carSeats, 4)
		b.people("flat", 9)
		b.drain()
		if q := []int64{b.quantity(one), b.quantity(two), b.quantity(flat)}; !cmp.Equal(q, []int64{4, 4, 1}) {
			t.Errorf("quantities %v", q)
		}
		if rows := b.ledger("flat"); len(rows) != 0 {
			t.Errorf("the ledger of a flat price: %+v", rows)
		}
		b.people(carSeats, 0) // never below one
		b.drain()
		if q := []int64{b.quantity(one), b.quantity(two)}; !cmp.Equal(q, []int64{1, 1}) {
			t.Errorf("quantities %v", q)
		}
	})
}

func TestSpareSeats(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b, ctx := setup(t, d), t.Context()
		b.members.counts.Store(carSeats, int64(2))
		five := int64(5)
		c, err := b.StartCheckout(ctx, buyer(carSeats), billing.CheckoutRequest{ClientID: crm, PriceID: teamPLN, Quantity: &five})
		b.must(err)
		b.pay(c)
		out, err := b.FinishCheckout(ctx, c.ID, carSeats)
		b.must(err)
		sub := *out.Subscription
		b.people(carSeats, 4)
		b.drain()
		if got := b.quantity(sub); got != 5 || len(b.ledger(carSeats)) != 1 {
			t.Errorf("quantity %d of 5 spare seats, ledger %+v", got, b.ledger(carSeats))
		}
		q, err := b.QuoteSeats(ctx, carSeats, 1)
		b.must(err)
		if l := q.Lines[0]; q.Costs() || l.From != 5 || l.To != 5 || l.Prorated != 0 || l.RenewalAfter != 15000 || l.RenewalBefore != 15000 {
			t.Errorf("covered by spare seats, and quoted %+v", l)
		}
		b.people(carSeats, 6)
		b.drain()
		b.must(b.CommitSeats(ctx, carSeats, sub.ID, 1))
		b.people(carSeats, 3)
		b.drain()
		if got := b.quantity(sub); got != 3 {
			t.Errorf("quantity %d after the spare seats were given up", got)
		}
		b.must(b.CommitSeats(ctx, carSeats, sub.ID, 8))
		b.drain()
		rows := b.rows(carSeats)
		if last := rows[len(rows)-1]; b.quantity(sub) != 8 || last.Cause != billing.CauseCommitted || last.From != 3 || last.To != 8 || last.Members != 3 || last.Committed != 8 {
			t.Errorf("quantity %d, %+v", b.quantity(sub), last)
		}
		if err := b.CommitSeats(ctx, "another", sub.ID, 1); !errors.Is(err, billing.ErrSubscriptionNotFound) {
			t.Errorf("another org's: %v", err)
		}
		if err := b.CommitSeats(ctx, carSeats, sub.ID, 0); !errors.Is(err, billing.ErrQuantity) {
			t.Errorf("none at all: %v", err)
		}
	})
}

// What somebody sets in the portal or the dashboard is put right, and the ledger tells of both.
func TestSeatsChangedAtStripe(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := setup(t, d)
		for org, there := range map[string]int64{"portal": 2, "dashboard": 9} {
			sub := b.team(org, 5)
			b.stripe.Change(sub.StripeID, func(s *billing.RemoteSubscription) { s.Quantity = there })
			b.deliver(connected, sub.StripeID)
			b.drain()
			want := []step{
				{"purchase", "user-" + org, "done", "", 0, 5, 0, false},
				{"stripe", "", "done", "", 5, there, 0, false},
				{"correction", "", "done", "", there, 5, (5 - there) * 3000, true},
			}
			if diff := cmp.Diff(want, b.ledger(org)); b.quantity(sub) != 5 || diff != "" {
				t.Errorf("quantity %d\n%s", b.quantity(sub), diff)
			}
		}
	})
}

// A switch of plan or interval takes the members of that moment, whatever Stripe's page asked for; a switch to a
// price that is not per seat is paid once.
func TestSeatsAtASwitch(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := setup(t, d)
		_, err := b.AddPrice(t.Context(), billing.NewPrice{
			ID: "price-team-year", PlanID: team, Amount: 30000, Currency: "PLN", Interval: billing.IntervalYear, PerSeat: true, SeatLabel: "user",
		})
		b.must(err)
		year := b.named(t, "price-team-year")
		flat := b.named(t, proPLN)
		sub := b.team(carSeats, 3)
		b.members.counts.Store(carSeats, int64(5)) // the wish of this change is lost
		b.stripe.Change(sub.StripeID, func(s *billing.RemoteSubscription) { s.StripePriceID, s.Quantity = year, 2 })
		b.deliver(connected, sub.StripeID)
		b.drain()
		if got := b.quantity(sub); got != 5 {
			t.Errorf("quantity %d after a switch to the year", got)
		}
		b.stripe.Change(sub.StripeID, func(s *billing.RemoteSubscription) { s.StripePriceID = flat })
		b.deliver(connected, sub.StripeID)
		b.drain()
		if got := b.quantity(sub); got != 1 {
			t.Errorf("quantity %d of a flat price", got)
		}
		b.people(carSeats, 7)
		b.drain()
		back := b.named(t, teamPLN)
		b.stripe.Change(sub.StripeID, func(s *billing.RemoteSubscription) { s.StripePriceID = back })
		b.deliver(connected, sub.StripeID)
		b.drain()
		if got := b.quantity(sub); got != 7 {
			t.Errorf("quantity %d after the way back", got)
		}
		b.explained(carSeats)
	})
}

// named answers what Stripe calls a price, which is made there when it is bought first.
func (b *bundle) named(t *testing.T, priceID string) string {
	t.Helper()
	price, err := b.store.Price(t.Context(), priceID)
	b.must(err)
	plan, err := b.store.Plan(t.Context(), price.PlanID)
	b.must(err)
	name, err := b.EnsureStripePrice(t.Context(), connected, plan, price)
	b.must(err)
	return name
}

// explained fails unless each done row begins where the one before ended, and the last one is what Stripe has.
func (b *bundle) explained(org string) {
	b.t.Helper()
	last := map[string]billing.SeatChange{}
	var rows []billing.SeatChange
	b.must(b.db.Conn(b.t.Context()).Where("org_id = ?", org).Order("subscription_id, position").Find(&rows).Error)
	for _, r := range rows {
		if r.Status == billing.SeatPending {
			b.t.Errorf("still open: %+v", r)
		}
		if r.Status != billing.SeatDone {
			continue
		}
		if before := last[r.SubscriptionID]; r.From != before.To || r.Position != before.Position+1 || r.DoneAt == nil {
			b.t.Errorf("%+v does not follow %+v", r, before)
		}
		last[r.SubscriptionID] = r
	}
	for id, r := range last {
		sub, err := b.store.Subscription(b.t.Context(), id)
		b.must(err)
		if got := b.quantity(sub); got != r.To || sub.Quantity != got {
			b.t.Errorf("Stripe has %d, we read %d, the ledger ends with %+v", got, sub.Quantity, r)
		}
	}
}

func TestSeatsOfWhatIsPausedOrOver(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := setup(t, d)
		sub := b.team(carSeats, 2)
		set := func(status billing.SubscriptionStatus) {
			b.stripe.Change(sub.StripeID, func(s *billing.RemoteSubscription) { s.Status = status })
			b.deliver(connected, sub.StripeID)
			b.drain()
		}
		set(billing.StatusPaused)
		b.people(carSeats, 3)
		b.drain()
		states, err := b.SeatStates(t.Context(), carSeats)
		b.must(err)
		if got := b.quantity(sub); got != 2 || !states[0].Pending || states[0].Reason != billing.SeatReasonPaused {
			t.Errorf("paused: quantity %d, %+v", got, states)
		}
		if rows := b.ledger(carSeats); rows[1].Status != billing.SeatPending || rows[1].Reason != billing.SeatReasonPaused {
			t.Errorf("paused: %+v", rows)
		}
		if q, err := b.QuoteSeats(t.Context(), carSeats, 1); err != nil || len(q.Lines) != 0 {
			t.Errorf("paused: quoted %+v, %v", q, err)
		}
		b.clock.advance(72 * time.Hour)
		b.stripe.Break(refuseOnly("SetQuantity", billing.ErrStripeUnavailable))
		b.stripe.Change(sub.StripeID, func(s *billing.RemoteSubscription) { s.Status = billing.StatusActive })
		if err := b.SyncSeats(t.Context(), carSeats, sub.ID); !errors.Is(err, billing.ErrStripeUnavailable) {
			t.Errorf("synced with %v", err)
		}
		if err := b.SyncSeats(t.Context(), "another", sub.ID); !errors.Is(err, billing.ErrSubscriptionNotFound) {
			t.Errorf("another org's: %v", err)
		}
		states, err = b.SeatStates(t.Context(), carSeats)
		if b.must(err); states[0].Reason != billing.SeatReasonUnavailable || !states[0].Since.Equal(b.clock.now()) {
			t.Errorf("resumed, and away: %+v", states[0])
		}
		b.stripe.Break(nil)
		set(billing.StatusActive)
		if got := b.quantity(sub); got != 3 {
			t.Errorf("resumed: quantity %d", got)
		}
		set(billing.StatusUnpaid)
		b.people(carSeats, 4)
		b.drain()
		now := b.clock.now()
		b.stripe.Change(sub.StripeID, func(s *billing.RemoteSubscription) { s.Status, s.EndedAt = billing.StatusCanceled, &now })
		b.deliver(connected, sub.StripeID)
		b.drain()
		rows := b.ledger(carSeats)
		if last := rows[len(rows)-1]; b.quantity(sub) != 3 || last.Status != billing.SeatSuperseded || last.Reason != billing.SeatReasonEnded {
			t.Errorf("over: %+v", rows)
		}
		b.people(carSeats, 5)
		b.drain()
		if states, err := b.SeatStates(t.Context(), carSeats); err != nil || len(states) != 0 || len(b.rows(carSeats)) != len(rows) {
			t.Errorf("over: %+v, %v", states, err)
		}
	})
}

// The ledger finds the invoice once there is one.
func TestSeatsMeetTheirInvoice(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := setup(t, d)
		sub := b.team(carSeats, 1)
		b.clock.advance(10 * 24 * time.Hour)
		b.people(carSeats, 2)
		b.people(carSeats, 3) // both before the worker came: one change, the first row covered by it
		b.drain()
		b.clock.advance(30 * 24 * time.Hour)
		invoice := b.stripe.Renew(sub.StripeID)
		b.deliver(connected, sub.StripeID)
		b.drain()
		rows := b.rows(carSeats)
		got := []billing.SeatChange{rows[1], rows[2]}
		want := []billing.SeatChange{
			{Position: 0, From: 1, To: 2, Status: billing.SeatSuperseded, CoveredBy: rows[2].ID, Cause: "members", Currency: "PLN", Members: 2, Committed: 1},
			{Position: 2, From: 1, To: 3, Status: billing.SeatDone, Cause: "members", Currency: "PLN", Members: 3, Committed: 1, Attempt: 1, InvoiceID: invoice},
		}
		ignore := cmpopts.IgnoreFields(billing.SeatChange{}, "ID", "OrgID", "SubscriptionID", "At", "ActorKind", "ActorID", "SentAt", "DoneAt", "NotedAt", "CreatedAt", "UpdatedAt", "InvoiceLine", "Amount")
		if diff := cmp.Diff(want, got, ignore); diff != "" {
			t.Error(diff)
		}
	})
}
