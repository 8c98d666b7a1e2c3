package sandbox

import (
	"errors"
	"strconv"
)

var itemField = hash(fields{
	"price": text(), "quantity": between(0, 1_000_000), "metadata": metadata(), "price_data": inlinePrice, "tax_rates": loose(), "billing_thresholds": loose(),
})

var inlinePrice = hash(priceDataFields.plus(fields{"product": text().need()}))

var extraItemField = hash(fields{"price": text(), "quantity": between(1, 1_000_000), "price_data": inlinePrice, "tax_rates": loose()})

// subscriptionFields are the settings that creation and update share.
var subscriptionFields = fields{
	"application_fee_percent": decimal().clearable(), "automatic_tax": hash(fields{"enabled": yesNo(), "liability": loose()}), "cancel_at": count().clearable(),
	"cancel_at_period_end": yesNo(), "collection_method": word("charge_automatically", "send_invoice"), "days_until_due": count(),
	"default_payment_method": text().clearable(), "default_tax_rates": loose(), "description": text().clearable(), "metadata": metadata(), "off_session": yesNo(),
	"payment_behavior": word("allow_incomplete", "default_incomplete", "error_if_incomplete", "pending_if_incomplete"),
	"payment_settings": loose(), "proration_behavior": word("always_invoice", "create_prorations", "none"), "trial_settings": hash(fields{"end_behavior": hash(fields{"missing_payment_method": word("cancel", "create_invoice", "pause")})}),
	"on_behalf_of": text().clearable(), "transfer_data": loose(), "trial_end": moment("now"), "trial_from_plan": yesNo(), "billing_thresholds": loose(),
	"invoice_settings": loose(), "add_invoice_items": list(extraItemField).atMost(20),
}

// ordered is a price that somebody wants, and how many.
type ordered struct {
	price    obj
	quantity int64
	params   obj
}

// order is everything that a new subscription begins with.
type order struct {
	customer  obj
	recurring []ordered
	once      []ordered
	settings  obj // the parameters of subscriptionFields that were sent
	trialEnd  int64
	anchor    int64
	paying    paying
	behavior  string
}

var createSubscription = operation{
	params: subscriptionFields.plus(fields{
		"customer": text().need(), "items": list(itemField).atMost(20).need(), "trial_period_days": between(1, 730), "billing_cycle_anchor": count(), "currency": text(),
	}),
	run: func(t *tx) (obj, error) {
		customer, err := t.needParam("customer", t.params.str("customer"), "customer")
		if err != nil {
			return nil, err
		}
		if err := t.follow(customer); err != nil {
			return nil, err
		}
		o := order{customer: customer, settings: t.params, behavior: t.params.or("payment_behavior", "allow_incomplete").(string)}
		if o.recurring, err = t.orderedItems("items"); err != nil {
			return nil, err
		}
		if o.once, err = t.orderedItems("add_invoice_items"); err != nil {
			return nil, err
		}
		if o.trialEnd, err = t.trialEnd(); err != nil {
			return nil, err
		}
		o.anchor, o.paying.canAsk = t.params.num("billing_cycle_anchor"), !t.params.flag("off_session")
		sub, decline, err := t.startSubscription(o)
		if err != nil {
			return nil, err
		}
		if decline != nil && o.behavior == "error_if_incomplete" {
			return nil, decline
		}
		return sub, nil
	},
}

// trialEnd reads the two ways to ask for a trial.
func (t *tx) trialEnd() (int64, error) {
	if n := t.params.num("trial_period_days"); n > 0 {
		return t.now + n*day, nil
	}
	end := t.params.num("trial_end")
	if t.params["trial_end"] == "now" || end == 0 {
		return 0, nil
	}
	if end <= t.now {
		return 0, badRequest("", "trial_end", "`trial_end` must be a future timestamp.")
	}
	return end, nil
}

func (t *tx) orderedItems(key string) ([]ordered, error) {
	var out []ordered
	for i, p := range t.params.objs(key) {
		name := key + "[" + strconv.Itoa(i) + "]"
		price, err := t.orderedPrice(p, name)
		if err != nil {
			return nil, err
		}
		out = append(out, ordered{price, p.or("quantity", int64(1)).(int64), p})
	}
	return out, nil
}

