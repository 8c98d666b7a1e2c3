package sandbox

// itemLine is the invoice line of a pending invoice item.
func itemLine(item obj) obj {
	line := obj{
		"id": newID("il_"), "object": "line_item", "amount": item["amount"], "amount_excluding_tax": item["amount"], "currency": item["currency"],
		"description": item["description"], "discount_amounts": []any{}, "discountable": item["discountable"], "discounts": []any{},
		"invoice_item": item["id"], "livemode": false, "metadata": item["metadata"], "period": item["period"], "price": item["price"],
		"proration": item["proration"], "proration_details": obj{"credited_items": nil}, "quantity": item["quantity"],
		"subscription": item["subscription"], "tax_amounts": []any{}, "tax_rates": []any{},
		"type": "invoiceitem", "unit_amount_excluding_tax": item["unit_amount_decimal"],
	}
	if item.has("subscription_item") {
		line["subscription_item"] = item["subscription_item"]
	}
	return line
}

// pendingItem makes an invoice item that waits for the next invoice.
func (t *tx) pendingItem(customer obj, currency string, amount, quantity int64, description string) obj {
	o := t.base("invoiceitem", "ii_")
	delete(o, "created")
	o["metadata"] = obj{}
	o["amount"], o["currency"], o["customer"], o["date"], o["description"] = amount, currency, customer["id"], t.now, orNil(description)
	o["discountable"], o["discounts"], o["invoice"], o["period"] = true, []any{}, nil, obj{"start": t.now, "end": t.now}
	o["price"], o["proration"], o["quantity"], o["subscription"], o["tax_rates"], o["test_clock"] = nil, false, quantity, nil, []any{}, customer["test_clock"]
	o["unit_amount"], o["unit_amount_decimal"] = nil, nil
	return o
}

var invoiceItemFields = fields{
	"amount": integer(), "unit_amount": integer(), "unit_amount_decimal": decimal(), "quantity": count(), "description": text().clearable(),
	"discountable": yesNo(), "metadata": metadata(), "price": text(), "period": hash(fields{"start": count().need(), "end": count().need()}),
	"price_data":   hash(fields{"currency": text().need(), "product": text().need(), "unit_amount": integer(), "unit_amount_decimal": decimal(), "tax_behavior": text()}),
	"tax_behavior": text(), "tax_code": text(),
}

var createInvoiceItem = operation{
	params: invoiceItemFields.plus(fields{"customer": text().need(), "currency": text(), "invoice": text(), "subscription": text()}),
	run: func(t *tx) (obj, error) {
		customer, err := t.needParam("customer", t.params.str("customer"), "customer")
		if err != nil {
			return nil, err
		}
		if err := t.follow(customer); err != nil {
			return nil, err
		}
		currency := t.params.str("currency")
		quantity := t.params.or("quantity", int64(1)).(int64)
		o := t.pendingItem(customer, currency, 0, quantity, "")
		o.mergeMetadata(t.params)
		o.take(t.params, "description", "discountable", "period")
		if err := t.priceItem(o); err != nil {
			return nil, err
		}
		if err := t.fixCurrency(customer, o.str("currency")); err != nil {
			return nil, err
		}
		if id := t.params.str("subscription"); id != "" {
			if _, err := t.needParam("subscription", id, "subscription"); err != nil {
				return nil, err
			}
			o["subscription"] = id
		}
		if err := t.create("invoiceitem.created", o); err != nil {
			return nil, err
		}
		return o, t.ontoDraft(o, customer)
	},
}

