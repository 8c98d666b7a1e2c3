package store_test

import (
	"fmt"
	"sync/atomic"
	"testing"

	"github.com/wolfieauth/wolfieauth/claims"
	"github.com/wolfieauth/wolfieauth/claims/store"
	"github.com/wolfieauth/wolfieauth/internal/db"
	"github.com/wolfieauth/wolfieauth/internal/db/dbtest"
)

// TestWhoIsInADirectory follows each way in.
func TestWhoIsInADirectory(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := setup(t, d)
		in := func(client string) string {
			users, err := b.store.Directory(t.Context(), store.DirectoryFilter{ClientID: client, Limit: 10}, noon)
			if err != nil {
				t.Fatal(err)
			}
			out := ""
			for _, u := range users {
				out += u.UserID
				for _, h := range u.Holdings {
					out += ":" + string(h.Source.Kind) + ":" + h.Plan.PlanSlug + ":" + h.Source.Bundle
				}
				out += " "
			}
			return out
		}
		expect := func(what, client, want string) {
			t.Helper()
			if got := in(client); got != want {
				t.Errorf("%s: %q in %s, want %q", what, got, client, want)
			}
		}
		expect("at first", "acme-crm", "")
		b.subscribe("buyco", "bundle", "acme-suite", b.plan("bundle", "acme-suite", "all"), nil)
		expect("an org bought the bundle", "acme-crm", "ann:subscription:all:acme-suite ")
		expect("an org bought the bundle", "acme-mail", "ann:subscription:all:acme-suite ")
		b.insert("memberships", row{"id": "bob-buyco", "org_id": "buyco", "user_id": "bob", "role": "member"})
		expect("bob joined", "acme-mail", "ann:subscription:all:acme-suite bob:subscription:all:acme-suite ")
		b.exec("UPDATE memberships SET removed_at = ? WHERE id = 'bob-buyco'", noon)
		expect("bob left", "acme-mail", "ann:subscription:all:acme-suite bob ")
		b.comp(nil)
		expect("a pass", "acme-crm", "ann:subscription:all:acme-suite:comp:comp: bob ")
		b.insert("memberships", row{"id": "ann-wolfie", "org_id": "wolfie", "user_id": "ann", "role": "member"})
		expect("a grant", "wolfie-crm", "ann:grant:platform-owner-grant: ")
		b.exec("UPDATE users SET email_normal = 'zoe', name = 'Zoe' WHERE id = 'ann'")
		expect("another address", "acme-mail", "bob ann:subscription:all:acme-suite ")
		c := claims.Comp{UserID: "bob", ClientID: "wolfie-crm", PlanSlug: "x", PlanName: "x", GivenBy: "y", Reason: "z", ByAddress: true}
		if err := b.store.CreateComp(t.Context(), &c, noon); err != nil {
			t.Fatal(err)
		}
		expect("a pass by address", "wolfie-crm", "ann:grant:platform-owner-grant: ")
	})
}

// TestAPageOfADirectoryTakesTwoStatements, whatever the number of people and of what they hold.
func TestAPageOfADirectoryTakesTwoStatements(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := setup(t, d)
		for i := range 60 {
			id := fmt.Sprintf("user-%02d", i)
			b.insert("users", row{"id": id, "email": id, "email_normal": id})
			b.comp(func(c *claims.Comp) { c.UserID = id })
		}
		for _, f := range []store.DirectoryFilter{{Limit: 50}, {Limit: 50, AfterID: "user-30"}, {Limit: 50, Search: "R-4"}} {
			var n atomic.Int64
			f.ClientID = "acme-crm"
			users, err := b.store.Directory(db.CountStatements(t.Context(), &n), f, noon)
			if err != nil || len(users) == 0 || n.Load() != 2 {
				t.Errorf("%+v: %d people in %d statements, %v", f, len(users), n.Load(), err)
			}
		}
	})
}
