package sandbox

import "net/http"

// paying is one attempt to collect money.
type paying struct {
	card          obj  // the payment method; nil if the customer has none
	onSession     bool // the buyer is at the page
	canAsk        bool // the bank may ask for authentication, and the charge then waits
	authenticated bool // and has passed the bank's check
}

// newIntent makes the payment intent of an invoice or of a checkout.
func (t *tx) newIntent(amount int64, currency, customer string, fee any) obj {
	o := t.base("payment_intent", "pi_")
	o["metadata"] = obj{}
	for _, k := range []string{
		"application", "automatic_payment_methods", "canceled_at", "cancellation_reason", "description", "invoice", "last_payment_error", "latest_charge",
		"next_action", "on_behalf_of", "payment_method", "payment_method_configuration_details", "processing", "receipt_email", "review", "setup_future_usage",
		"shipping", "statement_descriptor", "statement_descriptor_suffix", "transfer_data", "transfer_group",
	} {
		o[k] = nil
	}
	o["amount"], o["currency"], o["customer"], o["application_fee_amount"] = amount, currency, orNil(customer), fee
	o["amount_capturable"], o["amount_received"], o["amount_details"] = int64(0), int64(0), obj{"tip": obj{}}
	o["capture_method"], o["confirmation_method"], o["payment_method_types"] = "automatic", "automatic", []any{"card"}
	o["payment_method_options"] = obj{"card": obj{"installments": nil, "mandate_options": nil, "network": nil, "request_three_d_secure": "automatic"}}
	o["status"], o["client_secret"] = "requires_payment_method", o.str("id")+"_secret_"+randomText(24)
	if t.account != "" {
		o["application"] = platformApplication
	}
	return o
}

// charge tries to collect a payment intent. A decline is returned as the card
// error that Stripe would answer; what it leaves behind is already stored.
func (t *tx) charge(intent obj, p paying) (decline *apiError, err error) {
	if p.card == nil {
		return t.declined(intent, nil, cardError("payment_intent_authentication_failure", "", "There is no payment method to charge."))
	}
	if p.card.str("_trait") == cardNeedsAuth && (p.onSession || p.canAsk) && !p.authenticated && !p.card.flag("_authenticated") {
		return t.askBank(intent, p.card)
	}
	if p.authenticated && !p.card.flag("_authenticated") {
		p.card["_authenticated"] = true // later charges may go without the buyer
		if err := t.save(p.card); err != nil {
			return nil, err
		}
	}
	if decline := declineOf(p.card, p.onSession); decline != nil {
		return t.declined(intent, p.card, decline)
	}
	if p.card.str("_trait") == cardNeedsAuth && !p.card.flag("_authenticated") {
		return t.declined(intent, p.card, cardError("authentication_required", "authentication_required", "Your card was declined. This transaction requires authentication."))
	}
	return nil, t.succeeded(intent, p.card)
}

// askBank leaves the intent waiting for the buyer's authentication.
func (t *tx) askBank(intent, card obj) (*apiError, error) {
	err := t.change("payment_intent.requires_action", intent, func() {
		intent["status"], intent["payment_method"] = "requires_action", card["id"]
		intent["next_action"] = obj{"type": "redirect_to_url", "redirect_to_url": obj{"url": hosted("/pay/" + intent.str("id") + "/authenticate"), "return_url": nil}}
	})
	e := cardError("subscription_payment_intent_requires_action", "", "Payment for this subscription requires additional user action before it can be completed successfully. Payment can be completed using the PaymentIntent associated with `latest_invoice`.")
	return e, err
}

