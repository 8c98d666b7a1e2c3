package billing

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// SubscriptionChange is one wish of a buyer for a subscription. The row is written before Stripe is asked, and its id
// is the idempotency key; of one subscription the rows are carried out one by one, the oldest first.
type SubscriptionChange struct {
	ID             string `gorm:"primaryKey"`
	OrgID          string
	SubscriptionID string
	Kind           string // one of the Change constants
	ActorKind      string // as in the audit log
	ActorID        string
	FromPriceID    string // of a switch, as all up to DueAt
	ToPriceID      string
	Quoted         int64 // what the invoice was said to come to, in minor units
	Currency       string
	Quantity       int64
	Mode           ChangeMode
	ProrationDate  *time.Time // the moment that the confirmed preview counted from
	DueAt          *time.Time // nil = at once
	Status         string     // one of the ChangeState constants
	Reason         string     // why it is not done (yet): one of the SeatReason constants
	Attempt        int64      // 0 = Stripe was never asked; a refused attempt is followed by another key
	DoneAt         *time.Time
	CreatedAt      time.Time
	UpdatedAt      time.Time
}

// TableName names the table of changes.
func (SubscriptionChange) TableName() string { return "subscription_changes" }

// The kinds of changes.
const (
	ChangeCancel     = "cancel"      // ends with its period
	ChangeResume     = "resume"      // does not end with its period after all
	ChangeResumeDate = "resume_date" // the same, where a day was fixed for the end
	ChangeSwitch     = "switch"      // another price
)

// The states of a change.
const (
	ChangePending    = "pending"
	ChangeDone       = "done"
	ChangeFailed     = "failed"     // Stripe refused; nothing changed
	ChangeSuperseded = "superseded" // a later wish took its place
)

// key is the idempotency key of an attempt; Stripe repeats a refusal under the same key.
func (c SubscriptionChange) key() string {
	if c.Attempt <= 1 {
		return c.ID
	}
	return fmt.Sprintf("%s-%d", c.ID, c.Attempt)
}

// ErrChangeNotFound means that no such change was wished for.
var ErrChangeNotFound = errors.New("subscription change not found")

// ChangeStore keeps what buyers wish for their subscriptions.
type ChangeStore interface {
	// SaveChange inserts or replaces by id.
	SaveChange(ctx context.Context, row SubscriptionChange) error
	// Change answers [ErrChangeNotFound].
	Change(ctx context.Context, id string) (SubscriptionChange, error)
	// OpenChanges answers the pending changes of a subscription, the oldest first.
	OpenChanges(ctx context.Context, subscriptionID string) ([]SubscriptionChange, error)
	// Owned answers the subscriptions of orgs in every app and mode, as [SubscriptionStore.Bought] does in one.
	Owned(ctx context.Context, orgIDs []string, since time.Time) ([]Bought, error)
}
