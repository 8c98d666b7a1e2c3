package billing

import "time"

// ReasonDoublePayment is the reason of a refund: two checkouts of one org and scope were paid.
const ReasonDoublePayment = "double_payment"

// NothingToRefund stands as the refund's id where no money had moved (a trial, a free price), or where it was
// given back already.
const NothingToRefund = "none"

// Refund is a decision to give a payment back. Its id is the idempotency key.
type Refund struct {
	ID             string `gorm:"primaryKey"`
	SubscriptionID string // ours
	Account        string
	Livemode       bool
	PaymentID      string // pi_..., or "" when not known at the time
	Reason         string
	RefundID       string // re_..., NothingToRefund, or "" until done
	CreatedAt      time.Time
	UpdatedAt      time.Time
}

// TableName names the table of refunds.
func (Refund) TableName() string { return "stripe_refunds" }

// DoublePayment is what both people are told: of two payments of one org for one app or bundle, the earlier
// stays and the later was given back.
type DoublePayment struct {
	OrgID           string
	ClientID        string // the app through which the later one was bought
	PlanName        string // of the one that was given back
	KeptPlanName    string
	KeptUserID      string // "" when it was not bought through a checkout of ours
	GivenBackUserID string
	Lang            string // of the later checkout
	Refunded        bool   // false when nothing had been charged
}
