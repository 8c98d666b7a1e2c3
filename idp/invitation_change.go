package idp

import (
	"context"
	"fmt"
	"time"

	"github.com/wolfieauth/wolfieauth/internal/permission"
)

// Bounds of a page of a list.
const (
	pageSize    = 50
	maxPageSize = 200
)

func pageLimit(asked int) int {
	if asked <= 0 {
		return pageSize
	}
	return min(asked, maxPageSize)
}

// Invitations answers a page of an org's invitations and the cursor of the next one, "" at the end.
func (s *Service) Invitations(ctx context.Context, f InvitationFilter) (page []Invitation, next string, err error) {
	limit := pageLimit(f.Limit)
	f.Limit, f.Search = limit+1, searchText(f.Search)
	page, err = s.deps.Store.Invitations(ctx, f, s.now())
	if err != nil || len(page) <= limit {
		return page, "", err
	}
	return page[:limit], page[limit-1].ID, nil
}

// OrgInvitation answers one of an org's invitations, whatever became of it: [ErrInvitationInvalid] for one that is
// unknown or another org's.
func (s *Service) OrgInvitation(ctx context.Context, orgID, id string) (Invitation, error) {
	return s.deps.Store.InvitationByID(ctx, orgID, id)
}

// ResendInvitation mails a new link with the whole lifetime; the link sent before is dead. byID vouches for it
// from now on. [ErrInvitationInvalid] for one that is accepted, revoked or another org's, and what
// [Service.Invite] answers.
func (s *Service) ResendInvitation(ctx context.Context, orgID, id, byID, lang string) (Invitation, error) {
	var after Invitation
	err := s.deps.Tx.InTx(ctx, func(ctx context.Context) (err error) {
		after, err = s.resend(ctx, orgID, id, byID, lang)
		return err
	})
	if err != nil {
		return Invitation{}, fmt.Errorf("resend invitation: %w", err)
	}
	return after, nil
}

func (s *Service) resend(ctx context.Context, orgID, id, byID, lang string) (Invitation, error) {
	org, err := s.lockOpen(ctx, orgID)
	if err != nil {
		return Invitation{}, err
	}
	before, err := s.deps.Store.InvitationByID(ctx, orgID, id)
	if err != nil {
		return Invitation{}, err
	}
	if err := s.mayAssign(ctx, orgID, byID, before.Role); err != nil {
		return Invitation{}, err
	}
	if err := s.notMember(ctx, orgID, before.EmailNormal); err != nil {
		return Invitation{}, err
	}
	if before.State(s.now()) == InvitationExpired { // it is no pending seat any more, so it asks for one again
		if err := s.checkPending(ctx, orgID); err != nil {
			return Invitation{}, err
		}
	}
	after := before
	after.InvitedBy = byID
	if l := knownLocale(lang); l != "" {
		after.Lang = l
	}
	inviter, err := s.allowMail(ctx, after)
	if err != nil {
		return Invitation{}, err
	}
	token := s.renew(&after)
	if err := s.deps.Store.SaveInvitation(ctx, after); err != nil {
		return Invitation{}, err
	}
	if err := s.recordInvitation(ctx, "invitation.resent", before, after); err != nil {
		return Invitation{}, err
	}
	return after, s.mailInvitation(ctx, org, after, inviter, token)
}

// RevokeInvitation kills the link: [ErrInvitationInvalid] for one that is accepted, revoked or another org's,
// [ErrOrgNotFound].
func (s *Service) RevokeInvitation(ctx context.Context, orgID, id string) error {
	err := s.deps.Tx.InTx(ctx, func(ctx context.Context) error {
		if _, err := s.deps.Store.LockOrg(ctx, orgID); err != nil {
			return err
		}
		before, err := s.deps.Store.InvitationByID(ctx, orgID, id)
		if err != nil {
			return err
		}
		return s.revokeInvitation(ctx, before)
	})
	if err != nil {
		return fmt.Errorf("revoke invitation: %w", err)
	}
	return nil
}

func (s *Service) revokeInvitation(ctx context.Context, before Invitation) error {
	return s.closeInvitation(ctx, "invitation.revoked", before, func(i *Invitation, now time.Time) { i.RevokedAt = &now })
}

// closeInvitation ends an invitation for good, once: [ErrInvitationInvalid] when it has ended already.
func (s *Service) closeInvitation(ctx context.Context, action string, before Invitation, end func(*Invitation, time.Time)) error {
	after, now := before, s.now()
	end(&after, now)
	after.UpdatedAt = now
	if err := s.deps.Store.SaveInvitation(ctx, after); err != nil {
		return err
	}
	return s.recordInvitation(ctx, action, before, after)
}

// dropInvitationsBy kills what an inviter of the role (now "" for none) could not send any more. The org is
// locked.
func (s *Service) dropInvitationsBy(ctx context.Context, orgID, inviterID, role string) error {
	open, err := s.deps.Store.InvitationsBy(ctx, orgID, inviterID)
	if err != nil {
		return err
	}
	for _, inv := range open {
		if permission.MayAssign(permission.Role(role), permission.Role(inv.Role)) {
			continue
		}
		if err := s.revokeInvitation(ctx, inv); err != nil {
			return err
		}
	}
	return nil
}
