package app_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/wolfieauth/wolfieauth/billing"
	"github.com/wolfieauth/wolfieauth/billing/billingtest"
	"github.com/wolfieauth/wolfieauth/claims"
	claimsstore "github.com/wolfieauth/wolfieauth/claims/store"
	"github.com/wolfieauth/wolfieauth/internal/db"
	"github.com/wolfieauth/wolfieauth/internal/db/dbtest"
)

const (
	storyApp                                   = "town-crm"
	storyBasic, storyBig, storyCrew, storyOnce = "price-basic", "price-big", "price-crew", "price-once"
)

// storyPlans is what the naive model knows of the price list.
var storyPlans = map[string]string{storyBasic: "basic", storyBig: "big", storyCrew: "crew", storyOnce: "big"}

// story is one buyer's history, and the naive model of it: what was bought, and how it stands at Stripe.
type story struct {
	org, user string
	members   int64

	id           string // at Stripe, "" before anything was bought
	price        string
	alive        bool
	pastDue      bool
	unpaidSince  time.Time
	cancelAtEnd  bool
	end          time.Time
	second       bool // a second checkout was paid once
	steps, bills int
}

// saga is all stories on one clock: a world that changes at Stripe, deliveries that come in any order, twice or not at
// all, and workers that are killed.
type saga struct {
	*mortals
	random  *rand.Rand
	clock   atomic.Int64
	billing *billing.Service
	stories []*story
	members sync.Map
	names   map[string]string // Stripe's names of the prices
	mail    []billing.WebhookEvent
	events  int
	dropped int
	sent    int
}

func (s *saga) now() time.Time { return time.UnixMicro(s.clock.Load()).UTC() }

func (s *saga) ActiveMembers(_ context.Context, orgID string) (int64, error) {
	if n, ok := s.members.Load(orgID); ok {
		return n.(int64), nil
	}
	return 1, nil
}

func newSaga(t *testing.T, d *db.DB, seed uint64, stories int) *saga {
	t.Helper()
	s := &saga{mortals: &mortals{t: t, db: d, every: 11}, random: rand.New(rand.NewPCG(seed, 5)), names: map[string]string{}} // #nosec G404 -- a test's choices
	s.clock.Store(time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC).UnixMicro())
	s.time, s.people = s.now, s
	s.stripe = billingtest.New(s.now)
	s.billing, _ = s.wing(s.stripe)
	ctx := t.Context()
	must(t, s.billing.EnableBilling(ctx, billing.EnableBilling{ClientID: storyApp, Gateway: billing.GatewayPlatform, DefaultCurrency: "PLN"}))
	plans := map[string]string{}
	for _, name := range []string{"Basic", "Big", "Crew"} {
		p, err := s.billing.CreatePlan(ctx, billing.NewPlan{Scope: billing.Scope{Kind: billing.ScopeApp, ID: storyApp}, Name: name})
		must(t, err)
		plans[p.Slug] = p.ID
	}
	for _, p := range []billing.NewPrice{
		{ID: storyBasic, PlanID: plans["basic"], Amount: 4900, Interval: billing.IntervalMonth},
		{ID: storyBig, PlanID: plans["big"], Amount: 99000, Interval: billing.IntervalYear},
		{ID: storyCrew, PlanID: plans["crew"], Amount: 3000, Interval: billing.IntervalMonth, PerSeat: true, SeatLabel: "user"},
		{ID: storyOnce, PlanID: plans["big"], Amount: 50000, Interval: billing.IntervalOneTime},
	} {
		p.Currency = "PLN"
		_, err := s.billing.AddPrice(ctx, p)
		must(t, err)
		c := s.start("first-of-"+p.ID, p.ID)
		s.names[p.ID] = s.stripe.Session(c.SessionID).StripePriceID
	}
	stamp := map[string]any{"created_at": s.now(), "updated_at": s.now()}
	for i := range stories {
		one := &story{org: fmt.Sprintf("org-%d", i), user: fmt.Sprintf("user-%d", i), members: 1}
		must(t, d.Conn(ctx).Table("users").Create(with(stamp, map[string]any{"id": one.user, "email": one.user, "email_normal": one.user})).Error)
		must(t, d.Conn(ctx).Table("orgs").Create(with(stamp, map[string]any{"id": one.org, "slug": one.org, "name": one.org, "personal_user_id": one.user})).Error)
		s.stories = append(s.stories, one)
	}
	return s
}

