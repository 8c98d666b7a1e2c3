package pricing

import (
	"context"
	"errors"
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/wolfieauth/wolfieauth/billing"
	"github.com/wolfieauth/wolfieauth/internal/web"
)

// accountURL is the page about the visitor's own subscriptions.
const accountURL = "/account/billing"

func (h *Handlers) mountAccount(pages *echo.Group) {
	pages.GET(accountURL, h.handleAccount)
	pages.GET(accountURL+"/cancel", h.handleCancelAsk)
	pages.POST(accountURL+"/cancel", h.handleCancel)
	pages.POST(accountURL+"/resume", h.handleResume)
	pages.POST(accountURL+"/portal", h.handleOwnPortal)
}

// handleAccount shows what the visitor's orgs have bought, all apps together.
func (h *Handlers) handleAccount(c echo.Context) error {
	visitor, done, err := h.ownVisitor(c)
	if err != nil || done {
		return err
	}
	held, err := h.deps.Own.Holdings(c.Request().Context(), orgIDs(visitor))
	if err != nil {
		return err
	}
	view := accountView(c, visitor, held, h.now())
	view.Page = h.ownPage(visitor, web.T(c, "life.title"))
	return h.edge.Render(c, http.StatusOK, "pricing/account", view)
}

// ownVisitor answers who is signed in; done is true where somebody was sent to sign in.
func (h *Handlers) ownVisitor(c echo.Context) (v Visitor, done bool, err error) {
	session := web.SessionOf(c)
	if !session.Authenticated() {
		return v, true, c.Redirect(http.StatusSeeOther, loginURL(accountURL))
	}
	v, err = h.deps.Visitors.Visitor(c.Request().Context(), session.UserID)
	return v, false, err
}

func orgIDs(v Visitor) (ids []string) {
	for _, o := range v.Orgs {
		ids = append(ids, o.ID)
	}
	return ids
}

// ownPage is a page of the account, in the product's own face.
func (h *Handlers) ownPage(v Visitor, title string) web.Page {
	return web.Page{
		Title: title, Layout: "wide", User: &web.PageUser{Name: v.Name, Email: v.Email}, AccountURL: "/account", SignOutURL: h.deps.SignOutURL,
	}
}

// ownHolding finds the subscription that a form names among the visitor's own.
func (h *Handlers) ownHolding(c echo.Context, id string) (v Visitor, held billing.Holding, done bool, err error) {
	v, done, err = h.ownVisitor(c)
	if err != nil || done {
		return v, held, done, err
	}
	held, err = h.deps.Own.HeldBy(c.Request().Context(), orgIDs(v), id)
	return v, held, false, err
}

// cancelPage is the view of templates/pricing/cancel.html.
type cancelPage struct {
	web.Page
	Held heldView
	Org  string
	Date string // when it will end
}

// handleCancelAsk says what cancelling means before anything happens.
func (h *Handlers) handleCancelAsk(c echo.Context) error {
	visitor, held, done, err := h.ownHolding(c, c.QueryParam("subscription"))
	if err != nil || done {
		return err
	}
	w := wordsOf(c)
	view := &cancelPage{Held: w.held(held, h.now())}
	if !view.Held.MayCancel {
		return c.Redirect(http.StatusSeeOther, accountURL)
	}
	org, _ := visitor.Org(held.OrgID)
	view.Org = org.Name
	if held.CurrentPeriodEnd != nil {
		view.Date = w.date(*held.CurrentPeriodEnd)
	}
	view.Page = h.ownPage(visitor, w.t("life.cancel.title"))
	view.Layout = "card"
	return h.edge.Render(c, http.StatusOK, "pricing/cancel", view)
}

func (h *Handlers) handleCancel(c echo.Context) error {
	return h.wish(c, "cancelled", h.deps.Own.CancelAtPeriodEnd)
}

func (h *Handlers) handleResume(c echo.Context) error {
	return h.wish(c, "resumed", h.deps.Own.Resume)
}

// wishFunc is a wish of an org for a subscription.
type wishFunc func(ctx context.Context, orgID, subscriptionID string) error

// wish carries out what a form asks of a subscription and leads back to the page. A wish that Stripe has not heard
// yet stands, and the page says so.
func (h *Handlers) wish(c echo.Context, said string, do wishFunc) error {
	form, err := web.NewForm(c)
	if err != nil {
		return err
	}
	_, held, done, err := h.ownHolding(c, form.Value("subscription"))
	if err != nil || done {
		return err
	}
	kind := "ok"
	switch err := do(c.Request().Context(), held.OrgID, held.ID); {
	case errors.Is(err, billing.ErrStripeUnavailable):
		kind, said = "warn", "waits"
	case errors.Is(err, billing.ErrSubscriptionOver):
		kind, said = "warn", "over"
	case errors.Is(err, billing.ErrStripeRefused):
		kind, said = "danger", "refused"
	case err != nil:
		return err
	}
	if err := h.edge.SetFlash(c, kind, web.T(c, "life.said."+said, "Plan", held.PlanName, "App", held.AppName)); err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, accountURL)
}

// handleOwnPortal opens Stripe's page for the card and the invoices of one subscription.
func (h *Handlers) handleOwnPortal(c echo.Context) error {
	form, err := web.NewForm(c)
	if err != nil {
		return err
	}
	visitor, held, done, err := h.ownHolding(c, form.Value("subscription"))
	if err != nil || done {
		return err
	}
	org, _ := visitor.Org(held.OrgID)
	page, err := h.deps.Own.PortalOf(c.Request().Context(), buyer(c, visitor, org), held.ID, accountURL)
	if err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, page)
}