func (t *tx) orderedPrice(p obj, name string) (obj, error) {
	if data := p.sub("price_data"); data != nil {
		return t.newPrice(data, data.str("product"))
	}
	if !p.has("price") {
		return nil, missingParam(name + "[price]")
	}
	price, err := t.needParam("price", p.str("price"), name+"[price]")
	if err != nil {
		return nil, err
	}
	if !price.flag("active") {
		return nil, badRequest("", name+"[price]", "The price specified is inactive. This field only accepts active prices.")
	}
	return price, nil
}

// checkOrder refuses what Stripe cannot bill together.
func checkOrder(o order) *apiError {
	if len(o.recurring) == 0 {
		return missingParam("items")
	}
	first := o.recurring[0].price
	seen := map[string]bool{}
	for i, r := range o.recurring {
		name := "items[" + strconv.Itoa(i) + "][price]"
		if r.price.str("type") != "recurring" {
			return badRequest("", name, "The price specified is set to `type=one_time` but this field only accepts prices with `type=recurring`.")
		}
		if r.price.str("currency") != first.str("currency") {
			return badRequest("", name, "The price specified only supports `%s`. This doesn't match the expected currency: `%s`.", r.price.str("currency"), first.str("currency"))
		}
		if !sameInterval(r.price, first) {
			return badRequest("", name, "Currently, all prices in a subscription must have the same `recurring[interval]` and `recurring[interval_count]`.")
		}
		if seen[r.price.str("id")] {
			return badRequest("", name, "Cannot add multiple subscription items with the same plan: %s", r.price.str("id"))
		}
		seen[r.price.str("id")] = true
		if limit := limitOf(first.str("currency")); total(r.price, r.quantity) > limit {
			return badRequest("amount_too_large", name, "Amount must be no more than %s", money(limit, first.str("currency")))
		}
	}
	return nil
}

func sameInterval(a, b obj) bool {
	x, y := a.sub("recurring"), b.sub("recurring")
	return x.str("interval") == y.str("interval") && x.num("interval_count") == y.num("interval_count")
}

// startSubscription stores a subscription with its first invoice and collects it.
func (t *tx) startSubscription(o order) (sub obj, decline *apiError, err error) {
	if err := checkOrder(o); err != nil {
		return nil, nil, err
	}
	currency := o.recurring[0].price.str("currency")
	if err := t.fixCurrency(o.customer, currency); err != nil {
		return nil, nil, err
	}
	sub, err = t.newSubscription(o, currency)
	if err != nil {
		return nil, nil, err
	}
	if o.paying.card == nil {
		if o.paying.card, err = t.cardFor(o.customer, sub); err != nil {
			return nil, nil, err
		}
	}
	seats := make([]seat, len(o.recurring))
	for i, r := range o.recurring {
		seats[i] = seat{t.newItem(sub, r.price, r.quantity, r.params), r.price}
		if err := t.insert(seats[i].item); err != nil {
			return nil, nil, err
		}
	}
	if err := t.insert(sub); err != nil {
		return nil, nil, err
	}
	inv, err := t.firstInvoice(sub, seats, o)
	if err != nil {
		return nil, nil, err
	}
	decline, err = t.payFirst(sub, inv, o)
	return sub, decline, err
}

