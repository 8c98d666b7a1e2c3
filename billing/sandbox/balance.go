package sandbox

// createBalanceEntry changes a customer's credit by hand.
var createBalanceEntry = operation{
	params: fields{"amount": integer().need(), "currency": text().need(), "description": text().clearable(), "metadata": metadata()},
	run: func(t *tx) (obj, error) {
		customer, err := t.need("customer", t.id)
		if err != nil {
			return nil, err
		}
		if err := t.follow(customer); err != nil {
			return nil, err
		}
		if err := checkCurrency(t.params); err != nil {
			return nil, err
		}
		if err := t.fixCurrency(customer, t.params.str("currency")); err != nil {
			return nil, err
		}
		balance := customer.num("balance") + t.params.num("amount")
		if err := t.noteBalance(customer, t.params.num("amount"), balance, "adjustment", nil, t.params["description"]); err != nil {
			return nil, err
		}
		if err := t.change("customer.updated", customer, func() { customer["balance"] = balance }); err != nil {
			return nil, err
		}
		all, err := t.all("customer_balance_transaction", "customer=?", t.id)
		if err != nil {
			return nil, err
		}
		o := all[len(all)-1]
		o.mergeMetadata(t.params)
		return o, t.save(o)
	},
}

var listBalanceEntries = operation{params: listParams(nil), run: func(t *tx) (obj, error) {
	if _, err := t.need("customer", t.id); err != nil {
		return nil, err
	}
	return t.page("customer_balance_transaction", "/v1/customers/"+t.id+"/balance_transactions", filter{"customer=?", t.id})
}}
