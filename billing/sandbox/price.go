package sandbox

import "strconv"

var tierField = hash(fields{
	"up_to": moment("inf").need(), "unit_amount": count(), "unit_amount_decimal": decimal(), "flat_amount": count(), "flat_amount_decimal": decimal(),
})

var recurringField = hash(fields{
	"interval": word("day", "month", "week", "year").need(), "interval_count": between(1, 1095), "usage_type": word("licensed", "metered"),
	"aggregate_usage": text(),
})

// priceDataFields are shared by prices and by prices made in place.
var priceDataFields = fields{
	"currency": text().need(), "unit_amount": between(0, wideLimit), "unit_amount_decimal": decimal(), "recurring": recurringField,
	"tax_behavior": word("inclusive", "exclusive", "unspecified"), "currency_options": loose(), "metadata": metadata(),
}

var createPriceFields = priceDataFields.plus(fields{
	"active": yesNo(), "nickname": text().clearable(), "product": text(),
	"product_data":   hash(fields{"name": text().need(), "id": text(), "active": yesNo(), "metadata": metadata(), "statement_descriptor": text(), "tax_code": text(), "unit_label": text()}),
	"billing_scheme": word("per_unit", "tiered"), "tiers": list(tierField).atMost(100), "tiers_mode": word("graduated", "volume"),
	"lookup_key": text().clearable(), "transfer_lookup_key": yesNo(),
	"transform_quantity": hash(fields{"divide_by": between(1, amountLimit).need(), "round": word("up", "down").need()}),
	"custom_unit_amount": loose(),
})

var createPrice = operation{
	params: createPriceFields,
	run: func(t *tx) (obj, error) {
		product := t.params.str("product")
		if data := t.params.sub("product_data"); data != nil && product == "" {
			inner := *t
			inner.params = data
			made, err := createProduct.run(&inner)
			if err != nil {
				return nil, err
			}
			product = made.str("id")
		}
		if product == "" {
			return nil, missingParam("product")
		}
		if _, err := t.needParam("product", product, "product"); err != nil {
			return nil, err
		}
		return t.newPrice(t.params, product)
	},
}

func (t *tx) newPrice(params obj, product string) (obj, error) {
	if err := checkCurrency(params); err != nil {
		return nil, err
	}
	o := t.base("price", "price_")
	o.mergeMetadata(params)
	for _, k := range []string{"custom_unit_amount", "lookup_key", "nickname", "recurring", "tiers_mode", "transform_quantity", "unit_amount", "unit_amount_decimal"} {
		o[k] = nil
	}
	o["active"], o["billing_scheme"], o["tax_behavior"], o["type"], o["product"] = true, "per_unit", "unspecified", "one_time", product
	o.take(params, "active", "billing_scheme", "currency", "nickname", "tax_behavior", "tiers_mode", "transform_quantity")
	o["+currency_options"] = params.or("currency_options", obj{})
	if r := params.sub("recurring"); r != nil {
		o["type"] = "recurring"
		o["recurring"] = obj{
			"interval": r["interval"], "interval_count": r.or("interval_count", int64(1)), "usage_type": r.or("usage_type", "licensed"),
			"aggregate_usage": r["aggregate_usage"],
		}
	}
	if err := setAmounts(o, params); err != nil {
		return nil, err
	}
	if err := t.claimLookupKey(o, params); err != nil {
		return nil, err
	}
	return o, t.create("price.created", o)
}

func setAmounts(o, params obj) *apiError {
	if o.str("billing_scheme") == "tiered" {
		return setTiers(o, params)
	}
	if params.given("tiers") || params.given("tiers_mode") {
		return badRequest("", "tiers", "Tiers can only be specified with billing_scheme=tiered.")
	}
	switch {
	case params.has("unit_amount") && params.has("unit_amount_decimal"):
		return badRequest("parameter_unknown", "unit_amount", "You may only specify one of these parameters: unit_amount, unit_amount_decimal.")
	case params.num("unit_amount") > limitOf(o.str("currency")):
		return badRequest("parameter_invalid_integer", "unit_amount", "This value must be less than or equal to %d.", limitOf(o.str("currency")))
	case params.has("unit_amount"):
		o["unit_amount"], o["unit_amount_decimal"] = params["unit_amount"], strconv.FormatInt(params.num("unit_amount"), 10)
	case params.has("unit_amount_decimal"):
		return setDecimal(o, "unit_amount", params.str("unit_amount_decimal"))
	default:
		return badRequest("parameter_missing", "unit_amount", "Prices require an `unit_amount` or `unit_amount_decimal` parameter to be set.")
	}
	return nil
}

// setDecimal fills both forms of an amount; the integer one stays null for
// fractions of a minor unit.
func setDecimal(o obj, key, value string) *apiError {
	r := rational(value)
	if r.Sign() < 0 {
		return badRequest("parameter_invalid_integer", key+"_decimal", "Invalid non-negative decimal")
	}
	o[key], o[key+"_decimal"] = nil, value
	if r.IsInt() {
		o[key], o[key+"_decimal"] = r.Num().Int64(), r.Num().String()
	}
	return nil
}

