package mail_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/wolfieauth/wolfieauth/internal/db"
	"github.com/wolfieauth/wolfieauth/internal/db/dbtest"
	"github.com/wolfieauth/wolfieauth/internal/i18n"
	"github.com/wolfieauth/wolfieauth/internal/jobs"
	"github.com/wolfieauth/wolfieauth/internal/mail"
	"github.com/wolfieauth/wolfieauth/internal/secret"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// sender is a mail server that can be told to refuse.
type sender struct {
	sent  []mail.Mail
	error error
}

func (s *sender) Send(_ context.Context, m mail.Mail) error {
	if s.error == nil {
		s.sent = append(s.sent, m)
	}
	return s.error
}

type bundle struct {
	db     *db.DB
	runner *jobs.Runner
	outbox *mail.Outbox
	now    time.Time
}

func setup(t *testing.T, d *db.DB, s mail.Sender) *bundle {
	t.Helper()
	b := &bundle{db: d, now: noon}
	var err error
	if b.runner, err = jobs.New(d, jobs.Config{Now: func() time.Time { return b.now }}); err != nil {
		t.Fatal(err)
	}
	texts, err := i18n.Load()
	if err != nil {
		t.Fatal(err)
	}
	box, err := secret.NewBox(make([]byte, 32))
	if err != nil {
		t.Fatal(err)
	}
	b.outbox = mail.NewOutbox(mail.Config{
		DB: d, Jobs: b.runner, Texts: texts, Box: box, Now: func() time.Time { return b.now }, Sender: s,
		Logger: slog.New(slog.NewTextHandler(t.Output(), nil)),
	})
	b.runner.Handle(mail.Kind, b.outbox.Deliver)
	return b
}

const link = "https://id.example.test/verify?token=abc&x=1"

func verify(to string) mail.Message {
	return mail.Message{To: to, Lang: "pl", Template: mail.VerifyEmail, Data: map[string]any{"Link": link, "Hours": 24, "Name": "Zoë"}}
}

func TestMailLeavesOnceWhenItsTransactionHasCommitted(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := &sender{}
		b, ctx := setup(t, d, s), t.Context()
		undone := errors.New("undone")
		err := d.InTx(ctx, func(ctx context.Context) error {
			return errors.Join(b.outbox.Send(ctx, verify("lost@example.test")), undone)
		})
		if !errors.Is(err, undone) {
			t.Fatal(err)
		}
		if err := d.InTx(ctx, func(ctx context.Context) error { return b.outbox.Send(ctx, verify("kept@example.test")) }); err != nil {
			t.Fatal(err)
		}
		var raw struct{ TextBody, HTMLBody string }
		if err := d.Conn(ctx).Raw("SELECT text_body, html_body FROM mails").Scan(&raw).Error; err != nil {
			t.Fatal(err)
		}
		if strings.Contains(raw.TextBody+raw.HTMLBody, "token=") {
			t.Error("the link lies in the database for all to read")
		}
		for range 2 {
			if err := b.runner.Drain(ctx); err != nil {
				t.Fatal(err)
			}
		}
		if len(s.sent) != 1 || s.sent[0].ToAddress != "kept@example.test" || !strings.Contains(s.sent[0].TextBody, link) {
			t.Fatalf("sent %+v", s.sent)
		}
		if err := b.runner.DoNow(ctx, mail.Kind, s.sent[0].ID); err != nil || len(s.sent) != 1 {
			t.Errorf("a doubled job sent it again: %v", err)
		}
		m, err := b.outbox.Find(ctx, s.sent[0].ID)
		if err != nil || m.SentAt == nil || m.TextBody != "" || m.HTMLBody != "" {
			t.Errorf("after sending: %+v, %v", m, err)
		}
		if err := b.outbox.Deliver(ctx, "no such mail"); err != nil {
			t.Error(err)
		}
	})
}

func TestMailIsTriedAgainAndGivenUpInTheEnd(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := &sender{error: errors.New("server is down")}
		b, ctx := setup(t, d, s), t.Context()
		if err := b.outbox.Send(ctx, verify("a@example.test")); err != nil {
			t.Fatal(err)
		}
		if err := b.runner.Drain(ctx); !errors.Is(err, s.error) {
			t.Fatalf("drain: %v", err)
		}
		failed, err := b.runner.Failed(ctx, 10)
		if err != nil || len(failed) != 1 {
			t.Fatalf("%v, %v", failed, err)
		}
		b.now = noon.AddDate(0, 0, 3)
		if err := b.runner.DoNow(ctx, mail.Kind, failed[0].Key); err != nil {
			t.Fatal(err)
		}
		m, err := b.outbox.Find(ctx, failed[0].Key)
		if err != nil || m.SentAt != nil || m.TextBody != "" {
			t.Errorf("given up: %+v, %v", m, err)
		}
		for _, step := range []struct {
			days int
			left bool
		}{{89, true}, {91, false}} {
			b.now = noon.AddDate(0, 0, step.days)
			if err := b.outbox.Purge(ctx); err != nil {
				t.Fatal(err)
			}
			if _, err := b.outbox.Find(ctx, failed[0].Key); errors.Is(err, db.ErrNotFound) == step.left {
				t.Errorf("after %d days: %v", step.days, err)
			}
		}
	})
}

