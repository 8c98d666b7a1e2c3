package app_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/url"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/wolfieauth/wolfieauth/billing"
	"github.com/wolfieauth/wolfieauth/billing/billingtest"
	"github.com/wolfieauth/wolfieauth/cmd/wolfieauth/app"
	"github.com/wolfieauth/wolfieauth/idp"
	idpstore "github.com/wolfieauth/wolfieauth/idp/store"
	"github.com/wolfieauth/wolfieauth/internal/audit"
	"github.com/wolfieauth/wolfieauth/internal/db"
	"github.com/wolfieauth/wolfieauth/internal/db/dbtest"
	"github.com/wolfieauth/wolfieauth/internal/jobs"
	"github.com/wolfieauth/wolfieauth/internal/mail"
)

// town is orgs whose members come and go, on the real services of both wings over one database, with workers of
// their own and a Stripe that fails.
type town struct {
	*mortals
	people  *idp.Service
	billing *billing.Service
	orgs    []idp.Org
	staff   []idp.User
	spare   map[string]int64 // committed seats by org
}

func (t *town) now() time.Time { return time.Now().UTC() }

// mute stands in for what is not looked at: mails, revocations, apps.
type mute struct{}

func (mute) Send(context.Context, mail.Message) error                             { return nil }
func (mute) EndSessions(context.Context, string, string) error                    { return nil }
func (mute) RevokeGrants(context.Context, string) error                           { return nil }
func (mute) LeaveOrg(context.Context, string, string) error                       { return nil }
func (mute) DoublePayment(context.Context, billing.DoublePayment) error           { return nil }
func (mute) SeatsLate(context.Context, billing.SeatsLate) error                   { return nil }
func (mute) Life(context.Context, billing.LifeNotice) error                       { return nil }
func (mute) BundlesHolding(context.Context, string) ([]billing.BundleInfo, error) { return nil, nil }

func (mute) Bundle(context.Context, string) (billing.BundleInfo, error) {
	return billing.BundleInfo{}, billing.ErrAppNotFound
}

func (mute) App(_ context.Context, id string) (billing.AppInfo, error) {
	return billing.AppInfo{ClientID: id, OrgID: "seller", Name: "Town CRM"}, nil
}

// work is a worker's runner as billing asks for it.
type work struct{ *jobs.Runner }

func (w work) Handle(kind string, h func(ctx context.Context, key string) error) {
	w.Runner.Handle(kind, h)
}

const townPrice = "price-town"

func newTown(t *testing.T, d *db.DB, orgs, staff int) *town {
	t.Helper()
	tw := &town{mortals: &mortals{t: t, db: d, every: 4}, spare: map[string]int64{}}
	tw.time = tw.now
	ctx := t.Context()
	tw.stripe = billingtest.New(tw.now)
	tw.people = idp.New(idp.Deps{
		Store: idpstore.New(d, db.NewVersions(d)), Tx: d, Now: tw.now, Mail: mute{}, Issuer: &url.URL{Scheme: "https", Host: "id.test"},
		Audit: audit.NewLog(d, tw.now), Revoker: mute{}, Seats: app.Seats{Billing: func() *billing.Service { return tw.billing }},
	})
	tw.mortals.people = tw.people
	tw.billing, _ = tw.wing(tw.stripe)
	for i := range staff {
		u, _, err := tw.people.CreateUser(ctx, idp.CreateUser{Email: fmt.Sprintf("person-%d@town.test", i), Verified: true})
		must(t, err)
		tw.staff = append(tw.staff, u)
	}
	must(t, tw.billing.EnableBilling(ctx, billing.EnableBilling{ClientID: "town-crm", Gateway: billing.GatewayPlatform, DefaultCurrency: "PLN"}))
	plan, err := tw.billing.CreatePlan(ctx, billing.NewPlan{Scope: billing.Scope{Kind: billing.ScopeApp, ID: "town-crm"}, Name: "Team"})
	must(t, err)
	_, err = tw.billing.AddPrice(ctx, billing.NewPrice{
		ID: townPrice, PlanID: plan.ID, Amount: 3000, Currency: "PLN", Interval: billing.IntervalMonth, PerSeat: true, SeatLabel: "user",
	})
	must(t, err)
	for i := range orgs {
		org, err := tw.people.CreateOrg(ctx, idp.CreateOrg{Name: fmt.Sprintf("Org %d", i), OwnerUserID: tw.staff[0].ID})
		must(t, err)
		tw.orgs = append(tw.orgs, org)
		seats := int64(1 + i%2*3) // every other org has bought spare seats
		tw.spare[org.ID] = seats
		c, err := tw.billing.StartCheckout(ctx, billing.Buyer{UserID: tw.staff[0].ID, OrgID: org.ID, Email: "o@town.test", OrgName: org.Name, Lang: "pl"},
			billing.CheckoutRequest{ClientID: "town-crm", PriceID: townPrice, Quantity: &seats})
		must(t, err)
		if _, ok := tw.stripe.Pay(c.SessionID); !ok {
			t.Fatal("not paid")
		}
		_, err = tw.billing.FinishCheckout(ctx, c.ID, org.ID)
		must(t, err)
	}
	return tw
}

