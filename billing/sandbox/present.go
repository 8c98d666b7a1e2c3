package sandbox

import (
	"errors"
	"maps"
	"strings"
)

// present turns a stored object into what leaves: sub-objects that Stripe
// always embeds are put in, asked-for ids are expanded, private keys go.
func (t *tx) present(o obj, expands []string) (obj, error) {
	full, err := t.hydrate(o)
	if err != nil {
		return nil, err
	}
	for _, path := range expands {
		if strings.Count(path, ".") > 3 {
			return nil, badRequest("", "expand", "You cannot expand more than 4 levels of a property. Property: %s", path)
		}
	}
	if err := t.expand(full, expands); err != nil {
		return nil, err
	}
	return strip(full, t.s.base()).(obj), nil
}

// hydrate copies an object and embeds what Stripe embeds.
func (t *tx) hydrate(o obj) (obj, error) {
	if o.flag("deleted") && !o.given("data") {
		return obj{"id": o["id"], "object": o["object"], "deleted": true}, nil
	}
	out := maps.Clone(o)
	var err error
	switch o.str("object") {
	case "list", "search_result":
		items := o.objs("data")
		data := make([]any, len(items))
		for i, item := range items {
			if data[i], err = t.hydrate(item); err != nil {
				return nil, err
			}
		}
		out["data"] = data
	case "subscription":
		err = t.embedItems(out)
	case "subscription_item", "invoiceitem":
		err = t.embedPrice(out)
	case "invoice":
		err = t.embedLines(out)
	case "event":
		err = t.embedPending(out)
	case "customer":
		err = t.embedCustomerLists(out)
	case "charge":
		err = t.embedRefunds(out, "refund", "+refunds", "/v1/charges/")
	case "application_fee":
		err = t.embedRefunds(out, "fee_refund", "refunds", "/v1/application_fees/")
	case "checkout.session":
		err = t.embedSessionLines(out)
	}
	return out, err
}

func (t *tx) embedPrice(o obj) error {
	id := o.str("price")
	if id == "" {
		return nil
	}
	price, err := t.find("price", id)
	if err != nil {
		return err
	}
	o["price"] = price
	return nil
}

func (t *tx) embedRefunds(o obj, kind, key, url string) error {
	found, err := t.all(kind, "parent=?", o.str("id"))
	if err != nil {
		return err
	}
	o[key] = listOf(url+o.str("id")+"/refunds", anys(found), false)
	return nil
}

// kindByPrefix tells what an id stands for.
var kindByPrefix = map[string]string{
	"cus": "customer", "prod": "product", "price": "price", "pm": "payment_method", "sub": "subscription",
	"si": "subscription_item", "in": "invoice", "ii": "invoiceitem", "pi": "payment_intent", "ch": "charge",
	"re": "refund", "fee": "application_fee", "fr": "fee_refund", "dp": "dispute", "cs": "checkout.session",
	"acct": "account", "evt": "event", "clock": "test_helpers.test_clock", "seti": "setup_intent",
	"bpc": "billing_portal.configuration", "cbtxn": "customer_balance_transaction", "txn": "balance_transaction",
}

// expand replaces ids with objects along the dotted paths.
func (t *tx) expand(o obj, paths []string) error {
	byKey := map[string][]string{}
	for _, path := range paths {
		key, rest, nested := strings.Cut(path, ".")
		if nested {
			byKey[key] = append(byKey[key], rest)
		} else if _, ok := byKey[key]; !ok {
			byKey[key] = nil
		}
	}
	for key, rest := range byKey {
		if hidden, ok := o["+"+key]; ok {
			o[key] = hidden
			delete(o, "+"+key)
		}
		if !o.given(key) {
			return badRequest("", "expand", "This property cannot be expanded (%s).", key)
		}
		v, err := t.expandValue(o[key], rest)
		if err != nil {
			return err
		}
		o[key] = v
	}
	return nil
}

func (t *tx) expandValue(v any, rest []string) (any, error) {
	switch v := v.(type) {
	case string:
		prefix, _, _ := strings.Cut(v, "_")
		kind, ok := kindByPrefix[prefix]
		if !ok {
			return v, nil
		}
		found, err := t.find(kind, v)
		if errors.Is(err, errAbsent) {
			return v, nil
		}
		if err != nil {
			return nil, err
		}
		full, err := t.hydrate(found)
		if err != nil {
			return nil, err
		}
		return full, t.expand(full, rest)
	case obj:
		return v, t.expand(v, rest)
	case []any:
		for i := range v {
			expanded, err := t.expandValue(v[i], rest)
			if err != nil {
				return nil, err
			}
			v[i] = expanded
		}
		return v, nil
	default:
		return v, nil
	}
}

// strip removes the private and the unexpanded keys, at every depth, and
// completes the addresses of hosted pages.
func strip(v any, base string) any {
	switch v := v.(type) {
	case obj:
		out := make(obj, len(v))
		for k, x := range v {
			if !strings.HasPrefix(k, "_") && !strings.HasPrefix(k, "+") {
				out[k] = strip(x, base)
			}
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i := range v {
			out[i] = strip(v[i], base)
		}
		return out
	case string:
		if path, ok := strings.CutPrefix(v, basePlace); ok {
			return base + path
		}
		return v
	default:
		return v
	}
}
