package claims

import (
	"slices"
	"time"
)

// decide answers for one source alone: the entry it makes, or why it makes none.
func decide(src Source, clientID string, now time.Time) (Plan, Reason) {
	status, reason := heldStatus(src)
	if reason == ReasonIncluded {
		reason = lapsed(src, status, now)
	}
	if reason != ReasonIncluded {
		return Plan{}, reason
	}
	return entry(src, clientID, status), ReasonIncluded
}

// heldStatus reads what is recorded, without looking at the clock.
func heldStatus(src Source) (Status, Reason) {
	if src.EndedAt != nil {
		return "", ReasonEnded
	}
	switch src.Kind {
	case SourceComp, SourceGrant:
		return StatusActive, ReasonIncluded
	case SourceSubscription:
	default:
		return "", ReasonUnknownKind
	}
	switch src.StripeStatus {
	case "active":
		return StatusActive, ReasonIncluded
	case "trialing":
		return StatusTrialing, ReasonIncluded
	case "past_due":
		return StatusPastDue, ReasonIncluded
	default: // unpaid, paused, incomplete, incomplete_expired, canceled, and words not known yet
		return "", ReasonStatusNotHeld
	}
}

// lapsed looks for the ends that the clock makes by itself. The period end of
// a subscription that renews is none of them: the renewal's event may be late,
// and nobody is cut off because we are.
func lapsed(src Source, status Status, now time.Time) Reason {
	switch {
	case reached(src.ExpiresAt, now):
		return ReasonExpired
	case reached(cancellation(src), now):
		return ReasonCancellationReached
	case status == StatusPastDue && graceOver(src, now):
		return ReasonGraceOver
	default:
		return ReasonIncluded
	}
}

// cancellation is the moment for which a recurring subscription is cancelled,
// nil when it is not. Stripe sets cancel_at beside cancel_at_period_end; if a
// row holds two different moments the earlier one is when Stripe ends it.
func cancellation(src Source) *time.Time {
	if src.Kind != SourceSubscription || !src.Recurring {
		return nil
	}
	if src.CancelAtPeriodEnd {
		return earlier(src.CancelAt, src.CurrentPeriodEnd)
	}
	return earlier(src.CancelAt, nil)
}

// graceUntil is counted from the finalisation of the oldest unpaid invoice.
// It is nil while that invoice is not known: the subscription is then held
// until a re-read tells, since a missing date is our lateness, not the buyer's.
func graceUntil(src Source) *time.Time {
	if src.OldestUnpaidAt == nil {
		return nil
	}
	return second(src.OldestUnpaidAt.Add(time.Duration(src.GraceDays) * 24 * time.Hour))
}

func graceOver(src Source, now time.Time) bool {
	return src.GraceDays <= 0 || reached(graceUntil(src), now)
}

// clockEnd is the earliest of all ends that need no event, nil if there is none.
func clockEnd(src Source) *time.Time {
	end := earlier(src.ExpiresAt, cancellation(src))
	if src.Kind == SourceSubscription && src.StripeStatus == "past_due" {
		end = earlier(end, graceUntil(src))
	}
	return end
}

// shownEnd is the entry's currentPeriodEnd: the end of the period, or the end
// of everything where that comes first or there is no period.
func shownEnd(src Source) *time.Time {
	end := earlier(src.ExpiresAt, cancellation(src))
	if src.Kind == SourceSubscription && src.Recurring {
		end = earlier(end, src.CurrentPeriodEnd)
	}
	return end
}

func entry(src Source, clientID string, status Status) Plan {
	slug, name := planNames(src)
	plan := Plan{
		PlanSlug:         slug,
		PlanName:         name,
		Status:           status,
		AppClientID:      clientID,
		Features:         tidyFeatures(src.Features),
		AllFeatures:      src.Kind != SourceSubscription && len(src.Features) == 0,
		CurrentPeriodEnd: shownEnd(src),
		Bundle:           src.Bundle,
	}
	if src.Kind != SourceSubscription {
		return plan
	}
	plan.CancelAtPeriodEnd = endsWithPeriod(src, plan.CurrentPeriodEnd)
	if src.PerSeat && src.Quantity > 0 {
		plan.Seats = &src.Quantity
	}
	if status == StatusTrialing && src.TrialEnd != nil {
		plan.TrialEnd = second(*src.TrialEnd)
	}
	if status == StatusPastDue {
		plan.GraceUntil = graceUntil(src)
	}
	return plan
}

// endsWithPeriod is true also for a bare cancel_at that falls into the current
// period: what it means to the reader is the same.
func endsWithPeriod(src Source, shown *time.Time) bool {
	if !src.Recurring {
		return false
	}
	end := cancellation(src)
	return src.CancelAtPeriodEnd || end != nil && shown != nil && end.Equal(*shown)
}

func planNames(src Source) (slug, name string) {
	if src.Kind == SourceGrant {
		return GrantPlanSlug, GrantPlanName
	}
	return src.PlanSlug, src.PlanName
}

// tidyFeatures sorts and drops duplicates and blanks. The caller decides about
// AllFeatures on the list as given, so that dropping can never widen access.
func tidyFeatures(keys []string) []string {
	out := make([]string, 0, len(keys))
	for _, key := range keys {
		if key != "" {
			out = append(out, key)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// second cuts to whole seconds in UTC, the precision of the claim: what the
// claim says is then exactly when the rule ends it.
func second(t time.Time) *time.Time {
	cut := t.UTC().Truncate(time.Second)
	return &cut
}

func reached(end *time.Time, now time.Time) bool {
	return end != nil && !now.Before(*second(*end))
}

func earlier(a, b *time.Time) *time.Time {
	switch {
	case a == nil && b == nil:
		return nil
	case a == nil || b != nil && b.Before(*a):
		return second(*b)
	default:
		return second(*a)
	}
}