func (t *tx) newSubscription(o order, currency string) (obj, error) {
	sub := t.base("subscription", "sub_")
	for _, k := range []string{
		"application", "application_fee_percent", "billing_cycle_anchor_config", "billing_thresholds", "cancel_at", "canceled_at", "days_until_due", "default_payment_method",
		"default_source", "description", "discount", "ended_at", "latest_invoice", "next_pending_invoice_item_invoice", "on_behalf_of", "pause_collection",
		"pending_invoice_item_interval", "pending_setup_intent", "pending_update", "schedule", "transfer_data", "trial_end", "trial_start",
	} {
		sub[k] = nil
	}
	sub["automatic_tax"], sub["cancel_at_period_end"], sub["cancellation_details"] = obj{"enabled": false, "liability": nil}, false, obj{"comment": nil, "feedback": nil, "reason": nil}
	sub["collection_method"], sub["currency"], sub["customer"], sub["default_tax_rates"] = "charge_automatically", currency, o.customer["id"], []any{}
	sub["payment_settings"] = obj{"payment_method_options": nil, "payment_method_types": nil, "save_default_payment_method": "off"}
	sub["start_date"], sub["test_clock"], sub["status"] = t.now, o.customer["test_clock"], "active"
	sub["trial_settings"] = obj{"end_behavior": obj{"missing_payment_method": "create_invoice"}}
	if t.account != "" {
		sub["application"] = platformApplication
	}
	sub["billing_cycle_anchor"], sub["current_period_start"] = t.now, t.now
	if o.trialEnd > 0 {
		sub["status"], sub["trial_start"], sub["trial_end"], sub["billing_cycle_anchor"] = "trialing", t.now, o.trialEnd, o.trialEnd
		sub["_trial_notice"] = o.trialEnd-3*day <= t.now
	} else if o.anchor > 0 {
		if limit := nextBoundary(t.now, t.now, o.recurring[0].price.sub("recurring")); o.anchor <= t.now || o.anchor > limit {
			return nil, badRequest("", "billing_cycle_anchor", "billing_cycle_anchor must be in the future and no later than next natural billing date (%d) for plan", limit)
		}
		sub["billing_cycle_anchor"] = o.anchor
	}
	sub["current_period_end"] = nextBoundary(sub.num("billing_cycle_anchor"), t.now, o.recurring[0].price.sub("recurring"))
	if err := t.takeSettings(sub, o.settings); err != nil {
		return nil, err
	}
	sub.mergeMetadata(obj{"metadata": o.settings.or("metadata", obj{})})
	t.plotSub(sub)
	return sub, nil
}

// takeSettings copies the settings that were sent onto the subscription.
func (t *tx) takeSettings(sub, p obj) error {
	sub.take(p, "days_until_due", "description", "collection_method", "on_behalf_of", "transfer_data")
	if p.given("application_fee_percent") {
		if t.account == "" && p.has("application_fee_percent") {
			return badRequest("", "application_fee_percent", "Can only apply an application_fee_percent when the request is made on behalf of another account (using an OAuth key, the Stripe-Account header, or the destination parameter).")
		}
		fee, err := feePercent(p.str("application_fee_percent"))
		if err != nil {
			return err
		}
		sub["application_fee_percent"] = fee
	}
	if p.given("default_payment_method") {
		id := p.str("default_payment_method")
		if id != "" {
			customer, err := t.find("customer", sub.str("customer"))
			if err != nil {
				return err
			}
			pm, err := t.attach(id, customer, "default_payment_method")
			if err != nil {
				return err
			}
			id = pm.str("id")
		}
		sub["default_payment_method"] = orNil(id)
	}
	if tax := p.sub("automatic_tax"); tax != nil {
		sub["automatic_tax"] = obj{"enabled": tax.flag("enabled"), "liability": nil}
	}
	if trial := p.sub("trial_settings").sub("end_behavior"); trial != nil {
		sub["trial_settings"] = obj{"end_behavior": obj{"missing_payment_method": trial.or("missing_payment_method", "create_invoice")}}
	}
	if pay := p.sub("payment_settings"); pay != nil {
		sub.sub("payment_settings").take(pay, "payment_method_options", "payment_method_types", "save_default_payment_method")
	}
	return t.takeEnd(sub, p)
}

// takeEnd reads the two ways to end a subscription later, and their undoing.
func (t *tx) takeEnd(sub, p obj) error {
	if p.given("cancel_at_period_end") {
		on := p.flag("cancel_at_period_end")
		sub["cancel_at_period_end"], sub["cancel_at"], sub["canceled_at"] = on, nil, nil
		sub.sub("cancellation_details")["reason"] = nil
		if on {
			sub["cancel_at"], sub["canceled_at"] = sub["current_period_end"], t.now
			sub.sub("cancellation_details")["reason"] = "cancellation_requested"
		}
	}
	if p.given("cancel_at") {
		at := p.num("cancel_at")
		if at != 0 && at <= t.now {
			return badRequest("", "cancel_at", "`cancel_at` must be a future timestamp.")
		}
		sub["cancel_at"], sub["canceled_at"], sub["cancel_at_period_end"] = nil, nil, false
		if at != 0 {
			sub["cancel_at"], sub["canceled_at"] = at, t.now
		}
	}
	return nil
}

