package mail

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	netmail "net/mail"
	"time"

	"github.com/google/uuid"

	"github.com/wolfieauth/wolfieauth/internal/db"
	"github.com/wolfieauth/wolfieauth/internal/secret"
)

// Kind is the kind of work that delivers a mail; register [Outbox.Deliver] for it. The key is the mail's id.
const Kind = "mail"

// giveUpAfter is how long a mail is tried: behind it, no link in it works any more.
const giveUpAfter = 48 * time.Hour

// ErrBadAddress means a recipient that is no single mail address.
var ErrBadAddress = errors.New("bad mail address")

// Message is one mail to send. Data are those that the [Template] names: text, or numbers for plurals.
type Message struct {
	To       string
	Lang     string
	Template Template
	Data     map[string]any
}

// Mail is a mail in the outbox.
type Mail struct {
	ID        string     `gorm:"primaryKey" json:"id"`
	ToAddress string     `json:"to"`
	Lang      string     `json:"lang"`
	Template  Template   `json:"template"`
	Subject   string     `json:"subject"`
	TextBody  string     `json:"text"`
	HTMLBody  string     `json:"html"`
	CreatedAt time.Time  `json:"createdAt"`
	SentAt    *time.Time `json:"sentAt"`
}

// TableName is gorm's.
func (Mail) TableName() string { return "mails" }

// Wanter records work in the transaction that ctx carries; *jobs.Runner is one.
type Wanter interface {
	Want(ctx context.Context, kind, key string) error
}

// Sender delivers a mail. A call may be repeated for one mail, with the same id, when its outcome was lost.
type Sender interface {
	Send(ctx context.Context, m Mail) error
}

// Config sets an [Outbox] up.
type Config struct {
	DB    *db.DB
	Jobs  Wanter
	Texts Texts
	Box   *secret.Box      // seals the bodies at rest
	Now   func() time.Time // dates the mails
	Brand string           // default: WolfieAuth
	// Sender is nil where no SMTP server is set up: then mails stay in the outbox, for its page to show.
	Sender Sender
	Logger *slog.Logger
}

// Outbox writes and delivers mails.
type Outbox struct{ cfg Config }

// NewOutbox makes an outbox.
func NewOutbox(cfg Config) *Outbox {
	if cfg.Brand == "" {
		cfg.Brand = "WolfieAuth"
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.Default()
	}
	return &Outbox{cfg: cfg}
}

// Send renders a mail and puts it into the outbox, in the transaction that ctx carries: it leaves when that
// commits. [ErrBadAddress], [ErrUnknownTemplate], [ErrMissingData].
func (o *Outbox) Send(ctx context.Context, m Message) error {
	to, err := netmail.ParseAddress(m.To)
	if err != nil || to.Name != "" {
		return fmt.Errorf("mail %s: %w", m.Template, ErrBadAddress)
	}
	r, err := render(o.cfg.Texts, o.cfg.Brand, m)
	if err != nil {
		return err
	}
	id, err := uuid.NewV7()
	if err != nil {
		return fmt.Errorf("make mail id: %w", err)
	}
	row := Mail{
		ID: id.String(), ToAddress: to.Address, Lang: m.Lang, Template: m.Template, Subject: r.subject,
		CreatedAt: o.cfg.Now().UTC(),
	}
	row.TextBody = o.cfg.Box.Seal([]byte(r.text), place(row.ID, "text_body"))
	row.HTMLBody = o.cfg.Box.Seal([]byte(r.html), place(row.ID, "html_body"))
	return o.cfg.DB.InTx(ctx, func(ctx context.Context) error {
		if err := o.cfg.DB.Conn(ctx).Create(&row).Error; err != nil {
			return db.Err("store mail", err)
		}
		return o.cfg.Jobs.Want(ctx, Kind, row.ID)
	})
}

func place(id, column string) secret.Place {
	return secret.Place{Table: "mails", Column: column, Row: id}
}

// Deliver is the job's handler: it sends the mail of that id unless it has left, and tries for two days. A
// mail that has left, or is given up, keeps its subject and loses its bodies.
func (o *Outbox) Deliver(ctx context.Context, id string) error {
	m, err := o.Find(ctx, id)
	switch {
	case errors.Is(err, db.ErrNotFound):
		return nil // its transaction is gone, and so is the wish
	case err != nil:
		return err
	case o.cfg.Sender == nil || m.SentAt != nil || m.TextBody == "":
		return nil
	}
	err = o.cfg.Sender.Send(ctx, m)
	if err != nil && o.cfg.Now().Sub(m.CreatedAt) < giveUpAfter {
		return fmt.Errorf("send mail %s: %w", m.Template, err)
	}
	left := map[string]any{"text_body": "", "html_body": ""}
	if err == nil {
		left["sent_at"] = o.cfg.Now().UTC()
	} else {
		o.cfg.Logger.ErrorContext(ctx, "mail given up", "mail_id", id, "template", m.Template, "error", err)
	}
	return db.Err("mark mail sent", o.cfg.DB.Conn(ctx).Model(&Mail{}).Where("id = ?", id).Updates(left).Error)
}

// Find answers one mail with its bodies open (empty once it has left): an error that wraps [db.ErrNotFound],
// or of [secret.Box.Open].
func (o *Outbox) Find(ctx context.Context, id string) (Mail, error) {
	var m Mail
	if err := o.cfg.DB.Conn(ctx).Take(&m, "id = ?", id).Error; err != nil {
		return Mail{}, db.Err("load mail", err)
	}
	return o.open(m)
}

// List answers the newest mails, at most limit, to one recipient or, where to is empty, to all.
func (o *Outbox) List(ctx context.Context, to string, limit int) ([]Mail, error) {
	q := o.cfg.DB.Conn(ctx).Order("id DESC").Limit(limit)
	if to != "" {
		q = q.Where("to_address = ?", to)
	}
	var mails []Mail
	if err := q.Find(&mails).Error; err != nil {
		return nil, db.Err("list mails", err)
	}
	for i, m := range mails {
		opened, err := o.open(m)
		if err != nil {
			return nil, err
		}
		mails[i] = opened
	}
	return mails, nil
}

// keep is how long the outbox remembers which mails were written to whom.
const keep = 90 * 24 * time.Hour

// Purge drops the mails of more than 90 days ago; run it daily.
func (o *Outbox) Purge(ctx context.Context) error {
	err := o.cfg.DB.Conn(ctx).Where("created_at < ?", o.cfg.Now().UTC().Add(-keep)).Delete(&Mail{}).Error
	return db.Err("drop old mails", err)
}

func (o *Outbox) open(m Mail) (Mail, error) {
	for column, body := range map[string]*string{"text_body": &m.TextBody, "html_body": &m.HTMLBody} {
		if *body == "" {
			continue
		}
		plain, err := o.cfg.Box.Open(*body, place(m.ID, column))
		if err != nil {
			return Mail{}, err
		}
		*body = string(plain)
	}
	return m, nil
}
