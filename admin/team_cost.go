package admin

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/wolfieauth/wolfieauth/billing"
)

const (
	// costTakes bounds how long a page waits for Stripe to tell a cost.
	costTakes = 8 * time.Second
	// costHolds is how long a cost that was shown can be confirmed.
	costHolds = time.Hour
)

// SeatCost is what some members more (or fewer) cost, as a page shows it. A form brings it back, so that nobody
// confirms what they were not shown; it is kept beside the invitation that it was confirmed for.
type SeatCost struct {
	People  int64                   `json:"people"`
	At      time.Time               `json:"at"`
	Unknown bool                    `json:"unknown,omitempty"` // Stripe could not be asked, and the page said so
	Lines   []billing.SeatQuoteLine `json:"lines"`             // empty: nothing is paid per seat
}

// Told is the cost as a form brings it back.
func (s SeatCost) Told() string {
	text, err := json.Marshal(s)
	if err != nil {
		return "" // numbers, texts and times of ours cannot fail
	}
	return string(text)
}

// toldCost reads what a form brought back, or what is kept beside an invitation; ok is false for anything else.
func toldCost(text string) (s SeatCost, ok bool) {
	err := json.Unmarshal([]byte(text), &s)
	return s, err == nil && !s.At.IsZero()
}

// Saves tells whether the change lowers the bill.
func (s SeatCost) Saves() bool { return s.People < 0 }

// CostLine is what it costs at one subscription.
type CostLine struct{ billing.SeatQuoteLine }

// Credit is what comes back, where less than nothing is added.
func (l CostLine) Credit() int64 { return -l.Prorated }

// Rows are the lines for a page.
func (s SeatCost) Rows() []CostLine {
	rows := make([]CostLine, len(s.Lines))
	for i, line := range s.Lines {
		rows[i] = CostLine{line}
	}
	return rows
}

// Costs tells whether anything changes on an invoice.
func (s SeatCost) Costs() bool { return billing.SeatQuote{Lines: s.Lines}.Costs() }

// covers tells whether a person who confirmed s was shown what it costs now. The part of this period shrinks by the
// second, and its halves are rounded one by one, so that it may come out a minor unit higher.
func (s SeatCost) covers(now SeatCost) bool {
	age := now.At.Sub(s.At)
	if age < 0 || age > costHolds || s.People != now.People || s.Unknown != now.Unknown || len(s.Lines) != len(now.Lines) {
		return false
	}
	for i, was := range s.Lines {
		is := now.Lines[i]
		asked := now.At.Sub(was.ProrationDate) // the invoice counts from that moment
		if was.From != was.To && (asked < -time.Second || asked > costHolds+costTakes) {
			return false
		}
		same := was.SubscriptionID == is.SubscriptionID && was.Currency == is.Currency && was.From == is.From && was.To == is.To &&
			was.InvoiceAt.Equal(is.InvoiceAt) && was.RenewalBefore == is.RenewalBefore && was.RenewalAfter == is.RenewalAfter
		if !same || is.Prorated > max(was.Prorated+1, 0) {
			return false
		}
	}
	return true
}

// confirmed carries to billing from which moment the cost was counted that a person confirmed.
func (s SeatCost) confirmed(ctx context.Context) context.Context {
	return billing.WithConfirmedQuote(ctx, billing.SeatQuote{Lines: s.Lines})
}

// seatCost asks what it costs when the org gets people more members. Where Stripe cannot tell, it says that.
func (k *Console) seatCost(ctx context.Context, orgID string, people int64) (SeatCost, error) {
	cost := SeatCost{People: people, At: k.deps.Now().UTC()}
	asking, cancel := context.WithTimeout(ctx, costTakes)
	defer cancel()
	quote, err := k.deps.Seats.QuoteSeats(asking, orgID, people)
	for _, silent := range []error{
		billing.ErrStripeUnavailable, billing.ErrStripeNotConfigured, billing.ErrStripeRefused, billing.ErrStripeGone, context.DeadlineExceeded,
	} {
		if errors.Is(err, silent) && ctx.Err() == nil {
			cost.Unknown = true
			return cost, nil
		}
	}
	cost.Lines = quote.Lines
	return cost, err
}
