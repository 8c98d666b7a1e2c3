package store_test

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wolfieauth/wolfieauth/claims"
	"github.com/wolfieauth/wolfieauth/internal/db"
	"github.com/wolfieauth/wolfieauth/internal/db/dbtest"
)

// asker is one who asks for the claim.
type asker struct{ user, org, client string }

var askers = []asker{
	{"ann", "buyco", "acme-crm"}, {"ann", "", "acme-mail"}, {"ann", "wolfie", "wolfie-crm"}, {"bob", "buyco", "acme-mail"}, {"bob", "acme", "acme-crm"},
}

// recorder writes down, naively, what the claim was at each moment.
type recorder struct {
	*bundle
	rnd  *rand.Rand
	now  time.Time
	subs []string
	seen []struct {
		at    time.Time
		claim map[asker]claims.Result
	}
}

func (r *recorder) write() {
	r.t.Helper()
	claim := map[asker]claims.Result{}
	for _, a := range askers {
		in, err := r.store.Load(r.t.Context(), a.user, a.org, a.client, r.now)
		if err != nil {
			r.t.Fatal(err)
		}
		claim[a] = claims.Assemble(in)
	}
	r.seen = append(r.seen, struct {
		at    time.Time
		claim map[asker]claims.Result
	}{r.now, claim})
}

func (r *recorder) one(of ...string) string { return of[r.rnd.IntN(len(of))] }

// moment is nothing, or a time around now.
func (r *recorder) moment() *time.Time {
	if r.rnd.IntN(3) == 0 {
		return nil
	}
	return at(r.now.Add(time.Duration(r.rnd.IntN(400)-100) * time.Second))
}

// ending is mostly nothing.
func (r *recorder) ending() *time.Time {
	if r.rnd.IntN(4) > 0 {
		return nil
	}
	return at(r.now)
}

// edit changes one thing that the claim reads, as the house's own writers do.
func (r *recorder) edit(plans []string) {
	r.t.Helper()
	plan, sub := r.one(plans...), r.one(r.subs...)
	switch r.rnd.IntN(14) {
	case 0:
		r.exec("UPDATE billing_apps SET enabled = NOT enabled, updated_at = ? WHERE client_id = ?", r.now, r.one("acme-crm", "acme-mail"))
	case 1:
		r.exec("UPDATE billing_apps SET livemode = NOT livemode, updated_at = ? WHERE client_id = 'acme-mail'", r.now)
	case 2:
		r.exec("UPDATE orgs SET suspended_at = ?, updated_at = ? WHERE id = ?", r.moment(), r.now, r.one("buyco", "wolfie", "ann-own"))
	case 3, 4:
		id := r.one("ann-buyco", "bob-buyco", "ann-wolfie")
		r.exec("UPDATE memberships SET removed_at = CASE WHEN removed_at IS NULL THEN CAST(? AS "+map[db.Dialect]string{db.SQLite: "TEXT", db.Postgres: "TIMESTAMPTZ"}[r.db.Dialect()]+") ELSE NULL END, updated_at = ? WHERE id = ?", r.now, r.now, id)
	case 5:
		r.exec("UPDATE plans SET name = ?, slug = ?, grace_days = ?, updated_at = ? WHERE id = ?", fmt.Sprint("Name ", r.rnd.IntN(9)), r.one("pro", "max", "gold")+plan[:6], r.rnd.IntN(3), r.now, plan)
	case 6:
		r.exec("UPDATE plans SET position = ?, moved_at = ? WHERE id = ?", r.rnd.IntN(9), r.now, plan)
	case 7: // a plan is saved with its features, row first
		r.exec("UPDATE plans SET updated_at = ? WHERE id = ?", r.now, plan)
		r.exec("DELETE FROM plan_features WHERE plan_id = ?", plan)
		for _, f := range []string{"a", "b", "c"} {
			if r.rnd.IntN(2) == 0 {
				r.exec("INSERT INTO plan_features (plan_id, feature_id) SELECT ?, id FROM features WHERE id = ?", plan, plan+"/"+f)
			}
		}
	case 8, 9:
		r.exec("UPDATE subscriptions SET status = ?, current_period_end = ?, cancel_at_period_end = ?, oldest_unpaid_at = ?, quantity = quantity + 1, updated_at = ? WHERE id = ?",
			r.one("active", "trialing", "past_due", "unpaid", "canceled"), r.moment(), r.rnd.IntN(2) == 0, r.moment(), r.now, sub)
	case 10:
		r.exec("UPDATE subscriptions SET holds = NOT holds, ended_at = ?, updated_at = ? WHERE id = ?", r.ending(), r.now, sub)
	case 11:
		r.exec("UPDATE subscriptions SET updated_at = ? WHERE id = ?", r.now, sub) // read again, nothing new
	case 12:
		c := claims.Comp{UserID: r.one("ann", "bob"), ClientID: r.one("acme-crm", "acme-mail"), PlanSlug: r.one("comp", "pro"), PlanName: "Free", GivenBy: "x", Reason: "y", ExpiresAt: r.moment()}
		_ = r.store.CreateComp(r.t.Context(), &c, r.now) // there may be one
	case 13:
		r.exec("UPDATE app_entitlement_overrides SET ended_at = ?, updated_at = ? WHERE ended_at IS NULL AND user_id = ?", r.now, r.now, r.one("ann", "bob"))
	}
}

