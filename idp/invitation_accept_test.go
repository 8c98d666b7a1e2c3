package idp_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/wolfieauth/wolfieauth/idp"
	"github.com/wolfieauth/wolfieauth/internal/mail"
)

func TestOnlyTheInvitedAddressAccepts(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h *house) {
		ctx := t.Context()
		org, owner := h.org(t, "acme")
		ann, eve := h.verified(t, "Ann@X.test"), h.verified(t, "eve@x.test")
		unproven := h.user(t, "bob@x.test")
		inv, token := h.invite(t, org, owner, "aNN@x.test", "billing")
		_, bobs := h.invite(t, org, owner, "bob@x.test", "member")
		for _, tt := range []struct {
			key, user string
			want      error
		}{
			{token, eve.ID, idp.ErrInvitationOther},
			{token, "nobody", idp.ErrUserNotFound},
			{bobs, unproven.ID, idp.ErrInvitationOther},
			{token + "x", ann.ID, idp.ErrInvitationInvalid},
			{token[:42], ann.ID, idp.ErrInvitationInvalid},
			{"", ann.ID, idp.ErrInvitationInvalid},
			{inv.TokenHash, ann.ID, idp.ErrInvitationInvalid},
			{inv.ID, eve.ID, idp.ErrInvitationInvalid}, // an id is no secret: it opens nothing for others
		} {
			if _, err := h.AcceptInvitation(ctx, tt.key, tt.user); !errors.Is(err, tt.want) {
				t.Errorf("%q by %s: %v, want %v", tt.key, tt.user, err, tt.want)
			}
		}
		if n, _ := h.ActiveMembers(ctx, org.ID); n != 1 {
			t.Fatalf("%d members", n)
		}
		m, err := h.AcceptInvitation(ctx, token, ann.ID)
		if err != nil || m.Role != "billing" || m.OrgID != org.ID || !m.Active() {
			t.Fatalf("%+v, %v", m, err)
		}
		if _, err := h.AcceptInvitation(ctx, token, ann.ID); !errors.Is(err, idp.ErrInvitationInvalid) {
			t.Errorf("replayed: %v", err)
		}
		if letter, _ := h.mail.last(t, mail.InvitationAccepted); letter.To != owner.Email || letter.Data["Member"] != "Ann Smith" {
			t.Errorf("%+v", letter)
		}
		if !slices.Equal(h.seats.changed, []string{org.ID}) {
			t.Errorf("seats %v", h.seats.changed)
		}
	})
}

func TestAnInvitationDiesWithItsInvitersRight(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h *house) {
		ctx := t.Context()
		org, owner := h.org(t, "acme")
		ann := h.verified(t, "ann@x.test")
		for name, lose := range map[string]func(idp.User) error{
			"demoted":  func(u idp.User) error { return second(h.ChangeRole(ctx, org.ID, owner.ID, u.ID, "member")) },
			"removed":  func(u idp.User) error { return h.RemoveMemberBy(ctx, org.ID, owner.ID, u.ID) },
			"left":     func(u idp.User) error { return h.LeaveOrg(ctx, org.ID, u.ID) },
			"disabled": func(u idp.User) error { return h.DisableUser(ctx, owner.ID, u.ID) },
		} {
			inviter := h.user(t, name+"@x.test")
			if _, err := h.AddMember(ctx, org.ID, inviter.ID, "admin"); err != nil {
				t.Fatal(err)
			}
			inv, token := h.invite(t, org, inviter, "ann@x.test", "admin")
			if err := lose(inviter); err != nil {
				t.Fatal(err)
			}
			if _, err := h.Invitation(ctx, token); !errors.Is(err, idp.ErrInvitationInvalid) {
				t.Errorf("%s: opened: %v", name, err)
			}
			if _, err := h.AcceptInvitation(ctx, token, ann.ID); !errors.Is(err, idp.ErrInvitationInvalid) {
				t.Errorf("%s: accepted: %v", name, err)
			}
			if left, err := h.store.InvitationByID(ctx, org.ID, inv.ID); err != nil || left.State(h.clock.now()) != idp.InvitationRevoked {
				t.Errorf("%s: %+v, %v", name, left, err)
			}
		}
	})
}

