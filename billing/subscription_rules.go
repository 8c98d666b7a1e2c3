package billing

import "time"

// before orders two payments: Stripe's creation time, then its id, so that every reading of the same two
// decides the same.
func (sub Subscription) before(o Subscription) bool {
	if !sub.StripeCreatedAt.Equal(o.StripeCreatedAt) {
		return sub.StripeCreatedAt.Before(o.StripeCreatedAt)
	}
	return sub.StripeID < o.StripeID
}

func (sub Subscription) objectKey() string { return ObjectKey(sub.at(), sub.StripeID) }

func (sub Subscription) at() Account { return Account{ID: sub.Account, Livemode: sub.Livemode} }

// endedByClock tells whether access has ended although no read has said so yet.
func (sub Subscription) endedByClock(now time.Time) bool {
	past := func(t *time.Time) bool { return t != nil && !now.Before(*t) }
	return past(sub.ExpiresAt) || past(sub.CancelAt) || sub.CancelAtPeriodEnd && past(sub.CurrentPeriodEnd)
}

func firstOf(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

func moment(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return utc(&t)
}

func utc(t *time.Time) *time.Time {
	if t == nil {
		return nil
	}
	u := t.UTC()
	return &u
}

// nextRead is the next moment at which the clock alone may change a subscription: then it is read again.
func (sub Subscription) nextRead(now time.Time) (time.Time, bool) {
	if sub.EndedAt != nil {
		return time.Time{}, false
	}
	var next *time.Time
	for _, t := range []*time.Time{sub.CurrentPeriodEnd, sub.TrialEnd, sub.CancelAt, sub.ExpiresAt} {
		if t != nil && t.After(now) && (next == nil || t.Before(*next)) {
			next = t
		}
	}
	// A period that ended without renewal yet, a payment that failed, a first payment that is awaited: Stripe
	// is expected to move soon.
	overdue := sub.CurrentPeriodEnd != nil && !sub.CurrentPeriodEnd.After(now) && sub.Recurring
	if overdue || sub.Status == StatusPastDue || sub.Status == StatusIncomplete {
		if soon := now.Add(rereadSoon); next == nil || soon.Before(*next) {
			next = &soon
		}
	}
	if next == nil {
		return time.Time{}, false
	}
	return *next, true
}

// rereadSoon is how long Stripe takes at most between the end of a period and the charge of the next, about.
const rereadSoon = time.Hour
