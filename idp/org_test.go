package idp_test

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"testing"

	"github.com/wolfieauth/wolfieauth/idp"
)

func TestOrgs(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h *house) {
		owner := h.user(t, "owner@x.test")
		org, err := h.CreateOrg(t.Context(), idp.CreateOrg{Name: "Zakłady Żeglugi", OwnerUserID: owner.ID})
		if err != nil || org.Slug != "zaklady-zeglugi" || org.Personal() {
			t.Fatalf("%+v, %v", org, err)
		}
		for _, tt := range []struct {
			in   idp.CreateOrg
			want error
		}{
			{idp.CreateOrg{Slug: "zaklady-zeglugi", OwnerUserID: owner.ID}, idp.ErrSlugTaken},
			{idp.CreateOrg{Slug: "wolfieauth", OwnerUserID: owner.ID}, idp.ErrSlugTaken},
			{idp.CreateOrg{Slug: "Upper", OwnerUserID: owner.ID}, idp.ErrSlugInvalid},
			{idp.CreateOrg{Slug: "a--b", OwnerUserID: owner.ID}, idp.ErrSlugInvalid},
			{idp.CreateOrg{Name: "???", OwnerUserID: owner.ID}, idp.ErrSlugInvalid},
			{idp.CreateOrg{Name: "Fine", OwnerUserID: "nobody"}, idp.ErrUserNotFound},
		} {
			if _, err := h.CreateOrg(t.Context(), tt.in); !errors.Is(err, tt.want) {
				t.Errorf("%+v: %v, want %v", tt.in, err, tt.want)
			}
		}
		if _, err := h.PlatformOrg(t.Context()); !errors.Is(err, idp.ErrOrgNotFound) {
			t.Error(err)
		}
		first, err := h.CreateOrg(t.Context(), idp.CreateOrg{Slug: "wolfie", Name: "Wolfie", OwnerUserID: owner.ID, PlatformOwner: true})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := h.CreateOrg(t.Context(), idp.CreateOrg{Slug: "second", Name: "S", OwnerUserID: owner.ID, PlatformOwner: true}); !errors.Is(err, idp.ErrSlugTaken) {
			t.Errorf("second platform owner: %v", err)
		}
		if got, err := h.PlatformOrg(t.Context()); err != nil || got.ID != first.ID {
			t.Error(got, err)
		}
		if got, err := h.OrgBySlug(t.Context(), "wolfie"); err != nil || got.ID != first.ID {
			t.Error(got, err)
		}
		orgs, err := h.OrgsOf(t.Context(), owner.ID)
		var names []string
		for _, o := range orgs {
			names = append(names, o.Org.Name)
		}
		if err != nil || !slices.Equal(names, []string{"Somebody", "Wolfie", "Zakłady Żeglugi"}) {
			t.Errorf("%v, %v", names, err)
		}
	})
}

func TestMembers(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h *house) {
		ctx := t.Context()
		org, owner := h.org(t, "acme")
		ann := h.user(t, "ann@x.test")
		if _, err := h.Membership(ctx, org.ID, ann.ID); !errors.Is(err, idp.ErrNotMember) {
			t.Error(err)
		}
		first, err := h.AddMember(ctx, org.ID, ann.ID, "member")
		if err != nil || !first.Active() {
			t.Fatal(err)
		}
		if n, err := h.ActiveMembers(ctx, org.ID); err != nil || n != 2 {
			t.Errorf("%d members, %v", n, err)
		}
		other, _ := h.org(t, "beta")
		many := []string{org.ID, other.ID, org.ID}
		for i := range 12000 { // more than one statement holds
			many = append(many, "nobody-"+strconv.Itoa(i))
		}
		if n, err := h.ActiveMembersOf(ctx, many); err != nil || n != 3 {
			t.Errorf("%d members of all, %v", n, err)
		}
		if n, err := h.ActiveMembersOf(ctx, nil); err != nil || n != 0 {
			t.Errorf("%d members of none, %v", n, err)
		}
		if again, err := h.AddMember(ctx, org.ID, ann.ID, "admin"); err != nil || again.ID != first.ID || again.Role != "admin" {
			t.Errorf("%+v, %v", again, err)
		}
		if len(h.seats.changed) != 1 {
			t.Errorf("a changed role moved seats: %v", h.seats.changed)
		}
		members, err := h.Members(ctx, org.ID)
		if err != nil || len(members) != 2 || members[0].Email != "ann@x.test" || members[0].Membership.UserID != ann.ID {
			t.Errorf("%+v, %v", members, err)
		}
		for _, tt := range []struct {
			err  error
			want error
		}{
			{h.RemoveMember(ctx, org.ID, owner.ID), idp.ErrLastOwner},
			{second(h.AddMember(ctx, org.ID, owner.ID, "member")), idp.ErrLastOwner},
			{second(h.AddMember(ctx, org.ID, ann.ID, "king")), idp.ErrRoleUnknown},
			{second(h.AddMember(ctx, org.ID, "nobody", "member")), idp.ErrUserNotFound},
			{second(h.AddMember(ctx, "nowhere", ann.ID, "member")), idp.ErrOrgNotFound},
			{h.RemoveMember(ctx, org.ID, "nobody"), idp.ErrNotMember},
		} {
			if !errors.Is(tt.err, tt.want) {
				t.Errorf("%v, want %v", tt.err, tt.want)
			}
		}
		if err := h.RemoveMember(ctx, org.ID, ann.ID); err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(h.revoked.calls, []string{"org " + org.ID + " " + ann.ID}) || len(h.seats.changed) != 2 {
			t.Errorf("revoked %v, seats %v", h.revoked.calls, h.seats.changed)
		}
		if _, err := h.Membership(ctx, org.ID, ann.ID); !errors.Is(err, idp.ErrNotMember) {
			t.Error(err)
		}
		if back, err := h.AddMember(ctx, org.ID, ann.ID, "owner"); err != nil || back.ID != first.ID {
			t.Errorf("%+v, %v", back, err)
		}
		if err := h.RemoveMember(ctx, org.ID, owner.ID); err != nil {
			t.Errorf("one of two owners: %v", err)
		}
		personal, _ := h.PersonalOrg(ctx, owner.ID)
		if _, err := h.AddMember(ctx, personal.ID, ann.ID, "member"); !errors.Is(err, idp.ErrPersonalOrg) {
			t.Error(err)
		}
	})
}

func second[T any](_ T, err error) error { return err }

func TestTwoOwnersCannotRemoveEachOther(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h *house) {
		org, one := h.org(t, "acme")
		two := h.user(t, "two@x.test")
		if _, err := h.AddMember(t.Context(), org.ID, two.ID, "owner"); err != nil {
			t.Fatal(err)
		}
		ctx := context.WithoutCancel(t.Context())
		victims := make(chan string, 2)
		victims <- one.ID
		victims <- two.ID
		var removed int
		for _, err := range race(2, func() error { return h.RemoveMember(ctx, org.ID, <-victims) }) {
			if err == nil {
				removed++
			} else if !errors.Is(err, idp.ErrLastOwner) {
				t.Error(err)
			}
		}
		if removed != 1 {
			t.Errorf("%d owners removed", removed)
		}
	})
}
