package billing

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// KindLifeNotice tells an org what happens to its subscription; its key is the subscription's id.
const KindLifeNotice = "life_notice"

// The steps of a subscription's life of which its org is told, each once for each occasion.
const (
	NoticePastDue       = "past_due"        // a payment failed; Date is the end of grace
	NoticePastDueMiddle = "past_due_middle" // half of the grace is over
	NoticePastDueEnd    = "past_due_end"    // the grace is over
	NoticeTrialEnding   = "trial_ending"    // Date is the end of the trial
	NoticeCancelled     = "cancelled"       // it will end on Date
	NoticeEnded         = "ended"           // it ended on Date
)

// trialNotice is how long before its end a trial is spoken of.
const trialNotice = 3 * day

// endedNotice is how late an org is still told that something has ended.
const endedNotice = 7 * day

// LifeNotice is what an org is told of its subscription.
type LifeNotice struct {
	Step           string // one of the Notice constants
	OrgID          string
	SubscriptionID string
	ClientID       string
	PlanName       string
	AppName        string // or the bundle's
	Date           time.Time
	Amount         int64 // of a trial: what will be charged at its end, before tax
	Currency       string
}

// NoticeStore remembers what was told.
type NoticeStore interface {
	// TellOnce answers false where the step was told of before on that occasion.
	TellOnce(ctx context.Context, subscriptionID, step, occasion string, at time.Time) (first bool, err error)
}

// lifeStep is one notice of a subscription as it stands. at is when it is due.
type lifeStep struct {
	step     string
	occasion string
	at, date time.Time
}

// lifeSteps are the notices that follow from how a subscription stands, by time.
func lifeSteps(b Bought) (out []lifeStep) {
	sub := b.Subscription
	if grace := b.GraceUntil(); grace != nil && sub.EndedAt == nil && sub.Holds {
		from := b.OldestUnpaidAt.UTC()
		out = append(out,
			lifeStep{NoticePastDue, stamp(&from), from, *grace},
			lifeStep{NoticePastDueMiddle, stamp(&from), from.Add(grace.Sub(from) / 2), *grace},
			lifeStep{NoticePastDueEnd, stamp(&from), *grace, *grace})
	}
	if end := sub.TrialEnd; sub.Status == StatusTrialing && end != nil && !sub.ends() && sub.Holds {
		if at := end.Add(-trialNotice); at.After(sub.StripeCreatedAt) { // a shorter trial needs no reminder
			out = append(out, lifeStep{NoticeTrialEnding, stamp(end), at, end.UTC()})
		}
	}
	if sub.ends() && sub.EndedAt == nil && sub.Holds {
		end := sub.CancelAt
		if end == nil {
			end = sub.CurrentPeriodEnd
		}
		if end != nil {
			out = append(out, lifeStep{NoticeCancelled, stamp(end) + " " + stamp(sub.CanceledAt), time.Time{}, end.UTC()})
		}
	}
	if sub.EndedAt != nil && sub.Recurring && sub.Status != StatusIncompleteExpired {
		out = append(out, lifeStep{NoticeEnded, stamp(sub.EndedAt), sub.EndedAt.UTC(), sub.EndedAt.UTC()})
	}
	return out
}

// noticeable tells whether a read changed what an org must be told of.
func noticeable(old, sub Subscription) bool {
	key := func(s Subscription) string {
		return fmt.Sprint(s.Status, s.Holds, stamp(s.OldestUnpaidAt), stamp(s.TrialEnd), stamp(s.CancelAt), s.CancelAtPeriodEnd, stamp(s.CanceledAt), stamp(s.EndedAt))
	}
	owes := sub.Status == StatusPastDue && sub.OldestUnpaidAt != nil
	return key(old) != key(sub) && (owes || sub.Status == StatusTrialing || sub.ends() || sub.EndedAt != nil)
}

// tellOfLife writes the mails that are due, and comes back for the next one. What Stripe says now counts: nobody is
// told of a debt that was paid while we did not listen.
func (s *Service) tellOfLife(ctx context.Context, subscriptionID string) error {
	sub, err := s.store.Subscription(ctx, subscriptionID)
	if errors.Is(err, ErrSubscriptionNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	if sub.Status == StatusPastDue && sub.EndedAt == nil {
		if err := s.readSeats(ctx, sub.at(), sub.StripeID); err != nil {
			return fmt.Errorf("look before telling of subscription %s: %w", subscriptionID, err)
		}
	}
	return s.tx.InTx(ctx, func(ctx context.Context) error {
		sub, err := s.lockedSubscription(ctx, subscriptionID)
		if err != nil {
			return err
		}
		plan, err := s.store.Plan(ctx, sub.PlanID)
		if err != nil {
			return err
		}
		b := Bought{Subscription: sub.Subscription, PlanName: plan.Name, GraceDays: plan.GraceDays}
		due, next := s.dueSteps(lifeSteps(b))
		if next != nil {
			if err := s.jobs.WantAt(ctx, KindLifeNotice, subscriptionID, *next); err != nil {
				return err
			}
		}
		return s.tellSteps(ctx, b, due)
	})
}

// dueSteps answers the steps whose time has come, the oldest first, and when the next one's comes.
func (s *Service) dueSteps(steps []lifeStep) (due []lifeStep, next *time.Time) {
	now := s.now()
	for _, step := range steps {
		switch {
		case step.step == NoticeEnded && now.Sub(step.at) > endedNotice:
		case !now.Before(step.at):
			due = append(due, step)
		case next == nil || step.at.Before(*next):
			next = &step.at
		}
	}
	return due, next
}

// tellSteps notes every step that is due and writes the last of a debt alone: who was not reached for days hears how
// things stand, not how they stood.
func (s *Service) tellSteps(ctx context.Context, b Bought, due []lifeStep) error {
	givenBack, err := s.store.RefundDecided(ctx, b.ID)
	if err != nil {
		return err
	}
	for i, step := range due {
		first, err := s.store.TellOnce(ctx, b.ID, step.step, step.occasion, s.now())
		if err != nil {
			return err
		}
		overtaken := i+1 < len(due) && due[i+1].occasion == step.occasion
		if !first || overtaken || givenBack { // a second payment that goes back has a mail of its own
			continue
		}
		if err := s.tellStep(ctx, b, step); err != nil {
			return fmt.Errorf("tell of subscription %s: %w", b.ID, err)
		}
	}
	return nil
}

func (s *Service) tellStep(ctx context.Context, b Bought, step lifeStep) error {
	name, err := s.scopeName(ctx, b.Scope)
	if err != nil {
		return err
	}
	n := LifeNotice{
		Step: step.step, OrgID: b.OrgID, SubscriptionID: b.ID, ClientID: b.ClientID, PlanName: b.PlanName, AppName: name, Date: step.date, Currency: b.Currency,
	}
	if step.step == NoticeTrialEnding {
		price, err := s.store.Price(ctx, b.PriceID)
		if err != nil {
			return err
		}
		q, err := QuotePrice(price, max(1, b.Quantity))
		if err != nil {
			return err
		}
		n.Amount = q.Total
	}
	return s.mailer.Life(ctx, n)
}