func TestEveryMailInBothLanguages(t *testing.T) {
	t.Parallel()
	b, ctx := setup(t, dbtest.SQLite(t), nil), t.Context()
	data := map[string]any{
		"Link": link, "Hours": 24, "Minutes": 30, "Plan": "Złoty <Pro>", "App": "Acme & Co", "Kept": "Starter", "Name": "<b>Zoë</b>\r\nBcc: x",
		"Inviter": "<script>Ann</script>\r\nBcc: x", "InviterFull": "<b>Zoë</b> (ann@x.test)", "Org": "<b>Zoë</b> <Pro>", "Role": "billing", "Until": noon,
		"Member": "<b>Zoë</b>", "MemberFull": "<a href='https://evil.test'>Zoë</a>", "From": "<b>Zoë</b>", "To": "<img src=x onerror=1>",
		"Wanted": 7, "Quantity": 5, "Reason": "card_declined", "Since": noon,
		"Who": "<b>Zoë</b> (ann@x.test)", "Date": "2026-12-31 10:00 UTC", "Amount": "PLN 99",
	}
	for _, lang := range i18n.Languages() {
		for _, template := range mail.Templates() {
			if err := b.outbox.Send(ctx, mail.Message{To: "a@example.test", Lang: lang, Template: template, Data: data}); err != nil {
				t.Errorf("%s %s: %v", lang, template, err)
			}
		}
	}
	mails, err := b.outbox.List(ctx, "a@example.test", 100)
	if err != nil || len(mails) != 2*len(mail.Templates()) {
		t.Fatalf("%d mails, %v", len(mails), err)
	}
	for _, m := range mails {
		all := m.Subject + m.TextBody + m.HTMLBody
		for _, wrong := range []string{"mail." + string(m.Template), "mail.greeting", "mail.foot", "mail.plain", "<no value>", "{{", "\r"} {
			if strings.Contains(all, wrong) {
				t.Errorf("%s %s: contains %q\n%s", m.Lang, m.Template, wrong, all)
			}
		}
		if strings.Contains(m.HTMLBody, "<b>Zoë") || strings.Contains(m.HTMLBody, "<Pro>") || strings.Contains(m.HTMLBody, "<script") || strings.Contains(m.HTMLBody, "<img") || strings.Contains(m.HTMLBody, "evil.test'>") {
			t.Errorf("%s %s: markup from data\n%s", m.Lang, m.Template, m.HTMLBody)
		}
		if strings.ContainsAny(m.Subject, "\n") || !strings.Contains(m.TextBody, link) || !strings.Contains(m.HTMLBody, strings.ReplaceAll(link, "&", "&amp;")) {
			t.Errorf("%s %s: %q\n%s", m.Lang, m.Template, m.Subject, m.TextBody)
		}
		if !strings.Contains(m.HTMLBody, `<html lang="`+m.Lang+`"`) {
			t.Errorf("%s %s: language is not told", m.Lang, m.Template)
		}
	}
}

func TestBadMessagesAreRefusedAndNothingIsWritten(t *testing.T) {
	t.Parallel()
	b, ctx := setup(t, dbtest.SQLite(t), nil), t.Context()
	ok := verify("a@example.test")
	bad := func(change func(*mail.Message)) mail.Message {
		m := mail.Message{To: ok.To, Lang: ok.Lang, Template: ok.Template, Data: map[string]any{"Link": link, "Hours": 24}}
		change(&m)
		return m
	}
	for _, tt := range []struct {
		m    mail.Message
		want error
	}{
		{bad(func(m *mail.Message) { m.To = "" }), mail.ErrBadAddress},
		{bad(func(m *mail.Message) { m.To = "a@example.test, b@example.test" }), mail.ErrBadAddress},
		{bad(func(m *mail.Message) { m.To = "Ann <a@example.test>" }), mail.ErrBadAddress},
		{bad(func(m *mail.Message) { m.To = "a@example.test\r\nBcc: b@example.test" }), mail.ErrBadAddress},
		{bad(func(m *mail.Message) { m.Template = "spam" }), mail.ErrUnknownTemplate},
		{bad(func(m *mail.Message) { delete(m.Data, "Hours") }), mail.ErrMissingData},
		{bad(func(m *mail.Message) { m.Data["Link"] = "javascript:alert(1)" }), mail.ErrMissingData},
		{bad(func(m *mail.Message) { m.Data["Link"] = "https://a.test/\r\nx" }), mail.ErrMissingData},
	} {
		if err := b.outbox.Send(ctx, tt.m); !errors.Is(err, tt.want) {
			t.Errorf("%+v: %v, want %v", tt.m, err, tt.want)
		}
	}
	if mails, err := b.outbox.List(ctx, "", 10); err != nil || len(mails) != 0 {
		t.Errorf("%d mails, %v", len(mails), err)
	}
}

