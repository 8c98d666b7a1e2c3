package billing

import (
	"context"
	"time"
)

// Ending says how a subscription is to end.
type Ending struct {
	AtPeriodEnd bool // false takes an end of either kind back
	ClearDate   bool // takes back an end on a fixed day
}

// SwitchSpec asks for another price of a subscription.
type SwitchSpec struct {
	SubscriptionID string
	ItemID         string
	StripePriceID  string
	Quantity       int64
	Mode           ChangeMode
	ProrationDate  *time.Time
}

// ShownInvoice is an invoice as its buyer sees it.
type ShownInvoice struct {
	ID             string
	SubscriptionID string
	Number         string
	Status         string // draft, open, paid, uncollectible, void
	Currency       string // upper case
	Total          int64  // minor units
	Due            int64  // what is left to pay
	Created        time.Time
	URL            string // Stripe's hosted page, or ""
	PDF            string
}

// RemoteUpcoming is an invoice that does not exist yet.
type RemoteUpcoming struct {
	At       time.Time // when it is made; zero when there will be none
	Currency string    // upper case
	Total    int64     // minor units, tax included
	Due      int64     // what will be charged: Total less the customer's balance
	Prorated int64     // the sum of what is added or credited for the rest of periods
	Lines    []RemoteLine
}

// RemoteLine is a line of an invoice. End is the end of what it pays for.
type RemoteLine struct {
	Description string
	Amount      int64
	Proration   bool
	End         time.Time
}

// RemoteCard is how a subscription is paid; the zero value is "nothing is known".
type RemoteCard struct {
	Kind     string // card, sepa_debit, ...
	Brand    string // of a card: visa, mastercard, ...
	Last4    string
	ExpMonth int64
	ExpYear  int64
}

// ChangeGateway changes subscriptions for their buyers. key is the id of a row of ours.
type ChangeGateway interface {
	// SetEnding has a subscription end with its period, or not after all.
	SetEnding(ctx context.Context, at Account, key, id string, to Ending) error
	// Switch also answers [ErrProrationDate], [ErrCardDeclined].
	Switch(ctx context.Context, at Account, key string, spec SwitchSpec) error
	// PreviewSwitch answers the invoice on which the switch would be charged, and changes nothing. One whose At is
	// not in the future is charged at once.
	PreviewSwitch(ctx context.Context, at Account, spec SwitchSpec) (RemoteUpcoming, error)
}

// LookGateway reads what a buyer's own page shows.
type LookGateway interface {
	// NextInvoice answers the zero value where there will be none.
	NextInvoice(ctx context.Context, at Account, subscriptionID string) (RemoteUpcoming, error)
	// ListInvoices answers the newest invoices of a customer, the newest first.
	ListInvoices(ctx context.Context, at Account, customerID string) ([]ShownInvoice, error)
	// PaymentCard answers what pays a subscription: its own, else its customer's.
	PaymentCard(ctx context.Context, at Account, subscriptionID string) (RemoteCard, error)
}
