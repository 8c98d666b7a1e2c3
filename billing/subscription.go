package billing

import (
	"errors"
	"time"
)

// Errors of buying.
var (
	// ErrAlreadySubscribed means that the org has a live subscription for that app or bundle; another plan
	// there is a switch.
	ErrAlreadySubscribed = errors.New("already subscribed")
	// ErrSeatsBelowMembers means that fewer seats were asked for than the org has members.
	ErrSeatsBelowMembers = errors.New("fewer seats than members")
	// ErrQuantity means that the quantity is not a whole number from 1 to MaxQuantity, or not 1 for a price
	// that is not per seat.
	ErrQuantity = errors.New("quantity invalid")
	// ErrReturnTo means that the address to return to has an origin that the app has not registered.
	ErrReturnTo = errors.New("return address not registered")
	// ErrCheckoutNotFound means that no such checkout exists, or that it is somebody else's.
	ErrCheckoutNotFound = errors.New("checkout not found")
	// ErrSubscriptionNotFound means that no such subscription exists.
	ErrSubscriptionNotFound = errors.New("subscription not found")
)

// MaxQuantity is the largest number of seats that can be bought.
const MaxQuantity = 100_000

// Customer is an org as one account of Stripe knows it. Stripe fixes a customer's currency, hence one each. ID
// is the idempotency key of its creation.
type Customer struct {
	ID         string `gorm:"primaryKey"`
	OrgID      string
	Account    string
	Livemode   bool
	Currency   string
	Name       string // as sent at its creation: the same key must always carry the same words
	Email      string
	Lang       string
	CustomerID string // cus_..., "" until Stripe has answered
	CreatedAt  time.Time
	UpdatedAt  time.Time
}

// TableName names the table of customers.
func (Customer) TableName() string { return "stripe_customers" }

// CheckoutStatus is where a checkout stands.
type CheckoutStatus string

// The states of a checkout.
const (
	CheckoutOpen      CheckoutStatus = "open"
	CheckoutCompleted CheckoutStatus = "completed"
	CheckoutExpired   CheckoutStatus = "expired"
	CheckoutRefunded  CheckoutStatus = "refunded" // paid second, given back
)

// Checkout is one attempt to buy. The row is written before Stripe is called; its id is the idempotency key.
type Checkout struct {
	ID        string `gorm:"primaryKey"`
	OrgID     string
	UserID    string
	ClientID  string // the app that it was bought through
	Scope     Scope  `gorm:"embedded"`
	PlanID    string
	PriceID   string
	Quantity  int64
	Committed int64
	Account   string
	Livemode  bool
	Currency  string
	Lang      string
	TrialDays int64
	ReturnTo  string
	SessionID string
	URL       string `gorm:"column:url"`
	Status    CheckoutStatus
	ExpiresAt *time.Time
	CreatedAt time.Time
	UpdatedAt time.Time
}

// SubscriptionStatus is Stripe's own word for the state of a subscription; a one-time purchase is active until
// it is refunded.
type SubscriptionStatus string

// Stripe's statuses (https://docs.stripe.com/api/subscriptions/object, status).
const (
	StatusIncomplete        SubscriptionStatus = "incomplete"
	StatusIncompleteExpired SubscriptionStatus = "incomplete_expired"
	StatusTrialing          SubscriptionStatus = "trialing"
	StatusActive            SubscriptionStatus = "active"
	StatusPastDue           SubscriptionStatus = "past_due"
	StatusCanceled          SubscriptionStatus = "canceled"
	StatusUnpaid            SubscriptionStatus = "unpaid"
	StatusPaused            SubscriptionStatus = "paused"
)

// Live tells whether a subscription of this status occupies its scope: a second purchase there is refused. An
// incomplete one does not: its first payment never came, and its buyer must be able to try again.
func (s SubscriptionStatus) Live() bool {
	switch s {
	case StatusTrialing, StatusActive, StatusPastDue, StatusUnpaid, StatusPaused:
		return true
	default:
		return false
	}
}

// Subscription is what an org pays for, as last read from Stripe. A one-time purchase is one too, with
// Recurring false and its payment's id as StripeID.
type Subscription struct {
	ID                 string `gorm:"primaryKey"`
	OrgID              string
	ClientID           string
	Scope              Scope `gorm:"embedded"`
	PlanID             string
	PriceID            string
	CheckoutID         string
	Account            string
	Livemode           bool
	StripeID           string // sub_..., or pi_... / cs_... of a one-time purchase
	ItemID             string // si_..., "" of a one-time purchase
	CustomerID         string
	Recurring          bool
	Holds              bool // the one that counts for its org and scope; false for a second payment being given back, and for ended ones
	Status             SubscriptionStatus
	Quantity           int64
	Committed          int64
	Currency           string
	Interval           Interval `gorm:"column:billing_interval"`
	CurrentPeriodStart *time.Time
	CurrentPeriodEnd   *time.Time
	TrialEnd           *time.Time
	CancelAt           *time.Time
	CancelAtPeriodEnd  bool
	CanceledAt         *time.Time
	EndedAt            *time.Time
	ExpiresAt          *time.Time // one-time purchases of limited length
	OldestUnpaidAt     *time.Time // finalisation of the oldest unpaid invoice
	StripeCreatedAt    time.Time
	CreatedAt          time.Time
	UpdatedAt          time.Time
}

// WebhookEvent is one delivery as Stripe sent it, recorded once by (account, event id).
type WebhookEvent struct {
	ID         string `gorm:"primaryKey"`
	Account    string
	Livemode   bool
	EventID    string
	Type       string
	APIVersion string `gorm:"column:api_version"`
	ObjectID   string
	Payload    string
	Outcome    string // "" until its object was read, then one of the Outcome constants
	ReceivedAt time.Time
	AppliedAt  *time.Time
}

// TableName names the table of webhook events.
func (WebhookEvent) TableName() string { return "stripe_webhook_events" }
