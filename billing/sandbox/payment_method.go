package sandbox

import (
	"strings"
	"time"
)

var billingField = hash(fields{"address": addressField, "email": text().clearable(), "name": text().clearable(), "phone": text().clearable()})

var createPaymentMethod = operation{
	params: fields{
		"type": word("card").need(), "billing_details": billingField, "metadata": metadata(),
		"card": hash(fields{"token": text(), "number": text(), "exp_month": between(1, 12), "exp_year": count(), "cvc": text()}).need(),
	},
	run: func(t *tx) (obj, error) {
		given := t.params.sub("card")
		month, year := int(given.num("exp_month")), int(given.num("exp_year"))
		card, ok := cardByName(strings.TrimPrefix(given.str("token"), "tok_"))
		if given.has("token") {
			month, year = 12, t.cardYear()
		} else {
			card, ok = cardByNumber(given.str("number"))
			if !ok && !luhn(given.str("number")) {
				return nil, cardErrorAt("incorrect_number", "card[number]", "Your card number is incorrect.")
			}
		}
		if !ok {
			return nil, badRequest("resource_missing", "card[token]", "No such token: '%s'", given.str("token"))
		}
		if month == 0 || expired(month, year, t.now) {
			return nil, cardErrorAt("invalid_expiry_year", "card[exp_year]", "Your card's expiration year is invalid.")
		}
		billing := t.params.sub("billing_details")
		pm := t.newCard(card, month, year, billing)
		if billing.has("address") {
			pm.sub("billing_details")["address"] = fullAddress(billing.sub("address"))
		}
		return pm, t.insert(pm)
	},
}

func cardErrorAt(code, param, message string) *apiError {
	e := cardError(code, "", message)
	e.param = param
	return e
}

func (t *tx) cardYear() int { return time.Unix(t.now, 0).UTC().Year() + 4 }

// paymentMethod resolves an id, or one of the test names such as pm_card_visa,
// which make a new method each time.
func (t *tx) paymentMethod(id, param string) (obj, error) {
	if name, ok := strings.CutPrefix(id, "pm_card_"); ok {
		if card, ok := cardByName(name); ok {
			pm := t.newCard(card, 12, t.cardYear(), obj{})
			return pm, t.insert(pm)
		}
	}
	return t.needParam("payment_method", id, param)
}

// attach ties a payment method to a customer.
func (t *tx) attach(id string, customer obj, param string) (obj, error) {
	pm, err := t.paymentMethod(id, param)
	if err != nil {
		return nil, err
	}
	switch pm.str("customer") {
	case customer.str("id"):
		return pm, nil
	case "":
		return pm, t.attachCard(pm, customer)
	default:
		return nil, badRequest("", param, "The payment method you provided has already been attached to a customer.")
	}
}

func (t *tx) attachCard(pm, customer obj) error {
	if failure := declineOf(pm, false); failure != nil && pm.str("_trait") != cardFailsLater {
		return failure
	}
	pm["customer"] = customer["id"]
	if err := t.save(pm); err != nil {
		return err
	}
	return t.emit("payment_method.attached", pm)
}

// declineOf is the bank's answer to a charge with this card.
func declineOf(pm obj, onSession bool) *apiError {
	switch pm.str("_trait") {
	case cardDeclined:
		return cardError("card_declined", "generic_decline", "Your card was declined.")
	case cardInsufficient:
		return cardError("card_declined", "insufficient_funds", "Your card has insufficient funds.")
	case cardFailsLater:
		if !onSession {
			return cardError("card_declined", "generic_decline", "Your card was declined.")
		}
	}
	return nil
}

var attachPaymentMethod = operation{
	params: fields{"customer": text().need()},
	run: func(t *tx) (obj, error) {
		customer, err := t.needParam("customer", t.params.str("customer"), "customer")
		if err != nil {
			return nil, err
		}
		if err := t.follow(customer); err != nil {
			return nil, err
		}
		return t.attach(t.id, customer, "payment_method")
	},
}

var detachPaymentMethod = operation{params: fields{}, run: func(t *tx) (obj, error) {
	pm, err := t.need("payment_method", t.id)
	if err != nil {
		return nil, err
	}
	owner := pm.str("customer")
	if owner == "" {
		return nil, badRequest("", "payment_method", "The payment method you provided is not attached to a customer so detachment is impossible.")
	}
	if customer, err := t.find("customer", owner); err == nil && customer.sub("invoice_settings").str("default_payment_method") == t.id {
		if err := t.change("customer.updated", customer, func() { customer.sub("invoice_settings")["default_payment_method"] = nil }); err != nil {
			return nil, err
		}
	}
	before := obj{"customer": owner}
	pm["customer"] = nil
	if err := t.save(pm); err != nil {
		return nil, err
	}
	return pm, t.emitChange("payment_method.detached", pm, before)
}}

var updatePaymentMethod = operation{
	params: fields{"billing_details": billingField, "card": hash(fields{"exp_month": between(1, 12), "exp_year": count()}), "metadata": metadata()},
	run: func(t *tx) (obj, error) {
		pm, err := t.need("payment_method", t.id)
		if err != nil {
			return nil, err
		}
		return pm, t.change("payment_method.updated", pm, func() {
			pm.sub("billing_details").take(t.params.sub("billing_details"), "email", "name", "phone")
			pm.sub("card").take(t.params.sub("card"), "exp_month", "exp_year")
			pm.mergeMetadata(t.params)
		})
	},
}

var listPaymentMethods = listing("payment_method", "/v1/payment_methods",
	map[string]string{"customer": "customer=?", "type": jsonPath("type")}, fields{"customer": text(), "type": text()})

var listCustomerPaymentMethods = operation{
	params: listParams(fields{"type": text()}),
	run: func(t *tx) (obj, error) {
		if _, err := t.need("customer", t.id); err != nil {
			return nil, err
		}
		filters := append(t.where(map[string]string{"type": jsonPath("type")}), filter{"customer=?", t.id})
		return t.page("payment_method", "/v1/customers/"+t.id+"/payment_methods", filters...)
	},
}