func TestOneOwnerMoreIsNotTheInvitersToGiveOnceTheyAreAdmin(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h *house) {
		ctx := t.Context()
		org, owner := h.org(t, "acme")
		heir, ann, ben := h.verified(t, "heir@x.test"), h.verified(t, "ann@x.test"), h.verified(t, "ben@x.test")
		if _, err := h.AddMember(ctx, org.ID, heir.ID, "admin"); err != nil {
			t.Fatal(err)
		}
		_, asOwner := h.invite(t, org, owner, "ann@x.test", "owner")
		_, asMember := h.invite(t, org, owner, "ben@x.test", "member")
		if err := h.TransferOwnership(ctx, org.ID, owner.ID, heir.ID); err != nil {
			t.Fatal(err)
		}
		if _, err := h.AcceptInvitation(ctx, asOwner, ann.ID); !errors.Is(err, idp.ErrInvitationInvalid) {
			t.Errorf("role raise: %v", err)
		}
		if _, err := h.AcceptInvitation(ctx, asMember, ben.ID); err != nil {
			t.Errorf("what an admin may give still stands: %v", err)
		}
	})
}

func TestASuspendedOrgTakesNobodyIn(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h *house) {
		ctx := t.Context()
		org, owner := h.org(t, "acme")
		ann := h.verified(t, "ann@x.test")
		_, token := h.invite(t, org, owner, "ann@x.test", "member")
		h.suspend(t, org)
		if _, err := h.AcceptInvitation(ctx, token, ann.ID); !errors.Is(err, idp.ErrInvitationInvalid) {
			t.Errorf("suspended: %v", err)
		}
		if err := h.store.UpdateOrg(ctx, org); err != nil {
			t.Fatal(err)
		}
		if _, err := h.AcceptInvitation(ctx, token, ann.ID); err != nil {
			t.Errorf("after that: %v", err)
		}
	})
}

func TestAMemberKeepsTheirRole(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h *house) {
		ctx := t.Context()
		org, owner := h.org(t, "acme")
		ann := h.verified(t, "ann@x.test")
		_, token := h.invite(t, org, owner, "ann@x.test", "member")
		if _, err := h.AddMember(ctx, org.ID, ann.ID, "admin"); err != nil {
			t.Fatal(err)
		}
		if _, err := h.AcceptInvitation(ctx, token, ann.ID); !errors.Is(err, idp.ErrAlreadyMember) {
			t.Error(err)
		}
		if m, err := h.Membership(ctx, org.ID, ann.ID); err != nil || m.Role != "admin" {
			t.Errorf("%+v, %v", m, err)
		}
		if _, err := h.Invitation(ctx, token); !errors.Is(err, idp.ErrInvitationInvalid) {
			t.Errorf("the link lives on: %v", err)
		}
	})
}

func TestANewcomerSignsUpByTheirInvitation(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h *house) {
		ctx := t.Context()
		org, owner := h.org(t, "acme")
		_, token := h.invite(t, org, owner, "New@x.test", "member")
		if _, _, err := h.SignUpInvited(ctx, "forged", idp.CreateUser{Password: "correct horse"}); !errors.Is(err, idp.ErrInvitationInvalid) {
			t.Error(err)
		}
		if _, _, err := h.SignUpInvited(ctx, token, idp.CreateUser{Password: "x"}); !errors.Is(err, idp.ErrPasswordWeak) {
			t.Error(err)
		}
		u, personal, err := h.SignUpInvited(ctx, token, idp.CreateUser{Email: "eve@x.test", Name: "New", Password: "correct horse"})
		if err != nil || u.Email != "New@x.test" || !u.EmailVerified() || !personal.Personal() {
			t.Fatalf("%+v, %v", u, err)
		}
		if !slices.Equal(h.proven.told, []string{u.ID + " new@x.test"}) {
			t.Errorf("told of proven addresses: %v", h.proven.told)
		}
		if _, _, err := h.SignUpInvited(ctx, token, idp.CreateUser{Password: "correct horse"}); !errors.Is(err, idp.ErrEmailTaken) {
			t.Error(err)
		}
		if m, err := h.AcceptInvitation(ctx, token, u.ID); err != nil || m.UserID != u.ID {
			t.Errorf("%+v, %v", m, err)
		}
		if _, _, err := h.SignUpInvited(ctx, token, idp.CreateUser{Password: "correct horse"}); !errors.Is(err, idp.ErrInvitationInvalid) {
			t.Error(err)
		}
	})
}