// TestThePastIsWhatItWas holds the history, which triggers write, against the claims that were issued at the time.
func TestThePastIsWhatItWas(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		seed := rand.Uint64()
		t.Logf("seed %d", seed)
		r := &recorder{bundle: setup(t, d), rnd: rand.New(rand.NewPCG(seed, 4)), now: noon}
		r.run()
	})
}

func (r *recorder) run() {
	r.t.Helper()
	r.insert("memberships", row{"id": "bob-buyco", "org_id": "buyco", "user_id": "bob", "role": "member"})
	r.insert("memberships", row{"id": "ann-wolfie", "org_id": "wolfie", "user_id": "ann", "role": "member"})
	plans := []string{r.plan("app", "acme-crm", "pro", "a", "b", "c"), r.plan("app", "acme-mail", "pro", "a", "b", "c"), r.plan("bundle", "acme-suite", "all", "a", "b", "c")}
	for _, org := range []string{"buyco", "ann-own"} {
		r.subs = append(r.subs, r.subscribe(org, "app", "acme-crm", plans[0], nil), r.subscribe(org, "app", "acme-mail", plans[1], nil), r.subscribe(org, "bundle", "acme-suite", plans[2], nil))
	}
	const edits = 160
	for range edits {
		r.now = r.now.Add(time.Duration(1+r.rnd.IntN(40)) * time.Second)
		r.edit(plans)
		r.write()
	}
	entries := 0
	for _, then := range r.seen {
		for _, a := range askers {
			got, err := r.store.Explain(r.t.Context(), a.user, a.org, a.client, then.at)
			if err != nil {
				r.t.Fatal(err)
			}
			want := then.claim[a]
			entries += len(want.Plans)
			want.Explained, got.Explained = nil, nil // the explanation also speaks of what the loader leaves out
			if diff := cmp.Diff(want, got.Result); diff != "" {
				r.t.Fatalf("%v at %v: %s", a, then.at, diff)
			}
			if !got.Known {
				r.t.Fatalf("%v at %v is not known", a, then.at)
			}
		}
	}
	if entries < edits/4 {
		r.t.Errorf("only %d entries were compared", entries)
	}
}

func TestNothingIsSaidOfBeforeTheHistory(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := setup(t, d)
		b.exec("INSERT INTO claim_history (began_at) VALUES (?)", noon)
		for moment, known := range map[time.Time]bool{noon.Add(-time.Second): false, noon: true} {
			got, err := b.store.Explain(t.Context(), "ann", "buyco", "acme-crm", moment)
			if err != nil || got.Known != known || got.BeganAt == nil || !got.BeganAt.Equal(noon) || got.Present != known {
				t.Errorf("at %v: known %v, began %v, present %v, %v", moment, got.Known, got.BeganAt, got.Present, err)
			}
		}
	})
}

func TestExplainNamesWhatWasLeftOut(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := setup(t, d)
		plan := b.plan("app", "acme-crm", "pro")
		lost := b.subscribe("buyco", "app", "acme-crm", plan, row{"holds": false})
		live := b.subscribe("buyco", "app", "acme-crm", plan, row{"livemode": true})
		held := b.subscribe("ann-own", "app", "acme-crm", plan, nil)
		gone := b.comp(nil)
		if err := b.store.EndComp(t.Context(), gone.ID, noon); err != nil {
			t.Fatal(err)
		}
		got, err := b.store.Explain(t.Context(), "ann", "buyco", "acme-crm", noon)
		if err != nil {
			t.Fatal(err)
		}
		reasons := map[string]claims.Reason{}
		for _, d := range got.Explained {
			reasons[d.SourceID] = d.Reason
			if _, ok := got.Source(d); !ok {
				t.Errorf("%s has no row", d.SourceID)
			}
		}
		want := map[string]claims.Reason{
			lost: claims.ReasonNotHolding, live: claims.ReasonOtherMode, held: claims.ReasonIncluded, gone.ID: claims.ReasonEnded,
		}
		if diff := cmp.Diff(want, reasons); diff != "" {
			t.Error(diff)
		}
		if got.OrgNames["buyco"] != "buyco" {
			t.Errorf("names %v", got.OrgNames)
		}
	})
}
