package idp

import "context"

// StartVerify sends a link that proves the person's address; next is the local path that following it leads
// on to, already made safe, or "". An address that is proven already gets no mail. [ErrUserNotFound].
func (s *Service) StartVerify(ctx context.Context, userID, lang, next string) error {
	user, err := s.deps.Store.UserByID(ctx, userID)
	if err != nil || user.EmailVerified() {
		return err
	}
	return s.deps.Tx.InTx(ctx, func(ctx context.Context) error {
		token, err := s.issueToken(ctx, OneTimeVerifyEmail, user, next, VerifyLifetime)
		if err != nil {
			return err
		}
		return s.send(ctx, user, verifyLetter(token, lang))
	})
}

// VerifyHolder answers whose address a link would prove, without using it: [ErrTokenInvalid].
func (s *Service) VerifyHolder(ctx context.Context, token string) (User, error) {
	_, user, err := s.openToken(ctx, OneTimeVerifyEmail, token)
	return user, err
}

// FinishVerify uses the link up, marks the address proven and answers where to go on: [ErrTokenInvalid].
func (s *Service) FinishVerify(ctx context.Context, token string) (user User, next string, err error) {
	err = s.deps.Tx.InTx(ctx, func(ctx context.Context) error {
		row, holder, err := s.useToken(ctx, OneTimeVerifyEmail, token)
		if err != nil {
			return err
		}
		next = row.Next
		user, err = s.markVerified(ctx, holder)
		return err
	})
	return user, next, err
}
