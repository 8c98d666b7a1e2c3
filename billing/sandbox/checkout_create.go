package sandbox

import (
	"net/url"
	"slices"
	"strconv"
)

var sessionPrice = hash(priceDataFields.plus(fields{"product": text(), "product_data": hash(fields{"name": text().need(), "description": text(), "images": list(text()), "metadata": metadata(), "tax_code": text()})}))

var createSession = operation{
	params: fields{
		"mode": word("payment", "subscription", "setup").need(), "success_url": text(), "cancel_url": text(), "client_reference_id": text(),
		"line_items": list(hash(fields{
			"price": text(), "price_data": sessionPrice, "quantity": between(1, 999_999), "tax_rates": loose(), "dynamic_tax_rates": loose(),
			"adjustable_quantity": hash(fields{"enabled": yesNo(), "minimum": count(), "maximum": count()}),
		})).atMost(20),
		"customer": text(), "customer_email": text(), "customer_creation": word("always", "if_required"), "customer_update": hash(fields{"address": text(), "name": text(), "shipping": text()}),
		"subscription_data": hash(fields{
			"trial_period_days": between(1, 730), "trial_end": count(), "metadata": metadata(), "application_fee_percent": decimal(), "description": text(),
			"trial_settings":    hash(fields{"end_behavior": hash(fields{"missing_payment_method": word("cancel", "create_invoice", "pause")})}),
			"default_tax_rates": loose(), "invoice_settings": loose(), "on_behalf_of": text(), "transfer_data": loose(), "billing_cycle_anchor": count(), "proration_behavior": text(),
		}),
		"payment_intent_data": hash(fields{
			"application_fee_amount": count(), "metadata": metadata(), "description": text(), "receipt_email": text(), "setup_future_usage": word("off_session", "on_session"),
			"capture_method": text(), "on_behalf_of": text(), "transfer_data": loose(), "statement_descriptor": text(), "statement_descriptor_suffix": text(), "shipping": loose(), "transfer_group": text(),
		}),
		"setup_intent_data": loose(), "invoice_creation": hash(fields{"enabled": yesNo().need(), "invoice_data": hash(fields{"metadata": metadata(), "description": text(), "footer": text(), "account_tax_ids": loose(), "custom_fields": loose(), "issuer": loose(), "rendering_options": loose()})}),
		"expires_at": count(), "automatic_tax": hash(fields{"enabled": yesNo().need(), "liability": loose()}), "tax_id_collection": hash(fields{"enabled": yesNo().need()}),
		"locale": text(), "currency": text(), "allow_promotion_codes": yesNo(), "billing_address_collection": word("auto", "required"), "payment_method_collection": word("always", "if_required"),
		"payment_method_types": list(text()), "payment_method_options": loose(), "phone_number_collection": hash(fields{"enabled": yesNo().need()}), "submit_type": word("auto", "book", "donate", "pay"),
		"metadata": metadata(), "consent_collection": loose(), "custom_text": loose(), "custom_fields": loose(), "discounts": loose(), "ui_mode": word("hosted"),
		"after_expiration": loose(), "payment_method_configuration": text(), "shipping_address_collection": loose(), "shipping_options": loose(), "redirect_on_completion": text(), "return_url": text(),
	},
	run: func(t *tx) (obj, error) {
		if err := t.checkSession(); err != nil {
			return nil, err
		}
		o := t.newSession()
		customer, err := t.sessionCustomer(o)
		if err != nil {
			return nil, err
		}
		if err := t.sessionExpiry(o); err != nil {
			return nil, err
		}
		lines, err := t.sessionLines(o)
		if err != nil {
			return nil, err
		}
		o["_lines"] = lines
		if err := t.sumSession(o); err != nil {
			return nil, err
		}
		if customer != nil && customer.has("currency") && o.has("currency") && o["mode"] == "subscription" {
			if err := t.fixCurrency(customer, o.str("currency")); err != nil {
				return nil, err
			}
		}
		return o, t.insert(o)
	},
}

