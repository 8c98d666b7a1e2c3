package pricing

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/wolfieauth/wolfieauth/billing"
	"github.com/wolfieauth/wolfieauth/internal/web"
)

// handlePlans shows the pricing page.
func (h *Handlers) handlePlans(c echo.Context) error {
	return h.showPlans(c, http.StatusOK, readSelection(c.QueryParams()), &web.Form{}, nil)
}

// handleCheckoutAgain leads back to the page from the address of a refused purchase, where the switch of the
// language and a reload end up.
func (h *Handlers) handleCheckoutAgain(c echo.Context) error {
	to := "/billing/" + url.PathEscape(c.Param("client"))
	if raw := c.QueryParams().Encode(); raw != "" {
		to += "?" + raw
	}
	return c.Redirect(http.StatusSeeOther, to)
}

// showPlans renders the page for a selection; errs are sentences beside plans, by price id.
func (h *Handlers) showPlans(c echo.Context, status int, sel selection, form *web.Form, errs map[string]string) error {
	catalog, err := h.deps.Shop.Catalog(c.Request().Context(), c.Param("client"))
	if errors.Is(err, billing.ErrAppNotFound) || errors.Is(err, billing.ErrBillingOff) {
		return h.showClosed(c, catalog.App)
	}
	if err != nil {
		return err
	}
	visitor, err := h.visitorOf(c)
	if err != nil {
		return err
	}
	view := &plansPage{ClientID: catalog.App.ClientID, Form: form}
	sel = h.dropForeignReturn(c, view, catalog.App, sel)
	b := cards{offer: newOffer(catalog, sel, web.Country(c)), words: wordsOf(c), signed: visitor.UserID != "", errs: errs, typed: sel.badSeats}
	b.org = buyingOrg(visitor, sel.OrgID, web.SessionOf(c).OrgID)
	b.seats = max(sel.Seats, 1, b.org.Members)
	if b.org.ID != "" {
		if b.held, err = h.deps.Shop.CurrentOf(c.Request().Context(), catalog.App.ClientID, b.org.ID); err != nil {
			return err
		}
	}
	if sel.badSeats != "" && form.OK() {
		view.Notes = append(view.Notes, web.T(c, "pricing.note.seats", "Max", billing.MaxQuantity))
	}
	view.fill(c, b, visitor)
	if view.Seller, err = h.seller(c, catalog.App); err != nil {
		return err
	}
	issuer := h.edge.Issuer()
	view.LinkedData = b.offer.linked(issuer.Scheme+"://"+issuer.Host, view.Questions)
	view.HereURL = b.offer.link(func(*selection) {})
	view.Page = h.page(catalog.App, visitor, view.HereURL)
	view.Title = web.T(c, "pricing.title", "App", catalog.App.Name)
	return h.edge.Render(c, status, "pricing/plans", view)
}

// visitorOf answers the zero Visitor, without a statement, for an anonymous one.
func (h *Handlers) visitorOf(c echo.Context) (Visitor, error) {
	session := web.SessionOf(c)
	if !session.Authenticated() {
		return Visitor{}, nil
	}
	return h.deps.Visitors.Visitor(c.Request().Context(), session.UserID)
}

// buyingOrg is the org that the page is shown for: the one chosen, else the one that the visitor acts for,
// else the personal one.
func buyingOrg(v Visitor, chosen, active string) Org {
	for _, id := range []string{chosen, active} {
		if o, ok := v.Org(id); ok {
			return o
		}
	}
	if o, ok := v.Personal(); ok {
		return o
	}
	if len(v.Orgs) > 0 {
		return v.Orgs[0]
	}
	return Org{}
}

// dropForeignReturn forgets an address to return to that the app has not registered, and says so.
func (h *Handlers) dropForeignReturn(c echo.Context, v *plansPage, app billing.AppInfo, sel selection) selection {
	if sel.ReturnTo != "" && !h.mayReturn(app, sel.ReturnTo) {
		v.Notes = append(v.Notes, web.T(c, "pricing.note.return_to", "App", app.Name))
		sel.ReturnTo = ""
	}
	return sel
}