func (t *tx) newCharge(intent, card obj) obj {
	o := t.base("charge", "ch_")
	o["metadata"] = intent.sub("metadata")
	for _, k := range []string{
		"application_fee", "balance_transaction", "description", "failure_balance_transaction", "failure_code", "failure_message", "on_behalf_of", "receipt_email",
		"receipt_number", "review", "shipping", "source_transfer", "statement_descriptor", "statement_descriptor_suffix", "transfer_data", "transfer_group",
	} {
		o[k] = nil
	}
	for _, k := range []string{"amount", "currency", "customer", "invoice", "application", "application_fee_amount", "description"} {
		o[k] = intent[k]
	}
	o["amount_captured"], o["amount_refunded"], o["calculated_statement_descriptor"] = int64(0), int64(0), "WOLFIE SANDBOX"
	o["billing_details"] = obj{"address": obj{"city": nil, "country": nil, "line1": nil, "line2": nil, "postal_code": nil, "state": nil}, "email": nil, "name": nil, "phone": nil}
	o["captured"], o["disputed"], o["paid"], o["refunded"] = false, false, false, false
	o["fraud_details"], o["payment_intent"], o["payment_method"], o["payment_method_details"] = obj{}, intent["id"], nil, nil
	o["receipt_url"] = hosted("/receipts/" + o.str("id"))
	if card != nil {
		details := card.sub("card").clone()
		delete(details, "display_brand")
		delete(details, "generated_from")
		delete(details, "networks")
		delete(details, "three_d_secure_usage")
		details["installments"], details["mandate"], details["network"], details["three_d_secure"] = nil, nil, card.sub("card").str("brand"), nil
		o["billing_details"], o["payment_method"] = card.sub("billing_details"), card["id"]
		o["payment_method_details"] = obj{"type": "card", "card": details}
	}
	return o
}

func (t *tx) succeeded(intent, card obj) error {
	ch := t.newCharge(intent, card)
	ch["status"], ch["paid"], ch["captured"], ch["amount_captured"] = "succeeded", true, true, intent["amount"]
	ch["outcome"] = outcomeOf(nil)
	if err := t.takeFee(ch); err != nil {
		return err
	}
	if err := t.insert(ch); err != nil {
		return err
	}
	intent["status"], intent["amount_received"], intent["latest_charge"] = "succeeded", intent["amount"], ch["id"]
	intent["payment_method"], intent["next_action"], intent["last_payment_error"] = card["id"], nil, nil
	if err := t.save(intent); err != nil {
		return err
	}
	if err := t.emit("charge.succeeded", ch); err != nil {
		return err
	}
	return t.emit("payment_intent.succeeded", intent)
}

func outcomeOf(decline *apiError) obj {
	if decline == nil {
		return obj{"network_status": "approved_by_network", "reason": nil, "risk_level": "normal", "risk_score": int64(20), "seller_message": "Payment complete.", "type": "authorized"}
	}
	return obj{"network_status": "declined_by_network", "reason": orNil(decline.decline), "risk_level": "normal", "risk_score": int64(20), "seller_message": "The bank did not return any further details with this decline.", "type": "issuer_declined"}
}

// declined stores the failed charge and gives the error its intent.
func (t *tx) declined(intent, card obj, decline *apiError) (*apiError, error) {
	if card != nil {
		ch := t.newCharge(intent, card)
		ch["status"], ch["failure_code"], ch["failure_message"] = "failed", decline.code, decline.message
		ch["outcome"] = outcomeOf(decline)
		if err := t.create("charge.failed", ch); err != nil {
			return nil, err
		}
		intent["latest_charge"] = ch["id"]
	}
	problem := decline.body().sub("error")
	if card != nil {
		shown, err := t.present(card, nil)
		if err != nil {
			return nil, err
		}
		problem["payment_method"] = shown
	}
	intent["status"], intent["payment_method"], intent["next_action"], intent["last_payment_error"] = "requires_payment_method", nil, nil, problem
	if err := t.save(intent); err != nil {
		return nil, err
	}
	if err := t.emit("payment_intent.payment_failed", intent); err != nil {
		return nil, err
	}
	shown, err := t.present(intent, nil)
	if err != nil {
		return nil, err
	}
	return &apiError{status: http.StatusPaymentRequired, kind: "card_error", code: decline.code, decline: decline.decline, message: decline.message, intent: shown}, nil
}

// cardFor finds what an invoice is charged to: the subscription's method, else
// the customer's default.
func (t *tx) cardFor(customer, sub obj) (obj, error) {
	id := sub.str("default_payment_method")
	if id == "" {
		id = customer.sub("invoice_settings").str("default_payment_method")
	}
	if id == "" {
		return nil, nil //nolint:nilnil // no card is an ordinary case, and the caller's to judge
	}
	return t.find("payment_method", id)
}

var listIntents = listing("payment_intent", "/v1/payment_intents", map[string]string{"customer": "customer=?"}, fields{"customer": text()})

var listCharges = listing("charge", "/v1/charges",
	map[string]string{"customer": "customer=?", "payment_intent": "parent=?"}, fields{"customer": text(), "payment_intent": text()})
