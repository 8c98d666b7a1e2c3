package idp_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/wolfieauth/wolfieauth/idp"
	"github.com/wolfieauth/wolfieauth/internal/audit"
	"github.com/wolfieauth/wolfieauth/internal/mail"
)

func TestWhoMayChangeWhom(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h *house) {
		ctx := t.Context()
		org, owner := h.org(t, "acme")
		_, stranger := h.org(t, "other")
		admin, member, gone := h.user(t, "admin@x.test"), h.user(t, "member@x.test"), h.user(t, "gone@x.test")
		for _, m := range []struct{ id, role string }{{admin.ID, "admin"}, {member.ID, "member"}, {gone.ID, "member"}} {
			if _, err := h.AddMember(ctx, org.ID, m.id, m.role); err != nil {
				t.Fatal(err)
			}
		}
		if err := h.RemoveMemberBy(ctx, org.ID, admin.ID, gone.ID); err != nil {
			t.Fatal(err)
		}
		if letter, _ := h.mail.last(t, mail.MemberRemoved); letter.To != "gone@x.test" || letter.Data["Org"] != "ACME" {
			t.Errorf("%+v", letter)
		}
		for i, tt := range []struct{ err, want error }{
			{second(h.ChangeRole(ctx, org.ID, admin.ID, member.ID, "owner")), idp.ErrRoleTooHigh},
			{second(h.ChangeRole(ctx, org.ID, admin.ID, admin.ID, "owner")), idp.ErrRoleTooHigh},
			{second(h.ChangeRole(ctx, org.ID, admin.ID, owner.ID, "member")), idp.ErrRoleTooHigh},
			{second(h.ChangeRole(ctx, org.ID, member.ID, member.ID, "admin")), idp.ErrRoleTooHigh},
			{second(h.ChangeRole(ctx, org.ID, stranger.ID, member.ID, "admin")), idp.ErrRoleTooHigh},
			{second(h.ChangeRole(ctx, org.ID, owner.ID, member.ID, "king")), idp.ErrRoleUnknown},
			{second(h.ChangeRole(ctx, org.ID, owner.ID, stranger.ID, "member")), idp.ErrNotMember},
			{second(h.ChangeRole(ctx, org.ID, owner.ID, owner.ID, "admin")), idp.ErrLastOwner},
			{h.RemoveMemberBy(ctx, org.ID, admin.ID, owner.ID), idp.ErrRoleTooHigh},
			{h.RemoveMemberBy(ctx, org.ID, member.ID, admin.ID), idp.ErrRoleTooHigh},
			{h.RemoveMemberBy(ctx, org.ID, stranger.ID, member.ID), idp.ErrRoleTooHigh},
			{h.RemoveMemberBy(ctx, org.ID, owner.ID, owner.ID), idp.ErrLastOwner},
			{h.RemoveMemberBy(ctx, org.ID, owner.ID, gone.ID), idp.ErrNotMember},
			{h.LeaveOrg(ctx, org.ID, owner.ID), idp.ErrLastOwner},
			{h.LeaveOrg(ctx, org.ID, stranger.ID), idp.ErrNotMember},
			{second(h.ReactivateMember(ctx, org.ID, member.ID, gone.ID)), idp.ErrRoleTooHigh},
			{second(h.ReactivateMember(ctx, org.ID, owner.ID, member.ID)), idp.ErrAlreadyMember},
			{second(h.ReactivateMember(ctx, org.ID, owner.ID, stranger.ID)), idp.ErrNotMember},
			{h.TransferOwnership(ctx, org.ID, admin.ID, member.ID), idp.ErrRoleTooHigh},
			{h.TransferOwnership(ctx, org.ID, owner.ID, gone.ID), idp.ErrNotMember},
			{h.TransferOwnership(ctx, org.ID, owner.ID, owner.ID), idp.ErrAlreadyMember},
		} {
			if !errors.Is(tt.err, tt.want) {
				t.Errorf("%d: %v, want %v", i, tt.err, tt.want)
			}
		}
		if m, err := h.ChangeRole(ctx, org.ID, admin.ID, member.ID, "billing"); err != nil || m.Role != "billing" {
			t.Errorf("%+v, %v", m, err)
		}
		if m, err := h.ReactivateMember(ctx, org.ID, admin.ID, gone.ID); err != nil || !m.Active() || m.Role != "member" {
			t.Errorf("%+v, %v", m, err)
		}
		if err := h.LeaveOrg(ctx, org.ID, admin.ID); err != nil {
			t.Error(err)
		}
	})
}

