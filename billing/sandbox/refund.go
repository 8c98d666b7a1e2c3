package sandbox

var createRefund = operation{
	params: fields{
		"charge": text(), "payment_intent": text(), "amount": between(1, wideLimit), "reason": word("duplicate", "fraudulent", "requested_by_customer"),
		"refund_application_fee": yesNo(), "reverse_transfer": yesNo(), "metadata": metadata(), "instructions_email": text(),
	},
	run: func(t *tx) (obj, error) {
		ch, err := t.chargeToRefund()
		if err != nil {
			return nil, err
		}
		left := ch.num("amount") - ch.num("amount_refunded")
		amount := t.params.or("amount", left).(int64)
		switch {
		case ch.str("status") != "succeeded":
			return nil, badRequest("", "charge", "Charge %s has not succeeded and cannot be refunded.", ch.str("id"))
		case left == 0:
			return nil, badRequest("charge_already_refunded", "", "Charge %s has already been refunded.", ch.str("id"))
		case amount > left:
			return nil, badRequest("", "amount", "Refund amount (%s) is greater than unrefunded amount on charge (%s)", money(amount, ch.str("currency")), money(left, ch.str("currency")))
		case ch.flag("_disputed_lost"):
			return nil, badRequest("charge_disputed", "", "Charge %s has been charged back; cannot issue a refund.", ch.str("id"))
		}
		o := t.newRefund(ch, amount)
		if err := t.create("refund.created", o); err != nil {
			return nil, err
		}
		err = t.change("charge.refunded", ch, func() {
			ch["amount_refunded"] = ch.num("amount_refunded") + amount
			ch["refunded"] = ch["amount_refunded"] == ch["amount"]
		})
		if err != nil {
			return nil, err
		}
		return o, t.refundFeeShare(ch, amount)
	},
}

func (t *tx) chargeToRefund() (obj, error) {
	id := t.params.str("charge")
	if pi := t.params.str("payment_intent"); pi != "" {
		intent, err := t.needParam("payment_intent", pi, "payment_intent")
		if err != nil {
			return nil, err
		}
		if id = intent.str("latest_charge"); id == "" {
			return nil, badRequest("", "payment_intent", "This PaymentIntent (%s) does not have a successful charge to refund.", pi)
		}
	}
	if id == "" {
		return nil, badRequest("parameter_missing", "", "One of the following params should be provided for this request: payment_intent or charge.")
	}
	ch, err := t.needParam("charge", id, "charge")
	if err != nil || !ch.has("customer") {
		return ch, err
	}
	customer, err := t.find("customer", ch.str("customer"))
	if err != nil {
		return nil, err
	}
	return ch, t.follow(customer)
}

func (t *tx) newRefund(ch obj, amount int64) obj {
	o := t.base("refund", "re_")
	delete(o, "livemode")
	o["amount"], o["balance_transaction"], o["charge"], o["currency"] = amount, nil, ch["id"], ch["currency"]
	o["destination_details"], o["payment_intent"], o["reason"] = obj{"type": "card", "card": obj{"reference": "0000000000", "reference_status": "available", "reference_type": "acquirer_reference_number", "type": "refund"}}, ch["payment_intent"], t.params["reason"]
	o["receipt_number"], o["source_transfer_reversal"], o["status"], o["transfer_reversal"] = nil, nil, "succeeded", nil
	return o
}

// refundFeeShare gives the application fee back in proportion, if asked to;
// Stripe by itself does not.
func (t *tx) refundFeeShare(ch obj, amount int64) error {
	if !t.params.flag("refund_application_fee") || !ch.has("application_fee") {
		return nil
	}
	fee, err := t.find("application_fee", ch.str("application_fee"))
	if err != nil {
		return err
	}
	share := prorate(fee.num("amount"), 0, ch.num("amount"), ch.num("amount")-amount)
	share = min(share, fee.num("amount")-fee.num("amount_refunded"))
	if share == 0 {
		return nil
	}
	in := *t
	in.params = obj{}
	_, err = in.giveBackFee(fee, share)
	return err
}

var updateRefund = operation{params: fields{"metadata": metadata()}, run: func(t *tx) (obj, error) {
	o, err := t.need("refund", t.id)
	if err != nil {
		return nil, err
	}
	return o, t.change("charge.refund.updated", o, func() { o.mergeMetadata(t.params) })
}}

var listRefunds = operation{
	params: listParams(fields{"charge": text(), "payment_intent": text()}),
	run: func(t *tx) (obj, error) {
		return t.page("refund", "/v1/refunds", t.where(map[string]string{"charge": "parent=?", "payment_intent": jsonPath("payment_intent")})...)
	},
}

var listChargeRefunds = operation{params: listParams(nil), run: func(t *tx) (obj, error) {
	if _, err := t.need("charge", t.id); err != nil {
		return nil, err
	}
	return t.page("refund", "/v1/charges/"+t.id+"/refunds", filter{"parent=?", t.id})
}}