func with(a, b map[string]any) map[string]any {
	maps.Copy(b, a)
	return b
}

func (s *saga) buyer(org string) billing.Buyer {
	return billing.Buyer{UserID: "user-of-" + org, OrgID: org, Email: org + "@town.test", OrgName: org, Lang: "pl"}
}

// start opens a checkout, trying again while Stripe fails.
func (s *saga) start(org, priceID string) billing.Checkout {
	s.t.Helper()
	for range 100 {
		c, err := s.billing.StartCheckout(s.t.Context(), s.buyer(org), billing.CheckoutRequest{ClientID: storyApp, PriceID: priceID})
		if err == nil {
			return c
		}
		if !errors.Is(err, billing.ErrStripeUnavailable) {
			return billing.Checkout{} // what was bought before has ended, and we have not heard of it
		}
	}
	s.t.Fatal("Stripe never answers")
	return billing.Checkout{}
}

// tell has Stripe deliver an event: lost once in twenty, twice or more in three of ten, late in any case.
func (s *saga) tell(object string) {
	if s.random.IntN(20) == 0 {
		s.dropped++
		return
	}
	s.events++
	e := billing.WebhookEvent{EventID: fmt.Sprintf("evt_%d", s.events), Type: "x", APIVersion: billing.APIVersion, ObjectID: object, Payload: "{}"}
	s.mail = append(s.mail, e)
	for s.random.IntN(10) < 3 {
		s.mail = append(s.mail, e)
	}
}

// post delivers so many of what is under way, in any order.
func (s *saga) post(n int) {
	s.t.Helper()
	for ; n > 0 && len(s.mail) > 0; n-- {
		i := s.random.IntN(len(s.mail))
		e := s.mail[i]
		s.mail = slices.Delete(s.mail, i, i+1)
		_, err := s.billing.Receive(s.t.Context(), e)
		must(s.t, err)
		s.sent++
	}
}

// change changes a subscription at Stripe.
func (s *saga) change(one *story, edit func(r *billing.RemoteSubscription)) {
	s.stripe.Change(one.id, edit)
	s.tell(one.id)
}

// step does one thing in one history.
func (s *saga) step(one *story) {
	one.steps++
	once := one.price == storyOnce
	switch n := s.random.IntN(12); {
	case !one.alive:
		s.buy(one, []string{storyBasic, storyBig, storyCrew, storyOnce}[s.random.IntN(4)])
	case once && n < 3:
		s.stripe.RefundPayment(one.id)
		s.tell(one.id)
		one.alive = false
	case once:
	case n < 3: // another plan
		one.price = []string{storyBasic, storyBig, storyCrew}[s.random.IntN(3)]
		s.change(one, func(r *billing.RemoteSubscription) { r.StripePriceID = s.names[one.price] })
	case n < 5: // people come and go
		one.members = int64(1 + s.random.IntN(6))
		s.members.Store(one.org, one.members)
		must(s.t, s.db.InTx(s.t.Context(), func(ctx context.Context) error { return s.billing.MembersChanged(ctx, one.org) }))
	case n < 7 && !one.pastDue: // a payment fails
		one.pastDue, one.unpaidSince = true, s.now()
		due := s.now()
		s.change(one, func(r *billing.RemoteSubscription) { r.Status, r.OldestUnpaidAt = billing.StatusPastDue, &due })
	case n < 9 && one.pastDue: // paid late
		one.pastDue = false
		s.change(one, func(r *billing.RemoteSubscription) { r.Status, r.OldestUnpaidAt = billing.StatusActive, nil })
	case n < 10: // cancelled at the end, or not after all
		one.cancelAtEnd = !one.cancelAtEnd
		s.change(one, func(r *billing.RemoteSubscription) { r.CancelAtPeriodEnd = one.cancelAtEnd })
	case n < 11:
		s.ends(one)
	default: // somebody changes the seats at Stripe, which does not stay where they follow the members
		s.change(one, func(r *billing.RemoteSubscription) { r.Quantity = int64(1 + s.random.IntN(9)) })
	}
}

