package sandbox

import (
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// portalView is the customer's page: plans, card, invoices.
type portalView struct {
	frame
	Base      string
	ReturnURL string
	Plans     []planView
	Card      string
	Invoices  []invoiceRow
	Features  portalSwitches
}

type portalSwitches struct{ Cancel, Card, Update, History bool }

type planView struct {
	ID, Name, Price, State string
	PastDue, Ending, Live  bool
}

type invoiceRow struct {
	Number, Date, Status, Total, URL string
}

// portalVisit is one request to the portal: its session and customer.
type portalVisit struct {
	t                         *tx
	session, customer, config obj
	base                      string
}

func (s *Sandbox) visit(w http.ResponseWriter, r *http.Request) (*portalVisit, bool) {
	r.Body = http.MaxBytesReader(w, r.Body, 64<<10)
	id := r.PathValue("id")
	account, err := s.accountOf(r.Context(), "billing_portal.session", id)
	if err != nil {
		s.notFound(w, r)
		return nil, false
	}
	v := &portalVisit{t: s.reader(r.Context(), account), base: "/p/session/" + id}
	if v.session, err = v.t.find("billing_portal.session", id); err == nil {
		if v.customer, err = v.t.find("customer", v.session.str("customer")); err == nil {
			v.config, err = v.t.find("billing_portal.configuration", v.session.str("configuration"))
		}
	}
	if err == nil {
		err = v.t.follow(v.customer)
	}
	if err != nil || v.customer.flag("deleted") {
		s.notFound(w, r)
		return nil, false
	}
	return v, true
}

func (v *portalVisit) feature(name string) obj { return v.config.sub("features").sub(name) }

func (s *Sandbox) portalFrame(r *http.Request, v *portalVisit, title string) frame {
	return s.frameFor(r, v.t.account, v.session.str("locale"), title)
}

func (s *Sandbox) showPortal(w http.ResponseWriter, r *http.Request) {
	v, ok := s.visit(w, r)
	if !ok {
		return
	}
	if flow := v.session.sub("flow"); flow != nil && r.URL.Query().Get("home") == "" {
		if target := flowTarget(v.base, flow); target != "" {
			http.Redirect(w, r, target, http.StatusSeeOther)
			return
		}
	}
	page := portalView{frame: s.portalFrame(r, v, "portalTitle"), Base: v.base, ReturnURL: v.session.str("return_url")}
	page.Features = portalSwitches{v.feature("subscription_cancel").flag("enabled"), v.feature("payment_method_update").flag("enabled"), v.feature("subscription_update").flag("enabled"), v.feature("invoice_history").flag("enabled")}
	if err := v.fill(&page); err != nil {
		s.pageFailed(w, r, err)
		return
	}
	s.render(w, r, http.StatusOK, "portal", page)
}

// flowTarget is the page that a session with a flow begins on.
func flowTarget(base string, flow obj) string {
	switch kind := flow.str("type"); kind {
	case "payment_method_update":
		return base + "/card"
	case "subscription_cancel":
		return base + "/cancel?subscription=" + flow.sub(kind).str("subscription")
	case "subscription_update", "subscription_update_confirm":
		return base + "/switch?subscription=" + flow.sub(kind).str("subscription")
	default:
		return ""
	}
}

func (v *portalVisit) fill(page *portalView) error {
	subs, err := v.t.all("subscription", "customer=? AND status<>'incomplete_expired'", v.customer.str("id"))
	if err != nil {
		return err
	}
	for _, sub := range subs {
		plan, err := v.plan(page.frame, sub)
		if err != nil {
			return err
		}
		page.Plans = append(page.Plans, plan)
	}
	card, err := v.currentCard(subs)
	if err != nil {
		return err
	}
	if card != nil {
		c := card.sub("card")
		expiry := strconv.FormatInt(c.num("exp_month"), 10) + "/" + strconv.FormatInt(c.num("exp_year"), 10)
		page.Card = page.T("cardEnding", strings.ToUpper(c.str("brand")[:1])+c.str("brand")[1:], c.str("last4"), expiry)
	}
	invoices, err := v.t.all("invoice", "customer=? AND status<>'draft'", v.customer.str("id"))
	if err != nil {
		return err
	}
	for _, inv := range slices.Backward(invoices) {
		page.Invoices = append(page.Invoices, invoiceRow{inv.str("number"), page.Date(inv.num("created")), page.T("status_" + inv.str("status")), page.Money(inv.num("total"), inv.str("currency")), "/i/" + inv.str("id")})
	}
	return nil
}

func (v *portalVisit) currentCard(subs []obj) (obj, error) {
	for _, sub := range subs {
		if sub.str("status") != "canceled" {
			return v.t.cardFor(v.customer, sub)
		}
	}
	return v.t.cardFor(v.customer, nil)
}

func (v *portalVisit) plan(f frame, sub obj) (planView, error) {
	seats, err := v.t.seats(sub)
	if err != nil {
		return planView{}, err
	}
	out := planView{ID: sub.str("id"), Live: sub.str("status") != "canceled", PastDue: sub.str("status") == "past_due" || sub.str("status") == "unpaid"}
	var names []string
	var sum int64
	for _, s := range seats {
		name, err := v.t.productName(s.price)
		if err != nil {
			return planView{}, err
		}
		if s.quantity() > 1 {
			name += " × " + strconv.FormatInt(s.quantity(), 10)
		}
		names = append(names, name)
		sum += s.total()
	}
	out.Name = strings.Join(names, ", ")
	out.Price = f.Money(sum, sub.str("currency")) + " " + f.per(seats[0].price.sub("recurring"))
	switch {
	case !out.Live:
		out.State = f.T("endedOn", f.Date(sub.num("ended_at")))
	case sub.has("cancel_at"):
		out.Ending, out.State = true, f.T("endsOn", f.Date(sub.num("cancel_at")))
	case sub.str("status") == "trialing":
		out.State = f.T("trialEnds", f.Date(sub.num("trial_end")))
	default:
		out.State = f.T("renewsOn", f.Date(sub.num("current_period_end")))
	}
	return out, nil
}

// act runs an API operation on a subscription of this customer, from a page.
func (s *Sandbox) act(r *http.Request, v *portalVisit, sub string, op operation, params obj) error {
	return s.write(r.Context(), v.t.account, func(t *tx) error {
		t.params, t.id = params, sub
		t.header = func(string) string { return "" }
		o, err := t.need("subscription", sub)
		if err != nil {
			return err
		}
		if o.str("customer") != v.customer.str("id") {
			return noSuch("subscription", sub)
		}
		_, err = op.run(t)
		return err
	})
}

// leave goes where the session's flow or its return says after an action.
func (v *portalVisit) leave(w http.ResponseWriter, r *http.Request) {
	target := v.base + "?home=1"
	if after := v.session.sub("flow").sub("after_completion"); after.str("type") == "redirect" {
		target = after.sub("redirect").str("return_url")
	}
	http.Redirect(w, r, target, http.StatusSeeOther)
}

func (s *Sandbox) portalFailed(w http.ResponseWriter, r *http.Request, v *portalVisit, err error) {
	var known *apiError
	if !errors.As(err, &known) {
		s.pageFailed(w, r, err)
		return
	}
	f := s.portalFrame(r, v, "failedTitle")
	s.notice(w, r, known.status, f, known.message, v.base+"?home=1", f.T("goBack"))
}

// confirmView asks before a subscription is cancelled.
type confirmView struct {
	frame
	Action, Back, Text, ID string
}

func (s *Sandbox) showCancel(w http.ResponseWriter, r *http.Request) {
	v, ok := s.visit(w, r)
	if !ok {
		return
	}
	sub, err := v.t.need("subscription", r.URL.Query().Get("subscription"))
	if err != nil || sub.str("customer") != v.customer.str("id") || !v.feature("subscription_cancel").flag("enabled") {
		s.notFound(w, r)
		return
	}
	page := confirmView{frame: s.portalFrame(r, v, "cancelTitle"), Action: v.base + "/cancel", Back: v.base + "?home=1", ID: sub.str("id")}
	page.Text = page.T("cancelText", page.Date(sub.num("current_period_end")))
	if v.feature("subscription_cancel").str("mode") == "immediately" {
		page.Text = page.T("cancelNowText")
	}
	s.render(w, r, http.StatusOK, "portal_cancel", page)
}

func (s *Sandbox) submitCancel(w http.ResponseWriter, r *http.Request) {
	v, ok := s.visit(w, r)
	if !ok {
		return
	}
	if !v.feature("subscription_cancel").flag("enabled") {
		s.notFound(w, r)
		return
	}
	op, params := updateSubscription, obj{"cancel_at_period_end": true}
	if v.feature("subscription_cancel").str("mode") == "immediately" {
		op, params = cancelSubscription, obj{}
	}
	if err := s.act(r, v, r.PostFormValue("subscription"), op, params); err != nil {
		s.portalFailed(w, r, v, err)
		return
	}
	v.leave(w, r)
}

func (s *Sandbox) submitKeep(w http.ResponseWriter, r *http.Request) {
	v, ok := s.visit(w, r)
	if !ok {
		return
	}
	if err := s.act(r, v, r.PostFormValue("subscription"), updateSubscription, obj{"cancel_at_period_end": false}); err != nil {
		s.portalFailed(w, r, v, err)
		return
	}
	v.leave(w, r)
}

// cardView is the form for a new card.
type cardView struct {
	frame
	Form         cardForm
	Action, Back string
}

func (s *Sandbox) showCard(w http.ResponseWriter, r *http.Request) {
	v, ok := s.visit(w, r)
	if !ok {
		return
	}
	s.render(w, r, http.StatusOK, "portal_card", cardView{frame: s.portalFrame(r, v, "cardTitle"), Action: v.base + "/card", Back: v.base + "?home=1"})
}

func (s *Sandbox) submitCard(w http.ResponseWriter, r *http.Request) {
	v, ok := s.visit(w, r)
	if !ok {
		return
	}
	page := cardView{frame: s.portalFrame(r, v, "cardTitle"), Action: v.base + "/card", Back: v.base + "?home=1", Form: readCardForm(r)}
	typed := page.Form.check(page.frame, time.Now().Unix(), false, true) // cards of the real calendar
	if len(page.Form.Errors) > 0 {
		page.Error = page.T("fixFields")
		s.render(w, r, http.StatusUnprocessableEntity, "portal_card", page)
		return
	}
	err := s.write(r.Context(), v.t.account, func(t *tx) error {
		_, err := t.newDefaultCard(v.customer.str("id"), typed, page.Form)
		return err
	})
	if known, ok := errors.AsType[*apiError](err); ok {
		page.Error = page.declineText(known)
		s.render(w, r, http.StatusPaymentRequired, "portal_card", page)
		return
	}
	if err != nil {
		s.pageFailed(w, r, err)
		return
	}
	v.leave(w, r)
}

// newDefaultCard attaches a typed card and makes the customer and the live
// subscriptions use it.
func (t *tx) newDefaultCard(customerID string, typed *typedCard, form cardForm) (obj, error) {
	customer, err := t.find("customer", customerID)
	if err != nil {
		return nil, err
	}
	if err := t.follow(customer); err != nil {
		return nil, err
	}
	known, ok := cardByNumber(typed.Number)
	if !ok {
		known = testCard{number: typed.Number, brand: "visa", trait: cardDeclined, country: "US"}
	}
	t.params = obj{}
	pm := t.newCard(known, typed.Month, typed.Year, obj{"email": customer["email"], "name": form.Name})
	pm["_authenticated"] = true // the buyer is here and confirms it
	if err := t.insert(pm); err != nil {
		return nil, err
	}
	if err := t.attachCard(pm, customer); err != nil {
		return nil, err
	}
	if err := t.change("customer.updated", customer, func() { customer.sub("invoice_settings")["default_payment_method"] = pm["id"] }); err != nil {
		return nil, err
	}
	subs, err := t.all("subscription", "customer=? AND status NOT IN ('canceled','incomplete_expired')", customerID)
	if err != nil {
		return nil, err
	}
	for _, sub := range subs {
		if err := t.change("customer.subscription.updated", sub, func() { sub["default_payment_method"] = pm["id"] }); err != nil {
			return nil, err
		}
	}
	return pm, nil
}

// switchView lets the customer choose another price or quantity.
type switchView struct {
	frame
	Action, Back, ID string
	Choices          []priceChoice
	Quantity         int64
	AskQuantity      bool
}

type priceChoice struct {
	ID, Text string
	Current  bool
}

func (s *Sandbox) showSwitch(w http.ResponseWriter, r *http.Request) {
	v, ok := s.visit(w, r)
	if !ok {
		return
	}
	sub, err := v.t.need("subscription", r.URL.Query().Get("subscription"))
	confirm := v.session.sub("flow").sub("subscription_update_confirm")
	if err != nil || sub.str("customer") != v.customer.str("id") || !v.feature("subscription_update").flag("enabled") && confirm == nil {
		s.notFound(w, r)
		return
	}
	page := switchView{frame: s.portalFrame(r, v, "switchTitle"), Action: v.base + "/switch", Back: v.base + "?home=1", ID: sub.str("id")}
	if err := v.choices(&page, sub, confirm); err != nil {
		s.pageFailed(w, r, err)
		return
	}
	s.render(w, r, http.StatusOK, "portal_switch", page)
}

// choices lists the prices on offer: the one that the flow names, or all that
// the configuration allows in the subscription's currency.
func (v *portalVisit) choices(page *switchView, sub, confirm obj) error {
	seats, err := v.t.seats(sub)
	if err != nil {
		return err
	}
	current := seats[0]
	page.Quantity, page.AskQuantity = current.quantity(), confirm == nil
	ids := []string{current.price.str("id")}
	if confirm != nil {
		if items := confirm.objs("items"); len(items) > 0 {
			ids[0] = items[0].or("price", ids[0]).(string)
			page.Quantity = items[0].or("quantity", page.Quantity).(int64)
		}
	} else {
		for _, product := range v.feature("subscription_update").objs("products") {
			ids = append(ids, product.strs("prices")...)
		}
	}
	seen := map[string]bool{}
	for _, id := range ids {
		price, err := v.t.find("price", id)
		if err != nil {
			return err
		}
		if seen[id] || price.str("currency") != sub.str("currency") || !price.flag("active") && id != current.price.str("id") {
			continue
		}
		seen[id] = true
		name, err := v.t.productName(price)
		if err != nil {
			return err
		}
		text := name + ": " + page.Money(total(price, page.Quantity), price.str("currency")) + " " + page.per(price.sub("recurring"))
		page.Choices = append(page.Choices, priceChoice{id, text, id == current.price.str("id") || confirm != nil})
	}
	return nil
}

func (s *Sandbox) submitSwitch(w http.ResponseWriter, r *http.Request) {
	v, ok := s.visit(w, r)
	if !ok {
		return
	}
	id, price := r.PostFormValue("subscription"), r.PostFormValue("price")
	confirm := v.session.sub("flow").sub("subscription_update_confirm")
	if !v.feature("subscription_update").flag("enabled") && confirm == nil {
		s.notFound(w, r)
		return
	}
	quantity, err := strconv.ParseInt(r.PostFormValue("quantity"), 10, 64)
	if err != nil || quantity < 1 || quantity > 1_000_000 {
		s.portalFailed(w, r, v, badRequest("", "quantity", "Invalid integer: %s", r.PostFormValue("quantity")))
		return
	}
	sub, err := v.t.need("subscription", id)
	if err != nil {
		s.notFound(w, r)
		return
	}
	allowed := switchView{frame: s.portalFrame(r, v, "switchTitle")}
	if err := v.choices(&allowed, sub, confirm); err != nil {
		s.pageFailed(w, r, err)
		return
	}
	offered := false
	for _, c := range allowed.Choices {
		offered = offered || c.ID == price
	}
	seats, err := v.t.seats(sub)
	if err != nil || !offered {
		s.notFound(w, r)
		return
	}
	if confirm != nil {
		quantity = allowed.Quantity
	}
	behavior := v.feature("subscription_update").or("proration_behavior", "create_prorations")
	params := obj{"items": []any{obj{"id": seats[0].item["id"], "price": price, "quantity": quantity}}, "proration_behavior": behavior, "payment_behavior": "error_if_incomplete"}
	if err := s.act(r, v, id, updateSubscription, params); err != nil {
		s.portalFailed(w, r, v, err)
		return
	}
	v.leave(w, r)
}