func TestReactivatingAsksForASeat(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h *house) {
		ctx := t.Context()
		org, owner := h.org(t, "acme")
		ann := h.user(t, "ann@x.test")
		if _, err := h.AddMember(ctx, org.ID, ann.ID, "member"); err != nil {
			t.Fatal(err)
		}
		if err := h.RemoveMember(ctx, org.ID, ann.ID); err != nil {
			t.Fatal(err)
		}
		h.seats.cap = 1
		if _, err := h.ReactivateMember(ctx, org.ID, owner.ID, ann.ID); !errors.Is(err, idp.ErrSeatCap) {
			t.Error(err)
		}
		if _, err := h.AddMember(ctx, org.ID, ann.ID, "member"); !errors.Is(err, idp.ErrSeatCap) {
			t.Error(err)
		}
	})
}

func TestOwnershipIsHandedOverAtOnce(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h *house) {
		ctx := t.Context()
		org, owner := h.org(t, "acme")
		heir := h.user(t, "heir@x.test")
		if _, err := h.AddMember(ctx, org.ID, heir.ID, "billing"); err != nil {
			t.Fatal(err)
		}
		if err := h.TransferOwnership(ctx, org.ID, owner.ID, heir.ID); err != nil {
			t.Fatal(err)
		}
		for user, want := range map[string]string{owner.ID: "admin", heir.ID: "owner"} {
			if m, err := h.Membership(ctx, org.ID, user); err != nil || m.Role != want {
				t.Errorf("%+v, %v", m, err)
			}
		}
		if letter, _ := h.mail.last(t, mail.OwnershipTransferred); letter.To != "heir@x.test" || h.mail.count() != 2 {
			t.Errorf("%d letters, %+v", h.mail.count(), letter)
		}
		if err := h.LeaveOrg(ctx, org.ID, owner.ID); err != nil {
			t.Errorf("who has handed over may go: %v", err)
		}
		records, _, err := h.log.List(ctx, audit.Filter{OrgID: org.ID, Limit: 50})
		if err != nil || !slices.ContainsFunc(records, func(r audit.Record) bool { return r.Action == "org.ownership_transferred" }) {
			t.Errorf("not in the log: %v", err)
		}
	})
}

func TestTwoOwnersCannotHandOverPastEachOther(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h *house) {
		org, owner := h.org(t, "acme")
		heir := h.user(t, "heir@x.test")
		if _, err := h.AddMember(t.Context(), org.ID, heir.ID, "owner"); err != nil {
			t.Fatal(err)
		}
		ctx := context.WithoutCancel(t.Context())
		pairs := make(chan [2]string, 2)
		pairs <- [2]string{owner.ID, heir.ID}
		pairs <- [2]string{heir.ID, owner.ID}
		for _, err := range race(2, func() error { p := <-pairs; return h.TransferOwnership(ctx, org.ID, p[0], p[1]) }) {
			if err != nil && !errors.Is(err, idp.ErrRoleTooHigh) {
				t.Error(err)
			}
		}
		if n, err := h.store.CountOwners(ctx, org.ID); err != nil || n != 1 {
			t.Errorf("%d owners, %v", n, err)
		}
	})
}

func TestAnOrgIsRenamed(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h *house) {
		ctx := t.Context()
		org, owner := h.org(t, "acme")
		after, err := h.RenameOrg(ctx, org.ID, "  Żółw\n& Syn ")
		if err != nil || after.Name != "Żółw & Syn" || after.Slug != "acme" {
			t.Errorf("%+v, %v", after, err)
		}
		if stored, err := h.Org(ctx, org.ID); err != nil || stored.Name != after.Name {
			t.Errorf("%+v, %v", stored, err)
		}
		personal, _ := h.PersonalOrg(ctx, owner.ID)
		for _, tt := range []struct{ err, want error }{
			{second(h.RenameOrg(ctx, org.ID, " \n ")), idp.ErrSlugInvalid},
			{second(h.RenameOrg(ctx, personal.ID, "Mine")), idp.ErrPersonalOrg},
			{second(h.RenameOrg(ctx, "nowhere", "X")), idp.ErrOrgNotFound},
		} {
			if !errors.Is(tt.err, tt.want) {
				t.Errorf("%v, want %v", tt.err, tt.want)
			}
		}
	})
}

