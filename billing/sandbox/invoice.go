package sandbox

import "fmt"

// draft is what a new invoice is made from.
type draft struct {
	customer, sub obj
	reason        string
	lines         []any
	start, end    int64
	pending       bool // pull the customer's pending invoice items in
}

// newInvoice stores a draft invoice.
func (t *tx) newInvoice(d draft) (obj, error) {
	o := t.base("invoice", "in_")
	o["metadata"] = obj{}
	for _, k := range []string{
		"account_country", "account_name", "account_tax_ids", "application", "application_fee_amount", "charge", "custom_fields", "customer_shipping",
		"default_payment_method", "default_source", "description", "discount", "due_date", "effective_at", "ending_balance", "footer", "from_invoice",
		"hosted_invoice_url", "invoice_pdf", "last_finalization_error", "latest_revision", "next_payment_attempt", "number", "on_behalf_of", "payment_intent",
		"quote", "receipt_number", "rendering", "rendering_options", "shipping_cost", "shipping_details", "statement_descriptor", "subscription", "tax", "test_clock", "transfer_data", "webhooks_delivered_at",
	} {
		o[k] = nil
	}
	delete(o, "rendering_options")
	c := d.customer
	o["customer"], o["customer_address"], o["customer_email"], o["customer_name"], o["customer_phone"] = c["id"], c["address"], c["email"], c["name"], c["phone"]
	o["customer_shipping"], o["customer_tax_exempt"], o["customer_tax_ids"], o["test_clock"] = c["shipping"], c["tax_exempt"], []any{}, c["test_clock"]
	o["currency"], o["billing_reason"], o["period_start"], o["period_end"] = c["currency"], d.reason, d.start, d.end
	o["attempt_count"], o["attempted"], o["auto_advance"], o["collection_method"] = int64(0), false, true, "charge_automatically"
	o["automatic_tax"] = obj{"enabled": false, "liability": nil, "status": nil}
	o["default_tax_rates"], o["discounts"], o["total_discount_amounts"], o["total_tax_amounts"] = []any{}, []any{}, []any{}, []any{}
	o["issuer"], o["paid"], o["paid_out_of_band"], o["status"] = obj{"type": "self"}, false, false, "draft"
	o["payment_settings"] = obj{"default_mandate": nil, "payment_method_options": nil, "payment_method_types": nil}
	o["post_payment_credit_notes_amount"], o["pre_payment_credit_notes_amount"], o["amount_shipping"] = int64(0), int64(0), int64(0)
	o["status_transitions"] = obj{"finalized_at": nil, "marked_uncollectible_at": nil, "paid_at": nil, "voided_at": nil}
	o["subscription_details"] = nil
	o["_lines"] = d.lines
	if err := t.nameSeller(o); err != nil {
		return nil, err
	}
	if d.sub != nil {
		o["subscription"], o["collection_method"], o["currency"] = d.sub["id"], d.sub["collection_method"], d.sub["currency"]
		o["subscription_details"] = obj{"metadata": d.sub.sub("metadata")}
		o["_fee_percent"], o["_days_until_due"] = d.sub["application_fee_percent"], d.sub["days_until_due"]
		o["automatic_tax"].(obj)["enabled"] = d.sub.sub("automatic_tax").flag("enabled")
	}
	if d.pending {
		if err := t.pullPending(o); err != nil {
			return nil, err
		}
	}
	t.sum(o, c)
	return o, t.create("invoice.created", o)
}

func (t *tx) nameSeller(o obj) error {
	id := t.account
	if id == "" {
		id = platformAccount
	}
	account, err := t.find("account", id)
	if err != nil {
		return err
	}
	o["account_country"], o["account_name"] = account["country"], account.sub("business_profile")["name"]
	if t.account != "" {
		o["application"] = platformApplication
	}
	return nil
}

// pendingFor finds the invoice items that wait for the next invoice of a
// subscription: its own, and those of its customer that belong to none.
func (t *tx) pendingFor(sub obj) ([]obj, error) {
	return t.pending(sub.str("customer"), sub.str("id"), sub.str("currency"))
}

func (t *tx) pending(customer, sub, currency string) ([]obj, error) {
	return t.all("invoiceitem", "customer=? AND json_extract(body,'$.invoice') IS NULL AND parent IN ('', ?) AND json_extract(body,'$.currency')=?", customer, sub, currency)
}

// pullPending moves the waiting invoice items onto an invoice.
func (t *tx) pullPending(inv obj) error {
	items, err := t.pending(inv.str("customer"), inv.str("subscription"), inv.str("currency"))
	if err != nil {
		return err
	}
	lines, _ := inv["_lines"].([]any)
	for _, item := range items {
		item["invoice"] = inv["id"]
		if err := t.save(item); err != nil {
			return err
		}
		lines = append(lines, itemLine(item))
	}
	inv["_lines"] = lines
	return nil
}

// sum fills in the amounts of an invoice from its lines and, until it is
// final, the customer's balance.
func (t *tx) sum(o, customer obj) {
	var sum int64
	for _, line := range o.objs("_lines") {
		sum += line.num("amount")
	}
	balance := customer.num("balance")
	due := max(sum+balance, 0)
	o["subtotal"], o["subtotal_excluding_tax"], o["total"], o["total_excluding_tax"] = sum, sum, sum, sum
	o["starting_balance"], o["amount_due"], o["amount_paid"], o["amount_remaining"] = balance, due, int64(0), due
	if percent := decimalText(o["_fee_percent"]); percent != "" && sum > 0 {
		o["application_fee_amount"] = min(percentOf(sum, percent), due)
	} else if sum > 0 && o.has("_fee_amount") {
		o["application_fee_amount"] = min(o.num("_fee_amount"), due)
	}
}

