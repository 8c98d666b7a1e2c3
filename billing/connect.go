package billing

import (
	"context"
	"errors"
	"time"
)

// Errors of connecting.
var (
	// ErrConnectState means that a connection was not begun by this person in this session, was finished or given up
	// already, or took too long.
	ErrConnectState = errors.New("connection not begun here")
	// ErrAccountTaken means that the account belongs to another org here.
	ErrAccountTaken = errors.New("account is another org's")
	// ErrAccountConnected means that another account is connected in that mode; it is disconnected first.
	ErrAccountConnected = errors.New("an account is connected already")
)

// ErrAccountEnded is an [ErrAccountNotFound] of an org whose connection has ended.
var ErrAccountEnded = errors.Join(ErrAccountNotFound, errors.New("connection ended"))

// Why a connection has ended.
const (
	EndedByOrg    = "disconnected" // by its owner or admin, here
	EndedAtStripe = "revoked"      // access was taken away at Stripe
)

// StripeAccount is an org's connected account of one mode, as Stripe described it last.
type StripeAccount struct {
	OrgID            string `gorm:"primaryKey"`
	Livemode         bool   `gorm:"primaryKey"`
	Account          string // acct_...
	Name             string
	Country          string
	DefaultCurrency  string // upper case
	ChargesEnabled   bool
	PayoutsEnabled   bool
	DetailsSubmitted bool
	DisabledReason   string
	Due              []string `gorm:"serializer:json"` // what Stripe still wants to know, in its words
	Pending          bool     // Stripe is checking what it was told
	Deadline         *time.Time
	ReadAt           *time.Time // nil = not read yet
	EndedAt          *time.Time
	EndedWhy         string
	CreatedAt        time.Time
	UpdatedAt        time.Time
}

// Ended tells whether the platform may not act for the account any more.
func (a StripeAccount) Ended() bool { return a.EndedAt != nil }

// at is where calls about what the account sells go.
func (a StripeAccount) at() Account { return Account{ID: a.Account, Livemode: a.Livemode} }

// ConnectAttempt is a way to Stripe's page and back that somebody has begun. Only the hash of its state is kept.
type ConnectAttempt struct {
	ID        string `gorm:"primaryKey"`
	OrgID     string
	Livemode  bool
	UserID    string
	SessionID string
	StateHash string
	ExpiresAt time.Time
	UsedAt    *time.Time
	CreatedAt time.Time
}

// TableName names the table of attempts.
func (ConnectAttempt) TableName() string { return "stripe_connect_attempts" }

// AccountMaking is an account that is being made for an org. ID is the idempotency key, which always carries the
// same words.
type AccountMaking struct {
	ID        string `gorm:"primaryKey"`
	OrgID     string
	Livemode  bool
	Country   string
	Email     string
	Account   string // "" until Stripe has answered
	CreatedAt time.Time
	UpdatedAt time.Time
}

// TableName names the table of accounts that are being made.
func (AccountMaking) TableName() string { return "stripe_account_makings" }

// AccountSpec is a new connected account of an org.
type AccountSpec struct {
	OrgID   string // our id, kept in the account's metadata; may be ""
	Country string // ISO 3166-1 alpha-2
	Email   string // to tell accounts apart at Stripe; may be ""
}

// RemoteAccount is a connected account as Stripe knows it.
type RemoteAccount struct {
	ID               string
	Name             string
	Country          string
	DefaultCurrency  string // upper case
	ChargesEnabled   bool
	PayoutsEnabled   bool
	DetailsSubmitted bool
	DisabledReason   string
	Due              []string
	Pending          bool
	Deadline         *time.Time
}

// ConnectGateway ties orgs' own accounts to the platform. Accounts that it answers belong to the mode of the call.
type ConnectGateway interface {
	// AuthorizeURL is Stripe's page on which the owner of an account lets the platform in; [ErrStripeNotConfigured]
	// where the mode has no key or no Connect client id.
	AuthorizeURL(at Account, state, redirectURI, lang string) (string, error)
	// Authorized redeems what that page sent back, once; [ErrStripeRefused] for a code that it does not know.
	Authorized(ctx context.Context, at Account, code string) (accountID string, err error)
	// Deauthorize takes the platform's access away; an account without any is no error.
	Deauthorize(ctx context.Context, at Account) error
	// MakeAccount makes an account; key is the idempotency key.
	MakeAccount(ctx context.Context, at Account, key string, spec AccountSpec) (accountID string, err error)
	// AccountLink is the page on which an account's owner tells Stripe what it wants to know. It works once, and not
	// for long: refreshURL is where it goes then.
	AccountLink(ctx context.Context, at Account, refreshURL, returnURL string) (url string, err error)
	// ReadAccount answers [ErrAccountGone] once the platform may not act for the account.
	ReadAccount(ctx context.Context, at Account) (RemoteAccount, error)
}

// AccountStore keeps connected accounts.
type AccountStore interface {
	// AccountNamed answers the org's row of an account, or [ErrAccountNotFound].
	AccountNamed(ctx context.Context, account string, livemode bool) (StripeAccount, error)
	// HoldersOn counts the subscriptions on an account that hold.
	HoldersOn(ctx context.Context, at Account) (int64, error)
	// UnendedOn answers those on an account that have not ended, in the order of their ids, those after afterID.
	UnendedOn(ctx context.Context, at Account, afterID string, limit int) ([]Subscription, error)
	// OpenCheckoutsOn answers the open checkouts on an account, the oldest first.
	OpenCheckoutsOn(ctx context.Context, at Account, limit int) ([]Checkout, error)
	// LiveReadinessOf answers what stands of an org's live sales on an account, in one statement.
	LiveReadinessOf(ctx context.Context, orgID, account string) (LiveReadiness, error)
}

// LiveReadiness is what stands of an org's live sales, as far as rows tell.
type LiveReadiness struct {
	Apps   int64 // that sell on a connected account in live mode
	Prices int64 // on sale in those apps and in the org's bundles
	Synced int64 // of these, at Stripe on that account in live mode
	Heard  bool  // an event of that account came in live mode
}

// ConnectStore keeps what leads to a connected account.
type ConnectStore interface {
	// SaveAttempt writes an attempt, and clears those away that have long expired.
	SaveAttempt(ctx context.Context, row ConnectAttempt) error
	// Attempt answers [ErrConnectState] for a state that was never given out.
	Attempt(ctx context.Context, stateHash string) (ConnectAttempt, error)
	// UseAttempt answers [ErrConnectState] where it was used before.
	UseAttempt(ctx context.Context, id string, at time.Time) error
	// ClaimMaking writes the row, or answers the one of the org and mode that Stripe has not answered yet.
	ClaimMaking(ctx context.Context, row AccountMaking) (AccountMaking, error)
	// NameMaking stores Stripe's answer.
	NameMaking(ctx context.Context, id, account string, at time.Time) error
	// DropMaking forgets one that Stripe refused.
	DropMaking(ctx context.Context, id string) error
}
