// Package audit keeps the append-only record of who did what, when and from where, with what was there before
// and after. An entry is written in the transaction of the action itself, so neither exists without the other;
// the database refuses to change or delete one.
package audit

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/wolfieauth/wolfieauth/internal/db"
)

// Kinds of actor.
const (
	ActorUser   = "user"   // a person, by user id
	ActorApp    = "app"    // an app, by client id
	ActorSystem = "system" // a job, the clock, Stripe
	ActorCLI    = "cli"    // an operator at the command line
	ActorNobody = "nobody" // a request that nobody has signed in for
)

// Actor is who did it.
type Actor struct{ Kind, ID string }

// Target is what it was done to.
type Target struct{ Kind, ID string }

// Entry is one thing that was done.
type Entry struct {
	// Actor may stay empty: then it is that of [WithRequest], or the system.
	Actor Actor
	// OrgID is the org whose log shows the entry; empty for none.
	OrgID string
	// Action is "<object>.<verb in the past>": "plan.created", "member.removed".
	Action string
	Target Target
	// Before and After are what changed, any value that encoding/json can write; nil for none. Fields that
	// look secret are left out; see [Redact].
	Before, After any
}

// Request is what an entry records of the request that it came with.
type Request struct {
	IP, RequestID      string
	ActorKind, ActorID string
}

type requestKey struct{}

// WithRequest answers a context whose entries record r.
func WithRequest(ctx context.Context, r Request) context.Context {
	return context.WithValue(ctx, requestKey{}, r)
}

// RequestFrom answers the request that ctx carries, zero for none.
func RequestFrom(ctx context.Context) Request {
	r, _ := ctx.Value(requestKey{}).(Request)
	return r
}

// Record is an entry as it is stored.
type Record struct {
	ID         string    `gorm:"primaryKey" json:"id"`
	At         time.Time `json:"at"`
	ActorKind  string    `json:"actorKind"`
	ActorID    string    `json:"actorId"`
	OrgID      string    `json:"orgId"`
	Action     string    `json:"action"`
	TargetKind string    `json:"targetKind"`
	TargetID   string    `json:"targetId"`
	IP         string    `json:"ip"`
	RequestID  string    `json:"requestId"`
	BeforeJSON string    `json:"before,omitempty"`
	AfterJSON  string    `json:"after,omitempty"`
}

// TableName is gorm's.
func (Record) TableName() string { return "audit_entries" }

// Log writes and lists entries.
type Log struct {
	db  *db.DB
	now func() time.Time
}

// NewLog makes a log on d that dates its entries by now.
func NewLog(d *db.DB, now func() time.Time) *Log {
	return &Log{db: d, now: now}
}

// Record writes e in the transaction that ctx carries. It fails where Before or After cannot be written as
// JSON, or the database refuses; the action must then fail too.
func (l *Log) Record(ctx context.Context, e Entry) error {
	id, err := uuid.NewV7()
	if err != nil {
		return fmt.Errorf("make audit id: %w", err)
	}
	before, err := encode(e.Before)
	if err != nil {
		return fmt.Errorf("audit %s: before: %w", e.Action, err)
	}
	after, err := encode(e.After)
	if err != nil {
		return fmt.Errorf("audit %s: after: %w", e.Action, err)
	}
	req, actor := RequestFrom(ctx), actorOf(ctx, e)
	row := Record{
		ID: id.String(), At: l.now().UTC(), ActorKind: actor.Kind, ActorID: actor.ID, OrgID: e.OrgID,
		Action: e.Action, TargetKind: e.Target.Kind, TargetID: e.Target.ID, IP: req.IP, RequestID: req.RequestID,
		BeforeJSON: before, AfterJSON: after,
	}
	return db.Err("audit "+e.Action, l.db.Conn(ctx).Create(&row).Error)
}

func actorOf(ctx context.Context, e Entry) Actor {
	req := RequestFrom(ctx)
	switch {
	case e.Actor.Kind != "":
		return e.Actor
	case req.ActorKind != "":
		return Actor{Kind: req.ActorKind, ID: req.ActorID}
	default:
		return Actor{Kind: ActorSystem}
	}
}

func encode(v any) (string, error) {
	if v == nil {
		return "", nil
	}
	raw, err := json.Marshal(Redact(v))
	return string(raw), err
}