func TestOutboxPage(t *testing.T) {
	t.Parallel()
	b, ctx := setup(t, dbtest.SQLite(t), nil), t.Context()
	viewer := b.outbox.Viewer("/outbox/")
	fetch := func(path string) (int, string, http.Header) {
		w := httptest.NewRecorder()
		viewer.ServeHTTP(w, httptest.NewRequestWithContext(ctx, http.MethodGet, path, nil))
		body, _ := io.ReadAll(w.Body)
		return w.Code, string(body), w.Header()
	}
	if code, body, _ := fetch("/outbox"); code != 200 || !strings.Contains(body, "No mail") {
		t.Errorf("empty: %d %s", code, body)
	}
	for _, to := range []string{"a@example.test", "b@example.test"} {
		if err := b.outbox.Send(ctx, verify(to)); err != nil {
			t.Fatal(err)
		}
	}
	if err := b.runner.Drain(ctx); err != nil { // nothing to deliver with: the mails stay
		t.Fatal(err)
	}
	_, body, header := fetch("/outbox?to=b@example.test&format=json")
	var mails []struct {
		ID, To, Subject, Text, Template string
		Links                           []string
	}
	if err := json.Unmarshal([]byte(body), &mails); err != nil || len(mails) != 1 || len(mails[0].Links) != 1 || mails[0].Links[0] != link {
		t.Fatalf("%v: %s", err, body)
	}
	if header.Get("Cache-Control") != "no-store" || mails[0].To != "b@example.test" || mails[0].Template != "verify_email" {
		t.Errorf("%v %+v", header, mails[0])
	}
	if _, body, _ := fetch("/outbox/"); !strings.Contains(body, `href="/outbox/`+mails[0].ID+`"`) {
		t.Errorf("list: %s", body)
	}
	if _, body, _ := fetch("/outbox/" + mails[0].ID); !strings.Contains(body, "<h1>Potwierdź") || !strings.Contains(body, `<a href="https://id.example.test/verify?token=abc&amp;x=1"`) {
		t.Errorf("detail: %s", body)
	}
	if code, body, h := fetch("/outbox/" + mails[0].ID + ".html"); code != 200 || !strings.Contains(body, "<!doctype html>") || !strings.Contains(h.Get("Content-Security-Policy"), "default-src 'none'") {
		t.Errorf("html: %d %v", code, h)
	}
	for _, path := range []string{"/outbox/nothing", "/outbox/nothing.html", "/elsewhere"} {
		if code, _, _ := fetch(path); code != 404 {
			t.Errorf("%s: %d", path, code)
		}
	}
}

func TestRolesAndTimesAreWrittenInTheMailsLanguage(t *testing.T) {
	t.Parallel()
	b, ctx := setup(t, dbtest.SQLite(t), nil), t.Context()
	data := map[string]any{"Link": link, "Inviter": "Ann", "InviterFull": "Ann (ann@x.test)", "Org": "Acme", "Role": "owner", "Until": noon}
	for lang, want := range map[string][]string{
		"pl": {"Ann zaprasza Cię do organizacji Acme", "Twoja rola: właściciel.", "do 1 marca 2026, 12:00 UTC"},
		"en": {"Ann invites you to join Acme", "would be: owner.", "until 1 March 2026, 12:00 UTC"},
	} {
		if err := b.outbox.Send(ctx, mail.Message{To: lang + "@x.test", Lang: lang, Template: mail.Invitation, Data: data}); err != nil {
			t.Fatal(err)
		}
		mails, err := b.outbox.List(ctx, lang+"@x.test", 1)
		if err != nil || len(mails) != 1 {
			t.Fatalf("%d mails, %v", len(mails), err)
		}
		for _, s := range want {
			if !strings.Contains(mails[0].Subject+mails[0].TextBody, s) {
				t.Errorf("%s: no %q in\n%s\n%s", lang, s, mails[0].Subject, mails[0].TextBody)
			}
		}
	}
}
