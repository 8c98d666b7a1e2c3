package billing

import (
	"context"
	"errors"
	"time"
)

// Errors of the store, beside those named for each thing.
var (
	// ErrRace means that another transaction wrote the same thing first; look again and decide anew.
	ErrRace = errors.New("written by another at the same moment")
	// ErrAccountNotFound means that the org has connected no account in that mode.
	ErrAccountNotFound = errors.New("no connected account")
	// ErrCustomerNotFound means that no customer of ours has this id on that account and mode.
	ErrCustomerNotFound = errors.New("customer not found")
	// ErrRefundNotFound means that no such refund was decided.
	ErrRefundNotFound = errors.New("refund not found")
)

// Store is everything that the rules keep. Each method is one statement or a few in the transaction of ctx.
type Store interface {
	CatalogStore
	CatalogWriter
	EditorStore
	SyncStore
	RemoteNames
	CheckoutStore
	SubscriptionStore
	EventStore
	EventLister
	BundleHolders
	RefundStore
	SeatStore
	SeatWaitStore
	SeatLedgerStore
	ChangeStore
	NoticeStore
	ReconcileStore
	FeedStore
	InvoiceStore
	FeeStore
	StatementStore
	TaxStore
	FeeInvoiceStore
	AccountStore
	ConnectStore
}

// CatalogStore reads what is sold.
type CatalogStore interface {
	// Settings answers [ErrBillingOff] for an app without any.
	Settings(ctx context.Context, clientID string) (AppSettings, error)
	// PlansForSale answers the plans of the scopes that are not archived, by position and name, with features
	// and active prices.
	PlansForSale(ctx context.Context, scopes []Scope) ([]Plan, error)
	// Plan answers a plan with features and all prices, or [ErrPlanNotFound].
	Plan(ctx context.Context, id string) (Plan, error)
	// Price answers a price with its tiers, or [ErrPriceNotFound].
	Price(ctx context.Context, id string) (Price, error)
	// Features answers the features of the scopes, by key.
	Features(ctx context.Context, scopes []Scope) ([]Feature, error)
	// SlugTaken tells whether a plan of one of the scopes has the slug, archived ones included.
	SlugTaken(ctx context.Context, scopes []Scope, slug string) (bool, error)
}

// CatalogWriter changes what is sold. Inserts answer [ErrRace] for a row that exists already.
type CatalogWriter interface {
	SaveSettings(ctx context.Context, settings AppSettings) error
	InsertPlan(ctx context.Context, plan Plan) error
	InsertFeature(ctx context.Context, feature Feature) error
	InsertPrice(ctx context.Context, price Price) error
	// ArchivePlan and RetirePrice answer the NotFound of their thing; a second time changes nothing.
	ArchivePlan(ctx context.Context, id string, at time.Time) error
	RetirePrice(ctx context.Context, id string, at time.Time) error
}

// EditorStore is what the plan editor keeps and asks. Saves answer the NotFound of their thing.
type EditorStore interface {
	// PlansOf is PlansForSale with the archived plans and the retired prices.
	PlansOf(ctx context.Context, scopes []Scope) ([]Plan, error)
	// LockPlan keeps everybody else from changing, selling or syncing a plan and its prices until the transaction
	// ends; [ErrPlanNotFound].
	LockPlan(ctx context.Context, id string) error
	// SlugTakenByOther is SlugTaken without one plan.
	SlugTakenByOther(ctx context.Context, scopes []Scope, slug, planID string) (bool, error)
	// SavePlan replaces a plan and its features, SavePrice a price and its tiers.
	SavePlan(ctx context.Context, plan Plan) error
	SavePrice(ctx context.Context, price Price) error
	// PlacePlan changes a plan's position alone, and notes when for the history of the claim.
	PlacePlan(ctx context.Context, planID string, position int64, at time.Time) error
	// DeletePlan removes a plan with prices and tiers; rows that refer to it make it fail.
	DeletePlan(ctx context.Context, planID string) error
	// Feature answers [ErrFeatureNotFound].
	Feature(ctx context.Context, id string) (Feature, error)
	SaveFeature(ctx context.Context, feature Feature) error
	// PlansWithFeature counts the plans that carry a feature, archived ones included; DeleteFeature removes it, and
	// fails while one does.
	PlansWithFeature(ctx context.Context, featureID string) (int64, error)
	DeleteFeature(ctx context.Context, featureID string) error
	// Uses answers what hangs on the plans' prices at a moment, several rows for the same price being parts of
	// one sum, in one statement.
	Uses(ctx context.Context, planIDs []string, now time.Time) ([]Use, error)
	// NamesOf answers what the plans and their prices are called on any account.
	NamesOf(ctx context.Context, planIDs []string) ([]StripeProduct, []StripePrice, error)
	// HeldBeside answers everything that the holders of a plan hold in the scopes, in one statement.
	HeldBeside(ctx context.Context, planID string, scopes []Scope, livemode bool) ([]Bought, error)
	// ForSale answers [ErrPriceNotFound].
	ForSale(ctx context.Context, priceID string) (SaleState, error)
}

