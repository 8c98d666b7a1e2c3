package login

import (
	"context"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/wolfieauth/wolfieauth/idp"
	"github.com/wolfieauth/wolfieauth/internal/web"
)

// limit bounds attempts of one kind. Buckets hold the client's address, so that nobody can lock another
// person out from elsewhere.
type limit struct {
	name   string
	tries  int
	window time.Duration
}

var (
	loginLimit  = limit{"login", 10, 15 * time.Minute}    // per address and account
	resetLimit  = limit{"reset", 5, 15 * time.Minute}     // per address and account
	signUpLimit = limit{"signup", 5, time.Hour}           // per address and account
	floodLimit  = limit{"signup-ip", 600, time.Hour}      // new accounts per address
	oldPwLimit  = limit{"password", 10, 15 * time.Minute} // old passwords typed per person
	verifyLimit = limit{"verify", 3, 15 * time.Minute}    // mails per person
)

func (p *Pages) allow(ctx context.Context, l limit, subject string) (ok bool, after time.Duration, err error) {
	return p.Limits.Allow(ctx, l.name+":"+subject, l.tries, l.window)
}

// account is the bucket of one typed address as seen from one client. What is no e-mail address counts too.
func account(c echo.Context, email string) string {
	if _, normal, err := idp.ParseEmail(email); err == nil {
		email = normal
	}
	return web.ClientIP(c) + "|" + email
}

// How long answers take that must not tell, by their speed, whether an address is known: longer than either
// way takes, letters, transactions and, for sign-up, the password's hash included.
const (
	resetTakes  = 120 * time.Millisecond
	signUpTakes = 300 * time.Millisecond
)

// evenly runs f and answers no sooner than after took.
func evenly(ctx context.Context, took time.Duration, f func() error) error {
	timer := time.NewTimer(took)
	defer timer.Stop()
	err := f()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
	return err
}

// later says when to try again, in whole minutes.
func later(c echo.Context, after time.Duration) string {
	return web.T(c, "login.too_many", "Count", max(1, int((after+time.Minute-1)/time.Minute)))
}
