package sandbox

var portalFeatureField = hash(fields{
	"customer_update":       hash(fields{"enabled": yesNo(), "allowed_updates": list(text())}),
	"invoice_history":       hash(fields{"enabled": yesNo()}),
	"payment_method_update": hash(fields{"enabled": yesNo()}),
	"subscription_cancel": hash(fields{
		"enabled": yesNo(), "mode": word("at_period_end", "immediately"), "proration_behavior": word("always_invoice", "create_prorations", "none"),
		"cancellation_reason": hash(fields{"enabled": yesNo(), "options": list(text())}),
	}),
	"subscription_pause": hash(fields{"enabled": yesNo()}),
	"subscription_update": hash(fields{
		"enabled": yesNo(), "default_allowed_updates": list(text()), "proration_behavior": word("always_invoice", "create_prorations", "none"),
		"products": list(hash(fields{"product": text().need(), "prices": list(text()).need()})).clearable(),
	}),
})

var portalFields = fields{
	"business_profile": hash(fields{"headline": text().clearable(), "privacy_policy_url": text(), "terms_of_service_url": text()}),
	"features":         portalFeatureField, "default_return_url": text().clearable(), "metadata": metadata(), "login_page": hash(fields{"enabled": yesNo()}),
}

var createPortalConfig = operation{params: portalFields, run: func(t *tx) (obj, error) {
	if !t.params.has("features") {
		return nil, missingParam("features")
	}
	o := t.newPortalConfig()
	t.fillPortalConfig(o)
	return o, t.create("billing_portal.configuration.created", o)
}}

// newPortalConfig is a configuration with everything switched off.
func (t *tx) newPortalConfig() obj {
	o := t.base("billing_portal.configuration", "bpc_")
	o["active"], o["application"], o["default_return_url"], o["is_default"], o["updated"] = true, nil, nil, false, t.now
	o["business_profile"] = obj{"headline": nil, "privacy_policy_url": nil, "terms_of_service_url": nil}
	o["login_page"] = obj{"enabled": false, "url": nil}
	o["features"] = obj{
		"customer_update": obj{"allowed_updates": []any{}, "enabled": false}, "invoice_history": obj{"enabled": false}, "payment_method_update": obj{"enabled": false},
		"subscription_cancel": obj{"cancellation_reason": obj{"enabled": false, "options": []any{}}, "enabled": false, "mode": "at_period_end", "proration_behavior": "none"},
		"subscription_pause":  obj{"enabled": false}, "subscription_update": obj{"default_allowed_updates": []any{}, "enabled": false, "products": nil, "proration_behavior": "none"},
	}
	if t.account != "" {
		o["application"] = platformApplication
	}
	return o
}

func (t *tx) fillPortalConfig(o obj) {
	o.take(t.params, "default_return_url", "active")
	o.sub("business_profile").take(t.params.sub("business_profile"), "headline", "privacy_policy_url", "terms_of_service_url")
	o.sub("login_page").take(t.params.sub("login_page"), "enabled")
	for name, sent := range t.params.sub("features") {
		feature, shape := o.sub("features").sub(name), sent.(obj)
		for key, v := range shape {
			if key == "cancellation_reason" {
				feature.sub(key).take(v.(obj), "enabled", "options")
				continue
			}
			feature[key] = v
		}
	}
	o.mergeMetadata(t.params)
	o["updated"] = t.now
}

var updatePortalConfig = operation{params: portalFields.plus(fields{"active": yesNo()}), run: func(t *tx) (obj, error) {
	o, err := t.need("billing_portal.configuration", t.id)
	if err != nil {
		return nil, err
	}
	return o, t.change("billing_portal.configuration.updated", o, func() { t.fillPortalConfig(o) })
}}

var listPortalConfigs = listing("billing_portal.configuration", "/v1/billing_portal/configurations",
	map[string]string{"active": jsonPath("active"), "is_default": jsonPath("is_default")}, fields{"active": yesNo(), "is_default": yesNo()})

