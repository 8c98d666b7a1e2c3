package store_test

import (
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wolfieauth/wolfieauth/claims"
	"github.com/wolfieauth/wolfieauth/claims/store"
	"github.com/wolfieauth/wolfieauth/internal/db"
	"github.com/wolfieauth/wolfieauth/internal/db/dbtest"
)

func TestCompIsKeptAsGiven(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := setup(t, d)
		cet := time.FixedZone("CET", 3600)
		given := b.comp(func(c *claims.Comp) {
			c.Features, c.ExpiresAt = claims.FeatureList{"b", "a"}, at(noon.AddDate(0, 1, 0).In(cet))
			c.ID, c.EndedAt = "chosen by the caller", at(noon) // neither is the caller's to set
		})
		want := claims.Comp{
			ID: given.ID, UserID: "ann", ClientID: "acme-crm", PlanSlug: "comp", PlanName: "Complimentary",
			Features: claims.FeatureList{"b", "a"}, ExpiresAt: at(noon.AddDate(0, 1, 0)), GivenBy: "admin", Reason: "founding customer",
			CreatedAt: noon, UpdatedAt: noon,
		}
		read, err := b.store.Comp(t.Context(), given.ID)
		if err != nil {
			t.Fatal(err)
		}
		for name, got := range map[string]claims.Comp{"created": given, "read": read} {
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%s: %s", name, diff)
			}
			if got.ExpiresAt.Location() != time.UTC {
				t.Errorf("%s: %v is not in UTC", name, got.ExpiresAt)
			}
		}
		if len(given.ID) != 36 {
			t.Errorf("id %q is no UUID", given.ID)
		}
	})
}

func TestInvalidCompIsRefused(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := setup(t, d)
		err := b.store.CreateComp(t.Context(), &claims.Comp{UserID: "ann", ClientID: "acme-crm"}, noon)
		if !errors.Is(err, claims.ErrInvalidComp) {
			t.Errorf("error %v, want ErrInvalidComp", err)
		}
	})
}

func TestOneCompCountsAtATime(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := setup(t, d)
		first := b.comp(func(c *claims.Comp) { c.ExpiresAt = at(noon.Add(time.Hour + 400*time.Millisecond)) })
		again := func(now time.Time) error {
			c := claims.Comp{UserID: "ann", ClientID: "acme-crm", PlanSlug: "comp", PlanName: "Complimentary"}
			return b.store.CreateComp(t.Context(), &c, now)
		}
		if err := again(noon.Add(time.Hour - time.Second)); !errors.Is(err, claims.ErrCompExists) {
			t.Errorf("while the first counts: %v, want ErrCompExists", err)
		}
		if err := again(noon.Add(time.Hour)); err != nil {
			t.Errorf("at the end of the first: %v", err)
		}
		old, err := b.store.Comp(t.Context(), first.ID)
		if err != nil || old.EndedAt == nil || !old.EndedAt.Equal(*first.ExpiresAt) {
			t.Errorf("the first is %+v, %v; want it closed at its own end", old, err)
		}
		if err := again(noon.AddDate(10, 0, 0)); !errors.Is(err, claims.ErrCompExists) {
			t.Errorf("a comp without end: %v, want ErrCompExists for ever", err)
		}
	})
}

func TestParallelCompsLeaveOne(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := setup(t, d)
		var made, refused atomic.Int64
		var wg sync.WaitGroup
		for range 12 {
			wg.Go(func() {
				c := claims.Comp{UserID: "ann", ClientID: "acme-crm", PlanSlug: "comp", PlanName: "Complimentary"}
				switch err := b.store.CreateComp(t.Context(), &c, noon); {
				case err == nil:
					made.Add(1)
				case errors.Is(err, claims.ErrCompExists):
					refused.Add(1)
				default:
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if made.Load() != 1 || refused.Load() != 11 {
			t.Errorf("%d made, %d refused", made.Load(), refused.Load())
		}
	})
}

func TestEndComp(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := setup(t, d)
		c := b.comp(nil)
		later := noon.Add(time.Minute)
		for _, now := range []time.Time{later, later.Add(time.Hour)} { // the second changes nothing
			if err := b.store.EndComp(t.Context(), c.ID, now); err != nil {
				t.Fatal(err)
			}
		}
		got, err := b.store.Comp(t.Context(), c.ID)
		if err != nil || got.EndedAt == nil || !got.EndedAt.Equal(later) || !got.UpdatedAt.Equal(later) || got.LiveAt(later) {
			t.Errorf("got %+v, %v; want it ended at %v", got, err, later)
		}
		if in := b.load("ann", "", "acme-crm"); len(in.Sources) != 0 {
			t.Errorf("an ended comp is still loaded: %+v", in.Sources)
		}
		if err := b.store.EndComp(t.Context(), "nothing", noon); !errors.Is(err, claims.ErrCompNotFound) {
			t.Errorf("error %v, want ErrCompNotFound", err)
		}
	})
}

