package mail

import (
	"context"
	"errors"
	"fmt"
	netmail "net/mail"
	"net/url"
	"strconv"
	"strings"
	"time"

	gomail "github.com/wneessen/go-mail"
)

// ErrBadSMTP means an SMTP URL or sender address that cannot be used. Its text never holds the password.
var ErrBadSMTP = errors.New("bad SMTP setting")

// SMTP delivers through an SMTP server. Make it with [NewSMTP].
type SMTP struct {
	host string
	from *netmail.Address
	opts []gomail.Option
}

// NewSMTP reads the address of a server and the sender's:
//
//	smtps://user:password@mail.example.com        TLS from the first byte, port 465
//	smtp://user:password@mail.example.com         STARTTLS required, port 587
//	smtp://relay.internal:25?tls=opportunistic    STARTTLS where the server offers it
//	smtp://127.0.0.1:1025?tls=none                no TLS; no password may be sent so
//
// from is "Name <address>" or an address. [ErrBadSMTP].
func NewSMTP(server, from string) (*SMTP, error) {
	sender, err := netmail.ParseAddress(from)
	if err != nil {
		return nil, fmt.Errorf("%w: the sender is no mail address", ErrBadSMTP)
	}
	u, err := url.Parse(server)
	if err != nil || u.Hostname() == "" {
		return nil, fmt.Errorf("%w: not of the form smtp://user:password@host:port", ErrBadSMTP)
	}
	port, tls, err := transport(u)
	if err != nil {
		return nil, err
	}
	s := &SMTP{host: u.Hostname(), from: sender, opts: []gomail.Option{gomail.WithPort(port), gomail.WithTimeout(15 * time.Second), tls}}
	if password, ok := u.User.Password(); ok {
		if u.Query().Get("tls") == "none" {
			return nil, fmt.Errorf("%w: a password is not sent without TLS", ErrBadSMTP)
		}
		s.opts = append(s.opts, gomail.WithSMTPAuth(gomail.SMTPAuthAutoDiscover), gomail.WithUsername(u.User.Username()), gomail.WithPassword(password))
	}
	return s, nil
}

func transport(u *url.URL) (port int, tls gomail.Option, err error) {
	switch policy := u.Query().Get("tls"); {
	case u.Scheme == "smtps" && policy == "":
		port, tls = 465, gomail.WithSSL()
	case u.Scheme == "smtp" && (policy == "" || policy == "mandatory"):
		port, tls = 587, gomail.WithTLSPolicy(gomail.TLSMandatory)
	case u.Scheme == "smtp" && policy == "opportunistic":
		port, tls = 587, gomail.WithTLSPolicy(gomail.TLSOpportunistic)
	case u.Scheme == "smtp" && policy == "none":
		port, tls = 25, gomail.WithTLSPolicy(gomail.NoTLS)
	default:
		return 0, nil, fmt.Errorf("%w: scheme smtp or smtps, tls mandatory, opportunistic or none", ErrBadSMTP)
	}
	if text := u.Port(); text != "" {
		if port, err = strconv.Atoi(text); err != nil || port < 1 || port > 65535 {
			return 0, nil, fmt.Errorf("%w: port", ErrBadSMTP)
		}
	}
	return port, tls, nil
}

// Send delivers one mail. Its Message-ID is made of the mail's id, so that a repeated delivery can be told.
func (s *SMTP) Send(ctx context.Context, m Mail) error {
	msg := gomail.NewMsg(gomail.WithNoDefaultUserAgent())
	msg.FromMailAddress(s.from)
	if err := msg.To(m.ToAddress); err != nil {
		return fmt.Errorf("address mail: %w", ErrBadAddress)
	}
	domain := s.from.Address[strings.LastIndex(s.from.Address, "@")+1:]
	msg.SetMessageIDWithValue(m.ID + "@" + domain)
	msg.SetDateWithValue(m.CreatedAt)
	msg.SetGenHeader("Auto-Submitted", "auto-generated") // RFC 3834: no out-of-office replies
	msg.SetGenHeader("Content-Language", m.Lang)
	msg.Subject(m.Subject)
	msg.SetBodyString(gomail.TypeTextPlain, m.TextBody)
	msg.AddAlternativeString(gomail.TypeTextHTML, m.HTMLBody)
	client, err := gomail.NewClient(s.host, s.opts...)
	if err != nil {
		return fmt.Errorf("prepare SMTP: %w", err)
	}
	if err := client.DialAndSendWithContext(ctx, msg); err != nil {
		return fmt.Errorf("deliver by SMTP: %w", err)
	}
	return nil
}
