package pricing

import (
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/wolfieauth/wolfieauth/billing"
	"github.com/wolfieauth/wolfieauth/internal/web"
)

// switchPage is the view of templates/pricing/switch.html.
type switchPage struct {
	web.Page
	App, Org         string
	OldPlan, NewPlan string
	OldPrice         string
	NewPrice         string
	Seats            string
	Charge           []chargeLine
	Total            string
	When             string // the sentence of when it is charged
	After            string // what follows
	Gained, Lost     []billing.Feature
	Notice           string // why the quote is shown anew
	Blocked          string // why there is nothing to confirm
	ToAccount        bool   // where the way out of what blocks is the account
	PlansURL         string
	Action           string
	Hidden           []hidden
	Button           string
}

type chargeLine struct{ Label, Amount string }

// switchURL is the page that quotes a switch.
func switchURL(clientID, priceID, orgID string) string {
	q := url.Values{"price": {priceID}}
	if orgID != "" {
		q.Set("org_id", orgID)
	}
	return "/billing/" + url.PathEscape(clientID) + "/switch?" + q.Encode()
}

// switching is who asks to switch, to what.
type switching struct {
	visitor Visitor
	org     Org
	req     billing.SwitchRequest
}

// readSwitch finds out who asks; done is true where the visitor was sent to sign in.
func (h *Handlers) readSwitch(c echo.Context, q url.Values) (s switching, done bool, err error) {
	s.req = billing.SwitchRequest{ClientID: c.Param("client"), PriceID: q.Get("price"), Country: buyersCountry(c, readCountry(q.Get("country")))}
	session := web.SessionOf(c)
	if !session.Authenticated() {
		return s, true, c.Redirect(http.StatusSeeOther, loginURL(switchURL(s.req.ClientID, s.req.PriceID, q.Get("org_id"))))
	}
	if s.visitor, err = h.deps.Visitors.Visitor(c.Request().Context(), session.UserID); err != nil {
		return s, false, err
	}
	wanted := q.Get("org_id")
	s.org = buyingOrg(s.visitor, wanted, session.OrgID)
	if s.org.ID == "" || wanted != "" && s.org.ID != wanted {
		return s, false, web.Fail(http.StatusForbidden, "forbidden")
	}
	return s, false, nil
}

// handleSwitch shows what a switch changes and costs.
func (h *Handlers) handleSwitch(c echo.Context) error {
	s, done, err := h.readSwitch(c, c.QueryParams())
	if err != nil || done {
		return err
	}
	return h.showSwitch(c, s, http.StatusOK, "")
}

// handleSwitchConfirm carries out what was shown, or shows it anew where it would cost something else.
func (h *Handlers) handleSwitchConfirm(c echo.Context) error {
	form, err := web.NewForm(c)
	if err != nil {
		return err
	}
	s, done, err := h.readSwitch(c, form.Values)
	if err != nil || done {
		return err
	}
	q, err := h.deps.Own.SwitchPlan(c.Request().Context(), s.org.ID, s.req, readConfirmation(form))
	kind, said := "ok", "switched"
	switch {
	case err == nil && q.Mode == billing.ModePeriodEnd:
		said = "switches_later"
	case errors.Is(err, billing.ErrQuoteStale), errors.Is(err, billing.ErrProrationDate):
		return h.showSwitch(c, s, http.StatusConflict, web.T(c, "life.switch.stale"))
	case errors.Is(err, billing.ErrCardDeclined):
		return h.showSwitch(c, s, http.StatusUnprocessableEntity, web.T(c, "life.switch.declined"))
	case errors.Is(err, billing.ErrSwitchBlocked):
		return h.showSwitch(c, s, http.StatusConflict, "")
	case errors.Is(err, billing.ErrStripeUnavailable) && q.NewPlan.ID != "" && q.Confirms(readConfirmation(form)):
		kind, said = "warn", "waits"
	case err != nil:
		return err
	}
	args := []any{"Plan", q.NewPlan.Name, "App", q.App.Name}
	if q.Mode == billing.ModePeriodEnd {
		args = append(args, "Date", wordsOf(c).date(q.Invoice.At))
	}
	if err := h.edge.SetFlash(c, kind, web.T(c, "life.said."+said, args...)); err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, accountURL)
}

func readConfirmation(form *web.Form) (c billing.Confirmation) {
	number := func(name string) int64 {
		n, err := strconv.ParseInt(form.Value(name), 10, 64)
		if err != nil {
			return 0
		}
		return n
	}
	if at := number("at"); at > 0 {
		c.ProrationDate = time.Unix(at, 0).UTC()
	}
	c.Quantity, c.Total = number("quantity"), number("total")
	return c
}