func (v *plansPage) fill(c echo.Context, b cards, visitor Visitor) {
	o := &b.offer
	app := o.catalog.App
	v.PageURL = "/billing/" + url.PathEscape(app.ClientID)
	v.TestMode = !o.catalog.Settings.Livemode
	v.front(o.catalog.Settings.Front(), b.words.lang)
	v.Plans, v.Bundles = b.all()
	chosen := func(c card) bool { return c.Chosen }
	if o.sel.Plan != "" && !slices.ContainsFunc(slices.Concat(v.Plans, v.Bundles), chosen) {
		v.Notes = append(v.Notes, web.T(c, "pricing.note.plan_gone"))
	}
	v.Compare = b.compare(v.Plans, v.Bundles)
	v.Intervals, v.Currencies = b.intervalLinks(), b.currencyLinks()
	v.Country, v.Why, v.Facts = b.countryView(), b.why(), b.otherCurrency()
	v.Hidden = o.sel.hidden(o.interval)
	v.PerSeat = slices.ContainsFunc(slices.Concat(v.Plans, v.Bundles), func(c card) bool { return c.Seats != nil })
	if len(visitor.Orgs) > 1 {
		v.OrgID = b.org.ID
		for _, org := range visitor.Orgs {
			label := org.Name
			if org.Personal {
				label = web.T(c, "pricing.org_personal", "Name", org.Name)
			}
			v.Orgs = append(v.Orgs, web.Option{Value: org.ID, Label: label})
		}
	}
	v.choose(b)
}

// front puts the owner's own words on the page.
func (v *plansPage) front(shop billing.Shop, lang string) {
	v.Headline, v.Sentence = shop.Headline.In(lang), shop.Sentence.In(lang)
	v.HeadlineLang, v.SentenceLang = shop.Headline.Foreign(lang), shop.Sentence.Foreign(lang)
	v.TermsURL, v.PrivacyURL = shop.TermsURL.In(lang), shop.PrivacyURL.In(lang)
	for _, q := range shop.Questions {
		asked, answer := q.In(lang)
		v.Questions = append(v.Questions, question{asked, answer, q.Question.Foreign(lang)})
	}
}

// choose finds the card that the address names, for the panel above the plans.
func (v *plansPage) choose(b cards) {
	if !b.signed || !v.Form.OK() {
		return
	}
	v.OrgName = b.org.Name
	for _, list := range [][]card{v.Plans, v.Bundles} {
		for i, c := range list {
			if c.Chosen && c.PriceID != "" && !c.Manage {
				v.Chosen = &list[i]
			}
		}
	}
}

// hidden are the fields of a form that changes one part of the selection.
func (s selection) hidden(interval billing.Interval) []hidden {
	s.Interval = interval
	var out []hidden
	q := s.values()
	for _, name := range []string{"plan", "interval", "currency", "country", "seats", "return_to", "org_id"} {
		if q.Has(name) {
			out = append(out, hidden{name, q.Get(name)})
		}
	}
	return out
}

func (h *Handlers) page(app billing.AppInfo, visitor Visitor, here string) web.Page {
	p := web.Page{Layout: "wide", Brand: web.Brand{
		Name: app.Name, LogoURL: app.LogoURL, StylesheetURL: "/billing/" + url.PathEscape(app.ClientID) + "/brand.css",
	}}
	if visitor.UserID == "" {
		p.SignInURL = loginURL(here)
		return p
	}
	p.User = &web.PageUser{Name: visitor.Name, Email: visitor.Email}
	p.AccountURL, p.SignOutURL = "/account", h.deps.SignOutURL
	return p
}

// loginURL sends a person to sign in and back to a page of ours.
func loginURL(next string) string {
	return "/login?next=" + url.QueryEscape(next)
}

func (h *Handlers) seller(c echo.Context, app billing.AppInfo) (*Seller, error) {
	if h.deps.Sellers == nil {
		return nil, nil //nolint:nilnil // a page without the line is what no seller means
	}
	s, err := h.deps.Sellers.Seller(c.Request().Context(), app.OrgID)
	if err != nil {
		return nil, err
	}
	return &s, nil
}

func wordsOf(c echo.Context) words {
	return words{lang: web.Lang(c), t: func(key string, args ...any) string { return web.T(c, key, args...) }}
}

// showClosed explains an address that sells nothing.
func (h *Handlers) showClosed(c echo.Context, app billing.AppInfo) error {
	view := &closedPage{ClientID: c.Param("client"), Known: app.ClientID != "", AppName: app.Name}
	if len(view.ClientID) > 80 || strings.ContainsFunc(view.ClientID, func(r rune) bool { return r < ' ' }) {
		view.ClientID = ""
	}
	view.Title = web.T(c, "pricing.closed.unknown_title")
	if view.Known {
		view.Page = h.page(app, Visitor{}, "")
		view.Title = web.T(c, "pricing.closed.off_title", "App", app.Name)
	}
	view.Layout = "card"
	return h.edge.Render(c, http.StatusNotFound, "pricing/closed", view)
}