func setTiers(o, params obj) *apiError {
	tiers := params.objs("tiers")
	if len(tiers) == 0 {
		return missingParam("tiers")
	}
	if !params.has("tiers_mode") {
		return missingParam("tiers_mode")
	}
	if o.str("type") != "recurring" {
		return badRequest("", "billing_scheme", "billing_scheme=tiered is only supported for recurring prices.")
	}
	if params.has("unit_amount") || params.has("unit_amount_decimal") {
		return badRequest("", "unit_amount", "You cannot specify unit_amount with billing_scheme=tiered.")
	}
	out := make([]any, len(tiers))
	below := int64(0)
	for i, tier := range tiers {
		shown, err := newTier(tier, i, i == len(tiers)-1, below)
		if err != nil {
			return err
		}
		below = shown.num("up_to")
		out[i] = shown
	}
	o["+tiers"] = out
	return nil
}

func newTier(tier obj, i int, last bool, below int64) (obj, *apiError) {
	name := "tiers[" + strconv.Itoa(i) + "]"
	out := obj{"up_to": nil, "unit_amount": nil, "unit_amount_decimal": nil, "flat_amount": nil, "flat_amount_decimal": nil}
	if tier.str("up_to") != "inf" {
		if last {
			return nil, badRequest("", name+"[up_to]", "The last tier must have `up_to` set to `inf`.")
		}
		if tier.num("up_to") <= below {
			return nil, badRequest("", name+"[up_to]", "Tiers must be sorted with strictly ascending `up_to` values.")
		}
		out["up_to"] = tier.num("up_to")
	} else if !last {
		return nil, badRequest("", name+"[up_to]", "Only the last tier may have `up_to` set to `inf`.")
	}
	for _, key := range []string{"unit_amount", "flat_amount"} {
		if tier.has(key) && tier.has(key+"_decimal") {
			return nil, badRequest("", name+"["+key+"]", "You may only specify one of these parameters: %s, %s_decimal.", key, key)
		}
		value := tier.str(key + "_decimal")
		if tier.has(key) {
			value = strconv.FormatInt(tier.num(key), 10)
		}
		if value == "" {
			continue
		}
		if err := setDecimal(out, key, value); err != nil {
			return nil, err
		}
	}
	if !out.has("unit_amount_decimal") && !out.has("flat_amount_decimal") {
		return nil, badRequest("parameter_missing", name+"[unit_amount]", "Each tier requires a `unit_amount` or a `flat_amount`.")
	}
	return out, nil
}

// claimLookupKey keeps a lookup key on one price of the account.
func (t *tx) claimLookupKey(o, params obj) error {
	key := params.str("lookup_key")
	if key == "" {
		if params.given("lookup_key") {
			o["lookup_key"] = nil
		}
		return nil
	}
	holders, err := t.all("price", jsonPath("lookup_key"), key)
	if err != nil {
		return err
	}
	for _, holder := range holders {
		if holder.str("id") == o.str("id") {
			continue
		}
		if !params.flag("transfer_lookup_key") {
			return badRequest("", "lookup_key", "A price (`%s`) already uses that lookup key.", holder.str("id"))
		}
		if err := t.change("price.updated", holder, func() { holder["lookup_key"] = nil }); err != nil {
			return err
		}
	}
	o["lookup_key"] = key
	return nil
}

// updatePrice leaves amount, currency and interval alone: they are for ever.
var updatePrice = operation{
	params: fields{
		"active": yesNo(), "currency_options": loose(), "lookup_key": text().clearable(), "transfer_lookup_key": yesNo(),
		"metadata": metadata(), "nickname": text().clearable(), "tax_behavior": word("inclusive", "exclusive", "unspecified"),
	},
	run: func(t *tx) (obj, error) {
		o, err := t.need("price", t.id)
		if err != nil {
			return nil, err
		}
		now := o.str("tax_behavior")
		if want := t.params.str("tax_behavior"); want != "" && want != now && now != "unspecified" {
			return nil, badRequest("", "tax_behavior", "You cannot change `tax_behavior` once it is set to `inclusive` or `exclusive`.")
		}
		var failed error
		err = t.change("price.updated", o, func() {
			o.take(t.params, "active", "nickname", "tax_behavior")
			if t.params.given("currency_options") {
				o["+currency_options"] = t.params["currency_options"]
			}
			failed = t.claimLookupKey(o, t.params)
			o.mergeMetadata(t.params)
		})
		if failed != nil {
			return nil, failed
		}
		return o, err
	},
}

var listPrices = operation{
	params: listParams(fields{
		"active": yesNo(), "currency": text(), "product": text(), "type": word("one_time", "recurring"), "lookup_keys": list(text()).atMost(10),
		"recurring": hash(fields{"interval": text(), "usage_type": text()}),
	}),
	run: func(t *tx) (obj, error) {
		filters := t.where(map[string]string{"active": jsonPath("active"), "currency": jsonPath("currency"), "product": "parent=?", "type": jsonPath("type")})
		if keys := t.params.strs("lookup_keys"); len(keys) > 0 {
			filters = append(filters, filter{"json_extract(body, '$.lookup_key') IN (SELECT value FROM json_each(?))", jsonArray(keys)})
		}
		for _, k := range []string{"interval", "usage_type"} {
			if v := t.params.sub("recurring").str(k); v != "" {
				filters = append(filters, filter{jsonPath("recurring." + k), v})
			}
		}
		return t.page("price", "/v1/prices", filters...)
	},
}
