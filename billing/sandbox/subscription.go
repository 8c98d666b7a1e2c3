package sandbox

import (
	"fmt"
	"strings"
)

// seat is one item of a subscription with its price loaded.
type seat struct {
	item, price obj
}

func (s seat) quantity() int64 { return s.item.num("quantity") }

func (s seat) total() int64 { return total(s.price, s.quantity()) }

// seats loads the items of a subscription in their order.
func (t *tx) seats(sub obj) ([]seat, error) {
	items, err := t.all("subscription_item", "parent=?", sub.str("id"))
	if err != nil {
		return nil, err
	}
	out := make([]seat, len(items))
	for i, item := range items {
		price, err := t.find("price", item.str("price"))
		if err != nil {
			return nil, err
		}
		out[i] = seat{item, price}
	}
	return out, nil
}

func (t *tx) embedItems(o obj) error {
	seats, err := t.seats(o)
	if err != nil {
		return err
	}
	data := make([]any, len(seats))
	for i, s := range seats {
		item := s.item.clone()
		item["price"] = s.price
		data[i] = item
	}
	o["items"] = listOf("/v1/subscription_items?subscription="+o.str("id"), data, false)
	return nil
}

// newItem makes a subscription item; it is stored by the caller.
func (t *tx) newItem(sub obj, price obj, quantity int64, params obj) obj {
	o := t.base("subscription_item", "si_")
	delete(o, "livemode")
	o["metadata"] = obj{}
	o.mergeMetadata(params)
	o["billing_thresholds"], o["price"], o["quantity"], o["subscription"], o["tax_rates"] = nil, price["id"], quantity, sub["id"], []any{}
	return o
}

// plotSub sets the next moment at which time alone changes a subscription.
func (t *tx) plotSub(sub obj) {
	sub["_due"] = nil
	switch sub.str("status") {
	case "canceled", "incomplete_expired", "paused":
	case "incomplete":
		sub["_due"] = sub.num("created") + 23*hour
	default:
		due := sub.num("current_period_end")
		if sub.has("cancel_at") {
			due = min(due, sub.num("cancel_at"))
		}
		if sub.str("status") == "trialing" && !sub.flag("_trial_notice") {
			due = min(due, sub.num("trial_end")-3*day)
		}
		sub["_due"] = max(due, 1)
	}
}

func (t *tx) setStatus(sub obj, status string) error {
	return t.change("customer.subscription.updated", sub, func() {
		sub["status"] = status
		t.plotSub(sub)
	})
}

// line is one row of an invoice for a subscription item.
func (t *tx) line(sub obj, s seat, amount, quantity int64, description string, start, end int64) obj {
	return obj{
		"id": newID("il_"), "object": "line_item", "amount": amount, "amount_excluding_tax": amount, "currency": sub["currency"],
		"description": description, "discount_amounts": []any{}, "discountable": true, "discounts": []any{}, "livemode": false,
		"metadata": sub.sub("metadata"), "period": obj{"start": start, "end": end}, "price": s.price["id"], "proration": false,
		"proration_details": obj{"credited_items": nil}, "quantity": quantity, "subscription": sub["id"], "subscription_item": s.item["id"],
		"tax_amounts": []any{}, "tax_rates": []any{}, "type": "subscription", "unit_amount_excluding_tax": s.price["unit_amount_decimal"],
	}
}

// periodLines are the rows that one whole period costs, in advance.
func (t *tx) periodLines(sub obj, seats []seat, start, end int64) ([]any, error) {
	var out []any
	for _, s := range seats {
		name, err := t.productName(s.price)
		if err != nil {
			return nil, err
		}
		if sub.str("status") == "trialing" {
			out = append(out, t.line(sub, s, 0, s.quantity(), "Trial period for "+name, start, end))
			continue
		}
		for _, part := range shares(s.price, s.quantity()) {
			description := fmt.Sprintf("%d × %s (%s)", part.quantity, name, priceText(s.price, part))
			out = append(out, t.line(sub, s, part.amount, part.quantity, description, start, end))
		}
	}
	return out, nil
}

func (t *tx) productName(price obj) (string, error) {
	product, err := t.find("product", price.str("product"))
	if err != nil {
		return "", err
	}
	return product.str("name"), nil
}

// priceText describes a price on an invoice: "at 99.00 PLN / month".
func priceText(price obj, part share) string {
	per := ""
	if r := price.sub("recurring"); r != nil {
		per = " / " + r.str("interval")
		if n := r.num("interval_count"); n > 1 {
			per = fmt.Sprintf(" every %d %ss", n, r.str("interval"))
		}
	}
	switch {
	case part.tier > 0:
		return fmt.Sprintf("Tier %d: %s%s", part.tier, money(part.amount, price.str("currency")), per)
	case price.str("billing_scheme") == "tiered":
		return fmt.Sprintf("%s%s", money(part.amount, price.str("currency")), per)
	default:
		return "at " + unitText(price) + per
	}
}

func unitText(price obj) string {
	if price.has("unit_amount") {
		return money(price.num("unit_amount"), price.str("currency"))
	}
	return price.str("unit_amount_decimal") + "/100 " + strings.ToUpper(price.str("currency"))
}

// money writes an amount of minor units plainly: "99.00 PLN".
func money(amount int64, currency string) string {
	sign, digits := "", exponent(currency)
	if amount < 0 {
		sign, amount = "-", -amount
	}
	text := fmt.Sprintf("%0*d", digits+1, amount)
	if digits > 0 {
		text = text[:len(text)-digits] + "." + text[len(text)-digits:]
	}
	return sign + text + " " + strings.ToUpper(currency)
}

var listSubscriptions = operation{
	params: listParams(fields{
		"customer": text(), "price": text(), "status": word("active", "past_due", "unpaid", "canceled", "incomplete", "incomplete_expired", "trialing", "paused", "all", "ended"),
		"collection_method": text(), "test_clock": text(), "current_period_end": loose(), "current_period_start": loose(), "plan": text(),
	}),
	run: func(t *tx) (obj, error) {
		if id := t.params.str("customer"); id != "" {
			if _, err := t.needParam("customer", id, "customer"); err != nil {
				return nil, err
			}
		}
		filters := t.where(map[string]string{
			"customer": "customer=?", "collection_method": jsonPath("collection_method"), "test_clock": "clock=?",
			"price": `id IN (SELECT parent FROM objects i WHERE i.kind='subscription_item' AND i.deleted=0 AND json_extract(i.body,'$.price')=?)`,
		})
		switch status := t.params.str("status"); status {
		case "":
			filters = append(filters, filter{"status<>?", "canceled"})
		case "all":
		case "ended":
			filters = append(filters, filter{"status IN ('canceled', ?)", "incomplete_expired"})
		default:
			filters = append(filters, filter{"status=?", status})
		}
		return t.page("subscription", "/v1/subscriptions", filters...)
	},
}

var listSubscriptionItems = operation{
	params: listParams(fields{"subscription": text().need()}),
	run: func(t *tx) (obj, error) {
		if _, err := t.needParam("subscription", t.params.str("subscription"), "subscription"); err != nil {
			return nil, err
		}
		return t.page("subscription_item", "/v1/subscription_items", filter{"parent=?", t.params.str("subscription")})
	},
}
