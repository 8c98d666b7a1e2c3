package sandbox

// ageSubscription does the next thing that time brings to a subscription.
func (t *tx) ageSubscription(sub obj) error {
	switch {
	case sub.str("status") == "incomplete":
		return t.giveUp(sub)
	case sub.has("cancel_at") && t.now >= sub.num("cancel_at"):
		return t.endSubscription(sub, sub.sub("cancellation_details").str("reason"))
	case t.now >= sub.num("current_period_end"):
		return t.renew(sub)
	case sub.str("status") == "trialing" && !sub.flag("_trial_notice"):
		sub["_trial_notice"] = true
		t.plotSub(sub)
		if err := t.save(sub); err != nil {
			return err
		}
		return t.emit("customer.subscription.trial_will_end", sub)
	default:
		t.plotSub(sub)
		return t.save(sub)
	}
}

// giveUp ends a subscription whose first invoice was not paid within 23 hours.
func (t *tx) giveUp(sub obj) error {
	if inv, err := t.find("invoice", sub.str("latest_invoice")); err == nil && inv.str("status") == "open" {
		if err := t.voidInvoice(inv); err != nil {
			return err
		}
	}
	return t.change("customer.subscription.updated", sub, func() {
		sub["status"], sub["ended_at"] = "incomplete_expired", t.now
		t.plotSub(sub)
	})
}

// renew begins the next period with a draft invoice that is collected an hour later.
func (t *tx) renew(sub obj) error {
	seats, err := t.seats(sub)
	if err != nil {
		return err
	}
	customer, err := t.find("customer", sub.str("customer"))
	if err != nil {
		return err
	}
	if sub.str("status") == "trialing" {
		if stop, err := t.endTrial(sub, customer); stop || err != nil {
			return err
		}
	}
	start := sub.num("current_period_end")
	end := nextBoundary(sub.num("billing_cycle_anchor"), start, seats[0].price.sub("recurring"))
	status := sub.str("status")
	if status == "trialing" {
		status = "active"
	}
	probe := sub.clone()
	probe["status"] = status
	lines, err := t.periodLines(probe, seats, start, end)
	if err != nil {
		return err
	}
	inv, err := t.newInvoice(draft{customer: customer, sub: sub, reason: "subscription_cycle", lines: lines, start: sub.num("current_period_start"), end: start, pending: true})
	if err != nil {
		return err
	}
	inv["next_payment_attempt"], inv["_due"] = t.now+hour, t.now+hour
	if status == "unpaid" || sub.has("pause_collection") { // kept as a draft until somebody acts
		inv["auto_advance"], inv["next_payment_attempt"], inv["_due"] = false, nil, nil
	}
	if err := t.save(inv); err != nil {
		return err
	}
	t.captured = inv
	return t.change("customer.subscription.updated", sub, func() {
		sub["status"], sub["current_period_start"], sub["current_period_end"], sub["latest_invoice"] = status, start, end, inv["id"]
		if sub.flag("cancel_at_period_end") {
			sub["cancel_at"] = end
		}
		t.plotSub(sub)
	})
}

// endTrial decides what a trial without a card turns into.
func (t *tx) endTrial(sub, customer obj) (stop bool, err error) {
	card, err := t.cardFor(customer, sub)
	if err != nil || card != nil || t.preview || sub.str("collection_method") == "send_invoice" {
		return false, err
	}
	switch sub.sub("trial_settings").sub("end_behavior").str("missing_payment_method") {
	case "cancel":
		return true, t.endSubscription(sub, "")
	case "pause":
		err := t.change("customer.subscription.paused", sub, func() {
			sub["status"] = "paused"
			t.plotSub(sub)
		})
		return true, err
	default:
		return false, nil
	}
}
