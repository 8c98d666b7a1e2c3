package idp_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/wolfieauth/wolfieauth/idp"
	"github.com/wolfieauth/wolfieauth/internal/audit"
	"github.com/wolfieauth/wolfieauth/internal/mail"
)

func TestAnInvitationIsSentOnce(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h *house) {
		ctx := t.Context()
		org, owner := h.org(t, "acme")
		inv, err := h.Invite(ctx, idp.Invite{OrgID: org.ID, InviterID: owner.ID, Email: " Ann@X.test ", Role: "admin", Lang: "pl", Quote: `{"add":1}`})
		if err != nil {
			t.Fatal(err)
		}
		letter, token := h.mail.last(t, mail.Invitation)
		if letter.To != "Ann@X.test" || letter.Lang != "pl" || letter.Data["Org"] != "ACME" || letter.Data["Role"] != "admin" || len(token) != 43 {
			t.Errorf("letter %+v", letter)
		}
		if inv.EmailNormal != "ann@x.test" || inv.ExpiresAt.Sub(inv.SentAt) != idp.InvitationLifetime || inv.Quote != `{"add":1}` || strings.Contains(fmt.Sprintf("%+v", inv), token) {
			t.Errorf("%+v", inv)
		}
		if _, err := h.Invite(ctx, idp.Invite{OrgID: org.ID, InviterID: owner.ID, Email: "ann@x.TEST", Role: "member"}); !errors.Is(err, idp.ErrAlreadyInvited) {
			t.Errorf("again: %v", err)
		}
		open, err := h.Invitation(ctx, token)
		if err != nil || open.Org.ID != org.ID || open.InviterName != "Somebody" || open.HasAccount || open.Invitation.ID != inv.ID {
			t.Errorf("%+v, %v", open, err)
		}
		h.user(t, "ann@x.test")
		if open, err = h.Invitation(ctx, token); err != nil || !open.HasAccount {
			t.Errorf("%+v, %v", open, err)
		}
		h.clock.advance(idp.InvitationLifetime)
		if _, err := h.Invitation(ctx, token); !errors.Is(err, idp.ErrInvitationInvalid) {
			t.Errorf("expired: %v", err)
		}
		if again, _ := h.invite(t, org, owner, "ann@x.test", "member"); again.ID == inv.ID {
			t.Error("the expired one came back")
		}
	})
}

func TestWhoMayBeInvitedByWhom(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h *house) {
		ctx := t.Context()
		org, owner := h.org(t, "acme")
		other, stranger := h.org(t, "other")
		admin, member := h.user(t, "admin@x.test"), h.user(t, "member@x.test")
		for user, role := range map[string]string{admin.ID: "admin", member.ID: "member"} {
			if _, err := h.AddMember(ctx, org.ID, user, role); err != nil {
				t.Fatal(err)
			}
		}
		personal, _ := h.PersonalOrg(ctx, owner.ID)
		for _, tt := range []struct {
			in   idp.Invite
			want error
		}{
			{idp.Invite{OrgID: org.ID, InviterID: owner.ID, Email: "nonsense", Role: "member"}, idp.ErrEmailInvalid},
			{idp.Invite{OrgID: org.ID, InviterID: owner.ID, Email: "a@x.test", Role: "king"}, idp.ErrRoleUnknown},
			{idp.Invite{OrgID: org.ID, InviterID: owner.ID, Email: "MEMBER@x.test", Role: "member"}, idp.ErrAlreadyMember},
			{idp.Invite{OrgID: org.ID, InviterID: admin.ID, Email: "a@x.test", Role: "owner"}, idp.ErrRoleTooHigh},
			{idp.Invite{OrgID: org.ID, InviterID: member.ID, Email: "a@x.test", Role: "member"}, idp.ErrRoleTooHigh},
			{idp.Invite{OrgID: org.ID, InviterID: stranger.ID, Email: "a@x.test", Role: "member"}, idp.ErrRoleTooHigh},
			{idp.Invite{OrgID: org.ID, InviterID: "nobody", Email: "a@x.test", Role: "member"}, idp.ErrRoleTooHigh},
			{idp.Invite{OrgID: other.ID, InviterID: owner.ID, Email: "a@x.test", Role: "member"}, idp.ErrRoleTooHigh},
			{idp.Invite{OrgID: personal.ID, InviterID: owner.ID, Email: "a@x.test", Role: "member"}, idp.ErrPersonalOrg},
			{idp.Invite{OrgID: "nowhere", InviterID: owner.ID, Email: "a@x.test", Role: "member"}, idp.ErrOrgNotFound},
		} {
			if _, err := h.Invite(ctx, tt.in); !errors.Is(err, tt.want) {
				t.Errorf("%+v: %v, want %v", tt.in, err, tt.want)
			}
		}
		if n := h.mail.count(); n != 0 {
			t.Errorf("%d letters for refused invitations", n)
		}
		h.suspend(t, org)
		if _, err := h.Invite(ctx, idp.Invite{OrgID: org.ID, InviterID: owner.ID, Email: "a@x.test", Role: "member"}); !errors.Is(err, idp.ErrOrgSuspended) {
			t.Errorf("suspended: %v", err)
		}
	})
}

