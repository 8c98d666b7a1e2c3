package sandbox

import (
	"context"
	"net/http"
)

// routes lists everything that the sandbox answers.
func (s *Sandbox) routes() http.Handler {
	mux := http.NewServeMux()
	for pattern, op := range operations() {
		mux.HandleFunc(pattern, s.api(op))
	}
	mux.HandleFunc("POST /v1/test_helpers/test_clocks/{id}/advance", s.advancing(s.api(advanceClock)))
	mux.HandleFunc("/v1/", s.unknownURL)

	mux.HandleFunc("GET /{$}", s.showFront)
	mux.HandleFunc("GET /c/pay/{id}", s.showCheckout)
	mux.HandleFunc("POST /c/pay/{id}", s.submitCheckout)
	mux.HandleFunc("GET /c/pay/{id}/authenticate", s.showAuthenticate)
	mux.HandleFunc("POST /c/pay/{id}/authenticate", s.submitAuthenticate)
	mux.HandleFunc("GET /pay/{id}/authenticate", s.showIntent)
	mux.HandleFunc("POST /pay/{id}/authenticate", s.submitIntent)
	mux.HandleFunc("GET /i/{id}", s.showInvoice)
	mux.HandleFunc("POST /i/{id}", s.submitInvoice)
	mux.HandleFunc("GET /i/{id}/pdf", s.invoicePDF)
	mux.HandleFunc("GET /receipts/{id}", s.showReceipt)
	mux.HandleFunc("GET /p/session/{id}", s.showPortal)
	mux.HandleFunc("GET /p/session/{id}/cancel", s.showCancel)
	mux.HandleFunc("POST /p/session/{id}/cancel", s.submitCancel)
	mux.HandleFunc("POST /p/session/{id}/keep", s.submitKeep)
	mux.HandleFunc("GET /p/session/{id}/card", s.showCard)
	mux.HandleFunc("POST /p/session/{id}/card", s.submitCard)
	mux.HandleFunc("GET /p/session/{id}/switch", s.showSwitch)
	mux.HandleFunc("POST /p/session/{id}/switch", s.submitSwitch)
	mux.HandleFunc("GET /setup/{link}", s.showOnboarding)
	mux.HandleFunc("POST /setup/{link}", s.submitOnboarding)
	mux.HandleFunc("GET /oauth/authorize", s.showAuthorize)
	mux.HandleFunc("POST /oauth/authorize", s.submitAuthorize)
	mux.HandleFunc("POST /oauth/token", s.oauthToken)
	mux.HandleFunc("POST /oauth/deauthorize", s.oauthDeauthorize)
	mux.HandleFunc("GET /_static/{file}", s.static)

	mux.HandleFunc("POST /_sandbox/faults", s.control(s.controlFaults))
	mux.HandleFunc("POST /_sandbox/tick", s.control(s.controlTick))
	mux.HandleFunc("POST /_sandbox/dunning", s.control(s.controlDunning))
	mux.HandleFunc("POST /_sandbox/disputes", s.control(s.controlDispute))
	mux.HandleFunc("GET /_sandbox/deliveries", s.control(s.controlDeliveries))
	mux.HandleFunc("/", s.notFound)
	return mux
}