// checkSession refuses combinations that Stripe refuses.
func (t *tx) checkSession() error {
	p := t.params
	for _, key := range []string{"success_url", "cancel_url"} {
		if !p.has(key) {
			continue
		}
		if u, err := url.Parse(p.str(key)); err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") {
			return badRequest("url_invalid", key, "Not a valid URL")
		}
	}
	if !p.has("success_url") {
		return missingParam("success_url")
	}
	mode := p.str("mode")
	if mode != "setup" && len(p.objs("line_items")) == 0 {
		return missingParam("line_items")
	}
	if p.has("customer") && p.has("customer_email") {
		return badRequest("", "customer_email", "You may only specify one of these parameters: customer, customer_email.")
	}
	only := map[string]string{"subscription_data": "subscription", "payment_intent_data": "payment", "invoice_creation": "payment", "payment_method_collection": "subscription", "customer_creation": "payment", "setup_intent_data": "setup"}
	for key, wanted := range only {
		if p.has(key) && mode != wanted {
			return badRequest("", key, "You can not pass `%s` in `%s` mode.", key, mode)
		}
	}
	if p.has("customer_update") && !p.has("customer") {
		return badRequest("", "customer_update", "`customer_update` can only be used with `customer`.")
	}
	if p.sub("tax_id_collection").flag("enabled") && p.has("customer") && p.sub("customer_update").str("name") != "auto" {
		return badRequest("", "customer_update", "Tax ID collection requires updating business name on the customer. To enable tax ID collection for an existing customer, please set `customer_update[name]` to `auto`.")
	}
	data := p.sub("subscription_data")
	if data.has("application_fee_percent") && t.account == "" || p.sub("payment_intent_data").has("application_fee_amount") && t.account == "" {
		return badRequest("", "application_fee_percent", "Can only apply an application fee when the request is made on behalf of another account (using an OAuth key or the Stripe-Account header).")
	}
	if data.has("application_fee_percent") {
		if _, err := feePercent(data.str("application_fee_percent")); err != nil {
			return err
		}
	}
	if data.has("trial_period_days") && data.has("trial_end") {
		return badRequest("", "subscription_data[trial_end]", "You may only specify one of these parameters: trial_period_days, trial_end.")
	}
	if end := data.num("trial_end"); end != 0 && end < t.now+2*day {
		return badRequest("", "subscription_data[trial_end]", "The `trial_end` date has to be at least 2 days in the future.")
	}
	return nil
}

func (t *tx) newSession() obj {
	o := t.base("checkout.session", "cs_test_")
	for _, k := range []string{
		"after_expiration", "amount_subtotal", "amount_total", "billing_address_collection", "cancel_url", "client_reference_id", "client_secret", "consent", "consent_collection",
		"currency", "currency_conversion", "customer", "customer_creation", "customer_details", "customer_email", "invoice", "invoice_creation", "locale",
		"payment_intent", "payment_link", "payment_method_configuration_details", "recovered_from", "setup_intent", "shipping_address_collection", "shipping_cost", "shipping_details",
		"submit_type", "subscription", "success_url",
	} {
		o[k] = nil
	}
	p := t.params
	o["allow_promotion_codes"], o["custom_fields"], o["shipping_options"] = nil, []any{}, []any{}
	o["custom_text"] = obj{"after_submit": nil, "shipping_address": nil, "submit": nil, "terms_of_service_acceptance": nil}
	o["mode"], o["payment_status"], o["status"], o["ui_mode"] = p["mode"], "unpaid", "open", "hosted"
	o["payment_method_types"], o["payment_method_options"] = []any{"card"}, obj{}
	o["automatic_tax"] = obj{"enabled": p.sub("automatic_tax").flag("enabled"), "liability": nil, "status": nil}
	o["phone_number_collection"] = obj{"enabled": p.sub("phone_number_collection").flag("enabled")}
	o["tax_id_collection"] = obj{"enabled": p.sub("tax_id_collection").flag("enabled")}
	o["payment_method_collection"] = p.or("payment_method_collection", "always")
	o["total_details"] = obj{"amount_discount": int64(0), "amount_shipping": int64(0), "amount_tax": int64(0)}
	o.take(p, "success_url", "cancel_url", "client_reference_id", "customer_email", "locale", "allow_promotion_codes", "billing_address_collection", "submit_type", "customer_creation")
	if o["mode"] == "payment" {
		o["invoice_creation"] = obj{
			"enabled":      p.sub("invoice_creation").flag("enabled"),
			"invoice_data": obj{"account_tax_ids": nil, "custom_fields": nil, "description": p.sub("invoice_creation").sub("invoice_data")["description"], "footer": nil, "issuer": nil, "metadata": p.sub("invoice_creation").sub("invoice_data").or("metadata", obj{}), "rendering_options": nil},
		}
		o["customer_creation"] = p.or("customer_creation", "if_required")
	}
	o["_subscription"], o["_payment"] = p.or("subscription_data", obj{}), p.or("payment_intent_data", obj{})
	o["url"] = hosted("/c/pay/" + o.str("id"))
	return o
}

