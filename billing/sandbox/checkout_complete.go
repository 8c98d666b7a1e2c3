package sandbox

// purchase is a filled-in checkout form whose fields have passed their checks.
type purchase struct {
	Email string
	Name  string
	Card  *typedCard // nil where no card is asked for
}

type typedCard struct {
	Number      string
	Month, Year int
}

// complete turns an open session into what was bought, all in the running
// transaction. A decline is returned, and the caller undoes everything.
func (t *tx) complete(o obj, p purchase, authenticated bool) (*apiError, error) {
	customer, err := t.buyer(o, p)
	if err != nil {
		return nil, err
	}
	if customer != nil {
		if err := t.follow(customer); err != nil {
			return nil, err
		}
	}
	pay := paying{onSession: true, authenticated: authenticated}
	if p.Card != nil {
		if pay.card, err = t.typed(o, p, customer); err != nil {
			return nil, err
		}
	}
	o["customer_details"] = obj{"address": obj{"city": nil, "country": "PL", "line1": nil, "line2": nil, "postal_code": nil, "state": nil}, "email": p.Email, "name": orNil(p.Name), "phone": nil, "tax_exempt": "none", "tax_ids": []any{}}
	var decline *apiError
	switch o.str("mode") {
	case "subscription":
		decline, err = t.buySubscription(o, customer, pay)
	case "payment":
		decline, err = t.buyOnce(o, customer, pay)
	default:
		err = t.saveCard(o, customer, pay)
	}
	if err != nil || decline != nil {
		return decline, err
	}
	o["status"], o["url"], o["_due"], o["_pending"] = "complete", nil, nil, nil
	if o.sub("automatic_tax").flag("enabled") {
		o.sub("automatic_tax")["status"] = "complete"
	}
	if err := t.save(o); err != nil {
		return nil, err
	}
	return nil, t.emit("checkout.session.completed", o)
}

// buyer is the customer of the session: the given one, or a new one where the
// purchase needs one.
func (t *tx) buyer(o obj, p purchase) (obj, error) {
	if id := o.str("customer"); id != "" {
		customer, err := t.needParam("customer", id, "customer")
		if err == nil && !customer.has("email") {
			err = t.change("customer.updated", customer, func() { customer["email"] = p.Email })
		}
		return customer, err
	}
	if o.str("mode") == "payment" && o.str("customer_creation") != "always" && !o.sub("invoice_creation").flag("enabled") {
		return nil, nil //nolint:nilnil // a guest
	}
	t.params = obj{}
	customer, err := t.newCustomer(obj{"email": p.Email, "name": orNil(p.Name), "preferred_locales": []any{}})
	if err != nil {
		return nil, err
	}
	o["customer"] = customer["id"]
	return customer, nil
}

func (t *tx) typed(o obj, p purchase, customer obj) (obj, error) {
	card, ok := cardByNumber(p.Card.Number)
	if !ok {
		card = testCard{number: p.Card.Number, brand: "visa", trait: cardDeclined, country: "US"}
	}
	t.params = obj{}
	pm := t.newCard(card, p.Card.Month, p.Card.Year, obj{"email": p.Email, "name": orNil(p.Name)})
	if err := t.insert(pm); err != nil {
		return nil, err
	}
	if customer == nil || o.str("mode") == "payment" && o.sub("_payment").str("setup_future_usage") == "" {
		return pm, nil
	}
	pm["customer"] = customer["id"]
	if err := t.save(pm); err != nil {
		return nil, err
	}
	return pm, t.emit("payment_method.attached", pm)
}

func (t *tx) buySubscription(o, customer obj, pay paying) (*apiError, error) {
	data := o.sub("_subscription")
	settings := obj{"metadata": data.or("metadata", obj{})}
	settings.take(data, "application_fee_percent", "description", "trial_settings")
	settings["automatic_tax"] = obj{"enabled": o.sub("automatic_tax").flag("enabled")}
	order := order{customer: customer, settings: settings, trialEnd: data.num("trial_end"), anchor: data.num("billing_cycle_anchor"), paying: pay}
	if n := data.num("trial_period_days"); n > 0 {
		order.trialEnd = t.now + n*day
	}
	if pay.card != nil {
		if decline := declineOf(pay.card, true); decline != nil {
			return decline, nil // a trial checks the card, too
		}
		settings["default_payment_method"] = pay.card["id"]
	}
	for _, line := range o.objs("_lines") {
		price, err := t.find("price", line.str("price"))
		if err != nil {
			return nil, err
		}
		item := ordered{price, line.num("quantity"), obj{}}
		if price.str("type") == "recurring" {
			order.recurring = append(order.recurring, item)
		} else {
			order.once = append(order.once, item)
		}
	}
	sub, decline, err := t.startSubscription(order)
	if err != nil || decline != nil {
		return decline, err
	}
	o["subscription"], o["invoice"], o["payment_status"] = sub["id"], sub["latest_invoice"], "paid"
	if o.num("amount_total") == 0 && pay.card == nil {
		o["payment_status"] = "no_payment_required"
	}
	return nil, nil
}

