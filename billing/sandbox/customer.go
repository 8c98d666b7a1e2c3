package sandbox

import "strings"

var addressField = hash(fields{"city": text().clearable(), "country": text().clearable(), "line1": text().clearable(), "line2": text().clearable(), "postal_code": text().clearable(), "state": text().clearable()})

var customerFields = fields{
	"address": addressField.clearable(), "balance": integer(), "description": text().clearable(), "email": text().clearable(), "name": text().clearable(), "phone": text().clearable(),
	"invoice_prefix": text(), "next_invoice_sequence": count(), "metadata": metadata(), "preferred_locales": list(text()),
	"shipping": hash(fields{"address": addressField, "name": text(), "phone": text()}).clearable(), "tax_exempt": word("exempt", "none", "reverse"), "tax": loose(),
	"invoice_settings": hash(fields{"default_payment_method": text().clearable(), "footer": text().clearable(), "custom_fields": loose(), "rendering_options": loose()}),
}

var createCustomer = operation{
	params: customerFields.plus(fields{"test_clock": text(), "payment_method": text(), "tax_id_data": list(hash(fields{"type": text(), "value": text()}))}),
	run: func(t *tx) (obj, error) {
		if id := t.params.str("test_clock"); id != "" {
			clock, err := t.needParam("test_helpers.test_clock", id, "test_clock")
			if err != nil {
				return nil, err
			}
			t.now = clock.num("frozen_time")
		}
		o, err := t.newCustomer(t.params)
		if err != nil {
			return nil, err
		}
		if pm := t.params.str("payment_method"); pm != "" {
			if _, err := t.attach(pm, o, "payment_method"); err != nil {
				return nil, err
			}
		}
		return o, nil
	},
}

func (t *tx) newCustomer(params obj) (obj, error) {
	o := t.base("customer", "cus_")
	for _, k := range []string{"address", "currency", "default_source", "description", "discount", "email", "name", "phone", "shipping", "test_clock"} {
		o[k] = nil
	}
	o["balance"], o["delinquent"], o["tax_exempt"], o["preferred_locales"] = int64(0), false, "none", []any{}
	o["invoice_prefix"], o["next_invoice_sequence"] = strings.ToUpper(randomText(8)), int64(1)
	o["invoice_settings"] = obj{"custom_fields": nil, "default_payment_method": nil, "footer": nil, "rendering_options": nil}
	o["test_clock"] = params["test_clock"]
	if err := t.fillCustomer(o, params); err != nil {
		return nil, err
	}
	return o, t.create("customer.created", o)
}

func (t *tx) fillCustomer(o, params obj) error {
	if email := params.str("email"); email != "" && !strings.Contains(email, "@") {
		return badRequest("email_invalid", "email", "Invalid email address: %s", email)
	}
	o.take(params, "balance", "description", "email", "name", "phone", "invoice_prefix", "next_invoice_sequence", "preferred_locales", "tax_exempt")
	if params.given("address") {
		o["address"] = fullAddress(params.sub("address"))
	}
	if s := params.sub("shipping"); s != nil || params.given("shipping") {
		o["shipping"] = nil
		if s != nil {
			o["shipping"] = obj{"address": fullAddress(s.sub("address")), "name": s.or("name", ""), "phone": s["phone"]}
		}
	}
	settings := params.sub("invoice_settings")
	if pm := settings.str("default_payment_method"); pm != "" {
		found, err := t.needParam("payment_method", pm, "invoice_settings[default_payment_method]")
		if err != nil {
			return err
		}
		if found.str("customer") != o.str("id") {
			return badRequest("", "invoice_settings[default_payment_method]", "The customer does not have a payment method with the ID %s. The payment method must be attached to the customer.", pm)
		}
	}
	o.sub("invoice_settings").take(settings, "default_payment_method", "footer", "custom_fields", "rendering_options")
	return nil
}

func fullAddress(a obj) any {
	if a == nil {
		return nil
	}
	out := obj{}
	for _, k := range []string{"city", "country", "line1", "line2", "postal_code", "state"} {
		out[k] = a[k]
	}
	return out
}

var updateCustomer = operation{
	params: customerFields,
	run: func(t *tx) (obj, error) {
		o, err := t.need("customer", t.id)
		if err != nil {
			return nil, err
		}
		if err := t.follow(o); err != nil {
			return nil, err
		}
		var failed error
		err = t.change("customer.updated", o, func() {
			failed = t.fillCustomer(o, t.params)
			o.mergeMetadata(t.params)
		})
		if failed != nil {
			return nil, failed
		}
		return o, err
	},
}

var deleteCustomer = operation{params: fields{}, run: func(t *tx) (obj, error) {
	o, err := t.need("customer", t.id)
	if err != nil {
		return nil, err
	}
	if err := t.follow(o); err != nil {
		return nil, err
	}
	subs, err := t.all("subscription", "customer=? AND status NOT IN ('canceled','incomplete_expired')", t.id)
	if err != nil {
		return nil, err
	}
	for _, sub := range subs {
		if err := t.endSubscription(sub, ""); err != nil {
			return nil, err
		}
	}
	if err := t.emit("customer.deleted", o); err != nil {
		return nil, err
	}
	return obj{"id": o["id"], "object": "customer", "deleted": true}, t.remove(o)
}}

var listCustomers = listing("customer", "/v1/customers",
	map[string]string{"email": jsonPath("email"), "test_clock": "clock=?"}, fields{"email": text(), "test_clock": text()})

func (t *tx) embedCustomerLists(o obj) error {
	id := o.str("id")
	subs, err := t.all("subscription", "customer=? AND status NOT IN ('canceled','incomplete_expired')", id)
	if err != nil {
		return err
	}
	full := make([]any, len(subs))
	for i, sub := range subs {
		if full[i], err = t.hydrate(sub); err != nil {
			return err
		}
	}
	o["+subscriptions"] = listOf("/v1/customers/"+id+"/subscriptions", full, false)
	o["+sources"] = listOf("/v1/customers/"+id+"/sources", nil, false)
	o["+tax_ids"] = listOf("/v1/customers/"+id+"/tax_ids", nil, false)
	return nil
}

// follow sets the time of this unit of work to the test clock of a customer or
// of anything that belongs to one.
func (t *tx) follow(o obj) error {
	id := o.str("test_clock")
	if id == "" {
		return nil
	}
	clock, err := t.find("test_helpers.test_clock", id)
	if err != nil {
		return err
	}
	t.now = clock.num("frozen_time")
	return nil
}

// fixCurrency binds a customer to its first currency, as Stripe does.
func (t *tx) fixCurrency(customer obj, currency string) error {
	switch customer.str("currency") {
	case currency:
		return nil
	case "":
		return t.change("customer.updated", customer, func() { customer["currency"] = currency })
	default:
		return badRequest("", "currency", "You cannot combine currencies on a single customer. This customer has an active subscription, subscription schedule, discount, quote, or invoice item with currency %s.", customer.str("currency"))
	}
}