func (t *tx) sessionCustomer(o obj) (obj, error) {
	id := t.params.str("customer")
	if id == "" {
		return nil, nil //nolint:nilnil // the page makes a customer later
	}
	customer, err := t.needParam("customer", id, "customer")
	if err != nil {
		return nil, err
	}
	o["customer"] = id
	o["customer_details"] = obj{"address": nil, "email": customer["email"], "name": nil, "phone": nil, "tax_exempt": "none", "tax_ids": nil}
	return customer, nil
}

func (t *tx) sessionExpiry(o obj) error {
	o["expires_at"] = t.now + day
	if t.params.has("expires_at") {
		at := t.params.num("expires_at")
		if at < t.now+30*60-60 || at > t.now+day+60 {
			return badRequest("", "expires_at", "The `expires_at` timestamp must be between 30 minutes and 24 hours from Checkout Session creation.")
		}
		o["expires_at"] = at
	}
	o["_due"] = o["expires_at"]
	return nil
}

// sessionLines checks the line items and freezes what they cost.
func (t *tx) sessionLines(o obj) ([]any, error) {
	var out []any
	currency, recurring := "", 0
	for i, p := range t.params.objs("line_items") {
		name := "line_items[" + strconv.Itoa(i) + "]"
		if !p.has("quantity") {
			return nil, missingParam(name + "[quantity]")
		}
		price, err := t.sessionItemPrice(p, name)
		if err != nil {
			return nil, err
		}
		if currency == "" {
			currency = price.str("currency")
		}
		if price.str("currency") != currency {
			return nil, badRequest("", name, "All prices on a Checkout Session must have the same currency; got `%s` and `%s`.", currency, price.str("currency"))
		}
		if price.str("type") == "recurring" {
			recurring++
			if o.str("mode") == "payment" {
				return nil, badRequest("", "mode", "You specified `payment` mode but passed a recurring price. Either switch to `subscription` mode or use only one-time prices.")
			}
		}
		amount := total(price, p.num("quantity"))
		if amount > limitOf(currency) {
			return nil, badRequest("amount_too_large", name, "The Checkout Session's total amount must be no more than %s", money(limitOf(currency), currency))
		}
		description, err := t.productName(price)
		if err != nil {
			return nil, err
		}
		out = append(out, obj{
			"id": newID("li_"), "object": "item", "amount_discount": int64(0), "amount_subtotal": amount, "amount_tax": int64(0), "amount_total": amount,
			"currency": currency, "description": description, "price": price["id"], "quantity": p["quantity"],
		})
	}
	if o.str("mode") == "subscription" && recurring == 0 {
		return nil, badRequest("", "line_items", "You must provide at least one recurring price in `subscription` mode when using prices.")
	}
	if asked := t.params.str("currency"); asked != "" && currency != "" && asked != currency {
		return nil, badRequest("", "currency", "The price specified only supports `%s`. This doesn't match the expected currency: `%s`.", currency, asked)
	}
	o["currency"] = orNil(currency)
	return out, nil
}