func (h *house) suspend(t *testing.T, org idp.Org) {
	t.Helper()
	at := h.clock.now()
	org.SuspendedAt = &at
	if err := h.store.UpdateOrg(t.Context(), org); err != nil {
		t.Fatal(err)
	}
}

func TestABadLineSpoilsNoOther(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h *house) {
		org, owner := h.org(t, "acme")
		lines := []idp.InviteLine{
			{Email: "a@x.test", Role: "member"},
			{Email: "no address", Role: "member"},
			{Email: "A@X.test", Role: "admin"},
			{Email: "b@x.test", Role: "king"},
			{Email: owner.Email, Role: "member"},
			{Email: "c@x.test", Role: "billing"},
		}
		results, err := h.InviteMany(t.Context(), org.ID, owner.ID, "en", "", lines)
		if err != nil || len(results) != len(lines) {
			t.Fatalf("%d results, %v", len(results), err)
		}
		for i, want := range []error{nil, idp.ErrEmailInvalid, idp.ErrAlreadyInvited, idp.ErrRoleUnknown, idp.ErrAlreadyMember, nil} {
			if got := results[i]; got.Line != lines[i] || !errors.Is(got.Err, want) || (want == nil) != (got.Invitation.ID != "") {
				t.Errorf("line %d: %+v, want %v", i, got, want)
			}
		}
		list, next, err := h.Invitations(t.Context(), idp.InvitationFilter{OrgID: org.ID})
		if err != nil || next != "" || len(list) != 2 || list[0].Email != "c@x.test" {
			t.Errorf("%+v, %q, %v", list, next, err)
		}
	})
}

func TestTheFormIsNoMailCannon(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h *house) {
		ctx := t.Context()
		org, owner := h.org(t, "acme")
		inv, _ := h.invite(t, org, owner, "victim@x.test", "member")
		for range 9 {
			if _, err := h.ResendInvitation(ctx, org.ID, inv.ID, owner.ID, ""); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := h.ResendInvitation(ctx, org.ID, inv.ID, owner.ID, ""); !errors.Is(err, idp.ErrInviteLimit) {
			t.Errorf("the eleventh mail of a day: %v", err)
		}
		other, boss := h.org(t, "other")
		if _, err := h.Invite(ctx, idp.Invite{OrgID: other.ID, InviterID: boss.ID, Email: "Victim@x.test", Role: "member"}); !errors.Is(err, idp.ErrInviteLimit) {
			t.Errorf("from another org: %v", err)
		}
		h.clock.advance(24 * time.Hour)
		if _, err := h.ResendInvitation(ctx, org.ID, inv.ID, owner.ID, ""); err != nil {
			t.Errorf("the day after: %v", err)
		}
	})
}

