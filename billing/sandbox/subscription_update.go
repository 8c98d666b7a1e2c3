package sandbox

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"
)

var updateItemField = hash(fields{
	"id": text(), "price": text(), "quantity": between(0, 1_000_000), "deleted": yesNo(), "clear_usage": yesNo(), "metadata": metadata(),
	"price_data": inlinePrice, "tax_rates": loose(), "billing_thresholds": loose(),
})

var updateFields = subscriptionFields.plus(fields{
	"items": list(updateItemField).atMost(20), "proration_date": count(), "billing_cycle_anchor": word("now", "unchanged"),
	"cancellation_details": hash(fields{"comment": text().clearable(), "feedback": text().clearable()}), "pause_collection": hash(fields{"behavior": word("keep_as_draft", "mark_uncollectible", "void").need(), "resumes_at": count()}).clearable(),
})

var updateSubscription = operation{params: updateFields, run: func(t *tx) (obj, error) {
	sub, customer, err := t.liveSubscription()
	if err != nil {
		return nil, err
	}
	return sub, t.reviseSubscription(sub, customer)
}}

// revision is one change of a subscription on its way.
type revision struct {
	sub, customer obj
	before        []seat
	after         []seat
	gone          []seat
	behavior      string
	at            int64 // the moment that prorations count from
	anew          bool  // the billing cycle begins anew now
}

// reviseSubscription applies the parameters of an update.
func (t *tx) reviseSubscription(sub, customer obj) error {
	shown, err := t.present(sub, nil)
	if err != nil {
		return err
	}
	rev := &revision{sub: sub, customer: customer, behavior: t.params.or("proration_behavior", "create_prorations").(string), at: t.params.or("proration_date", t.now).(int64)}
	if t.params.has("proration_date") && (rev.at < sub.num("current_period_start") || rev.at > sub.num("current_period_end")) {
		return badRequest("", "proration_date", "The proration date must be within the current billing period.")
	}
	if rev.before, err = t.seats(sub); err != nil {
		return err
	}
	if err := t.reviseItems(rev); err != nil {
		return err
	}
	if err := t.takeSettings(sub, t.params); err != nil {
		return err
	}
	sub.mergeMetadata(t.params)
	sub.sub("cancellation_details").take(t.params.sub("cancellation_details"), "comment", "feedback")
	if t.params.given("pause_collection") {
		sub["pause_collection"] = nil
		if p := t.params.sub("pause_collection"); p != nil {
			sub["pause_collection"] = obj{"behavior": p["behavior"], "resumes_at": p["resumes_at"]}
		}
	}
	wasTrial := sub.str("status") == "trialing"
	if err := t.reviseCycle(rev, wasTrial); err != nil {
		return err
	}
	if err := t.chargeDifference(rev, wasTrial); err != nil {
		return err
	}
	return t.finishRevision(rev, shown)
}

// reviseItems works out the new list of items and stores it.
func (t *tx) reviseItems(rev *revision) error {
	byID := map[string]int{}
	rev.after = make([]seat, len(rev.before))
	for i, s := range rev.before {
		rev.after[i] = seat{s.item.clone(), s.price}
		byID[s.item.str("id")] = i
	}
	var added []seat
	dropped := map[int]bool{}
	for n, p := range t.params.objs("items") {
		name := "items[" + strconv.Itoa(n) + "]"
		if !p.has("id") {
			price, err := t.orderedPrice(p, name)
			if err != nil {
				return err
			}
			added = append(added, seat{t.newItem(rev.sub, price, p.or("quantity", int64(1)).(int64), p), price})
			continue
		}
		i, ok := byID[p.str("id")]
		if !ok {
			return noSuchParam("subscription_item", p.str("id"), name+"[id]")
		}
		if p.flag("deleted") {
			dropped[i] = true
			continue
		}
		if err := t.reviseItem(&rev.after[i], p, name); err != nil {
			return err
		}
	}
	kept := rev.after[:0:0]
	for i, s := range rev.after {
		if dropped[i] {
			rev.gone = append(rev.gone, rev.before[i])
			continue
		}
		kept = append(kept, s)
	}
	rev.after = slices.Concat(kept, added)
	return t.storeItems(rev, added)
}