var createPortalSession = operation{
	params: fields{
		"customer": text().need(), "return_url": text(), "configuration": text(), "locale": text(), "on_behalf_of": text(),
		"flow_data": hash(fields{
			"type":                        word("payment_method_update", "subscription_cancel", "subscription_update", "subscription_update_confirm").need(),
			"after_completion":            hash(fields{"type": word("hosted_confirmation", "portal_homepage", "redirect").need(), "redirect": hash(fields{"return_url": text().need()}), "hosted_confirmation": hash(fields{"custom_message": text()})}),
			"subscription_cancel":         hash(fields{"subscription": text().need(), "retention": loose()}),
			"subscription_update":         hash(fields{"subscription": text().need()}),
			"subscription_update_confirm": hash(fields{"subscription": text().need(), "items": list(hash(fields{"id": text().need(), "price": text(), "quantity": between(0, 1_000_000)})).need(), "discounts": loose()}),
		}),
	},
	run: func(t *tx) (obj, error) {
		if _, err := t.needParam("customer", t.params.str("customer"), "customer"); err != nil {
			return nil, err
		}
		config, err := t.portalConfig()
		if err != nil {
			return nil, err
		}
		flow, err := t.portalFlow()
		if err != nil {
			return nil, err
		}
		o := t.base("billing_portal.session", "bps_")
		delete(o, "metadata")
		o["configuration"], o["customer"], o["flow"], o["locale"] = config["id"], t.params["customer"], flow, t.params["locale"]
		o["on_behalf_of"], o["return_url"] = nil, t.params.or("return_url", config["default_return_url"])
		o["url"] = hosted("/p/session/" + o.str("id"))
		return o, t.insert(o)
	},
}

// portalConfig is the asked-for configuration, else the account's default,
// which is made on first use.
func (t *tx) portalConfig() (obj, error) {
	if id := t.params.str("configuration"); id != "" {
		return t.needParam("billing_portal.configuration", id, "configuration")
	}
	found, err := t.all("billing_portal.configuration", jsonPath("is_default"), true)
	if err != nil || len(found) > 0 {
		return append(found, nil)[0], err
	}
	inner := *t
	inner.params = obj{"features": obj{
		"customer_update": obj{"enabled": true, "allowed_updates": []any{"email", "name"}}, "invoice_history": obj{"enabled": true}, "payment_method_update": obj{"enabled": true},
		"subscription_cancel": obj{"enabled": true, "mode": "at_period_end"},
	}}
	o := inner.newPortalConfig()
	inner.fillPortalConfig(o)
	o["is_default"] = true
	return o, t.insert(o)
}

func (t *tx) portalFlow() (any, error) {
	flow := t.params.sub("flow_data")
	if flow == nil {
		return nil, nil //nolint:nilnil // no flow is JSON's null
	}
	kind := flow.str("type")
	after := flow.sub("after_completion")
	out := obj{
		"type": kind, "subscription_cancel": nil, "subscription_update": nil, "subscription_update_confirm": nil,
		"after_completion": obj{"type": after.or("type", "portal_homepage"), "redirect": after["redirect"], "hosted_confirmation": nil},
	}
	if kind == "payment_method_update" {
		return out, nil
	}
	data := flow.sub(kind)
	if data == nil {
		return nil, missingParam("flow_data[" + kind + "]")
	}
	sub, err := t.needParam("subscription", data.str("subscription"), "flow_data["+kind+"][subscription]")
	if err != nil {
		return nil, err
	}
	if sub.str("customer") != t.params.str("customer") {
		return nil, badRequest("", "flow_data["+kind+"][subscription]", "The subscription does not belong to the customer of this session.")
	}
	shown := obj{"subscription": sub["id"]}
	switch kind {
	case "subscription_cancel":
		shown["retention"] = nil
	case "subscription_update_confirm":
		shown["items"], shown["discounts"] = data["items"], nil
	}
	out[kind] = shown
	return out, nil
}
