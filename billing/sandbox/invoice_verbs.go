package sandbox

var createInvoice = operation{
	params: fields{
		"customer": text().need(), "subscription": text(), "auto_advance": yesNo(), "collection_method": word("charge_automatically", "send_invoice"), "days_until_due": count(), "due_date": count(),
		"description": text().clearable(), "metadata": metadata(), "currency": text(), "application_fee_amount": count(), "default_payment_method": text(), "footer": text(), "automatic_tax": hash(fields{"enabled": yesNo()}),
		"pending_invoice_items_behavior": word("include", "exclude", "include_and_require"), "custom_fields": loose(), "statement_descriptor": text(), "payment_settings": loose(), "on_behalf_of": text(), "rendering": loose(),
	},
	run: func(t *tx) (obj, error) {
		customer, err := t.needParam("customer", t.params.str("customer"), "customer")
		if err != nil {
			return nil, err
		}
		if err := t.follow(customer); err != nil {
			return nil, err
		}
		var sub obj
		if id := t.params.str("subscription"); id != "" {
			if sub, err = t.needParam("subscription", id, "subscription"); err != nil {
				return nil, err
			}
		}
		if t.params.has("currency") {
			if err := checkCurrency(t.params); err != nil {
				return nil, err
			}
			customer = customer.clone()
			customer["currency"] = t.params["currency"]
		} else if !customer.has("currency") {
			customer = customer.clone()
			customer["currency"] = "usd"
		}
		behavior := t.params.str("pending_invoice_items_behavior")
		inv, err := t.newInvoice(draft{customer: customer, sub: sub, reason: "manual", start: t.now, end: t.now, pending: behavior == "include" || sub != nil && behavior == ""})
		if err != nil {
			return nil, err
		}
		inv["auto_advance"] = t.params.flag("auto_advance")
		inv.take(t.params, "collection_method", "description", "footer", "default_payment_method", "due_date", "statement_descriptor")
		inv["_days_until_due"], inv["_fee_amount"] = t.params["days_until_due"], t.params["application_fee_amount"]
		inv.mergeMetadata(t.params)
		if inv.flag("auto_advance") {
			inv["_due"], inv["next_payment_attempt"] = t.now+hour, t.now+hour
		}
		t.sum(inv, customer)
		return inv, t.save(inv)
	},
}

var updateInvoice = operation{
	params: fields{
		"auto_advance": yesNo(), "collection_method": word("charge_automatically", "send_invoice"), "days_until_due": count(), "due_date": count(), "description": text().clearable(),
		"metadata": metadata(), "application_fee_amount": count(), "default_payment_method": text().clearable(), "footer": text().clearable(), "custom_fields": loose(), "statement_descriptor": text(),
	},
	run: func(t *tx) (obj, error) {
		inv, customer, err := t.invoiceAndCustomer()
		if err != nil {
			return nil, err
		}
		if inv.str("status") != "draft" && (t.params.given("application_fee_amount") && inv.flag("paid") || t.params.given("collection_method")) {
			return nil, badRequest("invoice_not_editable", "", "Finalized invoices can't be updated in this way")
		}
		return inv, t.change("invoice.updated", inv, func() {
			inv.take(t.params, "auto_advance", "collection_method", "description", "footer", "default_payment_method", "due_date", "statement_descriptor")
			if t.params.given("days_until_due") {
				inv["_days_until_due"] = t.params["days_until_due"]
			}
			if t.params.given("application_fee_amount") {
				inv["_fee_amount"], inv["application_fee_amount"] = t.params["application_fee_amount"], t.params["application_fee_amount"]
			}
			inv.mergeMetadata(t.params)
			if inv.str("status") == "draft" {
				inv["_due"] = nil
				if inv.flag("auto_advance") {
					inv["_due"] = t.now + hour
				}
				t.sum(inv, customer)
			}
		})
	},
}

var deleteInvoice = operation{params: fields{}, run: func(t *tx) (obj, error) {
	inv, _, err := t.invoiceAndCustomer()
	if err != nil {
		return nil, err
	}
	if inv.str("status") != "draft" || inv.has("subscription") {
		return nil, badRequest("", "", "You can only delete draft invoices that are not attached to a subscription.")
	}
	items, err := t.all("invoiceitem", jsonPath("invoice"), t.id)
	if err != nil {
		return nil, err
	}
	for _, item := range items {
		if err := t.remove(item); err != nil {
			return nil, err
		}
	}
	if err := t.emit("invoice.deleted", inv); err != nil {
		return nil, err
	}
	return obj{"id": t.id, "object": "invoice", "deleted": true}, t.remove(inv)
}}