func (t *tx) reviseItem(s *seat, p obj, name string) error {
	if p.has("price") && p.str("price") != s.price.str("id") || p.has("price_data") {
		price, err := t.orderedPrice(p, name)
		if err != nil {
			return err
		}
		s.price, s.item["price"] = price, price["id"]
		if !p.has("quantity") && s.item.num("quantity") == 0 {
			s.item["quantity"] = int64(1)
		}
	}
	s.item.take(p, "quantity")
	s.item.mergeMetadata(p)
	return nil
}

func (t *tx) storeItems(rev *revision, added []seat) error {
	wanted := make([]ordered, len(rev.after))
	for i, s := range rev.after {
		wanted[i] = ordered{s.price, s.quantity(), nil}
		if s.price.str("currency") != rev.sub.str("currency") {
			return badRequest("", "items", "The price specified only supports `%s`. This doesn't match the expected currency: `%s`.", s.price.str("currency"), rev.sub.str("currency"))
		}
	}
	if len(wanted) == 0 {
		return badRequest("", "items", "A subscription must have at least one active plan.")
	}
	if err := checkOrder(order{recurring: wanted}); err != nil {
		return err
	}
	for _, s := range added {
		if err := t.insert(s.item); err != nil {
			return err
		}
	}
	for _, s := range rev.after {
		if err := t.save(s.item); err != nil {
			return err
		}
	}
	for _, s := range rev.gone {
		if err := t.remove(s.item); err != nil {
			return err
		}
	}
	return nil
}

// reviseCycle decides whether the billing cycle begins anew: on request, when
// the interval changes, when a free price becomes a paid one, and when a trial
// begins or ends.
func (t *tx) reviseCycle(rev *revision, wasTrial bool) error {
	sub, p := rev.sub, t.params
	if p.has("trial_end") {
		if err := t.reviseTrial(sub); err != nil {
			return err
		}
		rev.anew = wasTrial != (sub.str("status") == "trialing")
		if !rev.anew && wasTrial {
			sub["current_period_end"], sub["billing_cycle_anchor"] = sub["trial_end"], sub["trial_end"]
			return nil
		}
	}
	if !wasTrial && (p.str("billing_cycle_anchor") == "now" || !sameInterval(rev.before[0].price, rev.after[0].price) || becomesPaid(rev)) {
		rev.anew = true
	}
	if !rev.anew {
		return nil
	}
	sub["billing_cycle_anchor"] = t.now
	if sub.str("status") == "trialing" {
		sub["billing_cycle_anchor"] = sub["trial_end"]
	}
	return nil
}

func (t *tx) reviseTrial(sub obj) error {
	if t.params["trial_end"] == "now" {
		if sub.str("status") == "trialing" {
			sub["status"], sub["trial_end"] = "active", t.now
		}
		return nil
	}
	end := t.params.num("trial_end")
	if end <= t.now {
		return badRequest("", "trial_end", "`trial_end` must be a future timestamp.")
	}
	if sub.str("status") != "trialing" {
		sub["trial_start"] = t.now
	}
	sub["status"], sub["trial_end"], sub["_trial_notice"] = "trialing", end, end-3*day <= t.now
	return nil
}

func becomesPaid(rev *revision) bool {
	var old, now int64
	for _, s := range rev.before {
		if s.price.str("billing_scheme") == "tiered" {
			return false
		}
		old += s.total()
	}
	for _, s := range rev.after {
		now += s.total()
	}
	return old == 0 && now > 0 && rev.before[0].quantity() > 0
}

// chargeDifference makes the pending items: a credit for the rest of what was
// paid, and what the rest costs now.
func (t *tx) chargeDifference(rev *revision, wasTrial bool) error {
	status := rev.sub.str("status")
	if wasTrial || rev.behavior == "none" || status == "incomplete" {
		return nil
	}
	old := map[string]seat{}
	for _, s := range rev.before {
		old[s.item.str("id")] = s
	}
	for _, s := range rev.gone {
		if err := t.credit(rev.sub, rev.customer, s, rev.at); err != nil {
			return err
		}
	}
	for _, s := range rev.after {
		was, existed := old[s.item.str("id")]
		same := existed && was.price.str("id") == s.price.str("id") && was.quantity() == s.quantity()
		if same && !rev.anew {
			continue
		}
		if existed {
			if err := t.credit(rev.sub, rev.customer, was, rev.at); err != nil {
				return err
			}
		}
		if !rev.anew {
			if err := t.debit(rev.sub, rev.customer, s, rev.at); err != nil {
				return err
			}
		}
	}
	return nil
}

