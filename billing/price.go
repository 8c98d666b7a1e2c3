package billing

import (
	"time"

	"github.com/wolfieauth/wolfieauth/internal/column"
)

// Interval is how often a price is charged.
type Interval string

// The intervals of a price.
const (
	IntervalMonth   Interval = "month"
	IntervalYear    Interval = "year"
	IntervalOneTime Interval = "one_time"
)

// Scheme is how an amount follows from a quantity.
type Scheme string

// The schemes of a price: flat multiplies (or ignores) the quantity; volume charges all seats at the bracket
// reached; graduated charges each bracket's seats at its own price.
const (
	SchemeFlat      Scheme = "flat"
	SchemeVolume    Scheme = "volume"
	SchemeGraduated Scheme = "graduated"
)

// Price (MembershipPrice) is one way of paying for a plan. It is immutable once it exists at Stripe.
type Price struct {
	ID           string `gorm:"primaryKey"`
	PlanID       string
	Amount       int64    // minor units; 0 and meaningless when tiered
	Currency     string   // ISO 4217, upper case
	Interval     Interval `gorm:"column:billing_interval"`
	PerSeat      bool
	SeatLabel    string
	CountryCodes column.Strings // ISO 3166-1 alpha-2; empty = everywhere
	Scheme       Scheme
	RetiredAt    *time.Time
	CreatedAt    time.Time
	UpdatedAt    time.Time

	Tiers []Tier `gorm:"-"` // ascending, the last one open; empty when flat
}

// TableName names the table of prices.
func (Price) TableName() string { return "membership_prices" }

// Tier is one bracket of a tiered price.
type Tier struct {
	PriceID    string `gorm:"primaryKey"`
	Position   int64  `gorm:"primaryKey"`
	UpTo       *int64 // last quantity of the bracket; nil = open
	UnitAmount int64  // minor units
	FlatAmount int64  // minor units, once when the bracket is reached
}

// TableName names the table of tiers.
func (Tier) TableName() string { return "price_tiers" }

// StripeProduct and StripePrice say what a plan and a price are called at Stripe, by account and mode. ID is
// written before the call and is its idempotency key; the Stripe id is "" until the call has answered. Name,
// Description and Active are what Stripe was last told; Telling is what it is being told, as JSON of a
// [ProductState], so that a lost answer is not taken for somebody else's change.
type StripeProduct struct {
	PlanID      string `gorm:"primaryKey"`
	Account     string `gorm:"primaryKey"`
	Livemode    bool   `gorm:"primaryKey"`
	ID          string
	ProductID   string
	Name        string
	Description string
	Active      bool
	Telling     string
	CreatedAt   time.Time
	UpdatedAt   time.Time
}

// TableName names the table of products.
func (StripeProduct) TableName() string { return "plan_stripe_products" }

// StripePrice is [StripeProduct] for a price.
type StripePrice struct {
	PriceID       string `gorm:"primaryKey"`
	Account       string `gorm:"primaryKey"`
	Livemode      bool   `gorm:"primaryKey"`
	ID            string
	StripePriceID string
	Active        bool
	CreatedAt     time.Time
	UpdatedAt     time.Time
}

// TableName names the table of Stripe's price ids.
func (StripePrice) TableName() string { return "price_stripe_ids" }
