package gateway

import (
	"context"
	"net/http"

	"github.com/stripe/stripe-go/v76"

	"github.com/wolfieauth/wolfieauth/billing"
)

const sessionsPath = "/v1/checkout/sessions"

// CreateCustomer makes a customer whose invoices and mails are in the given language.
func (g *Gateway) CreateCustomer(ctx context.Context, at billing.Account, key string, spec billing.CustomerSpec) (string, error) {
	params := &stripe.CustomerParams{
		Name:     text(spec.Name),
		Email:    text(spec.Email),
		Metadata: map[string]string{metaOrg: spec.OrgID, metaRow: key},
	}
	if spec.Lang != "" {
		params.PreferredLocales = stripe.StringSlice([]string{spec.Lang})
	}
	return g.create(ctx, operation{what: "create customer", path: "/v1/customers", at: at}, key, params)
}

// CreateCheckout opens a hosted checkout. A trial asks for a card all the same, so that it can renew; a purchase
// whose total is nothing does not.
func (g *Gateway) CreateCheckout(ctx context.Context, at billing.Account, key string, spec billing.CheckoutSpec) (billing.RemoteCheckout, error) {
	op := operation{what: "create checkout", method: http.MethodPost, path: sessionsPath, at: at}
	raw, err := g.keyed(ctx, op, key, checkoutParams(spec))
	if err != nil {
		return billing.RemoteCheckout{}, customerGone(err)
	}
	made, err := DecodeCheckout(raw)
	return made, decoded(op, err, true)
}

func checkoutParams(spec billing.CheckoutSpec) *stripe.CheckoutSessionParams {
	params := &stripe.CheckoutSessionParams{
		Customer:          text(spec.CustomerID),
		ClientReferenceID: text(spec.CheckoutID),
		Metadata:          map[string]string{metaCheckout: spec.CheckoutID},
		LineItems: []*stripe.CheckoutSessionLineItemParams{{
			Price:    text(spec.StripePriceID),
			Quantity: stripe.Int64(spec.Quantity),
		}},
		Locale:     text(spec.Lang),
		SuccessURL: text(spec.SuccessURL),
		CancelURL:  text(spec.CancelURL),
	}
	if !spec.ExpiresAt.IsZero() {
		params.ExpiresAt = stripe.Int64(spec.ExpiresAt.Unix())
	}
	if spec.Recurring {
		subscribe(params, spec)
	} else {
		payOnce(params, spec)
	}
	return params
}

func subscribe(params *stripe.CheckoutSessionParams, spec billing.CheckoutSpec) {
	params.Mode = stripe.String(string(stripe.CheckoutSessionModeSubscription))
	params.PaymentMethodCollection = stripe.String(string(stripe.CheckoutSessionPaymentMethodCollectionIfRequired))
	params.SubscriptionData = &stripe.CheckoutSessionSubscriptionDataParams{
		Metadata: map[string]string{metaCheckout: spec.CheckoutID},
	}
	if spec.TrialDays > 0 { // Stripe refuses a trial of 0 days
		params.SubscriptionData.TrialPeriodDays = stripe.Int64(spec.TrialDays)
		params.PaymentMethodCollection = stripe.String(string(stripe.CheckoutSessionPaymentMethodCollectionAlways))
	}
}

// payOnce asks for an invoice too: in payment mode Stripe writes none unless told.
func payOnce(params *stripe.CheckoutSessionParams, spec billing.CheckoutSpec) {
	params.Mode = stripe.String(string(stripe.CheckoutSessionModePayment))
	params.InvoiceCreation = &stripe.CheckoutSessionInvoiceCreationParams{
		Enabled: stripe.Bool(true),
		InvoiceData: &stripe.CheckoutSessionInvoiceCreationInvoiceDataParams{
			Metadata: map[string]string{metaCheckout: spec.CheckoutID},
		},
	}
	params.PaymentIntentData = &stripe.CheckoutSessionPaymentIntentDataParams{
		Metadata: map[string]string{metaCheckout: spec.CheckoutID},
	}
}

// ReadCheckout reads a checkout session, and whether its customer is still there.
func (g *Gateway) ReadCheckout(ctx context.Context, at billing.Account, sessionID string) (billing.RemoteCheckout, error) {
	op := operation{what: "read checkout", at: at}
	raw, err := g.read(ctx, op, sessionsPath+"/", sessionID, &query{Expand: stripe.StringSlice([]string{"customer"})})
	if err != nil {
		return billing.RemoteCheckout{}, err
	}
	found, err := DecodeCheckout(raw)
	return found, decoded(op, err, true)
}

// ExpireCheckout ends an open session. Stripe refuses for one that is not open any more; then a read tells.
func (g *Gateway) ExpireCheckout(ctx context.Context, at billing.Account, sessionID string) error {
	op := operation{
		what: "expire checkout", method: http.MethodPost, at: at,
		path: stripe.FormatURLPath(sessionsPath+"/%s/expire", sessionID),
	}
	if sessionID == "" {
		return emptyID(op)
	}
	_, err := g.do(ctx, op, &stripe.CheckoutSessionExpireParams{})
	if !refusedByStripe(err) {
		return err
	}
	found, readErr := g.ReadCheckout(ctx, at, sessionID)
	if readErr == nil && found.Status != string(stripe.CheckoutSessionStatusOpen) {
		return nil
	}
	return err
}

// CreatePortal opens the customer's own page at Stripe and returns its URL, good for some minutes.
func (g *Gateway) CreatePortal(ctx context.Context, at billing.Account, customerID, returnURL, lang string) (string, error) {
	op := operation{what: "create portal", method: http.MethodPost, path: "/v1/billing_portal/sessions", at: at}
	raw, err := g.do(ctx, op, &stripe.BillingPortalSessionParams{
		Customer:  text(customerID),
		ReturnURL: text(returnURL),
		Locale:    text(lang),
	})
	if err != nil {
		return "", customerGone(err)
	}
	portal, err := decodePortal(raw)
	return portal, decoded(op, err, true)
}
