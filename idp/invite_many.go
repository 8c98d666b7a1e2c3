package idp

import "context"

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
	results := make([]InviteResult, 0, len(lines))
	for _, line := range lines {
		if err := ctx.Err(); err != nil {
			return results, err
		}
		inv, err := s.Invite(ctx, Invite{OrgID: orgID, InviterID: inviterID, Email: line.Email, Role: line.Role, Lang: lang, Quote: quote})
		results = append(results, InviteResult{Line: line, Invitation: inv, Err: err})
	}
	return results, nil
}
