package sandbox

// endSubscription ends a subscription now. Its open invoices are no longer
// collected by themselves.
func (t *tx) endSubscription(sub obj, reason string) error {
	invoices, err := t.all("invoice", "parent=? AND status IN ('draft','open')", sub.str("id"))
	if err != nil {
		return err
	}
	for _, inv := range invoices {
		err := t.change("invoice.updated", inv, func() { inv["auto_advance"], inv["next_payment_attempt"], inv["_due"] = false, nil, nil })
		if err != nil {
			return err
		}
	}
	sub["status"], sub["ended_at"] = "canceled", t.now
	if !sub.has("canceled_at") {
		sub["canceled_at"] = t.now
	}
	if reason != "" {
		sub.sub("cancellation_details")["reason"] = reason
	}
	t.plotSub(sub)
	if err := t.save(sub); err != nil {
		return err
	}
	return t.emit("customer.subscription.deleted", sub)
}

var cancelSubscription = operation{
	params: fields{
		"invoice_now": yesNo(), "prorate": yesNo(),
		"cancellation_details": hash(fields{"comment": text().clearable(), "feedback": text().clearable()}),
	},
	run: func(t *tx) (obj, error) {
		sub, customer, err := t.liveSubscription()
		if err != nil {
			return nil, err
		}
		sub.sub("cancellation_details").take(t.params.sub("cancellation_details"), "comment", "feedback")
		if t.params.flag("prorate") && sub.str("status") != "trialing" {
			seats, err := t.seats(sub)
			if err != nil {
				return nil, err
			}
			for _, s := range seats {
				if err := t.credit(sub, customer, s, t.now); err != nil {
					return nil, err
				}
			}
		}
		if err := t.endSubscription(sub, "cancellation_requested"); err != nil {
			return nil, err
		}
		if !t.params.flag("invoice_now") {
			return sub, nil
		}
		waiting, err := t.pendingFor(sub)
		if err != nil || len(waiting) == 0 {
			return sub, err
		}
		inv, err := t.newInvoice(draft{customer: customer, sub: sub, reason: "manual", start: sub.num("current_period_start"), end: t.now, pending: true})
		if err != nil {
			return nil, err
		}
		card, err := t.cardFor(customer, sub)
		if err != nil {
			return nil, err
		}
		sub["latest_invoice"] = inv["id"]
		if err := t.save(sub); err != nil {
			return nil, err
		}
		_, err = t.collect(inv, paying{card: card})
		return sub, err
	},
}

// liveSubscription loads the subscription of the path, its customer, and their time.
func (t *tx) liveSubscription() (sub, customer obj, err error) {
	if sub, err = t.need("subscription", t.id); err != nil {
		return nil, nil, err
	}
	if status := sub.str("status"); status == "canceled" || status == "incomplete_expired" {
		return nil, nil, noSuch("subscription", t.id)
	}
	if customer, err = t.find("customer", sub.str("customer")); err != nil {
		return nil, nil, err
	}
	return sub, customer, t.follow(customer)
}