// crowd lets people join and leave at random, so many times.
func (t *town) crowd(changes int) {
	var wg sync.WaitGroup
	const doors = 4
	for door := range doors {
		wg.Go(func() {
			random := rand.New(rand.NewPCG(uint64(door), 7)) // #nosec G404 -- a test's choices
			// Until the workers that are to die have died, too.
			for n := 0; n < changes/doors || t.kills.Load() > 0 && n < 10*changes; n++ {
				time.Sleep(time.Duration(random.IntN(4)) * time.Millisecond)
				org, user := t.orgs[random.IntN(len(t.orgs))], t.staff[1+random.IntN(len(t.staff)-1)]
				ctx := audit.WithRequest(t.t.Context(), audit.Request{ActorKind: audit.ActorUser, ActorID: t.staff[0].ID})
				var err error
				if random.IntN(2) == 0 {
					_, err = t.people.AddMember(ctx, org.ID, user.ID, "member")
				} else if err = t.people.RemoveMember(ctx, org.ID, user.ID); errors.Is(err, idp.ErrNotMember) {
					err = nil
				}
				if err != nil {
					t.t.Error(err)
				}
			}
		})
	}
	wg.Wait()
}

// settled tells whether nothing is left to do.
func (t *town) settled() bool {
	var open int64
	must(t.t, t.db.Conn(t.t.Context()).Raw("SELECT COUNT(*) FROM work_items WHERE wanted > done").Scan(&open).Error)
	return open == 0
}

// explain compares, for each org, the members with Stripe, and follows the ledger from its first step to its last.
func (t *town) explain() {
	ctx := t.t.Context()
	for _, org := range t.orgs {
		members, err := t.people.ActiveMembers(ctx, org.ID)
		must(t.t, err)
		states, err := t.billing.SeatStates(ctx, org.ID)
		must(t.t, err)
		want := max(1, members, t.spare[org.ID])
		remote, err := t.stripe.ReadSubscription(ctx, billing.Account{}, states[0].Subscription.StripeID)
		must(t.t, err)
		if remote.Quantity != want || states[0].Pending || states[0].Quantity != want {
			t.t.Errorf("%s: %d members, %d at Stripe, %+v", org.Name, members, remote.Quantity, states[0])
		}
		var steps []billing.SeatChange
		for after := ""; ; {
			page, next, err := t.billing.SeatLedger(ctx, org.ID, after, 50)
			must(t.t, err)
			for _, r := range page {
				if r.Status == billing.SeatPending {
					t.t.Errorf("%s: still open: %+v", org.Name, r)
				}
				if r.Status == billing.SeatDone {
					steps = append(steps, r)
				}
			}
			if after = next; next == "" {
				break
			}
		}
		slices.SortFunc(steps, func(a, b billing.SeatChange) int { return int(a.Position - b.Position) })
		at := int64(0)
		for i, s := range steps {
			if s.From != at || s.Position != int64(i+1) || i > 0 && (s.Cause != billing.CauseMembers || s.ActorID != t.staff[0].ID) {
				t.t.Errorf("%s: step %d begins at %d, not at %d: %+v", org.Name, i, s.From, at, s)
			}
			at = s.To
		}
		if at != want {
			t.t.Errorf("%s: the ledger ends at %d, not at %d", org.Name, at, want)
		}
	}
}

// TestRandomMembersAndSeats: many people join and leave at once, one call to Stripe in ten fails before or after
// its effect, workers are killed in the middle; in the end every quantity is right and the ledger tells how it came
// to be.
func TestRandomMembersAndSeats(t *testing.T) {
	t.Parallel()
	orgs, changes, kills := 3, 60, 3
	if os.Getenv("WOLFIEAUTH_CHAOS") == "long" {
		orgs, changes, kills = 8, 500, 20
	}
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		tw := newTown(t, d, orgs, 12)
		var faults atomic.Int64
		tw.stripe.Break(func(string) (before, after error) {
			switch faults.Add(1) % 20 {
			case 7:
				return billing.ErrStripeUnavailable, nil
			case 14:
				return nil, billing.ErrStripeUnavailable
			default:
				return nil, nil
			}
		})
		tw.kills.Store(int64(kills))
		ctx, stop := context.WithCancel(t.Context())
		var wg sync.WaitGroup
		for range 3 {
			wg.Go(func() { tw.worker(ctx) })
		}
		tw.crowd(changes)
		eventually(t, "all work is done", tw.settled)
		stop()
		wg.Wait()
		tw.stripe.Break(nil)
		if n := tw.killed.Load(); n != int64(kills) {
			t.Errorf("%d workers were killed, not %d", n, kills)
		}
		tw.explain()
	})
}

// Fifty join at the same moment where ten may: ten do, and the others are told which limit it is.
func TestParallelJoinsBelowACap(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		tw := newTown(t, d, 1, 51)
		org := tw.orgs[0]
		must(t, tw.billing.SetSeatLimits(t.Context(), billing.SeatLimits{OrgID: org.ID, MaxSeats: 10}))
		var wg sync.WaitGroup
		var refused atomic.Int64
		for _, u := range tw.staff[1:] {
			wg.Go(func() {
				_, err := tw.people.AddMember(t.Context(), org.ID, u.ID, "member")
				if limit, ok := errors.AsType[*idp.SeatCapError](err); ok && limit.Cap == 10 && limit.Reason == "org_seats" {
					refused.Add(1)
				} else if err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if n, err := tw.people.ActiveMembers(t.Context(), org.ID); err != nil || n != 10 || refused.Load() != 41 {
			t.Errorf("%d members, %d refused, %v", n, refused.Load(), err)
		}
	})
}
