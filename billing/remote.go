package billing

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Errors that every method of the gateway interfaces may return, beside the context's own.
var (
	// ErrStripeNotConfigured means that there is no key for the account's mode: billing answers 503.
	ErrStripeNotConfigured = errors.New("stripe not configured")
	// ErrStripeUnavailable means that Stripe could not be reached, timed out, or answered 429 or 5xx; the same
	// call with the same key may be tried again.
	ErrStripeUnavailable = errors.New("stripe unavailable")
	// ErrStripeRefused means that Stripe understood and refused; trying again changes nothing.
	ErrStripeRefused = errors.New("stripe refused")
	// ErrStripeGone means that the object does not exist on that account: an answer, not a fault.
	ErrStripeGone = errors.New("stripe object gone")
	// ErrStripeCustomerGone is an [ErrStripeGone] of the customer that a call names: it was deleted at Stripe and never
	// comes back under that id.
	ErrStripeCustomerGone = fmt.Errorf("customer: %w", ErrStripeGone)
)

// Kinds of [ErrStripeRefused] that callers tell apart.
var (
	// ErrCardDeclined means that a payment did not go through.
	ErrCardDeclined = fmt.Errorf("%w: payment declined", ErrStripeRefused)
	// ErrAccountGone means that the platform may not act for the connected account any more.
	ErrAccountGone = fmt.Errorf("%w: account gone", ErrStripeRefused)
	// ErrProrationDate means that the moment to prorate from lies outside the period.
	ErrProrationDate = fmt.Errorf("%w: proration date", ErrStripeRefused)
)

// Account is where a Stripe call goes: a connected account, or the platform's own when ID is "".
type Account struct {
	ID       string
	Livemode bool
}

// ProductSpec is what a plan is at Stripe.
type ProductSpec struct {
	PlanID      string // our id, kept in the product's metadata
	Name        string
	Description string
}

// PriceSpec is what a price is at Stripe.
type PriceSpec struct {
	PriceID   string // our id, kept in the price's metadata
	ProductID string
	Currency  string
	Interval  Interval
	PerSeat   bool
	Scheme    Scheme
	Amount    int64 // minor units; unused when tiered
	Tiers     []Tier
}

// CustomerSpec is what a customer is at Stripe.
type CustomerSpec struct {
	OrgID string // our id, kept in the customer's metadata
	Name  string
	Email string // where Stripe sends invoices; never used to find anybody
	Lang  string
}

// CheckoutSpec asks for a hosted checkout.
type CheckoutSpec struct {
	CheckoutID    string // our id: client_reference_id and metadata of session and subscription
	CustomerID    string
	StripePriceID string
	Quantity      int64
	Recurring     bool
	TrialDays     int64
	Lang          string // "pl" or "en"
	SuccessURL    string
	CancelURL     string
	ExpiresAt     time.Time
}

// RemoteCheckout is a checkout session as Stripe knows it.
type RemoteCheckout struct {
	ID             string
	URL            string
	Status         string // open, complete, expired
	PaymentStatus  string // paid, unpaid, no_payment_required
	CheckoutID     string // our id from client_reference_id
	CustomerID     string
	CustomerGone   bool   // deleted since: nobody can pay for it any more
	SubscriptionID string // "" in payment mode
	PaymentID      string // pi_... in payment mode, or ""
	InvoiceID      string // in_... once paid, or ""
	Created        time.Time
	ExpiresAt      time.Time
}

// RemoteSubscription is a subscription as Stripe knows it, whichever API version wrote it.
type RemoteSubscription struct {
	ID                 string
	ItemID             string // si_..., of the one item that ours have
	CustomerID         string
	CheckoutID         string // our id from metadata: a hint, never authority
	Status             SubscriptionStatus
	StripePriceID      string
	Quantity           int64
	CurrentPeriodStart time.Time
	CurrentPeriodEnd   time.Time
	TrialEnd           *time.Time
	CancelAt           *time.Time
	CancelAtPeriodEnd  bool
	CanceledAt         *time.Time
	EndedAt            *time.Time
	OldestUnpaidAt     *time.Time // finalisation of its oldest open invoice
	LatestInvoiceID    string
	LatestPaymentID    string // pi_... of the latest invoice, or ""
	Created            time.Time
	Livemode           bool
}

// RemotePayment is a payment intent as Stripe knows it.
type RemotePayment struct {
	ID         string
	InvoiceID  string // in_..., or ""
	CustomerID string
	Succeeded  bool
	Refunded   bool // wholly
	Disputed   bool
	Created    time.Time
}

// ProductState is what can change of a product.
type ProductState struct {
	Name        string `json:"name"`
	Description string `json:"description"`
	Active      bool   `json:"active"`
}

// RemoteProduct is a product as Stripe knows it.
type RemoteProduct struct {
	ID string
	ProductState
}

