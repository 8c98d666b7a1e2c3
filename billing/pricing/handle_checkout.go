package pricing

import (
	"cmp"
	"errors"
	"net/http"
	"net/url"
	"strconv"

	"github.com/labstack/echo/v4"

	"github.com/wolfieauth/wolfieauth/billing"
	"github.com/wolfieauth/wolfieauth/internal/web"
)

// handleCheckout takes the choice of one card: price_id, quantity, return_to, org_id, country. Somebody who is
// not signed in goes to sign in and comes back to the same choice; a buyer goes to the hosted checkout.
func (h *Handlers) handleCheckout(c echo.Context) error {
	form, err := web.NewForm(c)
	if err != nil {
		return err
	}
	sel := readSelection(form.Values)
	catalog, err := h.deps.Shop.Catalog(c.Request().Context(), c.Param("client"))
	if errors.Is(err, billing.ErrAppNotFound) || errors.Is(err, billing.ErrBillingOff) {
		return h.showClosed(c, catalog.App)
	}
	if err != nil {
		return err
	}
	if err := h.checkChoice(c, catalog, sel); err != nil {
		return h.refuse(c, catalog, sel, form, err)
	}
	session := web.SessionOf(c)
	if !session.Authenticated() {
		return c.Redirect(http.StatusSeeOther, loginURL(backTo(newOffer(catalog, sel, web.Country(c)))))
	}
	visitor, err := h.deps.Visitors.Visitor(c.Request().Context(), session.UserID)
	if err != nil {
		return err
	}
	org := buyingOrg(visitor, sel.OrgID, session.OrgID)
	if org.ID == "" || sel.OrgID != "" && org.ID != sel.OrgID {
		return web.Fail(http.StatusForbidden, "forbidden")
	}
	checkout, err := h.deps.Shop.StartCheckout(c.Request().Context(), buyer(c, visitor, org), request(c, catalog, sel))
	if err != nil {
		return h.refuse(c, catalog, sel, form, err)
	}
	return c.Redirect(http.StatusSeeOther, checkout.URL)
}

func buyer(c echo.Context, v Visitor, org Org) billing.Buyer {
	return billing.Buyer{UserID: v.UserID, OrgID: org.ID, Email: v.Email, OrgName: org.Name, Lang: web.Lang(c)}
}

// checkChoice refuses what needs no look at the buyer, so that nobody signs in for nothing.
func (h *Handlers) checkChoice(c echo.Context, catalog billing.Catalog, sel selection) error {
	if sel.badSeats != "" {
		return billing.ErrQuantity
	}
	if sel.ReturnTo != "" && !h.mayReturn(catalog.App, sel.ReturnTo) {
		return billing.ErrReturnTo
	}
	price, plan, err := catalog.Price(sel.PriceID)
	if err != nil && (sel.PriceID == "" || !web.SessionOf(c).Authenticated()) {
		return err
	}
	if err != nil {
		return nil //nolint:nilerr // StartCheckout tells a retired price from a foreign one
	}
	if !catalog.Choose(billing.Visitor{Country: buyersCountry(c, sel.Country)}).Sells(plan, price) {
		return billing.ErrPriceCountry
	}
	return nil
}

// buyersCountry decides the country again for every request: a trusted proxy's word, else the buyer's own, else "",
// which billing reads as the app's default.
func buyersCountry(c echo.Context, chosen string) string {
	return cmp.Or(web.Country(c), chosen)
}

func request(c echo.Context, catalog billing.Catalog, sel selection) billing.CheckoutRequest {
	req := billing.CheckoutRequest{
		ClientID: catalog.App.ClientID, PriceID: sel.PriceID, ReturnTo: sel.ReturnTo,
		Country: buyersCountry(c, sel.Country),
	}
	if sel.Seats > 0 {
		req.Quantity = &sel.Seats
	}
	return req
}

// backTo is the page with the choice in its address, for the way through a sign-in. An address too long for
// that loses the place to return to, not the choice.
func backTo(o offer) string {
	s := o.sel
	s.PriceID = ""
	back := s.url(o.catalog.App.ClientID)
	if web.SafeNext(back) == "" {
		back = s.with(func(s *selection) { s.ReturnTo = "" }).url(o.catalog.App.ClientID)
	}
	return back
}

// refuse shows the page again with a sentence beside the plan and the buyer's own input.
func (h *Handlers) refuse(c echo.Context, catalog billing.Catalog, sel selection, form *web.Form, err error) error {
	problem, ok := correctable(err)
	if !ok {
		return err
	}
	// The page answers it, so the edge does not see it; it is logged once all the same.
	h.log.InfoContext(c.Request().Context(), "purchase refused", "code", problem.Code, "client_id", catalog.App.ClientID,
		"error", err.Error(), "request_id", web.RequestID(c))
	sentence := web.T(c, "problem."+problem.Code)
	if limit, ok := errors.AsType[*billing.SeatCapError](err); ok {
		sentence = web.T(c, "pricing.seat_cap.maximum", "Max", limit.Cap)
	}
	status := http.StatusUnprocessableEntity
	if problem.Status == http.StatusConflict {
		status = problem.Status
	}
	_, plan, missing := catalog.Price(sel.PriceID)
	if missing != nil || problem.Code == "return_to_not_registered" || problem.Code == "price_not_in_country" {
		form.Summary = sentence
		return h.showPlans(c, status, sel, form, nil)
	}
	form.Fail("plan-"+plan.Slug, plan.Name+": "+sentence)
	return h.showPlans(c, status, sel, form, map[string]string{sel.PriceID: sentence})
}

// mayReturn allows the app's registered origins and our own.
func (h *Handlers) mayReturn(app billing.AppInfo, raw string) bool {
	issuer := h.edge.Issuer()
	app.Origins = append([]string{issuer.Scheme + "://" + issuer.Host}, app.Origins...)
	return mayReturnTo(app, raw)
}

// handlePortal sends a buyer to the page at Stripe where cards, invoices and cancelling are.
func (h *Handlers) handlePortal(c echo.Context) error {
	form, err := web.NewForm(c)
	if err != nil {
		return err
	}
	sel := readSelection(form.Values)
	session := web.SessionOf(c)
	if !session.Authenticated() {
		return c.Redirect(http.StatusSeeOther, loginURL("/billing/"+url.PathEscape(c.Param("client"))))
	}
	visitor, err := h.deps.Visitors.Visitor(c.Request().Context(), session.UserID)
	if err != nil {
		return err
	}
	org := buyingOrg(visitor, sel.OrgID, session.OrgID)
	if org.ID == "" || sel.OrgID != "" && org.ID != sel.OrgID {
		return web.Fail(http.StatusForbidden, "forbidden")
	}
	portal, err := h.deps.Shop.Portal(c.Request().Context(), buyer(c, visitor, org), c.Param("client"), sel.ReturnTo)
	if err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, portal)
}

// readTries reads how often a waiting page has looked already.
func readTries(s string) int {
	n, err := strconv.Atoi(s)
	if err != nil || n < 0 {
		return 0
	}
	return min(n, maxTries)
}