var finalizeInvoice = operation{params: fields{"auto_advance": yesNo()}, run: func(t *tx) (obj, error) {
	inv, _, err := t.invoiceAndCustomer()
	if err != nil {
		return nil, err
	}
	if inv.str("status") != "draft" {
		return nil, badRequest("invoice_not_editable", "", "This invoice is already finalized, you can't re-finalize a non-draft invoice.")
	}
	if t.params.given("auto_advance") {
		inv["auto_advance"] = t.params["auto_advance"]
	}
	return inv, t.finalize(inv)
}}

var sendInvoice = operation{params: fields{}, run: func(t *tx) (obj, error) {
	inv, _, err := t.invoiceAndCustomer()
	if err != nil {
		return nil, err
	}
	if inv.str("status") == "draft" {
		if err := t.finalize(inv); err != nil {
			return nil, err
		}
	}
	return inv, t.emit("invoice.sent", inv)
}}

var voidInvoice = operation{params: fields{}, run: func(t *tx) (obj, error) {
	inv, _, err := t.invoiceAndCustomer()
	if err != nil {
		return nil, err
	}
	if s := inv.str("status"); s != "open" && s != "uncollectible" {
		return nil, badRequest("", "", "You can only pass in open invoices. This invoice isn't open.")
	}
	return inv, t.voidInvoice(inv)
}}

// voidInvoice takes an open invoice back; credit that it had used returns to
// the customer's balance.
func (t *tx) voidInvoice(inv obj) error {
	inv["status"], inv["_due"], inv["next_payment_attempt"], inv["auto_advance"] = "void", nil, nil, false
	inv.sub("status_transitions")["voided_at"] = t.now
	if err := t.save(inv); err != nil {
		return err
	}
	if used := inv.num("starting_balance") - inv.num("ending_balance"); used != 0 {
		customer, err := t.find("customer", inv.str("customer"))
		if err != nil {
			return err
		}
		balance := customer.num("balance") + used
		if err := t.noteBalance(customer, used, balance, "unapplied_from_invoice", inv["id"], nil); err != nil {
			return err
		}
		if err := t.change("customer.updated", customer, func() { customer["balance"] = balance }); err != nil {
			return err
		}
	}
	if id := inv.str("payment_intent"); id != "" {
		intent, err := t.find("payment_intent", id)
		if err != nil {
			return err
		}
		intent["status"], intent["canceled_at"], intent["cancellation_reason"], intent["next_action"] = "canceled", t.now, "void_invoice", nil
		if err := t.save(intent); err != nil {
			return err
		}
		if err := t.emit("payment_intent.canceled", intent); err != nil {
			return err
		}
	}
	return t.emit("invoice.voided", inv)
}

var writeOffInvoice = operation{params: fields{}, run: func(t *tx) (obj, error) {
	inv, _, err := t.invoiceAndCustomer()
	if err != nil {
		return nil, err
	}
	if inv.str("status") != "open" {
		return nil, badRequest("", "", "You can only pass in open invoices. This invoice isn't open.")
	}
	inv["status"], inv["_due"], inv["next_payment_attempt"], inv["auto_advance"] = "uncollectible", nil, nil, false
	inv.sub("status_transitions")["marked_uncollectible_at"] = t.now
	if err := t.save(inv); err != nil {
		return nil, err
	}
	return inv, t.emit("invoice.marked_uncollectible", inv)
}}

var listInvoices = listing("invoice", "/v1/invoices",
	map[string]string{"customer": "customer=?", "subscription": "parent=?", "status": "status=?", "collection_method": jsonPath("collection_method")},
	fields{"customer": text(), "subscription": text(), "status": word("draft", "open", "paid", "uncollectible", "void"), "collection_method": text(), "due_date": loose()})

var listInvoiceLines = operation{params: pageParams, run: func(t *tx) (obj, error) {
	inv, err := t.need("invoice", t.id)
	if err != nil {
		return nil, err
	}
	lines, err := t.linesOf(inv)
	if err != nil {
		return nil, err
	}
	return t.pageOf("/v1/invoices/"+t.id+"/lines", lines), nil
}}