// RemotePrice is a price as Stripe knows it, in our words. What has no word here (a fraction of a minor unit, every
// third month) shows as an Amount of -1 or an Interval of Stripe's own making, which none of our prices has.
type RemotePrice struct {
	ID        string
	ProductID string
	Active    bool
	Currency  string // upper case
	Interval  Interval
	Scheme    Scheme
	Amount    int64 // 0 when tiered
	Tiers     []Tier
}

// CatalogGateway makes plans and prices at Stripe. key is the idempotency key: the id of a row of ours.
type CatalogGateway interface {
	CreateProduct(ctx context.Context, at Account, key string, spec ProductSpec) (productID string, err error)
	CreatePrice(ctx context.Context, at Account, key string, spec PriceSpec) (stripePriceID string, err error)
	// ReadProduct and ReadPrice answer [ErrStripeGone] for what was deleted too.
	ReadProduct(ctx context.Context, at Account, productID string) (RemoteProduct, error)
	ReadPrice(ctx context.Context, at Account, stripePriceID string) (RemotePrice, error)
	// UpdateProduct replaces name, description and active.
	UpdateProduct(ctx context.Context, at Account, key, productID string, to ProductState) error
	// SetPriceActive archives a price at Stripe, or brings it back; nothing else of a price ever changes.
	SetPriceActive(ctx context.Context, at Account, key, stripePriceID string, active bool) error
}

// CheckoutGateway makes customers and hosted pages at Stripe.
type CheckoutGateway interface {
	CreateCustomer(ctx context.Context, at Account, key string, spec CustomerSpec) (customerID string, err error)
	// CreateCheckout answers [ErrStripeCustomerGone] for a customer that was deleted.
	CreateCheckout(ctx context.Context, at Account, key string, spec CheckoutSpec) (RemoteCheckout, error)
	ReadCheckout(ctx context.Context, at Account, sessionID string) (RemoteCheckout, error)
	// ExpireCheckout ends an open session; one that is not open any more is no error.
	ExpireCheckout(ctx context.Context, at Account, sessionID string) error
	// CreatePortal answers [ErrStripeCustomerGone] for a customer that was deleted.
	CreatePortal(ctx context.Context, at Account, customerID, returnURL, lang string) (url string, err error)
}

// SubscriptionGateway reads and ends what was bought.
type SubscriptionGateway interface {
	ReadSubscription(ctx context.Context, at Account, id string) (RemoteSubscription, error)
	// ListSubscriptions answers every subscription of the customer, ended ones included, or [ErrStripeCustomerGone].
	ListSubscriptions(ctx context.Context, at Account, customerID string) ([]RemoteSubscription, error)
	ReadPayment(ctx context.Context, at Account, id string) (RemotePayment, error)
	// CancelNow ends a subscription at once; one that has ended, or is gone, is no error.
	CancelNow(ctx context.Context, at Account, key, id string) error
	// Refund gives a payment back wholly, the application fee included.
	Refund(ctx context.Context, at Account, key, paymentID string) (refundID string, err error)
}

// QuantitySpec asks for an absolute number of seats. What it changes of the period's price goes onto the next
// invoice.
type QuantitySpec struct {
	SubscriptionID string
	ItemID         string
	Quantity       int64
	ProrationDate  *time.Time // the moment that prorations count from; nil = when Stripe gets to it
}

// RemotePreview is the invoice that a subscription would get next. All amounts are minor units, before tax.
type RemotePreview struct {
	InvoiceAt time.Time // when it is made; zero when there will be none
	Currency  string    // upper case
	Prorated  int64     // the sum of what is added or credited for the rest of periods
	Renewal   int64     // what the next period costs
}

// RemoteProration is one pending or invoiced line that a change of quantity or price made.
type RemoteProration struct {
	ID        string // ii_...
	InvoiceID string // "" while it waits for the next invoice
	Amount    int64  // minor units, negative for a credit
	Currency  string // upper case
	Quantity  int64
	At        time.Time
}

// SeatGateway changes quantities at Stripe.
type SeatGateway interface {
	// SetQuantity also answers [ErrProrationDate], [ErrCardDeclined], [ErrAccountGone].
	SetQuantity(ctx context.Context, at Account, key string, spec QuantitySpec) error
	// PreviewQuantity answers the next invoice as it would be with that quantity, and changes nothing; a zero
	// preview when there will be none.
	PreviewQuantity(ctx context.Context, at Account, spec QuantitySpec) (RemotePreview, error)
	// ListProrations answers the newest prorations of a subscription, at least the last hundred of its customer,
	// the oldest first.
	ListProrations(ctx context.Context, at Account, customerID, subscriptionID string) ([]RemoteProration, error)
}

// Gateway is Stripe, or the sandbox: the same calls over HTTP.
type Gateway interface {
	CatalogGateway
	CheckoutGateway
	SubscriptionGateway
	SeatGateway
	ChangeGateway
	LookGateway
	EventGateway
	LookupGateway
	InvoiceGateway
	ConnectGateway
}