func (t *tx) buyOnce(o, customer obj, pay paying) (*apiError, error) {
	amount := o.num("amount_total")
	if amount > 0 {
		data := o.sub("_payment")
		intent := t.newIntent(amount, o.str("currency"), o.str("customer"), data["application_fee_amount"])
		intent.mergeMetadata(obj{"metadata": data.or("metadata", obj{})})
		intent.take(data, "description", "receipt_email", "setup_future_usage")
		if err := t.create("payment_intent.created", intent); err != nil {
			return nil, err
		}
		decline, err := t.charge(intent, pay)
		if err != nil || decline != nil {
			return decline, err
		}
		o["payment_intent"], o["payment_status"] = intent["id"], "paid"
	} else {
		o["payment_status"] = "no_payment_required"
	}
	if !o.sub("invoice_creation").flag("enabled") || customer == nil {
		return nil, nil
	}
	return nil, t.invoicePurchase(o, customer)
}

// invoicePurchase documents a one-time purchase that is already paid.
func (t *tx) invoicePurchase(o, customer obj) error {
	if !customer.has("currency") {
		customer["currency"] = o["currency"]
		if err := t.save(customer); err != nil {
			return err
		}
	}
	var lines []any
	for _, line := range o.objs("_lines") {
		price, err := t.find("price", line.str("price"))
		if err != nil {
			return err
		}
		s := seat{obj{"id": nil}, price}
		l := t.line(obj{"id": nil, "currency": o["currency"], "metadata": obj{}}, s, line.num("amount_total"), line.num("quantity"), line.str("description"), t.now, t.now)
		l["type"] = "invoiceitem"
		delete(l, "subscription_item")
		lines = append(lines, l)
	}
	inv, err := t.newInvoice(draft{customer: customer, reason: "manual", lines: lines, start: t.now, end: t.now})
	if err != nil {
		return err
	}
	inv["currency"], inv["application_fee_amount"] = o["currency"], o.sub("_payment")["application_fee_amount"]
	inv["_fee_amount"] = inv["application_fee_amount"]
	inv["metadata"] = o.sub("invoice_creation").sub("invoice_data").or("metadata", obj{})
	o["invoice"] = inv["id"]
	return t.settleWith(inv, o.str("payment_intent"))
}

// settleWith finalizes an invoice as paid by an intent that has succeeded.
func (t *tx) settleWith(inv obj, intentID string) error {
	if intentID == "" {
		return t.finalize(inv)
	}
	intent, err := t.find("payment_intent", intentID)
	if err != nil {
		return err
	}
	intent["invoice"] = inv["id"]
	if err := t.save(intent); err != nil {
		return err
	}
	ch, err := t.find("charge", intent.str("latest_charge"))
	if err != nil {
		return err
	}
	ch["invoice"] = inv["id"]
	if err := t.save(ch); err != nil {
		return err
	}
	customer, err := t.find("customer", inv.str("customer"))
	if err != nil {
		return err
	}
	inv["number"], inv["payment_intent"] = nextNumber(customer), intentID
	if err := t.save(customer); err != nil {
		return err
	}
	t.open(inv)
	inv["starting_balance"], inv["ending_balance"], inv["amount_due"], inv["amount_remaining"] = int64(0), int64(0), inv["total"], inv["total"]
	if err := t.save(inv); err != nil {
		return err
	}
	if err := t.emit("invoice.finalized", inv); err != nil {
		return err
	}
	return t.markPaid(inv, ch.str("id"))
}

func (t *tx) saveCard(o, customer obj, pay paying) error {
	intent := t.base("setup_intent", "seti_")
	for _, k := range []string{
		"application", "automatic_payment_methods", "cancellation_reason", "description", "flow_directions", "last_setup_error", "latest_attempt", "mandate", "next_action",
		"on_behalf_of", "payment_method_configuration_details", "payment_method_options", "single_use_mandate",
	} {
		intent[k] = nil
	}
	intent["client_secret"], intent["customer"], intent["payment_method"] = intent.str("id")+"_secret_"+randomText(24), customer["id"], pay.card["id"]
	intent["payment_method_types"], intent["status"], intent["usage"] = []any{"card"}, "succeeded", "off_session"
	o["setup_intent"] = intent["id"]
	return t.create("setup_intent.succeeded", intent)
}