func TestWhoHasProvenNothingInvitesFew(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h *house) {
		org, owner := h.org(t, "acme") // whose address is not proven
		var lines []idp.InviteLine
		for i := range 25 {
			lines = append(lines, idp.InviteLine{Email: fmt.Sprintf("p%d@x.test", i), Role: "member"})
		}
		lines = append(lines, idp.InviteLine{Email: "no address", Role: "member"})
		for day := range 2 {
			results, err := h.InviteMany(t.Context(), org.ID, owner.ID, "", "", lines)
			if err != nil {
				t.Fatal(err)
			}
			counts := map[error]int{}
			for _, r := range results {
				for _, kind := range []error{idp.ErrInviteLimit, idp.ErrAlreadyInvited, idp.ErrEmailInvalid} {
					if errors.Is(r.Err, kind) {
						counts[kind]++
					}
				}
			}
			if counts[idp.ErrInviteLimit] != 5*(1-day) || counts[idp.ErrAlreadyInvited] != 20*day || counts[idp.ErrEmailInvalid] != 1 {
				t.Errorf("day %d: %v", day, counts)
			}
			h.clock.advance(24 * time.Hour)
		}
		if n := h.mail.count(); n != 25 {
			t.Errorf("%d letters", n)
		}
	})
}

func TestSendingAgainKillsTheLinkBefore(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h *house) {
		ctx := t.Context()
		org, owner := h.org(t, "acme")
		admin := h.verified(t, "admin@x.test")
		if _, err := h.AddMember(ctx, org.ID, admin.ID, "admin"); err != nil {
			t.Fatal(err)
		}
		inv, old := h.invite(t, org, owner, "ann@x.test", "member")
		h.clock.advance(idp.InvitationLifetime + time.Hour)
		again, err := h.ResendInvitation(ctx, org.ID, inv.ID, admin.ID, "pl")
		letter, token := h.mail.last(t, mail.Invitation)
		if err != nil || again.ID != inv.ID || again.InvitedBy != admin.ID || letter.Lang != "pl" || token == old {
			t.Fatalf("%+v, %v", again, err)
		}
		if _, err := h.Invitation(ctx, old); !errors.Is(err, idp.ErrInvitationInvalid) {
			t.Errorf("old link: %v", err)
		}
		if open, err := h.Invitation(ctx, token); err != nil || open.InviterName != "Ann Smith" {
			t.Errorf("new link: %+v, %v", open, err)
		}
		boss, _ := h.invite(t, org, owner, "boss@x.test", "owner")
		other, _ := h.org(t, "other")
		for _, tt := range []struct {
			err  error
			want error
		}{
			{second(h.ResendInvitation(ctx, org.ID, boss.ID, admin.ID, "")), idp.ErrRoleTooHigh},
			{second(h.ResendInvitation(ctx, other.ID, inv.ID, owner.ID, "")), idp.ErrInvitationInvalid},
			{h.RevokeInvitation(ctx, other.ID, inv.ID), idp.ErrInvitationInvalid},
			{h.RevokeInvitation(ctx, org.ID, inv.ID), nil},
			{h.RevokeInvitation(ctx, org.ID, inv.ID), idp.ErrInvitationInvalid},
			{second(h.ResendInvitation(ctx, org.ID, inv.ID, owner.ID, "")), idp.ErrInvitationInvalid},
			{second(h.Invitation(ctx, token)), idp.ErrInvitationInvalid},
		} {
			if !errors.Is(tt.err, tt.want) {
				t.Errorf("%v, want %v", tt.err, tt.want)
			}
		}
	})
}