// showSwitch quotes and renders.
func (h *Handlers) showSwitch(c echo.Context, s switching, status int, notice string) error {
	q, err := h.deps.Own.QuoteSwitch(c.Request().Context(), s.org.ID, s.req, time.Time{})
	w := wordsOf(c)
	view := &switchPage{Notice: notice, Org: s.org.Name, PlansURL: "/billing/" + url.PathEscape(s.req.ClientID), Action: "/billing/" + url.PathEscape(s.req.ClientID) + "/switch"}
	blocked, isBlocked := errors.AsType[*billing.SwitchBlockedError](err)
	limit, isLimit := errors.AsType[*billing.SeatCapError](err)
	switch {
	case isBlocked:
		view.Blocked = w.t("life.blocked."+blocked.Reason, "Plan", q.NewPlan.Name, "Old", q.OldPlan.Name)
		view.ToAccount = blocked.Reason != billing.BlockedSame
	case isLimit:
		view.Blocked = w.t("life.blocked.seats", "Plan", q.NewPlan.Name, "Max", limit.Cap)
	case errors.Is(err, billing.ErrSubscriptionNotFound):
		return c.Redirect(http.StatusSeeOther, selection{PriceID: s.req.PriceID, OrgID: s.org.ID}.url(s.req.ClientID))
	case err != nil:
		return err
	default:
		view.fill(w, q)
		view.Hidden = []hidden{
			{"price", q.New.ID},
			{"org_id", s.org.ID},
			{"country", s.req.Country},
			{"at", strconv.FormatInt(q.ProrationDate.Unix(), 10)},
			{"quantity", strconv.FormatInt(q.Quantity, 10)},
			{"total", strconv.FormatInt(q.Invoice.Total, 10)},
		}
	}
	view.App, view.NewPlan = q.App.Name, q.NewPlan.Name
	view.Page = h.page(q.App, s.visitor, "")
	view.Layout, view.Title = "card", w.t("life.switch.title", "Plan", q.NewPlan.Name)
	return h.edge.Render(c, status, "pricing/switch", view)
}

func (v *switchPage) fill(w words, q billing.SwitchQuote) {
	each := func(p billing.Price, quantity int64) string {
		total, err := billing.QuotePrice(p, max(1, quantity))
		if err != nil {
			return ""
		}
		return w.money(total.Total, p.Currency) + " " + w.t("pricing.per."+string(p.Interval))
	}
	v.OldPlan = q.OldPlan.Name
	v.OldPrice, v.NewPrice = each(q.Old, q.Subscription.Quantity), each(q.New, q.Quantity)
	if q.New.PerSeat {
		v.Seats = w.seats(q.New.SeatLabel, q.Quantity)
	}
	v.Gained, v.Lost = q.Gained, q.Lost
	v.charge(w, q)
	v.Button = w.t("life.switch.confirm", "Plan", q.NewPlan.Name)
	if q.Now && q.Invoice.Due > 0 {
		v.Button = w.t("life.switch.confirm_pay", "Amount", w.money(q.Invoice.Due, q.Invoice.Currency))
	}
}

// charge says what the invoice comes to, and when.
func (v *switchPage) charge(w words, q billing.SwitchQuote) {
	in := q.Invoice
	amount := func(n int64) string { return w.money(n, in.Currency) }
	var period, rest int64
	for _, l := range in.Lines {
		if !l.Proration {
			period += l.Amount
		}
	}
	rest = in.Total - in.Prorated - period
	add := func(key string, n int64) {
		if n != 0 {
			v.Charge = append(v.Charge, chargeLine{w.t("life.switch.line." + key), amount(n)})
		}
	}
	switch {
	case in.Prorated < 0:
		add("credit", in.Prorated)
	default:
		add("rest", in.Prorated)
	}
	add("period", period)
	add("tax", rest)
	add("balance", in.Due-max(in.Total, 0))
	v.Total = amount(in.Due)
	switch {
	case q.Now && in.Due > 0:
		v.When = w.t("life.switch.when.now")
	case q.Now:
		v.When = w.t("life.switch.when.nothing")
	default:
		v.When = w.t("life.switch.when.later", "Date", w.date(in.At))
	}
	v.After = w.t("life.switch.after", "Amount", w.money(q.Renewal, q.New.Currency)+" "+w.t("pricing.per."+string(q.New.Interval)), "Date", w.date(q.RenewsAt))
	if q.Mode == billing.ModePeriodEnd {
		v.After = w.t("life.switch.until", "Plan", q.OldPlan.Name, "Date", w.date(in.At))
	}
}
