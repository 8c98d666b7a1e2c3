package idp

import (
	"context"
	"fmt"
)

// SignUpInvited makes an account for the invited address. The link came by mail to that address and nowhere
// else, so having it proves the address, as a link that was sent for that would. The invitation stays open:
// joining is the next step. [ErrInvitationInvalid], [ErrEmailTaken], [ErrPasswordWeak], secret.ErrBusy.
func (s *Service) SignUpInvited(ctx context.Context, token string, in CreateUser) (User, Org, error) {
	open, err := s.openInvitation(ctx, token, "")
	if err != nil {
		return User{}, Org{}, fmt.Errorf("sign up by invitation: %w", err)
	}
	in.Email, in.Verified = open.Invitation.Email, true
	user, err := s.newUser(ctx, in)
	if err != nil {
		return User{}, Org{}, err
	}
	var org Org
	err = s.deps.Tx.InTx(ctx, func(ctx context.Context) error {
		if _, err := s.openInvitation(ctx, token, ""); err != nil { // the hash took a while
			return err
		}
		org, err = s.insertPerson(ctx, user)
		return err
	})
	if err != nil {
		return User{}, Org{}, fmt.Errorf("sign up by invitation: %w", err)
	}
	return user, org, nil
}
