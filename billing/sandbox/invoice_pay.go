package sandbox

import "net/http"

// collect finalizes an invoice and tries to charge it. The returned error is
// the decline, if the card declined; the failure is then already recorded.
func (t *tx) collect(inv obj, p paying) (*apiError, error) {
	if err := t.finalize(inv); err != nil || t.preview || inv.str("status") != "open" {
		return nil, err
	}
	if inv.str("collection_method") == "send_invoice" {
		return nil, t.emit("invoice.sent", inv)
	}
	return t.pay(inv, p)
}

// pay charges an open invoice once.
func (t *tx) pay(inv obj, p paying) (*apiError, error) {
	intent, err := t.find("payment_intent", inv.str("payment_intent"))
	if err != nil {
		return nil, err
	}
	decline, err := t.charge(intent, p)
	if err != nil {
		return nil, err
	}
	if decline == nil {
		return nil, t.markPaid(inv, intent.str("latest_charge"))
	}
	inv["attempted"], inv["attempt_count"], inv["charge"] = true, inv.num("attempt_count")+1, intent["latest_charge"]
	if err := t.planRetry(inv); err != nil {
		return nil, err
	}
	if err := t.save(inv); err != nil {
		return nil, err
	}
	kinds := []string{"invoice.payment_failed"}
	if intent.str("status") == "requires_action" {
		kinds = []string{"invoice.payment_action_required"}
	}
	for _, kind := range kinds {
		if err := t.emit(kind, inv); err != nil {
			return nil, err
		}
	}
	return decline, t.invoiceFailed(inv)
}

// planRetry sets the next attempt of a failed renewal, in the days of the
// account's dunning setting. First invoices are for the buyer to pay.
func (t *tx) planRetry(inv obj) error {
	inv["next_payment_attempt"], inv["_due"] = nil, nil
	if inv.str("billing_reason") == "subscription_create" || inv.str("subscription") == "" || !inv.flag("auto_advance") {
		return nil
	}
	rules, err := t.dunning()
	if err != nil {
		return err
	}
	if n := int(inv.num("attempt_count")); n <= len(rules.RetryDays) {
		at := t.now + rules.RetryDays[n-1]*day
		inv["next_payment_attempt"], inv["_due"] = at, at
	}
	return nil
}

// invoicePaid wakes the subscription up if this was its latest invoice.
func (t *tx) invoicePaid(inv obj) error {
	sub, err := t.subOf(inv)
	if sub == nil || err != nil || inv.flag("_newborn") {
		return err
	}
	status := sub.str("status")
	if status != "incomplete" && status != "past_due" && status != "unpaid" || sub.str("latest_invoice") != inv.str("id") {
		return nil
	}
	return t.change("customer.subscription.updated", sub, func() {
		sub["status"] = "active"
		t.plotSub(sub)
	})
}

// invoiceFailed makes a live subscription past due; when no retry is left the
// account's setting decides: cancel, unpaid, or past due for good.
func (t *tx) invoiceFailed(inv obj) error {
	sub, err := t.subOf(inv)
	if sub == nil || err != nil {
		return err
	}
	status := sub.str("status")
	if inv.str("billing_reason") == "subscription_create" || (status != "active" && status != "trialing" && status != "past_due") {
		return nil
	}
	if inv.has("next_payment_attempt") || !inv.flag("auto_advance") {
		return t.setStatus(sub, "past_due")
	}
	rules, err := t.dunning()
	if err != nil {
		return err
	}
	switch rules.Action {
	case "unpaid":
		return t.setStatus(sub, "unpaid")
	case "past_due":
		return t.setStatus(sub, "past_due")
	default:
		return t.endSubscription(sub, "payment_failed")
	}
}

func (t *tx) subOf(inv obj) (obj, error) {
	id := inv.str("subscription")
	if id == "" {
		return nil, nil //nolint:nilnil // an invoice without a subscription is ordinary
	}
	return t.find("subscription", id)
}

var payInvoice = operation{
	params: fields{"payment_method": text(), "paid_out_of_band": yesNo(), "off_session": yesNo(), "forgive": yesNo()},
	run: func(t *tx) (obj, error) {
		inv, customer, err := t.invoiceAndCustomer()
		if err != nil {
			return nil, err
		}
		if inv.str("status") == "draft" {
			if err := t.finalize(inv); err != nil {
				return nil, err
			}
		}
		switch status := inv.str("status"); {
		case status == "paid" && inv.num("amount_due") == 0:
			return inv, nil
		case status == "paid":
			return nil, badRequest("invoice_already_paid", "", "Invoice is already paid")
		case status == "void":
			return nil, badRequest("", "", "This invoice cannot be paid: it has been voided.")
		}
		if t.params.flag("paid_out_of_band") {
			inv["paid_out_of_band"] = true
			return inv, t.markPaid(inv, "")
		}
		card, err := t.cardToPay(inv, customer)
		if err != nil {
			return nil, err
		}
		if card == nil {
			return nil, noCard()
		}
		decline, err := t.pay(inv, paying{card: card, canAsk: t.params["off_session"] == false})
		if err != nil {
			return nil, err
		}
		if decline != nil {
			decline.keep, decline.status = true, http.StatusPaymentRequired
			return nil, decline
		}
		return inv, nil
	},
}

func (t *tx) cardToPay(inv, customer obj) (obj, error) {
	if id := t.params.str("payment_method"); id != "" {
		return t.attach(id, customer, "payment_method")
	}
	if id := inv.str("default_payment_method"); id != "" {
		return t.find("payment_method", id)
	}
	sub, err := t.subOf(inv)
	if err != nil {
		return nil, err
	}
	return t.cardFor(customer, sub)
}

func noCard() *apiError {
	return badRequest("resource_missing", "", "This customer has no attached payment source or default payment method. Please consider adding a default payment method. For more information, visit https://stripe.com/docs/billing/subscriptions/payment-methods-setting#payment-method-priority.")
}

func (t *tx) invoiceAndCustomer() (inv, customer obj, err error) {
	if inv, err = t.need("invoice", t.id); err != nil {
		return nil, nil, err
	}
	if customer, err = t.find("customer", inv.str("customer")); err != nil {
		return nil, nil, err
	}
	return inv, customer, t.follow(customer)
}