// operations is the API, by method and path.
func operations() map[string]operation {
	return map[string]operation{
		"GET /v1/products/search": searching("product", "/v1/products/search"), "GET /v1/prices/search": searching("price", "/v1/prices/search"),
		"GET /v1/customers/search": searching("customer", "/v1/customers/search"),
		"POST /v1/products":        createProduct, "GET /v1/products": listProducts, "GET /v1/products/{id}": retrieveGone("product"),
		"POST /v1/products/{id}": updateProduct, "DELETE /v1/products/{id}": deleteProduct,
		"POST /v1/prices": createPrice, "GET /v1/prices": listPrices, "GET /v1/prices/{id}": retrieve("price"), "POST /v1/prices/{id}": updatePrice,
		"POST /v1/customers": createCustomer, "GET /v1/customers": listCustomers, "GET /v1/customers/{id}": retrieveGone("customer"),
		"POST /v1/customers/{id}": updateCustomer, "DELETE /v1/customers/{id}": deleteCustomer,
		"GET /v1/customers/{id}/payment_methods": listCustomerPaymentMethods,
		"POST /v1/payment_methods":               createPaymentMethod, "GET /v1/payment_methods": listPaymentMethods, "GET /v1/payment_methods/{id}": retrieve("payment_method"),
		"POST /v1/payment_methods/{id}": updatePaymentMethod, "POST /v1/payment_methods/{id}/attach": attachPaymentMethod, "POST /v1/payment_methods/{id}/detach": detachPaymentMethod,
		"POST /v1/checkout/sessions": createSession, "GET /v1/checkout/sessions": listSessions, "GET /v1/checkout/sessions/{id}": retrieve("checkout.session"),
		"POST /v1/checkout/sessions/{id}/expire": expireSession, "GET /v1/checkout/sessions/{id}/line_items": listSessionLines,
		"POST /v1/subscriptions": createSubscription, "GET /v1/subscriptions": listSubscriptions, "GET /v1/subscriptions/{id}": retrieve("subscription"),
		"POST /v1/subscriptions/{id}": updateSubscription, "DELETE /v1/subscriptions/{id}": cancelSubscription,
		"GET /v1/subscription_items": listSubscriptionItems, "GET /v1/subscription_items/{id}": retrieve("subscription_item"),
		"POST /v1/invoices": createInvoice, "GET /v1/invoices": listInvoices, "GET /v1/invoices/{id}": retrieve("invoice"), "POST /v1/invoices/{id}": updateInvoice,
		"DELETE /v1/invoices/{id}": deleteInvoice, "POST /v1/invoices/{id}/finalize": finalizeInvoice, "POST /v1/invoices/{id}/pay": payInvoice, "POST /v1/invoices/{id}/send": sendInvoice,
		"POST /v1/invoices/{id}/void": voidInvoice, "POST /v1/invoices/{id}/mark_uncollectible": writeOffInvoice, "GET /v1/invoices/{id}/lines": listInvoiceLines,
		"POST /v1/invoiceitems": createInvoiceItem, "GET /v1/invoiceitems": listInvoiceItems, "GET /v1/invoiceitems/{id}": retrieve("invoiceitem"),
		"POST /v1/invoiceitems/{id}": updateInvoiceItem, "DELETE /v1/invoiceitems/{id}": deleteInvoiceItem,
		"GET /v1/invoices/upcoming": upcomingInvoice, "GET /v1/invoices/upcoming/lines": upcomingLines,
		"POST /v1/subscriptions/{id}/resume": resumeSubscription,
		"POST /v1/subscription_items":        createSubscriptionItem, "POST /v1/subscription_items/{id}": updateSubscriptionItem, "DELETE /v1/subscription_items/{id}": deleteSubscriptionItem,
		"POST /v1/customers/{id}/balance_transactions": createBalanceEntry, "GET /v1/customers/{id}/balance_transactions": listBalanceEntries,
		"POST /v1/refunds": createRefund, "GET /v1/refunds": listRefunds, "GET /v1/refunds/{id}": retrieve("refund"), "POST /v1/refunds/{id}": updateRefund, "GET /v1/charges/{id}/refunds": listChargeRefunds,
		"GET /v1/disputes": listDisputes, "GET /v1/disputes/{id}": retrieve("dispute"),
		"POST /v1/account_links":                 createAccountLink,
		"POST /v1/billing_portal/configurations": createPortalConfig, "GET /v1/billing_portal/configurations": listPortalConfigs, "GET /v1/billing_portal/configurations/{id}": retrieve("billing_portal.configuration"),
		"POST /v1/billing_portal/configurations/{id}": updatePortalConfig, "POST /v1/billing_portal/sessions": createPortalSession,
		"GET /v1/payment_intents": listIntents, "GET /v1/payment_intents/{id}": retrieve("payment_intent"),
		"GET /v1/charges": listCharges, "GET /v1/charges/{id}": retrieve("charge"), "GET /v1/setup_intents/{id}": retrieve("setup_intent"),
		"GET /v1/application_fees": listFees, "GET /v1/application_fees/{id}": retrieve("application_fee"),
		"POST /v1/application_fees/{id}/refunds": refundFee, "GET /v1/application_fees/{id}/refunds": listFeeRefunds, "GET /v1/application_fees/{id}/refunds/{item}": retrieveFeeRefund,
		"GET /v1/account": retrieveAccount, "POST /v1/accounts": createAccount, "GET /v1/accounts": listAccounts, "GET /v1/accounts/{id}": retrieveAccount,
		"POST /v1/accounts/{id}": updateAccount, "DELETE /v1/accounts/{id}": deleteAccount,
		"GET /v1/events": listEvents, "GET /v1/events/{id}": retrieve("event"),
		"POST /v1/webhook_endpoints": createEndpoint, "GET /v1/webhook_endpoints": listing("webhook_endpoint", "/v1/webhook_endpoints", nil, nil),
		"GET /v1/webhook_endpoints/{id}": retrieve("webhook_endpoint"), "POST /v1/webhook_endpoints/{id}": updateEndpoint, "DELETE /v1/webhook_endpoints/{id}": deletion("webhook_endpoint", ""),
		"POST /v1/test_helpers/test_clocks": createClock, "GET /v1/test_helpers/test_clocks": listing("test_helpers.test_clock", "/v1/test_helpers/test_clocks", nil, nil),
		"GET /v1/test_helpers/test_clocks/{id}": retrieve("test_helpers.test_clock"), "DELETE /v1/test_helpers/test_clocks/{id}": deleteClock,
	}
}

// advancing steps the clock right after its request was answered, so that the
// next request already sees the new time.
func (s *Sandbox) advancing(next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		next(w, r)
		if err := s.resumeClocks(context.WithoutCancel(r.Context())); err != nil {
			s.cfg.Logger.ErrorContext(r.Context(), "sandbox clock failed", "error", err)
		}
	}
}

func (s *Sandbox) unknownURL(w http.ResponseWriter, r *http.Request) {
	e := badRequest("", "", "Unrecognized request URL (%s: %s). Please see https://stripe.com/docs or we can help at https://support.stripe.com/.", r.Method, r.URL.Path)
	e.status = http.StatusNotFound
	s.answer(w, e.status, e.body())
}
