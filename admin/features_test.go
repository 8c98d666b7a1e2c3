package admin_test

import (
	"net/http"
	"net/url"
	"testing"

	"github.com/wolfieauth/wolfieauth/billing"
	"github.com/wolfieauth/wolfieauth/internal/db"
	"github.com/wolfieauth/wolfieauth/internal/db/dbtest"
)

func TestFeaturesAreListedEditedAndDeleted(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := setup(t, d)
		owner, list := b.as("owner", "acme"), "/admin/clients/"+crm+"/features"
		_, err := b.billing.CreateFeature(t.Context(), billing.NewFeature{ID: "f-free", Scope: billing.Scope{Kind: billing.ScopeBundle, ID: "suite-id"}, Key: "free_one", Name: "Free one"})
		b.must(err)
		used := b.plan("pro").Features[0].ID
		contains(t, owner.get(list), "ksef_enabled", "KSeF", "Pro", "free_one", "No plan", "Acme Suite", list+"/f-free/delete")
		lacks(t, owner.get(list), list+"/"+used+"/delete")

		seen := b.seen(list + "/f-free/edit")
		got := owner.in("pl").post(list+"/f-free/edit", url.Values{"name": {""}, "description": {"kept as typed"}, "seen": {seen}})
		contains(t, got, "kept as typed", `id="name-error"`)
		if got.status != http.StatusUnprocessableEntity {
			t.Error(got.status)
		}
		if got := owner.post(list+"/f-free/edit", url.Values{"name": {"Anew"}, "description": {"Words"}, "seen": {seen}}); got.status != http.StatusSeeOther {
			t.Error(got.status)
		}
		contains(t, owner.get(list), "Anew", "Words", "free_one")
		if got := owner.post(list+"/f-free/edit", url.Values{"name": {"Late"}, "seen": {seen}}); got.status != http.StatusUnprocessableEntity {
			t.Errorf("over another change: %d", got.status)
		}
		got = owner.post(list+"/"+used+"/delete", url.Values{"seen": {b.seen(list + "/" + used + "/edit")}})
		contains(t, got, "A plan carries this feature")
		if got.status != http.StatusUnprocessableEntity {
			t.Error(got.status)
		}
		if got := owner.post(list+"/f-free/delete", url.Values{"seen": {b.seen(list + "/f-free/delete")}}); got.status != http.StatusSeeOther {
			t.Error(got.status)
		}
		lacks(t, owner.get(list), "free_one")
		if got := b.actions(2); got[0] != "feature.deleted" || got[1] != "feature.updated" {
			t.Error(got)
		}
	})
}

func TestUnsoldPlanMovesAndGoes(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := setup(t, d)
		owner := b.as("owner", "acme")
		move := func(id, to string) answer {
			return owner.post(plans+"/"+id+"/scope", url.Values{"scope": {to}, "seen": {b.seen(plans + "/" + id + "/scope")}})
		}
		contains(t, owner.get("/admin/clients/"+crm), plans+"/plan-secret/scope", plans+"/plan-secret/delete")
		if got := move("plan-secret", "suite-id"); got.status != http.StatusSeeOther || b.plan(b.plan("nur-fur-freunde").Slug).Scope.ID != "suite-id" {
			t.Errorf("%d: %s", got.status, got.body)
		}
		if got := b.actions(1); got[0] != "plan.moved" {
			t.Error(got)
		}
		if got := move("plan-secret", ""); got.status != http.StatusSeeOther {
			t.Error(got.status)
		}
		// Once Stripe knows it, it stays.
		b.atStripe("pro")
		got := move("plan-pro", "suite-id")
		contains(t, got, "so it stays where it is")
		contains(t, owner.in("pl").get(plans+"/plan-pro/delete"), "nie można go usunąć")
		got = owner.post(plans+"/plan-pro/delete", url.Values{"seen": {b.stamp("pro")}})
		contains(t, got, "cannot be deleted. Archive it instead")
		if got.status != http.StatusUnprocessableEntity {
			t.Error(got.status)
		}
		lacks(t, owner.get("/admin/clients/"+crm), plans+"/plan-pro/scope")
		target := plans + "/plan-all/delete"
		contains(t, owner.get(target), "Its 1 price goes with it")
		if got := owner.post(target, url.Values{"seen": {b.seen(target)}}); got.status != http.StatusSeeOther {
			t.Error(got.status)
		}
		if got := b.actions(1); got[0] != "plan.deleted" {
			t.Error(got)
		}
	})
}

// stamp is the state of a plan as its form shows it.
func (b *bundle) stamp(slug string) string { return b.seen(plans + "/" + b.plan(slug).ID + "/edit") }

func TestWhatWillChangeNamesFreePasses(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := setup(t, d)
		owner := b.as("owner", "acme")
		contains(t, owner.get(plans+"/plan-pro/archive"), "1 free pass of this name is not touched")
		contains(t, owner.in("pl").get(plans+"/plan-pro/archive"), "1 darmowy dostęp")
	})
}
