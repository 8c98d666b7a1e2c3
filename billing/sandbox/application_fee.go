package sandbox

// takeFee gives the platform its share of a connected account's charge.
func (t *tx) takeFee(ch obj) error {
	amount := ch.num("application_fee_amount")
	if amount <= 0 || t.account == "" {
		return nil
	}
	o := t.base("application_fee", "fee_")
	delete(o, "metadata")
	o["account"], o["amount"], o["amount_refunded"], o["application"] = t.account, amount, int64(0), platformApplication
	o["balance_transaction"], o["charge"], o["currency"], o["originating_transaction"], o["refunded"] = nil, ch["id"], ch["currency"], nil, false
	if err := t.create("application_fee.created", o); err != nil {
		return err
	}
	ch["application_fee"] = o["id"]
	return nil
}

var listFees = listing("application_fee", "/v1/application_fees", map[string]string{"charge": "parent=?"}, fields{"charge": text()})

var refundFee = operation{
	params: fields{"amount": between(1, wideLimit), "metadata": metadata()},
	run: func(t *tx) (obj, error) {
		fee, err := t.need("application_fee", t.id)
		if err != nil {
			return nil, err
		}
		left := fee.num("amount") - fee.num("amount_refunded")
		return t.giveBackFee(fee, t.params.or("amount", left).(int64))
	},
}

func (t *tx) giveBackFee(fee obj, amount int64) (obj, error) {
	left := fee.num("amount") - fee.num("amount_refunded")
	if left == 0 {
		return nil, badRequest("", "", "Application fee %s has already been refunded.", fee.str("id"))
	}
	if amount > left {
		return nil, badRequest("", "amount", "Refund amount (%d) is greater than unrefunded amount on fee (%d)", amount, left)
	}
	o := t.base("fee_refund", "fr_")
	delete(o, "livemode")
	o["amount"], o["currency"], o["fee"], o["balance_transaction"] = amount, fee["currency"], fee["id"], nil
	if err := t.insert(o); err != nil {
		return nil, err
	}
	return o, t.change("application_fee.refunded", fee, func() {
		fee["amount_refunded"] = fee.num("amount_refunded") + amount
		fee["refunded"] = fee["amount_refunded"] == fee["amount"]
	})
}

var listFeeRefunds = operation{params: listParams(nil), run: func(t *tx) (obj, error) {
	if _, err := t.need("application_fee", t.id); err != nil {
		return nil, err
	}
	return t.page("fee_refund", "/v1/application_fees/"+t.id+"/refunds", filter{"parent=?", t.id})
}}

var retrieveFeeRefund = operation{params: fields{}, run: func(t *tx) (obj, error) {
	o, err := t.need("fee_refund", t.item)
	if err == nil && o.str("fee") != t.id {
		return nil, noSuch("fee_refund", t.item)
	}
	return o, err
}}
