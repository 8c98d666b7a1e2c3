package idp

import (
	"context"
	"fmt"
	"maps"
	"time"

	"github.com/wolfieauth/wolfieauth/internal/mail"
)

// Mailer puts a letter into the outbox in the transaction that ctx carries; internal/mail.Outbox is one.
type Mailer interface {
	Send(ctx context.Context, m mail.Message) error
}

// letter is one mail of this wing. Path is local; the configured issuer alone is put before it, so that no
// request can lend a link its host.
type letter struct {
	template mail.Template
	lang     string // of the page that asked; the person's own choice comes first
	path     string
	data     map[string]any
}

// send writes to a person in their own language, else in that of the page, else in English.
func (s *Service) send(ctx context.Context, user User, l letter) error {
	m := mail.Message{To: user.Email, Lang: "en", Template: l.template, Data: map[string]any{
		"Name": user.Name, "Link": s.deps.Issuer.JoinPath(l.path).String(),
	}}
	for _, lang := range []string{knownLocale(l.lang), user.Locale} {
		if lang != "" {
			m.Lang = lang
		}
	}
	maps.Copy(m.Data, l.data)
	if err := s.deps.Mail.Send(ctx, m); err != nil {
		return fmt.Errorf("send mail %s: %w", l.template, err)
	}
	return nil
}

func resetLetter(token, lang string) letter {
	return letter{template: mail.ResetPassword, lang: lang, path: "/reset/" + token, data: map[string]any{"Minutes": int(ResetLifetime / time.Minute)}}
}

func verifyLetter(token, lang string) letter {
	return letter{template: mail.VerifyEmail, lang: lang, path: "/verify/" + token, data: map[string]any{"Hours": int(VerifyLifetime / time.Hour)}}
}
