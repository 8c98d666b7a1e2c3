package idp

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Mail is one letter of this wing. Templates are "verify_email", "reset_password", "password_changed" and
// "account_exists".
type Mail struct {
	Template string
	To       string
	Lang     string // "pl" or "en"
	Name     string // whom the letter greets, or ""
	Path     string // local path of the link in the letter; the mailer puts the issuer before it
	// ExpiresAt is when the link stops working; zero for letters whose link does not.
	ExpiresAt time.Time
}

// Mailer queues a letter in the transaction that ctx carries.
type Mailer interface {
	Queue(ctx context.Context, m Mail) error
}

type link struct {
	Path      string
	ExpiresAt time.Time
}

// mailPaths are where letters without a one-time link lead.
var mailPaths = map[string]string{"password_changed": "/reset", "account_exists": "/login"}

// send writes to a person in their own language, else in lang.
func (s *Service) send(ctx context.Context, user User, lang, template string, l *link) error {
	m := Mail{Template: template, To: user.Email, Lang: user.Locale, Name: user.Name, Path: mailPaths[template]}
	if m.Lang == "" {
		m.Lang = knownLocale(lang)
	}
	if m.Lang == "" {
		m.Lang = "en"
	}
	if l != nil {
		m.Path, m.ExpiresAt = l.Path, l.ExpiresAt
	}
	if err := s.deps.Mail.Queue(ctx, m); err != nil {
		return fmt.Errorf("queue mail %s: %w", template, err)
	}
	return nil
}

func ignoreUnknown(err error) error {
	if errors.Is(err, ErrUserNotFound) {
		return nil
	}
	return err
}