// SaleState is what a checkout must still find as it was when the buyer asked.
type SaleState struct {
	Scope      Scope `gorm:"embedded"`
	ArchivedAt *time.Time
	RetiredAt  *time.Time
	UpdatedAt  time.Time // of the price
}

// SyncStore keeps sync runs, and what Stripe was told.
type SyncStore interface {
	InsertSyncRun(ctx context.Context, run SyncRun) error
	// SyncRun and LastSyncRun answer a run with its items, or [ErrSyncNotFound].
	SyncRun(ctx context.Context, id string) (SyncRun, error)
	LastSyncRun(ctx context.Context, scope Scope) (SyncRun, error)
	// SettleSyncItem changes an item that waits; one that does not stays as it is.
	SettleSyncItem(ctx context.Context, id string, state SyncItemState, reason, stripeID string, at time.Time) error
	FinishSyncRun(ctx context.Context, id string, at time.Time) error
	// ProductAt answers [ErrPlanNotFound], PriceAt [ErrPriceNotFound], for what was never claimed on an account.
	ProductAt(ctx context.Context, planID string, at Account) (StripeProduct, error)
	PriceAt(ctx context.Context, priceID string, at Account) (StripePrice, error)
	// RenewProduct and RenewPrice give a row that still has the old name a new id and no name; the old name of a
	// price stays known.
	RenewProduct(ctx context.Context, planID string, at Account, old, id, name, description string, now time.Time) error
	RenewPrice(ctx context.Context, priceID string, at Account, old, id string, now time.Time) error
	// TellProduct stores what Stripe has and what it is about to be told; ToldProduct and ToldPrice what it
	// knows now.
	TellProduct(ctx context.Context, planID string, at Account, has ProductState, telling string, now time.Time) error
	ToldProduct(ctx context.Context, planID string, at Account, to ProductState, now time.Time) error
	ToldPrice(ctx context.Context, priceID string, at Account, active bool, now time.Time) error
}

// RemoteNames keeps what our things are called at Stripe. Each Claim writes the row, or answers the one that is
// there; each Name stores Stripe's answer where there is none yet.
type RemoteNames interface {
	// Account answers an org's connected account, or [ErrAccountNotFound].
	Account(ctx context.Context, orgID string, livemode bool) (StripeAccount, error)
	// AccountKnown tells whether anything of ours belongs to the account in that mode.
	AccountKnown(ctx context.Context, account string, livemode bool) (bool, error)
	// ConnectAccount stores an org's account of one mode, or replaces it: [ErrAccountTaken] for another org's.
	ConnectAccount(ctx context.Context, account StripeAccount) error
	ClaimProduct(ctx context.Context, row StripeProduct) (StripeProduct, error)
	NameProduct(ctx context.Context, rowID, productID string, at time.Time) error
	ClaimPrice(ctx context.Context, row StripePrice) (StripePrice, error)
	NamePrice(ctx context.Context, rowID, stripePriceID string, at time.Time) error
	ClaimCustomer(ctx context.Context, row Customer) (Customer, error)
	NameCustomer(ctx context.Context, rowID, customerID string, at time.Time) error
	// RenewCustomer gives the row that still has the id a new one, no name and new words: its customer is to be made
	// again. The old name stays known. A row that was renewed meanwhile, or "", changes nothing.
	RenewCustomer(ctx context.Context, rowID string, next Customer) error
	// Customers answers an org's customers on an account, the newest first; none is no error.
	Customers(ctx context.Context, orgID, account string, livemode bool) ([]Customer, error)
	// CustomerNamed answers our customer that goes or went by that name, or [ErrCustomerNotFound].
	CustomerNamed(ctx context.Context, account string, livemode bool, customerID string) (Customer, error)
	// PriceNamed answers the id of our price that goes or went by that name, or [ErrPriceNotFound].
	PriceNamed(ctx context.Context, account string, livemode bool, stripePriceID string) (priceID string, err error)
}

