package sandbox

import "net/http"

var itemChangeFields = fields{
	"price": text(), "quantity": between(0, 1_000_000), "metadata": metadata(), "price_data": inlinePrice, "tax_rates": loose(), "billing_thresholds": loose(),
	"payment_behavior": subscriptionFields["payment_behavior"], "proration_behavior": subscriptionFields["proration_behavior"], "proration_date": count(), "off_session": yesNo(),
}

// reviseOneItem runs an item's change as an update of its subscription.
func (t *tx) reviseOneItem(subID string, item obj) (obj, error) {
	outer := t.params
	t.id = subID
	sub, customer, err := t.liveSubscription()
	if err != nil {
		return nil, err
	}
	t.params = obj{"items": []any{item}}
	t.params.take(outer, "payment_behavior", "proration_behavior", "proration_date")
	return sub, t.reviseSubscription(sub, customer)
}

var createSubscriptionItem = operation{
	params: itemChangeFields.plus(fields{"subscription": text().need()}),
	run: func(t *tx) (obj, error) {
		if _, err := t.needParam("subscription", t.params.str("subscription"), "subscription"); err != nil {
			return nil, err
		}
		item := obj{}
		item.take(t.params, "price", "price_data", "quantity", "metadata")
		sub, err := t.reviseOneItem(t.params.str("subscription"), item)
		if err != nil {
			return nil, err
		}
		seats, err := t.seats(sub)
		if err != nil {
			return nil, err
		}
		return seats[len(seats)-1].item, nil
	},
}

var updateSubscriptionItem = operation{params: itemChangeFields, run: func(t *tx) (obj, error) {
	id := t.id
	o, err := t.need("subscription_item", id)
	if err != nil {
		return nil, err
	}
	item := obj{"id": id}
	item.take(t.params, "price", "price_data", "quantity", "metadata")
	if _, err := t.reviseOneItem(o.str("subscription"), item); err != nil {
		return nil, err
	}
	return t.find("subscription_item", id)
}}

var deleteSubscriptionItem = operation{
	params: fields{"proration_behavior": subscriptionFields["proration_behavior"], "proration_date": count(), "clear_usage": yesNo()},
	run: func(t *tx) (obj, error) {
		id := t.id
		o, err := t.need("subscription_item", id)
		if err != nil {
			return nil, err
		}
		if _, err := t.reviseOneItem(o.str("subscription"), obj{"id": id, "deleted": true}); err != nil {
			return nil, err
		}
		return obj{"id": id, "object": "subscription_item", "deleted": true}, nil
	},
}

// resumeSubscription wakes a paused subscription: a new period begins and is
// invoiced at once; it stays paused until that is paid.
var resumeSubscription = operation{
	params: fields{"billing_cycle_anchor": word("now", "unchanged"), "proration_behavior": subscriptionFields["proration_behavior"], "proration_date": count()},
	run: func(t *tx) (obj, error) {
		sub, customer, err := t.liveSubscription()
		if err != nil {
			return nil, err
		}
		if sub.str("status") != "paused" {
			return nil, badRequest("", "", "You can only resume subscriptions with a status of `paused`; this one is `%s`.", sub.str("status"))
		}
		seats, err := t.seats(sub)
		if err != nil {
			return nil, err
		}
		card, err := t.cardFor(customer, sub)
		if err != nil {
			return nil, err
		}
		end := nextBoundary(t.now, t.now, seats[0].price.sub("recurring"))
		active := sub.clone()
		active["status"] = "active"
		lines, err := t.periodLines(active, seats, t.now, end)
		if err != nil {
			return nil, err
		}
		inv, err := t.newInvoice(draft{customer: customer, sub: sub, reason: "subscription_update", lines: lines, start: t.now, end: t.now, pending: true})
		if err != nil {
			return nil, err
		}
		decline, err := t.collect(inv, paying{card: card})
		if err != nil {
			return nil, err
		}
		if decline != nil {
			decline.keep, decline.status = true, http.StatusPaymentRequired
			return nil, decline
		}
		return sub, t.change("customer.subscription.resumed", sub, func() {
			sub["status"], sub["billing_cycle_anchor"], sub["current_period_start"], sub["current_period_end"], sub["latest_invoice"] = "active", t.now, t.now, end, inv["id"]
			t.plotSub(sub)
		})
	},
}
