package idp_test

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"

	"github.com/wolfieauth/wolfieauth/idp"
	"github.com/wolfieauth/wolfieauth/internal/db"
	"github.com/wolfieauth/wolfieauth/internal/mail"
)

func TestNoChangedTokenOpensAnInvitation(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h *house) {
		org, owner := h.org(t, "acme")
		ann := h.verified(t, "ann@x.test")
		_, token := h.invite(t, org, owner, "ann@x.test", "member")
		var tries []string
		for i := range token {
			tries = append(tries, token[:i])
			for bit := range 8 {
				changed := []byte(token)
				changed[i] ^= 1 << bit
				tries = append(tries, string(changed))
			}
		}
		for _, forged := range tries {
			if _, err := h.Invitation(t.Context(), forged); !errors.Is(err, idp.ErrInvitationInvalid) {
				t.Errorf("%q opens it: %v", forged, err)
			}
			if _, err := h.AcceptInvitation(t.Context(), forged, ann.ID); !errors.Is(err, idp.ErrInvitationInvalid) {
				t.Errorf("%q is accepted: %v", forged, err)
			}
		}
		if _, err := h.AcceptInvitation(t.Context(), token, ann.ID); err != nil {
			t.Error(err)
		}
	})
}

func TestInvitingTellsNothingOfAccounts(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h *house) {
		org, owner := h.org(t, "acme")
		h.verified(t, "known@x.test")
		removed := h.verified(t, "removed@x.test")
		if _, err := h.AddMember(t.Context(), org.ID, removed.ID, "member"); err != nil {
			t.Fatal(err)
		}
		if err := h.RemoveMember(t.Context(), org.ID, removed.ID); err != nil {
			t.Fatal(err)
		}
		var answers []idp.Invitation
		for _, email := range []string{"known@x.test", "unknown@x.test", "removed@x.test"} {
			inv, _ := h.invite(t, org, owner, email, "member")
			if letter, _ := h.mail.last(t, mail.Invitation); letter.To != email {
				t.Errorf("the letter to %s went to %s", email, letter.To)
			}
			inv.ID, inv.Email, inv.EmailNormal, inv.TokenHash = "", "", "", ""
			answers = append(answers, inv)
		}
		if answers[0] != answers[1] || answers[1] != answers[2] {
			t.Errorf("%+v", answers)
		}
	})
}

func TestOneOpenInvitationOfManyAtOnce(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h *house) {
		org, owner := h.org(t, "acme")
		ctx := context.WithoutCancel(t.Context())
		sent := 0
		for _, err := range race(8, func() error {
			return second(h.Invite(ctx, idp.Invite{OrgID: org.ID, InviterID: owner.ID, Email: "ann@x.test", Role: "member"}))
		}) {
			if err == nil {
				sent++
			} else if !errors.Is(err, idp.ErrAlreadyInvited) {
				t.Error(err)
			}
		}
		if sent != 1 {
			t.Errorf("%d sent", sent)
		}
	})
}

// TestALongListIsReadInOneStatement counts what pages and searches ask of the database.
func TestALongListIsReadInOneStatement(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h *house) {
		org, owner := h.org(t, "acme")
		for i := range 8 {
			u := h.user(t, fmt.Sprintf("m%d@x.test", i))
			if _, err := h.AddMember(t.Context(), org.ID, u.ID, "member"); err != nil {
				t.Fatal(err)
			}
			h.invite(t, org, owner, fmt.Sprintf("i%d@x.test", i), "member")
		}
		first, members, err := h.MemberPage(t.Context(), idp.MemberFilter{OrgID: org.ID, Limit: 3})
		if err != nil || len(first) != 3 {
			t.Fatal(len(first), err)
		}
		_, invitations, err := h.Invitations(t.Context(), idp.InvitationFilter{OrgID: org.ID, Limit: 3})
		if err != nil {
			t.Fatal(err)
		}
		for name, read := range map[string]func(context.Context) error{
			"members": func(ctx context.Context) error {
				_, _, err := h.MemberPage(ctx, idp.MemberFilter{OrgID: org.ID, Limit: 3, After: members, Search: "x.test"})
				return err
			},
			"invitations": func(ctx context.Context) error {
				_, _, err := h.Invitations(ctx, idp.InvitationFilter{OrgID: org.ID, Limit: 3, AfterID: invitations, Search: "x.test"})
				return err
			},
		} {
			var n atomic.Int64
			if err := read(db.CountStatements(t.Context(), &n)); err != nil || n.Load() != 1 {
				t.Errorf("a page of %s takes %d statements, %v", name, n.Load(), err)
			}
		}
	})
}