// priceItem works out the amount of an invoice item.
func (t *tx) priceItem(o obj) error {
	p, quantity := t.params, o.num("quantity")
	switch {
	case p.has("price"):
		price, err := t.needParam("price", p.str("price"), "price")
		if err != nil {
			return err
		}
		if price.str("type") != "one_time" {
			return badRequest("", "price", "The price specified is set to `type=recurring` but this field only accepts prices with `type=one_time`.")
		}
		o["price"], o["currency"], o["unit_amount"], o["unit_amount_decimal"] = price["id"], price["currency"], price["unit_amount"], price["unit_amount_decimal"]
		o["amount"] = total(price, quantity)
		product, err := t.find("product", price.str("product"))
		if err == nil && !o.has("description") {
			o["description"] = product["name"]
		}
		return err
	case p.has("price_data"):
		price, err := t.newPrice(p.sub("price_data"), p.sub("price_data").str("product"))
		if err != nil {
			return err
		}
		o["price"], o["currency"], o["amount"] = price["id"], price["currency"], total(price, quantity)
		o["unit_amount"], o["unit_amount_decimal"] = price["unit_amount"], price["unit_amount_decimal"]
		return nil
	}
	if !p.has("currency") {
		return missingParam("currency")
	}
	if err := checkCurrency(p); err != nil {
		return err
	}
	o["currency"] = p["currency"]
	switch {
	case p.has("amount"):
		o["amount"], o["unit_amount"] = p["amount"], p["amount"]
		o["quantity"] = int64(1)
	case p.has("unit_amount"):
		o["amount"], o["unit_amount"] = p.num("unit_amount")*quantity, p["unit_amount"]
	case p.has("unit_amount_decimal"):
		o["amount"], o["unit_amount_decimal"] = halfUp(times(p.str("unit_amount_decimal"), quantity)), p["unit_amount_decimal"]
	default:
		return missingParam("amount")
	}
	if o.has("unit_amount") {
		o["unit_amount_decimal"] = decimalText(o["unit_amount"])
	}
	return nil
}

// ontoDraft adds an item to the draft invoice that the request names.
func (t *tx) ontoDraft(item, customer obj) error {
	id := t.params.str("invoice")
	if id == "" {
		return nil
	}
	inv, err := t.needParam("invoice", id, "invoice")
	if err != nil {
		return err
	}
	if inv.str("status") != "draft" {
		return badRequest("invoice_not_editable", "invoice", "The invoice %s is no longer editable.", id)
	}
	item["invoice"] = id
	if err := t.save(item); err != nil {
		return err
	}
	return t.change("invoice.updated", inv, func() {
		lines, _ := inv["_lines"].([]any)
		inv["_lines"] = append(lines, itemLine(item))
		if len(lines) == 0 {
			inv["currency"] = item["currency"]
		}
		t.sum(inv, customer)
	})
}

var deleteInvoiceItem = operation{params: fields{}, run: func(t *tx) (obj, error) {
	o, err := t.need("invoiceitem", t.id)
	if err != nil {
		return nil, err
	}
	if o.has("invoice") {
		return nil, badRequest("", "id", "Can't delete an invoice item that is attached to an invoice.")
	}
	if err := t.emit("invoiceitem.deleted", o); err != nil {
		return nil, err
	}
	return obj{"id": o["id"], "object": "invoiceitem", "deleted": true}, t.remove(o)
}}

var updateInvoiceItem = operation{params: invoiceItemFields, run: func(t *tx) (obj, error) {
	o, err := t.need("invoiceitem", t.id)
	if err != nil {
		return nil, err
	}
	if o.has("invoice") {
		return nil, badRequest("invoice_not_editable", "id", "This invoice item belongs to an invoice and can no longer be edited.")
	}
	o.mergeMetadata(t.params)
	o.take(t.params, "description", "discountable", "period", "quantity")
	if t.params.has("amount") || t.params.has("unit_amount") || t.params.has("price") {
		t.params["currency"] = o["currency"]
		if err := t.priceItem(o); err != nil {
			return nil, err
		}
	}
	return o, t.save(o)
}}

var listInvoiceItems = operation{
	params: listParams(fields{"customer": text(), "invoice": text(), "pending": yesNo()}),
	run: func(t *tx) (obj, error) {
		filters := t.where(map[string]string{"customer": "customer=?", "invoice": jsonPath("invoice")})
		if t.params.given("pending") {
			filters = append(filters, filter{"(json_extract(body,'$.invoice') IS NULL)=?", t.params.flag("pending")})
		}
		return t.page("invoiceitem", "/v1/invoiceitems", filters...)
	},
}