func (s *saga) ends(one *story) {
	now := s.now()
	one.alive = false
	s.change(one, func(r *billing.RemoteSubscription) {
		r.Status, r.EndedAt, r.CanceledAt = billing.StatusCanceled, &now, &now
	})
}

// buy goes through a checkout; now and then two people of the org pay at once, and the second is given back.
func (s *saga) buy(one *story, price string) {
	c := s.start(one.org, price)
	var other billing.Checkout
	if !one.second && s.random.IntN(6) == 0 {
		other = s.start(one.org, map[bool]string{true: storyBig, false: storyBasic}[price == storyBasic])
	}
	id, ok := s.stripe.Pay(c.SessionID)
	if !ok {
		return
	}
	*one = story{org: one.org, user: one.user, members: one.members, second: one.second, steps: one.steps, bills: one.bills + 1, id: id, price: price, alive: true}
	if price != storyOnce {
		r, err := s.read(id)
		must(s.t, err)
		one.end = r.CurrentPeriodEnd
	}
	s.tell(c.SessionID)
	s.tell(id)
	s.clock.Add(int64(2 * time.Second / time.Microsecond))
	if other.ID == "" {
		return
	}
	second, ok := s.stripe.Pay(other.SessionID)
	if !ok {
		return
	}
	one.second = true
	s.tell(other.SessionID)
	s.tell(second)
	for _, paid := range []billing.Checkout{c, other} { // both come back from Stripe before anything else happens
		eventually(s.t, "the buyer sees what was bought", func() bool {
			out, err := s.billing.FinishCheckout(s.t.Context(), paid.ID, one.org)
			must(s.t, err)
			return out.Subscription != nil
		})
	}
}

func (s *saga) read(id string) (r billing.RemoteSubscription, err error) {
	for range 100 {
		if r, err = s.stripe.ReadSubscription(s.t.Context(), billing.Account{}, id); err == nil {
			return r, nil
		}
	}
	return r, err
}

// pass lets time go by: periods end and renew, the cancelled end.
func (s *saga) pass(d time.Duration) {
	s.clock.Add(d.Microseconds())
	now := s.now()
	for _, one := range s.stories {
		if !one.alive || one.price == storyOnce || one.end.After(now) {
			continue
		}
		if one.cancelAtEnd {
			s.ends(one)
			continue
		}
		begin := one.end
		for !one.end.After(now) {
			begin, one.end = one.end, one.end.AddDate(0, 1, 0)
		}
		s.change(one, func(r *billing.RemoteSubscription) { r.CurrentPeriodStart, r.CurrentPeriodEnd = begin, one.end })
	}
}

// want is the naive model's answer: what the user should hold.
func (s *saga) want(one *story) string {
	status := claims.StatusActive
	switch {
	case !one.alive:
		return "nothing"
	case one.pastDue && !s.now().Before(one.unpaidSince.Add(7*24*time.Hour)):
		return "nothing"
	case one.pastDue:
		status = claims.StatusPastDue
	}
	seats := int64(0)
	if one.price == storyCrew {
		seats = max(1, one.members)
	}
	return fmt.Sprintf("%s %s, %d seats, ends %t", storyPlans[one.price], status, seats, one.cancelAtEnd)
}