func (t *tx) sessionItemPrice(p obj, name string) (obj, error) {
	data := p.sub("price_data")
	if data == nil {
		return t.orderedPrice(p, name)
	}
	product := data.str("product")
	if made := data.sub("product_data"); made != nil {
		inner := *t
		inner.params = made
		o, err := createProduct.run(&inner)
		if err != nil {
			return nil, err
		}
		product = o.str("id")
	}
	if _, err := t.needParam("product", product, name+"[price_data][product]"); err != nil {
		return nil, err
	}
	return t.newPrice(data, product)
}

// sumSession is what is due today: with a trial, only the one-time items.
func (t *tx) sumSession(o obj) error {
	if o.str("mode") == "setup" {
		o["payment_status"] = "no_payment_required"
		return nil
	}
	trial := o.sub("_subscription").has("trial_period_days") || o.sub("_subscription").has("trial_end")
	var sum int64
	for _, line := range o.objs("_lines") {
		price, err := t.find("price", line.str("price"))
		if err != nil {
			return err
		}
		if trial && price.str("type") == "recurring" {
			line["amount_subtotal"], line["amount_total"] = int64(0), int64(0)
		}
		sum += line.num("amount_total")
	}
	if fee := o.sub("_payment").num("application_fee_amount"); fee > sum {
		return badRequest("", "payment_intent_data[application_fee_amount]", "Your application fee (%d) cannot be larger than the amount (%d)", fee, sum)
	}
	o["amount_subtotal"], o["amount_total"] = sum, sum
	return nil
}

func (t *tx) embedSessionLines(o obj) error {
	lines, err := t.linesOfSession(o)
	if err != nil {
		return err
	}
	o["+line_items"] = listOf("/v1/checkout/sessions/"+o.str("id")+"/line_items", lines, false)
	return nil
}

func (t *tx) linesOfSession(o obj) ([]any, error) {
	stored := o.objs("_lines")
	out := make([]any, len(stored))
	for i, line := range stored {
		line = line.clone()
		if err := t.embedPrice(line); err != nil {
			return nil, err
		}
		out[i] = line
	}
	return out, nil
}

var listSessionLines = operation{params: pageParams, run: func(t *tx) (obj, error) {
	o, err := t.need("checkout.session", t.id)
	if err != nil {
		return nil, err
	}
	lines, err := t.linesOfSession(o)
	if err != nil {
		return nil, err
	}
	return t.pageOf("/v1/checkout/sessions/"+t.id+"/line_items", lines), nil
}}

var expireSession = operation{params: fields{}, run: func(t *tx) (obj, error) {
	o, err := t.need("checkout.session", t.id)
	if err != nil {
		return nil, err
	}
	if o.str("status") != "open" {
		return nil, badRequest("", "", "Only Checkout Sessions with a status in [\"open\"] can be expired. This Checkout Session has a status of `%s`.", o.str("status"))
	}
	return o, t.closeSession(o)
}}

func (t *tx) closeSession(o obj) error {
	o["status"], o["url"], o["_due"], o["_pending"] = "expired", nil, nil, nil
	if err := t.save(o); err != nil {
		return err
	}
	return t.emit("checkout.session.expired", o)
}

var listSessions = operation{
	params: listParams(fields{"customer": text(), "subscription": text(), "payment_intent": text(), "status": word("complete", "expired", "open"), "customer_details": hash(fields{"email": text()})}),
	run: func(t *tx) (obj, error) {
		filters := t.where(map[string]string{"customer": "customer=?", "subscription": "parent=?", "payment_intent": jsonPath("payment_intent"), "status": "status=?"})
		if email := t.params.sub("customer_details").str("email"); email != "" {
			filters = append(filters, filter{jsonPath("customer_details.email"), email})
		}
		return t.page("checkout.session", "/v1/checkout/sessions", slices.Clip(filters)...)
	},
}