// feePercent checks a fee of at most two decimals and gives it as JSON number.
func feePercent(s string) (any, *apiError) {
	if s == "" {
		return nil, nil
	}
	f, err := strconv.ParseFloat(s, 64)
	hundredfold := times(s, 100)
	if err != nil || f < 0 || f > 100 || !hundredfold.IsInt() {
		return nil, badRequest("parameter_invalid_decimal", "application_fee_percent", "Invalid decimal: %s; must be between 0 and 100 with at most two decimals", s)
	}
	return f, nil
}

// firstInvoice is what is due at the start: a whole period, the part until a
// chosen anchor, or nothing during a trial.
func (t *tx) firstInvoice(sub obj, seats []seat, o order) (obj, error) {
	start, end := sub.num("current_period_start"), sub.num("current_period_end")
	lines, err := t.periodLines(sub, seats, start, end)
	if err != nil {
		return nil, err
	}
	if o.anchor > 0 && o.trialEnd == 0 {
		r := seats[0].price.sub("recurring")
		whole := step(o.anchor, r.str("interval"), -max(r.num("interval_count"), 1))
		for _, line := range asObjs(lines) {
			line["amount"], line["proration"] = prorate(line.num("amount"), whole, end, start), true
			if o.settings.str("proration_behavior") == "none" {
				line["amount"] = int64(0)
			}
			line["amount_excluding_tax"] = line["amount"]
		}
	}
	for _, once := range o.once {
		name, err := t.productName(once.price)
		if err != nil {
			return nil, err
		}
		item := t.pendingItem(o.customer, sub.str("currency"), total(once.price, once.quantity), once.quantity, name)
		item["price"], item["subscription"] = once.price["id"], sub["id"]
		item["unit_amount"], item["unit_amount_decimal"] = once.price["unit_amount"], once.price["unit_amount_decimal"]
		if err := t.create("invoiceitem.created", item); err != nil {
			return nil, err
		}
	}
	inv, err := t.newInvoice(draft{customer: o.customer, sub: sub, reason: "subscription_create", lines: lines, start: start, end: start, pending: true})
	if err != nil {
		return nil, err
	}
	sub["latest_invoice"] = inv["id"]
	return inv, nil
}

// payFirst collects the first invoice; the subscription is born with the status
// that the payment gives it, and only then announced.
func (t *tx) payFirst(sub, inv obj, o order) (*apiError, error) {
	manual := sub.str("collection_method") == "send_invoice"
	mustPay := inv.num("amount_due") > 0 && !manual
	if mustPay && o.paying.card == nil && o.behavior != "default_incomplete" && !t.preview {
		return nil, noCard()
	}
	final := sub.str("status")
	if mustPay {
		sub["status"] = "incomplete"
		t.plotSub(sub)
	}
	if err := t.save(sub); err != nil {
		return nil, err
	}
	if err := t.finalize(inv); err != nil || t.preview {
		return nil, err
	}
	var decline *apiError
	if inv.str("status") == "open" && mustPay && o.behavior != "default_incomplete" {
		var err error
		if decline, err = t.payBorn(inv, o.paying); err != nil {
			return nil, err
		}
	}
	if inv.str("status") == "paid" || manual {
		sub["status"] = final
	}
	t.plotSub(sub)
	if err := t.save(sub); err != nil {
		return nil, err
	}
	return decline, t.emit("customer.subscription.created", sub)
}

// payBorn pays without touching the subscription, whose status payFirst sets.
func (t *tx) payBorn(inv obj, p paying) (*apiError, error) {
	inv["_newborn"] = true
	decline, err := t.pay(inv, p)
	delete(inv, "_newborn")
	return decline, errors.Join(err, t.save(inv))
}
