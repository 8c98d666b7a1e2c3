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

// maxTries bounds how often a page that waits loads itself again: about half a minute.
const maxTries = 8

// returnPage is the view of templates/pricing/return.html.
type returnPage struct {
	web.Page
	State      string // success, pending, cancelled, expired, refunded, ended
	App        string
	PlanName   string // "" for somebody who is not known to be the buyer
	OrgName    string
	TestMode   bool
	BackURL    string // to where the app asked to return to
	HomeURL    string // to the app's own site, where it asked for nothing
	PlansURL   string
	PayURL     string // an open checkout that can still be paid
	RefreshURL string
}

// handleReturn is where the hosted checkout sends the browser. What happened is asked of billing; of the
// address, only the checkout's id and the wish to give up are read.
func (h *Handlers) handleReturn(c echo.Context) error {
	ctx := c.Request().Context()
	catalog, err := h.deps.Shop.Catalog(ctx, c.Param("client"))
	if err != nil && !errors.Is(err, billing.ErrBillingOff) {
		return err
	}
	id := cmp.Or(c.Param("checkout"), c.QueryParam("checkout"))
	outcome, err := h.deps.Shop.FinishCheckout(ctx, id, "")
	if err != nil {
		return err
	}
	if outcome.Checkout.ClientID != catalog.App.ClientID {
		return billing.ErrCheckoutNotFound
	}
	view, err := h.returnView(c, catalog, outcome)
	if err != nil {
		return err
	}
	if view.BackURL != "" && (view.State == "success" || view.State == "cancelled" || view.State == "expired") {
		return c.Redirect(http.StatusSeeOther, view.BackURL)
	}
	return h.edge.Render(c, http.StatusOK, "pricing/return", view)
}

func (h *Handlers) returnView(c echo.Context, catalog billing.Catalog, outcome billing.CheckoutOutcome) (*returnPage, error) {
	row := outcome.Checkout
	view := &returnPage{State: returnState(outcome.State, gaveUp(c)), App: catalog.App.Name, TestMode: !row.Livemode}
	view.PlansURL = "/billing/" + url.PathEscape(row.ClientID)
	var visitor Visitor
	if session := web.SessionOf(c); session.Authenticated() {
		var err error
		if visitor, err = h.deps.Visitors.Visitor(c.Request().Context(), session.UserID); err != nil {
			return nil, err
		}
		org, ok := visitor.Org(row.OrgID)
		if !ok {
			return nil, billing.ErrCheckoutNotFound
		}
		view.OrgName = org.Name
		if plan, err := catalog.Plan(row.PlanID); err == nil {
			view.PlanName = plan.Name
		}
		if view.State == "cancelled" && outcome.State == billing.FinishOpen {
			view.PayURL = row.URL
		}
	}
	if row.ReturnTo != "" && h.mayReturn(catalog.App, row.ReturnTo) {
		word := "cancelled"
		if view.State == "success" || view.State == "pending" {
			word = "success"
		}
		view.BackURL = withOutcome(row.ReturnTo, word)
	} else if len(catalog.App.Origins) > 0 {
		view.HomeURL = catalog.App.Origins[0]
	}
	if tries := readTries(c.QueryParam("tries")); view.State == "pending" && tries < maxTries {
		q := url.Values{"tries": {strconv.Itoa(tries + 1)}}
		view.RefreshURL = view.PlansURL + "/return/" + url.PathEscape(row.ID) + "?" + q.Encode()
	}
	view.Page = h.page(catalog.App, visitor, c.Request().URL.Path)
	view.Layout, view.Title = "card", web.T(c, "pricing.return.title."+view.State)
	return view, nil
}

// gaveUp tells whether the buyer pressed "back" on the hosted checkout.
func gaveUp(c echo.Context) bool {
	return c.QueryParam("cancelled") != "" || c.QueryParam("outcome") == "cancelled"
}

// returnState chooses the page. Somebody who comes back as having paid while Stripe still says open waits.
func returnState(state billing.FinishState, gaveUp bool) string {
	switch state {
	case billing.FinishSuccess:
		return "success"
	case billing.FinishGivenBack:
		return "refunded"
	case billing.FinishExpired:
		return "expired"
	case billing.FinishCancelled:
		return "ended"
	case billing.FinishOpen:
		if gaveUp {
			return "cancelled"
		}
		return "pending"
	default:
		return "pending"
	}
}