// has is the claim's answer.
func (s *saga) has(store *claimsstore.Store, one *story) string {
	in, err := store.Load(s.t.Context(), one.user, one.org, storyApp, s.now())
	must(s.t, err)
	out := claims.Assemble(in)
	if len(out.Plans) == 0 {
		return "nothing"
	}
	if len(out.Plans) > 1 {
		return fmt.Sprintf("%d plans: %+v", len(out.Plans), out.Plans)
	}
	p, seats := out.Plans[0], int64(0)
	if p.Seats != nil {
		seats = *p.Seats
	}
	return fmt.Sprintf("%s %s, %d seats, ends %t", p.PlanSlug, p.Status, seats, p.CancelAtPeriodEnd)
}

func (s *saga) settled() bool {
	var open int64
	must(s.t, s.db.Conn(s.t.Context()).Raw("SELECT COUNT(*) FROM work_items WHERE wanted > done").Scan(&open).Error)
	return open == 0
}

// TestRandomHistories lives many histories at once. What Stripe tells of them comes in any order, three of ten twice
// or more, one of twenty never; one call in twenty fails before or after its effect; workers are killed. In the end,
// after one reconciliation, every claim is what a naive model says.
func TestRandomHistories(t *testing.T) {
	t.Parallel()
	stories, steps, kills := 25, 250, 5
	if os.Getenv("WOLFIEAUTH_CHAOS") == "long" {
		stories, steps, kills = 1000, 9000, 20
	}
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newSaga(t, d, 42, stories)
		var faults atomic.Int64
		s.stripe.Break(func(string) (before, after error) {
			switch faults.Add(1) % 20 {
			case 7:
				return billing.ErrStripeUnavailable, nil
			case 14:
				return nil, billing.ErrStripeUnavailable
			default:
				return nil, nil
			}
		})
		s.kills.Store(int64(kills))
		ctx, stop := context.WithCancel(t.Context())
		var wg sync.WaitGroup
		for range 3 {
			wg.Go(func() { s.worker(ctx) })
		}
		for n := range steps {
			s.step(s.stories[s.random.IntN(len(s.stories))])
			s.post(s.random.IntN(4))
			if n%(steps/12) == 0 {
				s.pass(time.Duration(s.random.IntN(9*24)) * time.Hour)
			}
		}
		s.post(len(s.mail))
		eventually(t, "all that was told is worked", s.settled)
		s.stripe.Break(nil)
		first, err := s.billing.ReconcileAll(t.Context(), billing.ReconcileOptions{}, billing.ReconcileReport{})
		must(t, err)
		eventually(t, "the repairs are worked", s.settled)
		stop()
		wg.Wait()
		store, held := claimsstore.New(d), map[string]int{}
		for _, one := range s.stories {
			want, has := s.want(one), s.has(store, one)
			held[want]++
			if want != has {
				t.Errorf("%s after %d steps and %d purchases holds %q, want %q (%+v)", one.org, one.steps, one.bills, has, want, *one)
			}
		}
		again, err := s.billing.ReconcileAll(t.Context(), billing.ReconcileOptions{DryRun: true}, billing.ReconcileReport{
			Difference: func(d billing.Difference) { t.Errorf("still differs: %+v", d) },
		})
		must(t, err)
		refunds := s.stripe.Refunds()
		slices.Sort(refunds)
		if unique := slices.Compact(slices.Clone(refunds)); len(unique) != len(refunds) {
			t.Errorf("%d refunds of %d payments", len(refunds), len(unique))
		}
		if len(held) < 4 || first.Failed != 0 || first.Differ == 0 || again.Compared == 0 || int(s.killed.Load()) != kills {
			t.Errorf("too tame: %d kinds of ends, reconciled %+v, then %+v, %d killed", len(held), first, again, s.killed.Load())
		}
		t.Logf("%d deliveries, %d lost, %d killed, %d refunds, reconciled %+v, ends %v", s.sent, s.dropped, s.killed.Load(), len(refunds), first, held)
	})
}
