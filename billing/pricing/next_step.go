package pricing

import (
	"time"

	"github.com/wolfieauth/wolfieauth/billing"
	"github.com/wolfieauth/wolfieauth/internal/i18n"
)

// nextStep writes the button of a card: what a press of it does for this visitor.
func (b cards) nextStep(c *card, p billing.Plan, price billing.Price) {
	if b.heldStep(c, p, price) {
		return
	}
	w := b.words
	q, err := billing.QuotePrice(price, b.seatsOf(price))
	free := err == nil && q.Total == 0
	trial := p.TrialDays > 0 && price.Interval != billing.IntervalOneTime && !free
	if trial {
		c.Trial = w.t("pricing.trial", "Count", p.TrialDays)
	}
	if price.Interval == billing.IntervalOneTime && p.LastsDays > 0 {
		c.Trial = w.t("pricing.lasts", "Count", p.LastsDays)
	}
	switch {
	case free:
		c.Button = w.t("pricing.button.free")
	case trial:
		c.Button = w.t("pricing.button.trial", "Count", p.TrialDays)
	case price.Interval == billing.IntervalOneTime:
		c.Button = w.t("pricing.button.buy", "Plan", p.Name)
	default:
		c.Button = w.t("pricing.button.subscribe", "Plan", p.Name)
	}
	if err == nil {
		c.Summary = w.money(q.Total, price.Currency) + " " + w.t("pricing.per."+string(price.Interval))
		if price.PerSeat {
			c.Summary = w.t("pricing.total."+string(price.Interval), "Seats", w.seats(price.SeatLabel, b.seats), "Total", w.money(q.Total, price.Currency))
		}
	}
}

// heldStep is the next step of who has a plan in this scope already; false where nobody has.
func (b cards) heldStep(c *card, p billing.Plan, price billing.Price) bool {
	held, ok := b.held[p.Scope]
	if !ok {
		return false
	}
	c.Manage = true
	if held.Recurring && price.ID != "" && price.Interval != billing.IntervalOneTime && price.ID != held.PriceID {
		c.SwitchURL = switchURL(b.offer.catalog.App.ClientID, price.ID, b.org.ID)
	}
	if held.PlanID == p.ID {
		c.Current = b.current(held)
		c.Button = c.Current.Action
		if c.SwitchURL != "" && price.Interval != held.Interval {
			c.SwitchLabel = b.words.t("life.switch.to_" + string(price.Interval))
		}
		return true
	}
	if c.SwitchURL != "" {
		c.Button = b.words.t("life.switch.button", "Plan", p.Name)
		c.Trial = b.words.t("life.switch.has", "Plan", held.PlanName)
		return true
	}
	c.Button = b.words.t("pricing.button.switch")
	c.Trial = b.words.t("pricing.has_other", "Plan", held.PlanName)
	return true
}

func (b cards) current(s billing.Bought) *currentPlan {
	w := b.words
	cur := &currentPlan{Label: w.t("pricing.current"), Kind: "ok", Action: w.t("pricing.button.manage")}
	date := func(t *time.Time) string { return i18n.Date(w.lang, t.UTC()) }
	switch {
	case s.Status == billing.StatusPastDue || s.Status == billing.StatusUnpaid:
		cur.Kind, cur.Action, cur.Detail = "warn", w.t("pricing.button.fix"), w.t("pricing.past_due")
		if until := s.GraceUntil(); until != nil {
			cur.Detail = w.t("pricing.past_due_until", "Date", date(until))
		}
	case s.CancelAtPeriodEnd && s.CurrentPeriodEnd != nil:
		cur.Kind, cur.Detail = "warn", w.t("pricing.ends", "Date", date(s.CurrentPeriodEnd))
	case s.Status == billing.StatusTrialing && s.TrialEnd != nil:
		cur.Detail = w.t("pricing.trial_until", "Date", date(s.TrialEnd))
	case s.Recurring && s.CurrentPeriodEnd != nil:
		cur.Detail = w.t("pricing.renews", "Date", date(s.CurrentPeriodEnd))
	case s.ExpiresAt != nil:
		cur.Detail = w.t("pricing.ends", "Date", date(s.ExpiresAt))
	}
	return cur
}
