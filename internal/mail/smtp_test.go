package mail_test

import (
	"bufio"
	"errors"
	"fmt"
	"net"
	"strings"
	"testing"

	"github.com/wolfieauth/wolfieauth/internal/mail"
)

// serveSMTP is a server that takes one mail, or refuses its recipient, and hands over what it heard.
func serveSMTP(t *testing.T, refuse bool) (addr string, heard <-chan string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	out := make(chan string, 1)
	go func() {
		conn, err := l.Accept()
		if err != nil {
			return
		}
		defer conn.Close()
		out <- talk(conn, refuse)
	}()
	return l.Addr().String(), out
}

func talk(conn net.Conn, refuse bool) string {
	var all strings.Builder
	say := func(s string) { _, _ = fmt.Fprintf(conn, "%s\r\n", s) }
	say("220 test ESMTP")
	lines, inData := bufio.NewScanner(conn), false
	for lines.Scan() {
		line := lines.Text()
		all.WriteString(line + "\n")
		switch verb, _, _ := strings.Cut(strings.ToUpper(line), " "); {
		case inData && line == ".":
			inData = false
			say("250 taken")
		case inData:
		case verb == "EHLO":
			say("250-test\r\n250 8BITMIME")
		case verb == "DATA":
			inData = true
			say("354 go on")
		case verb == "RCPT" && refuse:
			say("550 no such user")
		case verb == "QUIT":
			say("221 bye")
			return all.String()
		default:
			say("250 ok")
		}
	}
	return all.String()
}

func TestDeliveryBySMTP(t *testing.T) {
	t.Parallel()
	m := mail.Mail{ID: "018f", ToAddress: "ann@example.test", Lang: "pl", Subject: "Zażółć", TextBody: "text body\n", HTMLBody: "<p>html body</p>", CreatedAt: noon}
	addr, heard := serveSMTP(t, false)
	s, err := mail.NewSMTP("smtp://"+addr+"?tls=none", "WolfieAuth <noreply@id.example.test>")
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Send(t.Context(), m); err != nil {
		t.Fatal(err)
	}
	got := <-heard
	for _, want := range []string{
		"MAIL FROM:<noreply@id.example.test>", "RCPT TO:<ann@example.test>", "Message-ID: <018f@id.example.test>", "Auto-Submitted: auto-generated",
		"multipart/alternative", "text/plain", "text/html", "text body", "html body", "Sun, 01 Mar 2026 12:00:00 +0000", "=?UTF-8?",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("%q is missing in\n%s", want, got)
		}
	}
	addr, _ = serveSMTP(t, true)
	if s, err = mail.NewSMTP("smtp://"+addr+"?tls=none", "noreply@id.example.test"); err != nil {
		t.Fatal(err)
	}
	if err := s.Send(t.Context(), m); err == nil {
		t.Error("a refused recipient went unnoticed")
	}
	addr, _ = serveSMTP(t, false)
	if s, err = mail.NewSMTP("smtp://"+addr, "noreply@id.example.test"); err != nil {
		t.Fatal(err)
	}
	if err := s.Send(t.Context(), m); err == nil {
		t.Error("sent without TLS where TLS is a must")
	}
}

func TestSMTPSettings(t *testing.T) {
	t.Parallel()
	for _, good := range []string{"smtp://h", "smtps://u:p@h", "smtp://u:p@h:2525", "smtp://h:25?tls=opportunistic", "smtp://127.0.0.1:1025?tls=none"} {
		if _, err := mail.NewSMTP(good, "a@example.test"); err != nil {
			t.Errorf("%s: %v", good, err)
		}
	}
	for _, bad := range []string{"", "h:25", "http://h", "smtp://", "smtp://h:0", "smtp://h:99999", "smtp://h?tls=maybe", "smtps://h?tls=none", "smtp://u:hunter2@h?tls=none", "smtp://u:hunter2@h:x"} {
		_, err := mail.NewSMTP(bad, "a@example.test")
		if !errors.Is(err, mail.ErrBadSMTP) || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: %v", bad, err)
		}
	}
	if _, err := mail.NewSMTP("smtp://h", "nobody"); !errors.Is(err, mail.ErrBadSMTP) {
		t.Error(err)
	}
}