func TestInvitationsArePaged(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h *house) {
		ctx := t.Context()
		org, owner := h.org(t, "acme")
		other, boss := h.org(t, "other")
		foreign, _ := h.invite(t, other, boss, "p0@x.test", "member")
		var ids []string
		for i := range 5 {
			inv, _ := h.invite(t, org, owner, fmt.Sprintf("p%d@x.test", i), "member")
			ids = append([]string{inv.ID}, ids...)
		}
		if err := h.RevokeInvitation(ctx, org.ID, ids[0]); err != nil {
			t.Fatal(err)
		}
		var seen []string
		for after := ""; ; {
			page, next, err := h.Invitations(ctx, idp.InvitationFilter{OrgID: org.ID, Limit: 2, AfterID: after})
			if err != nil {
				t.Fatal(err)
			}
			for _, inv := range page {
				seen = append(seen, inv.ID)
			}
			if after = next; after == "" {
				break
			}
		}
		if !slices.Equal(seen, ids[1:]) {
			t.Errorf("open ones: %v, want %v", seen, ids[1:])
		}
		if all, _, err := h.Invitations(ctx, idp.InvitationFilter{OrgID: org.ID, All: true}); err != nil || len(all) != 5 || all[0].State(h.clock.now()) != idp.InvitationRevoked {
			t.Errorf("all: %d, %v", len(all), err)
		}
		for search, want := range map[string]int{"P3": 1, "x.test": 4, "p%": 0, "_": 0, `\`: 0, "'; DROP TABLE invitations; --": 0, "zero\x00": 4} {
			if list, _, err := h.Invitations(ctx, idp.InvitationFilter{OrgID: org.ID, Search: search}); err != nil || len(list) != want {
				t.Errorf("search %q: %d, %v, want %d", search, len(list), err, want)
			}
		}
		for _, forged := range []string{"' OR 1=1 --", "\x00", "\xff", foreign.ID, strings.Repeat("z", 9000)} {
			list, _, err := h.Invitations(ctx, idp.InvitationFilter{OrgID: org.ID, AfterID: forged})
			if err != nil || slices.ContainsFunc(list, func(i idp.Invitation) bool { return i.OrgID != org.ID }) {
				t.Errorf("forged cursor %.20q: %d, %v", forged, len(list), err)
			}
		}
	})
}

func TestEveryChangeOfAnInvitationIsAudited(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h *house) {
		ctx := t.Context()
		org, owner := h.org(t, "acme")
		ann := h.verified(t, "ann@x.test")
		inv, _ := h.invite(t, org, owner, "ann@x.test", "member")
		if _, err := h.ResendInvitation(ctx, org.ID, inv.ID, owner.ID, ""); err != nil {
			t.Fatal(err)
		}
		_, token := h.mail.last(t, mail.Invitation)
		if _, err := h.AcceptInvitation(ctx, token, ann.ID); err != nil {
			t.Fatal(err)
		}
		gone, _ := h.invite(t, org, owner, "gone@x.test", "member")
		if err := h.RevokeInvitation(ctx, org.ID, gone.ID); err != nil {
			t.Fatal(err)
		}
		_, no := h.invite(t, org, owner, "no@x.test", "member")
		if err := h.DeclineInvitation(ctx, no, ""); err != nil {
			t.Fatal(err)
		}
		records, _, err := h.log.List(ctx, audit.Filter{OrgID: org.ID, Limit: 50})
		var actions []string
		for _, r := range records {
			actions = append(actions, r.Action)
			if strings.Contains(r.BeforeJSON+r.AfterJSON, token) || strings.Contains(r.AfterJSON, "TokenHash") {
				t.Errorf("%s holds the token: %s", r.Action, r.AfterJSON)
			}
		}
		for _, want := range []string{"invitation.sent", "invitation.resent", "invitation.accepted", "member.added", "invitation.revoked", "invitation.declined"} {
			if !slices.Contains(actions, want) {
				t.Errorf("%s is not in the log: %v, %v", want, actions, err)
			}
		}
	})
}
