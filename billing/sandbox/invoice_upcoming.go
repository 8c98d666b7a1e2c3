package sandbox

import "errors"

// errPreview rolls a preview back.
var errPreview = errors.New("preview only")

var upcomingFields = fields{
	"customer": text(), "subscription": text(), "currency": text(), "schedule": text(), "coupon": text(), "automatic_tax": loose(), "customer_details": loose(), "discounts": loose(),
	"subscription_items": list(updateItemField).atMost(20), "subscription_proration_behavior": word("always_invoice", "create_prorations", "none"), "subscription_proration_date": count(),
	"subscription_billing_cycle_anchor": moment("now", "unchanged"), "subscription_cancel_at": count().clearable(), "subscription_cancel_at_period_end": yesNo(), "subscription_cancel_now": yesNo(),
	"subscription_trial_end": moment("now"), "subscription_start_date": count(), "subscription_default_tax_rates": loose(), "subscription_resume_at": word("now"), "subscription_trial_from_plan": yesNo(),
	"invoice_items": list(hash(fields{"amount": integer(), "currency": text(), "description": text(), "quantity": count(), "price": text(), "discountable": yesNo(), "metadata": metadata()})),
}

// upcomingInvoice shows the invoice that a change would make, or the next one.
// It makes the change for real, with the same code, and then undoes everything.
var upcomingInvoice = operation{params: upcomingFields, run: func(t *tx) (obj, error) {
	return t.upcoming()
}}

var upcomingLines = operation{params: upcomingFields.plus(pageParams), run: func(t *tx) (obj, error) {
	page := obj{}
	page.take(t.params, "limit", "starting_after", "ending_before")
	inv, err := t.upcoming()
	if err != nil {
		return nil, err
	}
	t.params = page
	return t.pageOf("/v1/invoices/upcoming/lines", anys(inv.objs("_lines"))), nil
}}

func (t *tx) upcoming() (obj, error) {
	var shown obj
	err := t.s.write(t.ctx, t.account, func(in *tx) error {
		in.preview, in.params, in.request = true, t.params, t.request
		inv, err := in.foresee()
		if err != nil {
			return err
		}
		lines, err := in.linesOf(inv)
		if err != nil {
			return err
		}
		inv["_lines"], shown = lines, upcomingShape(inv)
		if t.params.has("subscription_proration_date") {
			shown["subscription_proration_date"] = t.params["subscription_proration_date"]
		}
		return errPreview
	})
	if !errors.Is(err, errPreview) {
		return nil, err
	}
	return shown, nil
}

// upcomingShape is an invoice that does not exist: no id, never final.
func upcomingShape(inv obj) obj {
	delete(inv, "id")
	for _, line := range inv.objs("_lines") {
		line["invoice"] = nil
	}
	inv["status"], inv["number"], inv["hosted_invoice_url"], inv["invoice_pdf"], inv["payment_intent"], inv["_due"] = "draft", nil, nil, nil, nil, nil
	return inv
}

// foresee makes the next invoice inside a transaction that will be undone.
func (t *tx) foresee() (obj, error) {
	sub, customer, err := t.foreseenParties()
	if err != nil {
		return nil, err
	}
	if err := t.follow(customer); err != nil {
		return nil, err
	}
	if sub == nil {
		return t.foreseeNew(customer)
	}
	t.params = revisionParams(t.params)
	if t.params.flag("cancel_now") {
		return t.foreseeCancel(sub, customer)
	}
	if err := t.reviseSubscription(sub, customer); err != nil {
		return nil, err
	}
	if t.captured != nil {
		return t.captured, nil
	}
	if status := sub.str("status"); status == "canceled" || status == "paused" || sub.has("cancel_at") && sub.num("cancel_at") <= sub.num("current_period_end") {
		return t.foreseeLast(sub, customer)
	}
	t.now = sub.num("current_period_end")
	if err := t.renew(sub); err != nil {
		return nil, err
	}
	return t.captured, nil
}