func (t *tx) credit(sub, customer obj, s seat, at int64) error {
	return t.proration(sub, customer, s, at, -1, "Unused time on %s after %s")
}

func (t *tx) debit(sub, customer obj, s seat, at int64) error {
	return t.proration(sub, customer, s, at, 1, "Remaining time on %s after %s")
}

func (t *tx) proration(sub, customer obj, s seat, at, sign int64, phrase string) error {
	amount := sign * prorate(s.total(), sub.num("current_period_start"), sub.num("current_period_end"), at)
	name, err := t.productName(s.price)
	if err != nil {
		return err
	}
	if s.quantity() != 1 {
		name = fmt.Sprintf("%d × %s", s.quantity(), name)
	}
	item := t.pendingItem(customer, sub.str("currency"), amount, s.quantity(), fmt.Sprintf(phrase, name, time.Unix(at, 0).UTC().Format("02 Jan 2006")))
	item["price"], item["proration"], item["discountable"], item["subscription"], item["subscription_item"] = s.price["id"], true, false, sub["id"], s.item["id"]
	item["period"] = obj{"start": at, "end": sub["current_period_end"]}
	item["unit_amount"], item["unit_amount_decimal"] = amount, strconv.FormatInt(amount, 10)
	return t.create("invoiceitem.created", item)
}

// finishRevision stores the subscription, announces it, and invoices at once
// where that is due.
func (t *tx) finishRevision(rev *revision, shown obj) error {
	sub := rev.sub
	now := rev.behavior == "always_invoice" && sub.str("status") != "trialing"
	var lines []any
	start := sub.num("current_period_start")
	if rev.anew {
		end := nextBoundary(sub.num("billing_cycle_anchor"), t.now, rev.after[0].price.sub("recurring"))
		var err error
		if lines, err = t.periodLines(sub, rev.after, t.now, end); err != nil {
			return err
		}
		start = t.now
		sub["current_period_start"], sub["current_period_end"] = t.now, end
		if sub.flag("cancel_at_period_end") {
			sub["cancel_at"] = end
		}
	}
	t.plotSub(sub)
	inv, err := t.revisionInvoice(rev, lines, start, now)
	if err != nil {
		return err
	}
	if err := t.save(sub); err != nil {
		return err
	}
	after, err := t.present(sub, nil)
	if err != nil {
		return err
	}
	if diff := previous(shown, after); len(diff) > 0 {
		if err := t.emitChange("customer.subscription.updated", sub, diff); err != nil {
			return err
		}
	}
	if inv == nil {
		return nil
	}
	return t.collectRevision(rev, inv)
}

// revisionInvoice drafts the immediate invoice, or nil where everything waits
// for the next one.
func (t *tx) revisionInvoice(rev *revision, lines []any, start int64, now bool) (obj, error) {
	if !rev.anew && !now {
		return nil, nil
	}
	waiting, err := t.pendingFor(rev.sub)
	if err != nil || len(lines)+len(waiting) == 0 {
		return nil, err
	}
	inv, err := t.newInvoice(draft{customer: rev.customer, sub: rev.sub, reason: "subscription_update", lines: lines, start: start, end: t.now, pending: true})
	if err != nil {
		return nil, err
	}
	rev.sub["latest_invoice"] = inv["id"]
	return inv, nil
}

func (t *tx) collectRevision(rev *revision, inv obj) error {
	card, err := t.cardFor(rev.customer, rev.sub)
	if err != nil {
		return err
	}
	decline, err := t.collect(inv, paying{card: card})
	if err != nil {
		return err
	}
	if decline != nil && t.params.str("payment_behavior") == "error_if_incomplete" {
		return decline
	}
	current, err := t.find("subscription", rev.sub.str("id"))
	if err != nil {
		return err
	}
	maps.Copy(rev.sub, current) // the payment may have changed the status
	return nil
}