// CheckoutStore keeps attempts to buy.
type CheckoutStore interface {
	// ClaimCheckout writes the row, or answers the open one of the same buyer, price, quantity and return
	// address.
	ClaimCheckout(ctx context.Context, row Checkout) (Checkout, error)
	// OpenSession stores what Stripe answered where nothing is stored yet, and answers the row as it is now.
	OpenSession(ctx context.Context, id, sessionID, url string, at time.Time) (Checkout, error)
	// Checkout and CheckoutOfSession answer [ErrCheckoutNotFound].
	Checkout(ctx context.Context, id string) (Checkout, error)
	CheckoutOfSession(ctx context.Context, account string, livemode bool, sessionID string) (Checkout, error)
	// CloseCheckout moves an open checkout to a final status, or a completed one to refunded; moved is false
	// when it was there already.
	CloseCheckout(ctx context.Context, id string, to CheckoutStatus, at time.Time) (moved bool, err error)
	// OpenCheckouts answers the open ones of an org in a scope.
	OpenCheckouts(ctx context.Context, orgID string, scope Scope, livemode bool) ([]Checkout, error)
	// UnfinishedCheckouts answers open ones begun before a moment, the oldest first.
	UnfinishedCheckouts(ctx context.Context, before time.Time, limit int) ([]Checkout, error)
}

// SubscriptionStore keeps what is paid for.
type SubscriptionStore interface {
	// Subscription and SubscriptionNamed answer [ErrSubscriptionNotFound].
	Subscription(ctx context.Context, id string) (Subscription, error)
	SubscriptionNamed(ctx context.Context, account string, livemode bool, stripeID string) (Subscription, error)
	// Holder answers the one that counts for an org in a scope, or [ErrSubscriptionNotFound].
	Holder(ctx context.Context, orgID string, scope Scope, livemode bool) (Subscription, error)
	// SubscriptionOfCheckout answers what a checkout made, or [ErrSubscriptionNotFound].
	SubscriptionOfCheckout(ctx context.Context, checkoutID string) (Subscription, error)
	// SaveSubscription inserts or replaces by id; [ErrRace] when another one holds, or has the same name.
	SaveSubscription(ctx context.Context, sub Subscription) error
	// HadAny tells whether the org ever had a subscription in the scope that was paid for or on trial.
	HadAny(ctx context.Context, orgID string, scope Scope, livemode bool) (bool, error)
	// Bought answers what the orgs have in the scopes: what has not ended, and what ended after since.
	Bought(ctx context.Context, scopes []Scope, livemode bool, orgIDs []string, since time.Time) ([]Bought, error)
	// StaleSubscriptions answers those that have not ended and are due for a read, the longest unread first.
	StaleSubscriptions(ctx context.Context, before Stale, limit int) ([]Subscription, error)
	// LiveModeHolders counts the live-mode subscriptions that hold one of the scopes.
	LiveModeHolders(ctx context.Context, scopes []Scope) (int64, error)
}

// Stale says what is due for a read: subscriptions last read before Renewing, one-time purchases last read before
// Purchased, and those whose period was over before Period and that were not read since.
type Stale struct{ Renewing, Purchased, Period time.Time }

// EventStore keeps deliveries and the order of reads.
type EventStore interface {
	// RecordEvent answers false when the event was recorded before.
	RecordEvent(ctx context.Context, event WebhookEvent) (fresh bool, err error)
	// SettleEvents writes the outcome of every event about an object that has none and arrived before a
	// moment.
	SettleEvents(ctx context.Context, account string, livemode bool, objectID, outcome string, before, at time.Time) error
	// TakeRead numbers a read that is about to begin.
	TakeRead(ctx context.Context, account string, livemode bool, objectID string) (generation int64, err error)
	// StoreRead answers false when a read of a higher number was stored already.
	StoreRead(ctx context.Context, account string, livemode bool, objectID string, generation int64) (newest bool, err error)
}

// RefundStore keeps decisions to give money back.
type RefundStore interface {
	// DecideRefund writes the row, or answers the one for the same subscription and reason.
	DecideRefund(ctx context.Context, row Refund) (Refund, error)
	// RefundDecided tells whether a subscription's payment is going back or has gone back.
	RefundDecided(ctx context.Context, subscriptionID string) (bool, error)
	// Refund answers [ErrRefundNotFound].
	Refund(ctx context.Context, id string) (Refund, error)
	// RefundDone stores Stripe's answer; first is false when one is stored already.
	RefundDone(ctx context.Context, id, refundID string, at time.Time) (first bool, err error)
}