func TestMembersArePaged(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h *house) {
		ctx := t.Context()
		org, _ := h.org(t, "acme")
		_, foreign := h.org(t, "zzz")
		for i, name := range []string{"Łukasz Żak", "100% Ann", "Ćma", "Bob_Builder"} {
			u, _, err := h.CreateUser(ctx, idp.CreateUser{Email: fmt.Sprintf("p%d@x.test", i), Name: name, Password: "correct horse"})
			if err != nil {
				t.Fatal(err)
			}
			if _, err := h.AddMember(ctx, org.ID, u.ID, "member"); err != nil {
				t.Fatal(err)
			}
		}
		var seen []string
		for after := ""; ; {
			page, next, err := h.MemberPage(ctx, idp.MemberFilter{OrgID: org.ID, Limit: 2, After: after})
			if err != nil {
				t.Fatal(err)
			}
			for _, m := range page {
				seen = append(seen, m.Email)
			}
			if after = next; after == "" {
				break
			}
		}
		if !slices.Equal(seen, []string{"owner@acme.test", "p0@x.test", "p1@x.test", "p2@x.test", "p3@x.test"}) {
			t.Errorf("pages: %v", seen)
		}
		for search, want := range map[string]int{
			"łukasz": 1, "ŁUKASZ": 1, "żak": 1, "ann": 1, "ANN": 1, "100%": 1, "%": 1, "_": 1, `\`: 0, "p2@": 1, "X.test": 4, "ćma": 1, "': --": 0, "\x00": 5, "\xff": 5,
		} {
			if page, _, err := h.MemberPage(ctx, idp.MemberFilter{OrgID: org.ID, Search: search}); err != nil || len(page) != want {
				t.Errorf("search %q: %d, %v, want %d", search, len(page), err, want)
			}
		}
		for _, forged := range []string{"' OR 1=1 --", "\x00", "\xff", foreign.ID, strings.Repeat("z", 9000), "00000000-0000-7000-8000-000000000000"} {
			page, _, err := h.MemberPage(ctx, idp.MemberFilter{OrgID: org.ID, After: forged})
			if err != nil || len(page) != 0 && len(page) != 5 {
				t.Errorf("forged cursor %.20q: %d, %v", forged, len(page), err)
			}
		}
		p1, err := h.UserByEmail(ctx, "p1@x.test")
		if err != nil {
			t.Fatal(err)
		}
		if err := h.RemoveMember(ctx, org.ID, p1.ID); err != nil {
			t.Fatal(err)
		}
		if page, _, err := h.MemberPage(ctx, idp.MemberFilter{OrgID: org.ID, Removed: true}); err != nil || len(page) != 1 || page[0].Email != "p1@x.test" {
			t.Errorf("removed: %+v, %v", page, err)
		}
	})
}

func TestARecycledSlugInheritsNothing(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h *house) {
		ctx := t.Context()
		org, owner := h.org(t, "acme")
		ann := h.verified(t, "ann@x.test")
		_, token := h.invite(t, org, owner, "ann@x.test", "member")
		taken := org
		taken.Slug = "acme-old"
		if err := h.store.UpdateOrg(ctx, taken); err != nil {
			t.Fatal(err)
		}
		fresh, err := h.CreateOrg(ctx, idp.CreateOrg{Slug: "acme", Name: "ACME", OwnerUserID: h.user(t, "new@x.test").ID})
		if err != nil {
			t.Fatal(err)
		}
		if list, _, err := h.Invitations(ctx, idp.InvitationFilter{OrgID: fresh.ID, All: true}); err != nil || len(list) != 0 {
			t.Errorf("%+v, %v", list, err)
		}
		if m, err := h.AcceptInvitation(ctx, token, ann.ID); err != nil || m.OrgID != org.ID {
			t.Errorf("%+v, %v", m, err)
		}
	})
}