// decimalText writes a stored percentage back as exact text.
func decimalText(v any) string {
	if v == nil {
		return ""
	}
	return fmt.Sprint(v)
}

// finalize gives the invoice its number, takes the customer's balance into
// account and opens it. An invoice with nothing to pay is paid at once.
func (t *tx) finalize(inv obj) error {
	if t.preview {
		t.captured = inv
		return nil
	}
	customer, err := t.find("customer", inv.str("customer"))
	if err != nil {
		return err
	}
	t.sum(inv, customer)
	if err := t.applyBalance(inv, customer); err != nil {
		return err
	}
	inv["number"] = nextNumber(customer)
	if err := t.save(customer); err != nil {
		return err
	}
	t.open(inv)
	if inv.str("collection_method") == "send_invoice" {
		inv["due_date"] = t.now + max(inv.num("_days_until_due"), 0)*day
	}
	if inv.num("amount_due") > 0 {
		intent := t.newIntent(inv.num("amount_due"), inv.str("currency"), inv.str("customer"), inv["application_fee_amount"])
		intent["invoice"], intent["description"] = inv["id"], "Payment for Invoice"
		if err := t.create("payment_intent.created", intent); err != nil {
			return err
		}
		inv["payment_intent"] = intent["id"]
	}
	if err := t.save(inv); err != nil {
		return err
	}
	if err := t.emit("invoice.finalized", inv); err != nil {
		return err
	}
	if inv.num("amount_due") == 0 {
		return t.markPaid(inv, "")
	}
	return nil
}

// nextNumber takes the customer's next invoice number; the caller saves the customer.
func nextNumber(customer obj) string {
	n := customer.num("next_invoice_sequence")
	customer["next_invoice_sequence"] = n + 1
	return fmt.Sprintf("%s-%04d", customer.str("invoice_prefix"), n)
}

func (t *tx) open(inv obj) {
	inv["status"], inv["effective_at"], inv["_due"], inv["next_payment_attempt"] = "open", t.now, nil, nil
	inv.sub("status_transitions")["finalized_at"] = t.now
	inv["hosted_invoice_url"], inv["invoice_pdf"] = hosted("/i/"+inv.str("id")), hosted("/i/"+inv.str("id")+"/pdf")
}

// applyBalance uses the customer's credit, and turns a negative invoice into one.
func (t *tx) applyBalance(inv, customer obj) error {
	before := customer.num("balance")
	after := min(before+inv.num("total"), 0)
	if before > 0 {
		after = min(inv.num("total")+before, 0)
	}
	inv["ending_balance"] = after
	if after == before {
		return nil
	}
	if err := t.noteBalance(customer, after-before, after, "applied_to_invoice", inv["id"], nil); err != nil {
		return err
	}
	return t.change("customer.updated", customer, func() { customer["balance"] = after })
}

// noteBalance records one movement of a customer's balance.
func (t *tx) noteBalance(customer obj, amount, ending int64, kind string, invoice, description any) error {
	o := t.base("customer_balance_transaction", "cbtxn_")
	o["metadata"] = obj{}
	o["amount"], o["ending_balance"], o["type"], o["invoice"] = amount, ending, kind, invoice
	o["currency"], o["customer"], o["credit_note"], o["description"] = customer.or("currency", "usd"), customer["id"], nil, description
	return t.insert(o)
}

// markPaid closes an open invoice.
func (t *tx) markPaid(inv obj, charge string) error {
	inv["status"], inv["paid"], inv["next_payment_attempt"], inv["_due"] = "paid", true, nil, nil
	inv["attempted"], inv["auto_advance"], inv["charge"] = true, false, orNil(charge)
	if charge != "" {
		inv["attempt_count"] = inv.num("attempt_count") + 1
	}
	inv["amount_paid"], inv["amount_remaining"] = inv["amount_due"], int64(0)
	inv.sub("status_transitions")["paid_at"] = t.now
	if err := t.save(inv); err != nil {
		return err
	}
	for _, kind := range []string{"invoice.paid", "invoice.payment_succeeded"} {
		if err := t.emit(kind, inv); err != nil {
			return err
		}
	}
	return t.invoicePaid(inv)
}

// embedLines shows the first ten lines; the rest are paged.
func (t *tx) embedLines(o obj) error {
	lines, err := t.linesOf(o)
	if err != nil {
		return err
	}
	shown := lines[:min(len(lines), 10)]
	o["lines"] = listOf("/v1/invoices/"+o.str("id")+"/lines", shown, len(lines) > 10)
	return nil
}

func (t *tx) linesOf(inv obj) ([]any, error) {
	stored := inv.objs("_lines")
	out := make([]any, len(stored))
	for i, line := range stored {
		line = line.clone()
		line["invoice"] = inv["id"]
		if err := t.embedPrice(line); err != nil {
			return nil, err
		}
		out[i] = line
	}
	return out, nil
}