// revisionParams renames the parameters of a preview to those of an update.
func revisionParams(p obj) obj {
	names := map[string]string{
		"subscription_items": "items", "subscription_proration_behavior": "proration_behavior", "subscription_proration_date": "proration_date", "subscription_billing_cycle_anchor": "billing_cycle_anchor",
		"subscription_cancel_at": "cancel_at", "subscription_cancel_at_period_end": "cancel_at_period_end", "subscription_trial_end": "trial_end", "subscription_cancel_now": "cancel_now",
	}
	out := obj{}
	for from, to := range names {
		if v, ok := p[from]; ok {
			out[to] = v
		}
	}
	return out
}

func (t *tx) foreseenParties() (sub, customer obj, err error) {
	id, owner := t.params.str("subscription"), t.params.str("customer")
	if id == "" && owner != "" && !t.params.has("subscription_items") {
		live, err := t.all("subscription", "customer=? AND status IN ('active','trialing','past_due')", owner)
		if err != nil {
			return nil, nil, err
		}
		var next int64
		for _, s := range live { // the one that renews first
			if end := s.num("current_period_end"); next == 0 || end < next {
				id, next = s.str("id"), end
			}
		}
	}
	if id != "" {
		if sub, err = t.need("subscription", id); err != nil {
			return nil, nil, noSuchParam("subscription", id, "subscription")
		}
		if owner != "" && owner != sub.str("customer") {
			return nil, nil, noSuchParam("subscription", id, "subscription")
		}
		owner = sub.str("customer")
		if s := sub.str("status"); s == "canceled" || s == "incomplete_expired" {
			return nil, nil, noUpcoming(owner)
		}
	}
	if owner == "" {
		return nil, nil, missingParam("customer")
	}
	customer, err = t.needParam("customer", owner, "customer")
	return sub, customer, err
}

func noUpcoming(customer string) *apiError {
	e := badRequest("invoice_upcoming_none", "", "No upcoming invoices for customer: %s", customer)
	e.status = 404
	return e
}

// foreseeNew previews a subscription that does not exist yet, or else what is pending.
func (t *tx) foreseeNew(customer obj) (obj, error) {
	if t.params.has("subscription_items") {
		items := t.params["subscription_items"]
		trial := t.params["subscription_trial_end"]
		t.params = obj{"items": items}
		if trial != nil {
			t.params["trial_end"] = trial
		}
		o := order{customer: customer, settings: obj{}, behavior: "default_incomplete"}
		var err error
		if o.recurring, err = t.orderedItems("items"); err != nil {
			return nil, err
		}
		if o.trialEnd, err = t.trialEnd(); err != nil {
			return nil, err
		}
		if _, _, err = t.startSubscription(o); err != nil {
			return nil, err
		}
		t.captured["subscription"] = nil
		return t.captured, nil
	}
	waiting, err := t.pending(customer.str("id"), "", customer.str("currency"))
	if err != nil {
		return nil, err
	}
	if len(waiting) == 0 {
		return nil, noUpcoming(customer.str("id"))
	}
	return t.newInvoice(draft{customer: customer, reason: "upcoming", start: t.now, end: t.now, pending: true})
}

func (t *tx) foreseeCancel(sub, customer obj) (obj, error) {
	if t.params.str("proration_behavior") != "none" {
		seats, err := t.seats(sub)
		if err != nil {
			return nil, err
		}
		for _, s := range seats {
			if err := t.credit(sub, customer, s, t.params.or("proration_date", t.now).(int64)); err != nil {
				return nil, err
			}
		}
	}
	return t.foreseeLast(sub, customer)
}

// foreseeLast is what is still pending when no further period will be billed.
func (t *tx) foreseeLast(sub, customer obj) (obj, error) {
	waiting, err := t.pendingFor(sub)
	if err != nil {
		return nil, err
	}
	if len(waiting) == 0 {
		return nil, noUpcoming(customer.str("id"))
	}
	return t.newInvoice(draft{customer: customer, sub: sub, reason: "upcoming", start: sub.num("current_period_start"), end: t.now, pending: true})
}