func TestTheInvitedPersonFindsTheirInvitationsWithoutALink(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h *house) {
		ctx := t.Context()
		org, owner := h.org(t, "acme")
		other, boss := h.org(t, "other")
		ann, eve, unproven := h.verified(t, "ann@x.test"), h.verified(t, "eve@x.test"), h.user(t, "bob@x.test")
		first, _ := h.invite(t, org, owner, "ann@x.test", "member")
		second, _ := h.invite(t, other, boss, "ANN@x.test", "admin")
		h.invite(t, org, owner, "bob@x.test", "member")
		list, err := h.InvitationsOf(ctx, ann.ID)
		if err != nil || len(list) != 2 || list[0].Org.ID != org.ID || list[1].Invitation.ID != second.ID {
			t.Fatalf("%+v, %v", list, err)
		}
		for _, u := range []idp.User{eve, unproven} {
			if list, err := h.InvitationsOf(ctx, u.ID); err != nil || len(list) != 0 {
				t.Errorf("%s: %+v, %v", u.Email, list, err)
			}
		}
		if err := h.DeclineInvitation(ctx, first.ID, eve.ID); !errors.Is(err, idp.ErrInvitationInvalid) {
			t.Errorf("declined by another: %v", err)
		}
		if err := h.DeclineInvitation(ctx, first.ID, ann.ID); err != nil {
			t.Error(err)
		}
		if m, err := h.AcceptInvitation(ctx, second.ID, ann.ID); err != nil || m.Role != "admin" {
			t.Errorf("%+v, %v", m, err)
		}
		if list, err := h.InvitationsOf(ctx, ann.ID); err != nil || len(list) != 0 {
			t.Errorf("%+v, %v", list, err)
		}
	})
}

func TestTwoAcceptsMakeOneMembership(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h *house) {
		org, owner := h.org(t, "acme")
		ann := h.verified(t, "ann@x.test")
		_, token := h.invite(t, org, owner, "ann@x.test", "member")
		ctx := context.WithoutCancel(t.Context())
		joined := 0
		for _, err := range race(8, func() error { return second(h.AcceptInvitation(ctx, token, ann.ID)) }) {
			if err == nil {
				joined++
			} else if !errors.Is(err, idp.ErrInvitationInvalid) {
				t.Error(err)
			}
		}
		if joined != 1 || len(h.seats.changed) != 1 {
			t.Errorf("%d joined, seats told %d times", joined, len(h.seats.changed))
		}
	})
}

func TestFiftyAcceptsCannotPassACapOfTen(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h *house) {
		owner := h.verified(t, "boss@x.test")
		org, err := h.CreateOrg(t.Context(), idp.CreateOrg{Name: "Acme", OwnerUserID: owner.ID})
		if err != nil {
			t.Fatal(err)
		}
		type guest struct{ token, user string }
		guests := make(chan guest, 50)
		for i := range 50 {
			u := h.verified(t, fmt.Sprintf("p%d@x.test", i))
			_, token := h.invite(t, org, owner, u.Email, "member")
			guests <- guest{token, u.ID}
		}
		h.seats.cap = 10
		ctx := context.WithoutCancel(t.Context())
		var full *idp.SeatCapError
		joined := 0
		for _, err := range race(50, func() error { g := <-guests; return second(h.AcceptInvitation(ctx, g.token, g.user)) }) {
			switch {
			case err == nil:
				joined++
			case !errors.As(err, &full) || !errors.Is(err, idp.ErrSeatCap):
				t.Error(err)
			}
		}
		members, err := h.ActiveMembers(ctx, org.ID)
		if joined != 9 || members != 10 || err != nil { // the owner holds the tenth seat
			t.Errorf("%d joined, %d members, %v", joined, members, err)
		}
		open, _, err := h.Invitations(ctx, idp.InvitationFilter{OrgID: org.ID, Limit: 200})
		if err != nil || len(open) != 41 {
			t.Errorf("%d invitations are still open, %v", len(open), err)
		}
	})
}

func TestPendingInvitationsCountAgainstTheCap(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h *house) {
		ctx := t.Context()
		org, owner := h.org(t, "acme")
		h.seats.cap = 3
		first, _ := h.invite(t, org, owner, "a@x.test", "member")
		h.invite(t, org, owner, "b@x.test", "member")
		in := idp.Invite{OrgID: org.ID, InviterID: owner.ID, Email: "c@x.test", Role: "member"}
		if _, err := h.Invite(ctx, in); !errors.Is(err, idp.ErrSeatCap) {
			t.Errorf("a fourth seat: %v", err)
		}
		if err := h.RevokeInvitation(ctx, org.ID, first.ID); err != nil {
			t.Fatal(err)
		}
		if _, err := h.Invite(ctx, in); err != nil {
			t.Errorf("after one was revoked: %v", err)
		}
		h.clock.advance(idp.InvitationLifetime)
		if _, err := h.Invite(ctx, idp.Invite{OrgID: org.ID, InviterID: owner.ID, Email: "d@x.test", Role: "member"}); err != nil {
			t.Errorf("after the others ran out: %v", err)
		}
	})
}
