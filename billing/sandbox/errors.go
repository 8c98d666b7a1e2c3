package sandbox

import (
	"fmt"
	"net/http"
)

// apiError is an error in Stripe's shape.
type apiError struct {
	status  int
	kind    string
	code    string
	decline string
	message string
	param   string
	intent  obj  // the payment intent that a declined card leaves behind
	keep    bool // the state written so far stands (a declined charge is a fact, too)
}

func (e *apiError) Error() string { return e.message }

func (e *apiError) body() obj {
	inner := obj{"type": e.kind, "message": e.message}
	for k, v := range map[string]string{"code": e.code, "param": e.param, "decline_code": e.decline} {
		if v != "" {
			inner[k] = v
		}
	}
	if e.code != "" {
		inner["doc_url"] = "https://stripe.com/docs/error-codes/" + e.code
	}
	if e.intent != nil {
		inner["payment_intent"] = e.intent
	}
	return obj{"error": inner}
}

func badRequest(code, param, format string, args ...any) *apiError {
	return &apiError{status: http.StatusBadRequest, kind: "invalid_request_error", code: code, param: param, message: fmt.Sprintf(format, args...)}
}

// noSuch is Stripe's answer for an id in the path that this account does not have.
func noSuch(kind, id string) *apiError {
	e := noSuchParam(kind, id, "id")
	e.status = http.StatusNotFound
	return e
}

// noSuchParam is the same for an id in a parameter: a bad request.
func noSuchParam(kind, id, param string) *apiError {
	return badRequest("resource_missing", param, "No such %s: '%s'", kindNames[kind], id)
}

// Stripe's error texts name the kinds in their own way.
var kindNames = map[string]string{
	"checkout.session": "checkout.session", "payment_method": "PaymentMethod", "payment_intent": "payment_intent",
	"customer": "customer", "product": "product", "price": "price", "subscription": "subscription",
	"subscription_item": "subscription_item", "invoice": "invoice", "invoiceitem": "invoiceitem", "charge": "charge",
	"refund": "refund", "application_fee": "application fee", "fee_refund": "fee refund", "dispute": "dispute",
	"billing_portal.configuration": "configuration", "billing_portal.session": "session", "account": "account",
	"event": "event", "webhook_endpoint": "webhook endpoint", "test_helpers.test_clock": "test clock",
	"setup_intent": "setupintent", "customer_balance_transaction": "customer balance transaction",
}

func missingParam(param string) *apiError {
	return badRequest("parameter_missing", param, "Missing required param: %s.", param)
}

func cardError(code, decline, message string) *apiError {
	return &apiError{status: http.StatusPaymentRequired, kind: "card_error", code: code, decline: decline, message: message}
}

func serverError() *apiError {
	return &apiError{status: http.StatusInternalServerError, kind: "api_error", message: "An unknown error occurred"}
}
