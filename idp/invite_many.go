package idp

import (
	"context"
	"errors"
	"fmt"
)

// InviteLine is one person of a list to invite.
type InviteLine struct {
	Email, Role string
}

// InviteResult is what became of a line: the invitation, or why there is none, as [Service.Invite] answers it.
type InviteResult struct {
	Line       InviteLine
	Invitation Invitation
	Err        error
}

// InviteMany invites each line on its own, so that a bad one spoils no other, and answers in their order. An
// address that stands twice is invited once; the later line answers [ErrAlreadyInvited]. The error is that of
// a context that ended: the results up to there are answered with it, and stand.
func (s *Service) InviteMany(ctx context.Context, orgID, inviterID, lang, quote string, lines []InviteLine) ([]InviteResult, error) {
	list := inviteList{svc: s, frame: Invite{OrgID: orgID, InviterID: inviterID, Lang: lang, Quote: quote}, done: map[string]bool{}}
	results := make([]InviteResult, 0, len(lines))
	for _, line := range lines {
		if err := ctx.Err(); err != nil {
			return results, err
		}
		inv, err := list.next(ctx, line)
		results = append(results, InviteResult{Line: line, Invitation: inv, Err: err})
	}
	return results, nil
}

// inviteList remembers what spares the later lines of a list the way to the database.
type inviteList struct {
	svc   *Service
	frame Invite
	done  map[string]bool // invited by this list
	spent error           // the limit that the rest meets
}

func (l *inviteList) next(ctx context.Context, line InviteLine) (Invitation, error) {
	in := l.frame
	in.Email, in.Role = line.Email, line.Role
	checked, err := l.svc.newInvitation(in)
	switch {
	case err != nil:
		return Invitation{}, fmt.Errorf("invite: %w", err)
	case l.done[checked.EmailNormal]:
		return Invitation{}, fmt.Errorf("invite twice in one list: %w", ErrAlreadyInvited)
	case l.spent != nil:
		return Invitation{}, l.spent
	}
	inv, err := l.svc.Invite(ctx, in)
	l.done[checked.EmailNormal] = err == nil
	if errors.Is(err, errSpent) {
		l.spent = err
	}
	return inv, err
}
