package pricing

import (
	"cmp"
	"errors"
	"net/http"
	"net/url"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/wolfieauth/wolfieauth/billing"
	"github.com/wolfieauth/wolfieauth/internal/money"
	"github.com/wolfieauth/wolfieauth/internal/web"
)

// handleCheckoutV1 opens a hosted checkout for the token's app and org.
func (h *Handlers) handleCheckoutV1(c echo.Context) error {
	caller, err := h.caller(c)
	if err != nil {
		return err
	}
	req, err := readCheckout(c)
	if err != nil {
		return err
	}
	visitor, org, err := h.callerOrg(c, caller)
	if err != nil {
		return err
	}
	req.ClientID = caller.ClientID
	catalog, err := h.deps.Shop.Catalog(c.Request().Context(), caller.ClientID)
	if err != nil {
		return err
	}
	req.Country = buyersCountry(c, req.Country)
	if req.ReturnTo != "" && !h.mayReturn(catalog.App, req.ReturnTo) {
		return billing.ErrReturnTo
	}
	checkout, err := h.deps.Shop.StartCheckout(c.Request().Context(), buyer(c, visitor, org), req)
	if err != nil {
		return h.withHelp(err, catalog, req, org)
	}
	return c.JSON(http.StatusCreated, map[string]string{"id": checkout.ID, "url": checkout.URL})
}

// readCheckout reads {"priceId","country"?,"quantity"?,"returnTo"?} or {"planId","interval","currency"?,...}.
func readCheckout(c echo.Context) (billing.CheckoutRequest, error) {
	m, err := readMembers(c, false, "priceId", "planId", "interval", "currency", "country", "quantity", "returnTo")
	if err != nil {
		return billing.CheckoutRequest{}, err
	}
	req := billing.CheckoutRequest{PriceID: m.text("priceId"), PlanID: m.text("planId"), ReturnTo: m.text("returnTo")}
	interval, currency, country := m.text("interval"), m.text("currency"), m.text("country")
	quantity, quantityErr := m.quantity("quantity")
	if err := m.err(); err != nil {
		return req, err
	}
	if quantityErr != nil {
		return req, quantityErr
	}
	req.Quantity = quantity
	if req.Country = readCountry(country); country != "" && req.Country == "" {
		return req, web.Invalid(web.FieldError{Field: "country", Code: billing.CodeUnknownCountry, Key: "pricing.field.country"})
	}
	if req.PriceID != "" {
		if req.PlanID != "" || interval != "" || currency != "" {
			return req, web.Invalid(web.FieldError{Field: "priceId", Code: billing.CodeInvalid, Key: "pricing.field.one_of"})
		}
		return req, nil
	}
	return describedPrice(req, interval, currency)
}

func describedPrice(req billing.CheckoutRequest, interval, currency string) (billing.CheckoutRequest, error) {
	var wrong []web.FieldError
	if req.PlanID == "" {
		wrong = append(wrong, web.FieldError{Field: "priceId", Code: billing.CodeRequired, Key: "pricing.field.one_of"})
	}
	if req.Interval = readInterval(interval); req.Interval == "" {
		wrong = append(wrong, web.FieldError{Field: "interval", Code: billing.CodeInvalid, Key: "pricing.field.interval"})
	}
	if req.Currency = strings.ToUpper(currency); currency != "" && !money.Known(currency) {
		wrong = append(wrong, web.FieldError{Field: "currency", Code: billing.CodeUnknownCurrency, Key: "pricing.field.currency"})
	}
	if len(wrong) > 0 {
		return req, web.Invalid(wrong...)
	}
	return req, nil
}

// withHelp adds to a refusal what the program needs to go on: where to switch, how many seats.
func (h *Handlers) withHelp(err error, catalog billing.Catalog, req billing.CheckoutRequest, org Org) error {
	switch {
	case errors.Is(err, billing.ErrAlreadySubscribed):
		return web.Fail(http.StatusConflict, "already_subscribed").With("url", h.switchAt(catalog, req, org)).Because(err)
	case errors.Is(err, billing.ErrSeatsBelowMembers):
		return web.Fail(http.StatusUnprocessableEntity, "seats_below_members").With("members", max(1, org.Members)).Because(err)
	case errors.Is(err, billing.ErrSeatCap):
		out := web.Fail(http.StatusUnprocessableEntity, "seats_above_maximum").Because(err)
		if limit, ok := errors.AsType[*billing.SeatCapError](err); ok {
			out = out.With("maximum", limit.Cap)
		}
		return out
	case errors.Is(err, billing.ErrQuantity):
		return quantityProblem("quantity")
	default:
		return err
	}
}

// switchAt is the page that quotes the switch which the refused purchase would have been; the pricing page where the
// price was described and is none.
func (h *Handlers) switchAt(catalog billing.Catalog, req billing.CheckoutRequest, org Org) string {
	id := req.PriceID
	if plan, err := catalog.Plan(req.PlanID); id == "" && err == nil {
		choice := catalog.Choose(billing.Visitor{Country: req.Country, Currency: req.Currency})
		if price, ok := choice.PriceOf(plan, req.Interval, cmp.Or(req.Currency, choice.Currency)); ok {
			id = price.ID
		}
	}
	base := strings.TrimRight(h.edge.URL("/"), "/")
	if id == "" {
		return base + "/billing/" + url.PathEscape(catalog.App.ClientID)
	}
	return base + switchURL(catalog.App.ClientID, id, org.ID)
}

// handlePortalV1 opens the page at Stripe where the org manages what it has bought in the token's app.
func (h *Handlers) handlePortalV1(c echo.Context) error {
	caller, err := h.caller(c)
	if err != nil {
		return err
	}
	m, err := readMembers(c, true, "returnTo")
	if err != nil {
		return err
	}
	returnTo := m.text("returnTo")
	if err := m.err(); err != nil {
		return err
	}
	visitor, org, err := h.callerOrg(c, caller)
	if err != nil {
		return err
	}
	catalog, err := h.deps.Shop.Catalog(c.Request().Context(), caller.ClientID)
	if err != nil {
		return err
	}
	if returnTo != "" && !h.mayReturn(catalog.App, returnTo) {
		return billing.ErrReturnTo
	}
	portal, err := h.deps.Shop.Portal(c.Request().Context(), buyer(c, visitor, org), caller.ClientID, returnTo)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusCreated, map[string]string{"url": portal})
}
