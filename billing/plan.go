package billing

import (
	"errors"
	"time"
)

// Errors of the catalogue.
var (
	// ErrBillingOff means that the app sells nothing: billing was never enabled, or was disabled.
	ErrBillingOff = errors.New("billing is off for this app")
	// ErrPlanNotFound means that no such plan exists where it was asked for.
	ErrPlanNotFound = errors.New("plan not found")
	// ErrPriceNotFound means that no such price exists where it was asked for; a foreign app's price is one.
	ErrPriceNotFound = errors.New("price not found")
	// ErrPlanArchived means that the plan cannot be bought any more.
	ErrPlanArchived = errors.New("plan archived")
	// ErrLiveSubscriptions means that billing cannot be switched off, or moved, while live-mode subscriptions exist.
	ErrLiveSubscriptions = errors.New("live subscriptions exist")
	// ErrPriceRetired means that the price cannot be bought any more.
	ErrPriceRetired = errors.New("price retired")
)

// ScopeKind tells what a plan is sold for.
type ScopeKind string

// The two scopes of a plan.
const (
	ScopeApp    ScopeKind = "app"    // Scope.ID is a client id
	ScopeBundle ScopeKind = "bundle" // Scope.ID is a bundle's id
)

// Scope is one app or one bundle: what a plan belongs to, and where an org has at most one live subscription.
type Scope struct {
	Kind ScopeKind `gorm:"column:scope_kind"`
	ID   string    `gorm:"column:scope_id"`
}

// GatewayKind says on which Stripe account an app sells.
type GatewayKind string

// The gateways of an app.
const (
	GatewayManaged  GatewayKind = "managed"  // the platform's shared test account, or the sandbox where switched on
	GatewayConnect  GatewayKind = "connect"  // the org's own connected account
	GatewayPlatform GatewayKind = "platform" // the platform's own account: self-hosting with one key, and wolfieauth-platform
)

// AppSettings is an app's billing: off until enabled.
type AppSettings struct {
	ClientID        string `gorm:"primaryKey"`
	OrgID           string
	Enabled         bool
	Gateway         GatewayKind
	Livemode        bool
	DefaultCurrency string // ISO 4217, upper case
	DefaultCountry  string // ISO 3166-1 alpha-2, or ""
	Headline        string // as it came with the billing; see [AppSettings.Front]
	Sentence        string
	Shop            Shop `gorm:"serializer:json"`
	// ChangeMode is how a change of plan is charged; read it through [AppSettings.Changes].
	ChangeMode ChangeMode
	CreatedAt  time.Time
	UpdatedAt  time.Time
}

// TableName names the table of app settings.
func (AppSettings) TableName() string { return "billing_apps" }

// Plan is what is sold: a name, features, and prices to pay for it by.
type Plan struct {
	ID          string `gorm:"primaryKey"`
	OrgID       string
	Scope       Scope `gorm:"embedded"`
	Slug        string
	Name        string
	Description string
	Color       string
	Position    int64
	Hidden      bool
	Recommended bool
	TrialDays   int64
	GraceDays   int64 // days of access after the oldest unpaid invoice was finalised
	LastsDays   int64 // one-time purchases only: days of access; 0 = without end
	MaxSeats    int64 // the most seats that an org may have of it; 0 = no maximum
	ArchivedAt  *time.Time
	CreatedAt   time.Time
	UpdatedAt   time.Time

	Features []Feature `gorm:"-"` // in display order, where loaded
	Prices   []Price   `gorm:"-"` // where loaded
}

// Feature is what an app gates on.
type Feature struct {
	ID          string `gorm:"primaryKey"`
	Scope       Scope  `gorm:"embedded"`
	Key         string // snake_case
	Name        string
	Description string
	CreatedAt   time.Time
	UpdatedAt   time.Time
}

// PlanFeature attaches a feature to a plan.
type PlanFeature struct {
	PlanID    string `gorm:"primaryKey"`
	FeatureID string `gorm:"primaryKey"`
	Position  int64
}
