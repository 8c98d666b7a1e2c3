package billing

import (
	"context"
	"errors"
	"time"
)

// SeatChange is one row of the seat ledger: a quantity that was changed, or is to be. A change of members writes
// it in the transaction of the membership; the worker carries the newest one out, under its id as idempotency key,
// and the others are superseded by it. The done rows of a subscription, by Position, tell its whole history: each
// begins where the one before ended.
type SeatChange struct {
	ID             string `gorm:"primaryKey"`
	OrgID          string
	SubscriptionID string
	Position       int64 // of done rows: 1, 2, 3...; 0 for all others
	At             time.Time
	ActorKind      string // as in the audit log: "user", "cli", "system"; "stripe" for what was changed there
	ActorID        string
	Cause          string // one of the Cause constants
	Members        int64  // at that moment
	Committed      int64
	From           int64  `gorm:"column:quantity_from"`
	To             int64  `gorm:"column:quantity_to"`
	Status         string // one of the Seat constants
	Reason         string // why it is not done (yet), one of the SeatReason constants; "" for nothing to tell
	CoveredBy      string // of a superseded row: the change that carried it too, or ""
	Attempt        int64  // 0 = Stripe was never asked; a refused attempt is followed by another one
	SentAt         *time.Time
	ProrationDate  *time.Time // the moment that the admin's quote counted from
	DoneAt         *time.Time
	NotedAt        *time.Time // when the lines of the invoice were looked up
	InvoiceID      string     // "" until the invoice is made
	InvoiceLine    string     // Stripe's ids of the pending items, separated by a space; "" when nothing was charged
	Amount         int64      // minor units, the sum of these lines; negative for a credit
	Currency       string
	CreatedAt      time.Time
	UpdatedAt      time.Time
}

// TableName names the ledger's table.
func (SeatChange) TableName() string { return "seat_changes" }

// The states of a change.
const (
	SeatPending    = "pending"
	SeatDone       = "done"
	SeatFailed     = "failed"     // Stripe refused until something else was wanted
	SeatSuperseded = "superseded" // a later one carried it too, or nothing had to change
)

// What causes a change.
const (
	CausePurchase   = "purchase"   // bought with so many seats
	CauseMembers    = "members"    // somebody joined or left
	CauseCommitted  = "committed"  // spare seats were added or given up
	CauseStripe     = "stripe"     // the quantity was changed on Stripe's side: portal, dashboard
	CauseCorrection = "correction" // it differed from the members, and nobody's change explains it
)

// Why a change waits, or was dropped. The codes are stable: people read them in their own language.
const (
	SeatReasonCardDeclined  = "card_declined"
	SeatReasonAccountGone   = "account_gone"
	SeatReasonRefused       = "stripe_refused"
	SeatReasonUnavailable   = "stripe_unavailable"
	SeatReasonNotConfigured = "stripe_not_configured"
	SeatReasonPaused        = "subscription_paused"
	SeatReasonUnpaid        = "subscription_unpaid"
	SeatReasonEnded         = "subscription_ended"
	SeatReasonNotNeeded     = "not_needed" // the quantity was right already: spare seats, or back and forth
)

// SeatWait says since when a subscription's quantity differs from what it should be, and why; there is no row when
// it does not.
type SeatWait struct {
	SubscriptionID string `gorm:"primaryKey"`
	OrgID          string
	Since          time.Time
	Reason         string // "" while it is simply on its way
	ToldAt         *time.Time
	UpdatedAt      time.Time
}

// TableName names the table of what waits.
func (SeatWait) TableName() string { return "seat_waits" }

// SeatSubscription is a subscription with what its seats depend on.
type SeatSubscription struct {
	Subscription `gorm:"embedded"`
	PlanName     string
	MaxSeats     int64 // 0 = none
	PerSeat      bool
	SeatLabel    string
}

// wanted is max(1, members, committed); what is not paid per seat is paid once.
func (s SeatSubscription) wanted(members int64) int64 {
	if !s.PerSeat {
		return 1
	}
	return max(1, members, s.Committed)
}

// left answers why Stripe must not be asked to change the quantity, or "".
func (sub Subscription) left() string {
	switch {
	case sub.EndedAt != nil || !sub.Holds || !sub.Recurring:
		return SeatReasonEnded
	case sub.Status == StatusPaused:
		return SeatReasonPaused
	case sub.Status == StatusUnpaid:
		return SeatReasonUnpaid
	default:
		return ""
	}
}

var (
	// ErrSeatWaitNotFound means that the subscription's quantity is as it should be.
	ErrSeatWaitNotFound = errors.New("nothing waits for seats")
	// ErrSeatChangeNotFound means that the ledger holds no such row.
	ErrSeatChangeNotFound = errors.New("seat change not found")
)

// SeatStore keeps limits, and what waits.
type SeatStore interface {
	// PerSeat answers the subscriptions of an org that are paid per seat and hold, the oldest first.
	PerSeat(ctx context.Context, orgID string) ([]SeatSubscription, error)
	// PerSeatPage answers those of all orgs by id, after one.
	PerSeatPage(ctx context.Context, afterID string, limit int) ([]SeatSubscription, error)
	// SeatSubscription answers a subscription, whatever its price, or [ErrSubscriptionNotFound].
	SeatSubscription(ctx context.Context, id string) (SeatSubscription, error)
	// SeatLimits answers a zero row for an org that has set none.
	SeatLimits(ctx context.Context, orgID string) (SeatLimits, error)
	SaveSeatLimits(ctx context.Context, limits SeatLimits) error
}

// SeatWaitStore keeps what differs from what it should be.
type SeatWaitStore interface {
	// SeatWait answers [ErrSeatWaitNotFound].
	SeatWait(ctx context.Context, subscriptionID string) (SeatWait, error)
	SeatWaits(ctx context.Context, orgID string) ([]SeatWait, error)
	// WaitForSeats writes the row where there is none; else the reason alone is replaced, unless the new one is "".
	WaitForSeats(ctx context.Context, wait SeatWait) error
	// SeatsArrived removes the row, if there is one.
	SeatsArrived(ctx context.Context, subscriptionID string) error
	// TellOfSeats marks that the org was told; first is false when it was before, or nothing waits.
	TellOfSeats(ctx context.Context, subscriptionID string, at time.Time) (first bool, err error)
}

// SeatLedgerStore keeps the ledger.
type SeatLedgerStore interface {
	// SaveSeatChange inserts or replaces by id; [ErrRace] when another row is the same step already.
	SaveSeatChange(ctx context.Context, row SeatChange) error
	// OpenSeatChanges answers the pending rows, the oldest first.
	OpenSeatChanges(ctx context.Context, subscriptionID string) ([]SeatChange, error)
	// LastSeatChange answers the last done row, or [ErrSeatChangeNotFound].
	LastSeatChange(ctx context.Context, subscriptionID string) (SeatChange, error)
	// UnnotedSeatChanges answers, by position, done rows that Stripe was asked for and whose invoice lines were not
	// looked up yet, and those whose lines should stand on an invoice by now, which began at period.
	UnnotedSeatChanges(ctx context.Context, subscriptionID string, period time.Time) ([]SeatChange, error)
	// SeatLines answers the newest lines that rows of the subscription hold.
	SeatLines(ctx context.Context, subscriptionID string) ([]string, error)
	// SeatLedger answers an org's rows, the newest first, before one.
	SeatLedger(ctx context.Context, orgID, beforeID string, limit int) ([]SeatChange, error)
}