func TestListComps(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := setup(t, d)
		ended := b.comp(nil)
		if err := b.store.EndComp(t.Context(), ended.ID, noon); err != nil {
			t.Fatal(err)
		}
		annCRM := b.comp(nil)
		annMail := b.comp(func(c *claims.Comp) { c.ClientID = "acme-mail" })
		bobCRM := b.comp(func(c *claims.Comp) { c.UserID = "bob" })
		for _, tc := range []struct {
			name   string
			filter store.CompFilter
			want   []claims.Comp
		}{
			{"by user", store.CompFilter{UserID: "ann"}, []claims.Comp{annCRM, annMail}},
			{"by app", store.CompFilter{ClientID: "acme-crm"}, []claims.Comp{annCRM, bobCRM}},
			{"by both", store.CompFilter{UserID: "bob", ClientID: "acme-crm"}, []claims.Comp{bobCRM}},
			{"all that are left", store.CompFilter{}, []claims.Comp{annCRM, annMail, bobCRM}},
			{"the first page", store.CompFilter{Limit: 2}, []claims.Comp{annCRM, annMail}},
			{"the next page", store.CompFilter{Limit: 2, AfterID: annMail.ID}, []claims.Comp{bobCRM}},
			{"nobody's", store.CompFilter{UserID: "eve"}, []claims.Comp{}},
		} {
			got, err := b.store.Comps(t.Context(), tc.filter)
			if diff := cmp.Diff(tc.want, got); diff != "" || err != nil {
				t.Errorf("%s: %v %s", tc.name, err, diff)
			}
		}
		all, err := b.store.Comps(t.Context(), store.CompFilter{UserID: "ann", Ended: true})
		if err != nil || len(all) != 3 || all[0].ID != ended.ID || all[0].EndedAt == nil {
			t.Errorf("with ended ones: %+v, %v", all, err)
		}
	})
}

func TestCompsOnCountsWhatHolds(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := setup(t, d)
		ended := b.comp(nil)
		if err := b.store.EndComp(t.Context(), ended.ID, noon); err != nil {
			t.Fatal(err)
		}
		b.comp(nil)
		b.comp(func(c *claims.Comp) { c.ClientID = "acme-mail" })
		b.comp(func(c *claims.Comp) { c.UserID = "bob"; c.ExpiresAt = at(noon.Add(time.Hour)) })
		b.comp(func(c *claims.Comp) { c.UserID = "eve"; c.PlanSlug = "other" })
		for _, tc := range []struct {
			clients []string
			after   time.Duration
			want    int64
		}{
			{[]string{"acme-crm"}, 0, 2},
			{[]string{"acme-crm", "acme-mail"}, 0, 3},
			{[]string{"acme-crm", "acme-mail"}, time.Hour - time.Second, 3},
			{[]string{"acme-crm", "acme-mail"}, time.Hour, 2},
			{nil, 0, 0},
		} {
			if n, err := b.store.CompsOn(t.Context(), tc.clients, ended.PlanSlug, noon.Add(tc.after)); err != nil || n != tc.want {
				t.Errorf("%v after %s: %d, %v", tc.clients, tc.after, n, err)
			}
		}
	})
}

func TestAbsentComp(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		if _, err := store.New(d).Comp(t.Context(), "nothing"); !errors.Is(err, claims.ErrCompNotFound) {
			t.Errorf("error %v, want ErrCompNotFound", err)
		}
	})
}
